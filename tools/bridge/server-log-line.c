// SPDX-License-Identifier: GPL-2.0
/*
 * A line of the old allocation server's log
 *
 * Each part is looked for behind the one before it. What stands before the first,
 * and behind the last, is whatever a version of the server, or a tool that the log
 * went through, has put there.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../cmd/parse.h"
#include "server-log.h"

/* skip() - behind @words, where a space stands for any number; NULL: not there */
static const char *skip(const char *text, const char *words)
{
	while (isspace((unsigned char)*text))
		text++;
	for (; *words; words++) {
		if (*words == ' ') {
			if (!isspace((unsigned char)*text))
				return NULL;
			while (isspace((unsigned char)*text))
				text++;
		} else if (*text++ != *words) {
			return NULL;
		}
	}
	return text;
}

/* seek() - behind the first @words in a text, or NULL */
static const char *seek(const char *text, const char *words)
{
	for (; *text; text++) {
		const char *behind = *text == *words ? skip(text, words) : NULL;

		if (behind)
			return behind;
	}
	return NULL;
}

/* take_word() - the next word, up to what cannot be in a name or number */
static const char *take_word(const char *text, char *word, size_t size)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strcspn(text, " \t\r\n,;:()[]=");
	snprintf(word, size, "%.*s", (int)length, text);
	return text + length;
}

static const char *malformed(struct log_line *line, struct trace_error *error,
			     const char *what, const char *word)
{
	line->form = LOG_MALFORMED;
	trace_fail(
		error, error->line,
		"%s '%.40s' is no number: write [0-9]+ or 0x[0-9a-fA-F]+, at most 64 bits",
		what, word);
	return NULL;
}

static const char *take_number(const char *text, const char *what,
			       uint64_t *number, struct log_line *line,
			       struct trace_error *error)
{
	char word[64];

	text = take_word(text, word, sizeof(word));
	if (parse_number(word, number))
		return malformed(line, error, what, word);
	return text;
}

static void missing(struct log_line *line, struct trace_error *error,
		    const char *what)
{
	line->form = LOG_MALFORMED;
	trace_fail(error, error->line, "there is no %s: the line is cut off",
		   what);
}

/* take_device() - "on device 0", if it is there */
static const char *take_device(const char *text, struct log_line *line,
			       struct trace_error *error)
{
	const char *behind = skip(text, "on device ");

	line->has_device = behind != NULL;
	return behind ? take_number(behind, "device", &line->device, line,
				    error) :
			text;
}

/* parse_allocated() - behind "Allocated" */
static void parse_allocated(const char *text, struct log_line *line,
			    struct trace_error *error)
{
	line->form = LOG_ALLOCATED;
	text = take_number(text, "size", &line->size, line, error);
	if (!text)
		return;
	text = skip(text, "bytes of ");
	if (text)
		text = take_word(text, line->space, sizeof(line->space));
	if (!text || !*line->space) {
		missing(line, error, "space");
		return;
	}
	text = take_device(text, line, error);
	if (!text)
		return;
	text = seek(text, "buffer_id=");
	if (!text)
		missing(line, error, "buffer_id");
	else
		take_number(text, "buffer_id", &line->address, line, error);
}

/* parse_freed() - behind "Freed buffer" and what else says that */
static void parse_freed(const char *text, struct log_line *line,
			struct trace_error *error)
{
	line->form = LOG_FREED;
	text = take_number(text, "buffer", &line->address, line, error);
	if (text)
		take_device(text, line, error);
}

static void parse_pid(const char *text, struct log_line *line,
		      struct trace_error *error)
{
	const char *pid = seek(text, "[PID ");

	if (pid)
		take_number(pid, "PID", &line->pid, line, error);
}

void log_parse(const char *text, struct log_line *line,
	       struct trace_error *error)
{
	static const char *const frees[] = {
		"Freed buffer ",
		"Deallocation for unknown buffer ",
		"Deallocation for ALREADY FREED buffer ",
	};
	const char *behind = seek(text, "Allocated ");

	*line = (struct log_line){ .form = LOG_OTHER };
	if (behind && seek(behind, "bytes of "))
		parse_allocated(behind, line, error);
	for (size_t i = 0; line->form == LOG_OTHER && i < 3; i++) {
		behind = seek(text, frees[i]);
		if (behind)
			parse_freed(behind, line, error);
	}
	if (line->form == LOG_ALLOCATED || line->form == LOG_FREED)
		parse_pid(text, line, error);
}
