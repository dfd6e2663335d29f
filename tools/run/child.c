// SPDX-License-Identifier: GPL-2.0
/*
 * The command: started with the hook, in the process group and on the terminal of run
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../util/err.h"
#include "internal.h"

/* Statuses of env(1) and of shells */
enum {
	CANNOT_EXECUTE = 126,
	NOT_FOUND = 127,
};

/**
 * struct inherited - what run changes for itself and gives back to the command
 */
struct inherited {
	sigset_t mask;
	struct sigaction pipe;
	struct rlimit files;
};

uint64_t boottime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static void choose_signals(sigset_t *set)
{
	static const int signals[] = { SIGCHLD, SIGHUP,	 SIGINT,  SIGQUIT,
				       SIGTERM, SIGUSR1, SIGUSR2, SIGALRM };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		sigaddset(set, i);
}

/* Each process that reports has a log, which is an open file. */
static void raise_file_limit(struct rlimit *before)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, before);
	limit = *before;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int take_signals(struct child *child, struct inherited *inherited)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	choose_signals(&set);
	sigprocmask(SIG_BLOCK, &set, &inherited->mask);
	sigaction(SIGPIPE, &ignore, &inherited->pipe);
	raise_file_limit(&inherited->files);
	child->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return child->signals < 0 ? -1 : 0;
}

static void restore(const struct inherited *inherited)
{
	setrlimit(RLIMIT_NOFILE, &inherited->files);
	sigaction(SIGPIPE, &inherited->pipe, NULL);
	sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
}

static bool is_file(const char *path)
{
	return !access(path, R_OK);
}

/* hook_path() - the hook beside the command, as in a build, or where it is installed */
static bool hook_path(char path[PATH_MAX])
{
	const char *chosen = getenv("BUFTRACK_HOOK");
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (chosen) {
		snprintf(path, PATH_MAX, "%s", chosen);
		return !*chosen || is_file(chosen);
	}
	if (length > 0) {
		path[length] = '\0';
		slash = strrchr(path, '/');
		if (slash) {
			snprintf(slash + 1, path + PATH_MAX - slash - 1,
				 HOOK_NAME);
			if (is_file(path))
				return true;
		}
	}
	snprintf(path, PATH_MAX, HOOK_DIRECTORY "/" HOOK_NAME);
	return is_file(path);
}

static int set_preload(void)
{
	const char *others = getenv("LD_PRELOAD");
	char path[PATH_MAX], *list;

	if (!hook_path(path))
		return fail(
			"%s cannot be read: install buftrack again, or name it in $BUFTRACK_HOOK",
			path);
	if (!*path)
		return 0;
	if (strpbrk(path, ": "))
		return fail(
			"%s: the dynamic linker takes no path with spaces or colons: move it",
			path);
	if (asprintf(&list, "%s%s%s", path, others && *others ? ":" : "",
		     others ? others : "") < 0)
		return fail("out of memory: free some and try again");
	setenv("LD_PRELOAD", list, 1);
	free(list);
	return 0;
}

static int set_environment(const struct run_options *options,
			   const struct session *session)
{
	setenv("BUFTRACK_SESSION", session->path, 1);
	setenv("BUFTRACK_STACKS", options->no_stacks ? "0" : "1", 1);
	if (options->offline)
		setenv("BUFTRACK_OFFLINE", "1", 1);
	return set_preload();
}

static void __attribute__((noreturn))
execute(const struct run_options *options, const struct inherited *inherited,
	int channel)
{
	int error;

	restore(inherited);
	execvp(options->command[0], options->command);
	error = errno;
	if (write(channel, &error, sizeof(error)) < 0)
		_exit(CANNOT_EXECUTE);
	_exit(NOT_FOUND);
}

static int reap_failure(struct child *child, const char *name, int error)
{
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
	fail("%s: %s: name a program that can be run", name, strerror(error));
	return error == ENOENT ? NOT_FOUND : CANNOT_EXECUTE;
}

int child_start(struct child *child, const struct run_options *options,
		const struct session *session)
{
	struct inherited inherited;
	int channel[2], error = 0;
	ssize_t size;

	if (set_environment(options, session))
		return EXIT_FAILED;
	if (take_signals(child, &inherited) || pipe2(channel, O_CLOEXEC))
		return fail("cannot start the command: %s", strerror(errno));
	child->began = boottime();
	child->pid = fork();
	if (!child->pid)
		execute(options, &inherited, channel[1]);
	close(channel[1]);
	size = read(channel[0], &error, sizeof(error));
	close(channel[0]);
	if (child->pid < 0) {
		child->pid = 0;
		return fail("cannot start the command: %s", strerror(errno));
	}
	if (size == sizeof(error))
		return reap_failure(child, options->command[0], error);
	return 0;
}

static void reap(struct child *child)
{
	if (waitpid(child->pid, &child->status, WNOHANG) != child->pid)
		return;
	child->ended = true;
	child->finished = boottime();
}

/*
 * The terminal sends a signal to the whole process group, so the command has it already.
 * What another process sent to run alone is passed on.
 */
static void pass_on(const struct child *child,
		    const struct signalfd_siginfo *info)
{
	union sigval value = { .sival_ptr = (void *)(uintptr_t)info->ssi_ptr };

	if (info->ssi_code > 0 || child->ended)
		return;
	if (info->ssi_code == SI_QUEUE)
		sigqueue(child->pid, info->ssi_signo, value);
	else
		kill(child->pid, info->ssi_signo);
}

void child_wait(struct child *child, int ms)
{
	struct pollfd poll_fd = { .fd = child->signals, .events = POLLIN };
	struct signalfd_siginfo info;

	if (poll(&poll_fd, 1, ms) <= 0)
		return;
	while (read(child->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(child);
		else
			pass_on(child, &info);
	}
}

int child_exit_status(const struct child *child)
{
	return WIFSIGNALED(child->status) ? 128 + WTERMSIG(child->status) :
					    WEXITSTATUS(child->status);
}

void child_fini(struct child *child)
{
	sigset_t set;

	child_wait(child, 0);
	close(child->signals);
	choose_signals(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
