// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack record
 *
 * The trace has the live buffers of one instant. The module streams no ordinary reports,
 * so what follows cannot be in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/recorder.h"
#include "cmd.h"
#include "lookup.h"

static const struct option_spec options[] = { { .name = NULL } };

/**
 * struct live - a live buffer
 */
struct live {
	uint64_t client;
	unsigned int space;
	bool doubtful;
	uint64_t address;
	uint64_t size;
	uint64_t span;
	uint64_t id;
	uint64_t allocated;
};

/**
 * struct recorded - a client of the device that is being recorded
 * @number: its number
 * @state: enum buftrack_client_state
 * @word: what the trace calls it
 */
struct recorded {
	uint64_t number;
	unsigned int state;
	char word[48];
};

/**
 * struct recording - the device that is being recorded
 * @recorder: the trace
 * @device: the device
 * @status: its status
 * @list: its live buffers by client, oldest first
 * @nr: number of live buffers
 * @spaces: names of the spaces
 */
struct recording {
	struct recorder *recorder;
	struct buftrack_device *device;
	const struct buftrack_device_status *status;
	struct live *list;
	size_t nr;
	char spaces[BUFTRACK_MAX_SPACES][BUFTRACK_SPACE_NAME_SIZE];
};

static int read_names(struct recording *recording)
{
	struct buftrack_space *space;
	unsigned int from = 0;

	while ((space = buftrack_device_next_space(recording->device, from))) {
		unsigned int number = buftrack_space_number(space);

		if (number < BUFTRACK_MAX_SPACES)
			snprintf(recording->spaces[number],
				 BUFTRACK_SPACE_NAME_SIZE, "%s",
				 buftrack_space_name(space));
		buftrack_space_free(space);
		from = number + 1;
	}
	return errno == ENOENT ? 0 :
				 fail_device(REQ_SPACE_INFO, recording->status);
}

static int add_live(struct recording *recording,
		    const struct buftrack_buffer *buffer)
{
	unsigned int state = buftrack_buffer_state(buffer);

	if (state & BUFTRACK_RECORD_STATE_REDACTED)
		return fail(
			"device \"%s\" has buffers of other users, whose addresses are hidden: run as root",
			buftrack_device_status_name(recording->status));
	if (!(recording->nr & (recording->nr + 1)))
		recording->list = xreallocarray(recording->list,
						2 * (recording->nr + 1),
						sizeof(*recording->list));
	recording->list[recording->nr++] = (struct live){
		.client = buftrack_buffer_client(buffer),
		.space = buftrack_buffer_space(buffer),
		.doubtful = state & BUFTRACK_RECORD_STATE_DOUBTFUL,
		.address = buftrack_buffer_address(buffer),
		.size = buftrack_buffer_size(buffer),
		.span = buftrack_buffer_span(buffer),
		.id = buftrack_buffer_id(buffer),
		.allocated = buftrack_buffer_allocated(buffer),
	};
	return 0;
}

static int by_client(const void *left, const void *right)
{
	const struct live *a = left, *b = right;

	if (a->client != b->client)
		return a->client < b->client ? -1 : 1;
	return a->allocated < b->allocated ? -1 : a->allocated > b->allocated;
}

static int read_live(struct recording *recording)
{
	struct buftrack_filter *filter = checked(buftrack_filter_new());
	struct buftrack_listing *listing;
	const struct buftrack_buffer *buffer;
	int ret = 0, more = 0;

	buftrack_filter_set_states(filter, BUFTRACK_RECORD_STATE_LIVE);
	listing = checked(buftrack_listing_new(recording->device, filter));
	buftrack_filter_free(filter);
	while (!ret && (more = buftrack_listing_next(listing, &buffer)) > 0)
		ret = add_live(recording, buffer);
	if (more < 0)
		ret = fail_device(REQ_RECORDS, recording->status);
	else if (!ret && !buftrack_listing_is_exact(listing))
		ret = fail(
			"device \"%s\": the listing is not exact, as the device was busy: try again",
			buftrack_device_status_name(recording->status));
	buftrack_listing_free(listing);
	if (recording->nr)
		qsort(recording->list, recording->nr, sizeof(struct live),
		      by_client);
	return ret;
}

static void write_line(const struct recording *recording, uint64_t time,
		       const struct recorded *client, const char *op,
		       uint64_t id, const char *flags)
{
	const struct recorder_line line = {
		.time = time,
		.client = client->word,
		.op = op,
		.device = buftrack_device_status_name(recording->status),
		.space = "",
		.id = id,
		.flags = flags,
	};

	recorder_write(recording->recorder, &line);
}

/* first_of() - index of the first live buffer of a client, or where it would be */
static size_t first_of(const struct recording *recording, uint64_t client)
{
	size_t low = 0, high = recording->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (recording->list[middle].client < client)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_live(const struct recording *recording, uint64_t client)
{
	size_t first = first_of(recording, client);

	return first < recording->nr && recording->list[first].client == client;
}

static void write_alloc(const struct recording *recording,
			const struct recorded *client, const struct live *live)
{
	const struct recorder_line line = {
		.time = live->allocated,
		.client = client->word,
		.op = "alloc",
		.device = buftrack_device_status_name(recording->status),
		.space = recording->spaces[live->space % BUFTRACK_MAX_SPACES],
		.address = live->address,
		.size = live->size,
		.span = live->span,
		.id = live->id,
		.flags = "",
	};

	recorder_write(recording->recorder, &line);
}

static void write_allocs(const struct recording *recording,
			 const struct recorded *client, bool doubtful)
{
	for (size_t i = first_of(recording, client->number);
	     i < recording->nr && recording->list[i].client == client->number;
	     i++)
		if (recording->list[i].doubtful == doubtful)
			write_alloc(recording, client, &recording->list[i]);
}

/* next_client() - the next client that is open or has live buffers; NULL: an error or none */
static struct buftrack_client *next_client(const struct recording *recording,
					   uint64_t *from)
{
	struct buftrack_client *client;

	while ((client = buftrack_device_next_client(recording->device,
						     *from))) {
		uint64_t number = buftrack_client_number(client);

		*from = number + 1;
		if (buftrack_client_state(client) &
			    BUFTRACK_CLIENT_STATE_OPEN ||
		    has_live(recording, number))
			return client;
		buftrack_client_free(client);
	}
	return NULL;
}

static void describe(const struct buftrack_client *client,
		     struct recorded *recorded)
{
	recorded->number = buftrack_client_number(client);
	recorded->state = buftrack_client_state(client);
	snprintf(recorded->word, sizeof(recorded->word), "%u.%" PRIu64,
		 buftrack_client_pid(client), recorded->number);
}

/*
 * write_clients() - write what one step of the trace has of each client
 *
 * The shared domain belongs to all of its clients, so each step is done for all clients
 * before the next one: a gap comes after all doubtful buffers, an end after all others.
 */
static int write_clients(const struct recording *recording,
			 void (*step)(const struct recording *,
				      const struct buftrack_client *,
				      const struct recorded *))
{
	struct buftrack_client *client;
	struct recorded recorded;
	uint64_t from = 0;

	while ((client = next_client(recording, &from))) {
		describe(client, &recorded);
		step(recording, client, &recorded);
		buftrack_client_free(client);
	}
	return errno == ENOENT ?
		       0 :
		       fail_device(REQ_CLIENT_INFO, recording->status);
}

static void write_open(const struct recording *recording,
		       const struct buftrack_client *client,
		       const struct recorded *recorded)
{
	bool shared = recorded->state & BUFTRACK_CLIENT_STATE_SHARED;

	write_line(recording, buftrack_client_opened(client), recorded, "open",
		   buftrack_client_first_id(client),
		   shared ? "late|shared" : "late");
	write_allocs(recording, recorded, true);
}

static void write_gap(const struct recording *recording,
		      const struct buftrack_client *client,
		      const struct recorded *recorded)
{
	if (buftrack_client_state(client) & BUFTRACK_CLIENT_STATE_HAD_GAP)
		write_line(recording, buftrack_client_opened(client), recorded,
			   "gap", 0, "");
}

static void write_rest(const struct recording *recording,
		       const struct buftrack_client *client,
		       const struct recorded *recorded)
{
	(void)client;
	write_allocs(recording, recorded, false);
}

static void write_close(const struct recording *recording,
			const struct buftrack_client *client,
			const struct recorded *recorded)
{
	if (!(recorded->state & BUFTRACK_CLIENT_STATE_OPEN))
		write_line(recording, buftrack_client_closed(client), recorded,
			   "close", 0, "");
}

static int write_device(const struct recording *recording)
{
	int ret = write_clients(recording, write_open);

	if (!ret)
		ret = write_clients(recording, write_gap);
	if (!ret)
		ret = write_clients(recording, write_rest);
	return ret ? ret : write_clients(recording, write_close);
}

static int record_device(struct buftrack_device *device,
			 const struct buftrack_device_status *status,
			 void *context)
{
	struct recording recording = { .recorder = context,
				       .device = device,
				       .status = status };
	int ret = read_names(&recording);

	if (!ret)
		ret = read_live(&recording);
	if (!ret)
		ret = write_device(&recording);
	free(recording.list);
	return ret;
}

static int run(struct args *args)
{
	int option = next_option(args), ret, closed;
	struct recorder *recorder;
	char **words;

	if (option != OPTIONS_END)
		return options_status(option);
	words = operands(args, 1, 2);
	if (!words)
		return EXIT_USAGE_ERROR;
	recorder = recorder_open(words[1] ? words[1] : words[0]);
	if (!recorder)
		return EXIT_FAILED;
	ret = each_device(words[1] ? words[0] : NULL, record_device, recorder);
	closed = recorder_close(recorder);
	return ret ? ret : closed;
}

const struct verb verb_record = {
	.name = "record",
	.operands = "[DEV] FILE",
	.summary = "write the live buffers of a device, or of all, as a trace",
	.details =
		"The trace has the live buffers of one instant, with their clients as late ones. What\nfollows is not in it, since the module streams no ordinary reports; 'buftrack run\n--record' writes all that a command does. FILE is compressed if it ends in .gz or\n.zst.",
	.options = options,
	.run = run,
};
