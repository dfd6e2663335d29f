// SPDX-License-Identifier: GPL-2.0
/* Merging rings: order, what a drain takes, losses, and heads that make no sense */
#include <kunit/test.h>
#include <linux/slab.h>
#include "../../module/merge.h"

#define RINGS		3
#define CAPACITY	4

/**
 * struct shared - what a producer writes, and what it sees
 * @head: position of its next entry
 * @lost: reports that it lost
 * @tail: position up to which the kernel has taken entries
 * @entries: the entries
 */
struct shared {
	u32 head;
	u32 lost;
	u32 tail;
	struct buftrack_ring_entry entries[CAPACITY];
};

/**
 * struct fake - a merge of rings in plain memory
 * @merge: the merge
 * @rings: its rings
 * @shared: their memory
 * @pages: the only page of entries of each
 * @clock: next tick of the clock
 * @late: ring that publishes an entry when a drain reads the clock, or RINGS
 */
struct fake {
	struct bt_merge merge;
	struct bt_ring rings[RINGS];
	struct shared shared[RINGS];
	void *pages[RINGS];
	u64 clock;
	u32 late;
};

/* Entries are told apart by their address */
static void write_entry(struct fake *f, u32 ring, u64 stamp, u64 address)
{
	struct shared *s = &f->shared[ring];

	s->entries[s->head % CAPACITY] = (struct buftrack_ring_entry) {
		.stamp = stamp,
		.address = address,
	};
	s->head++;
}

static void publish(struct fake *f, u32 ring, u64 address)
{
	write_entry(f, ring, f->clock++, address);
}

static u64 fake_ticks(const struct bt_merge *m)
{
	struct fake *f = container_of(m, struct fake, merge);
	u64 now = f->clock++;

	if (f->late < RINGS)
		publish(f, f->late, f->clock);
	return now;
}

static int merge_init(struct kunit *test)
{
	struct fake *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->clock = 100;
	f->late = RINGS;
	f->merge.ticks = fake_ticks;
	f->merge.ordered = true;
	f->merge.nr = RINGS;
	for (i = 0; i < RINGS; i++) {
		f->merge.rings[i] = &f->rings[i];
		f->pages[i] = f->shared[i].entries;
		f->rings[i] = (struct bt_ring) {
			.head = &f->shared[i].head,
			.lost = &f->shared[i].lost,
			.tail = &f->shared[i].tail,
			.pages = &f->pages[i],
			.capacity = CAPACITY,
		};
	}
	return 0;
}

/* Positions that are about to wrap */
static void wind_up(struct fake *f, u32 position)
{
	u32 i;

	for (i = 0; i < RINGS; i++) {
		f->shared[i].head = position;
		f->rings[i].taken = position;
		f->rings[i].lossy = position;
	}
}

/* Take the next entry, which must have this address */
static bool expect_next(struct kunit *test, u64 address)
{
	struct fake *f = test->priv;
	struct bt_ring *ring = bt_merge_peek(&f->merge);

	KUNIT_ASSERT_NOT_NULL(test, ring);
	KUNIT_EXPECT_EQ(test, ring->entry.address, address);
	return bt_merge_take(&f->merge, ring);
}

static void expect_end(struct kunit *test)
{
	struct fake *f = test->priv;

	KUNIT_EXPECT_NULL(test, bt_merge_peek(&f->merge));
}

static u64 begin(struct kunit *test, u64 expected_backlog)
{
	struct fake *f = test->priv;
	u64 backlog, lost = bt_merge_begin(&f->merge, 1000 * f->clock, &backlog);

	KUNIT_EXPECT_EQ(test, backlog, expected_backlog);
	return lost;
}

static void entries_of_all_rings_come_in_the_order_of_their_stamps(struct kunit *test)
{
	struct fake *f = test->priv;
	u64 i;

	for (i = 0; i < RINGS * CAPACITY; i++)
		publish(f, i * 7 % RINGS, i);
	KUNIT_EXPECT_EQ(test, begin(test, RINGS * CAPACITY), 0);
	for (i = 0; i < RINGS * CAPACITY; i++)
		KUNIT_EXPECT_FALSE(test, expect_next(test, i));
	expect_end(test);
	for (i = 0; i < RINGS; i++)
		KUNIT_EXPECT_EQ(test, f->shared[i].tail, CAPACITY);
}

static void positions_wrap(struct kunit *test)
{
	struct fake *f = test->priv;
	u64 i, j;

	wind_up(f, U32_MAX - 5);
	for (i = 0; i < 10; i++) {
		for (j = 0; j < CAPACITY; j++)
			publish(f, 1, CAPACITY * i + j);
		begin(test, CAPACITY);
		for (j = 0; j < CAPACITY; j++)
			KUNIT_EXPECT_FALSE(test, expect_next(test, CAPACITY * i + j));
		expect_end(test);
	}
	KUNIT_EXPECT_FALSE(test, f->rings[1].broken);
}

static void entry_made_after_the_drain_began_is_left(struct kunit *test)
{
	struct fake *f = test->priv;

	publish(f, 0, 1);
	f->late = 1;
	/* It is published before its head is read, but its stamp is later */
	begin(test, 2);
	f->late = RINGS;
	expect_next(test, 1);
	expect_end(test);
	begin(test, 1);
	expect_next(test, f->shared[1].entries[0].address);
	expect_end(test);
}

static void entry_published_after_its_head_was_read_is_left(struct kunit *test)
{
	struct fake *f = test->priv;

	publish(f, 0, 1);
	begin(test, 1);
	write_entry(f, 1, 5, 2);
	expect_next(test, 1);
	expect_end(test);
	begin(test, 1);
	expect_next(test, 2);
}

static void published_entry_is_taken_whatever_its_stamp(struct kunit *test)
{
	struct fake *f = test->priv;

	write_entry(f, 0, U64_MAX, 1);
	write_entry(f, 0, 0, 2);
	write_entry(f, 0, 1ULL << 63, 3);
	begin(test, 3);
	expect_next(test, 1);
	expect_next(test, 2);
	expect_next(test, 3);
	expect_end(test);
}

static void entry_is_copied_once(struct kunit *test)
{
	struct fake *f = test->priv;

	publish(f, 0, 1);
	publish(f, 1, 2);
	begin(test, 2);
	bt_merge_peek(&f->merge);
	f->shared[0].entries[0].address = 3;
	f->shared[1].entries[0].stamp = 0;
	expect_next(test, 1);
	begin(test, 1);
	expect_next(test, 2);
}

static void drains_may_overlap(struct kunit *test)
{
	struct fake *f = test->priv;

	publish(f, 0, 1);
	publish(f, 1, 2);
	begin(test, 2);
	expect_next(test, 1);
	publish(f, 0, 3);
	begin(test, 2);
	expect_next(test, 2);
	expect_next(test, 3);
	expect_end(test);
}

static void broken_ring_is_lost_once_and_ignored(struct kunit *test)
{
	static const u32 heads[] = { CAPACITY + 2, U32_MAX, 1U << 31 };
	struct fake *f = test->priv;
	u32 i;

	for (i = 0; i < RINGS; i++)
		publish(f, i, i);
	begin(test, RINGS);
	for (i = 0; i < RINGS; i++)
		expect_next(test, i);
	for (i = 0; i < RINGS; i++) {
		publish(f, (i + 1) % RINGS, 9);
		f->shared[i].head = heads[i];
		KUNIT_EXPECT_EQ(test, begin(test, i < RINGS - 1), 1);
		if (i < RINGS - 1)
			expect_next(test, 9);
		expect_end(test);
		f->shared[i].head = 2;
		KUNIT_EXPECT_EQ(test, begin(test, 0), 0);
		expect_end(test);
	}
}

static void entries_that_may_be_older_than_a_loss_are_marked(struct kunit *test)
{
	struct fake *f = test->priv;

	publish(f, 0, 1);
	f->shared[1].lost = 3;
	publish(f, 2, 2);
	KUNIT_EXPECT_EQ(test, begin(test, 2), 3);
	KUNIT_EXPECT_TRUE(test, expect_next(test, 1));
	KUNIT_EXPECT_TRUE(test, expect_next(test, 2));
	publish(f, 0, 3);
	KUNIT_EXPECT_EQ(test, begin(test, 1), 0);
	KUNIT_EXPECT_FALSE(test, expect_next(test, 3));
	f->shared[1].lost = 2;
	KUNIT_EXPECT_EQ(test, begin(test, 0), U32_MAX);
}

static void entry_left_by_the_drain_that_saw_a_loss_is_marked(struct kunit *test)
{
	struct fake *f = test->priv;

	f->late = 0;
	f->shared[1].lost = 1;
	KUNIT_EXPECT_EQ(test, begin(test, 1), 1);
	f->late = RINGS;
	expect_end(test);
	KUNIT_EXPECT_EQ(test, begin(test, 1), 0);
	KUNIT_EXPECT_TRUE(test, expect_next(test, f->shared[0].entries[0].address));
}

static void all_entries_are_marked_without_an_order(struct kunit *test)
{
	struct fake *f = test->priv;

	f->merge.ordered = false;
	publish(f, 0, 1);
	KUNIT_EXPECT_EQ(test, begin(test, 1), 0);
	KUNIT_EXPECT_TRUE(test, expect_next(test, 1));
}

static u64 time_of_next(struct fake *f)
{
	struct bt_ring *ring = bt_merge_peek(&f->merge);
	u64 time = bt_merge_time(&f->merge, ring);

	bt_merge_take(&f->merge, ring);
	return time;
}

static void times_are_between_two_drains(struct kunit *test)
{
	struct fake *f = test->priv;
	u64 backlog;

	f->clock = 1000;
	bt_merge_begin(&f->merge, 1000000, &backlog);
	f->clock = 2000;
	write_entry(f, 0, 1500, 1);
	write_entry(f, 1, 0, 2);
	write_entry(f, 2, U64_MAX, 3);
	bt_merge_begin(&f->merge, 3000000, &backlog);
	KUNIT_EXPECT_EQ(test, time_of_next(f), 1000000);
	KUNIT_EXPECT_EQ(test, time_of_next(f), 2000000);
	KUNIT_EXPECT_EQ(test, time_of_next(f) / 1000, 2998);
}

static void clock_that_moves_backwards_stops_nothing(struct kunit *test)
{
	struct fake *f = test->priv;
	u64 backlog;

	f->clock = U64_MAX - 10;
	publish(f, 0, 1);
	begin(test, 1);
	expect_next(test, 1);
	f->clock = 5;
	publish(f, 0, 2);
	publish(f, 1, 3);
	bt_merge_begin(&f->merge, 7, &backlog);
	expect_next(test, 3);
	KUNIT_EXPECT_GT(test, time_of_next(f), 7);
	expect_end(test);
}

static struct kunit_case merge_cases[] = {
	KUNIT_CASE(entries_of_all_rings_come_in_the_order_of_their_stamps),
	KUNIT_CASE(positions_wrap),
	KUNIT_CASE(entry_made_after_the_drain_began_is_left),
	KUNIT_CASE(entry_published_after_its_head_was_read_is_left),
	KUNIT_CASE(published_entry_is_taken_whatever_its_stamp),
	KUNIT_CASE(entry_is_copied_once),
	KUNIT_CASE(drains_may_overlap),
	KUNIT_CASE(broken_ring_is_lost_once_and_ignored),
	KUNIT_CASE(entries_that_may_be_older_than_a_loss_are_marked),
	KUNIT_CASE(entry_left_by_the_drain_that_saw_a_loss_is_marked),
	KUNIT_CASE(all_entries_are_marked_without_an_order),
	KUNIT_CASE(times_are_between_two_drains),
	KUNIT_CASE(clock_that_moves_backwards_stops_nothing),
	{}
};

static struct kunit_suite merge_suite = {
	.name = "buftrack_merge",
	.init = merge_init,
	.test_cases = merge_cases,
};

kunit_test_suite(merge_suite);
