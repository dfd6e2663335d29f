// SPDX-License-Identifier: GPL-2.0
/* A device for each test */
#include <stdio.h>
#include <unistd.h>
#include "fixture.h"

void fixture_setup(struct fixture *f)
{
	char name[32];

	snprintf(name, sizeof(name), "test:%d", getpid());
	f->control = open_control(O_RDWR);
	f->device = add_device(f->control, name,
			       BUFTRACK_DEVICE_ADD_EXCL |
				       BUFTRACK_DEVICE_ADD_TEMPORARY);
	f->fd = open_node(f->device, O_RDWR);
	CHECK_EQ(add_space(f->fd, "DRAM"), 0);
}

void fixture_teardown(struct fixture *f)
{
	check_invariants(f->fd);
	close(f->fd);
	close(f->control);
}

int fixture_open(const struct fixture *f)
{
	return open_node(f->device, O_RDWR);
}

void take_snapshot(const struct fixture *f, struct snapshot *snapshot)
{
	struct buftrack_client_info info;
	__u64 after = 0;

	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->info = info_of(f->control);
	/* Spare records come and go */
	snapshot->info.nr_records = 0;
	snapshot->device = device_info(f->fd);
	snapshot->device.now = 0;
	while (next_client(f->fd, after, &info)) {
		snapshot->newest = info;
		after = info.client + 1;
	}
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_DEVICE, 0, snapshot->counters));
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_SPACE, 0, snapshot->space));
}

void check_unchanged(const struct fixture *f, const struct snapshot *before)
{
	struct snapshot now;

	take_snapshot(f, &now);
	CHECK(!memcmp(&now.info, &before->info, sizeof(now.info)));
	CHECK(!memcmp(&now.device, &before->device, sizeof(now.device)));
	CHECK(!memcmp(&now.newest, &before->newest, sizeof(now.newest)));
	CHECK(!memcmp(now.counters, before->counters, sizeof(now.counters)));
	CHECK(!memcmp(now.space, before->space, sizeof(now.space)));
}
