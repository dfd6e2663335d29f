/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The devices that programs speak of, and which of the kernel's they are
 *
 * Device 3 of a program is the chip of that number: registered by the chip's PCI
 * address, or by a name that was configured, or, where nothing is known of a chip
 * or its name may not be registered, as tt:3.
 */
#ifndef BUFTRACK_BRIDGE_DEVICE_H
#define BUFTRACK_BRIDGE_DEVICE_H

#include "bridge.h"
#include "config.h"

/* The first five as the protocol numbers what a buffer can be in. */
enum space {
	SPACE_DRAM = 0,
	SPACE_L1 = 1,
	SPACE_SYSTEM = 2,
	SPACE_L1_SMALL = 3,
	SPACE_TRACE = 4,
	SPACE_CB,
	SPACE_KERNEL,
	SPACE_UNKNOWN,
	NR_SPACES,
};

/* So many reports of one client go in at once. */
#define DEVICE_BATCH 1024

/* The number of a space that the device has not been asked for yet */
#define NO_SPACE UINT32_MAX

/**
 * struct device - a device that was spoken of
 * @id: the programs' number
 * @number: n of /dev/buftrack/n
 * @name: what it is registered as
 * @file: its node, open for all that is no report; NULL: it could not be opened
 * @spaces: numbers of its spaces, or NO_SPACE
 * @reports: of the account that has its turn
 * @retry: not to be tried before, by the loop's clock
 * @told: errno that the operator was told of last
 */
struct device {
	struct bridge *bridge;
	int32_t id;
	unsigned int number;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	struct buftrack_device *file;
	unsigned int spaces[NR_SPACES];
	struct buftrack_reports *reports;
	uint64_t retry;
	int told;
};

/* bridge_space_name() - what a space is called */
const char *bridge_space_name(enum space space);

/**
 * device_get() - a device that reports are for
 * @bridge: the bridge
 * @id: the programs' number, below WIRE_DEVICES
 *
 * Registers it if it is not there.
 *
 * Return: the device, or NULL: not now.
 */
struct device *device_get(struct bridge *bridge, int32_t id);

/**
 * device_look() - a device that somebody asks about
 *
 * Return: the device, or NULL: there is none, and it is not registered for that.
 */
struct device *device_look(struct bridge *bridge, int32_t id);

/**
 * device_space() - the number of a space, which is added if it is not there
 *
 * Return: 0, or -1 with errno.
 */
int device_space(struct device *device, enum space space, unsigned int *number);

/* device_gone() - it was removed; the next one to need it registers it anew */
void device_gone(struct device *device);

/* device_tell() - tell the operator of an errno, unless that is known */
void device_tell(struct device *device, const char *what, int error);

void devices_forget_all(struct bridge *bridge);

#endif /* BUFTRACK_BRIDGE_DEVICE_H */
