// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading: the subsystems in the order of their dependencies */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include "adapter/probe.h"
#include "chardev/chardev.h"
#include "device.h"
#include "driver/binding.h"
#include "driver/bus.h"
#include "driver/driver.h"
#include "driver/tracepoint.h"
#include "stack.h"
#include "version.h"

static const struct bt_device_hooks device_hooks = {
	.fops = &bt_device_fops,
	.groups = bt_device_groups,
	.binding_create = bt_binding_create,
	.binding_offer = bt_binding_offer,
	.binding_destroy = bt_binding_destroy,
};

static const struct bt_chardev_hooks chardev_hooks = {
	.probe_describe = bt_probe_describe,
};

static int __init bt_init(void)
{
	int err;

	err = bt_stacks_init();
	if (err)
		return err;
	err = bt_devices_init(&device_hooks);
	if (err)
		goto stacks;
	err = bt_driver_init();
	if (err)
		goto devices;
	err = bt_bus_init();
	if (err)
		goto driver;
	err = bt_probes_init();
	if (err)
		goto bus;
	err = bt_tracepoints_init();
	if (err)
		goto probes;
	err = bt_chardev_init(&chardev_hooks);
	if (err)
		goto tracepoints;
	pr_info("version " BUFTRACK_VERSION ", a record is %zu bytes\n",
		sizeof(struct bt_record));
	return 0;

tracepoints:
	bt_tracepoints_exit();
probes:
	bt_probes_exit();
bus:
	bt_bus_exit();
driver:
	bt_driver_exit();
devices:
	bt_devices_exit();
stacks:
	bt_stacks_exit();
	return err;
}

static void __exit bt_exit(void)
{
	bt_chardev_exit();
	bt_tracepoints_exit();
	bt_probes_exit();
	bt_bus_exit();
	bt_driver_exit();
	bt_devices_exit();
	bt_stacks_exit();
}

module_init(bt_init);
module_exit(bt_exit);
MODULE_DESCRIPTION("Tracks device buffers and flags wrong frees");
MODULE_AUTHOR("The buftrack authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(BUFTRACK_VERSION);
