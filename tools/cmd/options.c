// SPDX-License-Identifier: GPL-2.0
/*
 * The words that follow a verb, by getopt_long()
 *
 * What a verb takes is written down once, as its list of options, from which
 * both this and help are made.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "cmd.h"
#include "../util/err.h"

#define MAX_OPTIONS 32
/* Beyond all characters, so that no option is taken for a short one. */
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

static int complain(struct args *args, int what)
{
	const char *word = args->argv[optind - 1];

	if (what == ':')
		usage_error(args, "%s needs a value", word);
	else if (optopt >= FIRST)
		usage_error(args, "%s: this option takes no value", word);
	else if (optopt)
		usage_error(args, "there is no option -%c", optopt);
	else
		usage_error(args, "there is no option %s", word);
	return OPTIONS_BAD;
}

int next_option(struct args *args)
{
	struct option options[MAX_OPTIONS + 2] = { 0 };
	int found;

	to_getopt(args->verb->options, options);
	opterr = 0;
	found = getopt_long(args->argc, args->argv, ":h", options, NULL);
	if (found == '?' || found == ':')
		return complain(args, found);
	if (found == HELP || found == 'h') {
		print_help(args->verb);
		return OPTIONS_HELP;
	}
	args->value = optarg;
	return found < 0 ? OPTIONS_END : found - FIRST;
}

int options_failed(int option)
{
	return option == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE_ERROR;
}

char **operands(struct args *args, int least, int most)
{
	int nr = args->argc - optind;

	if (nr < least)
		usage_error(args, "it needs %s", args->verb->operands);
	else if (nr > most)
		usage_error(args, "'%s' is one word too many",
			    args->argv[optind + most]);
	else
		return args->argv + optind;
	return NULL;
}
