/* SPDX-License-Identifier: GPL-2.0 */
/* Spaces: the memory regions of a device */
#ifndef BUFTRACK_SPACE_H
#define BUFTRACK_SPACE_H

#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/buftrack.h>

struct bt_cred;
struct bt_device;

/**
 * struct bt_space - a space of a device
 * @name: its name
 * @capacity: bytes, 0: unknown
 * @uid: user who added it
 * @by_guest: that user does not manage the device
 * @by_driver: a driver reports into it and sets its capacity
 * @aperture: its buffers are views of memory that is counted elsewhere
 */
struct bt_space {
	char name[BUFTRACK_SPACE_NAME_SIZE];
	u64 capacity;
	kuid_t uid;
	bool by_guest;
	bool by_driver;
	bool aperture;
};

int bt_space_get(struct bt_device *dev, const char *name);
int bt_space_declare(struct bt_device *dev, const char *name, u64 capacity,
		     bool aperture);
int bt_space_add(struct bt_device *dev, const struct bt_cred *cred,
		 struct buftrack_space_add *add);
int bt_space_describe(struct bt_device *dev, struct buftrack_space_info *info);

#endif /* BUFTRACK_SPACE_H */
