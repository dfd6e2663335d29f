/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the layers of the trace reader offer each other
 */
#ifndef BUFTRACK_TRACE_LAYERS_H
#define BUFTRACK_TRACE_LAYERS_H

#include "trace.h"

/* lines.c: a line has at most so many bytes, its end included */
#define LINE_SIZE 65536

/**
 * struct lines - a file, line by line
 * @fd: the file
 * @number: of the line handed out last, from 1
 * @offset: bytes of the file that were handed out
 * @start: of what was read and not handed out yet
 * @end: of what was read
 * @eof: there is no more to read
 * @buffer: what was read; one byte more for the last line's NUL
 */
struct lines {
	int fd;
	unsigned long number;
	uint64_t offset;
	size_t start;
	size_t end;
	bool eof;
	char buffer[4 * LINE_SIZE + 1];
};

/**
 * lines_next() - the next line
 * @lines: the file
 * @sink: its idle() is called before more of the file is read
 * @line: the line, without its end, with a NUL; lives until the next call
 * @length: its length
 * @error: why it failed
 *
 * Return: 1, 0 at the end of the file, -1 on an error.
 */
int lines_next(struct lines *lines, const struct trace_sink *sink, char **line,
	       size_t *length, struct trace_error *error);

struct fields;

/**
 * fields_new() - get ready to split lines
 *
 * Return: a splitter, or NULL when out of memory.
 */
struct fields *fields_new(void);
void fields_free(struct fields *fields);

/**
 * fields_split() - split a line
 * @fields: the splitter
 * @line: the line
 * @length: its length, at most LINE_SIZE
 * @number: its number
 * @error: why it failed
 *
 * Return: the ten fields, which live until the next call, or NULL: it is not a
 * line of ten fields.
 */
const char *const *fields_split(struct fields *fields, const char *line,
				size_t length, unsigned long number,
				struct trace_error *error);

/**
 * struct words - the words of a line that name something
 */
struct words {
	const char *client;
	const char *device;
};

/**
 * event_parse() - make fields an event, all but its client and device
 * @fields: ten fields
 * @number: number of the line
 * @event: to be filled in
 * @words: client and device as the line names them
 * @error: why it failed
 *
 * Return: 0, or -1: the line is malformed.
 */
int event_parse(const char *const *fields, unsigned long number,
		struct trace_event *event, struct words *words,
		struct trace_error *error);

/**
 * event_is_header() - whether fields are the header's
 * @fields: ten fields
 *
 * Return: true if they are.
 */
bool event_is_header(const char *const *fields);

struct names;

struct names *names_new(void);
void names_free(struct names *names);

/**
 * names_resolve() - find the client and device that an event is about
 * @names: all that were met
 * @words: how the line names them
 * @event: its op says what must hold; its client and device are filled in
 * @error: why it failed
 *
 * An open and a close have happened when this returns.
 *
 * Return: 0, or -1: the line is malformed, and nothing has changed.
 */
int names_resolve(struct names *names, const struct words *words,
		  struct trace_event *event, struct trace_error *error);

#endif /* BUFTRACK_TRACE_LAYERS_H */
