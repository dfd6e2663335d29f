// SPDX-License-Identifier: GPL-2.0
/* Audit: the counters are in balance, and the trees and lists are consistent */
#include <linux/log2.h>
#include <linux/minmax.h>
#include "../../module/core/index.h"
#include "fixture.h"

/* Properties of a subtree, computed by visiting all of it */
struct facts {
	u64 nr;
	u64 newest;
	struct bt_extent extent;
	unsigned int depth;
	const struct bt_record *first;
	const struct bt_record *last;
	bool in_order;
	bool is_augmented;
};

static void join_extent(struct bt_extent *to, const struct bt_extent *from)
{
	to->last = max(to->last, from->last);
	if (from->epoch == to->epoch)
		to->last_current = max(to->last_current, from->last_current);
	else if (from->epoch > to->epoch)
		to->last_current = from->last_current;
	to->epoch = max(to->epoch, from->epoch);
}

static void join(struct facts *to, const struct facts *from)
{
	to->nr += from->nr;
	to->newest = max(to->newest, from->newest);
	to->depth = max(to->depth, from->depth + 1);
	join_extent(&to->extent, &from->extent);
	to->in_order &= from->in_order;
	to->is_augmented &= from->is_augmented;
}

static struct facts facts_of(const struct bt_record *rec)
{
	struct facts f = {
		.nr = 1,
		.newest = rec->is_freed ? rec->freed.stamp : rec->allocated,
		.depth = 1,
		.first = rec,
		.last = rec,
		.in_order = true,
		.is_augmented = true,
	};

	if (!rec->is_freed && rec->span) {
		f.extent.epoch = rec->live.epoch;
		f.extent.last = bt_record_last(rec);
		f.extent.last_current = f.extent.last;
	}
	return f;
}

/* Does the root of a subtree have the right augmentation? */
static bool has_augmentation(const struct bt_record *rec, const struct facts *f)
{
	const struct bt_extent *extent = &rec->live.subtree.extent;

	return rec->newest == f->newest &&
	       (rec->is_freed || (extent->epoch == f->extent.epoch &&
				  extent->last == f->extent.last &&
				  extent->last_current == f->extent.last_current));
}

static bool is_before(const struct bt_record *a, const struct bt_record *b)
{
	return bt_key_cmp(a, b->address, b->id) < 0;
}

/* The recursion has no expectations of its own, which saves stack */
static struct facts collect_facts(struct rb_node *node)
{
	struct bt_record *rec = bt_record_of(node);
	struct facts f = facts_of(rec);

	if (node->rb_left) {
		struct facts left = collect_facts(node->rb_left);

		f.first = left.first;
		f.in_order &= is_before(left.last, rec);
		join(&f, &left);
	}
	if (node->rb_right) {
		struct facts right = collect_facts(node->rb_right);

		f.last = right.last;
		f.in_order &= is_before(rec, right.first);
		join(&f, &right);
	}
	f.is_augmented &= has_augmentation(rec, &f);
	return f;
}

/**
 * check_tree() - check the order, the depth and the augmentation of a tree
 * @test: the test
 * @root: a live or freed tree
 * @nr: the number of its records is added to this
 */
void check_tree(struct kunit *test, const struct rb_root *root, u64 *nr)
{
	struct facts f;

	if (!root->rb_node)
		return;
	f = collect_facts(root->rb_node);
	KUNIT_EXPECT_TRUE(test, f.in_order);
	KUNIT_EXPECT_TRUE(test, f.is_augmented);
	KUNIT_EXPECT_LE(test, f.depth, 2 * (ilog2(f.nr + 1) + 1));
	*nr += f.nr;
}

static void check_live(struct kunit *test, struct bt_domain *d, u32 space,
		       u64 *doubtful)
{
	struct bt_space_index *index = &d->spaces[space];
	struct rb_node *node;

	for (node = rb_first(&index->live); node; node = rb_next(node)) {
		struct bt_record *rec = bt_record_of(node);

		KUNIT_EXPECT_FALSE(test, rec->is_freed);
		KUNIT_EXPECT_EQ(test, rec->space, space);
		KUNIT_EXPECT_EQ(test, rec->live.epoch < d->epoch,
				rec->allocated < d->gap);
		KUNIT_EXPECT_NULL(test, bt_index_find(&index->freed,
						      rec->address, rec->id));
		*doubtful += rec->live.epoch < d->epoch;
	}
}

static void check_ages(struct kunit *test, struct bt_domain *d)
{
	struct bt_record *rec;
	u64 nr = 0, stamp = 0;

	list_for_each_entry(rec, &d->freed, freed.age) {
		KUNIT_EXPECT_TRUE(test, rec->is_freed);
		KUNIT_EXPECT_GT(test, rec->freed.stamp, stamp);
		KUNIT_EXPECT_PTR_EQ(test, rec,
				    bt_index_find(&d->spaces[rec->space].freed,
						  rec->address, rec->id));
		stamp = rec->freed.stamp;
		nr++;
	}
	KUNIT_EXPECT_EQ(test, d->nr_freed, nr);
}

static u64 check_domain(struct kunit *test, struct bt_domain *d)
{
	u64 live = 0, freed = 0, doubtful = 0;
	u32 i;

	for (i = 0; i < BUFTRACK_MAX_SPACES; i++) {
		check_tree(test, &d->spaces[i].live, &live);
		check_tree(test, &d->spaces[i].freed, &freed);
		check_live(test, d, i, &doubtful);
	}
	check_ages(test, d);
	KUNIT_EXPECT_EQ(test, d->nr_live, live);
	KUNIT_EXPECT_EQ(test, d->nr_freed, freed);
	KUNIT_EXPECT_EQ(test, d->nr_doubtful, doubtful);
	return live + freed;
}

static struct bt_client *client_of(struct rb_node *node)
{
	return rb_entry(node, struct bt_client, node);
}

/* bt_client_end() settles a client from its holdings */
static void check_holdings(struct kunit *test, const struct bt_client *c)
{
	struct bt_holding sum = {};
	u32 i;

	for (i = 0; i < BUFTRACK_MAX_SPACES; i++) {
		sum.buffers += c->holdings[i].buffers;
		sum.memory += c->holdings[i].memory;
		KUNIT_EXPECT_LE(test, c->holdings[i].memory, c->holdings[i].bytes);
		sum.freed += c->holdings[i].freed;
	}
	KUNIT_EXPECT_EQ(test, sum.buffers, c->counters.v[BUFTRACK_COUNTER_LIVE_BUFFERS]);
	KUNIT_EXPECT_EQ(test, sum.memory, c->counters.v[BUFTRACK_COUNTER_LIVE_BYTES]);
	KUNIT_EXPECT_EQ(test, sum.freed, c->counters.v[BUFTRACK_COUNTER_FREED_RECORDS]);
}

static void check_records(struct kunit *test, struct bt_tracker *t)
{
	u64 nr = check_domain(test, t->shared);
	struct rb_node *node;

	for (node = rb_first(&t->clients); node; node = rb_next(node)) {
		struct bt_client *c = client_of(node);

		if (c->closed)
			continue;
		check_holdings(test, c);
		if (!c->shared)
			nr += check_domain(test, c->domain);
	}
	KUNIT_EXPECT_EQ(test, t->nr_records, nr);
}

static void check_remaining(struct kunit *test, struct bt_tracker *t)
{
	struct rb_node *node = rb_first_cached(&t->remaining);
	u64 nr = 0, stamp = 0;

	for (; node; node = rb_next(node)) {
		KUNIT_EXPECT_GT(test, bt_record_of(node)->freed.stamp, stamp);
		stamp = bt_record_of(node)->freed.stamp;
		nr++;
	}
	KUNIT_EXPECT_EQ(test, t->nr_remaining, nr);
	KUNIT_EXPECT_LE(test, nr, t->limits.max_remaining);
}

/**
 * is_conserved() - test whether the counters of a scope are in balance
 * @c: the counters
 *
 * Return: true if they are.
 */
bool is_conserved(const struct bt_counters *c)
{
	return c->v[BUFTRACK_COUNTER_ALLOCS] ==
	       c->v[BUFTRACK_COUNTER_FREES] + c->v[BUFTRACK_COUNTER_LIVE_BUFFERS] +
	       c->v[BUFTRACK_COUNTER_SUPERSEDED] + c->v[BUFTRACK_COUNTER_REMAINING_BUFFERS] +
	       c->v[BUFTRACK_COUNTER_REMOVED_BUFFERS];
}

static void check_scope(struct kunit *test, const struct bt_counters *c)
{
	KUNIT_EXPECT_TRUE(test, is_conserved(c));
	KUNIT_EXPECT_LE(test, c->v[BUFTRACK_COUNTER_LIVE_BYTES],
			c->v[BUFTRACK_COUNTER_PEAK_BYTES]);
	KUNIT_EXPECT_LE(test, c->v[BUFTRACK_COUNTER_ORPHANED_BUFFERS],
			c->v[BUFTRACK_COUNTER_LIVE_BUFFERS]);
	KUNIT_EXPECT_LE(test, c->v[BUFTRACK_COUNTER_ORPHANED_BYTES],
			c->v[BUFTRACK_COUNTER_LIVE_BYTES]);
}

/* Lost reports belong to no space, and a peak is not a sum */
static bool adds_up(enum buftrack_counter counter)
{
	return counter != BUFTRACK_COUNTER_LOST_REPORTS && counter != BUFTRACK_COUNTER_PEAK_BYTES;
}

/* The device leaves out the bytes of apertures */
static bool counts_memory(enum buftrack_counter counter)
{
	return counter == BUFTRACK_COUNTER_LIVE_BYTES ||
	       counter == BUFTRACK_COUNTER_ORPHANED_BYTES ||
	       counter == BUFTRACK_COUNTER_REMAINING_BYTES;
}

static void check_sums(struct kunit *test, struct bt_tracker *t, bool has_apertures)
{
	unsigned int counter;
	u32 i;

	for (counter = 0; counter < BUFTRACK_NR_COUNTERS; counter++) {
		u64 sum = 0;

		for (i = 0; i < t->nr_spaces; i++)
			sum += t->spaces[i].v[counter];
		if (adds_up(counter) && !(has_apertures && counts_memory(counter)))
			KUNIT_EXPECT_EQ(test, t->total.v[counter], sum);
	}
}

/**
 * check_balance() - check the conservation law in every scope
 * @test: the test
 * @t: the tracker, which no other thread uses
 * @has_apertures: some of its spaces are or were apertures
 */
void check_balance(struct kunit *test, struct bt_tracker *t, bool has_apertures)
{
	struct rb_node *node;
	u32 i;

	check_scope(test, &t->total);
	for (i = 0; i < t->nr_spaces; i++)
		check_scope(test, &t->spaces[i]);
	for (node = rb_first(&t->clients); node; node = rb_next(node))
		check_scope(test, &client_of(node)->counters);
	check_sums(test, t, has_apertures);
}

static void check_listings(struct kunit *test, struct bt_tracker *t)
{
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(t->listings); i++) {
		const struct bt_listing *l = t->listings[i];

		if (!l)
			continue;
		nr++;
		KUNIT_EXPECT_TRUE(test, l->watched);
		KUNIT_EXPECT_EQ(test, l->slot, i);
	}
	KUNIT_EXPECT_EQ(test, t->nr_listings, nr);
}

/* The list of a client has its events in the log, in their order */
static u64 check_events_of(struct kunit *test, const struct bt_client *c)
{
	const struct bt_event *event;
	u64 nr = 0, number = 0;

	list_for_each_entry(event, &c->events, link) {
		KUNIT_EXPECT_PTR_EQ(test, event->reporter, c);
		KUNIT_EXPECT_GT(test, event->number, number);
		number = event->number;
		nr++;
	}
	KUNIT_EXPECT_EQ(test, c->nr_events, nr);
	return nr;
}

static void check_events(struct kunit *test, struct bt_tracker *t)
{
	struct rb_node *node = rb_first_cached(&t->events.kept);
	u64 nr = 0, number = 0, of_clients = 0;

	for (; node; node = rb_next(node), nr++) {
		const struct bt_event *event = rb_entry(node, struct bt_event,
							node);

		KUNIT_EXPECT_GT(test, event->number, number);
		number = event->number;
		if (event->link.prev == &event->reporter->events)
			of_clients += check_events_of(test, event->reporter);
	}
	KUNIT_EXPECT_EQ(test, t->events.nr, nr);
	KUNIT_EXPECT_EQ(test, of_clients, nr);
	KUNIT_EXPECT_LE(test, nr, t->events.size);
	KUNIT_EXPECT_LE(test, number, t->events.last);
}

/**
 * check_all() - check everything that holds between two calls
 * @test: the test
 */
void check_all(struct kunit *test)
{
	struct bt_tracker *t = fixture(test)->t;

	check_balance(test, t, fixture(test)->has_apertures);
	if (!t->removed)
		check_records(test, t);
	check_remaining(test, t);
	check_listings(test, t);
	check_events(test, t);
	KUNIT_EXPECT_LE(test, t->nr_closed, t->limits.max_closed);
}
