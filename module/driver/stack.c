// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks: kept once each in the kernel's depot, named by a number
 *
 * The depot is the whole kernel's and does not forget, so what goes into it are the
 * kernel's own call chains, a bounded number of them. It must not be asked for what
 * it does not have: the numbers that were given out are remembered here.
 */
#include <linux/kallsyms.h>
#include <linux/slab.h>
#include <linux/stackdepot.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>
#include "../file.h"
#include "../ioctl.h"
#include "../view.h"
#include "stack.h"

/* Frames that are kept of a stack, and stacks that are kept */
#define BT_STACK_FRAMES		24
#define BT_MAX_STACKS		65536

/* The functions of this module that lead here are no part of what happened */
#define BT_OWN_FRAMES		3

static DEFINE_XARRAY_FLAGS(known, XA_FLAGS_LOCK_IRQ);	/* by handle */
static atomic_t nr_known;

static bool remember(depot_stack_handle_t handle)
{
	unsigned long irq;
	void *old;

	if (xa_load(&known, handle))
		return true;
	if (atomic_inc_return(&nr_known) > BT_MAX_STACKS) {
		atomic_dec(&nr_known);
		return false;
	}
	xa_lock_irqsave(&known, irq);
	old = __xa_store(&known, handle, xa_mk_value(1),
			 GFP_NOWAIT | __GFP_NOWARN);
	xa_unlock_irqrestore(&known, irq);
	if (old)
		atomic_dec(&nr_known);
	return !xa_is_err(old);
}

/**
 * bt_stack_save() - keep the stack of the caller
 *
 * Context: any but NMI.
 * Return: a number for it, or 0: it could not be kept.
 */
u64 bt_stack_save(void)
{
	unsigned long frames[BT_STACK_FRAMES];
	depot_stack_handle_t handle;
	unsigned int n;

	/* The depot may allocate pages, which sleeps there */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) ||
	    atomic_read(&nr_known) >= BT_MAX_STACKS)
		return 0;
	n = stack_trace_save(frames, ARRAY_SIZE(frames), BT_OWN_FRAMES);
	handle = stack_depot_save(frames, n, GFP_NOWAIT | __GFP_NOWARN);
	return handle && remember(handle) ? handle : 0;
}

/* How a probe comes about is no part of what happened either */
static bool is_machinery(const char *name)
{
	static const char *const prefixes[] = {
		"kprobe", "kretprobe", "pre_handler_kretprobe", "ftrace_",
		"arch_rethook_", "rethook_", "arch_ftrace_", "0x", "__traceiter_",
		"__bpf_trampoline", "opt_pre_handler", "optimized_callback",
		"exc_int3", "asm_exc_int3", "do_int3",
	};
	unsigned int i;

	if (strstr(name, "[buftrack]"))
		return true;
	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_has_prefix(name, prefixes[i]))
			return true;
	return false;
}

/* One frame as symbol+offset; where there is no symbol, its address stays here */
static void name_frame(char *name, size_t size, unsigned long frame)
{
	snprintf(name, size, "%pS", (void *)frame);
	if (str_has_prefix(name, "0x"))
		strscpy(name, "?", size);
}

static size_t print_frames(char *text, size_t size, const unsigned long *frames,
			   unsigned int n)
{
	char name[KSYM_SYMBOL_LEN];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		name_frame(name, sizeof(name), frames[i]);
		if (!len && (is_machinery(name) || name[0] == '?'))
			continue;
		len += scnprintf(text + len, size - len, "%s\n", name);
	}
	return len;
}

static bool may_see(const struct bt_file *file)
{
	struct bt_view view;

	bt_view_init(&view, file);
	return view.all;
}

static int copy_stack(const struct buftrack_stack *stack, u32 *len)
{
	unsigned long *frames;
	char *text = kmalloc(PAGE_SIZE, GFP_KERNEL);
	unsigned int n;
	size_t size;
	int err = 0;

	if (!text)
		return -ENOMEM;
	n = stack_depot_fetch(stack->site, &frames);
	size = print_frames(text, PAGE_SIZE, frames, n);
	if (copy_to_user(u64_to_user_ptr(stack->text), text,
			 min_t(size_t, size, *len)))
		err = -EFAULT;
	*len = size;
	kfree(text);
	return err;
}

/**
 * bt_do_stack() - handle %BUFTRACK_IOCTL_STACK
 * @file: the file
 * @arg: struct buftrack_stack
 *
 * Return: 0 or a negative errno.
 */
int bt_do_stack(struct bt_file *file, void *arg)
{
	struct buftrack_stack *stack = arg;

	if (stack->flags || stack->reserved)
		return -EOPNOTSUPP;
	if (!may_see(file))
		return -EPERM;
	if (stack->site > U32_MAX || !xa_load(&known, stack->site))
		return -ENOENT;
	return copy_stack(stack, &stack->len);
}

/**
 * bt_stacks_init() - prepare to keep stacks
 *
 * Return: 0 or a negative errno.
 */
int __init bt_stacks_init(void)
{
	return stack_depot_init();
}

/**
 * bt_stacks_exit() - forget which stacks were kept
 */
void bt_stacks_exit(void)
{
	xa_destroy(&known);
}
