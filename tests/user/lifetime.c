// SPDX-License-Identifier: GPL-2.0
/* A client is an open file and ends when the last descriptor of it is closed */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "long_batch.h"
#include "helper.h"
#include "identity.h"
#include "fixture.h"

DEVICE_TEST(client_killed_during_a_batch_leaves_consistent_counters)
{
	struct long_batch *e = long_batch_create(f);
	pid_t pid = start(long_batch_run, e);

	long_batch_wait(e);
	end(pid, SIGKILL);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), 0);
	/* The kernel wrote its progress although the caller was killed */
	long_batch_check(e);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS),
		 e->batch.done % 2);
	CHECK_EQ(list_all(f->fd, BUFTRACK_RECORD_STATE_REMAINING).nr,
		 e->batch.done % 2);
}

static void report_until_killed(void *arg)
{
	int fd = fixture_open(arg);
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

DEVICE_TEST(live_buffers_of_killed_clients_remain)
{
	__u64 live = 0;
	pid_t pid;
	int i;

	for (i = 1; i <= 8; i++) {
		pid = start(report_until_killed, f);
		WAIT_UNTIL(device_counter(f->fd,
					  BUFTRACK_COUNTER_LIVE_BUFFERS) > 20);
		usleep(i * 3000);
		end(pid, SIGKILL);
		CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BUFFERS),
			 0);
		live += client_counter(f->fd, i,
				       BUFTRACK_COUNTER_REMAINING_BUFFERS);
		check_invariants(f->fd);
	}
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS),
		 live);
	CHECK_EQ(list_all(f->fd, BUFTRACK_RECORD_STATE_REMAINING).nr, live);
}

#define MANY 20000

/* Submits the reports until all are applied; returns how often a signal interfered */
static unsigned int batch_under_signals(const struct fixture *f,
					const struct buftrack_report *reports)
{
	__u32 done = 0, step;
	unsigned int interrupted = 0;
	int err;

	while (done < MANY) {
		err = batch(f->fd, reports + done, MANY - done, NULL, &step);
		CHECK(!err || err == EINTR);
		CHECK(step > 0);
		interrupted += err == EINTR;
		done += step;
	}
	CHECK_EQ(done, MANY);
	return interrupted;
}

DEVICE_TEST(signals_stop_a_batch_after_some_progress)
{
	static struct buftrack_report reports[MANY];
	unsigned int rounds = 0, interrupted;
	struct listing l;
	__u32 i;

	for (i = 0; i < MANY; i++)
		reports[i] = BUFFER((__u64)i << 12, 16);
	signal_every_ms();
	do {
		interrupted = batch_under_signals(f, reports);
		/* A report that was applied twice would be one more */
		CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_DOUBLE_ALLOCS),
			 rounds++ * MANY);
	} while (!interrupted);
	/* Listings make progress, too */
	l = list_all(f->fd, 0);
	CHECK_EQ(l.nr, MANY);
}

DEVICE_TEST(client_ends_with_the_last_copy_of_its_file)
{
	int fd = fixture_open(f), copy = dup(fd);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	close(fd);
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(verdict_of(copy, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	close(copy);
	CHECK_EQ(client_state(f->fd, 1), 0);
}

struct family {
	const struct fixture *f;
	struct checkpoint reported, go_on;
	int sockets[2];
};

static void init_family(struct family *fam, const struct fixture *f)
{
	fam->f = f;
	checkpoint_init(&fam->reported);
	checkpoint_init(&fam->go_on);
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM, 0, fam->sockets));
}

static void parent_and_child(void *arg)
{
	struct family *fam = arg;
	int fd = fixture_open(fam->f);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	if (CHECK_SYS(fork()))
		return;
	CHECK_OK(try_report(fd, BUFFER(0x2000, 16)));
	checkpoint_reach(&fam->reported);
	checkpoint_wait(&fam->go_on);
	CHECK_OK(try_report(fd, BUFFER(0x3000, 16)));
	checkpoint_reach(&fam->reported);
	checkpoint_wait(&fam->go_on);
}

DEVICE_TEST(child_continues_the_client_of_its_exited_parent)
{
	struct family fam;
	pid_t parent;

	init_family(&fam, f);
	parent = start(parent_and_child, &fam);
	finish(parent);
	checkpoint_wait(&fam.reported);
	CHECK_EQ(device_info(f->fd).nr_clients, 1);
	CHECK_EQ(client_state(f->fd, 1),
		 BUFTRACK_CLIENT_STATE_OPEN |
			 BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	checkpoint_reach(&fam.go_on);
	checkpoint_wait(&fam.reported);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_LIVE_BUFFERS), 3);
	CHECK_EQ(list_all(f->fd, 0).records[2].pid, parent);
	checkpoint_reach(&fam.go_on);
	WAIT_UNTIL(!(client_state(f->fd, 1) & BUFTRACK_CLIENT_STATE_OPEN));
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_REMAINING_BUFFERS),
		 3);
}

static void report_once(void *arg)
{
	CHECK_OK(try_report(*(int *)arg, BUFFER(0x2000, 16)));
}

DEVICE_TEST(child_closing_the_file_does_not_end_the_parents_client)
{
	int fd = fixture_open(f);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	in_child(report_once, &fd);
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	CHECK_EQ(device_info(f->fd).nr_clients, 1);
}

DEVICE_TEST(zombie_opener_counts_as_exited)
{
	struct family fam;
	siginfo_t info;
	pid_t pid;

	init_family(&fam, f);
	pid = start(parent_and_child, &fam);
	/* Waits for the exit without reaping the process */
	CHECK_SYS(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(client_state(f->fd, 1),
		 BUFTRACK_CLIENT_STATE_OPEN |
			 BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	finish(pid);
}

static void *report_as_last_thread(void *arg)
{
	struct family *fam = arg;

	checkpoint_wait(&fam->go_on);
	CHECK_OK(try_report(fam->sockets[0], BUFFER(0x1000, 16)));
	checkpoint_reach(&fam->reported);
	checkpoint_wait(&fam->go_on);
	_exit(0);
}

static void exit_main_thread(void *arg)
{
	struct family *fam = arg;

	fam->sockets[0] = fixture_open(fam->f);
	become_client(fam->sockets[0]);
	start_thread(report_as_last_thread, fam);
	syscall(SYS_exit, 0);
}

DEVICE_TEST(process_without_its_main_thread_has_not_exited)
{
	struct family fam;
	pid_t pid;

	init_family(&fam, f);
	pid = start(exit_main_thread, &fam);
	checkpoint_reach(&fam.go_on);
	checkpoint_wait(&fam.reported);
	wait_for_state(pid, 'Z');
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPEN);
	checkpoint_reach(&fam.go_on);
	finish(pid);
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPENER_EXITED);
}

static void open_and_exec(void *arg)
{
	char number[16];
	int fd;

	prctl(PR_SET_NAME, "before exec");
	fd = fixture_open(arg);
	CHECK_SYS(fcntl(fd, F_SETFD, 0));
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	snprintf(number, sizeof(number), "%d", fd);
	execl("/proc/self/exe", "after", HELPER_ARGUMENT, "report", number,
	      NULL);
	CHECK(!"execl failed");
}

DEVICE_TEST(client_survives_exec)
{
	struct buftrack_client_info info;
	pid_t pid = start(open_and_exec, f);

	finish(pid);
	CHECK_OK(client_info(f->fd, 1, &info));
	CHECK_EQ(info.pid, pid);
	CHECK_STR(info.comm, "before exec");
	CHECK_EQ(info.state, BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_REMAINING_BUFFERS),
		 2);
	CHECK(!next_client(f->fd, 2, &info));
}

static void send_a_client(void *arg)
{
	struct family *fam = arg;
	int fd = fixture_open(fam->f);

	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	send_file(fam->sockets[1], fd);
}

DEVICE_TEST(client_in_a_socket_outlives_its_sender)
{
	struct buftrack_client_info info;
	struct family fam;
	pid_t pid;
	int fd;

	init_family(&fam, f);
	pid = start(send_a_client, &fam);
	finish(pid);
	/* No process has the file open; the socket holds it */
	CHECK_EQ(client_state(f->fd, 1),
		 BUFTRACK_CLIENT_STATE_OPEN |
			 BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	fd = receive_file(fam.sockets[0]);
	CHECK_EQ(verdict_of(fd, FREE(.address = 0x1000)), BUFTRACK_VERDICT_OK);
	CHECK_OK(client_info(f->fd, 1, &info));
	CHECK_EQ(info.pid, pid);
	close(fd);
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPENER_EXITED);
}

DEVICE_TEST(client_ends_with_the_socket_that_holds_it)
{
	struct family fam;

	init_family(&fam, f);
	in_child(send_a_client, &fam);
	close(fam.sockets[0]);
	close(fam.sockets[1]);
	WAIT_UNTIL(!(client_state(f->fd, 1) & BUFTRACK_CLIENT_STATE_OPEN));
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_REMAINING_BUFFERS), 1);
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

DEVICE_TEST(threads_report_through_one_file_as_one_client)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t barrier;
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ f->fd, &barrier, i };
		threads[i] = start_thread(report_in_thread, &workers[i]);
	}
	for (i = 0; i < THREADS; i++)
		finish_thread(threads[i]);
	CHECK_EQ(device_info(f->fd).nr_clients, 1);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_ALLOCS),
		 THREADS * EACH_THREAD);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_LIVE_BUFFERS),
		 THREADS * EACH_THREAD / 2);
}

static void check_pids_inside(void *arg)
{
	const struct fixture *f = arg;
	struct buftrack_client_info info;
	struct listing l;
	int fd = fixture_open(f);

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

DEVICE_TEST(pids_are_those_of_the_readers_namespace)
{
	struct buftrack_client_info info;
	struct listing l;

	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	in_pid_namespace(check_pids_inside, f);
	CHECK_OK(client_info(f->fd, 2, &info));
	CHECK(info.pid > 1);
	CHECK(info.pid != (__u32)getpid());
	CHECK_EQ(info.state, BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	l = list_all(f->fd, BUFTRACK_RECORD_STATE_REMAINING);
	CHECK_EQ(l.records[0].pid, info.pid);
}
