// SPDX-License-Identifier: GPL-2.0
/* Processes, threads, users and files for tests */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "abi.h"
#include "helper.h"

void read_file(const char *path, char *text, size_t size)
{
	int fd = CHECK_SYS(open(path, O_RDONLY | O_CLOEXEC));
	ssize_t n = CHECK_SYS(read(fd, text, size - 1));

	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	close(fd);
}

void write_file(const char *path, const char *text)
{
	int fd = CHECK_SYS(open(path, O_WRONLY | O_CLOEXEC));

	CHECK_SYS(write(fd, text, strlen(text)));
	close(fd);
}

void get_parameter(const char *name, char *value, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETER_DIR "/%s", name);
	read_file(path, value, size);
}

void set_parameter(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETER_DIR "/%s", name);
	write_file(path, value);
}

pid_t start(void (*run)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = CHECK_SYS(fork());
	if (pid)
		return pid;
	run(arg);
	fflush(stdout);
	_exit(0);
}

void finish(pid_t pid)
{
	int status;

	CHECK_SYS(waitpid(pid, &status, 0));
	CHECK_EQ(status, 0);
}

void end(pid_t pid, int signal)
{
	int status;

	CHECK_SYS(kill(pid, signal));
	CHECK_SYS(waitpid(pid, &status, 0));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signal);
}

void in_child(void (*run)(void *arg), void *arg)
{
	finish(start(run, arg));
}

void become_user(uid_t uid)
{
	CHECK_SYS(setgroups(0, NULL));
	CHECK_SYS(setresgid(uid, uid, uid));
	CHECK_SYS(setresuid(uid, uid, uid));
}

struct as_user {
	uid_t uid;
	void (*run)(void *arg);
	void *arg;
};

static void run_as_user(void *arg)
{
	const struct as_user *as = arg;

	become_user(as->uid);
	as->run(as->arg);
}

void in_child_as(uid_t uid, void (*run)(void *arg), void *arg)
{
	struct as_user as = { uid, run, arg };

	in_child(run_as_user, &as);
}

/* Drops CAP_SYS_ADMIN and keeps the user id */
void drop_admin(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	CHECK_SYS(syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
	CHECK_SYS(syscall(SYS_capset, &header, data));
}

pthread_t start_thread(void *(*run)(void *arg), void *arg)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, run, arg));
	return thread;
}

void finish_thread(pthread_t thread)
{
	CHECK(!pthread_join(thread, NULL));
}

void pin_to_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK_SYS(sched_setaffinity(0, sizeof(set), &set));
}

static void ignore(int signal)
{
	(void)signal;
}

void signal_every_ms(void)
{
	const struct sigaction action = { .sa_handler = ignore };
	const struct itimerval timer = { { 0, 1000 }, { 0, 1000 } };

	CHECK_SYS(sigaction(SIGALRM, &action, NULL));
	CHECK_SYS(setitimer(ITIMER_REAL, &timer, NULL));
}

void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

void checkpoint_init(struct checkpoint *point)
{
	point->fd = CHECK_SYS(eventfd(0, EFD_SEMAPHORE));
}

/* Allocates no memory, for tests that have exhausted it */
void checkpoint_reach(struct checkpoint *point)
{
	__u64 one = 1;

	CHECK_SYS(write(point->fd, &one, sizeof(one)));
}

void checkpoint_wait(struct checkpoint *point)
{
	struct pollfd fd = { .fd = point->fd, .events = POLLIN };
	__u64 one;

	CHECK_EQ(CHECK_SYS(poll(&fd, 1, WAIT_SECONDS * 1000)), 1);
	CHECK_SYS(read(point->fd, &one, sizeof(one)));
}

union control_message {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

void send_file(int socket, int fd)
{
	union control_message control = {};
	struct iovec iov = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	CHECK_SYS(sendmsg(socket, &message, 0));
}

int receive_file(int socket)
{
	union control_message control = {};
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int fd;

	CHECK_EQ(CHECK_SYS(recvmsg(socket, &message, 0)), 1);
	CHECK(CMSG_FIRSTHDR(&message));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

__u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

__u64 meminfo_kb(const char *name)
{
	char text[4096];
	const char *at;
	int fd = CHECK_SYS(open("/proc/meminfo", O_RDONLY | O_CLOEXEC));
	ssize_t n = CHECK_SYS(read(fd, text, sizeof(text) - 1));

	text[n] = 0;
	close(fd);
	at = strstr(text, name);
	CHECK(at);
	return strtoull(at + strlen(name), NULL, 10);
}

static char state_of(pid_t pid)
{
	char path[32], text[256];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	read_file(path, text, sizeof(text));
	at = strrchr(text, ')');
	CHECK(at);
	return at[2];
}

void wait_for_state(pid_t pid, char state)
{
	WAIT_UNTIL(state_of(pid) == state);
}

bool is_debug_kernel(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

/* One more report through a file that was opened before exec */
static int helper_report(int fd)
{
	return try_report(fd, BUFFER(0x5000, 16));
}

int helper_main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[0], "report"))
		return helper_report(atoi(argv[1]));
	return 1;
}
