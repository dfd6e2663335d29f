/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In which space an address was allocated
 *
 * A free does not say it, and one address can be allocated in several spaces at
 * once. What a free means is what the kernel would take it for if it knew no
 * spaces: of those where the address is live the one it was allocated in last,
 * or, where it is live in none, the one it was freed in last.
 *
 * Addresses that are freed are kept, for their second free to be told, as long as
 * there is room. Then the one freed first is forgotten first: of one's own, where
 * it is one's own share that is full, and else of all.
 */
#ifndef BUFTRACK_BRIDGE_ADDRESSES_H
#define BUFTRACK_BRIDGE_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The spaces that a free without a space can be meant for */
#define ADDRESS_SPACES 5

struct address;

/**
 * struct address_room - how many addresses may be remembered
 * @most: by all who share it
 * @used: by them
 * @freed: those of all that are live nowhere, the one freed first at the front
 */
struct address_room {
	uint64_t most;
	uint64_t used;
	struct address *freed;
};

struct addresses;

/**
 * addresses_new() - nothing is allocated yet
 * @room: what it shares with others; outlives it
 * @most: how many it may have itself
 *
 * Return: for addresses_free(), or NULL when out of memory.
 */
struct addresses *addresses_new(struct address_room *room, uint64_t most);
void addresses_free(struct addresses *addresses);

/**
 * addresses_note_alloc() - an address is allocated
 * @addresses: what is known
 * @device: which device, 0 to 65535
 * @address: the address
 * @space: where, below ADDRESS_SPACES
 *
 * Return: 0, or -1: there is no room for it.
 */
int addresses_note_alloc(struct addresses *addresses, unsigned int device,
			 uint64_t address, unsigned int space);

/**
 * addresses_note_free() - an address is freed
 *
 * Return: the space that is meant, or -1: it is not known.
 */
int addresses_note_free(struct addresses *addresses, unsigned int device,
			uint64_t address);

/* addresses_know() - whether it is remembered, live or freed */
bool addresses_know(struct addresses *addresses, unsigned int device,
		    uint64_t address);

/* addresses_count() - how many are remembered */
uint64_t addresses_count(const struct addresses *addresses);

#endif /* BUFTRACK_BRIDGE_ADDRESSES_H */
