// SPDX-License-Identifier: GPL-2.0
/*
 * The file whose ioctl is under way
 *
 * The registers with which the process came into the kernel have the descriptor.
 * The process can put another file behind it meanwhile, but none that is not its
 * own, and what comes of it is only that its own buffer is of another of its files, or,
 * if that is no file of the device, the driver's.
 */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/unistd.h>
#include <asm/syscall.h>
#include "syscall.h"
#if IS_ENABLED(CONFIG_DRM)
#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#endif

/* ioctl() of 32-bit programs, on every architecture that has them */
#define BT_COMPAT_NR_IOCTL	54

static int ioctl_nr(void)
{
	return in_compat_syscall() ? BT_COMPAT_NR_IOCTL : __NR_ioctl;
}

/* Arguments of the ioctl that the current task is in; false: it is in none */
static bool ioctl_args(unsigned long args[6])
{
	struct pt_regs *regs;

	if (!current->mm || current->flags & PF_KTHREAD || in_interrupt())
		return false;
	regs = task_pt_regs(current);
	if (syscall_get_nr(current, regs) != ioctl_nr())
		return false;
	syscall_get_arguments(current, regs, args);
	return true;
}

/**
 * bt_caller_command() - number of the ioctl that is under way
 *
 * Context: any.
 * Return: the number, or 0 if none is.
 */
u32 bt_caller_command(void)
{
	unsigned long args[6];

	return ioctl_args(args) ? args[1] : 0;
}

/**
 * bt_caller_file() - the file whose ioctl is under way
 *
 * Context: any.
 * Return: the file, for fput(), or NULL if none is.
 */
struct file *bt_caller_file(void)
{
	unsigned long args[6];

	return ioctl_args(args) ? fget(args[0]) : NULL;
}

#if IS_ENABLED(CONFIG_DRM)
static const void *client_of(const struct file *file, const struct drm_device *drm)
{
	const struct drm_file *priv = file->private_data;

	if (file->f_op != drm->driver->fops || !priv || priv->minor->dev != drm)
		return NULL;
	return priv;
}

/**
 * bt_drm_caller() - the opening of a device through which a call is under way
 * @drm: the device
 *
 * Context: any.
 * Return: what stands for it, or NULL: the driver works on its own account.
 */
const void *bt_drm_caller(const struct drm_device *drm)
{
	struct file *file = bt_caller_file();
	const void *client;

	if (!file)
		return NULL;
	client = client_of(file, drm);
	fput(file);
	return client;
}
#endif
