/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame of the command: verbs, their options and operands
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
 * @argument: name of its argument in help; NULL: it takes none
 * @help: one line for help
 */
struct option_spec {
	const char *name;
	const char *argument;
	const char *help;
};

struct args;

/**
 * struct verb - a verb
 * @name: one word, or two: "device add"
 * @operands: the operands as help shows them, or ""
 * @summary: one line for help
 * @details: more for help, or NULL
 * @options: its options; --help is added to them
 * @takes_command: the first operand begins a command, whose options are its own
 * @run: runs it; returns an exit status
 */
struct verb {
	const char *name;
	const char *operands;
	const char *summary;
	const char *details;
	const struct option_spec *options;
	bool takes_command;
	int (*run)(struct args *args);
};

extern const struct verb verb_status;
extern const struct verb verb_list;
extern const struct verb verb_remaining;
extern const struct verb verb_events;
extern const struct verb verb_diff;
extern const struct verb verb_replay;
extern const struct verb verb_record;
extern const struct verb verb_run;
extern const struct verb verb_bridge;
extern const struct verb verb_device_add;
extern const struct verb verb_device_remove;
extern const struct verb verb_device_set;
extern const struct verb verb_enable;
extern const struct verb verb_disable;
extern const struct verb verb_reset;
extern const struct verb verb_version;
extern const struct verb verb_help;

/* All verbs in the order of help; NULL at the end */
extern const struct verb *const verbs[];

/* find_verb() - the verb of one word or two, or NULL; @second may be NULL */
const struct verb *find_verb(const char *first, const char *second);
void print_overview(void);

/**
 * struct args - the words that follow the verb
 * @verb: the verb
 * @argc: number of words, including the last one of the verb
 * @argv: the words
 * @value: argument of the option that next_option() returned
 */
struct args {
	const struct verb *verb;
	int argc;
	char **argv;
	const char *value;
};

/* usage_error() - print_err() with a pointer to --help; returns EXIT_USAGE_ERROR */
int usage_error(const struct args *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Results of next_option() other than an index */
enum {
	OPTIONS_END = -1,
	OPTIONS_BAD = -2,
	OPTIONS_HELP = -3,
};

/**
 * next_option() - parse the next option
 * @args: the words
 *
 * Return: its index in the verb's list; OPTIONS_END; OPTIONS_BAD after an error
 * message; or OPTIONS_HELP after printing help.
 */
int next_option(struct args *args);

/* options_status() - the exit status after OPTIONS_BAD or OPTIONS_HELP */
int options_status(int option);

/**
 * operands() - the words after the options
 * @args: the words; next_option() has returned OPTIONS_END
 * @least: minimum number of operands
 * @most: most operands
 *
 * Return: the operands with a NULL at the end, or NULL after an error message.
 */
char **operands(struct args *args, int least, int most);

/**
 * device_operand() - the device that --device or the only operand names
 * @args: the words
 * @option: value of --device, or NULL
 * @device: set to the device; NULL: none was named
 *
 * Return: 0, or OPTIONS_BAD after an error message.
 */
int device_operand(struct args *args, const char *option, const char **device);

/* bad_value() - reject the value of an option: "not @expected"; OPTIONS_BAD */
int bad_value(const struct args *args, int option, const char *expected);

/**
 * number_option() - parse the value of an option
 * @args: the words
 * @option: index of the option
 * @least: smallest number allowed
 * @most: largest number allowed
 * @number: set to the value
 *
 * Return: 0, or OPTIONS_BAD after an error message.
 */
int number_option(const struct args *args, int option, uint64_t least,
		  uint64_t most, uint64_t *number);

/* size_option(), duration_option() - likewise, in bytes and ns */
int size_option(const struct args *args, int option, uint64_t *bytes);
int duration_option(const struct args *args, int option, uint64_t *ns);

/**
 * each_word() - parse a value that is a list of words, separated by commas
 * @args: the words
 * @option: index of the option
 * @take: called for each word of @length; returns false if it is unknown
 * @context: third argument of @take
 * @expected: description of a valid word, for the message
 *
 * Return: 0, or OPTIONS_BAD after an error message.
 */
int each_word(const struct args *args, int option,
	      bool (*take)(const char *word, size_t length, void *context),
	      void *context, const char *expected);

/* The limits of a device, in the order of LIMIT_OPTIONS */
enum {
	LIMIT_RECORDS,
	LIMIT_CLIENT_RECORDS,
	LIMIT_FREED,
	LIMIT_CLIENTS,
	LIMIT_CLOSED,
	LIMIT_REMAINING,
	NR_LIMITS,
};

/* The first options of a verb that takes limits */
/* clang-format off */
#define LIMIT_OPTIONS                                                          \
	[LIMIT_RECORDS] = { "max-records", "N",                                \
		"limit on live and freed records, 1 to 2^32" },                   \
	[LIMIT_CLIENT_RECORDS] = { "client-records", "N",                      \
		"limit on records of one client, 1 to 2^32" },                     \
	[LIMIT_FREED] = { "freed-records", "N",                                \
		"limit on freed records of each domain, 0 to 2^32" },              \
	[LIMIT_CLIENTS] = { "max-clients", "N",                                \
		"limit on open clients, 1 to 65536" },                             \
	[LIMIT_CLOSED] = { "max-closed", "N",                                  \
		"limit on closed clients to keep, 0 to 65536" },                   \
	[LIMIT_REMAINING] = { "max-remaining", "N",                            \
		"limit on remaining records to keep, 0 to 2^24" }
/* clang-format on */

/**
 * limit_option() - parse one of LIMIT_OPTIONS
 * @args: the words
 * @limit: index of the option
 * @settings: where to store it
 *
 * Return: 0, or OPTIONS_BAD after an error message.
 */
int limit_option(const struct args *args, int limit,
		 struct buftrack_settings *settings);

#endif /* BUFTRACK_CMD_H */
