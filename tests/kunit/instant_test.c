// SPDX-License-Identifier: GPL-2.0
/* Listings show one instant: changes ahead of their position and behind it */
#include "fixture.h"
#include "listing.h"

#define ROOM	512

/* Addresses of the buffers of make_row() */
#define PLACE(i)	(0x1000 + (i) * 16)

/* @nr live buffers of @c with the ids 1 to @nr, next to each other in space 0 */
static void make_row(struct kunit *test, struct bt_client *c, unsigned int nr)
{
	unsigned int i;

	for (i = 1; i <= nr; i++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(PLACE(i), 16), .id = i);
}

static void free_one(struct kunit *test, struct bt_client *c, unsigned int i)
{
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = PLACE(i), .id = i);
}

static struct listing *begin(struct kunit *test)
{
	struct listing *l = listing_create(test, ROOM);

	listing_begin(test, l);
	return l;
}

/* Continue until the listing has @nr records */
static void go_to(struct kunit *test, struct listing *l, unsigned int nr)
{
	l->room = nr;
	listing_fill(test, l);
	KUNIT_ASSERT_EQ(test, l->nr, nr);
	l->room = ROOM;
}

/* Continue to the end, and expect @nr listed and @missed missed records */
static void finish(struct kunit *test, struct listing *l, unsigned int nr,
		   u64 missed)
{
	listing_fill(test, l);
	KUNIT_EXPECT_TRUE(test, l->l.end);
	KUNIT_EXPECT_EQ(test, l->nr, nr);
	KUNIT_EXPECT_EQ(test, l->l.missed, missed);
	KUNIT_EXPECT_EQ(test, l->l.exact, !missed);
}

/* The listed record with an id; expect exactly one */
static struct seen *find_seen(struct kunit *test, struct listing *l, u64 id)
{
	struct seen *seen = NULL;
	unsigned int i;

	for (i = 0; i < l->nr; i++) {
		if (l->seen[i].id != id)
			continue;
		KUNIT_EXPECT_NULL(test, seen);
		seen = &l->seen[i];
	}
	KUNIT_ASSERT_NOT_NULL(test, seen);
	return seen;
}

static void later_alloc_is_left_out(struct kunit *test)
{
	struct bt_client *c = open_private(test), *s = open_shared(test);
	struct listing *l;

	make_row(test, c, 5);
	make_row(test, s, 5);
	l = begin(test);
	EXPECT_ALLOC(test, s, BUFTRACK_VERDICT_OK, BUFFER(0, 16));
	go_to(test, l, 7);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x9000, 16));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x9000);
	make_row(test, open_private(test), 5);
	finish(test, l, 10, 0);
}

/* An instant includes the reports that were stamped up to it */
static void instant_is_a_stamp_of_its_own(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct fixture *fx = fixture(test);
	struct listing *l;

	make_row(test, c, 1);
	l = begin(test);
	KUNIT_EXPECT_GT(test, l->l.instant, fx->stamp);
	KUNIT_EXPECT_EQ(test, l->l.instant, fx->t->stamp);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0, 16));
	KUNIT_EXPECT_GT(test, fx->stamp, l->l.instant);
	/* The clock stands still */
	fx->now = 0;
	listing_begin(test, l);
	KUNIT_EXPECT_EQ(test, l->l.instant, fx->stamp + 1);
	finish(test, l, 2, 0);
}

static void later_free_is_listed_live(struct kunit *test)
{
	struct bt_client *c = open_shared(test), *other = open_shared(test);
	struct listing *l;
	unsigned int i;

	make_row(test, c, 6);
	free_one(test, c, 1);
	free_one(test, c, 5);
	l = begin(test);
	free_one(test, c, 2);
	go_to(test, l, 3);
	free_one(test, c, 3);
	EXPECT_FREE(test, other, BUFTRACK_VERDICT_FOREIGN_FREE, .address = PLACE(4),
		    .site = 44);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = PLACE(4));
	finish(test, l, 6, 0);
	for (i = 1; i <= 6; i++) {
		struct seen *seen = find_seen(test, l, i);

		KUNIT_EXPECT_EQ(test, seen->state, i % 4 == 1 ?
				BUFTRACK_RECORD_STATE_FREED : BUFTRACK_RECORD_STATE_LIVE);
		KUNIT_EXPECT_EQ(test, !seen->ended, i % 4 != 1);
		KUNIT_EXPECT_EQ(test, seen->by, i % 4 == 1 ? c->number : 0);
	}
}

/* It is listed once as it was, and not again in its new state */
static void filters_are_about_the_instant(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *live = listing_create(test, ROOM);
	struct listing *freed = listing_create(test, ROOM);

	make_row(test, c, 6);
	free_one(test, c, 2);
	live->l.states = BUFTRACK_RECORD_STATE_LIVE;
	freed->l.states = BUFTRACK_RECORD_STATE_FREED;
	listing_begin(test, live);
	listing_begin(test, freed);
	free_one(test, c, 3);
	free_one(test, c, 6);
	finish(test, live, 5, 0);
	finish(test, freed, 1, 0);
	KUNIT_EXPECT_EQ(test, freed->seen[0].id, 2);
}

static void record_evicted_ahead_is_missed(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l;

	make_row(test, c, 6);
	free_one(test, c, 2);
	free_one(test, c, 5);
	set_max_freed(test, 2);
	l = begin(test);
	go_to(test, l, 3);
	/* 2, behind the position, then 5 and 1 */
	free_one(test, c, 1);
	KUNIT_EXPECT_EQ(test, l->l.missed, 0);
	free_one(test, c, 4);
	KUNIT_EXPECT_EQ(test, l->l.missed, 1);
	free_one(test, c, 6);
	KUNIT_EXPECT_EQ(test, l->l.missed, 1);
	/* 4 was live at the instant and is missed as such */
	free_one(test, c, 3);
	finish(test, l, 4, 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 4);
}

static void record_replaced_ahead_is_missed(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l;
	unsigned int i;

	make_row(test, c, 6);
	free_one(test, c, 2);
	free_one(test, c, 5);
	l = begin(test);
	go_to(test, l, 3);
	for (i = 1; i <= 6; i++)
		EXPECT_ALLOC(test, c, i == 2 || i == 5 ? BUFTRACK_VERDICT_OK :
			     BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(PLACE(i), 16),
			     .id = i);
	KUNIT_EXPECT_EQ(test, l->l.missed, 3);
	finish(test, l, 3, 3);
}

/* A listing ignores records that come and go after its instant */
static void record_replaced_twice_is_missed_once(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l;
	unsigned int n;

	make_row(test, c, 2);
	l = begin(test);
	for (n = 0; n < 5; n++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC,
			     BUFFER(PLACE(2), 16), .id = 2);
	finish(test, l, 1, 1);
}

static void record_superseded_after_a_gap_is_missed(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l;

	make_row(test, c, 6);
	l = begin(test);
	go_to(test, l, 2);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(PLACE(0), 16 * 5), .id = 99);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), 4);
	finish(test, l, 4, 2);
}

static void filtered_record_is_not_missed(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	struct listing *l[5];
	unsigned int i;

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16), .id = 1);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_FOREIGN_FREE, .address = 0x1000);
	for (i = 0; i < ARRAY_SIZE(l); i++)
		l[i] = listing_create(test, ROOM);
	l[0]->l.client = b->number;
	l[1]->l.client = a->number;
	l[2]->l.space = 1;
	l[3]->l.space = 0;
	l[4]->l.states = BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_REMAINING;
	for (i = 0; i < ARRAY_SIZE(l); i++)
		listing_begin(test, l[i]);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16), .id = 1);
	for (i = 0; i < ARRAY_SIZE(l); i++)
		finish(test, l[i], 0, i == 1 || i == 3);
}

/* A listing that has listed the last key has passed it and all keys before it */
static void highest_keys_are_not_missed(struct kunit *test)
{
	static const u64 addresses[] = { 5, U64_MAX };
	struct bt_client *c = open_private(test);
	unsigned int i, n = 0;
	struct listing *l;

	for (i = 0; i < ARRAY_SIZE(addresses); i++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = addresses[i],
			     .size = 1, .id = U64_MAX);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 6, .size = 1, .id = 0);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = 0, .size = 1);
	l = begin(test);
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		go_to(test, l, n += i + 1);
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC,
			     .address = addresses[i], .size = 1, .id = U64_MAX);
		KUNIT_EXPECT_EQ(test, l->l.missed, 0);
	}
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, .space = 1, .address = 0,
		     .size = 1);
	finish(test, l, 3, 1);
}

/* Points (span 0) are listed and missed like other records */
static void points_are_listed_and_missed(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l;

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0, .size = 7);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 1, .size = 7);
	l = begin(test);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, .address = 1, .size = 7);
	finish(test, l, 1, 1);
	KUNIT_EXPECT_EQ(test, l->seen[0].span, 0);
	KUNIT_EXPECT_EQ(test, l->seen[0].size, 7);
}

static void listing_without_room_keeps_its_position(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l;

	make_row(test, c, 2);
	l = begin(test);
	l->room = 0;
	bt_listing_step(fixture(test)->t, &l->l);
	bt_listing_step(fixture(test)->t, &l->l);
	KUNIT_EXPECT_FALSE(test, l->l.end);
	l->room = ROOM;
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(PLACE(1), 16),
		     .id = 1);
	finish(test, l, 1, 1);
}

static void client_that_ends_ahead_is_missed(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *l;

	make_row(test, a, 5);
	make_row(test, b, 5);
	free_one(test, b, 2);
	l = begin(test);
	go_to(test, l, 1);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0, 16));
	close_client(test, b);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_remaining, 5);
	finish(test, l, 5, 5);
}

static void client_that_ends_behind_was_listed(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *l;

	make_row(test, a, 5);
	make_row(test, b, 5);
	l = begin(test);
	go_to(test, l, 6);
	close_client(test, a);
	finish(test, l, 10, 0);
}

static void client_that_ends_midway_is_missed_in_part(struct kunit *test)
{
	struct bt_client *a = open_private(test);
	struct listing *l;

	make_row(test, a, 5);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, .space = 2, BUFFER(PLACE(1), 16));
	free_one(test, a, 1);
	free_one(test, a, 4);
	l = begin(test);
	go_to(test, l, 2);
	close_client(test, a);
	finish(test, l, 2, 4);
}

static void filtered_client_is_not_missed(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *live = listing_create(test, ROOM);
	struct listing *of_b = listing_create(test, ROOM);

	make_row(test, a, 5);
	make_row(test, b, 5);
	free_one(test, a, 2);
	live->l.states = BUFTRACK_RECORD_STATE_LIVE;
	of_b->l.client = b->number;
	listing_begin(test, live);
	listing_begin(test, of_b);
	close_client(test, a);
	finish(test, live, 5, 4);
	finish(test, of_b, 5, 0);
}

/* Many records, so the listings learn of them in several chunks */
static void large_client_that_ends_is_missed(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l;
	unsigned int i;

	fixture(test)->quick = true;
	make_row(test, c, 400);
	for (i = 1; i <= 200; i++)
		free_one(test, c, i);
	l = begin(test);
	close_client(test, c);
	finish(test, l, 0, 400);
}

/* The listing must not guess while the records are being taken apart */
static void listing_waits_for_a_client_that_ends(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct bt_client *s = open_shared(test);
	struct listing *l;

	make_row(test, a, 3);
	make_row(test, b, 3);
	make_row(test, s, 3);
	l = begin(test);
	end_client(test, a);
	listing_fill(test, l);
	KUNIT_EXPECT_TRUE(test, l->l.busy);
	KUNIT_EXPECT_FALSE(test, l->l.end);
	KUNIT_EXPECT_EQ(test, l->nr, 3);
	listing_fill(test, l);
	KUNIT_EXPECT_TRUE(test, l->l.busy);
	reap_client(test, a);
	finish(test, l, 6, 3);
	KUNIT_EXPECT_FALSE(test, l->l.busy);
}

static void listing_does_not_wait_for_a_passed_domain(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *l;

	make_row(test, a, 3);
	make_row(test, b, 3);
	l = begin(test);
	go_to(test, l, 4);
	end_client(test, a);
	finish(test, l, 6, 0);
	reap_client(test, a);
	KUNIT_EXPECT_EQ(test, l->l.missed, 0);
}

/* Its records remained at the instant, and the log has them once they are logged */
static void client_that_has_just_ended_has_remaining_records(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *l;

	make_row(test, a, 3);
	make_row(test, b, 2);
	free_one(test, a, 2);
	end_client(test, a);
	l = begin(test);
	listing_fill(test, l);
	KUNIT_EXPECT_TRUE(test, l->l.busy);
	KUNIT_EXPECT_EQ(test, l->nr, 0);
	reap_client(test, a);
	finish(test, l, 4, 0);
	KUNIT_EXPECT_EQ(test, l->seen[2].state, BUFTRACK_RECORD_STATE_REMAINING);
	KUNIT_EXPECT_EQ(test, l->seen[3].state, BUFTRACK_RECORD_STATE_REMAINING);
	KUNIT_EXPECT_EQ(test, l->seen[3].id, 3);
}

static void client_that_ended_before_is_not_missed(struct kunit *test)
{
	struct bt_client *a = open_private(test);
	struct listing *l = listing_create(test, ROOM);

	make_row(test, a, 3);
	l->l.states = BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED;
	end_client(test, a);
	listing_begin(test, l);
	reap_client(test, a);
	finish(test, l, 0, 0);
}

static void later_remaining_record_is_left_out(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *l;

	make_row(test, a, 3);
	make_row(test, b, 3);
	close_client(test, a);
	l = begin(test);
	go_to(test, l, 4);
	close_client(test, b);
	finish(test, l, 6, 0);
	KUNIT_EXPECT_EQ(test, l->seen[5].owner, a->number);
}

/* One client ends before the instant and one after it; the log mixes their records */
static void log_is_filtered_by_the_instant(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *l = listing_create(test, ROOM);
	unsigned int i;

	make_row(test, a, 3);
	make_row(test, b, 4);
	l->l.states = BUFTRACK_RECORD_STATE_REMAINING;
	end_client(test, a);
	listing_begin(test, l);
	close_client(test, b);
	reap_client(test, a);
	finish(test, l, 3, 0);
	for (i = 0; i < l->nr; i++)
		KUNIT_EXPECT_EQ(test, l->seen[i].owner, a->number);
}

static void remaining_records_that_are_dropped_are_missed(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *l;

	make_row(test, a, 6);
	close_client(test, a);
	l = begin(test);
	go_to(test, l, 2);
	set_max_remaining(test, 5);
	KUNIT_EXPECT_EQ(test, l->l.missed, 0);
	set_max_remaining(test, 3);
	KUNIT_EXPECT_EQ(test, l->l.missed, 1);
	/* These displace two more records, and then each other */
	make_row(test, b, 2);
	close_client(test, b);
	set_max_remaining(test, 1);
	finish(test, l, 2, 4);
}

static void remaining_records_are_missed_before_the_log(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *of_b = listing_create(test, ROOM);
	struct listing *live = listing_create(test, ROOM);
	struct listing *space = listing_create(test, ROOM);
	struct listing *l;

	make_row(test, a, 6);
	close_client(test, a);
	make_row(test, b, 2);
	of_b->l.client = b->number;
	live->l.states = BUFTRACK_RECORD_STATE_LIVE;
	space->l.space = 1;
	listing_begin(test, of_b);
	listing_begin(test, live);
	listing_begin(test, space);
	l = begin(test);
	set_max_remaining(test, 4);
	finish(test, l, 6, 2);
	finish(test, of_b, 2, 0);
	finish(test, live, 2, 0);
	finish(test, space, 0, 0);
}

static void reset_drops_remaining_records(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *before, *after;

	make_row(test, a, 6);
	make_row(test, b, 1);
	close_client(test, a);
	before = begin(test);
	bt_tracker_reset(fixture(test)->t);
	after = begin(test);
	finish(test, before, 1, 6);
	finish(test, after, 1, 0);
}

/* Records that were not logged before a reset are never logged */
static void reset_passes_over_a_client_that_has_just_ended(struct kunit *test)
{
	struct bt_client *a = open_private(test);
	struct listing *before, *after;

	make_row(test, a, 3);
	end_client(test, a);
	before = begin(test);
	bt_tracker_reset(fixture(test)->t);
	after = begin(test);
	bt_tracker_reset(fixture(test)->t);
	reap_client(test, a);
	finish(test, before, 0, 3);
	finish(test, after, 0, 0);
}

static void remove_device(struct kunit *test)
{
	u64 buffers, bytes;

	KUNIT_EXPECT_EQ(test, 0, bt_tracker_remove(fixture(test)->t, true,
						   &buffers, &bytes));
}

static void removal_ends_live_records(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *l;

	make_row(test, a, 6);
	make_row(test, b, 2);
	close_client(test, b);
	l = begin(test);
	go_to(test, l, 4);
	remove_device(test);
	listing_fill(test, l);
	KUNIT_EXPECT_TRUE(test, l->l.end);
	KUNIT_EXPECT_FALSE(test, l->l.exact);
	KUNIT_EXPECT_EQ(test, l->nr, 6);
	KUNIT_EXPECT_EQ(test, l->seen[5].state, BUFTRACK_RECORD_STATE_REMAINING);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_listings, 0);
}

static void removal_keeps_remaining_records(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *l;

	make_row(test, a, 1);
	make_row(test, b, 3);
	close_client(test, b);
	l = begin(test);
	go_to(test, l, 2);
	remove_device(test);
	finish(test, l, 4, 0);
}

/* Doubtful and orphaned are states of the instant, too */
static void doubt_is_that_of_the_instant(struct kunit *test)
{
	struct bt_client *c = open_private(test), *s = open_shared(test);
	struct listing *before, *between, *after;
	const u32 live = BUFTRACK_RECORD_STATE_LIVE;
	const u32 doubtful = live | BUFTRACK_RECORD_STATE_DOUBTFUL;

	make_row(test, c, 1);
	make_row(test, s, 1);
	before = begin(test);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(PLACE(2), 16), .id = 2);
	between = begin(test);
	report_lost(test, c, 1);
	report_lost(test, c, 1);
	after = begin(test);
	free_one(test, c, 1);
	finish(test, before, 2, 0);
	KUNIT_EXPECT_EQ(test, before->seen[1].state, live);
	finish(test, between, 3, 0);
	KUNIT_EXPECT_EQ(test, between->seen[0].state, live);
	KUNIT_EXPECT_EQ(test, between->seen[1].state, doubtful);
	KUNIT_EXPECT_EQ(test, between->seen[2].state, live);
	finish(test, after, 3, 0);
	KUNIT_EXPECT_EQ(test, after->seen[1].state, doubtful);
	KUNIT_EXPECT_EQ(test, after->seen[2].state, doubtful);
}

/* A listing does not use a gap that was saved for the previous one in its slot */
static void doubt_is_that_of_this_listing(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l;

	make_row(test, c, 1);
	l = begin(test);
	report_lost(test, c, 1);
	listing_begin(test, l);
	finish(test, l, 1, 0);
	KUNIT_EXPECT_EQ(test, l->seen[0].state, BUFTRACK_RECORD_STATE_LIVE |
			BUFTRACK_RECORD_STATE_DOUBTFUL);
	listing_begin(test, l);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(PLACE(2), 16));
	finish(test, l, 1, 0);
	KUNIT_EXPECT_EQ(test, l->seen[0].state, BUFTRACK_RECORD_STATE_LIVE |
			BUFTRACK_RECORD_STATE_DOUBTFUL);
}

static void orphans_are_those_of_the_instant(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	struct listing *before, *after;
	const u32 orphan = BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_ORPHANED;

	make_row(test, a, 2);
	before = begin(test);
	close_client(test, a);
	after = begin(test);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .address = PLACE(1));
	finish(test, before, 2, 0);
	KUNIT_EXPECT_EQ(test, before->seen[0].state, BUFTRACK_RECORD_STATE_LIVE);
	KUNIT_EXPECT_EQ(test, before->seen[1].state, BUFTRACK_RECORD_STATE_LIVE);
	finish(test, after, 2, 0);
	KUNIT_EXPECT_EQ(test, after->seen[0].state, orphan);
	KUNIT_EXPECT_EQ(test, after->seen[1].state, orphan);
}

static void begin_many(struct kunit *test, struct listing **l, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		l[i] = listing_create(test, ROOM);
		listing_begin(test, l[i]);
	}
}

/* A listing that cannot count dropped records does not claim to be exact */
static void one_listing_too_many_displaces_the_idlest(struct kunit *test)
{
	struct listing *l[BT_MAX_LISTINGS + 1];
	struct bt_client *c = open_private(test);
	unsigned int i;

	make_row(test, c, 4);
	begin_many(test, l, BT_MAX_LISTINGS);
	for (i = 0; i < BT_MAX_LISTINGS; i++) {
		fixture(test)->now++;
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0);
		go_to(test, l[(i + 6) % BT_MAX_LISTINGS], 1);
	}
	begin_many(test, &l[BT_MAX_LISTINGS], 1);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_listings, BT_MAX_LISTINGS);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(PLACE(3), 16),
		     .id = 3);
	for (i = 0; i <= BT_MAX_LISTINGS; i++) {
		KUNIT_EXPECT_EQ(test, l[i]->l.watched, i != 6);
		listing_fill(test, l[i]);
		KUNIT_EXPECT_EQ(test, l[i]->nr, 3);
		KUNIT_EXPECT_EQ(test, l[i]->l.missed, i != 6);
		KUNIT_EXPECT_FALSE(test, l[i]->l.exact);
	}
}

static void displaced_listing_still_lists(struct kunit *test)
{
	struct listing *l[BT_MAX_LISTINGS + 1];
	struct bt_client *c = open_private(test);
	unsigned int i;

	make_row(test, c, 4);
	begin_many(test, l, ARRAY_SIZE(l));
	free_one(test, c, 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0, 16));
	for (i = 0; i < ARRAY_SIZE(l); i++) {
		listing_fill(test, l[i]);
		KUNIT_EXPECT_TRUE(test, l[i]->l.end);
		KUNIT_EXPECT_EQ(test, l[i]->nr, 4);
		KUNIT_EXPECT_EQ(test, l[i]->seen[1].state, BUFTRACK_RECORD_STATE_LIVE);
		KUNIT_EXPECT_EQ(test, l[i]->l.missed, 0);
		KUNIT_EXPECT_EQ(test, l[i]->l.exact, i > 0);
	}
}

/* When the displaced listing ends, the one in its slot stays */
static void displaced_listing_ends_alone(struct kunit *test)
{
	struct listing *l[BT_MAX_LISTINGS + 1];
	struct bt_client *c = open_private(test);

	make_row(test, c, 4);
	begin_many(test, l, ARRAY_SIZE(l));
	listing_end(test, l[0]);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_listings, BT_MAX_LISTINGS);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(PLACE(3), 16),
		     .id = 3);
	finish(test, l[BT_MAX_LISTINGS], 3, 1);
	check_all(test);
}

static void listing_that_ends_frees_its_slot(struct kunit *test)
{
	struct listing *l[BT_MAX_LISTINGS];
	struct bt_client *c = open_private(test);
	unsigned int i;

	make_row(test, c, 4);
	begin_many(test, l, ARRAY_SIZE(l));
	listing_end(test, l[7]);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_listings, BT_MAX_LISTINGS - 1);
	check_all(test);
	listing_begin(test, l[7]);
	for (i = 0; i < ARRAY_SIZE(l); i++)
		finish(test, l[i], 4, 0);
}

/* An ended listing counts nothing, and can begin again */
static void listing_can_begin_again(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct listing *l;

	make_row(test, c, 4);
	l = begin(test);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(PLACE(3), 16),
		     .id = 3);
	finish(test, l, 3, 1);
	listing_end(test, l);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(PLACE(4), 16),
		     .id = 4);
	KUNIT_EXPECT_EQ(test, l->l.missed, 1);
	listing_begin(test, l);
	finish(test, l, 4, 0);
}

/* Records that are logged later do not delay its end */
static void later_log_is_not_visited(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct listing *l;

	fixture(test)->quick = true;
	make_row(test, a, 3);
	make_row(test, b, 400);
	close_client(test, a);
	l = begin(test);
	l->l.client = a->number;
	go_to(test, l, 1);
	close_client(test, b);
	bt_listing_step(fixture(test)->t, &l->l);
	KUNIT_EXPECT_TRUE(test, l->l.end);
	KUNIT_EXPECT_TRUE(test, l->l.exact);
	KUNIT_EXPECT_EQ(test, l->nr, 3);
}

/* Its result stays, even if its slot is reused */
static void listing_at_its_end_stays_there(struct kunit *test)
{
	struct listing *l[BT_MAX_LISTINGS], *first;
	struct bt_client *c = open_private(test);

	make_row(test, c, 4);
	first = begin(test);
	finish(test, first, 4, 0);
	begin_many(test, l, ARRAY_SIZE(l));
	KUNIT_EXPECT_FALSE(test, first->l.watched);
	bt_listing_step(fixture(test)->t, &first->l);
	KUNIT_EXPECT_TRUE(test, first->l.end);
	KUNIT_EXPECT_TRUE(test, first->l.exact);
	KUNIT_EXPECT_EQ(test, first->nr, 4);
}

static struct kunit_case instant_cases[] = {
	KUNIT_CASE(later_alloc_is_left_out),
	KUNIT_CASE(instant_is_a_stamp_of_its_own),
	KUNIT_CASE(later_free_is_listed_live),
	KUNIT_CASE(filters_are_about_the_instant),
	KUNIT_CASE(record_evicted_ahead_is_missed),
	KUNIT_CASE(record_replaced_ahead_is_missed),
	KUNIT_CASE(record_replaced_twice_is_missed_once),
	KUNIT_CASE(record_superseded_after_a_gap_is_missed),
	KUNIT_CASE(filtered_record_is_not_missed),
	KUNIT_CASE(highest_keys_are_not_missed),
	KUNIT_CASE(points_are_listed_and_missed),
	KUNIT_CASE(listing_without_room_keeps_its_position),
	KUNIT_CASE(client_that_ends_ahead_is_missed),
	KUNIT_CASE(client_that_ends_behind_was_listed),
	KUNIT_CASE(client_that_ends_midway_is_missed_in_part),
	KUNIT_CASE(filtered_client_is_not_missed),
	KUNIT_CASE(large_client_that_ends_is_missed),
	KUNIT_CASE(listing_waits_for_a_client_that_ends),
	KUNIT_CASE(listing_does_not_wait_for_a_passed_domain),
	KUNIT_CASE(client_that_has_just_ended_has_remaining_records),
	KUNIT_CASE(client_that_ended_before_is_not_missed),
	KUNIT_CASE(later_remaining_record_is_left_out),
	KUNIT_CASE(log_is_filtered_by_the_instant),
	KUNIT_CASE(remaining_records_that_are_dropped_are_missed),
	KUNIT_CASE(remaining_records_are_missed_before_the_log),
	KUNIT_CASE(reset_drops_remaining_records),
	KUNIT_CASE(reset_passes_over_a_client_that_has_just_ended),
	KUNIT_CASE(removal_ends_live_records),
	KUNIT_CASE(removal_keeps_remaining_records),
	KUNIT_CASE(doubt_is_that_of_the_instant),
	KUNIT_CASE(doubt_is_that_of_this_listing),
	KUNIT_CASE(orphans_are_those_of_the_instant),
	KUNIT_CASE(one_listing_too_many_displaces_the_idlest),
	KUNIT_CASE(displaced_listing_still_lists),
	KUNIT_CASE(displaced_listing_ends_alone),
	KUNIT_CASE(listing_that_ends_frees_its_slot),
	KUNIT_CASE(listing_can_begin_again),
	KUNIT_CASE(later_log_is_not_visited),
	KUNIT_CASE(listing_at_its_end_stays_there),
	{}
};

static struct kunit_suite instant_suite = {
	.name = "buftrack_instant",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = instant_cases,
};

kunit_test_suite(instant_suite);
