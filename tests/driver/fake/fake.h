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

#ifdef __KERNEL__
#include <drm/drm.h>
#else
#include <libdrm/drm.h>
#endif

/* The memory ioctl of habanalabs, as published by the driver, as far as tests use it */
struct hl_mem_in {
	union {
		struct {
			__u64 mem_size;
			__u64 page_size;
		} alloc;
		struct {
			__u64 handle;
		} free;
		struct {
			__u64 hint_addr;
			__u64 handle;
		} map_device;
		struct {
			__u64 host_virt_addr;
			__u64 hint_addr;
			__u64 mem_size;
		} map_host;
	};
	__u32 op;
	__u32 flags;
	__u32 ctx_id;
	__u32 num_of_elements;
};

struct hl_mem_out {
	union {
		__u64 device_virt_addr;
		__u64 handle;
	};
};

union hl_mem_args {
	struct hl_mem_in in;
	struct hl_mem_out out;
};

#define HL_MEM_OP_ALLOC		0
#define HL_MEM_OP_FREE		1
#define HL_MEM_OP_MAP		2
#define HL_MEM_USERPTR		0x4

#define HL_IOCTL_MEMORY		4
#define DRM_IOCTL_HL_MEMORY	DRM_IOWR(DRM_COMMAND_BASE + HL_IOCTL_MEMORY, union hl_mem_args)

/* Memory is allocated in pages of this size */
#define FAKE_HL_PAGE		(2ULL << 20)

/**
 * struct fake_nv_alloc - ioctl(FAKE_NV_ALLOC) of /dev/nvidiactl: allocate memory
 * @size: its bytes
 * @class: class of the memory object
 * @space: address space of the memory
 * @kernel: 1: for the driver's own client
 * @fail: 1: its construction fails
 * @handle: out: number of the memory object in this file
 * @existing: 1 + number of an object, whose descriptor is used; 0: a new one
 */
struct fake_nv_alloc {
	__u64 size;
	__u32 class;
	__u32 space;
	__u32 kernel;
	__u32 fail;
	__u32 handle;
	__u32 existing;
};

#define FAKE_NV_ALLOC	_IOWR('F', 0x70, struct fake_nv_alloc)
#define FAKE_NV_FREE	_IOW('F', 0x71, __u32)
/* In: number of the memory object; out: number of its duplicate */
#define FAKE_NV_DUP	_IOWR('F', 0x72, __u32)

/* Classes and address spaces, as published by the driver */
#define NV01_MEMORY_SYSTEM	0x3e
#define NV01_MEMORY_LOCAL_USER	0x40
#define NV50_MEMORY_VIRTUAL	0x70
#define ADDR_SYSMEM		1
#define ADDR_FBMEM		2
#define ADDR_VIRTUAL		4

#endif /* FAKE_H */
