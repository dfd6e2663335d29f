// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack bridge
 */
#include <stdlib.h>
#include <string.h>

#include "../bridge/bridge.h"
#include "../util/err.h"
#include "../util/parse.h"
#include "cmd.h"

enum {
	SOCKET,
	MODE,
	CONFIG,
	SYSFS,
	MAX_CONNECTIONS,
	MAX_ADDRESSES,
};

static const struct option_spec options[] = {
	[SOCKET] = { "socket", "PATH", "listen there, not at " BRIDGE_SOCKET },
	[MODE] = { "mode", "MODE", "of the socket, octal, 0666 unless set" },
	[CONFIG] = { "config", "FILE",
		     "what devices there are, not " BRIDGE_CONFIG },
	[SYSFS] = { "sysfs", "DIR", "look for chips there, not in /sys" },
	[MAX_CONNECTIONS] = { "max-connections", "N",
			      "most at a time, 4096 unless set" },
	[MAX_ADDRESSES] = { "max-addresses", "N",
			    "most that are remembered, 2097152 unless set" },
	{ .name = NULL },
};

static int take_mode(struct args *args, struct bridge_options *bridge)
{
	char *end;
	unsigned long mode = strtoul(args->value, &end, 8);

	if (!*args->value || args->value[strspn(args->value, "01234567")] ||
	    mode > 0777) {
		usage_error(args, "--mode: '%s' is no mode from 0 to 0777",
			    args->value);
		return OPTIONS_BAD;
	}
	bridge->mode = mode;
	return 0;
}

static int take_number(struct args *args, const char *name, uint64_t least,
		       uint64_t most, uint64_t *number)
{
	if (!parse_number(args->value, number) && *number >= least &&
	    *number <= most)
		return 0;
	usage_error(args, "--%s: '%s' is no number from %llu to %llu", name,
		    args->value, (unsigned long long)least,
		    (unsigned long long)most);
	return OPTIONS_BAD;
}

static int take_option(struct args *args, int option,
		       struct bridge_options *bridge)
{
	switch (option) {
	case SOCKET:
		bridge->socket = args->value;
		return 0;
	case MODE:
		return take_mode(args, bridge);
	case CONFIG:
		bridge->config = args->value;
		return 0;
	case SYSFS:
		bridge->sysfs = args->value;
		return 0;
	case MAX_CONNECTIONS:
		return take_number(args, options[option].name, 1, 1000000,
				   &bridge->max_connections);
	default:
		return take_number(args, options[option].name, 4, UINT32_MAX,
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
		return options_failed(option);
	if (!operands(args, 0, 0))
		return EXIT_USAGE_ERROR;
	return bridge_run(&bridge);
}

const struct verb verb_bridge = {
	.name = "bridge",
	.operands = "",
	.summary = "be the allocation server that programs report to",
	.details =
		"Programs that were built for the allocation server (TT_ALLOC_TRACKING_ENABLED=1)\nreport to its socket. The bridge listens there, and makes what they say reports to\nthe kernel, each connection a client of its own on each device that it uses.\nThese messages carry no ids and no spans: " ADDRESS_ONLY
		".\nIt runs until it gets SIGTERM or SIGINT.",
	.options = options,
	.run = run,
};
