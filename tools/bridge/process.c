// SPDX-License-Identifier: GPL-2.0
/*
 * Who is at the other end of a socket: a process, as the kernel knows it
 *
 * A pid alone can be another process's tomorrow. The pidfd cannot, and becomes
 * readable when the process has ended, whoever else may still hold the socket.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utlist.h>
#include <uthash.h>

#include "connection.h"
#include "process.h"

/* Linux 6.5; what is older knows the pid alone. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define NSEC_PER_SEC UINT64_C(1000000000)

/*
 * @started: when it was started, ns since boot, 0: not known
 * @pidfd: tells when it ends; -1: it has, or nothing can be known of it
 * @watch: of @pidfd
 * @reported: it has reported, through whichever connection
 */
struct process {
	struct bridge *bridge;
	pid_t pid;
	char name[COMM_SIZE];
	uint64_t started;
	int pidfd;
	sd_event_source *watch;
	bool reported;
	unsigned int nr_connections;
	UT_hash_handle hh;
};

static int open_pidfd(int socket, pid_t pid)
{
	socklen_t length = sizeof(int);
	int pidfd;

	if (!getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length))
		return pidfd;
	return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

static ssize_t read_file(pid_t pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	FILE *from;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	from = fopen(path, "re");
	if (!from)
		return -1;
	length = fread(text, 1, size - 1, from);
	fclose(from);
	text[length] = '\0';
	return length;
}

/* The 22nd field, and the second one may hold anything in brackets. */
static uint64_t read_start(pid_t pid)
{
	unsigned long long ticks;
	char text[1024];
	char *at;

	if (read_file(pid, "stat", text, sizeof(text)) <= 0)
		return 0;
	at = strrchr(text, ')');
	if (!at ||
	    sscanf(at + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &ticks) != 1)
		return 0;
	return ticks * NSEC_PER_SEC / sysconf(_SC_CLK_TCK);
}

static void read_name(struct process *process)
{
	ssize_t length = read_file(process->pid, "comm", process->name,
				   sizeof(process->name));

	if (length > 0 && process->name[length - 1] == '\n')
		process->name[length - 1] = '\0';
	for (char *c = process->name; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static bool has_ended(int pidfd)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };

	return poll(&poller, 1, 0) != 0;
}

/*
 * look_at() - learn what can be known of it
 *
 * If it is there afterwards, it was there meanwhile, and what was read is its own.
 */
static void look_at(struct process *process)
{
	if (process->pidfd < 0)
		return;
	read_name(process);
	process->started = read_start(process->pid);
	if (!has_ended(process->pidfd))
		return;
	process->started = 0;
	process->name[0] = '\0';
}

static void drop(struct process *process)
{
	sd_event_source_disable_unref(process->watch);
	if (process->pidfd >= 0)
		close(process->pidfd);
	HASH_DEL(process->bridge->processes, process);
	free(process);
}

static int on_end(sd_event_source *source, int fd, uint32_t events,
		  void *context)
{
	struct process *process = context;

	(void)fd;
	(void)events;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	close(process->pidfd);
	process->pidfd = -1;
	if (process->nr_connections)
		connections_end_of(process->bridge, process);
	else
		drop(process);
	return 0;
}

static int watch(struct process *process)
{
	int ret;

	if (process->pidfd < 0)
		return 0;
	ret = sd_event_add_io(process->bridge->event, &process->watch,
			      process->pidfd, EPOLLIN, on_end, process);
	if (ret >= 0)
		return 0;
	errno = -ret;
	return -1;
}

static struct process *meet(struct bridge *bridge, int fd, pid_t pid)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->bridge = bridge;
	process->pid = pid;
	process->pidfd = open_pidfd(fd, pid);
	look_at(process);
	HASH_ADD(hh, bridge->processes, pid, sizeof(process->pid), process);
	if (!watch(process))
		return process;
	drop(process);
	return NULL;
}

/* Those that nothing is known of are kept apart: each is met anew. */
static struct process *find(struct bridge *bridge, pid_t pid)
{
	struct process *process;

	HASH_FIND(hh, bridge->processes, &pid, sizeof(pid), process);
	if (!process || !pid || process->pidfd < 0 || has_ended(process->pidfd))
		return NULL;
	return process;
}

struct process *process_of_peer(struct bridge *bridge, int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	struct process *process;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length))
		return NULL;
	process = find(bridge, peer.pid);
	if (!process)
		process = meet(bridge, fd, peer.pid);
	if (process)
		process->nr_connections++;
	return process;
}

void process_leave(struct process *process)
{
	if (--process->nr_connections)
		return;
	/* Of one that has ended, or has never told anything, there is no past. */
	if (process->pidfd < 0 || !process->reported ||
	    HASH_COUNT(process->bridge->processes) >
		    2 * process->bridge->most_connections)
		drop(process);
}

void process_forget_all(struct bridge *bridge)
{
	struct process *process, *next;

	HASH_ITER(hh, bridge->processes, process, next)
	{
		drop(process);
	}
}

bool process_is_over(const struct process *process)
{
	return process->pid > 0 && process->pidfd < 0;
}

pid_t process_pid(const struct process *process)
{
	return process->pid;
}

const char *process_name(const struct process *process)
{
	return process->name;
}

bool process_is_late(const struct process *process)
{
	return process->reported || !process->started ||
	       process->started < process->bridge->listening;
}

void process_note_report(struct process *process)
{
	process->reported = true;
}
