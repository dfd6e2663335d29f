/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The limits of a device, as options of replay and device set
 */
#ifndef BUFTRACK_LIMITS_H
#define BUFTRACK_LIMITS_H

#include <libbuftrack.h>

struct args;

/* In the order of LIMIT_OPTIONS, which come first in a verb's list */
enum {
	LIMIT_RECORDS,
	LIMIT_CLIENT_RECORDS,
	LIMIT_FREED,
	LIMIT_CLIENTS,
	LIMIT_CLOSED,
	LIMIT_REMAINING,
	NR_LIMITS,
};

#define LIMIT_OPTIONS                                                                   \
	[LIMIT_RECORDS] = { "max-records", "N",                                         \
			    "most records, live and freed, 1 to 2^32" },                \
	[LIMIT_CLIENT_RECORDS] = { "client-records", "N",                               \
				   "most of them that one client may own, 1 to 2^32" }, \
	[LIMIT_FREED] = { "freed-records", "N",                                         \
			  "most freed records of each domain, 0 to 2^32" },             \
	[LIMIT_CLIENTS] = { "max-clients", "N",                                         \
			    "most open clients, 1 to 65536" },                          \
	[LIMIT_CLOSED] = { "max-closed", "N",                                           \
			   "most closed clients that are kept, 0 to 65536" },           \
	[LIMIT_REMAINING] = {                                                           \
		"max-remaining", "N",                                                   \
		"most remaining records that are kept, 0 to 2^24"                       \
	}

/**
 * limits_option() - take one of LIMIT_OPTIONS
 * @args: its value, and for the complaint
 * @limit: which
 * @settings: where to put it
 *
 * Return: 0, or OPTIONS_BAD: it has complained.
 */
int limits_option(const struct args *args, int limit,
		  struct buftrack_settings *settings);

/* new_settings() - settings, or the end of the command */
struct buftrack_settings *new_settings(void);

#endif /* BUFTRACK_LIMITS_H */
