// SPDX-License-Identifier: GPL-2.0
/* Settings of a device, and the effect of its limits */
#include <stdio.h>
#include <unistd.h>
#include "fixture.h"

#define SET(...) ((struct buftrack_device_set){ __VA_ARGS__ })

static void check_range(struct fixture *f, struct buftrack_device_set set,
			int err)
{
	struct snapshot before;

	take_snapshot(f, &before);
	CHECK_ERR(set_device(f->fd, set), err);
	if (err)
		check_unchanged(f, &before);
}

/* The lowest and the highest value are accepted, those beyond are not */
#define RANGE_TEST(_name, _flag, _field, _min, _max)                           \
	DEVICE_TEST(_name##_is_einval)                                         \
	{                                                                      \
		const __u64 min = (_min), max = (_max);                        \
                                                                               \
		if (min)                                                       \
			check_range(f,                                         \
				    SET(.fields = (_flag), ._field = min - 1), \
				    EINVAL);                                   \
		check_range(f, SET(.fields = (_flag), ._field = max + 1),      \
			    EINVAL);                                           \
		check_range(f, SET(.fields = (_flag), ._field = -1), EINVAL);  \
		check_range(f, SET(.fields = (_flag), ._field = min), 0);      \
		CHECK_EQ(device_info(f->fd)._field, min);                      \
		check_range(f, SET(.fields = (_flag), ._field = max), 0);      \
		CHECK_EQ(device_info(f->fd)._field, max);                      \
	}

RANGE_TEST(max_clients_out_of_range, BUFTRACK_DEVICE_SET_MAX_CLIENTS,
	   max_clients, 1, 65536)
RANGE_TEST(max_records_out_of_range, BUFTRACK_DEVICE_SET_MAX_RECORDS,
	   max_records, 1, 1ULL << 32)
RANGE_TEST(max_freed_out_of_range, BUFTRACK_DEVICE_SET_MAX_FREED, max_freed, 0,
	   1ULL << 32)
RANGE_TEST(max_closed_out_of_range, BUFTRACK_DEVICE_SET_MAX_CLOSED, max_closed,
	   0, 65536)
RANGE_TEST(max_remaining_out_of_range, BUFTRACK_DEVICE_SET_MAX_REMAINING,
	   max_remaining, 0, 1ULL << 24)

RANGE_TEST(max_client_records_out_of_range,
	   BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS, max_client_records, 1,
	   1ULL << 32)

DEVICE_TEST(enabled_other_than_0_and_1_is_einval)
{
	unsigned int bit;

	for (bit = 1; bit < 32; bit++)
		check_range(f,
			    SET(.fields = BUFTRACK_DEVICE_SET_ENABLED,
				.enabled = 1U << bit),
			    EINVAL);
	CHECK_OK(set_enabled(f->fd, false));
	CHECK_EQ(device_info(f->fd).state, BUFTRACK_DEVICE_STATE_TEMPORARY);
	CHECK_OK(set_enabled(f->fd, true));
	CHECK(device_info(f->fd).state & BUFTRACK_DEVICE_STATE_ENABLED);
}

DEVICE_TEST(unselected_fields_are_ignored)
{
	struct snapshot before;

	take_snapshot(f, &before);
	CHECK_OK(set_device(
		f->fd, SET(.fields = 0, .enabled = 7, .max_clients = 0,
			   .max_records = 0, .max_freed = -1, .max_closed = -1,
			   .max_remaining = -1, .max_client_records = 0)));
	check_unchanged(f, &before);
}

DEVICE_TEST(one_invalid_field_changes_nothing)
{
	const __u32 all = BUFTRACK_DEVICE_SET_ENABLED |
			  BUFTRACK_DEVICE_SET_MAX_RECORDS |
			  BUFTRACK_DEVICE_SET_MAX_FREED |
			  BUFTRACK_DEVICE_SET_MAX_CLIENTS |
			  BUFTRACK_DEVICE_SET_MAX_CLOSED |
			  BUFTRACK_DEVICE_SET_MAX_REMAINING |
			  BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS |
			  BUFTRACK_DEVICE_SET_STACKS;
	const struct buftrack_device_set good = {
		.fields = all,
		.max_clients = 3,
		.max_records = 4,
		.max_freed = 5,
		.max_closed = 6,
		.max_remaining = 7,
		.max_client_records = 8,
		.stacks = 1,
	};
	struct buftrack_device_set set = good;
	struct buftrack_device_info info;

	set.max_remaining = -1;
	check_range(f, set, EINVAL);
	set = good;
	set.max_client_records = 0;
	check_range(f, set, EINVAL);
	set = good;
	set.enabled = 2;
	check_range(f, set, EINVAL);
	set = good;
	set.stacks = 2;
	check_range(f, set, EINVAL);
	set = good;
	set.fields |= 1 << 8;
	check_range(f, set, EOPNOTSUPP);
	CHECK_OK(set_device(f->fd, good));
	info = device_info(f->fd);
	CHECK_EQ(info.state & BUFTRACK_DEVICE_STATE_ENABLED, 0);
	CHECK_EQ(info.max_clients, 3);
	CHECK_EQ(info.max_records, 4);
	CHECK_EQ(info.max_freed, 5);
	CHECK_EQ(info.max_closed, 6);
	CHECK_EQ(info.max_remaining, 7);
	CHECK_EQ(info.max_client_records, 8);
	CHECK(info.state & BUFTRACK_DEVICE_STATE_STACKS);
}

static void set_bound(const struct fixture *f, __u32 field, __u64 value)
{
	CHECK_OK(set_device(f->fd,
			    SET(.fields = field, .max_clients = value,
				.max_records = value, .max_freed = value,
				.max_closed = value, .max_remaining = value,
				.max_client_records = value)));
}

DEVICE_TEST(alloc_over_max_records_is_untracked)
{
	set_bound(f, BUFTRACK_DEVICE_SET_MAX_RECORDS, 2);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x2000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x3000, 16)),
		 BUFTRACK_VERDICT_UNTRACKED);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 1);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS), 2);
	CHECK_EQ(device_info(f->fd).nr_records, 2);
	CHECK(client_state(f->fd, 1) & BUFTRACK_CLIENT_STATE_HAD_GAP);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x3000)),
		 BUFTRACK_VERDICT_UNKNOWN_GAP);
	set_bound(f, BUFTRACK_DEVICE_SET_MAX_RECORDS, 3);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x3000, 16)), BUFTRACK_VERDICT_OK);
}

DEVICE_TEST(freed_records_are_recycled_within_max_records)
{
	set_bound(f, BUFTRACK_DEVICE_SET_MAX_RECORDS, 2);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x2000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x3000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_EVICTED_RECORDS), 1);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_UNKNOWN_EVICTED);
	CHECK(client_state(f->fd, 1) & BUFTRACK_CLIENT_STATE_EVICTED);
}

static void alloc_and_free(int fd, __u64 nr)
{
	__u64 i;

	for (i = 0; i < nr; i++)
		CHECK_EQ(verdict_of(fd, BUFFER(i << 12, 16)),
			 BUFTRACK_VERDICT_OK);
	for (i = 0; i < nr; i++)
		CHECK_EQ(verdict_of(fd, FREE(.address = i << 12)),
			 BUFTRACK_VERDICT_OK);
}

DEVICE_TEST(freed_records_over_max_freed_are_evicted_oldest_first)
{
	set_bound(f, BUFTRACK_DEVICE_SET_MAX_FREED, 3);
	alloc_and_free(f->fd, 5);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_FREED_RECORDS), 3);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_EVICTED_RECORDS), 2);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 1 << 12)),
		 BUFTRACK_VERDICT_UNKNOWN_EVICTED);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 2 << 12)),
		 BUFTRACK_VERDICT_DOUBLE_FREE);
}

DEVICE_TEST(max_freed_of_0_keeps_no_freed_records)
{
	set_bound(f, BUFTRACK_DEVICE_SET_MAX_FREED, 0);
	alloc_and_free(f->fd, 2);
	CHECK_EQ(device_info(f->fd).nr_records, 0);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_EVICTED_RECORDS), 2);
}

DEVICE_TEST(lowered_max_freed_is_reached_gradually)
{
	__u64 held, i;

	alloc_and_free(f->fd, 100);
	set_bound(f, BUFTRACK_DEVICE_SET_MAX_FREED, 10);
	/* Lowering the limit drops nothing yet */
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_FREED_RECORDS), 100);
	for (i = 100; i < 200; i++) {
		held = device_counter(f->fd, BUFTRACK_COUNTER_FREED_RECORDS);
		CHECK_OK(try_report(f->fd, BUFFER(i << 12, 16)));
		CHECK_OK(try_report(f->fd, FREE(.address = i << 12)));
		if (held > 10)
			CHECK(device_counter(f->fd,
					     BUFTRACK_COUNTER_FREED_RECORDS) <
			      held);
	}
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_FREED_RECORDS), 10);
}

DEVICE_TEST(max_freed_applies_to_each_domain)
{
	int other = fixture_open(f);

	set_bound(f, BUFTRACK_DEVICE_SET_MAX_FREED, 3);
	alloc_and_free(f->fd, 3);
	alloc_and_free(other, 3);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_FREED_RECORDS), 6);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_EVICTED_RECORDS), 0);
}

DEVICE_TEST(client_over_max_clients_is_eusers)
{
	struct buftrack_report one = BUFFER(0x1000, 16);
	int first = fixture_open(f), second = fixture_open(f);
	struct snapshot before;
	__u64 client;
	__u32 done;

	set_bound(f, BUFTRACK_DEVICE_SET_MAX_CLIENTS, 1);
	become_client(first);
	take_snapshot(f, &before);
	CHECK_ERR(declare(second, 0, &client), EUSERS);
	CHECK_ERR(try_report(second, one), EUSERS);
	CHECK_ERR(lost(second, 1), EUSERS);
	CHECK_ERR(batch(second, &one, 1, NULL, &done), EUSERS);
	CHECK_EQ(done, 0);
	check_unchanged(f, &before);
	close(first);
	CHECK_EQ(become_client(second), 2);
}

DEVICE_TEST(lowered_max_clients_ends_no_client)
{
	int first = fixture_open(f), second = fixture_open(f),
	    third = fixture_open(f);
	__u64 client;

	become_client(first);
	become_client(second);
	set_bound(f, BUFTRACK_DEVICE_SET_MAX_CLIENTS, 1);
	CHECK_EQ(device_info(f->fd).nr_clients, 2);
	CHECK_EQ(verdict_of(second, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	close(first);
	CHECK_ERR(declare(third, 0, &client), EUSERS);
	close(second);
	CHECK_OK(declare(third, 0, &client));
}

/* A client that leaves one buffer of this size */
static void leave_buffer(const struct fixture *f, __u64 size)
{
	int fd = fixture_open(f);

	CHECK_EQ(verdict_of(fd, BUFFER(0x1000, size)), BUFTRACK_VERDICT_OK);
	close(fd);
}

DEVICE_TEST(closed_clients_over_max_closed_are_dropped_oldest_first)
{
	struct buftrack_client_info info;
	__u64 values[BUFTRACK_NR_COUNTERS];

	set_bound(f, BUFTRACK_DEVICE_SET_MAX_CLOSED, 2);
	leave_buffer(f, 1);
	leave_buffer(f, 2);
	CHECK_OK(client_info(f->fd, 1, &info));
	leave_buffer(f, 4);
	CHECK_ERR(client_info(f->fd, 1, &info), ENOENT);
	CHECK_ERR(counters(f->fd, BUFTRACK_SCOPE_CLIENT, 1, values), ENOENT);
	CHECK_OK(client_info(f->fd, 2, &info));
	CHECK_OK(client_info(f->fd, 3, &info));
	/* Its reports stay in the totals, its buffers in the log of remaining records */
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS), 3);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMAINING_BYTES), 7);
	CHECK_EQ(list_all(f->fd, BUFTRACK_RECORD_STATE_REMAINING).nr, 3);
}

DEVICE_TEST(lowered_max_closed_applies_at_once)
{
	struct buftrack_client_info info;

	leave_buffer(f, 1);
	leave_buffer(f, 2);
	set_bound(f, BUFTRACK_DEVICE_SET_MAX_CLOSED, 1);
	CHECK(next_client(f->fd, 0, &info));
	CHECK_EQ(info.client, 2);
	set_bound(f, BUFTRACK_DEVICE_SET_MAX_CLOSED, 0);
	CHECK(!next_client(f->fd, 0, &info));
	leave_buffer(f, 4);
	CHECK(!next_client(f->fd, 0, &info));
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS), 3);
}

DEVICE_TEST(remaining_records_over_max_remaining_are_dropped_oldest_first)
{
	struct listing l;

	set_bound(f, BUFTRACK_DEVICE_SET_MAX_REMAINING, 2);
	leave_buffer(f, 1);
	leave_buffer(f, 2);
	leave_buffer(f, 4);
	l = list_all(f->fd, BUFTRACK_RECORD_STATE_REMAINING);
	CHECK_EQ(l.nr, 2);
	CHECK_EQ(l.records[0].size, 2);
	CHECK_EQ(l.records[1].size, 4);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS), 3);
	set_bound(f, BUFTRACK_DEVICE_SET_MAX_REMAINING, 0);
	CHECK_EQ(list_all(f->fd, BUFTRACK_RECORD_STATE_REMAINING).nr, 0);
	leave_buffer(f, 8);
	CHECK_EQ(list_all(f->fd, BUFTRACK_RECORD_STATE_REMAINING).nr, 0);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMAINING_BYTES), 15);
}

DEVICE_TEST(reports_while_disabled_cause_a_gap)
{
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_OK(set_enabled(f->fd, false));
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_DISABLED);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)),
		 BUFTRACK_VERDICT_DISABLED);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_DISABLED_REPORTS), 2);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	CHECK_OK(set_enabled(f->fd, true));
	CHECK(client_state(f->fd, 1) & BUFTRACK_CLIENT_STATE_HAD_GAP);
	/* The record is doubtful, so this is not a double alloc */
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_SUPERSEDED), 1);
}

DEVICE_TEST(disabling_without_reports_causes_no_gap)
{
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_OK(set_enabled(f->fd, false));
	CHECK_OK(set_enabled(f->fd, true));
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)),
		 BUFTRACK_VERDICT_DOUBLE_ALLOC);
}
