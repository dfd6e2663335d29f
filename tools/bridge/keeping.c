// SPDX-License-Identifier: GPL-2.0
/*
 * Keeping connections across a restart: what is put into the store
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "connection.h"
#include "keeping.h"

#define NAME_SIZE 64

static void store(uint64_t serial, const char *what, int fd)
{
	char state[128];

	snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%" PRIu64 ".%s",
		 serial, what);
	sd_pid_notify_with_fds(0, 0, state, &fd, 1);
}

/* If it is the bridge that ends, what is kept is for the next one. */
static void unstore(const struct connection *connection, const char *what)
{
	char state[128];

	if (connection->bridge->is_ending)
		return;
	snprintf(state, sizeof(state), "FDSTOREREMOVE=1\nFDNAME=%" PRIu64 ".%s",
		 connection->keeping.serial, what);
	sd_notify(0, state);
}

struct kept *keep_map(int fd)
{
	void *page = mmap(NULL, sizeof(struct kept), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);

	return page == MAP_FAILED ? NULL : page;
}

static struct kept *make_page(struct keeping *keeping)
{
	keeping->fd = memfd_create("buftrack-bridge", MFD_CLOEXEC);
	if (keeping->fd < 0)
		return NULL;
	if (!ftruncate(keeping->fd, sizeof(struct kept)))
		keeping->kept = keep_map(keeping->fd);
	if (!keeping->kept)
		close(keeping->fd);
	return keeping->kept;
}

static void keep_connection(struct connection *connection)
{
	struct keeping *keeping = &connection->keeping;

	if (!make_page(keeping))
		return;
	*keeping->kept = (struct kept){
		.version = KEPT_VERSION,
		.is_busy = 1,
		.is_late = connection->holder.is_late,
		.claimed = connection->holder.claimed,
	};
	keeping->serial = ++connection->bridge->serial;
	store(keeping->serial, "socket", connection->fd);
	store(keeping->serial, "state", keeping->fd);
}

static const char *name_kept(const struct account *account, char *name)
{
	snprintf(name, NAME_SIZE, "%d.%" PRIu64, account->id, account->kept);
	return name;
}

void keep_account(struct connection *connection, struct account *account)
{
	char name[NAME_SIZE];

	if (!connection->bridge->keeps || !account->file ||
	    account->kept == account->client)
		return;
	keep_account_no_more(connection, account);
	if (!connection->keeping.serial)
		keep_connection(connection);
	if (!connection->keeping.serial)
		return;
	account->kept = account->client;
	store(connection->keeping.serial, name_kept(account, name),
	      buftrack_device_fd(account->file));
}

void keep_begin(struct connection *connection)
{
	if (connection->keeping.serial)
		connection->keeping.kept->is_busy = 1;
}

void keep_end(struct connection *connection)
{
	struct kept *kept = connection->keeping.kept;

	if (!connection->keeping.serial)
		return;
	kept->size = connection->size;
	kept->early = connection->early;
	kept->nr_held = connection->nr_held;
	memcpy(kept->held, connection->held, connection->nr_held);
	kept->is_busy = 0;
}

void keep_account_no_more(struct connection *connection,
			  struct account *account)
{
	char name[NAME_SIZE];

	if (account->kept)
		unstore(connection, name_kept(account, name));
	account->kept = 0;
}

void keep_no_more(struct connection *connection)
{
	struct keeping *keeping = &connection->keeping;

	if (!keeping->serial)
		return;
	/* The peer need not wait for systemd to let go of its end. */
	if (!connection->bridge->is_ending)
		shutdown(connection->fd, SHUT_RDWR);
	unstore(connection, "socket");
	unstore(connection, "state");
	munmap(keeping->kept, sizeof(*keeping->kept));
	close(keeping->fd);
	*keeping = (struct keeping){ .serial = 0 };
}
