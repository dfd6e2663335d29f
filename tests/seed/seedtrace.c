// SPDX-License-Identifier: GPL-2.0
/*
 * seedtrace: write the seed's trace or its expected results, or compare them with
 *	      a replay
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "seed.h"

static void print_tally(const char *chip, const char *space,
			const struct tally *tally)
{
	for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		printf("%s%s%s %s %" PRIu64 "\n", chip, *space ? "/" : "",
		       space, buftrack_counter_name(i), tally->counter[i]);
}

static void print_expected(void)
{
	for (unsigned int chip = 0; chip < NR_CHIPS; chip++) {
		print_tally(chip_names[chip], "", &expected.chip[chip]);
		for (unsigned int i = 0; i < NR_SPACES; i++)
			print_tally(chip_names[chip], space_names[i],
				    &expected.space[chip][i]);
	}
}

static int open_json(const char *path)
{
	int fd = STDIN_FILENO;

	if (path && strcmp(path, "-"))
		fd = open(path, O_RDONLY);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	int ret = 0;

	if (argc > 3 ||
	    (*mode && strcmp(mode, "--expect") && strcmp(mode, "--compare"))) {
		fprintf(stderr,
			"usage: seedtrace [--expect | --compare [JSON]]\n");
		return 2;
	}
	silent = *mode;
	run_workload();
	if (!strcmp(mode, "--expect"))
		print_expected();
	else if (*mode)
		ret = compare(open_json(argv[2]));
	if (fflush(stdout))
		err(1, "the output cannot be written");
	return ret;
}
