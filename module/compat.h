/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between the kernels that the module builds for: here and nowhere else */
#ifndef BUFTRACK_COMPAT_H
#define BUFTRACK_COMPAT_H

#include <linux/device.h>
#include <linux/slab.h>
#include <linux/version.h>

/* The devnode callback of a class takes a const device since 6.2 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
typedef struct device bt_devnode_device;
#else
typedef const struct device bt_devnode_device;
#endif

/* Since 6.5 a slab cache can ask to be shown on its own */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE 0
#endif

#endif /* BUFTRACK_COMPAT_H */
