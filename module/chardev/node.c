// SPDX-License-Identifier: GPL-2.0
/* The nodes: /dev/buftrack/control, and /dev/buftrack/<n> for each device */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include "../device.h"
#include "chardev.h"
#include "drain.h"
#include "events.h"
#include "file.h"
#include "ioctl.h"
#include "query.h"
#include "records.h"
#include "ring.h"

static int bt_node_open(struct file *filp, struct bt_device *dev)
{
	struct bt_file *file = bt_file_create(filp, dev);

	filp->private_data = file;
	return file ? 0 : -ENOMEM;
}

static int bt_node_control_open(struct inode *inode, struct file *filp)
{
	return bt_node_open(filp, NULL);
}

static int bt_node_control_release(struct inode *inode, struct file *filp)
{
	struct bt_file *file = filp->private_data;

	bt_device_remove_temporary(file);
	bt_file_free(file);
	return 0;
}

static int bt_node_device_open(struct inode *inode, struct file *filp)
{
	struct bt_device *dev = bt_device_open(inode->i_cdev);
	int err = bt_node_open(filp, dev);

	if (err)
		bt_device_put(dev);
	return err;
}

static int bt_node_device_release(struct inode *inode, struct file *filp)
{
	struct bt_file *file = filp->private_data;
	struct bt_device *dev = file->dev;

	bt_records_release(file);
	bt_ring_release(file);
	bt_file_free(file);
	bt_device_put(dev);
	return 0;
}

static const struct file_operations bt_control_fops = {
	.owner = THIS_MODULE,
	.open = bt_node_control_open,
	.release = bt_node_control_release,
	.unlocked_ioctl = bt_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

const struct file_operations bt_device_fops = {
	.owner = THIS_MODULE,
	.open = bt_node_device_open,
	.release = bt_node_device_release,
	.read = bt_events_read,
	.poll = bt_events_poll,
	.unlocked_ioctl = bt_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = bt_ring_mmap,
	.llseek = noop_llseek,
};

static struct miscdevice bt_control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "buftrack",
	.nodename = "buftrack/control",
	.fops = &bt_control_fops,
	.mode = 0666,
};

/**
 * bt_chardev_init() - create the control node and what the nodes need
 * @hooks: functions of other layers
 *
 * Return: 0 or a negative errno.
 */
int __init bt_chardev_init(const struct bt_chardev_hooks *hooks)
{
	int err = bt_drain_init();

	if (err)
		return err;
	bt_query_init(hooks->probe_describe);
	err = misc_register(&bt_control);
	if (err)
		bt_drain_exit();
	return err;
}

/**
 * bt_chardev_exit() - delete the control node
 */
void bt_chardev_exit(void)
{
	misc_deregister(&bt_control);
	bt_drain_exit();
}
