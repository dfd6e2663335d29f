// SPDX-License-Identifier: GPL-2.0
/* The pool and the store of records, and reports when both are empty */
#include "fixture.h"
#include "snapshot.h"

static int report_once(struct kunit *test, struct bt_client *c, u64 address,
		       unsigned int flags)
{
	struct fixture *fx = fixture(test);
	const struct buftrack_report r = {
		.op = BUFTRACK_OP_ALLOC, .address = address, .size = 16,
	};

	return bt_report(fx->t, c, &r, ++fx->now, flags, &fx->stamp);
}

static void empty_pool_asks_for_a_refill(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct fixture *fx = fixture(test);

	KUNIT_EXPECT_EQ(test, -EAGAIN, report_once(test, c, 0, BT_MAY_REFILL));
	KUNIT_EXPECT_EQ(test, 0, bt_pool_fill(fx->t));
	KUNIT_EXPECT_GT(test, fx->t->pool.nr, 1);
	KUNIT_EXPECT_EQ(test, BUFTRACK_VERDICT_OK, report_once(test, c, 0, BT_MAY_REFILL));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ALLOCS), 1);
}

static void asking_for_a_refill_changes_nothing(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct snapshot *before, *after;

	fixture(test)->store.max = 3;
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x3000, 16));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	report_lost(test, c, 1);
	before = snapshot_take(test);
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			report_once(test, c, 0x4000, BT_MAY_REFILL));
	after = snapshot_take(test);
	snapshot_expect_same(test, before, after);
	KUNIT_EXPECT_EQ(test, before->records->l.instant, after->stamp);
}

static void alloc_without_refill_goes_untracked(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	KUNIT_EXPECT_EQ(test, BUFTRACK_VERDICT_UNTRACKED, report_once(test, c, 0, 0));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 1);
	KUNIT_EXPECT_EQ(test, 0, bt_pool_fill(fixture(test)->t));
	KUNIT_EXPECT_EQ(test, BUFTRACK_VERDICT_OK, report_once(test, c, 0, 0));
}

static void free_needs_no_record(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	fixture(test)->store.max = 1;
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	KUNIT_EXPECT_EQ(test, fixture(test)->t->pool.nr, 0);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->pool.nr, 0);
}

static void known_key_needs_no_record(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	fixture(test)->store.max = 1;
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x1000, 16));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
}

static void full_store_evicts_or_goes_untracked(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	fixture(test)->store.max = 2;
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, BUFFER(0x3000, 16));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x3000, 16));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x1000);
}

static void store_is_never_overdrawn(struct kunit *test)
{
	struct fixture *fx = fixture(test);

	fx->store.max = 150;
	KUNIT_EXPECT_EQ(test, 0, bt_pool_fill(fx->t));
	KUNIT_EXPECT_EQ(test, 0, bt_pool_fill(fx->t));
	KUNIT_EXPECT_EQ(test, fx->t->pool.nr, 150);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->store.nr), 150);
	KUNIT_EXPECT_EQ(test, -ENOMEM, bt_pool_fill(fx->t));
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->store.nr), 150);
}

/* A bound below the number of existing records admits none until enough are freed */
static void store_bound_can_be_below_the_records(struct kunit *test)
{
	struct fixture *fx = fixture(test);

	KUNIT_EXPECT_EQ(test, 0, bt_pool_fill(fx->t));
	fx->store.max = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, bt_pool_fill(fx->t));
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->store.nr), fx->t->pool.nr);
}

static void surplus_is_returned(struct kunit *test)
{
	struct fixture *fx = fixture(test);
	unsigned int i, before;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, 0, bt_pool_fill(fx->t));
	before = fx->t->pool.nr;
	bt_pool_trim(fx->t);
	KUNIT_EXPECT_LT(test, fx->t->pool.nr, before / 2);
	KUNIT_EXPECT_GT(test, fx->t->pool.nr, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->store.nr), fx->t->pool.nr);
}

static void records_of_ended_clients_are_returned(struct kunit *test)
{
	struct fixture *fx = fixture(test);
	unsigned int i;

	fx->quick = true;
	set_max_remaining(test, 5);
	for (i = 0; i < 300; i++) {
		struct bt_client *c = open_client(test, i % 2 ? 0 :
						  BUFTRACK_DECLARE_SHARED, 0);

		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(i * 32, 16));
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(i * 32 + 16, 16));
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = i * 32);
		close_client(test, c);
	}
	KUNIT_EXPECT_EQ(test, fx->t->nr_records, 300);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->store.nr),
			300 + 5 + fx->t->pool.nr);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(empty_pool_asks_for_a_refill),
	KUNIT_CASE(asking_for_a_refill_changes_nothing),
	KUNIT_CASE(alloc_without_refill_goes_untracked),
	KUNIT_CASE(free_needs_no_record),
	KUNIT_CASE(known_key_needs_no_record),
	KUNIT_CASE(full_store_evicts_or_goes_untracked),
	KUNIT_CASE(store_is_never_overdrawn),
	KUNIT_CASE(store_bound_can_be_below_the_records),
	KUNIT_CASE(surplus_is_returned),
	KUNIT_CASE(records_of_ended_clients_are_returned),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "buftrack_pool",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);
