// SPDX-License-Identifier: GPL-2.0
/* A client that ends with a million records blocks nobody */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "helper.h"
#include "fixture.h"

#define PER_CALL 20000

/* Filling takes most of the time and is the same for both widths */
static __u64 nr_records(void)
{
	if (is_debug_kernel())
		return 40000;
	return sizeof(long) == 8 ? 1000000 : 200000;
}

static void fill_and_wait(void *arg)
{
	static struct buftrack_report reports[PER_CALL];
	int fd = fixture_open(arg);
	__u32 i, done;

	for (i = 0; i < nr_records(); i++) {
		reports[i % PER_CALL] = BUFFER((__u64)i << 12, 16);
		if (i % PER_CALL == PER_CALL - 1)
			CHECK_OK(batch(fd, reports, PER_CALL, NULL, &done));
	}
	pause();
}

/**
 * struct bystander - another client, which reports without a pause
 * @fd: its file
 * @reports: number of its reports
 * @longest: longest time for an alloc and a free, in ns
 * @stop: set to end it
 */
struct bystander {
	int fd;
	volatile __u64 reports;
	volatile __u64 longest;
	volatile bool stop;
};

static void *report_meanwhile(void *arg)
{
	struct bystander *b = arg;
	__u64 begin, took;

	while (!b->stop) {
		begin = now_ns();
		CHECK_EQ(verdict_of(b->fd, BUFFER(0x1000, 16)),
			 BUFTRACK_VERDICT_OK);
		CHECK_EQ(verdict_of(b->fd, FREE(.address = 0x1000)),
			 BUFTRACK_VERDICT_OK);
		b->reports += 2;
		took = now_ns() - begin;
		if (took > b->longest)
			b->longest = took;
	}
	return NULL;
}

/* The counters change in one step: all records are live, or none is */
static bool has_ended(const struct fixture *f)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	check_conservation(values);
	if (values[BUFTRACK_COUNTER_REMAINING_BUFFERS]) {
		CHECK_EQ(values[BUFTRACK_COUNTER_REMAINING_BUFFERS],
			 nr_records());
		CHECK(values[BUFTRACK_COUNTER_LIVE_BUFFERS] <= 1);
		return true;
	}
	CHECK(values[BUFTRACK_COUNTER_LIVE_BUFFERS] >= nr_records());
	return false;
}

/* Kills the client; returns the time until its records are freed, in ns */
static __u64 release(const struct fixture *f, pid_t pid, __u64 kept)
{
	__u64 begin = now_ns();

	CHECK_SYS(kill(pid, SIGKILL));
	while (!has_ended(f))
		;
	while (info_of(f->control).nr_records > kept + 1000) {
		CHECK(has_ended(f));
		usleep(1000);
	}
	return now_ns() - begin;
}

/*
 * Returns whether the bystander could report during the release. A lock held throughout
 * would make one of its reports take most of the time.
 */
static bool blocks_nobody(const struct fixture *f)
{
	struct bystander b = { .fd = fixture_open(f) };
	const __u64 kept = nr_records() / 50;
	pid_t pid = start(fill_and_wait, (void *)f);
	pthread_t thread;
	__u64 took;

	/* Keeps few of them as remaining records, so that most are freed */
	CHECK_OK(set_device(f->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_REMAINING,
				    .max_remaining = kept }));
	WAIT_UNTIL(device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS) ==
		   nr_records());
	CHECK(info_of(f->control).nr_records >= nr_records());
	thread = start_thread(report_meanwhile, &b);
	WAIT_UNTIL(b.reports > 100);
	b.reports = b.longest = 0;
	took = release(f, pid, kept);
	b.stop = true;
	finish_thread(thread);
	printf("# %llu ms, %llu reports meanwhile, the longest took %llu ms\n",
	       took / 1000000, b.reports, b.longest / 1000000);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMAINING_BYTES),
		 nr_records() * 16);
	close(b.fd);
	return b.reports > nr_records() / 100 &&
	       b.longest < took / 3 + 100000000;
}

/* A busy machine may stop the bystander by chance, but not three times */
TEST(releasing_a_million_records_does_not_block_others)
{
	bool passed = false;
	struct fixture f;
	int i;

	for (i = 0; i < 3 && !passed; i++) {
		fixture_setup(&f);
		passed = blocks_nobody(&f);
		fixture_teardown(&f);
	}
	CHECK(passed);
}
