// SPDX-License-Identifier: GPL-2.0
/*
 * What the operator is told, however much there is to tell
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define AT_ONCE 20

bool log_has_room(struct log *log)
{
	struct timespec now;
	uint64_t passed;

	clock_gettime(CLOCK_MONOTONIC, &now);
	passed = log->counted ? now.tv_sec - log->counted : AT_ONCE;
	log->credit = passed + log->credit > AT_ONCE ? AT_ONCE :
						       log->credit + passed;
	log->counted = now.tv_sec;
	if (!log->credit) {
		log->left_out++;
		return false;
	}
	log->credit--;
	return true;
}

/* What comes from a peer is no terminal's order, and no line's end. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

bool write_if_read(int fd, const char *text, size_t length)
{
	struct pollfd poller = { .fd = fd, .events = POLLOUT };

	while (length) {
		/* A pipe that takes anything takes so much. */
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

static void tell(const char *text)
{
	char line[600];
	int length =
		snprintf(line, sizeof(line), "buftrack: bridge: %s\n", text);

	write_if_read(STDERR_FILENO, line, length);
}

void log_line(struct log *log, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!log_has_room(log))
		return;
	if (log->left_out) {
		snprintf(text, sizeof(text), "%llu lines are left out here",
			 (unsigned long long)log->left_out);
		log->left_out = 0;
		tell(text);
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_printable(text);
	tell(text);
}
