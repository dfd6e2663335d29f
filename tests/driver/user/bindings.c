// SPDX-License-Identifier: GPL-2.0
/* Devices that a driver binds to, unbinds from and binds to again */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "fixture.h"
#include "sample.h"

#define BUFFER_AT "address=0x1000 size=4096"

/* The host bridge, which every test machine has */
#define PCI_FUNCTION "0000:00:00.0"

/* More than buftrack prepares */
#define MANY 12

SAMPLE_TEST(device_shows_its_driver)
{
	struct buftrack_device_info info = device_info(s->fd);

	CHECK_STR(info.name, CHIP);
	CHECK_STR(info.driver, SAMPLE);
	CHECK_EQ(info.nr_clients, 1);
}

SAMPLE_TEST(live_buffers_of_a_removed_device_end_as_removed)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "alloc driver=1 address=0x3000 size=4096");
	cmd(s->driver, "end " CHIP);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 2);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	check_nothing_wrong(s->fd);
}

SAMPLE_TEST(client_can_close_after_its_device_ended)
{
	int fd = sample_client(CHIP);
	__u64 number = nth_client(s->fd, 0);

	cmd(s->driver, "end " CHIP);
	CHECK(client_state(s->fd, number) & BUFTRACK_CLIENT_STATE_OPEN);
	close(fd);
	CHECK(!(client_state(s->fd, number) & BUFTRACK_CLIENT_STATE_OPEN));
	CHECK_EQ(device_info(s->fd).nr_clients, 1);
}

SAMPLE_TEST(frees_after_the_device_ended_are_no_wrong_frees)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(s->driver, "end " CHIP);
	cmd(fd, "free address=0x1000");
	cmd(fd, "free address=0x9000 refcounted=1");
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER),
		 0);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_DOUBLE_FREES), 0);
	close(fd);
}

SAMPLE_TEST(rebound_device_keeps_its_number_and_starts_empty)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(s->driver, "end " CHIP);
	close(fd);
	cmd(s->driver, "add " CHIP);
	CHECK_EQ(wait_for_device(CHIP), s->device);
	fd = sample_client(CHIP);
	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "free address=0x1000");
	check_nothing_wrong(s->fd);
	cmd(fd, "free address=0x9000");
	check_wrong(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
}

SAMPLE_TEST(file_of_the_old_device_is_no_client_of_the_new_one)
{
	int old = sample_client(CHIP), fd;

	cmd(old, "alloc " BUFFER_AT);
	cmd(s->driver, "end " CHIP);
	cmd(s->driver, "add " CHIP);
	fd = sample_client(CHIP);
	cmd(fd, "alloc " BUFFER_AT);
	close(old);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	CHECK_EQ(device_info(s->fd).nr_clients, 2);
	check_nothing_wrong(s->fd);
}

SAMPLE_TEST(file_of_an_old_binding_frees_nothing_of_the_next)
{
	int old = sample_client(CHIP), fd;

	cmd(old, "alloc " BUFFER_AT);
	cmd(s->driver, "rebind " CHIP);
	fd = sample_client(CHIP);
	cmd(fd, "alloc " BUFFER_AT);
	cmd(old, "free address=0x1000");
	cmd(old, "alloc address=0x5000 size=4096");
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	cmd(fd, "free address=0x1000");
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	close(old);
	check_nothing_wrong(s->fd);
}

SAMPLE_TEST(two_devices_are_independent)
{
	int one = sample_client(CHIP), two, other;

	cmd(s->driver, "add other");
	two = sample_client("other");
	other = open_node(wait_for_device("other"), O_RDONLY);
	cmd(one, "alloc " BUFFER_AT);
	cmd(two, "alloc " BUFFER_AT);
	cmd(two, "free address=0x1000");
	cmd(two, "free address=0x1000");
	check_nothing_wrong(s->fd);
	check_wrong(other, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	CHECK_EQ(device_counter(other, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	close(other);
}

SAMPLE_TEST(lost_report_of_one_device_leaves_another_complete)
{
	int one = sample_client(CHIP), two;

	cmd(s->driver, "add other");
	two = sample_client("other");
	cmd(two, "alloc address=0x1000");
	cmd(one, "free address=0x9000");
	check_wrong(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
}

/* Reports are dropped until the worker has prepared another device */
static __u32 report_until_known(int fd, const char *name)
{
	struct buftrack_device_info info;
	unsigned int id = 1;

	WAIT_UNTIL((cmd(fd, "alloc address=0x1000 size=64 id=%u", id++),
		    find_device(name, &info)));
	return info.device;
}

SAMPLE_TEST(more_devices_than_prepared_are_all_tracked_in_the_end)
{
	char name[16];
	int i, fd, node;

	cmd(s->driver, "many %d", MANY);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		fd = sample_open();
		cmd(fd, "open %s", name);
		node = open_node(report_until_known(fd, name), O_RDONLY);
		check_nothing_wrong(node);
		cmd(fd, "free address=0x9000");
		/* A late device cannot say that this was never allocated */
		CHECK_EQ(
			device_counter(node,
				       BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER) +
				device_counter(
					node,
					BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH),
			1);
		close(node);
	}
	/* The first devices were prepared and are complete, the last are late */
	CHECK_EQ(info_of(s->control).nr_devices, MANY + 1);
	CHECK_EQ(device_counter(node = open_node(wait_for_device("many0"),
						 O_RDONLY),
				BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER),
		 1);
	close(node);
	node = open_node(wait_for_device("many11"), O_RDONLY);
	CHECK_EQ(device_counter(node,
				BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH),
		 1);
	close(node);
}

SAMPLE_TEST(driver_reports_into_the_device_registered_for_it)
{
	__u32 device = add_device(s->control, PCI_FUNCTION, 0);
	int node = open_node(device, O_RDWR),
	    runtime = open_node(device, O_RDWR);
	int fd;

	add_space(runtime, "VRAM");
	CHECK_EQ(verdict_of(runtime, ALLOC(.address = 0x1000, .size = 64)),
		 BUFTRACK_VERDICT_OK);
	cmd(s->driver, "add behind " PCI_FUNCTION);
	fd = sample_client("behind");
	cmd(fd, "alloc " BUFFER_AT);
	CHECK_STR(device_info(node).driver, SAMPLE);
	CHECK_EQ(device_info(node).nr_spaces, 1);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	cmd(fd, "free address=0x1000");
	check_nothing_wrong(node);
	CHECK_EQ(verdict_of(runtime, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	cmd(fd, "free address=0x1000");
	check_wrong(node, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
	check_invariants(node);
	close(runtime);
	close(node);
}

/* The driver's word counts, and no buffer that was counted is forgotten */
SAMPLE_TEST(driver_makes_a_runtimes_space_an_aperture)
{
	__u32 device = add_device(s->control, PCI_FUNCTION, 0);
	int node = open_node(device, O_RDWR),
	    runtime = open_node(device, O_RDWR);
	__u64 values[BUFTRACK_NR_COUNTERS];
	__u32 space = add_space(runtime, "TLB");
	int fd;

	CHECK_EQ(verdict_of(runtime, ALLOC(.address = 0x1000, .size = 64)),
		 BUFTRACK_VERDICT_OK);
	cmd(s->driver, "add behind " PCI_FUNCTION);
	fd = sample_client("behind");
	cmd(fd, "alloc space=TLB aperture=1 " BUFFER_AT);
	CHECK_OK(counters(node, BUFTRACK_SCOPE_SPACE, space, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BYTES], 4096 + 64);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_LIVE_BYTES), 64);
	cmd(fd, "free space=TLB address=0x1000");
	CHECK_EQ(verdict_of(runtime, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_LIVE_BYTES), 0);
	check_nothing_wrong(node);
	check_invariants(node);
	close(runtime);
	close(node);
}

/* The driver reports in atomic context, so the log must be there before it does */
SAMPLE_TEST(events_of_a_registered_device_start_with_its_driver)
{
	int node = open_node(add_device(s->control, PCI_FUNCTION, 0), O_RDONLY);
	struct buftrack_event event;
	int fd;

	cmd(s->driver, "add behind " PCI_FUNCTION);
	fd = sample_client("behind");
	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "free address=0x1000");
	cmd(fd, "free address=0x1000");
	check_wrong(node, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
	CHECK_SYS(fcntl(node, F_SETFL, O_NONBLOCK));
	CHECK_EQ(read(node, &event, sizeof(event)), sizeof(event));
	CHECK_EQ(event.sequence, 1);
	CHECK_EQ(event.dropped, 0);
	CHECK_EQ(event.verdict, BUFTRACK_VERDICT_DOUBLE_FREE);
	close(node);
}

SAMPLE_TEST(runtime_keeps_its_buffers_when_the_driver_unbinds)
{
	struct buftrack_device_info info;
	int node, runtime, fd;

	cmd(s->driver, "add behind " PCI_FUNCTION);
	fd = sample_client("behind");
	WAIT_UNTIL(find_device(PCI_FUNCTION, &info));
	node = open_node(info.device, O_RDWR);
	runtime = open_node(info.device, O_RDWR);
	add_space(runtime, "VRAM");
	CHECK_EQ(verdict_of(runtime, ALLOC(.address = 0x1000, .size = 64)),
		 BUFTRACK_VERDICT_OK);
	cmd(fd, "alloc " BUFFER_AT);
	cmd(s->driver, "end behind");
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	CHECK_EQ(verdict_of(runtime, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	check_nothing_wrong(node);
	close(runtime);
	close(node);
}

static void report_forever(void *arg)
{
	int fd = sample_client(CHIP);

	(void)arg;
	for (;;)
		cmd(fd, "traffic 100");
}

SAMPLE_TEST(admin_can_remove_a_device_under_driver_traffic)
{
	struct buftrack_device_info info;
	pid_t pid = start(report_forever, NULL);
	int i, node;

	for (i = 0; i < 20; i++) {
		WAIT_UNTIL(find_device(CHIP, &info));
		node = open_node(info.device, O_RDONLY);
		WAIT_UNTIL(device_counter(node, BUFTRACK_COUNTER_FREES) > 0);
		CHECK_OK(remove_device(s->control, info.device,
				       BUFTRACK_DEVICE_REMOVE_FORCE));
		CHECK_EQ(device_counter(node,
					BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER),
			 0);
		CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_DOUBLE_FREES),
			 0);
		CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_FOREIGN_FREES),
			 0);
		close(node);
	}
	end(pid, SIGKILL);
}

static void run_client(struct sample *s, int id)
{
	int fd = sample_client(CHIP), i;

	for (i = 0; i < 20; i++)
		cmd(fd, "alloc address=%d size=64 id=%d", i * 4096, id);
	/* The driver frees the buffers of every other client */
	if (id % 2)
		close(fd);
	for (i = 0; i < 20; i++)
		cmd(id % 2 ? s->driver : fd, "free address=%d id=%d", i * 4096,
		    id);
	close(fd);
}

SAMPLE_TEST(records_and_clients_drop_to_zero_after_use)
{
	struct buftrack_device_set set = {
		.fields = BUFTRACK_DEVICE_SET_MAX_FREED |
			  BUFTRACK_DEVICE_SET_MAX_CLOSED,
	};
	struct buftrack_client_info info;
	int i;

	CHECK_OK(set_device(s->fd, set));
	cmd(s->driver, "open " CHIP);
	for (i = 1; i <= 100; i++)
		run_client(s, i);
	cmd(s->driver, "close");
	check_nothing_wrong(s->fd);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ALLOCS), 2000);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_FREES), 2000);
	CHECK_EQ(device_info(s->fd).nr_records, 0);
	CHECK_EQ(device_info(s->fd).nr_clients, 1);
	/* The worker drops ended clients */
	WAIT_UNTIL(!next_client(s->fd, 2, &info));
	/* The audit after each test checks that all records were freed */
}
