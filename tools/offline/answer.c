// SPDX-License-Identifier: GPL-2.0
/*
 * Answers about a device, in the types of libbuftrack and of the kernel interface
 */
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

struct buftrack_device_status *
offline_device_read_status(const struct offline_device *device)
{
	struct buftrack_device_status *status = calloc(1, sizeof(*status));
	const struct bt_tracker *t = device->tracker;

	if (!status)
		return NULL;
	status->info = (struct buftrack_device_info){
		.size = sizeof(status->info),
		.device = device->number,
		.state = BUFTRACK_DEVICE_STATE_TEMPORARY |
			 (t->enabled ? BUFTRACK_DEVICE_STATE_ENABLED : 0),
		.uid = geteuid(),
		.nr_spaces = t->nr_spaces,
		.nr_clients = t->nr_clients,
		.max_clients = t->limits.max_clients,
		.nr_records = t->nr_records,
		.max_records = t->limits.max_records,
		.max_client_records = t->limits.max_client_records,
		.max_freed = t->limits.max_freed,
		.max_closed = t->limits.max_closed,
		.max_remaining = t->limits.max_remaining,
		.now = t->stamp,
		.driver = "user",
	};
	strcpy(status->info.name, device->name);
	return status;
}

static void *not_found(void)
{
	errno = ENOENT;
	return NULL;
}

struct buftrack_space *
offline_device_next_space(const struct offline_device *device,
			  unsigned int from)
{
	struct buftrack_space *space;

	if (from >= device->tracker->nr_spaces)
		return not_found();
	space = calloc(1, sizeof(*space));
	if (!space)
		return NULL;
	space->info.size = sizeof(space->info);
	space->info.space = from;
	space->info.capacity = device->spaces[from].capacity;
	strcpy(space->info.name, device->spaces[from].name);
	return space;
}

static unsigned int client_state(const struct offline_client *client)
{
	const struct bt_client *c = &client->client;
	bool claims_uid = client->declare.flags & BUFTRACK_DECLARE_CLAIMED_UID;
	bool gap = c->closed ? c->had_gap : c->domain->gap;
	bool evicted = c->closed ? c->has_evicted : c->domain->has_evicted;

	return (c->closed ? 0 : BUFTRACK_CLIENT_STATE_OPEN) |
	       (c->late ? BUFTRACK_CLIENT_STATE_LATE : 0) |
	       (c->shared ? BUFTRACK_CLIENT_STATE_SHARED : 0) |
	       (claims_uid ? BUFTRACK_CLIENT_STATE_CLAIMED_UID : 0) |
	       (gap ? BUFTRACK_CLIENT_STATE_HAD_GAP : 0) |
	       (evicted ? BUFTRACK_CLIENT_STATE_EVICTED : 0);
}

struct buftrack_client *
offline_device_next_client(const struct offline_device *device, uint64_t from)
{
	const struct offline_client *of =
		offline_client_next(device->tracker, from);
	struct buftrack_client *client;

	if (!of)
		return not_found();
	client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->info = (struct buftrack_client_info){
		.size = sizeof(client->info),
		.client = of->client.number,
		.state = client_state(of),
		.pid = of->process.pid,
		.tid = of->process.tid,
		.uid = of->process.uid,
		.claimed_pid = of->declare.claimed_pid,
		.claimed_uid = of->declare.claimed_uid,
		.start_time = of->process.start_time,
		.opened = of->client.opened,
		.closed = of->client.closed,
		.first_id = of->client.first_id,
	};
	memcpy(client->info.comm, of->comm, sizeof(of->comm));
	memcpy(client->info.claimed_name, of->declare.claimed_name,
	       sizeof(client->info.claimed_name));
	return client;
}

int offline_device_copy_counters(const struct offline_device *device,
				 enum buftrack_scope scope, uint64_t number,
				 uint64_t values[BUFTRACK_NR_COUNTERS])
{
	struct bt_counters counters;

	if (bt_tracker_read_counters(device->tracker, scope, number,
				     &counters)) {
		errno = ENOENT;
		return -1;
	}
	memcpy(values, counters.v, sizeof(counters.v));
	return 0;
}

struct buftrack_counter_set *
offline_device_read_counters(const struct offline_device *device,
			     enum buftrack_scope scope, uint64_t number)
{
	struct buftrack_counter_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->length = BUFTRACK_NR_COUNTERS;
	if (!offline_device_copy_counters(device, scope, number, set->values))
		return set;
	free(set);
	return not_found();
}

/* A listing that hands its records to a function */
struct listing {
	struct bt_listing listing;
	int (*take)(void *context, const struct buftrack_record *record);
	void *context;
	int ret;
};

static bool emit(struct bt_listing *l, const struct bt_record *rec, u32 state)
{
	struct listing *listing = container_of(l, struct listing, listing);
	const struct offline_client *owner = offline_client_of(rec->owner);
	struct buftrack_record record = {
		.client = rec->owner->number,
		.space = rec->space,
		.state = state,
		.address = rec->address,
		.size = rec->size,
		.span = rec->span,
		.id = rec->id,
		.allocated = rec->allocated,
		.site = rec->site,
		.pid = owner->process.pid,
	};

	memcpy(record.comm, owner->comm, sizeof(record.comm));
	if (!(state & BUFTRACK_RECORD_STATE_LIVE))
		record.ended = rec->freed.stamp;
	if (state & BUFTRACK_RECORD_STATE_FREED) {
		record.ended_by = rec->freed.by->number;
		record.ended_site = rec->freed.site;
		record.repeats = rec->repeats;
	}
	listing->ret = listing->take(listing->context, &record);
	return !listing->ret;
}

int offline_device_list(struct offline_device *device,
			const struct offline_filter *filter,
			int (*take)(void *context,
				    const struct buftrack_record *record),
			void *context)
{
	struct listing listing = {
		.listing.emit = emit,
		.listing.client = filter->client,
		.listing.space = filter->space,
		.listing.states =
			filter->states ?
				filter->states :
				BUFTRACK_RECORD_STATE_LIVE |
					BUFTRACK_RECORD_STATE_FREED |
					BUFTRACK_RECORD_STATE_REMAINING,
		.take = take,
		.context = context,
	};

	bt_listing_begin(device->tracker, &listing.listing, 0);
	while (!listing.ret && !listing.listing.end)
		bt_listing_step(device->tracker, &listing.listing);
	bt_listing_end(device->tracker, &listing.listing);
	return listing.ret;
}
