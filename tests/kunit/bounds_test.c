// SPDX-License-Identifier: GPL-2.0
/* Both ends of every range: addresses, sizes, spans, ids, spaces, sums */
#include "fixture.h"

static void address_zero_is_an_address(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0, 64));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0, 1), .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0, .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = 63);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0);
}

static void last_address_is_an_address(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = U64_MAX, .size = 1,
		     .span = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = U64_MAX);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = U64_MAX);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = U64_MAX, .size = 9);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = U64_MAX);
}

static void range_may_end_at_the_top(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(U64_MAX - 15, 16), .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(U64_MAX, 1), .id = 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(U64_MAX - 31, 16), .id = 3);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0, 16), .id = 4);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = U64_MAX, .id = 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_STALE_FREE, .address = U64_MAX, .id = 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = U64_MAX - 1);
}

static void range_may_be_all_but_one_address(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0, .size = 1,
		     .span = U64_MAX);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, .address = 1, .size = 1,
		     .span = U64_MAX);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, .address = U64_MAX, .size = 1,
		     .span = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = U64_MAX);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = U64_MAX - 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = U64_MAX);
}

static void doubtful_range_may_end_at_the_top(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(U64_MAX - 15, 16));
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(U64_MAX, 1));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), 1);
}

static void ids_are_unsigned(struct kunit *test)
{
	static const u64 ids[] = { U64_MAX, 1, 1ULL << 63, (1ULL << 63) - 1 };
	struct bt_client *c = open_client(test, 0, 1ULL << 63);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1,
			     .id = ids[i]);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000,
			    .id = ids[i]);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, .address = 0x2000,
		    .id = (1ULL << 63) - 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x2000,
		    .id = U64_MAX);
}

static void first_id_may_be_the_highest(struct kunit *test)
{
	struct bt_client *c = open_client(test, 0, U64_MAX);

	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, .address = 0,
		    .id = U64_MAX - 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0, .id = U64_MAX);
}

static void live_bytes_may_reach_the_top(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0, .size = U64_MAX);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), U64_MAX);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, .address = 1, .size = 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), U64_MAX);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_PEAK_BYTES), U64_MAX);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0, .size = U64_MAX);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 1, .size = 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), 1);
}

/* The sum is that of the device, whichever client holds the rest of it */
static void live_bytes_of_all_clients_share_one_sum(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, .address = 0, .size = U64_MAX - 9);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_UNTRACKED, .space = 1, .address = 0,
		     .size = 10);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, .space = 1, .address = 0, .size = 9);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), U64_MAX);
}

/* No counter wraps: not that of a space which device and client leave out */
static void bytes_of_an_aperture_are_bounded_in_its_space(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_aperture(test, 2, true);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 2, .address = 0,
		     .size = U64_MAX);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, .space = 2, .address = 1,
		     .size = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0, .size = U64_MAX);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, .space = 1, .address = 0,
		     .size = 1);
}

static void remaining_bytes_count_in_the_sum(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, .address = 0, .size = U64_MAX);
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BYTES), U64_MAX);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_UNTRACKED, .address = 0, .size = 1);
	bt_tracker_reset(fixture(test)->t);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, .address = 0, .size = 1);
}

static void replaced_bytes_do_not_count_in_the_sum(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0, .size = U64_MAX);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, .address = 0,
		     .size = U64_MAX - 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, .address = 1, .size = 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0, .size = U64_MAX);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), 2);
}

/* An alloc that is not recorded evicts no record */
static void bytes_past_the_top_evict_nothing(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_records(test, 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0, .size = U64_MAX);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 1, .size = U64_MAX);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, .address = 2, .size = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, .address = 0, .size = 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
}

static void spaces_are_bounded(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	u32 space;

	for (space = FIXTURE_SPACES; space < BUFTRACK_MAX_SPACES; space++)
		KUNIT_EXPECT_EQ(test, (int)space,
				bt_tracker_add_space(fixture(test)->t));
	KUNIT_EXPECT_EQ(test, -ENOSPC, bt_tracker_add_space(fixture(test)->t));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = BUFTRACK_MAX_SPACES - 1,
		     BUFFER(0x1000, 16));
	KUNIT_EXPECT_EQ(test, count_in(test, BUFTRACK_MAX_SPACES - 1,
				       BUFTRACK_COUNTER_LIVE_BYTES), 16);
	EXPECT_FREE(test, c, -ENOENT, .space = BUFTRACK_MAX_SPACES);
}

static void unknown_space_is_not_found(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	u64 stamp = fixture(test)->t->stamp;

	EXPECT_ALLOC(test, c, -ENOENT, .space = FIXTURE_SPACES, BUFFER(0, 16));
	EXPECT_FREE(test, c, -ENOENT, .space = U32_MAX, .address = 0);
	set_enabled(test, false);
	EXPECT_FREE(test, c, -ENOENT, .space = FIXTURE_SPACES, .address = 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_DISABLED_REPORTS), 0);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->stamp, stamp);
}

static void removed_device_takes_no_reports(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct fixture *fx = fixture(test);
	u64 buffers, bytes;

	KUNIT_EXPECT_EQ(test, 0, bt_tracker_remove(fx->t, true, &buffers,
						   &bytes));
	EXPECT_ALLOC(test, c, -ENODEV, BUFFER(0, 16));
	EXPECT_FREE(test, c, -ENODEV, .address = 0);
	KUNIT_EXPECT_EQ(test, -ENODEV, bt_lost(fx->t, c, 1, ++fx->now));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LOST_REPORTS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ALLOCS), 0);
}

static struct kunit_case bounds_cases[] = {
	KUNIT_CASE(address_zero_is_an_address),
	KUNIT_CASE(last_address_is_an_address),
	KUNIT_CASE(range_may_end_at_the_top),
	KUNIT_CASE(range_may_be_all_but_one_address),
	KUNIT_CASE(doubtful_range_may_end_at_the_top),
	KUNIT_CASE(ids_are_unsigned),
	KUNIT_CASE(first_id_may_be_the_highest),
	KUNIT_CASE(live_bytes_may_reach_the_top),
	KUNIT_CASE(live_bytes_of_all_clients_share_one_sum),
	KUNIT_CASE(bytes_of_an_aperture_are_bounded_in_its_space),
	KUNIT_CASE(remaining_bytes_count_in_the_sum),
	KUNIT_CASE(replaced_bytes_do_not_count_in_the_sum),
	KUNIT_CASE(bytes_past_the_top_evict_nothing),
	KUNIT_CASE(spaces_are_bounded),
	KUNIT_CASE(unknown_space_is_not_found),
	KUNIT_CASE(removed_device_takes_no_reports),
	{}
};

static struct kunit_suite bounds_suite = {
	.name = "buftrack_bounds",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = bounds_cases,
};

kunit_test_suite(bounds_suite);
