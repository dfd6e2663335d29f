// SPDX-License-Identifier: GPL-2.0
/*
 * Structures of tt-kmd, laid out as in the versions that are listed
 *
 * The driver has neither installed headers nor a stable ABI for them. Members that only
 * keep others in place have the driver's type or one of the same size.
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
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "tenstorrent_layout.h"

/* Bounds of the driver */
#define BT_TT_DMA_BUFFERS	256
#define BT_TT_DMA_BUCKETS	16
#define BT_TT_WINDOW_SIZES	4

/* A chip model: its TLB windows, by size */
struct bt_tt_class {
	const char *name;
	u32 sizes[2];
	u64 limits[2];
	u32 nr_window_sizes;
	u32 nr_windows[BT_TT_WINDOW_SIZES];
	u64 window_size[BT_TT_WINDOW_SIZES];
};

/* An outbound iATU region */
struct bt_tt_region {
	const struct bt_tt_file *owner;
	u64 base;
	u64 limit;
	u64 target;
};

/* A chip, from its struct device on, whose offset differs between versions */
struct bt_tt_device {
	struct device dev;
	struct cdev cdev;
	struct pci_dev *pci;
	const struct bt_tt_class *class;
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

/* An open file, up to where versions differ */
struct bt_tt_file {
	const struct bt_tt_chip *chip;
	struct mutex lock;
	struct hlist_head dma[BT_TT_DMA_BUCKETS];
	struct list_head pins;
	struct list_head peers;
	struct list_head mappings;
	struct mutex mappings_lock;
	struct pid *pid;
	char comm[16];
	unsigned long locks[1];
	struct list_head link;
	unsigned long windows[BITS_TO_LONGS(BT_TT_WINDOWS)];
};

/* The rest of it, up to the resets of the chip that it has seen */
struct bt_tt_file_2_10_0 {
	struct bt_tt_file file;
	u64 cleanup[4];
	u32 power[10];
	long resets;
};

struct bt_tt_file_2_10_1 {
	struct bt_tt_file file;
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

struct bt_tt_pin {
	struct list_head link;
	unsigned long nr_pages;
	struct page **pages;
	struct sg_table sg;
	u64 address;
};

struct bt_tt_export {
	const struct bt_tt_chip *chip;
	struct dma_buf *dma_buf;
	struct list_head link;
	u32 window;
};

/**
 * struct bt_tt_version - a version of the driver that the layouts were compared with
 * @version: its MODULE_VERSION
 * @source: its srcversion, a digest of the source that identifies patched versions
 * @dev: offset of struct bt_tt_device in its structure of a chip, where a reference
 *	 count used to come first
 * @resets: offset of @resets in its structure of an open file
 */
struct bt_tt_version {
	const char *version;
	const char *source;
	size_t dev;
	size_t resets;
};

static const struct bt_tt_version bt_tt_versions[] = {
	{ "2.10.0", "F67750E98AC38F37051BBA6", sizeof(u64),
	  offsetof(struct bt_tt_file_2_10_0, resets) },
	{ "2.10.1-pre", "1DD697C309215E0B2069ECE", 0,
	  offsetof(struct bt_tt_file_2_10_1, resets) },
};

/* The version that is loaded; set before any probe is in place */
static const struct bt_tt_version *bt_tt_loaded;

/**
 * bt_tt_is_supported() - whether the layouts fit a module, which is then used
 * @mod: the module
 *
 * Return: true if so.
 */
bool bt_tt_is_supported(const struct module *mod)
{
	unsigned int i;

	if (!mod->version || !mod->srcversion)
		return false;
	for (i = 0; i < ARRAY_SIZE(bt_tt_versions); i++) {
		if (strcmp(mod->version, bt_tt_versions[i].version) ||
		    strcmp(mod->srcversion, bt_tt_versions[i].source))
			continue;
		bt_tt_loaded = &bt_tt_versions[i];
		return true;
	}
	return false;
}

static const struct bt_tt_device *bt_tt_device_of(const struct bt_tt_chip *chip)
{
	return (const void *)chip + bt_tt_loaded->dev;
}

/**
 * bt_tt_chip_dev() - PCI function of a chip
 * @chip: the chip
 *
 * Context: any.
 * Return: its struct device.
 */
struct device *bt_tt_chip_dev(const struct bt_tt_chip *chip)
{
	return &bt_tt_device_of(chip)->pci->dev;
}

/**
 * bt_tt_chip_window_bytes() - size of all TLB windows of a chip
 * @chip: the chip
 *
 * Context: any.
 * Return: their bytes.
 */
u64 bt_tt_chip_window_bytes(const struct bt_tt_chip *chip)
{
	const struct bt_tt_device *device = bt_tt_device_of(chip);
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < BT_TT_WINDOW_SIZES; i++)
		bytes += device->nr_windows[i] * device->class->window_size[i];
	return bytes;
}

/**
 * bt_tt_chip_window_users() - references to a TLB window
 * @chip: the chip
 * @window: number of the window
 *
 * Context: any.
 * Return: references of its file and of its exports; 0: there is no such window.
 */
unsigned int bt_tt_chip_window_users(const struct bt_tt_chip *chip, u32 window)
{
	if (window >= BT_TT_WINDOWS)
		return 0;
	return refcount_read(&bt_tt_device_of(chip)->window_users[window]);
}

/**
 * bt_tt_chip_region_is_stale() - whether a reset takes an outbound iATU region back
 * @chip: the chip
 * @region: number of the region
 *
 * Context: any.
 * Return: true if it belongs to a file that has not seen the latest reset.
 */
bool bt_tt_chip_region_is_stale(const struct bt_tt_chip *chip, u32 region)
{
	const struct bt_tt_device *device = bt_tt_device_of(chip);
	const void *owner = device->regions[region].owner;

	return owner && *(const long *)(owner + bt_tt_loaded->resets) !=
			atomic_long_read(&device->resets);
}

/**
 * bt_tt_file_chip() - chip of an open file
 * @file: the file
 *
 * Context: any.
 * Return: the chip.
 */
const struct bt_tt_chip *bt_tt_file_chip(const struct bt_tt_file *file)
{
	return file->chip;
}

/*
 * Copy the nth DMA buffer of a bucket. We cannot take the lock of the table, and an
 * unbind may be freeing the buffer: a stale copy is possible, a fault is not.
 */
static bool bt_tt_dma_at(const struct bt_tt_file *file, unsigned int bucket,
			 unsigned int nth, struct bt_tt_dma *dma)
{
	dma->link.next = READ_ONCE(file->dma[bucket].first);
	do {
		const void *next = dma->link.next;

		if (!next || copy_from_kernel_nofault(dma, next, sizeof(*dma)))
			return false;
	} while (nth--);
	return true;
}

/**
 * bt_tt_file_next_dma() - iterate over the DMA buffers of a file
 * @file: the file
 * @next: position, 0 at first
 * @index: out: index of the buffer
 *
 * Context: any.
 * Return: false if there are no more.
 */
bool bt_tt_file_next_dma(const struct bt_tt_file *file, unsigned long *next,
			 u8 *index)
{
	struct bt_tt_dma dma;

	while (*next < BT_TT_DMA_BUCKETS * BT_TT_DMA_BUFFERS) {
		if (bt_tt_dma_at(file, *next / BT_TT_DMA_BUFFERS,
				 *next % BT_TT_DMA_BUFFERS, &dma)) {
			*index = dma.index;
			(*next)++;
			return true;
		}
		*next = round_up(*next + 1, BT_TT_DMA_BUFFERS);
	}
	return false;
}

/**
 * bt_tt_file_find_dma() - find a DMA buffer of a file
 * @file: the file
 * @index: index of the buffer
 * @size: out: its size
 *
 * Context: any.
 * Return: true if there is one.
 */
bool bt_tt_file_find_dma(const struct bt_tt_file *file, u8 index, u64 *size)
{
	struct bt_tt_dma dma;
	unsigned int i, nth;

	for (i = 0; i < BT_TT_DMA_BUCKETS; i++)
		for (nth = 0; nth < BT_TT_DMA_BUFFERS; nth++) {
			if (!bt_tt_dma_at(file, i, nth, &dma))
				break;
			if (dma.index != index)
				continue;
			*size = dma.size;
			return true;
		}
	return false;
}

/**
 * bt_tt_pin_address() - user address of pinned pages
 * @pin: the pages
 *
 * Context: any.
 * Return: the address.
 */
u64 bt_tt_pin_address(const struct bt_tt_pin *pin)
{
	return pin->address;
}

/**
 * bt_tt_pin_nr_pages() - number of pinned pages
 * @pin: the pages
 *
 * Context: any.
 * Return: the number.
 */
u64 bt_tt_pin_nr_pages(const struct bt_tt_pin *pin)
{
	return pin->nr_pages;
}

/**
 * bt_tt_export_chip() - chip of an exported TLB window
 * @export: the export
 *
 * Context: any.
 * Return: the chip.
 */
const struct bt_tt_chip *bt_tt_export_chip(const struct bt_tt_export *export)
{
	return export->chip;
}

/**
 * bt_tt_export_window() - number of an exported TLB window
 * @export: the export
 *
 * Context: any.
 * Return: the number.
 */
u32 bt_tt_export_window(const struct bt_tt_export *export)
{
	return export->window;
}
