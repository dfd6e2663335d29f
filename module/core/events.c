// SPDX-License-Identifier: GPL-2.0
/*
 * The latest wrong reports: places for a fixed number, filled under the lock
 *
 * However fast wrong reports come, they cost no more memory than these places, and
 * a client that makes many of them loses its own old ones rather than others'.
 * Readers keep positions of their own and are told what they were too late for.
 */
#include <linux/mm.h>
#include "export.h"
#include "index.h"

/* A client with one of so many parts of the places makes place itself */
#define BT_EVENTS_SHARE		4

static struct bt_event *event_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct bt_event, node);
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
		return BUFTRACK_RECORD_STATE_FREED;
	return BUFTRACK_RECORD_STATE_LIVE |
	       (bt_is_doubtful(d, rec) ? BUFTRACK_RECORD_STATE_DOUBTFUL : 0) |
	       (rec->owner->closed ? BUFTRACK_RECORD_STATE_ORPHANED : 0);
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
	to->site = rec->site;
	to->state = state_of(d, rec);
	if (rec->is_freed) {
		to->by = keep(rec->freed.by);
		to->freed = rec->freed.stamp;
		to->freed_site = rec->freed.site;
		to->repeats = rec->repeats;
	}
}

/* Take an event from where it is kept; its place is then free */
static void drop_event(struct bt_tracker *t, struct bt_event *event)
{
	rb_erase_cached(&event->node, &t->events.kept);
	list_del(&event->link);
	event->reporter->nr_events--;
	forget(t, event->target.owner);
	forget(t, event->target.by);
	forget(t, event->hit.owner);
	forget(t, event->hit.by);
	forget(t, event->reporter);
}

/**
 * bt_events_setup() - make place for events
 * @t: the tracker
 * @size: how many to keep; if there is place already, it stays as it is
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int bt_events_setup(struct bt_tracker *t, u32 size)
{
	struct bt_event *slots;
	unsigned long irq;

	if (READ_ONCE(t->events.size) || !size)
		return 0;
	slots = kvcalloc(size, sizeof(*slots), GFP_KERNEL);
	if (!slots)
		return -ENOMEM;
	raw_spin_lock_irqsave(&t->lock, irq);
	if (!t->events.size) {
		swap(t->events.slots, slots);
		t->events.size = size;
	}
	raw_spin_unlock_irqrestore(&t->lock, irq);
	kvfree(slots);
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
	struct rb_node *node;

	while ((node = rb_first_cached(&t->events.kept)))
		drop_event(t, event_of(node));
	kvfree(t->events.slots);
	t->events.slots = NULL;
	t->events.size = 0;
	t->events.nr = 0;
}

/* A place for one more event of a client */
static struct bt_event *take_place(struct bt_tracker *t, struct bt_client *c)
{
	struct bt_events *events = &t->events;
	struct bt_event *old;

	if (events->nr < events->size)
		return &events->slots[events->nr++];
	if (c->nr_events && c->nr_events >= events->size / BT_EVENTS_SHARE)
		old = list_first_entry(&c->events, struct bt_event, link);
	else
		old = event_of(rb_first_cached(&events->kept));
	drop_event(t, old);
	return old;
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
	struct bt_client *reporter = event->reporter;
	struct bt_event *to;

	lockdep_assert_held(&t->lock);
	t->events.last++;
	if (!t->events.size)
		return;
	to = take_place(t, reporter);
	to->number = t->events.last;
	to->stamp = event->stamp;
	to->report = event->report;
	to->verdict = event->verdict;
	to->reporter = keep(reporter);
	list_add_tail(&to->link, &reporter->events);
	reporter->nr_events++;
	keep_record(&to->target, reporter->domain, target);
	keep_record(&to->hit, reporter->domain, hit);
	bt_append(&t->events.kept, &to->node);
}

static struct bt_event *first_after(const struct bt_events *events, u64 number)
{
	struct rb_node *node = events->kept.rb_root.rb_node;
	struct bt_event *found = NULL;

	while (node) {
		struct bt_event *event = event_of(node);

		if (event->number > number) {
			found = event;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
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
	const struct bt_event *next;
	unsigned long irq;

	raw_spin_lock_irqsave(&t->lock, irq);
	next = first_after(&t->events, *position);
	if (next) {
		*dropped = next->number - *position - 1;
		*position = next->number;
		emit(arg, next);
	}
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return next;
}
EXPORT_SYMBOL_IF_KUNIT(bt_events_next);
