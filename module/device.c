// SPDX-License-Identifier: GPL-2.0
/* The table of devices: registering, finding and removing them */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/xarray.h>
#include "compat.h"
#include "device.h"
#include "name.h"
#include "params.h"
#include "reporter.h"

static DEFINE_MUTEX(table_lock);	/* guards the table, and adding and removing */
static DEFINE_XARRAY_ALLOC(table);	/* of struct bt_device, by number */
static u32 nr_devices;			/* in the table */
static struct bt_store store;		/* records of all devices */
static dev_t first_devt;
static const struct bt_device_hooks *hooks;

static char *bt_device_devnode(bt_devnode_device *dev, umode_t *mode)
{
	if (mode)
		*mode = 0666;
	return kasprintf(GFP_KERNEL, "buftrack/%u", MINOR(dev->devt));
}

static struct class bt_class = {
	.name = "buftrack",
	.devnode = bt_device_devnode,
};

static void bt_device_release(struct device *d)
{
	struct bt_device *dev = to_bt_device(d);

	irq_work_sync(&dev->wake);
	bt_tracker_retire(dev->tracker);
	bt_reporter_free_zombies(dev->tracker);
	bt_tracker_destroy(dev->tracker);
	kvfree(dev);
}

static void bt_device_wake_readers(struct irq_work *work)
{
	wake_up_interruptible(&container_of(work, struct bt_device, wake)->wait);
}

/* The device is in no table yet; put_device() frees it */
static struct bt_device *bt_device_create(void)
{
	struct bt_limits limits;
	struct bt_device *dev = kvzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	bt_param_limits(&limits);
	dev->tracker = bt_tracker_create(&store, &limits);
	if (!dev->tracker) {
		kvfree(dev);
		return NULL;
	}
	raw_spin_lock_init(&dev->lock);
	xa_init(&dev->rings);
	init_waitqueue_head(&dev->wait);
	init_irq_work(&dev->wake, bt_device_wake_readers);
	device_initialize(&dev->dev);
	dev->dev.class = &bt_class;
	dev->dev.release = bt_device_release;
	cdev_init(&dev->cdev, hooks->fops);
	dev->cdev.owner = THIS_MODULE;
	return dev;
}

/* A device into which a kernel driver may report as well */
static struct bt_device *bt_device_create_bindable(void)
{
	struct bt_device *dev = bt_device_create();

	if (!dev)
		return NULL;
	/* A driver reports in atomic context, where the log cannot be set up */
	if (bt_events_setup(dev->tracker, bt_param_events()))
		goto put;
	dev->binding = hooks->binding_create(dev);
	if (dev->binding)
		return dev;
put:
	put_device(&dev->dev);
	return NULL;
}

static struct bt_device *bt_device_create_for(kuid_t uid, const void *registrar,
					      const struct buftrack_device_add *add)
{
	struct bt_device *dev = bt_name_is_pci(add->name) ?
				bt_device_create_bindable() : bt_device_create();

	if (!dev)
		return NULL;
	dev->uid = uid;
	if (add->flags & BUFTRACK_DEVICE_ADD_TEMPORARY)
		dev->registrar = registrar;
	strscpy(dev->name, add->name, sizeof(dev->name));
	return dev;
}

/* Put a device into the table and create its node */
static int bt_device_register(struct bt_device *dev)
{
	int err;

	lockdep_assert_held(&table_lock);
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

/* After 0 the caller owns the table's reference and drops it without the lock */
static int bt_device_unregister(struct bt_device *dev, bool force, u64 *buffers,
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

static struct bt_device *bt_device_find(const char *name)
{
	struct bt_device *dev;
	unsigned long i;

	lockdep_assert_held(&table_lock);
	xa_for_each(&table, i, dev)
		if (!strcmp(dev->name, name))
			return dev;
	return NULL;
}

static u32 bt_device_count_of(kuid_t uid)
{
	struct bt_device *dev;
	unsigned long i;
	u32 n = 0;

	lockdep_assert_held(&table_lock);
	xa_for_each(&table, i, dev)
		n += uid_eq(dev->uid, uid);
	return n;
}

static int bt_device_check_quota(const struct bt_cred *cred)
{
	if (nr_devices >= bt_param_max_devices())
		return -ENFILE;
	if (!cred->admin &&
	    bt_device_count_of(cred->uid) >= bt_param_max_devices_per_user())
		return -EDQUOT;
	return 0;
}

/* After an error, *surplus may be a device to discard without the lock */
static int bt_device_add_locked(const struct bt_cred *cred, const void *registrar,
				struct buftrack_device_add *add,
				struct bt_device **surplus)
{
	struct bt_device *dev = bt_device_find(add->name);
	int err;

	lockdep_assert_held(&table_lock);
	add->created = !dev;
	if (dev) {
		add->device = dev->number;
		return add->flags & BUFTRACK_DEVICE_ADD_EXCL ? -EEXIST : 0;
	}
	err = bt_device_check_quota(cred);
	if (err)
		return err;
	dev = bt_device_create_for(cred->uid, registrar, add);
	if (!dev)
		return -ENOMEM;
	err = bt_device_register(dev);
	if (err) {
		*surplus = dev;
		return err;
	}
	if (dev->binding)
		hooks->binding_offer(dev->binding);
	add->device = dev->number;
	return 0;
}

/**
 * bt_device_add() - register a device for a user, or find it
 * @cred: rights of the user
 * @registrar: the user's control file
 * @add: checked name and flags; number and "created" are filled in
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int bt_device_add(const struct bt_cred *cred, const void *registrar,
		  struct buftrack_device_add *add)
{
	struct bt_device *surplus = NULL;
	int err;

	if (bt_name_is_pci(add->name) && !cred->admin)
		return -EPERM;
	mutex_lock(&table_lock);
	err = bt_device_add_locked(cred, registrar, add, &surplus);
	mutex_unlock(&table_lock);
	if (surplus)
		bt_device_discard(surplus);
	return err;
}

/**
 * bt_device_managed_by() - whether a user may remove and configure a device
 * @dev: the device
 * @cred: rights of the user
 *
 * Return: true if so.
 */
bool bt_device_managed_by(const struct bt_device *dev, const struct bt_cred *cred)
{
	return (!dev->driver[0] && uid_eq(dev->uid, cred->uid)) || cred->admin;
}

/**
 * bt_device_remove() - remove a device for a user
 * @cred: rights of the user
 * @remove: number and checked flags; the removed amounts are filled in
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int bt_device_remove(const struct bt_cred *cred,
		     struct buftrack_device_remove *remove)
{
	struct bt_device *dev;
	u64 buffers, bytes;
	int err = -ENOENT;

	mutex_lock(&table_lock);
	dev = xa_load(&table, remove->device);
	if (dev && !bt_device_managed_by(dev, cred))
		err = -EPERM;
	else if (dev)
		err = bt_device_unregister(dev,
					   remove->flags & BUFTRACK_DEVICE_REMOVE_FORCE,
					   &buffers, &bytes);
	mutex_unlock(&table_lock);
	if (err)
		return err;
	bt_device_discard(dev);
	remove->removed_buffers = buffers;
	remove->removed_bytes = bytes;
	return 0;
}

/* Unregister one device, of any registrar if @registrar is NULL */
static struct bt_device *bt_device_unregister_one(const void *registrar)
{
	struct bt_device *dev;
	u64 buffers, bytes;
	unsigned long i;

	mutex_lock(&table_lock);
	xa_for_each(&table, i, dev) {
		if (registrar && dev->registrar != registrar)
			continue;
		bt_device_unregister(dev, true, &buffers, &bytes);
		break;
	}
	mutex_unlock(&table_lock);
	return dev;
}

static void bt_device_remove_all(const void *registrar)
{
	struct bt_device *dev;

	while ((dev = bt_device_unregister_one(registrar)))
		bt_device_discard(dev);
}

/**
 * bt_device_remove_temporary() - remove the temporary devices of a control file
 * @registrar: the file
 *
 * Context: may sleep.
 */
void bt_device_remove_temporary(const void *registrar)
{
	bt_device_remove_all(registrar);
}

/**
 * bt_device_prepare() - create a device that a kernel driver may need later
 *
 * Context: may sleep.
 * Return: the device, for bt_device_publish() or bt_device_discard(), or NULL.
 */
struct bt_device *bt_device_prepare(void)
{
	struct bt_device *dev = bt_device_create_bindable();

	if (dev)
		dev->uid = GLOBAL_ROOT_UID;
	return dev;
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
	err = nr_devices < bt_param_max_devices() ? bt_device_register(dev) : -ENFILE;
	mutex_unlock(&table_lock);
	return err;
}

/**
 * bt_device_discard() - end a device that is not in the table
 * @dev: the device, whose first reference is dropped
 *
 * Context: may sleep.
 */
void bt_device_discard(struct bt_device *dev)
{
	if (dev->binding)
		hooks->binding_destroy(dev->binding);
	put_device(&dev->dev);
}

/**
 * bt_device_get() - find a device by number
 * @number: its number
 * @or_next: find the first device whose number is at least @number
 *
 * Context: may sleep.
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
 * bt_device_open() - take a reference to the device of a node that is being opened
 * @cdev: the node, which keeps its device until the open has returned
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
 * bt_device_driver() - name of the driver of a device
 * @dev: the device
 *
 * Return: the name of a kernel driver, or "user".
 */
const char *bt_device_driver(const struct bt_device *dev)
{
	return dev->driver[0] ? dev->driver : "user";
}

/**
 * bt_devices_count() - number of registered devices
 *
 * Return: the number.
 */
u32 bt_devices_count(void)
{
	return READ_ONCE(nr_devices);
}

/**
 * bt_devices_store() - the store that all records come from
 *
 * Return: the store.
 */
const struct bt_store *bt_devices_store(void)
{
	return &store;
}

/**
 * bt_devices_init() - set up the table of devices
 * @device_hooks: the layers above; must outlive the table
 *
 * Return: 0 or a negative errno.
 */
int __init bt_devices_init(const struct bt_device_hooks *device_hooks)
{
	int err;

	hooks = device_hooks;
	bt_class.dev_groups = hooks->groups;
	err = bt_store_init(&store, "buftrack_record", bt_param_max_records());
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
	bt_device_remove_all(NULL);
	class_unregister(&bt_class);
	unregister_chrdev_region(first_devt, BT_MAX_DEVICES);
	bt_store_fini(&store);
}
