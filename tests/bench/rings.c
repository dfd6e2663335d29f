// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of reports through rings to the thread that makes them, natively
 *
 * The library runs as it is, on a fake kernel that provides rings and takes what is in
 * them. Prints a line "NAME BASELINE VALUE UNIT HOW" for each measurement. A value is the
 * median of many batches of a thousand reports.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <libbuftrack.h>
#include <uapi.h>

#define PAGE 4096
#define STRIDE (1 << 20)
#define BATCH 1000
#define BATCHES 2001
#define THREADS 4

/* The fake kernel: a file in memory, and the heads and tails of its rings */
static int memory = -1;
static unsigned int nr_rings;
static char *rings[BUFTRACK_MAX_RINGS];

int uapi_open_control(int flags)
{
	(void)flags;
	return dup(0);
}

int uapi_open_device(unsigned int number, int flags)
{
	(void)number;
	(void)flags;
	memory = memfd_create("rings", MFD_CLOEXEC);
	return memory;
}

void uapi_close(int fd)
{
	close(fd);
}

/* Calls that a reporter makes once, and that succeed */
#define DONE(_call, _struct)                          \
	int uapi_##_call(int fd, struct _struct *arg) \
	{                                             \
		(void)fd;                             \
		(void)arg;                            \
		return 0;                             \
	}

DONE(info, buftrack_info)
DONE(device_add, buftrack_device_add)
DONE(space_add, buftrack_space_add)
DONE(declare, buftrack_declare)
DONE(lost, buftrack_lost)
DONE(report, buftrack_report_one)

int uapi_ring(int fd, struct buftrack_ring *ring)
{
	unsigned int number = nr_rings;

	ring->entry_size = sizeof(struct buftrack_ring_entry);
	ring->offset = (__u64)number * STRIDE;
	ring->length = 2 * PAGE + ring->entries * ring->entry_size;
	ring->clock = BUFTRACK_RING_CLOCK_TSC;
	ring->head_at = PAGE;
	ring->lost_at = PAGE + 4;
	ring->tail_at = PAGE + 128;
	ring->entries_at = 2 * PAGE;
	if (ftruncate(fd, ring->offset + ring->length))
		return -1;
	rings[number] = mmap(NULL, ring->length, PROT_READ | PROT_WRITE,
			     MAP_SHARED, fd, ring->offset);
	/* Another thread may be draining */
	__atomic_store_n(&nr_rings, number + 1, __ATOMIC_RELEASE);
	return 0;
}

int uapi_drain(int fd, struct buftrack_drain *drain)
{
	unsigned int i;

	(void)fd;
	(void)drain;
	for (i = 0; i < __atomic_load_n(&nr_rings, __ATOMIC_ACQUIRE); i++)
		*(__u32 *)(rings[i] + PAGE + 128) =
			*(volatile __u32 *)(rings[i] + PAGE);
	return 0;
}

static double now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

/* The median of the cost of one report in ns, in processor time of this thread */
static double median(void (*batch)(void), void (*between)(void))
{
	static __thread double costs[BATCHES];
	unsigned int i;

	for (i = 0; i < BATCHES; i++) {
		double start = now(CLOCK_THREAD_CPUTIME_ID);

		batch();
		costs[i] = (now(CLOCK_THREAD_CPUTIME_ID) - start) / BATCH;
		if (between)
			between();
	}
	qsort(costs, BATCHES, sizeof(costs[0]), compare);
	return costs[BATCHES / 2];
}

static struct buftrack_reporter *reporter;

static void report(void)
{
	__u64 i;

	for (i = 0; i < BATCH; i += 2) {
		buftrack_alloc(reporter, 0, i << 12, 4096, i + 1);
		buftrack_free(reporter, 0, i << 12, i + 1);
	}
}

static void report_absent(void)
{
	__u64 i;

	for (i = 0; i < BATCH; i++)
		buftrack_alloc(NULL, 0, i << 12, 4096, i + 1);
}

static void flush(void)
{
	buftrack_flush(reporter);
}

static double per_thread[THREADS];

static void *report_beside_others(void *arg)
{
	*(double *)arg = median(report, flush);
	return NULL;
}

static double with_threads(void)
{
	pthread_t threads[THREADS];
	double sum = 0;
	int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, report_beside_others,
				   &per_thread[i]))
			errx(1, "no thread");
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += per_thread[i];
	}
	return sum / THREADS;
}

/* Counters in shared memory as tt-metal keeps them, of 64 processes on 16 chips */
struct counters {
	_Atomic __u64 bytes[5];
	_Atomic __u64 buffers[5];
};

static struct table {
	struct counters total;
	_Atomic __u64 updated;
	struct process {
		_Atomic int pid;
		_Atomic __u64 seen;
		struct counters counters;
	} processes[64];
} * table;

static struct process *own_process(void)
{
	int pid = getpid();
	unsigned int i;

	for (i = 0; i < 64; i++) {
		int none = 0;

		if (table->processes[i].pid == pid ||
		    __atomic_compare_exchange_n(
			    (int *)&table->processes[i].pid, &none, pid, false,
			    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return &table->processes[i];
	}
	return NULL;
}

static void count_one(__u64 i)
{
	struct process *p = own_process();
	__u64 bytes = i % 2 ? -4096ULL : 4096;

	table->total.bytes[0] += bytes;
	table->total.buffers[0] += i % 2 ? -1 : 1;
	p->counters.bytes[0] += bytes;
	p->counters.buffers[0] += i % 2 ? -1 : 1;
	p->seen = now(CLOCK_MONOTONIC);
	table->updated = p->seen;
}

static void count_in_shared_memory(void)
{
	__u64 i;

	for (i = 0; i < BATCH; i++)
		count_one(i);
}

/* A message of the allocation server to a process that reads it */
static int sockets[2];

static void send_messages(void)
{
	char message[144] = {};
	__u64 i;

	for (i = 0; i < BATCH; i++)
		if (write(sockets[0], message, sizeof(message)) !=
		    sizeof(message))
			err(1, "socket");
}

static void *serve(void *arg)
{
	char buffer[144];

	while (read(sockets[1], buffer, sizeof(buffer)) > 0)
		;
	return arg;
}

static void start_server(void)
{
	pthread_t thread;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) ||
	    pthread_create(&thread, NULL, serve, NULL))
		err(1, "no server");
	pthread_detach(thread);
}

int main(void)
{
	double one, shm, server;

	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	reporter = buftrack_attach("bench", "DRAM", 0);
	if (!reporter || table == MAP_FAILED)
		err(1, "no reporter");
	one = median(report, flush);
	shm = median(count_in_shared_memory, NULL);
	start_server();
	server = median(send_messages, NULL);
	if (!*(__u32 *)(rings[0] + PAGE) || *(__u32 *)(rings[0] + PAGE + 4))
		errx(1, "the reports did not go through the ring");
	printf("report_async 25 %.1f ns median, against its bound\n", one);
	printf("report_async_vs_shm %.1f %.1f ns counters in shared memory\n",
	       shm, one);
	printf("report_async_vs_socket %.1f %.1f ns 144 bytes to a server\n",
	       server, one);
	printf("report_threads_4 %.1f %.1f ns per report, against one thread\n",
	       one, with_threads());
	printf("report_absent 2 %.2f ns a call without a reporter, against its bound\n",
	       median(report_absent, NULL));
	return 0;
}
