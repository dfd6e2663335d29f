// SPDX-License-Identifier: GPL-2.0
/* Whose a driver's buffers are: those of who opened its node */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sample.h"

#define BUFFER_AT "address=0x1000 size=4096"

/* What processes of a test tell each other */
struct scene {
	struct sample *s;
	struct checkpoint ready;
	struct checkpoint go;
	int file;
	pid_t outer;
};

static struct scene *scene(struct sample *s)
{
	struct scene *sc = shared_memory(sizeof(*sc));

	sc->s = s;
	checkpoint_init(&sc->ready);
	checkpoint_init(&sc->go);
	return sc;
}

static struct buftrack_record only_record(const struct sample *s)
{
	struct listing l = list_all(s->fd, BUFTRACK_RECORD_STATE_LIVE);

	CHECK_EQ(l.nr, 1);
	return l.records[0];
}

static void open_and_alloc(void *arg)
{
	struct scene *sc = arg;
	int fd;

	prctl(PR_SET_NAME, "opener");
	fd = sample_client(CHIP);
	tell(fd, "alloc " BUFFER_AT);
	checkpoint_reach(&sc->ready);
	checkpoint_wait(&sc->go);
}

SAMPLE_TEST(a_buffer_is_its_openers)
{
	struct scene *sc = scene(s);
	struct buftrack_record rec;
	pid_t pid = start(open_and_alloc, sc);

	checkpoint_wait(&sc->ready);
	rec = only_record(s);
	CHECK_EQ(rec.pid, pid);
	CHECK_STR(rec.comm, "opener");
	checkpoint_reach(&sc->go);
	finish(pid);
	rec = only_record(s);
	CHECK(rec.state & BUFTRACK_RECORD_STATE_ORPHANED);
	CHECK_STR(rec.comm, "opener");
	check_nothing_wrong(s->fd);
}

SAMPLE_TEST(a_process_that_is_killed_leaves_orphans)
{
	struct scene *sc = scene(s);
	pid_t pid = start(open_and_alloc, sc);

	checkpoint_wait(&sc->ready);
	end(pid, SIGKILL);
	WAIT_UNTIL(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS) ==
		   1);
	CHECK(client_state(s->fd, nth_client(s->fd, 0)) &
	      BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	CHECK_STR(only_record(s).comm, "opener");
	check_nothing_wrong(s->fd);
}

static void alloc_by_inheritance(void *arg)
{
	struct scene *sc = arg;

	prctl(PR_SET_NAME, "heir");
	tell(sc->file, "alloc " BUFFER_AT);
}

SAMPLE_TEST(a_file_that_is_inherited_stays_its_openers)
{
	struct scene *sc = scene(s);

	sc->file = sample_client(CHIP);
	in_child(alloc_by_inheritance, sc);
	CHECK_EQ(only_record(s).pid, getpid());
	CHECK(!(only_record(s).state & BUFTRACK_RECORD_STATE_ORPHANED));
}

static void open_as_user(void *arg)
{
	struct scene *sc = arg;

	tell(sample_client(CHIP), "alloc " BUFFER_AT);
	checkpoint_reach(&sc->ready);
}

SAMPLE_TEST(a_buffer_has_the_uid_of_its_opener)
{
	struct buftrack_client_info info;

	in_child_as(ALICE, open_as_user, scene(s));
	CHECK_OK(client_info(s->fd, nth_client(s->fd, 0), &info));
	CHECK_EQ(info.uid, ALICE);
}

static void declare_shared(void *arg)
{
	struct scene *sc = arg;
	int fd = open_node(sc->s->device, O_RDWR);
	__u64 client;

	CHECK_ERR(declare(fd, BUFTRACK_DECLARE_SHARED, &client), EPERM);
	/* Its own reports are in a domain of its own */
	CHECK_OK(declare(fd, 0, &client));
	CHECK_EQ(verdict_of(fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_UNKNOWN_NEVER);
	CHECK_EQ(verdict_of(fd, ALLOC(.address = 0x1000, .size = 64)),
		 BUFTRACK_VERDICT_OK);
}

SAMPLE_TEST(a_user_cannot_report_as_the_driver_does)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	in_child_as(ALICE, declare_shared, scene(s));
	CHECK(!(only_record(s).state & BUFTRACK_RECORD_STATE_ORPHANED));
	tell(fd, "free address=0x1000");
	check_wrong(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
	CHECK_EQ(client_counter(s->fd, nth_client(s->fd, 0),
				BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER),
		 0);
}

/* In a pid namespace, where it is process 1 */
static void look_from_inside(void *arg)
{
	struct scene *sc = arg;
	struct buftrack_client_info info;
	int fd = open_node(sc->s->device, O_RDONLY);

	CHECK_EQ(getpid(), 1);
	tell(sample_client(CHIP), "alloc address=0x2000 size=64");
	CHECK_OK(client_info(fd, nth_client(fd, 0), &info));
	CHECK_EQ(info.pid, 0);
	CHECK_OK(client_info(fd, nth_client(fd, 1), &info));
	CHECK_EQ(info.pid, 1);
	checkpoint_reach(&sc->ready);
	checkpoint_wait(&sc->go);
}

static void start_inside(void *arg)
{
	struct scene *sc = arg;

	CHECK_SYS(unshare(CLONE_NEWPID));
	sc->outer = start(look_from_inside, sc);
	finish(sc->outer);
}

SAMPLE_TEST(a_process_in_a_container_has_the_pid_that_its_reader_knows)
{
	struct scene *sc = scene(s);
	struct buftrack_client_info info;
	pid_t pid;

	tell(sample_client(CHIP), "alloc " BUFFER_AT);
	pid = start(start_inside, sc);
	checkpoint_wait(&sc->ready);
	WAIT_UNTIL(*(volatile pid_t *)&sc->outer);
	CHECK_OK(client_info(s->fd, nth_client(s->fd, 1), &info));
	CHECK_EQ(info.pid, sc->outer);
	checkpoint_reach(&sc->go);
	finish(pid);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 1);
}
