// SPDX-License-Identifier: GPL-2.0
/* Drivers that tell where there is no memory, on kernels that can be made to fail */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "fixture.h"
#include "sample.h"

#define FAIL_NTH "/proc/self/fail-nth"
#define FAILSLAB "/sys/kernel/debug/failslab/"
#define FAIL_USERCOPY "/sys/kernel/debug/fail_usercopy/"
#define RECORD_CACHE "/sys/kernel/slab/buftrack_record/failslab"

/* More than a device has prepared records */
#define MANY 5000

/* Open all the while: opening it takes allocations, too */
static int fault_fd;

static void set_fault(unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nth);
	CHECK_SYS(pwrite(fault_fd, text, strlen(text), 0));
}

/* Returns whether the allocation that was to fail never came */
static bool fault_is_left(void)
{
	char text[16] = {};

	CHECK_SYS(pread(fault_fd, text, sizeof(text) - 1, 0));
	set_fault(0);
	return strtoul(text, NULL, 10) != 0;
}

static void need_faults(void)
{
	if (access(FAIL_NTH, W_OK))
		test_skip(
			"this kernel cannot fail an allocation when asked to");
	write_file(FAILSLAB "ignore-gfp-wait", "N");
	write_file(FAILSLAB "verbose", "0");
	/* Copies from and to user space do not fail */
	write_file(FAIL_USERCOPY "require-start", "1");
	write_file(FAIL_USERCOPY "require-end", "2");
	fault_fd = CHECK_SYS(open(FAIL_NTH, O_RDWR));
}

/* What a driver tells of is told whole, or is known to be lost */
static void check_told_or_lost(struct sample *s, int err)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	CHECK(!err || err == ENOMEM);
	CHECK_OK(counters(s->fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	check_conservation(values);
	CHECK_EQ(values[BUFTRACK_COUNTER_ALLOCS] +
			 values[BUFTRACK_COUNTER_LOST_REPORTS] +
			 values[BUFTRACK_COUNTER_UNTRACKED_BUFFERS],
		 err ? 0 : 1);
	CHECK_OK(reset_device(s->fd));
	check_invariants(s->fd);
}

static unsigned int fail_each(struct sample *s)
{
	unsigned int nth;
	bool done = false;
	int fd, err;

	for (nth = 1; !done; nth++) {
		fd = sample_open();
		set_fault(nth);
		err = try_tell(fd, "open " CHIP);
		done = fault_is_left();
		CHECK_OK(err);
		set_fault(nth);
		err = try_tell(fd, "alloc address=0x1000 size=64");
		done &= fault_is_left();
		check_told_or_lost(s, err);
		if (!err)
			tell(fd, "free address=0x1000");
		CHECK_EQ(device_counter(s->fd,
					BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER),
			 0);
		CHECK_OK(reset_device(s->fd));
		close(fd);
	}
	return nth - 2;
}

TEST(each_allocation_of_a_probe_may_fail)
{
	struct sample s;

	need_faults();
	sample_up(&s);
	printf("# %u allocations\n", fail_each(&s));
	sample_down(&s);
}

/* Of the records' cache alone; in this order, lest all allocations fail for a while */
static void starve(bool on)
{
	if (!on)
		write_file(FAILSLAB "probability", "0");
	write_file(RECORD_CACHE, on ? "1" : "0");
	write_file(FAILSLAB "cache-filter", on ? "Y" : "N");
	write_file(FAILSLAB "times", "-1");
	if (on)
		write_file(FAILSLAB "probability", "100");
}

TEST(buffers_without_memory_for_records_are_untracked_and_nobody_is_blamed)
{
	struct sample s;
	int fd, i;

	need_faults();
	sample_up(&s);
	fd = sample_client(CHIP);
	starve(true);
	for (i = 0; i < MANY; i++)
		tell(fd, "alloc from=%s address=%d size=64",
		     i % 2 ? "lock" : "irq", i * 4096);
	starve(false);
	CHECK(device_counter(s.fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS) > 0);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS) +
			 device_counter(s.fd, BUFTRACK_COUNTER_ALLOCS),
		 MANY);
	for (i = 0; i < MANY; i++)
		tell(fd, "free address=%d", i * 4096);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER), 0);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNKNOWN_FREES_GAP),
		 device_counter(s.fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS));
	sample_down(&s);
}

TEST(a_driver_that_has_too_many_buffers_for_a_device_is_not_blamed)
{
	struct buftrack_device_set set = {
		.fields = BUFTRACK_DEVICE_SET_MAX_RECORDS,
		.max_records = 100,
	};
	struct sample s;
	int fd, i;

	sample_up(&s);
	fd = sample_client(CHIP);
	CHECK_OK(set_device(s.fd, set));
	for (i = 0; i < 150; i++)
		tell(fd, "alloc from=lock address=%d size=64", i * 4096);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_ALLOCS), 100);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 50);
	for (i = 0; i < 150; i++)
		tell(fd, "free from=lock address=%d", i * 4096);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_FREES), 100);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNKNOWN_FREES_GAP), 50);
	sample_down(&s);
}
