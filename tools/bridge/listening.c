// SPDX-License-Identifier: GPL-2.0
/*
 * The socket: whose path it is, and who may come
 *
 * It is made under a name of its own, with its mode, and listening, and only then
 * given its path, which succeeds for one of many who try. So nobody meets it half
 * made, and no live one is taken for a stale one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "../util/err.h"
#include "listening.h"

static int set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!*path || strlen(path) >= sizeof(address->sun_path))
		return fail(
			"--socket: '%s' is no path for a socket: it has 1 to %zu characters",
			path, sizeof(address->sun_path) - 1);
	strcpy(address->sun_path, path);
	return 0;
}

/* answers() - whether somebody listens there; a full queue is somebody's, too */
static bool answers(const char *path)
{
	struct sockaddr_un address;
	bool refused;
	int fd;

	if (set_address(&address, path))
		return true;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	refused = connect(fd, (struct sockaddr *)&address, sizeof(address)) &&
		  errno == ECONNREFUSED;
	close(fd);
	return !refused;
}

/* make_way() - take away what is left of an earlier bridge, and nothing else */
static int make_way(const char *path)
{
	struct stat before, now;

	if (lstat(path, &before))
		return errno == ENOENT ? 0 :
					 fail("%s: %s", path, strerror(errno));
	if (before.st_uid != geteuid())
		return fail(
			"%s belongs to another user (%u): remove it, or choose another with --socket",
			path, before.st_uid);
	if (!S_ISSOCK(before.st_mode))
		return fail(
			"%s is there and no socket: remove it, or choose another with --socket",
			path);
	if (answers(path))
		return fail(
			"%s: somebody listens there: end that server, or choose another with --socket",
			path);
	if (!lstat(path, &now) && now.st_ino == before.st_ino &&
	    now.st_dev == before.st_dev && unlink(path))
		return fail("%s: %s", path, strerror(errno));
	return 0;
}

/* make_socket() - one that listens at a path which nobody knows yet */
static int make_socket(const char *path, mode_t mode)
{
	struct sockaddr_un address;
	int fd, bound;
	mode_t mask;

	if (set_address(&address, path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	unlink(path);
	mask = umask(0777 & ~mode);
	bound = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (!bound && !listen(fd, SOMAXCONN))
		return fd;
	fail("%s: no socket can be made there: %s", path, strerror(errno));
	unlink(path);
	close(fd);
	return -1;
}

int listen_at(const char *path, mode_t mode)
{
	char own[sizeof(((struct sockaddr_un *)0)->sun_path) + 32];
	struct sockaddr_un address;
	int fd;

	if (set_address(&address, path) || make_way(path))
		return -1;
	snprintf(own, sizeof(own), "%s.%d", path, getpid());
	fd = make_socket(own, mode);
	if (fd < 0)
		return -1;
	if (link(own, path)) {
		fail("%s: %s", path,
		     errno == EEXIST ? "another server has just taken it" :
				       strerror(errno));
		close(fd);
		fd = -1;
	}
	unlink(own);
	return fd;
}

static int check_inherited(int fd, int mode)
{
	struct sockaddr_un address;
	socklen_t length = sizeof(address);

	if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) <= 0)
		return fail(
			"what systemd has handed over is no listening stream socket: see buftrack-bridge.socket");
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (mode < 0)
		return 0;
	if (getsockname(fd, (struct sockaddr *)&address, &length) ||
	    chmod(address.sun_path, mode))
		return fail(
			"--mode: systemd's socket keeps its own: set SocketMode= in buftrack-bridge.socket");
	return 0;
}

void handed_free(struct handed *handed)
{
	for (unsigned int i = 0; i < handed->nr; i++)
		free(handed->names[i]);
	free(handed->names);
	free(handed->fds);
}

static void hand_over(struct handed *handed, int fd, char *name)
{
	handed->fds[handed->nr] = fd;
	handed->names[handed->nr++] = name;
}

static bool is_listener(int fd)
{
	return sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0;
}

int listen_as_told(int mode, struct handed *handed)
{
	char **names = NULL;
	int nr = sd_listen_fds_with_names(1, &names), listener = -2;

	if (nr <= 0)
		return -2;
	handed->fds = calloc(nr, sizeof(*handed->fds));
	handed->names = calloc(nr, sizeof(*handed->names));
	for (int i = 0; i < nr && handed->fds && handed->names; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (listener != -2 || !is_listener(fd)) {
			hand_over(handed, fd, names[i]);
			continue;
		}
		free(names[i]);
		listener = check_inherited(fd, mode) ? -1 : fd;
	}
	free(names);
	return listener;
}

void listen_no_more(int fd, const char *path)
{
	/* Another's may be there by now, and answer: ours does not any more. */
	close(fd);
	if (!answers(path))
		unlink(path);
}
