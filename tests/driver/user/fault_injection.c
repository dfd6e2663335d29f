// SPDX-License-Identifier: GPL-2.0
/* Reports of a driver when allocations fail, on kernels with fault injection */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "fixture.h"
#include "sample.h"

#define FAIL_NTH "/proc/self/fail-nth"
#define FAILSLAB "/sys/kernel/debug/failslab/"
#define FAIL_USERCOPY "/sys/kernel/debug/fail_usercopy/"
#define RECORD_CACHE "/sys/kernel/slab/buftrack_record/failslab"

/* More than the spare records of a device */
#define MANY 5000

/* Kept open, since opening it allocates */
static int fault_fd;

static void set_fault(unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nth);
	CHECK_SYS(pwrite(fault_fd, text, strlen(text), 0));
}

/* Returns whether the call made fewer allocations than that */
static bool fault_is_pending(void)
{
	char text[16] = {};

	CHECK_SYS(pread(fault_fd, text, sizeof(text) - 1, 0));
	set_fault(0);
	return strtoul(text, NULL, 10) != 0;
}

static void need_faults(void)
{
	if (access(FAIL_NTH, W_OK))
		test_skip("this kernel has no fault injection");
	write_file(FAILSLAB "ignore-gfp-wait", "N");
	write_file(FAILSLAB "verbose", "0");
	/* Copies from and to user space must not fail */
	write_file(FAIL_USERCOPY "require-start", "1");
	write_file(FAIL_USERCOPY "require-end", "2");
	fault_fd = CHECK_SYS(open(FAIL_NTH, O_RDWR));
}

/* A buffer is recorded, or counted as untracked or lost */
static void check_recorded_or_lost(struct sample *s, int err)
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
		err = try_cmd(fd, "open " CHIP);
		done = fault_is_pending();
		CHECK_OK(err);
		set_fault(nth);
		err = try_cmd(fd, "alloc address=0x1000 size=64");
		done &= fault_is_pending();
		check_recorded_or_lost(s, err);
		if (!err)
			cmd(fd, "free address=0x1000");
		CHECK_EQ(device_counter(s->fd,
					BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER),
			 0);
		CHECK_OK(reset_device(s->fd));
		close(fd);
	}
	return nth - 2;
}

TEST(any_allocation_of_a_probe_can_fail)
{
	struct sample s;

	need_faults();
	sample_up(&s);
	printf("# %u allocations\n", fail_each(&s));
	sample_down(&s);
}

/* Fail allocations of records only; another order would fail others for a moment */
static void fail_records(bool on)
{
	if (!on)
		write_file(FAILSLAB "probability", "0");
	write_file(RECORD_CACHE, on ? "1" : "0");
	write_file(FAILSLAB "cache-filter", on ? "Y" : "N");
	write_file(FAILSLAB "times", "-1");
	if (on)
		write_file(FAILSLAB "probability", "100");
}

TEST(buffers_without_records_are_untracked_and_their_frees_ok)
{
	struct sample s;
	int fd, i;

	need_faults();
	sample_up(&s);
	fd = sample_client(CHIP);
	fail_records(true);
	for (i = 0; i < MANY; i++)
		cmd(fd, "alloc from=%s address=%d size=64",
		    i % 2 ? "lock" : "irq", i * 4096);
	fail_records(false);
	CHECK(device_counter(s.fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS) > 0);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS) +
			 device_counter(s.fd, BUFTRACK_COUNTER_ALLOCS),
		 MANY);
	for (i = 0; i < MANY; i++)
		cmd(fd, "free address=%d", i * 4096);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER), 0);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNKNOWN_FREES_GAP),
		 device_counter(s.fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS));
	sample_down(&s);
}

TEST(frees_of_buffers_beyond_the_limit_are_no_wrong_frees)
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
		cmd(fd, "alloc from=lock address=%d size=64", i * 4096);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_ALLOCS), 100);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 50);
	for (i = 0; i < 150; i++)
		cmd(fd, "free from=lock address=%d", i * 4096);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_FREES), 100);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNKNOWN_FREES_GAP), 50);
	sample_down(&s);
}
