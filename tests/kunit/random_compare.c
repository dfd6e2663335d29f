// SPDX-License-Identifier: GPL-2.0
/* Random sequences: comparing the tracker with the model */
#include "random.h"

/**
 * match_expect() - expect two values to be equal
 * @m: the match
 * @name: name of the value
 * @got: value in the tracker
 * @expected: value in the model
 *
 * The first failure prints how to reproduce it. Later ones are its consequences and print
 * nothing.
 */
void match_expect(struct match *m, const char *name, u64 got, u64 expected)
{
	if (got == expected || m->failed)
		return;
	m->failed = true;
	KUNIT_FAIL(m->test,
		   "profile %s, seed %llu, op %u (%s): %s: got %llu, expected %llu",
		   m->p->name, m->seed, m->op, m->what, name, got, expected);
}

static const char * const counter_names[BUFTRACK_NR_COUNTERS] = {
	[BUFTRACK_COUNTER_ALLOCS] = "allocs",
	[BUFTRACK_COUNTER_FREES] = "frees",
	[BUFTRACK_COUNTER_LIVE_BUFFERS] = "live_buffers",
	[BUFTRACK_COUNTER_LIVE_BYTES] = "live_bytes",
	[BUFTRACK_COUNTER_PEAK_BYTES] = "peak_bytes",
	[BUFTRACK_COUNTER_ORPHANED_BUFFERS] = "orphaned_buffers",
	[BUFTRACK_COUNTER_ORPHANED_BYTES] = "orphaned_bytes",
	[BUFTRACK_COUNTER_DOUBLE_FREES] = "double_free",
	[BUFTRACK_COUNTER_STALE_FREES] = "stale_free",
	[BUFTRACK_COUNTER_FOREIGN_FREES] = "foreign_free",
	[BUFTRACK_COUNTER_SIZE_MISMATCHES] = "size_mismatch",
	[BUFTRACK_COUNTER_REFUSED_FREES] = "refused_free",
	[BUFTRACK_COUNTER_INVALID_FREES] = "invalid_free",
	[BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH] = "unknown_free.pre_attach",
	[BUFTRACK_COUNTER_UNKNOWN_FREES_GAP] = "unknown_free.gap",
	[BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED] = "unknown_free.evicted",
	[BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID] = "unknown_free.other_id",
	[BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER] = "unknown_free.never",
	[BUFTRACK_COUNTER_DOUBLE_ALLOCS] = "double_alloc",
	[BUFTRACK_COUNTER_OVERLAPS] = "overlap",
	[BUFTRACK_COUNTER_SUPERSEDED] = "superseded",
	[BUFTRACK_COUNTER_REMAINING_BUFFERS] = "remaining_buffers",
	[BUFTRACK_COUNTER_REMAINING_BYTES] = "remaining_bytes",
	[BUFTRACK_COUNTER_REMOVED_BUFFERS] = "removed_buffers",
	[BUFTRACK_COUNTER_UNTRACKED_BUFFERS] = "untracked_buffers",
	[BUFTRACK_COUNTER_DISABLED_REPORTS] = "disabled_reports",
	[BUFTRACK_COUNTER_LOST_REPORTS] = "lost_reports",
	[BUFTRACK_COUNTER_FREED_RECORDS] = "freed_records",
	[BUFTRACK_COUNTER_EVICTED_RECORDS] = "evicted_records",
	[BUFTRACK_COUNTER_MOVES] = "moves",
	[BUFTRACK_COUNTER_USE_AFTER_FREES] = "use_after_free",
};

static void compare_scope(struct match *m, u32 scope, u64 number,
			  const struct bt_counters *expected)
{
	struct bt_tracker *t = fixture(m->test)->t;
	struct bt_counters got = {};
	unsigned int i;

	match_expect(m, "scope", bt_tracker_read_counters(t, scope, number, &got), 0);
	for (i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		match_expect(m, counter_names[i], got.v[i], expected->v[i]);
	match_expect(m, "conservation", is_conserved(&got), true);
}

static u32 compare_clients(struct match *m)
{
	struct bt_tracker *t = fixture(m->test)->t;
	struct model_client *c;
	struct bt_counters none;
	u32 listed = 0;

	list_for_each_entry(c, &m->m.clients, node) {
		listed += c->listed;
		if (c->listed)
			compare_scope(m, BUFTRACK_SCOPE_CLIENT, c->number,
				      &c->counters);
		else
			match_expect(m, "dropped client",
				     bt_tracker_read_counters(t, BUFTRACK_SCOPE_CLIENT,
							      c->number, &none),
				     (u64)-ENOENT);
	}
	return listed;
}

static u32 count_listed(struct bt_tracker *t)
{
	struct rb_node *node;
	u32 nr = 0;

	for (node = rb_first(&t->clients); node; node = rb_next(node))
		nr++;
	return nr;
}

static void compare_users(struct match *m)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(m->users); i++)
		match_expect(m, "records of a user",
			     atomic64_read(&m->users[i].nr),
			     model_user_records(&m->m, &m->users[i]));
}

/**
 * match_compare() - compare all counters in all scopes
 * @m: the match
 */
void match_compare(struct match *m)
{
	struct bt_tracker *t = fixture(m->test)->t;
	u32 i, listed;

	compare_scope(m, BUFTRACK_SCOPE_DEVICE, 0, &m->m.total);
	for (i = 0; i < m->m.nr_spaces; i++)
		compare_scope(m, BUFTRACK_SCOPE_SPACE, i, &m->m.spaces[i]);
	listed = compare_clients(m);
	compare_users(m);
	match_expect(m, "open clients", t->nr_clients,
		     model_open_clients(&m->m));
	match_expect(m, "listed clients", count_listed(t), listed);
	match_expect(m, "closed clients", t->nr_closed + !!m->ended.c,
		     listed - t->nr_clients);
	if (!m->m.removed)
		match_expect(m, "records", t->nr_records,
			     model_nr_records(&m->m));
	match_expect(m, "remaining records", t->nr_remaining,
		     list_count_nodes(&m->m.remaining));
}

static struct model_record *find_twin(struct list_head *records,
				      const struct seen *seen)
{
	struct model_record *rec;

	list_for_each_entry(rec, records, node)
		if (!rec->marked && rec->space == seen->space &&
		    rec->address == seen->address && rec->id == seen->id &&
		    rec->owner->number == seen->owner &&
		    rec->allocated == seen->allocated)
			return rec;
	return NULL;
}

static struct model_client *find_client(struct match *m, u64 number)
{
	struct model_client *c;

	list_for_each_entry(c, &m->m.clients, node)
		if (c->number == number)
			return c;
	return NULL;
}

/**
 * match_free_zombies() - free the clients without references, in both worlds
 * @m: the match
 */
void match_free_zombies(struct match *m)
{
	struct model_client *c;
	u64 number;

	while ((number = take_zombie(m->test))) {
		c = find_client(m, number);
		match_expect(m, "a zombie without references",
			     c && !model_is_named(&m->m, c), true);
		if (c)
			model_forget_client(c);
	}
	list_for_each_entry(c, &m->m.clients, node)
		match_expect(m, "a referenced client", model_is_named(&m->m, c), true);
}

static void compare_record(struct match *m, const struct seen *seen)
{
	struct model_client *owner = find_client(m, seen->owner);
	bool remaining = seen->state == BUFTRACK_RECORD_STATE_REMAINING;
	struct model_record *rec = NULL;

	if (owner)
		rec = find_twin(remaining ? &m->m.remaining :
				&model_domain_of(&m->m, owner)->records, seen);
	match_expect(m, "the record exists", !!rec, true);
	if (!rec)
		return;
	rec->marked = true;
	match_expect(m, "size", seen->size, rec->size);
	match_expect(m, "span", seen->span, rec->span);
	match_expect(m, "repeats", seen->repeats, rec->repeats);
	match_expect(m, "site", seen->site, rec->site);
	if (remaining)
		return;
	match_expect(m, "state", seen->state, model_state(&m->m, rec));
	match_expect(m, "freed", seen->ended, rec->freed);
	match_expect(m, "site of the free", seen->ended_site, rec->freed_site);
	match_expect(m, "freed by", seen->by, rec->by ? rec->by->number : 0);
}

static void unmark(struct list_head *records)
{
	struct model_record *rec;

	list_for_each_entry(rec, records, node)
		rec->marked = false;
}

static void unmark_all(struct model *m)
{
	struct model_client *c;

	unmark(&m->shared.records);
	unmark(&m->remaining);
	list_for_each_entry(c, &m->clients, node)
		unmark(&c->own.records);
}

/* Remaining records are listed in the order of the log */
static void compare_remaining_order(struct match *m, unsigned int first)
{
	struct model_record *rec;

	list_for_each_entry(rec, &m->m.remaining, node) {
		if (first == m->listing->nr)
			return;
		match_expect(m, "order of remaining records", rec->allocated,
			     m->listing->seen[first++].allocated);
	}
}

/**
 * match_compare_records() - compare all records, and audit the tracker
 * @m: the match
 */
void match_compare_records(struct match *m)
{
	struct listing *l = m->listing;
	unsigned int i, others;

	check_all(m->test);
	/* A listing would have to wait for it */
	if (m->ended.c && !m->ended.c->shared && match_chance(m, 3, 4))
		return;
	match_reap(m);
	listing_begin(m->test, l);
	listing_fill(m->test, l);
	match_expect(m, "an exact listing", l->l.exact, !m->m.removed);
	listing_end(m->test, l);
	others = l->nr - list_count_nodes(&m->m.remaining);
	match_expect(m, "records listed", others,
		     m->m.removed ? 0 : model_nr_records(&m->m));
	if (m->failed)
		return;
	for (i = 0; i < l->nr; i++)
		compare_record(m, &l->seen[i]);
	compare_remaining_order(m, others);
	unmark_all(&m->m);
}
