/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Properties of a device, from the configuration and sysfs
 *
 * The configuration is JSON:
 *
 *   {"devices": [{"device_id": 0, "name": "0000:01:00.0", "arch": "wormhole_b0",
 *                 "num_dram_channels": 12, "dram_size_per_channel": 1073741824,
 *                 "l1_size_per_core": 1499136, "num_cores": 72,
 *                 "total_dram_size": ..., "total_l1_size": ...}]}
 *
 * Only device_id is required. The totals default to products of the other fields.
 */
#ifndef BUFTRACK_BRIDGE_CARD_H
#define BUFTRACK_BRIDGE_CARD_H

#include <libbuftrack.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * struct card - properties of a device
 * @is_there: the configuration or sysfs has it
 * @name: name to register it by, "" if unknown
 * @arch: architecture as the protocol numbers it, 0 if unknown
 * @channels: number of DRAM channels
 * @dram_per_channel: size of a channel
 * @l1_per_core: size of a core's L1
 * @cores: number of cores
 * @total_dram: size of all DRAM
 * @total_l1: size of all L1
 */
struct card {
	bool is_there;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	uint32_t arch;
	uint32_t channels;
	uint32_t dram_per_channel;
	uint32_t l1_per_core;
	uint32_t cores;
	uint64_t total_dram;
	uint64_t total_l1;
};

struct config;

/**
 * config_read() - read the configuration
 * @path: the file
 * @required: fail if it does not exist
 *
 * Return: the configuration, or NULL with an error message printed.
 */
struct config *config_read(const char *path, bool required);
void config_free(struct config *config);

/**
 * card_find() - look up a device in the configuration, then in sysfs
 * @config: the configuration
 * @sysfs: mount point of sysfs
 * @device: device number
 * @card: filled in
 *
 * The configuration has precedence. Without a configured name, the name is the PCI
 * address of the chip in sysfs.
 *
 * Return: true if either has the device.
 */
bool card_find(const struct config *config, const char *sysfs, int32_t device,
	       struct card *card);

/* card_count() - number of devices in the configuration and sysfs */
uint32_t card_count(const struct config *config, const char *sysfs);

#endif /* BUFTRACK_BRIDGE_CARD_H */
