// SPDX-License-Identifier: GPL-2.0
/*
 * The process at the other end of a socket
 *
 * A pid can be reused; a pidfd cannot. It becomes readable when the process ends,
 * even if another process still holds the socket.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>
#include <uthash.h>

#include "internal.h"

/* Linux 6.5; older kernels give the pid only. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* How the kernel shows a user whom our user namespace does not have */
#define OVERFLOW_UID 65534

#define COMM_SIZE 16
#define NSEC_PER_SEC UINT64_C(1000000000)

/**
 * struct process - a process that has connected
 * @bridge: the bridge
 * @user: the user whose share it has a place of
 * @has_place: it has a place for its pidfd that is not its connections'
 * @pid: its pid
 * @inner_pid: its pid in its own pid namespace, 0 if unknown
 * @uid: its effective user when it connected
 * @name: its name, printable
 * @started: its start time, ns since boot; 0 if unknown
 * @pidfd: its pidfd; -1 if it has ended or none could be opened
 * @watch: event source of @pidfd
 * @has_reported: it has reported through any connection
 * @reported: when it first did, ns since boot
 * @has_lost: an alloc of its was lost
 * @logged: causes of log lines, a bit for each of enum cause
 * @members: what it reports through
 * @nr_users: number of identities that have it
 * @hh: in the bridge's table
 *
 * A process that has reported, or has a line in the log, stays in the table after its last
 * connection, until it ends: its next connection is late, and the line is not repeated.
 */
struct process {
	struct bridge *bridge;
	struct user *user;
	bool has_place;
	pid_t pid;
	pid_t inner_pid;
	uid_t uid;
	char name[COMM_SIZE];
	uint64_t started;
	int pidfd;
	sd_event_source *watch;
	bool has_reported;
	uint64_t reported;
	bool has_lost;
	unsigned int logged;
	struct member *members;
	unsigned int nr_users;
	UT_hash_handle hh;
};

static int open_pidfd(int socket, pid_t pid)
{
	socklen_t length = sizeof(int);
	int pidfd;

	if (socket >= 0 &&
	    !getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length))
		return pidfd;
	return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

uint64_t now_boot(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
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

/* Field 22 of stat; field 2, in parentheses, may contain anything. */
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

/* read_status() - read a number of a process's status, the last of its line */
static pid_t read_status(pid_t pid, const char *key)
{
	char text[4096], *line, *number;

	if (read_file(pid, "status", text, sizeof(text)) <= 0)
		return 0;
	line = strstr(text, key);
	if (!line)
		return 0;
	line[1 + strcspn(line + 1, "\n")] = '\0';
	number = strrchr(line, '\t');
	return number ? atoi(number) : 0;
}

static bool has_ended(int pidfd)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };

	return poll(&poller, 1, 0) != 0;
}

/*
 * read_proc() - read the name and the start time
 *
 * If the process has not ended afterwards, its pid was not reused meanwhile and both
 * are its own.
 */
static void read_proc(struct process *process)
{
	if (process->pidfd < 0)
		return;
	read_name(process);
	process->started = read_start(process->pid);
	process->inner_pid = read_status(process->pid, "\nNSpid:");
	if (!has_ended(process->pidfd))
		return;
	process->started = 0;
	process->inner_pid = 0;
	process->name[0] = '\0';
}

static void free_process(struct process *process)
{
	sd_event_source_disable_unref(process->watch);
	if (process->pidfd >= 0)
		close(process->pidfd);
	HASH_DEL(process->bridge->processes, process);
	if (process->has_place)
		user_give_file(process->user);
	user_put(process->user);
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
	if (process->nr_users)
		process->bridge->process_ended(process->bridge, process);
	else
		free_process(process);
	return 0;
}

static int watch_end(struct process *process)
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

/* new_process() - add a process; @fd is its socket, or -1 */
static struct process *new_process(struct bridge *bridge, int fd, pid_t pid,
				   uid_t uid)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->bridge = bridge;
	process->user = user_get(bridge, uid);
	if (!process->user) {
		free(process);
		return NULL;
	}
	process->pid = pid;
	process->uid = uid;
	process->pidfd = open_pidfd(fd, pid);
	read_proc(process);
	HASH_ADD(hh, bridge->processes, pid, sizeof(process->pid), process);
	if (!watch_end(process))
		return process;
	free_process(process);
	return NULL;
}

/*
 * A process without a pidfd cannot be distinguished from its successor: never reuse
 * it.
 */
static struct process *find_process(struct bridge *bridge, pid_t pid)
{
	struct process *process;

	HASH_FIND(hh, bridge->processes, &pid, sizeof(pid), process);
	if (!process || !pid || process->pidfd < 0 || has_ended(process->pidfd))
		return NULL;
	return process;
}

/* Most generations between a process and an ancestor that connected */
#define MAX_GENERATIONS 16

/* Start times are in ticks, at most as long as this. */
#define TICK (NSEC_PER_SEC / 100)

/*
 * has_inherited() - true if it is a fork of a process that had reported
 *
 * The objects of its parent are its own, and it may free them on a connection of its
 * own.
 */
static bool has_inherited(const struct process *process)
{
	pid_t pid = process->pid;

	for (int i = 0; i < MAX_GENERATIONS && pid > 1; i++) {
		const struct process *ancestor;

		pid = read_status(pid, "\nPPid:");
		ancestor = find_process(process->bridge, pid);
		if (ancestor && ancestor->has_reported &&
		    ancestor->reported < process->started + TICK)
			return true;
	}
	return false;
}

static bool is_late(const struct process *process)
{
	const struct bridge *bridge = process->bridge;

	return process->has_reported || !process->started ||
	       process->started < bridge->listening ||
	       process->started < bridge->forgot || has_inherited(process);
}

int identity_get(struct identity *identity, struct bridge *bridge, int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	struct process *process;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length))
		return -1;
	process = find_process(bridge, peer.pid);
	if (!process)
		process = new_process(bridge, fd, peer.pid, peer.uid);
	if (!process)
		return -1;
	process->nr_users++;
	*identity = (struct identity){
		.process = process,
		.pid = process->pid,
		.uid = peer.uid == OVERFLOW_UID ? NO_UID : peer.uid,
		.name = process->name,
		.is_late = is_late(process),
	};
	return 0;
}

bool identity_is_own_pid(const struct identity *identity, int32_t pid)
{
	pid_t inner = identity->process->inner_pid;

	if (!pid || pid == inner)
		return true;
	return !inner && (!identity->claimed || identity->claimed == pid);
}

static bool is_descendant(pid_t pid, pid_t ancestor)
{
	for (int i = 0; i < MAX_GENERATIONS && pid > 1; i++) {
		pid = read_status(pid, "\nPPid:");
		if (pid == ancestor)
			return true;
	}
	return false;
}

/*
 * get_child() - a process that is a child of @parent, or NULL
 *
 * The /proc data of the pid belongs to that process if its pidfd, opened before,
 * has not ended afterwards. A pid of another namespace than ours cannot be looked
 * up.
 */
static struct process *get_child(struct process *parent, pid_t pid)
{
	struct bridge *bridge = parent->bridge;
	struct process *process;

	if (parent->pidfd < 0 || parent->inner_pid != parent->pid || pid <= 0)
		return NULL;
	process = find_process(bridge, pid);
	if (!process)
		process = new_process(bridge, -1, pid, parent->uid);
	if (!process)
		return NULL;
	if (process->pidfd >= 0 && process->inner_pid == pid &&
	    is_descendant(pid, parent->pid) &&
	    read_status(pid, "\nUid:") == (pid_t)parent->uid &&
	    !has_ended(process->pidfd) && !has_ended(parent->pidfd))
		return process;
	if (!process->nr_users && !process->has_reported)
		free_process(process);
	return NULL;
}

void identity_get_child(struct identity *identity,
			const struct identity *parent, int32_t pid)
{
	struct process *process = get_child(parent->process, pid);

	*identity = *parent;
	identity->is_late = true;
	identity->claimed = pid;
	if (process) {
		identity->process = process;
		identity->pid = pid;
		identity->name = process->name;
	}
	identity->process->nr_users++;
}

void identity_copy(struct identity *identity, const struct identity *from)
{
	*identity = *from;
	identity->process->nr_users++;
}

/* forget() - whoever may be this process is late when it connects again */
static void forget(struct bridge *bridge)
{
	bridge->forgot = now_boot();
}

/* keep() - keep a process without connections, if the share of its user has room */
static bool keep(struct process *process)
{
	if (process->pidfd < 0 || !(process->has_reported || process->logged))
		return false;
	process->has_place = process->has_place ||
			     user_take_memory(process->user);
	if (!process->has_place && process->has_reported)
		forget(process->bridge);
	return process->has_place;
}

void identity_put(struct identity *identity)
{
	struct process *process = identity->process;

	identity->process = NULL;
	if (process && !--process->nr_users && !keep(process))
		free_process(process);
}

void processes_free(struct bridge *bridge)
{
	struct process *process, *next;

	HASH_ITER(hh, bridge->processes, process, next)
	{
		free_process(process);
	}
}

void identity_log(const struct identity *identity, struct bridge *bridge,
		  enum cause cause, const char *format, ...)
{
	struct process *process = identity->process;
	char text[300];
	va_list args;

	if (process && process->logged & 1U << cause)
		return;
	if (process)
		process->logged |= 1U << cause;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_line(&bridge->log, "process %d (%s): %s", identity->pid,
		 identity->name, text);
}

struct member **identity_members(const struct identity *identity)
{
	return &identity->process->members;
}

bool identity_has_ended(const struct identity *identity)
{
	return identity->pid > 0 && identity->process->pidfd < 0;
}

void identity_note_report(struct identity *identity)
{
	if (identity->has_reported)
		return;
	identity->has_reported = true;
	identity->is_late |= identity->process->has_reported;
	if (!identity->process->has_reported)
		identity->process->reported = now_boot();
	identity->process->has_reported = true;
}

void identity_note_lost(struct identity *identity)
{
	identity->process->has_lost = true;
}

bool identity_has_lost(const struct identity *identity)
{
	return identity->process->has_lost;
}

void identity_note_refused(struct bridge *bridge, int fd)
{
	struct identity identity;

	if (identity_get(&identity, bridge, fd)) {
		forget(bridge);
		return;
	}
	identity_note_report(&identity);
	identity_note_lost(&identity);
	identity_put(&identity);
}

void identity_text(const struct identity *identity,
		   char text[BUFTRACK_CLAIMED_NAME_SIZE])
{
	const char *name = *identity->name ? identity->name : "ended";

	if (identity->claimed && identity->claimed != identity->pid)
		snprintf(text, BUFTRACK_CLAIMED_NAME_SIZE, "%s (says pid %d)",
			 name, identity->claimed);
	else
		snprintf(text, BUFTRACK_CLAIMED_NAME_SIZE, "%s", name);
}
