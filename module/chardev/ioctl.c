// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls: one table, and one place that copies their arguments
 *
 * bt_ioctl() copies the argument into a union on its stack, zero where the caller's
 * structure is shorter than the module's, and calls the handler, which answers in
 * place. Before an ioctl changes anything, its answer is proved writable: the argument
 * is copied back before the handler runs. A handler checks all of its argument before it
 * changes anything.
 */
#include <linux/build_bug.h>
#include <linux/buftrack.h>
#include <linux/fs.h>
#include <linux/uaccess.h>
#include "drain.h"
#include "file.h"
#include "ioctl.h"
#include "ring.h"

union bt_ioctl_arg {
	struct buftrack_info info;
	struct buftrack_device_add device_add;
	struct buftrack_device_remove device_remove;
	struct buftrack_device_info device_info;
	struct buftrack_device_set device_set;
	struct buftrack_space_add space_add;
	struct buftrack_space_info space_info;
	struct buftrack_declare declare;
	struct buftrack_report_one report_one;
	struct buftrack_batch batch;
	struct buftrack_lost lost;
	struct buftrack_counters counters;
	struct buftrack_client_info client_info;
	struct buftrack_records records;
	struct buftrack_reset reset;
	struct buftrack_probe_info probe_info;
	struct buftrack_stack stack;
	struct buftrack_ring ring;
	struct buftrack_drain drain;
};

/**
 * struct bt_ioctl_op - an ioctl
 * @handle: handler
 * @size: size of its structure
 * @min_size: size of the structure when it was introduced
 * @mode: FMODE_* that the file must be open with
 * @on_control: the control node has it
 * @on_device: device nodes have it
 * @changes: it changes state, so the answer must be proved writable first
 * @partial: it answers even if it fails
 * @drains: what is judged first: what the rings of the file hold, or of the whole device
 */
struct bt_ioctl_op {
	int (*handle)(struct bt_file *file, void *arg);
	u32 size;
	u32 min_size;
	fmode_t mode;
	bool on_control;
	bool on_device;
	bool changes;
	bool partial;
	enum { BT_DRAINS_NOTHING, BT_DRAINS_FILE, BT_DRAINS_DEVICE } drains;
};

#define BT_OP(_cmd, _handle, _struct, _last, ...)			\
	[BUFTRACK_CMD_##_cmd] = {					\
		.handle = _handle,					\
		.size = sizeof(struct _struct) +			\
			BUILD_BUG_ON_ZERO(sizeof(struct _struct) >	\
					  sizeof(union bt_ioctl_arg)),	\
		.min_size = offsetofend(struct _struct, _last),		\
		__VA_ARGS__						\
	}

static const struct bt_ioctl_op bt_ops[] = {
	BT_OP(INFO, bt_ioctl_info, buftrack_info, version,
	      .on_control = true, .on_device = true),
	BT_OP(DEVICE_ADD, bt_ioctl_device_add, buftrack_device_add, name,
	      .on_control = true, .mode = FMODE_WRITE, .changes = true),
	BT_OP(DEVICE_REMOVE, bt_ioctl_device_remove, buftrack_device_remove,
	      removed_bytes, .on_control = true, .mode = FMODE_WRITE,
	      .changes = true),
	BT_OP(DEVICE_INFO, bt_ioctl_device_info, buftrack_device_info, driver,
	      .on_control = true, .on_device = true, .mode = FMODE_READ,
	      .drains = BT_DRAINS_DEVICE),
	BT_OP(DEVICE_SET, bt_ioctl_device_set, buftrack_device_set, reserved,
	      .on_device = true, .mode = FMODE_WRITE, .changes = true,
	      .drains = BT_DRAINS_DEVICE),
	BT_OP(SPACE_ADD, bt_ioctl_space_add, buftrack_space_add, name,
	      .on_device = true, .mode = FMODE_WRITE, .changes = true),
	BT_OP(SPACE_INFO, bt_ioctl_space_info, buftrack_space_info, name,
	      .on_device = true, .mode = FMODE_READ),
	BT_OP(DECLARE, bt_ioctl_declare, buftrack_declare, claimed_name,
	      .on_device = true, .mode = FMODE_WRITE, .changes = true),
	BT_OP(REPORT, bt_ioctl_report, buftrack_report_one, stamp,
	      .on_device = true, .mode = FMODE_WRITE, .changes = true,
	      .drains = BT_DRAINS_FILE),
	BT_OP(BATCH, bt_ioctl_batch, buftrack_batch, reserved,
	      .on_device = true, .mode = FMODE_WRITE, .changes = true,
	      .partial = true,
	      .drains = BT_DRAINS_FILE),
	BT_OP(LOST, bt_ioctl_lost, buftrack_lost, count,
	      .on_device = true, .mode = FMODE_WRITE, .changes = true,
	      .drains = BT_DRAINS_FILE),
	BT_OP(COUNTERS, bt_ioctl_counters, buftrack_counters, reserved,
	      .on_device = true, .mode = FMODE_READ,
	      .drains = BT_DRAINS_DEVICE),
	BT_OP(CLIENT_INFO, bt_ioctl_client_info, buftrack_client_info, claimed_name,
	      .on_device = true, .mode = FMODE_READ,
	      .drains = BT_DRAINS_DEVICE),
	BT_OP(RECORDS, bt_ioctl_records, buftrack_records, exact,
	      .on_device = true, .mode = FMODE_READ,
	      .drains = BT_DRAINS_DEVICE),
	BT_OP(PROBE_INFO, bt_ioctl_probe_info, buftrack_probe_info, covers,
	      .on_control = true, .mode = FMODE_READ),
	BT_OP(STACK, bt_ioctl_stack, buftrack_stack, reserved,
	      .on_control = true, .on_device = true, .mode = FMODE_READ),
	BT_OP(RESET, bt_ioctl_reset, buftrack_reset, flags,
	      .on_device = true, .mode = FMODE_WRITE, .changes = true,
	      .drains = BT_DRAINS_DEVICE),
	BT_OP(RING, bt_ioctl_ring, buftrack_ring, reserved,
	      .on_device = true, .mode = FMODE_READ | FMODE_WRITE, .changes = true),
	BT_OP(DRAIN, bt_ioctl_drain, buftrack_drain, flags,
	      .on_device = true, .mode = FMODE_WRITE),
};

static const struct bt_ioctl_op *bt_ioctl_find(const struct bt_file *file,
					       unsigned int cmd)
{
	const struct bt_ioctl_op *op;
	unsigned int nr = _IOC_NR(cmd);

	if (nr >= ARRAY_SIZE(bt_ops) || cmd != _IO(BUFTRACK_TYPE, nr))
		return NULL;
	op = &bt_ops[nr];
	return (file->dev ? op->on_device : op->on_control) ? op : NULL;
}

static int bt_ioctl_copy_in(const struct bt_ioctl_op *op, union bt_ioctl_arg *arg,
			    void __user *from, u32 *len)
{
	u32 size;
	int err;

	if (get_user(size, (u32 __user *)from))
		return -EFAULT;
	if (size < op->min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(arg, op->size, from, size);
	if (err)
		return err;
	*len = min(size, op->size);
	/* The answer must be writable before anything changes */
	if (op->changes && copy_to_user(from, arg, *len))
		return -EFAULT;
	return 0;
}

/* Whoever asks sees all that was published before */
static int bt_ioctl_drain_rings(const struct bt_ioctl_op *op, const struct bt_file *file)
{
	switch (op->drains) {
	case BT_DRAINS_FILE:
		return bt_ring_drain(file);
	case BT_DRAINS_DEVICE:
		return file->dev ? bt_drain_device(file->dev) : 0;
	default:
		return 0;
	}
}

/**
 * bt_ioctl() - the ioctl operation of all nodes
 * @filp: the struct file
 * @cmd: number of the ioctl
 * @ptr: user address of its argument
 *
 * Return: 0 or a negative errno.
 */
long bt_ioctl(struct file *filp, unsigned int cmd, unsigned long ptr)
{
	struct bt_file *file = filp->private_data;
	const struct bt_ioctl_op *op = bt_ioctl_find(file, cmd);
	void __user *user = (void __user *)ptr;
	union bt_ioctl_arg arg;
	u32 len;
	int err;

	if (!op)
		return -ENOTTY;
	if (op->mode & ~filp->f_mode)
		return -EBADF;
	err = bt_ioctl_copy_in(op, &arg, user, &len);
	if (err)
		return err;
	err = bt_ioctl_drain_rings(op, file);
	if (err)
		return err;
	err = op->handle(file, &arg);
	if (err && !op->partial)
		return err;
	if (copy_to_user(user, &arg, len))
		return -EFAULT;
	return err;
}
