// SPDX-License-Identifier: GPL-2.0
/* Listing records: contents, filters, and listing during reports */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "fixture.h"

#define LIVE BUFTRACK_RECORD_STATE_LIVE
#define FREED BUFTRACK_RECORD_STATE_FREED
#define REMAINING BUFTRACK_RECORD_STATE_REMAINING

#define QUERY(...) QUERY_SPACE(BUFTRACK_ANY_SPACE, ##__VA_ARGS__)
#define QUERY_SPACE(_space, ...)                                     \
	((struct buftrack_records){ .flags = BUFTRACK_RECORDS_BEGIN, \
				    .record_size = RECORD_SIZE,      \
				    .space = (_space),               \
				    ##__VA_ARGS__ })

#define RECORD_SIZE sizeof(struct buftrack_record)

static __u32 count(const struct fixture *f, struct buftrack_records query)
{
	struct listing l = list(f->fd, query, 7);

	free(l.records);
	return l.nr;
}

DEVICE_TEST(empty_device_lists_nothing)
{
	struct listing l = list_all(f->fd, 0);

	CHECK_EQ(l.nr, 0);
}

DEVICE_TEST(live_record_has_the_reported_values)
{
	struct buftrack_record rec;

	CHECK_OK(try_report(f->fd, ALLOC(.address = 0x1000, .size = 60,
					 .span = 64, .id = 77, .site = 99)));
	rec = list_all(f->fd, LIVE).records[0];
	CHECK_EQ(rec.client, 1);
	CHECK_EQ(rec.space, 0);
	CHECK_EQ(rec.state, LIVE);
	CHECK_EQ(rec.address, 0x1000);
	CHECK_EQ(rec.size, 60);
	CHECK_EQ(rec.span, 64);
	CHECK_EQ(rec.id, 77);
	CHECK_EQ(rec.site, 99);
	CHECK_EQ(rec.ended_site, 0);
	CHECK(rec.allocated && rec.allocated <= now_ns());
	CHECK_EQ(rec.ended, 0);
	CHECK_EQ(rec.ended_by, 0);
	CHECK_EQ(rec.repeats, 0);
	CHECK_EQ(rec.pid, getpid());
	CHECK(rec.comm[0]);
}

DEVICE_TEST(freed_record_has_its_end_time_and_repeats)
{
	struct buftrack_record rec;
	int i;

	CHECK_OK(try_report(f->fd,
			    ALLOC(.address = 0x1000, .size = 16, .site = 98)));
	for (i = 0; i < 4; i++)
		CHECK_OK(try_report(f->fd,
				    FREE(.address = 0x1000, .site = 100 + i)));
	rec = list_all(f->fd, FREED).records[0];
	CHECK_EQ(rec.state, FREED);
	CHECK(rec.ended > rec.allocated);
	CHECK_EQ(rec.ended_by, 1);
	CHECK_EQ(rec.repeats, 3);
	CHECK_EQ(rec.site, 98);
	CHECK_EQ(rec.ended_site, 100);
}

DEVICE_TEST(freed_record_names_the_freeing_client)
{
	int owner = fixture_open(f), other = fixture_open(f);
	struct buftrack_record rec;
	__u64 client;

	CHECK_OK(declare(owner, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(declare(other, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(try_report(owner, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(other, FREE(.address = 0x1000)));
	rec = list_all(f->fd, FREED).records[0];
	CHECK_EQ(rec.client, 1);
	CHECK_EQ(rec.ended_by, 2);
}

DEVICE_TEST(remaining_record_has_the_end_time_of_its_client)
{
	struct buftrack_client_info info;
	struct buftrack_record rec;
	int fd = fixture_open(f);

	CHECK_OK(try_report(fd, ALLOC(.address = 5, .size = 6, .id = 7,
				      .site = 8)));
	close(fd);
	CHECK_OK(client_info(f->fd, 1, &info));
	rec = list_all(f->fd, REMAINING).records[0];
	CHECK_EQ(rec.state, REMAINING);
	CHECK_EQ(rec.client, 1);
	CHECK_EQ(rec.address, 5);
	CHECK_EQ(rec.size, 6);
	CHECK_EQ(rec.span, 0);
	CHECK_EQ(rec.id, 7);
	CHECK_EQ(rec.site, 8);
	CHECK_EQ(rec.ended_site, 0);
	CHECK(rec.ended >= info.closed && rec.ended < info.closed + 1000);
	CHECK_EQ(rec.ended_by, 0);
	CHECK_EQ(rec.repeats, 0);
	CHECK_EQ(rec.pid, getpid());
}

DEVICE_TEST(record_older_than_a_gap_is_doubtful)
{
	struct listing l;

	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK_OK(lost(f->fd, 1));
	CHECK_OK(try_report(f->fd, BUFFER(0x2000, 16)));
	l = list_all(f->fd, 0);
	CHECK_EQ(find_record(&l, 0x1000, 0)->state,
		 LIVE | BUFTRACK_RECORD_STATE_DOUBTFUL);
	CHECK_EQ(find_record(&l, 0x2000, 0)->state, LIVE);
}

/*
 * Two spaces and three clients: 1 is private with live and freed records, 2 is shared
 * with live and freed records, 3 has ended and left remaining records
 */
static void fill(const struct fixture *f)
{
	int fds[3] = { fixture_open(f), fixture_open(f), fixture_open(f) }, c;
	__u32 space, i;
	__u64 client;

	add_space(f->fd, "L1");
	become_client(fds[0]);
	CHECK_OK(declare(fds[1], BUFTRACK_DECLARE_SHARED, &client));
	become_client(fds[2]);
	for (c = 0; c < 3; c++)
		for (space = 0; space < 2; space++)
			for (i = 1; i <= 10; i++)
				CHECK_OK(try_report(fds[c],
						    ALLOC(.space = space,
							  .address = i << 12,
							  .size = i)));
	for (c = 0; c < 2; c++)
		for (i = 1; i <= 4; i++)
			CHECK_OK(try_report(fds[c], FREE(.address = i << 12)));
	close(fds[2]);
}

DEVICE_TEST(listing_filters_by_state)
{
	fill(f);
	CHECK_EQ(count(f, QUERY()), 60);
	CHECK_EQ(count(f, QUERY(.states = LIVE)), 32);
	CHECK_EQ(count(f, QUERY(.states = FREED)), 8);
	CHECK_EQ(count(f, QUERY(.states = REMAINING)), 20);
	CHECK_EQ(count(f, QUERY(.states = LIVE | REMAINING)), 52);
	CHECK_EQ(count(f, QUERY(.states = LIVE | FREED | REMAINING)), 60);
}

DEVICE_TEST(listing_filters_by_client)
{
	fill(f);
	CHECK_EQ(count(f, QUERY(.client = 1)), 20);
	CHECK_EQ(count(f, QUERY(.client = 2)), 20);
	CHECK_EQ(count(f, QUERY(.client = 2, .states = FREED)), 4);
	CHECK_EQ(count(f, QUERY(.client = 3)), 20);
	CHECK_EQ(count(f, QUERY(.client = 3, .states = LIVE)), 0);
	CHECK_EQ(count(f, QUERY(.client = 4)), 0);
	CHECK_EQ(count(f, QUERY(.client = ~0ULL)), 0);
}

DEVICE_TEST(listing_filters_by_space)
{
	struct listing l;
	__u32 i;

	fill(f);
	CHECK_EQ(count(f, QUERY_SPACE(0)), 30);
	l = list(f->fd, QUERY_SPACE(1), 100);
	CHECK_EQ(l.nr, 30);
	for (i = 0; i < l.nr; i++)
		CHECK_EQ(l.records[i].space, 1);
	CHECK_EQ(count(f, QUERY_SPACE(1, .states = FREED)), 0);
}

DEVICE_TEST(listing_of_an_unknown_space_is_enoent)
{
	static const __u32 spaces[] = { 1, 64, 0x7fffffff, 0xfffffffe };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spaces); i++) {
		struct buftrack_records query = QUERY_SPACE(spaces[i]);

		CHECK_ERR(CALL(f->fd, RECORDS, &query), ENOENT);
	}
}

DEVICE_TEST(listing_filters_by_size)
{
	fill(f);
	CHECK_EQ(count(f, QUERY(.min_size = 0)), 60);
	CHECK_EQ(count(f, QUERY(.min_size = 1)), 60);
	CHECK_EQ(count(f, QUERY(.min_size = 10)), 6);
	CHECK_EQ(count(f, QUERY(.min_size = 11)), 0);
	CHECK_EQ(count(f, QUERY(.min_size = ~0ULL)), 0);
}

/* Reports a buffer of 16 bytes and, at least @gap ns later, one of 32 bytes */
static void report_apart(const struct fixture *f, __u64 gap, __u64 *first,
			 __u64 *second)
{
	CHECK_OK(report(f->fd, BUFFER(0x1000, 16), NULL, first));
	while (now_ns() - *first < gap)
		usleep(1000);
	CHECK_OK(report(f->fd, BUFFER(0x2000, 32), NULL, second));
}

DEVICE_TEST(listing_filters_by_age)
{
	const __u64 hour = 3600ULL * 1000000000;
	__u64 first, second, age, gap = 10000000;
	struct listing older, larger;

	/* On a slow machine both buffers may reach that age: then try a longer one */
	do {
		gap *= 2;
		report_apart(f, gap, &first, &second);
		age = second - first;
		older = list(f->fd, QUERY(.min_age = age), 7);
		larger = list(f->fd, QUERY(.min_age = age, .min_size = 17), 7);
	} while (larger.instant - second >= age);
	CHECK_EQ(older.nr, 1);
	CHECK_EQ(larger.nr, 0);
	CHECK_EQ(count(f, QUERY(.max_age = hour)), 2);
	CHECK_EQ(count(f, QUERY(.max_age = 1)), 0);
	CHECK_EQ(count(f, QUERY(.min_age = hour)), 0);
	CHECK_EQ(count(f, QUERY(.min_age = 1, .max_age = hour)), 2);
	CHECK_EQ(count(f, QUERY(.min_age = ~0ULL)), 0);
	CHECK_EQ(count(f, QUERY(.max_age = ~0ULL)), 2);
}

DEVICE_TEST(shorter_records_are_einval)
{
	struct buftrack_record rec;
	__u32 size;

	for (size = 0; size < sizeof(rec); size++) {
		struct buftrack_records query =
			QUERY(.records = user_ptr(&rec), .nr = 1);

		query.record_size = size;
		CHECK_ERR(CALL(f->fd, RECORDS, &query), EINVAL);
	}
}

DEVICE_TEST(records_longer_than_a_page_are_e2big)
{
	static const __u32 sizes[] = { 4097, 8192, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct buftrack_records query = QUERY();

		query.record_size = sizes[i];
		CHECK_ERR(CALL(f->fd, RECORDS, &query), E2BIG);
	}
}

static void check_longer_records(const struct fixture *f, __u32 size)
{
	char *memory = malloc(30 * size);
	struct buftrack_records query =
		QUERY(.records = user_ptr(memory), .nr = 30, .states = LIVE);
	struct listing want = list_all(f->fd, LIVE);
	__u32 i, j;

	query.record_size = size;
	memset(memory, 0xa5, 30 * size);
	CHECK_OK(CALL(f->fd, RECORDS, &query));
	CHECK_EQ(query.nr, 30);
	for (i = 0; i < 30; i++) {
		CHECK(!memcmp(memory + i * size, &want.records[i],
			      RECORD_SIZE));
		for (j = RECORD_SIZE; j < size; j++)
			CHECK_EQ(memory[i * size + j], 0);
	}
	free(memory);
	free(want.records);
}

DEVICE_TEST(longer_records_are_zero_padded)
{
	fill(f);
	check_longer_records(f, RECORD_SIZE + 1);
	check_longer_records(f, 2 * RECORD_SIZE);
	check_longer_records(f, 4096);
}

DEVICE_TEST(records_are_not_written_past_nr)
{
	struct buftrack_record records[11];
	struct buftrack_records query =
		QUERY(.records = user_ptr(records), .nr = 10);

	fill(f);
	memset(records, 0xa5, sizeof(records));
	CHECK_OK(CALL(f->fd, RECORDS, &query));
	CHECK_EQ(query.nr, 10);
	CHECK_EQ(query.end, 0);
	CHECK_EQ(records[10].client, 0xa5a5a5a5a5a5a5a5);
}

static int compare_records(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct buftrack_record));
}

/* The number of records per call does not change the listing */
DEVICE_TEST(any_call_size_lists_each_record_once)
{
	static const __u32 per_call[] = { 1, 2, 31, 32, 33, 59, 60, 61, 1000 };
	struct listing want, got;
	unsigned int i;

	fill(f);
	want = list_all(f->fd, 0);
	qsort(want.records, want.nr, RECORD_SIZE, compare_records);
	for (i = 1; i < want.nr; i++)
		CHECK(memcmp(&want.records[i - 1], &want.records[i],
			     RECORD_SIZE));
	for (i = 0; i < ARRAY_SIZE(per_call); i++) {
		got = list(f->fd, QUERY(), per_call[i]);
		CHECK_EQ(got.nr, want.nr);
		qsort(got.records, got.nr, RECORD_SIZE, compare_records);
		CHECK(!memcmp(got.records, want.records,
			      want.nr * RECORD_SIZE));
		free(got.records);
	}
}

DEVICE_TEST(call_for_zero_records_is_not_the_end)
{
	struct buftrack_records query = QUERY();

	fill(f);
	CHECK_OK(CALL(f->fd, RECORDS, &query));
	CHECK_EQ(query.nr, 0);
	CHECK_EQ(query.end, 0);
}

#define STABLE 1500
#define NOISE 300

static __u32 rounds(void)
{
	return is_debug_kernel() ? 10 : 40;
}

struct noise {
	const struct fixture *f;
	volatile bool stop;
};

/*
 * Adds and frees buffers between the stable ones and opens and closes clients, but few
 * enough that the log of remaining records does not drop the stable ones
 */
static void *make_noise(void *arg)
{
	struct noise *n = arg;
	unsigned int seed = 7, round;

	for (round = 0; round < NOISE && !n->stop; round++) {
		int other = fixture_open(n->f);
		unsigned int i;

		for (i = 0; i < 300; i++) {
			__u64 at = (rand_r(&seed) % STABLE << 12) + 0x800;
			int fd = i % 3 ? n->f->fd : other;

			CHECK_OK(try_report(fd, BUFFER(at, 16)));
			if (i % 2)
				CHECK_OK(try_report(fd, FREE(.address = at)));
		}
		close(other);
	}
	return NULL;
}

/* Checks that every stable record is listed exactly once */
static void check_stable(const struct listing *l)
{
	static unsigned char seen[STABLE];
	__u32 i, at;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < l->nr; i++) {
		if (l->records[i].address & 0xfff)
			continue;
		at = l->records[i].address >> 12;
		CHECK(at < STABLE);
		CHECK_EQ(seen[at]++, 0);
	}
	for (at = 0; at < STABLE; at++)
		CHECK_EQ(seen[at], 1);
}

DEVICE_TEST(stable_records_are_listed_once_while_others_change)
{
	struct noise n = { .f = f };
	struct listing l;
	pthread_t thread;
	__u32 i;

	for (i = 0; i < STABLE; i++)
		CHECK_OK(try_report(f->fd, BUFFER((__u64)i << 12, 16)));
	thread = start_thread(make_noise, &n);
	for (i = 0; i < rounds(); i++) {
		l = list(f->fd, QUERY(), i % 2 ? 17 : 256);
		check_stable(&l);
		free(l.records);
	}
	n.stop = true;
	finish_thread(thread);
}

DEVICE_TEST(remaining_records_are_listed_once_while_others_are_added)
{
	struct noise n = { .f = f };
	pthread_t thread;
	struct listing l;
	int fd = fixture_open(f);
	__u32 i;

	for (i = 0; i < STABLE; i++)
		CHECK_OK(try_report(fd, BUFFER((__u64)i << 12, 16)));
	close(fd);
	thread = start_thread(make_noise, &n);
	for (i = 0; i < rounds(); i++) {
		l = list(f->fd, QUERY(.states = REMAINING), 64);
		check_stable(&l);
		free(l.records);
	}
	n.stop = true;
	finish_thread(thread);
}
