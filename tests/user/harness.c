// SPDX-License-Identifier: GPL-2.0
/* Runs each test in a process of its own and prints TAP */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness.h"
#include "helper.h"

enum { PASSED = 0, FAILED = 1, SKIPPED = 4 };

static struct test *first, **last = &first;
static volatile sig_atomic_t running, hung;
static char *skip_reason;

/* Slower tests print their time; with -t every test does */
static __u64 long_ms = 2000;

#define SKIP_REASON_SIZE 128

void test_add(const char *area, const char *name, void (*run)(const void *arg),
	      const void *arg)
{
	struct test *test = malloc(sizeof(*test));

	if (!test)
		abort();
	*test = (struct test){
		.area = area,
		.name = name,
		.run = run,
		.arg = arg,
	};
	*last = test;
	last = &test->next;
}

void test_addf(const char *area, void (*run)(const void *arg), const void *arg,
	       const char *format, ...)
{
	va_list args;
	char *name;

	va_start(args, format);
	if (vasprintf(&name, format, args) < 0)
		abort();
	va_end(args);
	test_add(area, name, run, arg);
}

void test_failed(const char *file, int line, const char *format, ...)
{
	char why[512];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	printf("# %s:%d: %s\n", file, line, why);
	fflush(stdout);
	_exit(FAILED);
}

void test_skip(const char *why)
{
	snprintf(skip_reason, SKIP_REASON_SIZE, "%s", why);
	_exit(SKIPPED);
}

void test_keepalive(void)
{
	CHECK_SYS(kill(getppid(), SIGUSR1));
}

/* Restarts the time limit */
static void on_keepalive(int signal)
{
	(void)signal;
	alarm(TEST_SECONDS);
}

static void on_alarm(int signal)
{
	(void)signal;
	hung = 1;
	kill(-running, SIGKILL);
}

/* Returns the wait status of the test */
static int run_in_child(const struct test *test)
{
	int status;
	pid_t pid;

	hung = 0;
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("# fork");
		exit(FAILED);
	}
	if (!pid) {
		setpgid(0, 0);
		test->run(test->arg);
		fflush(stdout);
		_exit(PASSED);
	}
	setpgid(pid, pid);
	running = pid;
	alarm(TEST_SECONDS);
	while (waitpid(pid, &status, 0) < 0)
		;
	alarm(0);
	kill(-pid, SIGKILL);
	/* Orphaned processes of the test are now children of this one */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return status;
}

static void explain(int status, __u64 ms)
{
	if (ms > long_ms)
		printf("# took %llu ms\n", ms);
	if (hung)
		printf("# hung for %d seconds\n", TEST_SECONDS);
	else if (WIFSIGNALED(status))
		printf("# killed by SIG%s\n", sigabbrev_np(WTERMSIG(status)));
}

/* Returns false if the test failed */
static bool run_test(const struct test *test, unsigned int number)
{
	__u64 begin = now_ns();
	int status = run_in_child(test);
	bool skipped = WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED;
	bool passed = WIFEXITED(status) && WEXITSTATUS(status) == PASSED;

	explain(status, (now_ns() - begin) / 1000000);
	if (!audit_passes())
		passed = skipped = false;
	printf("%s %u - %s: %s%s%s\n", passed || skipped ? "ok" : "not ok",
	       number, test->area, test->name, skipped ? " # SKIP " : "",
	       skipped ? skip_reason : "");
	return passed || skipped;
}

/* "!text" leaves out the tests with that text in their names */
static bool is_left_out(const struct test *test, char **choice)
{
	for (; *choice; choice++)
		if (**choice == '!' && strstr(test->name, *choice + 1))
			return true;
	return false;
}

/* Any other choice is an area, or area:name */
static bool is_chosen(const struct test *test, char **choice)
{
	size_t len = strlen(test->area);

	if (!*choice)
		return true;
	if (is_left_out(test, choice))
		return false;
	for (; *choice; choice++)
		if (!strncmp(*choice, test->area, len) &&
		    (!(*choice)[len] ||
		     ((*choice)[len] == ':' &&
		      !strcmp(*choice + len + 1, test->name))))
			return true;
	return false;
}

static int run_all(char **choice)
{
	unsigned int number = 0, failed = 0;
	struct test *test;

	audit_begin();
	for (test = first; test; test = test->next)
		if (is_chosen(test, choice))
			failed += !run_test(test, ++number);
	printf("1..%u\n", number);
	if (!number)
		printf("# no such test\n");
	return failed || !number ? FAILED : PASSED;
}

int main(int argc, char **argv)
{
	struct sigaction alarm_action = { .sa_handler = on_alarm };
	struct sigaction keepalive_action = { .sa_handler = on_keepalive };

	if (argc > 1 && !strcmp(argv[1], HELPER_ARGUMENT))
		return helper_main(argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], "-t")) {
		long_ms = 0;
		argv++;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	skip_reason = mmap(NULL, SKIP_REASON_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (skip_reason == MAP_FAILED)
		return FAILED;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigaction(SIGALRM, &alarm_action, NULL);
	sigaction(SIGUSR1, &keepalive_action, NULL);
	return run_all(argv + 1);
}
