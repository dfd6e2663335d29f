// SPDX-License-Identifier: GPL-2.0
/* Memory of a module that stands in for nvidia */
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "card.h"
#include "fake.h"
#include "fakes.h"
#include "fixture.h"
#include "module.h"
#include "modules.h"

#define NVIDIA "nvidia"
#define NODE "/dev/nvidiactl"
#define MEMORY "GPU memory"

static const struct card card = { NVIDIA, NVIDIA, "VRAM", NULL };

static const struct fake_nv_alloc vram = { .size = MIB,
					   .class = NV01_MEMORY_LOCAL_USER,
					   .space = ADDR_FBMEM };

static int nv_open(void)
{
	return CHECK_SYS(open(NODE, O_RDWR | O_CLOEXEC));
}

static int nv_try_alloc(int fd, struct fake_nv_alloc args, __u32 *handle)
{
	int err = ioctl(fd, FAKE_NV_ALLOC, &args) ? errno : 0;

	*handle = args.handle;
	return err;
}

static __u32 nv_alloc(int fd, struct fake_nv_alloc args)
{
	__u32 handle;

	CHECK_OK(nv_try_alloc(fd, args, &handle));
	return handle;
}

static int nv_free(int fd, __u32 handle)
{
	return ioctl(fd, FAKE_NV_FREE, &handle) ? errno : 0;
}

static __u32 nv_dup(int fd, __u32 handle)
{
	CHECK_SYS(ioctl(fd, FAKE_NV_DUP, &handle));
	return handle;
}

static void load_fake(bool btf)
{
	if (!is_loaded("buftrack"))
		CHECK_OK(load_module(""));
	fake_load(NVIDIA, btf);
	WAIT_UNTIL(!access(NODE, R_OK));
}

/* Counters start at 0, though the device outlives each test's driver */
static int up(int *fd)
{
	int node;

	load_fake(true);
	CHECK_EQ(probe_state(MEMORY), BUFTRACK_PROBE_STATE_NO_HARDWARE);
	*fd = nv_open();
	CHECK_OK(nv_free(*fd, nv_alloc(*fd, vram)));
	node = card_node(&card);
	CHECK_OK(reset_device(node));
	return node;
}

static void down(int fd, int node)
{
	check_no_wrong_reports(node);
	check_device_conservation(node);
	close(fd);
	WAIT_UNTIL(!device_counter(node, BUFTRACK_COUNTER_LIVE_BUFFERS));
	close(node);
	fake_unload(NVIDIA);
}

static __u64 live(int node)
{
	return device_counter(node, BUFTRACK_COUNTER_LIVE_BUFFERS);
}

TEST(nvidia_memory_is_live_until_freed)
{
	int fd, node = up(&fd);
	__u32 handle = nv_alloc(fd, vram);
	struct listing l = list_all(node, BUFTRACK_RECORD_STATE_LIVE);

	CHECK_EQ(l.nr, 1);
	CHECK_EQ(l.records[0].size, MIB);
	CHECK_EQ(l.records[0].pid, getpid());
	CHECK_EQ(space_counter(node, "VRAM", BUFTRACK_COUNTER_LIVE_BYTES), MIB);
	nv_alloc(fd, (struct fake_nv_alloc){ .size = 4096,
					     .class = NV01_MEMORY_SYSTEM,
					     .space = ADDR_SYSMEM });
	CHECK_EQ(space_counter(node, "SYSTEM", BUFTRACK_COUNTER_LIVE_BYTES),
		 4096);
	CHECK_OK(nv_free(fd, handle));
	CHECK_EQ(live(node), 1);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_FREES), 1);
	CHECK_ERR(nv_free(fd, handle), EINVAL);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_FREES), 1);
	down(fd, node);
}

TEST(nvidia_duplicate_keeps_memory_and_counts_once)
{
	int fd, node = up(&fd);
	__u32 handle = nv_alloc(fd, vram), dup = nv_dup(fd, handle);

	CHECK_EQ(live(node), 1);
	CHECK_OK(nv_free(fd, handle));
	CHECK_EQ(live(node), 1);
	CHECK_OK(nv_free(fd, dup));
	CHECK_EQ(live(node), 0);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_ALLOCS), 1);
	down(fd, node);
}

TEST(nvidia_object_of_an_existing_descriptor_counts_once)
{
	int fd, node = up(&fd);
	struct fake_nv_alloc args = vram;
	__u32 handle = nv_alloc(fd, vram), again;

	args.existing = handle + 1;
	again = nv_alloc(fd, args);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_ALLOCS), 1);
	CHECK_OK(nv_free(fd, handle));
	CHECK_EQ(live(node), 1);
	CHECK_OK(nv_free(fd, again));
	CHECK_EQ(live(node), 0);
	down(fd, node);
}

TEST(nvidia_failed_construction_and_other_classes_are_no_buffers)
{
	int fd, node = up(&fd);
	struct fake_nv_alloc args = vram;
	__u32 handle;

	args.fail = 1;
	CHECK_ERR(nv_try_alloc(fd, args, &handle), EIO);
	nv_alloc(fd, (struct fake_nv_alloc){ .size = MIB,
					     .class = NV50_MEMORY_VIRTUAL,
					     .space = ADDR_FBMEM });
	nv_alloc(fd, (struct fake_nv_alloc){ .size = MIB,
					     .class = NV01_MEMORY_LOCAL_USER,
					     .space = ADDR_VIRTUAL });
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_ALLOCS), 0);
	CHECK_EQ(device_counter(node, BUFTRACK_COUNTER_LOST_REPORTS), 0);
	down(fd, node);
}

TEST(nvidia_memory_of_the_driver_is_charged_to_it)
{
	int fd, node = up(&fd);
	struct fake_nv_alloc args = vram;
	struct listing l;

	args.kernel = 1;
	nv_alloc(fd, args);
	l = list_all(node, BUFTRACK_RECORD_STATE_LIVE);
	CHECK_EQ(l.nr, 1);
	CHECK(l.records[0].pid != (__u32)getpid());
	down(fd, node);
}

static void leak(void *arg)
{
	struct checkpoint *ready = arg;
	int fd = nv_open();

	nv_alloc(fd, vram);
	nv_alloc(fd, vram);
	checkpoint_reach(ready);
	pause();
}

TEST(nvidia_memory_of_a_killed_process_is_freed_as_its_own)
{
	struct checkpoint *ready = shared_memory(sizeof(*ready));
	int fd, node = up(&fd);
	pid_t pid;

	checkpoint_init(ready);
	pid = start(leak, ready);
	checkpoint_wait(ready);
	kill_owner(node, pid, 2 * MIB);
	down(fd, node);
}

TEST(nvidia_is_found_if_it_was_loaded_before_buftrack)
{
	int fd, node = up(&fd);
	__u32 handle = nv_alloc(fd, vram);

	close(node);
	CHECK_OK(unload_module());
	CHECK_OK(load_module(""));
	CHECK_EQ(probe_state(MEMORY), BUFTRACK_PROBE_STATE_NO_HARDWARE);
	nv_alloc(fd, vram);
	node = card_node(&card);
	CHECK_EQ(live(node), 1);
	CHECK_OK(nv_free(fd, handle));
	CHECK_EQ(live(node), 1);
	down(fd, node);
}

TEST(nvidia_without_btf_is_not_covered)
{
	int fd;

	load_fake(false);
	CHECK_EQ(probe_state(MEMORY), BUFTRACK_PROBE_STATE_UNKNOWN_VERSION);
	fd = nv_open();
	CHECK_OK(nv_free(fd, nv_alloc(fd, vram)));
	close(fd);
	fake_unload(NVIDIA);
}
