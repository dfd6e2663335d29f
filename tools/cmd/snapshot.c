// SPDX-License-Identifier: GPL-2.0
/*
 * All that status and replay tell of a device, gathered
 */
#include <errno.h>
#include <stdlib.h>

#include "cmd.h"
#include "../util/err.h"
#include "snapshot.h"

/* grow() - room for one more pointer in an array that has @nr of them */
static int grow(void *array, size_t nr)
{
	void ***pointers = array;
	void **larger;

	/* The room doubles: it is full at 0 and each power of two. */
	if (nr & (nr - 1))
		return 0;
	larger = realloc(*pointers, (nr ? 2 * nr : 1) * sizeof(void *));
	if (!larger)
		return -1;
	*pointers = larger;
	return 0;
}

static int out_of_memory(void)
{
	return fail("out of memory: free some and try again");
}

static int add_space(struct snapshot *snapshot, struct buftrack_device *device,
		     struct buftrack_space *space)
{
	size_t nr = snapshot->nr_spaces;
	struct buftrack_counter_set *counters;

	counters = buftrack_device_read_counters(device, BUFTRACK_SCOPE_SPACE,
						 buftrack_space_number(space));
	if (!counters) {
		fail_errno(REQ_COUNTERS, "space '%s'",
			   buftrack_space_name(space));
		buftrack_space_free(space);
		return EXIT_FAILED;
	}
	if (grow(&snapshot->spaces, nr) ||
	    grow(&snapshot->space_counters, nr)) {
		buftrack_space_free(space);
		buftrack_counter_set_free(counters);
		return out_of_memory();
	}
	snapshot->spaces[nr] = space;
	snapshot->space_counters[nr] = counters;
	snapshot->nr_spaces++;
	return 0;
}

static int take_spaces(struct snapshot *snapshot,
		       struct buftrack_device *device)
{
	struct buftrack_space *space;
	unsigned int from = 0;

	while ((space = buftrack_device_next_space(device, from))) {
		from = buftrack_space_number(space) + 1;
		if (add_space(snapshot, device, space))
			return EXIT_FAILED;
	}
	return errno == ENOENT ? 0 : fail_errno(REQ_SPACE_INFO, "the spaces");
}

/* Of what is outside of the reader's pid namespace there is but a sum to tell. */
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

static int add_client(struct snapshot *snapshot, struct buftrack_device *device,
		      struct buftrack_client *client)
{
	size_t nr = snapshot->nr_clients;
	struct buftrack_counter_set *counters;

	counters = buftrack_device_read_counters(
		device, BUFTRACK_SCOPE_CLIENT, buftrack_client_number(client));
	/* The log of closed clients may have dropped it since. */
	if (!counters) {
		int gone = errno == ENOENT;

		buftrack_client_free(client);
		return gone ? 0 : fail_errno(REQ_COUNTERS, "the clients");
	}
	if (!buftrack_client_pid(client) && !*buftrack_client_comm(client)) {
		add_other(snapshot, client, counters);
		return 0;
	}
	if (grow(&snapshot->clients, nr) ||
	    grow(&snapshot->client_counters, nr)) {
		buftrack_client_free(client);
		buftrack_counter_set_free(counters);
		return out_of_memory();
	}
	snapshot->clients[nr] = client;
	snapshot->client_counters[nr] = counters;
	snapshot->nr_clients++;
	return 0;
}

static int take_clients(struct snapshot *snapshot,
			struct buftrack_device *device)
{
	struct buftrack_client *client;
	uint64_t from = 0;

	while ((client = buftrack_device_next_client(device, from))) {
		from = buftrack_client_number(client) + 1;
		if (add_client(snapshot, device, client))
			return EXIT_FAILED;
	}
	return errno == ENOENT ? 0 : fail_errno(REQ_CLIENT_INFO, "the clients");
}

static int take_device(struct snapshot *snapshot,
		       struct buftrack_device *device)
{
	snapshot->status = buftrack_device_read_status(device);
	if (!snapshot->status)
		return fail_errno(REQ_DEVICE_INFO, "the device");
	snapshot->counters =
		buftrack_device_read_counters(device, BUFTRACK_SCOPE_DEVICE, 0);
	if (!snapshot->counters)
		return fail_errno(REQ_COUNTERS, "the device");
	return 0;
}

int snapshot_take(struct snapshot *snapshot, struct buftrack_device *device)
{
	*snapshot = (struct snapshot){ 0 };
	if (!take_device(snapshot, device) && !take_spaces(snapshot, device) &&
	    !take_clients(snapshot, device) && !processes_take(snapshot))
		return 0;
	snapshot_drop(snapshot);
	return EXIT_FAILED;
}

void snapshot_drop(struct snapshot *snapshot)
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

int snapshots_add(struct snapshots *snapshots, struct buftrack_device *device)
{
	struct snapshot *larger;
	int ret;

	larger =
		realloc(snapshots->list, (snapshots->nr + 1) * sizeof(*larger));
	if (!larger)
		return out_of_memory();
	snapshots->list = larger;
	ret = snapshot_take(&larger[snapshots->nr], device);
	if (!ret)
		snapshots->nr++;
	return ret;
}

void snapshots_drop(struct snapshots *snapshots)
{
	for (size_t i = 0; i < snapshots->nr; i++)
		snapshot_drop(&snapshots->list[i]);
	free(snapshots->list);
}

uint64_t wrong_frees(const struct buftrack_counter_set *counters)
{
	uint64_t sum = 0;

	for (unsigned int i = BUFTRACK_COUNTER_DOUBLE_FREES;
	     i <= BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER; i++)
		sum += buftrack_counter_set_value(counters, i);
	return sum;
}
