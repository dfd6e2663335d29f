/* SPDX-License-Identifier: GPL-2.0 */
/* Files of amdgpu that a call through /dev/kfd acts for */
#ifndef BUFTRACK_ADAPTER_KFD_H
#define BUFTRACK_ADAPTER_KFD_H

#include <linux/kconfig.h>
#include <linux/stddef.h>

struct drm_file;

#if IS_ENABLED(CONFIG_PCI)
const struct drm_file *bt_kfd_current_file(void);
#else
static inline const struct drm_file *bt_kfd_current_file(void)
{
	return NULL;
}
#endif

#endif /* BUFTRACK_ADAPTER_KFD_H */
