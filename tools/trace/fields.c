// SPDX-License-Identifier: GPL-2.0
/*
 * A line into ten fields, by libcsv
 *
 * libcsv is given line by line, so that the line numbers are exact whatever
 * quotes a file has. A quoted field can therefore not run over a line's end;
 * nothing that a trace says needs that.
 */
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"

/*
 * @field: where each field starts in @store
 * @nr: how many fields the line has had so far
 * @rows: how often libcsv has found the end of a row
 * @used: bytes of @store in use
 * @store: the fields, each with its NUL. A field is no longer than its text in
 *	   the line, and its NUL takes the place of the comma.
 */
struct fields {
	struct csv_parser csv;
	const char *field[TRACE_FIELDS];
	unsigned int nr;
	unsigned int rows;
	size_t used;
	char store[LINE_SIZE + TRACE_FIELDS];
};

/* Spaces are what they are: libcsv would drop them around a field. */
static int no_space(unsigned char c)
{
	(void)c;
	return 0;
}

/* Lines come without their ends, so no character ends a row. */
static int no_end(unsigned char c)
{
	(void)c;
	return 0;
}

struct fields *fields_new(void)
{
	struct fields *fields = calloc(1, sizeof(*fields));

	if (!fields)
		return NULL;
	if (csv_init(&fields->csv,
		     CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL)) {
		free(fields);
		return NULL;
	}
	csv_set_space_func(&fields->csv, no_space);
	csv_set_term_func(&fields->csv, no_end);
	return fields;
}

void fields_free(struct fields *fields)
{
	if (!fields)
		return;
	csv_free(&fields->csv);
	free(fields);
}

static void take_field(void *text, size_t length, void *context)
{
	struct fields *fields = context;

	if (fields->nr < TRACE_FIELDS) {
		char *to = fields->store + fields->used;

		memcpy(to, text, length);
		to[length] = '\0';
		fields->field[fields->nr] = to;
		fields->used += length + 1;
	}
	fields->nr++;
}

static void take_row(int end, void *context)
{
	struct fields *fields = context;

	(void)end;
	fields->rows++;
}

static int explain_csv(struct fields *fields, unsigned long number,
		       struct trace_error *error)
{
	if (csv_error(&fields->csv) == CSV_EPARSE)
		return trace_fail(
			error, number,
			"a quote out of place: put \"...\" around a whole field and double the quotes in it");
	return trace_fail(error, number, "out of memory: free some");
}

const char *const *fields_split(struct fields *fields, const char *line,
				size_t length, unsigned long number,
				struct trace_error *error)
{
	struct csv_parser *csv = &fields->csv;

	fields->nr = 0;
	fields->rows = 0;
	fields->used = 0;
	if (memchr(line, '\0', length)) {
		trace_fail(error, number, "a NUL byte: is it a trace?");
		return NULL;
	}
	if (csv_parse(csv, line, length, take_field, take_row, fields) !=
		    length ||
	    csv_fini(csv, take_field, take_row, fields)) {
		explain_csv(fields, number, error);
		return NULL;
	}
	if (fields->nr != TRACE_FIELDS) {
		trace_fail(
			error, number,
			"%u fields instead of %d: separate them by commas, the unused ones empty",
			fields->nr, TRACE_FIELDS);
		return NULL;
	}
	return fields->field;
}
