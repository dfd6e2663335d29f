// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a client: begin, end, and the fate of its records
 *
 * Ending a client moves its live buffers to another counter in one step per space,
 * whatever their number. The records follow later, without the lock.
 */
#include "counters.h"
#include "internal.h"

/**
 * bt_client_init() - prepare a client
 * @c: the client
 * @shared: it will report into the shared domain
 * @gfp: allocation flags
 *
 * Return: 0 or -ENOMEM. After 0, call bt_client_fini() or bt_client_begin().
 */
int bt_client_init(struct bt_client *c, bool shared, gfp_t gfp)
{
	memset(c, 0, sizeof(*c));
	RB_CLEAR_NODE(&c->node);
	INIT_LIST_HEAD(&c->link);
	INIT_LIST_HEAD(&c->events);
	c->shared = shared;
	c->holdings = kcalloc(BUFTRACK_MAX_SPACES, sizeof(*c->holdings), gfp);
	if (!c->holdings)
		return -ENOMEM;
	if (shared)
		return 0;
	c->domain = bt_domain_create(gfp);
	if (c->domain)
		return 0;
	kfree(c->holdings);
	return -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(bt_client_init);

/**
 * bt_client_fini() - undo bt_client_init() for a client that did not begin
 * @c: the client
 */
void bt_client_fini(struct bt_client *c)
{
	if (!c->shared)
		kfree(c->domain);
	kfree(c->holdings);
}
EXPORT_SYMBOL_IF_KUNIT(bt_client_fini);

static void __client_begin(struct bt_tracker *t, struct bt_client *c, u64 now)
{
	lockdep_assert_held(&t->lock);
	t->nr_clients++;
	c->number = ++t->last_client;
	t->stamp = __bt_next_stamp(t, now);
	c->opened = t->stamp;
	if (c->shared)
		c->domain = t->shared;
	__bt_client_get(c);
	__bt_client_register(t, c);
}

/**
 * bt_client_begin() - begin a client
 * @t: the tracker
 * @c: the client, from bt_client_init(), with its declarations set
 * @now: time in ns
 *
 * Return: 0; -ENODEV if the tracker was removed; -EUSERS if the bound on open clients
 * is reached. After 0, call bt_client_end() and bt_client_reap();
 * bt_tracker_take_zombie() returns the client when it can be freed.
 */
int bt_client_begin(struct bt_tracker *t, struct bt_client *c, u64 now)
{
	unsigned long flags;
	int err = 0;

	raw_spin_lock_irqsave(&t->lock, flags);
	if (t->removed)
		err = -ENODEV;
	else if (t->nr_clients >= t->limits.max_clients)
		err = -EUSERS;
	else
		__client_begin(t, c, now);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(bt_client_begin);

/* The live records of a private domain end as remaining; its freed records just end */
static void client_settle_private(struct bt_tracker *t, struct bt_client *c,
				  u32 space)
{
	const struct bt_holding *h = &c->holdings[space];

	bt_counters_add(t, c, space, BUFTRACK_COUNTER_REMAINING_BUFFERS, h->buffers);
	bt_counters_add_bytes(t, c, space, BUFTRACK_COUNTER_REMAINING_BYTES, h->bytes,
			      h->memory);
	bt_counters_add(t, c, space, BUFTRACK_COUNTER_LIVE_BUFFERS, -h->buffers);
	bt_counters_add_bytes(t, c, space, BUFTRACK_COUNTER_LIVE_BYTES, -h->bytes,
			      -h->memory);
	bt_counters_add(t, c, space, BUFTRACK_COUNTER_FREED_RECORDS, -h->freed);
}

/* The client's live records in the shared domain stay live as orphans */
static void client_settle_shared(struct bt_tracker *t, struct bt_client *c,
				 u32 space)
{
	const struct bt_holding *h = &c->holdings[space];

	bt_counters_add(t, c, space, BUFTRACK_COUNTER_ORPHANED_BUFFERS, h->buffers);
	bt_counters_add_bytes(t, c, space, BUFTRACK_COUNTER_ORPHANED_BYTES, h->bytes,
			      h->memory);
}

static void __client_settle(struct bt_tracker *t, struct bt_client *c)
{
	u32 space;

	lockdep_assert_held(&t->lock);
	for (space = 0; space < t->nr_spaces; space++) {
		if (c->shared)
			client_settle_shared(t, c, space);
		else
			client_settle_private(t, c, space);
	}
	if (!c->shared)
		t->nr_records -= c->domain->nr_live + c->domain->nr_freed;
}

/**
 * bt_client_end() - end a client
 * @t: the tracker
 * @c: the client; no report of it is in progress or will follow
 * @now: time in ns
 *
 * All counters change in one step, which takes no longer for a million records than
 * for one. Call bt_client_reap() next.
 */
void bt_client_end(struct bt_tracker *t, struct bt_client *c, u64 now)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	t->stamp = __bt_next_stamp(t, now);
	if (!t->removed)
		__client_settle(t, c);
	c->closed = t->stamp;
	c->had_gap = c->domain->gap;
	c->has_evicted = c->domain->has_evicted;
	t->nr_clients--;
	raw_spin_unlock_irqrestore(&t->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(bt_client_end);

static void __client_close(struct bt_tracker *t, struct bt_client *c)
{
	lockdep_assert_held(&t->lock);
	c->domain = NULL;
	c->holdings = NULL;
	t->nr_closed++;
	list_add_tail(&c->link, &t->closed);
	__bt_closed_trim(t);
	__bt_client_put(t, c);
}

/**
 * bt_client_reap() - log an ended client's remaining records and free the rest
 * @t: the tracker
 * @c: the client, after bt_client_end(); the caller must not use it afterwards
 *
 * Context: may sleep. Takes the lock for a few records at a time.
 */
void bt_client_reap(struct bt_tracker *t, struct bt_client *c)
{
	struct bt_domain *own = c->shared ? NULL : c->domain;
	struct bt_holding *holdings = c->holdings;
	unsigned long flags;

	if (own) {
		bt_listings_drop_domain(t, own);
		bt_remaining_log(t, c);
	}
	bt_domain_destroy(t, own);
	kfree(holdings);

	raw_spin_lock_irqsave(&t->lock, flags);
	__client_close(t, c);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	bt_pool_trim(t);
}
EXPORT_SYMBOL_IF_KUNIT(bt_client_reap);
