// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Answers about a device: buftrack_device_status, buftrack_space, buftrack_counter_set
 */
#include <stdlib.h>

#include "internal.h"

API void buftrack_device_status_free(struct buftrack_device_status *status)
{
	free(status);
}

API unsigned int
buftrack_device_status_number(const struct buftrack_device_status *status)
{
	return status->info.device;
}

API const char *
buftrack_device_status_name(const struct buftrack_device_status *status)
{
	return status->info.name;
}

API const char *
buftrack_device_status_driver(const struct buftrack_device_status *status)
{
	return status->info.driver;
}

API unsigned int
buftrack_device_status_state(const struct buftrack_device_status *status)
{
	return status->info.state;
}

API unsigned int
buftrack_device_status_uid(const struct buftrack_device_status *status)
{
	return status->info.uid;
}

API unsigned int
buftrack_device_status_nr_spaces(const struct buftrack_device_status *status)
{
	return status->info.nr_spaces;
}

API unsigned int
buftrack_device_status_nr_clients(const struct buftrack_device_status *status)
{
	return status->info.nr_clients;
}

API unsigned int
buftrack_device_status_max_clients(const struct buftrack_device_status *status)
{
	return status->info.max_clients;
}

API uint64_t
buftrack_device_status_nr_records(const struct buftrack_device_status *status)
{
	return status->info.nr_records;
}

API uint64_t
buftrack_device_status_max_records(const struct buftrack_device_status *status)
{
	return status->info.max_records;
}

API uint64_t buftrack_device_status_max_client_records(
	const struct buftrack_device_status *status)
{
	return status->info.max_client_records;
}

API uint64_t
buftrack_device_status_max_freed(const struct buftrack_device_status *status)
{
	return status->info.max_freed;
}

API uint64_t
buftrack_device_status_max_closed(const struct buftrack_device_status *status)
{
	return status->info.max_closed;
}

API uint64_t buftrack_device_status_max_remaining(
	const struct buftrack_device_status *status)
{
	return status->info.max_remaining;
}

API uint64_t
buftrack_device_status_now(const struct buftrack_device_status *status)
{
	return status->info.now;
}

/* buftrack_space: a named memory region */

API void buftrack_space_free(struct buftrack_space *space)
{
	free(space);
}

API unsigned int buftrack_space_number(const struct buftrack_space *space)
{
	return space->info.space;
}

API const char *buftrack_space_name(const struct buftrack_space *space)
{
	return space->info.name;
}

API uint64_t buftrack_space_capacity(const struct buftrack_space *space)
{
	return space->info.capacity;
}

API bool buftrack_space_is_aperture(const struct buftrack_space *space)
{
	return space->info.properties & BUFTRACK_SPACE_APERTURE;
}

/* buftrack_counter_set: all counters of one scope at one instant */

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
