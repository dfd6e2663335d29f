// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack version
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <libbuftrack.h>

#include "../util/err.h"
#include "../util/json.h"
#include "../util/text.h"
#include "cmd.h"

enum {
	JSON,
};

static const struct option_spec options[] = {
	[JSON] = { "json", NULL, "print JSON" },
	{ .name = NULL },
};

/* compare() - the interface of the module relative to that of the command */
static const char *compare(const struct buftrack_module *module)
{
	unsigned int counters = buftrack_module_nr_counters(module);
	unsigned int verdicts = buftrack_module_nr_verdicts(module);

	if (counters > BUFTRACK_NR_COUNTERS || verdicts > BUFTRACK_NR_VERDICTS)
		return "newer";
	if (counters < BUFTRACK_NR_COUNTERS || verdicts < BUFTRACK_NR_VERDICTS)
		return "older";
	return "same";
}

static void print_note(const struct buftrack_module *module)
{
	const char *relation = compare(module);

	if (!strcmp(relation, "newer"))
		printf("note: the module is newer than this command, which shows only %d of %u counters\nand %d of %u verdicts: install the command of that version\n",
		       BUFTRACK_NR_COUNTERS,
		       buftrack_module_nr_counters(module),
		       BUFTRACK_NR_VERDICTS,
		       buftrack_module_nr_verdicts(module));
	else if (!strcmp(relation, "older"))
		printf("note: the module is older than this command: it has %u of %d counters and %u of %d\nverdicts: load the module that came with the command\n",
		       buftrack_module_nr_counters(module),
		       BUFTRACK_NR_COUNTERS,
		       buftrack_module_nr_verdicts(module),
		       BUFTRACK_NR_VERDICTS);
}

static void print_text(const struct buftrack_module *module, const char *why)
{
	uint64_t records, bytes;
	char text[UNIT_TEXT];

	printf("command: %s\n", COMMAND_VERSION);
	printf("library: %s\n", buftrack_library_version());
	if (!module) {
		printf("module: %s\n", why);
		return;
	}
	printf("module: %s\n", buftrack_module_version(module));
	printf("devices: %u of %u\n", buftrack_module_nr_devices(module),
	       buftrack_module_max_devices(module));
	records = buftrack_module_nr_records(module);
	bytes = records * buftrack_module_record_size(module);
	printf("records: %" PRIu64 " of %" PRIu64 ", %u B each, %s\n", records,
	       buftrack_module_max_records(module),
	       buftrack_module_record_size(module), size_text(bytes, text));
	print_note(module);
}

static void print_version_json(const struct buftrack_module *module)
{
	struct json_object *object = json_dict();

	json_put_text(object, "command", COMMAND_VERSION);
	json_put_text(object, "library", buftrack_library_version());
	if (!module) {
		json_put(object, "module", NULL);
		json_print(object);
		return;
	}
	json_put_text(object, "module", buftrack_module_version(module));
	json_put_text(object, "interface", compare(module));
	json_put_number(object, "nr_devices",
			buftrack_module_nr_devices(module));
	json_put_number(object, "max_devices",
			buftrack_module_max_devices(module));
	json_put_number(object, "nr_records",
			buftrack_module_nr_records(module));
	json_put_number(object, "max_records",
			buftrack_module_max_records(module));
	json_put_number(object, "record_size",
			buftrack_module_record_size(module));
	json_put_number(object, "nr_counters",
			buftrack_module_nr_counters(module));
	json_put_number(object, "nr_verdicts",
			buftrack_module_nr_verdicts(module));
	json_print(object);
}

/* read_module() - NULL, and @why, if no module is loaded, which is not an error */
static struct buftrack_module *read_module(const char **why)
{
	struct buftrack_control *control = buftrack_control_open(O_RDONLY);
	struct buftrack_module *module;

	if (!control) {
		*why = err_text(REQ_OPEN_CONTROL, errno);
		return NULL;
	}
	module = buftrack_control_read_module(control);
	if (!module)
		*why = err_text(REQ_INFO, errno);
	buftrack_control_close(control);
	return module;
}

static int run(struct args *args)
{
	struct buftrack_module *module;
	const char *why = NULL;
	bool json = false;
	int option;

	while ((option = next_option(args)) >= 0)
		json = true;
	if (option != OPTIONS_END)
		return options_status(option);
	if (!operands(args, 0, 0))
		return EXIT_USAGE_ERROR;
	module = read_module(&why);
	if (json)
		print_version_json(module);
	else
		print_text(module, why);
	buftrack_module_free(module);
	return EXIT_OK;
}

const struct verb verb_version = {
	.name = "version",
	.operands = "",
	.summary = "show the versions of command, library and module",
	.options = options,
	.run = run,
};
