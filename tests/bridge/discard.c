// SPDX-License-Identifier: GPL-2.0
/*
 * bridge-discard SOCKET: a server that discards what it reads
 *
 * The baseline of the bridge's benchmark: one process, one epoll loop, reads of the
 * same size.
 */
#include <err.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TURN 65536
#define EVENTS 64

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, SOMAXCONN))
		err(1, "%s", path);
	return fd;
}

static void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		err(1, "epoll");
}

int main(int argc, char **argv)
{
	int epoll = epoll_create1(0), listener;
	struct epoll_event events[EVENTS];
	static char bytes[TURN];

	if (argc != 2)
		errx(2, "usage: bridge-discard SOCKET");
	listener = listen_at(argv[1]);
	watch(epoll, listener);
	puts("listening");
	fflush(stdout);
	for (;;) {
		int nr = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < nr; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				watch(epoll, accept(fd, NULL, NULL));
			else if (recv(fd, bytes, sizeof(bytes), 0) <= 0)
				close(fd);
		}
	}
}
