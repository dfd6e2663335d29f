// SPDX-License-Identifier: GPL-2.0
/*
 * The share of a user
 *
 * Users are told apart by the uid that a socket was connected with. However many
 * connections one of them opens, the others find room (util/share.h).
 */
#include <stdlib.h>
#include <uthash.h>

#include "internal.h"

/* Files of a served connection: its socket, a pidfd, and a page in the store */
#define CONNECTION_FILES 3

struct user *user_get(struct bridge *bridge, uid_t uid)
{
	struct user *user;

	HASH_FIND(hh, bridge->users, &uid, sizeof(uid), user);
	if (!user) {
		user = calloc(1, sizeof(*user));
		if (!user)
			return NULL;
		user->bridge = bridge;
		user->uid = uid;
		user->addresses.all = &bridge->addresses;
		HASH_ADD(hh, bridge->users, uid, sizeof(user->uid), user);
	}
	user->nr_refs++;
	return user;
}

void user_put(struct user *user)
{
	if (--user->nr_refs)
		return;
	HASH_DEL(user->bridge->users, user);
	free(user);
}

static void force(struct share *share, uint64_t *own, uint64_t more)
{
	share->used += more;
	*own += more;
}

static bool take(struct share *share, uint64_t *own, uint64_t more)
{
	if (!share_has(*own, more, share->max, share->used))
		return false;
	force(share, own, more);
	return true;
}

static void give(struct share *share, uint64_t *own, uint64_t less)
{
	share->used -= less;
	*own -= less;
}

static bool user_take_file(struct user *user)
{
	return take(&user->bridge->files, &user->nr_files, 1);
}

void user_give_file(struct user *user)
{
	give(&user->bridge->files, &user->nr_files, 1);
}

/* A connection with a client must find room afterwards. */
bool user_take_memory(struct user *user)
{
	const struct share *files = &user->bridge->files;
	uint64_t spare = 2 * (CONNECTION_FILES + 2);

	return share_has(user->nr_files, spare, files->max, files->used) &&
	       user_take_file(user);
}

bool user_take_refused(struct user *user)
{
	return take(&user->bridge->refused, &user->nr_refused, 1);
}

void user_give_refused(struct user *user)
{
	give(&user->bridge->refused, &user->nr_refused, 1);
}

bool user_take_connection(struct user *user)
{
	struct bridge *bridge = user->bridge;

	if (!take(&bridge->files, &user->nr_files, CONNECTION_FILES))
		return false;
	if (take(&bridge->served, &user->nr_served, 1))
		return true;
	give(&bridge->files, &user->nr_files, CONNECTION_FILES);
	return false;
}

void user_force_connection(struct user *user)
{
	force(&user->bridge->files, &user->nr_files, CONNECTION_FILES);
	force(&user->bridge->served, &user->nr_served, 1);
}

void user_give_connection(struct user *user)
{
	give(&user->bridge->files, &user->nr_files, CONNECTION_FILES);
	give(&user->bridge->served, &user->nr_served, 1);
}

bool user_take_client(struct user *user)
{
	if (!user_take_file(user))
		return false;
	if (take(&user->bridge->clients, &user->nr_clients, 1))
		return true;
	user_give_file(user);
	return false;
}

void user_force_client(struct user *user)
{
	force(&user->bridge->files, &user->nr_files, 1);
	force(&user->bridge->clients, &user->nr_clients, 1);
}

void user_give_client(struct user *user)
{
	user_give_file(user);
	give(&user->bridge->clients, &user->nr_clients, 1);
}
