/* SPDX-License-Identifier: GPL-2.0 */
/* How a DRM driver manages the memory of its buffers */
#ifndef BUFTRACK_ADAPTER_DRM_MM_H
#define BUFTRACK_ADAPTER_DRM_MM_H

struct drm_driver;

/**
 * enum bt_mm_type - memory management of a DRM driver, and the unit of its sizes
 * @BT_MM_UNKNOWN: not determined
 * @BT_MM_GEM: GEM objects, without TTM
 * @BT_MM_TTM: TTM placements whose capacity and addresses are unknown
 * @BT_MM_TTM_BYTES: TTM with managers sized in bytes
 * @BT_MM_TTM_PAGES: TTM with managers sized in pages
 * @BT_MM_TTM_RANGES: the same, and each placement is one contiguous range
 * @BT_MM_AMDGPU: sized in bytes; the domains after VRAM are not memory
 * @BT_NR_MM_TYPES: number of types
 */
enum bt_mm_type {
	BT_MM_UNKNOWN,
	BT_MM_GEM,
	BT_MM_TTM,
	BT_MM_TTM_BYTES,
	BT_MM_TTM_PAGES,
	BT_MM_TTM_RANGES,
	BT_MM_AMDGPU,
	BT_NR_MM_TYPES,
};

enum bt_mm_type bt_mm_type_of(const struct drm_driver *driver);
enum bt_mm_type bt_mm_type_by_name(const char *name);
void bt_mm_types_forget(void);

#endif /* BUFTRACK_ADAPTER_DRM_MM_H */
