// SPDX-License-Identifier: GPL-2.0
/* The sysfs attributes: one value per file, readable by everyone */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "helper.h"
#include "event_reader.h"

static const char *const attributes[] = { "name", "driver", "enabled",
					  "live_bytes", "wrong_frees" };

static void path_of(__u32 device, const char *attribute, char *path,
		    size_t size)
{
	snprintf(path, size, "/sys/class/buftrack/buftrack%u/%s", device,
		 attribute);
}

/* A value is one line */
static void check_value(const struct fixture *f, const char *attribute,
			const char *want)
{
	char path[128], text[256];
	ssize_t n;
	int fd;

	path_of(f->device, attribute, path, sizeof(path));
	fd = CHECK_SYS(open(path, O_RDONLY));
	n = CHECK_SYS(read(fd, text, sizeof(text) - 1));
	close(fd);
	CHECK(n > 0 && text[n - 1] == '\n');
	text[n - 1] = 0;
	CHECK_STR(text, want);
}

static void check_number(const struct fixture *f, const char *attribute,
			 __u64 want)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", want);
	check_value(f, attribute, text);
}

DEVICE_TEST(name_and_driver_are_those_of_the_device)
{
	struct buftrack_device_info info = device_info(f->fd);

	check_value(f, "name", info.name);
	check_value(f, "driver", "user");
	check_value(f, "driver", info.driver);
}

DEVICE_TEST(name_of_full_length_is_not_truncated)
{
	char name[BUFTRACK_DEVICE_NAME_SIZE] = {};
	struct fixture other = *f;

	memset(name, '%', sizeof(name) - 1);
	other.device =
		add_device(f->control, name, BUFTRACK_DEVICE_ADD_TEMPORARY);
	check_value(&other, "name", name);
}

DEVICE_TEST(enabled_is_1_or_0)
{
	check_value(f, "enabled", "1");
	CHECK_OK(set_enabled(f->fd, false));
	check_value(f, "enabled", "0");
	CHECK_OK(set_enabled(f->fd, true));
	check_value(f, "enabled", "1");
}

DEVICE_TEST(live_bytes_cover_all_spaces_and_clients)
{
	int other = fixture_open(f);

	add_space(f->fd, "L1");
	check_number(f, "live_bytes", 0);
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 10)));
	CHECK_OK(try_report(other, ALLOC(.space = 1, .size = 1ULL << 40)));
	check_number(f, "live_bytes", (1ULL << 40) + 10);
	close(other);
	check_number(f, "live_bytes", 10);
	CHECK_OK(try_report(f->fd, FREE(.address = 0x1000)));
	check_number(f, "live_bytes", 0);
}

DEVICE_TEST(live_bytes_are_64_bit)
{
	CHECK_OK(try_report(f->fd, ALLOC(.size = 0xfffffffffffffff0)));
	check_number(f, "live_bytes", 0xfffffffffffffff0);
}

/* Each adds one: refused, invalid, size mismatch, stale, double and unknown */
DEVICE_TEST(wrong_frees_are_all_verdicts_but_ok_and_disabled)
{
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 64)));
	check_number(f, "wrong_frees", 0);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 64)),
		 BUFTRACK_VERDICT_DOUBLE_ALLOC);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1020, 64)),
		 BUFTRACK_VERDICT_OVERLAP);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1020,
					.flags = BUFTRACK_REPORT_REFUSED)),
		 BUFTRACK_VERDICT_REFUSED_FREE);
	check_number(f, "wrong_frees", 1);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1001)),
		 BUFTRACK_VERDICT_INVALID_FREE);
	check_number(f, "wrong_frees", 2);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1020, .size = 1)),
		 BUFTRACK_VERDICT_SIZE_MISMATCH);
	check_number(f, "wrong_frees", 3);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1020)),
		 BUFTRACK_VERDICT_STALE_FREE);
	check_number(f, "wrong_frees", 4);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_DOUBLE_FREE);
	check_number(f, "wrong_frees", 5);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x9000)),
		 BUFTRACK_VERDICT_UNKNOWN_NEVER);
	check_number(f, "wrong_frees", 6);
	CHECK_OK(lost(f->fd, 1));
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x9000)),
		 BUFTRACK_VERDICT_UNKNOWN_GAP);
	check_number(f, "wrong_frees", 7);
	CHECK_OK(try_report(f->fd,
			    ALLOC(.address = 0x2000, .size = 1, .id = 1)));
	CHECK_OK(try_report(f->fd, FREE(.address = 0x2000, .id = 1)));
	CHECK_EQ(verdict_of(f->fd, USE(.address = 0x2000, .id = 1)),
		 BUFTRACK_VERDICT_USE_AFTER_FREE);
	check_number(f, "wrong_frees", 7);
	CHECK_OK(reset_device(f->fd));
	check_number(f, "wrong_frees", 0);
}

DEVICE_TEST(unknown_frees_of_every_reason_are_wrong_frees)
{
	int late = fixture_open(f), other = fixture_open(f);
	__u64 client;

	CHECK_OK(declare(late, BUFTRACK_DECLARE_LATE, &client));
	CHECK_EQ(verdict_of(late, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH);
	check_number(f, "wrong_frees", 1);
	CHECK_OK(try_report(other,
			    ALLOC(.address = 0x1000, .size = 1, .id = 1)));
	CHECK_EQ(verdict_of(other, FREE(.address = 0x1000, .id = 2)),
		 BUFTRACK_VERDICT_UNKNOWN_OTHER_ID);
	check_number(f, "wrong_frees", 2);
	CHECK_OK(set_device(f->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_FREED }));
	CHECK_OK(try_report(other, FREE(.address = 0x1000, .id = 1)));
	CHECK_EQ(verdict_of(other, FREE(.address = 0x1000, .id = 1)),
		 BUFTRACK_VERDICT_UNKNOWN_EVICTED);
	check_number(f, "wrong_frees", 3);
}

DEVICE_TEST(foreign_frees_are_wrong_frees)
{
	int owner = fixture_open(f);
	__u64 client;

	CHECK_OK(declare(owner, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(declare(f->fd, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(try_report(owner, BUFFER(0x1000, 64)));
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_FOREIGN_FREE);
	check_number(f, "wrong_frees", 1);
}

DEVICE_TEST(attributes_are_read_only)
{
	struct stat stat_buffer;
	char path[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		path_of(f->device, attributes[i], path, sizeof(path));
		CHECK_SYS(stat(path, &stat_buffer));
		CHECK_EQ(stat_buffer.st_mode, S_IFREG | 0444);
		CHECK_EQ(stat_buffer.st_uid, 0);
	}
}

static void read_as_user(void *arg)
{
	const struct fixture *f = arg;

	check_value(f, "enabled", "1");
	check_number(f, "live_bytes", 77);
	check_number(f, "wrong_frees", 1);
}

DEVICE_TEST(attributes_are_readable_by_everyone)
{
	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 77)));
	report_wrong(f->fd, 1);
	in_child_as(ALICE, read_as_user, f);
}

DEVICE_TEST(attributes_are_removed_with_the_device)
{
	char path[128], text[64];
	int fds[ARRAY_SIZE(attributes)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		path_of(f->device, attributes[i], path, sizeof(path));
		fds[i] = CHECK_SYS(open(path, O_RDONLY));
	}
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		CHECK_ERR(-try_read(fds[i], text, sizeof(text)), ENODEV);
		path_of(f->device, attributes[i], path, sizeof(path));
		CHECK_ERR(access(path, F_OK) ? errno : 0, ENOENT);
	}
	path_of(f->device, "", path, sizeof(path));
	CHECK_ERR(access(path, F_OK) ? errno : 0, ENOENT);
}

/* Reads all attributes of all devices, present or not */
static void read_loop(void *arg)
{
	volatile bool *stop = arg;
	char path[128], text[256];
	unsigned int i;
	__u32 device;
	int fd;

	while (!*stop)
		for (device = 0; device < 3; device++)
			for (i = 0; i < ARRAY_SIZE(attributes); i++) {
				path_of(device, attributes[i], path,
					sizeof(path));
				fd = open(path, O_RDONLY);
				if (fd < 0) {
					CHECK(errno == ENOENT ||
					      errno == ENODEV);
					continue;
				}
				CHECK(read(fd, text, sizeof(text)) > 0 ||
				      errno == ENODEV);
				close(fd);
			}
}

DEVICE_TEST(attributes_can_be_read_while_devices_come_and_go)
{
	bool *stop = shared_memory(sizeof(*stop));
	int rounds = is_debug_kernel() ? 12 : 100, fd;
	pid_t pids[2];
	__u32 device;

	pids[0] = start(read_loop, stop);
	pids[1] = start(read_loop, stop);
	while (rounds--) {
		device = add_device(f->control, "brief", 0);
		fd = open_node(device, O_RDWR);
		add_space(fd, "DRAM");
		CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
		CHECK_OK(remove_device(f->control, device,
				       BUFTRACK_DEVICE_REMOVE_FORCE));
		close(fd);
	}
	*stop = true;
	finish(pids[0]);
	finish(pids[1]);
}
