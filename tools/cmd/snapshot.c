// SPDX-License-Identifier: GPL-2.0
/*
 * Reading everything that status and replay print about a device
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../offline/offline.h"
#include "../util/err.h"
#include "cmd.h"
#include "lookup.h"
#include "snapshot.h"

/**
 * struct source - a device to read
 * @device: of the module, or NULL
 * @offline: of this process, or NULL
 */
struct source {
	struct buftrack_device *device;
	const struct offline_device *offline;
};

static struct buftrack_device_status *read_status(const struct source *source)
{
	return source->offline ? offline_device_read_status(source->offline) :
				 buftrack_device_read_status(source->device);
}

static struct buftrack_counter_set *read_counters(const struct source *source,
						  enum buftrack_scope scope,
						  uint64_t number)
{
	return source->offline ? offline_device_read_counters(source->offline,
							      scope, number) :
				 buftrack_device_read_counters(source->device,
							       scope, number);
}

static struct buftrack_space *next_space(const struct source *source,
					 unsigned int from)
{
	return source->offline ?
		       offline_device_next_space(source->offline, from) :
		       buftrack_device_next_space(source->device, from);
}

static struct buftrack_client *next_client(const struct source *source,
					   uint64_t from)
{
	return source->offline ?
		       offline_device_next_client(source->offline, from) :
		       buftrack_device_next_client(source->device, from);
}

/* grow() - make room for one more pointer in an array of @nr */
static void grow(void *array, size_t nr)
{
	void ***pointers = array;

	/* The size doubles, so the array is full at 0 and each power of two. */
	if (!(nr & (nr - 1)))
		*pointers = xreallocarray(*pointers, nr ? 2 * nr : 1,
					  sizeof(void *));
}

static int add_space(struct snapshot *snapshot, const struct source *source,
		     struct buftrack_space *space)
{
	size_t nr = snapshot->nr_spaces;
	struct buftrack_counter_set *counters;

	counters = read_counters(source, BUFTRACK_SCOPE_SPACE,
				 buftrack_space_number(space));
	if (!counters) {
		fail_errno(REQ_COUNTERS, "space '%s'",
			   buftrack_space_name(space));
		buftrack_space_free(space);
		return EXIT_FAILED;
	}
	grow(&snapshot->spaces, nr);
	grow(&snapshot->space_counters, nr);
	snapshot->spaces[nr] = space;
	snapshot->space_counters[nr] = counters;
	snapshot->nr_spaces++;
	return 0;
}

static int read_all_spaces(struct snapshot *snapshot,
			   const struct source *source)
{
	struct buftrack_space *space;
	unsigned int from = 0;

	while ((space = next_space(source, from))) {
		from = buftrack_space_number(space) + 1;
		if (add_space(snapshot, source, space))
			return EXIT_FAILED;
	}
	return errno == ENOENT ? 0 : fail_errno(REQ_SPACE_INFO, "the spaces");
}

/*
 * The kernel hides the identity of clients outside the reader's pid namespace: sum
 * them up.
 */
static void add_other(struct snapshot *snapshot, struct buftrack_client *client,
		      struct buftrack_counter_set *counters)
{
	snapshot->nr_others++;
	if (buftrack_client_state(client) & BUFTRACK_CLIENT_STATE_OPEN)
		snapshot->nr_others_open++;
	buftrack_client_free(client);
	if (!snapshot->others) {
		snapshot->others = counters;
		return;
	}
	buftrack_counter_set_add(snapshot->others, counters);
	buftrack_counter_set_free(counters);
}

static int add_client(struct snapshot *snapshot, const struct source *source,
		      struct buftrack_client *client)
{
	size_t nr = snapshot->nr_clients;
	struct buftrack_counter_set *counters;

	counters = read_counters(source, BUFTRACK_SCOPE_CLIENT,
				 buftrack_client_number(client));
	/* The log of closed clients may have dropped this one meanwhile. */
	if (!counters) {
		int gone = errno == ENOENT;

		buftrack_client_free(client);
		return gone ? 0 : fail_errno(REQ_COUNTERS, "the clients");
	}
	if (!buftrack_client_pid(client) && !*buftrack_client_comm(client)) {
		add_other(snapshot, client, counters);
		return 0;
	}
	grow(&snapshot->clients, nr);
	grow(&snapshot->client_counters, nr);
	snapshot->clients[nr] = client;
	snapshot->client_counters[nr] = counters;
	snapshot->nr_clients++;
	return 0;
}

static int read_clients(struct snapshot *snapshot, const struct source *source)
{
	struct buftrack_client *client;
	uint64_t from = 0;

	while ((client = next_client(source, from))) {
		from = buftrack_client_number(client) + 1;
		if (add_client(snapshot, source, client))
			return EXIT_FAILED;
	}
	return errno == ENOENT ? 0 : fail_errno(REQ_CLIENT_INFO, "the clients");
}

static int read_device(struct snapshot *snapshot, const struct source *source)
{
	snapshot->status = read_status(source);
	if (!snapshot->status)
		return fail_errno(REQ_DEVICE_INFO, "the device");
	snapshot->counters = read_counters(source, BUFTRACK_SCOPE_DEVICE, 0);
	if (!snapshot->counters)
		return fail_errno(REQ_COUNTERS, "the device");
	return 0;
}

static void snapshot_drop(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->nr_spaces; i++) {
		buftrack_space_free(snapshot->spaces[i]);
		buftrack_counter_set_free(snapshot->space_counters[i]);
	}
	for (size_t i = 0; i < snapshot->nr_clients; i++) {
		buftrack_client_free(snapshot->clients[i]);
		buftrack_counter_set_free(snapshot->client_counters[i]);
	}
	free(snapshot->spaces);
	free(snapshot->space_counters);
	free(snapshot->clients);
	free(snapshot->client_counters);
	buftrack_counter_set_free(snapshot->others);
	free(snapshot->processes);
	buftrack_counter_set_free(snapshot->counters);
	buftrack_device_status_free(snapshot->status);
}

uint64_t wrong_frees(const struct buftrack_counter_set *counters)
{
	uint64_t sum = 0;

	/* These counters are contiguous in the interface. */
	for (unsigned int i = BUFTRACK_COUNTER_DOUBLE_FREES;
	     i <= BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER; i++)
		sum += buftrack_counter_set_value(counters, i);
	return sum;
}

static int compare_claims(const struct process *left,
			  const struct process *right)
{
	int names;

	if (left->claimed_pid != right->claimed_pid)
		return left->claimed_pid < right->claimed_pid ? -1 : 1;
	if (!left->claimed_pid)
		return 0;
	names = strcmp(left->claimed_name, right->claimed_name);
	if (names)
		return names;
	/* A restarted relay has another pid: its user and name tell it apart. */
	if (left->uid != right->uid)
		return left->uid < right->uid ? -1 : 1;
	return strcmp(left->comm, right->comm);
}

static int compare_holdings(const void *a, const void *b)
{
	const struct process *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return compare_claims(left, right);
}

/* Order by process, so the clients of a process are adjacent. */
static int compare_identities(const void *a, const void *b)
{
	const struct process *left = a, *right = b;
	int claims = compare_claims(left, right);

	if (claims || left->claimed_pid)
		return claims;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	/* Drivers have no pid; their names tell them apart. */
	if (!left->pid)
		return strcmp(left->comm, right->comm);
	return (left->start_time > right->start_time) -
	       (left->start_time < right->start_time);
}

static void set_holdings(struct process *process,
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
		.uid = buftrack_client_uid(client),
		.comm = buftrack_client_comm(client),
		.claimed_pid = buftrack_client_claimed_pid(client),
		.claimed_name = buftrack_client_claimed_name(client),
		.nr_clients = !!(buftrack_client_state(client) &
				 BUFTRACK_CLIENT_STATE_OPEN),
	};

	set_holdings(&process, snapshot->client_counters[i]);
	return process;
}

static struct process of_others(const struct snapshot *snapshot)
{
	struct process process = {
		.comm = OTHER,
		.nr_clients = snapshot->nr_others_open,
	};

	set_holdings(&process, snapshot->others);
	return process;
}

/* A process without open clients and buffers appears among the clients only. */
static bool holds_something(const struct process *process)
{
	return process->nr_clients || process->buffers;
}

/* The latest relay is shown, since an earlier one has ended. */
static void add_process(struct process *to, const struct process *more)
{
	if (more->start_time > to->start_time) {
		to->pid = more->pid;
		to->start_time = more->start_time;
	}
	to->nr_clients += more->nr_clients;
	to->buffers += more->buffers;
	to->bytes += more->bytes;
}

/* merge_processes() - merge entries of the same process; returns their number */
static size_t merge_processes(struct process *processes, size_t nr)
{
	size_t kept = 0;

	for (size_t i = 0; i < nr; i++) {
		if (kept &&
		    !compare_identities(&processes[kept - 1], &processes[i]))
			add_process(&processes[kept - 1], &processes[i]);
		else
			processes[kept++] = processes[i];
	}
	return kept;
}

static void sum_up_processes(struct snapshot *snapshot)
{
	struct process *processes;
	size_t nr = 0;

	processes = xcalloc(snapshot->nr_clients + 1, sizeof(*processes));
	for (size_t i = 0; i < snapshot->nr_clients; i++) {
		processes[nr] = of_client(snapshot, i);
		nr += holds_something(&processes[nr]);
	}
	if (snapshot->others) {
		processes[nr] = of_others(snapshot);
		nr += holds_something(&processes[nr]);
	}
	qsort(processes, nr, sizeof(*processes), compare_identities);
	nr = merge_processes(processes, nr);
	qsort(processes, nr, sizeof(*processes), compare_holdings);
	snapshot->processes = processes;
	snapshot->nr_processes = nr;
}

static int take_snapshot(struct snapshot *snapshot, const struct source *source)
{
	*snapshot = (struct snapshot){ 0 };
	if (read_device(snapshot, source) ||
	    read_all_spaces(snapshot, source) ||
	    read_clients(snapshot, source)) {
		snapshot_drop(snapshot);
		return EXIT_FAILED;
	}
	sum_up_processes(snapshot);
	return 0;
}

static int add_snapshot(struct snapshots *snapshots,
			const struct source *source)
{
	int ret;

	snapshots->list = xreallocarray(snapshots->list, snapshots->nr + 1,
					sizeof(*snapshots->list));
	ret = take_snapshot(&snapshots->list[snapshots->nr], source);
	if (!ret)
		snapshots->nr++;
	return ret;
}

int snapshots_add(struct snapshots *snapshots, struct buftrack_device *device)
{
	return add_snapshot(snapshots, &(struct source){ .device = device });
}

int snapshots_add_offline(struct snapshots *snapshots,
			  const struct offline_device *device)
{
	return add_snapshot(snapshots, &(struct source){ .offline = device });
}

void snapshots_drop(struct snapshots *snapshots)
{
	for (size_t i = 0; i < snapshots->nr; i++)
		snapshot_drop(&snapshots->list[i]);
	free(snapshots->list);
}

_Static_assert(BUFTRACK_NR_COUNTERS <= 64, "a bit for each counter");

#define UNKNOWN "unknown_free"

static uint64_t bit(unsigned int counter)
{
	return UINT64_C(1) << counter;
}

/* counters_of() - the counters that a name stands for; 0: it is unknown */
static uint64_t counters_of(const char *name)
{
	uint64_t counters = 0;
	int verdict, counter;

	if (!strcmp(name, "remaining"))
		return bit(BUFTRACK_COUNTER_REMAINING_BUFFERS);
	if (!strcmp(name, UNKNOWN)) {
		for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++)
			if (!strncmp(buftrack_counter_name(i), UNKNOWN ".",
				     sizeof(UNKNOWN)))
				counters |= bit(i);
		return counters;
	}
	verdict = buftrack_verdict_from_name(name);
	if (verdict < 0)
		return 0;
	counter = buftrack_verdict_counter(verdict);
	return counter < 0 ? 0 : bit(counter);
}

static bool add_condition(const char *list, size_t length, void *context)
{
	struct condition *condition = context;
	char name[64] = "";
	uint64_t counters;

	if (length < sizeof(name))
		memcpy(name, list, length);
	if (!strcmp(name, "uncovered")) {
		condition->uncovered = true;
		return true;
	}
	counters = counters_of(name);
	condition->counters |= counters;
	return counters;
}

int condition_option(const struct args *args, int option,
		     struct condition *condition)
{
	*condition = (struct condition){ 0 };
	return each_word(args, option, add_condition, condition,
			 "a verdict, 'remaining' or 'uncovered'");
}

/* name_holding() - append what holds for a device; returns the length of @text */
static size_t name_holding(const struct condition *condition,
			   const struct snapshot *snapshot, char *text,
			   size_t size, size_t used)
{
	bool first = true;

	for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++) {
		uint64_t count =
			buftrack_counter_set_value(snapshot->counters, i);

		if (!(condition->counters & bit(i)) || !count || used >= size)
			continue;
		if (first)
			used += snprintf(
				text + used, size - used,
				"%sdevice %u (%s) has", used ? "; " : "",
				buftrack_device_status_number(snapshot->status),
				buftrack_device_status_name(snapshot->status));
		if (used < size)
			used += snprintf(text + used, size - used,
					 "%s %" PRIu64 " %s", first ? "" : ",",
					 count, buftrack_counter_name(i));
		first = false;
	}
	return used;
}

int condition_check(const struct condition *condition,
		    const struct snapshots *snapshots)
{
	char text[768] = "";
	size_t used = 0;

	for (size_t i = 0; i < snapshots->nr; i++)
		used = name_holding(condition, &snapshots->list[i], text,
				    sizeof(text), used);
	if (!used)
		return 0;
	print_err("the condition of --fail-on holds: %s", text);
	return EXIT_CONDITION;
}
