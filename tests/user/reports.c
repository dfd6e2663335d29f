// SPDX-License-Identifier: GPL-2.0
/* Single reports: invalid ones, stamps, and several clients */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "fixture.h"

#define FREE_AT(_address) FREE(.address = (_address))

static void check_refused(const struct fixture *f,
			  struct buftrack_report report, int err)
{
	struct snapshot before;

	take_snapshot(f, &before);
	CHECK_ERR(try_report(f->fd, report), err);
	check_unchanged(f, &before);
}

DEVICE_TEST(alloc_of_size_0_is_einval)
{
	check_refused(f, ALLOC(.address = 0x1000), EINVAL);
	check_refused(f, ALLOC(.address = 0x1000, .span = 16), EINVAL);
}

DEVICE_TEST(use_with_a_span_is_einval)
{
	check_refused(f, USE(.address = 0x1000, .id = 1, .span = 1), EINVAL);
}

DEVICE_TEST(free_with_a_span_is_einval)
{
	check_refused(f, FREE(.address = 0x1000, .span = 1), EINVAL);
	check_refused(f, FREE(.address = 0x1000, .span = 1ULL << 63), EINVAL);
}

DEVICE_TEST(report_of_an_unknown_space_is_enoent)
{
	static const __u32 spaces[] = { 1,   63,	 64,	    255,
					256, 0x80000000, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spaces); i++) {
		check_refused(f, ALLOC(.space = spaces[i], .size = 1), ENOENT);
		check_refused(f, FREE(.space = spaces[i]), ENOENT);
	}
}

DEVICE_TEST(range_past_the_end_is_erange)
{
	const __u64 last = ~0ULL;

	check_refused(f, ALLOC(.address = last, .size = 1, .span = 2), ERANGE);
	check_refused(f, ALLOC(.address = last, .size = 1, .span = last),
		      ERANGE);
	check_refused(f, ALLOC(.address = 2, .size = 1, .span = last), ERANGE);
	check_refused(f, ALLOC(.address = last - 4095, .size = 1, .span = 4097),
		      ERANGE);
	check_refused(f,
		      ALLOC(.address = 1ULL << 63, .size = 1,
			    .span = (1ULL << 63) + 1),
		      ERANGE);
}

DEVICE_TEST(range_up_to_the_end_is_accepted)
{
	const __u64 last = ~0ULL;

	CHECK_OK(try_report(f->fd,
			    ALLOC(.address = last, .size = 1, .span = 1)));
	CHECK_OK(try_report(f->fd, ALLOC(.address = last, .size = 1, .id = 2)));
	CHECK_OK(try_report(f->fd,
			    ALLOC(.address = 1, .size = 1, .span = last)));
	CHECK_OK(try_report(f->fd,
			    ALLOC(.address = 0, .size = 1, .span = last)));
	CHECK_OK(try_report(f->fd, ALLOC(.address = last - 4095, .size = 1,
					 .span = 4096)));
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 5);
}

/* The size is accounted; it is not a range */
DEVICE_TEST(size_may_exceed_the_rest_of_the_address_space)
{
	CHECK_EQ(verdict_of(f->fd, ALLOC(.address = ~0ULL, .size = 1 << 20)),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BYTES), 1 << 20);
}

DEVICE_TEST(bytes_that_would_overflow_their_counter_are_untracked)
{
	CHECK_EQ(verdict_of(f->fd, ALLOC(.address = 1, .size = ~0ULL)),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, ALLOC(.address = 2, .size = 1)),
		 BUFTRACK_VERDICT_UNTRACKED);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BYTES), ~0ULL);
}

DEVICE_TEST(stamps_grow_with_each_report)
{
	int fds[] = { f->fd, fixture_open(f) };
	__u64 last = device_info(f->fd).now, stamp;
	__u32 verdict, i;

	for (i = 0; i < 500; i++) {
		CHECK_OK(report(fds[i % 2], BUFFER(i << 12, 16), &verdict,
				&stamp));
		CHECK(stamp > last);
		last = stamp;
	}
	/* Wrong frees have stamps, too */
	CHECK_OK(report(f->fd, FREE_AT(1), &verdict, &stamp));
	CHECK(stamp > last);
	CHECK(stamp <= now_ns() + 1000000000);
}

#define STAMPERS 3

static __u32 stamps_each(void)
{
	return is_debug_kernel() ? 2000 : 20000;
}

/* A batch leaves the least time between two reports */
static void *report_many(void *arg)
{
	__u32 i, nr = stamps_each();
	struct buftrack_report *reports = calloc(nr, sizeof(*reports));
	int fd = fixture_open(arg);

	CHECK(reports);
	for (i = 0; i < nr; i++)
		reports[i] = BUFFER((__u64)i << 12, 16);
	CHECK_OK(batch(fd, reports, nr, NULL, NULL));
	return NULL;
}

static int compare_stamps(const void *a, const void *b)
{
	const struct buftrack_record *x = a, *y = b;

	return x->allocated < y->allocated ? -1 : x->allocated > y->allocated;
}

DEVICE_TEST(stamps_are_unique_on_a_device)
{
	pthread_t threads[STAMPERS];
	struct listing l;
	__u32 i;

	for (i = 0; i < STAMPERS; i++)
		threads[i] = start_thread(report_many, f);
	for (i = 0; i < STAMPERS; i++)
		finish_thread(threads[i]);
	l = list_all(f->fd, 0);
	CHECK_EQ(l.nr, STAMPERS * stamps_each());
	qsort(l.records, l.nr, sizeof(*l.records), compare_stamps);
	for (i = 1; i < l.nr; i++)
		CHECK(l.records[i - 1].allocated != l.records[i].allocated);
}

/* Single reports return their stamps */
static void *report_and_compare(void *arg)
{
	int fd = fixture_open(arg), i;
	__u64 last = 0, stamp;

	for (i = 0; i < 2000; i++) {
		CHECK_OK(report(fd, FREE_AT(i), NULL, &stamp));
		CHECK(stamp > last);
		last = stamp;
	}
	return NULL;
}

DEVICE_TEST(stamps_grow_while_others_report)
{
	pthread_t threads[STAMPERS];
	unsigned int i;

	for (i = 0; i < STAMPERS; i++)
		threads[i] = start_thread(report_and_compare, f);
	for (i = 0; i < STAMPERS; i++)
		finish_thread(threads[i]);
}

DEVICE_TEST(records_have_the_stamps_of_their_reports)
{
	__u64 allocated, freed;
	struct listing l;

	CHECK_OK(report(f->fd, BUFFER(0x1000, 16), NULL, &allocated));
	CHECK_OK(report(f->fd, FREE_AT(0x1000), NULL, &freed));
	CHECK_OK(report(f->fd, FREE_AT(0x1000), NULL, NULL));
	l = list_all(f->fd, 0);
	CHECK_EQ(l.nr, 1);
	CHECK_EQ(l.records[0].allocated, allocated);
	CHECK_EQ(l.records[0].ended, freed);
}

static int share(const struct fixture *f)
{
	int fd = fixture_open(f);
	__u64 client;

	CHECK_OK(declare(fd, BUFTRACK_DECLARE_SHARED, &client));
	return fd;
}

DEVICE_TEST(private_domains_are_independent)
{
	int first = fixture_open(f), second = fixture_open(f);

	CHECK_EQ(verdict_of(first, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(second, FREE_AT(0x1000)),
		 BUFTRACK_VERDICT_UNKNOWN_NEVER);
	CHECK_EQ(verdict_of(second, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(first, FREE_AT(0x1000)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
}

DEVICE_TEST(freeing_a_shared_buffer_of_another_client_is_foreign)
{
	int first = share(f), second = share(f);

	CHECK_EQ(verdict_of(first, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(second, FREE_AT(0x1000)),
		 BUFTRACK_VERDICT_FOREIGN_FREE);
	/* The free counts for the owner, the verdict for the reporting client */
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_FREES), 1);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_FOREIGN_FREES), 0);
	CHECK_EQ(client_counter(f->fd, 2, BUFTRACK_COUNTER_FREES), 0);
	CHECK_EQ(client_counter(f->fd, 2, BUFTRACK_COUNTER_FOREIGN_FREES), 1);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_FREES), 1);
	CHECK_EQ(verdict_of(first, FREE_AT(0x1000)),
		 BUFTRACK_VERDICT_DOUBLE_FREE);
}

DEVICE_TEST(shared_records_of_an_ended_client_are_orphans)
{
	int first = share(f), second = share(f);
	struct listing l;

	CHECK_EQ(verdict_of(first, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(first, BUFFER(0x2000, 32)), BUFTRACK_VERDICT_OK);
	close(first);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 2);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ORPHANED_BYTES), 48);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS), 0);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_ORPHANED_BYTES), 48);
	l = list_all(f->fd, BUFTRACK_RECORD_STATE_LIVE);
	CHECK_EQ(l.nr, 2);
	CHECK_EQ(l.records[0].state,
		 BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_ORPHANED);
	CHECK_EQ(l.records[0].client, 1);
	CHECK_EQ(verdict_of(second, FREE_AT(0x1000)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ORPHANED_BYTES), 32);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_FREES), 1);
}

DEVICE_TEST(shared_domain_outlives_all_clients)
{
	int fd = share(f);

	CHECK_EQ(verdict_of(fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	close(fd);
	fd = share(f);
	CHECK_EQ(verdict_of(fd, BUFFER(0x1000, 16)),
		 BUFTRACK_VERDICT_DOUBLE_ALLOC);
	close(fd);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
	CHECK_EQ(device_info(f->fd).nr_records, 1);
}

/* Records still name owners that the log has dropped */
DEVICE_TEST(orphans_outlive_the_log_of_closed_clients)
{
	int i, fd;
	struct listing l;

	CHECK_OK(set_device(
		f->fd, (struct buftrack_device_set){
			       .fields = BUFTRACK_DEVICE_SET_MAX_CLOSED }));
	for (i = 0; i < 20; i++) {
		fd = share(f);
		CHECK_EQ(verdict_of(fd, BUFFER(i << 12, 16)),
			 BUFTRACK_VERDICT_OK);
		close(fd);
	}
	l = list_all(f->fd, BUFTRACK_RECORD_STATE_LIVE);
	CHECK_EQ(l.nr, 20);
	for (i = 0; i < 20; i++)
		CHECK_EQ(l.records[i].pid, getpid());
	fd = share(f);
	for (i = 0; i < 20; i++)
		CHECK_EQ(verdict_of(fd, FREE_AT(i << 12)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_FREED_RECORDS), 20);
}

DEVICE_TEST(gap_of_one_client_affects_the_whole_shared_domain)
{
	int first = share(f), second = share(f), apart = fixture_open(f);

	become_client(apart);
	CHECK_OK(lost(first, 3));
	CHECK(client_state(f->fd, 1) & BUFTRACK_CLIENT_STATE_HAD_GAP);
	CHECK(client_state(f->fd, 2) & BUFTRACK_CLIENT_STATE_HAD_GAP);
	CHECK_EQ(client_state(f->fd, 3), BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(verdict_of(second, FREE_AT(0x1000)),
		 BUFTRACK_VERDICT_UNKNOWN_GAP);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_LOST_REPORTS), 3);
	CHECK_EQ(client_counter(f->fd, 2, BUFTRACK_COUNTER_LOST_REPORTS), 0);
}

DEVICE_TEST(lost_count_of_0_or_over_32_bits_is_einval)
{
	struct snapshot before;

	take_snapshot(f, &before);
	CHECK_ERR(lost(f->fd, 0), EINVAL);
	CHECK_ERR(lost(f->fd, 1ULL << 32), EINVAL);
	CHECK_ERR(lost(f->fd, ~0ULL), EINVAL);
	check_unchanged(f, &before);
}

DEVICE_TEST(lost_creates_a_client_and_a_gap)
{
	CHECK_OK(lost(f->fd, 0xffffffff));
	CHECK_OK(lost(f->fd, 1));
	CHECK_EQ(client_state(f->fd, 1),
		 BUFTRACK_CLIENT_STATE_OPEN | BUFTRACK_CLIENT_STATE_HAD_GAP);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LOST_REPORTS),
		 0x100000000);
}
