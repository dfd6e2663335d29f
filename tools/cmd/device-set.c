// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack device set
 */
#include <string.h>

#include "change.h"
#include "limits.h"
#include "../util/err.h"
#include "spaces.h"
#include "verbs.h"

enum {
	SPACE = NR_LIMITS,
	STACKS,
	DEVICE,
};

static const struct option_spec options[] = {
	LIMIT_OPTIONS,
	[SPACE] = { "space", "NAME=SIZE",
		    "capacity of a space, which is added if it is new; may be given again" },
	[STACKS] = { "stacks", "on|off",
		     "keep the kernel stack of each thing that its driver does" },
	[DEVICE] = { "device", "DEV",
		     "which device (name, number or node), if not as DEV" },
	{ .name = NULL },
};

struct request {
	const char *device;
	struct buftrack_settings *settings;
	struct space_list spaces;
};

static int stacks_option(const struct args *args,
			 struct buftrack_settings *settings)
{
	bool on = !strcmp(args->value, "on");

	if (!on && strcmp(args->value, "off")) {
		usage_error(args, "--stacks: '%s' is neither on nor off",
			    args->value);
		return OPTIONS_BAD;
	}
	buftrack_settings_keep_stacks(settings, on);
	return 0;
}

static int parse(struct args *args, struct request *request)
{
	const char *device = NULL;
	int option, bad = 0;

	while (!bad && (option = next_option(args)) >= 0) {
		if (option == DEVICE)
			device = args->value;
		else if (option == SPACE)
			bad = spaces_option(args, &request->spaces, true);
		else if (option == STACKS)
			bad = stacks_option(args, request->settings);
		else
			bad = limits_option(args, option, request->settings);
	}
	if (bad || option != OPTIONS_END)
		return bad ? bad : option;
	if (device_operand(args, device, &request->device))
		return OPTIONS_BAD;
	if (buftrack_settings_empty(request->settings) && !request->spaces.nr) {
		usage_error(args, "there is nothing to set");
		return OPTIONS_BAD;
	}
	return OPTIONS_END;
}

static int change(struct buftrack_device *device,
		  const struct buftrack_device_status *status, void *context)
{
	const struct request *request = context;

	if (!buftrack_settings_empty(request->settings) &&
	    buftrack_device_apply(device, request->settings))
		return fail_errno(REQ_DEVICE_SET, "device %u (%s)",
				  buftrack_device_status_number(status),
				  buftrack_device_status_name(status));
	return spaces_add(device, &request->spaces);
}

static int run(struct args *args)
{
	struct request request = { .settings = new_settings() };
	int ret = parse(args, &request);

	if (ret == OPTIONS_END)
		ret = change_device(request.device, change, &request);
	else
		ret = options_failed(ret);
	buftrack_settings_free(request.settings);
	return ret;
}

const struct verb verb_device_set = {
	.name = "device set",
	.operands = "[DEV]",
	.summary =
		"change a device's limits, keep stacks, or tell a space's capacity",
	.details =
		"DEV can be left out where there is only one device. SIZE is bytes, or with KiB,\nMiB, GiB or TiB behind the number. A lower limit drops nothing that is live.\nWith stacks, events and list tell from where a driver allocated and freed.",
	.options = options,
	.run = run,
};
