// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter for nvidia: memory that NVIDIA's open kernel modules allocate for programs
 *
 * The resource manager describes memory by a descriptor, which all duplicates of a memory
 * object share: a descriptor is one buffer, and its last reference ends it. Its RM client
 * is the client here. BTF must describe the structures, whose layout changes with each
 * release; only a build with DEBUG=1 has it.
 */
#include <linux/bits.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "btf_file.h"
#include "probe.h"

/* Memory: the only kind of buffer that is tracked */
#define BT_NV_MEMORY	BIT(0)

/* Classes that allocate memory; the others are views of memory or of registers */
#define BT_NV_CLASS_SYSTEM	0x3e
#define BT_NV_CLASS_LOCAL_USER	0x40

/* Address spaces, the same in every release */
#define BT_NV_ADDR_SYSMEM	1
#define BT_NV_ADDR_FBMEM	2

/* The members that are read */
enum {
	BT_NV_MEMORY_RESOURCE,
	BT_NV_RESOURCE_REF,
	BT_NV_REF_CLIENT,
	BT_NV_REF_CLASS,
	BT_NV_CLIENT_BASE,
	BT_NV_CLIENT_FILE,
	BT_NV_CLIENT_PID,
	BT_NV_DESC_GPU,
	BT_NV_DESC_SIZE,
	BT_NV_DESC_SPACE,
	BT_NV_DESC_REFS,
	BT_NV_GPU_STATE,
	BT_NV_STATE_LINUX,
	BT_NV_LINUX_PCI,
	BT_NV_NR_MEMBERS,
};

static const struct bt_btf_member nv_members[BT_NV_NR_MEMBERS] = {
	[BT_NV_MEMORY_RESOURCE] = { "Memory", "__nvoc_pbase_RsResource", sizeof(void *) },
	[BT_NV_RESOURCE_REF] = { "RsResource", "pResourceRef", sizeof(void *) },
	[BT_NV_REF_CLIENT] = { "RsResourceRef", "pClient", sizeof(void *) },
	[BT_NV_REF_CLASS] = { "RsResourceRef", "externalClassId", sizeof(u32) },
	[BT_NV_CLIENT_BASE] = { "RmClient", "__nvoc_base_RsClient", 0 },
	[BT_NV_CLIENT_FILE] = { "RmClient", "pOSInfo", sizeof(void *) },
	[BT_NV_CLIENT_PID] = { "RmClient", "ProcID", sizeof(u32) },
	[BT_NV_DESC_GPU] = { "MEMORY_DESCRIPTOR", "pGpu", sizeof(void *) },
	[BT_NV_DESC_SIZE] = { "MEMORY_DESCRIPTOR", "Size", sizeof(u64) },
	[BT_NV_DESC_SPACE] = { "MEMORY_DESCRIPTOR", "_addressSpace", sizeof(u32) },
	[BT_NV_DESC_REFS] = { "MEMORY_DESCRIPTOR", "RefCount", sizeof(u32) },
	[BT_NV_GPU_STATE] = { "OBJGPU", "pOsGpuInfo", sizeof(void *) },
	[BT_NV_STATE_LINUX] = { "nv_state_t", "os_state", sizeof(void *) },
	[BT_NV_LINUX_PCI] = { "nv_linux_state_s", "pci_dev", sizeof(void *) },
};

/* Functions whose parameters handlers rely on */
static const struct bt_btf_param nv_params[] = {
	{ "memdescDestroy", 0, "MEMORY_DESCRIPTOR" },
	{ "memConstructCommon_IMPL", 0, "Memory" },
	{ "memConstructCommon_IMPL", 3, "MEMORY_DESCRIPTOR" },
	{ "rmclientDestruct_IMPL", 0, "RmClient" },
};

/* Offsets of the members in the loaded version; set before any probe is in place */
static u32 nv_at[BT_NV_NR_MEMBERS];

/* Read a member of a structure; 0 if there is none, or it cannot be read */
#define nv_read(_type, _from, _member)						\
({										\
	const void *from_ = (_from);						\
	_type value_;								\
										\
	if (!from_ || copy_from_kernel_nofault(&value_, from_ + nv_at[_member],	\
					       sizeof(value_)))			\
		memset(&value_, 0, sizeof(value_));				\
	value_;									\
})

/* The PCI device of a descriptor; NULL: its memory belongs to none */
static struct device *nv_device(const void *desc)
{
	const void *gpu = nv_read(void *, desc, BT_NV_DESC_GPU);
	const void *state = nv_read(void *, gpu, BT_NV_GPU_STATE);
	const void *of_linux = nv_read(void *, state, BT_NV_STATE_LINUX);
	struct pci_dev *pdev = nv_read(struct pci_dev *, of_linux, BT_NV_LINUX_PCI);

	return pdev ? &pdev->dev : NULL;
}

/*
 * The RM client, if it belongs to a file of user space and to this process, or is known
 * already. The driver is charged for memory of the others.
 */
static const void *nv_client(const void *ref)
{
	const void *base = nv_read(void *, ref, BT_NV_REF_CLIENT);
	const void *client = base ? base - nv_at[BT_NV_CLIENT_BASE] : NULL;

	if (!nv_read(void *, client, BT_NV_CLIENT_FILE))
		return NULL;
	if (nv_read(u32, client, BT_NV_CLIENT_PID) != task_tgid_nr(current) &&
	    !bt_driver_client_at(client))
		return NULL;
	return client;
}

static bool nv_init_event(struct bt_driver_event *e, enum bt_driver_op op,
			  const void *desc)
{
	u32 space = nv_read(u32, desc, BT_NV_DESC_SPACE);

	if (space != BT_NV_ADDR_SYSMEM && space != BT_NV_ADDR_FBMEM)
		return false;
	e->op = op;
	e->dev = nv_device(desc);
	e->refcounted = true;
	e->space = space == BT_NV_ADDR_FBMEM ? "VRAM" : "SYSTEM";
	e->buffer.id = bt_driver_object_id(desc);
	e->buffer.address = e->buffer.id;
	return e->dev;
}

/*
 * memConstructCommon_IMPL(memory, class, flags, descriptor, ...), at return. A descriptor
 * with other references is not new: its memory counts already, or is the driver's.
 */
static bool bt_nv_construct(const struct bt_call *call, struct bt_driver_event *e)
{
	const void *desc = (void *)call->arg[3];
	const void *res = nv_read(void *, (void *)call->arg[0], BT_NV_MEMORY_RESOURCE);
	const void *ref = nv_read(void *, res, BT_NV_RESOURCE_REF);
	u32 class = nv_read(u32, ref, BT_NV_REF_CLASS);

	if ((u32)call->result || nv_read(u32, desc, BT_NV_DESC_REFS) != 1 ||
	    (class != BT_NV_CLASS_SYSTEM && class != BT_NV_CLASS_LOCAL_USER))
		return false;
	if (!nv_init_event(e, BT_BUFFER_ALLOC, desc))
		return false;
	e->client = nv_client(ref);
	e->buffer.size = nv_read(u64, desc, BT_NV_DESC_SIZE);
	return e->buffer.size;
}

/* memdescDestroy(descriptor) drops a reference; most descriptors are the driver's own */
static bool bt_nv_skip_destroy(const struct bt_call *call)
{
	return nv_read(u32, (void *)call->arg[0], BT_NV_DESC_REFS) != 1;
}

static bool bt_nv_destroy(const struct bt_call *call, struct bt_driver_event *e)
{
	if (!nv_init_event(e, BT_BUFFER_FREE, (void *)call->arg[0]))
		return false;
	e->alt_space = e->space;
	e->only_if_live = true;
	return true;
}

/* rmclientDestruct_IMPL(client), at return: its memory has been freed */
static bool bt_nv_end_client(const struct bt_call *call, struct bt_driver_event *e)
{
	e->op = BT_CLIENT_END;
	e->client = (void *)call->arg[0];
	return true;
}

static bool nv_read_btf(const struct bt_btf *btf)
{
	return bt_btf_takes_all(btf, nv_params, ARRAY_SIZE(nv_params)) &&
	       bt_btf_find_members(btf, nv_members, ARRAY_SIZE(nv_members), nv_at);
}

static bool bt_nv_identify(const struct module *mod, struct bt_adapter_support *support)
{
	struct bt_btf_file btf;
	bool reads;

	*support = (struct bt_adapter_support) {
		.version = mod->version ?: "?",
		.has = BT_NV_MEMORY,
		.reads = BT_NV_MEMORY,
		.no_hardware = true,
	};
	if (bt_btf_read(&btf, mod))
		return false;
	reads = nv_read_btf(&btf.module);
	bt_btf_free(&btf);
	return reads;
}

static const struct bt_probe_desc bt_nv_descs[] = {
	{
		.symbol = "memdescDestroy",
		.tracks = BT_NV_MEMORY,
		.skip = bt_nv_skip_destroy,
		.handler = bt_nv_destroy,
		.covers = "frees of GPU memory",
	}, {
		.symbol = "rmclientDestruct_IMPL",
		.at_return = true,
		.tracks = BT_NV_MEMORY,
		.handler = bt_nv_end_client,
		.covers = "ends of RM clients",
	}, {
		.symbol = "memConstructCommon_IMPL",
		.at_return = true,
		.tracks = BT_NV_MEMORY,
		.handler = bt_nv_construct,
		.covers = "GPU memory",
	},
};

const struct bt_adapter bt_nvidia_adapter = {
	.name = "nvidia",
	.module = "nvidia",
	.identify = bt_nv_identify,
	.remedy = "build the open modules with DEBUG=1, and with BTF of modules",
	.bus = &pci_bus_type,
	.driver = "nvidia",
	.descs = bt_nv_descs,
	.nr_descs = ARRAY_SIZE(bt_nv_descs),
};
