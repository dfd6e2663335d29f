/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces between the files of the trace readers
 */
#ifndef BUFTRACK_TRACE_INTERNAL_H
#define BUFTRACK_TRACE_INTERNAL_H

#include "trace.h"

/* Longest line in bytes, line ending included */
#define LINE_SIZE 65536

/**
 * struct lines - a file that is read line by line
 * @fd: the file
 * @number: number of the latest line, from 1
 * @offset: bytes of the file up to the end of the latest line
 * @start: start of the unread part of @buffer
 * @end: end of the data in @buffer
 * @eof: end of file was reached
 * @buffer: data read, plus one byte for the NUL of the last line
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
 * lines_next() - read the next line
 * @lines: the file
 * @sink: its idle() runs before each read() of the file
 * @line: set to the line, NUL-terminated and without its line ending; valid
 *	  until the next call
 * @length: set to its length
 * @error: set on failure
 *
 * Return: 1, 0 at the end of the file, -1 on error.
 */
int lines_next(struct lines *lines, const struct trace_sink *sink, char **line,
	       size_t *length, struct trace_error *error);

/**
 * struct words - the client and device of a line, not looked up yet
 */
struct words {
	const char *client;
	const char *device;
};

struct event_parser;

struct event_parser *event_parser_new(void);
void event_parser_free(struct event_parser *parser);

/**
 * event_parse_header() - check that a line is the header
 * @parser: the parser
 * @line: the line
 * @length: its length, at most LINE_SIZE
 * @number: its number
 * @error: set if it is not
 *
 * Return: 0 or -1.
 */
int event_parse_header(struct event_parser *parser, const char *line,
		       size_t length, unsigned long number,
		       struct trace_error *error);

/**
 * event_parse() - parse a line into an event
 * @parser: the parser
 * @line: the line
 * @length: its length, at most LINE_SIZE
 * @event: filled in, except for its client and device; its line number is given
 * @words: set to the line's client and device
 * @error: set if the line is malformed
 *
 * The strings in @event and @words are valid until the next call.
 *
 * Return: 0 or -1.
 */
int event_parse(struct event_parser *parser, const char *line, size_t length,
		struct trace_event *event, struct words *words,
		struct trace_error *error);

struct names;

struct names *names_new(void);
void names_free(struct names *names);

/**
 * names_resolve() - look up the client and device of an event
 * @names: all clients and devices seen so far
 * @words: their names on this line
 * @event: its op selects the checks; its client and device are filled in
 * @error: set if the line is malformed
 *
 * An open adds the client and a close ends it.
 *
 * Return: 0, or -1 with @names unchanged.
 */
int names_resolve(struct names *names, const struct words *words,
		  struct trace_event *event, struct trace_error *error);

#endif /* BUFTRACK_TRACE_INTERNAL_H */
