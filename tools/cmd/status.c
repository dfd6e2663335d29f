// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack status
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../util/err.h"
#include "../util/json.h"
#include "../util/table.h"
#include "../util/text.h"
#include "cmd.h"
#include "lookup.h"
#include "snapshot.h"

/**
 * struct adapter - the probes of one adapter, summed up
 * @name: its name; empty: there was none yet
 * @module: module that it is for
 * @nr: probes
 * @in_place: those that are in place
 * @waiting: those whose module is not loaded
 * @missed: calls that they missed
 */
struct adapter {
	char name[BUFTRACK_DRIVER_NAME_SIZE];
	char module[BUFTRACK_SPACE_NAME_SIZE];
	unsigned int nr;
	unsigned int in_place;
	unsigned int waiting;
	uint64_t missed;
};

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
	default:
		return "?";
	}
}

/* each_probe() - @act for each, in their order, by adapter */
static void each_probe(void (*act)(const struct buftrack_probe *probe,
				   void *context),
		       void *context)
{
	struct buftrack_control *control = open_control(O_RDONLY);
	struct buftrack_probe *probe;
	unsigned int from = 0;

	while (control &&
	       (probe = buftrack_control_next_probe(control, from))) {
		act(probe, context);
		from = buftrack_probe_number(probe) + 1;
		buftrack_probe_free(probe);
	}
	buftrack_control_close(control);
}

static const char *adapter_state(const struct adapter *adapter)
{
	if (adapter->in_place == adapter->nr)
		return "in place";
	return adapter->in_place ? "in part" : "not in place";
}

struct report {
	struct table *table;
	struct adapter adapter;
};

static void add_row(struct report *report)
{
	struct adapter *a = &report->adapter;

	if (!a->name[0] || a->waiting == a->nr)
		return;
	table_row(report->table, a->in_place == a->nr ? NULL : bad());
	table_cell(report->table, "%s", a->name);
	table_cell(report->table, "%s", a->module);
	table_cell(report->table, "%s", adapter_state(a));
	table_cell(report->table, "%u of %u", a->in_place, a->nr);
	table_number(report->table, a->missed);
}

static void begin_adapter(struct adapter *adapter,
			  const struct buftrack_probe *probe)
{
	*adapter = (struct adapter){ 0 };
	snprintf(adapter->name, sizeof(adapter->name), "%s",
		 buftrack_probe_adapter(probe));
	snprintf(adapter->module, sizeof(adapter->module), "%s",
		 buftrack_probe_module(probe));
}

static void sum_up(const struct buftrack_probe *probe, void *context)
{
	struct report *report = context;
	struct adapter *adapter = &report->adapter;
	unsigned int state = buftrack_probe_state(probe);

	if (strcmp(adapter->name, buftrack_probe_adapter(probe))) {
		add_row(report);
		begin_adapter(adapter, probe);
	}
	adapter->nr++;
	adapter->in_place += state == BUFTRACK_PROBE_STATE_IN_PLACE;
	adapter->waiting += state == BUFTRACK_PROBE_STATE_WAITING;
	adapter->missed += buftrack_probe_missed(probe);
}

static void print_gap(const struct buftrack_probe *probe, void *context)
{
	unsigned int state = buftrack_probe_state(probe);

	(void)context;
	if (state != BUFTRACK_PROBE_STATE_MISSING &&
	    state != BUFTRACK_PROBE_STATE_UNKNOWN_VERSION)
		return;
	printf("%snot covered%s: %s (%s: %s)\n", bad(), plain(),
	       buftrack_probe_covers(probe), buftrack_probe_symbol(probe),
	       state_name(state));
}

static const struct table_column columns[] = {
	{ "ADAPTER", 0 },	   { "MODULE", 0 },	      { "STATE", 0 },
	{ "PROBES", TABLE_RIGHT }, { "MISSED", TABLE_RIGHT }, { NULL, 0 },
};

static void print_probes(void)
{
	struct report report = { .table = table_new(columns) };

	each_probe(sum_up, &report);
	add_row(&report);
	if (!table_is_empty(report.table)) {
		printf("\n");
		each_probe(print_gap, NULL);
	}
	table_end(report.table);
}

static void add_json(const struct buftrack_probe *probe, void *context)
{
	struct json_object *object = json_dict();

	json_put_text(object, "adapter", buftrack_probe_adapter(probe));
	json_put_text(object, "module", buftrack_probe_module(probe));
	json_put_text(object, "symbol", buftrack_probe_symbol(probe));
	json_put_text(object, "state", state_name(buftrack_probe_state(probe)));
	json_put_text(object, "covers", buftrack_probe_covers(probe));
	json_put_number(object, "hits", buftrack_probe_hits(probe));
	json_put_number(object, "missed", buftrack_probe_missed(probe));
	json_append(context, object);
}

static struct json_object *probes_json(void)
{
	struct json_object *array = json_array();

	each_probe(add_json, array);
	return array;
}

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
