// SPDX-License-Identifier: GPL-2.0
/* /dev/buftrack/control */
#include <linux/miscdevice.h>
#include "device.h"
#include "file.h"

static struct miscdevice control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "buftrack",
	.nodename = "buftrack/control",
	.fops = &bt_control_fops,
	.mode = 0666,
};

/**
 * bt_control_init() - create the control node
 *
 * Return: 0 or a negative errno.
 */
int __init bt_control_init(void)
{
	return misc_register(&control);
}

/**
 * bt_control_exit() - take the control node away
 */
void bt_control_exit(void)
{
	misc_deregister(&control);
}
