// SPDX-License-Identifier: GPL-2.0
/* What happens midway in a listing: it is of the instant at which it began */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>
#include "course.h"
#include "helper.h"
#include "memory.h"

#define LIVE BUFTRACK_RECORD_STATE_LIVE
#define FREED BUFTRACK_RECORD_STATE_FREED
#define REMAINING BUFTRACK_RECORD_STATE_REMAINING
#define NR 50
#define SOME 10

/* In this order they are listed */
#define AT(_i) ((__u64)(_i) << 12)

static const struct buftrack_records all = { .space = BUFTRACK_ANY_SPACE };

static struct course course;

/* Buffers in a range; each has its place as its size and site */
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

static struct course *begin(const struct rig *r)
{
	CHECK_OK(course_begin(&course, r->fd, all, SOME));
	CHECK_EQ(course.nr, SOME);
	return &course;
}

static void check_end(const struct rig *r, __u32 nr, __u64 missed)
{
	course_finish(&course, r->fd);
	CHECK_EQ(course.nr, nr);
	CHECK_EQ(course.query.missed, missed);
	CHECK_EQ(course.query.exact, !missed);
	CHECK_EQ(course.query.end, 1);
}

static void check_state(__u64 i, __u32 state)
{
	const struct buftrack_record *rec = course_find(&course, AT(i));

	CHECK(rec);
	CHECK_EQ(rec->state, state);
	CHECK_EQ(rec->size, i + 1);
	CHECK_EQ(rec->site, i);
}

RIG_TEST(instant_is_between_the_reports)
{
	struct course *c = &course;
	__u64 before, after;

	CHECK_OK(report(r->fd, BUFFER(0x1000, 16), NULL, &before));
	CHECK_OK(course_begin(c, r->fd, all, 0));
	CHECK_OK(report(r->fd, BUFFER(0x2000, 16), NULL, &after));
	CHECK(before < c->query.instant && c->query.instant < after);
	CHECK(c->query.instant <= now_ns());
	CHECK_EQ(c->query.end, 0);
	check_end(r, 1, 0);
	CHECK(c->query.instant < after);
}

RIG_TEST(what_is_allocated_later_is_left_out)
{
	alloc_range(r->fd, 0, NR);
	begin(r);
	alloc_range(r->fd, NR, 2 * NR);
	check_end(r, NR, 0);
	CHECK(!course_find(&course, AT(NR)));
}

RIG_TEST(what_is_freed_later_is_listed_as_live)
{
	alloc_range(r->fd, 0, NR);
	free_range(r->fd, 20, 30);
	begin(r);
	free_range(r->fd, 0, 20);
	free_range(r->fd, 30, NR);
	check_end(r, NR, 0);
	check_state(5, LIVE);
	check_state(19, LIVE);
	check_state(20, FREED);
	check_state(29, FREED);
	check_state(30, LIVE);
	check_state(NR - 1, LIVE);
	CHECK_EQ(course_find(&course, AT(NR - 1))->ended, 0);
	CHECK_EQ(course_find(&course, AT(NR - 1))->ended_by, 0);
	CHECK(course_find(&course, AT(25))->ended);
}

RIG_TEST(what_is_freed_later_is_in_a_listing_of_live_ones_alone)
{
	struct buftrack_records query = all;

	alloc_range(r->fd, 0, NR);
	free_range(r->fd, 0, 10);
	query.states = LIVE;
	CHECK_OK(course_begin(&course, r->fd, query, SOME));
	free_range(r->fd, 30, NR);
	check_end(r, NR - 10, 0);
	query.states = FREED;
	CHECK_OK(course_begin(&course, r->fd, query, SOME));
	free_range(r->fd, 10, 30);
	check_end(r, 10 + NR - 30, 0);
}

RIG_TEST(what_is_replaced_before_it_is_listed_is_missed)
{
	alloc_range(r->fd, 0, NR);
	begin(r);
	CHECK_EQ(verdict_of(r->fd, ALLOC(.address = AT(20), .size = 1)),
		 BUFTRACK_VERDICT_DOUBLE_ALLOC);
	check_end(r, NR - 1, 1);
	CHECK(!course_find(&course, AT(20)));
}

RIG_TEST(what_is_replaced_after_it_was_listed_is_not_missed)
{
	alloc_range(r->fd, 0, NR);
	begin(r);
	CHECK_EQ(verdict_of(r->fd, ALLOC(.address = AT(5), .size = 1)),
		 BUFTRACK_VERDICT_DOUBLE_ALLOC);
	check_end(r, NR, 0);
}

/* The first one behind what was listed, and the last one in it */
RIG_TEST(place_of_a_listing_is_exact)
{
	alloc_range(r->fd, 0, NR);
	begin(r);
	alloc_range(r->fd, SOME - 1, SOME);
	CHECK_OK(course_step(&course, r->fd, 0));
	CHECK_EQ(course.query.missed, 0);
	alloc_range(r->fd, SOME, SOME + 1);
	check_end(r, NR - 1, 1);
}

RIG_TEST(freed_record_that_an_alloc_replaces_is_missed)
{
	alloc_range(r->fd, 0, NR);
	free_range(r->fd, 30, 35);
	begin(r);
	alloc_range(r->fd, 30, 33);
	check_end(r, NR - 3, 3);
	CHECK(!course_find(&course, AT(30)));
	check_state(33, FREED);
}

RIG_TEST(freed_record_that_is_evicted_is_missed)
{
	CHECK_OK(set_device(r->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_FREED,
				    .max_freed = 5 }));
	alloc_range(r->fd, 0, NR);
	free_range(r->fd, 30, 35);
	begin(r);
	free_range(r->fd, 0, 3);
	check_end(r, NR - 3, 3);
	CHECK(!course_find(&course, AT(32)));
	check_state(33, FREED);
}

RIG_TEST(what_came_and_went_meanwhile_is_not_missed)
{
	alloc_range(r->fd, 0, NR);
	begin(r);
	alloc_range(r->fd, NR, 2 * NR);
	alloc_range(r->fd, NR, 2 * NR);
	check_end(r, NR, 0);
}

RIG_TEST(what_filters_leave_out_is_not_missed)
{
	struct buftrack_records query = all;

	alloc_range(r->fd, 0, NR);
	free_range(r->fd, 20, 30);
	query.states = FREED;
	CHECK_OK(course_begin(&course, r->fd, query, 2));
	alloc_range(r->fd, 40, NR);
	CHECK_OK(course_step(&course, r->fd, 0));
	CHECK_EQ(course.query.missed, 0);
	alloc_range(r->fd, 29, 30);
	check_end(r, 9, 1);
}

RIG_TEST(listing_of_a_client_does_not_miss_others_records)
{
	struct buftrack_records query = all;
	int other = rig_open(r);

	alloc_range(other, 0, NR);
	alloc_range(r->fd, 0, NR);
	query.client = 1;
	CHECK_OK(course_begin(&course, r->fd, query, SOME));
	alloc_range(r->fd, 0, NR);
	alloc_range(other, 45, NR);
	check_end(r, NR - 5, 5);
}

RIG_TEST(listing_of_a_space_does_not_miss_others_records)
{
	struct buftrack_records query = { .space = 1 };
	__u64 i;

	add_space(r->fd, "L1");
	alloc_range(r->fd, 0, NR);
	for (i = 0; i < NR; i++)
		CHECK_OK(try_report(r->fd, ALLOC(.space = 1, .address = AT(i),
						 .size = 1)));
	CHECK_OK(course_begin(&course, r->fd, query, SOME));
	alloc_range(r->fd, 0, NR);
	CHECK_OK(try_report(r->fd,
			    ALLOC(.space = 1, .address = AT(40), .size = 1)));
	check_end(r, NR - 1, 1);
}

RIG_TEST(client_that_ends_meanwhile_takes_what_was_not_listed)
{
	int other = rig_open(r);

	alloc_range(other, 0, NR);
	begin(r);
	close(other);
	check_end(r, SOME, NR - SOME);
}

RIG_TEST(client_that_ends_after_its_records_were_listed_takes_none)
{
	int first = rig_open(r), second = rig_open(r);

	alloc_range(first, 0, 5);
	alloc_range(second, 0, NR);
	begin(r);
	close(first);
	check_end(r, NR + 5, 0);
}

RIG_TEST(client_that_begins_meanwhile_is_left_out)
{
	int other = rig_open(r);

	alloc_range(r->fd, 0, NR);
	begin(r);
	alloc_range(other, 0, NR);
	check_end(r, NR, 0);
}

RIG_TEST(client_that_ended_before_is_listed_by_what_remains)
{
	int other = rig_open(r);

	alloc_range(other, 0, NR);
	close(other);
	begin(r);
	check_end(r, NR, 0);
	check_state(0, REMAINING);
	check_state(NR - 1, REMAINING);
}

RIG_TEST(owner_that_ends_in_the_shared_domain_takes_none)
{
	int owner = rig_open(r);
	__u64 client;

	CHECK_OK(declare(owner, BUFTRACK_DECLARE_SHARED, &client));
	alloc_range(owner, 0, NR);
	begin(r);
	close(owner);
	check_end(r, NR, 0);
	check_state(0, LIVE);
}

RIG_TEST(reset_takes_what_remained_and_was_not_listed)
{
	int other = rig_open(r);

	alloc_range(other, 0, NR);
	close(other);
	begin(r);
	CHECK_OK(reset_device(r->fd));
	check_end(r, SOME, NR - SOME);
}

RIG_TEST(bound_of_what_remains_takes_what_was_not_listed)
{
	int first = rig_open(r), second = rig_open(r);

	alloc_range(first, 0, NR);
	close(first);
	alloc_range(second, 0, NR);
	CHECK_OK(set_device(r->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_REMAINING,
				    .max_remaining = NR }));
	CHECK_OK(course_begin(&course, r->fd,
			      (struct buftrack_records){
				      .space = 0,
				      .states = REMAINING,
			      },
			      SOME));
	close(second);
	check_end(r, SOME, NR - SOME);
}

RIG_TEST(reset_takes_nothing_that_is_held)
{
	alloc_range(r->fd, 0, NR);
	free_range(r->fd, 20, 30);
	begin(r);
	CHECK_OK(reset_device(r->fd));
	check_end(r, NR, 0);
	check_state(25, FREED);
}

RIG_TEST(off_and_on_take_nothing)
{
	alloc_range(r->fd, 0, NR);
	begin(r);
	CHECK_OK(set_enabled(r->fd, false));
	CHECK_EQ(verdict_of(r->fd, FREE(.address = AT(20))),
		 BUFTRACK_VERDICT_DISABLED);
	CHECK_OK(course_step(&course, r->fd, SOME));
	CHECK_OK(set_enabled(r->fd, true));
	check_end(r, NR, 0);
}

RIG_TEST(removal_ends_a_listing_that_is_not_exact)
{
	alloc_range(r->fd, 0, NR);
	begin(r);
	CHECK_OK(remove_device(r->control, r->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	course_finish(&course, r->fd);
	CHECK_EQ(course.nr, SOME);
	CHECK_EQ(course.query.exact, 0);
}

RIG_TEST(what_remained_is_listed_after_a_removal_too)
{
	int other = rig_open(r);

	alloc_range(r->fd, 0, 5);
	alloc_range(other, 10, NR);
	close(other);
	begin(r);
	CHECK_OK(remove_device(r->control, r->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	course_finish(&course, r->fd);
	CHECK_EQ(course.nr, 5 + NR - 10);
}

RIG_TEST(going_on_with_nothing_is_einval)
{
	struct course *c = &course;

	alloc_range(r->fd, 0, NR);
	c->query = all;
	CHECK_ERR(course_step(c, r->fd, SOME), EINVAL);
	begin(r);
	check_end(r, NR, 0);
	c->query.end = 0;
	CHECK_ERR(course_step(c, r->fd, SOME), EINVAL);
	/* Another opening has none either */
	begin(r);
	CHECK_ERR(course_step(c, rig_open(r), SOME), EINVAL);
	CHECK_OK(course_step(c, r->fd, SOME));
}

RIG_TEST(calls_of_one_listing_can_be_of_any_size)
{
	static const __u32 sizes[] = { 1, 0, 17, 32, 2, 33, 0, 64, 1, 300 };
	const __u32 nr = 400;
	__u32 i;

	alloc_range(r->fd, 0, nr);
	CHECK_OK(course_begin(&course, r->fd, all, 1));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK_OK(course_step(&course, r->fd, sizes[i]));
		free_range(r->fd, 7 * i, 7 * i + 1);
		free_range(r->fd, nr - 1 - i, nr - i);
	}
	check_end(r, nr, 0);
	for (i = 0; i < nr; i++) {
		check_state(i, LIVE);
		CHECK_EQ(course.records[i].address, AT(i));
	}
}

RIG_TEST(beginning_again_begins_a_new_listing)
{
	__u64 instant;

	alloc_range(r->fd, 0, NR);
	instant = begin(r)->query.instant;
	alloc_range(r->fd, NR, NR + 5);
	CHECK(begin(r)->query.instant > instant);
	CHECK_EQ(course.records[0].address, AT(0));
	check_end(r, NR + 5, 0);
}

RIG_TEST(listing_keeps_its_filters)
{
	struct buftrack_records query = all;

	alloc_range(r->fd, 0, NR);
	free_range(r->fd, 0, 20);
	query.states = LIVE;
	query.min_size = 31;
	CHECK_OK(course_begin(&course, r->fd, query, 3));
	course.query.states = FREED;
	course.query.min_size = 0;
	course.query.client = 77;
	course.query.max_age = 1;
	check_end(r, NR - 30, 0);
	check_state(30, LIVE);
}

RIG_TEST(fault_ends_a_listing)
{
	struct buftrack_records query = all;

	alloc_range(r->fd, 0, NR);
	begin(r);
	query.records = user_ptr(memory_before(0, NOTHING));
	query.record_size = sizeof(struct buftrack_record);
	query.nr = 5;
	CHECK_ERR(CALL(r->fd, RECORDS, &query), EFAULT);
	CHECK_ERR(course_step(&course, r->fd, SOME), EINVAL);
}

RIG_TEST(two_files_have_listings_of_their_own)
{
	static struct course other;
	int fd = rig_open(r);

	alloc_range(r->fd, 0, NR);
	begin(r);
	alloc_range(r->fd, NR, 2 * NR);
	CHECK_OK(course_begin(&other, fd, all, 3));
	alloc_range(r->fd, 60, 61);
	check_end(r, NR, 0);
	course_finish(&other, fd);
	CHECK_EQ(other.nr, 2 * NR - 1);
	CHECK_EQ(other.query.missed, 1);
	CHECK_EQ(other.query.exact, 0);
}

RIG_TEST(dup_goes_on_with_the_same_listing)
{
	int fd = CHECK_SYS(dup(r->fd));

	alloc_range(r->fd, 0, NR);
	begin(r);
	CHECK_OK(course_step(&course, fd, SOME));
	check_end(r, NR, 0);
}

/* Two threads on one file: of two calls at once one finds no listing */
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

RIG_TEST(threads_on_one_file_share_its_listing)
{
	__u8 seen[NR];
	bool over;
	struct racer racer = { r->fd, &over, seen };
	pthread_t thread;
	int round, i;

	alloc_range(r->fd, 0, NR);
	for (round = 0; round < 20; round++) {
		memset(seen, 0, sizeof(seen));
		over = false;
		CHECK_OK(course_begin(&course, r->fd, all, 0));
		thread = start_thread(go_on, &racer);
		go_on(&racer);
		finish_thread(thread);
		for (i = 0; i < NR; i++)
			CHECK_EQ(seen[i], 1);
	}
}

static void *begin_often(void *arg)
{
	struct racer *racer = arg;
	struct course *c = calloc(1, sizeof(*c));
	int i, err, nr = is_debug_kernel() ? 60 : 500;

	CHECK(c);
	for (i = 0; i < nr; i++) {
		CHECK_OK(course_begin(c, racer->fd, all, 5));
		CHECK_EQ(c->nr, 5);
		err = course_step(c, racer->fd, 5);
		CHECK(!err || err == EINVAL);
	}
	free(c);
	return NULL;
}

RIG_TEST(threads_can_begin_at_once)
{
	struct racer racer = { .fd = r->fd };
	pthread_t thread;

	alloc_range(r->fd, 0, NR);
	thread = start_thread(begin_often, &racer);
	begin_often(&racer);
	finish_thread(thread);
	CHECK_OK(course_begin(&course, r->fd, all, NR));
	check_end(r, NR, 0);
}

/* More at once than can be told of what is dropped: the first ones know less */
#define COURSES 20
#define TOLD 16

RIG_TEST(of_20_listings_at_once_16_are_exact)
{
	static struct course courses[COURSES];
	int fds[COURSES], i;

	alloc_range(r->fd, 0, NR);
	for (i = 0; i < COURSES; i++) {
		fds[i] = rig_open(r);
		CHECK_OK(course_begin(&courses[i], fds[i], all, 5));
	}
	for (i = 0; i < COURSES; i++) {
		course_finish(&courses[i], fds[i]);
		CHECK_EQ(courses[i].nr, NR);
		CHECK_EQ(courses[i].query.missed, 0);
		CHECK_EQ(courses[i].query.exact, i >= COURSES - TOLD);
	}
}

RIG_TEST(of_20_listings_at_once_16_count_what_they_missed)
{
	static struct course courses[COURSES];
	int fds[COURSES], i;

	alloc_range(r->fd, 0, NR);
	for (i = 0; i < COURSES; i++) {
		fds[i] = rig_open(r);
		CHECK_OK(course_begin(&courses[i], fds[i], all, 5));
	}
	alloc_range(r->fd, 40, NR);
	for (i = 0; i < COURSES; i++) {
		course_finish(&courses[i], fds[i]);
		CHECK_EQ(courses[i].nr, 40);
		CHECK_EQ(courses[i].query.missed,
			 i >= COURSES - TOLD ? NR - 40 : 0);
		CHECK_EQ(courses[i].query.exact, 0);
	}
}

/* The one that is gone on with keeps its place among those that are told */
RIG_TEST(idlest_listing_is_told_no_more)
{
	static struct course courses[TOLD + 1];
	int fds[TOLD + 1], i;

	alloc_range(r->fd, 0, NR);
	for (i = 0; i <= TOLD; i++)
		fds[i] = rig_open(r);
	for (i = 0; i < TOLD; i++)
		CHECK_OK(course_begin(&courses[i], fds[i], all, 5));
	CHECK_OK(course_step(&courses[0], fds[0], 5));
	CHECK_OK(course_begin(&courses[TOLD], fds[TOLD], all, 5));
	for (i = 0; i <= TOLD; i++) {
		course_finish(&courses[i], fds[i]);
		CHECK_EQ(courses[i].query.exact, i != 1);
	}
}

static void begin_and_die(void *arg)
{
	struct signpost *ready = arg;

	signpost_set(ready);
	pause();
}

RIG_TEST(listings_end_with_their_files)
{
	static struct course other;
	int first = rig_open(r);
	struct signpost ready;
	int i, fd;
	pid_t pid;

	signpost_init(&ready);
	alloc_range(r->fd, 0, NR);
	CHECK_OK(course_begin(&other, first, all, SOME));
	for (i = 0; i < COURSES; i++) {
		fd = rig_open(r);
		CHECK_OK(course_begin(&course, fd, all, 5));
		pid = start(begin_and_die, &ready);
		close(fd);
		signpost_wait(&ready);
		end(pid, SIGKILL);
	}
	begin(r);
	alloc_range(r->fd, 40, NR);
	check_end(r, 40, NR - 40);
	/* It was told, too: those that are gone do not take its place */
	course_finish(&other, first);
	CHECK_EQ(other.query.missed, NR - 40);
}

#define MANY 5000

static void ignore(int signal)
{
	(void)signal;
}

static void tick_every_ms(void)
{
	const struct sigaction action = { .sa_handler = ignore };
	const struct itimerval ms = { { 0, 1000 }, { 0, 1000 } };

	sigaction(SIGALRM, &action, NULL);
	CHECK_SYS(setitimer(ITIMER_REAL, &ms, NULL));
}

/* Returns how many calls it took, each for all that there are */
static __u32 list_many(const struct rig *r)
{
	struct listing l = list(r->fd, all, MANY + 1);

	CHECK_EQ(l.nr, MANY);
	CHECK(l.exact);
	free(l.records);
	return l.calls;
}

RIG_TEST(signal_cuts_a_call_short_and_no_listing)
{
	__u32 i, calls = 0;

	alloc_range(r->fd, 0, MANY);
	CHECK_EQ(list_many(r), 1);
	tick_every_ms();
	for (i = 0; i < 1000 && calls < 2; i++)
		calls = list_many(r);
	CHECK(calls > 1);
}

/* Or the places of those that are told of what is dropped would run out */
RIG_TEST(listing_that_was_begun_again_is_told_no_more)
{
	static struct course other;
	int fd = rig_open(r), i;

	alloc_range(r->fd, 0, NR);
	CHECK_OK(course_begin(&other, fd, all, SOME));
	for (i = 0; i < 3 * TOLD; i++)
		begin(r);
	alloc_range(r->fd, 40, 41);
	check_end(r, NR - 1, 1);
	course_finish(&other, fd);
	CHECK_EQ(other.nr, NR - 1);
	CHECK_EQ(other.query.missed, 1);
}

#define AGE 500000000ULL

/* Begin while none is older than that */
static void begin_in_time(const struct rig *r)
{
	const struct buftrack_records query = { .space = 0, .max_age = AGE };
	__u64 oldest;

	do {
		CHECK_OK(report(r->fd, ALLOC(.address = AT(0), .size = 1), NULL,
				&oldest));
		alloc_range(r->fd, 1, NR);
		CHECK_OK(course_begin(&course, r->fd, query, SOME));
	} while (course.query.instant - oldest > AGE);
}

RIG_TEST(ages_are_of_the_instant)
{
	begin_in_time(r);
	while (now_ns() - course.query.instant <= AGE)
		usleep(1000);
	check_end(r, NR, 0);
}
