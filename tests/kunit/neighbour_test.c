// SPDX-License-Identifier: GPL-2.0
/* A wrong free changes nothing but the repeat count of its target */
#include "fixture.h"
#include "snapshot.h"

/**
 * struct wrong_free - a free that must change nothing
 * @name: its verdict in words
 * @address: its address
 * @id: its id
 * @size: its size, as given
 * @flags: enum buftrack_report_flags
 * @verdict: expected verdict
 * @counter: the counter of the verdict
 * @repeats: id of the target whose repeat count increases, 0: none
 * @scene: further preparation
 */
struct wrong_free {
	const char *name;
	u64 address;
	u64 id;
	u64 size;
	u16 flags;
	int verdict;
	int counter;
	u64 repeats;
	void (*scene)(struct kunit *test, struct bt_client *c);
};

/* Live and freed records before, after, around and at 0x1000, in one domain */
static void crowd_domain(struct kunit *test, struct bt_client *c, u32 space)
{
	static const struct {
		u64 address, span, id;
		bool freed;
	} crowd[] = {
		{ 0x1000, 0x10, 31, true }, { 0x1000, 0x10, 32, true },
		{ 0x1000, 0x40, 21, false }, { 0xf00, 0x10, 21, false },
		{ 0x1040, 0x10, 21, false }, { 0x1050, 0, 21, false },
		{ 0x3000, 0x10, 31, true }, { 0x2ff0, 0x10, 31, true },
		{ 0x2fe0, 0x10, 0, false }, { 0x3010, 0x10, 0, false },
		{ 0x5000, 0x10, 0, true }, { 0x5010, 0x10, 0, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(crowd); i++) {
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = space,
			     .address = crowd[i].address, .size = 64,
			     .span = crowd[i].span, .id = crowd[i].id);
		if (crowd[i].freed)
			EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = space,
				    .address = crowd[i].address,
				    .id = crowd[i].id);
	}
}

/* The same in two spaces of three domains, one of which is under test */
static struct bt_client *crowd_all(struct kunit *test, u32 flags)
{
	struct bt_client *c = open_client(test, flags, 10);
	u32 space;

	for (space = 0; space < 2; space++) {
		crowd_domain(test, c, space);
		crowd_domain(test, open_private(test), space);
		if (!(flags & BUFTRACK_DECLARE_SHARED) && !space)
			crowd_domain(test, open_shared(test), space);
	}
	return c;
}

static void note_gap(struct kunit *test, struct bt_client *c)
{
	report_lost(test, c, 1);
}

/* More records exceed the bound than one free evicts; a wrong free must evict none */
static void evict_some(struct kunit *test, struct bt_client *c)
{
	set_max_freed(test, 0);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x9000, 16), .id = 77);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x9000, .id = 77);
}

static const struct wrong_free wrong_frees[] = {
	{ "refused_free", 0x1000, 21, 64, BUFTRACK_REPORT_REFUSED,
	  BUFTRACK_VERDICT_REFUSED_FREE, BUFTRACK_COUNTER_REFUSED_FREES },
	{ "refused_free by address", 0x1000, 0, 3, BUFTRACK_REPORT_REFUSED,
	  BUFTRACK_VERDICT_REFUSED_FREE, BUFTRACK_COUNTER_REFUSED_FREES },
	{ "stale_free", 0x1000, 31, 0, 0,
	  BUFTRACK_VERDICT_STALE_FREE, BUFTRACK_COUNTER_STALE_FREES, 31 },
	{ "stale_free, refused", 0x1000, 32, 64, BUFTRACK_REPORT_REFUSED,
	  BUFTRACK_VERDICT_STALE_FREE, BUFTRACK_COUNTER_STALE_FREES, 32 },
	{ "double_free", 0x3000, 31, 0, 0,
	  BUFTRACK_VERDICT_DOUBLE_FREE, BUFTRACK_COUNTER_DOUBLE_FREES, 31 },
	{ "double_free of another size", 0x3000, 31, 1, 0,
	  BUFTRACK_VERDICT_DOUBLE_FREE, BUFTRACK_COUNTER_DOUBLE_FREES, 31 },
	{ "double_free by address", 0x5000, 0, 0, 0,
	  BUFTRACK_VERDICT_DOUBLE_FREE, BUFTRACK_COUNTER_DOUBLE_FREES },
	{ "invalid_free", 0x1001, 0, 0, 0,
	  BUFTRACK_VERDICT_INVALID_FREE, BUFTRACK_COUNTER_INVALID_FREES },
	{ "invalid_free of the last byte", 0x103f, 21, 64, 0,
	  BUFTRACK_VERDICT_INVALID_FREE, BUFTRACK_COUNTER_INVALID_FREES },
	{ "unknown_free never", 0x4000, 0, 0, 0,
	  BUFTRACK_VERDICT_UNKNOWN_NEVER, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER },
	{ "unknown_free never, in a hole", 0xf10, 0, 0, 0,
	  BUFTRACK_VERDICT_UNKNOWN_NEVER, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER },
	{ "unknown_free pre_attach", 0x1000, 5, 64, 0,
	  BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH, BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH },
	{ "unknown_free other_id", 0x1000, 99, 64, 0,
	  BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID },
	{ "unknown_free other_id at a freed record", 0x3000, 99, 64, 0,
	  BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID },
	{ "unknown_free gap", 0x4000, 0, 0, 0,
	  BUFTRACK_VERDICT_UNKNOWN_GAP, BUFTRACK_COUNTER_UNKNOWN_FREES_GAP, 0, note_gap },
	{ "unknown_free gap of a freed target", 0x3000, 31, 0, 0,
	  BUFTRACK_VERDICT_UNKNOWN_GAP, BUFTRACK_COUNTER_UNKNOWN_FREES_GAP, 0, note_gap },
	{ "unknown_free gap inside a doubtful record", 0x1010, 0, 0, 0,
	  BUFTRACK_VERDICT_UNKNOWN_GAP, BUFTRACK_COUNTER_UNKNOWN_FREES_GAP, 0, note_gap },
	{ "unknown_free evicted", 0x4000, 0, 0, 0,
	  BUFTRACK_VERDICT_UNKNOWN_EVICTED, BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED, 0,
	  evict_some },
	{ "refused_free of a doubtful record", 0x1000, 21, 1, BUFTRACK_REPORT_REFUSED,
	  BUFTRACK_VERDICT_REFUSED_FREE, BUFTRACK_COUNTER_REFUSED_FREES, 0, note_gap },
};

KUNIT_ARRAY_PARAM_DESC(wrong_frees, wrong_frees, name);

/* Only the repeat count of the target may differ */
static void expect_repeat(struct snapshot *before, const struct wrong_free *p,
			  const struct bt_client *c)
{
	unsigned int i;

	for (i = 0; i < before->records->nr; i++) {
		struct seen *seen = &before->records->seen[i];

		if (seen->owner == c->number && seen->space == 0 &&
		    seen->address == p->address && seen->id == p->repeats &&
		    seen->state == BUFTRACK_RECORD_STATE_FREED)
			seen->repeats++;
	}
}

static bool repeats(int verdict)
{
	return verdict == BUFTRACK_VERDICT_DOUBLE_FREE || verdict == BUFTRACK_VERDICT_STALE_FREE;
}

static void try_wrong_free(struct kunit *test, u32 flags)
{
	const struct wrong_free *p = test->param_value;
	struct bt_client *c = crowd_all(test, flags);
	struct snapshot *before, *after;

	if (p->scene)
		p->scene(test, c);
	before = snapshot_take(test);
	EXPECT_FREE(test, c, p->verdict, .address = p->address, .id = p->id,
		    .size = p->size, .flags = p->flags);
	after = snapshot_take(test);
	if (repeats(p->verdict))
		expect_repeat(before, p, c);
	snapshot_expect_verdict(test, before, after, c, 0, p->counter);
}

static void wrong_free_changes_nothing_in_a_private_domain(struct kunit *test)
{
	try_wrong_free(test, 0);
}

static void wrong_free_changes_nothing_in_the_shared_domain(struct kunit *test)
{
	try_wrong_free(test, BUFTRACK_DECLARE_SHARED);
}

/* A hundred of them in a row change nothing either */
static void wrong_frees_in_a_row_change_nothing(struct kunit *test)
{
	struct bt_client *c = crowd_all(test, 0);
	struct snapshot *before = snapshot_take(test), *after;
	unsigned int i;

	for (i = 0; i < 100; i++)
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x4000);
	after = snapshot_take(test);
	before->total.v[BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER] = 100;
	before->spaces[0].v[BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER] = 100;
	before->clients[c->number - 1].v[BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER] = 100;
	snapshot_expect_same(test, before, after);
}

/* One record becomes freed, and all others are unchanged */
static void expect_one_freed(struct kunit *test, const struct snapshot *before,
			     const struct snapshot *after)
{
	unsigned int i, j, same = 0;

	KUNIT_ASSERT_EQ(test, before->records->nr, after->records->nr);
	for (i = 0; i < before->records->nr; i++)
		for (j = 0; j < after->records->nr; j++)
			same += !memcmp(&before->records->seen[i],
					&after->records->seen[j],
					sizeof(struct seen));
	KUNIT_EXPECT_EQ(test, same, before->records->nr - 1);
	KUNIT_EXPECT_EQ(test, after->total.v[BUFTRACK_COUNTER_FREES],
			before->total.v[BUFTRACK_COUNTER_FREES] + 1);
	KUNIT_EXPECT_EQ(test, after->total.v[BUFTRACK_COUNTER_FREED_RECORDS],
			before->total.v[BUFTRACK_COUNTER_FREED_RECORDS] + 1);
}

static void mismatched_free_frees_its_target_alone(struct kunit *test)
{
	struct bt_client *c = crowd_all(test, 0);
	struct snapshot *before = snapshot_take(test);

	EXPECT_FREE(test, c, BUFTRACK_VERDICT_SIZE_MISMATCH, .address = 0x1000,
		    .size = 1);
	expect_one_freed(test, before, snapshot_take(test));
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 0, 0x1000, 21));
}

static void foreign_free_frees_its_target_alone(struct kunit *test)
{
	struct bt_client *c = crowd_all(test, BUFTRACK_DECLARE_SHARED);
	struct bt_client *other = open_shared(test);
	struct snapshot *before = snapshot_take(test);

	EXPECT_FREE(test, other, BUFTRACK_VERDICT_FOREIGN_FREE, .address = 0x1000,
		    .id = 21);
	expect_one_freed(test, before, snapshot_take(test));
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 0, 0x1000, 21));
}

static struct kunit_case neighbour_cases[] = {
	KUNIT_CASE_PARAM(wrong_free_changes_nothing_in_a_private_domain,
			 wrong_frees_gen_params),
	KUNIT_CASE_PARAM(wrong_free_changes_nothing_in_the_shared_domain,
			 wrong_frees_gen_params),
	KUNIT_CASE(wrong_frees_in_a_row_change_nothing),
	KUNIT_CASE(mismatched_free_frees_its_target_alone),
	KUNIT_CASE(foreign_free_frees_its_target_alone),
	{}
};

static struct kunit_suite neighbour_suite = {
	.name = "buftrack_neighbour",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = neighbour_cases,
};

kunit_test_suite(neighbour_suite);
