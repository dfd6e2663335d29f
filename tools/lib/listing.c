// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_listing: the records of a device as of an instant
 */
#include <stdlib.h>

#include "internal.h"
#include "uapi.h"

/* So many records are fetched at once: 28 KiB. */
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
	/* A chunk may come empty and yet not be the last. */
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
