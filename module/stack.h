/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel stacks of driver reports, for devices with stacks enabled */
#ifndef BUFTRACK_STACK_H
#define BUFTRACK_STACK_H

#include <linux/errno.h>
#include <linux/types.h>

#ifdef CONFIG_STACKDEPOT
int bt_stacks_init(void);
void bt_stacks_exit(void);
u64 bt_stack_save(void);
int bt_stack_format(u64 site, char *text, size_t size);
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

static inline int bt_stack_format(u64 site, char *text, size_t size)
{
	return -ENOENT;
}
#endif

#endif /* BUFTRACK_STACK_H */
