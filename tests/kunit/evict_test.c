// SPDX-License-Identifier: GPL-2.0
/* Eviction: which freed record is evicted, when, and what the domain remembers */
#include "fixture.h"

/* Allocate and free @nr buffers from 0x1000 upwards, in this order */
static void free_some(struct kunit *test, struct bt_client *c, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000 + i * 16, 16));
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000 + i * 16);
	}
}

static bool is_freed(struct bt_client *c, unsigned int i)
{
	return find_freed(c, 0, 0x1000 + i * 16, 0);
}

static void oldest_freed_goes_first(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_freed(test, 3);
	free_some(test, c, 5);
	KUNIT_EXPECT_FALSE(test, is_freed(c, 0));
	KUNIT_EXPECT_FALSE(test, is_freed(c, 1));
	KUNIT_EXPECT_TRUE(test, is_freed(c, 2));
	KUNIT_EXPECT_TRUE(test, is_freed(c, 4));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 3);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 2);
}

/* The order is that of the frees, neither that of the allocs nor of the addresses */
static void eviction_age_is_that_of_the_free(struct kunit *test)
{
	static const u64 order[] = { 0x1020, 0x1000, 0x1030, 0x1010 };
	struct bt_client *c = open_private(test);
	unsigned int i;

	set_max_freed(test, 2);
	for (i = 0; i < 4; i++)
		EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = i % 2,
			     BUFFER(0x1000 + i * 16, 16));
	for (i = 0; i < 4; i++)
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = order[i],
			    .space = order[i] / 16 % 2);
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 1, 0x1030, 0));
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 1, 0x1010, 0));
}

static void second_free_does_not_delay_eviction(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_freed(test, 3);
	free_some(test, c, 3);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x2000);
	KUNIT_EXPECT_FALSE(test, is_freed(c, 0));
	KUNIT_EXPECT_TRUE(test, is_freed(c, 1));
}

static void bound_of_zero_keeps_none(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_freed(test, 0);
	free_some(test, c, 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 1);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_EVICTED, .address = 0x1000);
}

static void lower_bound_applies_at_the_next_frees(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	free_some(test, c, 20);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16), .id = 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2010, 16), .id = 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2020, 16), .id = 3);
	set_max_freed(test, 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 20);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 20);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x2000);
	KUNIT_EXPECT_LT(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 20);
	KUNIT_EXPECT_GT(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 2);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x2010);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x2020);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 21);
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 0, 0x2010, 2));
	KUNIT_EXPECT_NOT_NULL(test, find_freed(c, 0, 0x2020, 3));
}

static void eviction_is_remembered_for_good(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_freed(test, 0);
	free_some(test, c, 1);
	set_max_freed(test, 1000);
	bt_tracker_reset(fixture(test)->t);
	free_some(test, c, 10);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_EVICTED, .address = 0x5000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1010);
}

static void full_tracker_evicts_for_a_new_record(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_records(test, 4);
	free_some(test, c, 3);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x3000, 16));
	KUNIT_EXPECT_FALSE(test, is_freed(c, 0));
	KUNIT_EXPECT_TRUE(test, is_freed(c, 1));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 1);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->nr_records, 4);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_EVICTED, .address = 0x9000);
}

static void full_tracker_leaves_live_records_alone(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_records(test, 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, BUFFER(0x3000, 16));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x3000, 16));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 1);
	KUNIT_EXPECT_NOT_NULL(test, find_live(c, 0, 0x2000, 0));
}

static void full_tracker_has_room_for_a_known_key(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_records(test, 3);
	free_some(test, c, 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x2000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1010, 16));
	KUNIT_EXPECT_TRUE(test, is_freed(c, 0));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
}

/* A superseded record leaves enough room */
static void superseded_record_makes_room(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_max_records(test, 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x3000, 16), .id = 1);
	free_some(test, c, 1);
	report_lost(test, c, 1);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x3000, 16), .id = 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SUPERSEDED), 1);
}

static void bound_below_the_records_drops_nothing(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	free_some(test, c, 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x3000, 16));
	set_max_records(test, 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x4000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x5000, 16));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, BUFFER(0x6000, 16));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 4);
}

static void eviction_spares_other_domains(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	set_max_records(test, 2);
	free_some(test, a, 2);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_UNTRACKED, BUFFER(0x2000, 16));
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FREED_RECORDS), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
}

static void bound_on_freed_is_per_domain(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	set_max_freed(test, 2);
	free_some(test, a, 2);
	free_some(test, b, 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 4);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x9000);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16));
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .address = 0x2000);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_UNKNOWN_EVICTED, .address = 0x1000);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
}

static void eviction_charges_the_owner(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	set_max_freed(test, 1);
	free_some(test, a, 1);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x2000, 16));
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x2000);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_EVICTED_RECORDS), 1);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, count_in(test, 0, BUFTRACK_COUNTER_EVICTED_RECORDS), 1);
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_UNKNOWN_EVICTED, .address = 0x9000);
}

static void end_of_a_client_is_no_eviction(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	free_some(test, c, 5);
	close_client(test, c);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
}

static struct kunit_case evict_cases[] = {
	KUNIT_CASE(oldest_freed_goes_first),
	KUNIT_CASE(eviction_age_is_that_of_the_free),
	KUNIT_CASE(second_free_does_not_delay_eviction),
	KUNIT_CASE(bound_of_zero_keeps_none),
	KUNIT_CASE(lower_bound_applies_at_the_next_frees),
	KUNIT_CASE(eviction_is_remembered_for_good),
	KUNIT_CASE(full_tracker_evicts_for_a_new_record),
	KUNIT_CASE(full_tracker_leaves_live_records_alone),
	KUNIT_CASE(full_tracker_has_room_for_a_known_key),
	KUNIT_CASE(superseded_record_makes_room),
	KUNIT_CASE(bound_below_the_records_drops_nothing),
	KUNIT_CASE(eviction_spares_other_domains),
	KUNIT_CASE(bound_on_freed_is_per_domain),
	KUNIT_CASE(eviction_charges_the_owner),
	KUNIT_CASE(end_of_a_client_is_no_eviction),
	{}
};

static struct kunit_suite evict_suite = {
	.name = "buftrack_evict",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = evict_cases,
};

kunit_test_suite(evict_suite);
