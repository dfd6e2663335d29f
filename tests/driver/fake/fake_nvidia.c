// SPDX-License-Identifier: GPL-2.0
/*
 * A module with the name of nvidia, whose /dev/nvidiactl hands out numbers
 *
 * It has the functions and structures that buftrack reads, with the members at other
 * offsets than in any release. Its GPU is the first PCI device of the machine.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "fake.h"

#define MAX_OBJECTS	64
#define NV_ERR_NO_MEMORY	0x51

struct nv_state_t {
	u64 flags;
	void *os_state;
};

struct nv_linux_state_s {
	struct nv_state_t nv_state;
	struct pci_dev *pci_dev;
};

struct OBJGPU {
	u32 gpuId;
	struct nv_state_t *pOsGpuInfo;
};

struct MEMORY_DESCRIPTOR {
	u32 RefCount;
	u32 _addressSpace;
	u64 Size;
	struct OBJGPU *pGpu;
};

struct RsClient {
	u32 hClient;
};

struct RmClient {
	u32 ProcID;
	void *pOSInfo;
	struct RsClient __nvoc_base_RsClient;
};

struct RsResourceRef {
	u32 externalClassId;
	struct RsClient *pClient;
};

struct RsResource {
	u64 flags;
	struct RsResourceRef *pResourceRef;
};

struct Memory {
	bool bConstructed;
	struct MEMORY_DESCRIPTOR *pMemDesc;
	struct RsResource __nvoc_base_RsResource;
	struct RsResource *__nvoc_pbase_RsResource;
	struct RsResourceRef ref;
};

/* An open file of /dev/nvidiactl */
struct fake_file {
	struct mutex lock;	/* guards the objects */
	struct RmClient *client;
	struct Memory *objects[MAX_OBJECTS];
};

static struct nv_linux_state_s fake_linux = {
	.nv_state.os_state = &fake_linux,
};

static struct OBJGPU fake_gpu = { .pOsGpuInfo = &fake_linux.nv_state };
static struct RmClient fake_kernel_client;

/* The compiler keeps the names and all parameters of these functions */
static __attribute__((__noipa__)) void
memdescDestroy(struct MEMORY_DESCRIPTOR *pMemDesc)
{
	if (!--pMemDesc->RefCount)
		kfree(pMemDesc);
}

static __attribute__((__noipa__)) u32
memConstructCommon_IMPL(struct Memory *pMemory, u32 categoryClassId, u32 flags,
			struct MEMORY_DESCRIPTOR *pMemDesc, u32 heapOwner, void *pHeap,
			u32 attr, u32 attr2, u32 Pitch, u32 type, u32 tag,
			void *pHwResource)
{
	if (flags)
		return NV_ERR_NO_MEMORY;
	pMemory->pMemDesc = pMemDesc;
	pMemory->bConstructed = true;
	return 0;
}

static __attribute__((__noipa__)) void
rmclientDestruct_IMPL(struct RmClient *pClient)
{
	pClient->ProcID = 0;
}

static struct MEMORY_DESCRIPTOR *fake_describe(u64 size, u32 space)
{
	struct MEMORY_DESCRIPTOR *desc = kzalloc(sizeof(*desc), GFP_KERNEL);

	if (desc)
		*desc = (struct MEMORY_DESCRIPTOR) {
			.RefCount = 1,
			._addressSpace = space,
			.Size = size,
			.pGpu = &fake_gpu,
		};
	return desc;
}

static struct Memory *fake_new_object(struct RmClient *client, u32 class)
{
	struct Memory *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	m->__nvoc_pbase_RsResource = &m->__nvoc_base_RsResource;
	m->__nvoc_base_RsResource.pResourceRef = &m->ref;
	m->ref.externalClassId = class;
	m->ref.pClient = &client->__nvoc_base_RsClient;
	return m;
}

static int fake_store(struct fake_file *f, struct Memory *m, u32 *handle)
{
	unsigned int i;

	lockdep_assert_held(&f->lock);
	for (i = 0; i < MAX_OBJECTS; i++)
		if (!f->objects[i]) {
			f->objects[i] = m;
			*handle = i;
			return 0;
		}
	return -ENOSPC;
}

static void fake_delete(struct Memory *m)
{
	if (m->pMemDesc)
		memdescDestroy(m->pMemDesc);
	kfree(m);
}

/* The driver's heap can return a descriptor that exists */
static struct MEMORY_DESCRIPTOR *fake_choose(struct fake_file *f,
					     const struct fake_nv_alloc *args)
{
	u32 handle = args->existing - 1;

	if (!args->existing)
		return fake_describe(args->size, args->space);
	if (handle >= MAX_OBJECTS || !f->objects[handle])
		return NULL;
	f->objects[handle]->pMemDesc->RefCount++;
	return f->objects[handle]->pMemDesc;
}

static int fake_construct(struct fake_file *f, struct Memory *m,
			  const struct fake_nv_alloc *args)
{
	struct MEMORY_DESCRIPTOR *desc = fake_choose(f, args);

	if (!desc)
		return -ENOMEM;
	if (!memConstructCommon_IMPL(m, args->class, args->fail, desc, 0, NULL, 0, 0, 0, 0,
				     0, NULL))
		return 0;
	memdescDestroy(desc);
	return -EIO;
}

static int fake_alloc(struct fake_file *f, struct fake_nv_alloc *args)
{
	struct Memory *m = fake_new_object(args->kernel ? &fake_kernel_client : f->client,
					   args->class);
	int err;

	if (!m)
		return -ENOMEM;
	/* The process that the driver's own client was created in */
	fake_kernel_client.ProcID = task_tgid_nr(current);
	err = fake_construct(f, m, args);
	if (!err)
		err = fake_store(f, m, &args->handle);
	if (err)
		fake_delete(m);
	return err;
}

static int fake_free(struct fake_file *f, u32 handle)
{
	if (handle >= MAX_OBJECTS || !f->objects[handle])
		return -EINVAL;
	fake_delete(f->objects[handle]);
	f->objects[handle] = NULL;
	return 0;
}

static int fake_dup(struct fake_file *f, u32 *handle)
{
	const struct Memory *from = *handle < MAX_OBJECTS ? f->objects[*handle] : NULL;
	struct Memory *m;

	if (!from)
		return -EINVAL;
	m = fake_new_object(f->client, from->ref.externalClassId);
	if (!m)
		return -ENOMEM;
	m->pMemDesc = from->pMemDesc;
	m->pMemDesc->RefCount++;
	if (!fake_store(f, m, handle))
		return 0;
	fake_delete(m);
	return -ENOSPC;
}

static long fake_do(struct fake_file *f, unsigned int command, void *args)
{
	long err;

	mutex_lock(&f->lock);
	if (command == FAKE_NV_ALLOC)
		err = fake_alloc(f, args);
	else if (command == FAKE_NV_FREE)
		err = fake_free(f, *(u32 *)args);
	else
		err = fake_dup(f, args);
	mutex_unlock(&f->lock);
	return err;
}

static long fake_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	struct fake_nv_alloc args = {};
	size_t size = _IOC_SIZE(command);
	long err;

	if (command != FAKE_NV_ALLOC && command != FAKE_NV_FREE && command != FAKE_NV_DUP)
		return -ENOTTY;
	if (copy_from_user(&args, (void __user *)arg, size))
		return -EFAULT;
	err = fake_do(file->private_data, command, &args);
	if (!err && copy_to_user((void __user *)arg, &args, size))
		err = -EFAULT;
	return err;
}

static int fake_open(struct inode *inode, struct file *file)
{
	struct fake_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	f->client = kzalloc(sizeof(*f->client), GFP_KERNEL);
	if (!f->client) {
		kfree(f);
		return -ENOMEM;
	}
	mutex_init(&f->lock);
	f->client->ProcID = task_tgid_nr(current);
	f->client->pOSInfo = file;
	file->private_data = f;
	return 0;
}

static int fake_release(struct inode *inode, struct file *file)
{
	struct fake_file *f = file->private_data;
	unsigned int i;

	mutex_lock(&f->lock);
	for (i = 0; i < MAX_OBJECTS; i++)
		fake_free(f, i);
	mutex_unlock(&f->lock);
	rmclientDestruct_IMPL(f->client);
	kfree(f->client);
	kfree(f);
	return 0;
}

static const struct file_operations fake_fops = {
	.owner = THIS_MODULE,
	.open = fake_open,
	.release = fake_release,
	.unlocked_ioctl = fake_ioctl,
};

static struct miscdevice fake_node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "nvidiactl",
	.mode = 0666,
	.fops = &fake_fops,
};

/* By this driver, which binds to nothing, buftrack finds a module that is loaded */
static const struct pci_device_id fake_ids[] = { {} };

static struct pci_driver fake_pci_driver = {
	.name = "nvidia",
	.id_table = fake_ids,
};

/* The driver has descriptors of its own, which no memory object has */
static void fake_use_own_descriptor(void)
{
	struct MEMORY_DESCRIPTOR *desc = fake_describe(4096, ADDR_FBMEM);

	if (desc)
		memdescDestroy(desc);
}

static int __init fake_init(void)
{
	int err;

	fake_linux.pci_dev = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, NULL);
	if (!fake_linux.pci_dev)
		return -ENODEV;
	err = pci_register_driver(&fake_pci_driver);
	if (err)
		goto err_put;
	err = misc_register(&fake_node);
	if (err)
		goto err_driver;
	fake_use_own_descriptor();
	return 0;

err_driver:
	pci_unregister_driver(&fake_pci_driver);
err_put:
	pci_dev_put(fake_linux.pci_dev);
	return err;
}

static void __exit fake_exit(void)
{
	misc_deregister(&fake_node);
	pci_unregister_driver(&fake_pci_driver);
	pci_dev_put(fake_linux.pci_dev);
}

module_init(fake_init);
module_exit(fake_exit);
MODULE_DESCRIPTION("Stand-in for nvidia");
MODULE_AUTHOR("The buftrack authors");
MODULE_VERSION("999.99");
MODULE_LICENSE("GPL");
