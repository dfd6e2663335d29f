// SPDX-License-Identifier: GPL-2.0
/* Listings: each record of an instant once, despite concurrent changes */
#include <linux/prandom.h>
#include "fixture.h"
#include "listing.h"

#define ROOM	1024

/* @nr buffers of @c, every third of them freed, spread over the spaces */
static void make_some(struct kunit *test, struct bt_client *c, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = i % FIXTURE_SPACES,
			     BUFFER(0x1000 + i * 16, 16), .id = i);
		if (i % 3 == 0)
			EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK,
				    .space = i % FIXTURE_SPACES,
				    .address = 0x1000 + i * 16);
	}
}

static struct listing *list_all(struct kunit *test)
{
	struct listing *l = listing_create(test, ROOM);

	listing_fill(test, l);
	KUNIT_EXPECT_TRUE(test, l->l.end);
	KUNIT_EXPECT_TRUE(test, l->l.exact);
	KUNIT_EXPECT_EQ(test, l->l.missed, 0);
	listing_end(test, l);
	return l;
}

static unsigned int how_often(const struct listing *l, u64 owner, u64 id,
			      u32 state)
{
	unsigned int i, nr = 0;

	for (i = 0; i < l->nr; i++)
		nr += l->seen[i].owner == owner && l->seen[i].id == id &&
		      l->seen[i].state == state;
	return nr;
}

static void empty_tracker_ends_at_once(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, list_all(test)->nr, 0);
}

static void each_record_is_listed_once(struct kunit *test)
{
	struct bt_client *a = open_private(test), *s = open_shared(test);
	struct bt_client *b = open_private(test), *gone = open_private(test);
	struct listing *l;
	unsigned int i;

	make_some(test, a, 30);
	make_some(test, s, 30);
	make_some(test, b, 30);
	make_some(test, gone, 30);
	close_client(test, gone);
	l = list_all(test);
	KUNIT_EXPECT_EQ(test, l->nr, 110);
	for (i = 0; i < 30; i++) {
		u32 state = i % 3 ? BUFTRACK_RECORD_STATE_LIVE : BUFTRACK_RECORD_STATE_FREED;

		KUNIT_EXPECT_EQ(test, how_often(l, a->number, i, state), 1);
		KUNIT_EXPECT_EQ(test, how_often(l, s->number, i, state), 1);
		KUNIT_EXPECT_EQ(test, how_often(l, b->number, i, state), 1);
		KUNIT_EXPECT_EQ(test, how_often(l, gone->number, i,
						BUFTRACK_RECORD_STATE_REMAINING),
				!!(i % 3));
	}
}

static void records_are_listed_as_they_are(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	struct seen *seen;

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, .space = 2, .address = 0x1000,
		     .size = 96, .span = 16, .id = 7, .site = 0xa);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_FOREIGN_FREE, .space = 2,
		    .address = 0x1000, .site = 0xf);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 2, .address = 0x1000);
	seen = &list_all(test)->seen[0];
	KUNIT_EXPECT_EQ(test, seen->owner, a->number);
	KUNIT_EXPECT_EQ(test, seen->by, b->number);
	KUNIT_EXPECT_EQ(test, seen->space, 2);
	KUNIT_EXPECT_EQ(test, seen->size, 96);
	KUNIT_EXPECT_EQ(test, seen->span, 16);
	KUNIT_EXPECT_EQ(test, seen->id, 7);
	KUNIT_EXPECT_EQ(test, seen->repeats, 1);
	KUNIT_EXPECT_EQ(test, seen->site, 0xa);
	KUNIT_EXPECT_EQ(test, seen->ended_site, 0xf);
	KUNIT_EXPECT_EQ(test, seen->ended, fixture(test)->stamp - 1);
	KUNIT_EXPECT_EQ(test, seen->allocated, fixture(test)->stamp - 2);
}

/* A remaining record has the site of its alloc, and neither freer nor site of a free */
static void remaining_records_are_listed_as_they_were(struct kunit *test)
{
	struct bt_client *a = open_private(test);
	struct seen *seen;
	u64 allocated;

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, .space = 2, .address = 0x1000,
		     .size = 96, .span = 16, .id = 7, .site = 0xa);
	allocated = fixture(test)->stamp;
	close_client(test, a);
	seen = &list_all(test)->seen[0];
	KUNIT_EXPECT_EQ(test, seen->state, BUFTRACK_RECORD_STATE_REMAINING);
	KUNIT_EXPECT_EQ(test, seen->owner, a->number);
	KUNIT_EXPECT_EQ(test, seen->address, 0x1000);
	KUNIT_EXPECT_EQ(test, seen->size, 96);
	KUNIT_EXPECT_EQ(test, seen->span, 16);
	KUNIT_EXPECT_EQ(test, seen->id, 7);
	KUNIT_EXPECT_EQ(test, seen->site, 0xa);
	KUNIT_EXPECT_EQ(test, seen->allocated, allocated);
	KUNIT_EXPECT_GT(test, seen->ended, a->closed);
	KUNIT_EXPECT_EQ(test, seen->by + seen->ended_site + seen->repeats, 0);
}

/* The shared domain, private domains by number; spaces, addresses, ids; the log */
static void records_are_listed_in_order(struct kunit *test)
{
	static const struct {
		u64 client, address, id;
		u32 space;
	} order[] = {
		{ 2, 8, 5, 0 }, { 3, 8, 6, 0 }, { 2, 9, 0, 0 }, { 2, 1, 0, 1 },
		{ 1, 7, 1, 0 }, { 1, 7, 2, 0 }, { 1, 3, 0, 2 }, { 1, 0, 9, 3 },
		{ 4, 2, 0, 1 },
	};
	struct bt_client *c[] = {
		NULL, open_private(test), open_shared(test), open_shared(test),
		open_private(test),
	};
	struct listing *l;
	unsigned int i;

	for (i = ARRAY_SIZE(order); i--;)
		EXPECT_ALLOC(test, c[order[i].client], BUFTRACK_VERDICT_OK,
			     .space = order[i].space, .size = 1,
			     .address = order[i].address, .id = order[i].id);
	EXPECT_FREE(test, c[3], BUFTRACK_VERDICT_OK, .address = 8, .id = 6);
	EXPECT_FREE(test, c[1], BUFTRACK_VERDICT_OK, .address = 7, .id = 1);
	l = list_all(test);
	KUNIT_ASSERT_EQ(test, l->nr, ARRAY_SIZE(order));
	for (i = 0; i < l->nr; i++) {
		KUNIT_EXPECT_EQ(test, l->seen[i].owner, order[i].client);
		KUNIT_EXPECT_EQ(test, l->seen[i].space, order[i].space);
		KUNIT_EXPECT_EQ(test, l->seen[i].address, order[i].address);
		KUNIT_EXPECT_EQ(test, l->seen[i].id, order[i].id);
	}
}

static void doubtful_and_orphaned_are_shown(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	struct listing *l;

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16), .id = 1);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16), .id = 2);
	report_lost(test, b, 1);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x3000, 16), .id = 3);
	close_client(test, a);
	l = list_all(test);
	KUNIT_EXPECT_EQ(test, l->seen[0].state, BUFTRACK_RECORD_STATE_LIVE |
			BUFTRACK_RECORD_STATE_DOUBTFUL | BUFTRACK_RECORD_STATE_ORPHANED);
	KUNIT_EXPECT_EQ(test, l->seen[1].state, BUFTRACK_RECORD_STATE_LIVE |
			BUFTRACK_RECORD_STATE_DOUBTFUL);
	KUNIT_EXPECT_EQ(test, l->seen[2].state, BUFTRACK_RECORD_STATE_LIVE |
			BUFTRACK_RECORD_STATE_ORPHANED);
}

static void small_steps_lose_no_record(struct kunit *test)
{
	struct bt_client *a = open_private(test), *s = open_shared(test);
	struct bt_client *gone = open_private(test);
	struct listing *all, *few = listing_create(test, 3);
	unsigned int at = 0;

	make_some(test, a, 25);
	make_some(test, s, 25);
	make_some(test, gone, 25);
	close_client(test, gone);
	all = list_all(test);
	while (!few->l.end) {
		few->nr = 0;
		listing_fill(test, few);
		KUNIT_ASSERT_LE(test, at + few->nr, all->nr);
		KUNIT_EXPECT_MEMEQ(test, few->seen, all->seen + at,
				   few->nr * sizeof(few->seen[0]));
		at += few->nr;
	}
	KUNIT_EXPECT_EQ(test, at, all->nr);
}

/* The next address follows the highest id of an address */
static void highest_keys_are_passed(struct kunit *test)
{
	static const struct {
		u64 address, id;
	} keys[] = {
		{ 0, 0 }, { 0, U64_MAX }, { 1, 0 }, { 1, 5 }, { 1, U64_MAX },
		{ 2, U64_MAX }, { U64_MAX, 0 }, { U64_MAX, U64_MAX },
	};
	struct bt_client *c = open_private(test);
	struct listing *l = listing_create(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = keys[i].address,
			     .size = 1, .id = keys[i].id);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		l->nr = 0;
		listing_fill(test, l);
		KUNIT_ASSERT_EQ(test, l->nr, 1);
		KUNIT_EXPECT_EQ(test, l->seen[0].address, keys[i].address);
		KUNIT_EXPECT_EQ(test, l->seen[0].id, keys[i].id);
	}
	l->nr = 0;
	listing_fill(test, l);
	KUNIT_EXPECT_EQ(test, l->nr, 0);
}

static void one_step_is_bounded(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l = listing_create(test, ROOM);
	unsigned int steps = 0;

	make_some(test, c, 600);
	listing_begin(test, l);
	while (!l->l.end) {
		unsigned int before = l->nr;

		bt_listing_step(fixture(test)->t, &l->l);
		KUNIT_EXPECT_LE(test, l->nr - before, 128);
		steps++;
	}
	KUNIT_EXPECT_EQ(test, l->nr, 600);
	KUNIT_EXPECT_GE(test, steps, 5);
}

/* However few records pass a filter, each step is bounded and the listing ends */
static void one_step_is_bounded_when_all_is_filtered(struct kunit *test)
{
	struct bt_client *c = open_shared(test), *other = open_shared(test);
	struct listing *l = listing_create(test, ROOM);
	unsigned int steps = 0;

	make_some(test, c, 600);
	l->l.client = other->number;
	listing_begin(test, l);
	for (; !l->l.end; steps++)
		bt_listing_step(fixture(test)->t, &l->l);
	KUNIT_EXPECT_EQ(test, l->nr, 0);
	KUNIT_EXPECT_GE(test, steps, 5);
	KUNIT_EXPECT_LE(test, steps, 20);
}

static unsigned int count_steps(struct kunit *test, struct listing *l)
{
	unsigned int steps = 0;

	listing_begin(test, l);
	for (; !l->l.end && steps < 1000; steps++)
		bt_listing_step(fixture(test)->t, &l->l);
	return steps;
}

/* Empty clients and spaces count like records */
static void one_step_is_bounded_when_all_is_empty(struct kunit *test)
{
	struct listing *l = listing_create(test, ROOM);
	unsigned int i;

	for (i = 0; i < 300; i++)
		open_shared(test);
	for (i = 0; i < 100; i++)
		open_private(test);
	for (i = 0; i < 200; i++)
		close_client(test, open_private(test));
	i = count_steps(test, l);
	KUNIT_EXPECT_EQ(test, l->nr, 0);
	KUNIT_EXPECT_TRUE(test, l->l.exact);
	KUNIT_EXPECT_GE(test, i, (600 + 100 * FIXTURE_SPACES) / 128);
	KUNIT_EXPECT_LE(test, i, 2 * (600 + 100 * FIXTURE_SPACES) / 128);
}

/* Freed records that the filter excludes are not even visited */
static void unlisted_freed_records_are_skipped(struct kunit *test)
{
	struct bt_client *c = open_shared(test);
	struct listing *l = listing_create(test, ROOM);
	unsigned int i;

	fixture(test)->quick = true;
	for (i = 1; i <= 2000; i++) {
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1,
			     .id = i);
		if (i % 500)
			EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000,
				    .id = i);
	}
	l->l.states = BUFTRACK_RECORD_STATE_LIVE;
	KUNIT_EXPECT_LE(test, count_steps(test, l), 2);
	KUNIT_EXPECT_EQ(test, l->nr, 4);
	l->l.states = BUFTRACK_RECORD_STATE_FREED;
	KUNIT_EXPECT_GE(test, count_steps(test, l), 8);
}

/* Records of other clients in the log are passed in bounded steps, too */
static void log_is_listed_in_bounded_steps(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l = listing_create(test, ROOM);

	fixture(test)->quick = true;
	make_some(test, c, 900);
	close_client(test, c);
	KUNIT_EXPECT_GE(test, count_steps(test, l), 5);
	KUNIT_EXPECT_EQ(test, l->nr, 600);
	l->l.client = c->number + 1;
	KUNIT_EXPECT_GE(test, count_steps(test, l), 5);
	KUNIT_EXPECT_EQ(test, l->nr, 0);
	l->l.client = 0;
	l->l.states = BUFTRACK_RECORD_STATE_LIVE;
	KUNIT_EXPECT_LE(test, count_steps(test, l), 2);
}

static unsigned int filtered(struct kunit *test, u64 client, u32 space, u32 states)
{
	struct listing *l = listing_create(test, ROOM);
	unsigned int i;

	l->l.client = client;
	l->l.space = space;
	l->l.states = states;
	listing_fill(test, l);
	KUNIT_EXPECT_TRUE(test, l->l.exact);
	listing_end(test, l);
	for (i = 0; i < l->nr; i++) {
		KUNIT_EXPECT_TRUE(test, l->seen[i].state & states);
		if (client)
			KUNIT_EXPECT_EQ(test, l->seen[i].owner, client);
		if (space != BUFTRACK_ANY_SPACE)
			KUNIT_EXPECT_EQ(test, l->seen[i].space, space);
	}
	return l->nr;
}

static void filters_select_records(struct kunit *test)
{
	struct bt_client *a = open_private(test), *s = open_shared(test);
	struct bt_client *gone = open_private(test);
	const u32 any = BUFTRACK_ANY_SPACE;

	make_some(test, a, 24);
	make_some(test, s, 24);
	make_some(test, gone, 24);
	close_client(test, gone);
	KUNIT_EXPECT_EQ(test, filtered(test, 0, any, ALL_STATES), 64);
	KUNIT_EXPECT_EQ(test, filtered(test, 1, any, ALL_STATES), 24);
	KUNIT_EXPECT_EQ(test, filtered(test, 2, any, ALL_STATES), 24);
	KUNIT_EXPECT_EQ(test, filtered(test, 3, any, ALL_STATES), 16);
	KUNIT_EXPECT_EQ(test, filtered(test, 9, any, ALL_STATES), 0);
	KUNIT_EXPECT_EQ(test, filtered(test, 0, 1, ALL_STATES), 16);
	KUNIT_EXPECT_EQ(test, filtered(test, 0, 63, ALL_STATES), 0);
	KUNIT_EXPECT_EQ(test, filtered(test, 0, any, BUFTRACK_RECORD_STATE_LIVE), 32);
	KUNIT_EXPECT_EQ(test, filtered(test, 0, any, BUFTRACK_RECORD_STATE_FREED), 16);
	KUNIT_EXPECT_EQ(test, filtered(test, 0, any,
				       BUFTRACK_RECORD_STATE_REMAINING), 16);
	KUNIT_EXPECT_EQ(test, filtered(test, 2, 3, BUFTRACK_RECORD_STATE_FREED), 2);
}

/* Records with odd ids come and go, those with even ids stay */
static void disturb(struct kunit *test, struct bt_client *c, struct rnd_state *rnd)
{
	u32 i = 2 * (prandom_u32_state(rnd) % 100) + 1;
	u32 space = i / 2 % FIXTURE_SPACES;

	if (find_live(c, space, 0x1000 + i * 16, i))
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = space,
			    .address = 0x1000 + i * 16, .id = i);
	else
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = space,
			     BUFFER(0x1000 + i * 16, 16), .id = i);
}

static void make_even(struct kunit *test, struct bt_client *c)
{
	unsigned int i;

	for (i = 0; i < 200; i += 2) {
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK,
			     .space = i / 2 % FIXTURE_SPACES,
			     BUFFER(0x1000 + i * 16, 16), .id = i + 1000);
		if (i % 4)
			EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK,
				    .space = i / 2 % FIXTURE_SPACES,
				    .address = 0x1000 + i * 16, .id = i + 1000);
	}
}

/* List one record at a time, with a disturbance before each */
static void list_disturbed(struct kunit *test, struct listing *all,
			   struct bt_client *c, struct rnd_state *rnd)
{
	struct listing *one = listing_create(test, 1);

	while (!one->l.end) {
		disturb(test, c, rnd);
		one->nr = 0;
		listing_fill(test, one);
		if (one->nr && all->nr < all->room)
			all->seen[all->nr++] = one->seen[0];
	}
}

static void records_that_stay_are_listed_once(struct kunit *test)
{
	struct bt_client *a = open_private(test), *s = open_shared(test);
	struct listing *l = listing_create(test, ROOM);
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 11);
	set_max_freed(test, 200);
	make_even(test, a);
	make_even(test, s);
	list_disturbed(test, l, a, &rnd);
	for (i = 0; i < 200; i += 2) {
		u32 state = i % 4 ? BUFTRACK_RECORD_STATE_FREED : BUFTRACK_RECORD_STATE_LIVE;

		KUNIT_EXPECT_EQ(test, how_often(l, 1, i + 1000, state), 1);
		KUNIT_EXPECT_EQ(test, how_often(l, 2, i + 1000, state), 1);
	}
}

static void clients_can_end_during_a_listing(struct kunit *test)
{
	struct listing *one = listing_create(test, 1);
	struct bt_client *c[6];
	unsigned int i, seen_last = 0;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = open_private(test);
		make_some(test, c[i], 10);
	}
	set_max_closed(test, 1);
	set_max_remaining(test, 0);
	for (i = 0; !one->l.end; i++) {
		one->nr = 0;
		listing_fill(test, one);
		seen_last += one->nr && one->seen[0].owner == 6;
		if (i % 3 == 0 && i / 3 < ARRAY_SIZE(c) - 1)
			close_client(test, c[i / 3]);
		free_zombies(test);
	}
	KUNIT_EXPECT_EQ(test, seen_last, 10);
}

static void removed_device_lists_remaining_records(struct kunit *test)
{
	struct bt_client *a = open_private(test), *gone = open_private(test);
	struct listing *l = listing_create(test, ROOM);
	u64 buffers, bytes;

	make_some(test, a, 10);
	make_some(test, gone, 10);
	close_client(test, gone);
	bt_tracker_remove(fixture(test)->t, true, &buffers, &bytes);
	/* Only the live records that @gone left; the others ended with the device */
	listing_fill(test, l);
	KUNIT_EXPECT_TRUE(test, l->l.end);
	KUNIT_EXPECT_FALSE(test, l->l.exact);
	KUNIT_EXPECT_EQ(test, l->nr, 6);
}

static struct kunit_case listing_cases[] = {
	KUNIT_CASE(empty_tracker_ends_at_once),
	KUNIT_CASE(each_record_is_listed_once),
	KUNIT_CASE(records_are_listed_as_they_are),
	KUNIT_CASE(remaining_records_are_listed_as_they_were),
	KUNIT_CASE(records_are_listed_in_order),
	KUNIT_CASE(doubtful_and_orphaned_are_shown),
	KUNIT_CASE(small_steps_lose_no_record),
	KUNIT_CASE(highest_keys_are_passed),
	KUNIT_CASE(one_step_is_bounded),
	KUNIT_CASE(one_step_is_bounded_when_all_is_filtered),
	KUNIT_CASE(one_step_is_bounded_when_all_is_empty),
	KUNIT_CASE(unlisted_freed_records_are_skipped),
	KUNIT_CASE(log_is_listed_in_bounded_steps),
	KUNIT_CASE(filters_select_records),
	KUNIT_CASE(records_that_stay_are_listed_once),
	KUNIT_CASE(clients_can_end_during_a_listing),
	KUNIT_CASE(removed_device_lists_remaining_records),
	{}
};

static struct kunit_suite listing_suite = {
	.name = "buftrack_listing",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = listing_cases,
};

kunit_test_suite(listing_suite);
