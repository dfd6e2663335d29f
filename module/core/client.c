// SPDX-License-Identifier: GPL-2.0
/*
 * Clients: how they begin and end, and what becomes of their records
 *
 * Ending a client moves its live buffers to another counter in one step, space by
 * space, whatever their number; the records follow without the lock.
 */
#include "counters.h"
#include "export.h"

/* Clients that are forgotten under one lock hold */
#define BT_TRIM_CHUNK	64

static struct bt_client *client_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct bt_client, node);
}

/**
 * bt_client_init() - prepare a client
 * @c: the client
 * @shared: it will report into the shared domain
 * @gfp: how to allocate
 *
 * Return: 0 or -ENOMEM. After 0, bt_client_fini() or bt_client_begin() is next.
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

/**
 * __bt_client_get() - take one more reference to a client
 * @c: the client, of a tracker that is locked
 */
void __bt_client_get(struct bt_client *c)
{
	c->refs++;
}

/**
 * __bt_client_put() - drop a reference to a client
 * @t: the tracker, locked
 * @c: the client; after the last one, bt_take_dead() has it
 */
void __bt_client_put(struct bt_tracker *t, struct bt_client *c)
{
	if (!--c->refs)
		list_add_tail(&c->link, &t->dead);
}

/**
 * bt_quota_add() - count live and freed records for whoever has a client
 * @c: the client
 * @n: how many came, or, negative, went
 */
void bt_quota_add(struct bt_client *c, s64 n)
{
	if (c->quota)
		atomic64_add(n, &c->quota->nr);
}

/**
 * __bt_record_forget() - drop the references of a record that goes
 * @t: the tracker
 * @rec: a live or freed record
 *
 * A private domain is its owner's, so that its records hold none.
 */
void __bt_record_forget(struct bt_tracker *t, struct bt_record *rec)
{
	bt_quota_add(rec->owner, -1);
	if (!rec->owner->shared)
		return;
	if (rec->is_freed)
		__bt_client_put(t, rec->freed.by);
	__bt_client_put(t, rec->owner);
}

/* Numbers only grow, so a new client is always the last one */
static void list_client(struct bt_tracker *t, struct bt_client *c)
{
	struct rb_node **link = &t->clients.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->rb_right;
	}
	rb_link_node(&c->node, parent, link);
	rb_insert_color(&c->node, &t->clients);
	__bt_client_get(c);
}

static void unlist_client(struct bt_tracker *t, struct bt_client *c)
{
	rb_erase(&c->node, &t->clients);
	__bt_client_put(t, c);
}

/**
 * __bt_client_next() - first client at or after a number
 * @t: the tracker, locked
 * @number: the number
 *
 * Return: the client, open or closed, or NULL.
 */
struct bt_client *__bt_client_next(struct bt_tracker *t, u64 number)
{
	struct rb_node *node = t->clients.rb_node;
	struct bt_client *found = NULL;

	lockdep_assert_held(&t->lock);
	while (node) {
		struct bt_client *c = client_of(node);

		if (c->number >= number) {
			found = c;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * __bt_closed_trim() - forget the closed clients kept longest, over the bound
 * @t: the tracker, locked
 *
 * Return: true if it is to be called again, after the lock was released.
 */
bool __bt_closed_trim(struct bt_tracker *t)
{
	unsigned int n = BT_TRIM_CHUNK;

	lockdep_assert_held(&t->lock);
	while (n-- && t->nr_closed > t->limits.max_closed) {
		struct bt_client *c = list_first_entry(&t->closed,
						       struct bt_client, link);

		list_del_init(&c->link);
		t->nr_closed--;
		unlist_client(t, c);
	}
	return t->nr_closed > t->limits.max_closed;
}

/**
 * bt_closed_trim() - bring the number of closed clients within its bound
 * @t: the tracker
 */
void bt_closed_trim(struct bt_tracker *t)
{
	unsigned long irq;
	bool more;

	do {
		raw_spin_lock_irqsave(&t->lock, irq);
		more = __bt_closed_trim(t);
		raw_spin_unlock_irqrestore(&t->lock, irq);
	} while (more);
}

/**
 * bt_client_begin() - begin a client
 * @t: the tracker
 * @c: the client, from bt_client_init(); its declarations are set
 * @now: time in ns
 *
 * Return: 0; -ENODEV if the tracker was removed; -EUSERS if it has as many open
 * clients as it may. After 0, bt_client_end() and bt_client_reap() must follow,
 * and bt_take_dead() gives the memory back.
 */
int bt_client_begin(struct bt_tracker *t, struct bt_client *c, u64 now)
{
	unsigned long irq;
	int err = 0;

	raw_spin_lock_irqsave(&t->lock, irq);
	if (t->removed) {
		err = -ENODEV;
	} else if (t->nr_clients >= t->limits.max_clients) {
		err = -EUSERS;
	} else {
		t->nr_clients++;
		c->number = ++t->last_client;
		t->stamp = max(now, t->stamp + 1);
		c->opened = t->stamp;
		if (c->shared)
			c->domain = t->shared;
		__bt_client_get(c);
		list_client(t, c);
	}
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(bt_client_begin);

/* What the client of a private domain leaves live ends as remaining */
static void holding_remains(struct bt_tracker *t, struct bt_client *c, u32 space)
{
	const struct bt_holding *h = &c->holdings[space];

	bt_book(t, c, space, BUFTRACK_COUNTER_REMAINING_BUFFERS, h->buffers);
	bt_book(t, c, space, BUFTRACK_COUNTER_REMAINING_BYTES, h->bytes);
	bt_book(t, c, space, BUFTRACK_COUNTER_LIVE_BUFFERS, -h->buffers);
	bt_book(t, c, space, BUFTRACK_COUNTER_LIVE_BYTES, -h->bytes);
	bt_book(t, c, space, BUFTRACK_COUNTER_FREED_RECORDS, -h->freed);
}

/* What a client of the shared domain leaves live goes on as orphans */
static void holding_orphaned(struct bt_tracker *t, struct bt_client *c,
			     u32 space)
{
	const struct bt_holding *h = &c->holdings[space];

	bt_book(t, c, space, BUFTRACK_COUNTER_ORPHANED_BUFFERS, h->buffers);
	bt_book(t, c, space, BUFTRACK_COUNTER_ORPHANED_BYTES, h->bytes);
}

static void settle_holdings(struct bt_tracker *t, struct bt_client *c)
{
	u32 space;

	for (space = 0; space < t->nr_spaces; space++) {
		if (c->shared)
			holding_orphaned(t, c, space);
		else
			holding_remains(t, c, space);
	}
	if (!c->shared)
		t->nr_records -= c->domain->nr_live + c->domain->nr_freed;
}

/**
 * bt_client_end() - end a client
 * @t: the tracker
 * @c: the client; no report of it is under way or to come
 * @now: time in ns
 *
 * All counters change in one step, which takes no longer for a million records
 * than for one. bt_client_reap() must follow.
 */
void bt_client_end(struct bt_tracker *t, struct bt_client *c, u64 now)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&t->lock, irq);
	t->stamp = max(now, t->stamp + 1);
	if (!t->removed)
		settle_holdings(t, c);
	c->closed = t->stamp;
	c->had_gap = c->domain->gap;
	c->has_evicted = c->domain->has_evicted;
	t->nr_clients--;
	raw_spin_unlock_irqrestore(&t->lock, irq);
}
EXPORT_SYMBOL_IF_KUNIT(bt_client_end);

/**
 * bt_client_reap() - log an ended client's remaining records, free the rest
 * @t: the tracker
 * @c: the client, after bt_client_end(); not to be used by the caller any more
 *
 * Context: may sleep. Takes the lock for a few records at a time.
 */
void bt_client_reap(struct bt_tracker *t, struct bt_client *c)
{
	struct bt_domain *own = c->shared ? NULL : c->domain;
	unsigned long irq;

	if (own) {
		bt_listings_drop_domain(t, own);
		bt_remaining_log(t, c);
	}
	bt_domain_destroy(t, own);
	kfree(c->holdings);

	raw_spin_lock_irqsave(&t->lock, irq);
	c->domain = NULL;
	c->holdings = NULL;
	t->nr_closed++;
	list_add_tail(&c->link, &t->closed);
	__bt_closed_trim(t);
	__bt_client_put(t, c);
	raw_spin_unlock_irqrestore(&t->lock, irq);
	bt_pool_trim(t);
}
EXPORT_SYMBOL_IF_KUNIT(bt_client_reap);

/**
 * bt_take_dead() - take one client that nothing refers to any more
 * @t: the tracker
 *
 * Return: the client, for the caller to free, or NULL.
 */
struct bt_client *bt_take_dead(struct bt_tracker *t)
{
	struct bt_client *c;
	unsigned long irq;

	if (list_empty_careful(&t->dead))
		return NULL;
	raw_spin_lock_irqsave(&t->lock, irq);
	c = list_first_entry_or_null(&t->dead, struct bt_client, link);
	if (c)
		list_del(&c->link);
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return c;
}
EXPORT_SYMBOL_IF_KUNIT(bt_take_dead);
