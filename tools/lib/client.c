// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_client: who reports, as the kernel stamped it
 */
#include <stdlib.h>

#include "internal.h"

API void buftrack_client_free(struct buftrack_client *client)
{
	free(client);
}

API uint64_t buftrack_client_number(const struct buftrack_client *client)
{
	return client->info.client;
}

API unsigned int buftrack_client_state(const struct buftrack_client *client)
{
	return client->info.state;
}

API unsigned int buftrack_client_pid(const struct buftrack_client *client)
{
	return client->info.pid;
}

API unsigned int buftrack_client_tid(const struct buftrack_client *client)
{
	return client->info.tid;
}

API unsigned int buftrack_client_uid(const struct buftrack_client *client)
{
	return client->info.uid;
}

API const char *buftrack_client_comm(const struct buftrack_client *client)
{
	return client->info.comm;
}

API unsigned int
buftrack_client_claimed_pid(const struct buftrack_client *client)
{
	return client->info.claimed_pid;
}

API const char *
buftrack_client_claimed_name(const struct buftrack_client *client)
{
	return client->info.claimed_name;
}

API uint64_t buftrack_client_first_id(const struct buftrack_client *client)
{
	return client->info.first_id;
}

API uint64_t buftrack_client_start_time(const struct buftrack_client *client)
{
	return client->info.start_time;
}

API uint64_t buftrack_client_opened(const struct buftrack_client *client)
{
	return client->info.opened;
}

API uint64_t buftrack_client_closed(const struct buftrack_client *client)
{
	return client->info.closed;
}
