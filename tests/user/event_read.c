// SPDX-License-Identifier: GPL-2.0
/* Reading events: positions, blocking, poll, signals, buffer sizes */
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
#include "event_reader.h"

static int open_waiting(const struct fixture *f)
{
	return open_node(f->device, O_RDONLY);
}

static void report_wrong_range(const struct fixture *f, __u64 from, __u64 to)
{
	for (; from <= to; from++)
		report_wrong(f->fd, from);
}

static void check_next(int fd, __u64 from, __u64 to)
{
	for (; from <= to; from++)
		CHECK_EQ(next_event(fd).sequence, from);
}

DEVICE_TEST(each_open_file_has_its_own_position)
{
	int first = open_reader(f), second = open_reader(f);

	report_wrong_range(f, 1, 5);
	check_next(first, 1, 3);
	check_next(second, 1, 5);
	check_next(open_reader(f), 1, 5);
	check_next(first, 4, 5);
	check_no_event(first);
	check_no_event(second);
}

DEVICE_TEST(reading_starts_with_events_older_than_the_open)
{
	report_wrong_range(f, 1, 3);
	check_next(open_reader(f), 1, 3);
}

DEVICE_TEST(dup_shares_the_position)
{
	int fd = open_reader(f), other = CHECK_SYS(dup(fd));

	report_wrong_range(f, 1, 4);
	check_next(fd, 1, 1);
	check_next(other, 2, 3);
	check_next(fd, 4, 4);
	check_no_event(other);
}

static void read_two(void *arg)
{
	check_next(*(int *)arg, 1, 2);
}

DEVICE_TEST(fork_shares_the_position)
{
	int fd = open_reader(f);

	report_wrong_range(f, 1, 3);
	in_child(read_two, &fd);
	check_next(fd, 3, 3);
	check_no_event(fd);
}

DEVICE_TEST(client_can_read_its_own_events)
{
	int fd = open_node(f->device, O_RDWR | O_NONBLOCK);

	check_no_event(fd);
	report_wrong(fd, 1);
	CHECK_EQ(next_event(fd).client, 1);
}

DEVICE_TEST(reading_and_polling_create_no_client)
{
	struct pollfd p = { .fd = open_reader(f), .events = POLLIN };

	check_no_event(p.fd);
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
}

DEVICE_TEST(position_is_not_a_file_offset)
{
	struct buftrack_event event;
	int fd = open_reader(f);

	report_wrong_range(f, 1, 3);
	check_next(fd, 1, 2);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	check_next(fd, 3, 3);
	CHECK_EQ(pread(fd, &event, sizeof(event), 0), -1ULL);
	CHECK_ERR(errno, EAGAIN);
}

DEVICE_TEST(buffer_smaller_than_an_event_is_einval)
{
	struct buftrack_event event;
	int fd = open_reader(f), waiting = open_waiting(f);
	size_t size;

	for (size = 0; size < EVENT_SIZE; size++) {
		CHECK_ERR(-try_read(fd, &event, size), EINVAL);
		CHECK_ERR(-try_read(waiting, &event, size), EINVAL);
	}
	report_wrong_range(f, 1, 1);
	for (size = 0; size < EVENT_SIZE; size++)
		CHECK_ERR(-try_read(fd, &event, size), EINVAL);
	check_next(fd, 1, 1);
}

DEVICE_TEST(buffer_for_two_and_a_half_events_gets_two)
{
	struct buftrack_event events[3];
	int fd = open_reader(f);

	report_wrong_range(f, 1, 3);
	memset(events, 0xa5, sizeof(events));
	CHECK_EQ(try_read(fd, events, 5 * EVENT_SIZE / 2), 2 * EVENT_SIZE);
	CHECK_EQ(events[0].sequence, 1);
	CHECK_EQ(events[1].sequence, 2);
	CHECK_EQ(events[2].sequence, 0xa5a5a5a5a5a5a5a5);
	check_next(fd, 3, 3);
}

DEVICE_TEST(large_buffer_gets_all_pending_events)
{
	struct buftrack_event events[10];
	int fd = open_reader(f);

	report_wrong_range(f, 1, 3);
	CHECK_EQ(try_read(fd, events, sizeof(events)), 3 * EVENT_SIZE);
	CHECK_ERR(-try_read(fd, events, sizeof(events)), EAGAIN);
	report_wrong_range(f, 4, 4);
	CHECK_EQ(try_read(open_waiting(f), events, sizeof(events)),
		 4 * EVENT_SIZE);
}

DEVICE_TEST(read_up_to_unmapped_memory_gets_whole_events)
{
	char *memory = memory_before(2 * EVENT_SIZE, NOTHING);
	int fd = open_reader(f);

	report_wrong_range(f, 1, 5);
	CHECK_EQ(try_read(fd, memory, 2 * EVENT_SIZE), 2 * EVENT_SIZE);
	check_next(fd, 3, 5);
}

DEVICE_TEST(fault_in_the_middle_loses_nothing)
{
	struct buftrack_event *events;
	int fd = open_reader(f);

	report_wrong_range(f, 1, 4);
	/* Room for one and a half events */
	events = (void *)memory_before(3 * EVENT_SIZE / 2, NOTHING);
	CHECK_EQ(try_read(fd, events, 4 * EVENT_SIZE), EVENT_SIZE);
	CHECK_EQ(events->sequence, 1);
	CHECK_EQ(try_read(fd, events, 4 * EVENT_SIZE), EVENT_SIZE);
	CHECK_EQ(events->sequence, 2);
	check_next(fd, 3, 4);
}

DEVICE_TEST(fault_at_the_beginning_is_efault_and_loses_nothing)
{
	char *half = memory_before(EVENT_SIZE / 2, NOTHING);
	int fd = open_reader(f);
	unsigned int i;

	report_wrong_range(f, 1, 2);
	for (i = 0; i < nr_bad_pointers; i++)
		CHECK_ERR(-try_read(fd, bad_pointers[i].pointer, EVENT_SIZE),
			  EFAULT);
	CHECK_ERR(-try_read(fd, half, EVENT_SIZE), EFAULT);
	check_next(fd, 1, 2);
}

DEVICE_TEST(empty_read_into_bad_memory_is_eagain)
{
	int fd = open_reader(f);

	CHECK_ERR(-try_read(fd, NULL, EVENT_SIZE), EAGAIN);
}

/* A process that blocks until it can read one event */
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

static struct waiter *new_waiter(const struct fixture *f)
{
	struct waiter *w = shared_memory(sizeof(*w));

	w->fd = open_waiting(f);
	w->err = -1;
	return w;
}

DEVICE_TEST(wrong_report_wakes_blocked_readers)
{
	struct waiter *w[3] = { new_waiter(f), new_waiter(f), new_waiter(f) };
	pid_t pids[3];
	int i;

	for (i = 0; i < 3; i++)
		pids[i] = start(wait_for_event, w[i]);
	for (i = 0; i < 3; i++)
		wait_for_state(pids[i], 'S');
	/* A correct report leaves the readers asleep */
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	report_wrong(f->fd, 1);
	for (i = 0; i < 3; i++) {
		finish(pids[i]);
		CHECK_EQ(w[i]->err, 0);
		CHECK_EQ(w[i]->sequence, 1);
	}
}

DEVICE_TEST(wrong_report_of_a_batch_wakes_a_blocked_reader)
{
	struct buftrack_report wrong = FREE(.address = 1);
	struct waiter *w = new_waiter(f);
	pid_t pid = start(wait_for_event, w);

	wait_for_state(pid, 'S');
	CHECK_OK(batch(f->fd, &wrong, 1, NULL, NULL));
	finish(pid);
	CHECK_EQ(w->sequence, 1);
}

DEVICE_TEST(removal_wakes_a_blocked_reader_with_end_of_file)
{
	struct waiter *w = new_waiter(f);
	pid_t pid = start(wait_for_event, w);

	wait_for_state(pid, 'S');
	CHECK_OK(remove_device(f->control, f->device, 0));
	finish(pid);
	CHECK_EQ(w->err, 0);
	CHECK_EQ(w->sequence, 0);
}

DEVICE_TEST(end_of_file_comes_after_the_last_event)
{
	struct buftrack_event event;
	int fd = open_reader(f), waiting = open_waiting(f), i;

	report_wrong_range(f, 1, 3);
	check_next(fd, 1, 1);
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	check_next(fd, 2, 3);
	check_next(waiting, 1, 3);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(try_read(fd, &event, sizeof(event)), 0);
		CHECK_EQ(try_read(waiting, &event, sizeof(event)), 0);
	}
	CHECK_ERR(-try_read(fd, &event, 1), EINVAL);
}

DEVICE_TEST(signal_with_a_handler_interrupts_a_read)
{
	struct waiter *w = new_waiter(f);
	pid_t pid = start(wait_for_event, w);

	wait_for_state(pid, 'S');
	CHECK_SYS(kill(pid, SIGUSR1));
	finish(pid);
	CHECK_ERR(w->err, EINTR);
	CHECK_EQ(w->signals, 1);
	report_wrong(f->fd, 1);
	CHECK_EQ(next_event(w->fd).sequence, 1);
}

DEVICE_TEST(read_restarts_after_a_restarting_handler)
{
	struct waiter *w = new_waiter(f);
	pid_t pid;

	w->restart = true;
	pid = start(wait_for_event, w);
	wait_for_state(pid, 'S');
	CHECK_SYS(kill(pid, SIGUSR1));
	WAIT_UNTIL(w->signals == 1);
	wait_for_state(pid, 'S');
	report_wrong(f->fd, 1);
	finish(pid);
	CHECK_EQ(w->err, 0);
	CHECK_EQ(w->sequence, 1);
}

DEVICE_TEST(read_resumes_after_stop_and_continue)
{
	struct waiter *w = new_waiter(f);
	pid_t pid = start(wait_for_event, w);
	int status;

	wait_for_state(pid, 'S');
	CHECK_SYS(kill(pid, SIGSTOP));
	CHECK_SYS(waitpid(pid, &status, WUNTRACED));
	CHECK(WIFSTOPPED(status));
	report_wrong(f->fd, 1);
	CHECK_SYS(kill(pid, SIGCONT));
	finish(pid);
	CHECK_EQ(w->sequence, 1);
}

/* For a file in blocking mode */
static void read_all(int fd)
{
	CHECK_SYS(fcntl(fd, F_SETFL, O_NONBLOCK));
	skip_events(fd);
	CHECK_SYS(fcntl(fd, F_SETFL, 0));
}

DEVICE_TEST(killed_reader_leaves_nothing)
{
	int other = open_reader(f), i;

	for (i = 0; i < 10; i++) {
		struct waiter *w = new_waiter(f);
		pid_t pid;

		read_all(w->fd);
		pid = start(wait_for_event, w);
		wait_for_state(pid, 'S');
		end(pid, SIGKILL);
		close(w->fd);
		report_wrong(f->fd, i);
		CHECK_EQ(next_event(other).sequence, i + 1);
	}
}

static __u32 polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLRDNORM | POLLOUT };

	CHECK_SYS(poll(&p, 1, 0));
	return p.revents;
}

DEVICE_TEST(poll_reports_an_event)
{
	int fd = open_reader(f), other = open_reader(f);

	CHECK_EQ(polled(fd), 0);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(polled(fd), 0);
	report_wrong_range(f, 1, 2);
	CHECK_EQ(polled(fd), POLLIN | POLLRDNORM);
	check_next(fd, 1, 1);
	CHECK_EQ(polled(fd), POLLIN | POLLRDNORM);
	check_next(fd, 2, 2);
	CHECK_EQ(polled(fd), 0);
	CHECK_EQ(polled(other), POLLIN | POLLRDNORM);
}

DEVICE_TEST(poll_reports_removal)
{
	int fd = open_reader(f);

	report_wrong_range(f, 1, 1);
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	CHECK_EQ(polled(fd), POLLIN | POLLRDNORM | POLLHUP);
	check_next(fd, 1, 1);
	/* End of file makes it readable, too */
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

DEVICE_TEST(wrong_report_wakes_epoll)
{
	int fd = open_reader(f);
	struct watcher *w = new_watcher(fd, EPOLLIN);
	pid_t pid = start(wait_in_epoll, w);

	wait_for_state(pid, 'S');
	report_wrong(f->fd, 1);
	finish(pid);
	CHECK_EQ(w->events, EPOLLIN);
}

DEVICE_TEST(removal_wakes_epoll)
{
	int fd = open_reader(f);
	struct watcher *w = new_watcher(fd, EPOLLIN);
	pid_t pid = start(wait_in_epoll, w);

	wait_for_state(pid, 'S');
	CHECK_OK(remove_device(f->control, f->device, 0));
	finish(pid);
	CHECK_EQ(w->events, EPOLLIN | EPOLLHUP);
}

DEVICE_TEST(edge_triggered_epoll_reports_each_event)
{
	int fd = open_reader(f);
	struct watcher *w = new_watcher(fd, EPOLLIN | EPOLLET);
	struct epoll_event event;
	int i;

	for (i = 1; i < 10; i++) {
		report_wrong(f->fd, i);
		CHECK_EQ(epoll_wait(w->epoll, &event, 1, 60000), 1);
		CHECK_EQ(next_event(fd).sequence, i);
		CHECK_EQ(epoll_wait(w->epoll, &event, 1, 0), 0);
	}
}

/* Several processes read from one file: each event goes to one of them */
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

DEVICE_TEST(readers_of_one_file_share_its_events)
{
	struct shared_reader s = { open_waiting(f), shared_memory(1024) };
	pid_t pids[3];
	__u32 i;

	for (i = 0; i < 3; i++)
		pids[i] = start(read_until_end, &s);
	report_wrong_range(f, 1, 1000);
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	for (i = 0; i < 3; i++)
		finish(pids[i]);
	for (i = 1; i <= 1000; i++)
		CHECK_EQ(s.seen[i], 1);
}

struct removal_race {
	__u32 device;
	struct checkpoint ready;
};

static ssize_t read_until_event(int fd, struct buftrack_event *event)
{
	ssize_t n;

	do
		n = try_read(fd, event, sizeof(*event));
	while (n == -EAGAIN);
	return n;
}

/* Polls without a pause, so that the event can come at any point of a read */
static void look_for_last_event(void *arg)
{
	struct removal_race *l = arg;
	int fd = open_node(l->device, O_RDONLY | O_NONBLOCK);
	struct buftrack_event event;

	checkpoint_reach(&l->ready);
	CHECK_EQ(read_until_event(fd, &event), EVENT_SIZE);
	CHECK_EQ(read_until_event(fd, &event), 0);
}

/* Removal directly after a wrong report: end of file must not overtake the event */
DEVICE_TEST(last_event_of_a_device_is_never_missed)
{
	struct removal_race l;
	int round, fd;
	pid_t pid;

	checkpoint_init(&l.ready);
	pin_to_one_cpu();
	for (round = is_debug_kernel() ? 30 : 150; round; round--) {
		l.device = add_device(f->control, "removal race", 0);
		fd = open_node(l.device, O_RDWR);
		add_space(fd, "DRAM");
		pid = start(look_for_last_event, &l);
		checkpoint_wait(&l.ready);
		sched_yield();
		report_wrong(fd, 1);
		CHECK_OK(remove_device(f->control, l.device,
				       BUFTRACK_DEVICE_REMOVE_FORCE));
		close(fd);
		finish(pid);
	}
}
