// SPDX-License-Identifier: GPL-2.0
/*
 * The log of remaining records, which clients left live in their private domains
 *
 * Each record gets a stamp in @freed.stamp when it is logged, which orders the log,
 * and holds a reference to its owner.
 */
#include <linux/sched.h>
#include "index.h"
#include "internal.h"

/* Records that are moved under one lock hold */
#define BT_LOG_CHUNK	32

static bool remaining_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct bt_record, node)->freed.stamp <
	       rb_entry(b, struct bt_record, node)->freed.stamp;
}

static void __remaining_add(struct bt_tracker *t, struct bt_record *rec)
{
	lockdep_assert_held(&t->lock);
	rec->freed.stamp = ++t->stamp;
	rec->freed.by = NULL;
	rec->freed.site = 0;
	rb_add_cached(&rec->node, &t->remaining, remaining_less);
	__bt_client_get(rec->owner);
	t->nr_remaining++;
}

static struct bt_record *__remaining_first(struct bt_tracker *t)
{
	lockdep_assert_held(&t->lock);
	return bt_record_of(rb_first_cached(&t->remaining));
}

static void __remaining_pop(struct bt_tracker *t, struct bt_record *rec,
			    struct bt_pool *out)
{
	lockdep_assert_held(&t->lock);
	if (t->nr_listings)
		__bt_listings_drop_remaining(t, rec);
	rb_erase_cached(&rec->node, &t->remaining);
	__bt_client_put(t, rec->owner);
	t->nr_remaining--;
	__bt_pool_put(out, rec);
}

/*
 * Take up to a chunk of records out of a tree that no other context can reach. A pool
 * is last in, first out, so a second pool restores the order of the tree.
 */
static void remaining_take_chunk(struct rb_root *root, struct bt_pool *chunk)
{
	struct bt_pool reversed = {};
	struct bt_record *rec;
	struct rb_node *node;

	while (reversed.nr < BT_LOG_CHUNK && (node = rb_first(root))) {
		rb_erase(node, root);
		bt_quota_add(bt_record_of(node)->owner, -1);
		__bt_pool_put(&reversed, bt_record_of(node));
	}
	while ((rec = __bt_pool_get(&reversed)))
		__bt_pool_put(chunk, rec);
}

/*
 * A client that ended before a reset is not logged after it, however late it is reaped
 */
static bool remaining_is_past(const struct bt_tracker *t, const struct bt_client *c)
{
	return t->removed || c->closed <= t->reset;
}

/* Log a chunk, or drop it and notify the listings */
static void __remaining_log_or_drop(struct bt_tracker *t, struct bt_client *c,
				    struct bt_pool *chunk, struct bt_pool *out)
{
	bool past = remaining_is_past(t, c);
	struct bt_record *rec;

	lockdep_assert_held(&t->lock);
	while ((rec = __bt_pool_get(chunk))) {
		if (!past) {
			__remaining_add(t, rec);
			continue;
		}
		if (t->nr_listings)
			__bt_listings_drop_remaining(t, rec);
		__bt_pool_put(out, rec);
	}
}

static void remaining_log_chunk(struct bt_tracker *t, struct bt_client *c,
				struct bt_pool *chunk)
{
	struct bt_pool out = { .store = chunk->store };
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	__remaining_log_or_drop(t, c, chunk, &out);
	while (t->nr_remaining > t->limits.max_remaining &&
	       out.nr < BT_LOG_CHUNK)
		__remaining_pop(t, __remaining_first(t), &out);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	bt_pool_drain(&out);
	cond_resched();
}

/**
 * bt_remaining_log() - move the live records of a private domain to the log
 * @t: the tracker
 * @c: the client of the domain, which has ended
 *
 * New records displace the oldest ones of the log.
 *
 * Context: may sleep.
 */
void bt_remaining_log(struct bt_tracker *t, struct bt_client *c)
{
	struct bt_domain *d = c->domain;
	struct bt_pool chunk = { .store = t->pool.store };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(d->spaces); i++) {
		struct rb_root *live = &d->spaces[i].live;

		while (!RB_EMPTY_ROOT(live)) {
			remaining_take_chunk(live, &chunk);
			remaining_log_chunk(t, c, &chunk);
		}
	}
}

/**
 * bt_remaining_drop() - drop the oldest records of the log
 * @t: the tracker
 * @keep: bound on the records to keep
 * @stamp: also drop all records that were logged at this stamp or before
 *
 * Context: may sleep.
 */
void bt_remaining_drop(struct bt_tracker *t, u64 keep, u64 stamp)
{
	struct bt_pool out = { .store = t->pool.store };
	unsigned int dropped;

	do {
		struct bt_record *rec;
		unsigned long flags;

		raw_spin_lock_irqsave(&t->lock, flags);
		while (out.nr < BT_LOG_CHUNK && (rec = __remaining_first(t)) &&
		       (t->nr_remaining > keep || rec->freed.stamp <= stamp))
			__remaining_pop(t, rec, &out);
		raw_spin_unlock_irqrestore(&t->lock, flags);
		dropped = out.nr;
		bt_pool_drain(&out);
		cond_resched();
	} while (dropped);
}
