// SPDX-License-Identifier: GPL-2.0
/*
 * Count the references of an address, and find the space of a freed one
 *
 * Programs choose the addresses. The hash is keyed with a random number, so they
 * cannot choose addresses that collide.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../util/share.h"
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

/**
 * struct reference - the references of an address in a space
 * @next: the space with the next older event
 * @size: the largest size given since the first reference
 * @count: their number, 0 if the address is freed
 * @kept: where the count is kept, 0 if nowhere
 * @space: the space
 * @was_alias: there has been more than one reference
 */
struct reference {
	struct reference *next;
	uint64_t size;
	uint32_t count;
	uint32_t kept;
	uint16_t space;
	bool was_alias;
};

/**
 * struct address - an address of a map
 * @place: the address and its device
 * @spaces: spaces it was allocated in, latest event first
 * @owner: the map
 * @prev: previous in @owner->freed; NULL while it is live in a space
 * @next: next in @owner->freed
 * @pool_prev: previous in the pool's @freed
 * @pool_next: next in the pool's @freed
 *
 * Spaces that a free names have addresses of their own: see get_place().
 */
struct address {
	struct place place;
	struct reference *spaces;
	struct addresses *owner;
	struct address *prev;
	struct address *next;
	struct address *pool_prev;
	struct address *pool_next;
	UT_hash_handle hh;
};

/*
 * @pool: the pool it shares
 * @max: limit on addresses in @table
 * @table: all addresses
 * @freed: addresses that are live nowhere, oldest free first
 * @has_dropped: freed addresses were dropped
 * @keep: see addresses_watch()
 * @context: for @keep
 */
struct addresses {
	struct address_pool *pool;
	uint64_t max;
	struct address *table;
	struct address *freed;
	bool has_dropped;
	uint32_t (*keep)(void *context, uint32_t place,
			 const struct address_count *count);
	void *context;
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

bool addresses_has_dropped(const struct addresses *addresses)
{
	return addresses->has_dropped;
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

/* totals() - the pool that counts references */
static struct address_pool *totals(struct addresses *addresses)
{
	struct address_pool *pool = addresses->pool;

	return pool->all ? pool->all : pool;
}

static void free_references(struct address *entry)
{
	struct address_pool *pool = totals(entry->owner);
	struct reference *reference, *next;

	LL_FOREACH_SAFE(entry->spaces, reference, next)
	{
		if (reference->count)
			pool->references -= reference->count - 1;
		free(reference);
	}
}

static void remove_address(struct address *entry)
{
	struct addresses *owner = entry->owner;

	free_references(entry);
	remove_from_freed(entry);
	HASH_DEL(owner->table, entry);
	free(entry);
	owner->pool->used--;
	if (owner->pool->all)
		owner->pool->all->used--;
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

/* get_place() - the key of an address; each space that frees name has its own */
static struct place get_place(unsigned int device, uint64_t address, int space)
{
	uint64_t named = space < ADDRESS_SPACES ? 0 :
						  space - ADDRESS_SPACES + 1;

	return (struct place){
		.address = address,
		.device = device | named << 32,
	};
}

static struct address *find_address(struct addresses *addresses,
				    const struct place *place)
{
	struct address *entry;

	HASH_FIND(hh, addresses->table, place, sizeof(*place), entry);
	return entry;
}

bool addresses_contains(struct addresses *addresses, unsigned int device,
			uint64_t address)
{
	const struct place place =
		get_place(device, address, ADDRESS_ANY_SPACE);

	return find_address(addresses, &place) != NULL;
}

static bool has_room(const struct address_pool *pool)
{
	const struct address_pool *all = pool->all;

	return all ? share_has(pool->used, 1, all->max, all->used) :
		     pool->used < pool->max;
}

static bool drop(struct address *freed)
{
	if (!freed)
		return false;
	freed->owner->has_dropped = true;
	remove_address(freed);
	return true;
}

/* make_room() - drop the oldest freed address if the map or the pool is full */
static bool make_room(struct addresses *addresses)
{
	struct address_pool *pool = addresses->pool;

	if (addresses_count(addresses) >= addresses->max &&
	    !drop(addresses->freed))
		return false;
	return has_room(pool) || drop(pool->freed);
}

static struct address *add_address(struct addresses *addresses,
				   const struct place *place)
{
	struct address *entry;

	if (!make_room(addresses))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->owner = addresses;
	entry->place = *place;
	HASH_ADD(hh, addresses->table, place, sizeof(entry->place), entry);
	if (!entry->hh.tbl) {
		free(entry);
		return NULL;
	}
	addresses->pool->used++;
	if (addresses->pool->all)
		addresses->pool->all->used++;
	return entry;
}

static struct reference *find_reference(struct address *entry,
					unsigned int space)
{
	struct reference *reference;

	LL_SEARCH_SCALAR(entry->spaces, reference, space, space);
	return reference;
}

/* first_live() - the latest live space, or NULL */
static struct reference *first_live(struct address *entry)
{
	struct reference *reference = entry->spaces;

	while (reference && !reference->count)
		reference = reference->next;
	return reference;
}

static void move_to_front(struct address *entry, struct reference *reference)
{
	if (entry->spaces == reference)
		return;
	LL_DELETE(entry->spaces, reference);
	LL_PREPEND(entry->spaces, reference);
}

/* get_reference() - find or add a space of an address, and move it to the front */
static struct reference *get_reference(struct addresses *addresses,
				       const struct place *place,
				       unsigned int space)
{
	struct address *entry = find_address(addresses, place);
	struct reference *reference = NULL;

	if (entry)
		reference = find_reference(entry, space);
	if (!reference) {
		reference = calloc(1, sizeof(*reference));
		if (reference && !entry)
			entry = add_address(addresses, place);
		if (!reference || !entry) {
			free(reference);
			return NULL;
		}
		reference->space = space;
		LL_PREPEND(entry->spaces, reference);
	}
	remove_from_freed(entry);
	move_to_front(entry, reference);
	return reference;
}

static void keep_count(struct addresses *addresses, const struct place *place,
		       struct reference *reference)
{
	const struct address_count count = {
		.address = place->address,
		.size = reference->size,
		.device = (uint32_t)place->device,
		.count = reference->count,
		.space = reference->space,
		.was_alias = reference->was_alias,
	};

	if (addresses->keep && (reference->was_alias || reference->kept))
		reference->kept = addresses->keep(addresses->context,
						  reference->kept, &count);
}

static enum address_alloc begin_buffer(struct reference *reference,
				       uint64_t size)
{
	reference->count = 1;
	reference->size = size;
	reference->was_alias = false;
	return size ? ADDRESS_FIRST : ADDRESS_EMPTY;
}

static enum address_alloc add_alias(struct address_pool *pool,
				    struct reference *reference, uint64_t size)
{
	uint64_t before = reference->size;

	reference->count++;
	reference->was_alias = true;
	pool->references++;
	pool->alias_allocs++;
	if (size <= before)
		return ADDRESS_ALIAS;
	reference->size = size;
	return before ? ADDRESS_LARGER : ADDRESS_FIRST;
}

enum address_alloc addresses_note_alloc(struct addresses *addresses,
					unsigned int device, uint64_t address,
					unsigned int space, uint64_t size)
{
	const struct place place = get_place(device, address, space);
	struct reference *reference = get_reference(addresses, &place, space);
	enum address_alloc what;

	if (!reference || reference->count == UINT32_MAX)
		return ADDRESS_NO_ROOM;
	if (!reference->count)
		what = begin_buffer(reference, size);
	else
		what = add_alias(totals(addresses), reference, size);
	keep_count(addresses, &place, reference);
	return what;
}

/* drop_reference() - true if others are left */
static bool drop_reference(struct address *entry, struct reference *reference)
{
	struct address_pool *pool = totals(entry->owner);

	if (--reference->count) {
		pool->references--;
		pool->alias_frees++;
		return true;
	}
	if (!first_live(entry))
		add_to_freed(entry);
	return false;
}

struct address_free addresses_note_free(struct addresses *addresses,
					unsigned int device, uint64_t address,
					int space)
{
	const struct place place = get_place(device, address, space);
	struct address *entry = find_address(addresses, &place);
	struct address_free what = { .space = -1 };
	struct reference *reference;

	if (!entry)
		return what;
	reference = first_live(entry);
	/* A repeated free does not make the address younger. */
	if (!reference) {
		what.space = entry->spaces->space;
		return what;
	}
	what.space = reference->space;
	what.was_live = true;
	what.was_alias = reference->was_alias;
	move_to_front(entry, reference);
	what.is_alias = drop_reference(entry, reference);
	what.left = reference->count;
	what.size = reference->size;
	keep_count(addresses, &place, reference);
	return what;
}

static struct reference *find_live(struct addresses *addresses,
				   unsigned int device, uint64_t address,
				   int space)
{
	const struct place place = get_place(device, address, space);
	struct address *entry = find_address(addresses, &place);

	if (!entry)
		return NULL;
	return space < 0 ? first_live(entry) : find_reference(entry, space);
}

uint32_t addresses_references(struct addresses *addresses, unsigned int device,
			      uint64_t address, int space)
{
	struct reference *reference =
		find_live(addresses, device, address, space);

	return reference ? reference->count : 0;
}

void addresses_note_lost(struct addresses *addresses, unsigned int device,
			 uint64_t address, unsigned int space)
{
	struct reference *reference =
		find_live(addresses, device, address, space);

	if (reference)
		reference->size = 0;
}

void addresses_add_references(struct addresses *addresses, unsigned int device,
			      uint64_t address, unsigned int space,
			      uint32_t more)
{
	struct reference *reference =
		find_live(addresses, device, address, space);

	if (!reference || more > UINT32_MAX - reference->count)
		return;
	reference->count += more;
	reference->was_alias = true;
	totals(addresses)->references += more;
}

int addresses_set_count(struct addresses *addresses,
			const struct address_count *count)
{
	const struct place place =
		get_place(count->device, count->address, count->space);
	struct reference *reference =
		get_reference(addresses, &place, count->space);
	struct address_pool *pool = totals(addresses);

	if (!reference)
		return -1;
	if (reference->count)
		pool->references -= reference->count - 1;
	reference->size = count->size;
	reference->count = count->count;
	reference->was_alias = count->was_alias;
	pool->references += count->count - 1;
	keep_count(addresses, &place, reference);
	return 0;
}

void addresses_watch(struct addresses *addresses,
		     uint32_t (*keep)(void *context, uint32_t place,
				      const struct address_count *count),
		     void *context)
{
	struct reference *reference;
	struct address *entry;

	addresses->keep = keep;
	addresses->context = context;
	for (entry = addresses->table; entry; entry = entry->hh.next)
		LL_FOREACH(entry->spaces, reference)
	if (reference->count)
		keep_count(addresses, &entry->place, reference);
}

void addresses_unwatch(struct addresses *addresses)
{
	const struct address_count none = { .count = 0 };
	struct reference *reference;
	struct address *entry;

	for (entry = addresses->table; entry; entry = entry->hh.next)
		LL_FOREACH(entry->spaces, reference)
	if (reference->kept)
		addresses->keep(addresses->context, reference->kept, &none);
	addresses->keep = NULL;
}
