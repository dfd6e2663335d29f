// SPDX-License-Identifier: GPL-2.0
/* Counters: the events that each counts, in which scope, and across a reset */
#include "fixture.h"

/**
 * struct counted - a report of the client under test, and its counter
 * @name: its verdict in words
 * @op: enum buftrack_op
 * @flags: enum buftrack_report_flags
 * @address: its address
 * @size: of an alloc, or of a free that gives one
 * @id: its id
 * @verdict: expected verdict
 * @counter: the counter that increases by one
 *
 * All reports are in space 1, after set_the_scene().
 */
struct counted {
	const char *name;
	u16 op;
	u16 flags;
	u64 address;
	u64 size;
	u64 id;
	int verdict;
	int counter;
};

static const struct counted counted[] = {
	{ "ok alloc", BUFTRACK_OP_ALLOC, 0, 0x9000, 16, 0,
	  BUFTRACK_VERDICT_OK, BUFTRACK_COUNTER_ALLOCS },
	{ "ok free", BUFTRACK_OP_FREE, 0, 0x1000, 0, 20,
	  BUFTRACK_VERDICT_OK, BUFTRACK_COUNTER_FREES },
	{ "double_alloc", BUFTRACK_OP_ALLOC, 0, 0x1000, 16, 20,
	  BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFTRACK_COUNTER_DOUBLE_ALLOCS },
	{ "overlap", BUFTRACK_OP_ALLOC, 0, 0x1008, 16, 0,
	  BUFTRACK_VERDICT_OVERLAP, BUFTRACK_COUNTER_OVERLAPS },
	{ "refused_free", BUFTRACK_OP_FREE, BUFTRACK_REPORT_REFUSED, 0x1000, 0, 20,
	  BUFTRACK_VERDICT_REFUSED_FREE, BUFTRACK_COUNTER_REFUSED_FREES },
	{ "foreign_free", BUFTRACK_OP_FREE, 0, 0x4000, 0, 0,
	  BUFTRACK_VERDICT_FOREIGN_FREE, BUFTRACK_COUNTER_FOREIGN_FREES },
	{ "size_mismatch", BUFTRACK_OP_FREE, 0, 0x1000, 3, 20,
	  BUFTRACK_VERDICT_SIZE_MISMATCH, BUFTRACK_COUNTER_SIZE_MISMATCHES },
	{ "double_free", BUFTRACK_OP_FREE, 0, 0x2000, 0, 20,
	  BUFTRACK_VERDICT_DOUBLE_FREE, BUFTRACK_COUNTER_DOUBLE_FREES },
	{ "stale_free", BUFTRACK_OP_FREE, 0, 0x3000, 0, 20,
	  BUFTRACK_VERDICT_STALE_FREE, BUFTRACK_COUNTER_STALE_FREES },
	{ "invalid_free", BUFTRACK_OP_FREE, 0, 0x1001, 0, 0,
	  BUFTRACK_VERDICT_INVALID_FREE, BUFTRACK_COUNTER_INVALID_FREES },
	{ "unknown_free pre_attach", BUFTRACK_OP_FREE, 0, 0x5000, 0, 1,
	  BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH },
	{ "unknown_free other_id", BUFTRACK_OP_FREE, 0, 0x1000, 0, 30,
	  BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID },
	{ "unknown_free never", BUFTRACK_OP_FREE, 0, 0x5000, 0, 0,
	  BUFTRACK_VERDICT_UNKNOWN_NEVER, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER },
	{ "use_after_free", BUFTRACK_OP_USE, 0, 0x2000, 0, 20,
	  BUFTRACK_VERDICT_USE_AFTER_FREE, BUFTRACK_COUNTER_USE_AFTER_FREES },
};

KUNIT_ARRAY_PARAM_DESC(counted, counted, name);

/* Does the counter count a verdict, not the fate of records? */
static bool is_of_verdicts(unsigned int counter)
{
	return (counter >= BUFTRACK_COUNTER_DOUBLE_FREES &&
		counter <= BUFTRACK_COUNTER_OVERLAPS) ||
	       counter == BUFTRACK_COUNTER_UNTRACKED_BUFFERS ||
	       counter == BUFTRACK_COUNTER_DISABLED_REPORTS ||
	       counter == BUFTRACK_COUNTER_LOST_REPORTS ||
	       counter == BUFTRACK_COUNTER_USE_AFTER_FREES;
}

/* A live buffer, a freed one, one freed and reused, and one of another client */
static struct bt_client *set_the_scene(struct kunit *test)
{
	struct bt_client *c = open_client(test, BUFTRACK_DECLARE_SHARED, 10);
	struct bt_client *other = open_shared(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x1000, 16),
		     .id = 20);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x2000, 16),
		     .id = 20);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x2000);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x3000, 16),
		     .id = 20);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x3000);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x3000, 16),
		     .id = 21);
	EXPECT_ALLOC(test, other, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x4000, 16));
	return c;
}

static void read_scopes(struct kunit *test, const struct bt_client *c,
			struct bt_counters scope[3])
{
	struct bt_tracker *t = fixture(test)->t;

	KUNIT_EXPECT_EQ(test, 0, bt_tracker_read_counters(t, BUFTRACK_SCOPE_DEVICE, 0,
							  &scope[0]));
	KUNIT_EXPECT_EQ(test, 0, bt_tracker_read_counters(t, BUFTRACK_SCOPE_SPACE, 1,
							  &scope[1]));
	KUNIT_EXPECT_EQ(test, 0, bt_tracker_read_counters(t, BUFTRACK_SCOPE_CLIENT,
							  c->number, &scope[2]));
}

static void verdict_counts_once_in_every_scope(struct kunit *test)
{
	const struct counted *p = test->param_value;
	struct bt_client *c = set_the_scene(test);
	struct bt_counters before[3], after[3];
	unsigned int i, counter;

	read_scopes(test, c, before);
	KUNIT_EXPECT_EQ(test, p->verdict,
			make_report(test, c, (struct buftrack_report) {
				    .op = p->op, .flags = p->flags, .space = 1,
				    .address = p->address, .size = p->size,
				    .span = p->op == BUFTRACK_OP_ALLOC ? p->size : 0,
				    .id = p->id }));
	read_scopes(test, c, after);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, after[i].v[p->counter],
				before[i].v[p->counter] + 1);
		for (counter = 0; counter < BUFTRACK_NR_COUNTERS; counter++)
			if (is_of_verdicts(counter) && counter != p->counter)
				KUNIT_EXPECT_EQ(test, after[i].v[counter],
						before[i].v[counter]);
	}
	KUNIT_EXPECT_EQ(test, count_in(test, 0, p->counter), 0);
}

static void frees_include_wrong_frees_that_free(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16));
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_FOREIGN_FREE, .address = 0x1000);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_SIZE_MISMATCH, .address = 0x2000,
		    .size = 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREES), 2);
	KUNIT_EXPECT_EQ(test, count_in(test, 0, BUFTRACK_COUNTER_FREES), 2);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FREES), 2);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_FREES), 0);
}

static void peak_is_the_highest_ever(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 100));
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x1000, 70));
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 40));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_PEAK_BYTES), 110);
	KUNIT_EXPECT_EQ(test, count_in(test, 0, BUFTRACK_COUNTER_PEAK_BYTES), 100);
	KUNIT_EXPECT_EQ(test, count_in(test, 1, BUFTRACK_COUNTER_PEAK_BYTES), 70);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_PEAK_BYTES), 100);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_PEAK_BYTES), 70);
}

/* After the report, not in the middle of it */
static void replaced_record_is_not_in_the_peak(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 100));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x1000, 90));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_PEAK_BYTES), 100);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 95));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_PEAK_BYTES), 100);
}

static void lost_reports_are_in_no_space(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	u32 space;

	report_lost(test, c, 7);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LOST_REPORTS), 7);
	KUNIT_EXPECT_EQ(test, count_of(test, c, BUFTRACK_COUNTER_LOST_REPORTS), 7);
	for (space = 0; space < FIXTURE_SPACES; space++)
		KUNIT_EXPECT_EQ(test, 0, count_in(test, space,
						  BUFTRACK_COUNTER_LOST_REPORTS));
}

static void disabled_and_untracked_count_in_their_space(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_enabled(test, false);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DISABLED, .space = 2, .address = 0);
	set_enabled(test, true);
	set_max_records(test, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, .space = 3, BUFFER(0, 16));
	KUNIT_EXPECT_EQ(test, count_in(test, 2, BUFTRACK_COUNTER_DISABLED_REPORTS), 1);
	KUNIT_EXPECT_EQ(test, count_in(test, 3, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 1);
	KUNIT_EXPECT_EQ(test, count_of(test, c, BUFTRACK_COUNTER_DISABLED_REPORTS), 1);
	KUNIT_EXPECT_EQ(test, count_of(test, c, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 1);
}

static void expect_reset(struct kunit *test, const struct bt_counters *before,
			 const struct bt_counters *after)
{
	static const u64 held = BIT_ULL(BUFTRACK_COUNTER_LIVE_BUFFERS) |
				BIT_ULL(BUFTRACK_COUNTER_LIVE_BYTES) |
				BIT_ULL(BUFTRACK_COUNTER_ORPHANED_BUFFERS) |
				BIT_ULL(BUFTRACK_COUNTER_ORPHANED_BYTES) |
				BIT_ULL(BUFTRACK_COUNTER_FREED_RECORDS);
	unsigned int i;

	for (i = 0; i < BUFTRACK_NR_COUNTERS; i++) {
		u64 expected = held & BIT_ULL(i) ? before->v[i] : 0;

		if (i == BUFTRACK_COUNTER_ALLOCS)
			expected = before->v[BUFTRACK_COUNTER_LIVE_BUFFERS];
		if (i == BUFTRACK_COUNTER_PEAK_BYTES)
			expected = before->v[BUFTRACK_COUNTER_LIVE_BYTES];
		KUNIT_EXPECT_EQ(test, after->v[i], expected);
	}
}

static void reset_keeps_current_records(struct kunit *test)
{
	struct bt_client *c = set_the_scene(test), *ended = open_shared(test);
	struct bt_counters before[3], after[3];
	unsigned int i;

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x9000, 999));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x9000);
	EXPECT_ALLOC(test, ended, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x7000, 5));
	close_client(test, ended);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 1, .address = 0x2000);
	report_lost(test, c, 2);
	read_scopes(test, c, before);
	bt_tracker_reset(fixture(test)->t);
	read_scopes(test, c, after);
	for (i = 0; i < 3; i++)
		expect_reset(test, &before[i], &after[i]);
	KUNIT_EXPECT_EQ(test, after[0].v[BUFTRACK_COUNTER_ORPHANED_BYTES], 5);
	KUNIT_EXPECT_EQ(test, count_of(test, ended, BUFTRACK_COUNTER_ALLOCS), 1);
}

static void counters_continue_after_a_reset(struct kunit *test)
{
	struct bt_client *c = set_the_scene(test);

	bt_tracker_reset(fixture(test)->t);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 1, .address = 0x1000);
	close_client(test, c);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREES), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_DOUBLE_FREES), 1);
}

static void removal_ends_live_records_as_removed(struct kunit *test)
{
	struct bt_client *c = set_the_scene(test), *own = open_private(test);
	u64 buffers = 0, bytes = 0;

	EXPECT_ALLOC(test, own, BUFTRACK_VERDICT_OK, BUFFER(0, 100));
	KUNIT_EXPECT_EQ(test, -EBUSY, bt_tracker_remove(fixture(test)->t, false,
							&buffers, &bytes));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 4);
	KUNIT_EXPECT_EQ(test, 0, bt_tracker_remove(fixture(test)->t, true,
						   &buffers, &bytes));
	KUNIT_EXPECT_EQ(test, buffers, 4);
	KUNIT_EXPECT_EQ(test, bytes, 148);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMOVED_BUFFERS), 4);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, count_in(test, 1, BUFTRACK_COUNTER_REMOVED_BUFFERS), 3);
	KUNIT_EXPECT_EQ(test, count_of(test, c, BUFTRACK_COUNTER_REMOVED_BUFFERS), 2);
	KUNIT_EXPECT_EQ(test, count_of(test, own, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	close_client(test, own);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BUFFERS), 0);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_remaining, 0);
}

static void orphans_are_removed_with_the_device(struct kunit *test)
{
	struct bt_client *c = open_shared(test);
	u64 buffers = 0, bytes = 0;

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0, 100));
	close_client(test, c);
	KUNIT_EXPECT_EQ(test, 0, bt_tracker_remove(fixture(test)->t, false,
						   &buffers, &bytes));
	KUNIT_EXPECT_EQ(test, bytes, 100);
	KUNIT_EXPECT_EQ(test, count_of(test, c, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	KUNIT_EXPECT_EQ(test, -ENODEV, bt_tracker_remove(fixture(test)->t, true,
							 &buffers, &bytes));
}

/* Space 2 is an aperture */
static void expect_bytes(struct kunit *test, struct bt_client *c,
			 enum buftrack_counter counter, u64 memory, u64 window)
{
	KUNIT_EXPECT_EQ(test, count_in(test, 2, counter), window);
	KUNIT_EXPECT_EQ(test, count_in(test, 0, counter), memory);
	KUNIT_EXPECT_EQ(test, count(test, counter), memory);
	KUNIT_EXPECT_EQ(test, count_of(test, c, counter), memory);
}

static void apertures_are_no_memory(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_aperture(test, 2, true);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 2, BUFFER(0x1000, 500));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 2, BUFFER(0x2000, 7));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 3);
	expect_bytes(test, c, BUFTRACK_COUNTER_LIVE_BYTES, 16, 507);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 2, .address = 0x2000);
	expect_bytes(test, c, BUFTRACK_COUNTER_LIVE_BYTES, 16, 500);
	expect_bytes(test, c, BUFTRACK_COUNTER_PEAK_BYTES, 16, 507);
	close_client(test, c);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BUFFERS), 2);
	expect_bytes(test, c, BUFTRACK_COUNTER_LIVE_BYTES, 0, 0);
	expect_bytes(test, c, BUFTRACK_COUNTER_REMAINING_BYTES, 16, 500);
}

static void orphaned_apertures_are_no_memory(struct kunit *test)
{
	struct bt_client *c = open_shared(test), *other = open_shared(test);

	set_aperture(test, 2, true);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 2, BUFFER(0x1000, 500));
	close_client(test, c);
	expect_bytes(test, c, BUFTRACK_COUNTER_ORPHANED_BYTES, 16, 500);
	EXPECT_FREE(test, other, BUFTRACK_VERDICT_OK, .space = 2, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 1);
	expect_bytes(test, c, BUFTRACK_COUNTER_ORPHANED_BYTES, 16, 0);
	expect_bytes(test, c, BUFTRACK_COUNTER_LIVE_BYTES, 16, 0);
}

/* A driver declares its space after a program has used one of that name */
static void space_becomes_an_aperture_for_later_buffers(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 2, BUFFER(0x1000, 16));
	set_aperture(test, 2, true);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 2, BUFFER(0x2000, 500));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), 16);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 2, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), 0);
	set_aperture(test, 2, false);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 2, .address = 0x2000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), 0);
}

static void unknown_scopes_are_not_found(struct kunit *test)
{
	struct bt_tracker *t = fixture(test)->t;
	struct bt_counters c;

	open_private(test);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bt_tracker_read_counters(t, BUFTRACK_SCOPE_DEVICE, 1, &c));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bt_tracker_read_counters(t, BUFTRACK_SCOPE_SPACE,
						 FIXTURE_SPACES, &c));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bt_tracker_read_counters(t, BUFTRACK_SCOPE_SPACE, U64_MAX, &c));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bt_tracker_read_counters(t, BUFTRACK_SCOPE_CLIENT, 0, &c));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bt_tracker_read_counters(t, BUFTRACK_SCOPE_CLIENT, 2, &c));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bt_tracker_read_counters(t, BUFTRACK_SCOPE_CLIENT, U64_MAX, &c));
}

static struct kunit_case counters_cases[] = {
	KUNIT_CASE_PARAM(verdict_counts_once_in_every_scope, counted_gen_params),
	KUNIT_CASE(frees_include_wrong_frees_that_free),
	KUNIT_CASE(peak_is_the_highest_ever),
	KUNIT_CASE(replaced_record_is_not_in_the_peak),
	KUNIT_CASE(lost_reports_are_in_no_space),
	KUNIT_CASE(disabled_and_untracked_count_in_their_space),
	KUNIT_CASE(reset_keeps_current_records),
	KUNIT_CASE(counters_continue_after_a_reset),
	KUNIT_CASE(removal_ends_live_records_as_removed),
	KUNIT_CASE(orphans_are_removed_with_the_device),
	KUNIT_CASE(apertures_are_no_memory),
	KUNIT_CASE(orphaned_apertures_are_no_memory),
	KUNIT_CASE(space_becomes_an_aperture_for_later_buffers),
	KUNIT_CASE(unknown_scopes_are_not_found),
	{}
};

static struct kunit_suite counters_suite = {
	.name = "buftrack_counters",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = counters_cases,
};

kunit_test_suite(counters_suite);
