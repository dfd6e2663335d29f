/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame of the command: verbs, their options, exit statuses
 */
#ifndef BUFTRACK_CMD_H
#define BUFTRACK_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <libbuftrack.h>

#include "../util/err.h"

/**
 * struct option_spec - an option of a verb
 * @name: without the dashes; NULL ends a list
 * @argument: how help calls its argument; NULL: it takes none
 * @help: a line for help
 */
struct option_spec {
	const char *name;
	const char *argument;
	const char *help;
};

struct args;

/**
 * struct verb - what the command can do
 * @name: one word, or two: "device add"
 * @operands: how help shows what follows the options, "" if nothing does
 * @summary: a line for help
 * @details: more for help, or NULL
 * @options: list, beside --help, which every verb has
 * @run: does it; returns how the command ends
 */
struct verb {
	const char *name;
	const char *operands;
	const char *summary;
	const char *details;
	const struct option_spec *options;
	int (*run)(struct args *args);
};

/* All verbs, in the order in which help shows them; NULL at the end */
extern const struct verb *const verbs[];

/**
 * struct args - the words that follow the verb
 * @verb: the verb
 * @argc: how many words, the verb's last one included
 * @argv: the words
 * @value: argument of the option that next_option() found
 */
struct args {
	const struct verb *verb;
	int argc;
	char **argv;
	const char *value;
};

/* usage_error() - print_err() with a hint to the verb's help; EXIT_USAGE_ERROR */
int usage_error(const struct args *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What next_option() returns beside an index */
enum {
	OPTIONS_END = -1,
	OPTIONS_BAD = -2,
	OPTIONS_HELP = -3,
};

/**
 * next_option() - the next option
 * @args: the words
 *
 * Return: its index in the verb's list, or OPTIONS_END, or OPTIONS_BAD and
 * OPTIONS_HELP, when all has been said, and the caller passes it on to
 * options_failed().
 */
int next_option(struct args *args);

/* options_failed() - how the command ends when next_option() gave up */
int options_failed(int option);

/**
 * operands() - what follows the options
 * @args: the words; next_option() has said OPTIONS_END
 * @least: how many operands there must be
 * @most: how many there may be
 *
 * Return: the operands with a NULL at the end, or NULL: it has complained, and
 * the command ends with EXIT_USAGE_ERROR.
 */
char **operands(struct args *args, int least, int most);

/**
 * device_operand() - the device, from the option or the operand
 * @args: the words
 * @option: what --device said, or NULL
 * @device: where to put it; NULL if it was not said
 *
 * Return: 0, or OPTIONS_BAD: it has complained.
 */
int device_operand(struct args *args, const char *option, const char **device);

/* help.c */
void print_help(const struct verb *verb);
void print_overview(void);
const struct verb *find_verb(const char *first, const char *second);

extern const struct verb verb_status;
extern const struct verb verb_list;
extern const struct verb verb_remaining;
extern const struct verb verb_events;
extern const struct verb verb_diff;
extern const struct verb verb_replay;
extern const struct verb verb_bridge;
extern const struct verb verb_device_add;
extern const struct verb verb_device_remove;
extern const struct verb verb_device_set;
extern const struct verb verb_enable;
extern const struct verb verb_disable;
extern const struct verb verb_reset;
extern const struct verb verb_version;
extern const struct verb verb_help;

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

#endif /* BUFTRACK_CMD_H */
