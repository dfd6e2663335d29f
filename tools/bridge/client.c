// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's client for a connection on a device
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <utlist.h>

#include "internal.h"

/* Largest number of lost reports in one call */
#define MAX_LOST UINT64_C(0xffffffff)

static void count_lost(struct client *client, uint64_t count)
{
	client->lost += count;
	client->has_gap = true;
}

static int declare(struct client *client, const struct bridge *bridge,
		   const struct identity *identity)
{
	bool is_late = identity->is_late || client->was_open || client->lost;
	char name[BUFTRACK_CLAIMED_NAME_SIZE];

	identity_text(identity, name);
	buftrack_declaration_set_flags(bridge->declaration,
				       is_late ? BUFTRACK_DECLARE_LATE : 0);
	if (buftrack_declaration_claim(bridge->declaration, identity->pid,
				       name))
		return -1;
	buftrack_declaration_claim_uid(bridge->declaration, identity->uid);
	if (!buftrack_device_declare(client->file, bridge->declaration,
				     &client->number))
		return 0;
	if (errno != EOPNOTSUPP && errno != EINVAL)
		return -1;
	/* The module is older, or our user namespace does not have this user. */
	buftrack_declaration_claim_uid(bridge->declaration, NO_UID);
	return buftrack_device_declare(client->file, bridge->declaration,
				       &client->number);
}

static int open_on_device(struct client *client, const struct bridge *bridge,
			  const struct identity *identity)
{
	client->file = buftrack_device_open(client->device->number, O_RDWR);
	if (!client->file)
		return -1;
	if (!declare(client, bridge, identity))
		return 0;
	buftrack_device_close(client->file);
	client->file = NULL;
	return -1;
}

static bool is_removal(int error)
{
	return error == ENODEV || error == ENOENT || error == ENXIO;
}

static void report_lost(struct client *client)
{
	while (client->file && client->lost) {
		uint64_t count = client->lost < MAX_LOST ? client->lost :
							   MAX_LOST;

		if (buftrack_device_report_lost(client->file, count)) {
			device_log(client->device, "lost reports", errno);
			return;
		}
		client->lost -= count;
	}
}

static int open_once(struct client *client, struct bridge *bridge,
		     const struct identity *identity)
{
	client->device = device_get(bridge, client->id);
	if (!client->device)
		return -1;
	return open_on_device(client, bridge, identity);
}

/* open_client() - if the device was removed, register it again */
static int open_client(struct client *client, struct bridge *bridge,
		       const struct identity *identity)
{
	if (!open_once(client, bridge, identity))
		return 0;
	if (!client->device || !is_removal(errno))
		return -1;
	device_close(client->device);
	return open_once(client, bridge, identity);
}

/* take_place() - false if the share of its user has no room for a client */
static bool take_place(struct client *client, struct bridge *bridge,
		       const struct identity *identity)
{
	if (!client->user || user_take_client(client->user))
		return true;
	if (identity->process)
		identity_log(
			identity, bridge, CAUSE_CLIENTS,
			"user %u has no room for another client of a device, whose reports count as lost: raise --max-connections, or the module's bounds on clients",
			client->user->uid);
	return false;
}

static void leave_place(struct client *client)
{
	if (client->user)
		user_give_client(client->user);
}

static void close_file(struct client *client)
{
	if (!client->file)
		return;
	buftrack_device_close(client->file);
	client->file = NULL;
	leave_place(client);
}

/* ensure_open() - false if the client cannot be opened now */
static bool ensure_open(struct client *client, struct bridge *bridge,
			const struct identity *identity)
{
	uint64_t now;

	if (client->file)
		return true;
	sd_event_now(bridge->event, CLOCK_MONOTONIC, &now);
	if (now < client->retry)
		return false;
	if (!take_place(client, bridge, identity)) {
		client->retry = now + RETRY_USEC;
		return false;
	}
	if (!open_client(client, bridge, identity)) {
		report_lost(client);
		return true;
	}
	client->retry = now + RETRY_USEC;
	leave_place(client);
	/* Without a device, device_get() has logged why. */
	if (client->device)
		device_log(client->device,
			   "cannot open a client, its reports are lost", errno);
	return false;
}

/* lose() - the kernel rejected @count reports */
static void lose(struct client *client, uint64_t count, int error)
{
	count_lost(client, count);
	device_log(client->device, "reports are lost", error);
	if (!is_removal(error)) {
		report_lost(client);
		return;
	}
	close_file(client);
	client->was_open = true;
	device_close(client->device);
}

void client_flush(struct client *client)
{
	struct buftrack_reports *reports;
	unsigned int length;

	if (!client->device || client->device->reporter != client)
		return;
	client->device->reporter = NULL;
	reports = client->device->reports;
	length = buftrack_reports_length(reports);
	report_lost(client);
	if (buftrack_device_submit(client->file, reports))
		lose(client, length - buftrack_reports_done(reports), errno);
	buftrack_reports_clear(reports);
}

int client_report(struct client *client, struct bridge *bridge,
		  const struct identity *identity, enum space space,
		  struct buftrack_report *report)
{
	if (!ensure_open(client, bridge, identity)) {
		count_lost(client, 1);
		return -1;
	}
	if (device_space(client->device, space, &report->space)) {
		lose(client, 1, errno);
		return -1;
	}
	if (client->device->reporter &&
	    (client->device->reporter != client ||
	     buftrack_reports_length(client->device->reports) == DEVICE_BATCH))
		client_flush(client->device->reporter);
	if (!client->file) {
		count_lost(client, 1);
		return -1;
	}
	buftrack_reports_add(client->device->reports, report);
	client->device->reporter = client;
	return 0;
}

void client_lose(struct client *client, struct bridge *bridge,
		 const struct identity *identity)
{
	client_flush(client);
	count_lost(client, 1);
	if (ensure_open(client, bridge, identity))
		report_lost(client);
}

void client_close(struct client *client)
{
	client_flush(client);
	report_lost(client);
	close_file(client);
	if (client->lost && client->user && !client->user->bridge->is_ending)
		client_lose_refused(client->user, client->id, client->lost);
	client->lost = 0;
}

static struct client *get_refusals(struct client **refusals, struct user *user,
				   int32_t id)
{
	struct client *client;

	LL_SEARCH_SCALAR(*refusals, client, id, id);
	if (client)
		return client;
	client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->id = id;
	client->user = user;
	LL_PREPEND(*refusals, client);
	return client;
}

/* lose_at() - false if the client could not be opened */
static bool lose_at(struct client **refusals, struct bridge *bridge,
		    struct user *user, int32_t id, uint64_t count)
{
	const struct identity identity = {
		.uid = user ? user->uid : NO_UID,
		.name = "connections over the limit",
	};
	struct client *client = get_refusals(refusals, user, id);

	if (!client)
		return false;
	count_lost(client, count);
	if (ensure_open(client, bridge, &identity)) {
		report_lost(client);
		return true;
	}
	if (user)
		client->lost -= count;
	return false;
}

void client_lose_refused(struct user *user, int32_t id, uint64_t count)
{
	struct bridge *bridge = user->bridge;

	if (!lose_at(&user->refusals, bridge, user, id, count))
		lose_at(&bridge->refusals, bridge, NULL, id, count);
}

void refusals_free(struct client **refusals)
{
	struct client *client, *next;

	LL_FOREACH_SAFE(*refusals, client, next)
	{
		report_lost(client);
		close_file(client);
		free(client);
	}
	*refusals = NULL;
}
