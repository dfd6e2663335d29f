// SPDX-License-Identifier: GPL-2.0
/*
 * The probes of the module: which drivers are covered, and which are not
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../util/err.h"
#include "../util/json.h"
#include "../util/table.h"
#include "../util/text.h"
#include "cmd.h"
#include "lookup.h"
#include "probes.h"

void probes_read(struct probes *probes)
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

void probes_free(struct probes *probes)
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

static bool is_gap(const struct buftrack_probe *probe)
{
	unsigned int state = buftrack_probe_state(probe);

	return state == BUFTRACK_PROBE_STATE_MISSING ||
	       state == BUFTRACK_PROBE_STATE_UNKNOWN_VERSION;
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

		if (is_gap(probe))
			printf("%snot covered%s: %s (%s: %s)\n", bad(), plain(),
			       buftrack_probe_covers(probe),
			       buftrack_probe_symbol(probe),
			       state_name(buftrack_probe_state(probe)));
	}
}

void probes_print(const struct probes *probes)
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

struct json_object *probes_json(const struct probes *probes)
{
	struct json_object *array;

	if (probes->failed)
		return NULL;
	array = json_array();
	for (size_t i = 0; i < probes->nr; i++)
		json_append(array, probe_json(probes->list[i]));
	return array;
}

bool probes_cover_any(const struct probes *probes)
{
	for (size_t i = 0; i < probes->nr; i++)
		if (is_attached(buftrack_probe_state(probes->list[i])))
			return true;
	return false;
}

static bool is_loaded(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return !access(path, F_OK);
}

static bool is_same_adapter(const struct buftrack_probe *a,
			    const struct buftrack_probe *b)
{
	return !strcmp(buftrack_probe_adapter(a), buftrack_probe_adapter(b));
}

/* Several probes can be necessary for one kind of buffer. */
static bool is_told(const struct probes *probes, size_t at)
{
	const struct buftrack_probe *probe = probes->list[at];

	for (size_t i = 0; i < at; i++)
		if (is_gap(probes->list[i]) &&
		    is_same_adapter(probes->list[i], probe) &&
		    !strcmp(buftrack_probe_covers(probes->list[i]),
			    buftrack_probe_covers(probe)))
			return true;
	return false;
}

static void tell_gap(const struct buftrack_probe *probe)
{
	if (buftrack_probe_state(probe) == BUFTRACK_PROBE_STATE_MISSING)
		print_err(
			"not covered: %s: %s: %s cannot be probed, as where the compiler has inlined it: rebuild the driver at -O2, or see the kernel log",
			buftrack_probe_adapter(probe),
			buftrack_probe_covers(probe),
			buftrack_probe_symbol(probe));
	else
		print_err(
			"not covered: %s: %s: buftrack cannot read this version of the driver: follow the advice in the kernel log, or update buftrack",
			buftrack_probe_adapter(probe),
			buftrack_probe_covers(probe));
}

/* tell_gaps() - tell the gaps between the probes that are in place; returns their number */
static size_t tell_gaps(const struct probes *probes)
{
	size_t nr = 0;

	for (size_t i = 0; i < probes->nr; i++) {
		if (!is_gap(probes->list[i]) || is_told(probes, i))
			continue;
		tell_gap(probes->list[i]);
		nr++;
	}
	return nr;
}

/* tell_waiting() - the same, of modules that are loaded without a probe in place */
static size_t tell_waiting(const struct probes *probes)
{
	size_t nr = 0;

	for (size_t i = 0; i < probes->nr; i++) {
		const struct buftrack_probe *probe = probes->list[i];

		if ((i && is_same_adapter(probes->list[i - 1], probe)) ||
		    buftrack_probe_state(probe) !=
			    BUFTRACK_PROBE_STATE_WAITING ||
		    !is_loaded(buftrack_probe_module(probe)))
			continue;
		print_err(
			"not covered: %s: module %s is loaded, but no probe of it is in place: reload it, or see the kernel log",
			buftrack_probe_adapter(probe),
			buftrack_probe_module(probe));
		nr++;
	}
	return nr;
}

/* Modules that adapters exist for, in case that the kernel can place no probe */
static const char *const known[] = { "amdgpu", "drm",	      "habanalabs",
				     "nvidia", "tenstorrent", "ttm" };

static bool has_adapter(const struct probes *probes, const char *module)
{
	for (size_t i = 0; i < probes->nr; i++)
		if (!strcmp(buftrack_probe_module(probes->list[i]), module))
			return true;
	return false;
}

/* tell_unknown() - the same, of modules that buftrack was built without an adapter for */
static size_t tell_unknown(const struct probes *probes)
{
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (has_adapter(probes, known[i]) || !is_loaded(known[i]))
			continue;
		print_err(
			"not covered: %s: module %s is loaded, but buftrack has no probe of it: use a kernel with CONFIG_KPROBES",
			known[i], known[i]);
		nr++;
	}
	return nr;
}

int probes_check(const struct probes *probes)
{
	size_t nr;

	if (probes->failed)
		return EXIT_FAILED;
	nr = tell_gaps(probes) + tell_waiting(probes) + tell_unknown(probes);
	return nr ? EXIT_CONDITION : 0;
}
