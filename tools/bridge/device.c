// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's device for a device number of a program
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/err.h"
#include "card.h"
#include "internal.h"

static const char *const space_names[NR_SPACES] = {
	[SPACE_DRAM] = "DRAM",	   [SPACE_L1] = "L1",
	[SPACE_SYSTEM] = "SYSTEM", [SPACE_L1_SMALL] = "L1_SMALL",
	[SPACE_TRACE] = "TRACE",   [SPACE_CB] = "CB",
	[SPACE_KERNEL] = "KERNEL", [SPACE_UNKNOWN] = "UNKNOWN",
};

const char *bridge_space_name(enum space space)
{
	return space_names[space];
}

void device_log(struct device *device, const char *what, int error)
{
	if (device->logged == error)
		return;
	device->logged = error;
	log_line(&device->bridge->log, "device %d: %s: %s", device->id, what,
		 err_text(REQ_DEVICE_ADD, error));
}

/* find_number() - the number of a device, or -1 */
static int find_number(struct buftrack_control *control, const char *name)
{
	struct buftrack_device_status *status =
		buftrack_control_find_device(control, name);
	int number;

	if (!status)
		return -1;
	number = buftrack_device_status_number(status);
	buftrack_device_status_free(status);
	return number;
}

static int find_or_add(struct buftrack_control *control, const char *name,
		       bool may_add)
{
	int number = find_number(control, name);
	unsigned int added;

	if (number >= 0 || !may_add)
		return number;
	if (buftrack_control_add_device(control, name, 0, &added) < 0)
		return -1;
	return added;
}

/* resolve() - find or register the device; without permission, as tt:<id> */
static int resolve(struct device *device, struct buftrack_control *control,
		   bool may_add)
{
	const struct bridge *bridge = device->bridge;
	struct card card;
	int number;

	if (card_find(bridge->config, bridge->options->sysfs, device->id,
		      &card) &&
	    *card.name) {
		snprintf(device->name, sizeof(device->name), "%s", card.name);
		number = find_or_add(control, device->name, may_add);
		if (number >= 0 || (may_add && errno != EPERM))
			return number;
		if (may_add)
			device_log(device, device->name, EPERM);
	}
	snprintf(device->name, sizeof(device->name), "tt:%d", device->id);
	return find_or_add(control, device->name, may_add);
}

static int open_device(struct device *device, bool may_add)
{
	struct buftrack_control *control =
		buftrack_control_open(may_add ? O_RDWR : O_RDONLY);
	int number;

	if (!control)
		return -1;
	number = resolve(device, control, may_add);
	buftrack_control_close(control);
	if (number < 0)
		return -1;
	device->number = number;
	for (int i = 0; i < NR_SPACES; i++)
		device->spaces[i] = NO_SPACE;
	device->file = buftrack_device_open(number, O_RDWR);
	return device->file ? 0 : -1;
}

static struct device *new_device(struct bridge *bridge, int32_t id)
{
	struct device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	device->bridge = bridge;
	device->id = id;
	device->reports = buftrack_reports_new(DEVICE_BATCH);
	if (device->reports) {
		bridge->devices[id] = device;
		return device;
	}
	free(device);
	return NULL;
}

static struct device *find_or_create(struct bridge *bridge, int32_t id)
{
	if (bridge->devices[id])
		return bridge->devices[id];
	return new_device(bridge, id);
}

struct device *device_get(struct bridge *bridge, int32_t id)
{
	struct device *device = find_or_create(bridge, id);
	uint64_t now;

	if (device)
		device->has_reported = true;
	if (!device || device->file)
		return device;
	sd_event_now(bridge->event, CLOCK_MONOTONIC, &now);
	if (now < device->retry)
		return NULL;
	if (!open_device(device, true)) {
		device->logged = 0;
		log_line(&bridge->log, "device %d is device %u (%s)", id,
			 device->number, device->name);
		return device;
	}
	device->retry = now + RETRY_USEC;
	device_log(device, "its reports are lost", errno);
	return NULL;
}

/* An open file outlives its device. */
static bool was_removed(struct device *device)
{
	struct buftrack_device_status *status =
		buftrack_device_read_status(device->file);
	bool removed = !status || buftrack_device_status_state(status) &
					  BUFTRACK_DEVICE_STATE_REMOVED;

	buftrack_device_status_free(status);
	return removed;
}

struct device *device_lookup(struct bridge *bridge, int32_t id)
{
	struct device *device;
	uint64_t now;

	if (id < 0 || id >= WIRE_DEVICES)
		return NULL;
	device = find_or_create(bridge, id);
	if (!device)
		return NULL;
	if (device->file && was_removed(device))
		device_close(device);
	if (device->file)
		return device;
	sd_event_now(bridge->event, CLOCK_MONOTONIC, &now);
	if (now < device->absent)
		return NULL;
	if (!open_device(device, false))
		return device;
	device->absent = now + ABSENT_USEC;
	return NULL;
}

static void read_capacities(struct device *device)
{
	const struct bridge *bridge = device->bridge;
	struct card card;

	device->has_capacities = true;
	if (!card_find(bridge->config, bridge->options->sysfs, device->id,
		       &card))
		return;
	device->capacities[SPACE_DRAM] = card.total_dram;
	device->capacities[SPACE_L1] = card.total_l1;
}

/* get_capacity() - the capacity of a space, 0 if unknown */
static uint64_t get_capacity(struct device *device, enum space space)
{
	if (!device->has_capacities)
		read_capacities(device);
	return device->capacities[space];
}

bool device_fits(struct bridge *bridge, int32_t id, enum space space,
		 uint64_t size)
{
	struct device *device = find_or_create(bridge, id);
	uint64_t capacity = device ? get_capacity(device, space) : 0;

	return size <= (capacity ? capacity : MAX_SIZE);
}

uint32_t devices_count(const struct bridge *bridge)
{
	uint32_t id = WIRE_DEVICES;

	while (id && !(bridge->devices[id - 1] &&
		       bridge->devices[id - 1]->has_reported))
		id--;
	return id;
}

static int add_space(struct device *device, enum space space)
{
	const char *name = bridge_space_name(space);
	unsigned int *number = &device->spaces[space];
	uint64_t capacity = get_capacity(device, space);

	if (buftrack_device_add_space(device->file, name, capacity, number) >=
	    0)
		return 0;
	/* The space exists with another capacity: keep that. */
	if (errno == EEXIST &&
	    buftrack_device_add_space(device->file, name, 0, number) >= 0)
		return 0;
	*number = NO_SPACE;
	return -1;
}

int device_space(struct device *device, enum space space, unsigned int *number)
{
	if (device->spaces[space] == NO_SPACE && add_space(device, space))
		return -1;
	*number = device->spaces[space];
	return 0;
}

void device_close(struct device *device)
{
	buftrack_device_close(device->file);
	device->file = NULL;
}

void devices_free(struct bridge *bridge)
{
	for (int i = 0; i < WIRE_DEVICES; i++) {
		struct device *device = bridge->devices[i];

		if (!device)
			continue;
		buftrack_device_close(device->file);
		buftrack_reports_free(device->reports);
		free(device);
	}
}
