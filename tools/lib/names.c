// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The names of counters and verdicts
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

static const char *const counter_names[] = {
	[BUFTRACK_COUNTER_ALLOCS] = "allocs",
	[BUFTRACK_COUNTER_FREES] = "frees",
	[BUFTRACK_COUNTER_LIVE_BUFFERS] = "live_buffers",
	[BUFTRACK_COUNTER_LIVE_BYTES] = "live_bytes",
	[BUFTRACK_COUNTER_PEAK_BYTES] = "peak_bytes",
	[BUFTRACK_COUNTER_ORPHANED_BUFFERS] = "orphaned_buffers",
	[BUFTRACK_COUNTER_ORPHANED_BYTES] = "orphaned_bytes",
	[BUFTRACK_COUNTER_DOUBLE_FREES] = "double_free",
	[BUFTRACK_COUNTER_STALE_FREES] = "stale_free",
	[BUFTRACK_COUNTER_FOREIGN_FREES] = "foreign_free",
	[BUFTRACK_COUNTER_SIZE_MISMATCHES] = "size_mismatch",
	[BUFTRACK_COUNTER_REFUSED_FREES] = "refused_free",
	[BUFTRACK_COUNTER_INVALID_FREES] = "invalid_free",
	[BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH] = "unknown_free.pre_attach",
	[BUFTRACK_COUNTER_UNKNOWN_FREES_GAP] = "unknown_free.gap",
	[BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED] = "unknown_free.evicted",
	[BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID] = "unknown_free.other_id",
	[BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER] = "unknown_free.never",
	[BUFTRACK_COUNTER_DOUBLE_ALLOCS] = "double_alloc",
	[BUFTRACK_COUNTER_OVERLAPS] = "overlap",
	[BUFTRACK_COUNTER_SUPERSEDED] = "superseded",
	[BUFTRACK_COUNTER_REMAINING_BUFFERS] = "remaining_buffers",
	[BUFTRACK_COUNTER_REMAINING_BYTES] = "remaining_bytes",
	[BUFTRACK_COUNTER_REMOVED_BUFFERS] = "removed_buffers",
	[BUFTRACK_COUNTER_UNTRACKED_BUFFERS] = "untracked_buffers",
	[BUFTRACK_COUNTER_DISABLED_REPORTS] = "disabled_reports",
	[BUFTRACK_COUNTER_LOST_REPORTS] = "lost_reports",
	[BUFTRACK_COUNTER_FREED_RECORDS] = "freed_records",
	[BUFTRACK_COUNTER_EVICTED_RECORDS] = "evicted_records",
	[BUFTRACK_COUNTER_MOVES] = "moves",
	[BUFTRACK_COUNTER_USE_AFTER_FREES] = "use_after_free",
};

static const struct {
	const char *name;
	const char *meaning;
	int counter;
} verdicts[] = {
	[BUFTRACK_VERDICT_OK] = { "ok", "as expected", -1 },
	[BUFTRACK_VERDICT_DISABLED] = { "disabled",
					"reported while tracking was disabled",
					BUFTRACK_COUNTER_DISABLED_REPORTS },
	[BUFTRACK_VERDICT_UNTRACKED] = { "untracked",
					 "no record was left for the allocation",
					 BUFTRACK_COUNTER_UNTRACKED_BUFFERS },
	[BUFTRACK_VERDICT_DOUBLE_ALLOC] = { "double_alloc",
					    "the buffer was already live",
					    BUFTRACK_COUNTER_DOUBLE_ALLOCS },
	[BUFTRACK_VERDICT_OVERLAP] = { "overlap",
				       "the range overlaps a live buffer",
				       BUFTRACK_COUNTER_OVERLAPS },
	[BUFTRACK_VERDICT_REFUSED_FREE] = { "refused_free",
					    "the driver refused to free a live buffer",
					    BUFTRACK_COUNTER_REFUSED_FREES },
	[BUFTRACK_VERDICT_FOREIGN_FREE] = { "foreign_free",
					    "freed by a client that is not the owner",
					    BUFTRACK_COUNTER_FOREIGN_FREES },
	[BUFTRACK_VERDICT_SIZE_MISMATCH] = { "size_mismatch",
					     "freed with a size other than allocated",
					     BUFTRACK_COUNTER_SIZE_MISMATCHES },
	[BUFTRACK_VERDICT_DOUBLE_FREE] = { "double_free",
					   "the buffer was already freed",
					   BUFTRACK_COUNTER_DOUBLE_FREES },
	[BUFTRACK_VERDICT_STALE_FREE] = { "stale_free",
					  "already freed, and the address holds a live buffer",
					  BUFTRACK_COUNTER_STALE_FREES },
	[BUFTRACK_VERDICT_INVALID_FREE] = { "invalid_free",
					    "the address is inside a live buffer",
					    BUFTRACK_COUNTER_INVALID_FREES },
	[BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH] = { "unknown_free.pre_attach",
						  "allocated before the client began to report",
						  BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH },
	[BUFTRACK_VERDICT_UNKNOWN_GAP] = { "unknown_free.gap",
					   "missing reports may explain it",
					   BUFTRACK_COUNTER_UNKNOWN_FREES_GAP },
	[BUFTRACK_VERDICT_UNKNOWN_EVICTED] = { "unknown_free.evicted",
					       "its record may have been evicted",
					       BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED },
	[BUFTRACK_VERDICT_UNKNOWN_OTHER_ID] = { "unknown_free.other_id",
						"another object at this address: several free one buffer",
						BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID },
	[BUFTRACK_VERDICT_UNKNOWN_NEVER] = { "unknown_free.never",
					     "never allocated",
					     BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER },
	[BUFTRACK_VERDICT_USE_AFTER_FREE] = { "use_after_free",
					      "the buffer was used after it was freed",
					      BUFTRACK_COUNTER_USE_AFTER_FREES },
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

_Static_assert(ARRAY_SIZE(counter_names) == BUFTRACK_NR_COUNTERS,
	       "every counter needs a name");
_Static_assert(ARRAY_SIZE(verdicts) == BUFTRACK_NR_VERDICTS,
	       "every verdict needs a name");

API const char *buftrack_library_version(void)
{
	return LIBBUFTRACK_VERSION;
}

API const char *buftrack_counter_name(unsigned int counter)
{
	return counter < BUFTRACK_NR_COUNTERS ? counter_names[counter] : NULL;
}

API int buftrack_counter_from_name(const char *name)
{
	for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		if (!strcmp(counter_names[i], name))
			return i;
	errno = ENOENT;
	return -1;
}

API const char *buftrack_verdict_name(unsigned int verdict)
{
	return verdict < BUFTRACK_NR_VERDICTS ? verdicts[verdict].name : NULL;
}

API int buftrack_verdict_from_name(const char *name)
{
	for (unsigned int i = 0; i < BUFTRACK_NR_VERDICTS; i++)
		if (!strcmp(verdicts[i].name, name))
			return i;
	errno = ENOENT;
	return -1;
}

API const char *buftrack_verdict_meaning(unsigned int verdict)
{
	return verdict < BUFTRACK_NR_VERDICTS ? verdicts[verdict].meaning :
						NULL;
}

API int buftrack_verdict_counter(unsigned int verdict)
{
	if (verdict < BUFTRACK_NR_VERDICTS && verdicts[verdict].counter >= 0)
		return verdicts[verdict].counter;
	errno = ENOENT;
	return -1;
}
