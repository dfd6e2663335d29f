// SPDX-License-Identifier: GPL-2.0
/*
 * The log of remaining records: what clients of private domains left live
 *
 * Each entry has a stamp of its own in @freed.stamp, by which the log is ordered,
 * and a reference to its owner.
 */
#include <linux/sched.h>
#include "export.h"
#include "index.h"

/* Records that are moved under one lock hold */
#define BT_LOG_CHUNK	32

static void log_add(struct bt_tracker *t, struct bt_record *rec)
{
	rec->freed.stamp = ++t->stamp;
	rec->freed.by = NULL;
	rec->freed.site = 0;
	bt_append(&t->remaining, &rec->node);
	__bt_client_get(rec->owner);
	t->nr_remaining++;
}

static struct bt_record *log_first(struct bt_tracker *t)
{
	return bt_record_of(rb_first_cached(&t->remaining));
}

static void log_pop(struct bt_tracker *t, struct bt_record *rec,
		    struct bt_pool *out)
{
	if (t->nr_listings)
		__bt_listings_drop_remaining(t, rec);
	rb_erase_cached(&rec->node, &t->remaining);
	__bt_client_put(t, rec->owner);
	t->nr_remaining--;
	__bt_pool_put(out, rec);
}

/*
 * Take up to a chunk of records from a tree that is no longer looked up in. A pool
 * gives last what it got first, so it takes two of them to keep the tree's order.
 */
static void take_chunk(struct rb_root *root, struct bt_pool *chunk)
{
	struct bt_pool turned = {};
	struct bt_record *rec;
	struct rb_node *node;

	while (turned.nr < BT_LOG_CHUNK && (node = rb_first(root))) {
		rb_erase(node, root);
		bt_quota_add(bt_record_of(node)->owner, -1);
		__bt_pool_put(&turned, bt_record_of(node));
	}
	while ((rec = __bt_pool_get(&turned)))
		__bt_pool_put(chunk, rec);
}

/* What ended before a reset is of the time before it, however late it is logged */
static bool is_past(const struct bt_tracker *t, const struct bt_client *c)
{
	return t->removed || c->closed <= t->reset;
}

/* Log a chunk, or what has to be told of records that are not to be logged */
static void log_or_pass(struct bt_tracker *t, struct bt_client *c,
			struct bt_pool *chunk, struct bt_pool *out)
{
	bool past = is_past(t, c);
	struct bt_record *rec;

	while ((rec = __bt_pool_get(chunk))) {
		if (!past) {
			log_add(t, rec);
			continue;
		}
		if (t->nr_listings)
			__bt_listings_drop_remaining(t, rec);
		__bt_pool_put(out, rec);
	}
}

static void log_chunk(struct bt_tracker *t, struct bt_client *c,
		      struct bt_pool *chunk)
{
	struct bt_pool out = { .store = chunk->store };
	unsigned long irq;

	raw_spin_lock_irqsave(&t->lock, irq);
	log_or_pass(t, c, chunk, &out);
	while (t->nr_remaining > t->limits.max_remaining &&
	       out.nr < BT_LOG_CHUNK)
		log_pop(t, log_first(t), &out);
	raw_spin_unlock_irqrestore(&t->lock, irq);
	bt_pool_drain(&out);
	cond_resched();
}

/**
 * bt_remaining_log() - move the live records of a private domain to the log
 * @t: the tracker
 * @c: its client, which has ended
 *
 * The oldest entries make place for the new ones.
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
			take_chunk(live, &chunk);
			log_chunk(t, c, &chunk);
		}
	}
}

/**
 * bt_remaining_drop() - drop the oldest entries of the log
 * @t: the tracker
 * @keep: most entries to keep
 * @stamp: drop all that are not younger than this, too
 *
 * Context: may sleep.
 */
void bt_remaining_drop(struct bt_tracker *t, u64 keep, u64 stamp)
{
	struct bt_pool out = { .store = t->pool.store };
	unsigned int dropped;

	do {
		struct bt_record *rec;
		unsigned long irq;

		raw_spin_lock_irqsave(&t->lock, irq);
		while (out.nr < BT_LOG_CHUNK && (rec = log_first(t)) &&
		       (t->nr_remaining > keep || rec->freed.stamp <= stamp))
			log_pop(t, rec, &out);
		raw_spin_unlock_irqrestore(&t->lock, irq);
		dropped = out.nr;
		bt_pool_drain(&out);
		cond_resched();
	} while (dropped);
}
