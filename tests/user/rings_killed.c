// SPDX-License-Identifier: GPL-2.0
/* Producers that are killed at any point: every report published before is counted */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "ring.h"

#define THREADS 3
#define VICTIMS 1000
#define WITNESSES 3

/**
 * struct victim - a producer that is killed
 * @f: its device
 * @ready: reached when it reports
 * @published: shared: number of reports that each thread has published
 * @rings: its rings
 */
struct victim {
	const struct fixture *f;
	struct checkpoint ready;
	__u64 *published;
	struct ring rings[THREADS];
};

struct thread {
	struct victim *v;
	unsigned int number;
};

/* Each thread has addresses of its own */
static void *report_forever(void *arg)
{
	const struct thread *t = arg;
	struct ring *r = &t->v->rings[t->number];
	__u64 i, base = (__u64)t->number << 32;

	for (i = 0;; i++) {
		__u64 address = base + (i / 2 % 100 << 12);

		while (r->next - __atomic_load_n(ring_tail(r),
						 __ATOMIC_ACQUIRE) ==
		       r->info.entries)
			drain(r->fd, i % 3 ? 0 : BUFTRACK_DRAIN_ASYNC);
		ring_write(r, i % 2 ? FREE(.address = address) :
				      BUFFER(address, 16));
		ring_publish(r);
		__atomic_store_n(&t->v->published[t->number], i + 1,
				 __ATOMIC_RELEASE);
		if (i == 10 && !t->number)
			checkpoint_reach(&t->v->ready);
	}
	return NULL;
}

static void be_victim(void *arg)
{
	struct victim *v = arg;
	struct thread threads[THREADS];
	int fd = fixture_open(v->f);
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		v->rings[i] = ring_create(fd, 64);
		threads[i] = (struct thread){ v, i };
	}
	for (i = 1; i < THREADS; i++)
		start_thread(report_forever, &threads[i]);
	report_forever(&threads[0]);
}

/* A thread may have died between publishing and counting */
static void check_counted(const struct fixture *f, __u64 client,
			  const __u64 *published)
{
	__u64 v[BUFTRACK_NR_COUNTERS], reports, sum = 0;
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		sum += published[i];
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_CLIENT, client, v));
	check_conservation(v);
	reports = v[BUFTRACK_COUNTER_ALLOCS] + v[BUFTRACK_COUNTER_FREES];
	CHECK(reports >= sum);
	CHECK(reports <= sum + THREADS);
	CHECK_EQ(v[BUFTRACK_COUNTER_LIVE_BUFFERS], 0);
	CHECK_EQ(v[BUFTRACK_COUNTER_REMAINING_BUFFERS],
		 v[BUFTRACK_COUNTER_ALLOCS] - v[BUFTRACK_COUNTER_FREES]);
	CHECK_EQ(v[BUFTRACK_COUNTER_LOST_REPORTS], 0);
	CHECK_EQ(v[BUFTRACK_COUNTER_DOUBLE_ALLOCS], 0);
	CHECK_EQ(v[BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER], 0);
	CHECK_EQ(v[BUFTRACK_COUNTER_DOUBLE_FREES], 0);
}

/* Asks for everything, all the time */
static void witness(void *arg)
{
	const struct fixture *f = arg;
	int fd = open_node(f->device, O_RDONLY);

	for (;;) {
		check_device_conservation(fd);
		free(list_all(fd, 0).records);
	}
}

DEVICE_TEST(every_report_published_before_a_kill_is_counted)
{
	struct victim v = { .f = f };
	pid_t pids[WITNESSES], pid;
	unsigned int i;

	v.published = shared_memory(THREADS * sizeof(*v.published));
	for (i = 0; i < WITNESSES; i++)
		pids[i] = start(witness, f);
	for (i = 1; i <= VICTIMS; i++) {
		memset(v.published, 0, THREADS * sizeof(*v.published));
		checkpoint_init(&v.ready);
		pid = start(be_victim, &v);
		checkpoint_wait(&v.ready);
		usleep(rand() % 3000);
		end(pid, SIGKILL);
		check_counted(f, i, v.published);
		close(v.ready.fd);
		test_keepalive();
	}
	for (i = 0; i < WITNESSES; i++)
		end(pids[i], SIGKILL);
}
