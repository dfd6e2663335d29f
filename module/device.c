// SPDX-License-Identifier: GPL-2.0
/* The table of devices: registering, finding and removing them */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/xarray.h>
#include "compat.h"
#include "device.h"
#include "driver/chip.h"
#include "file.h"
#include "ioctl.h"
#include "settings.h"

static DEFINE_MUTEX(table_lock);	/* guards the table, and adding and removing */
static DEFINE_XARRAY_ALLOC(table);	/* of struct bt_device, by number */
static u32 nr_devices;			/* in the table */
static struct bt_store store;		/* records of all devices */
static dev_t first_devt;

static char *bt_devnode(bt_devnode_device *dev, umode_t *mode)
{
	if (mode)
		*mode = 0666;
	return kasprintf(GFP_KERNEL, "buftrack/%u", MINOR(dev->devt));
}

static struct class bt_class = {
	.name = "buftrack",
	.devnode = bt_devnode,
	.dev_groups = bt_device_groups,
};

/**
 * bt_device_bury() - free the clients of a device that nothing refers to
 * @dev: the device
 */
void bt_device_bury(struct bt_device *dev)
{
	struct bt_client *c;

	while ((c = bt_take_dead(dev->tracker)))
		bt_reporter_free(bt_reporter_of(c));
}

static void bt_device_release(struct device *d)
{
	struct bt_device *dev = bt_device_of(d);

	irq_work_sync(&dev->wake);
	bt_tracker_retire(dev->tracker);
	bt_device_bury(dev);
	bt_tracker_destroy(dev->tracker);
	kvfree(dev);
}

static void wake_readers(struct irq_work *work)
{
	wake_up_interruptible(&container_of(work, struct bt_device, wake)->wait);
}

/* A device that is not in the table yet; put_device() frees it */
static struct bt_device *create(void)
{
	struct bt_limits limits;
	struct bt_device *dev = kvzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	bt_setting_limits(&limits);
	dev->tracker = bt_tracker_create(&store, &limits);
	if (!dev->tracker) {
		kvfree(dev);
		return NULL;
	}
	raw_spin_lock_init(&dev->lock);
	init_waitqueue_head(&dev->wait);
	init_irq_work(&dev->wake, wake_readers);
	device_initialize(&dev->dev);
	dev->dev.class = &bt_class;
	dev->dev.release = bt_device_release;
	cdev_init(&dev->cdev, &bt_device_fops);
	dev->cdev.owner = THIS_MODULE;
	return dev;
}

/* A device that a driver, too, may report into */
static struct bt_device *create_with_chip(void)
{
	struct bt_device *dev = create();

	if (!dev)
		return NULL;
	dev->chip = bt_chip_create(dev);
	if (dev->chip)
		return dev;
	put_device(&dev->dev);
	return NULL;
}

static struct bt_device *create_for(const struct bt_file *file,
				    const struct buftrack_device_add *add)
{
	struct bt_device *dev = bt_name_is_pci(add->name) ? create_with_chip() :
							    create();

	if (!dev)
		return NULL;
	dev->uid = file->opener.uid;
	if (add->flags & BUFTRACK_DEVICE_ADD_TEMPORARY)
		dev->registrar = file;
	strscpy(dev->name, add->name, sizeof(dev->name));
	return dev;
}

/* Put a device that is in no table to an end */
static void dispose(struct bt_device *dev)
{
	if (dev->chip)
		bt_chip_destroy(dev->chip);
	put_device(&dev->dev);
}

/* Put a device into the table, and its node into /dev */
static int publish(struct bt_device *dev)
{
	int err;

	err = xa_alloc(&table, &dev->number, NULL,
		       XA_LIMIT(0, BT_MAX_DEVICES - 1), GFP_KERNEL);
	if (err)
		return err == -EBUSY ? -ENFILE : err;
	dev->dev.devt = MKDEV(MAJOR(first_devt), dev->number);
	err = dev_set_name(&dev->dev, "buftrack%u", dev->number);
	if (!err)
		err = cdev_device_add(&dev->cdev, &dev->dev);
	if (err) {
		xa_erase(&table, dev->number);
		return err;
	}
	/* The entry is reserved: this cannot fail */
	xa_store(&table, dev->number, dev, GFP_KERNEL);
	nr_devices++;
	return 0;
}

static struct bt_device *find_by_name(const char *name)
{
	struct bt_device *dev;
	unsigned long i;

	xa_for_each(&table, i, dev)
		if (!strcmp(dev->name, name))
			return dev;
	return NULL;
}

static u32 registered_by(kuid_t uid)
{
	struct bt_device *dev;
	unsigned long i;
	u32 n = 0;

	xa_for_each(&table, i, dev)
		n += uid_eq(dev->uid, uid);
	return n;
}

static int check_quota(const struct bt_file *file)
{
	if (nr_devices >= bt_setting_max_devices())
		return -ENFILE;
	if (!bt_file_is_admin(file) &&
	    registered_by(file->opener.uid) >= bt_setting_max_devices_per_user())
		return -EDQUOT;
	return 0;
}

/* After an error, *surplus may be a device to dispose of without the lock */
static int add_locked(const struct bt_file *file, struct buftrack_device_add *add,
		      struct bt_device **surplus)
{
	struct bt_device *dev = find_by_name(add->name);
	int err;

	lockdep_assert_held(&table_lock);
	add->created = !dev;
	if (dev) {
		add->device = dev->number;
		return add->flags & BUFTRACK_DEVICE_ADD_EXCL ? -EEXIST : 0;
	}
	err = check_quota(file);
	if (err)
		return err;
	dev = create_for(file, add);
	if (!dev)
		return -ENOMEM;
	err = publish(dev);
	if (err) {
		*surplus = dev;
		return err;
	}
	if (dev->chip)
		bt_chip_offer(dev->chip);
	add->device = dev->number;
	return 0;
}

/**
 * bt_do_device_add() - handle %BUFTRACK_IOCTL_DEVICE_ADD
 * @file: the file
 * @arg: struct buftrack_device_add
 *
 * Return: 0 or a negative errno.
 */
int bt_do_device_add(struct bt_file *file, void *arg)
{
	struct buftrack_device_add *add = arg;
	struct bt_device *surplus = NULL;
	int err;

	if (add->flags & ~(BUFTRACK_DEVICE_ADD_EXCL | BUFTRACK_DEVICE_ADD_TEMPORARY))
		return -EOPNOTSUPP;
	err = bt_name_check(add->name, sizeof(add->name));
	if (err)
		return err;
	if (bt_name_is_pci(add->name) && !bt_file_is_admin(file))
		return -EPERM;
	mutex_lock(&table_lock);
	err = add_locked(file, add, &surplus);
	mutex_unlock(&table_lock);
	if (surplus)
		dispose(surplus);
	return err;
}

/* After 0, the table's reference is the caller's, to be put without the lock */
static int remove_locked(struct bt_device *dev, bool force, u64 *buffers,
			 u64 *bytes)
{
	int err;

	lockdep_assert_held(&table_lock);
	err = bt_tracker_remove(dev->tracker, force, buffers, bytes);
	if (err)
		return err;
	xa_erase(&table, dev->number);
	nr_devices--;
	cdev_device_del(&dev->cdev, &dev->dev);
	wake_up_interruptible(&dev->wait);
	return 0;
}

/**
 * bt_device_managed_by() - whether a file's opener may remove and set a device
 * @dev: the device
 * @file: the file
 *
 * Return: true if so.
 */
bool bt_device_managed_by(const struct bt_device *dev, const struct bt_file *file)
{
	return (!dev->driver[0] && uid_eq(dev->uid, file->opener.uid)) ||
	       bt_file_is_admin(file);
}

/**
 * bt_do_device_remove() - handle %BUFTRACK_IOCTL_DEVICE_REMOVE
 * @file: the file
 * @arg: struct buftrack_device_remove
 *
 * Return: 0 or a negative errno.
 */
int bt_do_device_remove(struct bt_file *file, void *arg)
{
	struct buftrack_device_remove *remove = arg;
	struct bt_device *dev;
	u64 buffers, bytes;
	int err = -ENOENT;

	if (remove->flags & ~BUFTRACK_DEVICE_REMOVE_FORCE || remove->reserved)
		return -EOPNOTSUPP;
	mutex_lock(&table_lock);
	dev = xa_load(&table, remove->device);
	if (dev && !bt_device_managed_by(dev, file))
		err = -EPERM;
	else if (dev)
		err = remove_locked(dev, remove->flags & BUFTRACK_DEVICE_REMOVE_FORCE,
				    &buffers, &bytes);
	mutex_unlock(&table_lock);
	if (err)
		return err;
	dispose(dev);
	remove->removed_buffers = buffers;
	remove->removed_bytes = bytes;
	return 0;
}

/* Take one device out of the table, of a registrar, or, if NULL, any */
static struct bt_device *remove_one(const struct bt_file *registrar)
{
	struct bt_device *dev;
	u64 buffers, bytes;
	unsigned long i;

	mutex_lock(&table_lock);
	xa_for_each(&table, i, dev) {
		if (registrar && dev->registrar != registrar)
			continue;
		remove_locked(dev, true, &buffers, &bytes);
		break;
	}
	mutex_unlock(&table_lock);
	return dev;
}

static void remove_all(const struct bt_file *registrar)
{
	struct bt_device *dev;

	while ((dev = remove_one(registrar)))
		dispose(dev);
}

/**
 * bt_device_prepare() - create a device for a driver that may come
 *
 * Context: may sleep.
 * Return: the device, for bt_device_publish() or bt_device_discard(), or NULL.
 */
struct bt_device *bt_device_prepare(void)
{
	struct bt_device *dev = create_with_chip();

	if (!dev)
		return NULL;
	dev->uid = GLOBAL_ROOT_UID;
	if (!bt_events_setup(dev->tracker, bt_setting_events()))
		return dev;
	dispose(dev);
	return NULL;
}

/**
 * bt_device_publish() - put a prepared device into the table
 * @dev: the device
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int bt_device_publish(struct bt_device *dev)
{
	int err;

	mutex_lock(&table_lock);
	err = nr_devices < bt_setting_max_devices() ? publish(dev) : -ENFILE;
	mutex_unlock(&table_lock);
	return err;
}

/**
 * bt_device_discard() - free a prepared device that is not in the table
 * @dev: the device
 *
 * Context: may sleep.
 */
void bt_device_discard(struct bt_device *dev)
{
	dispose(dev);
}

/**
 * bt_device_remove_temporary() - remove what was registered to go with a file
 * @registrar: the file of the control node
 */
void bt_device_remove_temporary(const struct bt_file *registrar)
{
	remove_all(registrar);
}

/**
 * bt_device_get() - find a device
 * @number: its number
 * @or_next: if there is none, take the one with the next higher number
 *
 * Return: the device, for bt_device_put(), or NULL.
 */
struct bt_device *bt_device_get(u32 number, bool or_next)
{
	unsigned long i = number;
	struct bt_device *dev;

	mutex_lock(&table_lock);
	dev = xa_find(&table, &i, or_next ? ULONG_MAX : number, XA_PRESENT);
	if (dev)
		get_device(&dev->dev);
	mutex_unlock(&table_lock);
	return dev;
}

/**
 * bt_device_open() - the device of a node that is being opened
 * @cdev: the node's, which holds its device
 *
 * Return: the device, for bt_device_put().
 */
struct bt_device *bt_device_open(struct cdev *cdev)
{
	struct bt_device *dev = container_of(cdev, struct bt_device, cdev);

	get_device(&dev->dev);
	return dev;
}

/**
 * bt_device_put() - drop a reference to a device
 * @dev: the device
 *
 * Context: may sleep.
 */
void bt_device_put(struct bt_device *dev)
{
	put_device(&dev->dev);
}

/**
 * bt_device_driver() - who announced a device
 * @dev: the device
 *
 * Return: the name of a driver, or "user".
 */
const char *bt_device_driver(const struct bt_device *dev)
{
	return dev->driver[0] ? dev->driver : "user";
}

/**
 * bt_devices_count() - how many devices are registered
 *
 * Return: their number.
 */
u32 bt_devices_count(void)
{
	return READ_ONCE(nr_devices);
}

/**
 * bt_devices_store() - where all records come from
 *
 * Return: the store.
 */
const struct bt_store *bt_devices_store(void)
{
	return &store;
}

/**
 * bt_devices_init() - set up the table of devices
 *
 * Return: 0 or a negative errno.
 */
int __init bt_devices_init(void)
{
	int err;

	err = bt_store_init(&store, "buftrack_record", bt_setting_max_records());
	if (err)
		return err;
	err = alloc_chrdev_region(&first_devt, 0, BT_MAX_DEVICES, "buftrack");
	if (err)
		goto fini_store;
	err = class_register(&bt_class);
	if (err)
		goto unregister_region;
	return 0;

unregister_region:
	unregister_chrdev_region(first_devt, BT_MAX_DEVICES);
fini_store:
	bt_store_fini(&store);
	return err;
}

/**
 * bt_devices_exit() - remove all devices; no file is open any more
 */
void bt_devices_exit(void)
{
	remove_all(NULL);
	class_unregister(&bt_class);
	unregister_chrdev_region(first_devt, BT_MAX_DEVICES);
	bt_store_fini(&store);
}
