// SPDX-License-Identifier: GPL-2.0
/*
 * Reads of tt-kmd's structures
 *
 * The driver has neither installed headers nor a stable ABI for them, so each read goes
 * by the offset that tenstorrent_version.c has found, and tolerates faults.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/refcount.h>
#include <linux/uaccess.h>
#include "probe.h"
#include "tenstorrent_layout.h"
#include "tenstorrent_version.h"

/* Bounds of the driver */
#define BT_TT_DMA_BUFFERS	256
#define BT_TT_DMA_BUCKETS	16
#define BT_TT_WINDOW_SIZES	4

/* Bound of a walk over the pins of a file, whose lock we do not hold */
#define BT_TT_MAX_PINS		4096

/* Size of an outbound iATU region's structure: an owner and three addresses */
#define BT_TT_REGION_BYTES	(4 * sizeof(u64))

/* The version that is loaded; set before any probe is in place */
static struct bt_tt_version tt_loaded;

/* Read a member of a structure; 0 if it is unknown or cannot be read */
#define tt_read(_type, _at, _member)                                         \
({                                                                           \
	_type value_;                                                        \
	const void *from_ = tt_member(_at, _member);                         \
									     \
	if (!from_ || copy_from_kernel_nofault(&value_, from_, sizeof(value_))) \
		value_ = (typeof(value_))0;                                  \
	value_;                                                              \
})

static const void *tt_member(const void *at, enum bt_tt_member member)
{
	u32 offset = tt_loaded.at[member];

	return at && offset != BT_TT_NOWHERE ? at + offset : NULL;
}

static const void *tt_element(const void *at, enum bt_tt_member member,
			      size_t offset)
{
	const void *array = tt_member(at, member);

	return array ? array + offset : NULL;
}

static u32 tt_read_u32(const void *from)
{
	u32 value = 0;

	return from && !copy_from_kernel_nofault(&value, from, sizeof(value)) ? value : 0;
}

/**
 * bt_tt_identify() - find out which features a module has, and which can be tracked
 * @mod: the module
 * @support: out: its features, and those that can be tracked
 *
 * Context: may sleep.
 * Return: false: nothing can be tracked.
 */
bool bt_tt_identify(const struct module *mod, struct bt_adapter_support *support)
{
	bool known = bt_tt_version_find(&tt_loaded, mod);

	support->version = mod->version ?: "?";
	support->has = tt_loaded.has;
	support->reads = tt_loaded.reads;
	support->untested = tt_loaded.untested;
	return known && tt_loaded.reads;
}

/**
 * bt_tt_chip_dev() - PCI function of a chip
 * @chip: the chip
 *
 * A chip outlives its binding while files of it are open. The function then belongs to
 * no driver, or to another chip of the same name.
 *
 * Context: any.
 * Return: its struct device, or NULL: the driver has unbound from it.
 */
struct device *bt_tt_chip_dev(const struct bt_tt_chip *chip)
{
	struct pci_dev *pci = tt_read(struct pci_dev *, chip, BT_TT_CHIP_PCI);
	void *bound = NULL;

	if (!pci || copy_from_kernel_nofault(&bound, &pci->dev.driver_data,
					     sizeof(bound)))
		return NULL;
	return bound == chip ? &pci->dev : NULL;
}

/* Windows of the nth size; those of the chip can be fewer than those of its model */
static u32 tt_chip_nr_windows(const struct bt_tt_chip *chip, unsigned int nth)
{
	const void *at = tt_element(chip, BT_TT_CHIP_NR_WINDOWS, nth * sizeof(u32));
	const void *class;

	if (at)
		return tt_read_u32(at);
	class = tt_read(const void *, chip, BT_TT_CHIP_CLASS);
	return tt_read_u32(tt_element(class, BT_TT_CLASS_NR_WINDOWS,
				      nth * sizeof(u32)));
}

static u64 tt_chip_nth_size(const struct bt_tt_chip *chip, unsigned int nth)
{
	const void *class = tt_read(const void *, chip, BT_TT_CHIP_CLASS);
	const void *from = tt_element(class, BT_TT_CLASS_WINDOW_SIZE,
				      nth * sizeof(u64));
	u64 size = 0;

	return from && !copy_from_kernel_nofault(&size, from, sizeof(size)) ? size : 0;
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
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < BT_TT_WINDOW_SIZES; i++)
		bytes += tt_chip_nr_windows(chip, i) * tt_chip_nth_size(chip, i);
	return bytes;
}

/**
 * bt_tt_chip_window_size() - size of a TLB window
 * @chip: the chip
 * @window: number of the window
 *
 * Context: any.
 * Return: its bytes; 0: there is no such window.
 */
u64 bt_tt_chip_window_size(const struct bt_tt_chip *chip, u32 window)
{
	unsigned int i;

	for (i = 0; i < BT_TT_WINDOW_SIZES; i++) {
		u32 nr = tt_chip_nr_windows(chip, i);

		if (window < nr)
			return tt_chip_nth_size(chip, i);
		window -= nr;
	}
	return 0;
}

/**
 * bt_tt_chip_window_users() - references to a TLB window
 * @chip: the chip
 * @window: number of the window
 *
 * Context: any.
 * Return: references of its file and of its exports; 0: there is no such window. Versions
 * without exports do not count them: it is 1.
 */
unsigned int bt_tt_chip_window_users(const struct bt_tt_chip *chip, u32 window)
{
	const void *at;

	if (window >= BT_TT_WINDOWS)
		return 0;
	at = tt_element(chip, BT_TT_CHIP_WINDOW_USERS, window * sizeof(refcount_t));
	return at ? tt_read_u32(at) : 1;
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
	const void *at = tt_element(chip, BT_TT_CHIP_REGIONS,
				    region * BT_TT_REGION_BYTES);
	const void *owner = tt_read(const void *, at, BT_TT_REGION_OWNER);

	return owner && tt_read(long, owner, BT_TT_FILE_RESETS) !=
			tt_read(long, chip, BT_TT_CHIP_RESETS);
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
	return tt_read(const struct bt_tt_chip *, file, BT_TT_FILE_CHIP);
}

/*
 * Find the nth DMA buffer of a bucket. We cannot take the lock of the table, and an
 * unbind may be freeing the buffer: a stale answer is possible, a fault is not.
 */
static const void *tt_dma_at(const struct bt_tt_file *file, unsigned int bucket,
			     unsigned int nth)
{
	const void *from = tt_element(file, BT_TT_FILE_DMA,
				      bucket * sizeof(struct hlist_head));

	do {
		const void *link = NULL;

		if (!from || copy_from_kernel_nofault(&link, from, sizeof(link)) ||
		    !link)
			return NULL;
		from = link;
	} while (nth--);
	return from - tt_loaded.at[BT_TT_DMA_LINK];
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
	while (*next < BT_TT_DMA_BUCKETS * BT_TT_DMA_BUFFERS) {
		const void *dma = tt_dma_at(file, *next / BT_TT_DMA_BUFFERS,
					    *next % BT_TT_DMA_BUFFERS);

		if (dma) {
			*index = tt_read(u8, dma, BT_TT_DMA_INDEX);
			(*next)++;
			return true;
		}
		*next = round_up(*next + 1, BT_TT_DMA_BUFFERS);
	}
	return false;
}

static bool tt_find_dma_in(const struct bt_tt_file *file, unsigned int bucket,
			   u8 index, u64 *size)
{
	unsigned int nth;

	for (nth = 0; nth < BT_TT_DMA_BUFFERS; nth++) {
		const void *dma = tt_dma_at(file, bucket, nth);

		if (!dma)
			return false;
		if (tt_read(u8, dma, BT_TT_DMA_INDEX) != index)
			continue;
		*size = tt_read(u64, dma, BT_TT_DMA_SIZE);
		return *size;
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
	unsigned int i;

	for (i = 0; i < BT_TT_DMA_BUCKETS; i++)
		if (tt_find_dma_in(file, i, index, size))
			return true;
	return false;
}

/**
 * bt_tt_file_next_pin() - iterate over the pinned pages of a file
 * @file: the file
 * @pin: the previous ones, NULL at first
 *
 * Context: any.
 * Return: the next ones, or NULL: there are no more.
 */
const struct bt_tt_pin *bt_tt_file_next_pin(const struct bt_tt_file *file,
					    const struct bt_tt_pin *pin)
{
	const void *head = tt_member(file, BT_TT_FILE_PINS);
	const void *from = pin ? tt_member(pin, BT_TT_PIN_LINK) : head;
	const void *link = NULL;

	if (!from || copy_from_kernel_nofault(&link, from, sizeof(link)) || !link ||
	    link == head)
		return NULL;
	return link - tt_loaded.at[BT_TT_PIN_LINK];
}

static bool tt_pin_is(const struct bt_tt_pin *pin, u64 address, u64 nr_pages)
{
	return bt_tt_pin_address(pin) == address && bt_tt_pin_nr_pages(pin) == nr_pages;
}

/**
 * bt_tt_file_repeats_pin() - whether a file has pinned the same pages several times
 * @file: the file
 * @address: their user address
 * @nr_pages: their number
 * @more: how often is not yet a repetition
 *
 * Context: any.
 * Return: true if it has pinned them more than @more times.
 */
bool bt_tt_file_repeats_pin(const struct bt_tt_file *file, u64 address, u64 nr_pages,
			    unsigned int more)
{
	const struct bt_tt_pin *pin = NULL;
	unsigned int i, n = 0;

	if (!tt_loaded.repeats_pins)
		return false;
	for (i = 0; i < BT_TT_MAX_PINS && (pin = bt_tt_file_next_pin(file, pin)); i++)
		n += tt_pin_is(pin, address, nr_pages);
	return n > more;
}

/**
 * bt_tt_pin_is_repeated() - whether the same pages come again after these
 * @file: the file
 * @pin: the pinned pages
 *
 * Context: any.
 * Return: true if so.
 */
bool bt_tt_pin_is_repeated(const struct bt_tt_file *file, const struct bt_tt_pin *pin)
{
	u64 address = bt_tt_pin_address(pin), nr_pages = bt_tt_pin_nr_pages(pin);
	unsigned int i;

	if (!tt_loaded.repeats_pins)
		return false;
	for (i = 0; i < BT_TT_MAX_PINS && (pin = bt_tt_file_next_pin(file, pin)); i++)
		if (tt_pin_is(pin, address, nr_pages))
			return true;
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
	return tt_read(u64, pin, BT_TT_PIN_ADDRESS);
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
	return tt_read(unsigned long, pin, BT_TT_PIN_NR_PAGES);
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
	return tt_read(const struct bt_tt_chip *, export, BT_TT_EXPORT_CHIP);
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
	return tt_read(u32, export, BT_TT_EXPORT_WINDOW);
}
