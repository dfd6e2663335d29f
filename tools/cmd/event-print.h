/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Printing events, as text and as JSON
 */
#ifndef BUFTRACK_EVENT_PRINT_H
#define BUFTRACK_EVENT_PRINT_H

#include <stdio.h>
#include <libbuftrack.h>

#include "lookup.h"

/**
 * struct record_stacks - where a record that an event names was, in the kernel
 * @site: when it was allocated, NULL: not known
 * @ended_site: when it was freed, likewise
 */
struct record_stacks {
	const struct stack *site;
	const struct stack *ended_site;
};

/**
 * struct scene - what an event does not say itself
 * @device: number of its device
 * @device_name: its name
 * @space: name of the space of the report
 * @reporter: what the client claims, or NULL: nothing is known
 * @hidden: the place of the report is not shown to this reader
 * @stack: of the report in the kernel, NULL: not known
 * @target: stacks of the event's target
 * @hit: likewise
 * @epoch: when the device's clock began, in ns since 1970; 0: not known
 */
struct scene {
	unsigned int device;
	const char *device_name;
	const char *space;
	const struct owner *reporter;
	bool hidden;
	const struct stack *stack;
	struct record_stacks target;
	struct record_stacks hit;
	uint64_t epoch;
};

/* event_text() - one block: what happened, what it means, what is known of it */
void event_text(FILE *out, const struct buftrack_event *event,
		const struct scene *scene);

/* event_label() - the place of an event, for a line that counts its likes */
void event_label(FILE *out, const struct buftrack_event *event,
		 const struct scene *scene);

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

/* event_json() - one object in one line, on standard output */
void event_json(const struct buftrack_event *event, const struct scene *scene);

#endif /* BUFTRACK_EVENT_PRINT_H */
