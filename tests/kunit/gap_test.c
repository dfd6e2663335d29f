// SPDX-License-Identifier: GPL-2.0
/*
 * Gaps: their causes, the reports that they excuse, and the reports that they do
 * not
 */
#include "fixture.h"

/* Live records that an alloc examines, besides the one with its key */
#define EXAMINED	64

static void lost_reports_make_a_gap(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	report_lost(test, c, 3);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LOST_REPORTS), 3);
}

static void report_while_disabled_makes_a_gap(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_enabled(test, false);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DISABLED, BUFFER(0x1000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DISABLED, .address = 0x1000);
	set_enabled(test, true);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_DISABLED_REPORTS), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ALLOCS), 0);
}

static void disabling_alone_makes_no_gap(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	set_enabled(test, false);
	set_enabled(test, true);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x2000);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x1000, 64));
}

static void untracked_alloc_makes_a_gap(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_records(test, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, BUFFER(0x2000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x2000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ALLOCS), 1);
}

static void refused_free_makes_no_gap(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_REFUSED_FREE, .address = 0x1000,
		    .flags = BUFTRACK_REPORT_REFUSED);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x2000);
}

static void doubtful_key_is_superseded_silently(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 1);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 32), .id = 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_DOUBLE_ALLOCS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), 32);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 0);
}

static void doubtful_point_with_the_key_is_superseded(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 64);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 64);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), 1);
}

static void doubtful_ranges_are_superseded_silently(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1040, 64));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1080, 64));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1050, .size = 64);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x103f, 0x41));
	KUNIT_EXPECT_NULL(test, find_live(c, 0, 0x1000, 0));
	KUNIT_EXPECT_NULL(test, find_live(c, 0, 0x1040, 0));
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x1050, 0));
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x1080, 0));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), 2);
}

static void current_records_are_judged(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0x1020, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = 0x1008);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_SIZE_MISMATCH, .address = 0x1000,
		    .size = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
}

/* Of two overlapping records, the doubtful one ends and the other is an overlap */
static void doubtful_and_current_records_differ(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1040, 64));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0x1020, 64));
	KUNIT_EXPECT_NULL(test, find_live(c, 0, 0x1000, 0));
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x1040, 0));
}

static void doubtful_free_is_ok_with_any_size(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	report_lost(test, c, 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREES), 1);
}

static void doubtful_free_is_ok_from_any_client(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	report_lost(test, b, 1);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FREES), 1);
}

static void doubtful_target_can_be_refused(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	report_lost(test, c, 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_REFUSED_FREE, .address = 0x1000,
		    .flags = BUFTRACK_REPORT_REFUSED);
}

static void free_before_the_gap_may_have_been_undone(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	report_lost(test, c, 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, find_freed(c, 0, 0x1000, 0)->repeats, 0);
}

/* The latest gap counts, not that of the target's own reports */
static void free_after_the_gap_was_seen(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	report_lost(test, c, 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
	report_lost(test, c, 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, find_freed(c, 0, 0x1000, 0)->repeats, 1);
}

static void doubtful_records_make_no_free_stale(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0xf00, 0x1000), .id = 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1, .id = 3);
	report_lost(test, c, 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .id = 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000, .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000, .size = 1, .id = 4);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_STALE_FREE, .address = 0x1000, .id = 1);
}

static void doubtful_records_make_no_free_invalid(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	report_lost(test, c, 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x1008);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 64));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_INVALID_FREE, .address = 0x2008);
}

static void gap_is_remembered_for_good(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	unsigned int i;

	report_lost(test, c, 1);
	for (i = 0; i < 200; i++) {
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	}
	bt_tracker_reset(fixture(test)->t);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x2000);
}

static void gap_affects_one_domain(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct bt_client *s1 = open_shared(test), *s2 = open_shared(test);

	report_lost(test, a, 1);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x1000);
	EXPECT_FREE(test, s1, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x1000);
	report_lost(test, s1, 1);
	EXPECT_FREE(test, s2, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x1000);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x1000);
}

static void lost_reports_count_while_disabled(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_enabled(test, false);
	report_lost(test, c, 4);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LOST_REPORTS), 4);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_DISABLED_REPORTS), 0);
	set_enabled(test, true);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 0x1000);
}

/* @nr records that all span 0x10000, so an alloc there overlaps them */
static void make_crowd(struct kunit *test, struct bt_client *c, u64 start,
		       unsigned int nr)
{
	unsigned int i;

	fixture(test)->quick = true;
	for (i = 0; i < nr; i++)
		make_report(test, c, (struct buftrack_report) {
			    .op = BUFTRACK_OP_ALLOC, .id = i + 1,
			    BUFFER(start + i * 16, 0x10000) });
	fixture(test)->quick = false;
}

static void one_alloc_supersedes_many_doubtful_ranges(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	make_crowd(test, c, 0x10000, EXAMINED);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x18000, 64));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
}

static void first_by_address_are_examined(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	make_crowd(test, c, 0x10000, EXAMINED + 2);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0x18000, 64));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 3);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), EXAMINED);
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x10000 + EXAMINED * 16,
					      EXAMINED + 1));
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x10010 + EXAMINED * 16,
					      EXAMINED + 2));
}

/* Ids are unsigned */
static void first_by_id_are_examined(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	unsigned int i;

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64), .id = U64_MAX);
	for (i = 1; i <= EXAMINED; i++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0x1000, 64),
			     .id = i);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0x1000, 64), .id = 1000);
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x1000, U64_MAX));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
}

static void same_key_is_examined_beyond_the_others(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	u64 last = 0x10000 + EXAMINED * 16;

	make_crowd(test, c, 0x10000, EXAMINED + 1);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(last, 64), .id = EXAMINED + 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), EXAMINED + 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
}

static void current_records_are_examined_too(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	make_crowd(test, c, 0x12000, EXAMINED);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x11000, 64), .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, BUFFER(0x11001, 0x9000), .id = 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), EXAMINED - 1);
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x12000 + (EXAMINED - 1) * 16,
					      EXAMINED));
}

/* The record that an alloc replaces is not one of them */
static void same_key_is_not_one_of_the_others(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	make_crowd(test, c, 0x12000, EXAMINED);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x11000, 64), .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x11000, 0x9000),
		     .id = 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), EXAMINED + 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
}

static struct kunit_case gap_cases[] = {
	KUNIT_CASE(lost_reports_make_a_gap),
	KUNIT_CASE(report_while_disabled_makes_a_gap),
	KUNIT_CASE(disabling_alone_makes_no_gap),
	KUNIT_CASE(untracked_alloc_makes_a_gap),
	KUNIT_CASE(refused_free_makes_no_gap),
	KUNIT_CASE(doubtful_key_is_superseded_silently),
	KUNIT_CASE(doubtful_point_with_the_key_is_superseded),
	KUNIT_CASE(doubtful_ranges_are_superseded_silently),
	KUNIT_CASE(current_records_are_judged),
	KUNIT_CASE(doubtful_and_current_records_differ),
	KUNIT_CASE(doubtful_free_is_ok_with_any_size),
	KUNIT_CASE(doubtful_free_is_ok_from_any_client),
	KUNIT_CASE(doubtful_target_can_be_refused),
	KUNIT_CASE(free_before_the_gap_may_have_been_undone),
	KUNIT_CASE(free_after_the_gap_was_seen),
	KUNIT_CASE(doubtful_records_make_no_free_stale),
	KUNIT_CASE(doubtful_records_make_no_free_invalid),
	KUNIT_CASE(gap_is_remembered_for_good),
	KUNIT_CASE(gap_affects_one_domain),
	KUNIT_CASE(lost_reports_count_while_disabled),
	KUNIT_CASE(one_alloc_supersedes_many_doubtful_ranges),
	KUNIT_CASE(first_by_address_are_examined),
	KUNIT_CASE(first_by_id_are_examined),
	KUNIT_CASE(same_key_is_examined_beyond_the_others),
	KUNIT_CASE(current_records_are_examined_too),
	KUNIT_CASE(same_key_is_not_one_of_the_others),
	{}
};

static struct kunit_suite gap_suite = {
	.name = "buftrack_gap",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = gap_cases,
};

kunit_test_suite(gap_suite);
