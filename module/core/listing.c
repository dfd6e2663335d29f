// SPDX-License-Identifier: GPL-2.0
/*
 * Reading what is there: records as of an instant, counters in one piece
 *
 * A listing goes through the domains (the shared one, then the clients' by
 * number), in each through the spaces, in each through the records by (address,
 * id), live and freed ones together, and at last through the log of remaining
 * records. It is of the instant at which it began: what was allocated later is
 * left out, and what was freed later is listed as live. A free does not change a
 * record's place, so that a record of that instant is met exactly once, unless it
 * is dropped before the listing has come to it. Those are counted, and the
 * listing is exact when there were none.
 */
#include <linux/sched.h>
#include "export.h"
#include "index.h"

/* Records, spaces and clients that one lock hold looks at */
#define BT_WALK_CHUNK	128

/* The remaining records are behind all domains */
#define BT_BEHIND_DOMAINS	U64_MAX

static bool was_live(const struct bt_listing *l, const struct bt_record *rec)
{
	return !rec->is_freed || rec->freed.stamp > l->instant;
}

static u32 state_then(const struct bt_listing *l, const struct bt_record *rec)
{
	return was_live(l, rec) ? BUFTRACK_RECORD_STATE_LIVE : BUFTRACK_RECORD_STATE_FREED;
}

/* A private domain ends with its client, while its records are still there */
static bool had_ended(const struct bt_listing *l, const struct bt_client *c)
{
	return !c->shared && c->closed && c->closed <= l->instant;
}

static bool fits_filters(const struct bt_listing *l, const struct bt_record *rec)
{
	return (!l->client || rec->owner->number == l->client) &&
	       (l->space == BUFTRACK_ANY_SPACE || l->space == rec->space);
}

/* Whether a record of a domain is one that the listing is to have */
static bool wants(const struct bt_listing *l, const struct bt_record *rec)
{
	return rec->allocated <= l->instant && !had_ended(l, rec->owner) &&
	       l->states & state_then(l, rec) && fits_filters(l, rec);
}

static u64 domain_number(const struct bt_record *rec)
{
	return rec->owner->shared ? 0 : rec->owner->number;
}

static bool is_ahead(const struct bt_place *at, const struct bt_record *rec)
{
	u64 domain = domain_number(rec);

	if (domain != at->domain)
		return domain > at->domain;
	if (rec->space != at->space)
		return rec->space > at->space;
	return bt_key_cmp(rec, at->address, at->id) >= 0;
}

/**
 * __bt_listings_drop() - a record is about to be dropped
 * @t: the tracker, locked, or @rec in a domain whose client has ended
 * @rec: the record, live or freed
 *
 * The listings that were to have it, and have not come to it yet, miss it.
 */
void __bt_listings_drop(struct bt_tracker *t, const struct bt_record *rec)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(t->listings); i++) {
		struct bt_listing *l = t->listings[i];

		if (l && wants(l, rec) && is_ahead(&l->at, rec))
			l->missed++;
	}
}

/**
 * __bt_listings_gap() - a domain is about to note a gap
 * @t: the tracker, locked
 * @d: the domain, whose @gap is still the one before
 *
 * To the listings that are under way its records are as doubtful as they were.
 */
void __bt_listings_gap(struct bt_tracker *t, struct bt_domain *d)
{
	u32 i;

	lockdep_assert_held(&t->lock);
	for (i = 0; i < ARRAY_SIZE(t->listings); i++)
		if (t->listings[i] && d->gap <= t->listings[i]->instant)
			d->gaps_then[i] = d->gap;
}

/* What a reset had put away, or was about to, is none of the listing's */
static bool remained(const struct bt_listing *l, const struct bt_client *c)
{
	return c->closed <= l->instant && c->closed > l->reset;
}

/* Whether the listing is to have a record that remained of an ended client */
static bool wants_remaining(const struct bt_listing *l,
			    const struct bt_record *rec)
{
	return l->states & BUFTRACK_RECORD_STATE_REMAINING &&
	       remained(l, rec->owner) && fits_filters(l, rec);
}

/**
 * __bt_listings_drop_remaining() - a remaining record is about to be dropped
 * @t: the tracker, locked
 * @rec: the record, of the log or not logged yet
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

		if (l && wants_remaining(l, rec) &&
		    (l->at.domain != BT_BEHIND_DOMAINS ||
		     rec->freed.stamp > l->at.stamp))
			l->missed++;
	}
}

/* The records of one tree of a domain are about to be dropped */
static void drop_tree(struct bt_tracker *t, struct rb_root *root)
{
	struct rb_node *node = rb_first(root);

	while (node) {
		unsigned int left = BT_WALK_CHUNK;
		unsigned long irq;

		raw_spin_lock_irqsave(&t->lock, irq);
		for (; node && left; node = rb_next(node), left--)
			__bt_listings_drop(t, bt_record_of(node));
		raw_spin_unlock_irqrestore(&t->lock, irq);
		cond_resched();
	}
}

/**
 * bt_listings_drop_domain() - the records of a domain are about to be dropped
 * @t: the tracker
 * @d: private domain of a client that has ended
 *
 * Context: may sleep.
 */
void bt_listings_drop_domain(struct bt_tracker *t, struct bt_domain *d)
{
	u32 i;

	/* A listing that begins from here on is younger than the client's end */
	if (!READ_ONCE(t->nr_listings))
		return;
	for (i = 0; i < ARRAY_SIZE(d->spaces); i++) {
		drop_tree(t, &d->spaces[i].live);
		drop_tree(t, &d->spaces[i].freed);
	}
}

static void enlist(struct bt_tracker *t, struct bt_listing *l, u32 slot)
{
	if (t->listings[slot])
		t->listings[slot]->watched = false;
	else
		t->nr_listings++;
	t->listings[slot] = l;
	l->slot = slot;
	l->watched = true;
}

/* A free slot, or that of the listing that has not gone on for longest */
static u32 find_slot(const struct bt_tracker *t)
{
	u32 i, idlest = 0;

	for (i = 0; i < ARRAY_SIZE(t->listings); i++) {
		if (!t->listings[i])
			return i;
		if (t->listings[i]->touched < t->listings[idlest]->touched)
			idlest = i;
	}
	return idlest;
}

static void delist(struct bt_tracker *t, struct bt_listing *l)
{
	if (!l->watched)
		return;
	t->listings[l->slot] = NULL;
	t->nr_listings--;
	l->watched = false;
}

/**
 * bt_listing_begin() - begin a listing
 * @t: the tracker
 * @l: the listing; what it is to have is set
 * @now: time in ns
 *
 * It is of the instant of this call. bt_listing_end() must follow.
 */
void bt_listing_begin(struct bt_tracker *t, struct bt_listing *l, u64 now)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&t->lock, irq);
	t->stamp = max(now, t->stamp + 1);
	l->instant = t->stamp;
	l->reset = t->reset;
	l->at = (struct bt_place) {};
	l->missed = 0;
	l->end = false;
	l->exact = false;
	l->touched = t->stamp;
	enlist(t, l, find_slot(t));
	raw_spin_unlock_irqrestore(&t->lock, irq);
}
EXPORT_SYMBOL_IF_KUNIT(bt_listing_begin);

/**
 * bt_listing_end() - end a listing, wherever it is
 * @t: the tracker
 * @l: the listing
 */
void bt_listing_end(struct bt_tracker *t, struct bt_listing *l)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&t->lock, irq);
	delist(t, l);
	raw_spin_unlock_irqrestore(&t->lock, irq);
}
EXPORT_SYMBOL_IF_KUNIT(bt_listing_end);

static void pass_space(struct bt_place *at)
{
	at->space++;
	at->address = 0;
	at->id = 0;
}

static void pass_domain(struct bt_place *at)
{
	*at = (struct bt_place) { .domain = at->domain + 1 };
}

/* Returns false if there is no key behind this one */
static bool pass_record(struct bt_place *at, const struct bt_record *rec)
{
	at->address = rec->address;
	at->id = rec->id + 1;
	if (!at->id)
		at->address++;
	return at->address || at->id;
}

/* Freed records up to this stamp are of no interest */
static u64 freed_after(const struct bt_listing *l)
{
	return l->states & BUFTRACK_RECORD_STATE_FREED ? 0 : l->instant;
}

static struct bt_record *first_live(const struct bt_listing *l,
				    struct bt_space_index *index)
{
	if (!(l->states & BUFTRACK_RECORD_STATE_LIVE))
		return NULL;
	return bt_index_from(&index->live, l->at.address, l->at.id);
}

static struct bt_record *first_freed(const struct bt_listing *l,
				     struct bt_space_index *index)
{
	return bt_index_from_newer(&index->freed, l->at.address, l->at.id,
				   freed_after(l));
}

static struct bt_record *first_of(struct bt_record *a, struct bt_record *b)
{
	if (!a || !b)
		return a ?: b;
	return bt_key_cmp(a, b->address, b->id) < 0 ? a : b;
}

/* The latest gap of a domain that is not younger than the instant */
static u64 gap_then(const struct bt_listing *l, const struct bt_domain *d)
{
	if (d->gap <= l->instant || !l->watched)
		return d->gap;
	return d->gaps_then[l->slot];
}

static bool was_orphaned(const struct bt_listing *l, const struct bt_client *c)
{
	return c->closed && c->closed <= l->instant;
}

static u32 emitted_state(const struct bt_listing *l, const struct bt_domain *d,
			 const struct bt_record *rec)
{
	u32 state = state_then(l, rec);

	if (state == BUFTRACK_RECORD_STATE_FREED)
		return state;
	if (rec->allocated < gap_then(l, d))
		state |= BUFTRACK_RECORD_STATE_DOUBTFUL;
	if (was_orphaned(l, rec->owner))
		state |= BUFTRACK_RECORD_STATE_ORPHANED;
	return state;
}

/* List the space that the listing is in; false when there is no room left */
static bool list_space(struct bt_listing *l, struct bt_domain *d,
		       unsigned int *left)
{
	struct bt_space_index *index = &d->spaces[l->at.space];
	struct bt_record *live = first_live(l, index);
	struct bt_record *freed = first_freed(l, index);

	for (; *left; --*left) {
		struct bt_record *rec = first_of(live, freed);

		if (rec && wants(l, rec) &&
		    !l->emit(l, rec, emitted_state(l, d, rec)))
			return false;
		if (!rec || !pass_record(&l->at, rec)) {
			pass_space(&l->at);
			break;
		}
		if (rec == live)
			live = bt_record_of(rb_next(&rec->node));
		else
			freed = bt_index_next_newer(rec, freed_after(l));
	}
	return true;
}

static bool skips_space(const struct bt_listing *l)
{
	return l->space != BUFTRACK_ANY_SPACE && l->space != l->at.space;
}

/* A private domain has its own client's records only */
static bool skips_domain(const struct bt_listing *l)
{
	return l->client && l->at.domain && l->at.domain != l->client;
}

/* What is logged from here on is of clients that ended after the instant */
static void pass_domains(const struct bt_tracker *t, struct bt_listing *l)
{
	l->at = (struct bt_place) { .domain = BT_BEHIND_DOMAINS };
	l->until = t->stamp;
}

/*
 * The domain that the listing is in, or the next one there is, or NULL. The
 * records of a client that ended a moment ago are being taken apart without the
 * lock; a listing does not pass it before it knows what it missed there, and
 * before the log has all that remained.
 */
static struct bt_domain *domain_at(struct bt_tracker *t, struct bt_listing *l,
				   unsigned int *left)
{
	struct bt_client *c;

	if (!l->at.domain)
		return t->shared;
	for (c = __bt_client_next(t, l->at.domain); c && *left;
	     c = rb_entry_safe(rb_next(&c->node), struct bt_client, node)) {
		if (c->number > l->at.domain)
			l->at = (struct bt_place) { .domain = c->number };
		if (!c->shared && c->domain) {
			l->busy = c->closed;
			return c->domain;
		}
		pass_domain(&l->at);
		--*left;
	}
	return NULL;
}

static bool list_domains(struct bt_tracker *t, struct bt_listing *l,
			 unsigned int *left)
{
	while (*left && !l->busy) {
		struct bt_domain *d = domain_at(t, l, left);

		if (!d) {
			if (*left)
				pass_domains(t, l);
			return true;
		}
		if (l->busy)
			return true;
		--*left;
		if (l->at.space >= t->nr_spaces || skips_domain(l))
			pass_domain(&l->at);
		else if (skips_space(l))
			pass_space(&l->at);
		else if (!list_space(l, d, left))
			return false;
	}
	return true;
}

static struct bt_record *remaining_after(struct bt_tracker *t, u64 stamp)
{
	struct rb_node *node = t->remaining.rb_root.rb_node;
	struct bt_record *found = NULL;

	while (node) {
		struct bt_record *rec = bt_record_of(node);

		if (rec->freed.stamp > stamp) {
			found = rec;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/* The log of remaining records, which is in the order of their stamps */
static void list_remaining(struct bt_tracker *t, struct bt_listing *l,
			   unsigned int *left)
{
	struct bt_record *rec = remaining_after(t, l->at.stamp);

	if (!(l->states & BUFTRACK_RECORD_STATE_REMAINING))
		rec = NULL;
	for (; rec && *left; rec = bt_record_of(rb_next(&rec->node))) {
		--*left;
		if (rec->freed.stamp > l->until)
			rec = NULL;
		if (!rec)
			break;
		if (wants_remaining(l, rec) &&
		    !l->emit(l, rec, BUFTRACK_RECORD_STATE_REMAINING))
			return;
		l->at.stamp = rec->freed.stamp;
	}
	l->end = !rec;
}

static void step_locked(struct bt_tracker *t, struct bt_listing *l)
{
	unsigned int left = BT_WALK_CHUNK;

	l->busy = false;
	l->touched = t->stamp;
	/* Live and freed records ended with the device; what remained is history */
	if (t->removed && l->at.domain != BT_BEHIND_DOMAINS) {
		pass_domains(t, l);
		delist(t, l);
	}
	if (l->end || (l->at.domain != BT_BEHIND_DOMAINS &&
		       !list_domains(t, l, &left)))
		return;
	if (l->at.domain == BT_BEHIND_DOMAINS && left)
		list_remaining(t, l, &left);
	if (l->end)
		l->exact = l->watched && !l->missed;
}

/**
 * bt_listing_step() - go on with a listing
 * @t: the tracker
 * @l: the listing
 *
 * Looks at a bounded number of records under the lock. At its end, @l->end is
 * set, and @l->exact tells whether it is exact. @l->busy is set where it has to
 * wait for a client that is being ended; call again a little later.
 */
void bt_listing_step(struct bt_tracker *t, struct bt_listing *l)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&t->lock, irq);
	step_locked(t, l);
	raw_spin_unlock_irqrestore(&t->lock, irq);
}
EXPORT_SYMBOL_IF_KUNIT(bt_listing_step);

static const struct bt_counters *scope_counters(struct bt_tracker *t, u32 scope,
						u64 number)
{
	struct bt_client *c;

	switch (scope) {
	case BUFTRACK_SCOPE_DEVICE:
		return number ? NULL : &t->total;
	case BUFTRACK_SCOPE_SPACE:
		return number < t->nr_spaces ? &t->spaces[number] : NULL;
	default:
		c = __bt_client_next(t, number);
		return c && c->number == number ? &c->counters : NULL;
	}
}

/**
 * bt_read_counters() - read the counters of one scope, all of one instant
 * @t: the tracker
 * @scope: enum buftrack_scope
 * @number: which space or client
 * @out: where to
 *
 * Return: 0, or -ENOENT if there is no such space or client.
 */
int bt_read_counters(struct bt_tracker *t, u32 scope, u64 number,
		     struct bt_counters *out)
{
	const struct bt_counters *from;
	unsigned long irq;

	raw_spin_lock_irqsave(&t->lock, irq);
	from = scope_counters(t, scope, number);
	if (from)
		*out = *from;
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return from ? 0 : -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(bt_read_counters);
