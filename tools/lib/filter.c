// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_filter: which records a listing is about
 */
#include <stdlib.h>

#include "internal.h"

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
