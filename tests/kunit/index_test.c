// SPDX-License-Identifier: GPL-2.0
/* The trees: each query against a scan of all records */
#include <kunit/resource.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include "../../module/core/index.h"
#include "fixture.h"

#define NR_RECORDS	160
#define NR_ROUNDS	4000

/**
 * struct crowd - records, some of them in a tree
 * @root: the tree
 * @is_in: which of the records are in the tree
 * @rec: the records
 * @stamp: latest stamp
 * @epoch: epoch of new records
 * @rnd: random state
 */
struct crowd {
	struct rb_root root;
	bool is_in[NR_RECORDS];
	struct bt_record rec[NR_RECORDS];
	u64 stamp;
	u64 epoch;
	struct rnd_state rnd;
};

KUNIT_DEFINE_ACTION_WRAPPER(kvfree_action, kvfree, const void *);

static struct crowd *crowd_create(struct kunit *test, u64 seed)
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->epoch = 1;
	prandom_seed_state(&crowd->rnd, seed);
	return crowd;
}

static u64 random(struct crowd *crowd, u32 sides)
{
	return prandom_u32_state(&crowd->rnd) % sides;
}

static bool has_key(struct crowd *crowd, u64 address, u64 id)
{
	unsigned int i;

	for (i = 0; i < NR_RECORDS; i++)
		if (crowd->is_in[i] &&
		    !bt_key_cmp(&crowd->rec[i], address, id))
			return true;
	return false;
}

/* Addresses at both ends of the range, few enough to repeat often */
static u64 some_address(struct crowd *crowd)
{
	u64 offset = 16 * random(crowd, 24);

	return random(crowd, 4) ? 0x10000 + offset :
	       random(crowd, 2) ? offset : U64_MAX - offset;
}

static u64 some_span(struct crowd *crowd, u64 address)
{
	static const u64 spans[] = { 0, 1, 16, 24, 100, 0x20000, U64_MAX };
	u64 span = spans[random(crowd, ARRAY_SIZE(spans))];

	return span ? min(span - 1, U64_MAX - address) + 1 : 0;
}

static void add(struct crowd *crowd, unsigned int i, bool is_freed)
{
	struct bt_record *rec = &crowd->rec[i];
	u64 address = some_address(crowd), id = random(crowd, 4);

	if (has_key(crowd, address, id))
		return;
	*rec = (struct bt_record) {
		.address = address,
		.id = id,
		.span = some_span(crowd, address),
		.is_freed = is_freed,
	};
	if (is_freed) {
		rec->freed.stamp = ++crowd->stamp;
	} else {
		rec->allocated = ++crowd->stamp;
		rec->live.epoch = crowd->epoch;
	}
	bt_index_insert(&crowd->root, rec);
	crowd->is_in[i] = true;
}

/* Insert or erase one record, and sometimes note a gap */
static void step(struct crowd *crowd, bool is_freed)
{
	unsigned int i = random(crowd, NR_RECORDS);

	if (!random(crowd, 100))
		crowd->epoch++;
	if (!crowd->is_in[i]) {
		add(crowd, i, is_freed);
		return;
	}
	bt_index_erase(&crowd->root, &crowd->rec[i]);
	crowd->is_in[i] = false;
}

static void check_crowd(struct kunit *test, struct crowd *crowd)
{
	u64 nr = 0, expected = 0;
	unsigned int i;

	for (i = 0; i < NR_RECORDS; i++)
		expected += crowd->is_in[i];
	check_tree(test, &crowd->root, &nr);
	KUNIT_EXPECT_EQ(test, expected, nr);
}

static void tree_keeps_its_shape(struct kunit *test, bool is_freed, u64 seed)
{
	struct crowd *crowd = crowd_create(test, seed);
	unsigned int n;

	for (n = 0; n < NR_ROUNDS; n++) {
		step(crowd, is_freed);
		check_crowd(test, crowd);
	}
}

static void live_tree_keeps_its_shape(struct kunit *test)
{
	tree_keeps_its_shape(test, false, 1);
}

static void freed_tree_keeps_its_shape(struct kunit *test)
{
	tree_keeps_its_shape(test, true, 2);
}

static struct bt_record *scan_from(struct crowd *crowd, u64 address, u64 id)
{
	struct bt_record *found = NULL;
	unsigned int i;

	for (i = 0; i < NR_RECORDS; i++) {
		struct bt_record *rec = &crowd->rec[i];

		if (crowd->is_in[i] && bt_key_cmp(rec, address, id) >= 0 &&
		    (!found || bt_key_cmp(rec, found->address, found->id) < 0))
			found = rec;
	}
	return found;
}

static void find_and_from_are_exact(struct kunit *test)
{
	struct crowd *crowd = crowd_create(test, 3);
	unsigned int n;

	for (n = 0; n < NR_ROUNDS; n++) {
		u64 address = some_address(crowd), id = random(crowd, 5);
		struct bt_record *rec = scan_from(crowd, address, id);

		KUNIT_EXPECT_PTR_EQ(test, rec,
				    bt_index_from(&crowd->root, address, id));
		if (rec && bt_key_cmp(rec, address, id))
			rec = NULL;
		KUNIT_EXPECT_PTR_EQ(test, rec,
				    bt_index_find(&crowd->root, address, id));
		step(crowd, false);
	}
}

static u64 stamp_of(const struct bt_record *rec)
{
	return rec->is_freed ? rec->freed.stamp : rec->allocated;
}

static struct bt_record *scan_newest(struct crowd *crowd, u64 address)
{
	struct bt_record *found = NULL;
	unsigned int i;

	for (i = 0; i < NR_RECORDS; i++) {
		struct bt_record *rec = &crowd->rec[i];

		if (crowd->is_in[i] && rec->address == address &&
		    (!found || stamp_of(rec) > stamp_of(found)))
			found = rec;
	}
	return found;
}

static void newest_is_exact(struct kunit *test, bool is_freed, u64 seed)
{
	struct crowd *crowd = crowd_create(test, seed);
	unsigned int n;

	for (n = 0; n < NR_ROUNDS; n++) {
		u64 address = some_address(crowd);

		step(crowd, is_freed);
		KUNIT_EXPECT_PTR_EQ(test, scan_newest(crowd, address),
				    bt_index_newest_at(&crowd->root, address));
	}
}

static void newest_live_is_exact(struct kunit *test)
{
	newest_is_exact(test, false, 4);
}

static void newest_freed_is_exact(struct kunit *test)
{
	newest_is_exact(test, true, 5);
}

/* Many ids at one address, and other addresses on both sides of it */
static void newest_of_a_crowd_is_exact(struct kunit *test)
{
	struct crowd *crowd = crowd_create(test, 6);
	unsigned int i;

	for (i = 0; i < NR_RECORDS; i++) {
		struct bt_record *rec = &crowd->rec[i];

		rec->address = random(crowd, 10) ? 0x1000 : 0xfff + random(crowd, 3);
		rec->id = 1000 + random(crowd, 1000) * NR_RECORDS + i;
		rec->allocated = ++crowd->stamp;
		rec->live.epoch = 1;
		bt_index_insert(&crowd->root, rec);
		crowd->is_in[i] = true;
	}
	for (i = 0; i < NR_RECORDS; i++) {
		struct bt_record *rec = scan_newest(crowd, 0x1000);

		KUNIT_EXPECT_PTR_EQ(test, rec,
				    bt_index_newest_at(&crowd->root, 0x1000));
		if (!rec)
			break;
		bt_index_erase(&crowd->root, rec);
		crowd->is_in[rec - crowd->rec] = false;
		check_crowd(test, crowd);
	}
}

static bool does_overlap(const struct bt_record *rec, u64 first, u64 last)
{
	return rec->span && rec->address <= last && bt_record_last(rec) >= first;
}

static void check_overlaps(struct kunit *test, struct crowd *crowd, u64 first,
			   u64 last)
{
	struct bt_record *rec = scan_from(crowd, 0, 0);
	struct bt_record *found = bt_index_first_overlap(&crowd->root, first,
							 last);

	for (; rec; rec = bt_record_of(rb_next(&rec->node))) {
		if (!does_overlap(rec, first, last))
			continue;
		KUNIT_ASSERT_PTR_EQ(test, rec, found);
		found = bt_index_next_overlap(found, first, last);
	}
	KUNIT_EXPECT_NULL(test, found);
}

static void overlaps_are_exact_and_in_order(struct kunit *test)
{
	struct crowd *crowd = crowd_create(test, 7);
	unsigned int n;

	for (n = 0; n < NR_ROUNDS; n++) {
		u64 first = some_address(crowd) + random(crowd, 3) - 1;
		u64 span = some_span(crowd, first) ?: 1;

		step(crowd, false);
		check_overlaps(test, crowd, first, first + span - 1);
	}
}

/* The lowest of them is the one that the tree has to find */
static struct bt_record *scan_spanning(struct crowd *crowd, u64 address, u64 epoch)
{
	struct bt_record *found = NULL;
	unsigned int i;

	for (i = 0; i < NR_RECORDS; i++) {
		struct bt_record *rec = &crowd->rec[i];

		if (crowd->is_in[i] && rec->live.epoch == epoch &&
		    rec->address < address && does_overlap(rec, address, address) &&
		    (!found || bt_key_cmp(rec, found->address, found->id) < 0))
			found = rec;
	}
	return found;
}

static void spanning_is_exact(struct kunit *test)
{
	struct crowd *crowd = crowd_create(test, 8);
	unsigned int n, spanned = 0;

	for (n = 0; n < NR_ROUNDS; n++) {
		u64 address = some_address(crowd) + random(crowd, 3) - 1;
		struct bt_record *expected;

		step(crowd, false);
		expected = scan_spanning(crowd, address, crowd->epoch);
		spanned += !!expected;
		KUNIT_EXPECT_PTR_EQ(test, expected,
				    bt_index_spanning_current(&crowd->root, address,
							      crowd->epoch));
	}
	KUNIT_EXPECT_GT(test, spanned, NR_ROUNDS / 10);
	KUNIT_EXPECT_LT(test, spanned, NR_ROUNDS - NR_ROUNDS / 10);
}

static struct bt_record *scan_newer(struct crowd *crowd, u64 address, u64 id,
				    u64 stamp)
{
	struct bt_record *rec = scan_from(crowd, address, id);

	while (rec && stamp_of(rec) <= stamp)
		rec = bt_record_of(rb_next(&rec->node));
	return rec;
}

/* From a key on, and then from each record to the next one */
static void check_newer(struct kunit *test, struct crowd *crowd, u64 stamp)
{
	u64 address = some_address(crowd), id = random(crowd, 5);
	struct bt_record *expected = scan_newer(crowd, address, id, stamp);
	struct bt_record *rec = bt_index_from_newer(&crowd->root, address, id,
						    stamp);

	for (; expected; rec = bt_index_next_newer(rec, stamp)) {
		KUNIT_ASSERT_PTR_EQ(test, rec, expected);
		expected = bt_record_of(rb_next(&expected->node));
		while (expected && stamp_of(expected) <= stamp)
			expected = bt_record_of(rb_next(&expected->node));
	}
	KUNIT_EXPECT_NULL(test, rec);
}

static void newer_is_exact(struct kunit *test, bool is_freed, u64 seed)
{
	struct crowd *crowd = crowd_create(test, seed);
	unsigned int n;

	for (n = 0; n < NR_ROUNDS; n++) {
		step(crowd, is_freed);
		check_newer(test, crowd, 0);
		check_newer(test, crowd, crowd->stamp);
		check_newer(test, crowd, crowd->stamp - min(crowd->stamp, 1ULL));
		check_newer(test, crowd, random(crowd, crowd->stamp + 1));
		check_newer(test, crowd,
			    crowd->stamp - random(crowd, min(crowd->stamp, 9ULL) + 1));
	}
}

static void newer_live_is_exact(struct kunit *test)
{
	newer_is_exact(test, false, 9);
}

static void newer_freed_is_exact(struct kunit *test)
{
	newer_is_exact(test, true, 10);
}

#define NR_LARGE	20000

static struct bt_record *large_crowd(struct kunit *test)
{
	struct bt_record *recs = kvcalloc(NR_LARGE, sizeof(*recs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, recs);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, kvfree_action,
							   recs));
	return recs;
}

/* Insertion orders that turn an unbalanced tree into a list */
static void large_tree_stays_shallow(struct kunit *test)
{
	struct bt_record *recs = large_crowd(test);
	struct rb_root by_address = RB_ROOT, by_id = RB_ROOT;
	u64 nr = 0;
	unsigned int i;

	for (i = 0; i < NR_LARGE; i++) {
		recs[i].is_freed = i % 2;
		recs[i].live.epoch = 1;
		recs[i].allocated = i + 1;
		if (recs[i].is_freed)
			recs[i].freed.stamp = i + 1;
		recs[i].address = i % 2 ? 0x1000 : i * 16;
		recs[i].id = i % 2 ? NR_LARGE - i : 0;
		bt_index_insert(i % 2 ? &by_id : &by_address, &recs[i]);
	}
	check_tree(test, &by_address, &nr);
	check_tree(test, &by_id, &nr);
	KUNIT_EXPECT_EQ(test, nr, NR_LARGE);
	for (i = 0; i < NR_LARGE; i++)
		if (i / 2 % 8)
			bt_index_erase(i % 2 ? &by_id : &by_address, &recs[i]);
	check_tree(test, &by_address, &nr);
	check_tree(test, &by_id, &nr);
	KUNIT_EXPECT_EQ(test, nr, NR_LARGE + NR_LARGE / 8);
	KUNIT_EXPECT_PTR_EQ(test, bt_index_newest_at(&by_id, 0x1000),
			    &recs[NR_LARGE - 15]);
}

static void empty_tree_has_nothing(struct kunit *test)
{
	struct rb_root root = RB_ROOT;

	KUNIT_EXPECT_NULL(test, bt_index_from(&root, 0, 0));
	KUNIT_EXPECT_NULL(test, bt_index_find(&root, 0, 0));
	KUNIT_EXPECT_NULL(test, bt_index_newest_at(&root, 0));
	KUNIT_EXPECT_NULL(test, bt_index_first_overlap(&root, 0, U64_MAX));
	KUNIT_EXPECT_NULL(test, bt_index_spanning_current(&root, 1, 1));
	KUNIT_EXPECT_NULL(test, bt_index_from_newer(&root, 0, 0, 0));
}

static struct kunit_case index_cases[] = {
	KUNIT_CASE(empty_tree_has_nothing),
	KUNIT_CASE(live_tree_keeps_its_shape),
	KUNIT_CASE(freed_tree_keeps_its_shape),
	KUNIT_CASE(find_and_from_are_exact),
	KUNIT_CASE(newest_live_is_exact),
	KUNIT_CASE(newest_freed_is_exact),
	KUNIT_CASE(newest_of_a_crowd_is_exact),
	KUNIT_CASE(overlaps_are_exact_and_in_order),
	KUNIT_CASE(spanning_is_exact),
	KUNIT_CASE(newer_live_is_exact),
	KUNIT_CASE(newer_freed_is_exact),
	KUNIT_CASE(large_tree_stays_shallow),
	{}
};

static struct kunit_suite index_suite = {
	.name = "buftrack_index",
	.test_cases = index_cases,
};

kunit_test_suite(index_suite);
