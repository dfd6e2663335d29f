// SPDX-License-Identifier: GPL-2.0
/*
 * Parsing options and operands, and buftrack help
 *
 * The option list of a verb serves both getopt_long() and help.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/err.h"
#include "../util/parse.h"
#include "cmd.h"

#define MAX_OPTIONS 32
/* Above every character, which is what getopt_long() returns for short options */
#define FIRST 256
#define HELP (FIRST + MAX_OPTIONS)

static void to_getopt(const struct option_spec *spec, struct option *options)
{
	unsigned int nr = 0;

	for (; spec && spec->name; spec++, nr++)
		options[nr] = (struct option){
			.name = spec->name,
			.has_arg = spec->argument ? required_argument :
						    no_argument,
			.val = FIRST + nr,
		};
	options[nr] = (struct option){ .name = "help", .val = HELP };
}

int usage_error(const struct args *args, const char *format, ...)
{
	char problem[512];
	va_list list;

	va_start(list, format);
	vsnprintf(problem, sizeof(problem), format, list);
	va_end(list);
	print_err("%s: %s: see 'buftrack %s --help'", args->verb->name, problem,
		  args->verb->name);
	return EXIT_USAGE_ERROR;
}

static int bad_option(struct args *args, int what)
{
	const char *word = args->argv[optind - 1];

	if (what == ':')
		usage_error(args, "%s needs a value", word);
	else if (optopt >= FIRST)
		usage_error(args, "%s: this option takes no value", word);
	else if (optopt)
		usage_error(args, "unknown option -%c", optopt);
	else
		usage_error(args, "unknown option %s", word);
	return OPTIONS_BAD;
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
	printf("  %-24s %s\n", "--help", "show this help");
}

static void print_help(const struct verb *verb)
{
	if (verb->takes_command)
		printf("Usage: buftrack %s [OPTION]... [--] %s\n\n", verb->name,
		       verb->operands);
	else
		printf("Usage: buftrack %s%s%s [OPTION]...\n\n", verb->name,
		       *verb->operands ? " " : "", verb->operands);
	printf("%c%s.\n", verb->summary[0] - ('a' - 'A'), verb->summary + 1);
	print_options(verb->options);
	if (verb->details)
		printf("\n%s\n", verb->details);
}

int next_option(struct args *args)
{
	struct option options[MAX_OPTIONS + 2] = { 0 };
	int found;

	to_getopt(args->verb->options, options);
	opterr = 0;
	found = getopt_long(args->argc, args->argv,
			    args->verb->takes_command ? "+:h" : ":h", options,
			    NULL);
	if (found == '?' || found == ':')
		return bad_option(args, found);
	if (found == HELP || found == 'h') {
		print_help(args->verb);
		return OPTIONS_HELP;
	}
	args->value = optarg;
	return found < 0 ? OPTIONS_END : found - FIRST;
}

int options_status(int option)
{
	return option == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE_ERROR;
}

char **operands(struct args *args, int least, int most)
{
	int nr = args->argc - optind;

	if (nr < least)
		usage_error(args, "missing %s", args->verb->operands);
	else if (nr > most)
		usage_error(args, "unexpected word '%s'",
			    args->argv[optind + most]);
	else
		return args->argv + optind;
	return NULL;
}

int device_operand(struct args *args, const char *option, const char **device)
{
	char **words = operands(args, 0, 1);

	if (!words)
		return OPTIONS_BAD;
	if (words[0] && option) {
		usage_error(args, "the device is named twice, as '%s' and '%s'",
			    option, words[0]);
		return OPTIONS_BAD;
	}
	*device = words[0] ? words[0] : option;
	return 0;
}

int bad_value(const struct args *args, int option, const char *expected)
{
	usage_error(args, "--%s: '%s' is not %s",
		    args->verb->options[option].name, args->value, expected);
	return OPTIONS_BAD;
}

int number_option(const struct args *args, int option, uint64_t least,
		  uint64_t most, uint64_t *number)
{
	char range[80] = "a number";

	if (!parse_number(args->value, number) && *number >= least &&
	    *number <= most)
		return 0;
	if (most != UINT64_MAX)
		snprintf(range, sizeof(range),
			 "a number from %" PRIu64 " to %" PRIu64, least, most);
	else if (least)
		snprintf(range, sizeof(range), "a number from %" PRIu64, least);
	return bad_value(args, option, range);
}

int size_option(const struct args *args, int option, uint64_t *bytes)
{
	if (!parse_size(args->value, bytes))
		return 0;
	return bad_value(args, option, "a size such as 4096, 4KiB or 1.5GiB");
}

int duration_option(const struct args *args, int option, uint64_t *ns)
{
	if (!parse_duration(args->value, ns))
		return 0;
	return bad_value(args, option, "a time such as 10, 1.5s, 100ms or 2h");
}

int each_word(const struct args *args, int option,
	      bool (*take)(const char *word, size_t length, void *context),
	      void *context, const char *expected)
{
	const char *list = args->value;

	for (;;) {
		size_t length = strcspn(list, ",");

		if (!take(list, length, context)) {
			usage_error(args, "--%s: '%.*s' is not %s",
				    args->verb->options[option].name,
				    (int)length, list, expected);
			return OPTIONS_BAD;
		}
		if (!list[length])
			return 0;
		list += length + 1;
	}
}

#define POWER(n) (UINT64_C(1) << (n))

static const struct {
	uint64_t least;
	uint64_t most;
} ranges[NR_LIMITS] = {
	[LIMIT_RECORDS] = { 1, POWER(32) },
	[LIMIT_CLIENT_RECORDS] = { 1, POWER(32) },
	[LIMIT_FREED] = { 0, POWER(32) },
	[LIMIT_CLIENTS] = { 1, 65536 },
	[LIMIT_CLOSED] = { 0, 65536 },
	[LIMIT_REMAINING] = { 0, POWER(24) },
};

static void set_limit(struct buftrack_settings *settings, int limit,
		      uint64_t value)
{
	switch (limit) {
	case LIMIT_RECORDS:
		buftrack_settings_limit_records(settings, value);
		break;
	case LIMIT_CLIENT_RECORDS:
		buftrack_settings_limit_client_records(settings, value);
		break;
	case LIMIT_FREED:
		buftrack_settings_limit_freed(settings, value);
		break;
	case LIMIT_CLIENTS:
		buftrack_settings_limit_clients(settings, value);
		break;
	case LIMIT_CLOSED:
		buftrack_settings_limit_closed(settings, value);
		break;
	case LIMIT_REMAINING:
		buftrack_settings_limit_remaining(settings, value);
		break;
	}
}

int limit_option(const struct args *args, int limit,
		 struct buftrack_settings *settings)
{
	uint64_t value;

	if (number_option(args, limit, ranges[limit].least, ranges[limit].most,
			  &value))
		return OPTIONS_BAD;
	set_limit(settings, limit, value);
	return 0;
}

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

void print_overview(void)
{
	printf("Usage: buftrack VERB [OPTION]...\n\n"
	       "Show who holds each device buffer, and whether it was freed once, twice or\nnever.\n\n");
	for (size_t i = 0; verbs[i]; i++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", verbs[i]->name,
			 verbs[i]->operands);
		printf("  %-24s %s\n", left, verbs[i]->summary);
	}
	printf("\n'buftrack VERB --help' describes a verb, 'man buftrack' all of them.\n\n"
	       "Exit status: 0 success, 1 failure, 2 wrong usage, 3 a --fail-on condition holds.\n");
}

static const struct option_spec help_options[] = { { .name = NULL } };

static int run_help(struct args *args)
{
	const struct verb *verb;
	int option = next_option(args);
	char **words;

	if (option != OPTIONS_END)
		return options_status(option);
	words = operands(args, 0, 2);
	if (!words)
		return EXIT_USAGE_ERROR;
	if (!words[0]) {
		print_overview();
		return EXIT_OK;
	}
	verb = find_verb(words[0], words[1]);
	if (!verb)
		return usage_error(args, "unknown verb '%s%s%s'", words[0],
				   words[1] ? " " : "",
				   words[1] ? words[1] : "");
	print_help(verb);
	return EXIT_OK;
}

const struct verb verb_help = {
	.name = "help",
	.operands = "[VERB]",
	.summary = "list the verbs, or describe one",
	.options = help_options,
	.run = run_help,
};
