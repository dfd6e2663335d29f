// SPDX-License-Identifier: GPL-2.0
/*
 * The event log: the latest wrong reports, in a fixed number of slots
 *
 * A burst of wrong reports costs no memory beyond the slots, and a client that makes
 * many of them recycles its own slots first. Each reader keeps its own position and
 * learns how many events it missed.
 */
#include <linux/mm.h>
#include "index.h"
#include "internal.h"

/* A client that holds 1/BT_EVENTS_SHARE of the slots recycles its own oldest event */
#define BT_EVENTS_SHARE		4

static struct bt_event *events_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct bt_event, node);
}

static bool events_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct bt_event, node)->number <
	       rb_entry(b, struct bt_event, node)->number;
}

static struct bt_client *events_get(struct bt_client *c)
{
	if (c)
		__bt_client_get(c);
	return c;
}

static void events_put(struct bt_tracker *t, struct bt_client *c)
{
	if (c)
		__bt_client_put(t, c);
}

static u32 events_state(const struct bt_domain *d, const struct bt_record *rec)
{
	if (rec->is_freed)
		return BUFTRACK_RECORD_STATE_FREED;
	return BUFTRACK_RECORD_STATE_LIVE |
	       (bt_is_doubtful(d, rec) ? BUFTRACK_RECORD_STATE_DOUBTFUL : 0) |
	       (rec->owner->closed ? BUFTRACK_RECORD_STATE_ORPHANED : 0);
}

static void events_copy_record(struct bt_event_record *to,
			       const struct bt_domain *d, const struct bt_record *rec)
{
	memset(to, 0, sizeof(*to));
	if (!rec)
		return;
	to->owner = events_get(rec->owner);
	to->address = bt_record_address(rec);
	to->id = rec->id;
	to->size = rec->size;
	to->span = rec->span;
	to->allocated = rec->allocated;
	to->site = rec->site;
	to->state = events_state(d, rec);
	if (rec->is_freed) {
		to->by = events_get(rec->freed.by);
		to->freed = rec->freed.stamp;
		to->freed_site = rec->freed.site;
		to->repeats = rec->repeats;
	}
}

/* Take an event out of the log and mark its slot free */
static void __events_drop(struct bt_tracker *t, struct bt_event *event)
{
	lockdep_assert_held(&t->lock);
	rb_erase_cached(&event->node, &t->events.kept);
	list_del(&event->link);
	event->reporter->nr_events--;
	events_put(t, event->target.owner);
	events_put(t, event->target.by);
	events_put(t, event->hit.owner);
	events_put(t, event->hit.by);
	events_put(t, event->reporter);
}

/**
 * bt_events_setup() - allocate the slots of the event log
 * @t: the tracker
 * @size: number of slots; ignored if the log was set up before
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int bt_events_setup(struct bt_tracker *t, u32 size)
{
	struct bt_event *slots;
	unsigned long flags;

	if (READ_ONCE(t->events.size) || !size)
		return 0;
	slots = kvcalloc(size, sizeof(*slots), GFP_KERNEL);
	if (!slots)
		return -ENOMEM;
	raw_spin_lock_irqsave(&t->lock, flags);
	if (!t->events.size) {
		swap(t->events.slots, slots);
		t->events.size = size;
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	kvfree(slots);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(bt_events_setup);

/**
 * bt_events_retire() - drop all events and free the slots
 * @t: the tracker, which receives no more reports
 *
 * Context: may sleep.
 */
void bt_events_retire(struct bt_tracker *t)
{
	struct rb_node *node;
	unsigned long flags;

	while ((node = rb_first_cached(&t->events.kept))) {
		raw_spin_lock_irqsave(&t->lock, flags);
		__events_drop(t, events_entry(node));
		raw_spin_unlock_irqrestore(&t->lock, flags);
	}
	kvfree(t->events.slots);
	t->events.slots = NULL;
	t->events.size = 0;
	t->events.nr = 0;
}

/* A free slot for an event of a client, recycled if need be */
static struct bt_event *__events_take_slot(struct bt_tracker *t,
					   struct bt_client *c)
{
	struct bt_events *events = &t->events;
	struct bt_event *old;

	lockdep_assert_held(&t->lock);
	if (events->nr < events->size)
		return &events->slots[events->nr++];
	if (c->nr_events && c->nr_events >= events->size / BT_EVENTS_SHARE)
		old = list_first_entry(&c->events, struct bt_event, link);
	else
		old = events_entry(rb_first_cached(&events->kept));
	__events_drop(t, old);
	return old;
}

/**
 * __bt_events_add() - log a wrong report
 * @t: the tracker, locked
 * @d: domain of the records; the reporter has none once it has been reaped
 * @event: the report, its verdict, its stamp and its reporter
 * @target: the record that the report names, or NULL
 * @hit: the live record that it collides with, or NULL
 *
 * Call this before the report changes either record.
 */
void __bt_events_add(struct bt_tracker *t, const struct bt_domain *d,
		     const struct bt_event *event,
		     const struct bt_record *target, const struct bt_record *hit)
{
	struct bt_client *reporter = event->reporter;
	struct bt_event *to;

	lockdep_assert_held(&t->lock);
	t->events.last++;
	if (!t->events.size)
		return;
	to = __events_take_slot(t, reporter);
	to->number = t->events.last;
	WRITE_ONCE(t->events.newest, to->number);
	to->stamp = event->stamp;
	to->report = event->report;
	to->verdict = event->verdict;
	to->reporter = events_get(reporter);
	list_add_tail(&to->link, &reporter->events);
	reporter->nr_events++;
	events_copy_record(&to->target, d, target);
	events_copy_record(&to->hit, d, hit);
	rb_add_cached(&to->node, &t->events.kept, events_less);
}

/* Every event after the number matches; rb_find_first() returns the lowest */
static int events_match_after(const void *number, const struct rb_node *node)
{
	return rb_entry(node, struct bt_event, node)->number <= *(const u64 *)number;
}

/**
 * bt_events_next() - read the event after a position
 * @t: the tracker
 * @position: number of the event that was read last, 0: none; set to this event's
 * @dropped: set to the number of events between the two that were dropped
 * @emit: called with the lock held for the event
 * @arg: handed to @emit
 *
 * Return: false if there is no later event.
 */
bool bt_events_next(struct bt_tracker *t, u64 *position, u64 *dropped,
		    void (*emit)(void *arg, const struct bt_event *event),
		    void *arg)
{
	const struct bt_event *next;
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	next = events_entry(rb_find_first(position, &t->events.kept.rb_root,
					  events_match_after));
	if (next) {
		*dropped = next->number - *position - 1;
		*position = next->number;
		emit(arg, next);
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return next;
}
EXPORT_SYMBOL_IF_KUNIT(bt_events_next);
