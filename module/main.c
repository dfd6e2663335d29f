// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading: the subsystems in the order in which they need each other */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include "device.h"
#include "version.h"

static int __init bt_init(void)
{
	int err;

	err = bt_devices_init();
	if (err)
		return err;
	err = bt_control_init();
	if (err)
		goto devices;
	pr_info("version " BUFTRACK_VERSION ", a record is %zu bytes\n",
		sizeof(struct bt_record));
	return 0;

devices:
	bt_devices_exit();
	return err;
}

static void __exit bt_exit(void)
{
	bt_control_exit();
	bt_devices_exit();
}

module_init(bt_init);
module_exit(bt_exit);
MODULE_DESCRIPTION("Tracks device buffers: who holds them, and wrong frees");
MODULE_AUTHOR("The buftrack authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(BUFTRACK_VERSION);
