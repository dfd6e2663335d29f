// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading the module, and its load-time parameters */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "long_batch.h"
#include "helper.h"
#include "module.h"
#include "fixture.h"

TEST(unloading_while_the_control_node_is_open_is_refused)
{
	int control = open_control(O_RDONLY);

	CHECK_ERR(unload_module(), MODULE_IN_USE);
	CHECK_EQ(info_of(control).nr_devices, 0);
	close(control);
	reload_module("");
}

TEST(unloading_while_a_device_is_open_is_refused)
{
	struct fixture f;

	fixture_setup(&f);
	become_client(f.fd);
	close(f.control);
	CHECK_ERR(unload_module(), MODULE_IN_USE);
	CHECK_EQ(device_info(f.fd).nr_clients, 1);
	close(f.fd);
	reload_module("");
}

TEST(unloading_while_a_removed_device_is_open_is_refused)
{
	struct fixture f;

	fixture_setup(&f);
	CHECK_OK(try_report(f.fd, BUFFER(0x1000, 16)));
	CHECK_OK(remove_device(f.control, f.device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	close(f.control);
	CHECK_ERR(unload_module(), MODULE_IN_USE);
	CHECK_EQ(device_counter(f.fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	close(f.fd);
	reload_module("");
}

DEVICE_TEST(unloading_during_a_batch_is_refused)
{
	struct long_batch *e = long_batch_create(f);
	pid_t pid = start(long_batch_run, e);

	long_batch_wait(e);
	CHECK_ERR(unload_module(), MODULE_IN_USE);
	end(pid, SIGKILL);
	long_batch_check(e);
}

static void open_and_exit(void *arg)
{
	(void)arg;
	open_control(O_RDONLY);
}

TEST(unloading_succeeds_once_all_files_are_closed)
{
	in_child(open_and_exit, NULL);
	reload_module("");
	CHECK_EQ(info_of(open_control(O_RDONLY)).nr_devices, 0);
}

/* Every kind of object that can exist without an open file */
static void leave_everything(void)
{
	int control = open_control(O_RDWR), shared, private, fd;
	__u64 client, i;

	fd = open_node(add_device(control, "left", 0), O_RDWR);
	add_space(fd, "DRAM");
	shared = open_node(0, O_RDWR);
	private = open_node(0, O_RDWR);
	CHECK_OK(declare(shared, BUFTRACK_DECLARE_SHARED, &client));
	for (i = 0; i < 500; i++) {
		CHECK_OK(try_report(shared, BUFFER(i << 12, 16)));
		CHECK_OK(try_report(private, BUFFER(i << 12, 16)));
	}
	for (i = 0; i < 100; i++)
		CHECK_OK(try_report(shared, FREE(.address = i << 12)));
	close(shared);
	close(private);
	CHECK_EQ(device_counter(fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 400);
	CHECK_EQ(list_all(fd, BUFTRACK_RECORD_STATE_REMAINING).nr, 500);
	check_invariants(fd);
	close(fd);
	close(control);
}

TEST(unloading_frees_everything_that_was_left)
{
	struct buftrack_info info;
	int i, fd;

	for (i = 0; i < 5; i++) {
		leave_everything();
		reload_module("");
		fd = open_control(O_RDONLY);
		info = info_of(fd);
		CHECK_EQ(info.nr_devices, 0);
		CHECK_EQ(info.nr_records, 0);
		close(fd);
		CHECK_EQ(access("/dev/buftrack/0", F_OK), -1ULL);
	}
}

static void check_loaded_with(const char *parameters, __u32 max_devices,
			      __u64 max_freed)
{
	int control;

	reload_module(parameters);
	control = open_control(O_RDWR);
	CHECK_EQ(info_of(control).max_devices, max_devices);
	add_device(control, "first", BUFTRACK_DEVICE_ADD_TEMPORARY);
	CHECK_EQ(device_info(open_node(0, O_RDONLY)).max_freed, max_freed);
}

static void check_parameters(void *arg)
{
	(void)arg;
	check_loaded_with("max_devices=7 freed_records=9", 7, 9);
}

static void check_clamped_parameters(void *arg)
{
	(void)arg;
	check_loaded_with("max_devices=99999 freed_records=99999999999", 4096,
			  1ULL << 32);
}

TEST(parameters_apply_at_load)
{
	in_child(check_parameters, NULL);
	reload_module("");
}

TEST(parameters_are_clamped_at_load)
{
	in_child(check_clamped_parameters, NULL);
	reload_module("");
}

TEST(malformed_parameters_are_refused_at_load)
{
	CHECK_OK(unload_module());
	CHECK_ERR(load_module("max_devices=many"), EINVAL);
	CHECK_ERR(load_module("freed_records=-1"), EINVAL);
	CHECK_OK(load_module(""));
}

TEST(max_records_is_read_only)
{
	struct stat stat_buffer;

	CHECK_SYS(stat(PARAMETER_DIR "/max_records", &stat_buffer));
	CHECK_EQ(stat_buffer.st_mode & 0777, 0444);
}

TEST(max_records_defaults_to_a_quarter_of_memory)
{
	struct buftrack_info info = info_of(open_control(O_RDONLY));
	__u64 memory = (__u64)sysconf(_SC_PHYS_PAGES) * getpagesize();
	__u64 bytes = info.max_records * info.record_size;

	CHECK(bytes <= memory / 4 + (1 << 20));
	CHECK(bytes >= memory / 4 - memory / 20);
}

/* 300 records for two devices together, spare records included */
static void reach_bound(void *arg)
{
	struct fixture a, b;
	__u32 verdict = BUFTRACK_VERDICT_OK;
	__u64 i;

	(void)arg;
	fixture_setup(&a);
	b.control = a.control;
	b.device =
		add_device(a.control, "second", BUFTRACK_DEVICE_ADD_TEMPORARY);
	b.fd = fixture_open(&b);
	add_space(b.fd, "DRAM");
	CHECK_EQ(info_of(a.control).max_records, 300);
	CHECK_EQ(verdict_of(b.fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	for (i = 0; verdict == BUFTRACK_VERDICT_OK; i++) {
		CHECK_OK(report(a.fd, BUFFER(i << 12, 16), &verdict, NULL));
		CHECK(info_of(a.control).nr_records <= 300);
	}
	CHECK_EQ(verdict, BUFTRACK_VERDICT_UNTRACKED);
	CHECK(i > 100 && i <= 300);
	CHECK_EQ(device_counter(a.fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 1);

	/* Within a domain, a freed record is recycled */
	CHECK_EQ(verdict_of(a.fd, FREE(.address = 0)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(a.fd, BUFFER(i << 12, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(a.fd, BUFTRACK_COUNTER_EVICTED_RECORDS), 1);

	/* Records that one device gives back are available to the other */
	CHECK_OK(remove_device(a.control, a.device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	close(a.fd);
	for (i = 2; i < 250; i++)
		CHECK_EQ(verdict_of(b.fd, BUFFER(i << 12, 16)),
			 BUFTRACK_VERDICT_OK);
	check_invariants(b.fd);
}

TEST(max_records_is_shared_by_all_devices)
{
	reload_module("max_records=300");
	in_child(reach_bound, NULL);
	reload_module("");
	CHECK(info_of(open_control(O_RDONLY)).max_records > 300);
}
