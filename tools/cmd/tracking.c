// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack enable, buftrack disable, buftrack reset
 */
#include "../util/err.h"
#include "cmd.h"
#include "lookup.h"

enum {
	DEVICE,
};

static const struct option_spec options[] = {
	[DEVICE] = { "device", "DEV",
		     "the device (name, number or node), instead of DEV" },
	{ .name = NULL },
};

#define DEV_IS_OPTIONAL "DEV may be omitted if there is only one device."

static int parse(struct args *args, const char **device)
{
	const char *value = NULL;
	int option;

	while ((option = next_option(args)) >= 0)
		value = args->value;
	if (option == OPTIONS_END && device_operand(args, value, device))
		return OPTIONS_BAD;
	return option;
}

static int run(struct args *args, device_function *change, void *context)
{
	const char *device;
	int option = parse(args, &device);

	if (option != OPTIONS_END)
		return options_status(option);
	return change_device(device, change, context);
}

static int apply(struct buftrack_device *device,
		 const struct buftrack_device_status *status, void *context)
{
	if (buftrack_device_apply(device, context))
		return fail_device(REQ_DEVICE_SET, status);
	return 0;
}

static int switch_tracking(struct args *args, bool on)
{
	struct buftrack_settings *settings = checked(buftrack_settings_new());
	int ret;

	buftrack_settings_enable(settings, on);
	ret = run(args, apply, settings);
	buftrack_settings_free(settings);
	return ret;
}

static int run_enable(struct args *args)
{
	return switch_tracking(args, true);
}

static int run_disable(struct args *args)
{
	return switch_tracking(args, false);
}

static int reset(struct buftrack_device *device,
		 const struct buftrack_device_status *status, void *context)
{
	(void)context;
	if (buftrack_device_reset(device))
		return fail_device(REQ_RESET, status);
	return 0;
}

static int run_reset(struct args *args)
{
	return run(args, reset, NULL);
}

const struct verb verb_enable = {
	.name = "enable",
	.operands = "[DEV]",
	.summary = "enable tracking on a device",
	.details = DEV_IS_OPTIONAL,
	.options = options,
	.run = run_enable,
};

const struct verb verb_disable = {
	.name = "disable",
	.operands = "[DEV]",
	.summary = "disable tracking on a device",
	.details = DEV_IS_OPTIONAL
	"\nReports made while tracking is off get the verdict disabled and leave a gap: later\nverdicts do not rely on buffers allocated before it.",
	.options = options,
	.run = run_disable,
};

const struct verb verb_reset = {
	.name = "reset",
	.operands = "[DEV]",
	.summary = "reset the counters of a device",
	.details = DEV_IS_OPTIONAL
	"\nCounters of current amounts stay. allocs is set to live_buffers, and peak_bytes to\nlive_bytes.",
	.options = options,
	.run = run_reset,
};
