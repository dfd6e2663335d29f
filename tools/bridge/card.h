/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sysfs tells of the chips that are there
 */
#ifndef BUFTRACK_BRIDGE_CARD_H
#define BUFTRACK_BRIDGE_CARD_H

#include "config.h"

/**
 * card_from_sysfs() - look for a chip
 * @sysfs: where sysfs is
 * @device: its number
 * @card: to be filled in
 *
 * The name is its PCI address. How many channels and how much memory a chip has
 * is not there; its architecture is, and what all of those have.
 *
 * Return: true if it is there.
 */
bool card_from_sysfs(const char *sysfs, int32_t device, struct card *card);

/* card_count() - how many devices there are, by what was configured and sysfs */
uint32_t card_count(const struct config *config, const char *sysfs);

/**
 * card_find() - what is known of a device: what was configured, and else sysfs
 *
 * Return: true if anything is.
 */
bool card_find(const struct config *config, const char *sysfs, int32_t device,
	       struct card *card);

#endif /* BUFTRACK_BRIDGE_CARD_H */
