/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wrong reports, in words
 */
#ifndef BUFTRACK_EVENT_TEXT_H
#define BUFTRACK_EVENT_TEXT_H

#include <stdio.h>
#include <libbuftrack.h>

#include "owners.h"
#include "stacks.h"

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

#endif /* BUFTRACK_EVENT_TEXT_H */
