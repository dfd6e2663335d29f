// SPDX-License-Identifier: GPL-2.0
/*
 * bridge-load SOCKET CLIENTS MESSAGES [SIZE [TOGETHER [ROUNDS]]]
 *
 * Opens CLIENTS connections, each of which sends MESSAGES allocs and frees of SIZE
 * bytes. TOGETHER messages go into one write; the allocation server's clients write
 * each on its own. Addresses repeat after ROUNDS rounds. Ends when the server has
 * read everything and closed; prints the elapsed time and its own processor time.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

/* Forking is slow, so each process has several connections. */
#define PROCESSES 20

/* Live buffers of a connection */
#define WINDOW 16

static size_t size = 144;
static unsigned int together = 1;
static uint64_t rounds = 8;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	return fd;
}

static void write_all(int fd, const uint8_t *bytes, size_t length)
{
	while (length) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0)
			err(1, "send");
		bytes += sent;
		length -= sent;
	}
}

/* WINDOW allocs, then WINDOW frees in an order that differs each round */
static void make_message(uint8_t *to, uint64_t nth)
{
	uint64_t round = nth / (2 * WINDOW), in_round = nth % (2 * WINDOW);
	uint64_t slot = in_round % WINDOW;
	union message message;

	if (in_round >= WINDOW)
		slot = (slot * 5 + round) % WINDOW;
	memset(&message, 0, sizeof(message));
	message.head.type = in_round < WINDOW ? ALLOC : FREE;
	message.head.size = in_round < WINDOW ? 4096 : 0;
	message.head.process_id = getpid();
	message.head.buffer_id = (round % rounds * WINDOW + slot + 1) * 4096;
	memcpy(to, message.bytes, size);
}

static void send_some(int fd, uint64_t from, uint64_t to)
{
	static uint8_t bytes[1024 * 144];

	while (from < to) {
		unsigned int nr = 0;

		while (nr < together && from < to)
			make_message(bytes + size * nr++, from++);
		write_all(fd, bytes, nr * size);
	}
}

static void finish(int fd)
{
	char byte;

	shutdown(fd, SHUT_WR);
	if (recv(fd, &byte, 1, 0) != 0)
		errx(1, "the server did not close");
	close(fd);
}

/* All connections are open before the first sends anything. */
static void run_clients(const char *path, unsigned int nr, uint64_t messages,
			int ready, int go)
{
	int *fds = calloc(nr, sizeof(*fds));
	char byte = 0;

	for (unsigned int i = 0; i < nr; i++)
		fds[i] = connect_to(path);
	if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 0)
		errx(1, "the parent has ended");
	for (uint64_t from = 0; from < messages; from += 2 * WINDOW)
		for (unsigned int i = 0; i < nr; i++)
			send_some(fds[i], from,
				  from + 2 * WINDOW < messages ?
					  from + 2 * WINDOW :
					  messages);
	for (unsigned int i = 0; i < nr; i++)
		finish(fds[i]);
	exit(0);
}

/* processor_time() - of the children, in us */
static uint64_t processor_time(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
		       UINT64_C(1000000) +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void raise_files(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	unsigned int clients, processes;
	int ready[2], go[2], status, ret = 0;
	uint64_t messages, start;
	char byte;

	if (argc < 4)
		errx(2,
		     "usage: bridge-load SOCKET CLIENTS MESSAGES [SIZE [TOGETHER [ROUNDS]]]");
	clients = atoi(argv[2]);
	messages = strtoull(argv[3], NULL, 10);
	size = argc > 4 ? atoi(argv[4]) : 144;
	together = argc > 5 ? atoi(argv[5]) : 1;
	rounds = argc > 6 ? strtoull(argv[6], NULL, 10) : 8;
	processes = clients < PROCESSES ? clients : PROCESSES;
	raise_files();
	if (pipe(ready) || pipe(go))
		err(1, "pipe");
	for (unsigned int i = 0; i < processes; i++) {
		unsigned int share =
			clients / processes + (i < clients % processes);

		if (fork())
			continue;
		close(go[1]);
		run_clients(argv[1], share, messages, ready[1], go[0]);
	}
	for (unsigned int i = 0; i < processes; i++)
		if (read(ready[0], &byte, 1) != 1)
			err(1, "read");
	start = now();
	close(go[1]);
	while (wait(&status) > 0)
		ret |= status;
	printf("%" PRIu64 " messages in %" PRIu64 " us, %" PRIu64 " us\n",
	       clients * messages, (now() - start) / 1000, processor_time());
	return !!ret;
}
