// SPDX-License-Identifier: GPL-2.0
/*
 * What each process holds: its clients, summed up
 */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "owners.h"
#include "../util/err.h"
#include "snapshot.h"

static int compare_holdings(const void *a, const void *b)
{
	const struct process *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* By process, so that clients of one are beside each other */
static int compare_identities(const void *a, const void *b)
{
	const struct process *left = a, *right = b;

	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	/* Drivers are told by their names */
	if (!left->pid)
		return strcmp(left->comm, right->comm);
	return (left->start_time > right->start_time) -
	       (left->start_time < right->start_time);
}

static void hold(struct process *process,
		 const struct buftrack_counter_set *counters)
{
	process->buffers = buftrack_counter_set_value(
		counters, BUFTRACK_COUNTER_LIVE_BUFFERS);
	process->bytes = buftrack_counter_set_value(
		counters, BUFTRACK_COUNTER_LIVE_BYTES);
}

static struct process of_client(const struct snapshot *snapshot, size_t i)
{
	const struct buftrack_client *client = snapshot->clients[i];
	struct process process = {
		.pid = buftrack_client_pid(client),
		.start_time = buftrack_client_start_time(client),
		.comm = buftrack_client_comm(client),
		.nr_clients = !!(buftrack_client_state(client) &
				 BUFTRACK_CLIENT_STATE_OPEN),
	};

	hold(&process, snapshot->client_counters[i]);
	return process;
}

static struct process of_others(const struct snapshot *snapshot)
{
	struct process process = {
		.comm = OTHER,
		.nr_clients = snapshot->nr_others_open,
	};

	hold(&process, snapshot->others);
	return process;
}

/* What is closed and holds nothing is history, and among the clients. */
static bool counts(const struct process *process)
{
	return process->nr_clients || process->buffers;
}

static void add(struct process *to, const struct process *more)
{
	to->nr_clients += more->nr_clients;
	to->buffers += more->buffers;
	to->bytes += more->bytes;
}

/* merge() - clients of one process are one; returns how many there are */
static size_t merge(struct process *processes, size_t nr)
{
	size_t kept = 0;

	for (size_t i = 0; i < nr; i++) {
		if (kept &&
		    !compare_identities(&processes[kept - 1], &processes[i]))
			add(&processes[kept - 1], &processes[i]);
		else
			processes[kept++] = processes[i];
	}
	return kept;
}

int processes_take(struct snapshot *snapshot)
{
	struct process *processes;
	size_t nr = 0;

	processes = calloc(snapshot->nr_clients + 1, sizeof(*processes));
	if (!processes)
		return fail("out of memory: free some and try again");
	for (size_t i = 0; i < snapshot->nr_clients; i++) {
		processes[nr] = of_client(snapshot, i);
		nr += counts(&processes[nr]);
	}
	if (snapshot->others) {
		processes[nr] = of_others(snapshot);
		nr += counts(&processes[nr]);
	}
	qsort(processes, nr, sizeof(*processes), compare_identities);
	nr = merge(processes, nr);
	qsort(processes, nr, sizeof(*processes), compare_holdings);
	snapshot->processes = processes;
	snapshot->nr_processes = nr;
	return 0;
}
