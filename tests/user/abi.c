// SPDX-License-Identifier: GPL-2.0
/* The ioctls as functions */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "abi.h"

int do_ioctl(int fd, unsigned int cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? errno : 0;
}

int open_control(int flags)
{
	return CHECK_SYS(open(CONTROL_NODE, flags | O_CLOEXEC));
}

int try_open_node(__u32 device, int flags, int *fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/buftrack/%u", device);
	*fd = open(path, flags | O_CLOEXEC);
	return *fd < 0 ? errno : 0;
}

int open_node(__u32 device, int flags)
{
	int fd;

	CHECK_OK(try_open_node(device, flags, &fd));
	return fd;
}

__u32 add_device(int control, const char *name, __u32 flags)
{
	struct buftrack_device_add add = { .flags = flags };

	strncpy(add.name, name, sizeof(add.name) - 1);
	CHECK_OK(CALL(control, DEVICE_ADD, &add));
	return add.device;
}

int remove_device(int control, __u32 device, __u32 flags)
{
	struct buftrack_device_remove arg = { .flags = flags,
					      .device = device };

	return CALL(control, DEVICE_REMOVE, &arg);
}

struct buftrack_info info_of(int fd)
{
	struct buftrack_info info = {};

	CHECK_OK(CALL(fd, INFO, &info));
	return info;
}

struct buftrack_device_info device_info(int fd)
{
	struct buftrack_device_info info = {};

	CHECK_OK(CALL(fd, DEVICE_INFO, &info));
	return info;
}

bool next_device(int control, __u32 number, struct buftrack_device_info *info)
{
	int err;

	*info = (struct buftrack_device_info){ .flags = BUFTRACK_LOOKUP_NEXT,
					       .device = number };
	err = CALL(control, DEVICE_INFO, info);
	CHECK(!err || err == ENOENT);
	return !err;
}

int set_device(int fd, struct buftrack_device_set set)
{
	return CALL(fd, DEVICE_SET, &set);
}

int set_enabled(int fd, bool enabled)
{
	return set_device(fd, (struct buftrack_device_set){
				      .fields = BUFTRACK_DEVICE_SET_ENABLED,
				      .enabled = enabled });
}

int reset_device(int fd)
{
	struct buftrack_reset arg = {};

	return CALL(fd, RESET, &arg);
}

int try_add_space(int fd, const char *name, __u64 capacity, __u32 *space)
{
	struct buftrack_space_add add = { .capacity = capacity };
	int err;

	strncpy(add.name, name, sizeof(add.name) - 1);
	err = CALL(fd, SPACE_ADD, &add);
	*space = add.space;
	return err;
}

__u32 add_space(int fd, const char *name)
{
	__u32 space;

	CHECK_OK(try_add_space(fd, name, 0, &space));
	return space;
}

int try_add_aperture(int fd, const char *name, __u32 *space)
{
	struct buftrack_space_add add = { .flags = BUFTRACK_SPACE_APERTURE };
	int err;

	strncpy(add.name, name, sizeof(add.name) - 1);
	err = CALL(fd, SPACE_ADD, &add);
	*space = add.space;
	return err;
}

int declare(int fd, __u32 flags, __u64 *client)
{
	struct buftrack_declare arg = { .flags = flags };
	int err = CALL(fd, DECLARE, &arg);

	*client = arg.client;
	return err;
}

__u64 become_client(int fd)
{
	__u64 client;

	CHECK_OK(declare(fd, 0, &client));
	return client;
}

int client_info(int fd, __u64 number, struct buftrack_client_info *info)
{
	*info = (struct buftrack_client_info){ .client = number };
	return CALL(fd, CLIENT_INFO, info);
}

bool next_client(int fd, __u64 number, struct buftrack_client_info *info)
{
	int err;

	*info = (struct buftrack_client_info){ .flags = BUFTRACK_LOOKUP_NEXT,
					       .client = number };
	err = CALL(fd, CLIENT_INFO, info);
	CHECK(!err || err == ENOENT);
	return !err;
}

__u32 client_state(int fd, __u64 number)
{
	struct buftrack_client_info info;

	CHECK_OK(client_info(fd, number, &info));
	return info.state;
}

int report(int fd, struct buftrack_report r, __u32 *verdict, __u64 *stamp)
{
	struct buftrack_report_one one = { .report = r };
	int err = CALL(fd, REPORT, &one);

	if (verdict)
		*verdict = one.verdict;
	if (stamp)
		*stamp = one.stamp;
	return err;
}

__u32 verdict_of(int fd, struct buftrack_report r)
{
	__u32 verdict;

	CHECK_OK(report(fd, r, &verdict, NULL));
	return verdict;
}

int try_report(int fd, struct buftrack_report r)
{
	return report(fd, r, NULL, NULL);
}

int batch(int fd, const struct buftrack_report *reports, __u32 nr,
	  __u8 *verdicts, __u32 *done)
{
	struct buftrack_batch arg = {
		.reports = user_ptr(reports),
		.verdicts = user_ptr(verdicts),
		.nr = nr,
		.report_size = sizeof(*reports),
		.done = 0xdeadbeef,
	};
	int err = CALL(fd, BATCH, &arg);

	if (done)
		*done = arg.done;
	return err;
}

int lost(int fd, __u64 count)
{
	struct buftrack_lost arg = { .count = count };

	return CALL(fd, LOST, &arg);
}

int counters(int fd, __u32 scope, __u64 number, __u64 *values)
{
	struct buftrack_counters arg = {
		.scope = scope,
		.number = number,
		.values = user_ptr(values),
		.nr = BUFTRACK_NR_COUNTERS,
	};

	return CALL(fd, COUNTERS, &arg);
}

__u64 device_counter(int fd, enum buftrack_counter counter)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	CHECK_OK(counters(fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	return values[counter];
}

__u64 client_counter(int fd, __u64 client, enum buftrack_counter counter)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	CHECK_OK(counters(fd, BUFTRACK_SCOPE_CLIENT, client, values));
	return values[counter];
}

/* All calls share one instant; missed only grows, and exact comes with the end */
static void check_statement(struct listing *l, const struct buftrack_records *q)
{
	CHECK(q->instant && q->missed >= l->missed);
	CHECK(!l->calls++ || q->instant == l->instant);
	CHECK(q->exact <= 1 && q->end <= 1 && q->exact <= q->end);
	CHECK(!q->exact || !q->missed);
	l->instant = q->instant;
	l->missed = q->missed;
}

struct listing list(int fd, struct buftrack_records query, __u32 per_call)
{
	struct listing l = {};

	query.flags = BUFTRACK_RECORDS_BEGIN;
	query.record_size = sizeof(*l.records);
	do {
		l.records = realloc(l.records,
				    (l.nr + per_call) * sizeof(*l.records));
		CHECK(l.records);
		query.records = user_ptr(l.records + l.nr);
		query.nr = per_call;
		CHECK_OK(CALL(fd, RECORDS, &query));
		CHECK(query.nr <= per_call);
		check_statement(&l, &query);
		l.nr += query.nr;
		query.flags = 0;
	} while (!query.end);
	CHECK_EQ(query.end, 1);
	l.exact = query.exact;
	return l;
}

struct listing list_all(int fd, __u32 states)
{
	struct buftrack_records query = { .space = BUFTRACK_ANY_SPACE,
					  .states = states };

	return list(fd, query, 256);
}

const struct buftrack_record *find_record(const struct listing *l,
					  __u64 address, __u64 id)
{
	__u32 i;

	for (i = 0; i < l->nr; i++)
		if (l->records[i].address == address && l->records[i].id == id)
			return &l->records[i];
	return NULL;
}
