// SPDX-License-Identifier: GPL-2.0
/*
 * The directory of the session logs
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../util/err.h"
#include "internal.h"

#define PREFIX "buftrack-run-"

/* A younger directory may belong to a run that has not locked it yet. */
#define STALE_AGE 60

static void remove_files(int directory)
{
	DIR *dir = fdopendir(dup(directory));
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(directory, entry->d_name, 0);
	if (dir)
		closedir(dir);
}

static void remove_if_stale(int parent, const char *name)
{
	int fd = openat(parent, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat stat;

	if (fd < 0)
		return;
	if (!fstat(fd, &stat) && stat.st_uid == geteuid() &&
	    stat.st_mtime < time(NULL) - STALE_AGE &&
	    !flock(fd, LOCK_EX | LOCK_NB)) {
		remove_files(fd);
		unlinkat(parent, name, AT_REMOVEDIR);
	}
	close(fd);
}

/* A run that was killed leaves its directory. */
static void remove_stale(const char *parent)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, PREFIX, strlen(PREFIX)))
			remove_if_stale(dirfd(dir), entry->d_name);
	if (dir)
		closedir(dir);
}

static bool make_directory(struct session *session, const char *parent)
{
	if (!parent || *parent != '/')
		return false;
	remove_stale(parent);
	if (asprintf(&session->path, "%s/" PREFIX "XXXXXX", parent) < 0)
		return false;
	if (mkdtemp(session->path)) {
		session->fd =
			open(session->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (session->fd >= 0 && !flock(session->fd, LOCK_EX | LOCK_NB))
			return true;
		rmdir(session->path);
	}
	free(session->path);
	session->path = NULL;
	return false;
}

int session_begin(struct session *session)
{
	const char *const parents[] = { getenv("XDG_RUNTIME_DIR"), "/dev/shm",
					getenv("TMPDIR"), "/tmp" };

	session->fd = -1;
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++)
		if (make_directory(session, parents[i]))
			return 0;
	return fail(
		"no directory for the session: make /dev/shm or $TMPDIR writable");
}

void session_end(struct session *session)
{
	if (!session->path)
		return;
	remove_files(session->fd);
	close(session->fd);
	rmdir(session->path);
	free(session->path);
}
