// SPDX-License-Identifier: GPL-2.0
/*
 * What the command has to say when it fails
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "say.h"

/* Bytes from 0x80 on may be UTF-8, and no terminal takes them for orders. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void say_list(const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	make_printable(line);
	/* What was printed before belongs before it. */
	fflush(stdout);
	fprintf(stderr, "buftrack: %s\n", line);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_list(format, args);
	va_end(args);
}

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_list(format, args);
	va_end(args);
	return ENDED_FAILED;
}

int misuse(const struct args *args, const char *format, ...)
{
	char problem[512];
	va_list list;

	va_start(list, format);
	vsnprintf(problem, sizeof(problem), format, list);
	va_end(list);
	say("%s: %s: see 'buftrack %s --help'", args->verb->name, problem,
	    args->verb->name);
	return ENDED_USAGE;
}

int fail_errno(enum act act, const char *format, ...)
{
	const char *meaning = explain(act, errno);
	char subject[256];
	va_list args;

	va_start(args, format);
	vsnprintf(subject, sizeof(subject), format, args);
	va_end(args);
	return fail("%s: %s", subject, meaning);
}
