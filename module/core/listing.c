// SPDX-License-Identifier: GPL-2.0
/*
 * Listings: the records of one instant, in bounded steps
 *
 * A listing walks the shared domain, then the private domains by the number of their
 * client; in each the spaces; in each the live and freed records together, by (address,
 * id); and at last the log of remaining records. tracker.h explains why it visits each
 * record of its instant once, or counts it as missed.
 */
#include <linux/sched.h>
#include "index.h"
#include "internal.h"

/* Records, spaces and clients that are visited under one lock hold */
#define BT_LISTING_CHUNK	128

/* Position of the remaining records, past all domains */
#define BT_PAST_DOMAINS	U64_MAX

static bool listing_was_live(const struct bt_listing *l, const struct bt_record *rec)
{
	return !rec->is_freed || rec->freed.stamp > l->instant;
}

static u32 listing_state_then(const struct bt_listing *l, const struct bt_record *rec)
{
	return listing_was_live(l, rec) ? BUFTRACK_RECORD_STATE_LIVE : BUFTRACK_RECORD_STATE_FREED;
}

/* A private domain ends with its client, even if its records still exist */
static bool listing_had_ended(const struct bt_listing *l, const struct bt_client *c)
{
	return !c->shared && c->closed && c->closed <= l->instant;
}

static bool listing_fits_filters(const struct bt_listing *l, const struct bt_record *rec)
{
	return (!l->client || rec->owner->number == l->client) &&
	       (l->space == BUFTRACK_ANY_SPACE || l->space == rec->space);
}

/* Does the listing include this record of a domain? */
static bool listing_wants(const struct bt_listing *l, const struct bt_record *rec)
{
	return rec->allocated <= l->instant && !listing_had_ended(l, rec->owner) &&
	       l->states & listing_state_then(l, rec) && listing_fits_filters(l, rec);
}

static u64 listing_domain_number(const struct bt_record *rec)
{
	return rec->owner->shared ? 0 : rec->owner->number;
}

static bool listing_is_ahead(const struct bt_listing_pos *at, const struct bt_record *rec)
{
	u64 domain = listing_domain_number(rec);

	if (domain != at->domain)
		return domain > at->domain;
	if (rec->space != at->space)
		return rec->space > at->space;
	return bt_key_cmp(rec, at->address, at->id) >= 0;
}

/**
 * __bt_listings_drop() - notify the listings that a record is about to be dropped
 * @t: the tracker, locked
 * @rec: the record, live or freed
 *
 * A listing misses the record if it includes it and has not reached it yet.
 */
void __bt_listings_drop(struct bt_tracker *t, const struct bt_record *rec)
{
	u32 i;

	lockdep_assert_held(&t->lock);
	for (i = 0; i < ARRAY_SIZE(t->listings); i++) {
		struct bt_listing *l = t->listings[i];

		if (l && listing_wants(l, rec) && listing_is_ahead(&l->at, rec))
			l->missed++;
	}
}

/**
 * __bt_listings_gap() - preserve a domain's gap for the listings in progress
 * @t: the tracker, locked
 * @d: the domain, before it notes a new gap
 *
 * They still show which records were doubtful at their instant.
 */
void __bt_listings_gap(struct bt_tracker *t, struct bt_domain *d)
{
	u32 i;

	lockdep_assert_held(&t->lock);
	for (i = 0; i < ARRAY_SIZE(t->listings); i++)
		if (t->listings[i] && d->gap <= t->listings[i]->instant)
			d->listing_gaps[i] = d->gap;
}

/* Did the client end by the instant, and after the latest reset before that? */
static bool listing_remained(const struct bt_listing *l, const struct bt_client *c)
{
	return c->closed <= l->instant && c->closed > l->reset;
}

/* Does the listing include this remaining record of an ended client? */
static bool listing_wants_remaining(const struct bt_listing *l,
				    const struct bt_record *rec)
{
	return l->states & BUFTRACK_RECORD_STATE_REMAINING &&
	       listing_remained(l, rec->owner) && listing_fits_filters(l, rec);
}

/**
 * __bt_listings_drop_remaining() - notify the listings that a remaining record is
 *				    about to be dropped
 * @t: the tracker, locked
 * @rec: the record, logged or not
 *
 * As __bt_listings_drop().
 */
void __bt_listings_drop_remaining(struct bt_tracker *t,
				  const struct bt_record *rec)
{
	u32 i;

	lockdep_assert_held(&t->lock);
	for (i = 0; i < ARRAY_SIZE(t->listings); i++) {
		struct bt_listing *l = t->listings[i];

		if (l && listing_wants_remaining(l, rec) &&
		    (l->at.domain != BT_PAST_DOMAINS ||
		     rec->freed.stamp > l->at.stamp))
			l->missed++;
	}
}

static void listing_drop_tree(struct bt_tracker *t, struct rb_root *root)
{
	struct rb_node *node = rb_first(root);

	while (node) {
		unsigned int left = BT_LISTING_CHUNK;
		unsigned long flags;

		raw_spin_lock_irqsave(&t->lock, flags);
		for (; node && left; node = rb_next(node), left--)
			__bt_listings_drop(t, bt_record_of(node));
		raw_spin_unlock_irqrestore(&t->lock, flags);
		cond_resched();
	}
}

/**
 * bt_listings_drop_domain() - notify the listings that a domain is about to be
 *			       destroyed
 * @t: the tracker
 * @d: private domain of a client that has ended
 *
 * Context: may sleep.
 */
void bt_listings_drop_domain(struct bt_tracker *t, struct bt_domain *d)
{
	u32 i;

	/* A listing that begins after this test shows an instant after the client's end */
	if (!READ_ONCE(t->nr_listings))
		return;
	for (i = 0; i < ARRAY_SIZE(d->spaces); i++) {
		listing_drop_tree(t, &d->spaces[i].live);
		listing_drop_tree(t, &d->spaces[i].freed);
	}
}

/* Let a listing count dropped records; it replaces the listing in its slot */
static void __listing_watch(struct bt_tracker *t, struct bt_listing *l, u32 slot)
{
	lockdep_assert_held(&t->lock);
	if (t->listings[slot])
		t->listings[slot]->watched = false;
	else
		t->nr_listings++;
	t->listings[slot] = l;
	l->slot = slot;
	l->watched = true;
}

/* A free slot, or the slot of the listing whose latest step is oldest */
static u32 __listing_find_slot(const struct bt_tracker *t)
{
	u32 i, idlest = 0;

	lockdep_assert_held(&t->lock);
	for (i = 0; i < ARRAY_SIZE(t->listings); i++) {
		if (!t->listings[i])
			return i;
		if (t->listings[i]->touched < t->listings[idlest]->touched)
			idlest = i;
	}
	return idlest;
}

static void __listing_unwatch(struct bt_tracker *t, struct bt_listing *l)
{
	lockdep_assert_held(&t->lock);
	if (!l->watched)
		return;
	t->listings[l->slot] = NULL;
	t->nr_listings--;
	l->watched = false;
}

/**
 * bt_listing_begin() - begin a listing
 * @t: the tracker
 * @l: the listing, with its filters and @emit set
 * @now: time in ns
 *
 * The listing shows the instant of this call. Call bt_listing_end() when done.
 */
void bt_listing_begin(struct bt_tracker *t, struct bt_listing *l, u64 now)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	t->stamp = __bt_next_stamp(t, now);
	l->instant = t->stamp;
	l->reset = t->reset;
	l->at = (struct bt_listing_pos) {};
	l->missed = 0;
	l->end = false;
	l->exact = false;
	l->touched = t->stamp;
	__listing_watch(t, l, __listing_find_slot(t));
	raw_spin_unlock_irqrestore(&t->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(bt_listing_begin);

/**
 * bt_listing_end() - end a listing, at any position
 * @t: the tracker
 * @l: the listing
 */
void bt_listing_end(struct bt_tracker *t, struct bt_listing *l)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	__listing_unwatch(t, l);
	raw_spin_unlock_irqrestore(&t->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(bt_listing_end);

static void listing_pass_space(struct bt_listing_pos *at)
{
	at->space++;
	at->address = 0;
	at->id = 0;
}

static void listing_pass_domain(struct bt_listing_pos *at)
{
	*at = (struct bt_listing_pos) { .domain = at->domain + 1 };
}

/* Returns false if no key follows this one */
static bool listing_pass_record(struct bt_listing_pos *at, const struct bt_record *rec)
{
	at->address = rec->address;
	at->id = rec->id + 1;
	if (!at->id)
		at->address++;
	return at->address || at->id;
}

/* Freed records up to this stamp are not listed */
static u64 listing_freed_after(const struct bt_listing *l)
{
	return l->states & BUFTRACK_RECORD_STATE_FREED ? 0 : l->instant;
}

static struct bt_record *listing_first_live(const struct bt_listing *l,
					    struct bt_space_index *index)
{
	if (!(l->states & BUFTRACK_RECORD_STATE_LIVE))
		return NULL;
	return bt_index_from(&index->live, l->at.address, l->at.id);
}

static struct bt_record *listing_first_freed(const struct bt_listing *l,
					     struct bt_space_index *index)
{
	return bt_index_from_newer(&index->freed, l->at.address, l->at.id,
				   listing_freed_after(l));
}

static struct bt_record *listing_first_of(struct bt_record *a, struct bt_record *b)
{
	if (!a || !b)
		return a ?: b;
	return bt_key_cmp(a, b->address, b->id) < 0 ? a : b;
}

/* The latest gap of a domain at the instant */
static u64 listing_gap_then(const struct bt_listing *l, const struct bt_domain *d)
{
	if (d->gap <= l->instant || !l->watched)
		return d->gap;
	return d->listing_gaps[l->slot];
}

static bool listing_was_orphaned(const struct bt_listing *l, const struct bt_client *c)
{
	return c->closed && c->closed <= l->instant;
}

static u32 listing_emitted_state(const struct bt_listing *l, const struct bt_domain *d,
				 const struct bt_record *rec)
{
	u32 state = listing_state_then(l, rec);

	if (state == BUFTRACK_RECORD_STATE_FREED)
		return state;
	if (rec->allocated < listing_gap_then(l, d))
		state |= BUFTRACK_RECORD_STATE_DOUBTFUL;
	if (listing_was_orphaned(l, rec->owner))
		state |= BUFTRACK_RECORD_STATE_ORPHANED;
	return state;
}

/* List the records of the present space; false when @emit stopped the step */
static bool listing_step_space(struct bt_listing *l, struct bt_domain *d,
			       unsigned int *left)
{
	struct bt_space_index *index = &d->spaces[l->at.space];
	struct bt_record *live = listing_first_live(l, index);
	struct bt_record *freed = listing_first_freed(l, index);

	for (; *left; --*left) {
		struct bt_record *rec = listing_first_of(live, freed);

		if (rec && listing_wants(l, rec) &&
		    !l->emit(l, rec, listing_emitted_state(l, d, rec)))
			return false;
		if (!rec || !listing_pass_record(&l->at, rec)) {
			listing_pass_space(&l->at);
			break;
		}
		if (rec == live)
			live = bt_record_of(rb_next(&rec->node));
		else
			freed = bt_index_next_newer(rec, listing_freed_after(l));
	}
	return true;
}

static bool listing_skips_space(const struct bt_listing *l)
{
	return l->space != BUFTRACK_ANY_SPACE && l->space != l->at.space;
}

/* A private domain contains records of its own client only */
static bool listing_skips_domain(const struct bt_listing *l)
{
	return l->client && l->at.domain && l->at.domain != l->client;
}

/* From here on, only clients that ended after the instant add to the log */
static void listing_pass_domains(const struct bt_tracker *t, struct bt_listing *l)
{
	l->at = (struct bt_listing_pos) { .domain = BT_PAST_DOMAINS };
	l->until = t->stamp;
}

/*
 * The present domain or the next one that exists, or NULL. The domain of a client that
 * just ended is being taken apart without the lock. The listing waits (@busy) until it
 * knows which records it missed there and the log contains the rest.
 */
static struct bt_domain *__listing_domain_at(struct bt_tracker *t,
					     struct bt_listing *l,
				   unsigned int *left)
{
	struct bt_client *c;

	lockdep_assert_held(&t->lock);
	if (!l->at.domain)
		return t->shared;
	for (c = __bt_client_next(t, l->at.domain); c && *left;
	     c = rb_entry_safe(rb_next(&c->node), struct bt_client, node)) {
		if (c->number > l->at.domain)
			l->at = (struct bt_listing_pos) { .domain = c->number };
		if (!c->shared && c->domain) {
			l->busy = c->closed;
			return c->domain;
		}
		listing_pass_domain(&l->at);
		--*left;
	}
	return NULL;
}

static bool __listing_step_domains(struct bt_tracker *t, struct bt_listing *l,
				   unsigned int *left)
{
	lockdep_assert_held(&t->lock);
	while (*left && !l->busy) {
		struct bt_domain *d = __listing_domain_at(t, l, left);

		if (!d) {
			if (*left)
				listing_pass_domains(t, l);
			return true;
		}
		if (l->busy)
			return true;
		--*left;
		if (l->at.space >= t->nr_spaces || listing_skips_domain(l))
			listing_pass_domain(&l->at);
		else if (listing_skips_space(l))
			listing_pass_space(&l->at);
		else if (!listing_step_space(l, d, left))
			return false;
	}
	return true;
}

/* Every record logged after the stamp matches; rb_find_first() returns the first */
static int listing_match_after(const void *stamp, const struct rb_node *node)
{
	return rb_entry(node, struct bt_record, node)->freed.stamp <=
	       *(const u64 *)stamp;
}

/* List the log of remaining records, by the stamps at which they were logged */
static void __listing_step_remaining(struct bt_tracker *t, struct bt_listing *l,
				     unsigned int *left)
{
	struct rb_node *node = rb_find_first(&l->at.stamp, &t->remaining.rb_root,
					     listing_match_after);
	struct bt_record *rec = bt_record_of(node);

	lockdep_assert_held(&t->lock);
	if (!(l->states & BUFTRACK_RECORD_STATE_REMAINING))
		rec = NULL;
	for (; rec && *left; rec = bt_record_of(rb_next(&rec->node))) {
		--*left;
		if (rec->freed.stamp > l->until)
			rec = NULL;
		if (!rec)
			break;
		if (listing_wants_remaining(l, rec) &&
		    !l->emit(l, rec, BUFTRACK_RECORD_STATE_REMAINING))
			return;
		l->at.stamp = rec->freed.stamp;
	}
	l->end = !rec;
}

static void __listing_step(struct bt_tracker *t, struct bt_listing *l)
{
	unsigned int left = BT_LISTING_CHUNK;

	lockdep_assert_held(&t->lock);
	l->busy = false;
	l->touched = t->stamp;
	/* Live and freed records ended with the device; remaining ones are history */
	if (t->removed && l->at.domain != BT_PAST_DOMAINS) {
		listing_pass_domains(t, l);
		__listing_unwatch(t, l);
	}
	if (l->end || (l->at.domain != BT_PAST_DOMAINS &&
		       !__listing_step_domains(t, l, &left)))
		return;
	if (l->at.domain == BT_PAST_DOMAINS && left)
		__listing_step_remaining(t, l, &left);
	if (l->end)
		l->exact = l->watched && !l->missed;
}

/**
 * bt_listing_step() - continue a listing
 * @t: the tracker
 * @l: the listing
 *
 * Visits a bounded number of records under the lock. At the end it sets @l->end, and
 * @l->exact if the listing is exact. It sets @l->busy if it has to wait for a client
 * that is being reaped; call it again a little later.
 */
void bt_listing_step(struct bt_tracker *t, struct bt_listing *l)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	__listing_step(t, l);
	raw_spin_unlock_irqrestore(&t->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(bt_listing_step);
