/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that status and replay tell of a device, gathered
 */
#ifndef BUFTRACK_SNAPSHOT_H
#define BUFTRACK_SNAPSHOT_H

#include <libbuftrack.h>

/**
 * struct snapshot - a device
 * @trace_device: name of the device in the trace that was replayed, or NULL
 * @status: how it stands
 * @counters: of the whole device
 * @spaces: its spaces, @nr_spaces of them
 * @space_counters: of each space
 * @clients: its clients, open and closed ones, @nr_clients of them
 * @client_counters: of each client
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

/* print_json() - {"devices":[...]} on standard output; returns as above */
int print_json(const struct snapshots *snapshots);

/* print_text() - the tables that a person would look at */
void print_text(const struct snapshots *snapshots, bool all_clients);

/* wrong_frees() - how many frees were anything but ok */
uint64_t wrong_frees(const struct buftrack_counter_set *counters);

#endif /* BUFTRACK_SNAPSHOT_H */
