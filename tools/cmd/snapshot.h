/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that status and replay print about a device
 */
#ifndef BUFTRACK_SNAPSHOT_H
#define BUFTRACK_SNAPSHOT_H

#include <libbuftrack.h>

/**
 * struct process - what a process holds on a device
 * @pid: of it, 0: all that are outside of the reader's pid namespace
 * @start_time: in ns since boot, as a pid may be used again
 * @comm: its name
 * @nr_clients: open clients of it
 * @buffers: live ones
 * @bytes: the sum of their sizes
 */
struct process {
	unsigned int pid;
	uint64_t start_time;
	const char *comm;
	size_t nr_clients;
	uint64_t buffers;
	uint64_t bytes;
};

/**
 * struct snapshot - a device
 * @trace_device: name of the device in the trace that was replayed, or NULL
 * @status: how it stands
 * @counters: of the whole device
 * @spaces: its spaces, @nr_spaces of them
 * @space_counters: of each space
 * @clients: its clients, open and closed ones, @nr_clients of them
 * @client_counters: of each client
 * @nr_others: clients of processes outside of the reader's pid namespace; they
 *	are one
 * @nr_others_open: how many of them are open
 * @others: the sum of their counters, NULL: there are none
 * @processes: who holds how much, @nr_processes of them, the largest first
 *
 * Each set of counters is of one instant, but not all sets of the same one.
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

/**
 * snapshot_take() - gather what there is to tell of a device
 * @snapshot: to be filled in, for snapshot_drop()
 * @device: the device
 *
 * Return: 0, or how the command ends: it has said why, and there is nothing to
 * drop.
 */
int snapshot_take(struct snapshot *snapshot, struct buftrack_device *device);
void snapshot_drop(struct snapshot *snapshot);

/**
 * struct snapshots - of several devices
 */
struct snapshots {
	size_t nr;
	struct snapshot *list;
};

/* snapshots_add() - take one more; returns as snapshot_take() */
int snapshots_add(struct snapshots *snapshots, struct buftrack_device *device);
void snapshots_drop(struct snapshots *snapshots);

struct json_object;

/*
 * print_json() - {"devices":[...]} on standard output, with @probes, where drivers
 *		  are looked at, unless it is NULL; returns as above
 */
int print_json(const struct snapshots *snapshots, struct json_object *probes);

/* print_text() - the tables that a person would look at */
void print_text(const struct snapshots *snapshots, bool all_clients);

/* print_processes() - who holds how much, of all of them */
void print_processes(const struct snapshots *snapshots);

/* processes_take() - sum up by process, those that hold or could hold something */
int processes_take(struct snapshot *snapshot);

/* wrong_frees() - how many frees were anything but ok */
uint64_t wrong_frees(const struct buftrack_counter_set *counters);

/* struct condition - what to look for, a bit for each counter */
struct condition {
	uint64_t counters;
};

struct args;

/**
 * condition_parse() - read a list
 * @args: for the complaint
 * @condition: to be filled in
 * @list: names of verdicts, "unknown_free" for all of its reasons, or
 *	  "remaining", separated by commas
 *
 * Return: 0, or EXIT_USAGE_ERROR: it has complained.
 */
int condition_parse(const struct args *args, struct condition *condition,
		    const char *list);

/* condition_check() - EXIT_CONDITION, and say what holds, or 0 */
int condition_check(const struct condition *condition,
		    const struct snapshots *snapshots);

#endif /* BUFTRACK_SNAPSHOT_H */
