// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_events, the wrong reports of a device as a stream
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "uapi.h"

/* Bytes per read(2), room for 67 events. */
#define BUFFER_SIZE 32768

/* Every module writes at least the fields up to @hit. */
#define MIN_EVENT_SIZE                          \
	(offsetof(struct buftrack_event, hit) + \
	 sizeof(struct buftrack_event_record))

struct buftrack_events {
	struct buftrack_device *device;
	size_t filled;
	size_t at;
	struct buftrack_event event;
	_Alignas(struct buftrack_event) char buffer[BUFFER_SIZE];
};

API struct buftrack_events *buftrack_events_new(struct buftrack_device *device)
{
	struct buftrack_events *events = calloc(1, sizeof(*events));

	if (events)
		events->device = device;
	return events;
}

API void buftrack_events_free(struct buftrack_events *events)
{
	free(events);
}

/*
 * Converts the event at the read position to the version of this library: cuts off
 * what a newer module appends, and zeroes what an older module does not know.
 */
static int decode(struct buftrack_events *events)
{
	size_t left = events->filled - events->at;
	size_t known = sizeof(events->event);
	uint32_t size = 0;

	if (left >= sizeof(size))
		memcpy(&size, events->buffer + events->at, sizeof(size));
	if (size < MIN_EVENT_SIZE || size > left) {
		events->at = events->filled;
		errno = EPROTO;
		return -1;
	}
	memset(&events->event, 0, known);
	memcpy(&events->event, events->buffer + events->at,
	       size < known ? size : known);
	events->at += size;
	return 1;
}

API int buftrack_events_next(struct buftrack_events *events,
			     const struct buftrack_event **event)
{
	ssize_t got;

	*event = &events->event;
	if (events->at < events->filled)
		return decode(events);
	got = uapi_read(events->device->fd, events->buffer,
			sizeof(events->buffer));
	if (got <= 0)
		return got;
	events->at = 0;
	events->filled = got;
	return decode(events);
}
