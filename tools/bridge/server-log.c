// SPDX-License-Identifier: GPL-2.0
/*
 * The log that the old allocation server printed, as a trace
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../trace/layers.h"
#include "addresses.h"
#include "server-log.h"

#include <uthash.h>

/* Spaces as the log and as we call them; a free means one of them. */
static const char *const spaces[ADDRESS_SPACES][2] = {
	{ "DRAM", "DRAM" },
	{ "L1", "L1" },
	{ "SYSTEM_MEMORY", "SYSTEM" },
	{ "L1_SMALL", "L1_SMALL" },
	{ "TRACE", "TRACE" },
};

struct log_device {
	struct trace_device device;
	uint64_t id;
	char name[24];
	UT_hash_handle hh;
};

/* Which process on which device */
struct log_key {
	uint64_t pid;
	uint64_t device;
};

struct log_client {
	struct trace_client client;
	struct log_key key;
	char word[32];
	struct addresses *addresses;
	UT_hash_handle hh;
};

struct server_log {
	struct lines lines;
	struct log_device *devices;
	struct log_client *clients;
	struct address_room room;
	uint64_t taken;
	uint64_t skipped;
};

struct server_log *server_log_new(int fd)
{
	struct server_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->lines.fd = fd;
	log->room.most = UINT64_MAX;
	return log;
}

void server_log_free(struct server_log *log)
{
	struct log_client *client, *next_client;
	struct log_device *device, *next_device;

	if (!log)
		return;
	HASH_ITER(hh, log->clients, client, next_client)
	{
		HASH_DEL(log->clients, client);
		addresses_free(client->addresses);
		free(client);
	}
	HASH_ITER(hh, log->devices, device, next_device)
	{
		HASH_DEL(log->devices, device);
		free(device);
	}
	free(log);
}

uint64_t server_log_offset(const struct server_log *log)
{
	return log->lines.offset;
}

uint64_t server_log_skipped(const struct server_log *log)
{
	return log->skipped;
}

static int out_of_memory(struct server_log *log, struct trace_error *error)
{
	return trace_fail(error, log->lines.number, "out of memory: free some");
}

static struct trace_device *device_of(struct server_log *log, uint64_t id)
{
	struct log_device *device;

	HASH_FIND(hh, log->devices, &id, sizeof(id), device);
	if (device)
		return &device->device;
	device = calloc(1, sizeof(*device));
	if (!device)
		return NULL;
	device->id = id;
	snprintf(device->name, sizeof(device->name), "%" PRIu64, id);
	device->device.name = device->name;
	HASH_ADD(hh, log->devices, id, sizeof(device->id), device);
	return &device->device;
}

static struct log_client *add_client(struct server_log *log,
				     const struct log_key *key)
{
	struct log_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->key = *key;
	client->client.device = device_of(log, key->device);
	client->client.word = client->word;
	client->addresses = addresses_new(&log->room, UINT64_MAX);
	if (key->pid)
		snprintf(client->word, sizeof(client->word), "pid %" PRIu64,
			 key->pid);
	else
		strcpy(client->word, "no pid");
	HASH_ADD(hh, log->clients, key, sizeof(client->key), client);
	return client->client.device && client->addresses ? client : NULL;
}

static int send_event(struct server_log *log, const struct trace_sink *sink,
		      const struct trace_event *event,
		      struct trace_error *error)
{
	log->taken++;
	return sink->take(sink->context, event, error);
}

/* open_client() - what it held before the log began, the log does not say */
static int open_client(struct server_log *log, const struct trace_sink *sink,
		       struct log_client *client, struct trace_error *error)
{
	const struct trace_event event = {
		.line = log->lines.number,
		.op = TRACE_OPEN,
		.device = client->client.device,
		.client = &client->client,
		.space = "",
		.late = true,
	};

	if (client->client.open)
		return 0;
	client->client.open = true;
	return send_event(log, sink, &event, error);
}

static bool knows(struct log_client *client, const struct log_line *line)
{
	return (!line->pid || client->key.pid == line->pid) &&
	       addresses_know(client->addresses, 0, line->address);
}

/* guess_device() - of a free that names none: where its address was allocated */
static struct log_client *guess_device(struct server_log *log,
				       const struct log_line *line)
{
	struct log_client *client, *next;

	HASH_ITER(hh, log->clients, client, next)
	{
		if (knows(client, line) &&
		    (!line->has_device || client->key.device == line->device))
			return client;
	}
	return NULL;
}

static struct log_client *client_of(struct server_log *log,
				    const struct log_line *line)
{
	const struct log_key key = { line->pid, line->device };
	struct log_client *client = NULL;

	if (line->form == LOG_FREED && (!line->has_device || !line->pid))
		client = guess_device(log, line);
	if (!client)
		HASH_FIND(hh, log->clients, &key, sizeof(key), client);
	return client ? client : add_client(log, &key);
}

static unsigned int space_number(const char *name)
{
	unsigned int space = 0;

	while (space < ADDRESS_SPACES && strcmp(spaces[space][0], name))
		space++;
	return space;
}

/* The kernel knows no buffer without a size: such a line is a lost report. */
static int take_allocated(struct server_log *log, const struct log_line *line,
			  struct log_client *client, struct trace_event *event,
			  struct trace_error *error)
{
	unsigned int space = space_number(line->space);

	if (space == ADDRESS_SPACES)
		return trace_fail(
			error, log->lines.number,
			"space '%s' is none of DRAM, L1, SYSTEM_MEMORY, L1_SMALL, TRACE",
			line->space);
	event->op = line->size ? TRACE_ALLOC : TRACE_GAP;
	event->space = line->size ? spaces[space][1] : "";
	if (line->size &&
	    addresses_note_alloc(client->addresses, 0, line->address, space))
		return out_of_memory(log, error);
	return 0;
}

static void take_freed(const struct log_line *line, struct log_client *client,
		       struct trace_event *event)
{
	int space = addresses_note_free(client->addresses, 0, line->address);

	event->op = TRACE_FREE;
	event->space = space < 0 ? "UNKNOWN" : spaces[space][1];
}

static int take_line(struct server_log *log, const struct trace_sink *sink,
		     const struct log_line *line, struct trace_error *error)
{
	struct log_client *client = client_of(log, line);
	struct trace_event event = {
		.line = log->lines.number,
		.address = line->address,
		.size = line->form == LOG_ALLOCATED ? line->size : 0,
	};

	if (!client)
		return out_of_memory(log, error);
	if (open_client(log, sink, client, error))
		return -1;
	event.device = client->client.device;
	event.client = &client->client;
	if (line->form == LOG_FREED)
		take_freed(line, client, &event);
	else if (take_allocated(log, line, client, &event, error))
		return -1;
	return send_event(log, sink, &event, error);
}

int server_log_read(struct server_log *log, const struct trace_sink *sink,
		    struct trace_error *error)
{
	struct log_line line;
	size_t length;
	char *text;
	int ret;

	while ((ret = lines_next(&log->lines, sink, &text, &length, error)) >
	       0) {
		error->line = log->lines.number;
		log_parse(text, &line, error);
		if (line.form == LOG_OTHER)
			log->skipped++;
		else if (line.form == LOG_MALFORMED ||
			 take_line(log, sink, &line, error))
			return -1;
	}
	if (!ret && !log->taken)
		return trace_fail(
			error, log->lines.number,
			"no line says Allocated, Freed or Deallocation: is it a log of the allocation server?");
	return ret;
}
