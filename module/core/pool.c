// SPDX-License-Identifier: GPL-2.0
/*
 * Spare records
 *
 * A report may come from a context that cannot allocate, so it takes its record from
 * the tracker's pool and returns dropped records there. Contexts that can sleep fill
 * and trim the pool. The store counts the records of all trackers.
 */
#include <linux/minmax.h>
#include "compat.h"
#include "internal.h"

/* Records per bulk allocation */
#define BT_STORE_CHUNK	32

/* A fill adds this many records, so few reports need one; a trim keeps twice as many */
#define BT_POOL_TARGET	(4 * BT_STORE_CHUNK)

/**
 * bt_store_init() - create a store of records
 * @store: the store
 * @name: name of its slab cache
 * @max: bound on the records that exist at a time
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
 * @store: the store; all of its records were put back
 *
 * Context: may sleep.
 */
void bt_store_fini(struct bt_store *store)
{
	kmem_cache_destroy(store->cache);
}
EXPORT_SYMBOL_IF_KUNIT(bt_store_fini);

/**
 * bt_store_put() - free a record
 * @store: the store it was allocated from
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
 * @pool: the pool of a locked tracker, or one that no other context can reach
 *
 * Return: the record, or NULL if the pool is empty.
 */
struct bt_record *__bt_pool_get(struct bt_pool *pool)
{
	struct bt_record *rec = pool->spare;

	if (!rec)
		return NULL;
	pool->spare = rec->next;
	pool->nr--;
	return rec;
}

/**
 * __bt_pool_put() - add a spare record
 * @pool: the pool of a locked tracker, or one that no other context can reach
 * @rec: the record, in no tree and on no list
 */
void __bt_pool_put(struct bt_pool *pool, struct bt_record *rec)
{
	rec->next = pool->spare;
	pool->spare = rec;
	pool->nr++;
}

/* Charge up to @want new records to the bound; returns how many it admits */
static unsigned int pool_charge(struct bt_store *store, unsigned int want)
{
	s64 nr = atomic64_read(&store->nr);
	s64 room;

	do {
		room = clamp_t(s64, (s64)store->max - nr, 0, want);
	} while (!atomic64_try_cmpxchg(&store->nr, &nr, nr + room));
	return room;
}

/* Allocate up to a chunk of records into a pool; returns their number */
static unsigned int pool_alloc(struct bt_store *store, struct bt_pool *to,
			       gfp_t gfp)
{
	void *recs[BT_STORE_CHUNK];
	unsigned int want = pool_charge(store, ARRAY_SIZE(recs)), n = 0, i;

	/* It allocates all or none, and returns a number or a bool */
	if (want && kmem_cache_alloc_bulk(store->cache, gfp | __GFP_NOWARN,
					  want, recs))
		n = want;
	atomic64_sub(want - n, &store->nr);
	for (i = 0; i < n; i++)
		__bt_pool_put(to, recs[i]);
	return n;
}

/**
 * bt_pool_drain() - return all spare records of a pool to the store
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
 * @want: least number to add
 * @gfp: allocation flags
 *
 * Context: as @gfp allows, no raw lock held, interrupts on: a bulk allocation enables
 * them on Linux before 6.3.
 * Return: 0 if at least one record was added; -ENOMEM if none was, because memory ran
 * out or the store's bound is reached.
 */
int bt_pool_stock(struct bt_tracker *t, unsigned int want, gfp_t gfp)
{
	struct bt_pool more = { .store = t->pool.store };
	unsigned long flags;

	while (more.nr < want && pool_alloc(more.store, &more, gfp))
		;
	if (!more.nr)
		return -ENOMEM;
	raw_spin_lock_irqsave(&t->lock, flags);
	pool_move(&more, &t->pool, more.nr);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(bt_pool_stock);

/**
 * bt_pool_count() - start or stop charging a tracker's spare records to the store's
 * bound
 * @t: the tracker, which no other context can reach yet
 * @count: charge them
 *
 * A tracker that is prepared in advance and may never be used takes nothing from the
 * bound.
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
 * bt_pool_fill() - add a usual number of spare records to a tracker's pool
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
 * bt_pool_trim() - return surplus spare records of a tracker to the store
 * @t: the tracker
 *
 * Context: may sleep.
 */
void bt_pool_trim(struct bt_tracker *t)
{
	struct bt_pool surplus = { .store = t->pool.store };
	unsigned long flags;

	while (READ_ONCE(t->pool.nr) > 2 * BT_POOL_TARGET) {
		raw_spin_lock_irqsave(&t->lock, flags);
		pool_move(&t->pool, &surplus, BT_POOL_TARGET);
		raw_spin_unlock_irqrestore(&t->lock, flags);
		bt_pool_drain(&surplus);
	}
}
EXPORT_SYMBOL_IF_KUNIT(bt_pool_trim);
