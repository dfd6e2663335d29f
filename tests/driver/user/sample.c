// SPDX-License-Identifier: GPL-2.0
/* Commands to the sample driver, and checks of what buftrack recorded */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include "module.h"
#include "modules.h"
#include "fixture.h"
#include "sample.h"

#define MAX_FILES 256

/* Counters that are 0 as long as every report is right and recorded */
static const enum buftrack_counter wrong[] = {
	BUFTRACK_COUNTER_DOUBLE_FREES,
	BUFTRACK_COUNTER_STALE_FREES,
	BUFTRACK_COUNTER_FOREIGN_FREES,
	BUFTRACK_COUNTER_SIZE_MISMATCHES,
	BUFTRACK_COUNTER_REFUSED_FREES,
	BUFTRACK_COUNTER_INVALID_FREES,
	BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH,
	BUFTRACK_COUNTER_UNKNOWN_FREES_GAP,
	BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED,
	BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID,
	BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER,
	BUFTRACK_COUNTER_DOUBLE_ALLOCS,
	BUFTRACK_COUNTER_OVERLAPS,
	BUFTRACK_COUNTER_SUPERSEDED,
	BUFTRACK_COUNTER_UNTRACKED_BUFFERS,
	BUFTRACK_COUNTER_LOST_REPORTS,
};

/* Files of the driver that this test has open: they prevent unloading it */
static int files[MAX_FILES];
static unsigned int nr_files;

int sample_open(void)
{
	int fd = CHECK_SYS(open(SAMPLE_NODE, O_WRONLY | O_CLOEXEC));

	CHECK(nr_files < MAX_FILES);
	files[nr_files++] = fd;
	return fd;
}

void sample_unload(void)
{
	while (nr_files)
		close(files[--nr_files]);
	CHECK_OK(unload(SAMPLE));
}

static int write_line(int fd, const char *format, va_list args)
{
	char line[256];
	int n = vsnprintf(line, sizeof(line), format, args);

	CHECK(n < (int)sizeof(line));
	return write(fd, line, n) < 0 ? errno : 0;
}

int try_cmd(int fd, const char *format, ...)
{
	va_list args;
	int err;

	va_start(args, format);
	err = write_line(fd, format, args);
	va_end(args);
	return err;
}

void cmd(int fd, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	CHECK_OK(write_line(fd, format, args));
	va_end(args);
}

int sample_client(const char *device)
{
	int fd = sample_open();

	cmd(fd, "open %s", device);
	return fd;
}

bool find_device(const char *name, struct buftrack_device_info *info)
{
	int control = open_control(O_RDONLY);
	bool found = false;
	__u32 number = 0;

	while (!found && next_device(control, number, info)) {
		found = !strcmp(info->name, name);
		number = info->device + 1;
	}
	close(control);
	return found;
}

__u32 wait_for_device(const char *name)
{
	struct buftrack_device_info info;

	WAIT_UNTIL(find_device(name, &info));
	return info.device;
}

void remove_all_devices(void)
{
	int control = open_control(O_RDWR);
	struct buftrack_device_info info;

	while (next_device(control, 0, &info))
		CHECK_OK(remove_device(control, info.device,
				       BUFTRACK_DEVICE_REMOVE_FORCE));
	close(control);
}

/* A failed test may have left modules and devices behind */
void sample_reload(void)
{
	if (is_loaded(SAMPLE))
		CHECK_OK(unload(SAMPLE));
	if (!is_loaded("buftrack"))
		CHECK_OK(load_module(""));
	remove_all_devices();
	CHECK_OK(load(SAMPLE));
}

void sample_up(struct sample *s)
{
	sample_reload();
	s->driver = sample_open();
	cmd(s->driver, "add " CHIP);
	s->device = wait_for_device(CHIP);
	s->control = open_control(O_RDWR);
	s->fd = open_node(s->device, O_RDWR);
}

void sample_down(struct sample *s)
{
	check_invariants(s->fd);
	close(s->fd);
	close(s->control);
	sample_unload();
	remove_all_devices();
}

__u64 nth_client(int fd, unsigned int nth)
{
	struct buftrack_client_info info;
	__u64 after = 0;

	do {
		CHECK(next_client(fd, after, &info));
		after = info.client + 1;
	} while (info.state & BUFTRACK_CLIENT_STATE_DRIVER || nth--);
	return info.client;
}

void check_wrong(int fd, enum buftrack_counter counter, __u64 count)
{
	__u64 values[BUFTRACK_NR_COUNTERS];
	unsigned int i;

	CHECK_OK(counters(fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	check_conservation(values);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		if (values[wrong[i]] != (wrong[i] == counter ? count : 0))
			test_failed(__FILE__, __LINE__, "counter %d is %llu",
				    wrong[i], values[wrong[i]]);
}

void check_nothing_wrong(int fd)
{
	check_wrong(fd, BUFTRACK_COUNTER_DOUBLE_FREES, 0);
}
