// SPDX-License-Identifier: GPL-2.0
/*
 * Replaying a trace: the devices and spaces that its events happen on
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "../util/err.h"

/* A number that another user's device has taken is given up so often. */
#define MAX_TRIES 16

/* another_serial() - a number that no other opening of a node has */
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
 * No other replay has this n, but anybody may have given a device such a name.
 */
static int register_device(struct replay *replay, const char *name,
			   unsigned int *number)
{
	unsigned int flags = BUFTRACK_DEVICE_ADD_EXCL;
	int ret, tries = 0;
	char *full;

	if (!replay->keep)
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

static int fail_at(const struct trace_event *event, enum err_request act,
		   const char *kind, const char *name,
		   struct trace_error *error)
{
	return trace_fail(error, event->line, "%s '%.40s': %s", kind, name,
			  err_text(act, errno));
}

static int open_node(struct replay *replay, struct replay_device *device,
		     const struct trace_event *event, struct trace_error *error)
{
	const char *name = event->device->name;

	device->device = buftrack_device_open(device->number, O_RDWR);
	if (!device->device)
		return fail_at(event, REQ_OPEN_DEVICE, "device", name, error);
	if (!buftrack_settings_empty(replay->limits) &&
	    buftrack_device_apply(device->device, replay->limits))
		return fail_at(event, REQ_DEVICE_SET, "device", name, error);
	return 0;
}

static struct replay_device *make_device(struct replay *replay,
					 const struct trace_event *event,
					 struct trace_error *error)
{
	const char *name = event->device->name;
	struct replay_device *device = calloc(1, sizeof(*device));

	if (!device || register_device(replay, name, &device->number)) {
		fail_at(event, REQ_DEVICE_ADD, "device", name, error);
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

struct replay_device *replay_device(struct replay *replay,
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
		return fail_at(event, REQ_SPACE_ADD, "space", event->space,
			       error);
	/* The kernel has taken the name, so it fits. */
	if (*space < BUFTRACK_MAX_SPACES) {
		snprintf(device->spaces[*space], BUFTRACK_SPACE_NAME_SIZE, "%s",
			 event->space);
		if (device->nr_spaces <= *space)
			device->nr_spaces = *space + 1;
	}
	return 0;
}

int replay_space(struct replay_device *device, const struct trace_event *event,
		 unsigned int *space, struct trace_error *error)
{
	for (*space = 0; *space < device->nr_spaces; (*space)++)
		if (!strcmp(device->spaces[*space], event->space))
			return 0;
	return add_space(device, event, space, error);
}

void replay_drop_devices(struct replay *replay)
{
	while (replay->devices) {
		struct replay_device *device = replay->devices;

		replay->devices = device->next;
		buftrack_device_close(device->device);
		free(device);
	}
}
