// SPDX-License-Identifier: GPL-2.0
/*
 * The rules: one verdict for every report
 *
 * The order of the tests is the meaning; Documentation/verdicts.md says the same
 * in words. A wrong free changes nothing but its target's repeat count.
 */
#include <linux/overflow.h>
#include "counters.h"
#include "export.h"
#include "index.h"

/* Freed records over the bound that one free evicts, where the bound was lowered */
#define BT_MAX_EVICTED	8

/* Records that one hold of the lock ends when a driver goes */
#define BT_RESTART_CHUNK	64

/* The pool is empty, the caller can fill it, and nothing has been changed yet */
#define BT_REFILL	(-EAGAIN)

/* What one report is judged by */
struct bt_case {
	struct bt_tracker *t;
	struct bt_client *c;
	struct bt_domain *d;
	struct bt_space_index *index;
	const struct buftrack_report *r;
	u64 stamp;
	unsigned int flags;
};

static void note_gap(struct bt_tracker *t, struct bt_domain *d, u64 stamp)
{
	if (t->nr_listings)
		__bt_listings_gap(t, d);
	d->gap = stamp;
	d->epoch++;
	d->nr_doubtful = d->nr_live;
}

/* Note a wrong report with its evidence, before it changes anything */
static int blame(const struct bt_case *k, int verdict,
		 const struct bt_record *target, const struct bt_record *hit)
{
	const struct bt_event event = {
		.stamp = k->stamp,
		.reporter = k->c,
		.report = *k->r,
		.verdict = verdict,
	};

	__bt_events_add(k->t, &event, target, hit);
	return verdict;
}

/* In a private domain a record cannot outlive its client, and needs no reference */
static struct bt_client *reference(struct bt_client *c)
{
	if (c->shared)
		__bt_client_get(c);
	return c;
}

static void recycle(struct bt_tracker *t, struct bt_record *rec)
{
	if (t->nr_listings)
		__bt_listings_drop(t, rec);
	__bt_record_forget(t, rec);
	__bt_pool_put(&t->pool, rec);
}

static void add_live(const struct bt_case *k, struct bt_record *rec)
{
	bt_index_insert(&k->index->live, rec);
	k->d->nr_live++;
	k->t->nr_records++;
	bt_book_live(k->t, rec);
}

static void drop_live(const struct bt_case *k, struct bt_record *rec,
		      enum buftrack_counter why)
{
	bt_index_erase(&k->index->live, rec);
	k->d->nr_live--;
	k->d->nr_doubtful -= bt_is_doubtful(k->d, rec);
	k->t->nr_records--;
	bt_book_ended(k->t, rec, why);
}

static void supersede(const struct bt_case *k, struct bt_record *rec)
{
	drop_live(k, rec, BUFTRACK_COUNTER_SUPERSEDED);
	recycle(k->t, rec);
}

/* Who frees: for an object that is counted, whoever drops the last reference */
static struct bt_client *freed_by(const struct bt_case *k,
				  const struct bt_record *rec)
{
	if (k->flags & BT_AS_OWNER && !rec->owner->closed)
		return rec->owner;
	return k->c;
}

static void add_freed(const struct bt_case *k, struct bt_record *rec)
{
	rec->is_freed = true;
	rec->repeats = 0;
	rec->freed.stamp = k->stamp;
	rec->freed.by = reference(freed_by(k, rec));
	rec->freed.site = k->r->site;
	list_add_tail(&rec->freed.age, &k->d->freed);
	bt_index_insert(&k->index->freed, rec);
	k->d->nr_freed++;
	k->t->nr_records++;
	bt_book_freed(k->t, rec, 1);
}

static void drop_freed(const struct bt_case *k, struct bt_record *rec)
{
	bt_index_erase(&k->d->spaces[rec->space].freed, rec);
	list_del(&rec->freed.age);
	k->d->nr_freed--;
	k->t->nr_records--;
	bt_book_freed(k->t, rec, -1);
	recycle(k->t, rec);
}

static void evict_oldest(const struct bt_case *k)
{
	struct bt_record *rec = list_first_entry(&k->d->freed, struct bt_record,
						 freed.age);

	bt_book_record(k->t, rec, BUFTRACK_COUNTER_EVICTED_RECORDS, 1);
	k->d->has_evicted = true;
	drop_freed(k, rec);
}

static void enforce_freed_bound(const struct bt_case *k)
{
	unsigned int n = BT_MAX_EVICTED;

	while (n-- && k->d->nr_freed > k->t->limits.max_freed)
		evict_oldest(k);
}

/* ALLOC 2: doubtful live records that it meets end without blame */
static void supersede_doubtful(const struct bt_case *k)
{
	const struct buftrack_report *r = k->r;
	u64 last = r->address + r->span - 1;
	unsigned int left = BT_MAX_EXAMINED;
	struct bt_record *rec, *next;

	rec = bt_index_find(&k->index->live, r->address, r->id);
	if (rec && bt_is_doubtful(k->d, rec))
		supersede(k, rec);
	if (!r->span)
		return;
	rec = bt_index_first_meeting(&k->index->live, r->address, last);
	for (; rec && left && k->d->nr_doubtful; rec = next) {
		next = bt_index_next_meeting(rec, r->address, last);
		if (!bt_key_cmp(rec, r->address, r->id))
			continue;
		left--;
		if (bt_is_doubtful(k->d, rec))
			supersede(k, rec);
	}
}

/*
 * Live bytes, and what they can still become, are kept within 64 bits. What programs
 * say of their sizes leaves room for what a driver tells.
 */
static bool bytes_overflow(const struct bt_case *k, const struct bt_record *same)
{
	bool leave_room = READ_ONCE(k->t->has_driver) && !k->c->shared;
	u64 most = leave_room ? U64_MAX / 2 : U64_MAX;
	u64 held = k->t->total.v[BUFTRACK_COUNTER_LIVE_BYTES] - (same ? same->size : 0);
	u64 sum;

	return check_add_overflow(held, k->t->total.v[BUFTRACK_COUNTER_REMAINING_BYTES],
				  &sum) ||
	       check_add_overflow(sum, k->r->size, &sum) || sum > most;
}

static bool quota_reached(const struct bt_client *c)
{
	return c->quota && atomic64_read(&c->quota->nr) >= (s64)c->quota->max;
}

/* Whether the device, the client and its user may have one more record */
static bool within_bounds(const struct bt_case *k)
{
	const struct bt_limits *limits = &k->t->limits;

	if (k->t->nr_records >= limits->max_records || quota_reached(k->c))
		return false;
	return k->c->shared ||
	       k->d->nr_live + k->d->nr_freed < limits->max_client_records;
}

/*
 * ALLOC 3: see to it that the pool has a record for this alloc. One with the
 * same key, live (@same) or freed, makes place for it.
 */
static int reserve_record(const struct bt_case *k, const struct bt_record *same)
{
	struct bt_tracker *t = k->t;
	struct bt_record *freed;

	if (bytes_overflow(k, same))
		return BUFTRACK_VERDICT_UNTRACKED;
	if (same)
		return BUFTRACK_VERDICT_OK;
	freed = bt_index_find(&k->index->freed, k->r->address, k->r->id);
	if (freed) {
		drop_freed(k, freed);
		return BUFTRACK_VERDICT_OK;
	}
	if (within_bounds(k)) {
		if (t->pool.nr)
			return BUFTRACK_VERDICT_OK;
		if (k->flags & BT_MAY_REFILL)
			return BT_REFILL;
	}
	if (!k->d->nr_freed)
		return BUFTRACK_VERDICT_UNTRACKED;
	evict_oldest(k);
	return BUFTRACK_VERDICT_OK;
}

static void record_alloc(const struct bt_case *k)
{
	const struct buftrack_report *r = k->r;
	struct bt_record *rec = __bt_pool_get(&k->t->pool);

	*rec = (struct bt_record) {
		.address = r->address,
		.id = r->id,
		.size = r->size,
		.span = r->span,
		.space = r->space,
		.allocated = k->stamp,
		.owner = reference(k->c),
		.site = r->site,
		.live.epoch = k->d->epoch,
	};
	bt_quota_add(k->c, 1);
	add_live(k, rec);
}

static struct bt_record *met_live(const struct bt_case *k)
{
	const struct buftrack_report *r = k->r;

	if (!r->span)
		return NULL;
	return bt_index_first_meeting(&k->index->live, r->address,
				      r->address + r->span - 1);
}

static int judge_alloc(const struct bt_case *k)
{
	const struct buftrack_report *r = k->r;
	struct bt_record *same, *met;
	int verdict;

	if (k->d->nr_doubtful)
		supersede_doubtful(k);
	same = bt_index_find(&k->index->live, r->address, r->id);
	verdict = reserve_record(k, same);
	if (verdict != BUFTRACK_VERDICT_OK)
		return verdict;
	if (same) {
		verdict = blame(k, BUFTRACK_VERDICT_DOUBLE_ALLOC, same, NULL);
		supersede(k, same);
	} else {
		met = met_live(k);
		if (met)
			verdict = blame(k, BUFTRACK_VERDICT_OVERLAP, NULL, met);
	}
	record_alloc(k);
	return verdict;
}

static struct bt_record *find_target(const struct bt_case *k,
				     struct rb_root *root)
{
	if (k->r->id)
		return bt_index_find(root, k->r->address, k->r->id);
	return bt_index_newest_at(root, k->r->address);
}

/* Whether its owner is another client that is still there */
static bool is_foreign(const struct bt_case *k, const struct bt_record *rec)
{
	return rec->owner != freed_by(k, rec) && !rec->owner->closed;
}

/* FREE 2 and 3: the target is live */
static int judge_live_target(const struct bt_case *k, struct bt_record *rec)
{
	const struct buftrack_report *r = k->r;
	int verdict = BUFTRACK_VERDICT_OK;

	if (r->flags & BUFTRACK_REPORT_REFUSED)
		return blame(k, BUFTRACK_VERDICT_REFUSED_FREE, rec, NULL);
	if (bt_is_doubtful(k->d, rec))
		verdict = BUFTRACK_VERDICT_OK;
	else if (is_foreign(k, rec))
		verdict = blame(k, BUFTRACK_VERDICT_FOREIGN_FREE, rec, NULL);
	else if (r->size && r->size != rec->size)
		verdict = blame(k, BUFTRACK_VERDICT_SIZE_MISMATCH, rec, NULL);
	drop_live(k, rec, BUFTRACK_COUNTER_FREES);
	add_freed(k, rec);
	enforce_freed_bound(k);
	return verdict;
}

/* A live record, not doubtful, that spans the address without starting there */
static struct bt_record *spanning(const struct bt_case *k)
{
	return bt_index_spanning_sure(&k->index->live, k->r->address,
				      k->d->epoch);
}

/* A live record, not doubtful, that starts at the address or spans it */
static struct bt_record *hit_live(const struct bt_case *k)
{
	struct bt_record *rec = bt_index_newest_at(&k->index->live,
						   k->r->address);

	return rec && !bt_is_doubtful(k->d, rec) ? rec : spanning(k);
}

/* FREE 4 and 5: the target is freed */
static int judge_freed_target(const struct bt_case *k, struct bt_record *rec)
{
	struct bt_record *hit;

	if (k->d->gap > rec->freed.stamp)
		return blame(k, BUFTRACK_VERDICT_UNKNOWN_GAP, rec, NULL);
	if (rec->repeats < U32_MAX)
		rec->repeats++;
	hit = hit_live(k);
	return blame(k, hit ? BUFTRACK_VERDICT_STALE_FREE : BUFTRACK_VERDICT_DOUBLE_FREE, rec,
		     hit);
}

/* The latest record that starts at the address, of those of either state */
static struct bt_record *other_at(const struct bt_case *k)
{
	u64 address = k->r->address;

	return bt_index_newest_at(&k->index->live, address) ?:
	       bt_index_newest_at(&k->index->freed, address);
}

/* FREE 6 and 7: there is no target */
static int judge_no_target(const struct bt_case *k)
{
	const struct buftrack_report *r = k->r;
	struct bt_record *other = spanning(k);

	if (other)
		return blame(k, BUFTRACK_VERDICT_INVALID_FREE, NULL, other);
	other = other_at(k);
	if (r->id && r->id < k->c->first_id)
		return blame(k, BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, NULL, other);
	if (k->d->gap)
		return blame(k, BUFTRACK_VERDICT_UNKNOWN_GAP, NULL, other);
	if (k->d->has_evicted)
		return blame(k, BUFTRACK_VERDICT_UNKNOWN_EVICTED, NULL, other);
	if (other)
		return blame(k, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, NULL, other);
	if (k->c->late)
		return blame(k, BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, NULL, NULL);
	return blame(k, BUFTRACK_VERDICT_UNKNOWN_NEVER, NULL, NULL);
}

static int judge_free(const struct bt_case *k)
{
	struct bt_record *rec = find_target(k, &k->index->live);

	if (rec)
		return judge_live_target(k, rec);
	rec = find_target(k, &k->index->freed);
	if (rec)
		return judge_freed_target(k, rec);
	return judge_no_target(k);
}

static int judge(const struct bt_case *k)
{
	if (!k->t->enabled)
		return BUFTRACK_VERDICT_DISABLED;
	if (k->r->op == BUFTRACK_OP_ALLOC)
		return judge_alloc(k);
	return judge_free(k);
}

/* The counter that a verdict on a report counts in, for the client that made it */
static const u8 verdict_counter[BUFTRACK_NR_VERDICTS] = {
	[BUFTRACK_VERDICT_OK] = BUFTRACK_NR_COUNTERS,
	[BUFTRACK_VERDICT_DISABLED] = BUFTRACK_COUNTER_DISABLED_REPORTS,
	[BUFTRACK_VERDICT_UNTRACKED] = BUFTRACK_COUNTER_UNTRACKED_BUFFERS,
	[BUFTRACK_VERDICT_DOUBLE_ALLOC] = BUFTRACK_COUNTER_DOUBLE_ALLOCS,
	[BUFTRACK_VERDICT_OVERLAP] = BUFTRACK_COUNTER_OVERLAPS,
	[BUFTRACK_VERDICT_REFUSED_FREE] = BUFTRACK_COUNTER_REFUSED_FREES,
	[BUFTRACK_VERDICT_FOREIGN_FREE] = BUFTRACK_COUNTER_FOREIGN_FREES,
	[BUFTRACK_VERDICT_SIZE_MISMATCH] = BUFTRACK_COUNTER_SIZE_MISMATCHES,
	[BUFTRACK_VERDICT_DOUBLE_FREE] = BUFTRACK_COUNTER_DOUBLE_FREES,
	[BUFTRACK_VERDICT_STALE_FREE] = BUFTRACK_COUNTER_STALE_FREES,
	[BUFTRACK_VERDICT_INVALID_FREE] = BUFTRACK_COUNTER_INVALID_FREES,
	[BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH] = BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH,
	[BUFTRACK_VERDICT_UNKNOWN_GAP] = BUFTRACK_COUNTER_UNKNOWN_FREES_GAP,
	[BUFTRACK_VERDICT_UNKNOWN_EVICTED] = BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED,
	[BUFTRACK_VERDICT_UNKNOWN_OTHER_ID] = BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID,
	[BUFTRACK_VERDICT_UNKNOWN_NEVER] = BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER,
};

static void count_verdict(const struct bt_case *k, int verdict)
{
	if (verdict != BUFTRACK_VERDICT_OK)
		bt_book(k->t, k->c, k->r->space, verdict_counter[verdict], 1);
	if (verdict == BUFTRACK_VERDICT_DISABLED || verdict == BUFTRACK_VERDICT_UNTRACKED)
		note_gap(k->t, k->d, k->stamp);
}

/* A report's stamp is the time, or if need be a little later, to be unique */
static u64 next_stamp(const struct bt_tracker *t, u64 now)
{
	return max(now, t->stamp + 1);
}

/* The domain of a client; the shared one outlives those that report into it */
static struct bt_domain *domain_of(const struct bt_case *k)
{
	return k->c->shared ? k->t->shared : k->c->domain;
}

/* Judge a report and do what it says; the tracker is locked */
static int apply(struct bt_case *k, u64 now)
{
	int verdict;

	if (k->t->removed)
		return -ENODEV;
	if (k->r->space >= k->t->nr_spaces)
		return -ENOENT;
	k->d = domain_of(k);
	k->index = &k->d->spaces[k->r->space];
	k->stamp = next_stamp(k->t, now);
	verdict = judge(k);
	if (verdict < 0)
		return verdict;
	count_verdict(k, verdict);
	k->t->stamp = k->stamp;
	return verdict;
}

/**
 * bt_report() - judge a report, and do what it says
 * @t: the tracker
 * @c: client of @t that makes it; of a private domain only while it has not ended
 * @r: the report; op, size and range have been validated
 * @now: time in ns
 * @flags: %BT_MAY_REFILL: fail rather than go without a spare record.
 *	   %BT_AS_OWNER: a free is the owner's, whoever reports it.
 * @stamp: set to the report's stamp; may be NULL
 *
 * Context: any but NMI.
 * Return: enum buftrack_verdict. -ENODEV if the tracker was removed. -ENOENT if
 * it has no such space. -EAGAIN (with %BT_MAY_REFILL only) if the pool is empty:
 * bt_pool_fill(), and call again, without the flag if that failed. After an
 * error nothing has changed.
 */
int bt_report(struct bt_tracker *t, struct bt_client *c,
	      const struct buftrack_report *r, u64 now, unsigned int flags,
	      u64 *stamp)
{
	struct bt_case k = { .t = t, .c = c, .r = r, .flags = flags };
	unsigned long irq;
	int verdict;

	raw_spin_lock_irqsave(&t->lock, irq);
	verdict = apply(&k, now);
	if (verdict >= 0 && stamp)
		*stamp = k.stamp;
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return verdict;
}
EXPORT_SYMBOL_IF_KUNIT(bt_report);

/* The owner of a live record of the shared domain, or NULL */
static struct bt_client *owner_of(const struct bt_tracker *t,
				  const struct buftrack_report *key)
{
	struct bt_record *rec;

	if (key->space >= t->nr_spaces)
		return NULL;
	rec = bt_index_find(&t->shared->spaces[key->space].live, key->address,
			    key->id);
	return rec ? rec->owner : NULL;
}

/**
 * bt_report_move() - a buffer of the shared domain gets one more place
 * @t: the tracker
 * @c: client of the shared domain of @t that reports it
 * @from: key of the place that it has; the free of that is still to come
 * @r: alloc of the place that it gets
 * @now: time in ns
 *
 * As bt_report(), but that the new record is of whoever has the old one.
 *
 * Context: any but NMI.
 * Return: as bt_report().
 */
int bt_report_move(struct bt_tracker *t, struct bt_client *c,
		   const struct buftrack_report *from,
		   const struct buftrack_report *r, u64 now)
{
	struct bt_case k = { .t = t, .c = c, .r = r };
	unsigned long irq;
	int verdict;

	raw_spin_lock_irqsave(&t->lock, irq);
	k.c = owner_of(t, from) ?: c;
	verdict = apply(&k, now);
	if (verdict >= 0 && verdict != BUFTRACK_VERDICT_DISABLED &&
	    verdict != BUFTRACK_VERDICT_UNTRACKED)
		bt_book(t, k.c, r->space, BUFTRACK_COUNTER_MOVES, 1);
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return verdict;
}
EXPORT_SYMBOL_IF_KUNIT(bt_report_move);

/**
 * bt_shared_has_live() - whether a buffer of the shared domain is live
 * @t: the tracker
 * @key: space, address and id of the buffer
 *
 * Context: any but NMI.
 * Return: true if so.
 */
bool bt_shared_has_live(struct bt_tracker *t, const struct buftrack_report *key)
{
	unsigned long irq;
	bool has;

	raw_spin_lock_irqsave(&t->lock, irq);
	has = owner_of(t, key);
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return has;
}
EXPORT_SYMBOL_IF_KUNIT(bt_shared_has_live);

/* End one record of a space of the shared domain; false if there is none left */
static bool restart_one(const struct bt_case *k)
{
	struct rb_node *live = rb_first(&k->index->live);
	struct rb_node *freed = rb_first(&k->index->freed);

	if (live) {
		drop_live(k, bt_record_of(live), BUFTRACK_COUNTER_REMOVED_BUFFERS);
		recycle(k->t, bt_record_of(live));
	} else if (freed) {
		drop_freed(k, bt_record_of(freed));
	}
	return live || freed;
}

/* End up to @most records of a space; returns how many there were */
static unsigned int restart_some(struct bt_tracker *t, u32 space,
				 unsigned int most)
{
	const struct bt_case k = {
		.t = t,
		.d = t->shared,
		.index = &t->shared->spaces[space],
	};
	unsigned int n = 0;

	while (n < most && restart_one(&k))
		n++;
	return n;
}

/**
 * bt_shared_restart() - end what a device's driver left, before it comes again
 * @t: the tracker
 * @most: how many records to end at most
 *
 * What is live in the shared domain ends as removed, and the domain knows nothing
 * any more: no freed records, no gap. Private domains are as before.
 *
 * Context: any but NMI. Takes the lock for a few records at a time.
 * Return: whether it has been done; else, call again.
 */
bool bt_shared_restart(struct bt_tracker *t, unsigned int most)
{
	unsigned long irq;
	unsigned int n;
	u32 space = 0;

	while (space < BUFTRACK_MAX_SPACES && most) {
		const unsigned int some = min_t(unsigned int, most,
						BT_RESTART_CHUNK);

		raw_spin_lock_irqsave(&t->lock, irq);
		n = t->removed ? 0 : restart_some(t, space, some);
		raw_spin_unlock_irqrestore(&t->lock, irq);
		most -= n;
		space += n < some;
	}
	if (space < BUFTRACK_MAX_SPACES)
		return false;
	raw_spin_lock_irqsave(&t->lock, irq);
	t->shared->gap = 0;
	t->shared->has_evicted = false;
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(bt_shared_restart);

/**
 * bt_lost() - note that reports of a client never arrived
 * @t: the tracker
 * @c: client of @t that has not ended
 * @count: how many
 * @now: time in ns
 *
 * Context: any but NMI.
 * Return: 0, or -ENODEV if the tracker was removed.
 */
int bt_lost(struct bt_tracker *t, struct bt_client *c, u64 count, u64 now)
{
	unsigned long irq;
	int err = 0;

	raw_spin_lock_irqsave(&t->lock, irq);
	if (t->removed) {
		err = -ENODEV;
		goto unlock;
	}
	t->stamp = next_stamp(t, now);
	bt_book(t, c, BT_NO_SPACE, BUFTRACK_COUNTER_LOST_REPORTS, count);
	note_gap(t, c->shared ? t->shared : c->domain, t->stamp);
unlock:
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(bt_lost);
