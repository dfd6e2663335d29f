// SPDX-License-Identifier: GPL-2.0
/*
 * Text for people: units, colours, names of unknown origin
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "text.h"

const char *size_text(uint64_t bytes, char text[UNIT_TEXT])
{
	static const char *const units[] = { "B",   "KiB", "MiB", "GiB",
					     "TiB", "PiB", "EiB" };
	unsigned int unit = 0;
	double value = bytes;

	/* From 1023.995 on, "%.2f" would print 1024.00. */
	for (; value >= 1023.995 && unit < 6; unit++)
		value /= 1024;
	if (!unit)
		snprintf(text, UNIT_TEXT, "%" PRIu64 " B", bytes);
	else
		snprintf(text, UNIT_TEXT, "%.*f %s",
			 value < 10  ? 2 :
			 value < 100 ? 1 :
				       0,
			 value, units[unit]);
	return text;
}

const char *duration_text(uint64_t ns, char text[UNIT_TEXT])
{
	uint64_t s = ns / 1000000000;

	if (ns < 1000)
		snprintf(text, UNIT_TEXT, "%" PRIu64 "ns", ns);
	else if (ns < 1000000)
		snprintf(text, UNIT_TEXT, "%" PRIu64 "us", ns / 1000);
	else if (!s)
		snprintf(text, UNIT_TEXT, "%" PRIu64 "ms", ns / 1000000);
	else if (s < 60)
		snprintf(text, UNIT_TEXT, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(text, UNIT_TEXT, "%" PRIu64 "m %" PRIu64 "s", s / 60,
			 s % 60);
	else if (s < 86400)
		snprintf(text, UNIT_TEXT, "%" PRIu64 "h %" PRIu64 "m", s / 3600,
			 s / 60 % 60);
	else
		snprintf(text, UNIT_TEXT, "%" PRIu64 "d %" PRIu64 "h",
			 s / 86400, s / 3600 % 24);
	return text;
}

const char *interval_text(uint64_t ns, char text[UNIT_TEXT])
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	unsigned int unit = 0;
	double value = ns;

	if (ns >= UINT64_C(100000000000))
		return duration_text(ns, text);
	for (; value >= 999.5 && unit < 3; unit++)
		value /= 1000;
	snprintf(text, UNIT_TEXT, "%.*f %s",
		 !unit	       ? 0 :
		 value < 9.995 ? 2 :
		 value < 99.95 ? 1 :
				 0,
		 value, units[unit]);
	return text;
}

const char *stamp_text(uint64_t ns, char text[UNIT_TEXT])
{
	snprintf(text, UNIT_TEXT, "%" PRIu64 ".%09" PRIu64, ns / 1000000000,
		 ns % 1000000000);
	return text;
}

const char *number_text(uint64_t number, char text[UNIT_TEXT])
{
	char digits[UNIT_TEXT], *to = text;
	size_t length = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	for (size_t i = 0; i < length; i++) {
		if (i && !((length - i) % 3))
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}

static bool colours(void)
{
	static int wanted = -1;

	if (wanted < 0) {
		const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

		wanted = isatty(STDOUT_FILENO) && !(none && *none) && term &&
			 strcmp(term, "dumb");
	}
	return wanted;
}

const char *bold(void)
{
	return colours() ? "\033[1m" : "";
}

const char *bad(void)
{
	return colours() ? "\033[31m" : "";
}

const char *good(void)
{
	return colours() ? "\033[32m" : "";
}

const char *plain(void)
{
	return colours() ? "\033[m" : "";
}

char printable(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
}

void make_printable(char *text)
{
	for (; *text; text++)
		*text = printable(*text);
}

/*
 * escape_one() - copy a character beyond ASCII, or escape its first byte
 *
 * Return: how many bytes of @from it took.
 */
static size_t escape_one(char **to, const char *from, unsigned int *width)
{
	mbstate_t state = { 0 };
	wchar_t character;
	size_t length = mbrtowc(&character, from, MB_CUR_MAX, &state);
	int columns = length <= MB_CUR_MAX ? wcwidth(character) : -1;

	if (columns < 0) {
		*to += sprintf(*to, "\\x%02x", (unsigned char)*from);
		*width += 4;
		return 1;
	}
	memcpy(*to, from, length);
	*to += length;
	*width += columns;
	return length;
}

unsigned int escape_text(char *to, const char *from)
{
	unsigned int width = 0;

	while (*from) {
		if (*from >= ' ' && *from <= '~') {
			*to++ = *from++;
			width++;
		} else {
			from += escape_one(&to, from, &width);
		}
	}
	*to = '\0';
	return width;
}
