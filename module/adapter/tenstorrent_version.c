// SPDX-License-Identifier: GPL-2.0
/*
 * Layouts of tt-kmd's structures
 *
 * They come from the BTF of the loaded module. A module without BTF is identified by its
 * version: its structures are then declared below, with the kernel's own types, up to the
 * last member that is read. Members that only keep others in place have the driver's type
 * or one of the same size.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/scatterlist.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "btf_file.h"
#include "tenstorrent_layout.h"
#include "tenstorrent_version.h"

/* The newest version that the tests were run with */
#define BT_TT_NEWEST	"2.10.1-pre"

#define BT_TT_WINDOW_SIZES	4
#define BT_TT_DMA_BUCKETS	16

struct bt_tt_region {
	void *owner;
	u64 base;
	u64 limit;
	u64 target;
};

/* Since 2.0.0; before, the two limits were missing */
struct bt_tt_class {
	const char *name;
	u32 sizes[2];
	u64 limits[2];
	u32 nr_window_sizes;
	u32 nr_windows[BT_TT_WINDOW_SIZES];
	u64 window_size[BT_TT_WINDOW_SIZES];
};

struct bt_tt_class_1_34 {
	const char *name;
	u32 sizes[2];
	u32 nr_window_sizes;
	u32 nr_windows[BT_TT_WINDOW_SIZES];
	u64 window_size[BT_TT_WINDOW_SIZES];
};

/* The head of a chip, after a reference count that versions up to 2.10.0 have */
struct bt_tt_device {
	struct device dev;
	struct cdev cdev;
	struct pci_dev *pci;
	const void *class;
};

/* A chip since 2.10.0 */
struct bt_tt_device_2_10 {
	struct bt_tt_device head;
	bool detached;
	bool uninitialized;
	atomic_long_t resets;
	struct rw_semaphore reset_lock;
	void *debug[2];
	unsigned int ordinal;
	bool can_dma;
	bool has_irq;
	struct mutex files_lock;
	bool is_exclusive;
	wait_queue_head_t exclusive_wait;
	struct notifier_block reboot;
	unsigned long locks[1];
	wait_queue_head_t locks_wait;
	void *monitor[2];
	u16 nr_attributes;
	void *attributes[2];
	struct list_head files;
	struct delayed_work power_down;
	unsigned long windows[BITS_TO_LONGS(BT_TT_WINDOWS)];
	u32 nr_windows[BT_TT_WINDOW_SIZES];
	refcount_t window_users[BT_TT_WINDOWS];
	struct mutex regions_lock;
	struct bt_tt_region regions[BT_TT_REGIONS];
};

/* The head of an open file */
struct bt_tt_file_head {
	const void *chip;
	struct mutex lock;
	struct hlist_head dma[BT_TT_DMA_BUCKETS];
	struct list_head pins;
};

struct bt_tt_file_2_10_0 {
	struct bt_tt_file_head head;
	struct list_head peers;
	struct list_head mappings;
	struct mutex mappings_lock;
	struct pid *pid;
	char comm[16];
	unsigned long locks[1];
	struct list_head link;
	unsigned long windows[BITS_TO_LONGS(BT_TT_WINDOWS)];
	u64 cleanup[4];
	u32 power[10];
	long resets;
};

struct bt_tt_file_2_10_1 {
	struct bt_tt_file_head head;
	struct list_head peers;
	struct list_head mappings;
	struct mutex mappings_lock;
	struct pid *pid;
	char comm[16];
	unsigned long locks[1];
	struct list_head link;
	unsigned long windows[BITS_TO_LONGS(BT_TT_WINDOWS)];
	struct mutex windows_lock;
	u64 cleanup[4];
	u32 power[10];
	long resets;
};

struct bt_tt_dma {
	struct hlist_node link;
	void *memory;
	dma_addr_t dma;
	u64 size;
	u8 index;
};

struct bt_tt_pinning {
	struct list_head link;
	unsigned long nr_pages;
	struct page **pages;
	struct sg_table sg;
	u64 address;
};

struct bt_tt_dmabuf {
	const void *chip;
	struct dma_buf *dma_buf;
	struct list_head link;
	u32 window;
};

/**
 * struct bt_tt_member_desc - a member that is read
 * @type: its structure
 * @name: its name
 * @size: its size; 0: not checked
 * @needs: buffers that cannot be tracked without it; 0: it is used if it is there
 */
struct bt_tt_member_desc {
	const char *type;
	const char *name;
	u32 size;
	u32 needs;
};

#define BT_TT_ALL (BT_TT_DMA | BT_TT_PIN | BT_TT_TLB | BT_TT_EXPORT | BT_TT_IATU)

static const struct bt_tt_member_desc tt_members[BT_TT_NR_MEMBERS] = {
	[BT_TT_CHIP_PCI] = { "tenstorrent_device", "pdev", sizeof(void *), BT_TT_ALL },
	[BT_TT_CHIP_CLASS] = { "tenstorrent_device", "dev_class", sizeof(void *),
			       BT_TT_TLB },
	[BT_TT_CHIP_NR_WINDOWS] = { "tenstorrent_device", "tlb_counts",
				    BT_TT_WINDOW_SIZES * sizeof(u32), 0 },
	[BT_TT_CHIP_WINDOW_USERS] = { "tenstorrent_device", "tlb_refcount",
				      BT_TT_WINDOWS * sizeof(refcount_t),
				      BT_TT_EXPORT },
	[BT_TT_CHIP_REGIONS] = { "tenstorrent_device", "outbound_iatus",
				 BT_TT_REGIONS * sizeof(struct bt_tt_region),
				 BT_TT_RECLAIM },
	[BT_TT_CHIP_RESETS] = { "tenstorrent_device", "reset_gen", sizeof(long),
				BT_TT_RECLAIM },
	[BT_TT_CLASS_NR_WINDOWS] = { "tenstorrent_device_class", "tlb_counts",
				     BT_TT_WINDOW_SIZES * sizeof(u32), BT_TT_TLB },
	[BT_TT_CLASS_WINDOW_SIZE] = { "tenstorrent_device_class", "tlb_sizes",
				      BT_TT_WINDOW_SIZES * sizeof(u64), BT_TT_TLB },
	[BT_TT_FILE_CHIP] = { "chardev_private", "device", sizeof(void *), BT_TT_ALL },
	[BT_TT_FILE_DMA] = { "chardev_private", "dmabufs",
			     BT_TT_DMA_BUCKETS * sizeof(void *), BT_TT_DMA },
	[BT_TT_FILE_PINS] = { "chardev_private", "pinnings", sizeof(struct list_head),
			      BT_TT_PIN },
	[BT_TT_FILE_RESETS] = { "chardev_private", "open_reset_gen", sizeof(long),
				BT_TT_RECLAIM },
	[BT_TT_DMA_LINK] = { "dmabuf", "hash_chain", sizeof(struct hlist_node),
			     BT_TT_DMA },
	[BT_TT_DMA_SIZE] = { "dmabuf", "size", sizeof(u64), BT_TT_DMA },
	[BT_TT_DMA_INDEX] = { "dmabuf", "index", sizeof(u8), BT_TT_DMA },
	[BT_TT_PIN_LINK] = { "pinned_page_range", "list", sizeof(struct list_head),
			     BT_TT_PIN },
	[BT_TT_PIN_NR_PAGES] = { "pinned_page_range", "page_count", sizeof(long),
				 BT_TT_PIN },
	[BT_TT_PIN_ADDRESS] = { "pinned_page_range", "virtual_address", sizeof(u64),
				BT_TT_PIN },
	[BT_TT_EXPORT_CHIP] = { "tt_tlb_dmabuf", "tt_dev", sizeof(void *),
				BT_TT_EXPORT },
	[BT_TT_EXPORT_WINDOW] = { "tt_tlb_dmabuf", "tlb_id", sizeof(u32),
				  BT_TT_EXPORT },
	[BT_TT_REGION_OWNER] = { "tenstorrent_outbound_iatu_region", "priv",
				 sizeof(void *), BT_TT_RECLAIM },
};

/* Functions whose first parameters handlers rely on */
static const struct {
	const char *name;
	const char *params[2];
	u32 needs;
} tt_funcs[] = {
	{ "tenstorrent_memory_cleanup", { "chardev_private" }, BT_TT_DMA },
	{ "ioctl_allocate_dma_buf", { "chardev_private" }, BT_TT_DMA },
	{ "unpin_pinned_page_range", { "chardev_private", "pinned_page_range" },
	  BT_TT_PIN },
	{ "ioctl_pin_pages", { "chardev_private" }, BT_TT_PIN },
	{ "ioctl_unpin_pages", { "chardev_private" }, BT_TT_PIN },
	{ "tenstorrent_device_allocate_tlb", { "tenstorrent_device" }, BT_TT_TLB },
	{ "tenstorrent_device_free_tlb", { "tenstorrent_device" }, BT_TT_TLB },
	{ "ioctl_free_tlb", { "chardev_private" }, BT_TT_TLB },
	{ "tenstorrent_tlb_export_put", { "tenstorrent_device" }, BT_TT_EXPORT },
	{ "tt_tlb_dmabuf_release", { "dma_buf" }, BT_TT_EXPORT },
	{ "setup_noc_dma", { "chardev_private" }, BT_TT_IATU },
	{ "teardown_outbound_iatu", { "chardev_private" }, BT_TT_IATU },
	{ "tenstorrent_reset_reclaim_iatus", { "tenstorrent_device" },
	  BT_TT_RECLAIM },
};

/* Buffers whose end depends on others that we cannot read */
static void tt_derive(struct bt_tt_version *v)
{
	/* Without the references, a window that is exported cannot be told from others */
	if ((v->has & ~v->reads) & BT_TT_EXPORT)
		v->reads &= ~BT_TT_TLB;
	if ((v->has & ~v->reads) & BT_TT_RECLAIM)
		v->reads &= ~BT_TT_IATU;
}

static bool tt_takes(const struct bt_btf *btf, unsigned int i)
{
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(tt_funcs[i].params) && tt_funcs[i].params[n]; n++)
		if (!bt_btf_takes(btf, tt_funcs[i].name, n, tt_funcs[i].params[n]))
			return false;
	return true;
}

static void tt_read_members(struct bt_tt_version *v, const struct bt_btf *btf)
{
	unsigned int i;

	for (i = 0; i < BT_TT_NR_MEMBERS; i++) {
		const struct bt_tt_member_desc *m = &tt_members[i];
		u32 offset, size;

		if (bt_btf_find_member(btf, m->type, m->name, &offset, &size) &&
		    size == m->size)
			v->at[i] = offset;
		else
			v->reads &= ~m->needs;
	}
}

/* A function that the compiler has inlined or changed is not described */
static void tt_check_funcs(struct bt_tt_version *v, const struct bt_btf *btf)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tt_funcs); i++)
		if (bt_btf_has_func(btf, tt_funcs[i].name) && !tt_takes(btf, i))
			v->reads &= ~tt_funcs[i].needs;
}

/* A newer version is assumed to have all features of the newest known one */
static void tt_read_btf(struct bt_tt_version *v, const struct bt_btf *btf)
{
	u32 offset, size;

	v->has = BT_TT_DMA | BT_TT_PIN | BT_TT_TLB;
	v->reads = BT_TT_ALL | BT_TT_RECLAIM;
	if (bt_btf_has_struct(btf, "tt_tlb_dmabuf"))
		v->has |= BT_TT_EXPORT;
	if (bt_btf_find_member(btf, "tenstorrent_device", "outbound_iatus", &offset,
			       &size))
		v->has |= BT_TT_IATU;
	if (bt_btf_has_func(btf, "tenstorrent_reset_reclaim_iatus"))
		v->has |= BT_TT_RECLAIM;
	if (v->untested)
		v->has = BT_TT_ALL | BT_TT_RECLAIM;
	tt_read_members(v, btf);
	tt_check_funcs(v, btf);
	tt_derive(v);
}

/* Where these versions agree; chips have @dev bytes in front of their struct device */
static void tt_set_common(struct bt_tt_version *v, size_t dev)
{
	v->at[BT_TT_CHIP_PCI] = dev + offsetof(struct bt_tt_device, pci);
	v->at[BT_TT_CHIP_CLASS] = dev + offsetof(struct bt_tt_device, class);
	v->at[BT_TT_CLASS_NR_WINDOWS] = offsetof(struct bt_tt_class, nr_windows);
	v->at[BT_TT_CLASS_WINDOW_SIZE] = offsetof(struct bt_tt_class, window_size);
	v->at[BT_TT_FILE_CHIP] = offsetof(struct bt_tt_file_head, chip);
	v->at[BT_TT_FILE_DMA] = offsetof(struct bt_tt_file_head, dma);
	v->at[BT_TT_FILE_PINS] = offsetof(struct bt_tt_file_head, pins);
	v->at[BT_TT_DMA_LINK] = offsetof(struct bt_tt_dma, link);
	v->at[BT_TT_DMA_SIZE] = offsetof(struct bt_tt_dma, size);
	v->at[BT_TT_DMA_INDEX] = offsetof(struct bt_tt_dma, index);
	v->at[BT_TT_PIN_LINK] = offsetof(struct bt_tt_pinning, link);
	v->at[BT_TT_PIN_NR_PAGES] = offsetof(struct bt_tt_pinning, nr_pages);
	v->at[BT_TT_PIN_ADDRESS] = offsetof(struct bt_tt_pinning, address);
	v->has = BT_TT_DMA | BT_TT_PIN | BT_TT_TLB | BT_TT_IATU;
}

static void tt_set_1_34(struct bt_tt_version *v)
{
	tt_set_common(v, sizeof(u64));
	v->at[BT_TT_CLASS_NR_WINDOWS] = offsetof(struct bt_tt_class_1_34, nr_windows);
	v->at[BT_TT_CLASS_WINDOW_SIZE] = offsetof(struct bt_tt_class_1_34, window_size);
	v->has &= ~BT_TT_IATU;
}

static void tt_set_2_0(struct bt_tt_version *v)
{
	tt_set_common(v, sizeof(u64));
}

static void tt_set_2_10(struct bt_tt_version *v, size_t dev, size_t resets)
{
	tt_set_common(v, dev);
	v->at[BT_TT_CHIP_NR_WINDOWS] = dev + offsetof(struct bt_tt_device_2_10, nr_windows);
	v->at[BT_TT_CHIP_WINDOW_USERS] =
		dev + offsetof(struct bt_tt_device_2_10, window_users);
	v->at[BT_TT_CHIP_REGIONS] = dev + offsetof(struct bt_tt_device_2_10, regions);
	v->at[BT_TT_CHIP_RESETS] = dev + offsetof(struct bt_tt_device_2_10, resets);
	v->at[BT_TT_FILE_RESETS] = resets;
	v->at[BT_TT_EXPORT_CHIP] = offsetof(struct bt_tt_dmabuf, chip);
	v->at[BT_TT_EXPORT_WINDOW] = offsetof(struct bt_tt_dmabuf, window);
	v->at[BT_TT_REGION_OWNER] = offsetof(struct bt_tt_region, owner);
	v->has |= BT_TT_EXPORT | BT_TT_RECLAIM;
}

static void tt_set_2_10_0(struct bt_tt_version *v)
{
	tt_set_2_10(v, sizeof(u64), offsetof(struct bt_tt_file_2_10_0, resets));
}

static void tt_set_2_10_1(struct bt_tt_version *v)
{
	tt_set_2_10(v, 0, offsetof(struct bt_tt_file_2_10_1, resets));
}

/* Versions whose layout is known without BTF */
static const struct {
	const char *version;
	void (*set)(struct bt_tt_version *v);
} tt_known[] = {
	{ "1.34", tt_set_1_34 },
	{ "2.0.0", tt_set_2_0 },
	{ "2.1.0", tt_set_2_0 },
	{ "2.2.0", tt_set_2_0 },
	{ "2.3.0", tt_set_2_0 },
	{ "2.4.0", tt_set_2_0 },
	{ "2.4.1", tt_set_2_0 },
	{ "2.5.0", tt_set_2_0 },
	{ "2.6.0", tt_set_2_0 },
	{ "2.7.0", tt_set_2_0 },
	{ "2.8.0", tt_set_2_0 },
	{ "2.9.0", tt_set_2_0 },
	{ "2.10.0", tt_set_2_10_0 },
	{ BT_TT_NEWEST, tt_set_2_10_1 },
};

static bool tt_set_known(struct bt_tt_version *v, const char *version)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tt_known); i++) {
		if (strcmp(tt_known[i].version, version))
			continue;
		tt_known[i].set(v);
		v->reads = v->has;
		return true;
	}
	return false;
}

/* "2.10.1-pre" as a number that grows with the version; 0: not a version */
static u64 tt_version_number(const char *version)
{
	unsigned int major = 0, minor = 0, patch = 0;

	if (sscanf(version, "%u.%u.%u", &major, &minor, &patch) < 2)
		return 0;
	return (u64)major << 32 | (minor & 0xffff) << 16 | (patch & 0xffff);
}

/**
 * bt_tt_version_find() - find out which features a module has, and how to read them
 * @v: out: the version
 * @mod: the module
 *
 * Context: may sleep.
 * Return: false: nothing is known about it.
 */
bool bt_tt_version_find(struct bt_tt_version *v, const struct module *mod)
{
	const char *version = mod->version ?: "";
	u64 number = tt_version_number(version);
	struct bt_btf_file btf;

	*v = (struct bt_tt_version) {
		.untested = number > tt_version_number(BT_TT_NEWEST),
		.repeats_pins = number < tt_version_number("2.0"),
	};
	memset(v->at, 0xff, sizeof(v->at));
	if (bt_btf_read(&btf, mod))
		return tt_set_known(v, version);
	tt_read_btf(v, &btf.module);
	bt_btf_free(&btf);
	return true;
}
