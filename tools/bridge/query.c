// SPDX-License-Identifier: GPL-2.0
/*
 * Answers and dumps, from the kernel's counters and records
 *
 * The numbers cover all reporters, not only the bridge. Like the original server's,
 * a dump has the totals of each space and lists the buffers only if there are few.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../util/text.h"
#include "card.h"
#include "internal.h"

/* Maximum number of buffers that a dump lists per space */
#define MAX_LISTED 10

/* A state of buffers in a dump */
struct state {
	const char *name;
	unsigned int flag;
	enum buftrack_counter buffers;
	enum buftrack_counter bytes;
};

static const struct state live = {
	.name = "allocated",
	.flag = BUFTRACK_RECORD_STATE_LIVE,
	.buffers = BUFTRACK_COUNTER_LIVE_BUFFERS,
	.bytes = BUFTRACK_COUNTER_LIVE_BYTES,
};

static const struct state remaining = {
	.name = "left by clients that have ended",
	.flag = BUFTRACK_RECORD_STATE_REMAINING,
	.buffers = BUFTRACK_COUNTER_REMAINING_BUFFERS,
	.bytes = BUFTRACK_COUNTER_REMAINING_BYTES,
};

/* find_space() - set the number of a space without adding it; -1 if not there */
static int find_space(struct device *device, enum space space)
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

	if (!device || find_space(device, space))
		return 0;
	counters = buftrack_device_read_counters(
		device->file, BUFTRACK_SCOPE_SPACE, device->spaces[space]);
	if (counters)
		bytes = buftrack_counter_set_value(counters,
						   BUFTRACK_COUNTER_LIVE_BYTES);
	buftrack_counter_set_free(counters);
	return bytes;
}

void query_allocated(struct bridge *bridge, struct wire_answer *answer)
{
	struct device *device = device_lookup(bridge, answer->device);

	answer->type = WIRE_RESPONSE;
	answer->dram = live_bytes(device, SPACE_DRAM);
	answer->l1 = live_bytes(device, SPACE_L1);
	/* The protocol has no field for SYSTEM; the original server did the same. */
	answer->l1_small = live_bytes(device, SPACE_L1_SMALL) +
			   live_bytes(device, SPACE_SYSTEM);
	answer->trace = live_bytes(device, SPACE_TRACE);
	answer->cb = live_bytes(device, SPACE_CB);
	answer->kernel = live_bytes(device, SPACE_KERNEL);
}

void query_device(struct bridge *bridge, struct wire_answer *answer)
{
	const char *sysfs = bridge->options->sysfs;
	struct card card;

	answer->type = WIRE_DEVICE_INFO_RESPONSE;
	if (answer->device == -1) {
		answer->nr_devices = card_count(bridge->config, sysfs);
		/* Programs take it for the end of the device numbers. */
		if (answer->nr_devices < devices_count(bridge))
			answer->nr_devices = devices_count(bridge);
		answer->is_available = answer->nr_devices > 0;
		return;
	}
	if (!card_find(bridge->config, sysfs, answer->device, &card))
		return;
	answer->is_available = 1;
	answer->arch = card.arch;
	answer->channels = card.channels;
	answer->dram_per_channel = card.dram_per_channel;
	answer->l1_per_core = card.l1_per_core;
	answer->total_dram = card.total_dram;
	answer->total_l1 = card.total_l1;
}

static void print_buffer(FILE *out, struct device *device,
			 const struct buftrack_buffer *buffer)
{
	struct buftrack_client *client = buftrack_device_read_client(
		device->file, buftrack_buffer_client(buffer));
	char text[UNIT_TEXT];

	fprintf(out, "      0x%" PRIx64 ": %s, client %" PRIu64,
		buftrack_buffer_address(buffer),
		size_text(buftrack_buffer_size(buffer), text),
		buftrack_buffer_client(buffer));
	if (client && buftrack_client_claimed_pid(client))
		fprintf(out, ", process %u (%s)",
			buftrack_client_claimed_pid(client),
			buftrack_client_claimed_name(client));
	fputs("\n", out);
	buftrack_client_free(client);
}

static void print_buffers(FILE *out, struct device *device, unsigned int space,
			  const struct state *state)
{
	struct buftrack_filter *filter = buftrack_filter_new();
	struct buftrack_listing *listing = NULL;
	const struct buftrack_buffer *buffer;

	if (filter) {
		buftrack_filter_set_space(filter, space);
		buftrack_filter_set_states(filter, state->flag);
		listing = buftrack_listing_new(device->file, filter);
	}
	for (int i = 0; listing && i < MAX_LISTED; i++) {
		if (buftrack_listing_next(listing, &buffer) <= 0)
			break;
		print_buffer(out, device, buffer);
	}
	buftrack_listing_free(listing);
	buftrack_filter_free(filter);
}

/* print_state() - print a space's buffers in one state, and return their number */
static uint64_t print_state(FILE *out, struct device *device,
			    const struct buftrack_space *space,
			    const struct state *state)
{
	unsigned int number = buftrack_space_number(space);
	struct buftrack_counter_set *counters = buftrack_device_read_counters(
		device->file, BUFTRACK_SCOPE_SPACE, number);
	char text[UNIT_TEXT];
	uint64_t buffers;

	if (!counters)
		return 0;
	buffers = buftrack_counter_set_value(counters, state->buffers);
	if (buffers)
		fprintf(out, "    %s: %" PRIu64 " buffers, %s, %s\n",
			buftrack_space_name(space), buffers,
			size_text(buftrack_counter_set_value(counters,
							     state->bytes),
				  text),
			state->name);
	if (buffers && buffers <= MAX_LISTED)
		print_buffers(out, device, number, state);
	buftrack_counter_set_free(counters);
	return buffers;
}

static bool is_in_dump(const struct buftrack_space *space, bool kernels_only)
{
	return !kernels_only || !strcmp(buftrack_space_name(space),
					bridge_space_name(SPACE_KERNEL));
}

static void print_device(FILE *out, struct device *device, bool kernels_only,
			 uint64_t *nr_live, uint64_t *nr_remaining)
{
	struct buftrack_space *space;
	unsigned int from = 0;

	fprintf(out, "  device %d (%s):\n", device->id, device->name);
	while ((space = buftrack_device_next_space(device->file, from))) {
		if (is_in_dump(space, kernels_only)) {
			*nr_live += print_state(out, device, space, &live);
			*nr_remaining +=
				print_state(out, device, space, &remaining);
		}
		from = buftrack_space_number(space) + 1;
		buftrack_space_free(space);
	}
}

static void print_dump(FILE *out, struct bridge *bridge, bool kernels_only)
{
	const char *what = kernels_only ? "kernels" : "buffers";
	uint64_t nr_live = 0, nr_remaining = 0;

	fprintf(out, "Remaining %s (%s):\n", what, ADDRESS_ONLY);
	for (int32_t id = 0; id < WIRE_DEVICES; id++) {
		struct device *device = NULL;

		if (bridge->devices[id])
			device = device_lookup(bridge, id);
		if (device)
			print_device(out, device, kernels_only, &nr_live,
				     &nr_remaining);
	}
	fprintf(out,
		"Total: %" PRIu64 " %s allocated, %" PRIu64
		" left by clients that have ended\n",
		nr_live, what, nr_remaining);
	if (!kernels_only && bridge->addresses.references)
		fprintf(out,
			"Aliases: %" PRIu64
			" references beyond the first of each buffer\n",
			bridge->addresses.references);
}

void query_dump(struct bridge *bridge, bool kernels_only)
{
	char *text = NULL;
	size_t length;
	FILE *out;

	if (!log_take_credit(&bridge->dumps))
		return;
	out = open_memstream(&text, &length);
	if (!out)
		return;
	print_dump(out, bridge, kernels_only);
	if (!fclose(out) && !write_nowait(STDOUT_FILENO, text, length))
		log_line(&bridge->log,
			 "a dump was cut short: standard output is not read");
	free(text);
}
