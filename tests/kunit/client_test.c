// SPDX-License-Identifier: GPL-2.0
/* Clients: begin, end, and the traces that they leave */
#include <linux/slab.h>
#include "fixture.h"
#include "listing.h"

static void numbers_are_never_reused(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_shared(test);
	struct bt_client *c;

	KUNIT_EXPECT_EQ(test, a->number, 1);
	KUNIT_EXPECT_EQ(test, b->number, 2);
	set_max_closed(test, 0);
	close_client(test, b);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 1);
	c = open_private(test);
	KUNIT_EXPECT_EQ(test, c->number, 3);
}

static void begin_and_end_are_stamped(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	KUNIT_EXPECT_GT(test, b->opened, a->opened);
	KUNIT_EXPECT_EQ(test, a->closed, 0);
	close_client(test, a);
	KUNIT_EXPECT_GT(test, a->closed, b->opened);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_clients, 1);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_closed, 1);
}

static int try_begin(struct kunit *test)
{
	struct bt_client c;
	int err;

	KUNIT_ASSERT_EQ(test, 0, bt_client_init(&c, false, GFP_KERNEL));
	err = bt_client_begin(fixture(test)->t, &c, ++fixture(test)->now);
	KUNIT_EXPECT_EQ(test, c.number, 0);
	bt_client_fini(&c);
	return err;
}

static void open_clients_are_bounded(struct kunit *test)
{
	struct bt_limits limits;
	struct bt_client *a;

	bt_tracker_get_limits(fixture(test)->t, &limits);
	limits.max_clients = 2;
	set_limits(test, &limits);
	a = open_private(test);
	open_shared(test);
	KUNIT_EXPECT_EQ(test, try_begin(test), -EUSERS);
	end_client(test, a);
	open_private(test);
	KUNIT_EXPECT_EQ(test, try_begin(test), -EUSERS);
	reap_client(test, a);
}

static void removed_device_takes_no_clients(struct kunit *test)
{
	u64 buffers, bytes;

	KUNIT_EXPECT_EQ(test, 0, bt_tracker_remove(fixture(test)->t, false,
						   &buffers, &bytes));
	KUNIT_EXPECT_EQ(test, try_begin(test), -ENODEV);
}

static void client_that_never_began_leaves_nothing(struct kunit *test)
{
	struct bt_client shared, own;

	KUNIT_ASSERT_EQ(test, 0, bt_client_init(&shared, true, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, bt_client_init(&own, false, GFP_KERNEL));
	bt_client_fini(&shared);
	bt_client_fini(&own);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->last_client, 0);
}

static void live_records_end_as_remaining(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x1000, 32));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x2000, 8));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x2000);
	close_client(test, c);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BYTES), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BUFFERS), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BYTES), 96);
	KUNIT_EXPECT_EQ(test, count_in(test, 1, BUFTRACK_COUNTER_REMAINING_BYTES), 32);
	KUNIT_EXPECT_EQ(test, count_of(test, c, BUFTRACK_COUNTER_REMAINING_BUFFERS), 2);
	KUNIT_EXPECT_EQ(test, count_of(test, c, BUFTRACK_COUNTER_PEAK_BYTES), 104);
}

static void end_changes_counters_before_the_reap(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	end_client(test, c);
	check_all(test);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BUFFERS), 1);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_records, 0);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_remaining, 0);
	reap_client(test, c);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_remaining, 1);
}

static void end_of_one_client_leaves_others_alone(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);
	struct bt_client *s = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, s, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_FREE(test, s, BUFTRACK_VERDICT_OK, .address = 0x1000);
}

/* A client that leaves @nr live buffers, whose sizes count up from @first by address */
static struct bt_client *leave_some(struct kunit *test, unsigned int nr,
				    u64 first)
{
	struct bt_client *c = open_private(test);
	unsigned int i;

	for (i = 0; i < nr; i++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .address = i * 0x100,
			     .size = first + i);
	close_client(test, c);
	return c;
}

/* Expect the log to have records of the sizes @first to @last, in this order */
static void expect_log(struct kunit *test, u64 first, u64 last)
{
	struct listing *l = listing_create(test, 512);
	unsigned int i;

	l->l.states = BUFTRACK_RECORD_STATE_REMAINING;
	listing_fill(test, l);
	KUNIT_EXPECT_TRUE(test, l->l.exact);
	KUNIT_ASSERT_EQ(test, l->nr, last - first + 1);
	for (i = 0; i < l->nr; i++)
		KUNIT_EXPECT_EQ(test, l->seen[i].size, first + i);
}

static void remaining_are_logged_in_order(struct kunit *test)
{
	leave_some(test, 100, 1);
	leave_some(test, 100, 101);
	expect_log(test, 1, 200);
}

static void log_of_remaining_drops_the_oldest(struct kunit *test)
{
	set_max_remaining(test, 150);
	leave_some(test, 100, 1);
	leave_some(test, 100, 101);
	expect_log(test, 51, 200);
	leave_some(test, 200, 201);
	expect_log(test, 251, 400);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BUFFERS), 400);
}

static void lower_bound_on_remaining_applies_at_once(struct kunit *test)
{
	leave_some(test, 100, 1);
	set_max_remaining(test, 10);
	expect_log(test, 91, 100);
	set_max_remaining(test, 0);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_remaining, 0);
	leave_some(test, 3, 1);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_remaining, 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BUFFERS), 103);
}

static void reset_empties_the_log_of_remaining(struct kunit *test)
{
	leave_some(test, 100, 1);
	bt_tracker_reset(fixture(test)->t);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_remaining, 0);
	leave_some(test, 3, 1);
	expect_log(test, 1, 3);
}

/* Even if it is logged after the reset */
static void client_ended_before_a_reset_is_not_logged(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 1));
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 2));
	end_client(test, a);
	bt_tracker_reset(fixture(test)->t);
	reap_client(test, a);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_remaining, 0);
	close_client(test, b);
	expect_log(test, 2, 2);
}

static void remaining_record_keeps_its_client(struct kunit *test)
{
	set_max_closed(test, 0);
	leave_some(test, 3, 1);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	set_max_remaining(test, 1);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	set_max_remaining(test, 0);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 1);
}

static bool is_listed(struct kunit *test, u64 number)
{
	struct bt_counters c;

	return !bt_tracker_read_counters(fixture(test)->t, BUFTRACK_SCOPE_CLIENT, number,
				 &c);
}

static void closed_clients_are_a_bounded_log(struct kunit *test)
{
	struct bt_client *c[4];
	unsigned int i;

	set_max_closed(test, 2);
	for (i = 0; i < 4; i++) {
		c[i] = open_private(test);
		EXPECT_ALLOC(test, c[i], BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	}
	close_client(test, c[2]);
	close_client(test, c[0]);
	close_client(test, c[3]);
	KUNIT_EXPECT_TRUE(test, is_listed(test, 1));
	KUNIT_EXPECT_TRUE(test, is_listed(test, 2));
	KUNIT_EXPECT_FALSE(test, is_listed(test, 3));
	KUNIT_EXPECT_TRUE(test, is_listed(test, 4));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ALLOCS), 4);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BUFFERS), 3);
}

static void lower_bound_on_closed_applies_at_once(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 5; i++)
		close_client(test, open_private(test));
	set_max_closed(test, 1);
	KUNIT_EXPECT_FALSE(test, is_listed(test, 4));
	KUNIT_EXPECT_TRUE(test, is_listed(test, 5));
	KUNIT_EXPECT_EQ(test, free_zombies(test), 4);
}

static void closed_client_remembers_its_domain(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	set_max_freed(test, 0);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .address = 0x1000);
	report_lost(test, b, 1);
	close_client(test, a);
	close_client(test, b);
	KUNIT_EXPECT_TRUE(test, a->has_evicted);
	KUNIT_EXPECT_FALSE(test, a->had_gap);
	KUNIT_EXPECT_FALSE(test, b->has_evicted);
	KUNIT_EXPECT_TRUE(test, b->had_gap);
}

static void many_records_end_in_chunks(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	unsigned int i;

	fixture(test)->quick = true;
	for (i = 0; i < 3000; i++)
		make_report(test, c, (struct buftrack_report) {
			    .op = BUFTRACK_OP_ALLOC, .space = i % FIXTURE_SPACES,
			    BUFFER(i * 16, 16) });
	set_max_remaining(test, 2000);
	close_client(test, c);
	check_all(test);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_remaining, 2000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BUFFERS), 3000);
}

static struct kunit_case client_cases[] = {
	KUNIT_CASE(numbers_are_never_reused),
	KUNIT_CASE(begin_and_end_are_stamped),
	KUNIT_CASE(open_clients_are_bounded),
	KUNIT_CASE(removed_device_takes_no_clients),
	KUNIT_CASE(client_that_never_began_leaves_nothing),
	KUNIT_CASE(live_records_end_as_remaining),
	KUNIT_CASE(end_changes_counters_before_the_reap),
	KUNIT_CASE(end_of_one_client_leaves_others_alone),
	KUNIT_CASE(remaining_are_logged_in_order),
	KUNIT_CASE(log_of_remaining_drops_the_oldest),
	KUNIT_CASE(lower_bound_on_remaining_applies_at_once),
	KUNIT_CASE(reset_empties_the_log_of_remaining),
	KUNIT_CASE(client_ended_before_a_reset_is_not_logged),
	KUNIT_CASE(remaining_record_keeps_its_client),
	KUNIT_CASE(closed_clients_are_a_bounded_log),
	KUNIT_CASE(lower_bound_on_closed_applies_at_once),
	KUNIT_CASE(closed_client_remembers_its_domain),
	KUNIT_CASE(many_records_end_in_chunks),
	{}
};

static struct kunit_suite client_suite = {
	.name = "buftrack_client",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = client_cases,
};

kunit_test_suite(client_suite);
