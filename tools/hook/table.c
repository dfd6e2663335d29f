// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The objects of a runtime by a key, as a handle
 *
 * Shards of open addressing with a lock each. An object that was freed stays until its
 * key is used again, so that a second free of it is reported with its identity;
 * growing a shard drops such objects when they are the majority.
 */
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "internal.h"

#define MIN_SLOTS 256

/*
 * The lock is held for some stores. Its holder may have lost its processor to a waiter of a
 * higher priority, so a waiter sleeps in the end.
 */
static void lock(struct table_shard *shard)
{
	const struct timespec pause = { .tv_nsec = 50000 };
	unsigned int tries = 0;

	while (atomic_exchange_explicit(&shard->locked, true,
					memory_order_acquire))
		if (++tries % 100 == 0)
			nanosleep(&pause, NULL);
}

static void unlock(struct table_shard *shard)
{
	atomic_store_explicit(&shard->locked, false, memory_order_release);
}

static uint64_t hash(const void *key)
{
	return (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);
}

static struct table_shard *find_shard(struct table *table, const void *key)
{
	return &table->shards[hash(key) >> 58];
}

static uint32_t first_slot(const struct table_shard *shard, const void *key)
{
	return (uint32_t)(hash(key) >> 20) & shard->mask;
}

/* find_object() - the slot of a key, or the free slot where it belongs */
static struct table_object *find_object(const struct table_shard *shard,
					const void *key)
{
	uint32_t slot = first_slot(shard, key);

	while (shard->objects[slot].key && shard->objects[slot].key != key)
		slot = (slot + 1) & shard->mask;
	return &shard->objects[slot];
}

static struct table_object *map_objects(uint32_t slots)
{
	void *objects = mmap(NULL, slots * sizeof(struct table_object),
			     PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return objects == MAP_FAILED ? NULL : objects;
}

static void copy_objects(struct table_shard *to, const struct table_shard *from,
			 bool keep_freed)
{
	uint32_t i;

	for (i = 0; from->objects && i <= from->mask; i++) {
		const struct table_object *object = &from->objects[i];

		if (!object->key || (object->state != HOOK_LIVE && !keep_freed))
			continue;
		*find_object(to, object->key) = *object;
		to->used++;
		to->freed += object->state != HOOK_LIVE;
	}
}

static bool grow(struct table_shard *shard)
{
	bool keep_freed = shard->freed <= shard->used / 2;
	uint32_t slots = shard->objects ? shard->mask + 1 : 0;
	struct table_shard grown = { 0 };

	if (!slots)
		slots = MIN_SLOTS;
	else if (keep_freed)
		slots *= 2;
	grown.mask = slots - 1;
	grown.objects = map_objects(slots);
	if (!grown.objects)
		return false;
	copy_objects(&grown, shard, keep_freed);
	if (shard->objects)
		munmap(shard->objects,
		       (shard->mask + 1) * sizeof(struct table_object));
	shard->objects = grown.objects;
	shard->mask = grown.mask;
	shard->used = grown.used;
	shard->freed = grown.freed;
	return true;
}

static bool has_room(const struct table_shard *shard)
{
	return shard->objects && shard->used <= shard->mask / 2;
}

static bool insert(struct table_shard *shard, const void *key,
		   const struct hook_buffer *buffer)
{
	struct table_object *object;

	if (!has_room(shard) && !grow(shard))
		return false;
	object = find_object(shard, key);
	if (!object->key)
		shard->used++;
	else if (object->state != HOOK_LIVE)
		shard->freed--;
	object->key = key;
	object->buffer = *buffer;
	object->state = HOOK_LIVE;
	return true;
}

bool table_insert(struct table *table, const void *key,
		  const struct hook_buffer *buffer)
{
	struct table_shard *shard = find_shard(table, key);
	bool inserted;

	lock(shard);
	inserted = insert(shard, key, buffer);
	unlock(shard);
	return inserted;
}

static enum hook_state find(struct table *table, const void *key,
			    struct hook_buffer *buffer, bool free)
{
	struct table_shard *shard = find_shard(table, key);
	enum hook_state state = HOOK_UNKNOWN;
	struct table_object *object;

	lock(shard);
	object = shard->objects ? find_object(shard, key) : NULL;
	if (object && object->key) {
		state = object->state;
		*buffer = object->buffer;
		if (free && state == HOOK_LIVE) {
			object->state = HOOK_FREED;
			shard->freed++;
		}
	}
	unlock(shard);
	return state;
}

enum hook_state table_find(struct table *table, const void *key,
			   struct hook_buffer *buffer)
{
	return find(table, key, buffer, false);
}

enum hook_state table_free(struct table *table, const void *key,
			   struct hook_buffer *buffer)
{
	return find(table, key, buffer, true);
}

static bool is_at(const struct table_object *object,
		  const struct hook_buffer *place)
{
	return object->key && object->state == HOOK_LIVE &&
	       object->buffer.address == place->address &&
	       object->buffer.space == place->space &&
	       object->buffer.owner == place->owner;
}

static bool search(struct table_shard *shard, const struct hook_buffer *place,
		   struct hook_buffer *buffer)
{
	bool found = false;
	uint32_t slot;

	lock(shard);
	for (slot = 0; shard->objects && slot <= shard->mask && !found;
	     slot++) {
		found = is_at(&shard->objects[slot], place);
		if (found)
			*buffer = shard->objects[slot].buffer;
	}
	unlock(shard);
	return found;
}

bool table_search(struct table *table, const struct hook_buffer *place,
		  struct hook_buffer *buffer)
{
	unsigned int i;

	for (i = 0; i < TABLE_SHARDS; i++)
		if (search(&table->shards[i], place, buffer))
			return true;
	return false;
}

static void close_object(struct table_shard *shard, struct table_object *object,
			 void (*live)(const struct hook_buffer *buffer))
{
	if (object->state == HOOK_LIVE) {
		live(&object->buffer);
		shard->freed++;
	}
	object->state = HOOK_CLOSED;
	object->buffer.owner = HOOK_NO_OWNER;
}

void table_close(struct table *table, uint16_t owner,
		 void (*live)(const struct hook_buffer *buffer))
{
	unsigned int i;
	uint32_t slot;

	for (i = 0; i < TABLE_SHARDS; i++) {
		struct table_shard *shard = &table->shards[i];

		lock(shard);
		for (slot = 0; shard->objects && slot <= shard->mask; slot++) {
			struct table_object *object = &shard->objects[slot];

			if (object->key && object->buffer.owner == owner)
				close_object(shard, object, live);
		}
		unlock(shard);
	}
}
