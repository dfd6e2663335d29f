// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack bridge
 */
#include <stdlib.h>
#include <string.h>

#include "../bridge/bridge.h"
#include "../util/err.h"
#include "cmd.h"

enum {
	SOCKET,
	MODE,
	CONFIG,
	SYSFS,
	MAX_CONNECTIONS,
	MAX_ADDRESSES,
	VERBOSE,
};

static const struct option_spec options[] = {
	[SOCKET] = { "socket", "PATH",
		     "socket to listen on, default " BRIDGE_SOCKET },
	[MODE] = { "mode", "MODE",
		   "permissions of the socket, octal, default 0666" },
	[CONFIG] = { "config", "FILE",
		     "description of the devices, default " BRIDGE_CONFIG },
	[SYSFS] = { "sysfs", "DIR", "where to look for chips, default /sys" },
	[MAX_CONNECTIONS] = { "max-connections", "N",
			      "limit on simultaneous connections, default 4096" },
	[MAX_ADDRESSES] = { "max-addresses", "N",
			    "limit on remembered addresses, default 2097152" },
	[VERBOSE] = { "verbose", NULL,
		      "print each alloc and free as the original server does" },
	{ .name = NULL },
};

static int mode_option(const struct args *args, struct bridge_options *bridge)
{
	char *end;
	unsigned long mode = strtoul(args->value, &end, 8);

	if (!*args->value || args->value[strspn(args->value, "01234567")] ||
	    mode > 0777)
		return bad_value(args, MODE, "a mode from 0 to 0777");
	bridge->mode = mode;
	return 0;
}

static int take_option(struct args *args, int option,
		       struct bridge_options *bridge)
{
	switch (option) {
	case SOCKET:
		bridge->socket = args->value;
		return 0;
	case MODE:
		return mode_option(args, bridge);
	case CONFIG:
		bridge->config = args->value;
		return 0;
	case SYSFS:
		bridge->sysfs = args->value;
		return 0;
	case MAX_CONNECTIONS:
		return number_option(args, option, 1, 1000000,
				     &bridge->max_connections);
	case VERBOSE:
		bridge->verbose = true;
		return 0;
	default:
		return number_option(args, option, 4, UINT32_MAX,
				     &bridge->max_addresses);
	}
}

static int run(struct args *args)
{
	struct bridge_options bridge = {
		.socket = BRIDGE_SOCKET,
		.mode = -1,
		.sysfs = "/sys",
		.max_connections = BRIDGE_CONNECTIONS,
		.max_addresses = BRIDGE_ADDRESSES,
	};
	int option;

	while ((option = next_option(args)) >= 0)
		if (take_option(args, option, &bridge))
			return EXIT_USAGE_ERROR;
	if (option != OPTIONS_END)
		return options_status(option);
	if (!operands(args, 0, 0))
		return EXIT_USAGE_ERROR;
	return bridge_run(&bridge);
}

const struct verb verb_bridge = {
	.name = "bridge",
	.operands = "",
	.summary = "serve programs that report to the allocation server",
	.details =
		"Programs built for the allocation server (TT_ALLOC_TRACKING_ENABLED=1) report to\nits socket. The bridge listens there and forwards their messages to the kernel as\nreports. Each connection is a separate client on each device that it uses.\nThe messages carry neither ids nor spans: " ADDRESS_ONLY
		".\nThe bridge runs until SIGTERM or SIGINT.",
	.options = options,
	.run = run,
};
