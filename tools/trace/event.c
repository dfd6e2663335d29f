// SPDX-License-Identifier: GPL-2.0
/*
 * Fields into an event
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"

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
	[TRACE_OPEN] = "open",	     [TRACE_CLOSE] = "close",
	[TRACE_ALLOC] = "alloc",     [TRACE_FREE] = "free",
	[TRACE_GAP] = "gap",	     [TRACE_ENABLE] = "enable",
	[TRACE_DISABLE] = "disable",
};

#define NR_OPS (sizeof(ops) / sizeof(ops[0]))

bool event_is_header(const char *const *fields)
{
	for (int i = 0; i < TRACE_FIELDS; i++)
		if (strcmp(fields[i], header[i]))
			return false;
	return true;
}

/*
 * to_number() - [0-9]+ or 0x[0-9a-fA-F]+, which strtoull() alone is too kind
 *		 for: it takes signs, spaces, 0X and octal
 */
static int to_number(const char *text, uint64_t *number)
{
	const char *digits = "0123456789";
	int base = 10;
	char *end;

	if (!strncmp(text, "0x", 2)) {
		text += 2;
		base = 16;
		digits = "0123456789abcdefABCDEF";
	}
	if (!*text || text[strspn(text, digits)])
		return -1;
	errno = 0;
	*number = strtoull(text, &end, base);
	return errno ? -1 : 0;
}

static int parse_number(const char *const *fields, int which, uint64_t *number,
			struct trace_event *event, struct trace_error *error)
{
	*number = 0;
	if (!*fields[which] || !to_number(fields[which], number))
		return 0;
	return trace_fail(
		error, event->line,
		"%s '%.40s' is no number: write [0-9]+ or 0x[0-9a-fA-F]+, at most 64 bits",
		header[which], fields[which]);
}

/* All of them, whether the op uses them or not: nonsense should not pass. */
static int parse_numbers(const char *const *fields, struct trace_event *event,
			 struct trace_error *error)
{
	uint64_t ts;

	if (parse_number(fields, TS, &ts, event, error) ||
	    parse_number(fields, ADDRESS, &event->address, event, error) ||
	    parse_number(fields, SIZE, &event->size, event, error) ||
	    parse_number(fields, SPAN, &event->span, event, error) ||
	    parse_number(fields, ID, &event->id, event, error))
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
		"unknown op '%.40s': use open, close, alloc, free, gap, enable or disable",
		text);
}

/* take_flag() - set one flag; false if the op has no such flag, or it is set */
static bool take_flag(const char *text, size_t length,
		      struct trace_event *event)
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

		if (!take_flag(rest, length, event))
			return trace_fail(
				error, event->line,
				"flags '%.40s' do not belong to %s: an open has late, shared or both joined by |, a free has refused, the others none",
				text, ops[event->op]);
		if (!rest[length])
			return 0;
		rest += length + 1;
	}
}

/* check_report() - what an alloc and a free need */
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
	if (event->op == TRACE_FREE)
		return 0;
	if (!*fields[SIZE])
		return trace_fail(
			error, event->line,
			"alloc without a size: give the size in bytes");
	if (!event->size)
		return trace_fail(
			error, event->line,
			"alloc of size 0: give the size in bytes, at least 1");
	/* The end may be 2^64 itself, which is 0 in 64 bits. */
	if (event->span && event->address > UINT64_MAX - (event->span - 1))
		return trace_fail(
			error, event->line,
			"address + span is past 2^64: give the buffer's extent from its address on as span (empty: size)");
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

int event_parse(const char *const *fields, unsigned long number,
		struct trace_event *event, struct words *words,
		struct trace_error *error)
{
	*event = (struct trace_event){ .line = number, .space = "" };
	words->client = fields[CLIENT];
	words->device = fields[DEVICE];
	if (parse_op(fields[OP], event, error) ||
	    parse_numbers(fields, event, error) ||
	    parse_flags(fields[FLAGS], event, error) ||
	    check_words(words, event, error))
		return -1;
	if (event->op == TRACE_ALLOC || event->op == TRACE_FREE)
		return check_report(fields, event, error);
	return 0;
}
