// SPDX-License-Identifier: GPL-2.0
/* A client that ends with a million records is in nobody's way */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "helper.h"
#include "rig.h"

#define PER_CALL 20000

/* A million; a tenth where the kernel keeps track of each allocation itself */
static __u64 million(void)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) ? 1000000 : 100000;
}

static void fill_and_wait(void *arg)
{
	static struct buftrack_report reports[PER_CALL];
	int fd = rig_open(arg);
	__u32 i, done;

	for (i = 0; i < million(); i++) {
		reports[i % PER_CALL] = BUFFER((__u64)i << 12, 16);
		if (i % PER_CALL == PER_CALL - 1)
			CHECK_OK(batch(fd, reports, PER_CALL, NULL, &done));
	}
	pause();
}

/**
 * struct bystander - another client, that reports all the while
 * @fd: its file
 * @reports: how many reports it made
 * @longest: ns that the two of them took that took longest
 * @stop: it is to stop
 */
struct bystander {
	int fd;
	volatile __u64 reports;
	volatile __u64 longest;
	volatile bool stop;
};

static void *stand_by(void *arg)
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

/* Counters change in one step: either all of the million is live, or none */
static bool has_ended(const struct rig *r)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	CHECK_OK(counters(r->fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	check_conservation(values);
	if (values[BUFTRACK_COUNTER_REMAINING_BUFFERS]) {
		CHECK_EQ(values[BUFTRACK_COUNTER_REMAINING_BUFFERS], million());
		CHECK(values[BUFTRACK_COUNTER_LIVE_BUFFERS] <= 1);
		return true;
	}
	CHECK(values[BUFTRACK_COUNTER_LIVE_BUFFERS] >= million());
	return false;
}

/* Let the million go; returns how long that took, in ns */
static __u64 let_go(const struct rig *r, pid_t pid, __u64 kept)
{
	__u64 begin = now_ns();

	CHECK_SYS(kill(pid, SIGKILL));
	while (!has_ended(r))
		;
	while (info_of(r->control).nr_records > kept + 1000)
		CHECK(has_ended(r));
	return now_ns() - begin;
}

RIG_TEST(others_report_while_a_million_records_are_let_go)
{
	struct bystander b = { .fd = rig_open(r) };
	const __u64 kept = 20000;
	__u64 took;
	pid_t pid = start(fill_and_wait, r);
	pthread_t thread;

	/* So that less is kept than there is */
	CHECK_OK(set_device(r->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_REMAINING,
				    .max_remaining = kept }));
	WAIT_UNTIL(device_counter(r->fd, BUFTRACK_COUNTER_ALLOCS) == million());
	CHECK(info_of(r->control).nr_records >= million());
	thread = start_thread(stand_by, &b);
	WAIT_UNTIL(b.reports > 100);
	b.reports = b.longest = 0;
	took = let_go(r, pid, kept);
	b.stop = true;
	finish_thread(thread);
	printf("# %llu ms, %llu reports meanwhile, the longest took %llu ms\n",
	       took / 1000000, b.reports, b.longest / 1000000);
	CHECK(b.reports > 1000);
	/* A lock that is held throughout would make one take most of it */
	CHECK(b.longest < took / 3 + 300000000);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_REMAINING_BYTES),
		 million() * 16);
}
