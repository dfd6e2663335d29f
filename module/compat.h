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

/* A driver is found on a const bus since 6.4 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
typedef struct bus_type bt_bus;
#else
typedef const struct bus_type bt_bus;
#endif

/* Since 6.5 a slab cache can ask to be shown on its own */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE 0
#endif

/* Buffers of TTM have a header of this name since 6.3 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define BT_TTM_BO_HEADER <drm/ttm/ttm_bo_api.h>
#else
#define BT_TTM_BO_HEADER <drm/ttm/ttm_bo.h>
#endif

/* The size of a resource of TTM is in bytes since 6.2 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define BT_TTM_BYTES(res) ((u64)(res)->num_pages << PAGE_SHIFT)
#else
#define BT_TTM_BYTES(res) ((u64)(res)->size)
#endif

#endif /* BUFTRACK_COMPAT_H */
