// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_listing, the records of a device at one instant, with buftrack_filter and
 * buftrack_buffer
 */
#include <stdlib.h>

#include "internal.h"
#include "uapi.h"

/* Records per ioctl, 28 KiB. */
#define CHUNK 256

struct buftrack_listing {
	struct buftrack_device *device;
	struct buftrack_records query;
	unsigned int filled;
	unsigned int at;
	struct buftrack_buffer chunk[CHUNK];
};

API struct buftrack_listing *
buftrack_listing_new(struct buftrack_device *device,
		     const struct buftrack_filter *filter)
{
	struct buftrack_listing *listing = calloc(1, sizeof(*listing));

	if (!listing)
		return NULL;
	listing->device = device;
	if (filter)
		listing->query = filter->query;
	else
		listing->query.space = BUFTRACK_ANY_SPACE;
	listing->query.flags = BUFTRACK_RECORDS_BEGIN;
	return listing;
}

API void buftrack_listing_free(struct buftrack_listing *listing)
{
	free(listing);
}

static int fetch(struct buftrack_listing *listing)
{
	struct buftrack_records *query = &listing->query;

	query->records = (uintptr_t)listing->chunk;
	query->nr = CHUNK;
	query->record_size = sizeof(listing->chunk[0]);
	listing->at = 0;
	listing->filled = 0;
	if (uapi_records(listing->device->fd, query))
		return -1;
	listing->filled = query->nr;
	query->flags = 0;
	return 0;
}

API int buftrack_listing_next(struct buftrack_listing *listing,
			      const struct buftrack_buffer **buffer)
{
	/* A chunk may be empty without being the last one. */
	while (listing->at == listing->filled) {
		if (listing->query.end)
			return 0;
		if (fetch(listing))
			return -1;
	}
	*buffer = &listing->chunk[listing->at++];
	return 1;
}

API uint64_t buftrack_listing_instant(const struct buftrack_listing *listing)
{
	return listing->query.instant;
}

API uint64_t buftrack_listing_missed(const struct buftrack_listing *listing)
{
	return listing->query.missed;
}

API bool buftrack_listing_is_exact(const struct buftrack_listing *listing)
{
	return listing->query.end && listing->query.exact;
}

/* buftrack_filter: the records that a listing selects */

API struct buftrack_filter *buftrack_filter_new(void)
{
	struct buftrack_filter *filter = calloc(1, sizeof(*filter));

	if (filter)
		filter->query.space = BUFTRACK_ANY_SPACE;
	return filter;
}

API void buftrack_filter_free(struct buftrack_filter *filter)
{
	free(filter);
}

API void buftrack_filter_set_client(struct buftrack_filter *filter,
				    uint64_t client)
{
	filter->query.client = client;
}

API void buftrack_filter_set_space(struct buftrack_filter *filter,
				   unsigned int space)
{
	filter->query.space = space;
}

API void buftrack_filter_set_states(struct buftrack_filter *filter,
				    unsigned int states)
{
	filter->query.states = states;
}

API void buftrack_filter_set_min_size(struct buftrack_filter *filter,
				      uint64_t size)
{
	filter->query.min_size = size;
}

API void buftrack_filter_set_age(struct buftrack_filter *filter, uint64_t min,
				 uint64_t max)
{
	filter->query.min_age = min;
	filter->query.max_age = max;
}

/* buftrack_buffer: the record of one buffer */

API uint64_t buftrack_buffer_client(const struct buftrack_buffer *buffer)
{
	return buffer->record.client;
}

API unsigned int buftrack_buffer_space(const struct buftrack_buffer *buffer)
{
	return buffer->record.space;
}

API unsigned int buftrack_buffer_state(const struct buftrack_buffer *buffer)
{
	return buffer->record.state;
}

API uint64_t buftrack_buffer_address(const struct buftrack_buffer *buffer)
{
	return buffer->record.address;
}

API uint64_t buftrack_buffer_size(const struct buftrack_buffer *buffer)
{
	return buffer->record.size;
}

API uint64_t buftrack_buffer_span(const struct buftrack_buffer *buffer)
{
	return buffer->record.span;
}

API uint64_t buftrack_buffer_id(const struct buftrack_buffer *buffer)
{
	return buffer->record.id;
}

API uint64_t buftrack_buffer_allocated(const struct buftrack_buffer *buffer)
{
	return buffer->record.allocated;
}

API uint64_t buftrack_buffer_ended(const struct buftrack_buffer *buffer)
{
	return buffer->record.ended;
}

API uint64_t buftrack_buffer_ended_by(const struct buftrack_buffer *buffer)
{
	return buffer->record.ended_by;
}

API uint64_t buftrack_buffer_site(const struct buftrack_buffer *buffer)
{
	return buffer->record.site;
}

API uint64_t buftrack_buffer_ended_site(const struct buftrack_buffer *buffer)
{
	return buffer->record.ended_site;
}

API unsigned int buftrack_buffer_repeats(const struct buftrack_buffer *buffer)
{
	return buffer->record.repeats;
}

API unsigned int buftrack_buffer_pid(const struct buftrack_buffer *buffer)
{
	return buffer->record.pid;
}

API const char *buftrack_buffer_comm(const struct buftrack_buffer *buffer)
{
	return buffer->record.comm;
}
