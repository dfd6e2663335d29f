// SPDX-License-Identifier: GPL-2.0
/* A tracker's life, its bounds and its counters as a whole */
#include <linux/mm.h>
#include "counters.h"
#include "export.h"

/**
 * bt_tracker_create() - create a tracker
 * @store: where its records come from
 * @limits: its bounds
 *
 * Context: may sleep.
 * Return: a tracker that is enabled and has no spaces, or NULL when out of memory.
 */
struct bt_tracker *bt_tracker_create(struct bt_store *store,
				     const struct bt_limits *limits)
{
	struct bt_tracker *t = kvzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return NULL;
	t->shared = bt_domain_create(GFP_KERNEL);
	if (!t->shared) {
		kvfree(t);
		return NULL;
	}
	raw_spin_lock_init(&t->lock);
	t->enabled = true;
	t->limits = *limits;
	t->pool.store = store;
	t->clients = RB_ROOT;
	t->remaining = RB_ROOT_CACHED;
	t->events.kept = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&t->closed);
	INIT_LIST_HEAD(&t->dead);
	return t;
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_create);

/**
 * bt_tracker_retire() - free the records of a tracker, and forget its clients
 * @t: the tracker, which no other context can reach; all clients were reaped
 *
 * bt_take_dead() then has the clients, and bt_tracker_destroy() is last.
 *
 * Context: may sleep.
 */
void bt_tracker_retire(struct bt_tracker *t)
{
	bt_events_retire(t);
	bt_remaining_drop(t, 0, t->stamp);
	bt_domain_destroy(t, t->shared);
	t->shared = NULL;
	bt_pool_drain(&t->pool);
	t->limits.max_closed = 0;
	bt_closed_trim(t);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_retire);

/**
 * bt_tracker_destroy() - destroy a retired tracker
 * @t: the tracker, which has no dead clients left
 *
 * Context: may sleep.
 */
void bt_tracker_destroy(struct bt_tracker *t)
{
	kvfree(t);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_destroy);

/* What is live ends as removed, and nothing is held any more */
static void counters_remove(struct bt_counters *c)
{
	c->v[BUFTRACK_COUNTER_REMOVED_BUFFERS] += c->v[BUFTRACK_COUNTER_LIVE_BUFFERS];
	c->v[BUFTRACK_COUNTER_LIVE_BUFFERS] = 0;
	c->v[BUFTRACK_COUNTER_LIVE_BYTES] = 0;
	c->v[BUFTRACK_COUNTER_ORPHANED_BUFFERS] = 0;
	c->v[BUFTRACK_COUNTER_ORPHANED_BYTES] = 0;
	c->v[BUFTRACK_COUNTER_FREED_RECORDS] = 0;
}

static void counters_reset(struct bt_counters *c)
{
	static const u8 held[] = {
		BUFTRACK_COUNTER_LIVE_BUFFERS, BUFTRACK_COUNTER_LIVE_BYTES,
		BUFTRACK_COUNTER_ORPHANED_BUFFERS, BUFTRACK_COUNTER_ORPHANED_BYTES,
		BUFTRACK_COUNTER_FREED_RECORDS,
	};
	struct bt_counters old = *c;
	unsigned int i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < ARRAY_SIZE(held); i++)
		c->v[held[i]] = old.v[held[i]];
	c->v[BUFTRACK_COUNTER_ALLOCS] = c->v[BUFTRACK_COUNTER_LIVE_BUFFERS];
	c->v[BUFTRACK_COUNTER_PEAK_BYTES] = c->v[BUFTRACK_COUNTER_LIVE_BYTES];
}

static void remove_locked(struct bt_tracker *t)
{
	struct rb_node *node;
	u32 i;

	t->removed = true;
	t->nr_records = 0;
	counters_remove(&t->total);
	for (i = 0; i < t->nr_spaces; i++)
		counters_remove(&t->spaces[i]);
	for (node = rb_first(&t->clients); node; node = rb_next(node))
		counters_remove(&rb_entry(node, struct bt_client,
					  node)->counters);
}

/**
 * bt_tracker_remove() - end all live records as removed, and take no more reports
 * @t: the tracker
 * @force: even if it has open clients
 * @buffers: set to how many live records there were
 * @bytes: set to the sum of their sizes
 *
 * The records themselves go with their clients and with the tracker.
 *
 * Return: 0; -EBUSY if it has open clients; -ENODEV if it was removed before.
 */
int bt_tracker_remove(struct bt_tracker *t, bool force, u64 *buffers, u64 *bytes)
{
	unsigned long irq;
	int err = 0;

	raw_spin_lock_irqsave(&t->lock, irq);
	if (t->removed) {
		err = -ENODEV;
	} else if (t->nr_clients && !force) {
		err = -EBUSY;
	} else {
		*buffers = t->total.v[BUFTRACK_COUNTER_LIVE_BUFFERS];
		*bytes = t->total.v[BUFTRACK_COUNTER_LIVE_BYTES];
		remove_locked(t);
	}
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_remove);

/**
 * bt_tracker_reset() - start all counters anew, and empty the log of remaining
 * @t: the tracker
 *
 * What the domains know stays.
 *
 * Context: may sleep.
 */
void bt_tracker_reset(struct bt_tracker *t)
{
	struct rb_node *node;
	unsigned long irq;
	u64 stamp;
	u32 i;

	raw_spin_lock_irqsave(&t->lock, irq);
	counters_reset(&t->total);
	for (i = 0; i < t->nr_spaces; i++)
		counters_reset(&t->spaces[i]);
	for (node = rb_first(&t->clients); node; node = rb_next(node))
		counters_reset(&rb_entry(node, struct bt_client,
					 node)->counters);
	stamp = t->stamp;
	t->reset = stamp;
	raw_spin_unlock_irqrestore(&t->lock, irq);
	bt_remaining_drop(t, U64_MAX, stamp);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_reset);

/**
 * bt_tracker_get_limits() - read the bounds
 * @t: the tracker
 * @limits: where to
 */
void bt_tracker_get_limits(struct bt_tracker *t, struct bt_limits *limits)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&t->lock, irq);
	*limits = t->limits;
	raw_spin_unlock_irqrestore(&t->lock, irq);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_get_limits);

/**
 * bt_tracker_configure() - set the bounds, and turn tracking on or off
 * @t: the tracker
 * @change: called with the lock held, to change @t->limits and @t->enabled
 * @arg: handed to @change
 *
 * To turn tracking off makes no gap; the first report that comes while it is off
 * does. Logs that are over a new bound are trimmed at once, freed records by the
 * frees that follow, and live records are never dropped.
 *
 * Context: may sleep.
 */
void bt_tracker_configure(struct bt_tracker *t,
			  void (*change)(struct bt_tracker *t, const void *arg),
			  const void *arg)
{
	unsigned long irq;
	u64 keep;

	raw_spin_lock_irqsave(&t->lock, irq);
	change(t, arg);
	keep = t->limits.max_remaining;
	raw_spin_unlock_irqrestore(&t->lock, irq);
	bt_closed_trim(t);
	bt_remaining_drop(t, keep, 0);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_configure);

/**
 * bt_tracker_add_space() - let reports name one more space
 * @t: the tracker
 *
 * Return: its number, or -ENOSPC.
 */
int bt_tracker_add_space(struct bt_tracker *t)
{
	unsigned long irq;
	int ret = -ENOSPC;

	raw_spin_lock_irqsave(&t->lock, irq);
	if (t->nr_spaces < BUFTRACK_MAX_SPACES)
		ret = t->nr_spaces++;
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_add_space);
