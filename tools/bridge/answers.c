// SPDX-License-Identifier: GPL-2.0
/*
 * What is told to who asks, as the old server did
 *
 * The numbers are the kernel's, of all who report, through whatever. The old
 * server had no place for system memory, and added it to L1_SMALL; so its monitor
 * expects it.
 */
#include <errno.h>

#include "answers.h"
#include "card.h"

/* space_number() - the number of a space, which is not added for being asked */
static int space_number(struct device *device, enum space space)
{
	struct buftrack_space *found;

	if (device->spaces[space] != NO_SPACE)
		return 0;
	found = buftrack_device_find_space(device->file,
					   bridge_space_name(space));
	if (!found)
		return -1;
	device->spaces[space] = buftrack_space_number(found);
	buftrack_space_free(found);
	return 0;
}

static uint64_t live_bytes(struct device *device, enum space space)
{
	struct buftrack_counter_set *counters;
	uint64_t bytes = 0;

	if (!device || space_number(device, space))
		return 0;
	counters = buftrack_device_read_counters(
		device->file, BUFTRACK_SCOPE_SPACE, device->spaces[space]);
	if (counters)
		bytes = buftrack_counter_set_value(counters,
						   BUFTRACK_COUNTER_LIVE_BYTES);
	buftrack_counter_set_free(counters);
	return bytes;
}

static void tell_allocated(struct bridge *bridge,
			   const struct wire_message *message,
			   struct wire_answer *told)
{
	struct device *device = device_look(bridge, message->device);

	told->type = WIRE_RESPONSE;
	told->dram = live_bytes(device, SPACE_DRAM);
	told->l1 = live_bytes(device, SPACE_L1);
	told->l1_small = live_bytes(device, SPACE_L1_SMALL) +
			 live_bytes(device, SPACE_SYSTEM);
	told->trace = live_bytes(device, SPACE_TRACE);
	told->cb = live_bytes(device, SPACE_CB);
	told->kernel = live_bytes(device, SPACE_KERNEL);
}

static void tell_device(struct bridge *bridge,
			const struct wire_message *message,
			struct wire_answer *told)
{
	const char *sysfs = bridge->options->sysfs;
	struct card card;

	told->type = WIRE_DEVICE_INFO_RESPONSE;
	if (message->device == -1) {
		told->nr_devices = card_count(bridge->config, sysfs);
		told->is_available = told->nr_devices > 0;
		return;
	}
	if (!card_find(bridge->config, sysfs, message->device, &card))
		return;
	told->is_available = 1;
	told->arch = card.arch;
	told->channels = card.channels;
	told->dram_per_channel = card.dram_per_channel;
	told->l1_per_core = card.l1_per_core;
	told->total_dram = card.total_dram;
	told->total_l1 = card.total_l1;
}

int answer(struct connection *connection, const struct wire_message *message)
{
	struct wire_answer told = { .device = message->device };
	/* Asked in the first message, before it is certain, it is its length. */
	size_t size = connection->size;
	uint8_t bytes[WIRE_MAX];

	requests_flush(connection);
	if (message->type == WIRE_QUERY)
		tell_allocated(connection->bridge, message, &told);
	else
		tell_device(connection->bridge, message, &told);
	wire_encode(&told, size, bytes);
	if (!output_send(&connection->output, connection->fd, bytes, size))
		return 0;
	if (errno == ENOBUFS)
		connection_tell_end(
			connection,
			"it does not read its answers, and is cut off");
	return -1;
}
