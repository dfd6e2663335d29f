/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctls: their entry point and their handlers; see ioctl.c */
#ifndef BUFTRACK_CHARDEV_IOCTL_H
#define BUFTRACK_CHARDEV_IOCTL_H

struct bt_file;
struct file;

long bt_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* query.c */
int bt_ioctl_info(struct bt_file *file, void *arg);
int bt_ioctl_device_info(struct bt_file *file, void *arg);
int bt_ioctl_space_info(struct bt_file *file, void *arg);
int bt_ioctl_client_info(struct bt_file *file, void *arg);
int bt_ioctl_counters(struct bt_file *file, void *arg);
int bt_ioctl_probe_info(struct bt_file *file, void *arg);
int bt_ioctl_stack(struct bt_file *file, void *arg);

/* records.c */
int bt_ioctl_records(struct bt_file *file, void *arg);

/* config.c */
int bt_ioctl_device_add(struct bt_file *file, void *arg);
int bt_ioctl_device_remove(struct bt_file *file, void *arg);
int bt_ioctl_device_set(struct bt_file *file, void *arg);
int bt_ioctl_space_add(struct bt_file *file, void *arg);
int bt_ioctl_declare(struct bt_file *file, void *arg);
int bt_ioctl_reset(struct bt_file *file, void *arg);

/* report.c and batch.c */
int bt_ioctl_report(struct bt_file *file, void *arg);
int bt_ioctl_batch(struct bt_file *file, void *arg);
int bt_ioctl_lost(struct bt_file *file, void *arg);

/* ring.c */
int bt_ioctl_ring(struct bt_file *file, void *arg);
int bt_ioctl_drain(struct bt_file *file, void *arg);

#endif /* BUFTRACK_CHARDEV_IOCTL_H */
