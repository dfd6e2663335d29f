// SPDX-License-Identifier: GPL-2.0
/*
 * Replaying in this process, on the tracker core
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../offline/offline.h"
#include "../util/err.h"
#include "replay.h"

/* Devices are named as those of a replay into the module. */
#define PREFIX "replay:0:"

/**
 * struct replay - a replay
 * @offline: its devices
 * @limits: their limits
 * @process: the process of its clients: this one
 * @declaration: scratch declaration
 */
struct replay {
	struct offline *offline;
	const struct buftrack_settings *limits;
	struct offline_process process;
	struct buftrack_declaration *declaration;
};

static void *begin(const struct replay_options *options)
{
	struct replay *replay = xcalloc(1, sizeof(*replay));

	replay->offline = checked(offline_new(0));
	replay->limits = options->limits;
	replay->process = (struct offline_process){
		.pid = getpid(),
		.tid = getpid(),
		.uid = geteuid(),
		.comm = program_invocation_short_name,
	};
	replay->declaration = checked(buftrack_declaration_new());
	return replay;
}

static void end(void *context)
{
	struct replay *replay = context;

	offline_free(replay->offline);
	buftrack_declaration_free(replay->declaration);
	free(replay);
}

static struct offline_device *make_device(struct replay *replay,
					  const struct trace_event *event,
					  struct trace_error *error)
{
	const char *name = event->device->name;
	struct offline_device *device = NULL;
	char *full;

	if (asprintf(&full, PREFIX "%s", name) >= 0) {
		device = offline_device_add(replay->offline, full);
		free(full);
	}
	if (device)
		offline_device_apply(device, replay->limits);
	else if (errno == ENFILE)
		trace_fail(
			error, event->line,
			"device '%.40s': a replay has at most %d devices: split the trace",
			name, OFFLINE_MAX_DEVICES);
	else
		replay_fail(event, REQ_DEVICE_ADD, "device", name, error);
	event->device->data = device;
	return device;
}

/* replay_device() - the device of an event, added when it is first used */
static struct offline_device *replay_device(struct replay *replay,
					    const struct trace_event *event,
					    struct trace_error *error)
{
	if (event->device->data)
		return event->device->data;
	return make_device(replay, event, error);
}

static int open_client(struct replay *replay, const struct trace_event *event,
		       struct trace_error *error)
{
	struct offline_device *device = replay_device(replay, event, error);

	if (!device)
		return -1;
	replay_declare(replay->declaration, event);
	event->client->data = offline_client_open(
		device, &replay->process, replay->declaration, event->time);
	if (!event->client->data)
		return replay_fail(event, REQ_DECLARE, "client",
				   event->client->word, error);
	return 0;
}

static int report(const struct trace_event *event, struct trace_error *error)
{
	struct buftrack_report report = replay_report(event);

	if (offline_device_add_space(event->device->data, event->space, 0,
				     &report.space) < 0)
		return replay_fail(event, REQ_SPACE_ADD, "space", event->space,
				   error);
	if (offline_report(event->client->data, &report, event->time, NULL) < 0)
		return trace_fail(error, event->line, "%s",
				  err_text(REQ_REPORT, errno));
	return 0;
}

static int switch_tracking(struct replay *replay,
			   const struct trace_event *event,
			   struct trace_error *error)
{
	struct offline_device *device = replay_device(replay, event, error);

	if (!device)
		return -1;
	offline_device_enable(device, event->op == TRACE_ENABLE);
	return 0;
}

static int take(void *context, const struct trace_event *event,
		struct trace_error *error)
{
	switch (event->op) {
	case TRACE_OPEN:
		return open_client(context, event, error);
	case TRACE_CLOSE:
		offline_client_close(event->client->data, event->time);
		return 0;
	case TRACE_GAP:
		offline_lost(event->client->data, 1, event->time);
		return 0;
	case TRACE_ENABLE:
	case TRACE_DISABLE:
		return switch_tracking(context, event, error);
	default:
		return report(event, error);
	}
}

static int flush(void *context, struct trace_error *error)
{
	(void)context;
	(void)error;
	return 0;
}

static int gather(void *context, struct snapshots *snapshots)
{
	struct replay *replay = context;
	struct offline_device *device = NULL;

	while ((device = offline_device_next(replay->offline, device))) {
		if (snapshots_add_offline(snapshots, device))
			return EXIT_FAILED;
		snapshots->list[snapshots->nr - 1].trace_device =
			offline_device_name(device) + strlen(PREFIX);
	}
	return 0;
}

const struct replay_ops replay_offline = { begin, take, flush, gather, end };
