// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack: read and drive the buffer tracker
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "../util/err.h"
#include "cmd.h"

/* clang-format off */
const struct verb *const verbs[] = {
	&verb_status,
	&verb_list,
	&verb_remaining,
	&verb_events,
	&verb_diff,
	&verb_replay,
	&verb_record,
	&verb_run,
	&verb_bridge,
	&verb_device_add,
	&verb_device_remove,
	&verb_device_set,
	&verb_enable,
	&verb_disable,
	&verb_reset,
	&verb_version,
	&verb_help,
	NULL,
};
/* clang-format on */

static int unknown_verb(const char *first, const char *second)
{
	size_t length = strlen(first);

	for (size_t i = 0; verbs[i]; i++) {
		const char *name = verbs[i]->name;

		if (strncmp(name, first, length) || name[length] != ' ')
			continue;
		if (second && *second != '-')
			print_err("unknown verb '%s %s': see 'buftrack --help'",
				  first, second);
		else
			print_err("'%s' needs a verb: see 'buftrack --help'",
				  first);
		return EXIT_USAGE_ERROR;
	}
	print_err("unknown verb '%s': see 'buftrack --help'", first);
	return EXIT_USAGE_ERROR;
}

static int dispatch(int argc, char **argv)
{
	struct args args;

	if (argc < 2) {
		print_err("no verb given: see 'buftrack --help'");
		return EXIT_USAGE_ERROR;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_overview();
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version"))
		argv[1] += strlen("--");
	args.verb = find_verb(argv[1], argc > 2 ? argv[2] : NULL);
	if (!args.verb && argc > 2 && !strcmp(argv[2], "--help")) {
		print_overview();
		return EXIT_OK;
	}
	if (!args.verb)
		return unknown_verb(argv[1], argc > 2 ? argv[2] : NULL);
	args.argc = argc - 1;
	args.argv = argv + 1;
	if (strchr(args.verb->name, ' ')) {
		args.argc--;
		args.argv++;
	}
	return args.verb->run(&args);
}

int main(int argc, char **argv)
{
	int ret;

	setlocale(LC_CTYPE, "");
	ret = dispatch(argc, argv);
	/* A full disk or a closed pipe must not look like success. */
	if (fflush(stdout) || ferror(stdout))
		return fail("cannot write the output: %s", strerror(errno));
	return ret;
}
