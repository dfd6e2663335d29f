// SPDX-License-Identifier: GPL-2.0
/*
 * A module with the name of habanalabs, whose memory ioctl hands out numbers
 *
 * It has the functions and structures that buftrack reads, with the members at other
 * offsets than in the driver.
 */
#include <linux/genalloc.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include "fake.h"
#include "fake_habanalabs.h"

struct hl_vm {
	spinlock_t idr_lock;	/* guards the packs */
	struct idr phys_pg_pack_handles;
};

struct hl_device {
	struct platform_device *parent;
	struct hl_vm vm;
	struct drm_device drm;
};

/* Pages of the device, or of the host */
struct hl_vm_phys_pg_pack {
	struct list_head node;
	u8 created_from_userptr;
	u32 handle;
	atomic_t mapping_cnt;
	u64 total_size;
};

static struct hl_device *fake;

/* The compiler keeps the name and both parameters */
static __attribute__((__noipa__)) void
free_phys_pg_pack(struct hl_device *hdev, struct hl_vm_phys_pg_pack *phys_pg_pack)
{
	kfree(phys_pg_pack);
}

static int fake_alloc(struct hl_vm *vm, u64 size, u64 *handle)
{
	struct hl_vm_phys_pg_pack *pack = kzalloc(sizeof(*pack), GFP_KERNEL);
	int number;

	if (!pack || !size) {
		kfree(pack);
		return -EINVAL;
	}
	pack->total_size = roundup(size, FAKE_HL_PAGE);
	idr_preload(GFP_KERNEL);
	spin_lock(&vm->idr_lock);
	number = idr_alloc(&vm->phys_pg_pack_handles, pack, 1, 0, GFP_NOWAIT);
	if (number > 0)
		pack->handle = number;
	spin_unlock(&vm->idr_lock);
	idr_preload_end();
	if (number < 0)
		kfree(pack);
	else
		*handle = number;
	return number < 0 ? number : 0;
}

static int fake_free(struct hl_device *hdev, u32 handle)
{
	struct hl_vm_phys_pg_pack *pack;

	spin_lock(&hdev->vm.idr_lock);
	pack = idr_find(&hdev->vm.phys_pg_pack_handles, handle);
	if (pack && atomic_read(&pack->mapping_cnt))
		pack = NULL;
	if (pack)
		idr_remove(&hdev->vm.phys_pg_pack_handles, handle);
	spin_unlock(&hdev->vm.idr_lock);
	if (!pack)
		return -EINVAL;
	free_phys_pg_pack(hdev, pack);
	return 0;
}

/* A mapping of host memory needs a pack for a moment; one of device memory stays */
static int fake_map(struct hl_device *hdev, const struct hl_mem_in *in)
{
	struct hl_vm_phys_pg_pack *pack;

	if (in->flags & HL_MEM_USERPTR) {
		pack = kzalloc(sizeof(*pack), GFP_KERNEL);
		if (!pack)
			return -ENOMEM;
		pack->created_from_userptr = true;
		free_phys_pg_pack(hdev, pack);
		return 0;
	}
	spin_lock(&hdev->vm.idr_lock);
	pack = idr_find(&hdev->vm.phys_pg_pack_handles, in->map_device.handle);
	if (pack)
		atomic_inc(&pack->mapping_cnt);
	spin_unlock(&hdev->vm.idr_lock);
	return pack ? 0 : -EINVAL;
}

noinline int hl_mem_ioctl(struct drm_device *ddev, void *data, struct drm_file *file_priv)
{
	struct hl_device *hdev = container_of(ddev, struct hl_device, drm);
	union hl_mem_args *args = data;
	u64 handle = 0;
	int err;

	switch (args->in.op) {
	case HL_MEM_OP_ALLOC:
		err = fake_alloc(&hdev->vm, args->in.alloc.mem_size, &handle);
		memset(args, 0, sizeof(*args));
		args->out.handle = handle;
		return err;
	case HL_MEM_OP_FREE:
		return fake_free(hdev, args->in.free.handle);
	case HL_MEM_OP_MAP:
		err = fake_map(hdev, &args->in);
		memset(args, 0, sizeof(*args));
		return err;
	default:
		return -EINVAL;
	}
}

/* The file's memory goes with it: only one file is open at a time */
static void hl_device_release(struct drm_device *ddev, struct drm_file *file_priv)
{
	struct hl_device *hdev = container_of(ddev, struct hl_device, drm);
	struct hl_vm_phys_pg_pack *pack, *next;
	LIST_HEAD(packs);
	int i;

	spin_lock(&hdev->vm.idr_lock);
	idr_for_each_entry(&hdev->vm.phys_pg_pack_handles, pack, i) {
		idr_remove(&hdev->vm.phys_pg_pack_handles, i);
		list_add(&pack->node, &packs);
	}
	spin_unlock(&hdev->vm.idr_lock);
	list_for_each_entry_safe(pack, next, &packs, node)
		free_phys_pg_pack(hdev, pack);
}

static const struct drm_ioctl_desc hl_ioctls[] = {
	DRM_IOCTL_DEF_DRV(HL_MEMORY, hl_mem_ioctl, 0),
};

DEFINE_DRM_ACCEL_FOPS(hl_fops);

static const struct drm_driver hl_driver = {
	.driver_features = DRIVER_COMPUTE_ACCEL,
	.postclose = hl_device_release,
	.fops = &hl_fops,
	.ioctls = hl_ioctls,
	.num_ioctls = ARRAY_SIZE(hl_ioctls),
	.name = "habanalabs",
	.desc = "Stand-in for habanalabs",
	.date = "20260101",
};

/* By this driver, which binds to nothing, buftrack finds a module that is loaded */
static const struct pci_device_id hl_ids[] = { {} };

static struct pci_driver hl_pci_driver = {
	.name = "habanalabs",
	.id_table = hl_ids,
};

static int __init hl_add_device(void)
{
	struct platform_device *parent;
	int err;

	parent = platform_device_register_simple("fake-habanalabs", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	fake = devm_drm_dev_alloc(&parent->dev, &hl_driver, struct hl_device, drm);
	err = PTR_ERR_OR_ZERO(fake);
	if (!err) {
		spin_lock_init(&fake->vm.idr_lock);
		idr_init(&fake->vm.phys_pg_pack_handles);
		fake->parent = parent;
		err = drm_dev_register(&fake->drm, 0);
	}
	if (err)
		platform_device_unregister(parent);
	return err;
}

static int __init hl_init(void)
{
	int err = pci_register_driver(&hl_pci_driver);

	if (err)
		return err;
	err = hl_add_device();
	if (err)
		pci_unregister_driver(&hl_pci_driver);
	return err;
}

static void __exit hl_exit(void)
{
	struct platform_device *parent = fake->parent;

	drm_dev_unregister(&fake->drm);
	idr_destroy(&fake->vm.phys_pg_pack_handles);
	platform_device_unregister(parent);
	pci_unregister_driver(&hl_pci_driver);
}

module_init(hl_init);
module_exit(hl_exit);
MODULE_DESCRIPTION("Stand-in for habanalabs");
MODULE_AUTHOR("The buftrack authors");
MODULE_LICENSE("GPL");
