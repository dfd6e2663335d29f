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
 * struct record_stacks - kernel stacks of a record
 * @site: of its allocation; NULL: unknown
 * @ended_site: of its free; NULL: unknown
 */
struct record_stacks {
	const struct stack *site;
	const struct stack *ended_site;
};

/**
 * struct scene - the context of an event
 * @device: number of its device
 * @device_name: name of its device
 * @space: name of the space of the report
 * @reporter: the client that reported; NULL: unknown
 * @hidden: address, id and site of the report are hidden from this reader
 * @stack: kernel stack of the report; NULL: unknown
 * @target: kernel stacks of the event's target
 * @hit: kernel stacks of the event's hit
 * @epoch: when the device's clock was 0, in ns since 1970; 0: unknown
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

/* event_text() - print one block: the headline, its meaning, evidence and advice */
void event_text(FILE *out, const struct buftrack_event *event,
		const struct scene *scene);

/* event_label() - print the fields that an event shares with its repeats */
void event_label(FILE *out, const struct buftrack_event *event,
		 const struct scene *scene);

/* event_json() - print one object in one line on standard output */
void event_json(const struct buftrack_event *event, const struct scene *scene);

/**
 * struct words - the words for a verdict
 * @meaning: what happened
 * @proof: how complete the evidence is
 * @advice: what to do
 * @target: label of the record that the report was about
 * @hit: label of the other live record
 */
struct words {
	const char *meaning;
	const char *proof;
	const char *advice;
	const char *target;
	const char *hit;
};

/* words_for() - get the words for a verdict, known or not */
const struct words *words_for(unsigned int verdict);

#endif /* BUFTRACK_EVENT_PRINT_H */
