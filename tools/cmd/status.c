// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack status
 */
#include "cmd.h"
#include "fail-on.h"
#include "probes.h"
#include "../util/err.h"
#include "select.h"
#include "snapshot.h"
#include "verbs.h"

enum {
	DEVICE,
	JSON,
	FAIL_ON,
	ALL_CLIENTS,
};

static const struct option_spec options[] = {
	[DEVICE] = { "device", "DEV",
		     "only this device (name, number or node)" },
	[JSON] = { "json", NULL, "write JSON" },
	[FAIL_ON] = { "fail-on", "LIST",
		      "exit with 3 if any of these verdicts was given, or buffers remained (remaining)" },
	[ALL_CLIENTS] = { "all-clients", NULL,
			  "show all closed clients that are kept" },
	{ .name = NULL },
};

struct request {
	const char *device;
	bool json;
	bool all_clients;
	struct condition condition;
};

static int parse(struct args *args, struct request *request)
{
	int option;

	while ((option = next_option(args)) >= 0) {
		switch (option) {
		case DEVICE:
			request->device = args->value;
			break;
		case JSON:
			request->json = true;
			break;
		case ALL_CLIENTS:
			request->all_clients = true;
			break;
		case FAIL_ON:
			if (condition_parse(args, &request->condition,
					    args->value))
				return OPTIONS_BAD;
			break;
		}
	}
	if (option == OPTIONS_END && !operands(args, 0, 0))
		return OPTIONS_BAD;
	return option;
}

static int take(struct buftrack_device *device,
		const struct buftrack_device_status *status, void *context)
{
	(void)status;
	return snapshots_add(context, device);
}

static void print(const struct request *request,
		  const struct snapshots *snapshots)
{
	if (request->json) {
		print_json(snapshots, probes_json());
		return;
	}
	print_text(snapshots, request->all_clients);
	print_processes(snapshots);
	if (!request->device)
		print_probes();
}

static int run(struct args *args)
{
	struct request request = { 0 };
	struct snapshots snapshots = { 0 };
	int ret = parse(args, &request);

	if (ret != OPTIONS_END)
		return options_failed(ret);
	ret = each_device(request.device, take, &snapshots);
	if (!ret) {
		print(&request, &snapshots);
		ret = condition_check(&request.condition, &snapshots);
	}
	snapshots_drop(&snapshots);
	return ret;
}

const struct verb verb_status = {
	.name = "status",
	.operands = "",
	.summary =
		"what each device holds, for whom, and which frees were wrong",
	.details =
		"The verdicts of --fail-on are separated by commas; unknown_free stands for all\nof its reasons, unknown_free.never and the like for one.",
	.options = options,
	.run = run,
};
