// SPDX-License-Identifier: GPL-2.0
/* Device memory of a module that stands in for habanalabs */
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "card.h"
#include "fake.h"
#include "fakes.h"
#include "fixture.h"
#include "module.h"
#include "modules.h"

#define HABANALABS "habanalabs"
#define NODE "/dev/accel/accel0"
#define MEMORY "device memory"
#define NR_THREADS 4
#define NR_ROUNDS 200

static const struct card card = { HABANALABS, HABANALABS, "DRAM", NULL };

/**
 * struct accel - the device, opened by this process
 * @fd: its file
 * @node: node of the device that buftrack tracks
 * @client: the file's client
 */
struct accel {
	int fd;
	int node;
	__u64 client;
};

static int mem_ioctl(int fd, union hl_mem_args *args)
{
	return ioctl(fd, DRM_IOCTL_HL_MEMORY, args) ? errno : 0;
}

static __u64 mem_alloc(int fd, __u64 size)
{
	union hl_mem_args args = { .in = { .op = HL_MEM_OP_ALLOC,
					   .alloc.mem_size = size } };

	CHECK_OK(mem_ioctl(fd, &args));
	CHECK(args.out.handle);
	return args.out.handle;
}

static int mem_free(int fd, __u64 handle)
{
	union hl_mem_args args = { .in = { .op = HL_MEM_OP_FREE,
					   .free.handle = handle } };

	return mem_ioctl(fd, &args);
}

static int mem_map(int fd, __u64 handle, __u32 flags)
{
	union hl_mem_args args = { .in = { .op = HL_MEM_OP_MAP,
					   .flags = flags,
					   .map_device.handle = handle } };

	return mem_ioctl(fd, &args);
}

/* Counters start at 0, though the device outlives each test's driver */
static void reset_counters(void)
{
	int node = card_node(&card);

	CHECK_OK(reset_device(node));
	close(node);
}

static void load_fake(bool btf)
{
	if (!is_loaded("buftrack"))
		CHECK_OK(load_module(""));
	fake_load(HABANALABS, btf);
	WAIT_UNTIL(!access(NODE, R_OK));
	reset_counters();
}

static int accel_open(void)
{
	return CHECK_SYS(open(NODE, O_RDWR | O_CLOEXEC));
}

static struct accel up(void)
{
	struct accel a;

	load_fake(true);
	CHECK_EQ(probe_state(MEMORY), BUFTRACK_PROBE_STATE_NO_HARDWARE);
	a.fd = accel_open();
	a.node = card_node(&card);
	a.client = client_of(a.node, getpid());
	return a;
}

static void down(const struct accel *a)
{
	check_device_conservation(a->node);
	close(a->fd);
	WAIT_UNTIL(!device_counter(a->node, BUFTRACK_COUNTER_LIVE_BUFFERS));
	close(a->node);
	fake_unload(HABANALABS);
}

static __u64 counter(const struct accel *a, enum buftrack_counter counter)
{
	return client_counter(a->node, a->client, counter);
}

TEST(habanalabs_memory_is_live_until_freed)
{
	struct accel a = up();
	__u64 handle = mem_alloc(a.fd, 4096);
	struct listing l = list_all(a.node, BUFTRACK_RECORD_STATE_LIVE);

	CHECK_EQ(l.nr, 1);
	CHECK_EQ(l.records[0].address, handle);
	CHECK_EQ(l.records[0].size, FAKE_HL_PAGE);
	CHECK_EQ(l.records[0].pid, getpid());
	CHECK_EQ(space_counter(a.node, "DRAM", BUFTRACK_COUNTER_LIVE_BYTES),
		 FAKE_HL_PAGE);
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	CHECK_OK(mem_free(a.fd, handle));
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_FREES), 1);
	check_no_wrong_reports(a.node);
	down(&a);
}

TEST(habanalabs_second_free_is_a_double_free)
{
	struct accel a = up();
	__u64 handle = mem_alloc(a.fd, 4096);

	CHECK_OK(mem_free(a.fd, handle));
	CHECK_ERR(mem_free(a.fd, handle), EINVAL);
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_DOUBLE_FREES), 1);
	CHECK_ERR(mem_free(a.fd, 1000), EINVAL);
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER), 1);
	/* The driver gives the number to the next pack, which is another buffer */
	CHECK_EQ(mem_alloc(a.fd, 4096), handle);
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_DOUBLE_ALLOCS), 0);
	CHECK_OK(mem_free(a.fd, handle));
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_FREES), 2);
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_DOUBLE_FREES), 1);
	down(&a);
}

TEST(habanalabs_free_of_mapped_memory_is_refused)
{
	struct accel a = up();
	__u64 handle = mem_alloc(a.fd, 4096);

	CHECK_OK(mem_map(a.fd, handle, 0));
	CHECK_ERR(mem_free(a.fd, handle), EINVAL);
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_REFUSED_FREES), 1);
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	down(&a);
}

TEST(habanalabs_mapping_of_host_memory_is_no_buffer)
{
	struct accel a = up();

	CHECK_OK(mem_map(a.fd, 0, HL_MEM_USERPTR));
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_ALLOCS), 0);
	check_no_wrong_reports(a.node);
	down(&a);
}

static void leak(void *arg)
{
	struct checkpoint *ready = arg;
	int fd = accel_open();

	mem_alloc(fd, 4096);
	mem_alloc(fd, 3 * FAKE_HL_PAGE);
	checkpoint_reach(ready);
	pause();
}

TEST(habanalabs_memory_of_a_killed_process_is_freed_as_its_own)
{
	struct checkpoint *ready = shared_memory(sizeof(*ready));
	pid_t pid;
	int node;

	load_fake(true);
	checkpoint_init(ready);
	pid = start(leak, ready);
	checkpoint_wait(ready);
	node = card_node(&card);
	kill_owner(node, pid, 4 * FAKE_HL_PAGE);
	check_no_wrong_reports(node);
	close(node);
	fake_unload(HABANALABS);
}

static void *alloc_and_free(void *arg)
{
	int fd = *(int *)arg, i;

	for (i = 0; i < NR_ROUNDS; i++)
		CHECK_OK(mem_free(fd, mem_alloc(fd, 4096)));
	return NULL;
}

/* A number that one thread frees is given to another before the free is over */
TEST(habanalabs_threads_that_reuse_handles_are_not_blamed)
{
	struct accel a = up();
	pthread_t threads[NR_THREADS];
	int i;

	for (i = 0; i < NR_THREADS; i++)
		threads[i] = start_thread(alloc_and_free, &a.fd);
	for (i = 0; i < NR_THREADS; i++)
		finish_thread(threads[i]);
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_FREES), NR_THREADS * NR_ROUNDS);
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	CHECK_EQ(device_counter(a.node, BUFTRACK_COUNTER_LOST_REPORTS), 0);
	check_no_wrong_reports(a.node);
	down(&a);
}

TEST(habanalabs_is_found_if_it_was_loaded_before_buftrack)
{
	struct accel a = up();

	CHECK_OK(mem_free(a.fd, mem_alloc(a.fd, 4096)));
	close(a.node);
	CHECK_OK(unload_module());
	CHECK_OK(load_module(""));
	CHECK_EQ(probe_state(MEMORY), BUFTRACK_PROBE_STATE_NO_HARDWARE);
	mem_alloc(a.fd, 4096);
	a.node = card_node(&card);
	a.client = client_of(a.node, getpid());
	CHECK_EQ(counter(&a, BUFTRACK_COUNTER_LIVE_BUFFERS), 1);
	check_no_wrong_reports(a.node);
	down(&a);
}

TEST(habanalabs_without_btf_is_not_covered)
{
	int fd, node;

	load_fake(false);
	CHECK_EQ(probe_state(MEMORY), BUFTRACK_PROBE_STATE_UNKNOWN_VERSION);
	fd = accel_open();
	mem_alloc(fd, 4096);
	node = card_node(&card);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_ALLOCS), 0);
	close(node);
	close(fd);
	fake_unload(HABANALABS);
}
