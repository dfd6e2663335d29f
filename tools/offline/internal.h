/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The books of this process, around the tracker core
 */
#ifndef BUFTRACK_OFFLINE_INTERNAL_H
#define BUFTRACK_OFFLINE_INTERNAL_H

#include <core/tracker.h>

#include "../lib/internal.h"
#include "offline.h"

struct offline {
	struct bt_store store;
	struct offline_device *devices;
	struct offline_device **last;
	unsigned int nr_devices;
};

struct offline_space {
	char name[BUFTRACK_SPACE_NAME_SIZE];
	uint64_t capacity;
};

/**
 * struct offline_device - a device
 * @next: the device with the next number
 * @number: its number
 * @name: its name
 * @tracker: its tracker
 * @spaces: its spaces, of which @tracker has the number
 */
struct offline_device {
	struct offline_device *next;
	unsigned int number;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	struct bt_tracker *tracker;
	struct offline_space spaces[BUFTRACK_MAX_SPACES];
};

/**
 * struct offline_client - a client of a tracker and the process behind it
 * @client: the client; the tracker decides when it can be freed
 * @device: its device
 * @process: the process; its comm is @comm
 * @comm: name of the process
 * @declare: its declaration
 */
struct offline_client {
	struct bt_client client;
	struct offline_device *device;
	struct offline_process process;
	char comm[BUFTRACK_COMM_SIZE];
	struct buftrack_declare declare;
};

static inline struct offline_client *
offline_client_of(const struct bt_client *c)
{
	return container_of(c, struct offline_client, client);
}

/* offline_free_zombies() - free the clients that nothing refers to */
void offline_free_zombies(struct offline_device *device);

/* offline_client_next() - the first client from a number on, or NULL */
struct offline_client *offline_client_next(struct bt_tracker *t, uint64_t from);

/* offline_read_event() - as offline_device_next_event() */
bool offline_read_event(struct bt_tracker *t, uint64_t *position,
			struct buftrack_event *event);

#endif /* BUFTRACK_OFFLINE_INTERNAL_H */
