// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_counter_set: all counters of one scope at one instant
 */
#include <stdlib.h>

#include "internal.h"

API void buftrack_counter_set_free(struct buftrack_counter_set *set)
{
	free(set);
}

API unsigned int
buftrack_counter_set_length(const struct buftrack_counter_set *set)
{
	return set->length;
}

API uint64_t buftrack_counter_set_value(const struct buftrack_counter_set *set,
					unsigned int counter)
{
	return counter < BUFTRACK_NR_COUNTERS ? set->values[counter] : 0;
}

API void buftrack_counter_set_add(struct buftrack_counter_set *set,
				  const struct buftrack_counter_set *more)
{
	for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		set->values[i] += more->values[i];
}

API uint64_t
buftrack_counter_set_unknown_frees(const struct buftrack_counter_set *set)
{
	return set->values[BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH] +
	       set->values[BUFTRACK_COUNTER_UNKNOWN_FREES_GAP] +
	       set->values[BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED] +
	       set->values[BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID] +
	       set->values[BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER];
}
