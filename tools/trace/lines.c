// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes into lines
 *
 * A trace can be larger than the memory, and can come from a pipe, so it is
 * read as it comes. A line that is longer than any trace has is refused rather
 * than collected.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "layers.h"

/* make_room() - move what is left to the front, so that more can be read */
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

/* find_end() - where the line ends, or NULL: it is not all there */
static char *find_end(struct lines *lines, size_t searched)
{
	char *start = lines->buffer + lines->start;

	return memchr(start + searched, '\n',
		      lines->end - lines->start - searched);
}

static int hand_out(struct lines *lines, size_t length, size_t end, char **line,
		    size_t *length_out)
{
	*line = lines->buffer + lines->start;
	lines->start += length + end;
	lines->offset += length + end;
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
	while (!(end = find_end(lines, searched)) && !lines->eof) {
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
	return hand_out(lines, searched, !!end, line, length);
}
