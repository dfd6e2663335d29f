/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buftrack run: start a command with the hook, judge what it reports, and sum up
 */
#ifndef BUFTRACK_RUN_H
#define BUFTRACK_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;
struct offline;

/**
 * struct run_options - the options of `buftrack run`
 * @command: the command and its arguments, NULL at the end
 * @stacks: show whole stacks, native frames below Python frames included
 * @no_stacks: record no stacks
 * @offline: do not report to the module, and say nothing about it
 * @swallowed: show second frees that the runtime ignored
 * @json: print JSON instead of text
 * @devices_json: makes {"devices":[...]} of the devices, in their order
 * @record: file for the trace; NULL: none
 * @report: file for the summary; NULL: standard error
 * @fail_on: counters of the books, a bit for each: exit with 3 if one is not 0
 */
struct run_options {
	char *const *command;
	bool stacks;
	bool no_stacks;
	bool offline;
	bool swallowed;
	bool json;
	struct json_object *(*devices_json)(const struct offline *books);
	const char *record;
	const char *report;
	uint64_t fail_on;
};

/**
 * run_command() - run the command to its end
 * @options: the options
 *
 * Return: EXIT_CONDITION if @fail_on holds, else the status of the command: 128 plus the
 * signal if one ended it, 127 if it was not found, 126 if it could not be executed.
 */
int run_command(const struct run_options *options);

#endif /* BUFTRACK_RUN_H */
