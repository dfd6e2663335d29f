// SPDX-License-Identifier: GPL-2.0
/*
 * Live bytes by site and space, and what they were at the peak
 */
#include <stdlib.h>

#include "../util/err.h"
#include "internal.h"

static struct site_use *find_use(struct space_use *use, uint32_t site)
{
	struct site_use *found;

	HASH_FIND(hh, use->sites, &site, sizeof(site), found);
	if (found)
		return found;
	found = xcalloc(1, sizeof(*found));
	found->site = site;
	HASH_ADD(hh, use->sites, site, sizeof(site), found);
	return found;
}

/*
 * A site that has not changed since the peak still has the amounts of the peak, so they
 * are saved by its first change after it.
 */
static void save_peak(struct site_use *site, uint64_t peak)
{
	if (site->peak == peak)
		return;
	site->peak = peak;
	site->peak_buffers = site->buffers;
	site->peak_bytes = site->bytes;
}

void space_use_add(struct space_use *use, uint32_t site, uint64_t size,
		   uint64_t time)
{
	struct site_use *at = find_use(use, site);

	save_peak(at, use->peak);
	at->buffers++;
	at->bytes += size;
	use->bytes += size;
	if (use->bytes <= use->peak_bytes)
		return;
	use->peak_bytes = use->bytes;
	use->peak_time = time;
	use->peak++;
}

void space_use_remove(struct space_use *use, uint32_t site, uint64_t size)
{
	struct site_use *at = find_use(use, site);

	save_peak(at, use->peak);
	at->buffers--;
	at->bytes -= size;
	use->bytes -= size;
}

void space_use_leave(struct space_use *use, uint32_t site, uint64_t size)
{
	struct site_use *at = find_use(use, site);

	at->left_buffers++;
	at->left_bytes += size;
	space_use_remove(use, site, size);
}

void space_use_free(struct space_use *use)
{
	struct site_use *site, *next;

	HASH_ITER(hh, use->sites, site, next)
	{
		HASH_DEL(use->sites, site);
		free(site);
	}
}

static int by_size(const void *left, const void *right)
{
	const struct site_sum *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return a->site < b->site ? -1 : a->site > b->site;
}

void site_sums_sort(struct site_sum *sums, size_t nr)
{
	if (nr)
		qsort(sums, nr, sizeof(*sums), by_size);
}

static struct site_sum at_peak(const struct space_use *use,
			       const struct site_use *site)
{
	bool saved = site->peak == use->peak;

	return (struct site_sum){
		.site = site->site,
		.buffers = saved ? site->peak_buffers : site->buffers,
		.bytes = saved ? site->peak_bytes : site->bytes,
	};
}

static struct site_sum left(const struct space_use *use,
			    const struct site_use *site)
{
	(void)use;
	return (struct site_sum){ site->site, site->left_buffers,
				  site->left_bytes };
}

static struct site_sum *sum_up(const struct space_use *use, size_t *nr,
			       struct site_sum (*sum)(const struct space_use *,
						      const struct site_use *))
{
	struct site_use *site, *next;
	struct site_sum *sums;

	*nr = 0;
	if (!HASH_COUNT(use->sites))
		return NULL;
	sums = xcalloc(HASH_COUNT(use->sites), sizeof(*sums));
	HASH_ITER(hh, use->sites, site, next)
	{
		sums[*nr] = sum(use, site);
		*nr += sums[*nr].buffers > 0;
	}
	site_sums_sort(sums, *nr);
	return sums;
}

struct site_sum *space_use_at_peak(const struct space_use *use, size_t *nr)
{
	return sum_up(use, nr, at_peak);
}

struct site_sum *space_use_left(const struct space_use *use, size_t *nr)
{
	return sum_up(use, nr, left);
}

struct holding_key {
	uint64_t space;
	uint64_t address;
};

/**
 * struct place - the live buffers at an address
 * @hh: in its holding, by @key
 * @key: space and address
 * @newest: the buffer that was allocated last
 */
struct place {
	UT_hash_handle hh;
	struct holding_key key;
	struct buffer *newest;
};

struct buffer {
	struct buffer *older;
	struct held held;
};

struct holding {
	struct place *places;
	size_t nr;
};

struct holding *holding_new(void)
{
	return xcalloc(1, sizeof(struct holding));
}

void holding_free(struct holding *holding)
{
	struct held held;
	unsigned int space;

	while (holding_take_any(holding, &space, &held))
		;
	free(holding);
}

size_t holding_nr(const struct holding *holding)
{
	return holding->nr;
}

static struct place *find_place(const struct holding *holding,
				unsigned int space, uint64_t address)
{
	const struct holding_key key = { space, address };
	struct place *place;

	HASH_FIND(hh, holding->places, &key, sizeof(key), place);
	return place;
}

void holding_add(struct holding *holding, unsigned int space, uint64_t address,
		 const struct held *held)
{
	struct place *place = find_place(holding, space, address);
	struct buffer *buffer = xmalloc(sizeof(*buffer));

	if (!place) {
		place = xcalloc(1, sizeof(*place));
		place->key = (struct holding_key){ space, address };
		HASH_ADD(hh, holding->places, key, sizeof(place->key), place);
	}
	buffer->held = *held;
	buffer->older = place->newest;
	place->newest = buffer;
	holding->nr++;
}

/* take() - take out the buffer that @link points to */
static void take(struct holding *holding, struct place *place,
		 struct buffer **link, struct held *held)
{
	struct buffer *buffer = *link;

	*held = buffer->held;
	*link = buffer->older;
	free(buffer);
	holding->nr--;
	if (place->newest)
		return;
	HASH_DEL(holding->places, place);
	free(place);
}

bool holding_take(struct holding *holding, unsigned int space, uint64_t address,
		  uint64_t id, bool any_id, struct held *held)
{
	struct place *place = find_place(holding, space, address);
	struct buffer **link;

	if (!place)
		return false;
	for (link = &place->newest; *link; link = &(*link)->older)
		if ((*link)->held.id == id || (any_id && !id))
			break;
	if (!*link)
		return false;
	take(holding, place, link, held);
	return true;
}

bool holding_take_any(struct holding *holding, unsigned int *space,
		      struct held *held)
{
	struct place *place = holding->places;

	if (!place)
		return false;
	*space = place->key.space;
	take(holding, place, &place->newest, held);
	return true;
}
