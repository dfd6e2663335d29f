// SPDX-License-Identifier: GPL-2.0
/*
 * What status and replay tell, as JSON
 */
#include <string.h>

#include "../util/json.h"
#include "owners.h"
#include "snapshot.h"

/*
 * reasons() - the object that a counter's name with a dot speaks of, made when
 *	       it is first met; its total comes first
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
	json_put(object, "counters", counters_json(counters));
	return object;
}

static void client_identity(struct json_object *object,
			    const struct buftrack_client *client)
{
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

/* Clients that are outside of the reader's pid namespace, as one */
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

int print_json(const struct snapshots *snapshots, struct json_object *probes)
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
	if (probes)
		json_put(object, "probes", probes);
	json_print(object);
	return 0;
}
