// SPDX-License-Identifier: GPL-2.0
/*
 * Find the space of a freed address
 *
 * Programs choose the addresses. The hash is keyed with a random number, so they
 * cannot choose addresses that collide.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "addresses.h"

static uint64_t hash_key[2];

static uint32_t hash_place(const void *key);

#define HASH_FUNCTION(key, length, hash) ((hash) = hash_place(key))
#define HASH_NONFATAL_OOM 1
#include <utlist.h>
#include <uthash.h>

/* The hash key; it has no padding */
struct place {
	uint64_t address;
	uint64_t device;
};

/* A space in struct address.order: LIVE is a flag, NONE ends the list. */
#define LIVE 0x80
#define NONE 0x7f

/**
 * struct address - an address of a map
 * @place: the address and its device
 * @order: spaces it was allocated in, latest event first
 * @owner: the map
 * @prev: previous in @owner->freed; NULL while it is live in a space
 * @next: next in @owner->freed
 * @pool_prev: previous in the pool's @freed
 * @pool_next: next in the pool's @freed
 */
struct address {
	struct place place;
	uint8_t order[ADDRESS_SPACES];
	struct addresses *owner;
	struct address *prev;
	struct address *next;
	struct address *pool_prev;
	struct address *pool_next;
	UT_hash_handle hh;
};

/*
 * @pool: the pool it shares
 * @max: most addresses in @table
 * @table: all addresses
 * @freed: addresses that are live nowhere, oldest free first
 */
struct addresses {
	struct address_pool *pool;
	uint64_t max;
	struct address *table;
	struct address *freed;
};

static uint32_t hash_place(const void *key)
{
	const struct place *place = key;
	uint64_t hash =
		(place->address ^ hash_key[0]) * UINT64_C(0x9e3779b97f4a7c15);

	hash ^= hash >> 32;
	hash = (hash + place->device + hash_key[1]) *
	       UINT64_C(0xd6e8feb86659fd93);
	return hash >> 32;
}

static void init_hash_key(void)
{
	if (!hash_key[0] &&
	    getrandom(hash_key, sizeof(hash_key), 0) != sizeof(hash_key))
		hash_key[0] = (uintptr_t)&hash_key;
}

struct addresses *addresses_new(struct address_pool *pool, uint64_t max)
{
	struct addresses *addresses = calloc(1, sizeof(*addresses));

	init_hash_key();
	if (!addresses)
		return NULL;
	addresses->pool = pool;
	addresses->max = max;
	return addresses;
}

uint64_t addresses_count(const struct addresses *addresses)
{
	return HASH_COUNT(addresses->table);
}

static void add_to_freed(struct address *entry)
{
	struct addresses *owner = entry->owner;

	DL_APPEND(owner->freed, entry);
	DL_APPEND2(owner->pool->freed, entry, pool_prev, pool_next);
}

static void remove_from_freed(struct address *entry)
{
	struct addresses *owner = entry->owner;

	if (!entry->prev)
		return;
	DL_DELETE(owner->freed, entry);
	DL_DELETE2(owner->pool->freed, entry, pool_prev, pool_next);
	entry->prev = NULL;
}

static void remove_address(struct address *entry)
{
	struct addresses *owner = entry->owner;

	remove_from_freed(entry);
	HASH_DEL(owner->table, entry);
	free(entry);
	owner->pool->used--;
}

void addresses_free(struct addresses *addresses)
{
	struct address *entry, *next;

	if (!addresses)
		return;
	HASH_ITER(hh, addresses->table, entry, next)
	{
		remove_address(entry);
	}
	free(addresses);
}

static struct address *find_address(struct addresses *addresses,
				    unsigned int device, uint64_t address)
{
	const struct place place = { .address = address, .device = device };
	struct address *entry;

	HASH_FIND(hh, addresses->table, &place, sizeof(place), entry);
	return entry;
}

bool addresses_contains(struct addresses *addresses, unsigned int device,
			uint64_t address)
{
	return find_address(addresses, device, address) != NULL;
}

/* make_room() - drop the oldest freed address if the map or the pool is full */
static bool make_room(struct addresses *addresses)
{
	struct address_pool *pool = addresses->pool;

	if (addresses_count(addresses) >= addresses->max) {
		if (!addresses->freed)
			return false;
		remove_address(addresses->freed);
	}
	if (pool->used < pool->max)
		return true;
	if (!pool->freed)
		return false;
	remove_address(pool->freed);
	return true;
}

static struct address *add_address(struct addresses *addresses,
				   unsigned int device, uint64_t address)
{
	struct address *entry;

	if (!make_room(addresses))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->owner = addresses;
	entry->place = (struct place){ .address = address, .device = device };
	memset(entry->order, NONE, sizeof(entry->order));
	HASH_ADD(hh, addresses->table, place, sizeof(entry->place), entry);
	if (!entry->hh.tbl) {
		free(entry);
		return NULL;
	}
	addresses->pool->used++;
	return entry;
}

/* move_to_front() - replace the entry at @at by @value at the front */
static void move_to_front(uint8_t *order, unsigned int at, uint8_t value)
{
	memmove(order + 1, order, at);
	order[0] = value;
}

int addresses_note_alloc(struct addresses *addresses, unsigned int device,
			 uint64_t address, unsigned int space)
{
	struct address *entry = find_address(addresses, device, address);
	unsigned int at = 0;

	if (!entry)
		entry = add_address(addresses, device, address);
	if (!entry)
		return -1;
	remove_from_freed(entry);
	while ((entry->order[at] & ~LIVE) != space && entry->order[at] != NONE)
		at++;
	move_to_front(entry->order, at, space | LIVE);
	return 0;
}

/* first_live() - index of the first live entry, or ADDRESS_SPACES */
static unsigned int first_live(const uint8_t *order)
{
	unsigned int at = 0;

	while (at < ADDRESS_SPACES && !(order[at] & LIVE))
		at++;
	return at;
}

int addresses_note_free(struct addresses *addresses, unsigned int device,
			uint64_t address)
{
	struct address *entry = find_address(addresses, device, address);
	unsigned int at;
	uint8_t space;

	if (!entry)
		return -1;
	at = first_live(entry->order);
	/* A repeated free does not make the address younger. */
	if (at == ADDRESS_SPACES)
		return entry->order[0];
	space = entry->order[at] & ~LIVE;
	move_to_front(entry->order, at, space);
	if (first_live(entry->order) == ADDRESS_SPACES)
		add_to_freed(entry);
	return space;
}
