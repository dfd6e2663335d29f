// SPDX-License-Identifier: GPL-2.0
/*
 * Split a file into lines, and report errors by line number
 *
 * A trace may be larger than memory or come from a pipe, so it is read in pieces.
 * A line longer than LINE_SIZE is an error.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

int trace_fail(struct trace_error *error, unsigned long line,
	       const char *format, ...)
{
	va_list args;

	error->line = line;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -1;
}

/* Move the unread part to the front of the buffer. */
static void make_room(struct lines *lines)
{
	if (!lines->start)
		return;
	memmove(lines->buffer, lines->buffer + lines->start,
		lines->end - lines->start);
	lines->end -= lines->start;
	lines->start = 0;
}

static int read_more(struct lines *lines, const struct trace_sink *sink,
		     struct trace_error *error)
{
	size_t room = sizeof(lines->buffer) - 1 - lines->end;
	ssize_t got;

	if (sink->idle(sink->context, error))
		return -1;
	do {
		got = read(lines->fd, lines->buffer + lines->end, room);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return trace_fail(error, 0, "cannot be read: %s",
				  strerror(errno));
	lines->eof = !got;
	lines->end += got;
	return 0;
}

/* find_newline() - skip the first @searched bytes; NULL if the line is incomplete */
static char *find_newline(struct lines *lines, size_t searched)
{
	char *start = lines->buffer + lines->start;

	return memchr(start + searched, '\n',
		      lines->end - lines->start - searched);
}

static int consume_line(struct lines *lines, size_t length, size_t newline,
			char **line, size_t *length_out)
{
	*line = lines->buffer + lines->start;
	lines->start += length + newline;
	lines->offset += length + newline;
	if (length && (*line)[length - 1] == '\r')
		length--;
	(*line)[length] = '\0';
	*length_out = length;
	return 1;
}

int lines_next(struct lines *lines, const struct trace_sink *sink, char **line,
	       size_t *length, struct trace_error *error)
{
	size_t searched = 0;
	char *end;

	lines->number++;
	while (!(end = find_newline(lines, searched)) && !lines->eof) {
		searched = lines->end - lines->start;
		if (searched >= LINE_SIZE)
			break;
		make_room(lines);
		if (read_more(lines, sink, error))
			return -1;
	}
	searched = lines->end - lines->start;
	if (end)
		searched = end - (lines->buffer + lines->start);
	if (searched >= LINE_SIZE)
		return trace_fail(
			error, lines->number,
			"a line of more than %d bytes: is it a trace?",
			LINE_SIZE);
	if (!searched && !end)
		return 0;
	return consume_line(lines, searched, !!end, line, length);
}
