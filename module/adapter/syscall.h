/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctl that the current task executes, and its file */
#ifndef BUFTRACK_ADAPTER_SYSCALL_H
#define BUFTRACK_ADAPTER_SYSCALL_H

#include <linux/types.h>

struct file;

u32 bt_syscall_command(void);
struct file *bt_syscall_file(void);

#endif /* BUFTRACK_ADAPTER_SYSCALL_H */
