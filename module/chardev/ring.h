/* SPDX-License-Identifier: GPL-2.0 */
/* Rings of an open file: see ring.c; the handlers of their ioctls are in ioctl.h */
#ifndef BUFTRACK_CHARDEV_RING_H
#define BUFTRACK_CHARDEV_RING_H

struct bt_file;
struct file;
struct vm_area_struct;

int bt_ring_mmap(struct file *filp, struct vm_area_struct *vma);
int bt_ring_drain(const struct bt_file *file);
void bt_ring_release(struct bt_file *file);

#endif /* BUFTRACK_CHARDEV_RING_H */
