// SPDX-License-Identifier: GPL-2.0
/* The life of a tracker, its bounds, and its counters as a whole */
#include <linux/mm.h>
#include "internal.h"

/**
 * bt_tracker_create() - create a tracker
 * @store: allocates its records
 * @limits: its bounds
 *
 * Context: may sleep.
 * Return: an enabled tracker without spaces, or NULL when out of memory.
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
	INIT_LIST_HEAD(&t->zombies);
	return t;
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_create);

/**
 * bt_tracker_retire() - free the records of a tracker and unregister its clients
 * @t: the tracker, which no other context can reach; all clients were reaped
 *
 * Then take the clients by bt_tracker_take_zombie() and call bt_tracker_destroy().
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
 * @t: the tracker, which has no zombies left
 *
 * Context: may sleep.
 */
void bt_tracker_destroy(struct bt_tracker *t)
{
	kvfree(t);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_destroy);

/* Live buffers end as removed, and every count of current records drops to 0 */
static void tracker_remove_counters(struct bt_counters *c)
{
	c->v[BUFTRACK_COUNTER_REMOVED_BUFFERS] += c->v[BUFTRACK_COUNTER_LIVE_BUFFERS];
	c->v[BUFTRACK_COUNTER_LIVE_BUFFERS] = 0;
	c->v[BUFTRACK_COUNTER_LIVE_BYTES] = 0;
	c->v[BUFTRACK_COUNTER_ORPHANED_BUFFERS] = 0;
	c->v[BUFTRACK_COUNTER_ORPHANED_BYTES] = 0;
	c->v[BUFTRACK_COUNTER_FREED_RECORDS] = 0;
}

static void tracker_reset_counters(struct bt_counters *c)
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

/* Change the counters of the device, of each space and of each registered client */
static void __tracker_change_scopes(struct bt_tracker *t, void (*change)(struct bt_counters *c))
{
	struct rb_node *node;
	u32 i;

	lockdep_assert_held(&t->lock);
	change(&t->total);
	for (i = 0; i < t->nr_spaces; i++)
		change(&t->spaces[i]);
	for (node = rb_first(&t->clients); node; node = rb_next(node))
		change(&rb_entry(node, struct bt_client, node)->counters);
}

/**
 * bt_tracker_remove() - end all live records as removed and refuse further reports
 * @t: the tracker
 * @force: do so even if it has open clients
 * @buffers: set to the number of live records
 * @bytes: set to the sum of their sizes, without apertures
 *
 * The memory of the records is freed with their clients and with the tracker.
 *
 * Return: 0; -EBUSY if it has open clients; -ENODEV if it was removed before.
 */
int bt_tracker_remove(struct bt_tracker *t, bool force, u64 *buffers, u64 *bytes)
{
	unsigned long flags;
	int err = 0;

	raw_spin_lock_irqsave(&t->lock, flags);
	if (t->removed) {
		err = -ENODEV;
	} else if (t->nr_clients && !force) {
		err = -EBUSY;
	} else {
		*buffers = t->total.v[BUFTRACK_COUNTER_LIVE_BUFFERS];
		*bytes = t->total.v[BUFTRACK_COUNTER_LIVE_BYTES];
		t->removed = true;
		t->nr_records = 0;
		__tracker_change_scopes(t, tracker_remove_counters);
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_remove);

/**
 * bt_tracker_reset() - restart all counters and empty the log of remaining records
 * @t: the tracker
 *
 * The domains keep their records, gaps and evictions.
 *
 * Context: may sleep.
 */
void bt_tracker_reset(struct bt_tracker *t)
{
	unsigned long flags;
	u64 stamp;

	raw_spin_lock_irqsave(&t->lock, flags);
	__tracker_change_scopes(t, tracker_reset_counters);
	stamp = t->stamp;
	t->reset = stamp;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	bt_remaining_drop(t, U64_MAX, stamp);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_reset);

/**
 * bt_tracker_get_limits() - read the bounds
 * @t: the tracker
 * @limits: set to the bounds
 */
void bt_tracker_get_limits(struct bt_tracker *t, struct bt_limits *limits)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	*limits = t->limits;
	raw_spin_unlock_irqrestore(&t->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_get_limits);

/**
 * bt_tracker_configure() - set the bounds, or turn tracking on or off
 * @t: the tracker
 * @change: called with the lock held to change @t->limits and @t->enabled
 * @arg: passed to @change
 *
 * Turning tracking off makes no gap; the first report while it is off makes one. A
 * lower bound trims closed clients and remaining records at once, and freed records by
 * the frees that follow. Live records are never dropped.
 *
 * Context: may sleep.
 */
void bt_tracker_configure(struct bt_tracker *t,
			  void (*change)(struct bt_tracker *t, const void *arg),
			  const void *arg)
{
	unsigned long flags;
	u64 keep;

	raw_spin_lock_irqsave(&t->lock, flags);
	change(t, arg);
	keep = t->limits.max_remaining;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	bt_closed_trim(t);
	bt_remaining_drop(t, keep, 0);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_configure);

static void tracker_apply(struct bt_tracker *t, const void *arg)
{
	const struct buftrack_device_set *set = arg;

	if (set->fields & BUFTRACK_DEVICE_SET_ENABLED)
		t->enabled = set->enabled;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_RECORDS)
		t->limits.max_records = set->max_records;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_FREED)
		t->limits.max_freed = set->max_freed;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_CLIENTS)
		t->limits.max_clients = set->max_clients;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_CLOSED)
		t->limits.max_closed = set->max_closed;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_REMAINING)
		t->limits.max_remaining = set->max_remaining;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS)
		t->limits.max_client_records = set->max_client_records;
}

/**
 * bt_tracker_set() - change the bounds that user space names, and turn tracking on or off
 * @t: the tracker
 * @set: the fields to change, in range
 *
 * As bt_tracker_configure().
 *
 * Context: may sleep.
 */
void bt_tracker_set(struct bt_tracker *t, const struct buftrack_device_set *set)
{
	bt_tracker_configure(t, tracker_apply, set);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_set);

/**
 * bt_tracker_add_space() - add a space
 * @t: the tracker
 *
 * Return: the number of the new space, or -ENOSPC.
 */
int bt_tracker_add_space(struct bt_tracker *t)
{
	unsigned long flags;
	int ret = -ENOSPC;

	raw_spin_lock_irqsave(&t->lock, flags);
	if (t->nr_spaces < BUFTRACK_MAX_SPACES)
		ret = t->nr_spaces++;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_add_space);

/**
 * bt_tracker_set_aperture() - say whether a space is an aperture
 * @t: the tracker
 * @space: number of the space
 * @aperture: device and clients do not count the bytes of buffers allocated in it from
 *	      now on
 *
 * Context: any but NMI.
 */
void bt_tracker_set_aperture(struct bt_tracker *t, u32 space, bool aperture)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	t->apertures &= ~BIT_ULL(space);
	t->apertures |= (u64)aperture << space;
	raw_spin_unlock_irqrestore(&t->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_set_aperture);

static const struct bt_counters *__tracker_scope(struct bt_tracker *t, u32 scope,
						 u64 number)
{
	struct bt_client *c;

	lockdep_assert_held(&t->lock);
	switch (scope) {
	case BUFTRACK_SCOPE_DEVICE:
		return number ? NULL : &t->total;
	case BUFTRACK_SCOPE_SPACE:
		return number < t->nr_spaces ? &t->spaces[number] : NULL;
	default:
		c = __bt_client_next(t, number);
		return c && c->number == number ? &c->counters : NULL;
	}
}

/**
 * bt_tracker_read_counters() - read the counters of one scope as of one instant
 * @t: the tracker
 * @scope: enum buftrack_scope
 * @number: number of the space or client, 0 for the device
 * @out: set to the counters
 *
 * Return: 0, or -ENOENT if there is no such space or client.
 */
int bt_tracker_read_counters(struct bt_tracker *t, u32 scope, u64 number,
			     struct bt_counters *out)
{
	const struct bt_counters *from;
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	from = __tracker_scope(t, scope, number);
	if (from)
		*out = *from;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return from ? 0 : -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_read_counters);

/**
 * bt_tracker_take_zombie() - take one client that nothing refers to any more
 * @t: the tracker
 *
 * Return: the client, for the caller to free, or NULL.
 */
struct bt_client *bt_tracker_take_zombie(struct bt_tracker *t)
{
	struct bt_client *c;
	unsigned long flags;

	if (list_empty_careful(&t->zombies))
		return NULL;
	raw_spin_lock_irqsave(&t->lock, flags);
	c = list_first_entry_or_null(&t->zombies, struct bt_client, link);
	if (c)
		list_del(&c->link);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return c;
}
EXPORT_SYMBOL_IF_KUNIT(bt_tracker_take_zombie);
