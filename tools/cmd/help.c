// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack help
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "../util/err.h"
#include "verbs.h"

const struct verb *find_verb(const char *first, const char *second)
{
	size_t length = strlen(first);

	for (size_t i = 0; verbs[i]; i++) {
		const char *name = verbs[i]->name;

		if (!strcmp(name, first))
			return verbs[i];
		if (second && !strncmp(name, first, length) &&
		    name[length] == ' ' && !strcmp(name + length + 1, second))
			return verbs[i];
	}
	return NULL;
}

static void print_options(const struct option_spec *spec)
{
	printf("\nOptions:\n");
	for (; spec && spec->name; spec++) {
		char left[48];

		snprintf(left, sizeof(left), "--%s%s%s", spec->name,
			 spec->argument ? " " : "",
			 spec->argument ? spec->argument : "");
		printf("  %-24s %s\n", left, spec->help);
	}
	printf("  %-24s %s\n", "--help", "show this");
}

void print_help(const struct verb *verb)
{
	printf("Usage: buftrack %s%s%s [OPTION]...\n\n", verb->name,
	       *verb->operands ? " " : "", verb->operands);
	printf("%c%s.\n", verb->summary[0] - ('a' - 'A'), verb->summary + 1);
	print_options(verb->options);
	if (verb->details)
		printf("\n%s\n", verb->details);
}

void print_overview(void)
{
	printf("Usage: buftrack VERB [OPTION]...\n\n"
	       "Tells who holds each device buffer, and whether it was freed once, twice or\nnever.\n\n");
	for (size_t i = 0; verbs[i]; i++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", verbs[i]->name,
			 verbs[i]->operands);
		printf("  %-24s %s\n", left, verbs[i]->summary);
	}
	printf("\n'buftrack VERB --help' tells more of a verb, 'man buftrack' all.\n\n"
	       "Exit status: 0 fine, 1 failed, 2 wrong usage, 3 what --fail-on asks for is there.\n");
}

static const struct option_spec options[] = { { .name = NULL } };

static int run(struct args *args)
{
	const struct verb *verb;
	int option = next_option(args);
	char **words;

	if (option != OPTIONS_END)
		return options_failed(option);
	words = operands(args, 0, 2);
	if (!words)
		return EXIT_USAGE_ERROR;
	if (!words[0]) {
		print_overview();
		return EXIT_OK;
	}
	verb = find_verb(words[0], words[1]);
	if (!verb)
		return usage_error(args, "there is no verb '%s%s%s'", words[0],
				   words[1] ? " " : "",
				   words[1] ? words[1] : "");
	print_help(verb);
	return EXIT_OK;
}

const struct verb verb_help = {
	.name = "help",
	.operands = "[VERB]",
	.summary = "show what there is, or more of a verb",
	.options = options,
	.run = run,
};
