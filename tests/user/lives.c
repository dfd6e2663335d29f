// SPDX-License-Identifier: GPL-2.0
/* Clients and processes: a client is a file, and ends when the last of it is closed */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "endless.h"
#include "helper.h"
#include "rig.h"

RIG_TEST(client_killed_in_mid_batch_ends_with_its_books_in_order)
{
	struct endless *e = endless_create(r);
	pid_t pid = start(endless_run, e);

	endless_wait(e);
	end(pid, SIGKILL);
	CHECK_EQ(device_info(r->fd).nr_clients, 0);
	CHECK_EQ(client_state(r->fd, 1), BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	/* The kernel said how far it came, though nobody was there to hear */
	endless_check(e);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS),
		 e->batch.done % 2);
	CHECK_EQ(list_all(r->fd, BUFTRACK_RECORD_STATE_REMAINING).nr,
		 e->batch.done % 2);
}

static void report_until_killed(void *arg)
{
	int fd = rig_open(arg);
	struct buftrack_report one = {};
	__u64 i;

	for (i = 0;; i++) {
		one = BUFFER(i % 5000 << 12, 16);
		if (i / 5000 % 2)
			one = FREE(.address = i % 5000 << 12);
		if (i % 3)
			CHECK_OK(try_report(fd, one));
		else
			CHECK_OK(batch(fd, &one, 1, NULL, NULL));
	}
}

RIG_TEST(what_was_live_when_clients_were_killed_remains)
{
	__u64 live = 0;
	pid_t pid;
	int i;

	for (i = 1; i <= 8; i++) {
		pid = start(report_until_killed, r);
		WAIT_UNTIL(device_counter(r->fd,
					  BUFTRACK_COUNTER_LIVE_BUFFERS) > 20);
		usleep(i * 3000);
		end(pid, SIGKILL);
		CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_LIVE_BUFFERS),
			 0);
		live += client_counter(r->fd, i,
				       BUFTRACK_COUNTER_REMAINING_BUFFERS);
		check_books(r->fd);
	}
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS),
		 live);
	CHECK_EQ(list_all(r->fd, BUFTRACK_RECORD_STATE_REMAINING).nr, live);
}

static void on_signal(int signal)
{
	(void)signal;
}

static void signal_every_ms(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct itimerval timer = { { 0, 1000 }, { 0, 1000 } };

	CHECK_SYS(sigaction(SIGALRM, &action, NULL));
	CHECK_SYS(setitimer(ITIMER_REAL, &timer, NULL));
}

#define MANY 20000

/* Only what ends the process anyway ends its batch */
RIG_TEST(signals_that_are_handled_do_not_end_a_batch)
{
	static struct buftrack_report reports[MANY];
	struct listing l;
	__u32 i, done;

	for (i = 0; i < MANY; i++)
		reports[i] = BUFFER((__u64)i << 12, 16);
	signal_every_ms();
	CHECK_OK(batch(r->fd, reports, MANY, NULL, &done));
	CHECK_EQ(done, MANY);
	/* And listings get on */
	l = list_all(r->fd, 0);
	CHECK_EQ(l.nr, MANY);
}

RIG_TEST(client_ends_with_the_last_copy_of_its_file)
{
	int fd = rig_open(r), copy = dup(fd);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	close(fd);
	CHECK_EQ(client_state(r->fd, 1), BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(verdict_of(copy, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	close(copy);
	CHECK_EQ(client_state(r->fd, 1), 0);
}

struct family {
	const struct rig *r;
	struct signpost reported, go_on;
	int sockets[2];
};

static void init_family(struct family *f, const struct rig *r)
{
	f->r = r;
	signpost_init(&f->reported);
	signpost_init(&f->go_on);
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM, 0, f->sockets));
}

static void parent_and_child(void *arg)
{
	struct family *f = arg;
	int fd = rig_open(f->r);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	if (CHECK_SYS(fork()))
		return;
	CHECK_OK(try_report(fd, BUFFER(0x2000, 16)));
	signpost_set(&f->reported);
	signpost_wait(&f->go_on);
	CHECK_OK(try_report(fd, BUFFER(0x3000, 16)));
	signpost_set(&f->reported);
	signpost_wait(&f->go_on);
}

RIG_TEST(child_goes_on_as_the_client_of_a_parent_that_exited)
{
	struct family f;
	pid_t parent;

	init_family(&f, r);
	parent = start(parent_and_child, &f);
	finish(parent);
	signpost_wait(&f.reported);
	CHECK_EQ(device_info(r->fd).nr_clients, 1);
	CHECK_EQ(client_state(r->fd, 1),
		 BUFTRACK_CLIENT_STATE_OPEN |
			 BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	signpost_set(&f.go_on);
	signpost_wait(&f.reported);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_LIVE_BUFFERS), 3);
	CHECK_EQ(list_all(r->fd, 0).records[2].pid, parent);
	signpost_set(&f.go_on);
	WAIT_UNTIL(!(client_state(r->fd, 1) & BUFTRACK_CLIENT_STATE_OPEN));
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_REMAINING_BUFFERS),
		 3);
}

static void report_once(void *arg)
{
	CHECK_OK(try_report(*(int *)arg, BUFFER(0x2000, 16)));
}

RIG_TEST(child_that_closes_does_not_end_its_parents_client)
{
	int fd = rig_open(r);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	in_child(report_once, &fd);
	CHECK_EQ(client_state(r->fd, 1), BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	CHECK_EQ(device_info(r->fd).nr_clients, 1);
}

RIG_TEST(opener_that_is_a_zombie_has_exited)
{
	struct family f;
	siginfo_t info;
	pid_t pid;

	init_family(&f, r);
	pid = start(parent_and_child, &f);
	/* Its exit is waited for, but it is not reaped */
	CHECK_SYS(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(client_state(r->fd, 1),
		 BUFTRACK_CLIENT_STATE_OPEN |
			 BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	finish(pid);
}

static void *report_as_last_thread(void *arg)
{
	struct family *f = arg;

	signpost_wait(&f->go_on);
	CHECK_OK(try_report(f->sockets[0], BUFFER(0x1000, 16)));
	signpost_set(&f->reported);
	signpost_wait(&f->go_on);
	_exit(0);
}

static void exit_main_thread(void *arg)
{
	struct family *f = arg;

	f->sockets[0] = rig_open(f->r);
	become_client(f->sockets[0]);
	start_thread(report_as_last_thread, f);
	syscall(SYS_exit, 0);
}

RIG_TEST(process_whose_main_thread_exited_has_not)
{
	struct family f;
	pid_t pid;

	init_family(&f, r);
	pid = start(exit_main_thread, &f);
	signpost_set(&f.go_on);
	signpost_wait(&f.reported);
	usleep(50000);
	CHECK_EQ(client_state(r->fd, 1), BUFTRACK_CLIENT_STATE_OPEN);
	signpost_set(&f.go_on);
	finish(pid);
	CHECK_EQ(client_state(r->fd, 1), BUFTRACK_CLIENT_STATE_OPENER_EXITED);
}

static void open_and_exec(void *arg)
{
	char number[16];
	int fd;

	prctl(PR_SET_NAME, "before exec");
	fd = rig_open(arg);
	CHECK_SYS(fcntl(fd, F_SETFD, 0));
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	snprintf(number, sizeof(number), "%d", fd);
	execl("/proc/self/exe", "after", HELPER_ARGUMENT, "report", number,
	      NULL);
	CHECK(!"execl failed");
}

RIG_TEST(client_goes_on_after_exec)
{
	struct buftrack_client_info info;
	pid_t pid = start(open_and_exec, r);

	finish(pid);
	CHECK_OK(client_info(r->fd, 1, &info));
	CHECK_EQ(info.pid, pid);
	CHECK_STR(info.comm, "before exec");
	CHECK_EQ(info.state, BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_REMAINING_BUFFERS),
		 2);
	CHECK(!next_client(r->fd, 2, &info));
}

static void send_a_client(void *arg)
{
	struct family *f = arg;
	int fd = rig_open(f->r);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	send_file(f->sockets[1], fd);
}

RIG_TEST(client_outlives_its_sender_on_the_way_through_a_socket)
{
	struct buftrack_client_info info;
	struct family f;
	pid_t pid;
	int fd;

	init_family(&f, r);
	pid = start(send_a_client, &f);
	finish(pid);
	/* Nobody has the file open: it is in the socket */
	CHECK_EQ(client_state(r->fd, 1),
		 BUFTRACK_CLIENT_STATE_OPEN |
			 BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	fd = receive_file(f.sockets[0]);
	CHECK_EQ(verdict_of(fd, FREE(.address = 0x1000)), BUFTRACK_VERDICT_OK);
	CHECK_OK(client_info(r->fd, 1, &info));
	CHECK_EQ(info.pid, pid);
	close(fd);
	CHECK_EQ(client_state(r->fd, 1), BUFTRACK_CLIENT_STATE_OPENER_EXITED);
}

RIG_TEST(client_ends_with_the_socket_that_it_was_left_in)
{
	struct family f;

	init_family(&f, r);
	in_child(send_a_client, &f);
	close(f.sockets[0]);
	close(f.sockets[1]);
	WAIT_UNTIL(!(client_state(r->fd, 1) & BUFTRACK_CLIENT_STATE_OPEN));
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS), 1);
}

#define THREADS 4
#define EACH_THREAD 1500

struct worker {
	int fd;
	pthread_barrier_t *barrier;
	unsigned int number;
};

static void *report_in_thread(void *arg)
{
	const struct worker *w = arg;
	__u64 base = (__u64)w->number << 32, i;

	pthread_barrier_wait(w->barrier);
	for (i = 0; i < EACH_THREAD; i++)
		CHECK_EQ(verdict_of(w->fd, BUFFER(base + (i << 12), 16)),
			 BUFTRACK_VERDICT_OK);
	for (i = 0; i < EACH_THREAD; i += 2)
		CHECK_EQ(verdict_of(w->fd, FREE(.address = base + (i << 12))),
			 BUFTRACK_VERDICT_OK);
	return NULL;
}

RIG_TEST(threads_report_through_one_file_as_one_client)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t barrier;
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ r->fd, &barrier, i };
		threads[i] = start_thread(report_in_thread, &workers[i]);
	}
	for (i = 0; i < THREADS; i++)
		finish_thread(threads[i]);
	CHECK_EQ(device_info(r->fd).nr_clients, 1);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_ALLOCS),
		 THREADS * EACH_THREAD);
	CHECK_EQ(client_counter(r->fd, 1, BUFTRACK_COUNTER_LIVE_BUFFERS),
		 THREADS * EACH_THREAD / 2);
}

static void be_the_first_in_a_namespace(void *arg)
{
	const struct rig *r = arg;
	struct buftrack_client_info info;
	struct listing l;
	int fd = rig_open(r);

	CHECK_EQ(getpid(), 1);
	CHECK_OK(client_info(fd, 1, &info));
	CHECK_EQ(info.pid, 0);
	CHECK_EQ(info.tid, 0);
	l = list_all(fd, 0);
	CHECK_EQ(l.nr, 1);
	CHECK_EQ(l.records[0].pid, 0);
	CHECK_OK(try_report(fd, BUFFER(0x2000, 16)));
	CHECK_OK(client_info(fd, 2, &info));
	CHECK_EQ(info.pid, 1);
	CHECK_EQ(info.tid, 1);
	l = list_all(fd, 0);
	CHECK_EQ(find_record(&l, 0x2000, 0)->pid, 1);
}

static void make_namespace(void *arg)
{
	CHECK_SYS(unshare(CLONE_NEWPID));
	in_child(be_the_first_in_a_namespace, arg);
}

RIG_TEST(pids_are_of_the_readers_namespace)
{
	struct buftrack_client_info info;
	struct listing l;

	CHECK_OK(try_report(r->fd, BUFFER(0x1000, 16)));
	in_child(make_namespace, r);
	CHECK_OK(client_info(r->fd, 2, &info));
	CHECK(info.pid > 1);
	CHECK(info.pid != (__u32)getpid());
	CHECK_EQ(info.state, BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	l = list_all(r->fd, BUFTRACK_RECORD_STATE_REMAINING);
	CHECK_EQ(l.records[0].pid, info.pid);
}
