// SPDX-License-Identifier: GPL-2.0
/*
 * Reading a list that buftrack list --json wrote
 *
 * A list may have millions of records, so only one value at a time is in memory: each
 * value is cut out of the file and then parsed by json-c.
 */
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/err.h"
#include "cmd.h"
#include "diff.h"
#include "lookup.h"

/* A record takes a few hundred bytes, the list of devices somewhat more. */
#define MAX_VALUE (16U << 20)
#define MAX_KEY 64

/**
 * struct reader - a list that is being read
 * @side: the list
 * @in: its file
 * @line: current line
 * @text: the last value that was cut out
 * @length: its length
 * @room: size of @text
 * @failed: an error message was printed
 * @take: called for each live record
 * @context: first argument of @take
 */
struct reader {
	struct side *side;
	FILE *in;
	uint64_t line;
	char *text;
	size_t length;
	size_t room;
	bool failed;
	void (*take)(void *context, const struct record *record);
	void *context;
};

bool covers_device(const struct side *side, const char *name)
{
	for (const struct name *at = side->devices; at; at = at->next)
		if (!strcmp(at->name, name))
			return true;
	return false;
}

static void note_device(struct side *side, const char *name)
{
	struct name *device;

	if (covers_device(side, name))
		return;
	device = xcalloc(1, sizeof(*device));
	copy_name(device->name, name, sizeof(device->name));
	device->next = side->devices;
	side->devices = device;
}

void drop_devices(struct side *side)
{
	while (side->devices) {
		struct name *device = side->devices;

		side->devices = device->next;
		free(device);
	}
}

static int bad(struct reader *reader, const char *what)
{
	if (!reader->failed)
		fail("%s:%llu: %s: use a file written by 'buftrack list --json'",
		     reader->side->file, (unsigned long long)reader->line,
		     what);
	reader->failed = true;
	return -1;
}

static int ended(struct reader *reader)
{
	if (ferror(reader->in))
		fail("%s: cannot be read: %s", reader->side->file,
		     strerror(errno));
	else
		fail("%s:%llu: the file is cut off: save the list again",
		     reader->side->file, (unsigned long long)reader->line);
	reader->failed = true;
	return -1;
}

static int next(struct reader *reader)
{
	int c = getc_unlocked(reader->in);

	if (c == '\n')
		reader->line++;
	return c;
}

static int next_solid(struct reader *reader)
{
	int c;

	do {
		c = next(reader);
	} while (c == ' ' || c == '\t' || c == '\n' || c == '\r');
	return c;
}

static void put_back(struct reader *reader, int c)
{
	if (c == '\n')
		reader->line--;
	ungetc(c, reader->in);
}

/* keep() - append a character to the value, unless the value is not @wanted */
static int keep(struct reader *reader, int c, bool wanted)
{
	if (!wanted)
		return 0;
	if (reader->length == MAX_VALUE)
		return bad(reader, "a value is too long");
	if (reader->length + 1 >= reader->room) {
		reader->room = reader->room ? 2 * reader->room : 1024;
		reader->text = xreallocarray(reader->text, reader->room, 1);
	}
	reader->text[reader->length++] = c;
	reader->text[reader->length] = '\0';
	return 0;
}

/* cut_string() - cut out the rest of a string, after its first quote */
static int cut_string(struct reader *reader, bool wanted)
{
	bool escaped = false;
	int c;

	while ((c = next(reader)) != EOF) {
		if (keep(reader, c, wanted))
			return -1;
		if (c == '"' && !escaped)
			return 0;
		escaped = c == '\\' && !escaped;
	}
	return ended(reader);
}

static int cut_word(struct reader *reader, bool wanted)
{
	int c;

	while ((c = next(reader)) != EOF && !strchr(" \t\r\n,]}", c))
		if (keep(reader, c, wanted))
			return -1;
	if (c == EOF)
		return ended(reader);
	put_back(reader, c);
	return 0;
}

/* cut_value() - cut out the value that begins with @c; json-c checks its syntax */
static int cut_value(struct reader *reader, int c, bool wanted)
{
	unsigned int depth = 0;

	reader->length = 0;
	do {
		if (c == EOF)
			return ended(reader);
		if (keep(reader, c, wanted))
			return -1;
		if (c == '"') {
			if (cut_string(reader, wanted))
				return -1;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (!depth--)
				return bad(reader, "not JSON");
		} else if (!depth) {
			return cut_word(reader, wanted);
		}
		if (depth)
			c = next(reader);
	} while (depth);
	return 0;
}

static struct json_object *parse_value(struct reader *reader)
{
	enum json_tokener_error error;
	struct json_object *object;

	object = json_tokener_parse_verbose(reader->text, &error);
	if (error != json_tokener_success)
		bad(reader, "not JSON");
	return object;
}

/* number_of() - the number of a field; 0 and not @known if it is null or missing */
static uint64_t number_of(struct json_object *object, const char *key,
			  bool *known)
{
	struct json_object *value;

	*known = json_object_object_get_ex(object, key, &value) &&
		 json_object_is_type(value, json_type_int);
	return *known ? json_object_get_uint64(value) : 0;
}

static bool text_of(struct json_object *object, const char *key, char *text,
		    size_t size)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return false;
	copy_name(text, json_object_get_string(value), size);
	return true;
}

static bool truth_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) &&
	       json_object_get_boolean(value);
}

static bool fill_record(struct json_object *object, struct record *record)
{
	struct group *group = &record->group;
	bool client, pid, site, address, id, size, allocated;
	char state[16];

	group->client = number_of(object, "client", &client);
	group->pid = number_of(object, "pid", &pid);
	group->site = number_of(object, "site", &site);
	record->address = number_of(object, "address", &address);
	record->id = number_of(object, "id", &id);
	record->size = number_of(object, "size", &size);
	record->allocated = number_of(object, "allocated_ns", &allocated);
	group->hidden = truth_of(object, "redacted");
	if (!text_of(object, "comm", group->comm, sizeof(group->comm)) ||
	    !text_of(object, "device_name", group->device,
		     sizeof(group->device)) ||
	    !text_of(object, "space", group->space, sizeof(group->space)) ||
	    !text_of(object, "state", state, sizeof(state)))
		return false;
	record->live = !strcmp(state, "live");
	return client && pid && size && allocated &&
	       (group->hidden || (address && id));
}

static int take_record(struct reader *reader)
{
	struct record record = { 0 };
	struct json_object *object = parse_value(reader);
	bool filled;

	if (reader->failed)
		return -1;
	filled = json_object_is_type(object, json_type_object) &&
		 fill_record(object, &record);
	json_object_put(object);
	if (!filled)
		return bad(reader, "not a record of a buffer");
	note_device(reader->side, record.group.device);
	if (record.live)
		reader->take(reader->context, &record);
	else
		reader->side->ignored++;
	return 0;
}

static int read_records(struct reader *reader)
{
	int c = next_solid(reader);

	if (c != '[')
		return c == EOF ? ended(reader) :
				  bad(reader, "\"records\" is not an array");
	c = next_solid(reader);
	if (c == ']')
		return 0;
	for (;;) {
		if (cut_value(reader, c, true) || take_record(reader))
			return -1;
		c = next_solid(reader);
		if (c == ']')
			return 0;
		if (c != ',')
			return c == EOF ? ended(reader) :
					  bad(reader, "not JSON");
		c = next_solid(reader);
	}
}

static void take_listings(struct side *side, struct json_object *array)
{
	char name[BUFTRACK_DEVICE_NAME_SIZE];

	if (!json_object_is_type(array, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(array); i++)
		if (text_of(json_object_array_get_idx(array, i), "device_name",
			    name, sizeof(name)))
			note_device(side, name);
}

/* take_field() - read a field of the list as a whole */
static int take_field(struct reader *reader, const char *key)
{
	bool wanted = !strcmp(key, "instant_ns") || !strcmp(key, "exact") ||
		      !strcmp(key, "listings");
	struct json_object *value;

	if (cut_value(reader, next_solid(reader), wanted) || !wanted)
		return reader->failed ? -1 : 0;
	value = parse_value(reader);
	if (reader->failed)
		return -1;
	if (*key == 'i')
		reader->side->instant = json_object_get_uint64(value);
	else if (*key == 'e')
		reader->side->inexact = !json_object_get_boolean(value);
	else
		take_listings(reader->side, value);
	json_object_put(value);
	return 0;
}

/* read_key() - read a key and the colon after it */
static int read_key(struct reader *reader, int c, char key[MAX_KEY])
{
	if (c == EOF)
		return ended(reader);
	if (c != '"')
		return bad(reader, "not JSON");
	if (cut_value(reader, c, true))
		return -1;
	/* Keys with escapes stay escaped: no known key has any. */
	reader->text[reader->length - 1] = '\0';
	copy_name(key, reader->text + 1, MAX_KEY);
	c = next_solid(reader);
	if (c == ':')
		return 0;
	return c == EOF ? ended(reader) : bad(reader, "not JSON");
}

static int read_object(struct reader *reader)
{
	bool has_records = false;
	char key[MAX_KEY];
	int c = next_solid(reader);

	if (c != '{')
		return c == EOF ? ended(reader) :
				  bad(reader, "not a JSON object");
	do {
		if (read_key(reader, next_solid(reader), key))
			return -1;
		if (strcmp(key, "records") ? take_field(reader, key) :
					     read_records(reader))
			return -1;
		has_records |= !strcmp(key, "records");
		c = next_solid(reader);
	} while (c == ',');
	if (c != '}')
		return c == EOF ? ended(reader) : bad(reader, "not JSON");
	if (!has_records)
		return bad(reader, "\"records\" is missing");
	if (next_solid(reader) != EOF)
		return bad(reader, "more than one list");
	return 0;
}

int read_list(struct side *side,
	      void (*take)(void *context, const struct record *record),
	      void *context)
{
	struct reader reader = {
		.side = side,
		.line = 1,
		.take = take,
		.context = context,
	};
	int ret;

	reader.in = strcmp(side->file, "-") ? fopen(side->file, "re") : stdin;
	if (!reader.in)
		return fail(
			"%s: %s: use a file written by 'buftrack list --json'",
			side->file, strerror(errno));
	ret = read_object(&reader);
	free(reader.text);
	if (reader.in != stdin)
		fclose(reader.in);
	return ret ? EXIT_FAILED : 0;
}
