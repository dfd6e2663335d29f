// SPDX-License-Identifier: GPL-2.0
/* A device that was removed: no more reports, and all that could be asked still can */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "endless.h"
#include "helper.h"
#include "rig.h"

/* Client 1 left one buffer, client 2 has one live and one freed */
static int fill_and_remove(const struct rig *r)
{
	int gone = rig_open(r), client = rig_open(r);

	CHECK_OK(try_report(gone, BUFFER(0x1000, 8)));
	close(gone);
	CHECK_OK(try_report(client, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(client, BUFFER(0x2000, 32)));
	CHECK_OK(try_report(client, FREE(.address = 0x2000)));
	CHECK_OK(remove_device(r->control, r->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	return client;
}

RIG_TEST(report_of_a_client_is_enodev)
{
	int client = fill_and_remove(r);

	CHECK_ERR(try_report(client, BUFFER(0x3000, 16)), ENODEV);
	CHECK_ERR(try_report(client, FREE(.address = 0x1000)), ENODEV);
	CHECK_ERR(try_report(client, FREE(.address = 0x2000)), ENODEV);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_ALLOCS), 3);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_DOUBLE_FREES), 0);
}

RIG_TEST(first_report_of_a_file_is_enodev)
{
	fill_and_remove(r);
	CHECK_ERR(try_report(r->fd, BUFFER(0x3000, 16)), ENODEV);
	CHECK_EQ(device_info(r->fd).nr_clients, 1);
}

RIG_TEST(batch_is_enodev)
{
	struct buftrack_report two[] = { BUFFER(0x3000, 16),
					 BUFFER(0x4000, 16) };
	int client = fill_and_remove(r);
	__u32 done;

	CHECK_ERR(batch(client, two, 2, NULL, &done), ENODEV);
	CHECK_EQ(done, 0);
	CHECK_ERR(batch(r->fd, two, 2, NULL, &done), ENODEV);
	CHECK_EQ(done, 0);
}

RIG_TEST(loss_is_enodev)
{
	int client = fill_and_remove(r);

	CHECK_ERR(lost(client, 1), ENODEV);
	CHECK_ERR(lost(r->fd, 1), ENODEV);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_LOST_REPORTS), 0);
}

RIG_TEST(declaration_is_enodev)
{
	__u64 client;

	fill_and_remove(r);
	CHECK_ERR(declare(r->fd, 0, &client), ENODEV);
	CHECK_ERR(declare(r->fd, BUFTRACK_DECLARE_SHARED, &client), ENODEV);
}

RIG_TEST(adding_a_space_is_enodev)
{
	__u32 space;

	fill_and_remove(r);
	CHECK_ERR(try_add_space(r->fd, "L1", 0, &space), ENODEV);
	CHECK_ERR(try_add_space(r->fd, "DRAM", 0, &space), ENODEV);
	CHECK_EQ(device_info(r->fd).nr_spaces, 1);
}

RIG_TEST(setting_is_enodev)
{
	fill_and_remove(r);
	CHECK_ERR(set_enabled(r->fd, false), ENODEV);
	CHECK(device_info(r->fd).state & BUFTRACK_DEVICE_STATE_ENABLED);
}

RIG_TEST(reset_is_enodev)
{
	fill_and_remove(r);
	CHECK_ERR(reset_device(r->fd), ENODEV);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_ALLOCS), 3);
}

RIG_TEST(device_can_still_be_asked)
{
	struct buftrack_device_info info;

	fill_and_remove(r);
	CHECK(info_of(r->fd).serial);
	info = device_info(r->fd);
	CHECK_EQ(info.device, r->device);
	CHECK_EQ(info.state, BUFTRACK_DEVICE_STATE_ENABLED |
				     BUFTRACK_DEVICE_STATE_REMOVED |
				     BUFTRACK_DEVICE_STATE_TEMPORARY);
	CHECK_EQ(info.nr_spaces, 1);
	CHECK_EQ(info.nr_clients, 1);
	CHECK_EQ(info.nr_records, 0);
	CHECK(!strncmp(info.name, "test:", 5));
}

RIG_TEST(spaces_can_still_be_asked)
{
	struct buftrack_space_info info = {};

	fill_and_remove(r);
	CHECK_OK(CALL(r->fd, SPACE_INFO, &info));
	CHECK_STR(info.name, "DRAM");
}

RIG_TEST(clients_can_still_be_asked)
{
	struct buftrack_client_info info;
	int client = fill_and_remove(r);

	CHECK_OK(client_info(r->fd, 1, &info));
	CHECK_OK(client_info(r->fd, 2, &info));
	CHECK_EQ(info.state, BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(info.pid, getpid());
	close(client);
	CHECK_EQ(client_state(r->fd, 2), 0);
}

RIG_TEST(counters_can_still_be_asked)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	fill_and_remove(r);
	CHECK_OK(counters(r->fd, BUFTRACK_SCOPE_CLIENT, 2, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_ALLOCS], 2);
	CHECK_EQ(values[BUFTRACK_COUNTER_FREES], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_REMOVED_BUFFERS], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BUFFERS], 0);
	CHECK_EQ(values[BUFTRACK_COUNTER_FREED_RECORDS], 0);
	CHECK_OK(counters(r->fd, BUFTRACK_SCOPE_SPACE, 0, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_REMOVED_BUFFERS], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_REMAINING_BUFFERS], 1);
}

RIG_TEST(what_remained_can_still_be_listed)
{
	struct listing l;

	fill_and_remove(r);
	l = list_all(r->fd, 0);
	CHECK_EQ(l.nr, 1);
	CHECK_EQ(l.records[0].state, BUFTRACK_RECORD_STATE_REMAINING);
	CHECK_EQ(l.records[0].client, 1);
	CHECK_EQ(l.records[0].size, 8);
}

RIG_TEST(client_that_ends_afterwards_leaves_nothing)
{
	int client = fill_and_remove(r);

	close(client);
	CHECK_EQ(device_info(r->fd).nr_clients, 0);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS), 1);
	CHECK_EQ(list_all(r->fd, 0).nr, 1);
}

RIG_TEST(orphans_end_as_removed)
{
	int fd = rig_open(r);
	__u64 client;

	CHECK_OK(declare(fd, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	close(fd);
	CHECK_OK(remove_device(r->control, r->device, 0));
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
}

static void remove_in_mid_batch(const struct rig *r)
{
	struct endless *e = endless_create(r);
	struct buftrack_device_remove arg = {
		.flags = BUFTRACK_DEVICE_REMOVE_FORCE,
		.device = r->device,
	};
	pid_t pid = start(endless_run, e);

	endless_wait(e);
	CHECK_ERR(remove_device(r->control, r->device, 0), EBUSY);
	CHECK_OK(CALL(r->control, DEVICE_REMOVE, &arg));
	finish(pid);
	CHECK_ERR(e->err, ENODEV);
	endless_check(e);
	CHECK_EQ(arg.removed_buffers, e->batch.done % 2);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS),
		 e->batch.done % 2);
}

RIG_TEST(batch_under_way_stops_with_enodev)
{
	remove_in_mid_batch(r);
}

/* The control file that the device goes with is closed by another process */
static void own_a_device(void *arg)
{
	struct rig *r = arg;

	r->control = open_control(O_RDWR);
	r->device =
		add_device(r->control, "owned", BUFTRACK_DEVICE_ADD_TEMPORARY);
	pause();
}

TEST(batch_under_way_stops_when_the_owner_of_its_device_is_killed)
{
	struct rig *r = shared_memory(sizeof(*r));
	struct endless *e;
	pid_t owner, pid;

	r->device = -1;
	owner = start(own_a_device, r);
	WAIT_UNTIL(*(volatile __u32 *)&r->device != -1U);
	r->fd = rig_open(r);
	add_space(r->fd, "DRAM");
	e = endless_create(r);
	pid = start(endless_run, e);
	endless_wait(e);
	end(owner, SIGKILL);
	finish(pid);
	CHECK_ERR(e->err, ENODEV);
	endless_check(e);
}

RIG_TEST(forced_removal_of_many_clients_is_in_order)
{
	int fds[20], i;
	__u64 j;

	for (i = 0; i < 20; i++) {
		fds[i] = rig_open(r);
		for (j = 0; j < 50; j++)
			CHECK_OK(try_report(fds[i], BUFFER(j << 12, 16)));
	}
	CHECK_OK(remove_device(r->control, r->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	check_books(r->fd);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1000);
	for (i = 0; i < 20; i++)
		close(fds[i]);
	CHECK_EQ(device_info(r->fd).nr_clients, 0);
}
