// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter for KFD: owners of the buffers that ROCm programs allocate through /dev/kfd
 *
 * The buffers are amdgpu's, so the adapters for TTM and DRM report them. KFD passes the
 * DRM file that the program has registered with it; from the entry of such a call to its
 * return, this adapter remembers the file for the task. Frees need nothing: a buffer is
 * reference-counted, and its end is charged to its owner.
 */
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/utsname.h>
#include "btf_file.h"
#include "kfd.h"
#include "probe.h"

/* Name of the parameter; kernels before 5.14 pass an address space instead */
#define BT_KFD_PARAM	"drm_priv"

/* Structure that amdgpu has only if it was built with KFD */
#define BT_KFD_STRUCT	"kfd_process"

/* Tasks in a call, and how many of the slots a task may take */
#define BT_KFD_SLOT_BITS	8
#define BT_KFD_WINDOW		8

enum bt_kfd_func {
	BT_KFD_ALLOC,
	BT_KFD_MAP,
	BT_KFD_IMPORT,
	BT_KFD_IMPORT_FD,
	BT_KFD_NR_FUNCS,
};

static const char *const kfd_funcs[BT_KFD_NR_FUNCS] = {
	[BT_KFD_ALLOC] = "amdgpu_amdkfd_gpuvm_alloc_memory_of_gpu",
	[BT_KFD_MAP] = "amdgpu_amdkfd_gpuvm_map_memory_to_gpu",
	[BT_KFD_IMPORT] = "amdgpu_amdkfd_gpuvm_import_dmabuf",
	[BT_KFD_IMPORT_FD] = "amdgpu_amdkfd_gpuvm_import_dmabuf_fd",
};

/* Number of the parameter in each function; set before any probe is in place */
static int kfd_params[BT_KFD_NR_FUNCS];

/**
 * struct bt_kfd_slot - a task that executes one of the functions
 * @task: the task; NULL: the slot is free
 * @file: file that the function acts for; only the task reads and writes it
 */
struct bt_kfd_slot {
	const struct task_struct *task;
	const struct drm_file *file;
};

static struct bt_kfd_slot kfd_slots[1 << BT_KFD_SLOT_BITS];

static struct bt_kfd_slot *kfd_nth_slot(unsigned int nth)
{
	u32 first = hash_ptr(current, BT_KFD_SLOT_BITS);

	return &kfd_slots[(first + nth) % ARRAY_SIZE(kfd_slots)];
}

static struct bt_kfd_slot *kfd_find_slot(void)
{
	unsigned int i;

	for (i = 0; i < BT_KFD_WINDOW; i++)
		if (READ_ONCE(kfd_nth_slot(i)->task) == current)
			return kfd_nth_slot(i);
	return NULL;
}

/* If too many tasks are in such calls, the driver is charged */
static void kfd_enter(const struct bt_call *call, enum bt_kfd_func func)
{
	unsigned int i;

	for (i = 0; i < BT_KFD_WINDOW; i++) {
		struct bt_kfd_slot *slot = kfd_nth_slot(i);

		if (cmpxchg(&slot->task, NULL, current))
			continue;
		slot->file = (void *)call->arg[kfd_params[func]];
		return;
	}
}

static void bt_kfd_enter_alloc(struct bt_call *call)
{
	kfd_enter(call, BT_KFD_ALLOC);
}

static void bt_kfd_enter_map(struct bt_call *call)
{
	kfd_enter(call, BT_KFD_MAP);
}

static void bt_kfd_enter_import(struct bt_call *call)
{
	kfd_enter(call, BT_KFD_IMPORT);
}

static void bt_kfd_enter_import_fd(struct bt_call *call)
{
	kfd_enter(call, BT_KFD_IMPORT_FD);
}

/* At return: the other adapters have reported what happened in the call */
static bool bt_kfd_leave(const struct bt_call *call, struct bt_driver_event *e)
{
	struct bt_kfd_slot *slot = kfd_find_slot();

	if (!slot)
		return false;
	/* Pairs with cmpxchg() in kfd_enter(): the next task overwrites the file */
	smp_store_release(&slot->task, NULL);
	return false;
}

/**
 * bt_kfd_current_file() - file that the current task's call through /dev/kfd acts for
 *
 * Context: any.
 * Return: the file, which the call keeps alive, or NULL: there is no such call.
 */
const struct drm_file *bt_kfd_current_file(void)
{
	const struct bt_kfd_slot *slot = in_interrupt() ? NULL : kfd_find_slot();

	return slot ? slot->file : NULL;
}

static void kfd_read_func(struct bt_adapter_support *support, const struct bt_btf *btf,
			  enum bt_kfd_func func)
{
	int param = bt_btf_find_param(btf, kfd_funcs[func], BT_KFD_PARAM);

	if (param < 0 || param >= BT_CALL_ARGS)
		return;
	kfd_params[func] = param;
	support->reads |= BIT(func);
}

/* An amdgpu without KFD has none of the functions; one of the imports is enough */
static void kfd_read_btf(struct bt_adapter_support *support, const struct bt_btf *btf)
{
	unsigned int i;

	if (!bt_btf_has_struct(btf, BT_KFD_STRUCT))
		return;
	support->has = BIT(BT_KFD_ALLOC) | BIT(BT_KFD_MAP);
	support->has |= bt_btf_has_func(btf, kfd_funcs[BT_KFD_IMPORT]) ?
				BIT(BT_KFD_IMPORT) :
				BIT(BT_KFD_IMPORT_FD);
	for (i = 0; i < BT_KFD_NR_FUNCS; i++)
		kfd_read_func(support, btf, i);
}

static bool bt_kfd_identify(const struct module *mod, struct bt_adapter_support *support)
{
	struct bt_btf_file btf;

	*support = (struct bt_adapter_support) {
		.version = mod->version ?: init_utsname()->release,
		.no_hardware = true,
	};
	if (bt_btf_read(&btf, mod))
		return false;
	kfd_read_btf(support, &btf.module);
	bt_btf_free(&btf);
	return true;
}

static const struct bt_probe_desc bt_kfd_descs[] = {
	{
		.symbol = "amdgpu_amdkfd_gpuvm_alloc_memory_of_gpu",
		.no_buffer = true,
		.at_return = true,
		.feature = BIT(BT_KFD_ALLOC),
		.tracks = BIT(BT_KFD_ALLOC),
		.enter = bt_kfd_enter_alloc,
		.handler = bt_kfd_leave,
		.covers = "owners of buffers from /dev/kfd",
	}, {
		.symbol = "amdgpu_amdkfd_gpuvm_map_memory_to_gpu",
		.no_buffer = true,
		.at_return = true,
		.feature = BIT(BT_KFD_MAP),
		.tracks = BIT(BT_KFD_MAP),
		.enter = bt_kfd_enter_map,
		.handler = bt_kfd_leave,
		.covers = "owners of page tables for /dev/kfd",
	}, {
		.symbol = "amdgpu_amdkfd_gpuvm_import_dmabuf",
		.no_buffer = true,
		.at_return = true,
		.feature = BIT(BT_KFD_IMPORT),
		.tracks = BIT(BT_KFD_IMPORT),
		.enter = bt_kfd_enter_import,
		.handler = bt_kfd_leave,
		.covers = "owners of imports through /dev/kfd",
	}, {
		.symbol = "amdgpu_amdkfd_gpuvm_import_dmabuf_fd",
		.no_buffer = true,
		.at_return = true,
		.feature = BIT(BT_KFD_IMPORT_FD),
		.tracks = BIT(BT_KFD_IMPORT_FD),
		.enter = bt_kfd_enter_import_fd,
		.handler = bt_kfd_leave,
		.covers = "owners of imports through /dev/kfd",
	},
};

const struct bt_adapter bt_kfd_adapter = {
	.name = "kfd",
	.module = "amdgpu",
	.identify = bt_kfd_identify,
	.remedy = "use Linux 5.14 or later, with BTF of modules",
	.bus = &pci_bus_type,
	.driver = "amdgpu",
	.descs = bt_kfd_descs,
	.nr_descs = ARRAY_SIZE(bt_kfd_descs),
};
