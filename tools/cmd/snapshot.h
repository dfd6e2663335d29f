/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots of devices, which status and replay print
 */
#ifndef BUFTRACK_SNAPSHOT_H
#define BUFTRACK_SNAPSHOT_H

#include <stdbool.h>
#include <libbuftrack.h>

/**
 * struct process - the buffers of a process on a device
 * @pid: its pid; 0: a driver, or all processes outside the reader's pid namespace
 * @start_time: in ns since boot, since pids are reused
 * @uid: its user
 * @comm: its name
 * @claimed_pid: it is a relay, and this the process it claims to report for; 0: none
 * @claimed_name: name of that process
 * @nr_clients: number of its open clients
 * @buffers: number of live buffers
 * @bytes: sum of their sizes
 *
 * A relay counts once for each process that it reports for, and its predecessors before
 * a restart count as the relay.
 */
struct process {
	unsigned int pid;
	uint64_t start_time;
	unsigned int uid;
	const char *comm;
	unsigned int claimed_pid;
	const char *claimed_name;
	size_t nr_clients;
	uint64_t buffers;
	uint64_t bytes;
};

/**
 * struct snapshot - a device
 * @trace_device: name of the device in the replayed trace; NULL: none
 * @status: its status
 * @counters: of the whole device
 * @nr_spaces: number of spaces
 * @spaces: the spaces
 * @space_counters: of each space
 * @nr_clients: number of clients
 * @clients: the clients, open and closed
 * @client_counters: of each client
 * @nr_others: number of clients outside the reader's pid namespace, shown as one
 * @nr_others_open: number of these that are open
 * @others: the sum of their counters; NULL: there are none
 * @nr_processes: number of processes
 * @processes: what each process holds, largest first
 *
 * Each set of counters is consistent, but the sets are read one after the other.
 */
struct snapshot {
	const char *trace_device;
	struct buftrack_device_status *status;
	struct buftrack_counter_set *counters;
	size_t nr_spaces;
	struct buftrack_space **spaces;
	struct buftrack_counter_set **space_counters;
	size_t nr_clients;
	struct buftrack_client **clients;
	struct buftrack_counter_set **client_counters;
	size_t nr_others;
	size_t nr_others_open;
	struct buftrack_counter_set *others;
	size_t nr_processes;
	struct process *processes;
};

/* struct snapshots - several devices */
struct snapshots {
	size_t nr;
	struct snapshot *list;
};

/**
 * snapshots_add() - read a device
 * @snapshots: the devices so far, for snapshots_drop()
 * @device: the device
 *
 * Return: 0, or an exit status after an error message.
 */
int snapshots_add(struct snapshots *snapshots, struct buftrack_device *device);

struct offline_device;

/* snapshots_add_offline() - likewise, a device of this process */
int snapshots_add_offline(struct snapshots *snapshots,
			  const struct offline_device *device);
void snapshots_drop(struct snapshots *snapshots);

/*
 * wrong_frees() - the number of frees whose verdict was not ok, refused ones included
 *
 * This is the only sum of the command; the attribute wrong_frees in sysfs counts the same.
 */
uint64_t wrong_frees(const struct buftrack_counter_set *counters);

/**
 * struct condition - the condition of --fail-on
 * @counters: a bit for each counter
 * @uncovered: something of a known driver that is loaded is not covered
 */
struct condition {
	uint64_t counters;
	bool uncovered;
};

struct args;

/* condition_option() - parse --fail-on; returns 0, or OPTIONS_BAD after a message */
int condition_option(const struct args *args, int option,
		     struct condition *condition);

/*
 * condition_check() - 0, or EXIT_CONDITION after naming the conditions that hold;
 *		       probes_check() checks what is covered
 */
int condition_check(const struct condition *condition,
		    const struct snapshots *snapshots);

struct json_object;

/* snapshots_json() - {"devices":[...]} */
struct json_object *snapshots_json(const struct snapshots *snapshots);

void print_snapshots(const struct snapshots *snapshots, bool all_clients);
void print_processes(const struct snapshots *snapshots);

#endif /* BUFTRACK_SNAPSHOT_H */
