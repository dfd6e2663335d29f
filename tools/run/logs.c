// SPDX-License-Identifier: GPL-2.0
/*
 * All session logs: found while the command runs, and judged in the order of time
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../util/err.h"
#include "internal.h"

#define SUFFIX ".log"

/* Entries after which a drain returns, so that signals are handled */
#define MAX_ENTRIES (1 << 18)

#define NAME_SIZE 64

/**
 * struct log_source - a log and the process that it tells of
 * @hh: among the logs, by @name
 * @name: name of the file
 * @log: the log
 * @process: the process
 * @item: its next entry, while @active
 * @active: it has an entry
 */
struct log_source {
	UT_hash_handle hh;
	char name[NAME_SIZE];
	struct log log;
	struct process *process;
	struct log_item item;
	bool active;
};

static bool is_log(const char *name)
{
	size_t length = strlen(name);

	return length < NAME_SIZE && length > strlen(SUFFIX) &&
	       !strcmp(name + length - strlen(SUFFIX), SUFFIX);
}

static void adopt(struct logs *logs, const char *name)
{
	struct log_source *source;
	struct log log;
	int ret = log_open(&log, logs->session->fd, name);

	if (ret < 0) {
		logs->judge->nr_damaged++;
		unlinkat(logs->session->fd, name, 0);
	}
	if (ret)
		return;
	source = xcalloc(1, sizeof(*source));
	strcpy(source->name, name);
	source->log = log;
	source->process = process_new(logs->judge, &source->log);
	HASH_ADD_STR(logs->list, name, source);
}

static void find_new(struct logs *logs)
{
	int fd = openat(logs->session->fd, ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct log_source *known;
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		if (!is_log(entry->d_name))
			continue;
		HASH_FIND_STR(logs->list, entry->d_name, known);
		if (!known)
			adopt(logs, entry->d_name);
	}
	closedir(dir);
}

static void look(struct log_source *source, uint64_t now)
{
	source->active = log_peek(&source->log, now, &source->item);
}

/* pick() - the source with the earliest entry; @until is set to the time of the next */
static struct log_source *pick(const struct logs *logs, uint64_t *until)
{
	struct log_source *first = NULL, *source;

	*until = UINT64_MAX;
	for (source = logs->list; source; source = source->hh.next) {
		uint64_t time = source->item.entry.time;

		if (!source->active)
			continue;
		if (!first || time < first->item.entry.time) {
			if (first)
				*until = first->item.entry.time;
			first = source;
		} else if (time < *until) {
			*until = time;
		}
	}
	return first;
}

static void take(struct log_source *source, uint64_t now)
{
	struct log *log = &source->log;
	uint64_t time = source->item.entry.time;
	uint64_t lost;

	log->time = time;
	if (log_take_lost(log, &lost))
		process_lost(source->process, lost, time);
	process_take(source->process, &source->item);
	log_next(log);
	look(source, now);
}

/* take_all() - returns true if entries are left */
static bool take_all(struct logs *logs, uint64_t now)
{
	struct log_source *source;
	unsigned int nr = 0;
	uint64_t until;

	while ((source = pick(logs, &until))) {
		do {
			take(source, now);
			if (++nr == MAX_ENTRIES)
				return true;
		} while (source->active && source->item.entry.time <= until);
	}
	return false;
}

static void end_source(struct logs *logs, struct log_source *source,
		       uint64_t now)
{
	bool ended = source->log.ended;
	uint64_t lost;

	if (log_take_lost(&source->log, &lost))
		process_lost(source->process, lost, now);
	if (source->log.damaged) {
		logs->judge->nr_damaged++;
		process_lost(source->process, 1, now);
	}
	process_end(source->process, ended, now);
	log_close(&source->log);
	if (ended)
		unlinkat(logs->session->fd, source->name, 0);
	HASH_DEL(logs->list, source);
	free(source);
}

/* A log that had ended before it was read to its end has nothing more to say. */
static void end_some(struct logs *logs, uint64_t now, bool all)
{
	struct log_source *source, *next;

	HASH_ITER(hh, logs->list, source, next)
	{
		if (!all && (!source->log.ended || source->active))
			continue;
		logs->nr_running += !source->log.ended;
		end_source(logs, source, now);
	}
}

bool logs_drain(struct logs *logs)
{
	uint64_t now = boottime();
	struct log_source *source;
	bool more;

	find_new(logs);
	for (source = logs->list; source; source = source->hh.next) {
		if (!source->log.ended)
			source->log.ended = !log_is_written(&source->log);
		look(source, now);
	}
	more = take_all(logs, now);
	for (source = logs->list; source; source = source->hh.next)
		log_drop_read(&source->log);
	end_some(logs, now, false);
	return more;
}

void logs_finish(struct logs *logs)
{
	struct log_source *source;

	find_new(logs);
	for (source = logs->list; source; source = source->hh.next)
		if (log_is_written(&source->log))
			log_stop(&source->log);
	while (logs_drain(logs))
		;
	end_some(logs, boottime(), true);
}
