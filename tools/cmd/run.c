// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack run
 */
#include "../offline/offline.h"
#include "../run/run.h"
#include "cmd.h"
#include "probes.h"
#include "snapshot.h"

enum {
	FAIL_ON,
	STACKS,
	NO_STACKS,
	SWALLOWED,
	RECORD,
	OFFLINE,
	JSON,
	REPORT,
};

static const struct option_spec options[] = {
	[FAIL_ON] = { "fail-on", "LIST",
		      "exit with 3 if a verdict of LIST was given, for 'remaining' if buffers remained, for 'uncovered' if a loaded driver is not all covered" },
	[STACKS] = { "stacks", NULL, "show whole stacks, native frames too" },
	[NO_STACKS] = { "no-stacks", NULL,
			"record no stacks, which is faster" },
	[SWALLOWED] = { "swallowed", NULL,
			"show second frees that the runtime ignored" },
	[RECORD] = { "record", "FILE",
		     "write a trace; .gz and .zst compress it" },
	[OFFLINE] = { "offline", NULL,
		      "do not report to the module, which is not needed" },
	[JSON] = { "json", NULL, "print JSON" },
	[REPORT] = { "report", "FILE",
		     "write the summary to FILE, and one line to standard error" },
	{ .name = NULL },
};

static int parse(struct args *args, struct run_options *run, bool *uncovered)
{
	struct condition condition;
	char **words;
	int option;

	while ((option = next_option(args)) >= 0) {
		switch (option) {
		case FAIL_ON:
			if (condition_option(args, FAIL_ON, &condition))
				return OPTIONS_BAD;
			run->fail_on = condition.counters;
			*uncovered = condition.uncovered;
			break;
		case STACKS:
			run->stacks = true;
			break;
		case NO_STACKS:
			run->no_stacks = true;
			break;
		case SWALLOWED:
			run->swallowed = true;
			break;
		case RECORD:
			run->record = args->value;
			break;
		case OFFLINE:
			run->offline = true;
			break;
		case JSON:
			run->json = true;
			break;
		case REPORT:
			run->report = args->value;
			break;
		}
	}
	if (option != OPTIONS_END)
		return option;
	words = operands(args, 1, args->argc);
	if (!words)
		return OPTIONS_BAD;
	run->command = words;
	return OPTIONS_END;
}

static struct json_object *devices_json(const struct offline *books)
{
	struct snapshots snapshots = { 0 };
	const struct offline_device *device = NULL;
	struct json_object *object;

	/* It fails only for lack of memory, after a message; a device is then missing. */
	while ((device = offline_device_next(books, device)))
		snapshots_add_offline(&snapshots, device);
	object = snapshots_json(&snapshots);
	snapshots_drop(&snapshots);
	return object;
}

static int check_probes(void)
{
	struct probes probes = { 0 };
	int ret;

	probes_read(&probes);
	ret = probes_check(&probes);
	probes_free(&probes);
	return ret;
}

static int run(struct args *args)
{
	struct run_options options_of_run = { .devices_json = devices_json };
	bool uncovered = false;
	int ret = parse(args, &options_of_run, &uncovered);

	if (ret != OPTIONS_END)
		return options_status(ret);
	ret = run_command(&options_of_run);
	return !ret && uncovered ? check_probes() : ret;
}

const struct verb verb_run = {
	.name = "run",
	.operands = "COMMAND [ARG]...",
	.summary = "run a command and judge its device memory",
	.details =
		"COMMAND and its arguments follow the options, after --. The summary is written to\nstandard error when COMMAND ends. The exit status is that of COMMAND, 128 plus the\nnumber of the signal that ended it, or 3 if --fail-on holds.",
	.options = options,
	.takes_command = true,
	.run = run,
};
