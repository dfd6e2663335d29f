// SPDX-License-Identifier: GPL-2.0
/*
 * Domains: records that enter, change state and leave; gaps
 *
 * These functions keep the trees, the numbers, the counters and the references of a
 * domain consistent. verdict.c decides which of them a report calls.
 */
#include <linux/sched.h>
#include "counters.h"
#include "index.h"
#include "internal.h"

/* Records freed between two calls of cond_resched() */
#define BT_DESTROY_CHUNK	256

/* Records that bt_shared_restart() ends under one lock hold */
#define BT_RESTART_CHUNK	64

/**
 * bt_domain_create() - create an empty domain
 * @gfp: allocation flags
 *
 * Return: the domain, or NULL when out of memory.
 */
struct bt_domain *bt_domain_create(gfp_t gfp)
{
	struct bt_domain *d = kzalloc(sizeof(*d), gfp);

	if (!d)
		return NULL;
	d->epoch = 1;
	INIT_LIST_HEAD(&d->freed);
	return d;
}

/* Only a record of the shared domain holds references, which need the lock */
static void domain_unref_record(struct bt_tracker *t, struct bt_record *rec)
{
	unsigned long flags;

	if (!rec->owner->shared) {
		bt_quota_add(rec->owner, -1);
		return;
	}
	raw_spin_lock_irqsave(&t->lock, flags);
	__bt_record_unref(t, rec);
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

static void domain_destroy_tree(struct bt_tracker *t, struct rb_root *root)
{
	struct bt_record *rec, *next;
	unsigned int n = 0;

	rbtree_postorder_for_each_entry_safe(rec, next, root, node) {
		domain_unref_record(t, rec);
		bt_store_put(t->pool.store, rec);
		if (++n % BT_DESTROY_CHUNK == 0)
			cond_resched();
	}
}

/**
 * bt_domain_destroy() - destroy a domain with its records
 * @t: the tracker of the domain
 * @d: the domain, which no other context can reach; may be NULL
 *
 * Context: may sleep.
 */
void bt_domain_destroy(struct bt_tracker *t, struct bt_domain *d)
{
	unsigned int i;

	if (!d)
		return;
	for (i = 0; i < ARRAY_SIZE(d->spaces); i++) {
		domain_destroy_tree(t, &d->spaces[i].live);
		domain_destroy_tree(t, &d->spaces[i].freed);
	}
	kfree(d);
}

/**
 * __bt_domain_note_gap() - note that a domain missed a report
 * @t: the tracker, locked
 * @d: the domain
 * @stamp: stamp of the gap
 *
 * All live records become doubtful; none of them is touched.
 */
void __bt_domain_note_gap(struct bt_tracker *t, struct bt_domain *d, u64 stamp)
{
	lockdep_assert_held(&t->lock);
	if (t->nr_listings)
		__bt_listings_gap(t, d);
	d->gap = stamp;
	d->epoch++;
	d->nr_doubtful = d->nr_live;
}

/**
 * __bt_domain_add() - add a live record
 * @t: the tracker, locked
 * @d: the domain
 * @rec: the record, filled in; its key is not in the domain
 */
void __bt_domain_add(struct bt_tracker *t, struct bt_domain *d,
		     struct bt_record *rec)
{
	lockdep_assert_held(&t->lock);
	bt_index_insert(&d->spaces[rec->space].live, rec);
	d->nr_live++;
	t->nr_records++;
	bt_counters_live(t, rec);
}

static void __domain_drop_live(struct bt_tracker *t, struct bt_domain *d,
			       struct bt_record *rec, enum buftrack_counter why)
{
	lockdep_assert_held(&t->lock);
	bt_index_erase(&d->spaces[rec->space].live, rec);
	d->nr_live--;
	d->nr_doubtful -= bt_is_doubtful(d, rec);
	t->nr_records--;
	bt_counters_ended(t, rec, why);
}

/* Return a record that has left its tree to the pool */
static void __domain_recycle(struct bt_tracker *t, struct bt_record *rec)
{
	lockdep_assert_held(&t->lock);
	if (t->nr_listings)
		__bt_listings_drop(t, rec);
	__bt_record_unref(t, rec);
	__bt_pool_put(&t->pool, rec);
}

/**
 * __bt_domain_supersede() - drop a live record in favour of a new alloc
 * @t: the tracker, locked
 * @d: the domain
 * @rec: the record
 */
void __bt_domain_supersede(struct bt_tracker *t, struct bt_domain *d,
			   struct bt_record *rec)
{
	__domain_drop_live(t, d, rec, BUFTRACK_COUNTER_SUPERSEDED);
	__domain_recycle(t, rec);
}

/**
 * __bt_domain_free() - turn a live record into a freed one
 * @t: the tracker, locked
 * @d: the domain
 * @rec: the record
 * @stamp: stamp of the free
 * @by: client that is charged with the free
 * @site: reported site of the free
 */
void __bt_domain_free(struct bt_tracker *t, struct bt_domain *d,
		      struct bt_record *rec, u64 stamp, struct bt_client *by,
		      u64 site)
{
	__domain_drop_live(t, d, rec, BUFTRACK_COUNTER_FREES);
	rec->is_freed = true;
	rec->repeats = 0;
	rec->freed.stamp = stamp;
	rec->freed.by = by;
	rec->freed.site = site;
	if (by->shared)
		__bt_client_get(by);
	list_add_tail(&rec->freed.age, &d->freed);
	bt_index_insert(&d->spaces[rec->space].freed, rec);
	d->nr_freed++;
	t->nr_records++;
	bt_counters_freed(t, rec, 1);
}

/**
 * __bt_domain_drop_freed() - drop a freed record
 * @t: the tracker, locked
 * @d: the domain
 * @rec: the record
 */
void __bt_domain_drop_freed(struct bt_tracker *t, struct bt_domain *d,
			    struct bt_record *rec)
{
	lockdep_assert_held(&t->lock);
	bt_index_erase(&d->spaces[rec->space].freed, rec);
	list_del(&rec->freed.age);
	d->nr_freed--;
	t->nr_records--;
	bt_counters_freed(t, rec, -1);
	__domain_recycle(t, rec);
}

/**
 * __bt_domain_evict_oldest() - drop the freed record that was freed first
 * @t: the tracker, locked
 * @d: the domain, which has a freed record
 */
void __bt_domain_evict_oldest(struct bt_tracker *t, struct bt_domain *d)
{
	struct bt_record *rec = list_first_entry(&d->freed, struct bt_record,
						 freed.age);

	bt_counters_add_owner(t, rec, BUFTRACK_COUNTER_EVICTED_RECORDS, 1);
	d->has_evicted = true;
	__bt_domain_drop_freed(t, d, rec);
}

/**
 * __bt_shared_owner() - find the owner of a live record of the shared domain
 * @t: the tracker, locked
 * @key: space, address and id of the record
 *
 * Return: the owner, or NULL if there is no such record.
 */
struct bt_client *__bt_shared_owner(const struct bt_tracker *t,
				    const struct buftrack_report *key)
{
	struct bt_record *rec;

	lockdep_assert_held(&t->lock);
	if (key->space >= t->nr_spaces)
		return NULL;
	rec = bt_index_find(&t->shared->spaces[key->space].live, key->address,
			    key->id);
	return rec ? rec->owner : NULL;
}

/**
 * bt_shared_has_live() - test whether a buffer of the shared domain is live
 * @t: the tracker
 * @key: space, address and id of the buffer
 *
 * Context: any but NMI.
 * Return: true if it is live.
 */
bool bt_shared_has_live(struct bt_tracker *t, const struct buftrack_report *key)
{
	unsigned long flags;
	bool has;

	raw_spin_lock_irqsave(&t->lock, flags);
	has = __bt_shared_owner(t, key);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return has;
}
EXPORT_SYMBOL_IF_KUNIT(bt_shared_has_live);

/* End one record of a space of the shared domain; false if the space has none */
static bool __domain_restart_one(struct bt_tracker *t, u32 space)
{
	struct bt_domain *d = t->shared;
	struct bt_record *live = bt_record_of(rb_first(&d->spaces[space].live));
	struct bt_record *freed = bt_record_of(rb_first(&d->spaces[space].freed));

	if (live) {
		__domain_drop_live(t, d, live, BUFTRACK_COUNTER_REMOVED_BUFFERS);
		__domain_recycle(t, live);
	} else if (freed) {
		__bt_domain_drop_freed(t, d, freed);
	}
	return live || freed;
}

/* End up to @most records of a space; returns their number */
static unsigned int domain_restart_some(struct bt_tracker *t, u32 space,
					unsigned int most)
{
	unsigned int n = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	while (!t->removed && n < most && __domain_restart_one(t, space))
		n++;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return n;
}

/**
 * bt_shared_restart() - empty the shared domain before the device's driver binds again
 * @t: the tracker
 * @most: bound on the records that this call ends
 *
 * Live records of the shared domain end as removed. Its freed records and its gap go
 * as well. Private domains do not change.
 *
 * Context: any but NMI. Takes the lock for a few records at a time.
 * Return: true when done; false: call again.
 */
bool bt_shared_restart(struct bt_tracker *t, unsigned int most)
{
	unsigned long flags;
	u32 space = 0;

	while (space < BUFTRACK_MAX_SPACES && most) {
		const unsigned int some = min_t(unsigned int, most,
						BT_RESTART_CHUNK);
		const unsigned int n = domain_restart_some(t, space, some);

		most -= n;
		space += n < some;
	}
	if (space < BUFTRACK_MAX_SPACES)
		return false;
	raw_spin_lock_irqsave(&t->lock, flags);
	t->shared->gap = 0;
	t->shared->has_evicted = false;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(bt_shared_restart);
