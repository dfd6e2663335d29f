// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_settings, the settings of a device to change
 */
#include <stdlib.h>

#include "internal.h"

API struct buftrack_settings *buftrack_settings_new(void)
{
	return calloc(1, sizeof(struct buftrack_settings));
}

API void buftrack_settings_free(struct buftrack_settings *settings)
{
	free(settings);
}

API bool buftrack_settings_empty(const struct buftrack_settings *settings)
{
	return !settings->set.fields;
}

API void buftrack_settings_enable(struct buftrack_settings *settings,
				  bool enabled)
{
	settings->set.fields |= BUFTRACK_DEVICE_SET_ENABLED;
	settings->set.enabled = enabled;
}

API void buftrack_settings_keep_stacks(struct buftrack_settings *settings,
				       bool keep)
{
	settings->set.fields |= BUFTRACK_DEVICE_SET_STACKS;
	settings->set.stacks = keep;
}

API void buftrack_settings_limit_clients(struct buftrack_settings *settings,
					 unsigned int max)
{
	settings->set.fields |= BUFTRACK_DEVICE_SET_MAX_CLIENTS;
	settings->set.max_clients = max;
}

API void buftrack_settings_limit_records(struct buftrack_settings *settings,
					 uint64_t max)
{
	settings->set.fields |= BUFTRACK_DEVICE_SET_MAX_RECORDS;
	settings->set.max_records = max;
}

API void
buftrack_settings_limit_client_records(struct buftrack_settings *settings,
				       uint64_t max)
{
	settings->set.fields |= BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS;
	settings->set.max_client_records = max;
}

API void buftrack_settings_limit_freed(struct buftrack_settings *settings,
				       uint64_t max)
{
	settings->set.fields |= BUFTRACK_DEVICE_SET_MAX_FREED;
	settings->set.max_freed = max;
}

API void buftrack_settings_limit_closed(struct buftrack_settings *settings,
					uint64_t max)
{
	settings->set.fields |= BUFTRACK_DEVICE_SET_MAX_CLOSED;
	settings->set.max_closed = max;
}

API void buftrack_settings_limit_remaining(struct buftrack_settings *settings,
					   uint64_t max)
{
	settings->set.fields |= BUFTRACK_DEVICE_SET_MAX_REMAINING;
	settings->set.max_remaining = max;
}
