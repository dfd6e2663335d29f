// SPDX-License-Identifier: GPL-2.0
/* Allocs: the record that they create, and the records that they overlap */
#include "fixture.h"

static void first_alloc_is_ok(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct bt_record *rec;

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x1000,
		     .size = 96, .span = 16, .id = 7);
	rec = find_live(c, 1, 0x1000, 7);
	KUNIT_ASSERT_NOT_NULL(test, rec);
	KUNIT_EXPECT_EQ(test, rec->size, 96);
	KUNIT_EXPECT_EQ(test, rec->span, 16);
	KUNIT_EXPECT_PTR_EQ(test, rec->owner, c);
	KUNIT_EXPECT_EQ(test, rec->allocated, fixture(test)->stamp);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ALLOCS), 1);
	KUNIT_EXPECT_EQ(test, count_in(test, 1, BUFTRACK_COUNTER_LIVE_BYTES), 96);
	KUNIT_EXPECT_EQ(test, count_in(test, 0, BUFTRACK_COUNTER_LIVE_BYTES), 0);
}

static void live_key_is_double_alloc(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 7);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x1000, 32), .id = 7);
	KUNIT_EXPECT_EQ(test, find_live(c, 0, 0x1000, 7)->size, 32);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ALLOCS), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), 32);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 0);
}

static void double_alloc_is_no_overlap(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 7);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1040, 64), .id = 8);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x1000, 65),
		     .id = 7);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_DOUBLE_ALLOCS), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_OVERLAPS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
}

static void same_address_other_id_is_overlap(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 7);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0x1000, 64), .id = 8);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), 0);
}

/**
 * struct second_range - a range next to 0x1000 to 0x10ff
 * @name: its position in words
 * @address: its first address
 * @span: its extent
 * @verdict: expected verdict
 */
struct second_range {
	const char *name;
	u64 address;
	u64 span;
	int verdict;
};

static const struct second_range second_ranges[] = {
	{ "right before", 0xf00, 0x100, BUFTRACK_VERDICT_OK },
	{ "right after", 0x1100, 0x100, BUFTRACK_VERDICT_OK },
	{ "far before", 0x0, 0x10, BUFTRACK_VERDICT_OK },
	{ "far after", 0x900000, 0x10, BUFTRACK_VERDICT_OK },
	{ "across the first byte", 0xf00, 0x101, BUFTRACK_VERDICT_OVERLAP },
	{ "across the last byte", 0x10ff, 0x100, BUFTRACK_VERDICT_OVERLAP },
	{ "within", 0x1010, 0x10, BUFTRACK_VERDICT_OVERLAP },
	{ "around", 0xf00, 0x1000, BUFTRACK_VERDICT_OVERLAP },
	{ "identical", 0x1000, 0x100, BUFTRACK_VERDICT_OVERLAP },
	{ "shorter with the same start", 0x1000, 1, BUFTRACK_VERDICT_OVERLAP },
	{ "with the same end", 0x10ff, 1, BUFTRACK_VERDICT_OVERLAP },
	{ "unknown span within", 0x1010, 0, BUFTRACK_VERDICT_OK },
	{ "unknown span at the same start", 0x1000, 0, BUFTRACK_VERDICT_OK },
};

KUNIT_ARRAY_PARAM_DESC(second_ranges, second_ranges, name);

static void ranges_overlap_or_not(struct kunit *test)
{
	const struct second_range *range = test->param_value;
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 0x100), .id = 1);
	EXPECT_ALLOC(test, c, range->verdict, .address = range->address,
		     .size = 8, .span = range->span, .id = 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_OVERLAPS),
			range->verdict == BUFTRACK_VERDICT_OVERLAP);
}

/* The same with the two allocs in the other order */
static void order_makes_no_difference(struct kunit *test)
{
	const struct second_range *range = test->param_value;
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = range->address, .size = 8,
		     .span = range->span, .id = 2);
	EXPECT_ALLOC(test, c, range->verdict, BUFFER(0x1000, 0x100), .id = 1);
}

static void overlap_counts_once_for_many_records(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	unsigned int i;

	for (i = 0; i < 10; i++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000 + i * 16, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0x800, 0x1000));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_OVERLAPS), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 11);
}

static void span_overlaps_and_size_does_not(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0, .size = 0x8000,
		     .span = 0x1000);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 0x8000,
		     .span = 0x1000);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, .address = 0x1fff, .size = 1,
		     .span = 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), 0x10001);
}

static void freed_ranges_do_not_overlap(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0xff0, 64), .id = 3);
}

static void spaces_are_separate(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	u32 space;

	for (space = 0; space < FIXTURE_SPACES; space++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = space,
			     BUFFER(0x1000, 64), .id = 5);
	for (space = 0; space < FIXTURE_SPACES; space++)
		KUNIT_EXPECT_EQ(test, count_in(test, space, BUFTRACK_COUNTER_ALLOCS), 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 2, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, count_in(test, 2, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS),
			FIXTURE_SPACES - 1);
}

static void domains_are_separate(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct bt_client *s = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, s, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_FREE(test, s, BUFTRACK_VERDICT_OK, .address = 0x1000);
}

static void freed_key_is_taken_over(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 3);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 3);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000, .id = 3);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 3);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_records, 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 3);
	KUNIT_EXPECT_EQ(test, find_freed(c, 0, 0x1000, 3)->repeats, 0);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x2000);
}

static void key_can_be_reused_many_times(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	unsigned int i;

	for (i = 1; i <= 50; i++) {
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, i));
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = i);
	}
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_records, 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREES), 50);
}

static void stamps_rise_while_time_stands_still(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct fixture *fx = fixture(test);
	u64 stamp = 0;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		fx->now = 5;
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(i * 16, 16));
		KUNIT_EXPECT_GT(test, fx->stamp, stamp);
		stamp = fx->stamp;
	}
	fx->now = 1000;
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	KUNIT_EXPECT_EQ(test, fx->stamp, fx->now);
}

static struct kunit_case alloc_cases[] = {
	KUNIT_CASE(first_alloc_is_ok),
	KUNIT_CASE(live_key_is_double_alloc),
	KUNIT_CASE(double_alloc_is_no_overlap),
	KUNIT_CASE(same_address_other_id_is_overlap),
	KUNIT_CASE_PARAM(ranges_overlap_or_not, second_ranges_gen_params),
	KUNIT_CASE_PARAM(order_makes_no_difference, second_ranges_gen_params),
	KUNIT_CASE(overlap_counts_once_for_many_records),
	KUNIT_CASE(span_overlaps_and_size_does_not),
	KUNIT_CASE(freed_ranges_do_not_overlap),
	KUNIT_CASE(spaces_are_separate),
	KUNIT_CASE(domains_are_separate),
	KUNIT_CASE(freed_key_is_taken_over),
	KUNIT_CASE(key_can_be_reused_many_times),
	KUNIT_CASE(stamps_rise_while_time_stands_still),
	{}
};

static struct kunit_suite alloc_suite = {
	.name = "buftrack_alloc",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = alloc_cases,
};

kunit_test_suite(alloc_suite);
