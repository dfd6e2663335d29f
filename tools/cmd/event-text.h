/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wrong reports, in words
 */
#ifndef BUFTRACK_EVENT_TEXT_H
#define BUFTRACK_EVENT_TEXT_H

#include <stdio.h>
#include <libbuftrack.h>

#include "owners.h"

/**
 * struct scene - what an event does not say itself
 * @device: number of its device
 * @device_name: its name
 * @space: name of the space of the report
 * @reporter: what the client claims, or NULL: nothing is known
 * @hidden: the place of the report is not shown to this reader
 * @epoch: when the device's clock began, in ns since 1970; 0: not known
 */
struct scene {
	unsigned int device;
	const char *device_name;
	const char *space;
	const struct owner *reporter;
	bool hidden;
	uint64_t epoch;
};

/* event_text() - one block: what happened, what it means, what is known of it */
void event_text(FILE *out, const struct buftrack_event *event,
		const struct scene *scene);

/* event_label() - the place of an event, for a line that counts its likes */
void event_label(FILE *out, const struct buftrack_event *event,
		 const struct scene *scene);

#endif /* BUFTRACK_EVENT_TEXT_H */
