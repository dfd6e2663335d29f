// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack diff
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "owners.h"
#include "../util/err.h"
#include "verbs.h"

enum {
	JSON,
};

static const struct option_spec options[] = {
	[JSON] = { "json", NULL, "write JSON" },
	{ .name = NULL },
};

static bool is_of(const struct side *side, const char *name)
{
	for (const struct name *at = side->devices; at; at = at->next)
		if (!strcmp(at->name, name))
			return true;
	return false;
}

void note_device(struct side *side, const char *name)
{
	struct name *device;

	if (is_of(side, name))
		return;
	device = calloc(1, sizeof(*device));
	if (!device)
		exit(fail("out of memory: free some and try again"));
	copy_name(device->name, name, sizeof(device->name));
	device->next = side->devices;
	side->devices = device;
}

static void drop_devices(struct side *side)
{
	while (side->devices) {
		struct name *device = side->devices;

		side->devices = device->next;
		free(device);
	}
}

/* count_missing() - devices of the one that the other is not of; one is named */
static size_t count_missing(const struct side *of, const struct side *in,
			    const char **example)
{
	size_t nr = 0;

	for (const struct name *at = of->devices; at; at = at->next) {
		if (is_of(in, at->name))
			continue;
		*example = at->name;
		nr++;
	}
	return nr;
}

static size_t count_devices(const struct side *side)
{
	size_t nr = 0;

	for (const struct name *at = side->devices; at; at = at->next)
		nr++;
	return nr;
}

/* Lists of different machines, or of different devices, have no difference. */
static int check_devices(const struct side *a, const struct side *b)
{
	const char *only_a = NULL, *only_b = NULL;
	size_t nr_a = count_missing(a, b, &only_a);
	size_t nr_b = count_missing(b, a, &only_b);

	if (nr_a && nr_b && nr_a == count_devices(a))
		return fail(
			"%s is of device '%s' and %s of device '%s': compare lists of the same devices",
			a->file, only_a, b->file, only_b);
	if (nr_a)
		print_err(
			"note: device '%s' is in %s only: all that it held counts as gone",
			only_a, a->file);
	if (nr_b)
		print_err(
			"note: device '%s' is in %s only: all that it holds counts as new",
			only_b, b->file);
	return 0;
}

static void note_doubts(const struct side *side)
{
	if (side->inexact)
		print_err(
			"note: %s says that it is not exact: buffers may be missing in it",
			side->file);
	if (side->ignored)
		print_err(
			"note: %llu records of %s are not live, and are left out",
			(unsigned long long)side->ignored, side->file);
}

static int check(const struct side sides[2])
{
	note_doubts(&sides[0]);
	note_doubts(&sides[1]);
	if (sides[1].instant && sides[1].instant < sides[0].instant)
		print_err(
			"note: %s is the older one: are they the wrong way round?",
			sides[1].file);
	return check_devices(&sides[0], &sides[1]);
}

static int compare(struct side sides[2], struct diff *diff, bool json)
{
	struct group **groups, total;
	int ret = read_list(&sides[0], diff_before, diff);
	size_t nr;

	if (!ret)
		ret = read_list(&sides[1], diff_after, diff);
	if (!ret)
		ret = check(sides);
	if (ret)
		return ret;
	nr = diff_groups(diff, &groups, &total);
	if (json)
		print_diff_json(sides, groups, nr, &total);
	else
		print_diff_text(sides, groups, nr, &total);
	free(groups);
	return 0;
}

static int run(struct args *args)
{
	struct side sides[2] = { 0 };
	bool json = false;
	struct diff *diff;
	char **files;
	int ret;

	while ((ret = next_option(args)) >= 0)
		json = true;
	if (ret != OPTIONS_END)
		return options_failed(ret);
	files = operands(args, 2, 2);
	if (!files)
		return EXIT_USAGE_ERROR;
	sides[0].file = files[0];
	sides[1].file = files[1];
	diff = diff_new();
	ret = compare(sides, diff, json);
	diff_free(diff);
	drop_devices(&sides[0]);
	drop_devices(&sides[1]);
	return ret;
}

const struct verb verb_diff = {
	.name = "diff",
	.operands = "BEFORE AFTER",
	.summary = "what has come, gone and grown between two lists",
	.details =
		"BEFORE and AFTER are files that 'buftrack list --json' has written. Live buffers are\ncompared, by client, space and site; what has grown most comes first.",
	.options = options,
	.run = run,
};
