// SPDX-License-Identifier: GPL-2.0
/*
 * What the summary for people and the one for programs share
 */
#include <stdlib.h>
#include <string.h>

#include "../util/err.h"
#include "findings.h"

/* The worst first; what is not in the list is no problem. */
static const unsigned int order[] = {
	BUFTRACK_VERDICT_USE_AFTER_FREE, BUFTRACK_VERDICT_STALE_FREE,
	BUFTRACK_VERDICT_DOUBLE_FREE,	 BUFTRACK_VERDICT_INVALID_FREE,
	BUFTRACK_VERDICT_FOREIGN_FREE,	 BUFTRACK_VERDICT_UNKNOWN_OTHER_ID,
	BUFTRACK_VERDICT_UNKNOWN_NEVER,	 BUFTRACK_VERDICT_SIZE_MISMATCH,
	BUFTRACK_VERDICT_OVERLAP,	 BUFTRACK_VERDICT_DOUBLE_ALLOC,
	BUFTRACK_VERDICT_REFUSED_FREE,
};

#define NR_ORDER (sizeof(order) / sizeof(order[0]))

static size_t rank(unsigned int verdict)
{
	size_t i = 0;

	while (i < NR_ORDER && order[i] != verdict)
		i++;
	return i;
}

bool findings_is_problem(unsigned int verdict)
{
	return rank(verdict) < NR_ORDER;
}

void findings_totals(const struct summary *summary,
		     uint64_t totals[BUFTRACK_NR_COUNTERS])
{
	uint64_t values[BUFTRACK_NR_COUNTERS];

	memset(totals, 0, BUFTRACK_NR_COUNTERS * sizeof(*totals));
	for (const struct run_device *device = summary->judge->devices; device;
	     device = device->next) {
		if (offline_device_copy_counters(
			    device->books, BUFTRACK_SCOPE_DEVICE, 0, values))
			continue;
		for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++)
			totals[i] += values[i];
	}
}

uint64_t findings_unjudged(const uint64_t totals[BUFTRACK_NR_COUNTERS])
{
	return totals[BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH] +
	       totals[BUFTRACK_COUNTER_UNKNOWN_FREES_GAP] +
	       totals[BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED];
}

bool findings_complete(const struct summary *summary)
{
	const struct judge *judge = summary->judge;
	uint64_t totals[BUFTRACK_NR_COUNTERS];

	findings_totals(summary, totals);
	return !judge->nr_lost && !judge->nr_damaged && !judge->notes &&
	       !summary->logs->nr_running && !findings_unjudged(totals);
}

static int by_rank(const void *left, const void *right)
{
	const struct problem *a = *(struct problem *const *)left;
	const struct problem *b = *(struct problem *const *)right;
	size_t rank_a = rank(a->key.verdict), rank_b = rank(b->key.verdict);

	if (rank_a != rank_b)
		return rank_a < rank_b ? -1 : 1;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return a->first.stamp < b->first.stamp ? -1 : 1;
}

struct problem **findings_problems(const struct summary *summary, size_t *nr)
{
	struct problem *problem;
	struct problem **list;

	*nr = 0;
	list = xcalloc(HASH_COUNT(summary->judge->problems) + 1, sizeof(*list));
	for (problem = summary->judge->problems; problem;
	     problem = problem->hh.next)
		if (findings_is_problem(problem->key.verdict))
			list[(*nr)++] = problem;
	if (*nr)
		qsort(list, *nr, sizeof(*list), by_rank);
	return list;
}

static bool is_package(const char *file)
{
	return strstr(file, "/site-packages/") ||
	       strstr(file, "/dist-packages/") || !strncmp(file, "<frozen ", 8);
}

unsigned int findings_head(const struct stack *stack)
{
	unsigned int package = stack->nr;

	for (unsigned int i = 0; i < stack->nr; i++) {
		const struct frame *frame = stack->frames[i];

		if (!frame->function)
			continue;
		if (!is_package(frame->file))
			return i;
		if (package == stack->nr)
			package = i;
	}
	return package < stack->nr ? package : 0;
}
