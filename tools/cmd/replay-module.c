// SPDX-License-Identifier: GPL-2.0
/*
 * Replaying into the module
 *
 * Each client of the trace is an open file of its device's node, so the kernel sees
 * the same calls as from the traced processes. Consecutive reports of one client
 * are submitted together; any other event is applied after the reports before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <libbuftrack.h>

#include "../util/err.h"
#include "replay.h"

/* Maximum number of reports that are submitted together */
#define REPLAY_BATCH 1024

/**
 * struct replay_device - a device of the replay
 * @next: the next device
 * @trace_name: its name in the trace
 * @device: its node, for everything but reports
 * @number: n of /dev/buftrack/n
 * @nr_spaces: number of its spaces
 * @spaces: their names, by number
 */
struct replay_device {
	struct replay_device *next;
	const char *trace_name;
	struct buftrack_device *device;
	unsigned int number;
	unsigned int nr_spaces;
	char spaces[BUFTRACK_MAX_SPACES][BUFTRACK_SPACE_NAME_SIZE];
};

/**
 * struct replay - a replay
 * @control: the file that registers its devices; closing it removes temporary ones
 * @serial: the n in their names
 * @options: options of its devices
 * @devices: its devices, oldest first
 * @last: where to append the next device
 * @files: open clients by file descriptor, @nr_files entries
 * @nr_files: size of @files
 * @reports: reports of @client that were not submitted yet
 * @lines: line in the trace of each of these
 * @client: the client of @reports
 * @declaration: scratch declaration
 */
struct replay {
	struct buftrack_control *control;
	uint64_t serial;
	struct replay_options options;
	struct replay_device *devices;
	struct replay_device **last;
	struct buftrack_device **files;
	size_t nr_files;
	struct buftrack_reports *reports;
	unsigned long lines[REPLAY_BATCH];
	struct trace_client *client;
	struct buftrack_declaration *declaration;
};

/* Numbers to try if other users' devices have the names */
#define MAX_TRIES 16

/* another_serial() - get a new number, unique to one opening of a node */
static int another_serial(uint64_t *serial)
{
	struct buftrack_control *control = buftrack_control_open(O_RDONLY);
	struct buftrack_module *module = NULL;

	if (control)
		module = buftrack_control_read_module(control);
	if (module)
		*serial = buftrack_module_serial(module);
	buftrack_module_free(module);
	buftrack_control_close(control);
	return module ? 0 : -1;
}

/*
 * register_device() - register replay:<n>:<name>
 *
 * No other replay uses this n, but any user may have registered such a name.
 */
static int register_device(struct replay *replay, const char *name,
			   unsigned int *number)
{
	unsigned int flags = BUFTRACK_DEVICE_ADD_EXCL;
	int ret, tries = 0;
	char *full;

	if (!replay->options.keep)
		flags |= BUFTRACK_DEVICE_ADD_TEMPORARY;
	do {
		if (asprintf(&full, "replay:%" PRIu64 ":%s", replay->serial,
			     name) < 0)
			return -1;
		ret = buftrack_control_add_device(replay->control, full, flags,
						  number);
		free(full);
	} while (ret < 0 && errno == EEXIST && tries++ < MAX_TRIES &&
		 !another_serial(&replay->serial));
	return ret < 0 ? -1 : 0;
}

static int open_node(struct replay *replay, struct replay_device *device,
		     const struct trace_event *event, struct trace_error *error)
{
	const char *name = event->device->name;

	device->device = buftrack_device_open(device->number, O_RDWR);
	if (!device->device)
		return replay_fail(event, REQ_OPEN_DEVICE, "device", name,
				   error);
	if (!buftrack_settings_empty(replay->options.limits) &&
	    buftrack_device_apply(device->device, replay->options.limits))
		return replay_fail(event, REQ_DEVICE_SET, "device", name,
				   error);
	return 0;
}

static struct replay_device *make_device(struct replay *replay,
					 const struct trace_event *event,
					 struct trace_error *error)
{
	const char *name = event->device->name;
	struct replay_device *device = calloc(1, sizeof(*device));

	if (!device || register_device(replay, name, &device->number)) {
		replay_fail(event, REQ_DEVICE_ADD, "device", name, error);
		free(device);
		return NULL;
	}
	device->trace_name = name;
	*replay->last = device;
	replay->last = &device->next;
	if (open_node(replay, device, event, error))
		return NULL;
	event->device->data = device;
	return device;
}

/* replay_device() - the device of an event, registered when it is first used */
static struct replay_device *replay_device(struct replay *replay,
					   const struct trace_event *event,
					   struct trace_error *error)
{
	if (event->device->data)
		return event->device->data;
	return make_device(replay, event, error);
}

static int add_space(struct replay_device *device,
		     const struct trace_event *event, unsigned int *space,
		     struct trace_error *error)
{
	if (buftrack_device_add_space(device->device, event->space, 0, space) <
	    0)
		return replay_fail(event, REQ_SPACE_ADD, "space", event->space,
				   error);
	/* The kernel accepted the name, so it fits. */
	if (*space < BUFTRACK_MAX_SPACES) {
		snprintf(device->spaces[*space], BUFTRACK_SPACE_NAME_SIZE, "%s",
			 event->space);
		if (device->nr_spaces <= *space)
			device->nr_spaces = *space + 1;
	}
	return 0;
}

/* replay_space() - the number of an event's space, added when it is first used */
static int replay_space(struct replay_device *device,
			const struct trace_event *event, unsigned int *space,
			struct trace_error *error)
{
	for (*space = 0; *space < device->nr_spaces; (*space)++)
		if (!strcmp(device->spaces[*space], event->space))
			return 0;
	return add_space(device, event, space, error);
}

/* replay_drop_devices() - close the nodes of the devices */
static void replay_drop_devices(struct replay *replay)
{
	while (replay->devices) {
		struct replay_device *device = replay->devices;

		replay->devices = device->next;
		buftrack_device_close(device->device);
		free(device);
	}
}

/* One file for each client that a device may have, and some more */
#define WANTED_FILES 70000

static void raise_file_limit(void)
{
	struct rlimit limit, higher;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	higher = limit;
	if (higher.rlim_max < WANTED_FILES)
		higher.rlim_max = WANTED_FILES;
	higher.rlim_cur = higher.rlim_max;
	/* Only root may raise the hard limit. */
	if (!setrlimit(RLIMIT_NOFILE, &higher))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int read_serial(struct replay *replay)
{
	struct buftrack_module *module =
		buftrack_control_read_module(replay->control);

	if (!module)
		return fail_errno(REQ_INFO, "the module");
	replay->serial = buftrack_module_serial(module);
	buftrack_module_free(module);
	return 0;
}

static void end(void *context)
{
	struct replay *replay = context;

	for (size_t i = 0; i < replay->nr_files; i++)
		buftrack_device_close(replay->files[i]);
	free(replay->files);
	replay_drop_devices(replay);
	buftrack_reports_free(replay->reports);
	buftrack_declaration_free(replay->declaration);
	/* This removes temporary devices. */
	buftrack_control_close(replay->control);
	free(replay);
}

static int open_control(struct replay *replay)
{
	replay->control = buftrack_control_open(O_RDWR);
	if (!replay->control)
		return fail_errno(REQ_OPEN_CONTROL, "/dev/buftrack/control");
	return read_serial(replay);
}

static void *begin(const struct replay_options *options)
{
	struct replay *replay = xcalloc(1, sizeof(*replay));

	raise_file_limit();
	replay->options = *options;
	replay->last = &replay->devices;
	replay->reports = checked(buftrack_reports_new(REPLAY_BATCH));
	replay->declaration = checked(buftrack_declaration_new());
	if (!open_control(replay))
		return replay;
	end(replay);
	return NULL;
}

/* flush() - submit the reports that wait */
static int flush(void *context, struct trace_error *error)
{
	struct replay *replay = context;
	struct buftrack_reports *reports = replay->reports;
	unsigned int length = buftrack_reports_length(reports);
	int ret = 0;

	if (!length)
		return 0;
	if (buftrack_device_submit(replay->client->data, reports)) {
		unsigned int done = buftrack_reports_done(reports);

		ret = trace_fail(error, replay->lines[done < length ? done : 0],
				 "%s", err_text(REQ_REPORT, errno));
	}
	buftrack_reports_clear(reports);
	return ret;
}

static int declare(struct replay *replay, struct buftrack_device *file,
		   const struct trace_event *event)
{
	replay_declare(replay->declaration, event);
	return buftrack_device_declare(file, replay->declaration, NULL);
}

/* note_file() - remember a client's file, for replay_end() */
static int note_file(struct replay *replay, struct buftrack_device *file)
{
	size_t fd = buftrack_device_fd(file), nr = 2 * fd + 1;
	struct buftrack_device **files;

	if (fd >= replay->nr_files) {
		files = reallocarray(replay->files, nr, sizeof(*files));
		if (!files)
			return -1;
		memset(files + replay->nr_files, 0,
		       (nr - replay->nr_files) * sizeof(*files));
		replay->files = files;
		replay->nr_files = nr;
	}
	replay->files[fd] = file;
	return 0;
}

static int open_client(struct replay *replay, const struct trace_event *event,
		       struct trace_error *error)
{
	struct replay_device *device = replay_device(replay, event, error);
	const char *word = event->client->word;
	struct buftrack_device *file;

	if (!device)
		return -1;
	file = buftrack_device_open(device->number, O_RDWR);
	if (!file)
		return trace_fail(error, event->line, "client '%.40s': %s",
				  word, err_text(REQ_OPEN_DEVICE, errno));
	if (declare(replay, file, event) || note_file(replay, file)) {
		trace_fail(error, event->line, "client '%.40s': %s", word,
			   err_text(REQ_DECLARE, errno));
		buftrack_device_close(file);
		return -1;
	}
	event->client->data = file;
	return 0;
}

static int close_client(struct replay *replay, const struct trace_event *event)
{
	struct buftrack_device *file = event->client->data;

	replay->files[buftrack_device_fd(file)] = NULL;
	buftrack_device_close(file);
	event->client->data = NULL;
	return 0;
}

static int report_gap(const struct trace_event *event,
		      struct trace_error *error)
{
	if (buftrack_device_report_lost(event->client->data, 1))
		return trace_fail(error, event->line, "%s",
				  err_text(REQ_LOST, errno));
	return 0;
}

static int switch_tracking(struct replay *replay,
			   const struct trace_event *event,
			   struct trace_error *error)
{
	struct replay_device *device = replay_device(replay, event, error);
	struct buftrack_settings *settings;
	int ret;

	if (!device)
		return -1;
	settings = buftrack_settings_new();
	if (!settings)
		return trace_fail(error, event->line, "%s",
				  err_text(REQ_DEVICE_SET, errno));
	buftrack_settings_enable(settings, event->op == TRACE_ENABLE);
	ret = buftrack_device_apply(device->device, settings);
	if (ret)
		trace_fail(error, event->line, "device '%.40s': %s",
			   event->device->name,
			   err_text(REQ_DEVICE_SET, errno));
	buftrack_settings_free(settings);
	return ret;
}

static int add_report(struct replay *replay, const struct trace_event *event,
		      struct trace_error *error)
{
	struct buftrack_report report = replay_report(event);
	unsigned int at = buftrack_reports_length(replay->reports);

	if (at && (event->client != replay->client || at == REPLAY_BATCH)) {
		if (flush(replay, error))
			return -1;
		at = 0;
	}
	if (replay_space(event->device->data, event, &report.space, error))
		return -1;
	replay->client = event->client;
	replay->lines[at] = event->line;
	return buftrack_reports_add(replay->reports, &report);
}

static int take(void *context, const struct trace_event *event,
		struct trace_error *error)
{
	struct replay *replay = context;

	if (trace_is_report(event->op))
		return add_report(replay, event, error);
	if (flush(replay, error))
		return -1;
	switch (event->op) {
	case TRACE_OPEN:
		return open_client(replay, event, error);
	case TRACE_CLOSE:
		return close_client(replay, event);
	case TRACE_GAP:
		return report_gap(event, error);
	default:
		return switch_tracking(replay, event, error);
	}
}

static int gather(void *context, struct snapshots *snapshots)
{
	struct replay *replay = context;

	for (struct replay_device *device = replay->devices; device;
	     device = device->next) {
		if (!device->device)
			continue;
		if (snapshots_add(snapshots, device->device))
			return EXIT_FAILED;
		snapshots->list[snapshots->nr - 1].trace_device =
			device->trace_name;
	}
	return 0;
}

const struct replay_ops replay_module = { begin, take, flush, gather, end };
