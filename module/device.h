/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices: what is registered, its node and its spaces
 *
 * Locking: the table of devices has a mutex, and each device's list of spaces a raw
 * lock. The order is the table's, bt_device.lock, bt_tracker.lock.
 *
 * Lifetime: struct device counts the references: the table's one, and one for
 * each open file of the node. The last one frees the tracker.
 */
#ifndef BUFTRACK_DEVICE_H
#define BUFTRACK_DEVICE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/buftrack.h>
#include "core/tracker.h"

/* Highest values that bounds can be set to; the uapi header documents them */
#define BT_MAX_DEVICES		4096
#define BT_MAX_RECORDS		BIT_ULL(32)
#define BT_MAX_CLIENTS		65536
#define BT_MAX_REMAINING	BIT(24)
#define BT_MAX_EVENTS		65536

/* Spaces that a user can add to a device of another's, and that all others can */
#define BT_MAX_SPACES_PER_USER	16
#define BT_MAX_SPACES_OF_OTHERS	48

struct bt_chip;
struct bt_file;

/**
 * struct bt_space - a space of a device
 * @name: its name
 * @capacity: bytes, 0: unknown
 * @uid: who added it
 * @of_other: who added it does not manage the device
 * @of_driver: a driver has what is in it, and says its capacity
 */
struct bt_space {
	char name[BUFTRACK_SPACE_NAME_SIZE];
	u64 capacity;
	kuid_t uid;
	bool of_other;
	bool of_driver;
};

/**
 * struct bt_device - a device
 * @dev: device on the buftrack class, whose minor is @number
 * @cdev: its node
 * @number: its number
 * @uid: who registered it
 * @driver: driver that it is known from; empty: none
 * @chip: what a driver needs to report into it, NULL: its name is no device's
 * @stacks: the sites of what its driver does are kernel stacks
 * @registrar: file of the control node that it goes with, NULL: none
 * @name: its name
 * @tracker: its books
 * @wait: readers that wait for events
 * @wake: wakes them, from where a report may be made
 * @lock: guards @nr_spaces and @spaces
 * @nr_spaces: number of spaces
 * @spaces: the spaces
 */
struct bt_device {
	struct device dev;
	struct cdev cdev;
	u32 number;
	kuid_t uid;
	char driver[BUFTRACK_DRIVER_NAME_SIZE];
	struct bt_chip *chip;
	bool stacks;
	const struct bt_file *registrar;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	struct bt_tracker *tracker;
	wait_queue_head_t wait;
	struct irq_work wake;
	raw_spinlock_t lock; /* guards nr_spaces and spaces */
	u32 nr_spaces;
	struct bt_space spaces[BUFTRACK_MAX_SPACES];
};

/* device.c */
int bt_devices_init(void);
void bt_devices_exit(void);
u32 bt_devices_count(void);
const struct bt_store *bt_devices_store(void);
struct bt_device *bt_device_get(u32 number, bool or_next);
struct bt_device *bt_device_open(struct cdev *cdev);
void bt_device_put(struct bt_device *dev);
const char *bt_device_driver(const struct bt_device *dev);
struct bt_device *bt_device_prepare(void);
int bt_device_publish(struct bt_device *dev);
void bt_device_discard(struct bt_device *dev);
bool bt_device_managed_by(const struct bt_device *dev, const struct bt_file *file);
void bt_device_bury(struct bt_device *dev);
void bt_device_remove_temporary(const struct bt_file *registrar);

/* space.c */
int bt_space_get(struct bt_device *dev, const char *name, u64 capacity);

/* sysfs.c */
extern const struct attribute_group *bt_device_groups[];

/**
 * bt_device_of() - the device of a device on the buftrack class
 * @dev: that one
 *
 * Return: the device.
 */
static inline struct bt_device *bt_device_of(struct device *dev)
{
	return container_of(dev, struct bt_device, dev);
}

/* control.c */
int bt_control_init(void);
void bt_control_exit(void);

/* name.c */
int bt_name_check(const char *name, size_t size);
bool bt_name_is_pci(const char *name);

#endif /* BUFTRACK_DEVICE_H */
