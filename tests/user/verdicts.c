// SPDX-License-Identifier: GPL-2.0
/*
 * Each verdict end to end, through REPORT and through BATCH, with its counters in every
 * scope. The unit tests cover the rules.
 */
#include <stdio.h>
#include "fixture.h"

#define MAX_STEPS 8

/**
 * struct story - a sequence of reports with their verdicts
 * @name: name of the test
 * @declare: declaration flags of the client
 * @first_id: first id of the client
 * @lost: index of the report before which a report is lost, or 0
 * @max_freed: limit of freed records, or 0 for the default
 * @max_records: limit of records, or 0 for the default
 * @off: tracking is disabled
 * @steps: the reports
 * @counters: counters that are not 0 at the end
 */
struct story {
	const char *name;
	__u32 declare;
	__u64 first_id;
	unsigned int lost;
	__u64 max_freed;
	__u64 max_records;
	bool off;
	struct {
		struct buftrack_report report;
		enum buftrack_verdict verdict;
	} steps[MAX_STEPS];
	struct {
		enum buftrack_counter counter;
		__u64 value;
	} counters[12];
};

#define FREE_AT(_address) FREE(.address = (_address))
#define WITH_ID(_id) \
	ALLOC(.address = 0x1000, .size = 64, .span = 64, .id = (_id))
#define FREE_ID(_id) FREE(.address = 0x1000, .id = (_id))
#define USE_ID(_id) USE(.address = 0x1000, .id = (_id))

static const struct story stories[] = {
	{ .name = "ok",
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { FREE_AT(0x1000), BUFTRACK_VERDICT_OK } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 1 },
			{ BUFTRACK_COUNTER_FREES, 1 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_FREED_RECORDS, 1 } } },
	{ .name = "disabled",
	  .off = true,
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_DISABLED },
		     { FREE_AT(0x1000), BUFTRACK_VERDICT_DISABLED } },
	  .counters = { { BUFTRACK_COUNTER_DISABLED_REPORTS, 2 } } },
	{ .name = "untracked",
	  .max_records = 1,
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { BUFFER(0x2000, 64), BUFTRACK_VERDICT_UNTRACKED } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 64 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_UNTRACKED_BUFFERS, 1 } } },
	{ .name = "double_alloc",
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { BUFFER(0x1000, 32), BUFTRACK_VERDICT_DOUBLE_ALLOC } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 2 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 32 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_DOUBLE_ALLOCS, 1 },
			{ BUFTRACK_COUNTER_SUPERSEDED, 1 } } },
	{ .name = "overlap",
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { BUFFER(0x1020, 64), BUFTRACK_VERDICT_OVERLAP } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 2 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 2 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 128 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 128 },
			{ BUFTRACK_COUNTER_OVERLAPS, 1 } } },
	{ .name = "refused_free",
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { FREE(.address = 0x1000, .flags = BUFTRACK_REPORT_REFUSED),
		       BUFTRACK_VERDICT_REFUSED_FREE } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 64 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_REFUSED_FREES, 1 } } },
	{ .name = "size_mismatch",
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { FREE(.address = 0x1000, .size = 63),
		       BUFTRACK_VERDICT_SIZE_MISMATCH } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 1 },
			{ BUFTRACK_COUNTER_FREES, 1 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_SIZE_MISMATCHES, 1 },
			{ BUFTRACK_COUNTER_FREED_RECORDS, 1 } } },
	{ .name = "double_free",
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { FREE_AT(0x1000), BUFTRACK_VERDICT_OK },
		     { FREE_AT(0x1000), BUFTRACK_VERDICT_DOUBLE_FREE },
		     { FREE_AT(0x1000), BUFTRACK_VERDICT_DOUBLE_FREE } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 1 },
			{ BUFTRACK_COUNTER_FREES, 1 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_DOUBLE_FREES, 2 },
			{ BUFTRACK_COUNTER_FREED_RECORDS, 1 } } },
	{ .name = "stale_free",
	  .steps = { { WITH_ID(1), BUFTRACK_VERDICT_OK },
		     { FREE_ID(1), BUFTRACK_VERDICT_OK },
		     { WITH_ID(2), BUFTRACK_VERDICT_OK },
		     { FREE_ID(1), BUFTRACK_VERDICT_STALE_FREE } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 2 },
			{ BUFTRACK_COUNTER_FREES, 1 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 64 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_STALE_FREES, 1 },
			{ BUFTRACK_COUNTER_FREED_RECORDS, 1 } } },
	{ .name = "invalid_free",
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { FREE_AT(0x103f), BUFTRACK_VERDICT_INVALID_FREE },
		     { FREE_AT(0x1040), BUFTRACK_VERDICT_UNKNOWN_NEVER } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 64 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_INVALID_FREES, 1 },
			{ BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1 } } },
	{ .name = "unknown_pre_attach_by_id",
	  .first_id = 10,
	  .steps = { { FREE_ID(9), BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH },
		     { FREE_ID(10), BUFTRACK_VERDICT_UNKNOWN_NEVER } },
	  .counters = { { BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH, 1 },
			{ BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1 } } },
	{ .name = "unknown_pre_attach_of_a_late_client",
	  .declare = BUFTRACK_DECLARE_LATE,
	  .steps = { { FREE_AT(0x1000), BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH } },
	  .counters = { { BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH, 1 } } },
	{ .name = "unknown_gap",
	  .lost = 1,
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { FREE_AT(0x2000), BUFTRACK_VERDICT_UNKNOWN_GAP } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 64 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_UNKNOWN_FREES_GAP, 1 } } },
	{ .name = "unknown_evicted",
	  .max_freed = 1,
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { FREE_AT(0x1000), BUFTRACK_VERDICT_OK },
		     { BUFFER(0x2000, 64), BUFTRACK_VERDICT_OK },
		     { FREE_AT(0x2000), BUFTRACK_VERDICT_OK },
		     { FREE_AT(0x1000), BUFTRACK_VERDICT_UNKNOWN_EVICTED } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 2 },
			{ BUFTRACK_COUNTER_FREES, 2 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED, 1 },
			{ BUFTRACK_COUNTER_FREED_RECORDS, 1 },
			{ BUFTRACK_COUNTER_EVICTED_RECORDS, 1 } } },
	{ .name = "unknown_other_id",
	  .steps = { { WITH_ID(1), BUFTRACK_VERDICT_OK },
		     { FREE_ID(2), BUFTRACK_VERDICT_UNKNOWN_OTHER_ID } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 64 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID, 1 } } },
	{ .name = "unknown_never",
	  .steps = { { FREE_AT(0x1000), BUFTRACK_VERDICT_UNKNOWN_NEVER } },
	  .counters = { { BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1 } } },
	{ .name = "use_after_free",
	  .steps = { { WITH_ID(1), BUFTRACK_VERDICT_OK },
		     { USE_ID(1), BUFTRACK_VERDICT_OK },
		     { FREE_ID(1), BUFTRACK_VERDICT_OK },
		     { USE_ID(1), BUFTRACK_VERDICT_USE_AFTER_FREE },
		     { USE_ID(0), BUFTRACK_VERDICT_OK },
		     { WITH_ID(2), BUFTRACK_VERDICT_OK },
		     { USE_ID(1), BUFTRACK_VERDICT_USE_AFTER_FREE },
		     { USE_ID(2), BUFTRACK_VERDICT_OK } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 2 },
			{ BUFTRACK_COUNTER_FREES, 1 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 64 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_USE_AFTER_FREES, 2 },
			{ BUFTRACK_COUNTER_FREED_RECORDS, 1 } } },
	{ .name = "use_while_disabled",
	  .off = true,
	  .steps = { { USE_ID(1), BUFTRACK_VERDICT_DISABLED } },
	  .counters = { { BUFTRACK_COUNTER_DISABLED_REPORTS, 1 } } },
	{ .name = "use_after_a_gap",
	  .lost = 2,
	  .steps = { { WITH_ID(1), BUFTRACK_VERDICT_OK },
		     { FREE_ID(1), BUFTRACK_VERDICT_OK },
		     { USE_ID(1), BUFTRACK_VERDICT_OK } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 1 },
			{ BUFTRACK_COUNTER_FREES, 1 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 64 },
			{ BUFTRACK_COUNTER_FREED_RECORDS, 1 } } },
	{ .name = "doubtful_records_are_not_blamed",
	  .lost = 2,
	  .steps = { { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { BUFFER(0x2000, 64), BUFTRACK_VERDICT_OK },
		     { BUFFER(0x1000, 64), BUFTRACK_VERDICT_OK },
		     { FREE(.address = 0x2000, .size = 1),
		       BUFTRACK_VERDICT_OK } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 3 },
			{ BUFTRACK_COUNTER_FREES, 1 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 64 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 128 },
			{ BUFTRACK_COUNTER_SUPERSEDED, 1 },
			{ BUFTRACK_COUNTER_FREED_RECORDS, 1 } } },
	{ .name = "the_ends_of_the_address_space",
	  .steps = { { BUFFER(0, 1), BUFTRACK_VERDICT_OK },
		     { BUFFER(~0ULL, 1), BUFTRACK_VERDICT_OK },
		     { ALLOC(.address = 5, .size = 1, .span = ~0ULL - 4),
		       BUFTRACK_VERDICT_OVERLAP },
		     { FREE_AT(~0ULL), BUFTRACK_VERDICT_OK },
		     { FREE_AT(~0ULL), BUFTRACK_VERDICT_STALE_FREE },
		     { FREE_AT(0), BUFTRACK_VERDICT_OK } },
	  .counters = { { BUFTRACK_COUNTER_ALLOCS, 3 },
			{ BUFTRACK_COUNTER_FREES, 2 },
			{ BUFTRACK_COUNTER_LIVE_BUFFERS, 1 },
			{ BUFTRACK_COUNTER_LIVE_BYTES, 1 },
			{ BUFTRACK_COUNTER_PEAK_BYTES, 3 },
			{ BUFTRACK_COUNTER_OVERLAPS, 1 },
			{ BUFTRACK_COUNTER_STALE_FREES, 1 },
			{ BUFTRACK_COUNTER_FREED_RECORDS, 2 } } },
};

static unsigned int nr_steps(const struct story *s)
{
	unsigned int n = 0;

	while (n < MAX_STEPS && s->steps[n].report.op)
		n++;
	return n;
}

static void begin(const struct fixture *f, const struct story *s)
{
	struct buftrack_declare arg = {
		.flags = s->declare,
		.first_id = s->first_id,
	};
	struct buftrack_device_set set = {
		.fields =
			(s->off ? BUFTRACK_DEVICE_SET_ENABLED : 0) |
			(s->max_freed ? BUFTRACK_DEVICE_SET_MAX_FREED : 0) |
			(s->max_records ? BUFTRACK_DEVICE_SET_MAX_RECORDS : 0),
		.max_freed = s->max_freed,
		.max_records = s->max_records,
	};

	CHECK_OK(CALL(f->fd, DECLARE, &arg));
	CHECK_OK(set_device(f->fd, set));
}

static void check_scope(const struct fixture *f, const struct story *s,
			__u32 scope, __u64 number)
{
	__u64 got[BUFTRACK_NR_COUNTERS], want[BUFTRACK_NR_COUNTERS] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(s->counters); i++)
		want[s->counters[i].counter] += s->counters[i].value;
	if (s->lost && scope != BUFTRACK_SCOPE_SPACE)
		want[BUFTRACK_COUNTER_LOST_REPORTS] = 1;
	CHECK_OK(counters(f->fd, scope, number, got));
	for (i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		if (got[i] != want[i])
			test_failed(__FILE__, __LINE__,
				    "scope %u: counter %u is %llu, not %llu",
				    scope, i, got[i], want[i]);
}

static void end_story(struct fixture *f, const struct story *s)
{
	check_scope(f, s, BUFTRACK_SCOPE_DEVICE, 0);
	check_scope(f, s, BUFTRACK_SCOPE_SPACE, 0);
	check_scope(f, s, BUFTRACK_SCOPE_CLIENT, 1);
	fixture_teardown(f);
}

static void through_report(const void *arg)
{
	const struct story *s = arg;
	struct fixture f;
	unsigned int i;

	fixture_setup(&f);
	begin(&f, s);
	for (i = 0; i < nr_steps(s); i++) {
		if (s->lost && i == s->lost)
			CHECK_OK(lost(f.fd, 1));
		CHECK_EQ(verdict_of(f.fd, s->steps[i].report),
			 s->steps[i].verdict);
	}
	end_story(&f, s);
}

static void check_batch(const struct fixture *f, const struct story *s,
			unsigned int from, unsigned int to)
{
	struct buftrack_report reports[MAX_STEPS];
	__u8 verdicts[MAX_STEPS + 1];
	__u32 done;
	unsigned int i;

	memset(verdicts, 0xee, sizeof(verdicts));
	for (i = from; i < to; i++)
		reports[i - from] = s->steps[i].report;
	CHECK_OK(batch(f->fd, reports, to - from, verdicts, &done));
	CHECK_EQ(done, to - from);
	for (i = from; i < to; i++)
		CHECK_EQ(verdicts[i - from], s->steps[i].verdict);
	CHECK_EQ(verdicts[to - from], 0xee);
}

static void through_batch(const void *arg)
{
	const struct story *s = arg;
	struct fixture f;

	fixture_setup(&f);
	begin(&f, s);
	check_batch(&f, s, 0, s->lost);
	if (s->lost)
		CHECK_OK(lost(f.fd, 1));
	check_batch(&f, s, s->lost, nr_steps(s));
	end_story(&f, s);
}

__attribute__((constructor)) static void add_tests(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stories); i++) {
		test_addf(AREA, through_report, &stories[i],
			  "%s_through_report", stories[i].name);
		test_addf(AREA, through_batch, &stories[i], "%s_through_batch",
			  stories[i].name);
	}
}
