// SPDX-License-Identifier: GPL-2.0
/* Reports of drivers: reference counted buffers, moves, and a detached driver */
#include "fixture.h"

static struct buftrack_report buffer(u16 op, u32 space, u64 address, u64 size)
{
	return (struct buftrack_report) {
		.op = op,
		.space = space,
		.address = address,
		.size = op == BUFTRACK_OP_ALLOC ? size : 0,
		.span = op == BUFTRACK_OP_ALLOC ? size : 0,
		.id = address,
	};
}

static int free_as_owner(struct kunit *test, struct bt_client *c, u32 space,
			 u64 address)
{
	const struct buftrack_report r = buffer(BUFTRACK_OP_FREE, space, address, 0);

	return bt_report(fixture(test)->t, c, &r, ++fixture(test)->now,
			 BT_AS_OWNER, &fixture(test)->stamp);
}

static int move(struct kunit *test, struct bt_client *c, u32 from_space, u64 from,
		u32 space, u64 address)
{
	const struct buftrack_report old = buffer(BUFTRACK_OP_FREE, from_space, from,
						  0);
	const struct buftrack_report new = buffer(BUFTRACK_OP_ALLOC, space, address,
						  64);

	KUNIT_ASSERT_EQ(test, bt_pool_fill(fixture(test)->t), 0);
	return bt_report_move(fixture(test)->t, c, &old, &new,
			      ++fixture(test)->now);
}

static void refcounted_buffer_is_freed_by_its_owner(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 0x1000);
	KUNIT_EXPECT_EQ(test, free_as_owner(test, b, 0, 0x1000), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_PTR_EQ(test, find_freed(a, 0, 0x1000, 0x1000)->freed.by, a);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FREES), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FOREIGN_FREES), 0);
}

static void refcounted_orphan_is_freed_by_the_reporter(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 0x1000);
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, free_as_owner(test, b, 0, 0x1000), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_PTR_EQ(test, find_freed(b, 0, 0x1000, 0x1000)->freed.by, b);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
}

static void second_free_of_a_refcounted_buffer_is_wrong(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 0x1000);
	KUNIT_EXPECT_EQ(test, free_as_owner(test, b, 0, 0x1000), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, free_as_owner(test, b, 0, 0x1000),
			BUFTRACK_VERDICT_DOUBLE_FREE);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_DOUBLE_FREES), 1);
}

static void move_belongs_to_the_owner(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 0x1000);
	KUNIT_EXPECT_EQ(test, move(test, b, 0, 0x1000, 1, 0x2000), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_PTR_EQ(test, find_live(a, 1, 0x2000, 0x2000)->owner, a);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_MOVES), 1);
	KUNIT_EXPECT_EQ(test, count_in(test, 1, BUFTRACK_COUNTER_MOVES), 1);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_ALLOCS), 2);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_ALLOCS), 0);
	KUNIT_EXPECT_EQ(test, free_as_owner(test, b, 0, 0x1000), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
}

static void orphan_that_moves_stays_an_orphan(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 0x1000);
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, move(test, b, 0, 0x1000, 1, 0x2000), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, free_as_owner(test, b, 0, 0x1000), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 1);
	KUNIT_EXPECT_EQ(test, count_in(test, 1, BUFTRACK_COUNTER_ORPHANED_BYTES), 64);
	KUNIT_EXPECT_EQ(test, free_as_owner(test, b, 1, 0x2000), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
}

/* An owner that was reaped has no domain, and only its records keep it alive */
static void orphan_moves_over_a_live_buffer(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	KUNIT_ASSERT_EQ(test, bt_events_setup(fixture(test)->t, 8), 0);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 0x1000);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 64), .id = 0x2000);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x3010, 64), .id = 0x3010);
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, move(test, b, 0, 0x1000, 0, 0x2000),
			BUFTRACK_VERDICT_DOUBLE_ALLOC);
	KUNIT_EXPECT_EQ(test, move(test, b, 0, 0x1000, 0, 0x3000),
			BUFTRACK_VERDICT_OVERLAP);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_MOVES), 2);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_OVERLAPS), 1);
	check_all(test);
}

/* The move supersedes the doubtful record that holds the owner's last reference */
static void move_keeps_its_owner_without_other_records(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	set_max_closed(test, 0);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 0x1000);
	close_client(test, a);
	report_lost(test, b, 1);
	KUNIT_EXPECT_EQ(test, move(test, b, 0, 0x1000, 0, 0x1000), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, take_zombie(test), 0);
	KUNIT_EXPECT_PTR_EQ(test, find_live(b, 0, 0x1000, 0x1000)->owner, a);
	check_all(test);
}

static void move_from_an_unknown_key_belongs_to_the_reporter(struct kunit *test)
{
	struct bt_client *b = open_shared(test);

	KUNIT_EXPECT_EQ(test, move(test, b, 0, 0x1000, 1, 0x2000), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_PTR_EQ(test, find_live(b, 1, 0x2000, 0x2000)->owner, b);
	KUNIT_EXPECT_EQ(test, move(test, b, FIXTURE_SPACES, 1, 1, 0x3000),
			BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_MOVES), 2);
}

static void move_to_a_missing_space_fails(struct kunit *test)
{
	struct bt_client *b = open_shared(test);

	KUNIT_EXPECT_EQ(test, move(test, b, 0, 0x1000, FIXTURE_SPACES, 0x2000),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_MOVES), 0);
}

/* A client's end and its report can race on two processors */
static void report_of_an_ended_shared_client_makes_an_orphan(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	end_client(test, a);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 0x1000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 1);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 0x1000);
	report_lost(test, a, 1);
	reap_client(test, a);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x1000,
		    .id = 0x1000);
}

static void detached_driver_leaves_nothing_live(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	struct bt_client *own = open_private(test);
	u64 i;

	for (i = 1; i <= 200; i++)
		EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, .space = i % FIXTURE_SPACES,
			     BUFFER(i << 12, 64));
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x1, 32));
	EXPECT_ALLOC(test, own, BUFTRACK_VERDICT_OK, BUFFER(0x1, 32));
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .space = 1, .address = 1 << 12);
	close_client(test, b);
	bt_shared_restart(fixture(test)->t, U32_MAX);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_REMOVED_BUFFERS), 199);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_LIVE_BYTES), 0);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FREED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, count_of(test, own, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
}

static void domain_is_empty_after_a_driver_detached(struct kunit *test)
{
	struct bt_client *a = open_shared(test);

	set_max_freed(test, 1);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 64));
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .address = 0x2000);
	report_lost(test, a, 1);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x1000);
	bt_shared_restart(fixture(test)->t, U32_MAX);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x1000);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x2000);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
}

static void restart_can_be_split(struct kunit *test)
{
	struct bt_client *a = open_shared(test);
	unsigned int parts = 1;
	u64 i;

	for (i = 1; i <= 200; i++)
		EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, .space = i % FIXTURE_SPACES,
			     BUFFER(i << 12, 64));
	for (; !bt_shared_restart(fixture(test)->t, 70); parts++)
		KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMOVED_BUFFERS),
				70 * parts);
	KUNIT_EXPECT_EQ(test, parts, 3);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMOVED_BUFFERS), 200);
}

static void live_buffers_are_allocs_without_frees(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *own = open_private(test);
	const struct buftrack_report key = buffer(BUFTRACK_OP_FREE, 0, 0x1000, 0);
	const struct buftrack_report nowhere = buffer(BUFTRACK_OP_FREE,
						      BUFTRACK_MAX_SPACES, 0x1000,
						      0);
	struct bt_tracker *t = fixture(test)->t;

	EXPECT_ALLOC(test, own, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 0x1000);
	KUNIT_EXPECT_FALSE(test, bt_shared_has_live(t, &key));
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 0x1000);
	KUNIT_EXPECT_TRUE(test, bt_shared_has_live(t, &key));
	KUNIT_EXPECT_FALSE(test, bt_shared_has_live(t, &nowhere));
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 0x1000);
	KUNIT_EXPECT_FALSE(test, bt_shared_has_live(t, &key));
}

/* A driver's buffers are tracked whatever sizes programs report */
static void programs_leave_bytes_to_a_driver(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *own = open_private(test);
	const u64 half = U64_MAX / 2;

	fixture(test)->t->has_driver = true;
	EXPECT_ALLOC(test, own, BUFTRACK_VERDICT_UNTRACKED, .address = 1, .size = half + 1);
	EXPECT_ALLOC(test, own, BUFTRACK_VERDICT_OK, .address = 1, .size = half);
	EXPECT_ALLOC(test, own, BUFTRACK_VERDICT_UNTRACKED, .address = 2, .size = 1);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, .address = 2, .size = half);
}

static void restart_of_a_removed_device_changes_nothing(struct kunit *test)
{
	struct bt_client *a = open_shared(test);
	u64 buffers, bytes;

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	KUNIT_EXPECT_EQ(test, bt_tracker_remove(fixture(test)->t, true, &buffers,
						&bytes), 0);
	bt_shared_restart(fixture(test)->t, U32_MAX);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
}

static void reserve_is_filled_up_to_the_store_bound(struct kunit *test)
{
	struct bt_tracker *t = fixture(test)->t;

	KUNIT_EXPECT_EQ(test, bt_pool_stock(t, 1000, GFP_KERNEL), 0);
	KUNIT_EXPECT_GE(test, t->pool.nr, 1000);
	fixture(test)->store.max = atomic64_read(&fixture(test)->store.nr) + 10;
	KUNIT_EXPECT_EQ(test, bt_pool_stock(t, 1000, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&fixture(test)->store.nr),
			fixture(test)->store.max);
	KUNIT_EXPECT_EQ(test, bt_pool_stock(t, 1, GFP_KERNEL), -ENOMEM);
}

static void uncounted_reserve_takes_nothing_from_the_bound(struct kunit *test)
{
	struct bt_store *store = &fixture(test)->store;
	struct bt_tracker *t = fixture(test)->t;
	s64 before = atomic64_read(&store->nr) - t->pool.nr;

	KUNIT_EXPECT_EQ(test, bt_pool_stock(t, 100, GFP_KERNEL), 0);
	bt_pool_count(t, false);
	KUNIT_EXPECT_EQ(test, atomic64_read(&store->nr), before);
	bt_pool_count(t, true);
	KUNIT_EXPECT_EQ(test, atomic64_read(&store->nr), before + t->pool.nr);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(refcounted_buffer_is_freed_by_its_owner),
	KUNIT_CASE(refcounted_orphan_is_freed_by_the_reporter),
	KUNIT_CASE(second_free_of_a_refcounted_buffer_is_wrong),
	KUNIT_CASE(move_belongs_to_the_owner),
	KUNIT_CASE(orphan_that_moves_stays_an_orphan),
	KUNIT_CASE(orphan_moves_over_a_live_buffer),
	KUNIT_CASE(move_keeps_its_owner_without_other_records),
	KUNIT_CASE(move_from_an_unknown_key_belongs_to_the_reporter),
	KUNIT_CASE(move_to_a_missing_space_fails),
	KUNIT_CASE(report_of_an_ended_shared_client_makes_an_orphan),
	KUNIT_CASE(detached_driver_leaves_nothing_live),
	KUNIT_CASE(domain_is_empty_after_a_driver_detached),
	KUNIT_CASE(restart_can_be_split),
	KUNIT_CASE(live_buffers_are_allocs_without_frees),
	KUNIT_CASE(programs_leave_bytes_to_a_driver),
	KUNIT_CASE(restart_of_a_removed_device_changes_nothing),
	KUNIT_CASE(reserve_is_filled_up_to_the_store_bound),
	KUNIT_CASE(uncounted_reserve_takes_nothing_from_the_bound),
	{}
};

static struct kunit_suite suite = {
	.name = "buftrack_driver",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
