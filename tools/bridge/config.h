/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the operator tells of devices, in JSON, by json-c
 *
 *   {"devices": [{"device_id": 0, "name": "0000:01:00.0", "arch": "wormhole_b0",
 *                 "num_dram_channels": 12, "dram_size_per_channel": 1073741824,
 *                 "l1_size_per_core": 1499136, "num_cores": 72,
 *                 "total_dram_size": ..., "total_l1_size": ...}]}
 *
 * All but device_id may be left out. The totals, where they are, come of the rest.
 */
#ifndef BUFTRACK_BRIDGE_CONFIG_H
#define BUFTRACK_BRIDGE_CONFIG_H

#include <libbuftrack.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * struct card - what is known of a device
 * @is_there: anything is
 * @name: what to register it as, "": not said
 * @arch: as the protocol numbers it, 0: not known; and what else is asked for
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
 * config_read() - read the file
 * @path: the file
 * @required: it is a fault if it is not there
 *
 * Return: for config_free(), or NULL: it has said why.
 */
struct config *config_read(const char *path, bool required);
void config_free(struct config *config);

/* config_card() - what it tells of a device, or NULL: nothing */
const struct card *config_card(const struct config *config, int32_t device);

/* arch_number() - of "wormhole_b0", or 0: none is called so */
uint32_t arch_number(const char *name);

/* card_complete() - the totals, of what they come of */
void card_complete(struct card *card);

#endif /* BUFTRACK_BRIDGE_CONFIG_H */
