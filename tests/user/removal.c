// SPDX-License-Identifier: GPL-2.0
/* A removed device refuses reports and can still be queried */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "long_batch.h"
#include "helper.h"
#include "fixture.h"

/* Client 1 left one buffer, client 2 has one live and one freed */
static int fill_and_remove(const struct fixture *f)
{
	int gone = fixture_open(f), client = fixture_open(f);

	CHECK_OK(try_report(gone, BUFFER(0x1000, 8)));
	close(gone);
	CHECK_OK(try_report(client, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(client, BUFFER(0x2000, 32)));
	CHECK_OK(try_report(client, FREE(.address = 0x2000)));
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	return client;
}

DEVICE_TEST(report_of_a_client_is_enodev)
{
	int client = fill_and_remove(f);

	CHECK_ERR(try_report(client, BUFFER(0x3000, 16)), ENODEV);
	CHECK_ERR(try_report(client, FREE(.address = 0x1000)), ENODEV);
	CHECK_ERR(try_report(client, FREE(.address = 0x2000)), ENODEV);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS), 3);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_DOUBLE_FREES), 0);
}

DEVICE_TEST(first_report_of_a_file_is_enodev)
{
	fill_and_remove(f);
	CHECK_ERR(try_report(f->fd, BUFFER(0x3000, 16)), ENODEV);
	CHECK_EQ(device_info(f->fd).nr_clients, 1);
}

DEVICE_TEST(batch_is_enodev)
{
	struct buftrack_report two[] = { BUFFER(0x3000, 16),
					 BUFFER(0x4000, 16) };
	int client = fill_and_remove(f);
	__u32 done;

	CHECK_ERR(batch(client, two, 2, NULL, &done), ENODEV);
	CHECK_EQ(done, 0);
	CHECK_ERR(batch(f->fd, two, 2, NULL, &done), ENODEV);
	CHECK_EQ(done, 0);
}

DEVICE_TEST(lost_is_enodev)
{
	int client = fill_and_remove(f);

	CHECK_ERR(lost(client, 1), ENODEV);
	CHECK_ERR(lost(f->fd, 1), ENODEV);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LOST_REPORTS), 0);
}

DEVICE_TEST(declaration_is_enodev)
{
	__u64 client;

	fill_and_remove(f);
	CHECK_ERR(declare(f->fd, 0, &client), ENODEV);
	CHECK_ERR(declare(f->fd, BUFTRACK_DECLARE_SHARED, &client), ENODEV);
}

DEVICE_TEST(adding_a_space_is_enodev)
{
	__u32 space;

	fill_and_remove(f);
	CHECK_ERR(try_add_space(f->fd, "L1", 0, &space), ENODEV);
	CHECK_ERR(try_add_space(f->fd, "DRAM", 0, &space), ENODEV);
	CHECK_EQ(device_info(f->fd).nr_spaces, 1);
}

DEVICE_TEST(setting_is_enodev)
{
	fill_and_remove(f);
	CHECK_ERR(set_enabled(f->fd, false), ENODEV);
	CHECK(device_info(f->fd).state & BUFTRACK_DEVICE_STATE_ENABLED);
}

DEVICE_TEST(reset_is_enodev)
{
	fill_and_remove(f);
	CHECK_ERR(reset_device(f->fd), ENODEV);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS), 3);
}

DEVICE_TEST(device_can_still_be_queried)
{
	struct buftrack_device_info info;

	fill_and_remove(f);
	CHECK(info_of(f->fd).serial);
	info = device_info(f->fd);
	CHECK_EQ(info.device, f->device);
	CHECK_EQ(info.state, BUFTRACK_DEVICE_STATE_ENABLED |
				     BUFTRACK_DEVICE_STATE_REMOVED |
				     BUFTRACK_DEVICE_STATE_TEMPORARY);
	CHECK_EQ(info.nr_spaces, 1);
	CHECK_EQ(info.nr_clients, 1);
	CHECK_EQ(info.nr_records, 0);
	CHECK(!strncmp(info.name, "test:", 5));
}

DEVICE_TEST(spaces_can_still_be_queried)
{
	struct buftrack_space_info info = {};

	fill_and_remove(f);
	CHECK_OK(CALL(f->fd, SPACE_INFO, &info));
	CHECK_STR(info.name, "DRAM");
}

DEVICE_TEST(clients_can_still_be_queried)
{
	struct buftrack_client_info info;
	int client = fill_and_remove(f);

	CHECK_OK(client_info(f->fd, 1, &info));
	CHECK_OK(client_info(f->fd, 2, &info));
	CHECK_EQ(info.state, BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(info.pid, getpid());
	close(client);
	CHECK_EQ(client_state(f->fd, 2), 0);
}

DEVICE_TEST(counters_can_still_be_read)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	fill_and_remove(f);
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_CLIENT, 2, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_ALLOCS], 2);
	CHECK_EQ(values[BUFTRACK_COUNTER_FREES], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_REMOVED_BUFFERS], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BUFFERS], 0);
	CHECK_EQ(values[BUFTRACK_COUNTER_FREED_RECORDS], 0);
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_SPACE, 0, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_REMOVED_BUFFERS], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_REMAINING_BUFFERS], 1);
}

DEVICE_TEST(remaining_records_can_still_be_listed)
{
	struct listing l;

	fill_and_remove(f);
	l = list_all(f->fd, 0);
	CHECK_EQ(l.nr, 1);
	CHECK_EQ(l.records[0].state, BUFTRACK_RECORD_STATE_REMAINING);
	CHECK_EQ(l.records[0].client, 1);
	CHECK_EQ(l.records[0].size, 8);
}

DEVICE_TEST(client_closed_afterwards_leaves_nothing)
{
	int client = fill_and_remove(f);

	close(client);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS), 1);
	CHECK_EQ(list_all(f->fd, 0).nr, 1);
}

DEVICE_TEST(orphans_end_as_removed)
{
	int fd = fixture_open(f);
	__u64 client;

	CHECK_OK(declare(fd, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	close(fd);
	CHECK_OK(remove_device(f->control, f->device, 0));
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
}

static void remove_during_batch(const struct fixture *f)
{
	struct long_batch *e = long_batch_create(f);
	struct buftrack_device_remove arg = {
		.flags = BUFTRACK_DEVICE_REMOVE_FORCE,
		.device = f->device,
	};
	pid_t pid = start(long_batch_run, e);

	long_batch_wait(e);
	CHECK_ERR(remove_device(f->control, f->device, 0), EBUSY);
	CHECK_OK(CALL(f->control, DEVICE_REMOVE, &arg));
	finish(pid);
	CHECK_ERR(e->err, ENODEV);
	long_batch_check(e);
	CHECK_EQ(arg.removed_buffers, e->batch.done % 2);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS),
		 e->batch.done % 2);
}

DEVICE_TEST(running_batch_stops_with_enodev)
{
	remove_during_batch(f);
}

/* A process that owns a temporary device through its control file */
static void own_a_device(void *arg)
{
	struct fixture *f = arg;

	f->control = open_control(O_RDWR);
	f->device =
		add_device(f->control, "owned", BUFTRACK_DEVICE_ADD_TEMPORARY);
	pause();
}

TEST(running_batch_stops_when_the_device_owner_is_killed)
{
	struct fixture *f = shared_memory(sizeof(*f));
	struct long_batch *e;
	pid_t owner, pid;

	f->device = -1;
	owner = start(own_a_device, f);
	WAIT_UNTIL(*(volatile __u32 *)&f->device != -1U);
	f->fd = fixture_open(f);
	add_space(f->fd, "DRAM");
	e = long_batch_create(f);
	pid = start(long_batch_run, e);
	long_batch_wait(e);
	end(owner, SIGKILL);
	finish(pid);
	CHECK_ERR(e->err, ENODEV);
	long_batch_check(e);
}

DEVICE_TEST(forced_removal_of_many_clients_is_consistent)
{
	int fds[20], i;
	__u64 j;

	for (i = 0; i < 20; i++) {
		fds[i] = fixture_open(f);
		for (j = 0; j < 50; j++)
			CHECK_OK(try_report(fds[i], BUFFER(j << 12, 16)));
	}
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	check_invariants(f->fd);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1000);
	for (i = 0; i < 20; i++)
		close(fds[i]);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
}
