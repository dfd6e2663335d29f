// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that failed for lack of memory: what was live, and what was in the way
 */
#include <stdlib.h>

#include "../util/err.h"
#include "internal.h"

/**
 * struct extent - a live buffer
 * @start: its first address
 * @end: the address after its last one; @start: its extent is not known
 * @size: its size
 * @site: where it was allocated
 */
struct extent {
	uint64_t start;
	uint64_t end;
	uint64_t size;
	uint32_t site;
};

struct extents {
	const struct stacks *stacks;
	struct extent *list;
	size_t nr;
	bool unknown;
};

static int add_extent(void *context, const struct buftrack_record *record)
{
	struct extents *extents = context;

	if (!(extents->nr & (extents->nr + 1)))
		extents->list = xreallocarray(extents->list,
					      2 * (extents->nr + 1),
					      sizeof(*extents->list));
	extents->list[extents->nr++] = (struct extent){
		.start = record->address,
		.end = record->address + record->span,
		.size = record->size,
		.site = stacks_site(extents->stacks, SITE_STACK(record->site)),
	};
	extents->unknown |= !record->span;
	return 0;
}

static int by_start(const void *left, const void *right)
{
	const struct extent *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

static int by_site(const void *left, const void *right)
{
	const struct site_sum *a = left, *b = right;

	return a->site < b->site ? -1 : a->site > b->site;
}

/* sum_up() - sums by site of some extents, largest first */
static struct site_sum *sum_up(const struct extent *list, size_t nr,
			       size_t *nr_sites)
{
	struct site_sum *sums = xcalloc(nr + 1, sizeof(*sums));
	size_t kept = 0;

	for (size_t i = 0; i < nr; i++)
		sums[i] = (struct site_sum){ list[i].site, 1, list[i].size };
	qsort(sums, nr, sizeof(*sums), by_site);
	for (size_t i = 1; i < nr; i++) {
		if (sums[i].site != sums[kept].site) {
			sums[++kept] = sums[i];
			continue;
		}
		sums[kept].buffers++;
		sums[kept].bytes += sums[i].bytes;
	}
	*nr_sites = nr ? kept + 1 : 0;
	site_sums_sort(sums, *nr_sites);
	return sums;
}

static void find_gap(struct refusal *refusal, const struct extents *extents)
{
	const struct extent *highest = extents->list;
	uint64_t largest = 0;

	for (size_t i = 1; i < extents->nr; i++) {
		const struct extent *next = &extents->list[i];

		if (next->start > highest->end &&
		    next->start - highest->end > largest) {
			largest = next->start - highest->end;
			refusal->gap = (struct refusal_gap){ highest->end,
							     next->start,
							     highest->site,
							     next->site };
		}
		if (next->end > highest->end)
			highest = next;
	}
}

/* room() - bytes that are free at least if the extents from @i up to @j go */
static uint64_t room(const struct extents *extents, const uint64_t *ends,
		     size_t i, size_t j, uint64_t *start, uint64_t *end)
{
	*start = i ? ends[i - 1] : extents->list[0].start;
	*end = j + 1 < extents->nr ? extents->list[j + 1].start : ends[j];
	return *end > *start ? *end - *start : 0;
}

/* highest_ends() - for each extent the highest end of those up to it */
static uint64_t *highest_ends(const struct extents *extents)
{
	uint64_t *ends = xcalloc(extents->nr, sizeof(*ends));

	for (size_t i = 0; i < extents->nr; i++) {
		ends[i] = extents->list[i].end;
		if (i && ends[i - 1] > ends[i])
			ends[i] = ends[i - 1];
	}
	return ends;
}

/*
 * find_eviction() - find the neighbours with the fewest bytes that leave enough room
 *
 * More room is needed for a run that begins later, so its end never moves back.
 */
static void find_eviction(struct refusal *refusal,
			  const struct extents *extents)
{
	uint64_t *ends = highest_ends(extents), start, end, bytes = 0;
	struct refusal_eviction *best = &refusal->eviction;
	size_t first = 0, j = 0;

	for (size_t i = 0; i < extents->nr; i++) {
		for (; j < extents->nr &&
		       (j <= i || room(extents, ends, i, j - 1, &start, &end) <
					  refusal->span);
		     j++)
			bytes += extents->list[j].size;
		if (room(extents, ends, i, j - 1, &start, &end) < refusal->span)
			break;
		if (!best->end || bytes < best->bytes) {
			*best = (struct refusal_eviction){
				.start = start,
				.end = end,
				.buffers = j - i,
				.bytes = bytes,
			};
			first = i;
		}
		bytes -= extents->list[i].size;
	}
	if (best->end)
		best->sites = sum_up(extents->list + first, best->buffers,
				     &best->nr_sites);
	free(ends);
}

void refusal_explain(struct refusal *refusal, const struct stacks *stacks)
{
	const struct offline_filter filter = {
		.space = refusal->space,
		.states = BUFTRACK_RECORD_STATE_LIVE,
	};
	struct extents extents = { .stacks = stacks };

	offline_device_list(refusal->device->books, &filter, add_extent,
			    &extents);
	if (!extents.nr)
		return;
	qsort(extents.list, extents.nr, sizeof(*extents.list), by_start);
	refusal->live = sum_up(extents.list, extents.nr, &refusal->nr_live);
	if (!extents.unknown) {
		find_gap(refusal, &extents);
		if (refusal->span)
			find_eviction(refusal, &extents);
	}
	free(extents.list);
}

void refusal_free(struct refusal *refusal)
{
	free(refusal->live);
	free(refusal->eviction.sites);
	free(refusal);
}
