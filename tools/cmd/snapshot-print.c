// SPDX-License-Identifier: GPL-2.0
/*
 * Printing devices, for status and replay, as text and as JSON
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../util/json.h"
#include "../util/table.h"
#include "../util/text.h"
#include "lookup.h"
#include "snapshot.h"

/* Closed clients that are shown without --all-clients: the latest ones */
#define MAX_CLOSED 8

static void print_device(const struct snapshot *snapshot)
{
	const struct buftrack_device_status *status = snapshot->status;
	unsigned int state = buftrack_device_status_state(status);
	bool on = state & BUFTRACK_DEVICE_STATE_ENABLED;

	printf("%sdevice %u: %s%s", bold(),
	       buftrack_device_status_number(status),
	       buftrack_device_status_name(status), plain());
	printf(", by %s, tracking is %s%s%s%s%s%s\n",
	       buftrack_device_status_driver(status), on ? good() : bad(),
	       on ? "on" : "off", plain(),
	       state & BUFTRACK_DEVICE_STATE_STACKS ? ", stacks are kept" : "",
	       state & BUFTRACK_DEVICE_STATE_TEMPORARY ? ", temporary" : "",
	       state & BUFTRACK_DEVICE_STATE_REMOVED ? ", removed" : "");
}

static const unsigned int activity[] = {
	BUFTRACK_COUNTER_ALLOCS,	  BUFTRACK_COUNTER_FREES,
	BUFTRACK_COUNTER_LIVE_BUFFERS,	  BUFTRACK_COUNTER_LIVE_BYTES,
	BUFTRACK_COUNTER_PEAK_BYTES,	  BUFTRACK_COUNTER_REMAINING_BUFFERS,
	BUFTRACK_COUNTER_REMAINING_BYTES,
};

#define NR_ACTIVITY (sizeof(activity) / sizeof(activity[0]))

/* Headings for activity[], and for the sum that follows */
/* clang-format off */
#define ACTIVITY_COLUMNS                                                       \
	{ "ALLOCS", TABLE_RIGHT }, { "FREES", TABLE_RIGHT },                   \
	{ "LIVE", TABLE_RIGHT }, { "LIVE SIZE", TABLE_RIGHT },                 \
	{ "PEAK", TABLE_RIGHT }, { "REMAIN", TABLE_RIGHT },                    \
	{ "REMAIN SIZE", TABLE_RIGHT }, { "WRONG FREES", TABLE_RIGHT }

static const struct table_column space_columns[] = {
	{ "SPACE", 0 },
	{ "CAPACITY", TABLE_RIGHT },
	ACTIVITY_COLUMNS,
	{ NULL, 0 },
};

static const struct table_column client_columns[] = {
	{ "CLIENT", TABLE_RIGHT },
	{ "PID", TABLE_RIGHT },
	{ "COMM", 0 },
	{ "CLAIMS TO BE", 0 },
	{ "STATE", 0 },
	ACTIVITY_COLUMNS,
	{ NULL, 0 },
};

static const struct table_column process_columns[] = {
	{ "DEVICE", TABLE_RIGHT },
	{ "PID", TABLE_RIGHT },
	{ "PROCESS", 0 },
	{ "CLIENTS", TABLE_RIGHT },
	{ "BUFFERS", TABLE_RIGHT },
	{ "SIZE", TABLE_RIGHT },
	{ NULL, 0 },
};

static const struct table_column wrong_columns[] = {
	{ "WRONG FREE", 0 },
	{ "COUNT", TABLE_RIGHT },
	{ "MEANING", 0 },
	{ NULL, 0 },
};

static const struct table_column notice_columns[] = {
	{ "ALSO SEEN", 0 },
	{ "COUNT", TABLE_RIGHT },
	{ "MEANING", 0 },
	{ NULL, 0 },
};
/* clang-format on */

static bool counts_bytes(unsigned int counter)
{
	return counter == BUFTRACK_COUNTER_LIVE_BYTES ||
	       counter == BUFTRACK_COUNTER_PEAK_BYTES ||
	       counter == BUFTRACK_COUNTER_REMAINING_BYTES;
}

static void activity_cells(struct table *table,
			   const struct buftrack_counter_set *counters)
{
	for (size_t i = 0; i < NR_ACTIVITY; i++) {
		uint64_t value =
			buftrack_counter_set_value(counters, activity[i]);

		if (counts_bytes(activity[i]))
			table_size(table, value);
		else
			table_number(table, value);
	}
	table_number(table, wrong_frees(counters));
}

static void print_spaces(const struct snapshot *snapshot)
{
	struct table *table = table_new(space_columns);

	for (size_t i = 0; i < snapshot->nr_spaces; i++) {
		uint64_t capacity =
			buftrack_space_capacity(snapshot->spaces[i]);

		table_row(table, NULL);
		table_cell(table, "%s%s",
			   buftrack_space_name(snapshot->spaces[i]),
			   buftrack_space_is_aperture(snapshot->spaces[i]) ?
				   " (aperture)" :
				   "");
		if (capacity)
			table_size(table, capacity);
		else
			table_cell(table, "-");
		activity_cells(table, snapshot->space_counters[i]);
	}
	table_row(table, bold());
	table_cell(table, "all");
	table_cell(table, " ");
	activity_cells(table, snapshot->counters);
	table_end(table);
}

static void state_cell(struct table *table,
		       const struct buftrack_client *client)
{
	unsigned int state = buftrack_client_state(client);

	table_cell(table, "%s%s%s%s%s%s%s",
		   state & BUFTRACK_CLIENT_STATE_OPEN ? "open" : "closed",
		   state & BUFTRACK_CLIENT_STATE_DRIVER ? ", driver" : "",
		   (state & BUFTRACK_CLIENT_STATE_OPEN) &&
				   (state &
				    BUFTRACK_CLIENT_STATE_OPENER_EXITED) ?
			   ", opener exited" :
			   "",
		   state & BUFTRACK_CLIENT_STATE_LATE ? ", late" : "",
		   state & BUFTRACK_CLIENT_STATE_SHARED ? ", shared" : "",
		   state & BUFTRACK_CLIENT_STATE_HAD_GAP ? ", gap" : "",
		   state & BUFTRACK_CLIENT_STATE_EVICTED ? ", evictions" : "");
}

/* A driver has no pid. */
static void pid_cell(struct table *table, unsigned int pid)
{
	if (pid)
		table_number(table, pid);
	else
		table_cell(table, "-");
}

static void client_row(struct table *table, const struct snapshot *snapshot,
		       size_t i)
{
	const struct buftrack_client *client = snapshot->clients[i];
	char claim[CLAIM_TEXT];

	table_row(table, NULL);
	table_number(table, buftrack_client_number(client));
	pid_cell(table, buftrack_client_pid(client));
	table_cell(table, "%s", buftrack_client_comm(client));
	/* Any client may claim any name, so claims have a column of their own. */
	table_cell(table, "%s",
		   claim_text(buftrack_client_claimed_pid(client),
			      buftrack_client_claimed_name(client), claim));
	state_cell(table, client);
	activity_cells(table, snapshot->client_counters[i]);
}

/* All clients outside the reader's pid namespace are one row. */
static void others_row(struct table *table, const struct snapshot *snapshot)
{
	if (!snapshot->others)
		return;
	table_row(table, NULL);
	table_cell(table, "-");
	table_cell(table, "-");
	table_cell(table, OTHER);
	table_cell(table, "-");
	table_cell(table, "%zu open, %zu closed", snapshot->nr_others_open,
		   snapshot->nr_others - snapshot->nr_others_open);
	activity_cells(table, snapshot->others);
}

static size_t count_closed(const struct snapshot *snapshot)
{
	size_t nr = 0;

	for (size_t i = 0; i < snapshot->nr_clients; i++)
		if (!(buftrack_client_state(snapshot->clients[i]) &
		      BUFTRACK_CLIENT_STATE_OPEN))
			nr++;
	return nr;
}

static void print_clients(const struct snapshot *snapshot, bool all)
{
	size_t closed = count_closed(snapshot), hidden = 0, skip;
	struct table *table;

	if (!snapshot->nr_clients && !snapshot->others)
		return;
	printf("\n");
	table = table_new(client_columns);
	skip = !all && closed > MAX_CLOSED ? closed - MAX_CLOSED : 0;
	for (size_t i = 0; i < snapshot->nr_clients; i++) {
		bool open = buftrack_client_state(snapshot->clients[i]) &
			    BUFTRACK_CLIENT_STATE_OPEN;

		if (!open && hidden < skip)
			hidden++;
		else
			client_row(table, snapshot, i);
	}
	others_row(table, snapshot);
	table_end(table);
	if (hidden)
		printf("%zu older closed clients are not shown: use --all-clients\n",
		       hidden);
}

/* A relay has a row for each process that it claims to report for. */
static void identity_cells(struct table *table, const struct process *process)
{
	if (!process->claimed_pid) {
		pid_cell(table, process->pid);
		table_cell(table, "%s", process->comm);
		return;
	}
	table_number(table, process->claimed_pid);
	table_cell(table, "%s (claimed by %s, pid %u)", process->claimed_name,
		   process->comm, process->pid);
}

static void process_row(struct table *table, const struct process *process,
			unsigned int device)
{
	table_row(table, NULL);
	table_number(table, device);
	identity_cells(table, process);
	table_number(table, process->nr_clients);
	table_number(table, process->buffers);
	table_size(table, process->bytes);
}

void print_processes(const struct snapshots *snapshots)
{
	struct table *table = table_new(process_columns);
	size_t nr = 0;

	for (size_t i = 0; i < snapshots->nr; i++)
		nr += snapshots->list[i].nr_processes;
	if (nr)
		printf("\n\n");
	for (size_t i = 0; i < snapshots->nr; i++) {
		const struct snapshot *snapshot = &snapshots->list[i];
		unsigned int number =
			buftrack_device_status_number(snapshot->status);

		for (size_t j = 0; j < snapshot->nr_processes; j++)
			process_row(table, &snapshot->processes[j], number);
	}
	table_end(table);
}

/* Verdicts that are not about frees have their own table. */
static bool is_free(unsigned int verdict)
{
	return verdict >= BUFTRACK_VERDICT_REFUSED_FREE &&
	       verdict <= BUFTRACK_VERDICT_UNKNOWN_NEVER;
}

static void verdict_row(struct table *table, unsigned int verdict, int counter,
			uint64_t count)
{
	table_row(table,
		  verdict == BUFTRACK_VERDICT_USE_AFTER_FREE ? bad() : NULL);
	table_cell(table, "%s", buftrack_counter_name(counter));
	table_number(table, count);
	table_cell(table, "%s", buftrack_verdict_meaning(verdict));
}

static void verdict_rows(struct table *table, const struct snapshot *snapshot,
			 bool frees)
{
	for (unsigned int i = 0; i < BUFTRACK_NR_VERDICTS; i++) {
		int counter = buftrack_verdict_counter(i);
		uint64_t count;

		if (counter < 0 || is_free(i) != frees)
			continue;
		count = buftrack_counter_set_value(snapshot->counters, counter);
		if (count)
			verdict_row(table, i, counter, count);
	}
}

static void print_wrong_frees(const struct snapshot *snapshot)
{
	uint64_t total = wrong_frees(snapshot->counters);
	struct table *table;

	if (!total) {
		printf("\n%sno wrong frees%s\n", good(), plain());
		return;
	}
	printf("\n");
	table = table_new(wrong_columns);
	verdict_rows(table, snapshot, true);
	table_row(table, bad());
	table_cell(table, "all");
	table_number(table, total);
	table_end(table);
}

/* Counters without a verdict that a user should see unless they are 0 */
static const struct {
	enum buftrack_counter counter;
	const char *meaning;
} notices[] = {
	{ BUFTRACK_COUNTER_SUPERSEDED, "records replaced by a later alloc" },
	{ BUFTRACK_COUNTER_ORPHANED_BUFFERS,
	  "live, but their owner has ended" },
	{ BUFTRACK_COUNTER_REMOVED_BUFFERS,
	  "live when the device was removed" },
	{ BUFTRACK_COUNTER_LOST_REPORTS, "reports known to be lost" },
	{ BUFTRACK_COUNTER_EVICTED_RECORDS,
	  "freed records dropped to make room; a second free of them is unknown_free" },
};

static void notice_rows(struct table *table, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
		uint64_t count = buftrack_counter_set_value(snapshot->counters,
							    notices[i].counter);

		if (!count)
			continue;
		table_row(table, NULL);
		table_cell(table, "%s",
			   buftrack_counter_name(notices[i].counter));
		table_number(table, count);
		table_cell(table, "%s", notices[i].meaning);
	}
}

static void print_others(const struct snapshot *snapshot)
{
	struct table *table = table_new(notice_columns);

	verdict_rows(table, snapshot, false);
	notice_rows(table, snapshot);
	if (!table_is_empty(table))
		printf("\n");
	table_end(table);
}

void print_snapshots(const struct snapshots *snapshots, bool all_clients)
{
	for (size_t i = 0; i < snapshots->nr; i++) {
		const struct snapshot *snapshot = &snapshots->list[i];

		if (i)
			printf("\n\n");
		print_device(snapshot);
		print_spaces(snapshot);
		print_clients(snapshot, all_clients);
		print_wrong_frees(snapshot);
		print_others(snapshot);
	}
	if (!snapshots->nr)
		printf("no devices\n");
}

/*
 * reasons() - the object for counters such as "unknown_free.gap", created with its
 *	       total when it is first needed
 */
static struct json_object *reasons(struct json_object *object, const char *name,
				   size_t length,
				   const struct buftrack_counter_set *counters)
{
	struct json_object *inner;
	char key[32];

	memcpy(key, name, length);
	key[length] = '\0';
	if (json_object_object_get_ex(object, key, &inner))
		return inner;
	inner = json_dict();
	json_put_number(inner, "total",
			buftrack_counter_set_unknown_frees(counters));
	json_put(object, key, inner);
	return inner;
}

static struct json_object *
counters_json(const struct buftrack_counter_set *counters)
{
	unsigned int nr = buftrack_counter_set_length(counters);
	struct json_object *object = json_dict();

	for (unsigned int i = 0; i < nr && buftrack_counter_name(i); i++) {
		uint64_t value = buftrack_counter_set_value(counters, i);
		const char *name = buftrack_counter_name(i);
		const char *dot = strchr(name, '.');

		if (dot)
			json_put_number(reasons(object, name, dot - name,
						counters),
					dot + 1, value);
		else
			json_put_number(object, name, value);
	}
	return object;
}

static struct json_object *
space_json(const struct buftrack_space *space,
	   const struct buftrack_counter_set *counters)
{
	struct json_object *object = json_dict();

	json_put_text(object, "name", buftrack_space_name(space));
	json_put_number(object, "capacity", buftrack_space_capacity(space));
	if (buftrack_space_is_aperture(space))
		json_put_bool(object, "aperture", true);
	json_put(object, "counters", counters_json(counters));
	return object;
}

static void client_identity(struct json_object *object,
			    const struct buftrack_client *client)
{
	unsigned int uid;

	json_put_number(object, "client", buftrack_client_number(client));
	json_put_number(object, "pid", buftrack_client_pid(client));
	json_put_number(object, "tid", buftrack_client_tid(client));
	json_put_number(object, "uid", buftrack_client_uid(client));
	json_put_text(object, "comm", buftrack_client_comm(client));
	if (buftrack_client_claimed_pid(client))
		json_put_number(object, "claimed_pid",
				buftrack_client_claimed_pid(client));
	if (*buftrack_client_claimed_name(client))
		json_put_text(object, "claimed_name",
			      buftrack_client_claimed_name(client));
	if (buftrack_client_claimed_uid(client, &uid))
		json_put_number(object, "claimed_uid", uid);
}

static struct json_object *
client_json(const struct buftrack_client *client,
	    const struct buftrack_counter_set *counters)
{
	unsigned int state = buftrack_client_state(client);
	struct json_object *object = json_dict();

	client_identity(object, client);
	json_put_bool(object, "open", state & BUFTRACK_CLIENT_STATE_OPEN);
	json_put_bool(object, "opener_exited",
		      state & BUFTRACK_CLIENT_STATE_OPENER_EXITED);
	json_put_bool(object, "late", state & BUFTRACK_CLIENT_STATE_LATE);
	json_put_bool(object, "shared", state & BUFTRACK_CLIENT_STATE_SHARED);
	json_put_bool(object, "driver", state & BUFTRACK_CLIENT_STATE_DRIVER);
	json_put_bool(object, "had_gap", state & BUFTRACK_CLIENT_STATE_HAD_GAP);
	json_put_bool(object, "has_evicted",
		      state & BUFTRACK_CLIENT_STATE_EVICTED);
	json_put_number(object, "first_id", buftrack_client_first_id(client));
	json_put_number(object, "start_time_ns",
			buftrack_client_start_time(client));
	json_put_number(object, "opened_ns", buftrack_client_opened(client));
	json_put_number(object, "closed_ns", buftrack_client_closed(client));
	json_put(object, "counters", counters_json(counters));
	return object;
}

static struct json_object *
limits_json(const struct buftrack_device_status *status)
{
	struct json_object *object = json_dict();

	json_put_number(object, "max_clients",
			buftrack_device_status_max_clients(status));
	json_put_number(object, "max_records",
			buftrack_device_status_max_records(status));
	json_put_number(object, "client_records",
			buftrack_device_status_max_client_records(status));
	json_put_number(object, "freed_records",
			buftrack_device_status_max_freed(status));
	json_put_number(object, "max_closed",
			buftrack_device_status_max_closed(status));
	json_put_number(object, "max_remaining",
			buftrack_device_status_max_remaining(status));
	return object;
}

static struct json_object *device_json(const struct snapshot *snapshot)
{
	const struct buftrack_device_status *status = snapshot->status;
	unsigned int state = buftrack_device_status_state(status);
	struct json_object *object = json_dict();

	json_put_number(object, "device",
			buftrack_device_status_number(status));
	json_put_text(object, "name", buftrack_device_status_name(status));
	if (snapshot->trace_device)
		json_put_text(object, "trace_device", snapshot->trace_device);
	json_put_text(object, "driver", buftrack_device_status_driver(status));
	json_put_bool(object, "enabled", state & BUFTRACK_DEVICE_STATE_ENABLED);
	json_put_bool(object, "temporary",
		      state & BUFTRACK_DEVICE_STATE_TEMPORARY);
	json_put_bool(object, "stacks", state & BUFTRACK_DEVICE_STATE_STACKS);
	json_put_number(object, "uid", buftrack_device_status_uid(status));
	json_put_number(object, "records",
			buftrack_device_status_nr_records(status));
	json_put(object, "limits", limits_json(status));
	json_put(object, "counters", counters_json(snapshot->counters));
	return object;
}

static struct json_object *spaces_json(const struct snapshot *snapshot)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < snapshot->nr_spaces; i++)
		json_append(array, space_json(snapshot->spaces[i],
					      snapshot->space_counters[i]));
	return array;
}

/* All clients outside the reader's pid namespace are one row. */
static struct json_object *others_json(const struct snapshot *snapshot)
{
	struct json_object *object = json_dict();

	json_put_number(object, "client", 0);
	json_put_number(object, "pid", 0);
	json_put_number(object, "tid", 0);
	json_put_text(object, "comm", OTHER);
	json_put_bool(object, "open", snapshot->nr_others_open);
	json_put_number(object, "nr_clients", snapshot->nr_others);
	json_put(object, "counters", counters_json(snapshot->others));
	return object;
}

static struct json_object *processes_json(const struct snapshot *snapshot)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < snapshot->nr_processes; i++) {
		const struct process *process = &snapshot->processes[i];
		struct json_object *object = json_dict();

		json_put_number(object, "pid", process->pid);
		json_put_text(object, "comm", process->comm);
		if (process->claimed_pid) {
			json_put_number(object, "claimed_pid",
					process->claimed_pid);
			json_put_text(object, "claimed_name",
				      process->claimed_name);
		}
		json_put_number(object, "nr_clients", process->nr_clients);
		json_put_number(object, "live_buffers", process->buffers);
		json_put_number(object, "live_bytes", process->bytes);
		json_append(array, object);
	}
	return array;
}

static struct json_object *clients_json(const struct snapshot *snapshot)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < snapshot->nr_clients; i++)
		json_append(array, client_json(snapshot->clients[i],
					       snapshot->client_counters[i]));
	if (snapshot->others)
		json_append(array, others_json(snapshot));
	return array;
}

struct json_object *snapshots_json(const struct snapshots *snapshots)
{
	struct json_object *devices = json_array();
	struct json_object *object = json_dict();

	for (size_t i = 0; i < snapshots->nr; i++) {
		const struct snapshot *snapshot = &snapshots->list[i];
		struct json_object *device = device_json(snapshot);

		json_put(device, "spaces", spaces_json(snapshot));
		json_put(device, "clients", clients_json(snapshot));
		json_put(device, "processes", processes_json(snapshot));
		json_append(devices, device);
	}
	json_put(object, "devices", devices);
	return object;
}
