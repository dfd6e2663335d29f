// SPDX-License-Identifier: GPL-2.0
/* Clients: how a file becomes one, and the identity that the kernel records */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "helper.h"
#include "fixture.h"

static struct buftrack_client_info client_1(const struct fixture *f)
{
	struct buftrack_client_info info;

	CHECK_OK(client_info(f->fd, 1, &info));
	CHECK_EQ(info.client, 1);
	return info;
}

DEVICE_TEST(open_file_is_not_a_client)
{
	struct buftrack_client_info info;
	int fd = fixture_open(f);

	device_info(fd);
	device_counter(fd, BUFTRACK_COUNTER_ALLOCS);
	list_all(fd, 0);
	add_space(fd, "L1");
	CHECK_OK(set_enabled(fd, true));
	CHECK_OK(reset_device(fd));
	CHECK_EQ(device_info(fd).nr_clients, 0);
	CHECK(!next_client(fd, 0, &info));
	close(fd);
	CHECK(!next_client(f->fd, 0, &info));
}

DEVICE_TEST(file_open_for_reading_never_becomes_a_client)
{
	int fd = open_node(f->device, O_RDONLY);
	struct buftrack_report one = BUFFER(0x1000, 16);
	__u64 client;

	CHECK_ERR(declare(fd, 0, &client), EBADF);
	CHECK_ERR(try_report(fd, one), EBADF);
	CHECK_ERR(batch(fd, &one, 1, NULL, NULL), EBADF);
	CHECK_ERR(lost(fd, 1), EBADF);
	CHECK_EQ(device_info(fd).nr_clients, 0);
	CHECK_EQ(become_client(f->fd), 1);
}

DEVICE_TEST(file_open_for_writing_alone_can_report)
{
	int fd = open_node(f->device, O_WRONLY);

	CHECK_EQ(verdict_of(fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(device_info(f->fd).nr_clients, 1);
}

DEVICE_TEST(first_report_creates_an_undeclared_client)
{
	struct buftrack_client_info info;

	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	info = client_1(f);
	CHECK_EQ(info.state, BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(info.claimed_pid, 0);
	CHECK_EQ(info.first_id, 0);
	CHECK_STR(info.claimed_name, "");
}

DEVICE_TEST(first_free_creates_a_client)
{
	CHECK_OK(try_report(f->fd, FREE(.address = 1)));
	CHECK_EQ(device_info(f->fd).nr_clients, 1);
}

DEVICE_TEST(client_numbers_are_never_reused)
{
	__u64 client;
	int i, fd;

	for (i = 1; i <= 5; i++) {
		fd = fixture_open(f);
		CHECK_EQ(become_client(fd), i);
		close(fd);
	}
	CHECK_OK(set_device(
		f->fd, (struct buftrack_device_set){
			       .fields = BUFTRACK_DEVICE_SET_MAX_CLOSED }));
	CHECK_OK(declare(f->fd, 0, &client));
	CHECK_EQ(client, 6);
}

DEVICE_TEST(declaring_twice_is_ebusy)
{
	struct snapshot before;
	__u64 client;

	become_client(f->fd);
	take_snapshot(f, &before);
	CHECK_ERR(declare(f->fd, 0, &client), EBUSY);
	CHECK_ERR(declare(f->fd, BUFTRACK_DECLARE_LATE, &client), EBUSY);
	check_unchanged(f, &before);
}

DEVICE_TEST(declaring_after_a_report_is_ebusy)
{
	__u64 client;

	CHECK_OK(try_report(f->fd, BUFFER(0x1000, 16)));
	CHECK_ERR(declare(f->fd, BUFTRACK_DECLARE_SHARED, &client), EBUSY);
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPEN);
}

DEVICE_TEST(declaring_after_a_failed_report_succeeds)
{
	struct buftrack_report bad[] = { ALLOC(.address = 1),
					 FREE(.space = 9) };
	__u64 client;

	CHECK_ERR(try_report(f->fd, bad[0]), EINVAL);
	CHECK_ERR(batch(f->fd, bad, 2, NULL, NULL), EINVAL);
	CHECK_ERR(batch(f->fd, bad + 1, 1, NULL, NULL), ENOENT);
	CHECK_ERR(lost(f->fd, 0), EINVAL);
	CHECK_OK(declare(f->fd, BUFTRACK_DECLARE_LATE, &client));
	CHECK_EQ(client, 1);
}

DEVICE_TEST(claims_are_shown_as_claims)
{
	struct buftrack_declare arg = {
		.flags = BUFTRACK_DECLARE_LATE,
		.first_id = 0x123456789abcdef0,
		.claimed_pid = 4242,
		.claimed_name = "somebody else",
	};
	struct buftrack_client_info info;

	CHECK_OK(CALL(f->fd, DECLARE, &arg));
	CHECK_EQ(arg.client, 1);
	info = client_1(f);
	CHECK_EQ(info.state,
		 BUFTRACK_CLIENT_STATE_OPEN | BUFTRACK_CLIENT_STATE_LATE);
	CHECK_EQ(info.first_id, 0x123456789abcdef0);
	CHECK_EQ(info.claimed_pid, 4242);
	CHECK_STR(info.claimed_name, "somebody else");
	CHECK_EQ(info.pid, getpid());
	CHECK(strcmp(info.comm, info.claimed_name));
}

/* Field 22 of stat, in clock ticks; the comm in brackets may hold any character */
static __u64 own_start_time(void)
{
	char text[1024], *at;
	int field;

	read_file("/proc/self/stat", text, sizeof(text));
	at = strrchr(text, ')');
	for (field = 2; field < 22; field++)
		at = strchr(at + 1, ' ');
	return strtoull(at, NULL, 10) * (1000000000 / sysconf(_SC_CLK_TCK));
}

DEVICE_TEST(opener_is_recorded)
{
	struct buftrack_client_info info;
	__u64 before = now_ns(), tick = 1000000000 / sysconf(_SC_CLK_TCK);
	int fd;

	prctl(PR_SET_NAME, "a process");
	fd = fixture_open(f);
	prctl(PR_SET_NAME, "renamed");
	become_client(fd);
	info = client_1(f);
	CHECK_EQ(info.pid, getpid());
	CHECK_EQ(info.tid, getpid());
	CHECK_EQ(info.uid, 0);
	CHECK_STR(info.comm, "a process");
	CHECK(info.start_time >= own_start_time() &&
	      info.start_time < own_start_time() + tick);
	CHECK(info.opened >= before && info.opened <= now_ns());
	CHECK_EQ(info.closed, 0);
}

DEVICE_TEST(uid_is_the_effective_one_at_open)
{
	int fd;

	CHECK_SYS(seteuid(ALICE));
	fd = fixture_open(f);
	CHECK_SYS(seteuid(0));
	become_client(fd);
	CHECK_EQ(client_1(f).uid, ALICE);
}

struct opening {
	const struct fixture *f;
	int fd;
	pid_t tid;
};

static void *open_in_thread(void *arg)
{
	struct opening *o = arg;

	prctl(PR_SET_NAME, "a thread");
	o->fd = fixture_open(o->f);
	o->tid = syscall(SYS_gettid);
	return NULL;
}

DEVICE_TEST(opening_thread_is_recorded_apart_from_its_process)
{
	struct opening o = { .f = f };
	struct buftrack_client_info info;

	prctl(PR_SET_NAME, "the process");
	finish_thread(start_thread(open_in_thread, &o));
	become_client(o.fd);
	info = client_1(f);
	CHECK_EQ(info.pid, getpid());
	CHECK_EQ(info.tid, o.tid);
	CHECK(info.tid != info.pid);
	CHECK_STR(info.comm, "the process");
	/* The thread has exited, its process has not */
	CHECK_EQ(info.state, BUFTRACK_CLIENT_STATE_OPEN);
}

static void report_and_claim(void *arg)
{
	struct buftrack_declare claim = {
		.claimed_pid = getppid(),
		.claimed_name = "liar",
	};
	const int *fds = arg;

	prctl(PR_SET_NAME, "forger");
	become_user(BOB);
	CHECK_OK(CALL(fds[0], DECLARE, &claim));
	CHECK_OK(try_report(fds[1], BUFFER(0x1000, 16)));
}

/* The opener of the file counts, not the process that makes it a client */
DEVICE_TEST(opener_cannot_be_forged)
{
	int fds[] = { fixture_open(f), fixture_open(f) }, i;
	struct buftrack_client_info info;

	in_child(report_and_claim, fds);
	for (i = 1; i <= 2; i++) {
		CHECK_OK(client_info(f->fd, i, &info));
		CHECK_EQ(info.pid, getpid());
		CHECK_EQ(info.uid, 0);
		CHECK(strcmp(info.comm, "forger"));
		CHECK_EQ(info.state, BUFTRACK_CLIENT_STATE_OPEN);
	}
}

DEVICE_TEST(closed_client_has_its_end_time)
{
	int fd = fixture_open(f);
	struct buftrack_client_info info;
	__u64 before;

	become_client(fd);
	before = device_info(f->fd).now;
	close(fd);
	info = client_1(f);
	CHECK_EQ(info.state, 0);
	CHECK(info.closed >= before && info.closed <= now_ns());
	CHECK(info.opened < info.closed);
	CHECK_EQ(info.pid, getpid());
}

DEVICE_TEST(closed_client_keeps_the_state_of_its_domain)
{
	int fd = fixture_open(f);

	CHECK_OK(set_device(f->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_FREED }));
	CHECK_OK(lost(fd, 1));
	CHECK_OK(try_report(fd, BUFFER(0x1000, 16)));
	CHECK_OK(try_report(fd, FREE(.address = 0x1000)));
	CHECK_EQ(client_state(f->fd, 1), BUFTRACK_CLIENT_STATE_OPEN |
						 BUFTRACK_CLIENT_STATE_HAD_GAP |
						 BUFTRACK_CLIENT_STATE_EVICTED);
	close(fd);
	CHECK_EQ(client_state(f->fd, 1),
		 BUFTRACK_CLIENT_STATE_HAD_GAP | BUFTRACK_CLIENT_STATE_EVICTED);
}

DEVICE_TEST(clients_are_listed_in_order)
{
	struct buftrack_client_info info;
	__u64 after = 0;
	int fds[5], i;

	for (i = 0; i < 5; i++) {
		fds[i] = fixture_open(f);
		become_client(fds[i]);
	}
	/* Closed in another order */
	close(fds[3]);
	close(fds[1]);
	for (i = 1; next_client(f->fd, after, &info); i++) {
		CHECK_EQ(info.client, i);
		CHECK_EQ(info.state & BUFTRACK_CLIENT_STATE_OPEN,
			 i != 2 && i != 4);
		after = info.client + 1;
	}
	CHECK_EQ(i, 6);
}

DEVICE_TEST(unknown_client_is_enoent)
{
	static const __u64 numbers[] = { 0, 2, (1ULL << 32) + 1, ~0ULL };
	struct buftrack_client_info info;
	unsigned int i;

	become_client(f->fd);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		CHECK_ERR(client_info(f->fd, numbers[i], &info), ENOENT);
	CHECK(!next_client(f->fd, 2, &info));
	CHECK(!next_client(f->fd, ~0ULL, &info));
}

struct contender {
	pthread_barrier_t *barrier;
	const volatile int *fd;
	unsigned int won;
};

#define ROUNDS 50

static void *contend(void *arg)
{
	struct contender *c = arg;
	__u64 client;
	int i, err;

	for (i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(c->barrier);
		err = declare(*c->fd, 0, &client);
		CHECK(!err || err == EBUSY);
		c->won += !err;
		pthread_barrier_wait(c->barrier);
	}
	return NULL;
}

DEVICE_TEST(one_of_two_concurrent_declarations_wins)
{
	pthread_barrier_t barrier;
	volatile int fd;
	struct contender a = { &barrier, &fd, 0 }, b = a;
	pthread_t threads[2];
	int i;

	pthread_barrier_init(&barrier, NULL, 3);
	threads[0] = start_thread(contend, &a);
	threads[1] = start_thread(contend, &b);
	for (i = 0; i < ROUNDS; i++) {
		fd = fixture_open(f);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		CHECK_EQ(a.won + b.won, i + 1);
		close(fd);
	}
	finish_thread(threads[0]);
	finish_thread(threads[1]);
	CHECK_EQ(client_state(f->fd, ROUNDS), 0);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
}
