// SPDX-License-Identifier: GPL-2.0
/*
 * A trace, from its first byte to its last
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/*
 * @blank: number of a blank line that is an error unless it is the last one,
 *	   0: there was none
 * @has_header: the header line was read
 */
struct trace_reader {
	struct lines lines;
	struct fields *fields;
	struct names *names;
	unsigned long blank;
	bool has_header;
};

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

struct trace_reader *trace_reader_new(int fd)
{
	struct trace_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->lines.fd = fd;
	reader->fields = fields_new();
	reader->names = names_new();
	if (reader->fields && reader->names)
		return reader;
	trace_reader_free(reader);
	return NULL;
}

void trace_reader_free(struct trace_reader *reader)
{
	if (!reader)
		return;
	fields_free(reader->fields);
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

static int take_header(struct trace_reader *reader, const char *line,
		       size_t length, struct trace_error *error)
{
	unsigned long number = reader->lines.number;
	const char *const *fields;

	fields = fields_split(reader->fields, line, length, number, error);
	if (!fields || !event_is_header(fields))
		return no_header(number, error);
	reader->has_header = true;
	return 0;
}

static int take_event(struct trace_reader *reader, const char *line,
		      size_t length, const struct trace_sink *sink,
		      struct trace_error *error)
{
	unsigned long number = reader->lines.number;
	const char *const *fields;
	struct trace_event event;
	struct words words;

	fields = fields_split(reader->fields, line, length, number, error);
	if (!fields || event_parse(fields, number, &event, &words, error) ||
	    names_resolve(reader->names, &words, &event, error))
		return -1;
	return sink->take(sink->context, &event, error);
}

static int take_line(struct trace_reader *reader, const char *line,
		     size_t length, const struct trace_sink *sink,
		     struct trace_error *error)
{
	if (reader->lines.number == 1 &&
	    !strncmp(line, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK))) {
		line += strlen(BYTE_ORDER_MARK);
		length -= strlen(BYTE_ORDER_MARK);
	}
	/* A blank line has not ten fields, but many an editor ends a file so. */
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
		return take_header(reader, line, length, error);
	return take_event(reader, line, length, sink, error);
}

int trace_read(struct trace_reader *reader, const struct trace_sink *sink,
	       struct trace_error *error)
{
	size_t length;
	char *line;
	int ret;

	while ((ret = lines_next(&reader->lines, sink, &line, &length, error)) >
	       0)
		if (take_line(reader, line, length, sink, error))
			return -1;
	if (!ret && !reader->has_header)
		return no_header(reader->lines.number, error);
	return ret;
}
