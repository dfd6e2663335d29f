// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_client, a reporting file as the kernel recorded it, and buftrack_declaration
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

API bool buftrack_client_claimed_uid(const struct buftrack_client *client,
				     unsigned int *uid)
{
	*uid = client->info.claimed_uid;
	return client->info.state & BUFTRACK_CLIENT_STATE_CLAIMED_UID;
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

/* buftrack_declaration: the claims of a client about itself */

API struct buftrack_declaration *buftrack_declaration_new(void)
{
	return calloc(1, sizeof(struct buftrack_declaration));
}

API void buftrack_declaration_free(struct buftrack_declaration *declaration)
{
	free(declaration);
}

API void
buftrack_declaration_set_flags(struct buftrack_declaration *declaration,
			       unsigned int flags)
{
	unsigned int claim = declaration->declare.flags &
			     BUFTRACK_DECLARE_CLAIMED_UID;

	declaration->declare.flags = flags | claim;
}

API void
buftrack_declaration_set_first_id(struct buftrack_declaration *declaration,
				  uint64_t id)
{
	declaration->declare.first_id = id;
}

API int buftrack_declaration_claim(struct buftrack_declaration *declaration,
				   unsigned int pid, const char *name)
{
	struct buftrack_declare *declare = &declaration->declare;
	size_t length = strlen(name);

	if (length >= sizeof(declare->claimed_name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	declare->claimed_pid = pid;
	memset(declare->claimed_name, 0, sizeof(declare->claimed_name));
	memcpy(declare->claimed_name, name, length);
	return 0;
}

API void
buftrack_declaration_claim_uid(struct buftrack_declaration *declaration,
			       unsigned int uid)
{
	struct buftrack_declare *declare = &declaration->declare;

	declare->flags &= ~BUFTRACK_DECLARE_CLAIMED_UID;
	declare->claimed_uid = 0;
	if (uid == (unsigned int)-1)
		return;
	declare->flags |= BUFTRACK_DECLARE_CLAIMED_UID;
	declare->claimed_uid = uid;
}
