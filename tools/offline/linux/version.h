/* SPDX-License-Identifier: GPL-2.0 */
/* Of this version, module/compat.h completes the interface of rbtree.h */
#ifndef BUFTRACK_OFFLINE_VERSION_H
#define BUFTRACK_OFFLINE_VERSION_H

#define KERNEL_VERSION(major, minor, patch) \
	((major) << 16 | (minor) << 8 | (patch))
#define LINUX_VERSION_CODE KERNEL_VERSION(5, 11, 0)

#endif /* BUFTRACK_OFFLINE_VERSION_H */
