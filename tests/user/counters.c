// SPDX-License-Identifier: GPL-2.0
/* Reading and resetting counters */
#include <stdio.h>
#include <unistd.h>
#include "helper.h"
#include "fixture.h"

#define FREE_AT(_address) FREE(.address = (_address))

static int try_scope(int fd, __u32 scope, __u64 number)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	return counters(fd, scope, number, values);
}

DEVICE_TEST(counters_of_an_unknown_space_are_enoent)
{
	CHECK_OK(try_scope(f->fd, BUFTRACK_SCOPE_SPACE, 0));
	CHECK_ERR(try_scope(f->fd, BUFTRACK_SCOPE_SPACE, 1), ENOENT);
	CHECK_ERR(try_scope(f->fd, BUFTRACK_SCOPE_SPACE, 64), ENOENT);
	CHECK_ERR(try_scope(f->fd, BUFTRACK_SCOPE_SPACE, 1ULL << 32), ENOENT);
	CHECK_ERR(try_scope(f->fd, BUFTRACK_SCOPE_SPACE, ~0ULL), ENOENT);
}

DEVICE_TEST(counters_of_an_unknown_client_are_enoent)
{
	CHECK_ERR(try_scope(f->fd, BUFTRACK_SCOPE_CLIENT, 1), ENOENT);
	become_client(f->fd);
	CHECK_OK(try_scope(f->fd, BUFTRACK_SCOPE_CLIENT, 1));
	CHECK_ERR(try_scope(f->fd, BUFTRACK_SCOPE_CLIENT, 0), ENOENT);
	CHECK_ERR(try_scope(f->fd, BUFTRACK_SCOPE_CLIENT, 2), ENOENT);
	CHECK_ERR(try_scope(f->fd, BUFTRACK_SCOPE_CLIENT, (1ULL << 32) + 1),
		  ENOENT);
}

DEVICE_TEST(number_of_the_device_scope_is_0)
{
	CHECK_OK(try_scope(f->fd, BUFTRACK_SCOPE_DEVICE, 0));
	CHECK_ERR(try_scope(f->fd, BUFTRACK_SCOPE_DEVICE, 1), ENOENT);
	CHECK_ERR(try_scope(f->fd, BUFTRACK_SCOPE_DEVICE, ~0ULL), ENOENT);
}

/* A caller may know fewer counters than the module, or more */
static void check_length(const struct fixture *f, __u32 nr, __u32 want)
{
	__u64 values[BUFTRACK_NR_COUNTERS + 4];
	struct buftrack_counters query = {
		.values = user_ptr(values),
		.nr = nr,
	};
	unsigned int i;

	memset(values, 0xa5, sizeof(values));
	CHECK_OK(CALL(f->fd, COUNTERS, &query));
	CHECK_EQ(query.nr, want);
	for (i = 0; i < ARRAY_SIZE(values); i++)
		CHECK_EQ(values[i] == 0xa5a5a5a5a5a5a5a5ULL, i >= want);
}

DEVICE_TEST(counters_are_not_written_past_nr)
{
	__u32 nr;

	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	for (nr = 0; nr < BUFTRACK_NR_COUNTERS; nr++)
		check_length(f, nr, nr);
	check_length(f, BUFTRACK_NR_COUNTERS, BUFTRACK_NR_COUNTERS);
	check_length(f, BUFTRACK_NR_COUNTERS + 4, BUFTRACK_NR_COUNTERS);
	check_length(f, 0xffffffff, BUFTRACK_NR_COUNTERS);
}

DEVICE_TEST(each_scope_has_its_own_peak)
{
	__u32 space = add_space(f->fd, "L1");
	__u64 values[BUFTRACK_NR_COUNTERS];

	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 100)));
	CHECK_OK(try_report(f->fd, FREE_AT(0x1000)));
	CHECK_OK(try_report(f->fd, ALLOC(.space = space, .size = 60)));
	CHECK_OK(try_report(f->fd, BUFFER(0x2000, 30)));
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_PEAK_BYTES), 100);
	CHECK_OK(try_report(f->fd, BUFFER(0x3000, 20)));
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_PEAK_BYTES), 110);
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_SPACE, 0, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_PEAK_BYTES], 100);
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_SPACE, space, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_PEAK_BYTES], 60);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_PEAK_BYTES), 110);
}

DEVICE_TEST(live_buffers_of_a_closed_client_count_as_remaining)
{
	__u64 values[BUFTRACK_NR_COUNTERS];
	int fd = fixture_open(f);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(fd, BUFFER(0x2000, 32)));
	CHECK_OK(try_report(fd, BUFFER(0x3000, 64)));
	CHECK_OK(try_report(fd, FREE_AT(0x3000)));
	close(fd);
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_CLIENT, 1, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_ALLOCS], 3);
	CHECK_EQ(values[BUFTRACK_COUNTER_FREES], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_REMAINING_BUFFERS], 2);
	CHECK_EQ(values[BUFTRACK_COUNTER_REMAINING_BYTES], 48);
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BUFFERS], 0);
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BYTES], 0);
	CHECK_EQ(values[BUFTRACK_COUNTER_FREED_RECORDS], 0);
	CHECK_EQ(values[BUFTRACK_COUNTER_EVICTED_RECORDS], 0);
	CHECK_EQ(device_info(f->fd).nr_records, 0);
}

/* Every kind of record, in a private and in the shared domain */
static void fill(const struct fixture *f)
{
	int private = fixture_open(f), shared = fixture_open(f),
	    gone = fixture_open(f);
	__u64 client;

	CHECK_OK(declare(shared, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(declare(gone, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(try_report(gone, BUFFER(0x9000, 8)));
	close(gone);
	CHECK_OK(try_report(shared, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(private, BUFFER(0x1000, 32)));
	CHECK_OK(try_report(private, BUFFER(0x2000, 64)));
	CHECK_OK(try_report(private, FREE_AT(0x2000)));
	CHECK_OK(try_report(private, FREE_AT(0x2000)));
	CHECK_OK(try_report(private, FREE_AT(0x7777)));
	gone = fixture_open(f);
	CHECK_OK(try_report(gone, BUFFER(0x1000, 128)));
	close(gone);
	CHECK_OK(lost(private, 5));
}

static void check_cleared(const __u64 *before, const __u64 *after)
{
	unsigned int i;

	for (i = 0; i < BUFTRACK_NR_COUNTERS; i++) {
		__u64 want = 0;

		if (i == BUFTRACK_COUNTER_ALLOCS)
			want = before[BUFTRACK_COUNTER_LIVE_BUFFERS];
		else if (i == BUFTRACK_COUNTER_PEAK_BYTES)
			want = before[BUFTRACK_COUNTER_LIVE_BYTES];
		else if (i == BUFTRACK_COUNTER_LIVE_BUFFERS ||
			 i == BUFTRACK_COUNTER_LIVE_BYTES ||
			 i == BUFTRACK_COUNTER_ORPHANED_BUFFERS ||
			 i == BUFTRACK_COUNTER_ORPHANED_BYTES ||
			 i == BUFTRACK_COUNTER_FREED_RECORDS)
			want = before[i];
		CHECK_EQ(after[i], want);
	}
}

/* Device, space, and clients: open, shared, owner of orphans, closed */
DEVICE_TEST(reset_clears_all_scopes)
{
	static const struct {
		__u32 scope;
		__u64 number;
	} scopes[] = {
		{ BUFTRACK_SCOPE_DEVICE, 0 }, { BUFTRACK_SCOPE_SPACE, 0 },
		{ BUFTRACK_SCOPE_CLIENT, 1 }, { BUFTRACK_SCOPE_CLIENT, 2 },
		{ BUFTRACK_SCOPE_CLIENT, 3 }, { BUFTRACK_SCOPE_CLIENT, 4 },
	};
	__u64 before[ARRAY_SIZE(scopes)][BUFTRACK_NR_COUNTERS];
	__u64 after[BUFTRACK_NR_COUNTERS];
	unsigned int i;

	fill(f);
	for (i = 0; i < ARRAY_SIZE(scopes); i++)
		CHECK_OK(counters(f->fd, scopes[i].scope, scopes[i].number,
				  before[i]));
	CHECK_EQ(before[0][BUFTRACK_COUNTER_ORPHANED_BYTES], 8);
	CHECK_EQ(before[0][BUFTRACK_COUNTER_REMAINING_BYTES], 128);
	CHECK_OK(reset_device(f->fd));
	for (i = 0; i < ARRAY_SIZE(scopes); i++) {
		CHECK_OK(counters(f->fd, scopes[i].scope, scopes[i].number,
				  after));
		check_cleared(before[i], after);
		check_conservation(after);
	}
}

DEVICE_TEST(reset_empties_only_the_remaining_log)
{
	struct buftrack_client_info info;
	__u64 records;

	fill(f);
	records = device_info(f->fd).nr_records;
	CHECK_EQ(list_all(f->fd, BUFTRACK_RECORD_STATE_REMAINING).nr, 1);
	CHECK_OK(reset_device(f->fd));
	CHECK_EQ(list_all(f->fd, BUFTRACK_RECORD_STATE_REMAINING).nr, 0);
	CHECK_EQ(list_all(f->fd, 0).nr, records);
	CHECK_OK(client_info(f->fd, 3, &info));
	CHECK_OK(client_info(f->fd, 4, &info));
}

DEVICE_TEST(reset_keeps_the_state_of_domains)
{
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(f->fd, FREE_AT(0x1000)));
	CHECK_OK(reset_device(f->fd));
	CHECK_EQ(verdict_of(f->fd, FREE_AT(0x1000)),
		 BUFTRACK_VERDICT_DOUBLE_FREE);
	CHECK_OK(lost(f->fd, 1));
	CHECK_OK(reset_device(f->fd));
	CHECK_EQ(verdict_of(f->fd, FREE_AT(0x2000)),
		 BUFTRACK_VERDICT_UNKNOWN_GAP);
	CHECK(client_state(f->fd, 1) & BUFTRACK_CLIENT_STATE_HAD_GAP);
}

DEVICE_TEST(counting_continues_after_a_reset)
{
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK_OK(reset_device(f->fd));
	CHECK_EQ(verdict_of(f->fd, FREE_AT(0x1000)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS), 1);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_FREES), 1);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BYTES), 0);
}

struct churn {
	const struct fixture *f;
	volatile bool stop;
};

static void *churn(void *arg)
{
	struct churn *c = arg;
	__u64 i;

	for (i = 0; !c->stop; i++) {
		int fd = fixture_open(c->f);

		CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
		CHECK_OK(try_report(fd, BUFFER(0x1000, 32)));
		CHECK_OK(try_report(fd, BUFFER(0x2000, 16)));
		CHECK_OK(try_report(fd, FREE_AT(0x2000)));
		close(fd);
		if (i % 64 == 63)
			CHECK_OK(reset_device(c->f->fd));
	}
	return NULL;
}

/* While clients open, report and close, and counters are reset */
DEVICE_TEST(counters_are_read_atomically)
{
	struct churn c = { .f = f };
	pthread_t thread = start_thread(churn, &c);
	__u64 values[BUFTRACK_NR_COUNTERS];
	__u32 reads = is_debug_kernel() ? 2000 : 20000;

	while (reads--) {
		CHECK_OK(counters(f->fd,
				  reads % 2 ? BUFTRACK_SCOPE_DEVICE :
					      BUFTRACK_SCOPE_SPACE,
				  0, values));
		check_conservation(values);
	}
	c.stop = true;
	finish_thread(thread);
}
