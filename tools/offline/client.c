// SPDX-License-Identifier: GPL-2.0
/*
 * Clients and their reports
 */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

#define KNOWN_FLAGS                                        \
	(BUFTRACK_DECLARE_LATE | BUFTRACK_DECLARE_SHARED | \
	 BUFTRACK_DECLARE_CLAIMED_UID)

static uint64_t clamp_time(uint64_t now)
{
	return now < OFFLINE_MAX_TIME ? now : OFFLINE_MAX_TIME;
}

void offline_free_zombies(struct offline_device *device)
{
	struct bt_client *c;

	while ((c = bt_tracker_take_zombie(device->tracker)))
		free(offline_client_of(c));
}

struct offline_client *offline_client_next(struct bt_tracker *t, uint64_t from)
{
	struct bt_client *c;
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	c = __bt_client_next(t, from);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return c ? offline_client_of(c) : NULL;
}

static void describe(struct offline_client *client,
		     const struct offline_process *process,
		     const struct buftrack_declare *declare)
{
	client->process = *process;
	client->process.comm = client->comm;
	snprintf(client->comm, sizeof(client->comm), "%s",
		 process->comm ? process->comm : "");
	client->declare = *declare;
	client->client.late = declare->flags & BUFTRACK_DECLARE_LATE;
	client->client.first_id = declare->first_id;
}

struct offline_client *offline_client_open(
	struct offline_device *device, const struct offline_process *process,
	const struct buftrack_declaration *declaration, uint64_t now)
{
	static const struct buftrack_declaration nothing;
	const struct buftrack_declare *declare =
		declaration ? &declaration->declare : &nothing.declare;
	struct offline_client *client;
	int err = -ENOMEM;

	if (declare->flags & ~KNOWN_FLAGS) {
		errno = EINVAL;
		return NULL;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	if (bt_client_init(&client->client,
			   declare->flags & BUFTRACK_DECLARE_SHARED,
			   GFP_KERNEL))
		goto free;
	client->device = device;
	describe(client, process, declare);
	err = bt_client_begin(device->tracker, &client->client,
			      clamp_time(now));
	if (!err)
		return client;
	bt_client_fini(&client->client);
free:
	free(client);
	errno = -err;
	return NULL;
}

void offline_client_close(struct offline_client *client, uint64_t now)
{
	struct offline_device *device;

	if (!client)
		return;
	device = client->device;
	bt_client_end(device->tracker, &client->client, clamp_time(now));
	bt_client_reap(device->tracker, &client->client);
	offline_free_zombies(device);
}

uint64_t offline_client_number(const struct offline_client *client)
{
	return client->client.number;
}

struct offline_device *
offline_client_device(const struct offline_client *client)
{
	return client->device;
}

/* judge() - enum buftrack_verdict or a negative errno */
static int judge(struct offline_client *client,
		 const struct buftrack_report *report, uint64_t now)
{
	struct bt_tracker *t = client->device->tracker;
	unsigned int opts = BT_MAY_REFILL;
	int verdict;

	while ((verdict = bt_report(t, &client->client, report, now, opts,
				    NULL)) == -EAGAIN)
		if (bt_pool_fill(t))
			opts = 0;
	bt_pool_trim(t);
	offline_free_zombies(client->device);
	return verdict;
}

int offline_report(struct offline_client *client,
		   const struct buftrack_report *report, uint64_t now,
		   struct buftrack_event *evidence)
{
	struct bt_tracker *t = client->device->tracker;
	uint64_t latest = t->events.last;
	int verdict = bt_report_check(report);

	if (!verdict)
		verdict = judge(client, report, clamp_time(now));
	if (verdict < 0) {
		errno = -verdict;
		return -1;
	}
	if (!evidence)
		return verdict;
	evidence->sequence = 0;
	if (t->events.last != latest)
		offline_read_event(t, &latest, evidence);
	return verdict;
}

void offline_lost(struct offline_client *client, uint64_t count, uint64_t now)
{
	bt_lost(client->device->tracker, &client->client, count,
		clamp_time(now));
}
