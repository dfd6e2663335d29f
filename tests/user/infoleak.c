// SPDX-License-Identifier: GPL-2.0
/* No answer contains a kernel address, at any byte offset */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "op.h"
#include "event_reader.h"
#include "identity.h"

/* The upper half of the address space without the range of errnos and limits */
#define KERNEL_BEGIN 0xffff800000000000ULL
#define KERNEL_END 0xfffffffffffff000ULL

static bool is_kernel_address(__u64 value)
{
	return value >= KERNEL_BEGIN && value < KERNEL_END;
}

static bool has_kernel_address(const void *bytes, size_t size)
{
	const char *at = bytes;
	__u64 value;

	for (; size >= sizeof(value); at++, size--) {
		memcpy(&value, at, sizeof(value));
		if (is_kernel_address(value))
			return true;
	}
	return false;
}

/* Looks for decimal and hexadecimal numbers */
static bool text_has_kernel_address(const char *text)
{
	char *end;

	for (; *text; text++)
		if (is_kernel_address(strtoull(text, &end, 10)) ||
		    is_kernel_address(strtoull(text, &end, 16)))
			return true;
	return false;
}

TEST(scan_finds_kernel_addresses)
{
	const __u64 address = 0xffff888000123456;
	char bytes[32] = {};

	CHECK(!has_kernel_address(bytes, sizeof(bytes)));
	memcpy(bytes + 24, &address, sizeof(address));
	CHECK(has_kernel_address(bytes, sizeof(bytes)));
	CHECK(!has_kernel_address(bytes, sizeof(bytes) - 1));
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes + 3, &address, sizeof(address));
	CHECK(has_kernel_address(bytes, sizeof(bytes)));
	CHECK(text_has_kernel_address("at ffffffffc0001234\n"));
	CHECK(text_has_kernel_address("18446735000000000000"));
	CHECK(!text_has_kernel_address("1024\n"));
}

/* Records and events of every kind, open and closed clients */
static void populate(const struct fixture *f)
{
	int shared = fixture_open(f), left = fixture_open(f);
	__u64 client, i;

	op_populate(f);
	CHECK_OK(declare(shared, BUFTRACK_DECLARE_SHARED, &client));
	for (i = 0; i < 8; i++) {
		CHECK_OK(try_report(shared, BUFFER(i << 12, 64)));
		CHECK_OK(try_report(left, BUFFER(i << 12, 64)));
	}
	for (i = 0; i < 4; i++) {
		CHECK_OK(try_report(shared, FREE(.address = i << 12)));
		CHECK_OK(try_report(shared, FREE(.address = i << 12)));
		CHECK_OK(try_report(left, FREE(.address = 0x7010)));
		CHECK_OK(try_report(left, BUFFER(0x7000, 64)));
	}
	close(shared);
	close(left);
}

static void scan_ioctl(const struct op *op, const struct fixture *f, int fd)
{
	char argument[MAX_ARGUMENT] = {};

	op->fill(f, argument);
	if (op->cmd == BUFTRACK_IOCTL_RECORDS)
		((struct buftrack_records *)argument)->space = 0;
	do_ioctl(fd, op->cmd, argument);
	/* Inputs are pointers into the memory of the caller, below this range */
	CHECK(!has_kernel_address(argument, sizeof(argument)));
}

static void ioctl_leaks_no_kernel_address(const void *arg)
{
	const struct op *op = arg;
	struct fixture f;
	int fd;

	fixture_setup(&f);
	populate(&f);
	scan_ioctl(op, &f, op_fd(op, &f));
	if (op->device) {
		fd = fixture_open_as(&f, BOB);
		scan_ioctl(op, &f, fd);
		close(fd);
	}
	fixture_teardown(&f);
}

__attribute__((constructor)) static void add_tests(void)
{
	const struct op *op;

	for_each_op(op) test_addf(AREA, ioctl_leaks_no_kernel_address, op,
				  "%s_tells_no_kernel_address", op->name);
}

static void scan_records(int fd)
{
	struct listing l = list_all(fd, 0);

	CHECK(l.nr > 10);
	CHECK(!has_kernel_address(l.records, l.nr * sizeof(*l.records)));
	free(l.records);
}

static void scan_counters(int fd, __u32 scope, __u64 number)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	CHECK_OK(counters(fd, scope, number, values));
	CHECK(!has_kernel_address(values, sizeof(values)));
}

static void scan_clients(int fd)
{
	struct buftrack_client_info info;
	__u64 after = 0;

	while (next_client(fd, after, &info)) {
		CHECK(!has_kernel_address(&info, sizeof(info)));
		scan_counters(fd, BUFTRACK_SCOPE_CLIENT, info.client);
		after = info.client + 1;
	}
	CHECK_EQ(after, 4);
}

static void scan_events(int fd)
{
	struct buftrack_event events[32];
	ssize_t n = try_read(fd, events, sizeof(events));

	CHECK(n >= 12 * (ssize_t)EVENT_SIZE);
	CHECK(!has_kernel_address(events, n));
}

static void scan_node(int fd)
{
	scan_records(fd);
	scan_clients(fd);
	scan_counters(fd, BUFTRACK_SCOPE_DEVICE, 0);
	scan_counters(fd, BUFTRACK_SCOPE_SPACE, 0);
	scan_events(fd);
}

DEVICE_TEST(node_leaks_no_kernel_address)
{
	populate(f);
	scan_node(open_reader(f));
}

DEVICE_TEST(node_leaks_no_kernel_address_to_users)
{
	populate(f);
	scan_node(fixture_open_as(f, BOB));
}

DEVICE_TEST(removed_device_leaks_no_kernel_address)
{
	int fd = open_reader(f);

	populate(f);
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	scan_clients(fd);
	scan_events(fd);
}

static void scan_file(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = 0;
	if (text_has_kernel_address(text))
		test_failed(__FILE__, __LINE__, "%s: %s", path, text);
}

static unsigned int scan_directory(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	unsigned int nr = 0;
	char path[512];

	CHECK(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_REG)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		scan_file(path);
		nr++;
	}
	closedir(dir);
	return nr;
}

DEVICE_TEST(sysfs_leaks_no_kernel_address)
{
	char path[64];

	populate(f);
	snprintf(path, sizeof(path), "/sys/class/buftrack/buftrack%u",
		 f->device);
	CHECK(scan_directory(path) >= 5);
	CHECK(scan_directory(PARAMETER_DIR) >= 12);
}
