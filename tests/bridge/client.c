// SPDX-License-Identifier: GPL-2.0
/*
 * bridge-client SOCKET: a scripted client of the allocation server
 *
 * Reads commands from standard input:
 *
 *   connect SIZE                  connect; messages have SIZE bytes
 *   alloc DEVICE TYPE ADDRESS BYTES, free DEVICE ADDRESS
 *   cb_alloc, load DEVICE ADDRESS BYTES; cb_free, unload DEVICE ADDRESS [BYTES]
 *   query DEVICE, info DEVICE     query and print the answer
 *   sync                          query and print "synced" after the answer
 *   dump, dump_kernels
 *   bytes HEX                     send these bytes
 *   pid N                         pid that later messages claim
 *   split N                       write in pieces of N bytes; 0 for whole messages
 *   glue, send                    collect messages; write them in one call
 *   half N                        send the first N bytes of the next message only
 *   inherit                       fork a child that keeps the socket; print its pid
 *   finish                        stop sending; print "finished" when the peer closes
 *   expect_cut                    print "cut" when the other end closes
 *   kill                          end by SIGKILL
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "message.h"

static const char *path;
static int fd = -1;
static size_t size;
static size_t split;
static size_t half;
static int pid;
static int gluing;
static uint8_t glued[1 << 20];
static size_t nr_glued;

static void connect_with(size_t message_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0)
		close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	size = message_size;
}

static void write_out(const uint8_t *bytes, size_t length)
{
	while (length) {
		size_t piece = split && split < length ? split : length;
		ssize_t sent = send(fd, bytes, piece, MSG_NOSIGNAL);

		if (sent < 0 && errno == EPIPE)
			return;
		if (sent < 0)
			err(1, "send");
		bytes += sent;
		length -= sent;
	}
}

static void put(const uint8_t *bytes, size_t length)
{
	if (half && half < length)
		length = half;
	half = 0;
	if (!gluing) {
		write_out(bytes, length);
		return;
	}
	if (nr_glued + length > sizeof(glued))
		errx(1, "too much glued");
	memcpy(glued + nr_glued, bytes, length);
	nr_glued += length;
}

static void put_message(unsigned int type, int device, unsigned int buffer_type,
			uint64_t address, uint64_t bytes)
{
	union message message;

	memset(&message, 0, sizeof(message));
	message.head.type = type;
	message.head.device_id = device;
	message.head.size = bytes;
	message.head.buffer_type = buffer_type;
	message.head.process_id = pid;
	message.head.buffer_id = address;
	put(message.bytes, size);
}

static void get_answer(union message *answer)
{
	size_t got = 0;

	memset(answer, 0, sizeof(*answer));
	while (got < size) {
		ssize_t n = recv(fd, answer->bytes + got, size - got, 0);

		if (n <= 0)
			errx(1, "no answer");
		got += n;
	}
}

static const struct middle *middle_of(const union message *message)
{
	static const struct middle none;

	return size >= 128 ? &message->v3.middle : &none;
}

static const struct tail *tail_of(const union message *message)
{
	static const struct tail none;

	if (size == 72)
		return &none;
	return size == 112 ? &message->v2.tail : &message->v3.tail;
}

static void query(int device)
{
	union message answer;

	put_message(QUERY, device, 0, 0, 0);
	get_answer(&answer);
	printf("type %u device %d dram %" PRIu64 " l1 %" PRIu64
	       " l1_small %" PRIu64 " trace %" PRIu64 " cb %" PRIu64
	       " kernel %" PRIu64 "\n",
	       answer.head.type, answer.head.device_id,
	       answer.head.dram_allocated, answer.head.l1_allocated,
	       answer.head.l1_small_allocated, answer.head.trace_allocated,
	       middle_of(&answer)->cb_allocated,
	       middle_of(&answer)->kernel_allocated);
}

static void info(int device)
{
	const struct tail *tail;
	union message answer;

	put_message(DEVICE_INFO_QUERY, device, 0, 0, 0);
	get_answer(&answer);
	tail = tail_of(&answer);
	printf("type %u device %d arch %u channels %u per_channel %u per_core %u dram %" PRIu64
	       " l1 %" PRIu64 " available %u devices %u\n",
	       answer.head.type, answer.head.device_id, tail->arch,
	       tail->num_dram_channels, tail->dram_per_channel,
	       tail->l1_per_core, tail->total_dram_size, tail->total_l1_size,
	       tail->is_available, tail->num_devices);
}

static void synchronize(void)
{
	union message answer;

	put_message(QUERY, 0, 0, 0, 0);
	get_answer(&answer);
	puts("synced");
}

static void put_hex(const char *hex)
{
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		uint8_t one = byte;

		put(&one, 1);
	}
}

static void inherit(void)
{
	pid_t child = fork();

	if (!child) {
		/* The child ends when standard input closes. */
		close(STDOUT_FILENO);
		while (getchar() != EOF)
			;
		_exit(0);
	}
	printf("child %d\n", child);
}

static void read_to_end(const char *word)
{
	char bytes[4096];

	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		;
	puts(word);
}

struct command {
	const char *word;
	unsigned int type;
};

/* run_report() - 0 if the command is not a report */
static int run_report(const char *word, const unsigned long long *n)
{
	static const struct command commands[] = {
		{ "cb_alloc", CB_ALLOC },   { "cb_free", CB_FREE },
		{ "load", KERNEL_LOAD },    { "unload", KERNEL_UNLOAD },
		{ "dump", DUMP_REMAINING }, { "dump_kernels", DUMP_KERNELS },
		{ "free", FREE },
	};

	if (!strcmp(word, "alloc")) {
		put_message(ALLOC, n[0], n[1], n[2], n[3]);
		return 1;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(word, commands[i].word))
			continue;
		put_message(commands[i].type, n[0], 0, n[1], n[2]);
		return 1;
	}
	return 0;
}

static void run_command(const char *word, const char *rest)
{
	unsigned long long n[4] = { 0 };

	sscanf(rest, "%lli %lli %lli %lli", (long long *)&n[0],
	       (long long *)&n[1], (long long *)&n[2], (long long *)&n[3]);
	if (run_report(word, n))
		return;
	if (!strcmp(word, "connect"))
		connect_with(n[0]);
	else if (!strcmp(word, "query"))
		query(n[0]);
	else if (!strcmp(word, "info"))
		info(n[0]);
	else if (!strcmp(word, "sync"))
		synchronize();
	else if (!strcmp(word, "bytes"))
		put_hex(rest);
	else if (!strcmp(word, "pid"))
		pid = n[0];
	else if (!strcmp(word, "split"))
		split = n[0];
	else if (!strcmp(word, "half"))
		half = n[0];
	else if (!strcmp(word, "glue"))
		gluing = 1;
	else if (!strcmp(word, "send")) {
		write_out(glued, nr_glued);
		gluing = nr_glued = 0;
	} else if (!strcmp(word, "inherit"))
		inherit();
	else if (!strcmp(word, "finish")) {
		shutdown(fd, SHUT_WR);
		read_to_end("finished");
	} else if (!strcmp(word, "expect_cut"))
		read_to_end("cut");
	else if (!strcmp(word, "kill"))
		kill(getpid(), SIGKILL);
	else
		errx(2, "unknown command: %s", word);
}

int main(int argc, char **argv)
{
	char line[65536], word[32];
	int used;

	if (argc != 2)
		errx(2, "usage: bridge-client SOCKET < COMMANDS");
	path = argv[1];
	pid = getpid();
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin))
		if (sscanf(line, "%31s %n", word, &used) == 1 && *word != '#')
			run_command(word, line + used);
	return 0;
}
