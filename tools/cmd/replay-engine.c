// SPDX-License-Identifier: GPL-2.0
/*
 * Replaying a trace: taking its events
 *
 * Each client of the trace is an open file of its device's node, so that the
 * kernel sees what it would have seen of the processes that were traced. Reports
 * wait only as long as all that comes is reports of the same client: whatever
 * else happens, happens after them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cmd.h"
#include "replay.h"
#include "../util/err.h"

/* Each client is an open file: as many as a device may have, and some. */
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
	/* The hard limit is root's to raise. */
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

int replay_begin(struct replay *replay)
{
	raise_file_limit();
	replay->last = &replay->devices;
	replay->control = buftrack_control_open(O_RDWR);
	if (!replay->control)
		return fail_errno(REQ_OPEN_CONTROL, "/dev/buftrack/control");
	replay->reports = buftrack_reports_new(REPLAY_BATCH);
	replay->declaration = buftrack_declaration_new();
	if (!replay->reports || !replay->declaration)
		return fail("out of memory: free some and try again");
	return read_serial(replay);
}

void replay_end(struct replay *replay)
{
	for (size_t i = 0; i < replay->nr_files; i++)
		buftrack_device_close(replay->files[i]);
	free(replay->files);
	replay_drop_devices(replay);
	buftrack_reports_free(replay->reports);
	buftrack_declaration_free(replay->declaration);
	buftrack_control_close(replay->control);
}

int replay_flush(struct replay *replay, struct trace_error *error)
{
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

/* claim_name() - the trace's word for a client, as the kernel takes it */
static void claim_name(struct replay *replay, const char *word)
{
	char name[BUFTRACK_CLAIMED_NAME_SIZE];
	size_t i;

	for (i = 0; word[i] && i < sizeof(name) - 1; i++)
		name[i] = word[i] < ' ' || word[i] > '~' ? '?' : word[i];
	name[i] = '\0';
	buftrack_declaration_claim(replay->declaration, 0, name);
}

static int declare(struct replay *replay, struct buftrack_device *file,
		   const struct trace_event *event)
{
	unsigned int flags = 0;

	if (event->late)
		flags |= BUFTRACK_DECLARE_LATE;
	if (event->shared)
		flags |= BUFTRACK_DECLARE_SHARED;
	buftrack_declaration_set_flags(replay->declaration, flags);
	buftrack_declaration_set_first_id(replay->declaration, event->id);
	claim_name(replay, event->client->word);
	return buftrack_device_declare(file, replay->declaration, NULL);
}

/* note_file() - remember a client's file, so that it is closed at the end */
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
	bool alloc = event->op == TRACE_ALLOC;
	struct buftrack_report report = {
		.op = alloc ? BUFTRACK_OP_ALLOC : BUFTRACK_OP_FREE,
		.flags = event->refused ? BUFTRACK_REPORT_REFUSED : 0,
		.address = event->address,
		.size = event->size,
		.span = alloc ? event->span : 0,
		.id = event->id,
	};
	unsigned int at = buftrack_reports_length(replay->reports);

	if (at && (event->client != replay->client || at == REPLAY_BATCH)) {
		if (replay_flush(replay, error))
			return -1;
		at = 0;
	}
	if (replay_space(event->device->data, event, &report.space, error))
		return -1;
	replay->client = event->client;
	replay->lines[at] = event->line;
	return buftrack_reports_add(replay->reports, &report);
}

int replay_event(void *context, const struct trace_event *event,
		 struct trace_error *error)
{
	struct replay *replay = context;

	replay->events++;
	if (event->op == TRACE_ALLOC || event->op == TRACE_FREE)
		return add_report(replay, event, error);
	if (replay_flush(replay, error))
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
