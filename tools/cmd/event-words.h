/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is to be said of a verdict
 */
#ifndef BUFTRACK_EVENT_WORDS_H
#define BUFTRACK_EVENT_WORDS_H

/**
 * struct words - of a verdict
 * @meaning: what happened, in plain words
 * @proof: how far what is known reaches, and what follows from it
 * @advice: what to do
 * @target: how the record that the report was about is introduced
 * @hit: how the live record that was in the way is
 */
struct words {
	const char *meaning;
	const char *proof;
	const char *advice;
	const char *target;
	const char *hit;
};

/* words_for() - of a verdict; one that is not known has words, too */
const struct words *words_for(unsigned int verdict);

#endif /* BUFTRACK_EVENT_WORDS_H */
