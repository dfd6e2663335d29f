// SPDX-License-Identifier: GPL-2.0
/* Uses: which one comes after a free, its evidence, and that none changes a record */
#include "fixture.h"
#include "snapshot.h"

static void make_freed(struct kunit *test, struct bt_client *c, u64 id)
{
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = id);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = id);
}

static void use_of_a_live_record_is_ok(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1, .size = 3);
	report_lost(test, c, 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->events.last, 0);
}

static void every_use_of_a_freed_record_counts(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	unsigned int i;

	make_freed(test, c, 1);
	for (i = 0; i < 3; i++)
		EXPECT_USE(test, c, BUFTRACK_VERDICT_USE_AFTER_FREE,
			   .address = 0x1000, .id = 1, .size = i);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_USE_AFTER_FREES), 3);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->events.last, 3);
}

/* Without an id a use of the present buffer looks like one of the former */
static void use_without_an_id_is_ok(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	make_freed(test, c, 0);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	make_freed(test, c, 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
}

static void use_names_one_key_only(struct kunit *test)
{
	struct bt_client *c = open_private(test), *other = open_private(test);

	make_freed(test, c, 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 2);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1001, .id = 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1, .space = 1);
	EXPECT_USE(test, other, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
}

static void use_of_a_new_buffer_with_the_same_key_is_ok(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	make_freed(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 32), .id = 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
}

static void use_after_an_eviction_is_ok(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_freed(test, 0);
	make_freed(test, c, 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
}

/* An alloc with the same key may be among the missing reports */
static void gap_since_the_free_excuses_a_use(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	report_lost(test, c, 1);
	make_freed(test, c, 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_USE_AFTER_FREE, .address = 0x1000, .id = 1);
	report_lost(test, c, 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_USE_AFTER_FREES), 1);
}

static void use_while_tracking_is_off_is_no_gap(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	make_freed(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 64), .id = 2);
	set_enabled(test, false);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_DISABLED, .address = 0x1000, .id = 1);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_DISABLED, .address = 0x2000);
	set_enabled(test, true);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_DISABLED_REPORTS), 2);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_USE_AFTER_FREE, .address = 0x1000, .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_SIZE_MISMATCH, .address = 0x2000, .id = 2,
		    .size = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x9000, .id = 9);
}

static void use_changes_no_record(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct snapshot *before;

	make_freed(test, c, 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000, .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 2);
	before = snapshot_take(test);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_USE_AFTER_FREE, .address = 0x1000, .id = 1);
	snapshot_expect_verdict(test, before, snapshot_take(test), c, 0,
				BUFTRACK_COUNTER_USE_AFTER_FREES);
	before = snapshot_take(test);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 2);
	EXPECT_USE(test, c, BUFTRACK_VERDICT_OK, .address = 0x5000, .id = 3);
	snapshot_expect_same(test, before, snapshot_take(test));
}

/* It is judged where an alloc gets no record, and takes none from the pool */
static void use_needs_no_memory(struct kunit *test)
{
	struct bt_tracker *t = fixture(test)->t;
	struct bt_client *c = open_private(test);
	struct buftrack_report r = {
		.op = BUFTRACK_OP_USE, .address = 0x1000, .id = 1,
	};
	unsigned int spare;
	u64 records;

	make_freed(test, c, 1);
	set_max_records(test, 1);
	bt_pool_trim(t);
	spare = t->pool.nr;
	records = atomic64_read(&fixture(test)->store.nr);
	KUNIT_EXPECT_EQ(test, BUFTRACK_VERDICT_USE_AFTER_FREE,
			bt_report(t, c, &r, 0, BT_MAY_REFILL, NULL));
	KUNIT_EXPECT_EQ(test, t->pool.nr, spare);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fixture(test)->store.nr), records);
	KUNIT_EXPECT_EQ(test, t->nr_records, 1);
	KUNIT_EXPECT_EQ(test, c->domain->gap, 0);
}

/* The verdict is the reporter's, whoever allocated and freed the buffer */
static void use_charges_its_reporter(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	make_freed(test, a, 1);
	close_client(test, a);
	EXPECT_USE(test, b, BUFTRACK_VERDICT_USE_AFTER_FREE, .address = 0x1000, .id = 1);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_USE_AFTER_FREES), 1);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_USE_AFTER_FREES), 0);
}

static struct kunit_case use_cases[] = {
	KUNIT_CASE(use_of_a_live_record_is_ok),
	KUNIT_CASE(every_use_of_a_freed_record_counts),
	KUNIT_CASE(use_without_an_id_is_ok),
	KUNIT_CASE(use_names_one_key_only),
	KUNIT_CASE(use_of_a_new_buffer_with_the_same_key_is_ok),
	KUNIT_CASE(use_after_an_eviction_is_ok),
	KUNIT_CASE(gap_since_the_free_excuses_a_use),
	KUNIT_CASE(use_while_tracking_is_off_is_no_gap),
	KUNIT_CASE(use_changes_no_record),
	KUNIT_CASE(use_needs_no_memory),
	KUNIT_CASE(use_charges_its_reporter),
	{}
};

static struct kunit_suite use_suite = {
	.name = "buftrack_use",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = use_cases,
};

kunit_test_suite(use_suite);
