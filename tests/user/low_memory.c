// SPDX-License-Identifier: GPL-2.0
/* Out of memory: a report is untracked, other calls fail with ENOMEM */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "helper.h"
#include "fixture.h"

#define GROUPS "/tmp/groups"
#define GROUP GROUPS "/limited"

/* The mount ends with this process; the group must be removed */
static void make_group(void)
{
	CHECK_SYS(unshare(CLONE_NEWNS));
	CHECK_SYS(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mkdir(GROUPS, 0700);
	CHECK_SYS(mount("cgroup2", GROUPS, "cgroup2", 0, NULL));
	write_file(GROUPS "/cgroup.subtree_control", "+memory");
	rmdir(GROUP);
	CHECK_SYS(mkdir(GROUP, 0700));
}

static void remove_group(void)
{
	CHECK_SYS(rmdir(GROUP));
}

/*
 * Locks all pages of this process, so that it needs no more, and keeps it from being
 * killed. On one processor, because each one caches charges to the group.
 */
static void enter_group(void)
{
	pin_to_one_cpu();
	write_file(GROUP "/cgroup.procs", "0");
	write_file("/proc/self/oom_score_adj", "-1000");
	CHECK_SYS(mlockall(MCL_CURRENT | MCL_FUTURE));
}

/* Leaves this many bytes to the processes of the group */
static void limit_memory(unsigned long long room)
{
	char text[32];

	read_file(GROUP "/memory.current", text, sizeof(text));
	snprintf(text, sizeof(text), "%llu", strtoull(text, NULL, 10) + room);
	write_file(GROUP "/memory.max", text);
}

static void lift_limit(void)
{
	write_file(GROUP "/memory.max", "max");
}

struct starved {
	const struct fixture *f;
	struct checkpoint ready, limited, full, lifted;
};

static void init_starved(struct starved *a, const struct fixture *f)
{
	a->f = f;
	checkpoint_init(&a->ready);
	checkpoint_init(&a->limited);
	checkpoint_init(&a->full);
	checkpoint_init(&a->lifted);
}

/* Exhausts the memory of a group in another process, then lifts the limit */
static void run_starved(struct starved *a, void (*run)(void *arg),
			unsigned long long room)
{
	pid_t pid;

	make_group();
	pid = start(run, a);
	checkpoint_wait(&a->ready);
	limit_memory(room);
	checkpoint_reach(&a->limited);
	checkpoint_wait(&a->full);
	lift_limit();
	checkpoint_reach(&a->lifted);
	finish(pid);
	remove_group();
}

static void report_until_untracked(void *arg)
{
	struct starved *a = arg;
	int fd = fixture_open(a->f);
	__u32 verdict;
	__u64 i = 0;

	enter_group();
	become_client(fd);
	checkpoint_reach(&a->ready);
	checkpoint_wait(&a->limited);
	do {
		CHECK_OK(report(fd, BUFFER(i++ << 12, 16), &verdict, NULL));
	} while (verdict == BUFTRACK_VERDICT_OK && i < 1000000);
	checkpoint_reach(&a->full);
	checkpoint_wait(&a->lifted);
	CHECK_EQ(verdict, BUFTRACK_VERDICT_UNTRACKED);
	CHECK_EQ(client_counter(fd, 1, BUFTRACK_COUNTER_ALLOCS), i - 1);
	CHECK_EQ(client_counter(fd, 1, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 1);
	CHECK(client_state(fd, 1) & BUFTRACK_CLIENT_STATE_HAD_GAP);
	/* Nothing that was recorded is lost, and reports continue with new memory */
	CHECK_EQ(verdict_of(fd, BUFFER(i << 12, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(fd, FREE(.address = 0)), BUFTRACK_VERDICT_OK);
	check_invariants(fd);
}

DEVICE_TEST(alloc_without_memory_for_its_record_is_untracked)
{
	struct starved a;

	init_starved(&a, f);
	run_starved(&a, report_until_untracked, 2 << 20);
}

/*
 * Charges come in batches, so only repeated failures prove that no memory is left
 */
static __u64 alloc_until_exhausted(int fd)
{
	unsigned int failed = 0;
	__u32 verdict;
	__u64 i;

	for (i = 0; failed < 50 && i < 1000000; i++) {
		CHECK_OK(report(fd, BUFFER(i << 12, 16), &verdict, NULL));
		failed = verdict == BUFTRACK_VERDICT_UNTRACKED ? failed + 1 : 0;
	}
	CHECK_EQ(failed, 50);
	return i;
}

/* Frees need no memory, and their records serve the next allocs */
static void report_without_new_memory(void *arg)
{
	struct starved *a = arg;
	int fd = fixture_open(a->f);
	__u64 i, n;

	enter_group();
	become_client(fd);
	checkpoint_reach(&a->ready);
	checkpoint_wait(&a->limited);
	i = alloc_until_exhausted(fd);
	for (n = 0; n < 100; n++)
		CHECK_EQ(verdict_of(fd, FREE(.address = n << 12)),
			 BUFTRACK_VERDICT_OK);
	for (n = 0; n < 100; n++)
		CHECK_EQ(verdict_of(fd, BUFFER((i + n) << 12, 16)),
			 BUFTRACK_VERDICT_OK);
	checkpoint_reach(&a->full);
	checkpoint_wait(&a->lifted);
	CHECK(client_counter(fd, 1, BUFTRACK_COUNTER_EVICTED_RECORDS) > 0);
}

DEVICE_TEST(freed_records_are_recycled_when_memory_is_out)
{
	struct starved a;

	init_starved(&a, f);
	run_starved(&a, report_without_new_memory, 2 << 20);
}

#define FILES 3000

static void declare_until_enomem(void *arg)
{
	struct rlimit limit = { FILES + 100, FILES + 100 };
	struct starved *a = arg;
	static int fds[FILES];
	__u64 client;
	int i, err = 0;

	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < FILES; i++)
		fds[i] = fixture_open(a->f);
	enter_group();
	checkpoint_reach(&a->ready);
	checkpoint_wait(&a->limited);
	for (i = 0; i < FILES && !err; i++)
		err = declare(fds[i], 0, &client);
	checkpoint_reach(&a->full);
	checkpoint_wait(&a->lifted);
	CHECK_ERR(err, ENOMEM);
	CHECK_EQ(device_info(a->f->fd).nr_clients, --i);
	/* The failed call changed nothing */
	CHECK_OK(declare(fds[i], 0, &client));
	CHECK_EQ(client, i + 1);
}

DEVICE_TEST(declaration_without_memory_is_enomem)
{
	struct starved a;

	init_starved(&a, f);
	run_starved(&a, declare_until_enomem, 2 << 20);
}

static void report_first_until_enomem(void *arg)
{
	struct rlimit limit = { FILES + 100, FILES + 100 };
	struct starved *a = arg;
	static int fds[FILES];
	int i, err = 0;

	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < FILES; i++)
		fds[i] = fixture_open(a->f);
	enter_group();
	checkpoint_reach(&a->ready);
	checkpoint_wait(&a->limited);
	for (i = 0; i < FILES && !err; i++)
		err = try_report(fds[i], FREE(.address = 1));
	checkpoint_reach(&a->full);
	checkpoint_wait(&a->lifted);
	CHECK_ERR(err, ENOMEM);
	CHECK_EQ(device_counter(a->f->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER),
		 --i);
	CHECK_OK(try_report(fds[i], FREE(.address = 1)));
}

DEVICE_TEST(first_report_without_memory_for_its_client_is_enomem)
{
	struct starved a;

	init_starved(&a, f);
	run_starved(&a, report_first_until_enomem, 2 << 20);
}

static void open_until_enomem(void *arg)
{
	struct rlimit limit = { 100000, 100000 };
	struct starved *a = arg;
	int i, fd, err = 0;

	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	enter_group();
	checkpoint_reach(&a->ready);
	checkpoint_wait(&a->limited);
	for (i = 0; i < 90000 && !err; i++)
		err = try_open_node(a->f->device, O_RDWR, &fd);
	checkpoint_reach(&a->full);
	checkpoint_wait(&a->lifted);
	CHECK(err == ENOMEM || err == ENFILE);
	CHECK_OK(try_open_node(a->f->device, O_RDWR, &fd));
}

DEVICE_TEST(opening_without_memory_fails)
{
	struct starved a;

	init_starved(&a, f);
	run_starved(&a, open_until_enomem, 1 << 20);
}
