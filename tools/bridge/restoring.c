// SPDX-License-Identifier: GPL-2.0
/*
 * Keeping connections across a restart: what is taken out of the store
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <utlist.h>

#include "connection.h"
#include "keeping.h"
#include "relearn.h"

/**
 * struct item - a file of the store
 * @serial: whose
 * @kind: what it is
 * @device: of a client
 * @client: its number
 * @fd: the file
 */
struct item {
	uint64_t serial;
	enum { IS_SOCKET, IS_STATE, IS_CLIENT } kind;
	int device;
	uint64_t client;
	int fd;
};

static int parse_name(const char *name, struct item *item)
{
	char what[16];
	int end = 0;

	if (sscanf(name, "%" SCNu64 ".%d.%" SCNu64 "%n", &item->serial,
		   &item->device, &item->client, &end) == 3 &&
	    end && !name[end]) {
		item->kind = IS_CLIENT;
		return item->device < 0 || item->device >= WIRE_DEVICES;
	}
	if (sscanf(name, "%" SCNu64 ".%15s", &item->serial, what) != 2)
		return -1;
	item->kind = strcmp(what, "socket") ? IS_STATE : IS_SOCKET;
	return 0;
}

/* By connection; its socket and its state come before its clients. */
static int compare(const void *a, const void *b)
{
	const struct item *left = a, *right = b;

	if (left->serial != right->serial)
		return left->serial < right->serial ? -1 : 1;
	return (int)left->kind - (int)right->kind;
}

static void unstore(const char *name)
{
	char state[512];

	snprintf(state, sizeof(state), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	sd_notify(0, state);
}

static unsigned int sort_out(struct item *items, const int *fds,
			     char *const *names, unsigned int nr)
{
	unsigned int nr_items = 0;

	for (unsigned int i = 0; i < nr; i++) {
		struct item item = { .fd = fds[i] };

		if (parse_name(names[i], &item)) {
			unstore(names[i]);
			close(fds[i]);
			continue;
		}
		items[nr_items++] = item;
	}
	qsort(items, nr_items, sizeof(*items), compare);
	return nr_items;
}

/* drop() - what is no whole connection; its clients end */
static void drop(const struct item *items, unsigned int nr)
{
	static const char *const kinds[] = { "socket", "state" };
	char name[64];

	for (unsigned int i = 0; i < nr; i++) {
		if (items[i].kind == IS_CLIENT)
			snprintf(name, sizeof(name), "%" PRIu64 ".%d.%" PRIu64,
				 items[i].serial, items[i].device,
				 items[i].client);
		else
			snprintf(name, sizeof(name), "%" PRIu64 ".%s",
				 items[i].serial, kinds[items[i].kind]);
		unstore(name);
		close(items[i].fd);
	}
}

static int restore_account(struct connection *connection,
			   const struct item *item)
{
	struct bridge *bridge = connection->bridge;
	struct account *account = calloc(1, sizeof(*account));

	if (!account)
		return -1;
	account->id = item->device;
	account->client = item->client;
	account->kept = item->client;
	account->device = device_get(bridge, item->device);
	account->file = buftrack_device_from_fd(item->fd);
	LL_PREPEND(connection->accounts, account);
	if (!account->file || !account->device)
		return -1;
	if (!connection->addresses)
		connection->addresses =
			addresses_new(&bridge->addresses,
				      bridge->addresses.max / CONNECTION_SHARE);
	return connection->addresses ? relearn(connection->addresses, account) :
				       -1;
}

static void take_state(struct connection *connection)
{
	const struct kept *kept = connection->keeping.kept;

	connection->holder.is_late = kept->is_late;
	connection->holder.claimed = kept->claimed;
	connection->size = kept->size;
	connection->early = kept->early;
	connection->nr_held = kept->nr_held;
	memcpy(connection->held, kept->held, kept->nr_held);
}

static bool is_sound(const struct kept *kept)
{
	return kept && kept->version == KEPT_VERSION &&
	       kept->nr_held <= SIZING_MOST &&
	       (!kept->size || wire_is_size(kept->size));
}

/* restore() - one connection: its socket, its state, its clients */
static void restore(struct bridge *bridge, const struct item *items,
		    unsigned int nr)
{
	struct kept *kept = NULL;
	struct connection *connection;
	bool is_whole = true;

	if (nr > 2 && items[0].kind == IS_SOCKET && items[1].kind == IS_STATE)
		kept = keep_map(items[1].fd);
	if (!is_sound(kept)) {
		drop(items, nr);
		return;
	}
	connection = connection_again(bridge, items[0].fd);
	if (!connection) {
		drop(items + 1, nr - 1);
		return;
	}
	connection->keeping = (struct keeping){
		.serial = items[0].serial,
		.kept = kept,
		.fd = items[1].fd,
	};
	take_state(connection);
	for (unsigned int i = 2; i < nr; i++)
		is_whole &= !restore_account(connection, &items[i]);
	connection_resume(connection, is_whole && !kept->is_busy);
}

void keep_restore(struct bridge *bridge, const int *fds, char *const *names,
		  unsigned int nr)
{
	struct item *items = calloc(nr + 1, sizeof(*items));
	unsigned int nr_items, next;

	if (!items)
		return;
	nr_items = sort_out(items, fds, names, nr);
	for (unsigned int i = 0; i < nr_items; i = next) {
		for (next = i;
		     next < nr_items && items[next].serial == items[i].serial;)
			next++;
		if (bridge->serial < items[i].serial)
			bridge->serial = items[i].serial;
		restore(bridge, items + i, next - i);
	}
	free(items);
}
