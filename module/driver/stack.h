/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel stacks of what drivers do, for devices that ask for them */
#ifndef BUFTRACK_DRIVER_STACK_H
#define BUFTRACK_DRIVER_STACK_H

#include <linux/errno.h>
#include <linux/types.h>

struct bt_file;

#ifdef CONFIG_STACKDEPOT
int bt_stacks_init(void);
void bt_stacks_exit(void);
u64 bt_stack_save(void);
int bt_do_stack(struct bt_file *file, void *arg);
#else
static inline int bt_stacks_init(void)
{
	return 0;
}

static inline void bt_stacks_exit(void)
{
}

static inline u64 bt_stack_save(void)
{
	return 0;
}

static inline int bt_do_stack(struct bt_file *file, void *arg)
{
	return -ENOENT;
}
#endif

#endif /* BUFTRACK_DRIVER_STACK_H */
