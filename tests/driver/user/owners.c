// SPDX-License-Identifier: GPL-2.0
/* Buffers of a driver belong to the process that opened its node */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sample.h"

#define BUFFER_AT "address=0x1000 size=4096"

/* Shared between the processes of a test */
struct shared {
	struct sample *s;
	struct checkpoint ready;
	struct checkpoint go;
	int file;
	pid_t outer;
};

static struct shared *share(struct sample *s)
{
	struct shared *sh = shared_memory(sizeof(*sh));

	sh->s = s;
	checkpoint_init(&sh->ready);
	checkpoint_init(&sh->go);
	return sh;
}

static struct buftrack_record only_record(const struct sample *s)
{
	struct listing l = list_all(s->fd, BUFTRACK_RECORD_STATE_LIVE);

	CHECK_EQ(l.nr, 1);
	return l.records[0];
}

static void open_and_alloc(void *arg)
{
	struct shared *sh = arg;
	int fd;

	prctl(PR_SET_NAME, "opener");
	fd = sample_client(CHIP);
	cmd(fd, "alloc " BUFFER_AT);
	checkpoint_reach(&sh->ready);
	checkpoint_wait(&sh->go);
}

SAMPLE_TEST(buffer_belongs_to_the_opener)
{
	struct shared *sh = share(s);
	struct buftrack_record rec;
	pid_t pid = start(open_and_alloc, sh);

	checkpoint_wait(&sh->ready);
	rec = only_record(s);
	CHECK_EQ(rec.pid, pid);
	CHECK_STR(rec.comm, "opener");
	checkpoint_reach(&sh->go);
	finish(pid);
	rec = only_record(s);
	CHECK(rec.state & BUFTRACK_RECORD_STATE_ORPHANED);
	CHECK_STR(rec.comm, "opener");
	check_nothing_wrong(s->fd);
}

SAMPLE_TEST(killed_process_leaves_orphans)
{
	struct shared *sh = share(s);
	pid_t pid = start(open_and_alloc, sh);

	checkpoint_wait(&sh->ready);
	end(pid, SIGKILL);
	WAIT_UNTIL(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS) ==
		   1);
	CHECK(client_state(s->fd, nth_client(s->fd, 0)) &
	      BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	CHECK_STR(only_record(s).comm, "opener");
	check_nothing_wrong(s->fd);
}

static void alloc_through_inherited_file(void *arg)
{
	struct shared *sh = arg;

	prctl(PR_SET_NAME, "heir");
	cmd(sh->file, "alloc " BUFFER_AT);
}

SAMPLE_TEST(inherited_file_still_belongs_to_its_opener)
{
	struct shared *sh = share(s);

	sh->file = sample_client(CHIP);
	in_child(alloc_through_inherited_file, sh);
	CHECK_EQ(only_record(s).pid, getpid());
	CHECK(!(only_record(s).state & BUFTRACK_RECORD_STATE_ORPHANED));
}

static void open_as_user(void *arg)
{
	struct shared *sh = arg;

	cmd(sample_client(CHIP), "alloc " BUFFER_AT);
	checkpoint_reach(&sh->ready);
}

SAMPLE_TEST(client_has_the_uid_of_its_opener)
{
	struct buftrack_client_info info;

	in_child_as(ALICE, open_as_user, share(s));
	CHECK_OK(client_info(s->fd, nth_client(s->fd, 0), &info));
	CHECK_EQ(info.uid, ALICE);
}

static void declare_shared(void *arg)
{
	struct shared *sh = arg;
	int fd = open_node(sh->s->device, O_RDWR);
	__u64 client;

	CHECK_ERR(declare(fd, BUFTRACK_DECLARE_SHARED, &client), EPERM);
	/* Its reports go to its private domain */
	CHECK_OK(declare(fd, 0, &client));
	CHECK_EQ(verdict_of(fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_UNKNOWN_NEVER);
	CHECK_EQ(verdict_of(fd, ALLOC(.address = 0x1000, .size = 64)),
		 BUFTRACK_VERDICT_OK);
}

SAMPLE_TEST(user_cannot_report_into_the_shared_domain)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	in_child_as(ALICE, declare_shared, share(s));
	CHECK(!(only_record(s).state & BUFTRACK_RECORD_STATE_ORPHANED));
	cmd(fd, "free address=0x1000");
	check_wrong(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
	CHECK_EQ(client_counter(s->fd, nth_client(s->fd, 0),
				BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER),
		 0);
}

static void report_in_pid_namespace(void *arg)
{
	struct shared *sh = arg;
	struct buftrack_client_info info;
	int fd = open_node(sh->s->device, O_RDONLY);

	CHECK_EQ(getpid(), 1);
	cmd(sample_client(CHIP), "alloc address=0x2000 size=64");
	CHECK_OK(client_info(fd, nth_client(fd, 0), &info));
	CHECK_EQ(info.pid, 0);
	CHECK_OK(client_info(fd, nth_client(fd, 1), &info));
	CHECK_EQ(info.pid, 1);
	checkpoint_reach(&sh->ready);
	checkpoint_wait(&sh->go);
}

static void enter_pid_namespace(void *arg)
{
	struct shared *sh = arg;

	CHECK_SYS(unshare(CLONE_NEWPID));
	sh->outer = start(report_in_pid_namespace, sh);
	finish(sh->outer);
}

SAMPLE_TEST(pid_is_translated_to_the_readers_namespace)
{
	struct shared *sh = share(s);
	struct buftrack_client_info info;
	pid_t pid;

	cmd(sample_client(CHIP), "alloc " BUFFER_AT);
	pid = start(enter_pid_namespace, sh);
	checkpoint_wait(&sh->ready);
	WAIT_UNTIL(*(volatile pid_t *)&sh->outer);
	CHECK_OK(client_info(s->fd, nth_client(s->fd, 1), &info));
	CHECK_EQ(info.pid, sh->outer);
	checkpoint_reach(&sh->go);
	finish(pid);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 1);
}
