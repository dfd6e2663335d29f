// SPDX-License-Identifier: GPL-2.0
/* The shared domain: foreign frees, orphans, and the references to its clients */
#include "fixture.h"

static void free_by_another_is_foreign(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_FOREIGN_FREE, .address = 0x1000,
		    .size = 1);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FREES), 1);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_LIVE_BYTES), 0);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FREED_RECORDS), 1);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FOREIGN_FREES), 0);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_FREES), 0);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_FOREIGN_FREES), 1);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_SIZE_MISMATCHES), 0);
	KUNIT_EXPECT_PTR_EQ(test, find_freed(a, 0, 0x1000, 0)->freed.by, b);
}

static int own(struct kunit *test, struct bt_client *c, u32 op, u64 id)
{
	return report_own(test, c, c->base, op, 0x1000, id);
}

/* Two processes pin pages at the same address of theirs */
static void own_addresses_are_compared_within_a_client(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	a->base = 0xfedc000000000000ULL;
	b->base = 0x1234000000000000ULL;
	KUNIT_EXPECT_EQ(test, own(test, b, BUFTRACK_OP_FREE, 1), BUFTRACK_VERDICT_UNKNOWN_NEVER);
	KUNIT_EXPECT_EQ(test, own(test, a, BUFTRACK_OP_ALLOC, 1), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, own(test, b, BUFTRACK_OP_FREE, 1), BUFTRACK_VERDICT_UNKNOWN_NEVER);
	KUNIT_EXPECT_EQ(test, own(test, b, BUFTRACK_OP_ALLOC, 1), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, own(test, a, BUFTRACK_OP_FREE, 2),
			BUFTRACK_VERDICT_UNKNOWN_OTHER_ID);
	KUNIT_EXPECT_EQ(test, own(test, a, BUFTRACK_OP_FREE, 1), BUFTRACK_VERDICT_OK);
	KUNIT_EXPECT_EQ(test, own(test, a, BUFTRACK_OP_FREE, 1), BUFTRACK_VERDICT_DOUBLE_FREE);
	KUNIT_EXPECT_EQ(test, report_own(test, a, b->base, BUFTRACK_OP_FREE, 0x1000, 1),
			BUFTRACK_VERDICT_FOREIGN_FREE);
}

static void second_free_charges_its_reporter(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .address = 0x1000);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_DOUBLE_FREES), 1);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_DOUBLE_FREES), 0);
	KUNIT_EXPECT_PTR_EQ(test, find_freed(a, 0, 0x1000, 0)->freed.by, a);
}

static void alloc_over_anothers_key_supersedes_it(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x1000, 64));
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_SUPERSEDED), 1);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_DOUBLE_ALLOCS), 1);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .address = 0x1000);
}

static void live_records_of_an_ended_client_are_orphans(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, .space = 2, BUFFER(0x1000, 32));
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 16));
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_LIVE_BUFFERS), 3);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 2);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BYTES), 96);
	KUNIT_EXPECT_EQ(test, count_in(test, 2, BUFTRACK_COUNTER_ORPHANED_BYTES), 32);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_ORPHANED_BYTES), 96);
	KUNIT_EXPECT_EQ(test, count_of(test, b, BUFTRACK_COUNTER_ORPHANED_BYTES), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_REMAINING_BUFFERS), 0);
}

static void anyone_may_free_an_orphan(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	close_client(test, a);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .address = 0x1000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BYTES), 0);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FREES), 1);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
}

/* An orphan still has a size */
static void orphan_has_a_size(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	close_client(test, a);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_SIZE_MISMATCH, .address = 0x1000,
		    .size = 1);
}

static void orphan_can_be_superseded(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	close_client(test, a);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x1000, 64));
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_SUPERSEDED), 1);
}

static void freed_records_outlive_their_client(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .address = 0x1000);
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FREED_RECORDS), 1);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	KUNIT_EXPECT_EQ(test, count_of(test, a, BUFTRACK_COUNTER_FREED_RECORDS), 0);
}

static void live_record_keeps_its_ended_owner(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	set_max_closed(test, 0);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_DOUBLE_ALLOC, BUFFER(0x1000, 64));
	KUNIT_EXPECT_EQ(test, free_zombies(test), 1);
}

static void freed_record_keeps_owner_and_freer(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	struct bt_client *c = open_shared(test);

	set_max_closed(test, 0);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_FOREIGN_FREE, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .address = 0x1000);
	close_client(test, a);
	close_client(test, b);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	KUNIT_EXPECT_EQ(test, free_zombies(test), 2);
}

static void evicted_record_releases_its_clients(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);

	set_max_closed(test, 0);
	set_max_freed(test, 1);
	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_FREE(test, a, BUFTRACK_VERDICT_OK, .address = 0x1000);
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x2000, 64));
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .address = 0x2000);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 1);
}

static void log_of_closed_clients_keeps_a_client(struct kunit *test)
{
	struct bt_client *a = open_shared(test);

	close_client(test, a);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	set_max_closed(test, 0);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 1);
}

static void file_keeps_a_client(struct kunit *test)
{
	struct bt_client *a = open_shared(test);

	set_max_closed(test, 0);
	end_client(test, a);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	reap_client(test, a);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 1);
}

static void retiring_releases_all_clients(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_private(test);

	EXPECT_ALLOC(test, a, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, BUFFER(0x1000, 64));
	close_client(test, a);
	close_client(test, b);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
}

static struct kunit_case shared_cases[] = {
	KUNIT_CASE(own_addresses_are_compared_within_a_client),
	KUNIT_CASE(free_by_another_is_foreign),
	KUNIT_CASE(second_free_charges_its_reporter),
	KUNIT_CASE(alloc_over_anothers_key_supersedes_it),
	KUNIT_CASE(live_records_of_an_ended_client_are_orphans),
	KUNIT_CASE(anyone_may_free_an_orphan),
	KUNIT_CASE(orphan_has_a_size),
	KUNIT_CASE(orphan_can_be_superseded),
	KUNIT_CASE(freed_records_outlive_their_client),
	KUNIT_CASE(live_record_keeps_its_ended_owner),
	KUNIT_CASE(freed_record_keeps_owner_and_freer),
	KUNIT_CASE(evicted_record_releases_its_clients),
	KUNIT_CASE(log_of_closed_clients_keeps_a_client),
	KUNIT_CASE(file_keeps_a_client),
	KUNIT_CASE(retiring_releases_all_clients),
	{}
};

static struct kunit_suite shared_suite = {
	.name = "buftrack_shared",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = shared_cases,
};

kunit_test_suite(shared_suite);
