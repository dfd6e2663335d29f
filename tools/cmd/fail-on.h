/* SPDX-License-Identifier: GPL-2.0 */
/*
 * --fail-on: a condition that the user asked to be told of
 */
#ifndef BUFTRACK_FAIL_ON_H
#define BUFTRACK_FAIL_ON_H

#include "snapshot.h"

/* struct condition - what to look for, a bit for each counter */
struct condition {
	uint64_t counters;
};

struct args;

/**
 * condition_parse() - read a list
 * @args: for the complaint
 * @condition: to be filled in
 * @list: names of verdicts, "unknown_free" for all of its reasons, or
 *	  "remaining", separated by commas
 *
 * Return: 0, or EXIT_USAGE_ERROR: it has complained.
 */
int condition_parse(const struct args *args, struct condition *condition,
		    const char *list);

/* condition_check() - EXIT_CONDITION, and say what holds, or 0 */
int condition_check(const struct condition *condition,
		    const struct snapshots *snapshots);

#endif /* BUFTRACK_FAIL_ON_H */
