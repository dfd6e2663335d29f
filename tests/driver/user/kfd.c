// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers that are allocated through /dev/kfd, of a module that stands in for amdgpu, and
 * the client that is charged for them
 */
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "card.h"
#include "fake.h"
#include "fakes.h"
#include "fixture.h"
#include "module.h"
#include "modules.h"

#define AMDGPU "amdgpu"
#define OWNERS "owners of buffers from /dev/kfd"
#define NR_THREADS 8
#define NR_ROUNDS 50

static const struct card card = { AMDGPU, AMDGPU, "TTM_SYSTEM", NULL };

static int kfd_open(void)
{
	return CHECK_SYS(open("/dev/kfd", O_RDWR | O_CLOEXEC));
}

static __u32 kfd_alloc(int kfd, int file, __u64 size)
{
	struct fake_kfd_alloc args = { .file = file, .size = size };

	CHECK_SYS(ioctl(kfd, FAKE_KFD_ALLOC, &args));
	return args.handle;
}

static void kfd_free(int kfd, __u32 handle)
{
	CHECK_SYS(ioctl(kfd, FAKE_KFD_FREE, &handle));
}

static __u64 live(int node, __u64 client)
{
	return client_counter(node, client, BUFTRACK_COUNTER_LIVE_BUFFERS);
}

/* The driver's own client */
static __u64 driver_client(int node)
{
	struct buftrack_client_info info;
	__u64 after = 0;

	do {
		CHECK(next_client(node, after, &info));
		after = info.client + 1;
	} while (!(info.state & BUFTRACK_CLIENT_STATE_DRIVER));
	return info.client;
}

static void up(bool btf)
{
	if (!is_loaded("buftrack"))
		CHECK_OK(load_module(""));
	modprobe("drm_vram_helper");
	fake_load(AMDGPU, btf);
}

static void down(int node)
{
	check_no_wrong_reports(node);
	check_device_conservation(node);
	close(node);
	fake_unload(AMDGPU);
}

TEST(kfd_buffer_belongs_to_the_file_it_is_allocated_for)
{
	int file, kfd, node;
	__u32 handle;
	__u64 me;

	up(true);
	CHECK_EQ(probe_state(OWNERS), BUFTRACK_PROBE_STATE_NO_HARDWARE);
	file = card_open(&card);
	node = card_node(&card);
	me = client_of(node, getpid());
	kfd = kfd_open();
	handle = kfd_alloc(kfd, file, MIB);
	CHECK_EQ(live(node, me), 1);
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_LIVE_BYTES), MIB);
	CHECK_EQ(live(node, driver_client(node)), 0);
	kfd_free(kfd, handle);
	WAIT_UNTIL(!live(node, me));
	CHECK_EQ(client_counter(node, me, BUFTRACK_COUNTER_FREES), 1);
	close(kfd);
	close(file);
	down(node);
}

TEST(kfd_buffer_does_not_belong_to_another_file_of_the_process)
{
	int first, second, kfd, node;
	__u64 of_first, of_second;

	up(true);
	first = card_open(&card);
	node = card_node(&card);
	of_first = client_of(node, getpid());
	second = card_open(&card);
	of_second = client_of(node, getpid());
	CHECK(of_first != of_second);
	kfd = kfd_open();
	kfd_alloc(kfd, first, MIB);
	kfd_alloc(kfd, second, MIB);
	CHECK_EQ(live(node, of_first), 2);
	CHECK_EQ(live(node, of_second), 0);
	close(kfd);
	WAIT_UNTIL(!live(node, of_first));
	close(first);
	close(second);
	down(node);
}

static void leak(void *arg)
{
	struct checkpoint *ready = arg;
	int file = card_open(&card), kfd = kfd_open();

	kfd_alloc(kfd, file, MIB);
	kfd_alloc(kfd, file, 2 * MIB);
	checkpoint_reach(ready);
	pause();
}

TEST(kfd_buffers_of_a_killed_process_are_freed_as_its_own)
{
	struct checkpoint *ready = shared_memory(sizeof(*ready));
	pid_t pid;
	int node;

	up(true);
	checkpoint_init(ready);
	pid = start(leak, ready);
	checkpoint_wait(ready);
	node = card_node(&card);
	kill_owner(node, pid, 3 * MIB);
	down(node);
}

/* A thread with its own file of the card and of /dev/kfd */
static void *alloc_and_free(void *arg)
{
	int file = *(int *)arg, kfd = kfd_open(), i;

	for (i = 0; i < NR_ROUNDS; i++)
		kfd_free(kfd, kfd_alloc(kfd, file, MIB));
	kfd_alloc(kfd, file, MIB);
	pause();
	return NULL;
}

static void run_threads(void *arg)
{
	int files[NR_THREADS], i;

	(void)arg;
	for (i = 0; i < NR_THREADS; i++) {
		files[i] = card_open(&card);
		start_thread(alloc_and_free, &files[i]);
	}
	pause();
}

static bool all_are_done(int node, pid_t pid)
{
	struct buftrack_client_info info;
	__u64 after = 0;
	int n = 0;

	for (; next_client(node, after, &info); after = info.client + 1)
		n += (pid_t)info.pid == pid &&
		     client_counter(node, info.client,
				    BUFTRACK_COUNTER_ALLOCS) == NR_ROUNDS + 1 &&
		     live(node, info.client) == 1;
	return n == NR_THREADS;
}

TEST(kfd_buffers_of_threads_belong_to_the_file_of_each)
{
	int node;
	pid_t pid;

	up(true);
	pid = start(run_threads, NULL);
	node = card_node(&card);
	WAIT_UNTIL(all_are_done(node, pid));
	CHECK_EQ(client_counter(node, driver_client(node),
				BUFTRACK_COUNTER_ALLOCS),
		 0);
	end(pid, SIGKILL);
	WAIT_UNTIL(!device_counter(node, BUFTRACK_COUNTER_LIVE_BUFFERS));
	down(node);
}

TEST(kfd_is_found_if_it_was_loaded_before_buftrack)
{
	int file, kfd, node;
	__u64 me;

	up(true);
	CHECK_OK(unload_module());
	CHECK_OK(load_module(""));
	CHECK_EQ(probe_state(OWNERS), BUFTRACK_PROBE_STATE_NO_HARDWARE);
	file = card_open(&card);
	kfd = kfd_open();
	kfd_alloc(kfd, file, MIB);
	node = card_node(&card);
	me = client_of(node, getpid());
	CHECK_EQ(live(node, me), 1);
	close(kfd);
	WAIT_UNTIL(!live(node, me));
	close(file);
	down(node);
}

TEST(kfd_without_btf_is_not_covered_and_the_driver_is_charged)
{
	int file, kfd, node;
	__u64 me;

	up(false);
	CHECK_EQ(probe_state(OWNERS), BUFTRACK_PROBE_STATE_UNKNOWN_VERSION);
	file = card_open(&card);
	node = card_node(&card);
	me = client_of(node, getpid());
	kfd = kfd_open();
	kfd_alloc(kfd, file, MIB);
	CHECK_EQ(live(node, me), 0);
	CHECK_EQ(live(node, driver_client(node)), 1);
	close(kfd);
	WAIT_UNTIL(!live(node, driver_client(node)));
	close(file);
	down(node);
}
