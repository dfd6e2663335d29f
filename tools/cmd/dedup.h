/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counting repeated events instead of printing them
 */
#ifndef BUFTRACK_DEDUP_H
#define BUFTRACK_DEDUP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* So many of a kind are shown, and again after it has been quiet for so long. */
#define DEDUP_SHOWN 3
#define DEDUP_QUIET UINT64_C(60000000000)

/* Of so many kinds repeats are told apart; what is beyond them is one kind. */
#define DEDUP_KINDS 4096

/**
 * struct kind - what makes wrong reports alike
 */
struct kind {
	uint64_t device;
	uint64_t client;
	uint64_t verdict;
	uint64_t space;
	uint64_t site;
};

struct dedup;

/* dedup_new() - running out of memory ends the command */
struct dedup *dedup_new(void);
void dedup_free(struct dedup *dedup);

/**
 * dedup_admit() - whether to show a wrong report
 * @dedup: what there was before
 * @kind: of it
 * @stamp: when it was, in ns
 * @first: set to whether it is the first one of its kind, and there is to be a
 *	   dedup_name(); may be so again after a quiet time
 *
 * Return: true: show it; false: it is counted.
 */
bool dedup_admit(struct dedup *dedup, const struct kind *kind, uint64_t stamp,
		 bool *first);

/* dedup_name() - what dedup_tell() calls the kind that was admitted last */
void dedup_name(struct dedup *dedup, char *name);

/* dedup_pending() - whether there is something to tell */
bool dedup_pending(const struct dedup *dedup);

/* dedup_tell() - a line on the kind of which most was counted since it was told */
void dedup_tell(struct dedup *dedup, FILE *out);

/* dedup_tell_all() - a line on each kind */
void dedup_tell_all(struct dedup *dedup, FILE *out);

#endif /* BUFTRACK_DEDUP_H */
