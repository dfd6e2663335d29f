// SPDX-License-Identifier: GPL-2.0
/*
 * What DUMP_REMAINING and DUMP_KERNELS print, from the kernel's books
 *
 * Like the old server's it has the sums of each space, and the buffers themselves
 * where there are few: peers ask for it, and nobody shall wait for it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../util/text.h"
#include "device.h"
#include "dump.h"

#define FEW 10

/* A kind of records that is printed */
struct kind {
	const char *what;
	unsigned int state;
	enum buftrack_counter buffers;
	enum buftrack_counter bytes;
};

static const struct kind live = {
	.what = "allocated",
	.state = BUFTRACK_RECORD_STATE_LIVE,
	.buffers = BUFTRACK_COUNTER_LIVE_BUFFERS,
	.bytes = BUFTRACK_COUNTER_LIVE_BYTES,
};

static const struct kind left = {
	.what = "left by clients that have ended",
	.state = BUFTRACK_RECORD_STATE_REMAINING,
	.buffers = BUFTRACK_COUNTER_REMAINING_BUFFERS,
	.bytes = BUFTRACK_COUNTER_REMAINING_BYTES,
};

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
			  const struct kind *kind)
{
	struct buftrack_filter *filter = buftrack_filter_new();
	struct buftrack_listing *listing = NULL;
	const struct buftrack_buffer *buffer;

	if (filter) {
		buftrack_filter_set_space(filter, space);
		buftrack_filter_set_states(filter, kind->state);
		listing = buftrack_listing_new(device->file, filter);
	}
	for (int i = 0; listing && i < FEW; i++) {
		if (buftrack_listing_next(listing, &buffer) <= 0)
			break;
		print_buffer(out, device, buffer);
	}
	buftrack_listing_free(listing);
	buftrack_filter_free(filter);
}

static uint64_t print_kind(FILE *out, struct device *device,
			   const struct buftrack_space *space,
			   const struct kind *kind)
{
	unsigned int number = buftrack_space_number(space);
	struct buftrack_counter_set *counters = buftrack_device_read_counters(
		device->file, BUFTRACK_SCOPE_SPACE, number);
	char text[UNIT_TEXT];
	uint64_t buffers;

	if (!counters)
		return 0;
	buffers = buftrack_counter_set_value(counters, kind->buffers);
	if (buffers)
		fprintf(out, "    %s: %" PRIu64 " buffers, %s, %s\n",
			buftrack_space_name(space), buffers,
			size_text(buftrack_counter_set_value(counters,
							     kind->bytes),
				  text),
			kind->what);
	if (buffers && buffers <= FEW)
		print_buffers(out, device, number, kind);
	buftrack_counter_set_free(counters);
	return buffers;
}

static bool is_asked_for(const struct buftrack_space *space, bool kernels)
{
	return !kernels || !strcmp(buftrack_space_name(space),
				   bridge_space_name(SPACE_KERNEL));
}

static void print_device(FILE *out, struct device *device, bool kernels,
			 uint64_t *nr_live, uint64_t *nr_left)
{
	struct buftrack_space *space;
	unsigned int from = 0;

	fprintf(out, "  device %d (%s):\n", device->id, device->name);
	while ((space = buftrack_device_next_space(device->file, from))) {
		if (is_asked_for(space, kernels)) {
			*nr_live += print_kind(out, device, space, &live);
			*nr_left += print_kind(out, device, space, &left);
		}
		from = buftrack_space_number(space) + 1;
		buftrack_space_free(space);
	}
}

static void print(FILE *out, struct bridge *bridge, bool kernels)
{
	const char *what = kernels ? "kernels" : "buffers";
	uint64_t nr_live = 0, nr_left = 0;

	fprintf(out, "Remaining %s (%s):\n", what, ADDRESS_ONLY);
	for (int32_t id = 0; id < WIRE_DEVICES; id++) {
		struct device *device = NULL;

		if (bridge->devices[id])
			device = device_look(bridge, id);
		if (device)
			print_device(out, device, kernels, &nr_live, &nr_left);
	}
	fprintf(out,
		"Total: %" PRIu64 " %s allocated, %" PRIu64
		" left by clients that have ended\n",
		nr_live, what, nr_left);
}

void dump(struct bridge *bridge, bool kernels)
{
	char *text = NULL;
	size_t length;
	FILE *out;

	if (!log_has_room(&bridge->dumps))
		return;
	out = open_memstream(&text, &length);
	if (!out)
		return;
	print(out, bridge, kernels);
	if (!fclose(out) && !write_if_read(STDOUT_FILENO, text, length))
		log_line(&bridge->log, "nobody reads what a dump prints");
	free(text);
}
