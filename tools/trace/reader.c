// SPDX-License-Identifier: GPL-2.0
/*
 * Read a trace: lines into events, and events to a sink
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/*
 * @blank: number of a blank line, an error unless it is the last; 0 if none
 * @has_header: the header line was read
 */
struct trace_reader {
	struct lines lines;
	struct event_parser *parser;
	struct names *names;
	unsigned long blank;
	bool has_header;
};

struct trace_reader *trace_reader_new(int fd)
{
	struct trace_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->lines.fd = fd;
	reader->parser = event_parser_new();
	reader->names = names_new();
	if (reader->parser && reader->names)
		return reader;
	trace_reader_free(reader);
	return NULL;
}

void trace_reader_free(struct trace_reader *reader)
{
	if (!reader)
		return;
	event_parser_free(reader->parser);
	names_free(reader->names);
	free(reader);
}

uint64_t trace_reader_offset(const struct trace_reader *reader)
{
	return reader->lines.offset;
}

static int no_header(unsigned long number, struct trace_error *error)
{
	return trace_fail(
		error, number,
		"no header: the first line must be ts_ns,client,op,device,space,address,size,span,id,flags");
}

static int read_header(struct trace_reader *reader, const char *line,
		       size_t length, struct trace_error *error)
{
	unsigned long number = reader->lines.number;

	if (event_parse_header(reader->parser, line, length, number, error))
		return no_header(number, error);
	reader->has_header = true;
	return 0;
}

static int read_event(struct trace_reader *reader, const char *line,
		      size_t length, const struct trace_sink *sink,
		      struct trace_error *error)
{
	struct trace_event event = { .line = reader->lines.number };
	struct words words;

	if (event_parse(reader->parser, line, length, &event, &words, error) ||
	    names_resolve(reader->names, &words, &event, error))
		return -1;
	return sink->take(sink->context, &event, error);
}

static int read_line(struct trace_reader *reader, const char *line,
		     size_t length, const struct trace_sink *sink,
		     struct trace_error *error)
{
	if (reader->lines.number == 1 &&
	    !strncmp(line, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK))) {
		line += strlen(BYTE_ORDER_MARK);
		length -= strlen(BYTE_ORDER_MARK);
	}
	/* Some editors end a file with a blank line: accept the last one. */
	if (reader->blank)
		return trace_fail(
			error, reader->blank,
			"a blank line: delete it, or begin it with #");
	if (!length) {
		reader->blank = reader->lines.number;
		return 0;
	}
	if (*line == '#')
		return 0;
	if (!reader->has_header)
		return read_header(reader, line, length, error);
	return read_event(reader, line, length, sink, error);
}

int trace_read(struct trace_reader *reader, const struct trace_sink *sink,
	       struct trace_error *error)
{
	size_t length;
	char *line;
	int ret;

	while ((ret = lines_next(&reader->lines, sink, &line, &length, error)) >
	       0)
		if (read_line(reader, line, length, sink, error))
			return -1;
	if (!ret && !reader->has_header)
		return no_header(reader->lines.number, error);
	return ret;
}
