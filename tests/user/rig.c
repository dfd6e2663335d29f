// SPDX-License-Identifier: GPL-2.0
/* A device for each test */
#include <stdio.h>
#include <unistd.h>
#include "rig.h"

void rig_up(struct rig *r)
{
	char name[32];

	snprintf(name, sizeof(name), "test:%d", getpid());
	r->control = open_control(O_RDWR);
	r->device = add_device(r->control, name,
			       BUFTRACK_DEVICE_ADD_EXCL |
				       BUFTRACK_DEVICE_ADD_TEMPORARY);
	r->fd = open_node(r->device, O_RDWR);
	CHECK_EQ(add_space(r->fd, "DRAM"), 0);
}

void rig_down(struct rig *r)
{
	check_books(r->fd);
	close(r->fd);
	close(r->control);
}

int rig_open(const struct rig *r)
{
	return open_node(r->device, O_RDWR);
}

void take_picture(const struct rig *r, struct picture *picture)
{
	struct buftrack_client_info info;
	__u64 after = 0;

	memset(picture, 0, sizeof(*picture));
	picture->info = info_of(r->control);
	/* Spare records may come and go */
	picture->info.nr_records = 0;
	picture->device = device_info(r->fd);
	picture->device.now = 0;
	while (next_client(r->fd, after, &info)) {
		picture->newest = info;
		after = info.client + 1;
	}
	CHECK_OK(counters(r->fd, BUFTRACK_SCOPE_DEVICE, 0, picture->counters));
	CHECK_OK(counters(r->fd, BUFTRACK_SCOPE_SPACE, 0, picture->space));
}

void check_unchanged(const struct rig *r, const struct picture *before)
{
	struct picture now;

	take_picture(r, &now);
	CHECK(!memcmp(&now.info, &before->info, sizeof(now.info)));
	CHECK(!memcmp(&now.device, &before->device, sizeof(now.device)));
	CHECK(!memcmp(&now.newest, &before->newest, sizeof(now.newest)));
	CHECK(!memcmp(now.counters, before->counters, sizeof(now.counters)));
	CHECK(!memcmp(now.space, before->space, sizeof(now.space)));
}
