// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks, each saved once in the kernel's stack depot and named by its handle
 *
 * The whole kernel shares the depot, which never frees a stack, so only a bounded
 * number of stacks is stored. Fetching a handle that the depot did not return is a bug,
 * so all returned handles are kept here.
 */
#include <linux/kallsyms.h>
#include <linux/slab.h>
#include <linux/stackdepot.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/xarray.h>
#include "stack.h"

/* Limits on the frames of a stack, and on stacks */
#define BT_STACK_FRAMES		24
#define BT_MAX_STACKS		65536

/* Frames of this module that lead to bt_stack_save() */
#define BT_OWN_FRAMES		3

static DEFINE_XARRAY_FLAGS(known, XA_FLAGS_LOCK_IRQ);	/* by handle */
static atomic_t nr_known;

static bool bt_stack_remember(depot_stack_handle_t handle)
{
	unsigned long flags;
	void *old;

	if (xa_load(&known, handle))
		return true;
	if (atomic_inc_return(&nr_known) > BT_MAX_STACKS) {
		atomic_dec(&nr_known);
		return false;
	}
	xa_lock_irqsave(&known, flags);
	old = __xa_store(&known, handle, xa_mk_value(1),
			 GFP_NOWAIT | __GFP_NOWARN);
	xa_unlock_irqrestore(&known, flags);
	if (old)
		atomic_dec(&nr_known);
	return !xa_is_err(old);
}

/**
 * bt_stack_save() - save the stack of the caller
 *
 * Context: any but NMI.
 * Return: its handle, or 0: the stack could not be saved.
 */
u64 bt_stack_save(void)
{
	unsigned long frames[BT_STACK_FRAMES];
	depot_stack_handle_t handle;
	unsigned int n;

	/* The depot may allocate pages, which sleeps on PREEMPT_RT */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) ||
	    atomic_read(&nr_known) >= BT_MAX_STACKS)
		return 0;
	n = stack_trace_save(frames, ARRAY_SIZE(frames), BT_OWN_FRAMES);
	handle = stack_depot_save(frames, n, GFP_NOWAIT | __GFP_NOWARN);
	return handle && bt_stack_remember(handle) ? handle : 0;
}

/* Frames of the probe machinery are not part of the driver's call chain */
static bool bt_stack_is_machinery(const char *name)
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

/* A frame as symbol+offset; an address without a symbol must not get out */
static void bt_stack_name_frame(char *name, size_t size, unsigned long frame)
{
	snprintf(name, size, "%pS", (void *)frame);
	if (str_has_prefix(name, "0x"))
		strscpy(name, "?", size);
}

static size_t bt_stack_print(char *text, size_t size, const unsigned long *frames,
			     unsigned int n)
{
	char name[KSYM_SYMBOL_LEN];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		bt_stack_name_frame(name, sizeof(name), frames[i]);
		if (!len && (bt_stack_is_machinery(name) || name[0] == '?'))
			continue;
		len += scnprintf(text + len, size - len, "%s\n", name);
	}
	return len;
}

/**
 * bt_stack_format() - format a saved stack, a line for each frame
 * @site: its handle
 * @text: buffer for the text
 * @size: its size
 *
 * Return: length of the text without its NUL, or -ENOENT: no stack was saved with this handle.
 */
int bt_stack_format(u64 site, char *text, size_t size)
{
	unsigned long *frames;
	unsigned int n;

	if (site > U32_MAX || !xa_load(&known, site))
		return -ENOENT;
	n = stack_depot_fetch(site, &frames);
	return bt_stack_print(text, size, frames, n);
}

/**
 * bt_stacks_init() - prepare to save stacks
 *
 * Return: 0 or a negative errno.
 */
int __init bt_stacks_init(void)
{
	return stack_depot_init();
}

/**
 * bt_stacks_exit() - forget the handles
 */
void bt_stacks_exit(void)
{
	xa_destroy(&known);
}
