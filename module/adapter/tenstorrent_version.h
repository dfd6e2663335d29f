/* SPDX-License-Identifier: GPL-2.0 */
/* Where the loaded version of tt-kmd has the members that are read */
#ifndef BUFTRACK_ADAPTER_TENSTORRENT_VERSION_H
#define BUFTRACK_ADAPTER_TENSTORRENT_VERSION_H

#include <linux/types.h>

/**
 * enum bt_tt_member - a member of the driver's structures
 * @BT_TT_CHIP_PCI: PCI function of a chip
 * @BT_TT_CHIP_CLASS: model of a chip
 * @BT_TT_CHIP_NR_WINDOWS: TLB windows of a chip by size, which can be fewer than the model's
 * @BT_TT_CHIP_WINDOW_USERS: references to its TLB windows
 * @BT_TT_CHIP_REGIONS: its outbound iATU regions
 * @BT_TT_CHIP_RESETS: resets of it so far
 * @BT_TT_CLASS_NR_WINDOWS: TLB windows of a model, by size
 * @BT_TT_CLASS_WINDOW_SIZE: these sizes
 * @BT_TT_FILE_CHIP: chip of an open file
 * @BT_TT_FILE_DMA: buckets of its DMA buffers
 * @BT_TT_FILE_PINS: list of its pinned pages
 * @BT_TT_FILE_RESETS: resets of the chip when it was opened
 * @BT_TT_DMA_LINK: next DMA buffer in the bucket
 * @BT_TT_DMA_SIZE: size of a DMA buffer
 * @BT_TT_DMA_INDEX: its index
 * @BT_TT_PIN_LINK: next pinned pages of the file
 * @BT_TT_PIN_NR_PAGES: number of pinned pages
 * @BT_TT_PIN_ADDRESS: their user address
 * @BT_TT_EXPORT_CHIP: chip of an exported TLB window
 * @BT_TT_EXPORT_WINDOW: number of the window
 * @BT_TT_REGION_OWNER: open file that has an outbound iATU region
 * @BT_TT_NR_MEMBERS: number of members
 */
enum bt_tt_member {
	BT_TT_CHIP_PCI,
	BT_TT_CHIP_CLASS,
	BT_TT_CHIP_NR_WINDOWS,
	BT_TT_CHIP_WINDOW_USERS,
	BT_TT_CHIP_REGIONS,
	BT_TT_CHIP_RESETS,
	BT_TT_CLASS_NR_WINDOWS,
	BT_TT_CLASS_WINDOW_SIZE,
	BT_TT_FILE_CHIP,
	BT_TT_FILE_DMA,
	BT_TT_FILE_PINS,
	BT_TT_FILE_RESETS,
	BT_TT_DMA_LINK,
	BT_TT_DMA_SIZE,
	BT_TT_DMA_INDEX,
	BT_TT_PIN_LINK,
	BT_TT_PIN_NR_PAGES,
	BT_TT_PIN_ADDRESS,
	BT_TT_EXPORT_CHIP,
	BT_TT_EXPORT_WINDOW,
	BT_TT_REGION_OWNER,
	BT_TT_NR_MEMBERS,
};

/* Offset of a member that is unknown */
#define BT_TT_NOWHERE	U32_MAX

/**
 * struct bt_tt_version - a version of the driver
 * @has: its features, a mask of BT_TT_DMA to BT_TT_RECLAIM
 * @reads: the same: what its known layout lets us read
 * @repeats_pins: a file can pin the same pages several times
 * @untested: newer than the versions that the adapter was tested with
 * @at: offset of each member; BT_TT_NOWHERE: unknown
 */
struct bt_tt_version {
	u32 has;
	u32 reads;
	bool repeats_pins;
	bool untested;
	u32 at[BT_TT_NR_MEMBERS];
};

struct module;

bool bt_tt_version_find(struct bt_tt_version *v, const struct module *mod);

#endif /* BUFTRACK_ADAPTER_TENSTORRENT_VERSION_H */
