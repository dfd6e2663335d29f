// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_device_status: how a device stood when it was asked
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
