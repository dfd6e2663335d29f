// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack status
 */
#include <stdio.h>
#include <string.h>

#include "../util/err.h"
#include "../util/json.h"
#include "cmd.h"
#include "lookup.h"
#include "probes.h"
#include "records.h"
#include "snapshot.h"

enum {
	DEVICE,
	JSON,
	FAIL_ON,
	ALL_CLIENTS,
	BY,
};

static const struct option_spec options[] = {
	[DEVICE] = { "device", "DEV",
		     "only this device (name, number or node)" },
	[JSON] = { "json", NULL, "print JSON" },
	[FAIL_ON] = { "fail-on", "LIST",
		      "exit with 3 if a verdict of LIST was given, for 'remaining' if buffers remained, for 'uncovered' if a loaded driver is not all covered" },
	[ALL_CLIENTS] = { "all-clients", NULL,
			  "show all closed clients that are kept" },
	[BY] = { "by", "KEY",
		 "also sum the live buffers by site of allocation; KEY is site" },
	{ .name = NULL },
};

struct request {
	const char *device;
	bool json;
	bool all_clients;
	bool by_site;
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
		case BY:
			if (by_option(args, BY, &request->by_site))
				return OPTIONS_BAD;
			break;
		case FAIL_ON:
			if (condition_option(args, FAIL_ON,
					     &request->condition))
				return OPTIONS_BAD;
			break;
		}
	}
	if (option == OPTIONS_END && !operands(args, 0, 0))
		return OPTIONS_BAD;
	return option;
}

static void put_sites(struct json_object *object, struct json_object *sites)
{
	if (sites)
		json_put(object, "sites", sites);
}

/* print() - print all but the text of the sites; takes over @sites, which may be NULL */
static void print(const struct request *request,
		  const struct snapshots *snapshots,
		  const struct probes *probes, struct json_object *sites)
{
	if (request->json) {
		struct json_object *object = snapshots_json(snapshots);

		put_sites(object, sites);
		json_put(object, "probes", probes_json(probes));
		json_print(object);
	} else {
		print_snapshots(snapshots, request->all_clients);
		print_processes(snapshots);
		if (!request->device)
			probes_print(probes);
	}
}

static bool has_reports(const struct snapshot *snapshot)
{
	if (snapshot->nr_clients || snapshot->nr_others)
		return true;
	/* The log of closed clients drops the oldest; their counters stay. */
	for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		if (buftrack_counter_set_value(snapshot->counters, i))
			return true;
	return false;
}

/* Without a report, no verdict can hold: say so rather than look as if all were well. */
static void warn_of_blindness(const struct request *request,
			      const struct snapshots *snapshots,
			      const struct probes *probes)
{
	if (!request->condition.counters || probes->failed ||
	    (!request->device && probes_cover_any(probes)))
		return;
	for (size_t i = 0; i < snapshots->nr; i++)
		if (has_reports(&snapshots->list[i]))
			return;
	print_err(
		"warning: nothing is covered: no driver is watched and no client has reported, so no verdict of --fail-on can hold: load a driver that buftrack knows, or use 'buftrack run'");
}

/* check_tracking() - drivers' devices whose tracking is off; returns as probes_check() */
static int check_tracking(const struct snapshots *snapshots)
{
	int ret = 0;

	for (size_t i = 0; i < snapshots->nr; i++) {
		const struct buftrack_device_status *status =
			snapshots->list[i].status;

		if (buftrack_device_status_state(status) &
			    BUFTRACK_DEVICE_STATE_ENABLED ||
		    !strcmp(buftrack_device_status_driver(status), "user"))
			continue;
		print_err(
			"not covered: %s: tracking is off for device %u (%s): use 'buftrack enable'",
			buftrack_device_status_driver(status),
			buftrack_device_status_number(status),
			buftrack_device_status_name(status));
		ret = EXIT_CONDITION;
	}
	return ret;
}

static int check(const struct request *request,
		 const struct snapshots *snapshots, const struct probes *probes)
{
	int ret = condition_check(&request->condition, snapshots);
	int probed;

	warn_of_blindness(request, snapshots, probes);
	if (!request->condition.uncovered)
		return ret;
	probed = probes_check(probes);
	if (probed == EXIT_FAILED)
		return EXIT_FAILED;
	return ret | probed | check_tracking(snapshots);
}

static int take_device(struct buftrack_device *device,
		       const struct buftrack_device_status *status,
		       void *context)
{
	(void)status;
	return snapshots_add(context, device);
}

static int report(const struct request *request,
		  const struct snapshots *snapshots)
{
	bool read = !request->device || request->json ||
		    request->condition.uncovered;
	struct json_object *sites = NULL;
	struct probes probes = { 0 };
	int ret = 0;

	if (read)
		probes_read(&probes);
	if (request->by_site && request->json) {
		sites = json_array();
		ret = list_sites(request->device, sites);
	}
	print(request, snapshots, &probes, sites);
	if (request->by_site && !request->json) {
		printf("\n\n");
		ret = list_sites(request->device, NULL);
	}
	if (!ret)
		ret = check(request, snapshots, &probes);
	probes_free(&probes);
	return ret;
}

static int run(struct args *args)
{
	struct request request = { 0 };
	struct snapshots snapshots = { 0 };
	int ret = parse(args, &request);

	if (ret != OPTIONS_END)
		return options_status(ret);
	ret = each_device(request.device, take_device, &snapshots);
	if (!ret)
		ret = report(&request, &snapshots);
	snapshots_drop(&snapshots);
	return ret;
}

const struct verb verb_status = {
	.name = "status",
	.operands = "",
	.summary = "show what each device holds, for whom, and the wrong frees",
	.details =
		"The verdicts of --fail-on are separated by commas. unknown_free stands for all of\nits reasons, unknown_free.never and the like for one.",
	.options = options,
	.run = run,
};
