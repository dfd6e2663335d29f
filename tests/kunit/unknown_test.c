// SPDX-License-Identifier: GPL-2.0
/* Unknown frees: each reason, and the precedence of the reasons */
#include "fixture.h"

static void full_coverage_says_never(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x1000, .id = 5);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 0);
}

static void id_below_the_first_is_pre_attach(struct kunit *test)
{
	struct bt_client *c = open_client(test, 0, 100);

	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, .address = 1, .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, .address = 1, .id = 99);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 1, .id = 100);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 1, .id = U64_MAX);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 1, .id = 0);
}

static void late_client_is_pre_attach(struct kunit *test)
{
	struct bt_client *c = open_client(test, BUFTRACK_DECLARE_LATE, 0);

	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, .address = 1, .id = 7);
}

/* Late is a property of the client, even in the shared domain */
static void late_client_does_not_excuse_others(struct kunit *test)
{
	struct bt_client *late = open_client(test, BUFTRACK_DECLARE_SHARED |
					     BUFTRACK_DECLARE_LATE, 50);
	struct bt_client *c = open_shared(test);

	EXPECT_FREE(test, late, BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x1000, .id = 3);
}

static void other_ids_may_be_live_or_freed(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, .address = 0x1000,
		    .id = 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, .address = 0x1000,
		    .id = 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .space = 1,
		    .address = 0x1000, .id = 2);
	KUNIT_EXPECT_EQ(test, find_freed(c, 0, 0x1000, 1)->repeats, 0);
}

/* Several objects free one buffer, each with an id of its own */
static void several_objects_free_one_buffer(struct kunit *test)
{
	struct bt_client *c = open_client(test, 0, 10);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 20);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, .address = 0x1000,
		    .id = 21);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, .address = 0x1000,
		    .id = 22);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, .address = 0x1000,
		    .id = 9);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 20);
}

static void superseded_record_is_no_other_id(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x1000, 64), .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000, .id = 1);
}

/* Conditions that can hold when a free with an id has no target */
enum {
	OLD_ID = 1 << 0,
	HAD_GAP = 1 << 1,
	EVICTED = 1 << 2,
	OTHER_ID = 1 << 3,
	IS_LATE = 1 << 4,
	NR_COMBINATIONS = 1 << 5,
};

static int first_reason(unsigned int holds)
{
	if (holds & OLD_ID)
		return BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH;
	if (holds & HAD_GAP)
		return BUFTRACK_VERDICT_UNKNOWN_GAP;
	if (holds & EVICTED)
		return BUFTRACK_VERDICT_UNKNOWN_EVICTED;
	if (holds & OTHER_ID)
		return BUFTRACK_VERDICT_UNKNOWN_OTHER_ID;
	return holds & IS_LATE ? BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH :
				 BUFTRACK_VERDICT_UNKNOWN_NEVER;
}

static void set_the_scene(struct kunit *test, struct bt_client *c,
			  unsigned int holds)
{
	if (holds & EVICTED) {
		set_max_freed(test, 0);
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x5000, 64), .id = 99);
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x5000, .id = 99);
	}
	if (holds & HAD_GAP)
		report_lost(test, c, 1);
	if (holds & OTHER_ID)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 8,
			     .id = 99);
}

static void first_reason_that_holds_is_given(struct kunit *test)
{
	unsigned int holds;

	for (holds = 0; holds < NR_COMBINATIONS; holds++) {
		struct bt_client *c;

		c = open_client(test, holds & IS_LATE ? BUFTRACK_DECLARE_LATE : 0,
				holds & OLD_ID ? 50 : 0);
		set_the_scene(test, c, holds);
		EXPECT_FREE(test, c, first_reason(holds), .address = 0x1000,
			    .id = 7);
		close_client(test, c);
	}
}

static struct kunit_case unknown_cases[] = {
	KUNIT_CASE(full_coverage_says_never),
	KUNIT_CASE(id_below_the_first_is_pre_attach),
	KUNIT_CASE(late_client_is_pre_attach),
	KUNIT_CASE(late_client_does_not_excuse_others),
	KUNIT_CASE(other_ids_may_be_live_or_freed),
	KUNIT_CASE(several_objects_free_one_buffer),
	KUNIT_CASE(superseded_record_is_no_other_id),
	KUNIT_CASE(first_reason_that_holds_is_given),
	{}
};

static struct kunit_suite unknown_suite = {
	.name = "buftrack_unknown",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = unknown_cases,
};

kunit_test_suite(unknown_suite);
