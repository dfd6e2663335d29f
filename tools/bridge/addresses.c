// SPDX-License-Identifier: GPL-2.0
/*
 * In which space an address was allocated, by uthash
 *
 * Addresses come from programs that may mean harm, so the hash has a key that
 * they cannot know: no choice of addresses makes it slow.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "addresses.h"

static uint64_t hash_key[2];

static uint32_t hash_place(const void *place);

#define HASH_FUNCTION(key, length, hash) ((hash) = hash_place(key))
#define HASH_NONFATAL_OOM 1
#include <utlist.h>
#include <uthash.h>

/* Where an address is known from; the same bytes for the same place */
struct place {
	uint64_t address;
	uint64_t device;
};

/* The order of an address's spaces holds these. */
#define LIVE 0x80
#define NONE 0x7f

/**
 * struct address - an address
 * @place: which
 * @order: spaces it was allocated in, what happened last first, LIVE where it
 *	   is; NONE behind the last
 * @owner: whose it is
 * @prev: among its owner's freed ones, the one freed before; NULL while it is
 *	  live somewhere
 * @next: the one freed after
 * @room_prev: the same among those of all
 * @room_next: likewise
 */
struct address {
	struct place place;
	uint8_t order[ADDRESS_SPACES];
	struct addresses *owner;
	struct address *prev;
	struct address *next;
	struct address *room_prev;
	struct address *room_next;
	UT_hash_handle hh;
};

/*
 * @table: its addresses
 * @freed: those that are live nowhere, the one freed first at the front
 */
struct addresses {
	struct address_room *room;
	uint64_t most;
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

static void make_key(void)
{
	if (!hash_key[0] &&
	    getrandom(hash_key, sizeof(hash_key), 0) != sizeof(hash_key))
		hash_key[0] = (uintptr_t)&hash_key;
}

struct addresses *addresses_new(struct address_room *room, uint64_t most)
{
	struct addresses *addresses = calloc(1, sizeof(*addresses));

	make_key();
	if (!addresses)
		return NULL;
	addresses->room = room;
	addresses->most = most;
	return addresses;
}

uint64_t addresses_count(const struct addresses *addresses)
{
	return HASH_COUNT(addresses->table);
}

/* note_freed() - it is live nowhere any more */
static void note_freed(struct address *entry)
{
	struct addresses *owner = entry->owner;

	DL_APPEND(owner->freed, entry);
	DL_APPEND2(owner->room->freed, entry, room_prev, room_next);
}

/* note_live() - it is live somewhere, if it was not */
static void note_live(struct address *entry)
{
	struct addresses *owner = entry->owner;

	if (!entry->prev)
		return;
	DL_DELETE(owner->freed, entry);
	DL_DELETE2(owner->room->freed, entry, room_prev, room_next);
	entry->prev = NULL;
}

static void forget(struct address *entry)
{
	struct addresses *owner = entry->owner;

	note_live(entry);
	HASH_DEL(owner->table, entry);
	free(entry);
	owner->room->used--;
}

void addresses_free(struct addresses *addresses)
{
	struct address *entry, *next;

	if (!addresses)
		return;
	HASH_ITER(hh, addresses->table, entry, next)
	{
		forget(entry);
	}
	free(addresses);
}

static struct address *find(struct addresses *addresses, unsigned int device,
			    uint64_t address)
{
	const struct place place = { .address = address, .device = device };
	struct address *entry;

	HASH_FIND(hh, addresses->table, &place, sizeof(place), entry);
	return entry;
}

bool addresses_know(struct addresses *addresses, unsigned int device,
		    uint64_t address)
{
	return find(addresses, device, address) != NULL;
}

/* make_room() - forget what was freed, if that makes room for one more */
static bool make_room(struct addresses *addresses)
{
	struct address_room *room = addresses->room;

	if (addresses_count(addresses) >= addresses->most) {
		if (!addresses->freed)
			return false;
		forget(addresses->freed);
	}
	if (room->used < room->most)
		return true;
	if (!room->freed)
		return false;
	forget(room->freed);
	return true;
}

static struct address *add(struct addresses *addresses, unsigned int device,
			   uint64_t address)
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
	addresses->room->used++;
	return entry;
}

/* bring_first() - move what stands at @at to the front of an order, as @value */
static void bring_first(uint8_t *order, unsigned int at, uint8_t value)
{
	memmove(order + 1, order, at);
	order[0] = value;
}

int addresses_note_alloc(struct addresses *addresses, unsigned int device,
			 uint64_t address, unsigned int space)
{
	struct address *entry = find(addresses, device, address);
	unsigned int at = 0;

	if (!entry)
		entry = add(addresses, device, address);
	if (!entry)
		return -1;
	note_live(entry);
	while ((entry->order[at] & ~LIVE) != space && entry->order[at] != NONE)
		at++;
	bring_first(entry->order, at, space | LIVE);
	return 0;
}

/* live_at() - the first live one of an order, or ADDRESS_SPACES */
static unsigned int live_at(const uint8_t *order)
{
	unsigned int at = 0;

	while (at < ADDRESS_SPACES && !(order[at] & LIVE))
		at++;
	return at;
}

int addresses_note_free(struct addresses *addresses, unsigned int device,
			uint64_t address)
{
	struct address *entry = find(addresses, device, address);
	unsigned int at;
	uint8_t space;

	if (!entry)
		return -1;
	at = live_at(entry->order);
	/* To be freed again makes it no younger. */
	if (at == ADDRESS_SPACES)
		return entry->order[0];
	space = entry->order[at] & ~LIVE;
	bring_first(entry->order, at, space);
	if (live_at(entry->order) == ADDRESS_SPACES)
		note_freed(entry);
	return space;
}
