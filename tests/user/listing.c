// SPDX-License-Identifier: GPL-2.0
/* Listing records: what they say, filters, and listing while others report */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "rig.h"

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

static __u32 count(const struct rig *r, struct buftrack_records query)
{
	struct listing l = list(r->fd, query, 7);

	free(l.records);
	return l.nr;
}

RIG_TEST(empty_device_lists_nothing)
{
	struct listing l = list_all(r->fd, 0);

	CHECK_EQ(l.nr, 0);
}

RIG_TEST(live_record_says_what_was_reported)
{
	struct buftrack_record rec;

	CHECK_OK(try_report(r->fd, ALLOC(.address = 0x1000, .size = 60,
					 .span = 64, .id = 77, .site = 99)));
	rec = list_all(r->fd, LIVE).records[0];
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

RIG_TEST(freed_record_says_when_and_how_often)
{
	struct buftrack_record rec;
	int i;

	CHECK_OK(try_report(r->fd,
			    ALLOC(.address = 0x1000, .size = 16, .site = 98)));
	for (i = 0; i < 4; i++)
		CHECK_OK(try_report(r->fd,
				    FREE(.address = 0x1000, .site = 100 + i)));
	rec = list_all(r->fd, FREED).records[0];
	CHECK_EQ(rec.state, FREED);
	CHECK(rec.ended > rec.allocated);
	CHECK_EQ(rec.ended_by, 1);
	CHECK_EQ(rec.repeats, 3);
	CHECK_EQ(rec.site, 98);
	CHECK_EQ(rec.ended_site, 100);
}

RIG_TEST(freed_record_says_who_freed_it)
{
	int owner = rig_open(r), other = rig_open(r);
	struct buftrack_record rec;
	__u64 client;

	CHECK_OK(declare(owner, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(declare(other, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(try_report(owner, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(other, FREE(.address = 0x1000)));
	rec = list_all(r->fd, FREED).records[0];
	CHECK_EQ(rec.client, 1);
	CHECK_EQ(rec.ended_by, 2);
}

RIG_TEST(remaining_record_says_when_its_client_ended)
{
	struct buftrack_client_info info;
	struct buftrack_record rec;
	int fd = rig_open(r);

	CHECK_OK(try_report(fd, ALLOC(.address = 5, .size = 6, .id = 7,
				      .site = 8)));
	close(fd);
	CHECK_OK(client_info(r->fd, 1, &info));
	rec = list_all(r->fd, REMAINING).records[0];
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

RIG_TEST(record_older_than_a_gap_is_doubtful)
{
	struct listing l;

	CHECK_OK(try_report(r->fd, BUFFER(0x1000, 16)));
	CHECK_OK(lost(r->fd, 1));
	CHECK_OK(try_report(r->fd, BUFFER(0x2000, 16)));
	l = list_all(r->fd, 0);
	CHECK_EQ(find_record(&l, 0x1000, 0)->state,
		 LIVE | BUFTRACK_RECORD_STATE_DOUBTFUL);
	CHECK_EQ(find_record(&l, 0x2000, 0)->state, LIVE);
}

/*
 * In two spaces and three domains: client 1, private, with live and freed records;
 * client 2, shared, with live and freed; client 3, that left what remains
 */
static void fill(const struct rig *r)
{
	int fds[3] = { rig_open(r), rig_open(r), rig_open(r) }, c;
	__u32 space, i;
	__u64 client;

	add_space(r->fd, "L1");
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

RIG_TEST(listing_can_ask_for_states)
{
	fill(r);
	CHECK_EQ(count(r, QUERY()), 60);
	CHECK_EQ(count(r, QUERY(.states = LIVE)), 32);
	CHECK_EQ(count(r, QUERY(.states = FREED)), 8);
	CHECK_EQ(count(r, QUERY(.states = REMAINING)), 20);
	CHECK_EQ(count(r, QUERY(.states = LIVE | REMAINING)), 52);
	CHECK_EQ(count(r, QUERY(.states = LIVE | FREED | REMAINING)), 60);
}

RIG_TEST(listing_can_ask_for_a_client)
{
	fill(r);
	CHECK_EQ(count(r, QUERY(.client = 1)), 20);
	CHECK_EQ(count(r, QUERY(.client = 2)), 20);
	CHECK_EQ(count(r, QUERY(.client = 2, .states = FREED)), 4);
	CHECK_EQ(count(r, QUERY(.client = 3)), 20);
	CHECK_EQ(count(r, QUERY(.client = 3, .states = LIVE)), 0);
	CHECK_EQ(count(r, QUERY(.client = 4)), 0);
	CHECK_EQ(count(r, QUERY(.client = ~0ULL)), 0);
}

RIG_TEST(listing_can_ask_for_a_space)
{
	struct listing l;
	__u32 i;

	fill(r);
	CHECK_EQ(count(r, QUERY_SPACE(0)), 30);
	l = list(r->fd, QUERY_SPACE(1), 100);
	CHECK_EQ(l.nr, 30);
	for (i = 0; i < l.nr; i++)
		CHECK_EQ(l.records[i].space, 1);
	CHECK_EQ(count(r, QUERY_SPACE(1, .states = FREED)), 0);
}

RIG_TEST(listing_of_an_unknown_space_is_enoent)
{
	static const __u32 spaces[] = { 1, 64, 0x7fffffff, 0xfffffffe };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spaces); i++) {
		struct buftrack_records query = QUERY_SPACE(spaces[i]);

		CHECK_ERR(CALL(r->fd, RECORDS, &query), ENOENT);
	}
}

RIG_TEST(listing_can_ask_for_a_size)
{
	fill(r);
	CHECK_EQ(count(r, QUERY(.min_size = 0)), 60);
	CHECK_EQ(count(r, QUERY(.min_size = 1)), 60);
	CHECK_EQ(count(r, QUERY(.min_size = 10)), 6);
	CHECK_EQ(count(r, QUERY(.min_size = 11)), 0);
	CHECK_EQ(count(r, QUERY(.min_size = ~0ULL)), 0);
}

RIG_TEST(listing_can_ask_for_an_age)
{
	const __u64 hour = 3600ULL * 1000000000;
	__u64 stamp, age;

	CHECK_OK(report(r->fd, BUFFER(0x1000, 16), NULL, &stamp));
	usleep(300000);
	age = now_ns() - stamp;
	CHECK_OK(try_report(r->fd, BUFFER(0x2000, 32)));
	CHECK_EQ(count(r, QUERY(.min_age = age)), 1);
	CHECK_EQ(count(r, QUERY(.min_age = age, .min_size = 17)), 0);
	CHECK_EQ(count(r, QUERY(.max_age = hour)), 2);
	CHECK_EQ(count(r, QUERY(.max_age = 1)), 0);
	CHECK_EQ(count(r, QUERY(.min_age = hour)), 0);
	CHECK_EQ(count(r, QUERY(.min_age = 1, .max_age = hour)), 2);
	CHECK_EQ(count(r, QUERY(.min_age = ~0ULL)), 0);
	CHECK_EQ(count(r, QUERY(.max_age = ~0ULL)), 2);
}

RIG_TEST(shorter_records_are_einval)
{
	struct buftrack_record rec;
	__u32 size;

	for (size = 0; size < sizeof(rec); size++) {
		struct buftrack_records query =
			QUERY(.records = user_ptr(&rec), .nr = 1);

		query.record_size = size;
		CHECK_ERR(CALL(r->fd, RECORDS, &query), EINVAL);
	}
}

RIG_TEST(records_longer_than_a_page_are_e2big)
{
	static const __u32 sizes[] = { 4097, 8192, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct buftrack_records query = QUERY();

		query.record_size = sizes[i];
		CHECK_ERR(CALL(r->fd, RECORDS, &query), E2BIG);
	}
}

static void check_longer_records(const struct rig *r, __u32 size)
{
	char *memory = malloc(30 * size);
	struct buftrack_records query =
		QUERY(.records = user_ptr(memory), .nr = 30, .states = LIVE);
	struct listing want = list_all(r->fd, LIVE);
	__u32 i, j;

	query.record_size = size;
	memset(memory, 0xa5, 30 * size);
	CHECK_OK(CALL(r->fd, RECORDS, &query));
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

RIG_TEST(longer_records_end_in_zeros)
{
	fill(r);
	check_longer_records(r, RECORD_SIZE + 1);
	check_longer_records(r, 2 * RECORD_SIZE);
	check_longer_records(r, 4096);
}

RIG_TEST(array_is_filled_no_further_than_it_says)
{
	struct buftrack_record records[11];
	struct buftrack_records query =
		QUERY(.records = user_ptr(records), .nr = 10);

	fill(r);
	memset(records, 0xa5, sizeof(records));
	CHECK_OK(CALL(r->fd, RECORDS, &query));
	CHECK_EQ(query.nr, 10);
	CHECK_EQ(query.end, 0);
	CHECK_EQ(records[10].client, 0xa5a5a5a5a5a5a5a5);
}

static int compare_records(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct buftrack_record));
}

/* Listings by any number of records a call are the same, each record once */
RIG_TEST(any_number_of_records_a_call_lists_each_once)
{
	static const __u32 per_call[] = { 1, 2, 31, 32, 33, 59, 60, 61, 1000 };
	struct listing want, got;
	unsigned int i;

	fill(r);
	want = list_all(r->fd, 0);
	qsort(want.records, want.nr, RECORD_SIZE, compare_records);
	for (i = 1; i < want.nr; i++)
		CHECK(memcmp(&want.records[i - 1], &want.records[i],
			     RECORD_SIZE));
	for (i = 0; i < ARRAY_SIZE(per_call); i++) {
		got = list(r->fd, QUERY(), per_call[i]);
		CHECK_EQ(got.nr, want.nr);
		qsort(got.records, got.nr, RECORD_SIZE, compare_records);
		CHECK(!memcmp(got.records, want.records,
			      want.nr * RECORD_SIZE));
		free(got.records);
	}
}

RIG_TEST(room_for_no_records_is_not_the_end)
{
	struct buftrack_records query = QUERY();

	fill(r);
	CHECK_OK(CALL(r->fd, RECORDS, &query));
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
	const struct rig *r;
	volatile bool stop;
};

/*
 * Buffers come and go between the ones that stay, and clients, too, but not so many
 * that what they leave drives out of the log what is looked for
 */
static void *make_noise(void *arg)
{
	struct noise *n = arg;
	unsigned int seed = 7, round;

	for (round = 0; round < NOISE && !n->stop; round++) {
		int other = rig_open(n->r);
		unsigned int i;

		for (i = 0; i < 300; i++) {
			__u64 at = (rand_r(&seed) % STABLE << 12) + 0x800;
			int fd = i % 3 ? n->r->fd : other;

			CHECK_OK(try_report(fd, BUFFER(at, 16)));
			if (i % 2)
				CHECK_OK(try_report(fd, FREE(.address = at)));
		}
		close(other);
	}
	return NULL;
}

/* Every record that stays is listed exactly once */
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

RIG_TEST(records_that_stay_are_listed_once_while_others_change)
{
	struct noise n = { .r = r };
	struct listing l;
	pthread_t thread;
	__u32 i;

	for (i = 0; i < STABLE; i++)
		CHECK_OK(try_report(r->fd, BUFFER((__u64)i << 12, 16)));
	thread = start_thread(make_noise, &n);
	for (i = 0; i < rounds(); i++) {
		l = list(r->fd, QUERY(), i % 2 ? 17 : 256);
		check_stable(&l);
		free(l.records);
	}
	n.stop = true;
	finish_thread(thread);
}

RIG_TEST(records_that_remain_are_listed_once_while_others_come)
{
	struct noise n = { .r = r };
	pthread_t thread;
	struct listing l;
	int fd = rig_open(r);
	__u32 i;

	for (i = 0; i < STABLE; i++)
		CHECK_OK(try_report(fd, BUFFER((__u64)i << 12, 16)));
	close(fd);
	thread = start_thread(make_noise, &n);
	for (i = 0; i < rounds(); i++) {
		l = list(r->fd, QUERY(.states = REMAINING), 64);
		check_stable(&l);
		free(l.records);
	}
	n.stop = true;
	finish_thread(thread);
}
