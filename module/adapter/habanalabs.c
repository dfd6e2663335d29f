// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter for habanalabs: device memory of Intel Gaudi and Goya accelerators
 *
 * The driver has no GEM objects: user space allocates device memory by an ioctl and names
 * it by a handle. The adapter for DRM reports the clients. A pack of pages is known by
 * itself, because the driver can reuse its handle before it frees the pack.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>
#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include "btf_file.h"
#include "probe.h"

/* Device memory: the only kind of buffer that is tracked */
#define BT_HL_MEMORY	BIT(0)

/* Operations of the memory ioctl, as published by the driver */
#define BT_HL_ALLOC	0
#define BT_HL_FREE	1

/* The members that are read */
enum {
	BT_HL_DEVICE_DRM,
	BT_HL_DEVICE_VM,
	BT_HL_VM_PACKS,
	BT_HL_PACK_HANDLE,
	BT_HL_PACK_SIZE,
	BT_HL_PACK_OF_HOST,
	BT_HL_ARGS_OP,
	BT_HL_NR_MEMBERS,
};

static const struct bt_btf_member hl_members[BT_HL_NR_MEMBERS] = {
	[BT_HL_DEVICE_DRM] = { "hl_device", "drm", sizeof(struct drm_device) },
	[BT_HL_DEVICE_VM] = { "hl_device", "vm", 0 },
	[BT_HL_VM_PACKS] = { "hl_vm", "phys_pg_pack_handles", sizeof(struct idr) },
	[BT_HL_PACK_HANDLE] = { "hl_vm_phys_pg_pack", "handle", sizeof(u32) },
	[BT_HL_PACK_SIZE] = { "hl_vm_phys_pg_pack", "total_size", sizeof(u64) },
	[BT_HL_PACK_OF_HOST] = { "hl_vm_phys_pg_pack", "created_from_userptr", sizeof(u8) },
	[BT_HL_ARGS_OP] = { "hl_mem_in", "op", sizeof(u32) },
};

/* Functions whose parameters handlers rely on */
static const struct bt_btf_param hl_params[] = {
	{ "hl_mem_ioctl", 0, "drm_device" },
	{ "hl_mem_ioctl", 2, "drm_file" },
	{ "free_phys_pg_pack", 0, "hl_device" },
	{ "free_phys_pg_pack", 1, "hl_vm_phys_pg_pack" },
};

/* Offsets of the members in the loaded version; set before any probe is in place */
static u32 hl_at[BT_HL_NR_MEMBERS];

/* Read a member of a structure; 0 if it cannot be read */
#define hl_read(_type, _from, _member)						\
({										\
	_type value_ = 0;							\
										\
	if (copy_from_kernel_nofault(&value_, (_from) + hl_at[_member],		\
				     sizeof(value_)))				\
		value_ = 0;							\
	value_;									\
})

/* A later free of the handle may be freeing the pack: its members are read with care */
static const void *hl_find_pack(const struct drm_device *drm, u32 handle)
{
	const void *vm = (const void *)drm - hl_at[BT_HL_DEVICE_DRM] +
			 hl_at[BT_HL_DEVICE_VM];
	const void *pack;

	rcu_read_lock();
	pack = idr_find(vm + hl_at[BT_HL_VM_PACKS], handle);
	rcu_read_unlock();
	return pack && hl_read(u32, pack, BT_HL_PACK_HANDLE) == handle ? pack : NULL;
}

static void hl_init_event(struct bt_driver_event *e, enum bt_driver_op op,
			  const struct drm_device *drm, u32 handle)
{
	e->op = op;
	e->dev = drm->dev;
	e->driver = drm->driver->name;
	e->space = "DRAM";
	e->buffer.address = handle;
}

/* free_phys_pg_pack(device, pack); a pack of host memory is only a list of its pages */
static bool bt_hl_skip_free(const struct bt_call *call)
{
	return hl_read(u8, (const void *)call->arg[1], BT_HL_PACK_OF_HOST);
}

static bool bt_hl_free(const struct bt_call *call, struct bt_driver_event *e)
{
	const void *pack = (void *)call->arg[1];

	hl_init_event(e, BT_BUFFER_FREE,
		      (const void *)call->arg[0] + hl_at[BT_HL_DEVICE_DRM],
		      hl_read(u32, pack, BT_HL_PACK_HANDLE));
	/* The driver has only one open file at a time, so its memory is nobody else's */
	e->refcounted = true;
	e->buffer.id = bt_driver_object_id(pack);
	return true;
}

/* hl_mem_ioctl(drm, args, file), at return; the driver overwrites what it has read */
static void bt_hl_enter_ioctl(struct bt_call *call)
{
	call->arg[3] = hl_read(u32, (const void *)call->arg[1], BT_HL_ARGS_OP);
}

/* The handle is the first member of the arguments and of the result */
static u32 hl_handle(const struct bt_call *call)
{
	u64 handle;

	return copy_from_kernel_nofault(&handle, (void *)call->arg[1], sizeof(handle)) ?
		       0 : handle;
}

/* A device whose memory has no virtual addresses gives no handle */
static bool hl_allocated(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct drm_device *drm = (void *)call->arg[0];
	u32 handle = hl_handle(call);
	const void *pack;

	if (call->result || !handle)
		return false;
	pack = hl_find_pack(drm, handle);
	hl_init_event(e, pack ? BT_BUFFER_ALLOC : BT_REPORT_LOST, drm, handle);
	e->client = (void *)call->arg[2];
	e->buffer.size = pack ? hl_read(u64, pack, BT_HL_PACK_SIZE) : 0;
	e->buffer.id = bt_driver_object_id(pack);
	return true;
}

/* There is no pack with that handle, or it is mapped */
static bool hl_refused(const struct bt_call *call, struct bt_driver_event *e)
{
	u32 handle = hl_handle(call);

	if ((int)call->result != -EINVAL || !handle)
		return false;
	hl_init_event(e, BT_BUFFER_FREE, (void *)call->arg[0], handle);
	e->client = (void *)call->arg[2];
	e->buffer.flags = BUFTRACK_REPORT_REFUSED;
	return true;
}

static bool bt_hl_ioctl(const struct bt_call *call, struct bt_driver_event *e)
{
	switch (call->arg[3]) {
	case BT_HL_ALLOC:
		return hl_allocated(call, e);
	case BT_HL_FREE:
		return hl_refused(call, e);
	default:
		return false;
	}
}

static bool hl_read_btf(const struct bt_btf *btf)
{
	return bt_btf_takes_all(btf, hl_params, ARRAY_SIZE(hl_params)) &&
	       bt_btf_find_members(btf, hl_members, ARRAY_SIZE(hl_members), hl_at);
}

static bool bt_hl_identify(const struct module *mod, struct bt_adapter_support *support)
{
	struct bt_btf_file btf;
	bool reads;

	*support = (struct bt_adapter_support) {
		.version = mod->version ?: init_utsname()->release,
		.has = BT_HL_MEMORY,
		.reads = BT_HL_MEMORY,
		.no_hardware = true,
	};
	if (bt_btf_read(&btf, mod))
		return false;
	reads = hl_read_btf(&btf.module);
	bt_btf_free(&btf);
	return reads;
}

static const struct bt_probe_desc bt_hl_descs[] = {
	{
		.symbol = "free_phys_pg_pack",
		.tracks = BT_HL_MEMORY,
		.skip = bt_hl_skip_free,
		.handler = bt_hl_free,
		.covers = "frees of device memory",
	}, {
		.symbol = "hl_mem_ioctl",
		.at_return = true,
		.tracks = BT_HL_MEMORY,
		.enter = bt_hl_enter_ioctl,
		.handler = bt_hl_ioctl,
		.covers = "device memory",
	},
};

const struct bt_adapter bt_habanalabs_adapter = {
	.name = "habanalabs",
	.module = "habanalabs",
	.identify = bt_hl_identify,
	.remedy = "use a driver with nodes in /dev/accel, and BTF of modules",
	.bus = &pci_bus_type,
	.driver = "habanalabs",
	.descs = bt_hl_descs,
	.nr_descs = ARRAY_SIZE(bt_hl_descs),
};
