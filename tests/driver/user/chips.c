// SPDX-License-Identifier: GPL-2.0
/* Devices that a driver announces, removes and brings back */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "fixture.h"
#include "sample.h"

#define BUFFER_AT "address=0x1000 size=4096"

/* A function that every machine of ours has: its bridge to the rest */
#define PCI_FUNCTION "0000:00:00.0"

/* More than there are prepared ones */
#define MANY 12

SAMPLE_TEST(a_device_has_its_drivers_name)
{
	struct buftrack_device_info info = device_info(s->fd);

	CHECK_STR(info.name, CHIP);
	CHECK_STR(info.driver, SAMPLE);
	CHECK_EQ(info.nr_clients, 1);
}

SAMPLE_TEST(a_removed_device_ends_what_is_live_as_removed)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "alloc driver=1 address=0x3000 size=4096");
	tell(s->driver, "end " CHIP);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 2);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	check_nothing_wrong(s->fd);
}

SAMPLE_TEST(a_client_that_closes_after_its_device_is_closed)
{
	int fd = sample_client(CHIP);
	__u64 number = nth_client(s->fd, 0);

	tell(s->driver, "end " CHIP);
	CHECK(client_state(s->fd, number) & BUFTRACK_CLIENT_STATE_OPEN);
	close(fd);
	CHECK(!(client_state(s->fd, number) & BUFTRACK_CLIENT_STATE_OPEN));
	CHECK_EQ(device_info(s->fd).nr_clients, 1);
}

SAMPLE_TEST(frees_after_the_device_has_gone_are_not_blamed)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(s->driver, "end " CHIP);
	tell(fd, "free address=0x1000");
	tell(fd, "free address=0x9000 counted=1");
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER),
		 0);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_DOUBLE_FREES), 0);
	close(fd);
}

SAMPLE_TEST(a_device_that_comes_back_is_the_same_and_starts_anew)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(s->driver, "end " CHIP);
	close(fd);
	tell(s->driver, "add " CHIP);
	CHECK_EQ(wait_for_device(CHIP), s->device);
	fd = sample_client(CHIP);
	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "free address=0x1000");
	check_nothing_wrong(s->fd);
	tell(fd, "free address=0x9000");
	check_wrong(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
}

SAMPLE_TEST(a_file_of_the_device_before_is_no_client_of_the_one_after)
{
	int old = sample_client(CHIP), fd;

	tell(old, "alloc " BUFFER_AT);
	tell(s->driver, "end " CHIP);
	tell(s->driver, "add " CHIP);
	fd = sample_client(CHIP);
	tell(fd, "alloc " BUFFER_AT);
	close(old);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	CHECK_EQ(device_info(s->fd).nr_clients, 2);
	check_nothing_wrong(s->fd);
}

SAMPLE_TEST(two_devices_have_nothing_in_common)
{
	int one = sample_client(CHIP), two, other;

	tell(s->driver, "add other");
	two = sample_client("other");
	other = open_node(wait_for_device("other"), O_RDONLY);
	tell(one, "alloc " BUFFER_AT);
	tell(two, "alloc " BUFFER_AT);
	tell(two, "free address=0x1000");
	tell(two, "free address=0x1000");
	check_nothing_wrong(s->fd);
	check_wrong(other, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	CHECK_EQ(device_counter(other, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	close(other);
}

SAMPLE_TEST(what_one_device_lost_leaves_another_one_sure)
{
	int one = sample_client(CHIP), two;

	tell(s->driver, "add other");
	two = sample_client("other");
	tell(two, "alloc address=0x1000");
	tell(one, "free address=0x9000");
	check_wrong(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
}

/* What is told while no device is prepared is not heard */
static __u32 talk_until_known(int fd, const char *name)
{
	struct buftrack_device_info info;
	unsigned int id = 1;

	WAIT_UNTIL((tell(fd, "alloc address=0x1000 size=64 id=%u", id++),
		    find_device(name, &info)));
	return info.device;
}

SAMPLE_TEST(more_devices_at_once_than_are_prepared_all_come_in_the_end)
{
	char name[16];
	int i, fd, node;

	tell(s->driver, "many %d", MANY);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		fd = sample_open();
		tell(fd, "open %s", name);
		node = open_node(talk_until_known(fd, name), O_RDONLY);
		check_nothing_wrong(node);
		tell(fd, "free address=0x9000");
		/* Whose beginning was not seen is not blamed */
		CHECK_EQ(
			device_counter(node,
				       BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER) +
				device_counter(
					node,
					BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH),
			1);
		close(node);
	}
	/* The first has been there before; those that came too late are late */
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

SAMPLE_TEST(a_driver_reports_into_the_device_that_was_registered_for_it)
{
	__u32 device = add_device(s->control, PCI_FUNCTION, 0);
	int node = open_node(device, O_RDWR),
	    runtime = open_node(device, O_RDWR);
	int fd;

	add_space(runtime, "VRAM");
	CHECK_EQ(verdict_of(runtime, ALLOC(.address = 0x1000, .size = 64)),
		 BUFTRACK_VERDICT_OK);
	tell(s->driver, "add behind " PCI_FUNCTION);
	fd = sample_client("behind");
	tell(fd, "alloc " BUFFER_AT);
	CHECK_STR(device_info(node).driver, SAMPLE);
	CHECK_EQ(device_info(node).nr_spaces, 1);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	tell(fd, "free address=0x1000");
	check_nothing_wrong(node);
	CHECK_EQ(verdict_of(runtime, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	tell(fd, "free address=0x1000");
	check_wrong(node, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
	check_invariants(node);
	close(runtime);
	close(node);
}

SAMPLE_TEST(a_runtime_keeps_its_buffers_when_the_drivers_device_goes)
{
	struct buftrack_device_info info;
	int node, runtime, fd;

	tell(s->driver, "add behind " PCI_FUNCTION);
	fd = sample_client("behind");
	WAIT_UNTIL(find_device(PCI_FUNCTION, &info));
	node = open_node(info.device, O_RDWR);
	runtime = open_node(info.device, O_RDWR);
	add_space(runtime, "VRAM");
	CHECK_EQ(verdict_of(runtime, ALLOC(.address = 0x1000, .size = 64)),
		 BUFTRACK_VERDICT_OK);
	tell(fd, "alloc " BUFFER_AT);
	tell(s->driver, "end behind");
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_REMOVED_BUFFERS), 1);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	CHECK_EQ(verdict_of(runtime, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	check_nothing_wrong(node);
	close(runtime);
	close(node);
}

static void report_on_and_on(void *arg)
{
	int fd = sample_client(CHIP);

	(void)arg;
	for (;;)
		tell(fd, "traffic 100");
}

SAMPLE_TEST(an_admin_may_remove_a_device_that_its_driver_reports_into)
{
	struct buftrack_device_info info;
	pid_t pid = start(report_on_and_on, NULL);
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

static void come_and_go(struct sample *s, int id)
{
	int fd = sample_client(CHIP), i;

	for (i = 0; i < 20; i++)
		tell(fd, "alloc address=%d size=64 id=%d", i * 4096, id);
	/* Every other client leaves it to the driver to free what it had */
	if (id % 2)
		close(fd);
	for (i = 0; i < 20; i++)
		tell(id % 2 ? s->driver : fd, "free address=%d id=%d", i * 4096,
		     id);
	close(fd);
}

SAMPLE_TEST(all_numbers_come_back_after_all_has_gone)
{
	struct buftrack_device_set set = {
		.fields = BUFTRACK_DEVICE_SET_MAX_FREED |
			  BUFTRACK_DEVICE_SET_MAX_CLOSED,
	};
	struct buftrack_client_info info;
	int i;

	CHECK_OK(set_device(s->fd, set));
	tell(s->driver, "open " CHIP);
	for (i = 1; i <= 100; i++)
		come_and_go(s, i);
	tell(s->driver, "close");
	check_nothing_wrong(s->fd);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ALLOCS), 2000);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_FREES), 2000);
	CHECK_EQ(device_info(s->fd).nr_records, 0);
	CHECK_EQ(device_info(s->fd).nr_clients, 1);
	/* The end of a client is seen to a little later */
	WAIT_UNTIL(!next_client(s->fd, 2, &info));
	/* That all records are given back is in the audit after each test */
}
