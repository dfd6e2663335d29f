// SPDX-License-Identifier: GPL-2.0
/*
 * cli-judge [--max-records N] [--freed-records N] TRACE < JSON
 *
 * Compares the output of `buftrack replay --json` with the model: every counter of
 * every scope. Prints the differences and exits with 1 if there are any.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

static unsigned int differences;

static void differ(const char *where, const char *what, uint64_t expected,
		   uint64_t got)
{
	printf("%s: %s is %" PRIu64 ", should be %" PRIu64 "\n", where, what,
	       got, expected);
	differences++;
}

/* field() - look up a field by a path with dots */
static struct json_object *field(struct json_object *object, const char *path)
{
	char name[64];
	const char *dot = strchr(path, '.');
	struct json_object *value;

	snprintf(name, sizeof(name), "%.*s",
		 (int)(dot ? dot - path : (ptrdiff_t)strlen(path)), path);
	if (!json_object_object_get_ex(object, name, &value))
		errx(1, "there is no field %s", name);
	return dot ? field(value, dot + 1) : value;
}

static uint64_t number(struct json_object *object, const char *path)
{
	return json_object_get_uint64(field(object, path));
}

static const char *text(struct json_object *object, const char *path)
{
	return json_object_get_string(field(object, path));
}

static void compare_counters(const char *where, const struct counts *expected,
			     struct json_object *object)
{
	struct json_object *counters = field(object, "counters");
	uint64_t unknown = 0;

	for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++) {
		const char *name = buftrack_counter_name(i);
		uint64_t got = number(counters, name);

		if (got != expected->value[i])
			differ(where, name, expected->value[i], got);
		if (strchr(name, '.'))
			unknown += expected->value[i];
	}
	if (number(counters, "unknown_free.total") != unknown)
		differ(where, "unknown_free.total", unknown,
		       number(counters, "unknown_free.total"));
}

static struct client *find_client(const struct device *device, uint64_t number)
{
	for (struct client *client = device->clients; client;
	     client = client->next)
		if (client->number == number)
			return client;
	errx(1, "%s has no client %" PRIu64, device->name, number);
}

static void compare_clients(const struct device *device,
			    struct json_object *clients)
{
	size_t nr = json_object_array_length(clients);
	char where[128];

	if (nr != device->nr_clients)
		differ(device->name, "number of clients", device->nr_clients,
		       nr);
	for (size_t i = 0; i < nr; i++) {
		struct json_object *got = json_object_array_get_idx(clients, i);
		const struct client *client =
			find_client(device, number(got, "client"));
		bool open = json_object_get_boolean(field(got, "open"));

		snprintf(where, sizeof(where), "%s, client %" PRIu64,
			 device->name, client->number);
		if (open != client->open)
			differ(where, "open", client->open, open);
		compare_counters(where, &client->counts, got);
	}
}

static void compare_spaces(const struct device *device,
			   struct json_object *spaces)
{
	size_t nr = json_object_array_length(spaces);
	char where[128];

	if (nr != device->nr_spaces)
		errx(1, "%s has %zu spaces, should have %u", device->name, nr,
		     device->nr_spaces);
	for (size_t i = 0; i < nr; i++) {
		struct json_object *got = json_object_array_get_idx(spaces, i);
		const struct space *space = &device->spaces[i];

		if (strcmp(text(got, "name"), space->name))
			errx(1, "%s: space %zu is %s, should be %s",
			     device->name, i, text(got, "name"), space->name);
		snprintf(where, sizeof(where), "%s, space %s", device->name,
			 space->name);
		compare_counters(where, &space->counts, got);
	}
}

static void compare(const struct model *model, struct json_object *json)
{
	struct json_object *devices = field(json, "devices");
	size_t i = 0;

	for (const struct device *device = model->devices; device;
	     device = device->next, i++) {
		struct json_object *got = json_object_array_get_idx(devices, i);

		if (!got)
			errx(1, "device %s is missing", device->name);
		if (strcmp(text(got, "trace_device"), device->name))
			errx(1, "device %zu is %s, should be %s", i,
			     text(got, "trace_device"), device->name);
		if (json_object_get_boolean(field(got, "enabled")) !=
		    device->enabled)
			differ(device->name, "enabled", device->enabled,
			       !device->enabled);
		compare_counters(device->name, &device->counts, got);
		compare_spaces(device, field(got, "spaces"));
		compare_clients(device, field(got, "clients"));
	}
	if (json_object_array_length(devices) != i)
		errx(1, "there are more than %zu devices", i);
}

static int take_event(void *context, const struct trace_event *event,
		      struct trace_error *error)
{
	struct model *model = context;
	struct device *device = model_device(model, event->device->name);
	struct client *client = event->client ? event->client->data : NULL;

	(void)error;
	if (event->op == TRACE_ENABLE || event->op == TRACE_DISABLE) {
		device->enabled = event->op == TRACE_ENABLE;
	} else if (event->op == TRACE_OPEN) {
		event->client->data = model_open(model, device, event->id,
						 event->late, event->shared);
	} else if (event->op == TRACE_CLOSE) {
		model_close(model, client);
	} else if (event->op == TRACE_GAP) {
		model_gap(model, client);
	} else {
		struct event report = {
			.op = event->op,
			.space = model_space(device, event->space),
			.address = event->address,
			.size = event->size,
			.span = event->span,
			.id = event->id,
			.refused = event->refused,
		};

		model_report(model, client, &report);
	}
	return 0;
}

static int idle(void *context, struct trace_error *error)
{
	(void)context;
	(void)error;
	return 0;
}

static struct json_object *read_json(int fd)
{
	struct json_object *json = json_object_from_fd(fd);

	if (!json)
		errx(1, "this is no JSON: %s", json_util_get_last_err());
	return json;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "max-records", required_argument, NULL, 'r' },
		{ "freed-records", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct model model = { .max_records = 16777216, .max_freed = 65536 };
	const struct trace_sink sink = { take_event, idle, &model };
	struct trace_error error;
	int option, fd;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'r')
			model.max_records = strtoull(optarg, NULL, 0);
		else if (option == 'f')
			model.max_freed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	if (optind + 1 != argc)
		errx(2, "usage: cli-judge [OPTION]... TRACE < JSON");
	fd = open(argv[optind], O_RDONLY);
	if (fd < 0)
		err(1, "%s", argv[optind]);
	/* A malformed line stops both at the same point. */
	trace_read(trace_reader_new(fd), &sink, &error);
	compare(&model, read_json(0));
	return !!differences;
}
