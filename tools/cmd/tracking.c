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
		     "which device (name, number or node), if not as DEV" },
	{ .name = NULL },
};

#define WHICH "DEV can be left out where there is only one device."

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

static int run(struct args *args,
	       int (*change)(struct buftrack_device *device,
			     const struct buftrack_device_status *status,
			     void *context),
	       void *context)
{
	const char *device;
	int option = parse(args, &device);

	if (option != OPTIONS_END)
		return options_failed(option);
	return change_device(device, change, context);
}

static int apply(struct buftrack_device *device,
		 const struct buftrack_device_status *status, void *context)
{
	if (buftrack_device_apply(device, context))
		return fail_errno(REQ_DEVICE_SET, "device %u (%s)",
				  buftrack_device_status_number(status),
				  buftrack_device_status_name(status));
	return 0;
}

static int switch_tracking(struct args *args, bool on)
{
	struct buftrack_settings *settings = new_settings();
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
		return fail_errno(REQ_RESET, "device %u (%s)",
				  buftrack_device_status_number(status),
				  buftrack_device_status_name(status));
	return 0;
}

static int run_reset(struct args *args)
{
	return run(args, reset, NULL);
}

const struct verb verb_enable = {
	.name = "enable",
	.operands = "[DEV]",
	.summary = "switch a device's tracking on",
	.details = WHICH,
	.options = options,
	.run = run_enable,
};

const struct verb verb_disable = {
	.name = "disable",
	.operands = "[DEV]",
	.summary = "switch a device's tracking off",
	.details = WHICH
	"\nReports that come while it is off are refused as disabled, counted, and make a\ngap: buffers that are older than it are blamed for nothing.",
	.options = options,
	.run = run_disable,
};

const struct verb verb_reset = {
	.name = "reset",
	.operands = "[DEV]",
	.summary = "start a device's counters anew",
	.details = WHICH
	"\nWhat is held now stays: allocs becomes live_buffers and peak_bytes live_bytes.",
	.options = options,
	.run = run_reset,
};
