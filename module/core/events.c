// SPDX-License-Identifier: GPL-2.0
/*
 * The latest wrong reports: a ring of fixed size, written under the lock
 *
 * However fast wrong reports come, they cost no more memory than the ring has.
 * Readers keep positions of their own and are told what they were too late for.
 */
#include <linux/mm.h>
#include "export.h"
#include "index.h"

static struct bt_event *slot(struct bt_events *events, u64 number)
{
	u64 size = events->size;

	return &events->ring[number - div64_u64(number, size) * size];
}

static struct bt_client *keep(struct bt_client *c)
{
	if (c)
		__bt_client_get(c);
	return c;
}

static void forget(struct bt_tracker *t, struct bt_client *c)
{
	if (c)
		__bt_client_put(t, c);
}

static u32 state_of(const struct bt_domain *d, const struct bt_record *rec)
{
	if (rec->is_freed)
		return BUFTRACK_RECORD_FREED;
	return BUFTRACK_RECORD_LIVE |
	       (rec->live.epoch != d->epoch ? BUFTRACK_RECORD_DOUBTFUL : 0) |
	       (rec->owner->closed ? BUFTRACK_RECORD_ORPHANED : 0);
}

static void keep_record(struct bt_event_record *to, const struct bt_domain *d,
			const struct bt_record *rec)
{
	memset(to, 0, sizeof(*to));
	if (!rec)
		return;
	to->owner = keep(rec->owner);
	to->address = rec->address;
	to->id = rec->id;
	to->size = rec->size;
	to->span = rec->span;
	to->allocated = rec->allocated;
	to->state = state_of(d, rec);
	if (rec->is_freed) {
		to->by = keep(rec->freed.by);
		to->freed = rec->freed.stamp;
		to->repeats = rec->repeats;
	}
}

static void forget_event(struct bt_tracker *t, struct bt_event *event)
{
	forget(t, event->reporter);
	forget(t, event->target.owner);
	forget(t, event->target.by);
	forget(t, event->hit.owner);
	forget(t, event->hit.by);
	event->reporter = NULL;
}

/**
 * bt_events_setup() - make place for events
 * @t: the tracker
 * @size: how many to keep; if there is a ring already, it stays as it is
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int bt_events_setup(struct bt_tracker *t, u32 size)
{
	struct bt_event *ring;
	unsigned long irq;

	if (READ_ONCE(t->events.size) || !size)
		return 0;
	ring = kvcalloc(size, sizeof(*ring), GFP_KERNEL);
	if (!ring)
		return -ENOMEM;
	raw_spin_lock_irqsave(&t->lock, irq);
	if (!t->events.size) {
		swap(t->events.ring, ring);
		t->events.size = size;
	}
	raw_spin_unlock_irqrestore(&t->lock, irq);
	kvfree(ring);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(bt_events_setup);

/**
 * bt_events_retire() - forget all events
 * @t: the tracker, which no other context can reach
 *
 * Context: may sleep.
 */
void bt_events_retire(struct bt_tracker *t)
{
	u32 i;

	for (i = 0; i < t->events.size; i++)
		if (t->events.ring[i].reporter)
			forget_event(t, &t->events.ring[i]);
	kvfree(t->events.ring);
	t->events.ring = NULL;
	t->events.size = 0;
}

/**
 * __bt_events_add() - note a wrong report
 * @t: the tracker, locked
 * @event: the report, its verdict and stamp, and its reporter
 * @target: the record that it was about, or NULL
 * @hit: the live record that was in the way, or NULL
 *
 * Both records are as they were before the report.
 */
void __bt_events_add(struct bt_tracker *t, const struct bt_event *event,
		     const struct bt_record *target, const struct bt_record *hit)
{
	const struct bt_domain *d = event->reporter->domain;
	struct bt_event *to;

	lockdep_assert_held(&t->lock);
	t->events.last++;
	if (!t->events.size)
		return;
	to = slot(&t->events, t->events.last);
	if (to->reporter)
		forget_event(t, to);
	to->stamp = event->stamp;
	to->report = event->report;
	to->verdict = event->verdict;
	to->reporter = keep(event->reporter);
	keep_record(&to->target, d, target);
	keep_record(&to->hit, d, hit);
}

/**
 * bt_events_next() - read the event after a position
 * @t: the tracker
 * @position: number of the event read last, 0: none; set to that of this one
 * @dropped: set to how many events in between are gone
 * @emit: called with the lock held for the event
 * @arg: handed to @emit
 *
 * Return: false if there is no later event.
 */
bool bt_events_next(struct bt_tracker *t, u64 *position, u64 *dropped,
		    void (*emit)(void *arg, const struct bt_event *event),
		    void *arg)
{
	struct bt_events *events = &t->events;
	unsigned long irq;
	u64 oldest, next;
	bool found;

	raw_spin_lock_irqsave(&t->lock, irq);
	oldest = events->last - min_t(u64, events->last, events->size) + 1;
	next = max(*position + 1, oldest);
	found = next <= events->last;
	if (found) {
		*dropped = next - *position - 1;
		*position = next;
		emit(arg, slot(events, next));
	}
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return found;
}
EXPORT_SYMBOL_IF_KUNIT(bt_events_next);
