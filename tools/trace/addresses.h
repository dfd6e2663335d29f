/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Find the space of a freed address
 *
 * The allocation server's protocol names no space in a free, and an address may be
 * live in several spaces. The kernel's rule for a free without an id applies: the
 * space of the latest allocation that is live, else the space of the latest free.
 *
 * Freed addresses are kept, so that a second free finds its space. When the map or
 * the pool it shares with other maps is full, the oldest freed address is dropped.
 */
#ifndef BUFTRACK_TRACE_ADDRESSES_H
#define BUFTRACK_TRACE_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Number of spaces that a free without a space can refer to */
#define ADDRESS_SPACES 5

struct address;

/**
 * struct address_pool - a bound that several maps share
 * @max: most addresses in all maps together
 * @used: number of addresses in all maps
 * @freed: addresses of all maps that are live nowhere, oldest free first
 */
struct address_pool {
	uint64_t max;
	uint64_t used;
	struct address *freed;
};

struct addresses;

/**
 * addresses_new() - create an empty map
 * @pool: the pool it shares; outlives the map
 * @max: most addresses in this map
 *
 * Return: the map, or NULL when out of memory.
 */
struct addresses *addresses_new(struct address_pool *pool, uint64_t max);
void addresses_free(struct addresses *addresses);

/**
 * addresses_note_alloc() - record an allocation
 * @addresses: the map
 * @device: the device, 0 to 65535
 * @address: the address
 * @space: the space, below ADDRESS_SPACES
 *
 * Return: 0, or -1 when there is no room.
 */
int addresses_note_alloc(struct addresses *addresses, unsigned int device,
			 uint64_t address, unsigned int space);

/**
 * addresses_note_free() - record a free
 * @addresses: the map
 * @device: the device
 * @address: the address
 *
 * Return: the space, or -1 if the address is unknown.
 */
int addresses_note_free(struct addresses *addresses, unsigned int device,
			uint64_t address);

/* addresses_contains() - true if the address is in the map, live or freed */
bool addresses_contains(struct addresses *addresses, unsigned int device,
			uint64_t address);

/* addresses_count() - number of addresses in the map */
uint64_t addresses_count(const struct addresses *addresses);

#endif /* BUFTRACK_TRACE_ADDRESSES_H */
