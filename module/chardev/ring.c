// SPDX-License-Identifier: GPL-2.0
/* Rings of an open file: creating, mapping, draining and releasing them */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include "../compat.h"
#include "../device.h"
#include "drain.h"
#include "file.h"
#include "ioctl.h"
#include "ring.h"
#include "ring_set.h"

/* Operations that entries may have */
#define BT_RING_OPS	(BIT(BUFTRACK_OP_ALLOC) | BIT(BUFTRACK_OP_FREE) |	\
			 BIT(BUFTRACK_OP_USE))

static struct bt_ring_set *bt_ring_set_of(const struct bt_file *file)
{
	/* Pairs with bt_ring_create_locked() */
	return smp_load_acquire(&file->rings);
}

static bool bt_ring_is_owner(const struct bt_ring_set *set)
{
	return set->tgid == task_tgid(current);
}

/* Everything is allocated before the file becomes a client, so a failure changes nothing */
static int bt_ring_create_locked(struct bt_file *file, struct bt_ring_memory *memory)
{
	struct bt_ring_set *set = file->rings ?: bt_ring_set_create(file);
	struct bt_client *c;
	int err;

	lockdep_assert_held(&file->lock);
	if (!set)
		return -ENOMEM;
	if (!bt_ring_is_owner(set))
		return -EPERM;
	c = __bt_file_client(file);
	err = IS_ERR(c) ? PTR_ERR(c) : bt_ring_set_add(set, file->reporter, memory);
	if (file->rings)
		return err;
	if (err) {
		bt_ring_set_discard(set);
		return err;
	}
	bt_ring_set_publish(set);
	bt_drain_start(set);
	/* Pairs with bt_ring_set_of() */
	smp_store_release(&file->rings, set);
	return 0;
}

static int bt_ring_create(struct bt_file *file, struct buftrack_ring *ring)
{
	struct bt_ring_memory *memory = bt_ring_memory_alloc(ring->entries);
	int err;

	if (!memory)
		return -ENOMEM;
	mutex_lock(&file->lock);
	err = bt_ring_create_locked(file, memory);
	if (err)
		bt_ring_memory_free(memory);
	else
		bt_ring_set_describe(file->rings, ring);
	mutex_unlock(&file->lock);
	ring->ops = BT_RING_OPS;
	return err;
}

/**
 * bt_ioctl_ring() - handle %BUFTRACK_IOCTL_RING
 * @file: the file
 * @arg: struct buftrack_ring
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_ring(struct bt_file *file, void *arg)
{
	struct buftrack_ring *ring = arg;

	if (ring->flags || ring->reserved)
		return -EOPNOTSUPP;
	if (!ring->entries || ring->entries > BUFTRACK_RING_MAX_ENTRIES)
		return -EINVAL;
	if (READ_ONCE(file->dev->tracker->removed))
		return -ENODEV;
	return bt_ring_create(file, ring);
}

/**
 * bt_ring_drain() - judge what was published in the rings of a file
 * @file: the file
 *
 * Context: may sleep.
 * Return: 0, or -EINTR: a fatal signal is pending.
 */
int bt_ring_drain(const struct bt_file *file)
{
	struct bt_ring_set *set = bt_ring_set_of(file);

	return set ? bt_drain_file(set) : 0;
}

/**
 * bt_ioctl_drain() - handle %BUFTRACK_IOCTL_DRAIN
 * @file: the file
 * @arg: struct buftrack_drain
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_drain(struct bt_file *file, void *arg)
{
	const struct buftrack_drain *drain = arg;
	struct bt_ring_set *set = bt_ring_set_of(file);

	if (drain->flags & ~BUFTRACK_DRAIN_ASYNC)
		return -EOPNOTSUPP;
	if (READ_ONCE(file->dev->tracker->removed))
		return -ENODEV;
	if (!(drain->flags & BUFTRACK_DRAIN_ASYNC))
		return bt_ring_drain(file);
	if (set)
		bt_drain_soon(set);
	return 0;
}

static vm_fault_t bt_ring_fault(struct vm_fault *vmf)
{
	struct page *page = bt_ring_set_page(vmf->vma->vm_private_data, vmf->pgoff);

	if (!page)
		return VM_FAULT_SIGBUS;
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct bt_ring_vm_ops = {
	.fault = bt_ring_fault,
};

/**
 * bt_ring_mmap() - the mmap operation of a device's node
 * @filp: the struct file
 * @vma: the mapping, of one ring from its start
 *
 * A child gets no mapping, which VM_IO makes irrevocable, and no mapping can grow, become
 * executable or get into a core file.
 *
 * Return: 0, -EPERM in a process other than the one that created the rings, or -EINVAL.
 */
int bt_ring_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct bt_ring_set *set = bt_ring_set_of(filp->private_data);

	if (!set || !(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	if (!bt_ring_is_owner(set))
		return -EPERM;
	if (vma_pages(vma) > bt_ring_set_pages(set, vma->vm_pgoff))
		return -EINVAL;
	bt_vm_flags_mod(vma, VM_IO | VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP,
			VM_MAYEXEC);
	/* The mapping holds the file, and the file its rings */
	vma->vm_private_data = set;
	vma->vm_ops = &bt_ring_vm_ops;
	return 0;
}

/**
 * bt_ring_release() - drain and free the rings of a file that is being released
 * @file: the file, whose client has not ended
 */
void bt_ring_release(struct bt_file *file)
{
	if (!file->rings)
		return;
	bt_drain_end(file->rings);
	bt_ring_set_discard(file->rings);
	file->rings = NULL;
}
