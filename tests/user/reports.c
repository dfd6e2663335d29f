// SPDX-License-Identifier: GPL-2.0
/* Single reports: what is wrong with them, their stamps, and several clients */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "rig.h"

#define FREE_AT(_address) FREE(.address = (_address))

static void check_refused(const struct rig *r, struct buftrack_report report,
			  int err)
{
	struct picture before;

	take_picture(r, &before);
	CHECK_ERR(try_report(r->fd, report), err);
	check_unchanged(r, &before);
}

RIG_TEST(alloc_of_size_0_is_einval)
{
	check_refused(r, ALLOC(.address = 0x1000), EINVAL);
	check_refused(r, ALLOC(.address = 0x1000, .span = 16), EINVAL);
}

RIG_TEST(free_with_a_span_is_einval)
{
	check_refused(r, FREE(.address = 0x1000, .span = 1), EINVAL);
	check_refused(r, FREE(.address = 0x1000, .span = 1ULL << 63), EINVAL);
}

RIG_TEST(report_of_an_unknown_space_is_enoent)
{
	static const __u32 spaces[] = { 1,   63,	 64,	    255,
					256, 0x80000000, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spaces); i++) {
		check_refused(r, ALLOC(.space = spaces[i], .size = 1), ENOENT);
		check_refused(r, FREE(.space = spaces[i]), ENOENT);
	}
}

RIG_TEST(range_past_the_end_is_erange)
{
	const __u64 last = ~0ULL;

	check_refused(r, ALLOC(.address = last, .size = 1, .span = 2), ERANGE);
	check_refused(r, ALLOC(.address = last, .size = 1, .span = last),
		      ERANGE);
	check_refused(r, ALLOC(.address = 2, .size = 1, .span = last), ERANGE);
	check_refused(r, ALLOC(.address = last - 4095, .size = 1, .span = 4097),
		      ERANGE);
	check_refused(r,
		      ALLOC(.address = 1ULL << 63, .size = 1,
			    .span = (1ULL << 63) + 1),
		      ERANGE);
}

RIG_TEST(range_up_to_the_end_is_taken)
{
	const __u64 last = ~0ULL;

	CHECK_OK(try_report(r->fd,
			    ALLOC(.address = last, .size = 1, .span = 1)));
	CHECK_OK(try_report(r->fd, ALLOC(.address = last, .size = 1, .id = 2)));
	CHECK_OK(try_report(r->fd,
			    ALLOC(.address = 1, .size = 1, .span = last)));
	CHECK_OK(try_report(r->fd,
			    ALLOC(.address = 0, .size = 1, .span = last)));
	CHECK_OK(try_report(r->fd, ALLOC(.address = last - 4095, .size = 1,
					 .span = 4096)));
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 5);
}

/* The size is what is accounted, and no range */
RIG_TEST(size_may_be_larger_than_what_is_left_of_the_space)
{
	CHECK_EQ(verdict_of(r->fd, ALLOC(.address = ~0ULL, .size = 1 << 20)),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_LIVE_BYTES), 1 << 20);
}

RIG_TEST(bytes_that_would_overflow_their_counter_are_untracked)
{
	CHECK_EQ(verdict_of(r->fd, ALLOC(.address = 1, .size = ~0ULL)),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(r->fd, ALLOC(.address = 2, .size = 1)),
		 BUFTRACK_VERDICT_UNTRACKED);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_LIVE_BYTES), ~0ULL);
}

RIG_TEST(stamps_grow_with_each_report)
{
	int fds[] = { r->fd, rig_open(r) };
	__u64 last = device_info(r->fd).now, stamp;
	__u32 verdict, i;

	for (i = 0; i < 500; i++) {
		CHECK_OK(report(fds[i % 2], BUFFER(i << 12, 16), &verdict,
				&stamp));
		CHECK(stamp > last);
		last = stamp;
	}
	/* Wrong frees, too */
	CHECK_OK(report(r->fd, FREE_AT(1), &verdict, &stamp));
	CHECK(stamp > last);
	CHECK(stamp <= now_ns() + 1000000000);
}

#define STAMPERS 3
#define STAMPS_EACH 20000

/* Batches, because they leave the least between one report and the next */
static void *report_many(void *arg)
{
	struct buftrack_report *reports = calloc(STAMPS_EACH, sizeof(*reports));
	int fd = rig_open(arg), i;

	CHECK(reports);
	for (i = 0; i < STAMPS_EACH; i++)
		reports[i] = BUFFER((__u64)i << 12, 16);
	CHECK_OK(batch(fd, reports, STAMPS_EACH, NULL, NULL));
	return NULL;
}

static int compare_stamps(const void *a, const void *b)
{
	const struct buftrack_record *x = a, *y = b;

	return x->allocated < y->allocated ? -1 : x->allocated > y->allocated;
}

RIG_TEST(no_two_reports_of_a_device_have_one_stamp)
{
	pthread_t threads[STAMPERS];
	struct listing l;
	__u32 i;

	for (i = 0; i < STAMPERS; i++)
		threads[i] = start_thread(report_many, r);
	for (i = 0; i < STAMPERS; i++)
		finish_thread(threads[i]);
	l = list_all(r->fd, 0);
	CHECK_EQ(l.nr, STAMPERS * STAMPS_EACH);
	qsort(l.records, l.nr, sizeof(*l.records), compare_stamps);
	for (i = 1; i < l.nr; i++)
		CHECK(l.records[i - 1].allocated != l.records[i].allocated);
}

/* The same for single reports, whose stamps the reporter is told */
static void *report_and_compare(void *arg)
{
	int fd = rig_open(arg), i;
	__u64 last = 0, stamp;

	for (i = 0; i < 2000; i++) {
		CHECK_OK(report(fd, FREE_AT(i), NULL, &stamp));
		CHECK(stamp > last);
		last = stamp;
	}
	return NULL;
}

RIG_TEST(stamps_grow_while_others_report)
{
	pthread_t threads[STAMPERS];
	unsigned int i;

	for (i = 0; i < STAMPERS; i++)
		threads[i] = start_thread(report_and_compare, r);
	for (i = 0; i < STAMPERS; i++)
		finish_thread(threads[i]);
}

RIG_TEST(records_have_the_stamps_of_their_reports)
{
	__u64 allocated, freed;
	struct listing l;

	CHECK_OK(report(r->fd, BUFFER(0x1000, 16), NULL, &allocated));
	CHECK_OK(report(r->fd, FREE_AT(0x1000), NULL, &freed));
	CHECK_OK(report(r->fd, FREE_AT(0x1000), NULL, NULL));
	l = list_all(r->fd, 0);
	CHECK_EQ(l.nr, 1);
	CHECK_EQ(l.records[0].allocated, allocated);
	CHECK_EQ(l.records[0].ended, freed);
}

static int share(const struct rig *r)
{
	int fd = rig_open(r);
	__u64 client;

	CHECK_OK(declare(fd, BUFTRACK_DECLARE_SHARED, &client));
	return fd;
}

RIG_TEST(clients_of_private_domains_do_not_meet)
{
	int first = rig_open(r), second = rig_open(r);

	CHECK_EQ(verdict_of(first, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(second, FREE_AT(0x1000)),
		 BUFTRACK_VERDICT_UNKNOWN_NEVER);
	CHECK_EQ(verdict_of(second, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(first, FREE_AT(0x1000)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
}

RIG_TEST(freeing_what_another_client_shares_is_foreign)
{
	int first = share(r), second = share(r);

	CHECK_EQ(verdict_of(first, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(second, FREE_AT(0x1000)),
		 BUFTRACK_VERDICT_FOREIGN_FREE);
	/* The free counts for the owner, the blame for who reported it */
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_FREES), 1);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_FOREIGN_FREES), 0);
	CHECK_EQ(client_counter(r->fd, 2, BUFTRACK_COUNTER_FREES), 0);
	CHECK_EQ(client_counter(r->fd, 2, BUFTRACK_COUNTER_FOREIGN_FREES), 1);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_FREES), 1);
	CHECK_EQ(verdict_of(first, FREE_AT(0x1000)),
		 BUFTRACK_VERDICT_DOUBLE_FREE);
}

RIG_TEST(shared_records_of_an_ended_client_are_orphans)
{
	int first = share(r), second = share(r);
	struct listing l;

	CHECK_EQ(verdict_of(first, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(first, BUFFER(0x2000, 32)), BUFTRACK_VERDICT_OK);
	close(first);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 2);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_ORPHANED_BYTES), 48);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS), 0);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_ORPHANED_BYTES), 48);
	l = list_all(r->fd, BUFTRACK_RECORD_STATE_LIVE);
	CHECK_EQ(l.nr, 2);
	CHECK_EQ(l.records[0].state,
		 BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_ORPHANED);
	CHECK_EQ(l.records[0].client, 1);
	CHECK_EQ(verdict_of(second, FREE_AT(0x1000)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_ORPHANED_BYTES), 32);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_FREES), 1);
}

RIG_TEST(shared_domain_outlives_all_clients)
{
	int fd = share(r);

	CHECK_EQ(verdict_of(fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	close(fd);
	fd = share(r);
	CHECK_EQ(verdict_of(fd, BUFFER(0x1000, 16)),
		 BUFTRACK_VERDICT_DOUBLE_ALLOC);
	close(fd);
	CHECK_EQ(device_info(r->fd).nr_clients, 0);
	CHECK_EQ(device_info(r->fd).nr_records, 1);
}

/* Owners that are no longer kept are still named by their records */
RIG_TEST(orphans_outlive_the_log_of_their_owners)
{
	int i, fd;
	struct listing l;

	CHECK_OK(set_device(
		r->fd, (struct buftrack_device_set){
			       .fields = BUFTRACK_DEVICE_SET_MAX_CLOSED }));
	for (i = 0; i < 20; i++) {
		fd = share(r);
		CHECK_EQ(verdict_of(fd, BUFFER(i << 12, 16)),
			 BUFTRACK_VERDICT_OK);
		close(fd);
	}
	l = list_all(r->fd, BUFTRACK_RECORD_STATE_LIVE);
	CHECK_EQ(l.nr, 20);
	for (i = 0; i < 20; i++)
		CHECK_EQ(l.records[i].pid, getpid());
	fd = share(r);
	for (i = 0; i < 20; i++)
		CHECK_EQ(verdict_of(fd, FREE_AT(i << 12)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_FREED_RECORDS), 20);
}

RIG_TEST(gap_of_one_client_is_all_of_the_shared_domains)
{
	int first = share(r), second = share(r), apart = rig_open(r);

	become_client(apart);
	CHECK_OK(lost(first, 3));
	CHECK(client_state(r->fd, 1) & BUFTRACK_CLIENT_STATE_HAD_GAP);
	CHECK(client_state(r->fd, 2) & BUFTRACK_CLIENT_STATE_HAD_GAP);
	CHECK_EQ(client_state(r->fd, 3), BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(verdict_of(second, FREE_AT(0x1000)),
		 BUFTRACK_VERDICT_UNKNOWN_GAP);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_LOST_REPORTS), 3);
	CHECK_EQ(client_counter(r->fd, 2, BUFTRACK_COUNTER_LOST_REPORTS), 0);
}

RIG_TEST(loss_of_none_or_of_2_to_the_32_reports_is_einval)
{
	struct picture before;

	take_picture(r, &before);
	CHECK_ERR(lost(r->fd, 0), EINVAL);
	CHECK_ERR(lost(r->fd, 1ULL << 32), EINVAL);
	CHECK_ERR(lost(r->fd, ~0ULL), EINVAL);
	check_unchanged(r, &before);
}

RIG_TEST(loss_makes_a_client_and_a_gap)
{
	CHECK_OK(lost(r->fd, 0xffffffff));
	CHECK_OK(lost(r->fd, 1));
	CHECK_EQ(client_state(r->fd, 1),
		 BUFTRACK_CLIENT_STATE_OPEN | BUFTRACK_CLIENT_STATE_HAD_GAP);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_LOST_REPORTS),
		 0x100000000);
}
