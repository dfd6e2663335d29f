// SPDX-License-Identifier: GPL-2.0
/* The model: the verdict on each report */
#include <linux/slab.h>
#include "model.h"

static const enum buftrack_counter counter_of[BUFTRACK_NR_VERDICTS] = {
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

/**
 * model_doubtful() - test whether the free of a live record may have been missed
 * @d: its domain
 * @rec: the record
 *
 * Return: true if it may.
 */
bool model_doubtful(const struct model_domain *d, const struct model_record *rec)
{
	return rec->allocated < d->gap;
}

static bool starts_at(const struct model_record *rec,
		      const struct buftrack_report *r)
{
	return rec->space == r->space && rec->address == r->address;
}

static bool has_key(const struct model_record *rec,
		    const struct buftrack_report *r)
{
	return starts_at(rec, r) && rec->id == r->id;
}

static bool spans(const struct model_record *rec, u32 space, u64 address)
{
	return rec->space == space && address >= rec->address &&
	       address - rec->address < rec->span;
}

static bool overlaps(const struct model_record *rec, const struct buftrack_report *r)
{
	if (!r->span || !rec->span)
		return false;
	return spans(rec, r->space, r->address) ||
	       (rec->space == r->space && rec->address >= r->address &&
		rec->address - r->address < r->span);
}

static struct model_record *find(struct model_domain *d,
				 const struct buftrack_report *r)
{
	struct model_record *rec;

	list_for_each_entry(rec, &d->records, node)
		if (has_key(rec, r))
			return rec;
	return NULL;
}

/* Is this a live record with another key that overlaps the alloc? */
static bool overlaps_other(const struct model_record *rec,
			   const struct buftrack_report *r)
{
	return !rec->freed && !has_key(rec, r) && overlaps(rec, r);
}

static void forget(struct model_record *rec)
{
	list_del(&rec->node);
	kfree(rec);
}

static void supersede(struct model *m, struct model_record *rec)
{
	model_count(m, rec->owner, rec->space, BUFTRACK_COUNTER_SUPERSEDED, 1);
	forget(rec);
}

static void evict_oldest(struct model *m, struct model_domain *d)
{
	struct model_record *rec, *oldest = NULL;

	list_for_each_entry(rec, &d->records, node)
		if (rec->freed && (!oldest || rec->freed < oldest->freed))
			oldest = rec;
	model_count(m, oldest->owner, oldest->space, BUFTRACK_COUNTER_EVICTED_RECORDS, 1);
	forget(oldest);
	d->has_evicted = true;
}

static void evict_over_bound(struct model *m, struct model_domain *d)
{
	unsigned int n;

	for (n = 0; n < MODEL_EVICTIONS; n++)
		if (model_nr_freed(d) > m->limits.max_freed)
			evict_oldest(m, d);
}

/* Number of overlapping records with a lower (address, id) */
static unsigned int rank_of(struct model_domain *d,
			    const struct model_record *rec,
			    const struct buftrack_report *r)
{
	struct model_record *other;
	unsigned int rank = 0;

	list_for_each_entry(other, &d->records, node)
		if (overlaps_other(other, r) &&
		    (other->address < rec->address ||
		     (other->address == rec->address && other->id < rec->id)))
			rank++;
	return rank;
}

/* The lowest overlapping record by (address, id) */
static struct model_record *first_overlap(struct model_domain *d,
					  const struct buftrack_report *r)
{
	struct model_record *rec;

	list_for_each_entry(rec, &d->records, node)
		if (overlaps_other(rec, r) && !rank_of(d, rec, r))
			return rec;
	return NULL;
}

static unsigned int count_overlaps(struct model_domain *d,
				   const struct buftrack_report *r)
{
	struct model_record *rec;
	unsigned int nr = 0;

	list_for_each_entry(rec, &d->records, node)
		nr += overlaps_other(rec, r);
	return nr;
}

/*
 * ALLOC 2: mark all records before ending any, since each ended record shifts the
 * ranks
 */
static void supersede_doubtful(struct model *m, struct model_domain *d,
			       const struct buftrack_report *r)
{
	bool crowd = count_overlaps(d, r) > MODEL_EXAMINED;
	struct model_record *rec, *next;

	list_for_each_entry(rec, &d->records, node) {
		if (rec->freed || !model_doubtful(d, rec))
			continue;
		rec->marked = has_key(rec, r) ||
			      (overlaps(rec, r) &&
			       (!crowd || rank_of(d, rec, r) < MODEL_EXAMINED));
	}
	list_for_each_entry_safe(rec, next, &d->records, node)
		if (rec->marked)
			supersede(m, rec);
}

static bool exceeds(const struct bt_counters *scope, u64 replaced, u64 size)
{
	u64 bytes = scope->v[BUFTRACK_COUNTER_LIVE_BYTES] +
		    scope->v[BUFTRACK_COUNTER_REMAINING_BYTES] - replaced;

	return bytes + size < bytes;
}

static bool bytes_overflow(struct model *m, const struct model_record *same,
			   const struct buftrack_report *r)
{
	u64 replaced = same && !same->freed ? same->size : 0;

	if (exceeds(&m->spaces[r->space], replaced, r->size))
		return true;
	return !m->apertures[r->space] &&
	       exceeds(&m->total, same && same->aperture ? 0 : replaced, r->size);
}

/* The bounds of a private domain, and of its user's records in all domains */
static bool client_has_room(struct model *m, struct model_client *c)
{
	if (c->shared)
		return true;
	return list_count_nodes(&c->own.records) < m->limits.max_client_records &&
	       (!c->user || model_user_records(m, c->user) < c->user->max);
}

/* ALLOC 3: make room for one more record */
static bool has_room(struct model *m, struct model_client *c)
{
	struct model_domain *d = model_domain_of(m, c);

	if (model_nr_records(m) < m->limits.max_records &&
	    model_memory_used(m) < m->memory && client_has_room(m, c))
		return true;
	if (!model_nr_freed(d))
		return false;
	evict_oldest(m, d);
	return true;
}

static struct model_record *new_record(struct model *m, struct model_client *c,
				       const struct buftrack_report *r,
				       u64 stamp)
{
	struct model_record *rec = kzalloc(sizeof(*rec), GFP_KERNEL);

	if (!rec)
		return NULL;
	rec->space = r->space;
	rec->aperture = m->apertures[r->space];
	rec->address = r->address;
	rec->id = r->id;
	rec->size = r->size;
	rec->span = r->span;
	rec->site = r->site;
	rec->allocated = stamp;
	rec->owner = c;
	return rec;
}

static int alloc_tracked(struct model *m, struct model_client *c,
			 const struct buftrack_report *r, u64 stamp)
{
	struct model_domain *d = model_domain_of(m, c);
	struct model_record *rec, *same, *overlapping;
	int verdict = BUFTRACK_VERDICT_OK;

	supersede_doubtful(m, d, r);
	model_recount(m);
	same = find(d, r);
	if (bytes_overflow(m, same, r) || (!same && !has_room(m, c))) {
		d->gap = stamp;
		return BUFTRACK_VERDICT_UNTRACKED;
	}
	overlapping = first_overlap(d, r);
	if (same && !same->freed)
		verdict = model_record_event(m, c, r, stamp, BUFTRACK_VERDICT_DOUBLE_ALLOC,
					     same, NULL);
	else if (overlapping)
		verdict = model_record_event(m, c, r, stamp, BUFTRACK_VERDICT_OVERLAP, NULL,
					     overlapping);
	if (verdict == BUFTRACK_VERDICT_DOUBLE_ALLOC)
		supersede(m, same);
	else if (same)
		forget(same);
	rec = new_record(m, c, r, stamp);
	if (!rec)
		return -ENOMEM;
	list_add_tail(&rec->node, &d->records);
	model_count(m, c, r->space, BUFTRACK_COUNTER_ALLOCS, 1);
	return verdict;
}

/* Without an id: the live record allocated last, else the freed one freed last */
static struct model_record *target_by_address(struct model_domain *d,
					      const struct buftrack_report *r)
{
	struct model_record *rec, *live = NULL, *freed = NULL;

	list_for_each_entry(rec, &d->records, node) {
		if (!starts_at(rec, r))
			continue;
		if (rec->freed && (!freed || rec->freed > freed->freed))
			freed = rec;
		if (!rec->freed && (!live || rec->allocated > live->allocated))
			live = rec;
	}
	return live ?: freed;
}

/* FREE 3 */
static int free_live(struct model *m, struct model_client *c,
		     struct model_record *rec, const struct buftrack_report *r,
		     u64 stamp)
{
	struct model_domain *d = model_domain_of(m, c);
	int verdict = BUFTRACK_VERDICT_OK;

	if (model_doubtful(d, rec))
		verdict = BUFTRACK_VERDICT_OK;
	else if (rec->owner != c && !rec->owner->ended)
		verdict = BUFTRACK_VERDICT_FOREIGN_FREE;
	else if (r->size && r->size != rec->size)
		verdict = BUFTRACK_VERDICT_SIZE_MISMATCH;
	if (verdict != BUFTRACK_VERDICT_OK)
		model_record_event(m, c, r, stamp, verdict, rec, NULL);
	rec->freed = stamp;
	rec->freed_site = r->site;
	rec->by = c;
	model_count(m, rec->owner, rec->space, BUFTRACK_COUNTER_FREES, 1);
	evict_over_bound(m, d);
	return verdict;
}

/* The lowest record, not doubtful, that spans the address */
static struct model_record *spanning(struct model_domain *d,
				     const struct buftrack_report *r)
{
	struct model_record *rec, *lowest = NULL;

	list_for_each_entry(rec, &d->records, node) {
		if (rec->freed || model_doubtful(d, rec) || starts_at(rec, r) ||
		    !spans(rec, r->space, r->address))
			continue;
		if (!lowest || rec->address < lowest->address ||
		    (rec->address == lowest->address && rec->id < lowest->id))
			lowest = rec;
	}
	return lowest;
}

/* The record that another free would have hit: at the address, or spanning it */
static struct model_record *would_be_hit(struct model_domain *d,
					 const struct buftrack_report *r)
{
	struct model_record *rec, *latest = NULL;

	list_for_each_entry(rec, &d->records, node)
		if (!rec->freed && !model_doubtful(d, rec) && starts_at(rec, r) &&
		    (!latest || rec->allocated > latest->allocated))
			latest = rec;
	return latest ?: spanning(d, r);
}

/* FREE 4 and 5 */
static int free_again(struct model *m, struct model_client *c,
		      struct model_record *target,
		      const struct buftrack_report *r, u64 stamp)
{
	struct model_domain *d = model_domain_of(m, c);
	struct model_record *hit;

	if (d->gap > target->freed)
		return model_record_event(m, c, r, stamp, BUFTRACK_VERDICT_UNKNOWN_GAP, target,
				   NULL);
	target->repeats++;
	hit = would_be_hit(d, r);
	return model_record_event(m, c, r, stamp, hit ? BUFTRACK_VERDICT_STALE_FREE :
			   BUFTRACK_VERDICT_DOUBLE_FREE, target, hit);
}

/* FREE 7: the first reason that holds for an unknown target */
static int reason_of(const struct model_client *c, const struct model_domain *d,
		     const struct buftrack_report *r, bool is_other)
{
	if (r->id && r->id < c->first_id)
		return BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH;
	if (d->gap)
		return BUFTRACK_VERDICT_UNKNOWN_GAP;
	if (d->has_evicted)
		return BUFTRACK_VERDICT_UNKNOWN_EVICTED;
	if (is_other)
		return BUFTRACK_VERDICT_UNKNOWN_OTHER_ID;
	return c->late ? BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH : BUFTRACK_VERDICT_UNKNOWN_NEVER;
}

/* FREE 6 and 7 */
static int free_unknown(struct model *m, struct model_client *c,
			const struct buftrack_report *r, u64 stamp)
{
	struct model_domain *d = model_domain_of(m, c);
	struct model_record *hit = spanning(d, r);

	if (hit)
		return model_record_event(m, c, r, stamp, BUFTRACK_VERDICT_INVALID_FREE, NULL,
				   hit);
	hit = target_by_address(d, r);
	return model_record_event(m, c, r, stamp, reason_of(c, d, r, hit), NULL, hit);
}

static int free_tracked(struct model *m, struct model_client *c,
			const struct buftrack_report *r, u64 stamp)
{
	struct model_domain *d = model_domain_of(m, c);
	struct model_record *target = r->id ? find(d, r) :
					      target_by_address(d, r);

	if (!target)
		return free_unknown(m, c, r, stamp);
	if (target->freed)
		return free_again(m, c, target, r, stamp);
	if (r->flags & BUFTRACK_REPORT_REFUSED)
		return model_record_event(m, c, r, stamp, BUFTRACK_VERDICT_REFUSED_FREE, target,
				   NULL);
	return free_live(m, c, target, r, stamp);
}

/* USE */
static int use_tracked(struct model *m, struct model_client *c,
		       const struct buftrack_report *r, u64 stamp)
{
	struct model_domain *d = model_domain_of(m, c);
	struct model_record *target = r->id ? find(d, r) : NULL;

	if (!target || !target->freed || d->gap > target->freed)
		return BUFTRACK_VERDICT_OK;
	return model_record_event(m, c, r, stamp, BUFTRACK_VERDICT_USE_AFTER_FREE,
				  target, would_be_hit(d, r));
}

static int judge_disabled(struct model_domain *d, const struct buftrack_report *r,
			  u64 stamp)
{
	if (r->op != BUFTRACK_OP_USE)
		d->gap = stamp;
	return BUFTRACK_VERDICT_DISABLED;
}

static int judge(struct model *m, struct model_client *c,
		 const struct buftrack_report *r, u64 stamp)
{
	if (!m->enabled)
		return judge_disabled(model_domain_of(m, c), r, stamp);
	if (r->op == BUFTRACK_OP_USE)
		return use_tracked(m, c, r, stamp);
	return r->op == BUFTRACK_OP_ALLOC ? alloc_tracked(m, c, r, stamp) :
					 free_tracked(m, c, r, stamp);
}

/**
 * model_report() - judge a report
 * @m: the model
 * @c: client that makes it
 * @r: the report
 * @stamp: its stamp, later than all before
 *
 * Return: the verdict, or an errno after which nothing has changed.
 */
int model_report(struct model *m, struct model_client *c,
		 const struct buftrack_report *r, u64 stamp)
{
	int verdict;

	if (m->removed)
		return -ENODEV;
	if (r->space >= m->nr_spaces)
		return -ENOENT;
	m->clock = stamp;
	verdict = judge(m, c, r, stamp);
	if (verdict > BUFTRACK_VERDICT_OK)
		model_count(m, c, r->space, counter_of[verdict], 1);
	model_recount(m);
	return verdict;
}

/**
 * model_move() - judge an alloc at the new address of a buffer that moves
 * @m: the model
 * @c: client of the shared domain that reports it
 * @from: key of the present record
 * @r: the alloc
 * @stamp: its stamp
 *
 * The owner of the present record makes the report, if there is such a live record.
 *
 * Return: as model_report().
 */
int model_move(struct model *m, struct model_client *c,
	       const struct buftrack_report *from, const struct buftrack_report *r,
	       u64 stamp)
{
	struct model_record *present = find(&m->shared, from);
	struct model_client *owner = present && !present->freed ? present->owner : c;
	int verdict = model_report(m, owner, r, stamp);

	if (verdict >= 0 && verdict != BUFTRACK_VERDICT_DISABLED &&
	    verdict != BUFTRACK_VERDICT_UNTRACKED)
		model_count(m, owner, r->space, BUFTRACK_COUNTER_MOVES, 1);
	return verdict;
}

/**
 * model_lost() - note that reports of a client never arrived
 * @m: the model
 * @c: the client
 * @count: number of reports
 */
void model_lost(struct model *m, struct model_client *c, u64 count)
{
	model_domain_of(m, c)->gap = ++m->clock;
	model_count(m, c, BT_NO_SPACE, BUFTRACK_COUNTER_LOST_REPORTS, count);
}
