// SPDX-License-Identifier: GPL-2.0
/* The library's reporters: threads, children, signals, and rings that are full */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <libbuftrack.h>
#include "event_reader.h"
#include "helper.h"

static struct buftrack_reporter *attach(const struct fixture *f)
{
	struct buftrack_device_info info = device_info(f->fd);
	struct buftrack_reporter *reporter;

	reporter = buftrack_attach(info.name, "DRAM", 0);
	CHECK(reporter);
	return reporter;
}

static __u64 count(const struct fixture *f, enum buftrack_counter counter)
{
	return device_counter(f->fd, counter);
}

/* The library has mapped a ring of the device */
static void check_is_mapped(const struct fixture *f)
{
	char node[32], line[256];
	bool found = false;
	FILE *maps = fopen("/proc/self/maps", "r");

	CHECK(maps);
	snprintf(node, sizeof(node), "/dev/buftrack/%u\n", f->device);
	while (fgets(line, sizeof(line), maps))
		found |= !!strstr(line, node);
	fclose(maps);
	CHECK(found);
}

DEVICE_TEST(attached_program_reports_and_is_judged)
{
	struct buftrack_reporter *reporter = attach(f);
	struct buftrack_event event;

	buftrack_alloc(reporter, 0, 0x1000, 16, 7);
	check_is_mapped(f);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_LIVE_BYTES), 16);
	buftrack_use(reporter, 0, 0x1000, 7);
	buftrack_free(reporter, 0, 0x1000, 7);
	buftrack_free(reporter, 0, 0x1000, 7);
	event = next_event(open_reader(f));
	CHECK_EQ(event.verdict, BUFTRACK_VERDICT_DOUBLE_FREE);
	CHECK(event.report.site && event.target.site);
	CHECK(event.report.site != event.target.site);
	CHECK_EQ(buftrack_judge_alloc(reporter, 0, 0x1000, 16, 8),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(buftrack_judge_use(reporter, 0, 0x1000, 7),
		 BUFTRACK_VERDICT_USE_AFTER_FREE);
	CHECK_EQ(buftrack_judge_free(reporter, 0, 0x1000, 7),
		 BUFTRACK_VERDICT_STALE_FREE);
	CHECK_OK(buftrack_flush(reporter));
	buftrack_detach(reporter);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_REMAINING_BUFFERS), 1);
}

DEVICE_TEST(spaces_have_the_reporters_own_numbers)
{
	struct buftrack_reporter *reporter;
	__u64 values[BUFTRACK_NR_COUNTERS];
	__u32 l1 = add_space(f->fd, "L1");

	reporter = buftrack_attach(device_info(f->fd).name, "L1", 0);
	CHECK(reporter);
	CHECK_EQ(buftrack_reporter_add_space(reporter, "DRAM", 0), 1);
	buftrack_alloc(reporter, 0, 0x1000, 16, 0);
	CHECK_OK(counters(f->fd, BUFTRACK_SCOPE_SPACE, l1, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_ALLOCS], 1);
	/* A number that was not handed out is an invalid report */
	buftrack_alloc(reporter, 2, 0x1000, 16, 0);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_LOST_REPORTS), 1);
	CHECK_EQ(buftrack_judge_alloc(reporter, 2, 0x1000, 16, 0), -1ULL);
	CHECK_EQ(errno, ENOENT);
	buftrack_detach(reporter);
}

TEST(functions_accept_no_reporter)
{
	buftrack_alloc(NULL, 0, 0x1000, 16, 0);
	buftrack_free(NULL, 0, 0x1000, 0);
	buftrack_use(NULL, 0, 0x1000, 0);
	buftrack_post(NULL, NULL);
	CHECK_EQ(buftrack_judge_alloc(NULL, 0, 0x1000, 16, 0),
		 BUFTRACK_VERDICT_OK);
	CHECK_EQ(buftrack_judge(NULL, NULL), BUFTRACK_VERDICT_OK);
	CHECK_EQ(buftrack_reporter_add_space(NULL, "L1", 0), 0);
	CHECK_OK(buftrack_flush(NULL));
	buftrack_detach(NULL);
}

DEVICE_TEST(environment_turns_reports_off)
{
	struct buftrack_device_info info = device_info(f->fd);

	setenv("BUFTRACK", "0", 1);
	CHECK(!buftrack_attach(info.name, "DRAM", 0));
	CHECK_EQ(errno, ECANCELED);
	setenv("BUFTRACK", "yes", 1);
	CHECK(!buftrack_attach(info.name, "DRAM", 0));
	CHECK_EQ(errno, EINVAL);
	setenv("BUFTRACK", "1", 1);
	buftrack_detach(attach(f));
	unsetenv("BUFTRACK");
	/* Errors are those of the ioctls */
	CHECK(!buftrack_attach("", "DRAM", 0));
	CHECK_EQ(errno, EILSEQ);
	CHECK(!buftrack_attach(info.name, "", 0));
	CHECK_EQ(errno, EILSEQ);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
}

DEVICE_TEST(process_has_a_bound_on_reporters)
{
	struct buftrack_reporter *reporters[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reporters); i++) {
		reporters[i] = attach(f);
		buftrack_alloc(reporters[i], 0, 0x1000, 16, 0);
	}
	CHECK(!buftrack_attach(device_info(f->fd).name, "DRAM", 0));
	CHECK_EQ(errno, EMFILE);
	buftrack_detach(reporters[5]);
	reporters[5] = attach(f);
	buftrack_alloc(reporters[5], 0, 0x1000, 16, 0);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_ALLOCS), 65);
	for (i = 0; i < ARRAY_SIZE(reporters); i++)
		buftrack_detach(reporters[i]);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
}

#define THREADS 8
#define PAIRS 1000

static struct buftrack_reporter *common;
static pthread_barrier_t barrier;

static void *report_pairs(void *arg)
{
	__u64 i, base = (__u64)(uintptr_t)arg << 32;

	for (i = 0; i < PAIRS; i++) {
		buftrack_alloc(common, 0, base + (i << 12), 16, 0);
		buftrack_free(common, 0, base + (i << 12), 0);
	}
	return NULL;
}

DEVICE_TEST(threads_report_as_one_client_and_lose_nothing)
{
	pthread_t threads[THREADS];
	__u64 i;

	common = attach(f);
	for (i = 0; i < THREADS; i++)
		threads[i] = start_thread(report_pairs, (void *)(uintptr_t)i);
	for (i = 0; i < THREADS; i++)
		finish_thread(threads[i]);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_FREES), THREADS * PAIRS);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_LOST_REPORTS), 0);
	CHECK_EQ(skip_events(open_reader(f)), 0);
	CHECK_EQ(device_info(f->fd).nr_clients, 1);
	buftrack_detach(common);
}

static void *report_once(void *arg)
{
	buftrack_alloc(common, 0, (__u64)(uintptr_t)arg << 12, 16, 0);
	return NULL;
}

/* More threads than a file can have rings, one after another */
DEVICE_TEST(ring_of_a_thread_that_ended_serves_another)
{
	__u64 i;

	common = attach(f);
	for (i = 0; i < 2 * BUFTRACK_MAX_RINGS; i++)
		finish_thread(start_thread(report_once, (void *)(uintptr_t)i));
	CHECK_EQ(count(f, BUFTRACK_COUNTER_ALLOCS), i);
	buftrack_detach(common);
}

static void *report_together(void *arg)
{
	report_once(arg);
	pthread_barrier_wait(&barrier);
	report_once((char *)arg + 1000);
	return NULL;
}

DEVICE_TEST(threads_without_a_ring_report_by_system_call)
{
	enum { MANY = BUFTRACK_MAX_RINGS + 20 };
	static pthread_t threads[MANY];
	__u64 i;

	common = attach(f);
	pthread_barrier_init(&barrier, NULL, MANY);
	for (i = 0; i < MANY; i++)
		threads[i] =
			start_thread(report_together, (void *)(uintptr_t)i);
	for (i = 0; i < MANY; i++)
		finish_thread(threads[i]);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_ALLOCS), 2 * MANY);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_LOST_REPORTS), 0);
	buftrack_detach(common);
}

/* The child frees a buffer of its parent, and allocates its own */
static void report_in_child(const struct fixture *f)
{
	buftrack_free(common, 0, 0x1000, 1);
	buftrack_alloc(common, 0, 0x2000, 16, 2);
	CHECK_EQ(buftrack_judge_free(common, 0, 0x2000, 2),
		 BUFTRACK_VERDICT_OK);
	CHECK(client_state(f->fd, 2) & BUFTRACK_CLIENT_STATE_LATE);
	CHECK_EQ(client_counter(f->fd, 2,
				BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH),
		 1);
	CHECK_EQ(client_counter(f->fd, 2, BUFTRACK_COUNTER_ALLOCS), 1);
	_exit(0);
}

static void check_child(const struct fixture *f, pid_t pid)
{
	int status;

	CHECK_SYS(waitpid(pid, &status, 0));
	CHECK_EQ(status, 0);
	buftrack_alloc(common, 0, 0x3000, 16, 3);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_LIVE_BUFFERS), 2);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_LOST_REPORTS), 0);
	CHECK(!(client_state(f->fd, 2) & BUFTRACK_CLIENT_STATE_OPEN));
	buftrack_detach(common);
}

DEVICE_TEST(forked_child_is_a_client_of_its_own)
{
	pid_t pid;

	common = attach(f);
	buftrack_alloc(common, 0, 0x1000, 16, 1);
	pid = CHECK_SYS(fork());
	if (!pid)
		report_in_child(f);
	check_child(f, pid);
}

DEVICE_TEST(child_of_a_raw_clone_is_a_client_of_its_own)
{
	pid_t pid;

	common = attach(f);
	buftrack_alloc(common, 0, 0x1000, 16, 1);
	pid = CHECK_SYS(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
	if (!pid)
		report_in_child(f);
	check_child(f, pid);
}

struct orphan {
	const struct fixture *f;
	struct checkpoint reported, go_on;
};

static void fork_and_exit(void *arg)
{
	struct orphan *o = arg;

	common = attach(o->f);
	buftrack_alloc(common, 0, 0x1000, 16, 1);
	if (CHECK_SYS(fork()))
		_exit(0);
	buftrack_alloc(common, 0, 0x1000, 16, 1);
	checkpoint_reach(&o->reported);
	checkpoint_wait(&o->go_on);
	_exit(0);
}

DEVICE_TEST(child_that_reports_does_not_keep_its_parents_client)
{
	struct orphan o = { .f = f };

	checkpoint_init(&o.reported);
	checkpoint_init(&o.go_on);
	in_child(fork_and_exit, &o);
	checkpoint_wait(&o.reported);
	WAIT_UNTIL(!(client_state(f->fd, 1) & BUFTRACK_CLIENT_STATE_OPEN));
	CHECK(client_state(f->fd, 2) & BUFTRACK_CLIENT_STATE_OPEN);
	CHECK_EQ(client_counter(f->fd, 1, BUFTRACK_COUNTER_REMAINING_BUFFERS),
		 1);
	checkpoint_reach(&o.go_on);
	WAIT_UNTIL(!device_info(f->fd).nr_clients);
}

static volatile __u64 handled;

static void report_in_handler(int signal)
{
	(void)signal;
	buftrack_alloc(common, 0, 1ULL << 40 | handled << 12, 16, 0);
	handled++;
}

/* Reports under signals: until this many were handled */
#define HANDLED 50

static void every_ms(void (*handler)(int signal))
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	const struct itimerval never = {};
	struct sigaction action = { .sa_handler = handler };

	if (handler)
		CHECK_SYS(sigaction(SIGALRM, &action, NULL));
	CHECK_SYS(setitimer(ITIMER_REAL, handler ? &often : &never, NULL));
}

DEVICE_TEST(signal_handlers_report_in_the_middle_of_reports)
{
	__u64 i;

	common = attach(f);
	every_ms(report_in_handler);
	for (i = 0; i < PAIRS || handled < HANDLED; i++)
		buftrack_alloc(common, 0, i << 12, 16, 0);
	every_ms(NULL);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_ALLOCS), i + handled);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_LOST_REPORTS), 0);
	CHECK_EQ(skip_events(open_reader(f)), 0);
	buftrack_detach(common);
}

static sigjmp_buf escape;

static void leave_by_longjmp(int signal)
{
	(void)signal;
	handled++;
	siglongjmp(escape, 1);
}

/* A report that was left is made again; it may have been made before */
DEVICE_TEST(handler_may_leave_a_report_by_longjmp)
{
	volatile __u64 i = 0;
	__u64 allocs;

	common = attach(f);
	sigsetjmp(escape, 1);
	every_ms(leave_by_longjmp);
	for (; i < PAIRS || handled < HANDLED; i++)
		buftrack_alloc(common, 0, i << 12, 16, 0);
	every_ms(NULL);
	allocs = count(f, BUFTRACK_COUNTER_ALLOCS);
	CHECK(allocs >= i && allocs <= i + handled);
	buftrack_alloc(common, 0, 1ULL << 40, 16, 0);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_ALLOCS), allocs + 1);
	buftrack_detach(common);
}

/* From here on, every ioctl of this process fails */
static void forbid_ioctls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ||
	    ioctl(0, 0) != -1 || errno != EPERM)
		_exit(77);
}

#define REPORTS 20000

static void report_without_ioctls(const struct fixture *f)
{
	__u64 i;

	common = attach(f);
	buftrack_alloc(common, 0, 1ULL << 40, 16, 0);
	forbid_ioctls();
	for (i = 0; i < REPORTS; i++)
		buftrack_alloc(common, 0, i << 12, 16, 0);
	_exit(0);
}

DEVICE_TEST(reports_that_find_no_room_and_may_not_drain_are_counted_as_lost)
{
	pid_t pid = CHECK_SYS(fork());
	int status;

	if (!pid)
		report_without_ioctls(f);
	CHECK_SYS(waitpid(pid, &status, 0));
	if (WEXITSTATUS(status) == 77)
		test_skip("this kernel has no working seccomp filters");
	CHECK_EQ(status, 0);
	CHECK(count(f, BUFTRACK_COUNTER_LOST_REPORTS) > 0);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_LOST_REPORTS) +
			 count(f, BUFTRACK_COUNTER_ALLOCS),
		 REPORTS + 1);
	CHECK(client_state(f->fd, 1) & BUFTRACK_CLIENT_STATE_HAD_GAP);
}

static void report_and_die(const struct fixture *f)
{
	common = attach(f);
	report_pairs(NULL);
	buftrack_alloc(common, 0, 1ULL << 40, 16, 0);
	raise(SIGKILL);
}

DEVICE_TEST(reports_made_before_a_kill_are_counted)
{
	pid_t pid = CHECK_SYS(fork());
	int status;

	if (!pid)
		report_and_die(f);
	CHECK_SYS(waitpid(pid, &status, 0));
	CHECK_EQ(status, SIGKILL);
	CHECK_EQ(device_info(f->fd).nr_clients, 0);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_ALLOCS), PAIRS + 1);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_REMAINING_BUFFERS), 1);
}

DEVICE_TEST(reports_on_a_removed_device_do_nothing)
{
	common = attach(f);
	buftrack_alloc(common, 0, 0x1000, 16, 0);
	CHECK_OK(remove_device(f->control, f->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	report_pairs(NULL);
	CHECK_EQ(buftrack_judge_free(common, 0, 0x1000, 0), -1ULL);
	CHECK_EQ(errno, ENODEV);
	CHECK_EQ(count(f, BUFTRACK_COUNTER_ALLOCS), 1);
	buftrack_detach(common);
}
