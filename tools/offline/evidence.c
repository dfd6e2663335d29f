// SPDX-License-Identifier: GPL-2.0
/*
 * Wrong reports and their evidence, as the kernel interface has them
 */
#include "internal.h"

static void fill_record(struct buftrack_event_record *to,
			const struct bt_event_record *from)
{
	const struct offline_client *owner, *by;

	if (!from->owner)
		return;
	owner = offline_client_of(from->owner);
	to->client = from->owner->number;
	to->address = from->address;
	to->size = from->size;
	to->span = from->span;
	to->id = from->id;
	to->allocated = from->allocated;
	to->ended = from->freed;
	to->site = from->site;
	to->ended_site = from->freed_site;
	to->state = from->state;
	to->repeats = from->repeats;
	to->pid = owner->process.pid;
	memcpy(to->comm, owner->comm, sizeof(to->comm));
	if (!from->by)
		return;
	by = offline_client_of(from->by);
	to->ended_by = from->by->number;
	to->ended_by_pid = by->process.pid;
	memcpy(to->ended_by_comm, by->comm, sizeof(to->ended_by_comm));
}

static void fill_event(void *arg, const struct bt_event *from)
{
	const struct offline_client *reporter =
		offline_client_of(from->reporter);
	struct buftrack_event *to = arg;

	to->size = sizeof(*to);
	to->verdict = from->verdict;
	to->stamp = from->stamp;
	to->client = from->reporter->number;
	to->report = from->report;
	to->pid = reporter->process.pid;
	to->uid = reporter->process.uid;
	memcpy(to->comm, reporter->comm, sizeof(to->comm));
	fill_record(&to->target, &from->target);
	fill_record(&to->hit, &from->hit);
}

bool offline_read_event(struct bt_tracker *t, uint64_t *position,
			struct buftrack_event *event)
{
	u64 at = *position, dropped;

	memset(event, 0, sizeof(*event));
	if (!bt_events_next(t, &at, &dropped, fill_event, event))
		return false;
	event->dropped = dropped;
	event->sequence = at;
	*position = at;
	return true;
}

bool offline_device_next_event(struct offline_device *device,
			       uint64_t *position, struct buftrack_event *event)
{
	return offline_read_event(device->tracker, position, event);
}
