/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Count the references of an address, and find the space of a freed one
 *
 * Several objects of a program may name one buffer: a buffer and its views, buffers
 * created at a given address, circular buffers of cached programs. The allocation
 * server's protocol reports each of them by an ALLOC and a FREE of the same
 * address. So the first ALLOC begins a buffer, the last FREE ends it, and a further
 * FREE is wrong.
 *
 * A FREE need not name a space, while an address may be live in several. The
 * kernel's rule for a free without an id applies: the space of the latest
 * allocation that is live, else the space of the latest free.
 *
 * Freed addresses are kept, so that a second free finds its space. When the map or
 * the pool it shares with other maps is full, the oldest freed address is dropped.
 * Then a free of an unknown address may be a second one.
 */
#ifndef BUFTRACK_TRACE_ADDRESSES_H
#define BUFTRACK_TRACE_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Number of spaces that a free without a space can refer to; higher ones are named. */
#define ADDRESS_SPACES 5

/* The space of a free that names none */
#define ADDRESS_ANY_SPACE -1

struct address;

/**
 * struct address_pool - a bound that several maps share
 * @all: the pool of all users; this one is of one user, who has a share of it. NULL: it
 *	 is not shared
 * @max: limit on addresses in all maps together, without @all
 * @used: number of addresses in all maps
 * @references: references beyond the first of each buffer, without @all
 * @alias_allocs: allocs so far that were further references, without @all
 * @alias_frees: frees so far that left other references, without @all
 * @freed: addresses of all maps that are live nowhere, oldest free first
 */
struct address_pool {
	struct address_pool *all;
	uint64_t max;
	uint64_t used;
	uint64_t references;
	uint64_t alias_allocs;
	uint64_t alias_frees;
	struct address *freed;
};

struct addresses;

/**
 * struct address_count - references of an address in a space
 * @address: the address
 * @size: the largest size that was named
 * @device: the device
 * @count: number of references, 0 if it is freed
 * @space: the space
 * @was_alias: it has had more than one reference
 */
struct address_count {
	uint64_t address;
	uint64_t size;
	uint32_t device;
	uint32_t count;
	uint16_t space;
	bool was_alias;
};

/**
 * addresses_new() - create an empty map
 * @pool: the pool it shares; outlives the map
 * @max: limit on addresses in this map
 *
 * Return: the map, or NULL when out of memory.
 */
struct addresses *addresses_new(struct address_pool *pool, uint64_t max);
void addresses_free(struct addresses *addresses);

/**
 * enum address_alloc - kind of an allocation
 * @ADDRESS_NO_ROOM: not recorded
 * @ADDRESS_FIRST: the first reference of a size above 0: a buffer begins
 * @ADDRESS_EMPTY: the first reference, of size 0
 * @ADDRESS_ALIAS: a further reference
 * @ADDRESS_LARGER: a further reference, of a larger size than those before
 */
enum address_alloc {
	ADDRESS_NO_ROOM = -1,
	ADDRESS_FIRST,
	ADDRESS_EMPTY,
	ADDRESS_ALIAS,
	ADDRESS_LARGER,
};

/**
 * addresses_note_alloc() - record an allocation
 * @addresses: the map
 * @device: the device, 0 to 65535
 * @address: the address
 * @space: the space
 * @size: the size, 0 if it is invalid
 *
 * Return: its kind.
 */
enum address_alloc addresses_note_alloc(struct addresses *addresses,
					unsigned int device, uint64_t address,
					unsigned int space, uint64_t size);

/*
 * addresses_note_lost() - note that a buffer was not reported: its next reference
 * begins it
 */
void addresses_note_lost(struct addresses *addresses, unsigned int device,
			 uint64_t address, unsigned int space);

/**
 * struct address_free - effect of a free
 * @space: the space, or -1 if the address is unknown
 * @is_alias: other references are left: no buffer ends
 * @was_live: the address had a reference
 * @was_alias: it has had more than one, so a size in the free may be another's
 * @left: number of references that are left
 * @size: the largest size that was named
 */
struct address_free {
	int space;
	bool is_alias;
	bool was_live;
	bool was_alias;
	uint32_t left;
	uint64_t size;
};

/**
 * addresses_note_free() - record a free
 * @addresses: the map
 * @device: the device
 * @address: the address
 * @space: the space, or ADDRESS_ANY_SPACE
 *
 * Return: its effect.
 */
struct address_free addresses_note_free(struct addresses *addresses,
					unsigned int device, uint64_t address,
					int space);

/* addresses_contains() - true if the address is in the map, live or freed */
bool addresses_contains(struct addresses *addresses, unsigned int device,
			uint64_t address);

/* addresses_has_dropped() - true if an unknown address may be a freed one */
bool addresses_has_dropped(const struct addresses *addresses);

/* addresses_references() - references in the space, or in that of the next free */
uint32_t addresses_references(struct addresses *addresses, unsigned int device,
			      uint64_t address, int space);

/* addresses_add_references() - add references whose allocs were not seen */
void addresses_add_references(struct addresses *addresses, unsigned int device,
			      uint64_t address, unsigned int space,
			      uint32_t more);

/* addresses_set_count() - set the references of a live address; 0, or -1 if no room */
int addresses_set_count(struct addresses *addresses,
			const struct address_count *count);

/**
 * addresses_watch() - register a function that keeps the counts of aliased
 * addresses
 * @addresses: the map
 * @keep: called with each count that is or was above 1, now and when it changes.
 *	  @place is where the previous call kept it, or 0; returns where it is kept
 * @context: passed to @keep
 */
void addresses_watch(struct addresses *addresses,
		     uint32_t (*keep)(void *context, uint32_t place,
				      const struct address_count *count),
		     void *context);

/* addresses_unwatch() - nothing is kept any more: @keep gets counts of 0 */
void addresses_unwatch(struct addresses *addresses);

/* addresses_count() - number of addresses in the map */
uint64_t addresses_count(const struct addresses *addresses);

#endif /* BUFTRACK_TRACE_ADDRESSES_H */
