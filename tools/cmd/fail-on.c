// SPDX-License-Identifier: GPL-2.0
/*
 * --fail-on: a condition that the user asked to be told of
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "fail-on.h"
#include "../util/err.h"

_Static_assert(BUFTRACK_NR_COUNTERS <= 64, "a bit for each counter");

#define UNKNOWN "unknown_free"

static uint64_t bit(unsigned int counter)
{
	return UINT64_C(1) << counter;
}

/* counters_of() - the counters that a name stands for, 0: it is no name */
static uint64_t counters_of(const char *name)
{
	uint64_t counters = 0;
	int verdict, counter;

	if (!strcmp(name, "remaining"))
		return bit(BUFTRACK_COUNTER_REMAINING_BUFFERS);
	if (!strcmp(name, UNKNOWN)) {
		for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++)
			if (!strncmp(buftrack_counter_name(i), UNKNOWN ".",
				     sizeof(UNKNOWN)))
				counters |= bit(i);
		return counters;
	}
	verdict = buftrack_verdict_from_name(name);
	if (verdict < 0)
		return 0;
	counter = buftrack_verdict_counter(verdict);
	return counter < 0 ? 0 : bit(counter);
}

int condition_parse(const struct args *args, struct condition *condition,
		    const char *list)
{
	condition->counters = 0;
	for (;;) {
		size_t length = strcspn(list, ",");
		char name[64] = "";
		uint64_t counters;

		if (length < sizeof(name))
			memcpy(name, list, length);
		counters = counters_of(name);
		if (!counters) {
			usage_error(
				args,
				"--fail-on: '%.*s' is neither a verdict nor 'remaining'",
				(int)length, list);
			return EXIT_USAGE_ERROR;
		}
		condition->counters |= counters;
		if (!list[length])
			return 0;
		list += length + 1;
	}
}

/* name_holding() - append what holds for a device; returns what is used now */
static size_t name_holding(const struct condition *condition,
			   const struct snapshot *snapshot, char *text,
			   size_t size, size_t used)
{
	bool first = true;

	for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++) {
		uint64_t count =
			buftrack_counter_set_value(snapshot->counters, i);

		if (!(condition->counters & bit(i)) || !count || used >= size)
			continue;
		if (first)
			used += snprintf(
				text + used, size - used,
				"%sdevice %u (%s) has", used ? "; " : "",
				buftrack_device_status_number(snapshot->status),
				buftrack_device_status_name(snapshot->status));
		if (used < size)
			used += snprintf(text + used, size - used,
					 "%s %" PRIu64 " %s", first ? "" : ",",
					 count, buftrack_counter_name(i));
		first = false;
	}
	return used;
}

int condition_check(const struct condition *condition,
		    const struct snapshots *snapshots)
{
	char text[768] = "";
	size_t used = 0;

	for (size_t i = 0; i < snapshots->nr; i++)
		used = name_holding(condition, &snapshots->list[i], text,
				    sizeof(text), used);
	if (!used)
		return 0;
	print_err("what --fail-on asks for is there: %s", text);
	return EXIT_CONDITION;
}
