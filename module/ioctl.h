/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctls: one table, one place that copies arguments; see ioctl.c */
#ifndef BUFTRACK_IOCTL_H
#define BUFTRACK_IOCTL_H

#include <linux/buftrack.h>

struct bt_file;
struct file;

long bt_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* Handlers get a zero-extended copy of the argument, and change its out fields */
int bt_do_device_add(struct bt_file *file, void *arg);
int bt_do_device_remove(struct bt_file *file, void *arg);

int bt_do_info(struct bt_file *file, void *arg);
int bt_do_device_info(struct bt_file *file, void *arg);
int bt_do_space_info(struct bt_file *file, void *arg);
int bt_do_client_info(struct bt_file *file, void *arg);
int bt_do_counters(struct bt_file *file, void *arg);
int bt_do_records(struct bt_file *file, void *arg);

int bt_do_device_set(struct bt_file *file, void *arg);
int bt_do_space_add(struct bt_file *file, void *arg);
int bt_do_reset(struct bt_file *file, void *arg);

int bt_do_declare(struct bt_file *file, void *arg);
int bt_do_report(struct bt_file *file, void *arg);
int bt_do_batch(struct bt_file *file, void *arg);
int bt_do_lost(struct bt_file *file, void *arg);

#endif /* BUFTRACK_IOCTL_H */
