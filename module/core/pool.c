// SPDX-License-Identifier: GPL-2.0
/*
 * Records without a buffer
 *
 * Reports take records from their tracker's pool, because they may be made where
 * nothing can be allocated, and give them back there. The pool is filled and
 * trimmed from where one can sleep. The store counts all records of the machine.
 */
#include <linux/minmax.h>
#include "tracker.h"

/* Fill to this many, so that a report seldom has to; trim what is over twice that */
#define BT_POOL_TARGET	128

/**
 * bt_store_init() - create a store of records
 * @store: the store
 * @name: name of its slab cache
 * @max: most records that may exist at a time
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int bt_store_init(struct bt_store *store, const char *name, u64 max)
{
	store->cache = kmem_cache_create(name, sizeof(struct bt_record), 0,
					 SLAB_ACCOUNT, NULL);
	if (!store->cache)
		return -ENOMEM;
	atomic64_set(&store->nr, 0);
	store->max = max;
	return 0;
}

/**
 * bt_store_fini() - destroy a store
 * @store: the store; all of its records have been put back
 *
 * Context: may sleep.
 */
void bt_store_fini(struct bt_store *store)
{
	kmem_cache_destroy(store->cache);
}

/**
 * bt_store_put() - destroy a record
 * @store: where it came from
 * @rec: the record
 *
 * Context: no raw lock held.
 */
void bt_store_put(struct bt_store *store, struct bt_record *rec)
{
	kmem_cache_free(store->cache, rec);
	atomic64_dec(&store->nr);
}

static struct bt_record *store_get(struct bt_store *store)
{
	struct bt_record *rec;

	if (atomic64_inc_return(&store->nr) > store->max)
		goto undo;
	rec = kmem_cache_alloc(store->cache,
			       GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
	if (rec)
		return rec;
undo:
	atomic64_dec(&store->nr);
	return NULL;
}

struct bt_record *__bt_pool_get(struct bt_pool *pool)
{
	struct bt_record *rec = pool->spare;

	if (!rec)
		return NULL;
	pool->spare = rb_entry_safe(rec->node.rb_left, struct bt_record, node);
	pool->nr--;
	return rec;
}

void __bt_pool_put(struct bt_pool *pool, struct bt_record *rec)
{
	rec->node.rb_left = pool->spare ? &pool->spare->node : NULL;
	pool->spare = rec;
	pool->nr++;
}

/**
 * bt_pool_drain() - give all of a pool's records back to the store
 * @pool: the pool, which no other context can reach
 *
 * Context: may sleep.
 */
void bt_pool_drain(struct bt_pool *pool)
{
	struct bt_record *rec;

	while ((rec = __bt_pool_get(pool)))
		bt_store_put(pool->store, rec);
}

/* Move up to @nr records from one pool to another */
static void pool_move(struct bt_pool *from, struct bt_pool *to, unsigned int nr)
{
	struct bt_record *rec;

	while (nr-- && (rec = __bt_pool_get(from)))
		__bt_pool_put(to, rec);
}

/**
 * bt_pool_fill() - fill a tracker's pool of spare records
 * @t: the tracker
 *
 * Context: may sleep.
 * Return: 0 if at least one record was added, -ENOMEM if none: out of memory,
 * or the store's bound is reached.
 */
int bt_pool_fill(struct bt_tracker *t)
{
	struct bt_pool more = { .store = t->pool.store };
	unsigned int want = BT_POOL_TARGET;
	unsigned long irq;

	while (want--) {
		struct bt_record *rec = store_get(more.store);

		if (!rec)
			break;
		__bt_pool_put(&more, rec);
	}
	if (!more.nr)
		return -ENOMEM;
	raw_spin_lock_irqsave(&t->lock, irq);
	pool_move(&more, &t->pool, more.nr);
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return 0;
}

/**
 * bt_pool_trim() - give what a tracker's pool has too many of back to the store
 * @t: the tracker
 *
 * Context: may sleep.
 */
void bt_pool_trim(struct bt_tracker *t)
{
	struct bt_pool surplus = { .store = t->pool.store };
	unsigned long irq;

	while (READ_ONCE(t->pool.nr) > 2 * BT_POOL_TARGET) {
		raw_spin_lock_irqsave(&t->lock, irq);
		pool_move(&t->pool, &surplus, BT_POOL_TARGET);
		raw_spin_unlock_irqrestore(&t->lock, irq);
		bt_pool_drain(&surplus);
	}
}
