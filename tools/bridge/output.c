// SPDX-License-Identifier: GPL-2.0
/*
 * Output that never waits for a reader: log lines, dumps, answers to peers
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../util/text.h"
#include "output.h"

/* Lines of the log in a burst */
#define LOG_BURST 20

bool log_take_credit(struct log *log)
{
	struct timespec now;
	uint64_t passed;

	clock_gettime(CLOCK_MONOTONIC, &now);
	passed = log->refilled ? now.tv_sec - log->refilled : LOG_BURST;
	log->credit = passed + log->credit > LOG_BURST ? LOG_BURST :
							 log->credit + passed;
	log->refilled = now.tv_sec;
	if (!log->credit) {
		log->left_out++;
		return false;
	}
	log->credit--;
	return true;
}

bool write_nowait(int fd, const char *text, size_t length)
{
	struct pollfd poller = { .fd = fd, .events = POLLOUT };

	while (length) {
		/* A pipe that polls as writable takes PIPE_BUF bytes. */
		size_t piece = length < PIPE_BUF ? length : PIPE_BUF;
		ssize_t written;

		if (poll(&poller, 1, 0) != 1 || !(poller.revents & POLLOUT))
			return false;
		written = write(fd, text, piece);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		length -= written;
	}
	return true;
}

static void write_log(const char *text)
{
	char line[600];
	int length =
		snprintf(line, sizeof(line), "buftrack: bridge: %s\n", text);

	write_nowait(STDERR_FILENO, line, length);
}

void log_line(struct log *log, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!log_take_credit(log))
		return;
	if (log->left_out) {
		snprintf(text, sizeof(text), "%llu lines were left out",
			 (unsigned long long)log->left_out);
		log->left_out = 0;
		write_log(text);
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* Text from a peer must not control the terminal or end the line. */
	make_printable(text);
	write_log(text);
}

/* send_nowait() - number of bytes the socket took, or -1 */
static ssize_t send_nowait(int fd, const uint8_t *bytes, size_t length)
{
	ssize_t sent;

	do {
		sent = send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return sent;
}

static int queue(struct output *output, const uint8_t *bytes, size_t length,
		 size_t max)
{
	uint8_t *more;

	if (output->length && output->length + length > max) {
		errno = ENOBUFS;
		return -1;
	}
	more = realloc(output->bytes, output->length + length);
	if (!more)
		return -1;
	output->bytes = more;
	memcpy(output->bytes + output->length, bytes, length);
	output->length += length;
	return 0;
}

int output_send(struct output *output, int fd, const uint8_t *bytes,
		size_t length, size_t max)
{
	ssize_t sent = 0;

	if (!output->length)
		sent = send_nowait(fd, bytes, length);
	if (sent < 0)
		return -1;
	if ((size_t)sent == length)
		return 0;
	return queue(output, bytes + sent, length - sent, max);
}

int output_flush(struct output *output, int fd)
{
	ssize_t sent;

	if (!output->length)
		return 0;
	sent = send_nowait(fd, output->bytes, output->length);
	if (sent < 0)
		return -1;
	output->length -= sent;
	memmove(output->bytes, output->bytes + sent, output->length);
	return 0;
}

void output_free(struct output *output)
{
	free(output->bytes);
	output->bytes = NULL;
	output->length = 0;
}
