/* SPDX-License-Identifier: GPL-2.0 */
/* Ioctls of the modules that stand in for drivers, for these modules and for tests */
#ifndef FAKE_H
#define FAKE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct fake_kfd_alloc - ioctl(FAKE_KFD_ALLOC) of /dev/kfd: allocate a buffer
 * @file: file descriptor of the card that it is allocated for; each file of /dev/kfd
 *	  keeps the first one
 * @handle: out: number of the buffer in this file of /dev/kfd
 * @size: its bytes
 */
struct fake_kfd_alloc {
	__s32 file;
	__u32 handle;
	__u64 size;
};

#define FAKE_KFD_ALLOC	_IOWR('K', 0x70, struct fake_kfd_alloc)
#define FAKE_KFD_FREE	_IOW('K', 0x71, __u32)

#endif /* FAKE_H */
