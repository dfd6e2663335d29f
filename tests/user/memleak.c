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
#include "fixture.h"
#include "identity.h"

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

static void check_cycles(const struct fixture *f, unsigned int nr,
			 void (*cycle)(const struct fixture *f))
{
	unsigned long long before;
	unsigned int i;

	for (i = 0; i < nr / 4; i++)
		cycle(f);
	usleep(100000);
	before = slab_kb();
	for (i = 0; i < nr; i++)
		cycle(f);
	usleep(100000);
	printf("# %lld KiB\n", (long long)(slab_kb() - before));
	if (access("/sys/kernel/debug/kmemleak", F_OK))
		CHECK(slab_kb() < before + SLACK_KB);
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
	/* Frees and replaces what the client before left: its last trace */
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

/* Each time another user, who is refused, or has one client */
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
