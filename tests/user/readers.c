// SPDX-License-Identifier: GPL-2.0
/* Readers of events: positions, waiting, poll, signals, buffers of all sizes */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>
#include "helper.h"
#include "memory.h"
#include "reader.h"

static int open_waiting(const struct rig *r)
{
	return open_node(r->device, O_RDONLY);
}

static void do_wrongs(const struct rig *r, __u64 from, __u64 to)
{
	for (; from <= to; from++)
		do_wrong(r->fd, from);
}

static void check_next(int fd, __u64 from, __u64 to)
{
	for (; from <= to; from++)
		CHECK_EQ(next_event(fd).sequence, from);
}

RIG_TEST(each_opening_has_a_position_of_its_own)
{
	int first = open_reader(r), second = open_reader(r);

	do_wrongs(r, 1, 5);
	check_next(first, 1, 3);
	check_next(second, 1, 5);
	check_next(open_reader(r), 1, 5);
	check_next(first, 4, 5);
	check_no_event(first);
	check_no_event(second);
}

RIG_TEST(reading_begins_with_what_was_before_the_opening)
{
	do_wrongs(r, 1, 3);
	check_next(open_reader(r), 1, 3);
}

RIG_TEST(dup_shares_the_position)
{
	int fd = open_reader(r), other = CHECK_SYS(dup(fd));

	do_wrongs(r, 1, 4);
	check_next(fd, 1, 1);
	check_next(other, 2, 3);
	check_next(fd, 4, 4);
	check_no_event(other);
}

static void read_two(void *arg)
{
	check_next(*(int *)arg, 1, 2);
}

RIG_TEST(fork_shares_the_position)
{
	int fd = open_reader(r);

	do_wrongs(r, 1, 3);
	in_child(read_two, &fd);
	check_next(fd, 3, 3);
	check_no_event(fd);
}

RIG_TEST(client_can_read_its_own_events)
{
	int fd = open_node(r->device, O_RDWR | O_NONBLOCK);

	check_no_event(fd);
	do_wrong(fd, 1);
	CHECK_EQ(next_event(fd).client, 1);
}

RIG_TEST(reading_and_polling_make_no_client)
{
	struct pollfd p = { .fd = open_reader(r), .events = POLLIN };

	check_no_event(p.fd);
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_EQ(device_info(r->fd).nr_clients, 0);
}

RIG_TEST(position_is_no_offset)
{
	struct buftrack_event event;
	int fd = open_reader(r);

	do_wrongs(r, 1, 3);
	check_next(fd, 1, 2);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	check_next(fd, 3, 3);
	CHECK_EQ(pread(fd, &event, sizeof(event), 0), -1ULL);
	CHECK_ERR(errno, EAGAIN);
}

RIG_TEST(buffer_for_less_than_one_event_is_einval)
{
	struct buftrack_event event;
	int fd = open_reader(r), waiting = open_waiting(r);
	size_t size;

	for (size = 0; size < EVENT_SIZE; size++) {
		CHECK_ERR(-try_read(fd, &event, size), EINVAL);
		CHECK_ERR(-try_read(waiting, &event, size), EINVAL);
	}
	do_wrongs(r, 1, 1);
	for (size = 0; size < EVENT_SIZE; size++)
		CHECK_ERR(-try_read(fd, &event, size), EINVAL);
	check_next(fd, 1, 1);
}

RIG_TEST(buffer_for_two_and_a_half_events_gets_two)
{
	struct buftrack_event events[3];
	int fd = open_reader(r);

	do_wrongs(r, 1, 3);
	memset(events, 0xa5, sizeof(events));
	CHECK_EQ(try_read(fd, events, 5 * EVENT_SIZE / 2), 2 * EVENT_SIZE);
	CHECK_EQ(events[0].sequence, 1);
	CHECK_EQ(events[1].sequence, 2);
	CHECK_EQ(events[2].sequence, 0xa5a5a5a5a5a5a5a5);
	check_next(fd, 3, 3);
}

RIG_TEST(buffer_for_more_than_there_is_gets_what_there_is)
{
	struct buftrack_event events[10];
	int fd = open_reader(r);

	do_wrongs(r, 1, 3);
	CHECK_EQ(try_read(fd, events, sizeof(events)), 3 * EVENT_SIZE);
	CHECK_ERR(-try_read(fd, events, sizeof(events)), EAGAIN);
	do_wrongs(r, 4, 4);
	CHECK_EQ(try_read(open_waiting(r), events, sizeof(events)),
		 4 * EVENT_SIZE);
}

RIG_TEST(read_of_several_pieces_of_memory_gets_whole_events)
{
	char *memory = memory_before(2 * EVENT_SIZE, NOTHING);
	int fd = open_reader(r);

	do_wrongs(r, 1, 5);
	CHECK_EQ(try_read(fd, memory, 2 * EVENT_SIZE), 2 * EVENT_SIZE);
	check_next(fd, 3, 5);
}

RIG_TEST(fault_in_the_middle_loses_nothing)
{
	struct buftrack_event *events;
	int fd = open_reader(r);

	do_wrongs(r, 1, 4);
	/* Room for one and a half */
	events = (void *)memory_before(3 * EVENT_SIZE / 2, NOTHING);
	CHECK_EQ(try_read(fd, events, 4 * EVENT_SIZE), EVENT_SIZE);
	CHECK_EQ(events->sequence, 1);
	CHECK_EQ(try_read(fd, events, 4 * EVENT_SIZE), EVENT_SIZE);
	CHECK_EQ(events->sequence, 2);
	check_next(fd, 3, 4);
}

RIG_TEST(fault_at_the_beginning_is_efault_and_loses_nothing)
{
	char *half = memory_before(EVENT_SIZE / 2, NOTHING);
	int fd = open_reader(r);
	unsigned int i;

	do_wrongs(r, 1, 2);
	for (i = 0; i < nr_bad_pointers; i++)
		CHECK_ERR(-try_read(fd, bad_pointers[i].pointer, EVENT_SIZE),
			  EFAULT);
	CHECK_ERR(-try_read(fd, half, EVENT_SIZE), EFAULT);
	check_next(fd, 1, 2);
}

RIG_TEST(nothing_to_read_is_eagain_where_bad_memory_is_too)
{
	int fd = open_reader(r);

	CHECK_ERR(-try_read(fd, NULL, EVENT_SIZE), EAGAIN);
}

/* Another process that reads one event, and waits for it */
struct waiter {
	int fd;
	bool restart;
	volatile int err;
	volatile __u64 sequence;
	volatile sig_atomic_t signals;
};

static struct waiter *caught;

static void catch (int signal)
{
	(void)signal;
	caught->signals++;
}

static void wait_for_event(void *arg)
{
	struct buftrack_event event = {};
	struct waiter *w = arg;
	struct sigaction action = {
		.sa_handler = catch,
		.sa_flags = w->restart ? SA_RESTART : 0,
	};
	ssize_t n;

	caught = w;
	sigaction(SIGUSR1, &action, NULL);
	n = try_read(w->fd, &event, sizeof(event));
	w->err = n < 0 ? -n : 0;
	w->sequence = n > 0 ? event.sequence : 0;
}

static struct waiter *new_waiter(const struct rig *r)
{
	struct waiter *w = shared_memory(sizeof(*w));

	w->fd = open_waiting(r);
	w->err = -1;
	return w;
}

RIG_TEST(wrong_report_wakes_who_waits)
{
	struct waiter *w[3] = { new_waiter(r), new_waiter(r), new_waiter(r) };
	pid_t pids[3];
	int i;

	for (i = 0; i < 3; i++)
		pids[i] = start(wait_for_event, w[i]);
	for (i = 0; i < 3; i++)
		wait_until_asleep(pids[i]);
	/* What is not wrong leaves them asleep: they would read nothing */
	CHECK_EQ(verdict_of(r->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	do_wrong(r->fd, 1);
	for (i = 0; i < 3; i++) {
		finish(pids[i]);
		CHECK_EQ(w[i]->err, 0);
		CHECK_EQ(w[i]->sequence, 1);
	}
}

RIG_TEST(wrong_report_of_a_batch_wakes_who_waits)
{
	struct buftrack_report wrong = FREE(.address = 1);
	struct waiter *w = new_waiter(r);
	pid_t pid = start(wait_for_event, w);

	wait_until_asleep(pid);
	CHECK_OK(batch(r->fd, &wrong, 1, NULL, NULL));
	finish(pid);
	CHECK_EQ(w->sequence, 1);
}

RIG_TEST(removal_wakes_who_waits_and_is_the_end)
{
	struct waiter *w = new_waiter(r);
	pid_t pid = start(wait_for_event, w);

	wait_until_asleep(pid);
	CHECK_OK(remove_device(r->control, r->device, 0));
	finish(pid);
	CHECK_EQ(w->err, 0);
	CHECK_EQ(w->sequence, 0);
}

RIG_TEST(end_comes_after_the_last_event)
{
	struct buftrack_event event;
	int fd = open_reader(r), waiting = open_waiting(r), i;

	do_wrongs(r, 1, 3);
	check_next(fd, 1, 1);
	CHECK_OK(remove_device(r->control, r->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	check_next(fd, 2, 3);
	check_next(waiting, 1, 3);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(try_read(fd, &event, sizeof(event)), 0);
		CHECK_EQ(try_read(waiting, &event, sizeof(event)), 0);
	}
	CHECK_ERR(-try_read(fd, &event, 1), EINVAL);
}

RIG_TEST(signal_with_a_handler_is_eintr)
{
	struct waiter *w = new_waiter(r);
	pid_t pid = start(wait_for_event, w);

	wait_until_asleep(pid);
	CHECK_SYS(kill(pid, SIGUSR1));
	finish(pid);
	CHECK_ERR(w->err, EINTR);
	CHECK_EQ(w->signals, 1);
	do_wrong(r->fd, 1);
	CHECK_EQ(next_event(w->fd).sequence, 1);
}

RIG_TEST(signal_with_a_restarting_handler_goes_on_waiting)
{
	struct waiter *w = new_waiter(r);
	pid_t pid;

	w->restart = true;
	pid = start(wait_for_event, w);
	wait_until_asleep(pid);
	CHECK_SYS(kill(pid, SIGUSR1));
	WAIT_UNTIL(w->signals == 1);
	wait_until_asleep(pid);
	do_wrong(r->fd, 1);
	finish(pid);
	CHECK_EQ(w->err, 0);
	CHECK_EQ(w->sequence, 1);
}

RIG_TEST(reader_that_is_stopped_and_continued_goes_on_waiting)
{
	struct waiter *w = new_waiter(r);
	pid_t pid = start(wait_for_event, w);
	int status;

	wait_until_asleep(pid);
	CHECK_SYS(kill(pid, SIGSTOP));
	CHECK_SYS(waitpid(pid, &status, WUNTRACED));
	CHECK(WIFSTOPPED(status));
	do_wrong(r->fd, 1);
	CHECK_SYS(kill(pid, SIGCONT));
	finish(pid);
	CHECK_EQ(w->sequence, 1);
}

/* On a file that otherwise waits */
static void read_all(int fd)
{
	CHECK_SYS(fcntl(fd, F_SETFL, O_NONBLOCK));
	skip_events(fd);
	CHECK_SYS(fcntl(fd, F_SETFL, 0));
}

RIG_TEST(reader_that_is_killed_leaves_nothing)
{
	int other = open_reader(r), i;

	for (i = 0; i < 10; i++) {
		struct waiter *w = new_waiter(r);
		pid_t pid;

		read_all(w->fd);
		pid = start(wait_for_event, w);
		wait_until_asleep(pid);
		end(pid, SIGKILL);
		close(w->fd);
		do_wrong(r->fd, i);
		CHECK_EQ(next_event(other).sequence, i + 1);
	}
}

static __u32 polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLRDNORM | POLLOUT };

	CHECK_SYS(poll(&p, 1, 0));
	return p.revents;
}

RIG_TEST(poll_tells_that_there_is_an_event)
{
	int fd = open_reader(r), other = open_reader(r);

	CHECK_EQ(polled(fd), 0);
	CHECK_EQ(verdict_of(r->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(polled(fd), 0);
	do_wrongs(r, 1, 2);
	CHECK_EQ(polled(fd), POLLIN | POLLRDNORM);
	check_next(fd, 1, 1);
	CHECK_EQ(polled(fd), POLLIN | POLLRDNORM);
	check_next(fd, 2, 2);
	CHECK_EQ(polled(fd), 0);
	CHECK_EQ(polled(other), POLLIN | POLLRDNORM);
}

RIG_TEST(poll_tells_that_the_device_was_removed)
{
	int fd = open_reader(r);

	do_wrongs(r, 1, 1);
	CHECK_OK(remove_device(r->control, r->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	CHECK_EQ(polled(fd), POLLIN | POLLRDNORM | POLLHUP);
	check_next(fd, 1, 1);
	/* The end can be read, too */
	CHECK_EQ(polled(fd), POLLIN | POLLRDNORM | POLLHUP);
}

struct watcher {
	int epoll;
	volatile __u32 events;
};

static void wait_in_epoll(void *arg)
{
	struct watcher *w = arg;
	struct epoll_event event = {};

	CHECK_EQ(CHECK_SYS(epoll_wait(w->epoll, &event, 1, -1)), 1);
	w->events = event.events;
}

static struct watcher *new_watcher(int fd, __u32 events)
{
	struct watcher *w = shared_memory(sizeof(*w));
	struct epoll_event event = { .events = events };

	w->epoll = CHECK_SYS(epoll_create1(EPOLL_CLOEXEC));
	CHECK_SYS(epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event));
	return w;
}

RIG_TEST(wrong_report_wakes_who_waits_in_epoll)
{
	int fd = open_reader(r);
	struct watcher *w = new_watcher(fd, EPOLLIN);
	pid_t pid = start(wait_in_epoll, w);

	wait_until_asleep(pid);
	do_wrong(r->fd, 1);
	finish(pid);
	CHECK_EQ(w->events, EPOLLIN);
}

RIG_TEST(removal_wakes_who_waits_in_epoll)
{
	int fd = open_reader(r);
	struct watcher *w = new_watcher(fd, EPOLLIN);
	pid_t pid = start(wait_in_epoll, w);

	wait_until_asleep(pid);
	CHECK_OK(remove_device(r->control, r->device, 0));
	finish(pid);
	CHECK_EQ(w->events, EPOLLIN | EPOLLHUP);
}

RIG_TEST(edge_in_epoll_comes_with_each_event)
{
	int fd = open_reader(r);
	struct watcher *w = new_watcher(fd, EPOLLIN | EPOLLET);
	struct epoll_event event;
	int i;

	for (i = 1; i < 10; i++) {
		do_wrong(r->fd, i);
		CHECK_EQ(epoll_wait(w->epoll, &event, 1, 60000), 1);
		CHECK_EQ(next_event(fd).sequence, i);
		CHECK_EQ(epoll_wait(w->epoll, &event, 1, 0), 0);
	}
}

/* Two processes on one file: each event goes to one of them */
struct shared_reader {
	int fd;
	__u8 *seen;
};

static void read_until_end(void *arg)
{
	const struct shared_reader *s = arg;
	struct buftrack_event events[3];
	ssize_t n, i;

	while ((n = CHECK_SYS(read(s->fd, events, sizeof(events)))) > 0)
		for (i = 0; i < n / (ssize_t)EVENT_SIZE; i++)
			__atomic_add_fetch(&s->seen[events[i].sequence], 1,
					   __ATOMIC_RELAXED);
}

RIG_TEST(readers_of_one_file_share_its_events)
{
	struct shared_reader s = { open_waiting(r), shared_memory(1024) };
	pid_t pids[3];
	__u32 i;

	for (i = 0; i < 3; i++)
		pids[i] = start(read_until_end, &s);
	do_wrongs(r, 1, 1000);
	CHECK_OK(remove_device(r->control, r->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	for (i = 0; i < 3; i++)
		finish(pids[i]);
	for (i = 1; i <= 1000; i++)
		CHECK_EQ(s.seen[i], 1);
}

struct last_words {
	__u32 device;
	struct signpost ready;
};

static ssize_t insist(int fd, struct buftrack_event *event)
{
	ssize_t n;

	do
		n = try_read(fd, event, sizeof(*event));
	while (n == -EAGAIN);
	return n;
}

/* Look all the time, so that the event can come at any place in the look */
static void look_for_last_event(void *arg)
{
	struct last_words *l = arg;
	int fd = open_node(l->device, O_RDONLY | O_NONBLOCK);
	struct buftrack_event event;

	signpost_set(&l->ready);
	CHECK_EQ(insist(fd, &event), EVENT_SIZE);
	CHECK_EQ(insist(fd, &event), 0);
}

/* Wrong, and removed right after: the end must not come before the event */
RIG_TEST(last_event_of_a_device_is_never_missed)
{
	struct last_words l;
	int round, fd;
	pid_t pid;

	signpost_init(&l.ready);
	stay_on_one_processor();
	for (round = is_debug_kernel() ? 30 : 150; round; round--) {
		l.device = add_device(r->control, "last words", 0);
		fd = open_node(l.device, O_RDWR);
		add_space(fd, "DRAM");
		pid = start(look_for_last_event, &l);
		signpost_wait(&l.ready);
		sched_yield();
		do_wrong(fd, 1);
		CHECK_OK(remove_device(r->control, l.device,
				       BUFTRACK_DEVICE_REMOVE_FORCE));
		close(fd);
		finish(pid);
	}
}
