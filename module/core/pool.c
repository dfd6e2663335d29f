// SPDX-License-Identifier: GPL-2.0
/*
 * Records without a buffer
 *
 * Reports take records from their tracker's pool, because they may be made where
 * nothing can be allocated, and give them back there. The pool is filled and
 * trimmed from where one can sleep. The store counts all records of the machine.
 */
#include <linux/minmax.h>
#include "compat.h"
#include "export.h"
#include "tracker.h"

/* Records that are allocated at a time */
#define BT_STORE_CHUNK	32

/* Fill by this many, so that a report seldom has to; trim what is over twice that */
#define BT_POOL_TARGET	(4 * BT_STORE_CHUNK)

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
					 SLAB_ACCOUNT | SLAB_NO_MERGE, NULL);
	if (!store->cache)
		return -ENOMEM;
	atomic64_set(&store->nr, 0);
	store->max = min_t(u64, max, S64_MAX);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(bt_store_init);

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
EXPORT_SYMBOL_IF_KUNIT(bt_store_fini);

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

/**
 * __bt_pool_get() - take a spare record
 * @pool: the pool, locked, or out of others' reach
 *
 * Return: the record, or NULL if the pool is empty.
 */
struct bt_record *__bt_pool_get(struct bt_pool *pool)
{
	struct bt_record *rec = pool->spare;

	if (!rec)
		return NULL;
	pool->spare = rb_entry_safe(rec->node.rb_left, struct bt_record, node);
	pool->nr--;
	return rec;
}

/**
 * __bt_pool_put() - put a record where the spare ones are
 * @pool: the pool, locked, or out of others' reach
 * @rec: the record, in no tree and on no list
 */
void __bt_pool_put(struct bt_pool *pool, struct bt_record *rec)
{
	rec->node.rb_left = pool->spare ? &pool->spare->node : NULL;
	pool->spare = rec;
	pool->nr++;
}

/* Count up to @want new records in; returns how many the bound has room for */
static unsigned int store_admit(struct bt_store *store, unsigned int want)
{
	s64 nr = atomic64_read(&store->nr);
	s64 room;

	do {
		room = clamp_t(s64, (s64)store->max - nr, 0, want);
	} while (!atomic64_try_cmpxchg(&store->nr, &nr, nr + room));
	return room;
}

/* Allocate up to a chunk of records into a pool; returns how many there were */
static unsigned int store_get(struct bt_store *store, struct bt_pool *to,
			      gfp_t gfp)
{
	void *recs[BT_STORE_CHUNK];
	unsigned int want = store_admit(store, ARRAY_SIZE(recs)), n = 0, i;

	if (want)
		n = kmem_cache_alloc_bulk(store->cache, gfp | __GFP_NOWARN,
					  want, recs);
	atomic64_sub(want - n, &store->nr);
	for (i = 0; i < n; i++)
		__bt_pool_put(to, recs[i]);
	return n;
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
 * bt_pool_stock() - add spare records to a tracker's pool
 * @t: the tracker
 * @want: how many, at least
 * @gfp: how to allocate
 *
 * Context: as @gfp says, with interrupts on: allocating in bulk lets them in, on
 * Linux before 6.3. No raw lock held.
 * Return: 0 if at least one record was added, -ENOMEM if none: out of memory,
 * or the store's bound is reached.
 */
int bt_pool_stock(struct bt_tracker *t, unsigned int want, gfp_t gfp)
{
	struct bt_pool more = { .store = t->pool.store };
	unsigned long irq;

	while (more.nr < want && store_get(more.store, &more, gfp))
		;
	if (!more.nr)
		return -ENOMEM;
	raw_spin_lock_irqsave(&t->lock, irq);
	pool_move(&more, &t->pool, more.nr);
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(bt_pool_stock);

/**
 * bt_pool_count() - have a tracker's spare records count as the machine's, or not
 * @t: the tracker, of which others know nothing yet
 * @count: whether they do from now on
 *
 * For what is prepared, and may never be needed: it takes nothing from the bound.
 *
 * Context: any but NMI.
 */
void bt_pool_count(struct bt_tracker *t, bool count)
{
	if (count)
		atomic64_add(t->pool.nr, &t->pool.store->nr);
	else
		atomic64_sub(t->pool.nr, &t->pool.store->nr);
}
EXPORT_SYMBOL_IF_KUNIT(bt_pool_count);

/**
 * bt_pool_fill() - fill a tracker's pool of spare records
 * @t: the tracker
 *
 * Context: may sleep.
 * Return: as bt_pool_stock().
 */
int bt_pool_fill(struct bt_tracker *t)
{
	return bt_pool_stock(t, BT_POOL_TARGET, GFP_KERNEL | __GFP_RETRY_MAYFAIL);
}
EXPORT_SYMBOL_IF_KUNIT(bt_pool_fill);

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
EXPORT_SYMBOL_IF_KUNIT(bt_pool_trim);
