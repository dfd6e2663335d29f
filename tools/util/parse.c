// SPDX-License-Identifier: GPL-2.0
/*
 * Parsing numbers, sizes and durations
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* digit_value() - the value of a digit; 16 or more: it is none */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' ^ 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* strtoull() would also accept signs, spaces, 0X and octal, and is slower. */
int parse_number(const char *text, uint64_t *number)
{
	unsigned int base = 10;
	uint64_t value = 0;

	if (text[0] == '0' && text[1] == 'x') {
		text += 2;
		base = 16;
	}
	if (!*text)
		return -1;
	for (; *text; text++) {
		unsigned int digit = digit_value(*text);

		if (digit >= base ||
		    __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -1;
	}
	*number = value;
	return 0;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (!strcmp(units->name, name))
			return units;
	return NULL;
}

/*
 * add_fraction() - add the digits after a point, in units of @factor
 *
 * 18 digits fit into the arithmetic; more are an error.
 */
static int add_fraction(const char **text, uint64_t factor, uint64_t *number)
{
	unsigned __int128 part = 0, scale = 1;
	const char *at = *text + 1;
	size_t nr = strspn(at, "0123456789");

	if (!nr || nr > 18)
		return -1;
	for (size_t i = 0; i < nr; i++, scale *= 10)
		part = part * 10 + (at[i] - '0');
	part = part * factor / scale;
	if (*number + part > UINT64_MAX)
		return -1;
	*number += part;
	*text = at + nr;
	return 0;
}

static int parse_units(const char *text, const struct unit *units,
		       uint64_t *number)
{
	size_t digits = strspn(text, "0123456789");
	const char *name = text + digits;
	const struct unit *unit;

	if (!digits)
		return -1;
	if (*name == '.')
		name += 1 + strspn(name + 1, "0123456789");
	unit = find_unit(units, name);
	errno = 0;
	*number = strtoull(text, NULL, 10);
	if (!unit || errno ||
	    __builtin_mul_overflow(*number, unit->factor, number))
		return -1;
	text += digits;
	if (*text == '.')
		return add_fraction(&text, unit->factor, number);
	return 0;
}

int parse_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },	     { "B", 1 },
		{ "K", 1ULL << 10 }, { "KiB", 1ULL << 10 },
		{ "M", 1ULL << 20 }, { "MiB", 1ULL << 20 },
		{ "G", 1ULL << 30 }, { "GiB", 1ULL << 30 },
		{ "T", 1ULL << 40 }, { "TiB", 1ULL << 40 },
		{ "P", 1ULL << 50 }, { "PiB", 1ULL << 50 },
		{ NULL, 0 },
	};

	if (!parse_number(text, bytes))
		return 0;
	return parse_units(text, units, bytes);
}

int parse_duration(const char *text, uint64_t *ns)
{
	static const struct unit units[] = {
		{ "", 1000000000 },
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", 60 * 1000000000ULL },
		{ "h", 3600 * 1000000000ULL },
		{ "d", 86400 * 1000000000ULL },
		{ NULL, 0 },
	};

	return parse_units(text, units, ns);
}
