/* SPDX-License-Identifier: GPL-2.0 */
/* How a DRM driver manages the memory of its buffers */
#ifndef BUFTRACK_DRIVER_KIND_H
#define BUFTRACK_DRIVER_KIND_H

struct drm_driver;

/**
 * enum bt_kind - what the buffers of a driver are, and how its managers count
 * @BT_KIND_UNKNOWN: not looked at yet
 * @BT_KIND_GEM: GEM objects, without TTM
 * @BT_KIND_TTM: placements of TTM, of which neither capacity nor addresses are told
 * @BT_KIND_TTM_BYTES: the same, with managers that count in bytes
 * @BT_KIND_TTM_PAGES: with managers that count in pages
 * @BT_KIND_TTM_RANGES: in pages, and each place is one contiguous range
 * @BT_KIND_AMDGPU: in bytes, and what is behind VRAM is no memory
 * @BT_NR_KINDS: how many there are
 */
enum bt_kind {
	BT_KIND_UNKNOWN,
	BT_KIND_GEM,
	BT_KIND_TTM,
	BT_KIND_TTM_BYTES,
	BT_KIND_TTM_PAGES,
	BT_KIND_TTM_RANGES,
	BT_KIND_AMDGPU,
	BT_NR_KINDS,
};

enum bt_kind bt_kind_of(const struct drm_driver *driver);
enum bt_kind bt_kind_of_name(const char *name);
void bt_kinds_forget(void);

#endif /* BUFTRACK_DRIVER_KIND_H */
