// SPDX-License-Identifier: GPL-2.0
/* A client that ends with a million records is in nobody's way */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "helper.h"
#include "rig.h"

#define MILLION 1000000
#define PER_CALL 20000

static void fill_and_wait(void *arg)
{
	static struct buftrack_report reports[PER_CALL];
	int fd = rig_open(arg);
	__u32 i, done;

	for (i = 0; i < MILLION; i++) {
		reports[i % PER_CALL] = BUFFER((__u64)i << 12, 16);
		if (i % PER_CALL == PER_CALL - 1)
			CHECK_OK(batch(fd, reports, PER_CALL, NULL, &done));
	}
	pause();
}

/**
 * struct bystander - another client, that reports all the while
 * @fd: its file
 * @control: the control node
 * @reports: how many reports it made
 * @stop: it is to stop
 */
struct bystander {
	int fd;
	volatile __u64 reports;
	volatile bool stop;
};

static void *stand_by(void *arg)
{
	struct bystander *b = arg;

	while (!b->stop) {
		CHECK_EQ(verdict_of(b->fd, BUFFER(0x1000, 16)), BUFTRACK_OK);
		CHECK_EQ(verdict_of(b->fd, FREE(.address = 0x1000)),
			 BUFTRACK_OK);
		b->reports += 2;
	}
	return NULL;
}

/* Counters change in one step: either all of the million is live, or none */
static bool has_ended(const struct rig *r)
{
	__u64 values[BUFTRACK_NR_COUNTERS];

	CHECK_OK(counters(r->fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	check_conservation(values);
	if (values[BUFTRACK_REMAINING_BUFFERS]) {
		CHECK_EQ(values[BUFTRACK_REMAINING_BUFFERS], MILLION);
		CHECK(values[BUFTRACK_LIVE_BUFFERS] <= 1);
		return true;
	}
	CHECK(values[BUFTRACK_LIVE_BUFFERS] >= MILLION);
	return false;
}

RIG_TEST(others_report_while_a_million_records_are_let_go)
{
	struct bystander b = { .fd = rig_open(r) };
	__u64 kept = device_info(r->fd).max_remaining, at_end;
	pid_t pid = start(fill_and_wait, r);
	pthread_t thread;

	WAIT_UNTIL(device_counter(r->fd, BUFTRACK_ALLOCS) == MILLION);
	CHECK(info_of(r->control).nr_records >= MILLION);
	thread = start_thread(stand_by, &b);
	WAIT_UNTIL(b.reports > 100);
	CHECK_SYS(kill(pid, SIGKILL));
	while (!has_ended(r))
		;
	at_end = b.reports;
	while (info_of(r->control).nr_records > kept + 1000)
		CHECK(has_ended(r));
	printf("# %llu reports meanwhile\n", b.reports - at_end);
	CHECK(b.reports - at_end > 200);
	b.stop = true;
	finish_thread(thread);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_REMAINING_BYTES), MILLION * 16);
}
