// SPDX-License-Identifier: GPL-2.0
/* Random sequences: listings in progress against the model at their instants */
#include "random.h"

/* Bound on the records of one step */
#define STRIDE		6

/* A record as it was at the instant of a listing */
struct expected {
	struct seen seen;
	bool is_listed;
};

static bool is_wanted(const struct bt_listing *l, const struct expected *e)
{
	return (!l->client || l->client == e->seen.owner) &&
	       (l->space == BUFTRACK_ANY_SPACE || l->space == e->seen.space) &&
	       l->states & e->seen.state;
}

static void set_end(struct seen *seen, const struct model_record *rec)
{
	seen->ended = rec->freed;
	seen->ended_site = rec->freed_site;
	seen->repeats = rec->repeats;
	seen->by = rec->by->number;
}

static void expect_record(struct match *m, struct watch *w,
			  const struct model_record *rec, u32 state)
{
	struct expected *e = &w->expected[w->nr];

	*e = (struct expected) {
		.seen = {
			.owner = rec->owner->number,
			.state = state,
			.space = rec->space,
			.address = rec->address,
			.id = rec->id,
			.size = rec->size,
			.span = rec->span,
			.allocated = rec->allocated,
			.site = rec->site,
		},
	};
	if (state == BUFTRACK_RECORD_STATE_FREED)
		set_end(&e->seen, rec);
	if (is_wanted(&w->l->l, e))
		w->nr++;
	KUNIT_ASSERT_LT(m->test, w->nr, WATCH_ROOM);
}

/* Are the records of this ended client still to be logged? */
static bool is_in_between(const struct model_client *c)
{
	return !c->shared && c->ended && !c->reaped && !c->past;
}

static void expect_domain(struct match *m, struct watch *w,
			  struct list_head *records)
{
	struct model_record *rec;

	list_for_each_entry(rec, records, node)
		expect_record(m, w, rec, model_state(&m->m, rec));
}

static void expect_remaining(struct match *m, struct watch *w,
			     struct list_head *records)
{
	struct model_record *rec;

	list_for_each_entry(rec, records, node)
		if (!rec->freed)
			expect_record(m, w, rec, BUFTRACK_RECORD_STATE_REMAINING);
}

static void expect_all(struct match *m, struct watch *w)
{
	struct model_client *c;

	w->nr = 0;
	expect_domain(m, w, &m->m.shared.records);
	expect_remaining(m, w, &m->m.remaining);
	list_for_each_entry(c, &m->m.clients, node) {
		if (!c->ended)
			expect_domain(m, w, &c->own.records);
		else if (is_in_between(c))
			expect_remaining(m, w, &c->own.records);
	}
}

static void set_filters(struct match *m, struct bt_listing *l)
{
	l->client = match_chance(m, 1, 4) ?
		    1 + match_random(m, m->m.last_client + 1) : 0;
	l->space = match_chance(m, 1, 4) ? match_random(m, m->m.nr_spaces) :
					   BUFTRACK_ANY_SPACE;
	l->states = match_chance(m, 1, 3) ? 1 + match_random(m, ALL_STATES) :
					    ALL_STATES;
}

static void begin(struct match *m, struct watch *w)
{
	set_filters(m, &w->l->l);
	w->is_cut = false;
	listing_begin(m->test, w->l);
	expect_all(m, w);
}

static bool is_same(const struct expected *e, const struct seen *seen)
{
	return e->seen.owner == seen->owner && e->seen.space == seen->space &&
	       e->seen.address == seen->address && e->seen.id == seen->id &&
	       e->seen.allocated == seen->allocated;
}

static struct expected *find_expected(struct watch *w, const struct seen *seen)
{
	u32 i;

	for (i = 0; i < w->nr; i++)
		if (!w->expected[i].is_listed && is_same(&w->expected[i], seen))
			return &w->expected[i];
	return NULL;
}

/* A freed record may have been freed again, and the log has its own stamps */
static void compare_end(struct match *m, const struct seen *got,
			const struct seen *expected)
{
	match_expect(m, "listing: by", got->by, expected->by);
	match_expect(m, "listing: site of the free", got->ended_site,
		     expected->ended_site);
	match_expect(m, "listing: repeats",
		     got->repeats >= expected->repeats, true);
	if (got->state == BUFTRACK_RECORD_STATE_REMAINING)
		match_expect(m, "listing: stamp of the end", !!got->ended, true);
	else
		match_expect(m, "listing: freed", got->ended, expected->ended);
}

/* A listing without a slot may show more doubt than there was at its instant */
static void compare_state(struct match *m, const struct watch *w, u32 got,
			  u32 expected)
{
	if (!w->l->l.watched && got & BUFTRACK_RECORD_STATE_LIVE)
		expected |= got & BUFTRACK_RECORD_STATE_DOUBTFUL;
	match_expect(m, "listing: state", got, expected);
}

static void check_listed(struct match *m, struct watch *w, const struct seen *got)
{
	struct expected *e = find_expected(w, got);

	match_expect(m, "listing: a record of the instant", !!e, true);
	if (!e)
		return;
	e->is_listed = true;
	compare_state(m, w, got->state, e->seen.state);
	match_expect(m, "listing: size", got->size, e->seen.size);
	match_expect(m, "listing: span", got->span, e->seen.span);
	match_expect(m, "listing: site", got->site, e->seen.site);
	compare_end(m, got, &e->seen);
}

static struct model_client *owner_of(struct match *m, const struct seen *seen)
{
	struct model_client *c;

	list_for_each_entry(c, &m->m.clients, node)
		if (c->number == seen->owner)
			return c;
	return NULL;
}

/* The domains in order, each by space and key; then the log by stamp */
static bool is_in_order(struct match *m, const struct seen *a,
			const struct seen *b)
{
	u64 first = owner_of(m, a)->shared ? 0 : a->owner;
	u64 second = owner_of(m, b)->shared ? 0 : b->owner;

	if (b->state == BUFTRACK_RECORD_STATE_REMAINING)
		return a->state != b->state || a->ended < b->ended;
	if (a->state == BUFTRACK_RECORD_STATE_REMAINING)
		return false;
	if (first != second || a->space != b->space)
		return first < second ||
		       (first == second && a->space < b->space);
	return a->address < b->address ||
	       (a->address == b->address && a->id < b->id);
}

static bool has_record(struct list_head *records, const struct expected *e)
{
	struct model_record *rec;

	list_for_each_entry(rec, records, node)
		if (rec->allocated == e->seen.allocated)
			return true;
	return false;
}

/* A record may be missing only if it was dropped */
static bool is_gone(struct match *m, const struct expected *e)
{
	struct model_client *c = owner_of(m, &e->seen);

	if (e->seen.state == BUFTRACK_RECORD_STATE_REMAINING)
		return !has_record(&m->m.remaining, e);
	if (!c || m->m.removed || (!c->shared && c->ended))
		return true;
	return !has_record(&model_domain_of(&m->m, c)->records, e);
}

static u64 count_missing(struct match *m, struct watch *w)
{
	u64 nr = 0;
	u32 i;

	for (i = 0; i < w->nr; i++) {
		if (w->expected[i].is_listed)
			continue;
		match_expect(m, "listing: a missing record was dropped",
			     is_gone(m, &w->expected[i]), true);
		nr++;
	}
	return nr;
}

static void check_end(struct match *m, struct watch *w)
{
	bool is_augmented = w->l->l.watched && !w->is_cut;
	u64 missing;
	u32 i;

	for (i = 0; i < w->l->nr && !m->failed; i++)
		check_listed(m, w, &w->l->seen[i]);
	missing = count_missing(m, w);
	match_expect(m, "listing: exact", w->l->l.exact, is_augmented && !missing);
	if (is_augmented)
		match_expect(m, "listing: missed", w->l->l.missed, missing);
	m->listed[w->l->l.exact]++;
	listing_end(m->test, w->l);
}

/* Check the order of the latest records at once: an owner may be freed later */
static void check_order(struct match *m, struct watch *w, u32 from)
{
	const struct seen *seen = w->l->seen;

	for (; from < w->l->nr; from++) {
		match_expect(m, "listing: the owner exists",
			     !!owner_of(m, &seen[from]), true);
		if (m->failed || !from || !owner_of(m, &seen[from - 1]))
			continue;
		match_expect(m, "listing: order",
			     is_in_order(m, &seen[from - 1], &seen[from]), true);
	}
}

static void go_on(struct match *m, struct watch *w)
{
	struct bt_listing *l = &w->l->l;
	u32 before = w->l->nr;

	w->l->room = min(before + match_random(m, STRIDE), (u32)WATCH_ROOM);
	bt_listing_step(fixture(m->test)->t, l);
	check_order(m, w, before);
	if (l->busy)
		match_expect(m, "listing: a client to wait for",
			     m->ended.c && !m->ended.c->shared, true);
	if (l->end)
		check_end(m, w);
}

static u32 count_open(struct match *m)
{
	u32 i, nr = 0;

	for (i = 0; i < m->nr_watches; i++)
		nr += m->watches[i].l->begun;
	return nr;
}

static u32 count_watched(struct match *m)
{
	u32 i, nr = 0;

	for (i = 0; i < m->nr_watches; i++)
		nr += m->watches[i].l->begun && m->watches[i].l->l.watched;
	return nr;
}

/**
 * match_watch() - prepare listings
 * @m: the match
 * @nr: number of concurrent listings
 */
void match_watch(struct match *m, u32 nr)
{
	m->watches = kunit_kcalloc(m->test, nr, sizeof(*m->watches), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(m->test, m->watches);
	for (; m->nr_watches < nr; m->nr_watches++) {
		struct watch *w = &m->watches[m->nr_watches];

		w->l = listing_create(m->test, WATCH_ROOM);
		w->expected = kunit_kcalloc(m->test, WATCH_ROOM,
					    sizeof(*w->expected), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(m->test, w->expected);
	}
}

/**
 * match_list() - begin some listings, continue some and leave others alone
 * @m: the match
 */
void match_list(struct match *m)
{
	u32 i;

	for (i = 0; i < m->nr_watches && !m->failed; i++) {
		struct watch *w = &m->watches[i];

		if (w->l->begun && match_chance(m, 1, 12))
			go_on(m, w);
		else if (!w->l->begun && match_chance(m, 1, 50))
			begin(m, w);
		else if (w->l->begun && match_chance(m, 1, 2000))
			listing_end(m->test, w->l);
	}
	match_expect(m, "listings with a slot",
		     fixture(m->test)->t->nr_listings, count_watched(m));
	if (!m->m.removed && m->nr_watches <= BT_MAX_LISTINGS)
		match_expect(m, "listings in progress", count_watched(m),
			     count_open(m));
}

/**
 * match_cut_listings() - note that the device was removed during the listings
 * @m: the match
 */
void match_cut_listings(struct match *m)
{
	u32 i;

	for (i = 0; i < m->nr_watches; i++)
		m->watches[i].is_cut = m->watches[i].l->begun &&
			m->watches[i].l->l.at.domain != U64_MAX;
}

/**
 * match_end_listings() - continue all listings to their ends
 * @m: the match, in which no client is left to wait for
 */
void match_end_listings(struct match *m)
{
	u32 i;

	for (i = 0; i < m->nr_watches; i++)
		while (m->watches[i].l->begun && !m->failed)
			go_on(m, &m->watches[i]);
}
