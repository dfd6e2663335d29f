/* SPDX-License-Identifier: GPL-2.0 */
/* The nodes in /dev/buftrack: their interface to main.c */
#ifndef BUFTRACK_CHARDEV_H
#define BUFTRACK_CHARDEV_H

#include <linux/fs.h>
#include <linux/types.h>

struct attribute_group;
struct buftrack_probe_info;

/**
 * struct bt_chardev_hooks - functions of other layers that the nodes call
 * @probe_describe: fill in the probe with the number in @info or, with @next, the first
 *		    one from there on; -ENOENT: there is none
 */
struct bt_chardev_hooks {
	int (*probe_describe)(struct buftrack_probe_info *info, bool next);
};

extern const struct file_operations bt_device_fops;
extern const struct attribute_group *bt_device_groups[];

int bt_chardev_init(const struct bt_chardev_hooks *hooks);
void bt_chardev_exit(void);

#endif /* BUFTRACK_CHARDEV_H */
