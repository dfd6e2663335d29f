/* SPDX-License-Identifier: GPL-2.0 */
/* Who is behind what a driver does: the system call that is under way */
#ifndef BUFTRACK_DRIVER_CALLER_H
#define BUFTRACK_DRIVER_CALLER_H

#include <linux/types.h>

struct drm_device;
struct file;

u32 bt_caller_command(void);
struct file *bt_caller_file(void);
const void *bt_drm_caller(const struct drm_device *drm);

#endif /* BUFTRACK_DRIVER_CALLER_H */
