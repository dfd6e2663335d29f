/* SPDX-License-Identifier: GPL-2.0 */
/* Clients of DRM devices */
#ifndef BUFTRACK_ADAPTER_DRM_H
#define BUFTRACK_ADAPTER_DRM_H

struct drm_device;

const void *bt_drm_current_client(const struct drm_device *drm);

#endif /* BUFTRACK_ADAPTER_DRM_H */
