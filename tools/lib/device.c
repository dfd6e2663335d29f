// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_device, the open node of one device
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "uapi.h"

API struct buftrack_device *buftrack_device_open(unsigned int number, int flags)
{
	struct buftrack_device *device = malloc(sizeof(*device));

	if (!device)
		return NULL;
	device->fd = uapi_open_device(number, flags);
	if (device->fd >= 0)
		return device;
	free(device);
	return NULL;
}

API struct buftrack_device *buftrack_device_from_fd(int fd)
{
	struct buftrack_device *device = malloc(sizeof(*device));

	if (device)
		device->fd = fd;
	return device;
}

API void buftrack_device_close(struct buftrack_device *device)
{
	if (!device)
		return;
	uapi_close(device->fd);
	free(device);
}

API int buftrack_device_fd(const struct buftrack_device *device)
{
	return device->fd;
}

API struct buftrack_device_status *
buftrack_device_read_status(struct buftrack_device *device)
{
	struct buftrack_device_status *status = calloc(1, sizeof(*status));

	if (!status)
		return NULL;
	if (!uapi_device_info(device->fd, &status->info))
		return status;
	free(status);
	return NULL;
}

API int buftrack_device_apply(struct buftrack_device *device,
			      const struct buftrack_settings *settings)
{
	struct buftrack_device_set arg = settings->set;

	return uapi_device_set(device->fd, &arg);
}

API int buftrack_device_add_space(struct buftrack_device *device,
				  const char *name, uint64_t capacity,
				  unsigned int *space)
{
	struct buftrack_space_add arg = { .capacity = capacity };

	/* As in buftrack_control_add_device(). */
	memcpy(arg.name, name, strnlen(name, sizeof(arg.name)));
	if (uapi_space_add(device->fd, &arg))
		return -1;
	if (space)
		*space = arg.space;
	return !!arg.created;
}

/* The kernel writes no longer stack. */
#define STACK_SIZE 4096

API char *buftrack_device_read_stack(struct buftrack_device *device,
				     uint64_t site)
{
	char *text = malloc(STACK_SIZE + 1);
	struct buftrack_stack stack = {
		.site = site,
		.text = (uintptr_t)text,
		.len = STACK_SIZE,
	};

	if (!text)
		return NULL;
	if (!uapi_stack(device->fd, &stack)) {
		text[stack.len < STACK_SIZE ? stack.len : STACK_SIZE] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

API struct buftrack_space *
buftrack_device_next_space(struct buftrack_device *device, unsigned int from)
{
	struct buftrack_space *space = calloc(1, sizeof(*space));

	if (!space)
		return NULL;
	space->info.space = from;
	space->info.flags = BUFTRACK_LOOKUP_NEXT;
	if (!uapi_space_info(device->fd, &space->info))
		return space;
	free(space);
	return NULL;
}

API struct buftrack_space *
buftrack_device_find_space(struct buftrack_device *device, const char *name)
{
	struct buftrack_space *space;
	unsigned int from = 0;

	while ((space = buftrack_device_next_space(device, from))) {
		if (!strcmp(space->info.name, name))
			return space;
		from = space->info.space + 1;
		free(space);
	}
	return NULL;
}

static struct buftrack_client *read_client(struct buftrack_device *device,
					   uint64_t number, unsigned int flags)
{
	struct buftrack_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->info.client = number;
	client->info.flags = flags;
	if (!uapi_client_info(device->fd, &client->info))
		return client;
	free(client);
	return NULL;
}

API struct buftrack_client *
buftrack_device_read_client(struct buftrack_device *device, uint64_t client)
{
	return read_client(device, client, 0);
}

API struct buftrack_client *
buftrack_device_next_client(struct buftrack_device *device, uint64_t from)
{
	return read_client(device, from, BUFTRACK_LOOKUP_NEXT);
}

API struct buftrack_counter_set *
buftrack_device_read_counters(struct buftrack_device *device,
			      enum buftrack_scope scope, uint64_t number)
{
	struct buftrack_counter_set *set = calloc(1, sizeof(*set));
	struct buftrack_counters arg = {
		.scope = scope,
		.number = number,
		.nr = BUFTRACK_NR_COUNTERS,
	};

	if (!set)
		return NULL;
	arg.values = (uintptr_t)set->values;
	if (uapi_counters(device->fd, &arg)) {
		free(set);
		return NULL;
	}
	set->length = arg.nr;
	return set;
}

API int buftrack_device_declare(struct buftrack_device *device,
				const struct buftrack_declaration *declaration,
				uint64_t *client)
{
	struct buftrack_declare arg = declaration->declare;

	if (uapi_declare(device->fd, &arg))
		return -1;
	if (client)
		*client = arg.client;
	return 0;
}

API int buftrack_device_report(struct buftrack_device *device,
			       const struct buftrack_report *report)
{
	struct buftrack_report_one arg = { .report = *report };

	return uapi_report(device->fd, &arg) ? -1 : (int)arg.verdict;
}

static int submit_from(struct buftrack_device *device,
		       struct buftrack_reports *reports, unsigned int from)
{
	struct buftrack_batch arg = {
		.reports = (uintptr_t)(reports->reports + from),
		.verdicts = (uintptr_t)(reports->verdicts + from),
		.nr = reports->length - from,
		.report_size = sizeof(*reports->reports),
	};
	int ret = uapi_batch(device->fd, &arg);

	reports->done = from + arg.done;
	return ret;
}

API int buftrack_device_submit(struct buftrack_device *device,
			       struct buftrack_reports *reports)
{
	unsigned int from;
	int ret;

	reports->done = 0;
	/* A signal stops a batch after some progress, and the rest is still to be made */
	do {
		from = reports->done;
		ret = submit_from(device, reports, from);
	} while (ret && errno == EINTR && reports->done > from);
	return ret ? -1 : 0;
}

API int buftrack_device_report_lost(struct buftrack_device *device,
				    uint64_t count)
{
	struct buftrack_lost arg = { .count = count };

	return uapi_lost(device->fd, &arg);
}

API int buftrack_device_reset(struct buftrack_device *device)
{
	struct buftrack_reset arg = { 0 };

	return uapi_reset(device->fd, &arg);
}
