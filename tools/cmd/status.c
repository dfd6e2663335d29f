// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack status
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/json.h"
#include "../util/table.h"
#include "../util/text.h"
#include "cmd.h"
#include "lookup.h"
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
		      "exit with 3 if a verdict of LIST was given or, for 'remaining', buffers remained" },
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

/**
 * struct probes - the probes of the module
 * @list: the probes by adapter, @nr of them
 * @nr: number of probes
 * @failed: they could not be read, and a warning was printed
 */
struct probes {
	struct buftrack_probe **list;
	size_t nr;
	bool failed;
};

static void read_probes(struct probes *probes)
{
	struct buftrack_control *control = open_control(O_RDONLY);
	struct buftrack_probe *probe;
	unsigned int from = 0;

	probes->failed = !control;
	while (control &&
	       (probe = buftrack_control_next_probe(control, from))) {
		probes->list = xreallocarray(probes->list, probes->nr + 1,
					     sizeof(*probes->list));
		probes->list[probes->nr++] = probe;
		from = buftrack_probe_number(probe) + 1;
	}
	if (control && errno != ENOENT) {
		print_err("warning: the probes are not shown: %s",
			  err_text(REQ_PROBES, errno));
		probes->failed = true;
	}
	buftrack_control_close(control);
}

static void free_probes(struct probes *probes)
{
	for (size_t i = 0; i < probes->nr; i++)
		buftrack_probe_free(probes->list[i]);
	free(probes->list);
}

static const char *state_name(unsigned int state)
{
	switch (state) {
	case BUFTRACK_PROBE_STATE_WAITING:
		return "waiting";
	case BUFTRACK_PROBE_STATE_IN_PLACE:
		return "in place";
	case BUFTRACK_PROBE_STATE_MISSING:
		return "missing";
	case BUFTRACK_PROBE_STATE_UNKNOWN_VERSION:
		return "unknown version";
	case BUFTRACK_PROBE_STATE_ABSENT:
		return "absent";
	case BUFTRACK_PROBE_STATE_UNTESTED:
		return "newer than tested";
	case BUFTRACK_PROBE_STATE_NO_HARDWARE:
		return "untested on hardware";
	default:
		return "?";
	}
}

static bool is_attached(unsigned int state)
{
	return state == BUFTRACK_PROBE_STATE_IN_PLACE ||
	       state == BUFTRACK_PROBE_STATE_UNTESTED ||
	       state == BUFTRACK_PROBE_STATE_NO_HARDWARE;
}

static const struct table_column columns[] = {
	{ "ADAPTER", 0 },	   { "MODULE", 0 },	      { "STATE", 0 },
	{ "PROBES", TABLE_RIGHT }, { "MISSED", TABLE_RIGHT }, { NULL, 0 },
};

/**
 * struct adapter - sums over the probes of one adapter
 * @nr: number of its probes
 * @in_place: number of probes that are in place
 * @waiting: number of probes whose module is not loaded
 * @untested: number of probes of a module that is newer than tested
 * @no_hardware: number of probes that were tested without the hardware
 * @missed: calls that the probes missed
 */
struct adapter {
	unsigned int nr;
	unsigned int in_place;
	unsigned int waiting;
	unsigned int untested;
	unsigned int no_hardware;
	uint64_t missed;
};

static const char *adapter_state(const struct adapter *adapter)
{
	if (adapter->in_place == adapter->nr)
		return state_name(adapter->untested ?
					  BUFTRACK_PROBE_STATE_UNTESTED :
				  adapter->no_hardware ?
					  BUFTRACK_PROBE_STATE_NO_HARDWARE :
					  BUFTRACK_PROBE_STATE_IN_PLACE);
	return adapter->in_place ? "in part" : "not in place";
}

/* An adapter whose module is not loaded has nothing to cover, so it has no row. */
static void adapter_row(struct table *table, const struct buftrack_probe *probe,
			const struct adapter *adapter)
{
	if (adapter->waiting == adapter->nr)
		return;
	table_row(table, adapter->in_place == adapter->nr ? NULL : bad());
	table_cell(table, "%s", buftrack_probe_adapter(probe));
	table_cell(table, "%s", buftrack_probe_module(probe));
	table_cell(table, "%s", adapter_state(adapter));
	table_cell(table, "%u of %u", adapter->in_place, adapter->nr);
	table_number(table, adapter->missed);
}

/* add_adapter() - add a row for the adapter of a probe; returns the next adapter */
static size_t add_adapter(struct table *table, const struct probes *probes,
			  size_t first)
{
	const char *name = buftrack_probe_adapter(probes->list[first]);
	struct adapter adapter = { 0 };
	size_t i;

	for (i = first; i < probes->nr; i++) {
		const struct buftrack_probe *probe = probes->list[i];
		unsigned int state = buftrack_probe_state(probe);

		if (strcmp(buftrack_probe_adapter(probe), name))
			break;
		adapter.nr += state != BUFTRACK_PROBE_STATE_ABSENT;
		adapter.in_place += is_attached(state);
		adapter.untested += state == BUFTRACK_PROBE_STATE_UNTESTED;
		adapter.no_hardware += state ==
				       BUFTRACK_PROBE_STATE_NO_HARDWARE;
		adapter.waiting += state == BUFTRACK_PROBE_STATE_WAITING;
		adapter.missed += buftrack_probe_missed(probe);
	}
	adapter_row(table, probes->list[first], &adapter);
	return i;
}

static void print_gaps(const struct probes *probes)
{
	for (size_t i = 0; i < probes->nr; i++) {
		const struct buftrack_probe *probe = probes->list[i];
		unsigned int state = buftrack_probe_state(probe);

		if (state == BUFTRACK_PROBE_STATE_MISSING ||
		    state == BUFTRACK_PROBE_STATE_UNKNOWN_VERSION)
			printf("%snot covered%s: %s (%s: %s)\n", bad(), plain(),
			       buftrack_probe_covers(probe),
			       buftrack_probe_symbol(probe), state_name(state));
	}
}

static void print_probes(const struct probes *probes)
{
	struct table *table = table_new(columns);
	size_t next = 0;

	while (!probes->failed && next < probes->nr)
		next = add_adapter(table, probes, next);
	if (!table_is_empty(table)) {
		printf("\n");
		print_gaps(probes);
	}
	table_end(table);
}

static struct json_object *probe_json(const struct buftrack_probe *probe)
{
	struct json_object *object = json_dict();

	json_put_text(object, "adapter", buftrack_probe_adapter(probe));
	json_put_text(object, "module", buftrack_probe_module(probe));
	json_put_text(object, "symbol", buftrack_probe_symbol(probe));
	json_put_text(object, "state", state_name(buftrack_probe_state(probe)));
	json_put_text(object, "covers", buftrack_probe_covers(probe));
	json_put_number(object, "hits", buftrack_probe_hits(probe));
	json_put_number(object, "missed", buftrack_probe_missed(probe));
	return object;
}

/* probes_json() - an array; null if the probes are unknown, which [] would hide */
static struct json_object *probes_json(const struct probes *probes)
{
	struct json_object *array;

	if (probes->failed)
		return NULL;
	array = json_array();
	for (size_t i = 0; i < probes->nr; i++)
		json_append(array, probe_json(probes->list[i]));
	return array;
}

static void put_sites(struct json_object *object, struct json_object *sites)
{
	if (sites)
		json_put(object, "sites", sites);
}

/* print() - print all but the text of the sites; takes over @sites, which may be NULL */
static void print(const struct request *request,
		  const struct snapshots *snapshots, struct json_object *sites)
{
	struct probes probes = { 0 };

	if (request->json || !request->device)
		read_probes(&probes);
	if (request->json) {
		struct json_object *object = snapshots_json(snapshots);

		put_sites(object, sites);
		json_put(object, "probes", probes_json(&probes));
		json_print(object);
	} else {
		print_snapshots(snapshots, request->all_clients);
		print_processes(snapshots);
		print_probes(&probes);
	}
	free_probes(&probes);
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
	struct json_object *sites = NULL;
	int ret = 0;

	if (request->by_site && request->json) {
		sites = json_array();
		ret = list_sites(request->device, sites);
	}
	print(request, snapshots, sites);
	if (request->by_site && !request->json) {
		printf("\n\n");
		ret = list_sites(request->device, NULL);
	}
	return ret ? ret : condition_check(&request->condition, snapshots);
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
