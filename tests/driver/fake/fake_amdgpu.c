// SPDX-License-Identifier: GPL-2.0
/*
 * A module with the name of amdgpu, whose /dev/kfd allocates TTM buffers
 *
 * It has the functions of KFD that buftrack probes, with amdgpu's prototypes, and passes
 * the DRM file of the program to them. The buffers stay in system memory.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem_vram_helper.h>
#include <drm/drm_ioctl.h>
#include "fake.h"
#include "fake_amdgpu.h"

#define MAX_BUFFERS	64

struct amdgpu_device {
	struct drm_device ddev;
	struct platform_device *parent;
};

struct kgd_mem {
	struct drm_gem_vram_object *bo;
};

/* An open file of /dev/kfd */
struct kfd_process {
	struct mutex lock;	/* guards the others */
	struct file *drm_file;
	struct kgd_mem *buffers[MAX_BUFFERS];
};

static struct amdgpu_device *fake;

noinline int amdgpu_amdkfd_gpuvm_alloc_memory_of_gpu(struct amdgpu_device *adev, u64 va,
						     u64 size, void *drm_priv,
						     struct kgd_mem **mem, u64 *offset,
						     u32 flags, bool criu_resume)
{
	struct drm_gem_vram_object *bo;

	*mem = kzalloc(sizeof(**mem), GFP_KERNEL);
	if (!*mem)
		return -ENOMEM;
	bo = drm_gem_vram_create(&adev->ddev, PAGE_ALIGN(size), 0);
	if (IS_ERR(bo)) {
		kfree(*mem);
		*mem = NULL;
		return PTR_ERR(bo);
	}
	(*mem)->bo = bo;
	return 0;
}

noinline int amdgpu_amdkfd_gpuvm_free_memory_of_gpu(struct amdgpu_device *adev,
						    struct kgd_mem *mem, void *drm_priv,
						    u64 *size)
{
	drm_gem_vram_put(mem->bo);
	kfree(mem);
	return 0;
}

noinline int amdgpu_amdkfd_gpuvm_map_memory_to_gpu(struct amdgpu_device *adev,
						   struct kgd_mem *mem, void *drm_priv)
{
	return -EOPNOTSUPP;
}

noinline int amdgpu_amdkfd_gpuvm_import_dmabuf_fd(struct amdgpu_device *adev, int fd,
						  u64 va, void *drm_priv,
						  struct kgd_mem **mem, u64 *size,
						  u64 *mmap_offset)
{
	return -EOPNOTSUPP;
}

DEFINE_DRM_GEM_FOPS(fake_fops);

static const struct drm_driver fake_driver = {
	.driver_features = DRIVER_GEM,
	.fops = &fake_fops,
	.name = "amdgpu",
	.desc = "Stand-in for amdgpu",
	.date = "20260101",
};

/* The file of the card that this process allocates for; it keeps the first one */
static struct drm_file *fake_card_of(struct kfd_process *p, int fd)
{
	struct file *file;

	lockdep_assert_held(&p->lock);
	if (p->drm_file)
		return p->drm_file->private_data;
	file = fget(fd);
	if (!file || file->f_op != &fake_fops) {
		if (file)
			fput(file);
		return NULL;
	}
	p->drm_file = file;
	return file->private_data;
}

static int fake_alloc_locked(struct kfd_process *p, struct fake_kfd_alloc *args)
{
	struct drm_file *card = fake_card_of(p, args->file);
	unsigned int i;

	for (i = 0; i < MAX_BUFFERS && p->buffers[i]; i++)
		;
	if (!card || i == MAX_BUFFERS)
		return -EINVAL;
	args->handle = i;
	return amdgpu_amdkfd_gpuvm_alloc_memory_of_gpu(fake, 0, args->size, card,
						       &p->buffers[i], NULL, 0, false);
}

static int fake_free_locked(struct kfd_process *p, u32 handle)
{
	struct kgd_mem *mem = handle < MAX_BUFFERS ? p->buffers[handle] : NULL;

	if (!mem)
		return -EINVAL;
	p->buffers[handle] = NULL;
	return amdgpu_amdkfd_gpuvm_free_memory_of_gpu(fake, mem,
						      p->drm_file->private_data, NULL);
}

static long fake_alloc(struct kfd_process *p, void __user *arg)
{
	struct fake_kfd_alloc args;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	mutex_lock(&p->lock);
	err = fake_alloc_locked(p, &args);
	mutex_unlock(&p->lock);
	if (!err && copy_to_user(arg, &args, sizeof(args)))
		err = -EFAULT;
	return err;
}

static long fake_free(struct kfd_process *p, void __user *arg)
{
	u32 handle;
	int err;

	if (copy_from_user(&handle, arg, sizeof(handle)))
		return -EFAULT;
	mutex_lock(&p->lock);
	err = fake_free_locked(p, handle);
	mutex_unlock(&p->lock);
	return err;
}

static long kfd_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	struct kfd_process *p = file->private_data;

	if (command == FAKE_KFD_ALLOC)
		return fake_alloc(p, (void __user *)arg);
	if (command == FAKE_KFD_FREE)
		return fake_free(p, (void __user *)arg);
	return -ENOTTY;
}

static int kfd_open(struct inode *inode, struct file *file)
{
	struct kfd_process *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	mutex_init(&p->lock);
	file->private_data = p;
	return 0;
}

static int kfd_release(struct inode *inode, struct file *file)
{
	struct kfd_process *p = file->private_data;
	unsigned int i;

	mutex_lock(&p->lock);
	for (i = 0; i < MAX_BUFFERS; i++)
		fake_free_locked(p, i);
	mutex_unlock(&p->lock);
	if (p->drm_file)
		fput(p->drm_file);
	kfree(p);
	return 0;
}

static const struct file_operations kfd_fops = {
	.owner = THIS_MODULE,
	.open = kfd_open,
	.release = kfd_release,
	.unlocked_ioctl = kfd_ioctl,
};

static struct miscdevice kfd_node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kfd",
	.mode = 0666,
	.fops = &kfd_fops,
};

/* By this driver, which binds to nothing, buftrack finds a module that is loaded */
static const struct pci_device_id fake_ids[] = { {} };

static struct pci_driver fake_pci_driver = {
	.name = "amdgpu",
	.id_table = fake_ids,
};

static int __init fake_add_card(void)
{
	struct platform_device *parent;
	int err;

	parent = platform_device_register_simple("fake-amdgpu", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	fake = devm_drm_dev_alloc(&parent->dev, &fake_driver, struct amdgpu_device, ddev);
	err = PTR_ERR_OR_ZERO(fake);
	if (!err)
		err = drmm_vram_helper_init(&fake->ddev, SZ_1G, SZ_16M);
	if (!err)
		err = drm_dev_register(&fake->ddev, 0);
	if (err)
		platform_device_unregister(parent);
	else
		fake->parent = parent;
	return err;
}

static void fake_remove_card(void)
{
	struct platform_device *parent = fake->parent;

	drm_dev_unregister(&fake->ddev);
	platform_device_unregister(parent);
}

static int __init fake_init(void)
{
	int err = pci_register_driver(&fake_pci_driver);

	if (err)
		return err;
	err = fake_add_card();
	if (err)
		goto err_driver;
	err = misc_register(&kfd_node);
	if (err)
		goto err_card;
	return 0;

err_card:
	fake_remove_card();
err_driver:
	pci_unregister_driver(&fake_pci_driver);
	return err;
}

static void __exit fake_exit(void)
{
	misc_deregister(&kfd_node);
	fake_remove_card();
	pci_unregister_driver(&fake_pci_driver);
}

module_init(fake_init);
module_exit(fake_exit);
MODULE_DESCRIPTION("Stand-in for amdgpu and KFD");
MODULE_AUTHOR("The buftrack authors");
MODULE_LICENSE("GPL");
