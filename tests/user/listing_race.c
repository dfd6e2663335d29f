// SPDX-License-Identifier: GPL-2.0
/* Changes during a listing: it shows the records at the instant it began */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "listing_walk.h"
#include "helper.h"
#include "memory.h"

#define LIVE BUFTRACK_RECORD_STATE_LIVE
#define FREED BUFTRACK_RECORD_STATE_FREED
#define REMAINING BUFTRACK_RECORD_STATE_REMAINING
#define NR 50
#define SOME 10

/* Records are listed in the order of their addresses */
#define AT(_i) ((__u64)(_i) << 12)

static const struct buftrack_records all = { .space = BUFTRACK_ANY_SPACE };

static struct listing_walk walk;

/* Allocates a range of buffers; size and site tell the position of each */
static void alloc_range(int fd, __u64 from, __u64 to)
{
	for (; from < to; from++)
		CHECK_OK(try_report(fd, ALLOC(.address = AT(from),
					      .size = from + 1, .site = from)));
}

static void free_range(int fd, __u64 from, __u64 to)
{
	for (; from < to; from++)
		CHECK_OK(try_report(fd, FREE(.address = AT(from))));
}

static struct listing_walk *begin(const struct fixture *f)
{
	CHECK_OK(walk_begin(&walk, f->fd, all, SOME));
	CHECK_EQ(walk.nr, SOME);
	return &walk;
}

static void check_end(const struct fixture *f, __u32 nr, __u64 missed)
{
	walk_finish(&walk, f->fd);
	CHECK_EQ(walk.nr, nr);
	CHECK_EQ(walk.query.missed, missed);
	CHECK_EQ(walk.query.exact, !missed);
	CHECK_EQ(walk.query.end, 1);
}

static void check_state(__u64 i, __u32 state)
{
	const struct buftrack_record *rec = walk_find(&walk, AT(i));

	CHECK(rec);
	CHECK_EQ(rec->state, state);
	CHECK_EQ(rec->size, i + 1);
	CHECK_EQ(rec->site, i);
}

DEVICE_TEST(instant_is_between_the_reports)
{
	struct listing_walk *c = &walk;
	__u64 before, after;

	CHECK_OK(report(f->fd, BUFFER(0x1000, 16), NULL, &before));
	CHECK_OK(walk_begin(c, f->fd, all, 0));
	CHECK_OK(report(f->fd, BUFFER(0x2000, 16), NULL, &after));
	CHECK(before < c->query.instant && c->query.instant < after);
	CHECK(c->query.instant <= now_ns());
	CHECK_EQ(c->query.end, 0);
	check_end(f, 1, 0);
	CHECK(c->query.instant < after);
}

DEVICE_TEST(records_allocated_later_are_left_out)
{
	alloc_range(f->fd, 0, NR);
	begin(f);
	alloc_range(f->fd, NR, 2 * NR);
	check_end(f, NR, 0);
	CHECK(!walk_find(&walk, AT(NR)));
}

DEVICE_TEST(records_freed_later_are_listed_as_live)
{
	alloc_range(f->fd, 0, NR);
	free_range(f->fd, 20, 30);
	begin(f);
	free_range(f->fd, 0, 20);
	free_range(f->fd, 30, NR);
	check_end(f, NR, 0);
	check_state(5, LIVE);
	check_state(19, LIVE);
	check_state(20, FREED);
	check_state(29, FREED);
	check_state(30, LIVE);
	check_state(NR - 1, LIVE);
	CHECK_EQ(walk_find(&walk, AT(NR - 1))->ended, 0);
	CHECK_EQ(walk_find(&walk, AT(NR - 1))->ended_by, 0);
	CHECK(walk_find(&walk, AT(25))->ended);
}

DEVICE_TEST(records_freed_later_match_only_the_live_filter)
{
	struct buftrack_records query = all;

	alloc_range(f->fd, 0, NR);
	free_range(f->fd, 0, 10);
	query.states = LIVE;
	CHECK_OK(walk_begin(&walk, f->fd, query, SOME));
	free_range(f->fd, 30, NR);
	check_end(f, NR - 10, 0);
	query.states = FREED;
	CHECK_OK(walk_begin(&walk, f->fd, query, SOME));
	free_range(f->fd, 10, 30);
	check_end(f, 10 + NR - 30, 0);
}

DEVICE_TEST(record_replaced_before_it_is_listed_is_missed)
{
	alloc_range(f->fd, 0, NR);
	begin(f);
	CHECK_EQ(verdict_of(f->fd, ALLOC(.address = AT(20), .size = 1)),
		 BUFTRACK_VERDICT_DOUBLE_ALLOC);
	check_end(f, NR - 1, 1);
	CHECK(!walk_find(&walk, AT(20)));
}

DEVICE_TEST(record_replaced_after_it_was_listed_is_not_missed)
{
	alloc_range(f->fd, 0, NR);
	begin(f);
	CHECK_EQ(verdict_of(f->fd, ALLOC(.address = AT(5), .size = 1)),
		 BUFTRACK_VERDICT_DOUBLE_ALLOC);
	check_end(f, NR, 0);
}

/* One record is the last that was listed, the other one the first that was not */
DEVICE_TEST(missed_records_count_from_the_exact_position)
{
	alloc_range(f->fd, 0, NR);
	begin(f);
	alloc_range(f->fd, SOME - 1, SOME);
	CHECK_OK(walk_step(&walk, f->fd, 0));
	CHECK_EQ(walk.query.missed, 0);
	alloc_range(f->fd, SOME, SOME + 1);
	check_end(f, NR - 1, 1);
}

DEVICE_TEST(replaced_freed_record_is_missed)
{
	alloc_range(f->fd, 0, NR);
	free_range(f->fd, 30, 35);
	begin(f);
	alloc_range(f->fd, 30, 33);
	check_end(f, NR - 3, 3);
	CHECK(!walk_find(&walk, AT(30)));
	check_state(33, FREED);
}

DEVICE_TEST(evicted_freed_record_is_missed)
{
	CHECK_OK(set_device(f->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_FREED,
				    .max_freed = 5 }));
	alloc_range(f->fd, 0, NR);
	free_range(f->fd, 30, 35);
	begin(f);
	free_range(f->fd, 0, 3);
	check_end(f, NR - 3, 3);
	CHECK(!walk_find(&walk, AT(32)));
	check_state(33, FREED);
}

DEVICE_TEST(records_that_came_and_went_are_not_missed)
{
	alloc_range(f->fd, 0, NR);
	begin(f);
	alloc_range(f->fd, NR, 2 * NR);
	alloc_range(f->fd, NR, 2 * NR);
	check_end(f, NR, 0);
}

DEVICE_TEST(filtered_out_records_are_not_missed)
{
	struct buftrack_records query = all;

	alloc_range(f->fd, 0, NR);
	free_range(f->fd, 20, 30);
	query.states = FREED;
	CHECK_OK(walk_begin(&walk, f->fd, query, 2));
	alloc_range(f->fd, 40, NR);
	CHECK_OK(walk_step(&walk, f->fd, 0));
	CHECK_EQ(walk.query.missed, 0);
	alloc_range(f->fd, 29, 30);
	check_end(f, 9, 1);
}

DEVICE_TEST(client_filter_ignores_dropped_records_of_others)
{
	struct buftrack_records query = all;
	int other = fixture_open(f);

	alloc_range(other, 0, NR);
	alloc_range(f->fd, 0, NR);
	query.client = 1;
	CHECK_OK(walk_begin(&walk, f->fd, query, SOME));
	alloc_range(f->fd, 0, NR);
	alloc_range(other, 45, NR);
	check_end(f, NR - 5, 5);
}

DEVICE_TEST(space_filter_ignores_dropped_records_of_others)
{
	struct buftrack_records query = { .space = 1 };
	__u64 i;

	add_space(f->fd, "L1");
	alloc_range(f->fd, 0, NR);
	for (i = 0; i < NR; i++)
		CHECK_OK(try_report(f->fd, ALLOC(.space = 1, .address = AT(i),
						 .size = 1)));
	CHECK_OK(walk_begin(&walk, f->fd, query, SOME));
	alloc_range(f->fd, 0, NR);
	CHECK_OK(try_report(f->fd,
			    ALLOC(.space = 1, .address = AT(40), .size = 1)));
	check_end(f, NR - 1, 1);
}

DEVICE_TEST(unlisted_records_of_an_ending_client_are_missed)
{
	int other = fixture_open(f);

	alloc_range(other, 0, NR);
	begin(f);
	close(other);
	check_end(f, SOME, NR - SOME);
}

DEVICE_TEST(client_ending_after_it_was_listed_drops_nothing)
{
	int first = fixture_open(f), second = fixture_open(f);

	alloc_range(first, 0, 5);
	alloc_range(second, 0, NR);
	begin(f);
	close(first);
	check_end(f, NR + 5, 0);
}

DEVICE_TEST(client_that_begins_later_is_left_out)
{
	int other = fixture_open(f);

	alloc_range(f->fd, 0, NR);
	begin(f);
	alloc_range(other, 0, NR);
	check_end(f, NR, 0);
}

DEVICE_TEST(ended_client_is_listed_by_its_remaining_records)
{
	int other = fixture_open(f);

	alloc_range(other, 0, NR);
	close(other);
	begin(f);
	check_end(f, NR, 0);
	check_state(0, REMAINING);
	check_state(NR - 1, REMAINING);
}

DEVICE_TEST(owner_ending_in_the_shared_domain_drops_nothing)
{
	int owner = fixture_open(f);
	__u64 client;

	CHECK_OK(declare(owner, BUFTRACK_DECLARE_SHARED, &client));
	alloc_range(owner, 0, NR);
	begin(f);
	close(owner);
	check_end(f, NR, 0);
	check_state(0, LIVE);
}

DEVICE_TEST(reset_drops_unlisted_remaining_records)
{
	int other = fixture_open(f);

	alloc_range(other, 0, NR);
	close(other);
	begin(f);
	CHECK_OK(reset_device(f->fd));
	check_end(f, SOME, NR - SOME);
}

DEVICE_TEST(max_remaining_drops_unlisted_records)
{
	int first = fixture_open(f), second = fixture_open(f);

	alloc_range(first, 0, NR);
	close(first);
	alloc_range(second, 0, NR);
	CHECK_OK(set_device(f->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_REMAINING,
				    .max_remaining = NR }));
	CHECK_OK(walk_begin(&walk, f->fd,
			    (struct buftrack_records){
				    .space = 0,
				    .states = REMAINING,
			    },
			    SOME));
	close(second);
	check_end(f, SOME, NR - SOME);
}

DEVICE_TEST(reset_drops_no_held_record)
{
	alloc_range(f->fd, 0, NR);
	free_range(f->fd, 20, 30);
	begin(f);
	CHECK_OK(reset_device(f->fd));
	check_end(f, NR, 0);
	check_state(25, FREED);
}

DEVICE_TEST(disabling_and_enabling_drop_nothing)
{
	alloc_range(f->fd, 0, NR);
	begin(f);
	CHECK_OK(set_enabled(f->fd, false));
	CHECK_EQ(verdict_of(f->fd, FREE(.address = AT(20))),
		 BUFTRACK_VERDICT_DISABLED);
	CHECK_OK(walk_step(&walk, f->fd, SOME));
	CHECK_OK(set_enabled(f->fd, true));
	check_end(f, NR, 0);
}

DEVICE_TEST(removal_makes_a_listing_inexact)
{
	alloc_range(f->fd, 0, NR);
	begin(f);
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	walk_finish(&walk, f->fd);
	CHECK_EQ(walk.nr, SOME);
	CHECK_EQ(walk.query.exact, 0);
}

DEVICE_TEST(remaining_records_are_listed_after_removal)
{
	int other = fixture_open(f);

	alloc_range(f->fd, 0, 5);
	alloc_range(other, 10, NR);
	close(other);
	begin(f);
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	walk_finish(&walk, f->fd);
	CHECK_EQ(walk.nr, 5 + NR - 10);
}

DEVICE_TEST(continuing_without_a_listing_is_einval)
{
	struct listing_walk *c = &walk;

	alloc_range(f->fd, 0, NR);
	c->query = all;
	CHECK_ERR(walk_step(c, f->fd, SOME), EINVAL);
	begin(f);
	check_end(f, NR, 0);
	c->query.end = 0;
	CHECK_ERR(walk_step(c, f->fd, SOME), EINVAL);
	/* Another open file has no listing to continue */
	begin(f);
	CHECK_ERR(walk_step(c, fixture_open(f), SOME), EINVAL);
	CHECK_OK(walk_step(c, f->fd, SOME));
}

DEVICE_TEST(calls_of_one_listing_can_be_of_any_size)
{
	static const __u32 sizes[] = { 1, 0, 17, 32, 2, 33, 0, 64, 1, 300 };
	const __u32 nr = 400;
	__u32 i;

	alloc_range(f->fd, 0, nr);
	CHECK_OK(walk_begin(&walk, f->fd, all, 1));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK_OK(walk_step(&walk, f->fd, sizes[i]));
		free_range(f->fd, 7 * i, 7 * i + 1);
		free_range(f->fd, nr - 1 - i, nr - i);
	}
	check_end(f, nr, 0);
	for (i = 0; i < nr; i++) {
		check_state(i, LIVE);
		CHECK_EQ(walk.records[i].address, AT(i));
	}
}

DEVICE_TEST(begin_starts_a_new_listing)
{
	__u64 instant;

	alloc_range(f->fd, 0, NR);
	instant = begin(f)->query.instant;
	alloc_range(f->fd, NR, NR + 5);
	CHECK(begin(f)->query.instant > instant);
	CHECK_EQ(walk.records[0].address, AT(0));
	check_end(f, NR + 5, 0);
}

DEVICE_TEST(listing_keeps_its_filters)
{
	struct buftrack_records query = all;

	alloc_range(f->fd, 0, NR);
	free_range(f->fd, 0, 20);
	query.states = LIVE;
	query.min_size = 31;
	CHECK_OK(walk_begin(&walk, f->fd, query, 3));
	walk.query.states = FREED;
	walk.query.min_size = 0;
	walk.query.client = 77;
	walk.query.max_age = 1;
	check_end(f, NR - 30, 0);
	check_state(30, LIVE);
}

DEVICE_TEST(fault_ends_a_listing)
{
	struct buftrack_records query = all;

	alloc_range(f->fd, 0, NR);
	begin(f);
	query.records = user_ptr(memory_before(0, NOTHING));
	query.record_size = sizeof(struct buftrack_record);
	query.nr = 5;
	CHECK_ERR(CALL(f->fd, RECORDS, &query), EFAULT);
	CHECK_ERR(walk_step(&walk, f->fd, SOME), EINVAL);
}

DEVICE_TEST(each_file_has_its_own_listing)
{
	static struct listing_walk other;
	int fd = fixture_open(f);

	alloc_range(f->fd, 0, NR);
	begin(f);
	alloc_range(f->fd, NR, 2 * NR);
	CHECK_OK(walk_begin(&other, fd, all, 3));
	alloc_range(f->fd, 60, 61);
	check_end(f, NR, 0);
	walk_finish(&other, fd);
	CHECK_EQ(other.nr, 2 * NR - 1);
	CHECK_EQ(other.query.missed, 1);
	CHECK_EQ(other.query.exact, 0);
}

DEVICE_TEST(dup_continues_the_same_listing)
{
	int fd = CHECK_SYS(dup(f->fd));

	alloc_range(f->fd, 0, NR);
	begin(f);
	CHECK_OK(walk_step(&walk, fd, SOME));
	check_end(f, NR, 0);
}

/* Two threads on one file: of two concurrent calls one finds no listing */
struct racer {
	int fd;
	bool *over;
	__u8 *seen;
};

static void *go_on(void *arg)
{
	const struct racer *racer = arg;
	struct buftrack_record rec;
	struct buftrack_records query = all;
	int err;

	query.records = user_ptr(&rec);
	query.record_size = sizeof(rec);
	while (!__atomic_load_n(racer->over, __ATOMIC_RELAXED)) {
		query.nr = 1;
		err = CALL(racer->fd, RECORDS, &query);
		CHECK(!err || err == EINVAL);
		if (err)
			continue;
		if (query.nr)
			__atomic_add_fetch(&racer->seen[rec.address >> 12], 1,
					   __ATOMIC_RELAXED);
		if (query.end)
			__atomic_store_n(racer->over, true, __ATOMIC_RELAXED);
	}
	return NULL;
}

DEVICE_TEST(threads_on_one_file_share_its_listing)
{
	__u8 seen[NR];
	bool over;
	struct racer racer = { f->fd, &over, seen };
	pthread_t thread;
	int round, i;

	alloc_range(f->fd, 0, NR);
	for (round = 0; round < 20; round++) {
		memset(seen, 0, sizeof(seen));
		over = false;
		CHECK_OK(walk_begin(&walk, f->fd, all, 0));
		thread = start_thread(go_on, &racer);
		go_on(&racer);
		finish_thread(thread);
		for (i = 0; i < NR; i++)
			CHECK_EQ(seen[i], 1);
	}
}

static void *begin_repeatedly(void *arg)
{
	struct racer *racer = arg;
	struct listing_walk *c = calloc(1, sizeof(*c));
	int i, err, nr = is_debug_kernel() ? 60 : 500;

	CHECK(c);
	for (i = 0; i < nr; i++) {
		CHECK_OK(walk_begin(c, racer->fd, all, 5));
		CHECK_EQ(c->nr, 5);
		err = walk_step(c, racer->fd, 5);
		CHECK(!err || err == EINVAL);
	}
	free(c);
	return NULL;
}

DEVICE_TEST(threads_can_begin_listings_concurrently)
{
	struct racer racer = { .fd = f->fd };
	pthread_t thread;

	alloc_range(f->fd, 0, NR);
	thread = start_thread(begin_repeatedly, &racer);
	begin_repeatedly(&racer);
	finish_thread(thread);
	CHECK_OK(walk_begin(&walk, f->fd, all, NR));
	check_end(f, NR, 0);
}

/* The module tracks dropped records for 16 listings; older ones are inexact */
#define WALKS 20
#define NOTIFIED 16

DEVICE_TEST(sixteen_of_20_concurrent_listings_are_exact)
{
	static struct listing_walk walks[WALKS];
	int fds[WALKS], i;

	alloc_range(f->fd, 0, NR);
	for (i = 0; i < WALKS; i++) {
		fds[i] = fixture_open(f);
		CHECK_OK(walk_begin(&walks[i], fds[i], all, 5));
	}
	for (i = 0; i < WALKS; i++) {
		walk_finish(&walks[i], fds[i]);
		CHECK_EQ(walks[i].nr, NR);
		CHECK_EQ(walks[i].query.missed, 0);
		CHECK_EQ(walks[i].query.exact, i >= WALKS - NOTIFIED);
	}
}

DEVICE_TEST(sixteen_of_20_concurrent_listings_count_what_they_missed)
{
	static struct listing_walk walks[WALKS];
	int fds[WALKS], i;

	alloc_range(f->fd, 0, NR);
	for (i = 0; i < WALKS; i++) {
		fds[i] = fixture_open(f);
		CHECK_OK(walk_begin(&walks[i], fds[i], all, 5));
	}
	alloc_range(f->fd, 40, NR);
	for (i = 0; i < WALKS; i++) {
		walk_finish(&walks[i], fds[i]);
		CHECK_EQ(walks[i].nr, 40);
		CHECK_EQ(walks[i].query.missed,
			 i >= WALKS - NOTIFIED ? NR - 40 : 0);
		CHECK_EQ(walks[i].query.exact, 0);
	}
}

/* A listing that is continued keeps its slot */
DEVICE_TEST(least_recently_used_listing_loses_its_slot)
{
	static struct listing_walk walks[NOTIFIED + 1];
	int fds[NOTIFIED + 1], i;

	alloc_range(f->fd, 0, NR);
	for (i = 0; i <= NOTIFIED; i++)
		fds[i] = fixture_open(f);
	for (i = 0; i < NOTIFIED; i++)
		CHECK_OK(walk_begin(&walks[i], fds[i], all, 5));
	CHECK_OK(walk_step(&walks[0], fds[0], 5));
	CHECK_OK(walk_begin(&walks[NOTIFIED], fds[NOTIFIED], all, 5));
	for (i = 0; i <= NOTIFIED; i++) {
		walk_finish(&walks[i], fds[i]);
		CHECK_EQ(walks[i].query.exact, i != 1);
	}
}

static void wait_to_be_killed(void *arg)
{
	struct checkpoint *ready = arg;

	checkpoint_reach(ready);
	pause();
}

DEVICE_TEST(listings_end_with_their_files)
{
	static struct listing_walk other;
	int first = fixture_open(f);
	struct checkpoint ready;
	int i, fd;
	pid_t pid;

	checkpoint_init(&ready);
	alloc_range(f->fd, 0, NR);
	CHECK_OK(walk_begin(&other, first, all, SOME));
	for (i = 0; i < WALKS; i++) {
		fd = fixture_open(f);
		CHECK_OK(walk_begin(&walk, fd, all, 5));
		pid = start(wait_to_be_killed, &ready);
		close(fd);
		checkpoint_wait(&ready);
		end(pid, SIGKILL);
	}
	begin(f);
	alloc_range(f->fd, 40, NR);
	check_end(f, 40, NR - 40);
	/* The listing of the first file kept its slot: closed files gave theirs up */
	walk_finish(&other, first);
	CHECK_EQ(other.query.missed, NR - 40);
}

#define MANY 5000

/* Lists all records and returns the number of calls */
static __u32 list_many(const struct fixture *f)
{
	struct listing l = list(f->fd, all, MANY + 1);

	CHECK_EQ(l.nr, MANY);
	CHECK(l.exact);
	free(l.records);
	return l.calls;
}

DEVICE_TEST(signal_shortens_a_call_but_not_the_listing)
{
	__u32 i, calls = 0;

	alloc_range(f->fd, 0, MANY);
	CHECK_EQ(list_many(f), 1);
	signal_every_ms();
	for (i = 0; i < 1000 && calls < 2; i++)
		calls = list_many(f);
	CHECK(calls > 1);
}

/* Otherwise the slots would run out */
DEVICE_TEST(restarted_listing_gives_up_its_slot)
{
	static struct listing_walk other;
	int fd = fixture_open(f), i;

	alloc_range(f->fd, 0, NR);
	CHECK_OK(walk_begin(&other, fd, all, SOME));
	for (i = 0; i < 3 * NOTIFIED; i++)
		begin(f);
	alloc_range(f->fd, 40, 41);
	check_end(f, NR - 1, 1);
	walk_finish(&other, fd);
	CHECK_EQ(other.nr, NR - 1);
	CHECK_EQ(other.query.missed, 1);
}

/*
 * Begins a listing of records up to an age that none exceeds yet. Returns that age in
 * ns; a slow machine needs a higher one.
 */
static __u64 begin_while_young(const struct fixture *f)
{
	struct buftrack_records query = { .space = 0, .max_age = 50000000 };
	__u64 oldest;

	do {
		query.max_age *= 2;
		CHECK_OK(report(f->fd, ALLOC(.address = AT(0), .size = 1), NULL,
				&oldest));
		alloc_range(f->fd, 1, NR);
		CHECK_OK(walk_begin(&walk, f->fd, query, SOME));
	} while (walk.query.instant - oldest > query.max_age);
	return query.max_age;
}

DEVICE_TEST(ages_are_measured_at_the_instant)
{
	__u64 age = begin_while_young(f);

	while (now_ns() - walk.query.instant <= age)
		usleep(1000);
	check_end(f, NR, 0);
}
