// SPDX-License-Identifier: GPL-2.0
/* Invariants of counters and records that hold after any reports */
#include <stdlib.h>
#include "fixture.h"

#define ALL_HELD (BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED)

void check_conservation(const __u64 *v)
{
	CHECK_EQ(v[BUFTRACK_COUNTER_ALLOCS],
		 v[BUFTRACK_COUNTER_FREES] + v[BUFTRACK_COUNTER_LIVE_BUFFERS] +
			 v[BUFTRACK_COUNTER_SUPERSEDED] +
			 v[BUFTRACK_COUNTER_REMAINING_BUFFERS] +
			 v[BUFTRACK_COUNTER_REMOVED_BUFFERS]);
	CHECK(v[BUFTRACK_COUNTER_PEAK_BYTES] >= v[BUFTRACK_COUNTER_LIVE_BYTES]);
	CHECK(v[BUFTRACK_COUNTER_ORPHANED_BUFFERS] <=
	      v[BUFTRACK_COUNTER_LIVE_BUFFERS]);
	CHECK(v[BUFTRACK_COUNTER_ORPHANED_BYTES] <=
	      v[BUFTRACK_COUNTER_LIVE_BYTES]);
}

/* Holds at any time, also during reports */
void check_device_conservation(int fd)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	CHECK_OK(counters(fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	check_conservation(values);
}

/* Sums of sizes, in which a device leaves its apertures out */
static bool counts_memory(unsigned int counter)
{
	return counter == BUFTRACK_COUNTER_LIVE_BYTES ||
	       counter == BUFTRACK_COUNTER_ORPHANED_BYTES ||
	       counter == BUFTRACK_COUNTER_REMAINING_BYTES;
}

static bool is_aperture(int fd, __u32 space)
{
	struct buftrack_space_info info = { .space = space };

	CHECK_OK(CALL(fd, SPACE_INFO, &info));
	return info.properties & BUFTRACK_SPACE_APERTURE;
}

static void add_up(__u64 *sum, const __u64 *values)
{
	unsigned int i;

	check_conservation(values);
	for (i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		sum[i] += values[i];
}

static void add_space_up(__u64 *sum, const __u64 *values, bool aperture)
{
	unsigned int i;

	for (i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		sum[i] += aperture && counts_memory(i) ? 0 : values[i];
}

static void check_spaces(int fd, const __u64 *total, __u32 nr_spaces)
{
	__u64 sum[BUFTRACK_NR_COUNTERS] = {}, values[BUFTRACK_NR_COUNTERS];
	__u32 i;

	for (i = 0; i < nr_spaces; i++) {
		CHECK_OK(counters(fd, BUFTRACK_SCOPE_SPACE, i, values));
		check_conservation(values);
		add_space_up(sum, values, is_aperture(fd, i));
	}
	/* Peaks differ in time, and lost reports belong to no space */
	sum[BUFTRACK_COUNTER_PEAK_BYTES] = total[BUFTRACK_COUNTER_PEAK_BYTES];
	sum[BUFTRACK_COUNTER_LOST_REPORTS] =
		total[BUFTRACK_COUNTER_LOST_REPORTS];
	for (i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		CHECK_EQ(sum[i], total[i]);
}

/* Closed clients that the log has dropped remain in the totals only */
static void check_clients(int fd, const __u64 *total, __u32 nr_clients)
{
	__u64 sum[BUFTRACK_NR_COUNTERS] = {}, values[BUFTRACK_NR_COUNTERS];
	struct buftrack_client_info info;
	__u64 after = 0, nr_open = 0;
	__u32 i;

	while (next_client(fd, after, &info)) {
		CHECK(info.client >= after && info.client);
		CHECK_OK(counters(fd, BUFTRACK_SCOPE_CLIENT, info.client,
				  values));
		add_up(sum, values);
		nr_open += !!(info.state & BUFTRACK_CLIENT_STATE_OPEN);
		after = info.client + 1;
	}
	CHECK_EQ(nr_open, nr_clients);
	for (i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		CHECK(i == BUFTRACK_COUNTER_PEAK_BYTES || sum[i] <= total[i]);
}

static void check_records(int fd, const __u64 *total, __u64 nr_records)
{
	struct listing l = list_all(fd, ALL_HELD);
	__u64 live = 0, bytes = 0, orphaned = 0;
	__u32 i;

	for (i = 0; i < l.nr; i++) {
		const struct buftrack_record *rec = &l.records[i];

		if (!(rec->state & BUFTRACK_RECORD_STATE_LIVE))
			continue;
		live++;
		bytes += is_aperture(fd, rec->space) ? 0 : rec->size;
		orphaned += !!(rec->state & BUFTRACK_RECORD_STATE_ORPHANED);
	}
	CHECK_EQ(l.nr, nr_records);
	CHECK_EQ(live, total[BUFTRACK_COUNTER_LIVE_BUFFERS]);
	CHECK_EQ(bytes, total[BUFTRACK_COUNTER_LIVE_BYTES]);
	CHECK_EQ(orphaned, total[BUFTRACK_COUNTER_ORPHANED_BUFFERS]);
	CHECK_EQ(l.nr - live, total[BUFTRACK_COUNTER_FREED_RECORDS]);
	free(l.records);
}

/* While nobody reports, all scopes and the records agree */
void check_invariants(int fd)
{
	struct buftrack_device_info info = device_info(fd);
	__u64 total[BUFTRACK_NR_COUNTERS];

	CHECK_OK(counters(fd, BUFTRACK_SCOPE_DEVICE, 0, total));
	check_conservation(total);
	check_spaces(fd, total, info.nr_spaces);
	check_clients(fd, total, info.nr_clients);
	check_records(fd, total, info.nr_records);
}
