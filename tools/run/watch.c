// SPDX-License-Identifier: GPL-2.0
/*
 * Processes of the command that use a device without the hook
 *
 * The dynamic linker loads no hook into a statically linked or setuid program, nor where
 * LD_PRELOAD was cleared. Such a process has no log, so the processes below the command
 * are looked at from time to time; one that is short-lived may be missed.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/err.h"
#include "../util/text.h"
#include "internal.h"

#define INTERVAL UINT64_C(1000000000)

/* A process is looked at so often: a program may load the runtime late. */
#define MAX_LOOKS 60

/* What shows that a process uses a device of a runtime that the hook knows */
#define RUNTIME "libtt_metal"
#define NODES "/dev/tenstorrent/"

/**
 * struct watched - a process below the command
 * @hh: among the processes, by @pid
 * @pid: its pid
 * @start: when it started, in ticks since boot
 * @round: the latest round in which it was there
 * @looks: how often it was looked at
 * @done: there is nothing more to see
 */
struct watched {
	UT_hash_handle hh;
	pid_t pid;
	unsigned long long start;
	unsigned int round;
	unsigned int looks;
	bool done;
};

struct stat_line {
	pid_t pid;
	pid_t parent;
	unsigned long long start;
	char comm[LOG_COMM_SIZE];
};

static FILE *open_of(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

static bool read_stat(pid_t pid, struct stat_line *stat)
{
	FILE *file = open_of(pid, "stat");
	char line[1024] = "", *name, *end;
	bool good;

	if (!file)
		return false;
	good = fgets(line, sizeof(line), file);
	fclose(file);
	name = strchr(line, '(');
	end = strrchr(line, ')');
	if (!good || !name || !end)
		return false;
	*end = '\0';
	stat->pid = pid;
	snprintf(stat->comm, sizeof(stat->comm), "%s", name + 1);
	make_printable(stat->comm);
	return sscanf(end + 1,
		      " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		      &stat->parent, &stat->start) == 2;
}

static struct watched *find(const struct watch *watch, pid_t pid)
{
	struct watched *watched;

	HASH_FIND(hh, watch->processes, &pid, sizeof(pid), watched);
	return watched;
}

static void add(struct watch *watch, const struct stat_line *stat)
{
	struct watched *watched = find(watch, stat->pid);

	if (!watched) {
		watched = xcalloc(1, sizeof(*watched));
		watched->pid = stat->pid;
		watched->start = stat->start;
		HASH_ADD(hh, watch->processes, pid, sizeof(pid_t), watched);
	}
	watched->round = watch->round;
}

static size_t read_all(struct stat_line **list)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	size_t nr = 0;

	*list = NULL;
	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		if (!(nr & (nr + 1)))
			*list = xreallocarray(*list, 2 * (nr + 1),
					      sizeof(**list));
		nr += read_stat(atoi(entry->d_name), &(*list)[nr]);
	}
	if (dir)
		closedir(dir);
	return nr;
}

/* update() - find the processes below the command; orphans are known already */
static void update(struct watch *watch)
{
	struct stat_line *list;
	size_t nr = read_all(&list), before;
	struct watched *watched, *next;

	watch->round++;
	for (size_t i = 0; i < nr; i++) {
		watched = find(watch, list[i].pid);
		if (list[i].pid == watch->command ||
		    (watched && watched->start == list[i].start))
			add(watch, &list[i]);
	}
	do {
		before = HASH_COUNT(watch->processes);
		for (size_t i = 0; i < nr; i++) {
			watched = find(watch, list[i].parent);
			if (watched && watched->round == watch->round)
				add(watch, &list[i]);
		}
	} while (HASH_COUNT(watch->processes) != before);
	free(list);
	HASH_ITER(hh, watch->processes, watched, next)
	{
		if (watched->round == watch->round)
			continue;
		HASH_DEL(watch->processes, watched);
		free(watched);
	}
}

static bool has_node(pid_t pid)
{
	char path[64], target[sizeof(NODES)];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)))
		found = readlinkat(dirfd(dir), entry->d_name, target,
				   sizeof(target)) >= (ssize_t)strlen(NODES) &&
			!strncmp(target, NODES, strlen(NODES));
	if (dir)
		closedir(dir);
	return found;
}

/* look() - find out whether a process uses a device, and whether it has the hook */
static void look(struct watch *watch, struct watched *watched)
{
	FILE *maps = open_of(watched->pid, "maps");
	bool runtime = false, hook = false;
	char line[8192];
	struct stat_line stat;

	if (!maps)
		return;
	while (!hook && fgets(line, sizeof(line), maps)) {
		hook = strstr(line, "/" HOOK_NAME);
		runtime |= strstr(line, RUNTIME) != NULL;
	}
	fclose(maps);
	if (hook || (!runtime && !has_node(watched->pid)))
		return;
	watched->done = true;
	if (read_stat(watched->pid, &stat))
		judge_note(
			watch->judge,
			"not followed: %s[%d] uses a device without the hook (statically linked, setuid, or LD_PRELOAD was cleared)",
			stat.comm, stat.pid);
}

void watch_look(struct watch *watch)
{
	struct watched *watched, *next;
	uint64_t now = boottime();

	if (!watch->enabled || now < watch->due)
		return;
	watch->due = now + INTERVAL;
	update(watch);
	HASH_ITER(hh, watch->processes, watched, next)
	{
		if (watched->done)
			continue;
		look(watch, watched);
		watched->done |= ++watched->looks == MAX_LOOKS;
	}
}

static bool is_static(int fd)
{
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	bool interpreted = false;
	size_t nr = 0;

	if (elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		return false;
	}
	elf_getphdrnum(elf, &nr);
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr phdr;

		interpreted |= gelf_getphdr(elf, i, &phdr) &&
			       phdr.p_type == PT_INTERP;
	}
	elf_end(elf);
	return nr && !interpreted;
}

/* find_program() - open the program that execvp() found; -1: it cannot be read */
static int find_program(const char *name, struct stat *stat)
{
	const char *path = getenv("PATH"), *end;
	char file[PATH_MAX];

	if (!path || strchr(name, '/'))
		path = "";
	for (;; path = end + 1) {
		end = strchrnul(path, ':');
		snprintf(file, sizeof(file), "%.*s%s%s", (int)(end - path),
			 path, end > path ? "/" : "", name);
		if (!access(file, X_OK) && !fstatat(AT_FDCWD, file, stat, 0) &&
		    S_ISREG(stat->st_mode))
			return open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (!*end)
			break;
	}
	stat->st_mode = 0;
	return -1;
}

/* look_at_command() - the program that the command executes at first */
static void look_at_command(struct watch *watch, const char *name)
{
	struct stat stat;
	int fd = find_program(name, &stat);

	if (stat.st_mode & S_ISUID && stat.st_uid != geteuid())
		judge_note(
			watch->judge,
			"not followed: %s runs with other privileges, so it has no hook",
			name);
	if (fd < 0)
		return;
	elf_version(EV_CURRENT);
	if (is_static(fd))
		judge_note(
			watch->judge,
			"not followed: %s is statically linked, so it has no hook",
			name);
	close(fd);
}

void watch_begin(struct watch *watch, struct judge *judge,
		 const struct child *child, const char *name)
{
	const char *hook = getenv("BUFTRACK_HOOK");

	*watch = (struct watch){ .judge = judge,
				 .command = child->pid,
				 .enabled = !hook || *hook,
				 .due = child->began + INTERVAL / 4 };
	if (watch->enabled)
		look_at_command(watch, name);
}

void watch_end(struct watch *watch)
{
	struct watched *watched, *next;

	HASH_ITER(hh, watch->processes, watched, next)
	{
		HASH_DEL(watch->processes, watched);
		free(watched);
	}
}
