// SPDX-License-Identifier: GPL-2.0
/* Bounds per user and per client, which do not affect others */
#include <linux/slab.h>
#include "fixture.h"

/* A user that outlives all clients, even if the test stops early */
static struct bt_quota *make_user(struct kunit *test, u64 max)
{
	struct bt_quota *user = kunit_kzalloc(test, sizeof(*user), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, user);
	user->max = max;
	return user;
}

/* A private client of a user */
static struct bt_client *open_of(struct kunit *test, struct bt_quota *user)
{
	struct bt_client *c;

	fixture(test)->quota = user;
	c = open_private(test);
	fixture(test)->quota = NULL;
	return c;
}

static s64 held(const struct bt_quota *user)
{
	return atomic64_read(&user->nr);
}

/* Allocs with the ids @first to @last, which all get @verdict */
static void alloc_some(struct kunit *test, struct bt_client *c, u64 first,
		       u64 last, int verdict)
{
	u64 id;

	for (id = first; id <= last; id++)
		EXPECT_ALLOC(test, c, verdict, .address = id * 16, .size = 16,
			     .id = id);
}

static void free_some(struct kunit *test, struct bt_client *c, u64 first,
		      u64 last)
{
	u64 id;

	for (id = first; id <= last; id++)
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = id * 16, .id = id);
}

static void live_and_freed_records_count(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 100);
	struct bt_client *c = open_of(test, user);

	alloc_some(test, c, 1, 5, BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, held(user), 5);
	free_some(test, c, 1, 3);
	KUNIT_EXPECT_EQ(test, held(user), 5);
	/* One alloc reuses the key of a record, another evicts a freed record */
	alloc_some(test, c, 5, 5, BUFTRACK_VERDICT_DOUBLE_ALLOC);
	alloc_some(test, c, 1, 1, BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, held(user), 5);
	set_max_freed(test, 0);
	free_some(test, c, 4, 4);
	KUNIT_EXPECT_EQ(test, held(user), 2);
	close_client(test, c);
	KUNIT_EXPECT_EQ(test, held(user), 0);
}

static void user_is_bounded(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 4);
	struct bt_client *c = open_of(test, user);

	alloc_some(test, c, 1, 4, BUFTRACK_VERDICT_OK);
	alloc_some(test, c, 5, 6, BUFTRACK_VERDICT_UNTRACKED);
	KUNIT_EXPECT_EQ(test, held(user), 4);
	KUNIT_EXPECT_EQ(test, count_of(test, c, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 2);
	KUNIT_EXPECT_EQ(test, count_of(test, c, BUFTRACK_COUNTER_LIVE_BUFFERS), 4);
}

/* Doubtful records end first and leave room */
static void superseded_records_make_room(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 2);
	struct bt_client *c = open_of(test, user);

	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16), .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1010, 16), .id = 2);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 32), .id = 3);
	KUNIT_EXPECT_EQ(test, held(user), 1);
}

static void own_freed_records_make_room(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 4);
	struct bt_client *c = open_of(test, user);

	alloc_some(test, c, 1, 4, BUFTRACK_VERDICT_OK);
	free_some(test, c, 2, 3);
	alloc_some(test, c, 5, 6, BUFTRACK_VERDICT_OK);
	alloc_some(test, c, 7, 7, BUFTRACK_VERDICT_UNTRACKED);
	KUNIT_EXPECT_EQ(test, held(user), 4);
	KUNIT_EXPECT_EQ(test, count_of(test, c, BUFTRACK_COUNTER_EVICTED_RECORDS), 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .address = 2 * 16, .id = 2);
}

/* An alloc can reuse the key of a record, even at the bound */
static void same_key_needs_no_room(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 2);
	struct bt_client *c = open_of(test, user);

	alloc_some(test, c, 1, 2, BUFTRACK_VERDICT_OK);
	free_some(test, c, 2, 2);
	alloc_some(test, c, 1, 1, BUFTRACK_VERDICT_DOUBLE_ALLOC);
	alloc_some(test, c, 2, 2, BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, held(user), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
}

static void clients_of_a_user_share_its_bound(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 4);
	struct bt_client *a = open_of(test, user), *b = open_of(test, user);

	alloc_some(test, a, 1, 3, BUFTRACK_VERDICT_OK);
	free_some(test, a, 3, 3);
	alloc_some(test, b, 1, 1, BUFTRACK_VERDICT_OK);
	/* A freed record of another client is not evicted for this one */
	alloc_some(test, b, 2, 2, BUFTRACK_VERDICT_UNTRACKED);
	alloc_some(test, a, 4, 4, BUFTRACK_VERDICT_OK);
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, held(user), 1);
	alloc_some(test, b, 2, 4, BUFTRACK_VERDICT_OK);
	alloc_some(test, b, 5, 5, BUFTRACK_VERDICT_UNTRACKED);
}

static void users_do_not_affect_each_other(struct kunit *test)
{
	struct bt_quota *users[] = { make_user(test, 2), make_user(test, 3) };
	struct bt_client *a = open_of(test, users[0]);
	struct bt_client *b = open_of(test, users[1]);
	struct bt_client *any = open_private(test), *s = open_shared(test);

	alloc_some(test, a, 1, 2, BUFTRACK_VERDICT_OK);
	alloc_some(test, a, 3, 5, BUFTRACK_VERDICT_UNTRACKED);
	alloc_some(test, b, 1, 3, BUFTRACK_VERDICT_OK);
	alloc_some(test, b, 4, 4, BUFTRACK_VERDICT_UNTRACKED);
	alloc_some(test, any, 1, 9, BUFTRACK_VERDICT_OK);
	alloc_some(test, s, 1, 9, BUFTRACK_VERDICT_OK);
	free_some(test, s, 1, 9);
	free_some(test, any, 1, 3);
	KUNIT_EXPECT_EQ(test, held(users[0]), 2);
	KUNIT_EXPECT_EQ(test, held(users[1]), 3);
}

/* A bound can be set below the number of records; only new allocs evict */
static void lower_bound_drops_nothing(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 9);
	struct bt_client *c = open_of(test, user);

	alloc_some(test, c, 1, 6, BUFTRACK_VERDICT_OK);
	free_some(test, c, 1, 2);
	user->max = 2;
	alloc_some(test, c, 7, 7, BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, held(user), 6);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 1);
	free_some(test, c, 3, 6);
	KUNIT_EXPECT_EQ(test, held(user), 6);
}

static void user_with_a_bound_of_zero_is_untracked(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 0);
	struct bt_client *c = open_of(test, user);

	alloc_some(test, c, 1, 2, BUFTRACK_VERDICT_UNTRACKED);
	KUNIT_EXPECT_EQ(test, held(user), 0);
}

/* The bound covers all devices of the machine */
static void bound_covers_all_trackers(struct kunit *test)
{
	struct fixture *fx = fixture(test);
	struct bt_tracker *first = fx->t, *second;
	struct bt_quota *user = make_user(test, 5);
	struct bt_client *a = open_of(test, user), *b;

	second = bt_tracker_create(&fx->store, &first->limits);
	KUNIT_ASSERT_NOT_NULL(test, second);
	bt_tracker_add_space(second);
	alloc_some(test, a, 1, 3, BUFTRACK_VERDICT_OK);
	fx->t = second;
	b = open_of(test, user);
	alloc_some(test, b, 1, 2, BUFTRACK_VERDICT_OK);
	alloc_some(test, b, 3, 3, BUFTRACK_VERDICT_UNTRACKED);
	fx->t = first;
	alloc_some(test, a, 4, 4, BUFTRACK_VERDICT_UNTRACKED);
	fx->t = second;
	close_client(test, b);
	KUNIT_EXPECT_EQ(test, held(user), 3);
	bt_tracker_retire(second);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 1);
	bt_tracker_destroy(second);
	fx->t = first;
	alloc_some(test, a, 4, 5, BUFTRACK_VERDICT_OK);
}

/* Remaining records do not count against the user */
static void ended_client_returns_all_records(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 200);
	struct bt_client *c = open_of(test, user);

	alloc_some(test, c, 1, 100, BUFTRACK_VERDICT_OK);
	free_some(test, c, 1, 40);
	end_client(test, c);
	KUNIT_EXPECT_EQ(test, held(user), 100);
	reap_client(test, c);
	KUNIT_EXPECT_EQ(test, held(user), 0);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_remaining, 60);
	bt_tracker_reset(fixture(test)->t);
	KUNIT_EXPECT_EQ(test, held(user), 0);
}

static void reset_preserves_current_records(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 9);
	struct bt_client *a = open_of(test, user), *b = open_of(test, user);

	alloc_some(test, a, 1, 3, BUFTRACK_VERDICT_OK);
	alloc_some(test, b, 1, 3, BUFTRACK_VERDICT_OK);
	free_some(test, a, 1, 1);
	end_client(test, b);
	bt_tracker_reset(fixture(test)->t);
	KUNIT_EXPECT_EQ(test, held(user), 6);
	reap_client(test, b);
	KUNIT_EXPECT_EQ(test, held(user), 3);
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, held(user), 0);
}

/* A removed device keeps its records until its clients end */
static void removed_device_returns_all_records(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 9);
	struct bt_client *c = open_of(test, user);
	u64 buffers, bytes;

	alloc_some(test, c, 1, 3, BUFTRACK_VERDICT_OK);
	free_some(test, c, 1, 1);
	KUNIT_EXPECT_EQ(test, 0, bt_tracker_remove(fixture(test)->t, true,
						   &buffers, &bytes));
	KUNIT_EXPECT_EQ(test, held(user), 3);
	close_client(test, c);
	KUNIT_EXPECT_EQ(test, held(user), 0);
}

static void client_is_bounded(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	set_max_client_records(test, 3);
	alloc_some(test, a, 1, 3, BUFTRACK_VERDICT_OK);
	alloc_some(test, a, 4, 4, BUFTRACK_VERDICT_UNTRACKED);
	alloc_some(test, b, 1, 3, BUFTRACK_VERDICT_OK);
	alloc_some(test, b, 4, 4, BUFTRACK_VERDICT_UNTRACKED);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 6);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 2);
}

/* Live and freed records count together, in all spaces */
static void bound_of_a_client_covers_all_its_records(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_client_records(test, 3);
	alloc_some(test, c, 1, 2, BUFTRACK_VERDICT_OK);
	free_some(test, c, 1, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0, 16));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 2, BUFFER(0, 16));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, .space = 3, BUFFER(0, 16));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 3);
}

static void full_client_evicts_its_oldest(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_client_records(test, 4);
	alloc_some(test, c, 1, 4, BUFTRACK_VERDICT_OK);
	free_some(test, c, 3, 4);
	alloc_some(test, c, 5, 5, BUFTRACK_VERDICT_OK);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_EVICTED, .address = 3 * 16,
		    .id = 3);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 4 * 16, .id = 4);
}

static void shared_domain_is_not_bounded(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	set_max_client_records(test, 1);
	alloc_some(test, a, 1, 20, BUFTRACK_VERDICT_OK);
	alloc_some(test, b, 21, 40, BUFTRACK_VERDICT_OK);
	free_some(test, a, 1, 20);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 20);
}

/* The tightest of all bounds applies */
static void bounds_hold_together(struct kunit *test)
{
	struct bt_quota *user = make_user(test, 6);
	struct bt_client *a = open_of(test, user), *b = open_of(test, user);

	set_max_client_records(test, 4);
	alloc_some(test, a, 1, 4, BUFTRACK_VERDICT_OK);
	alloc_some(test, a, 5, 5, BUFTRACK_VERDICT_UNTRACKED);
	alloc_some(test, b, 1, 2, BUFTRACK_VERDICT_OK);
	alloc_some(test, b, 3, 3, BUFTRACK_VERDICT_UNTRACKED);
	user->max = 9;
	set_max_records(test, 7);
	alloc_some(test, b, 3, 3, BUFTRACK_VERDICT_OK);
	alloc_some(test, b, 4, 4, BUFTRACK_VERDICT_UNTRACKED);
}

static struct kunit_case quota_cases[] = {
	KUNIT_CASE(live_and_freed_records_count),
	KUNIT_CASE(user_is_bounded),
	KUNIT_CASE(superseded_records_make_room),
	KUNIT_CASE(own_freed_records_make_room),
	KUNIT_CASE(same_key_needs_no_room),
	KUNIT_CASE(clients_of_a_user_share_its_bound),
	KUNIT_CASE(users_do_not_affect_each_other),
	KUNIT_CASE(lower_bound_drops_nothing),
	KUNIT_CASE(user_with_a_bound_of_zero_is_untracked),
	KUNIT_CASE(bound_covers_all_trackers),
	KUNIT_CASE(ended_client_returns_all_records),
	KUNIT_CASE(reset_preserves_current_records),
	KUNIT_CASE(removed_device_returns_all_records),
	KUNIT_CASE(client_is_bounded),
	KUNIT_CASE(bound_of_a_client_covers_all_its_records),
	KUNIT_CASE(full_client_evicts_its_oldest),
	KUNIT_CASE(shared_domain_is_not_bounded),
	KUNIT_CASE(bounds_hold_together),
	{}
};

static struct kunit_suite quota_suite = {
	.name = "buftrack_quota",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = quota_cases,
};

kunit_test_suite(quota_suite);
