// SPDX-License-Identifier: GPL-2.0
/*
 * Read the allocation server's log as a trace
 *
 * Each part of a line is searched after the previous one. Anything before the first
 * part and after the last is ignored: versions of the server, and tools that the
 * log went through, add text there.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/parse.h"
#include "addresses.h"
#include "internal.h"
#include "server-log.h"

#include <uthash.h>

/*
 * skip() - return the text after @words, or NULL; a space matches any number of
 * spaces
 */
static const char *skip(const char *text, const char *words)
{
	while (isspace((unsigned char)*text))
		text++;
	for (; *words; words++) {
		if (*words == ' ') {
			if (!isspace((unsigned char)*text))
				return NULL;
			while (isspace((unsigned char)*text))
				text++;
		} else if (*text++ != *words) {
			return NULL;
		}
	}
	return text;
}

/* seek() - the text after the first @words in @text, or NULL */
static const char *seek(const char *text, const char *words)
{
	for (; *text; text++) {
		const char *after = *text == *words ? skip(text, words) : NULL;

		if (after)
			return after;
	}
	return NULL;
}

/* parse_word() - copy the next word, up to a delimiter */
static const char *parse_word(const char *text, char *word, size_t size)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strcspn(text, " \t\r\n,;:()[]=");
	snprintf(word, size, "%.*s", (int)length, text);
	return text + length;
}

static const char *fail_number(struct log_line *line, struct trace_error *error,
			       const char *what, const char *word)
{
	line->form = LOG_MALFORMED;
	trace_fail(
		error, error->line,
		"%s '%.40s' is not a number: use decimal or 0x hexadecimal digits, at most 64 bits",
		what, word);
	return NULL;
}

static const char *parse_field(const char *text, const char *what,
			       uint64_t *number, struct log_line *line,
			       struct trace_error *error)
{
	char word[64];

	text = parse_word(text, word, sizeof(word));
	if (parse_number(word, number))
		return fail_number(line, error, what, word);
	return text;
}

static void fail_missing(struct log_line *line, struct trace_error *error,
			 const char *what)
{
	line->form = LOG_MALFORMED;
	trace_fail(error, error->line, "%s is missing: the line is cut off",
		   what);
}

/* parse_references() - "ref_count=2", if present */
static void parse_references(const char *text, struct log_line *line,
			     struct trace_error *error)
{
	const char *after = seek(text, "ref_count=");

	if (after)
		parse_field(after, "ref_count", &line->references, line, error);
}

/* parse_device() - "on device 0", if present */
static const char *parse_device(const char *text, struct log_line *line,
				struct trace_error *error)
{
	const char *after = skip(text, "on device ");

	line->has_device = after != NULL;
	return after ? parse_field(after, "device", &line->device, line,
				   error) :
		       text;
}

static void parse_allocated(const char *text, struct log_line *line,
			    struct trace_error *error)
{
	line->form = LOG_ALLOCATED;
	text = parse_field(text, "size", &line->size, line, error);
	if (!text)
		return;
	text = skip(text, "bytes of ");
	if (text)
		text = parse_word(text, line->space, sizeof(line->space));
	if (!text || !*line->space) {
		fail_missing(line, error, "space");
		return;
	}
	text = parse_device(text, line, error);
	if (!text)
		return;
	text = seek(text, "buffer_id=");
	if (!text) {
		fail_missing(line, error, "buffer_id");
		return;
	}
	text = parse_field(text, "buffer_id", &line->address, line, error);
	if (text)
		parse_references(text, line, error);
}

static void parse_freed(const char *text, struct log_line *line,
			struct trace_error *error)
{
	line->form = LOG_FREED;
	text = parse_field(text, "buffer", &line->address, line, error);
	if (text)
		text = parse_device(text, line, error);
	if (text)
		parse_references(text, line, error);
}

static void parse_pid(const char *text, struct log_line *line,
		      struct trace_error *error)
{
	const char *pid = seek(text, "[PID ");

	if (pid)
		parse_field(pid, "PID", &line->pid, line, error);
}

void server_log_parse(const char *text, struct log_line *line,
		      struct trace_error *error)
{
	static const char *const frees[] = {
		"Freed buffer ",
		"Deallocation for unknown buffer ",
		"Deallocation for ALREADY FREED buffer ",
	};
	const char *after = seek(text, "Allocated ");

	*line = (struct log_line){ .form = LOG_OTHER };
	if (after && seek(after, "bytes of "))
		parse_allocated(after, line, error);
	for (size_t i = 0; line->form == LOG_OTHER && i < 3; i++) {
		after = seek(text, frees[i]);
		if (!after)
			continue;
		parse_freed(after, line, error);
		line->was_live = i == 0;
	}
	if (line->form == LOG_ALLOCATED || line->form == LOG_FREED)
		parse_pid(text, line, error);
}

/* Names of spaces in the log and in events */
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

/* A client is a process on a device. */
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
	struct address_pool pool;
	uint64_t events;
	uint64_t skipped;
};

struct server_log *server_log_new(int fd)
{
	struct server_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->lines.fd = fd;
	log->pool.max = UINT64_MAX;
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

uint64_t server_log_aliases(const struct server_log *log)
{
	return log->pool.alias_allocs;
}

static int out_of_memory(struct server_log *log, struct trace_error *error)
{
	return trace_fail(error, log->lines.number, "out of memory: free some");
}

static struct trace_device *get_device(struct server_log *log, uint64_t id)
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
	client->client.device = get_device(log, key->device);
	client->client.word = client->word;
	client->addresses = addresses_new(&log->pool, UINT64_MAX);
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
	log->events++;
	return sink->take(sink->context, event, error);
}

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

static bool has_address(struct log_client *client, const struct log_line *line)
{
	return (!line->pid || client->key.pid == line->pid) &&
	       addresses_contains(client->addresses, 0, line->address);
}

/* find_owner() - for an incomplete free: a client that allocated its address */
static struct log_client *find_owner(struct server_log *log,
				     const struct log_line *line)
{
	struct log_client *client, *next;

	HASH_ITER(hh, log->clients, client, next)
	{
		if (has_address(client, line) &&
		    (!line->has_device || client->key.device == line->device))
			return client;
	}
	return NULL;
}

static struct log_client *get_client(struct server_log *log,
				     const struct log_line *line)
{
	const struct log_key key = { line->pid, line->device };
	struct log_client *client = NULL;

	if (line->form == LOG_FREED && (!line->has_device || !line->pid))
		client = find_owner(log, line);
	if (!client)
		HASH_FIND(hh, log->clients, &key, sizeof(key), client);
	return client ? client : add_client(log, &key);
}

static unsigned int find_space(const char *name)
{
	unsigned int space = 0;

	while (space < ADDRESS_SPACES && strcmp(spaces[space][0], name))
		space++;
	return space;
}

static int send_report(struct server_log *log, const struct trace_sink *sink,
		       struct log_client *client, enum trace_op op,
		       const char *space, const struct log_line *line,
		       struct trace_error *error)
{
	const struct trace_event event = {
		.line = log->lines.number,
		.op = op,
		.device = client->client.device,
		.client = &client->client,
		.space = space,
		.address = line->address,
		.size = op == TRACE_ALLOC ? line->size : 0,
	};

	return send_event(log, sink, &event, error);
}

/* count_known() - references of all clients to the line's address */
static uint64_t count_known(struct server_log *log, const struct log_line *line,
			    unsigned int space)
{
	struct log_client *client, *next;
	uint64_t known = 0;

	HASH_ITER(hh, log->clients, client, next)
	{
		if (client->key.device == line->device)
			known += addresses_references(client->addresses, 0,
						      line->address, space);
	}
	return known;
}

/* catch_up() - count the references that were made before the log begins */
static void catch_up(struct server_log *log, struct log_client *client,
		     const struct log_line *line, unsigned int space)
{
	uint64_t known;

	if (line->references < 2 || line->references > UINT32_MAX)
		return;
	known = count_known(log, line, space);
	if (line->references > known)
		addresses_add_references(client->addresses, 0, line->address,
					 space, line->references - known);
}

/* The kernel rejects an alloc of size 0: it becomes a lost report. */
static int send_alloc(struct server_log *log, const struct trace_sink *sink,
		      struct log_client *client, const struct log_line *line,
		      unsigned int space, struct trace_error *error)
{
	const char *name = spaces[space][1];

	switch (addresses_note_alloc(client->addresses, 0, line->address, space,
				     line->size)) {
	case ADDRESS_LARGER:
		if (send_report(log, sink, client, TRACE_FREE, name, line,
				error))
			return -1;
		/* fall through */
	case ADDRESS_FIRST:
		return send_report(log, sink, client, TRACE_ALLOC, name, line,
				   error);
	case ADDRESS_ALIAS:
		return 0;
	case ADDRESS_EMPTY:
		return send_report(log, sink, client, TRACE_GAP, "", line,
				   error);
	default:
		return out_of_memory(log, error);
	}
}

static int read_alloc(struct server_log *log, const struct trace_sink *sink,
		      struct log_client *client, const struct log_line *line,
		      struct trace_error *error)
{
	unsigned int space = find_space(line->space);

	if (space == ADDRESS_SPACES)
		return trace_fail(
			error, log->lines.number,
			"unknown space '%s': use DRAM, L1, SYSTEM_MEMORY, L1_SMALL or TRACE",
			line->space);
	if (send_alloc(log, sink, client, line, space, error))
		return -1;
	catch_up(log, client, line, space);
	return 0;
}

/*
 * read_free() - read the last free of a buffer, or a free of no buffer
 *
 * If the server still had the buffer but this client has freed its own, the buffer
 * was another client's: the free cannot be judged.
 */
static int read_free(struct server_log *log, const struct trace_sink *sink,
		     struct log_client *client, const struct log_line *line,
		     struct trace_error *error)
{
	const struct address_free what = addresses_note_free(
		client->addresses, 0, line->address, ADDRESS_ANY_SPACE);

	if (what.is_alias)
		return 0;
	if (what.space < 0)
		return send_report(log, sink, client, TRACE_FREE, "UNKNOWN",
				   line, error);
	if (line->was_live && !what.was_live)
		return send_report(log, sink, client, TRACE_GAP, "", line,
				   error);
	return send_report(log, sink, client, TRACE_FREE, spaces[what.space][1],
			   line, error);
}

static int read_line(struct server_log *log, const struct trace_sink *sink,
		     const struct log_line *line, struct trace_error *error)
{
	struct log_client *client = get_client(log, line);

	if (!client)
		return out_of_memory(log, error);
	if (open_client(log, sink, client, error))
		return -1;
	if (line->form == LOG_FREED)
		return read_free(log, sink, client, line, error);
	return read_alloc(log, sink, client, line, error);
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
		server_log_parse(text, &line, error);
		if (line.form == LOG_OTHER)
			log->skipped++;
		else if (line.form == LOG_MALFORMED ||
			 read_line(log, sink, &line, error))
			return -1;
	}
	if (!ret && !log->events)
		return trace_fail(
			error, log->lines.number,
			"no line says Allocated, Freed or Deallocation: is it a log of the allocation server?");
	return ret;
}
