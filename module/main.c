// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading: the subsystems in the order in which they need each other */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include "device.h"
#include "driver/announced.h"
#include "driver/bus.h"
#include "driver/chip.h"
#include "driver/probe.h"
#include "driver/stack.h"
#include "version.h"

static int __init bt_init(void)
{
	int err;

	err = bt_devices_init();
	if (err)
		return err;
	err = bt_stacks_init();
	if (err)
		goto devices;
	err = bt_chips_init();
	if (err)
		goto stacks;
	err = bt_bus_init();
	if (err)
		goto chips;
	err = bt_probes_init();
	if (err)
		goto bus;
	err = bt_announced_init();
	if (err)
		goto probes;
	err = bt_control_init();
	if (err)
		goto announced;
	pr_info("version " BUFTRACK_VERSION ", a record is %zu bytes\n",
		sizeof(struct bt_record));
	return 0;

announced:
	bt_announced_exit();
probes:
	bt_probes_exit();
bus:
	bt_bus_exit();
chips:
	bt_chips_exit();
stacks:
	bt_stacks_exit();
devices:
	bt_devices_exit();
	return err;
}

static void __exit bt_exit(void)
{
	bt_control_exit();
	bt_announced_exit();
	bt_probes_exit();
	bt_bus_exit();
	bt_chips_exit();
	bt_devices_exit();
	bt_stacks_exit();
}

module_init(bt_init);
module_exit(bt_exit);
MODULE_DESCRIPTION("Tracks device buffers: who holds them, and wrong frees");
MODULE_AUTHOR("The buftrack authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(BUFTRACK_VERSION);
