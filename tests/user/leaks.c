// SPDX-License-Identifier: GPL-2.0
/*
 * What is gone gave its memory back. Records are audited after every test; this
 * asks for the rest, which has no count of its own: each kind comes and goes so
 * often that to keep any of it would show. A kernel that looks for leaks itself
 * hides memory from this, and tells them at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "rig.h"
#include "who.h"

/* What the rest of the kernel may take meanwhile */
#define SLACK_KB 1024

static unsigned long long slab_kb(void)
{
	char text[4096];
	const char *at;
	int fd = CHECK_SYS(open("/proc/meminfo", O_RDONLY));
	ssize_t n = CHECK_SYS(read(fd, text, sizeof(text) - 1));

	text[n] = 0;
	close(fd);
	at = strstr(text, "SUnreclaim:");
	CHECK(at);
	return strtoull(at + strlen("SUnreclaim:"), NULL, 10);
}

static void check_cycles(const struct rig *r, unsigned int nr,
			 void (*cycle)(const struct rig *r))
{
	unsigned long long before;
	unsigned int i;

	for (i = 0; i < nr / 4; i++)
		cycle(r);
	usleep(100000);
	before = slab_kb();
	for (i = 0; i < nr; i++)
		cycle(r);
	usleep(100000);
	printf("# %lld KiB\n", (long long)(slab_kb() - before));
	if (access("/sys/kernel/debug/kmemleak", F_OK))
		CHECK(slab_kb() < before + SLACK_KB);
}

static void keep_nothing(const struct rig *r)
{
	const struct buftrack_device_set none = {
		.fields = BUFTRACK_DEVICE_SET_MAX_CLOSED |
			  BUFTRACK_DEVICE_SET_MAX_REMAINING |
			  BUFTRACK_DEVICE_SET_MAX_FREED,
	};

	CHECK_OK(set_device(r->fd, none));
}

static void open_and_close(const struct rig *r)
{
	close(rig_open(r));
	close(open_control(O_RDWR));
}

RIG_TEST(files_that_are_closed_are_freed)
{
	check_cycles(r, 10000, open_and_close);
}

static void leave_a_record(const struct rig *r)
{
	int fd = rig_open(r);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	close(fd);
}

RIG_TEST(clients_that_ended_are_freed)
{
	keep_nothing(r);
	check_cycles(r, 3000, leave_a_record);
}

RIG_TEST(clients_that_only_their_remaining_records_name_are_freed)
{
	keep_nothing(r);
	CHECK_OK(set_device(r->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_REMAINING,
				    .max_remaining = 10 }));
	check_cycles(r, 3000, leave_a_record);
}

static void leave_an_orphan(const struct rig *r)
{
	int fd = rig_open(r);
	__u64 client;

	CHECK_OK(declare(fd, BUFTRACK_DECLARE_SHARED, &client));
	/* Frees and replaces what the client before left: its last trace */
	CHECK_OK(try_report(fd, FREE(.address = 0x1000)));
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	close(fd);
}

RIG_TEST(clients_that_only_orphans_name_are_freed)
{
	keep_nothing(r);
	check_cycles(r, 3000, leave_an_orphan);
}

static void add_and_remove(const struct rig *r)
{
	__u32 device = add_device(r->control, "brief", 0);
	int fd = open_node(device, O_RDWR);

	add_space(fd, "DRAM");
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	CHECK_OK(remove_device(r->control, device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	close(fd);
}

RIG_TEST(devices_that_were_removed_are_freed)
{
	check_cycles(r, 250, add_and_remove);
}

/* Each time another user, who is refused, or has one client */
static void come_as_another(const struct rig *r)
{
	static uid_t uid = 10000;
	int fd = rig_open_as(r, ++uid);
	__u64 client;
	int err = declare(fd, 0, &client);

	CHECK(!err || err == EUSERS);
	close(fd);
}

RIG_TEST(users_that_were_refused_are_forgotten)
{
	set_parameter("clients_per_user", "0");
	check_cycles(r, 24000, come_as_another);
}

RIG_TEST(users_whose_clients_ended_are_forgotten)
{
	keep_nothing(r);
	check_cycles(r, 24000, come_as_another);
}
