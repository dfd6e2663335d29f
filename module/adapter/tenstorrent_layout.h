/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of tt-kmd's structures that its adapter reads */
#ifndef BUFTRACK_ADAPTER_TENSTORRENT_LAYOUT_H
#define BUFTRACK_ADAPTER_TENSTORRENT_LAYOUT_H

#include <linux/bits.h>
#include <linux/types.h>

/* Bounds of the driver */
#define BT_TT_WINDOWS		256
#define BT_TT_REGIONS		16

/* Buffers, and what only some versions do with them */
#define BT_TT_DMA		BIT(0)
#define BT_TT_PIN		BIT(1)
#define BT_TT_TLB		BIT(2)
#define BT_TT_EXPORT		BIT(3)
#define BT_TT_IATU		BIT(4)
#define BT_TT_RECLAIM		BIT(5)	/* a reset takes regions back */

/* The driver's own structures */
struct bt_tt_chip;
struct bt_tt_export;
struct bt_tt_file;
struct bt_tt_pin;

struct bt_adapter_support;
struct device;
struct module;

bool bt_tt_identify(const struct module *mod, struct bt_adapter_support *support);

struct device *bt_tt_chip_dev(const struct bt_tt_chip *chip);
u64 bt_tt_chip_window_bytes(const struct bt_tt_chip *chip);
u64 bt_tt_chip_window_size(const struct bt_tt_chip *chip, u32 window);
unsigned int bt_tt_chip_window_users(const struct bt_tt_chip *chip, u32 window);
bool bt_tt_chip_region_is_stale(const struct bt_tt_chip *chip, u32 region);

const struct bt_tt_chip *bt_tt_file_chip(const struct bt_tt_file *file);
bool bt_tt_file_find_dma(const struct bt_tt_file *file, u8 index, u64 *size);
bool bt_tt_file_next_dma(const struct bt_tt_file *file, unsigned long *next,
			 u8 *index);

const struct bt_tt_pin *bt_tt_file_next_pin(const struct bt_tt_file *file,
					    const struct bt_tt_pin *pin);
bool bt_tt_file_repeats_pin(const struct bt_tt_file *file, u64 address, u64 nr_pages,
			    unsigned int more);
bool bt_tt_pin_is_repeated(const struct bt_tt_file *file, const struct bt_tt_pin *pin);

u64 bt_tt_pin_address(const struct bt_tt_pin *pin);
u64 bt_tt_pin_nr_pages(const struct bt_tt_pin *pin);

const struct bt_tt_chip *bt_tt_export_chip(const struct bt_tt_export *export);
u32 bt_tt_export_window(const struct bt_tt_export *export);

#endif /* BUFTRACK_ADAPTER_TENSTORRENT_LAYOUT_H */
