// SPDX-License-Identifier: GPL-2.0
/*
 * Verdicts: one for each report
 *
 * The order of the tests is the definition; Documentation/verdicts.md states the same
 * rules in words, and "ALLOC 3" or "FREE 5" below refer to its steps. A wrong free
 * changes nothing but the repeat count of its target, and a use changes nothing.
 */
#include <linux/overflow.h>
#include "counters.h"
#include "index.h"
#include "internal.h"

/* Freed records that one free evicts at most, after the bound was lowered */
#define BT_MAX_EVICTED	8

/* The pool is empty, the caller can fill it, and nothing has been changed yet */
#define BT_REFILL	(-EAGAIN)

/* One report, and everything that its verdict depends on; the tracker is locked */
struct bt_report_ctx {
	struct bt_tracker *t;
	struct bt_client *c;
	struct bt_domain *d;
	struct bt_space_index *index;
	const struct buftrack_report *r;
	u64 base; /* has been added to the address of @r */
	u64 stamp;
	unsigned int opts;
};

/* Log a wrong report with its evidence, before it changes anything */
static int verdict_record_event(const struct bt_report_ctx *ctx, int verdict,
				const struct bt_record *target,
				const struct bt_record *hit)
{
	struct bt_event event = {
		.stamp = ctx->stamp,
		.reporter = ctx->c,
		.report = *ctx->r,
		.verdict = verdict,
	};

	event.report.address -= ctx->base;
	__bt_events_add(ctx->t, ctx->d, &event, target, hit);
	return verdict;
}

/* The client to charge with a free: for a reference counted buffer it is the owner */
static struct bt_client *verdict_freed_by(const struct bt_report_ctx *ctx,
					  const struct bt_record *rec)
{
	if (ctx->opts & BT_AS_OWNER && !rec->owner->closed)
		return rec->owner;
	return ctx->c;
}

/* ALLOC 2: doubtful live records that it overlaps end, and no one is accused */
static void verdict_supersede_doubtful(const struct bt_report_ctx *ctx)
{
	const struct buftrack_report *r = ctx->r;
	u64 last = r->address + r->span - 1;
	unsigned int left = BT_MAX_EXAMINED;
	struct bt_record *rec, *next;

	rec = bt_index_find(&ctx->index->live, r->address, r->id);
	if (rec && bt_is_doubtful(ctx->d, rec))
		__bt_domain_supersede(ctx->t, ctx->d, rec);
	if (!r->span)
		return;
	rec = bt_index_first_overlap(&ctx->index->live, r->address, last);
	for (; rec && left && ctx->d->nr_doubtful; rec = next) {
		next = bt_index_next_overlap(rec, r->address, last);
		if (!bt_key_cmp(rec, r->address, r->id))
			continue;
		left--;
		if (bt_is_doubtful(ctx->d, rec))
			__bt_domain_supersede(ctx->t, ctx->d, rec);
	}
}

/*
 * Sizes that programs report leave half of the range to a driver. @replaced: bytes of
 * the scope that the alloc replaces.
 */
static bool verdict_overflows_scope(const struct bt_report_ctx *ctx,
				    const struct bt_counters *scope, u64 replaced)
{
	bool leave_room = READ_ONCE(ctx->t->has_driver) && !ctx->c->shared;
	u64 most = leave_room ? U64_MAX / 2 : U64_MAX;
	u64 held = scope->v[BUFTRACK_COUNTER_LIVE_BYTES] - replaced;
	u64 sum;

	return check_add_overflow(held, scope->v[BUFTRACK_COUNTER_REMAINING_BYTES],
				  &sum) ||
	       check_add_overflow(sum, ctx->r->size, &sum) || sum > most;
}

/* Live and remaining bytes together must fit in 64 bits, so the counters never wrap */
static bool verdict_bytes_overflow(const struct bt_report_ctx *ctx,
				   const struct bt_record *same)
{
	const struct bt_tracker *t = ctx->t;
	u32 space = ctx->r->space;

	if (verdict_overflows_scope(ctx, &t->spaces[space], same ? same->size : 0))
		return true;
	return !bt_is_aperture(t, space) &&
	       verdict_overflows_scope(ctx, &t->total,
				       same ? bt_record_memory(same) : 0);
}

static bool verdict_quota_reached(const struct bt_client *c)
{
	return c->quota && atomic64_read(&c->quota->nr) >= (s64)c->quota->max;
}

/* Do the bounds of the device, the client and its user allow another record? */
static bool verdict_within_bounds(const struct bt_report_ctx *ctx)
{
	const struct bt_limits *limits = &ctx->t->limits;

	if (ctx->t->nr_records >= limits->max_records || verdict_quota_reached(ctx->c))
		return false;
	return ctx->c->shared ||
	       ctx->d->nr_live + ctx->d->nr_freed < limits->max_client_records;
}

/*
 * ALLOC 3: ensure that the pool has a record for this alloc. A record with the same
 * key, live (@same) or freed, is about to return there.
 */
static int verdict_reserve_record(const struct bt_report_ctx *ctx,
				  const struct bt_record *same)
{
	struct bt_record *freed;

	if (verdict_bytes_overflow(ctx, same))
		return BUFTRACK_VERDICT_UNTRACKED;
	if (same)
		return BUFTRACK_VERDICT_OK;
	freed = bt_index_find(&ctx->index->freed, ctx->r->address, ctx->r->id);
	if (freed) {
		__bt_domain_drop_freed(ctx->t, ctx->d, freed);
		return BUFTRACK_VERDICT_OK;
	}
	if (verdict_within_bounds(ctx)) {
		if (ctx->t->pool.nr)
			return BUFTRACK_VERDICT_OK;
		if (ctx->opts & BT_MAY_REFILL)
			return BT_REFILL;
	}
	if (!ctx->d->nr_freed)
		return BUFTRACK_VERDICT_UNTRACKED;
	__bt_domain_evict_oldest(ctx->t, ctx->d);
	return BUFTRACK_VERDICT_OK;
}

/* In a private domain a record cannot outlive its client and needs no reference */
static void verdict_add_record(const struct bt_report_ctx *ctx)
{
	const struct buftrack_report *r = ctx->r;
	struct bt_record *rec = __bt_pool_get(&ctx->t->pool);

	*rec = (struct bt_record) {
		.address = r->address,
		.id = r->id,
		.size = r->size,
		.span = r->span,
		.space = r->space,
		.is_aperture = bt_is_aperture(ctx->t, r->space),
		.is_own = ctx->base && ctx->base == ctx->c->base,
		.allocated = ctx->stamp,
		.owner = ctx->c,
		.site = r->site,
		.live.epoch = ctx->d->epoch,
	};
	if (ctx->c->shared)
		__bt_client_get(ctx->c);
	bt_quota_add(ctx->c, 1);
	__bt_domain_add(ctx->t, ctx->d, rec);
}

static struct bt_record *verdict_first_overlap(const struct bt_report_ctx *ctx)
{
	const struct buftrack_report *r = ctx->r;

	if (!r->span)
		return NULL;
	return bt_index_first_overlap(&ctx->index->live, r->address,
				      r->address + r->span - 1);
}

static int verdict_alloc(const struct bt_report_ctx *ctx)
{
	const struct buftrack_report *r = ctx->r;
	struct bt_record *same, *overlapping;
	int verdict;

	if (ctx->d->nr_doubtful)
		verdict_supersede_doubtful(ctx);
	same = bt_index_find(&ctx->index->live, r->address, r->id);
	verdict = verdict_reserve_record(ctx, same);
	if (verdict != BUFTRACK_VERDICT_OK)
		return verdict;
	if (same) {
		verdict = verdict_record_event(ctx, BUFTRACK_VERDICT_DOUBLE_ALLOC,
					       same, NULL);
		__bt_domain_supersede(ctx->t, ctx->d, same);
	} else {
		overlapping = verdict_first_overlap(ctx);
		if (overlapping)
			verdict = verdict_record_event(ctx, BUFTRACK_VERDICT_OVERLAP,
						       NULL, overlapping);
	}
	verdict_add_record(ctx);
	return verdict;
}

static struct bt_record *verdict_find_target(const struct bt_report_ctx *ctx,
					     struct rb_root *root)
{
	if (ctx->r->id)
		return bt_index_find(root, ctx->r->address, ctx->r->id);
	return bt_index_newest_at(root, ctx->r->address);
}

/* Is the owner another client that has not ended? */
static bool verdict_is_foreign(const struct bt_report_ctx *ctx,
			       const struct bt_record *rec)
{
	return rec->owner != verdict_freed_by(ctx, rec) && !rec->owner->closed;
}

static void verdict_free_record(const struct bt_report_ctx *ctx,
				struct bt_record *rec)
{
	unsigned int n = BT_MAX_EVICTED;

	__bt_domain_free(ctx->t, ctx->d, rec, ctx->stamp,
			 verdict_freed_by(ctx, rec), ctx->r->site);
	while (n-- && ctx->d->nr_freed > ctx->t->limits.max_freed)
		__bt_domain_evict_oldest(ctx->t, ctx->d);
}

/* FREE 2 and 3: the target is live */
static int verdict_free_live(const struct bt_report_ctx *ctx, struct bt_record *rec)
{
	const struct buftrack_report *r = ctx->r;
	int verdict = BUFTRACK_VERDICT_OK;

	if (r->flags & BUFTRACK_REPORT_REFUSED)
		return verdict_record_event(ctx, BUFTRACK_VERDICT_REFUSED_FREE, rec,
					    NULL);
	if (bt_is_doubtful(ctx->d, rec))
		verdict = BUFTRACK_VERDICT_OK;
	else if (verdict_is_foreign(ctx, rec))
		verdict = verdict_record_event(ctx, BUFTRACK_VERDICT_FOREIGN_FREE,
					       rec, NULL);
	else if (r->size && r->size != rec->size)
		verdict = verdict_record_event(ctx, BUFTRACK_VERDICT_SIZE_MISMATCH,
					       rec, NULL);
	verdict_free_record(ctx, rec);
	return verdict;
}

/* A live record, not doubtful, that spans the address without starting there */
static struct bt_record *verdict_find_spanning(const struct bt_report_ctx *ctx)
{
	return bt_index_spanning_current(&ctx->index->live, ctx->r->address,
					 ctx->d->epoch);
}

/* The live record, not doubtful, that has the address now */
static struct bt_record *verdict_find_hit(const struct bt_report_ctx *ctx)
{
	struct bt_record *rec = bt_index_newest_at(&ctx->index->live,
						   ctx->r->address);

	if (rec && !bt_is_doubtful(ctx->d, rec))
		return rec;
	return verdict_find_spanning(ctx);
}

/* FREE 4 and 5: the target is freed */
static int verdict_free_again(const struct bt_report_ctx *ctx, struct bt_record *rec)
{
	struct bt_record *hit;

	if (ctx->d->gap > rec->freed.stamp)
		return verdict_record_event(ctx, BUFTRACK_VERDICT_UNKNOWN_GAP, rec,
					    NULL);
	if (rec->repeats < U32_MAX)
		rec->repeats++;
	hit = verdict_find_hit(ctx);
	return verdict_record_event(ctx, hit ? BUFTRACK_VERDICT_STALE_FREE :
				    BUFTRACK_VERDICT_DOUBLE_FREE, rec, hit);
}

/* The latest record that starts at the address, a live one if there is any */
static struct bt_record *verdict_find_other(const struct bt_report_ctx *ctx)
{
	u64 address = ctx->r->address;

	return bt_index_newest_at(&ctx->index->live, address) ?:
	       bt_index_newest_at(&ctx->index->freed, address);
}

/* FREE 7: the first reason that holds for an unknown target */
static int verdict_unknown_reason(const struct bt_report_ctx *ctx,
				  const struct bt_record *other)
{
	const struct buftrack_report *r = ctx->r;

	if (r->id && r->id < ctx->c->first_id)
		return BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH;
	if (ctx->d->gap)
		return BUFTRACK_VERDICT_UNKNOWN_GAP;
	if (ctx->d->has_evicted)
		return BUFTRACK_VERDICT_UNKNOWN_EVICTED;
	if (other)
		return BUFTRACK_VERDICT_UNKNOWN_OTHER_ID;
	if (ctx->c->late)
		return BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH;
	return BUFTRACK_VERDICT_UNKNOWN_NEVER;
}

/* FREE 6 and 7: there is no target */
static int verdict_free_unknown(const struct bt_report_ctx *ctx)
{
	struct bt_record *hit = verdict_find_spanning(ctx);

	if (hit)
		return verdict_record_event(ctx, BUFTRACK_VERDICT_INVALID_FREE, NULL,
					    hit);
	hit = verdict_find_other(ctx);
	return verdict_record_event(ctx, verdict_unknown_reason(ctx, hit), NULL, hit);
}

static int verdict_free(const struct bt_report_ctx *ctx)
{
	struct bt_record *rec = verdict_find_target(ctx, &ctx->index->live);

	if (rec)
		return verdict_free_live(ctx, rec);
	rec = verdict_find_target(ctx, &ctx->index->freed);
	if (rec)
		return verdict_free_again(ctx, rec);
	return verdict_free_unknown(ctx);
}

/* USE: as a free with an id, it means the record with exactly that key */
static int verdict_use(const struct bt_report_ctx *ctx)
{
	const struct buftrack_report *r = ctx->r;
	struct bt_record *rec;

	if (!r->id)
		return BUFTRACK_VERDICT_OK;
	rec = bt_index_find(&ctx->index->freed, r->address, r->id);
	if (!rec || ctx->d->gap > rec->freed.stamp)
		return BUFTRACK_VERDICT_OK;
	return verdict_record_event(ctx, BUFTRACK_VERDICT_USE_AFTER_FREE, rec,
				    verdict_find_hit(ctx));
}

static int verdict_judge(const struct bt_report_ctx *ctx)
{
	if (!ctx->t->enabled)
		return BUFTRACK_VERDICT_DISABLED;
	switch (ctx->r->op) {
	case BUFTRACK_OP_ALLOC:
		return verdict_alloc(ctx);
	case BUFTRACK_OP_FREE:
		return verdict_free(ctx);
	default:
		return verdict_use(ctx);
	}
}

/* The counter of each verdict, charged to the reporting client */
static const u8 verdict_counters[BUFTRACK_NR_VERDICTS] = {
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
	[BUFTRACK_VERDICT_USE_AFTER_FREE] = BUFTRACK_COUNTER_USE_AFTER_FREES,
};

static_assert(ARRAY_SIZE(verdict_counters) == BUFTRACK_NR_VERDICTS);

static void verdict_count(const struct bt_report_ctx *ctx, int verdict)
{
	if (verdict != BUFTRACK_VERDICT_OK)
		bt_counters_add(ctx->t, ctx->c, ctx->r->space,
				verdict_counters[verdict], 1);
	/* A use that is not judged leaves no record wrong */
	if (ctx->r->op == BUFTRACK_OP_USE)
		return;
	if (verdict == BUFTRACK_VERDICT_DISABLED ||
	    verdict == BUFTRACK_VERDICT_UNTRACKED)
		__bt_domain_note_gap(ctx->t, ctx->d, ctx->stamp);
}

static int verdict_check_range(const struct buftrack_report *r)
{
	if (r->span && r->address > U64_MAX - (r->span - 1))
		return -ERANGE;
	return 0;
}

/**
 * bt_report_check() - check a report that a program makes
 * @r: the report
 *
 * Return: 0; -EOPNOTSUPP: an unknown op or flag, or a reserved field that is not 0;
 * -EINVAL: an alloc of size 0, or a free or use with a span; -ERANGE: address + span
 * exceeds 2^64.
 */
int bt_report_check(const struct buftrack_report *r)
{
	if (r->reserved[0] || r->reserved[1])
		return -EOPNOTSUPP;
	switch (r->op) {
	case BUFTRACK_OP_ALLOC:
		if (r->flags)
			return -EOPNOTSUPP;
		return r->size ? verdict_check_range(r) : -EINVAL;
	case BUFTRACK_OP_FREE:
		if (r->flags & ~BUFTRACK_REPORT_REFUSED)
			return -EOPNOTSUPP;
		return r->span ? -EINVAL : 0;
	case BUFTRACK_OP_USE:
		if (r->flags)
			return -EOPNOTSUPP;
		return r->span ? -EINVAL : 0;
	default:
		return -EOPNOTSUPP;
	}
}
EXPORT_SYMBOL_IF_KUNIT(bt_report_check);

/* Judge a report and apply it */
static int __verdict_report(struct bt_report_ctx *ctx, u64 now)
{
	int verdict;

	lockdep_assert_held(&ctx->t->lock);
	if (ctx->t->removed)
		return -ENODEV;
	if (ctx->r->space >= ctx->t->nr_spaces)
		return -ENOENT;
	ctx->d = bt_client_domain(ctx->t, ctx->c);
	ctx->index = &ctx->d->spaces[ctx->r->space];
	ctx->stamp = __bt_next_stamp(ctx->t, now);
	verdict = verdict_judge(ctx);
	if (verdict < 0)
		return verdict;
	verdict_count(ctx, verdict);
	ctx->t->stamp = ctx->stamp;
	return verdict;
}

/**
 * bt_report() - judge a report and apply it
 * @t: the tracker
 * @c: client of @t that makes it; if its domain is private, it has not ended
 * @r: the report, with a valid op, size and range
 * @now: time in ns
 * @opts: %BT_MAY_REFILL: fail instead of doing without a spare record.
 *	  %BT_AS_OWNER: charge a free to the owner of the record.
 * @stamp: set to the stamp of the report; may be NULL
 *
 * Context: any but NMI.
 * Return: enum buftrack_verdict. -ENODEV if the tracker was removed. -ENOENT if the
 * space does not exist. -EAGAIN (with %BT_MAY_REFILL only) if the pool is empty: call
 * bt_pool_fill() and report again, without the flag if that failed. Nothing has
 * changed after an error.
 */
int bt_report(struct bt_tracker *t, struct bt_client *c,
	      const struct buftrack_report *r, u64 now, unsigned int opts,
	      u64 *stamp)
{
	struct bt_report_ctx ctx = { .t = t, .c = c, .r = r, .opts = opts };
	unsigned long flags;
	int verdict;

	raw_spin_lock_irqsave(&t->lock, flags);
	verdict = __verdict_report(&ctx, now);
	if (verdict >= 0 && stamp)
		*stamp = ctx.stamp;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return verdict;
}
EXPORT_SYMBOL_IF_KUNIT(bt_report);

/**
 * bt_report_own() - report a buffer whose address only one client can name
 * @t: the tracker
 * @c: client of the shared domain of @t that makes the report
 * @r: the report, without a span
 * @base: @base of the client that names the address, which is the one that allocates
 * @now: time in ns
 * @opts: as for bt_report()
 *
 * As bt_report(), but the address is compared with others of that client only.
 *
 * Context: any but NMI.
 * Return: as bt_report().
 */
int bt_report_own(struct bt_tracker *t, struct bt_client *c,
		  const struct buftrack_report *r, u64 base, u64 now,
		  unsigned int opts)
{
	struct buftrack_report key = *r;
	struct bt_report_ctx ctx = {
		.t = t, .c = c, .r = &key, .base = base, .opts = opts,
	};
	unsigned long flags;
	int verdict;

	key.address += base;
	raw_spin_lock_irqsave(&t->lock, flags);
	verdict = __verdict_report(&ctx, now);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return verdict;
}
EXPORT_SYMBOL_IF_KUNIT(bt_report_own);

/**
 * bt_report_move() - report that a buffer of the shared domain moves to another address
 * @t: the tracker
 * @c: client of the shared domain of @t that reports it
 * @from: key of the present record, whose free is still to be reported
 * @r: the alloc at the new address
 * @now: time in ns
 *
 * As bt_report(), but the new record belongs to the owner of the present one.
 *
 * Context: any but NMI.
 * Return: as bt_report().
 */
int bt_report_move(struct bt_tracker *t, struct bt_client *c,
		   const struct buftrack_report *from,
		   const struct buftrack_report *r, u64 now)
{
	struct bt_report_ctx ctx = { .t = t, .c = c, .r = r };
	unsigned long flags;
	int verdict;

	raw_spin_lock_irqsave(&t->lock, flags);
	ctx.c = __bt_shared_owner(t, from) ?: c;
	/* This report may drop the last record of an owner that has ended */
	__bt_client_get(ctx.c);
	verdict = __verdict_report(&ctx, now);
	if (verdict >= 0 && verdict != BUFTRACK_VERDICT_DISABLED &&
	    verdict != BUFTRACK_VERDICT_UNTRACKED)
		bt_counters_add(t, ctx.c, r->space, BUFTRACK_COUNTER_MOVES, 1);
	__bt_client_put(t, ctx.c);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return verdict;
}
EXPORT_SYMBOL_IF_KUNIT(bt_report_move);

/**
 * bt_lost() - note that reports of a client never arrived
 * @t: the tracker
 * @c: client of @t that has not ended
 * @count: number of reports
 * @now: time in ns
 *
 * Context: any but NMI.
 * Return: 0, or -ENODEV if the tracker was removed.
 */
int bt_lost(struct bt_tracker *t, struct bt_client *c, u64 count, u64 now)
{
	unsigned long flags;
	int err = 0;

	raw_spin_lock_irqsave(&t->lock, flags);
	if (t->removed) {
		err = -ENODEV;
		goto unlock;
	}
	t->stamp = __bt_next_stamp(t, now);
	bt_counters_add(t, c, BT_NO_SPACE, BUFTRACK_COUNTER_LOST_REPORTS, count);
	__bt_domain_note_gap(t, bt_client_domain(t, c), t->stamp);
unlock:
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(bt_lost);
