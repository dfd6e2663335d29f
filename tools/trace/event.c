// SPDX-License-Identifier: GPL-2.0
/*
 * Parse a line of a trace into an event
 *
 * libcsv splits a line with quotes. It gets one line at a time, so that line numbers stay
 * exact whatever is quoted; hence a quoted field cannot span lines. A line without quotes
 * is split at its commas, which is several times faster.
 */
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "../util/parse.h"
#include "internal.h"

enum {
	TS,
	CLIENT,
	OP,
	DEVICE,
	SPACE,
	ADDRESS,
	SIZE,
	SPAN,
	ID,
	FLAGS,
};

static const char *const header[TRACE_FIELDS] = {
	[TS] = "ts_ns",	     [CLIENT] = "client", [OP] = "op",
	[DEVICE] = "device", [SPACE] = "space",	  [ADDRESS] = "address",
	[SIZE] = "size",     [SPAN] = "span",	  [ID] = "id",
	[FLAGS] = "flags",
};

static const char *const ops[] = {
	[TRACE_OPEN] = "open",	   [TRACE_CLOSE] = "close",
	[TRACE_ALLOC] = "alloc",   [TRACE_FREE] = "free",
	[TRACE_USE] = "use",	   [TRACE_GAP] = "gap",
	[TRACE_ENABLE] = "enable", [TRACE_DISABLE] = "disable",
};

#define NR_OPS (sizeof(ops) / sizeof(ops[0]))

/*
 * @field: start of each field in @store
 * @nr: number of fields on the line so far
 * @used: bytes of @store in use
 * @store: the fields, each NUL-terminated. A field is no longer than its text on
 *	   the line, and its NUL replaces the comma.
 */
struct event_parser {
	struct csv_parser csv;
	const char *field[TRACE_FIELDS];
	unsigned int nr;
	size_t used;
	char store[LINE_SIZE + TRACE_FIELDS];
};

/* Spaces belong to the field; libcsv would strip them. */
static int is_csv_space(unsigned char c)
{
	(void)c;
	return 0;
}

/* Lines come without their line endings, so no character ends a row. */
static int is_csv_end(unsigned char c)
{
	(void)c;
	return 0;
}

struct event_parser *event_parser_new(void)
{
	struct event_parser *parser = calloc(1, sizeof(*parser));

	if (!parser)
		return NULL;
	if (csv_init(&parser->csv,
		     CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL)) {
		free(parser);
		return NULL;
	}
	csv_set_space_func(&parser->csv, is_csv_space);
	csv_set_term_func(&parser->csv, is_csv_end);
	return parser;
}

void event_parser_free(struct event_parser *parser)
{
	if (!parser)
		return;
	csv_free(&parser->csv);
	free(parser);
}

static void begin_field(struct event_parser *parser, const char *start)
{
	if (parser->nr < TRACE_FIELDS)
		parser->field[parser->nr] = start;
	parser->nr++;
}

static void store_field(void *text, size_t length, void *context)
{
	struct event_parser *parser = context;

	char *to = parser->store + parser->used;

	begin_field(parser, to);
	if (parser->nr > TRACE_FIELDS)
		return;
	memcpy(to, text, length);
	to[length] = '\0';
	parser->used += length + 1;
}

static int fail_csv(struct event_parser *parser, unsigned long number,
		    struct trace_error *error)
{
	if (csv_error(&parser->csv) == CSV_EPARSE)
		return trace_fail(
			error, number,
			"a quote out of place: put \"...\" around a whole field and double the quotes in it");
	return trace_fail(error, number, "out of memory: free some");
}

static void split_plain(struct event_parser *parser, const char *line,
			size_t length)
{
	char *end = parser->store + length;

	memcpy(parser->store, line, length);
	*end = '\0';
	begin_field(parser, parser->store);
	for (char *at = parser->store; at < end; at++) {
		if (*at != ',')
			continue;
		*at = '\0';
		begin_field(parser, at + 1);
	}
}

/* split_quoted() - returns 0, or -1 with @error set */
static int split_quoted(struct event_parser *parser, const char *line,
			size_t length, unsigned long number,
			struct trace_error *error)
{
	struct csv_parser *csv = &parser->csv;

	if (csv_parse(csv, line, length, store_field, NULL, parser) == length &&
	    !csv_fini(csv, store_field, NULL, parser))
		return 0;
	return fail_csv(parser, number, error);
}

/* split_line() - split a line into parser->field */
static int split_line(struct event_parser *parser, const char *line,
		      size_t length, unsigned long number,
		      struct trace_error *error)
{
	parser->nr = 0;
	parser->used = 0;
	if (memchr(line, '\0', length))
		return trace_fail(error, number, "a NUL byte: is it a trace?");
	if (!memchr(line, '"', length))
		split_plain(parser, line, length);
	else if (split_quoted(parser, line, length, number, error))
		return -1;
	if (parser->nr != TRACE_FIELDS)
		return trace_fail(
			error, number,
			"%u fields instead of %d: separate them by commas and leave unused ones empty",
			parser->nr, TRACE_FIELDS);
	return 0;
}

static int number_field(const char *const *fields, int which, uint64_t *number,
			struct trace_event *event, struct trace_error *error)
{
	*number = 0;
	if (!*fields[which] || !parse_number(fields[which], number))
		return 0;
	return trace_fail(
		error, event->line,
		"%s '%.40s' is not a number: use decimal or 0x hexadecimal digits, at most 64 bits",
		header[which], fields[which]);
}

/* Fields that the op does not use must be valid numbers, too. */
static int parse_numbers(const char *const *fields, struct trace_event *event,
			 struct trace_error *error)
{
	if (number_field(fields, TS, &event->time, event, error) ||
	    number_field(fields, ADDRESS, &event->address, event, error) ||
	    number_field(fields, SIZE, &event->size, event, error) ||
	    number_field(fields, SPAN, &event->span, event, error) ||
	    number_field(fields, ID, &event->id, event, error))
		return -1;
	if (!*fields[SPAN])
		event->span = event->size;
	return 0;
}

static int parse_op(const char *text, struct trace_event *event,
		    struct trace_error *error)
{
	for (unsigned int i = 0; i < NR_OPS; i++) {
		if (!strcmp(ops[i], text)) {
			event->op = i;
			return 0;
		}
	}
	return trace_fail(
		error, event->line,
		"unknown op '%.40s': use open, close, alloc, free, use, gap, enable or disable",
		text);
}

/* set_flag() - set a flag; false if it is set already or the op has no such flag */
static bool set_flag(const char *text, size_t length, struct trace_event *event)
{
	const struct {
		const char *name;
		enum trace_op op;
		bool *value;
	} flags[] = {
		{ "late", TRACE_OPEN, &event->late },
		{ "shared", TRACE_OPEN, &event->shared },
		{ "refused", TRACE_FREE, &event->refused },
	};

	for (unsigned int i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].op == event->op &&
		    strlen(flags[i].name) == length &&
		    !memcmp(flags[i].name, text, length) && !*flags[i].value)
			return *flags[i].value = true;
	}
	return false;
}

static int parse_flags(const char *text, struct trace_event *event,
		       struct trace_error *error)
{
	const char *rest = text;

	if (!*text)
		return 0;
	for (;;) {
		size_t length = strcspn(rest, "|");

		if (!set_flag(rest, length, event))
			return trace_fail(
				error, event->line,
				"flags '%.40s' do not belong to %s: an open takes late, shared or both joined by |, a free takes refused, other ops none",
				text, ops[event->op]);
		if (!rest[length])
			return 0;
		rest += length + 1;
	}
}

/* check_report() - check the fields that a report needs */
static int check_report(const char *const *fields, struct trace_event *event,
			struct trace_error *error)
{
	const char *op = ops[event->op];

	if (!*fields[SPACE])
		return trace_fail(error, event->line,
				  "%s without a space: name the space", op);
	if (!*fields[ADDRESS])
		return trace_fail(error, event->line,
				  "%s without an address: give the address",
				  op);
	event->space = fields[SPACE];
	if (event->op != TRACE_ALLOC)
		return 0;
	if (!*fields[SIZE])
		return trace_fail(
			error, event->line,
			"alloc without a size: give the size in bytes");
	if (!event->size)
		return trace_fail(
			error, event->line,
			"alloc of size 0: give the size in bytes, at least 1");
	/* The end may be exactly 2^64, which wraps to 0. */
	if (event->span && event->address > UINT64_MAX - (event->span - 1))
		return trace_fail(
			error, event->line,
			"address + span is past 2^64: give the buffer's extent as span, or leave span empty to use the size");
	return 0;
}

static int check_words(struct words *words, struct trace_event *event,
		       struct trace_error *error)
{
	const char *op = ops[event->op];

	if (!*words->device)
		return trace_fail(error, event->line,
				  "%s without a device: name the device", op);
	if (event->op == TRACE_ENABLE || event->op == TRACE_DISABLE)
		return 0;
	if (!*words->client)
		return trace_fail(error, event->line,
				  "%s without a client: name the client", op);
	return 0;
}

bool trace_is_report(enum trace_op op)
{
	return op == TRACE_ALLOC || op == TRACE_FREE || op == TRACE_USE;
}

int event_parse_header(struct event_parser *parser, const char *line,
		       size_t length, unsigned long number,
		       struct trace_error *error)
{
	if (split_line(parser, line, length, number, error))
		return -1;
	for (int i = 0; i < TRACE_FIELDS; i++)
		if (strcmp(parser->field[i], header[i]))
			return -1;
	return 0;
}

int event_parse(struct event_parser *parser, const char *line, size_t length,
		struct trace_event *event, struct words *words,
		struct trace_error *error)
{
	const char *const *fields = parser->field;

	*event = (struct trace_event){ .line = event->line, .space = "" };
	if (split_line(parser, line, length, event->line, error))
		return -1;
	words->client = fields[CLIENT];
	words->device = fields[DEVICE];
	if (parse_op(fields[OP], event, error) ||
	    parse_numbers(fields, event, error) ||
	    parse_flags(fields[FLAGS], event, error) ||
	    check_words(words, event, error))
		return -1;
	if (trace_is_report(event->op))
		return check_report(fields, event, error);
	return 0;
}
