// SPDX-License-Identifier: GPL-2.0
/*
 * Devices and their spaces
 */
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

/* Records take at most a quarter of the memory, unless the caller sets a limit */
#define MEMORY_SHARE 4

/* The module's defaults, and the largest limits that it accepts */
#define MAX_RECORDS (UINT64_C(1) << 32)
#define MAX_CLIENTS 65536
#define MAX_REMAINING (1 << 24)

static const struct bt_limits default_limits = {
	.max_records = 16777216,
	.max_client_records = 4194304,
	.max_freed = 65536,
	.max_clients = 4096,
	.max_closed = 1024,
	.max_remaining = 65536,
};

static uint64_t records_in_memory(void)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) *
			 (uint64_t)sysconf(_SC_PAGESIZE);

	return bytes / MEMORY_SHARE / sizeof(struct bt_record);
}

struct offline *offline_new(uint64_t max_records)
{
	struct offline *offline = calloc(1, sizeof(*offline));

	if (!offline)
		return NULL;
	if (bt_store_init(&offline->store, "buftrack_record",
			  max_records ? max_records : records_in_memory())) {
		free(offline);
		return NULL;
	}
	offline->last = &offline->devices;
	return offline;
}

static void close_clients(struct bt_tracker *t)
{
	struct offline_client *client;
	uint64_t from = 0;

	while ((client = offline_client_next(t, from))) {
		from = client->client.number + 1;
		if (!client->client.closed)
			offline_client_close(client, 0);
	}
}

static void free_device(struct offline_device *device)
{
	struct bt_tracker *t = device->tracker;
	struct bt_client *c;

	close_clients(t);
	bt_tracker_retire(t);
	while ((c = bt_tracker_take_zombie(t)))
		free(offline_client_of(c));
	bt_tracker_destroy(t);
	free(device);
}

void offline_free(struct offline *offline)
{
	if (!offline)
		return;
	while (offline->devices) {
		struct offline_device *device = offline->devices;

		offline->devices = device->next;
		free_device(device);
	}
	bt_store_fini(&offline->store);
	free(offline);
}

/* check_name() - 0, or -1 with errno; @size includes the NUL */
static int check_name(const char *name, size_t size)
{
	size_t length = strlen(name);

	errno = ENAMETOOLONG;
	if (length >= size)
		return -1;
	errno = EILSEQ;
	for (size_t i = 0; i < length; i++)
		if (name[i] < ' ' || name[i] > '~')
			return -1;
	return length ? 0 : -1;
}

static struct offline_device *create_device(struct offline *offline,
					    const char *name)
{
	struct offline_device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	device->tracker = bt_tracker_create(&offline->store, &default_limits);
	if (!device->tracker) {
		free(device);
		return NULL;
	}
	strcpy(device->name, name);
	device->number = offline->nr_devices;
	if (!bt_events_setup(device->tracker, OFFLINE_EVENTS))
		return device;
	free_device(device);
	return NULL;
}

struct offline_device *offline_device_add(struct offline *offline,
					  const char *name)
{
	struct offline_device *device;

	if (check_name(name, sizeof(device->name)))
		return NULL;
	if (offline_device_find(offline, name)) {
		errno = EEXIST;
		return NULL;
	}
	errno = ENFILE;
	if (offline->nr_devices == OFFLINE_MAX_DEVICES)
		return NULL;
	errno = ENOMEM;
	device = create_device(offline, name);
	if (!device)
		return NULL;
	*offline->last = device;
	offline->last = &device->next;
	offline->nr_devices++;
	return device;
}

struct offline_device *offline_device_find(const struct offline *offline,
					   const char *name)
{
	struct offline_device *device = offline->devices;

	while (device && strcmp(device->name, name))
		device = device->next;
	if (!device)
		errno = ENOENT;
	return device;
}

struct offline_device *offline_device_next(const struct offline *offline,
					   const struct offline_device *device)
{
	return device ? device->next : offline->devices;
}

const char *offline_device_name(const struct offline_device *device)
{
	return device->name;
}

static bool out_of_range(const struct buftrack_device_set *set,
			 unsigned int field, uint64_t value, uint64_t least,
			 uint64_t most)
{
	return set->fields & field && (value < least || value > most);
}

static bool is_invalid(const struct buftrack_device_set *set)
{
	return out_of_range(set, BUFTRACK_DEVICE_SET_MAX_RECORDS,
			    set->max_records, 1, MAX_RECORDS) ||
	       out_of_range(set, BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS,
			    set->max_client_records, 1, MAX_RECORDS) ||
	       out_of_range(set, BUFTRACK_DEVICE_SET_MAX_FREED, set->max_freed,
			    0, MAX_RECORDS) ||
	       out_of_range(set, BUFTRACK_DEVICE_SET_MAX_CLIENTS,
			    set->max_clients, 1, MAX_CLIENTS) ||
	       out_of_range(set, BUFTRACK_DEVICE_SET_MAX_CLOSED,
			    set->max_closed, 0, MAX_CLIENTS) ||
	       out_of_range(set, BUFTRACK_DEVICE_SET_MAX_REMAINING,
			    set->max_remaining, 0, MAX_REMAINING);
}

int offline_device_apply(struct offline_device *device,
			 const struct buftrack_settings *settings)
{
	if (is_invalid(&settings->set)) {
		errno = EINVAL;
		return -1;
	}
	bt_tracker_set(device->tracker, &settings->set);
	offline_free_zombies(device);
	return 0;
}

void offline_device_enable(struct offline_device *device, bool enabled)
{
	const struct buftrack_device_set set = {
		.fields = BUFTRACK_DEVICE_SET_ENABLED,
		.enabled = enabled,
	};

	bt_tracker_set(device->tracker, &set);
}

static struct offline_space *find_space(struct offline_device *device,
					const char *name)
{
	for (unsigned int i = 0; i < device->tracker->nr_spaces; i++)
		if (!strcmp(device->spaces[i].name, name))
			return &device->spaces[i];
	return NULL;
}

static int update_space(struct offline_space *space, uint64_t capacity)
{
	if (!capacity || capacity == space->capacity)
		return 0;
	if (space->capacity) {
		errno = EEXIST;
		return -1;
	}
	space->capacity = capacity;
	return 0;
}

static int add_space(struct offline_device *device, const char *name,
		     uint64_t capacity)
{
	int number = bt_tracker_add_space(device->tracker);

	if (number < 0) {
		errno = ENOSPC;
		return -1;
	}
	strcpy(device->spaces[number].name, name);
	device->spaces[number].capacity = capacity;
	return 1;
}

int offline_device_add_space(struct offline_device *device, const char *name,
			     uint64_t capacity, unsigned int *number)
{
	struct offline_space *space = find_space(device, name);
	int ret;

	if (!space && check_name(name, sizeof(space->name)))
		return -1;
	ret = space ? update_space(space, capacity) :
		      add_space(device, name, capacity);
	if (ret < 0)
		return -1;
	if (!space)
		space = &device->spaces[device->tracker->nr_spaces - 1];
	if (number)
		*number = space - device->spaces;
	return ret;
}
