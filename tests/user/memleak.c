// SPDX-License-Identifier: GPL-2.0
/*
 * Ended objects give their memory back. The audit counts records and devices; this
 * repeats the life of the other objects until a leak shows in /proc/meminfo. On a debug
 * kernel kmemleak finds leaks instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "fixture.h"
#include "identity.h"

/* Memory that the rest of the kernel may take in the meantime */
#define SLACK_KB 1024

/* kmemleak finds a single leak, so a slow debug kernel needs few cycles */
static unsigned int scaled(unsigned int cycles)
{
	return is_debug_kernel() ? cycles / 20 : cycles;
}

static void check_cycles(const struct fixture *f, unsigned int nr,
			 void (*cycle)(const struct fixture *f))
{
	unsigned int i;
	__u64 before;

	for (i = 0; i < scaled(nr / 4); i++)
		cycle(f);
	usleep(100000);
	before = meminfo_kb("SUnreclaim:");
	for (i = 0; i < scaled(nr); i++)
		cycle(f);
	/* Part of it is freed only after a grace period */
	if (!is_debug_kernel())
		WAIT_UNTIL(meminfo_kb("SUnreclaim:") < before + SLACK_KB);
}

static void keep_nothing(const struct fixture *f)
{
	const struct buftrack_device_set none = {
		.fields = BUFTRACK_DEVICE_SET_MAX_CLOSED |
			  BUFTRACK_DEVICE_SET_MAX_REMAINING |
			  BUFTRACK_DEVICE_SET_MAX_FREED,
	};

	CHECK_OK(set_device(f->fd, none));
}

static void open_and_close(const struct fixture *f)
{
	close(fixture_open(f));
	close(open_control(O_RDWR));
}

DEVICE_TEST(closed_files_are_freed)
{
	check_cycles(f, 10000, open_and_close);
}

static void leave_a_record(const struct fixture *f)
{
	int fd = fixture_open(f);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	close(fd);
}

DEVICE_TEST(ended_clients_are_freed)
{
	keep_nothing(f);
	check_cycles(f, 3000, leave_a_record);
}

DEVICE_TEST(clients_held_only_by_remaining_records_are_freed)
{
	keep_nothing(f);
	CHECK_OK(set_device(f->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_REMAINING,
				    .max_remaining = 10 }));
	check_cycles(f, 3000, leave_a_record);
}

static void leave_an_orphan(const struct fixture *f)
{
	int fd = fixture_open(f);
	__u64 client;

	CHECK_OK(declare(fd, BUFTRACK_DECLARE_SHARED, &client));
	/* Frees and replaces the orphan of the client before, which was its last reference */
	CHECK_OK(try_report(fd, FREE(.address = 0x1000)));
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	close(fd);
}

DEVICE_TEST(clients_held_only_by_orphans_are_freed)
{
	keep_nothing(f);
	check_cycles(f, 3000, leave_an_orphan);
}

static void add_and_remove(const struct fixture *f)
{
	__u32 device = add_device(f->control, "brief", 0);
	int fd = open_node(device, O_RDWR);

	add_space(fd, "DRAM");
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	CHECK_OK(remove_device(f->control, device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	close(fd);
}

DEVICE_TEST(removed_devices_are_freed)
{
	check_cycles(f, 250, add_and_remove);
}

/* Each call is another user, who is refused or has one client */
static void open_as_new_user(const struct fixture *f)
{
	static uid_t uid = 10000;
	int fd = fixture_open_as(f, ++uid);
	__u64 client;
	int err = declare(fd, 0, &client);

	CHECK(!err || err == EUSERS);
	close(fd);
}

DEVICE_TEST(refused_users_are_freed)
{
	set_parameter("clients_per_user", "0");
	check_cycles(f, 24000, open_as_new_user);
}

DEVICE_TEST(users_of_ended_clients_are_freed)
{
	keep_nothing(f);
	check_cycles(f, 24000, open_as_new_user);
}
