// SPDX-License-Identifier: GPL-2.0
/* Frees: the target, and the verdict on each of its states */
#include "fixture.h"

static void live_record_becomes_freed(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct bt_record *rec;

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	KUNIT_EXPECT_NULL(test, find_live(c, 0, 0x1000, 0));
	rec = find_freed(c, 0, 0x1000, 0);
	KUNIT_ASSERT_NOT_NULL(test, rec);
	KUNIT_EXPECT_EQ(test, rec->freed.stamp, fixture(test)->stamp);
	KUNIT_EXPECT_PTR_EQ(test, rec->freed.by, c);
	KUNIT_EXPECT_EQ(test, rec->repeats, 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREES), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 1);
}

static void size_of_a_free_is_compared_if_given(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 64,
		     .span = 8);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 64);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 0);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_SIZE_MISMATCH, .address = 0x1000,
		    .size = 63);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREES), 3);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SIZE_MISMATCHES), 1);
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 0, 0x1000, 0));
}

static void refused_free_leaves_the_record_live(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_REFUSED_FREE, .address = 0x1000,
		    .size = 1, .flags = BUFTRACK_REPORT_REFUSED);
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x1000, 0));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREES), 0);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
}

/* The tracker's record decides, not the driver's return code */
static void refusal_matters_for_live_targets_only(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000,
		    .flags = BUFTRACK_REPORT_REFUSED);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0xff0, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_STALE_FREE, .address = 0x1000,
		    .flags = BUFTRACK_REPORT_REFUSED);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = 0xff1,
		    .flags = BUFTRACK_REPORT_REFUSED);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x9000,
		    .flags = BUFTRACK_REPORT_REFUSED);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REFUSED_FREES), 0);
}

static void refusal_comes_before_the_owner(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_REFUSED_FREE, .address = 0x1000,
		    .flags = BUFTRACK_REPORT_REFUSED);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_REFUSED_FREES), 1);
}

static void address_means_the_live_one_allocated_last(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1, .id = 5);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1, .id = 9);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1, .id = 0);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1, .id = 3);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 0, 0x1000, 3));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 0, 0x1000, 0));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 0, 0x1000, 9));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 0, 0x1000, 5));
}

static void address_means_the_freed_one_freed_last(struct kunit *test)
{
	static const u64 order[] = { 2, 3, 1 };
	struct bt_client *c = open_private(test);
	unsigned int i;

	for (i = 1; i <= 3; i++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1,
			     .id = i);
	for (i = 0; i < 3; i++)
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000,
			    .id = order[i]);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, find_freed(c, 0, 0x1000, 1)->repeats, 2);
	KUNIT_EXPECT_EQ(test, find_freed(c, 0, 0x1000, 3)->repeats, 0);
}

static void address_prefers_a_live_one(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1, .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1, .id = 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 0, 0x1000, 1));
}

static void id_names_one_record_only(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1, .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1, .id = 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_STALE_FREE, .address = 0x1000, .id = 1);
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x1000, 2));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000, .id = 1);
}

static void id_never_matches_a_record_without_one(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, .address = 0x1000,
		    .id = 1);
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x1000, 0));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, .address = 0x1000,
		    .id = 1);
	KUNIT_EXPECT_EQ(test, find_freed(c, 0, 0x1000, 0)->repeats, 0);
}

static void every_repeat_counts(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	unsigned int i;

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 4);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 4);
	for (i = 1; i <= 5; i++) {
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000,
			    .id = 4);
		KUNIT_EXPECT_EQ(test, find_freed(c, 0, 0x1000, 4)->repeats, i);
	}
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_DOUBLE_FREES), 5);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREES), 1);
}

/**
 * struct successor - a live buffer after the free of 0x1000
 * @name: its position in words
 * @address: its first address
 * @span: its extent
 * @verdict: expected verdict on a second free of 0x1000
 */
struct successor {
	const char *name;
	u64 address;
	u64 span;
	int verdict;
};

static const struct successor successors[] = {
	{ "at the address", 0x1000, 64, BUFTRACK_VERDICT_STALE_FREE },
	{ "a point at the address", 0x1000, 0, BUFTRACK_VERDICT_STALE_FREE },
	{ "around it", 0xf00, 0x1000, BUFTRACK_VERDICT_STALE_FREE },
	{ "with its last byte there", 0xf00, 0x101, BUFTRACK_VERDICT_STALE_FREE },
	{ "right before", 0xf00, 0x100, BUFTRACK_VERDICT_DOUBLE_FREE },
	{ "right after", 0x1001, 0x100, BUFTRACK_VERDICT_DOUBLE_FREE },
	{ "a point before", 0xfff, 0, BUFTRACK_VERDICT_DOUBLE_FREE },
};

KUNIT_ARRAY_PARAM_DESC(successors, successors, name);

static void second_free_is_stale_if_the_address_is_reused(struct kunit *test)
{
	const struct successor *next = test->param_value;
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = next->address, .size = 1,
		     .span = next->span, .id = 2);
	EXPECT_FREE(test, c, next->verdict, .address = 0x1000, .id = 1);
	KUNIT_EXPECT_EQ(test, find_freed(c, 0, 0x1000, 1)->repeats, 1);
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, next->address, 2));
}

static void interior_is_invalid(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = 0x1001);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = 0x103f, .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x1040);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0xfff);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .space = 1,
		    .address = 0x1001);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_INVALID_FREES), 2);
	KUNIT_EXPECT_EQ(test, find_live(c, 0, 0x1000, 1)->repeats, 0);
}

static void point_has_no_interior(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 64);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x1001);
}

static void interior_is_invalid_beside_another_record(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0x1020, 8), .id = 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = 0x1020, .id = 3);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1020, .id = 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = 0x1020, .id = 3);
}

static void interior_is_invalid_before_it_is_unknown(struct kunit *test)
{
	struct bt_client *c = open_client(test, BUFTRACK_DECLARE_LATE, 100);

	set_max_freed(test, 0);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x5000, 64), .id = 200);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x5000, .id = 200);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 200);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = 0x1008, .id = 5);
}

/* The search passes records that extend less far */
static void interior_is_found_under_others(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	unsigned int i;

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 0x10000));
	for (i = 1; i <= 20; i++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP,
			     BUFFER(0x1000 + i * 32, 16));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = 0x10fff);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x11000);
}

static struct kunit_case free_cases[] = {
	KUNIT_CASE(live_record_becomes_freed),
	KUNIT_CASE(size_of_a_free_is_compared_if_given),
	KUNIT_CASE(refused_free_leaves_the_record_live),
	KUNIT_CASE(refusal_matters_for_live_targets_only),
	KUNIT_CASE(refusal_comes_before_the_owner),
	KUNIT_CASE(address_means_the_live_one_allocated_last),
	KUNIT_CASE(address_means_the_freed_one_freed_last),
	KUNIT_CASE(address_prefers_a_live_one),
	KUNIT_CASE(id_names_one_record_only),
	KUNIT_CASE(id_never_matches_a_record_without_one),
	KUNIT_CASE(every_repeat_counts),
	KUNIT_CASE_PARAM(second_free_is_stale_if_the_address_is_reused,
			 successors_gen_params),
	KUNIT_CASE(interior_is_invalid),
	KUNIT_CASE(point_has_no_interior),
	KUNIT_CASE(interior_is_invalid_beside_another_record),
	KUNIT_CASE(interior_is_invalid_before_it_is_unknown),
	KUNIT_CASE(interior_is_found_under_others),
	{}
};

static struct kunit_suite free_suite = {
	.name = "buftrack_free",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = free_cases,
};

kunit_test_suite(free_suite);
