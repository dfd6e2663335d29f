/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices: the table of devices, their nodes and their spaces
 *
 * Locking: a mutex guards the table of devices, and a raw lock each device's spaces.
 * The order is table, bt_device.lock, bt_tracker.lock.
 *
 * Lifetime: struct device counts the references: one of the table and one of each
 * open file of the node. Dropping the last one frees the tracker.
 */
#ifndef BUFTRACK_DEVICE_H
#define BUFTRACK_DEVICE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/irq_work.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/xarray.h>
#include <linux/buftrack.h>
#include "core/tracker.h"
#include "space.h"

struct bt_binding;
struct bt_cred;
struct bt_device;

/**
 * struct bt_device_hooks - the layers above, as main.c hands them to bt_devices_init()
 * @fops: file operations of a device's node
 * @groups: sysfs attributes of a device
 * @binding_create: prepare a device for a kernel driver; NULL: out of memory
 * @binding_offer: let the driver of that name report into the device
 * @binding_destroy: end the driver's reports and free the binding; may sleep
 */
struct bt_device_hooks {
	const struct file_operations *fops;
	const struct attribute_group **groups;
	struct bt_binding *(*binding_create)(struct bt_device *dev);
	void (*binding_offer)(struct bt_binding *binding);
	void (*binding_destroy)(struct bt_binding *binding);
};

/**
 * struct bt_device - a device
 * @dev: device of the buftrack class, whose minor is @number
 * @cdev: its node
 * @number: its number
 * @uid: user who registered it
 * @driver: kernel driver that announced it; empty: none
 * @binding: its link to a kernel driver; NULL: none, for a device that a user registered
 *	     under a name that is no PCI address
 * @stacks: reports of its driver record a kernel stack as their site
 * @registrar: control file whose release removes it; NULL: none
 * @name: its name
 * @tracker: its tracker
 * @wait: readers that wait for events
 * @wake: wakes @wait from the contexts that reports come from
 * @rings: rings of open files, by number of the file
 * @last_rings: highest number of a file that was in @rings
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
	struct bt_binding *binding;
	bool stacks;
	const void *registrar;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	struct bt_tracker *tracker;
	wait_queue_head_t wait;
	struct irq_work wake;
	struct xarray rings;
	u64 last_rings;
	raw_spinlock_t lock; /* guards nr_spaces and spaces */
	u32 nr_spaces;
	struct bt_space spaces[BUFTRACK_MAX_SPACES];
};

int bt_devices_init(const struct bt_device_hooks *hooks);
void bt_devices_exit(void);
u32 bt_devices_count(void);
const struct bt_store *bt_devices_store(void);

int bt_device_add(const struct bt_cred *cred, const void *registrar,
		  struct buftrack_device_add *add);
int bt_device_remove(const struct bt_cred *cred,
		     struct buftrack_device_remove *remove);
void bt_device_remove_temporary(const void *registrar);

struct bt_device *bt_device_prepare(void);
int bt_device_publish(struct bt_device *dev);
void bt_device_discard(struct bt_device *dev);

struct bt_device *bt_device_get(u32 number, bool or_next);
struct bt_device *bt_device_open(struct cdev *cdev);
void bt_device_put(struct bt_device *dev);

const char *bt_device_driver(const struct bt_device *dev);
bool bt_device_managed_by(const struct bt_device *dev, const struct bt_cred *cred);

/**
 * to_bt_device() - the device that a device of the buftrack class is embedded in
 * @dev: device of the class
 *
 * Return: the device.
 */
static inline struct bt_device *to_bt_device(struct device *dev)
{
	return container_of(dev, struct bt_device, dev);
}

#endif /* BUFTRACK_DEVICE_H */
