// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctl that the current task executes, and its file
 *
 * The descriptor is read from the registers with which the task entered the kernel. The
 * process can put another of its own files there meanwhile. In that case its own buffer
 * is charged to that file, or to the driver if the file does not belong to the device.
 */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/unistd.h>
#include <asm/syscall.h>
#include "syscall.h"

/* ioctl() of 32-bit programs, on every architecture that has them */
#define BT_COMPAT_NR_IOCTL	54

static int syscall_nr_ioctl(void)
{
	return in_compat_syscall() ? BT_COMPAT_NR_IOCTL : __NR_ioctl;
}

/* False: the current task executes no ioctl */
static bool syscall_ioctl_args(unsigned long args[6])
{
	struct pt_regs *regs;

	if (!current->mm || current->flags & PF_KTHREAD || in_interrupt())
		return false;
	regs = task_pt_regs(current);
	if (syscall_get_nr(current, regs) != syscall_nr_ioctl())
		return false;
	syscall_get_arguments(current, regs, args);
	return true;
}

/**
 * bt_syscall_command() - command of the ioctl that the current task executes
 *
 * Context: any.
 * Return: the command, or 0: it executes no ioctl.
 */
u32 bt_syscall_command(void)
{
	unsigned long args[6];

	return syscall_ioctl_args(args) ? args[1] : 0;
}

/**
 * bt_syscall_file() - file of the ioctl that the current task executes
 *
 * Context: any.
 * Return: the file, for fput(), or NULL: it executes no ioctl.
 */
struct file *bt_syscall_file(void)
{
	unsigned long args[6];

	return syscall_ioctl_args(args) ? fget(args[0]) : NULL;
}
