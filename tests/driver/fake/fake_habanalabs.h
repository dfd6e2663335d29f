/* SPDX-License-Identifier: GPL-2.0 */
/* The function of habanalabs that buftrack probes, with its prototype */
#ifndef FAKE_HABANALABS_H
#define FAKE_HABANALABS_H

struct drm_device;
struct drm_file;

int hl_mem_ioctl(struct drm_device *ddev, void *data, struct drm_file *file_priv);

#endif /* FAKE_HABANALABS_H */
