// SPDX-License-Identifier: GPL-2.0
/*
 * --space NAME[=CAPACITY], of device add and device set
 */
#include <string.h>

#include "cmd.h"
#include "../util/parse.h"
#include "../util/err.h"
#include "spaces.h"

int spaces_option(const struct args *args, struct space_list *list,
		  bool needs_capacity)
{
	/* The words of the command line are ours to cut. */
	char *name = (char *)args->value;
	char *equals = strrchr(name, '=');
	uint64_t capacity = 0;

	if (list->nr == BUFTRACK_MAX_SPACES) {
		usage_error(args, "--space: a device has at most %d spaces",
			    BUFTRACK_MAX_SPACES);
		return OPTIONS_BAD;
	}
	if (needs_capacity && !equals) {
		usage_error(args,
			    "--space: '%s' has no capacity: write %s=12GiB",
			    name, name);
		return OPTIONS_BAD;
	}
	if (equals && (parse_size(equals + 1, &capacity) || !capacity)) {
		usage_error(
			args,
			"--space: '%s' is no capacity: write bytes, or KiB, MiB, GiB, TiB behind a number",
			equals + 1);
		return OPTIONS_BAD;
	}
	if (equals)
		*equals = '\0';
	list->spaces[list->nr].name = name;
	list->spaces[list->nr++].capacity = capacity;
	return 0;
}

int spaces_add(struct buftrack_device *device, const struct space_list *list)
{
	for (unsigned int i = 0; i < list->nr; i++) {
		const char *name = list->spaces[i].name;

		if (buftrack_device_add_space(
			    device, name, list->spaces[i].capacity, NULL) < 0)
			return fail_errno(REQ_SPACE_ADD, "space '%s'", name);
	}
	return 0;
}
