/* SPDX-License-Identifier: GPL-2.0 */
/* Differences between the kernel versions that the module builds for */
#ifndef BUFTRACK_COMPAT_H
#define BUFTRACK_COMPAT_H

#include <linux/device.h>
#include <linux/slab.h>
#include <linux/version.h>

/* Since 6.2, the devnode callback of a class takes a const device */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
typedef struct device bt_devnode_device;
#else
typedef const struct device bt_devnode_device;
#endif

/* Since 6.4, driver_find() takes a const bus */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
typedef struct bus_type bt_bus;
#else
typedef const struct bus_type bt_bus;
#endif

/* Since 6.5, a slab cache can refuse to be merged with others */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE 0
#endif

/* Since 6.3, ttm_bo.h declares TTM buffer objects */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define BT_TTM_BO_HEADER <drm/ttm/ttm_bo_api.h>
#else
#define BT_TTM_BO_HEADER <drm/ttm/ttm_bo.h>
#endif

/* Since 6.2, the size of a TTM resource is in bytes */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define BT_TTM_BYTES(res) ((u64)(res)->num_pages << PAGE_SHIFT)
#else
#define BT_TTM_BYTES(res) ((u64)(res)->size)
#endif

#endif /* BUFTRACK_COMPAT_H */
