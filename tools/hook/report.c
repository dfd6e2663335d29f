// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reports of the hooks: devices, owners and buffers
 */
#include <stdio.h>
#include <string.h>

#include "internal.h"

static struct registry *registry(void)
{
	return &hook_state->registry;
}

static void append(uint8_t op, uint16_t device)
{
	struct log_entry entry = { .op = op, .device = device };

	log_append(hook_state, &entry, NULL, 0);
}

static uint32_t capture(void)
{
	return hook_stacks ? stack_capture(&hook_state->stacks) : 0;
}

static void append_buffer(uint8_t op, const struct hook_buffer *buffer,
			  uint16_t device, unsigned int flags, uint32_t stack)
{
	struct log_entry entry = {
		.op = op,
		.flags = (uint8_t)flags,
		.device = device,
		.space = buffer->space,
		.stack = stack,
		.address = buffer->address,
		.size = buffer->size,
		.span = op == LOG_OP_ALLOC ? buffer->span : 0,
		.id = buffer->id,
	};

	log_append(hook_state, &entry, NULL, 0);
	if (op != LOG_OP_SWALLOWED)
		kernel_report(&registry()->devices[device], &entry);
}

/* append_owner() - report a buffer on each device of its owner */
static void append_owner(uint8_t op, const struct hook_buffer *buffer,
			 unsigned int flags, uint32_t stack)
{
	const struct owner *owner = &registry()->owners[buffer->owner];
	uint32_t i;

	for (i = 0; i < owner->count; i++)
		append_buffer(op, buffer, owner->devices[i], flags, stack);
}

void hook_lose(void)
{
	atomic_fetch_add(&hook_state->lost, 1);
}

bool hook_has_owners(void)
{
	unsigned int i;

	for (i = 0; i < HOOK_MAX_OWNERS; i++)
		if (atomic_load(&registry()->owners[i].handle))
			return true;
	return false;
}

unsigned int hook_find_owner(const void *handle)
{
	unsigned int i;

	for (i = 0; i < HOOK_MAX_OWNERS; i++)
		if (atomic_load_explicit(&registry()->owners[i].handle,
					 memory_order_acquire) == handle)
			return i;
	return HOOK_NO_OWNER;
}

/* add_device() - the number of a device, or -1 */
static int add_device(const char *name)
{
	struct registry *reg = registry();
	struct log_entry entry = { .op = LOG_OP_DEVICE };
	uint32_t i;

	for (i = 0; i < reg->devices_used; i++)
		if (!strcmp(reg->devices[i].name, name))
			return (int)i;
	if (i == HOOK_MAX_DEVICES)
		return -1;
	snprintf(reg->devices[i].name, sizeof(reg->devices[i].name), "%s",
		 name);
	reg->devices_used++;
	entry.device = (uint16_t)i;
	log_append_text(hook_state, &entry, name);
	return (int)i;
}

/* A child that was forked may free what it inherited. */
static void open_client(uint16_t number)
{
	bool child = hook_state->is_child;
	struct log_entry entry = {
		.op = LOG_OP_OPEN,
		.flags = child ? LOG_FLAG_LATE : 0,
		.device = number,
		.id = child ? 0 : 1,
	};

	if (!registry()->devices[number].owners++)
		log_append(hook_state, &entry, NULL, 0);
}

/* open_device() - add a device to an owner, and open its client */
static bool open_device(struct owner *owner, const char *name)
{
	int number = add_device(name);

	if (number < 0)
		return false;
	owner->devices[owner->count++] = (uint16_t)number;
	if (owner->role == HOOK_MEMBER && !registry()->devices[number].owners)
		owner->role = HOOK_PART;
	if (owner->role != HOOK_MEMBER)
		open_client((uint16_t)number);
	return true;
}

static unsigned int add_owner(const void *handle, enum hook_role role,
			      unsigned int count, hook_name_fn name,
			      const void *data)
{
	unsigned int number = hook_find_owner(handle);
	char text[64];
	struct owner *owner;
	unsigned int i;

	if (number != HOOK_NO_OWNER)
		return number;
	number = hook_find_owner(NULL);
	if (number == HOOK_NO_OWNER || count > HOOK_MAX_GROUP)
		return HOOK_NO_OWNER;
	owner = &registry()->owners[number];
	atomic_store(&owner->spaces, 0);
	owner->count = 0;
	owner->role = role;
	for (i = 0; i < count; i++) {
		name(text, sizeof(text), data, i);
		if (!open_device(owner, text))
			hook_lose();
	}
	atomic_store_explicit(&owner->handle, handle, memory_order_release);
	return number;
}

unsigned int hook_add_owner(const void *handle, enum hook_role role,
			    unsigned int count, hook_name_fn name,
			    const void *data)
{
	unsigned int number;

	pthread_mutex_lock(&registry()->lock);
	number = add_owner(handle, role, count, name, data);
	pthread_mutex_unlock(&registry()->lock);
	return number;
}

/* free_live() - free a buffer whose owner ends on the devices that another one keeps */
static void free_live(const struct hook_buffer *buffer)
{
	const struct owner *owner = &registry()->owners[buffer->owner];
	uint32_t i;

	for (i = 0; i < owner->count; i++)
		if (registry()->devices[owner->devices[i]].owners > 1)
			append_buffer(LOG_OP_FREE, buffer, owner->devices[i], 0,
				      0);
}

static void ignore(const struct hook_buffer *buffer)
{
	(void)buffer;
}

/* end_owner() - close the objects of an owner, and give up its place */
static void end_owner(struct owner *owner,
		      void (*live)(const struct hook_buffer *buffer))
{
	uint16_t number = (uint16_t)(owner - registry()->owners);

	table_close(&hook_state->objects, number, live);
	table_close(&hook_state->aliases, number, ignore);
	atomic_store_explicit(&owner->handle, NULL, memory_order_release);
}

static void close_client(uint16_t device)
{
	unsigned int i;

	for (i = 0; i < HOOK_MAX_OWNERS; i++) {
		struct owner *owner = &registry()->owners[i];

		if (atomic_load(&owner->handle) && owner->role == HOOK_MEMBER &&
		    owner->devices[0] == device)
			end_owner(owner, ignore);
	}
	append(LOG_OP_CLOSE, device);
	kernel_close(&registry()->devices[device]);
}

bool hook_share(unsigned int owner, unsigned int other)
{
	const struct owner *a = &registry()->owners[owner];
	const struct owner *b = &registry()->owners[other];
	uint32_t i, j;

	for (i = 0; i < a->count; i++)
		for (j = 0; j < b->count; j++)
			if (a->devices[i] == b->devices[j])
				return true;
	return false;
}

static void close_owner(struct owner *owner)
{
	uint32_t i;

	end_owner(owner, free_live);
	for (i = 0; i < owner->count; i++)
		if (owner->role != HOOK_MEMBER &&
		    !--registry()->devices[owner->devices[i]].owners)
			close_client(owner->devices[i]);
}

/* close_parts() - the parts of a whole end before it does */
static void close_parts(unsigned int whole)
{
	unsigned int i;

	for (i = 0; i < HOOK_MAX_OWNERS; i++) {
		struct owner *owner = &registry()->owners[i];

		if (i != whole && atomic_load(&owner->handle) &&
		    owner->role == HOOK_PART && hook_share(whole, i))
			close_owner(owner);
	}
}

void hook_close_owner(const void *handle)
{
	unsigned int number;

	pthread_mutex_lock(&registry()->lock);
	number = hook_find_owner(handle);
	if (number != HOOK_NO_OWNER) {
		if (registry()->owners[number].role == HOOK_WHOLE)
			close_parts(number);
		close_owner(&registry()->owners[number]);
	}
	pthread_mutex_unlock(&registry()->lock);
}

bool hook_has_space(unsigned int owner, unsigned int space)
{
	return atomic_load_explicit(&registry()->owners[owner].spaces,
				    memory_order_acquire) &
	       (1U << space);
}

static void add_space(struct device *device, uint16_t number,
		      unsigned int space, const char *name, uint64_t capacity)
{
	struct log_entry entry = {
		.op = LOG_OP_SPACE,
		.device = number,
		.space = (uint16_t)space,
		.size = capacity,
	};

	kernel_add_space(device, space, name, capacity);
	if (device->spaces & (1U << space))
		return;
	device->spaces |= 1U << space;
	log_append_text(hook_state, &entry, name);
}

void hook_add_space(unsigned int number, unsigned int space, const char *name,
		    uint64_t capacity)
{
	struct owner *owner = &registry()->owners[number];
	uint32_t i;

	pthread_mutex_lock(&registry()->lock);
	for (i = 0; i < owner->count; i++)
		add_space(&registry()->devices[owner->devices[i]],
			  owner->devices[i], space, name, capacity);
	atomic_fetch_or(&owner->spaces, 1U << space);
	pthread_mutex_unlock(&registry()->lock);
}

uint64_t hook_new_id(void)
{
	return atomic_fetch_add(&hook_state->next_id, 1) + 1;
}

static _Atomic(const void *) *find_place(unsigned int owner, unsigned int space,
					 uint64_t address)
{
	uint64_t hash = (address << 12 | owner << 4 | space) *
			UINT64_C(0x9e3779b97f4a7c15);

	return &hook_state->places[hash >> 48];
}

void *hook_memory(void)
{
	return hook_state->memory;
}

void hook_alloc(const void *handle, const struct hook_buffer *buffer)
{
	struct hook_buffer stored = *buffer;

	stored.handle = handle;
	if (!table_insert(&hook_state->objects, handle, &stored)) {
		hook_lose();
		return;
	}
	append_owner(LOG_OP_ALLOC, &stored, 0, capture());
	atomic_store_explicit(find_place(stored.owner, stored.space,
					 stored.address),
			      handle, memory_order_relaxed);
}

enum hook_state hook_find(const void *handle, struct hook_buffer *buffer)
{
	return table_find(&hook_state->objects, handle, buffer);
}

bool hook_find_at(unsigned int owner, unsigned int space, uint64_t address,
		  struct hook_buffer *buffer)
{
	const struct hook_buffer place = {
		.address = address,
		.owner = (uint16_t)owner,
		.space = (uint8_t)space,
	};
	const void *handle = atomic_load_explicit(
		find_place(owner, space, address), memory_order_relaxed);

	if (handle && hook_find(handle, buffer) == HOOK_LIVE &&
	    buffer->owner == owner && buffer->space == space &&
	    buffer->address == address)
		return true;
	return table_search(&hook_state->objects, &place, buffer);
}

enum hook_state hook_free(const void *handle, struct hook_buffer *buffer)
{
	enum hook_state state =
		table_free(&hook_state->objects, handle, buffer);

	if (state != HOOK_LIVE)
		return state;
	append_owner(LOG_OP_FREE, buffer, 0, capture());
	if (hook_thread.catch) {
		hook_thread.catch->caught = true;
		hook_thread.catch->buffer = *buffer;
	}
	return state;
}

void hook_alloc_buffer(const struct hook_buffer *buffer)
{
	append_owner(LOG_OP_ALLOC, buffer, 0, capture());
}

void hook_free_buffer(const struct hook_buffer *buffer)
{
	append_owner(LOG_OP_FREE, buffer, 0, capture());
}

void hook_free_all(unsigned int owner)
{
	table_close(&hook_state->objects, (uint16_t)owner, hook_free_buffer);
}

void hook_set_alias(const void *handle, const struct hook_buffer *buffer)
{
	struct hook_buffer none = { .owner = HOOK_NO_OWNER };

	table_insert(&hook_state->aliases, handle, buffer ? buffer : &none);
}

bool hook_find_alias(const void *handle, struct hook_buffer *buffer)
{
	return handle &&
	       table_find(&hook_state->aliases, handle, buffer) == HOOK_LIVE &&
	       buffer->owner != HOOK_NO_OWNER;
}

static struct memory *find_memory(const void *key)
{
	uint64_t hash = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);

	return &hook_thread.memories[hash >> 32 & (THREAD_MEMORIES - 1)];
}

void hook_remember(const void *key, const struct hook_buffer *buffer)
{
	*find_memory(key) = (struct memory){
		.key = key,
		.handle = buffer->handle,
		.id = buffer->id,
	};
}

bool hook_remembers(const void *key)
{
	return find_memory(key)->key == key;
}

bool hook_recall(const void *key, struct hook_buffer *buffer)
{
	const struct memory *memory = find_memory(key);

	return memory->key == key &&
	       hook_find(memory->handle, buffer) == HOOK_FREED &&
	       buffer->id == memory->id;
}

void hook_use(const struct hook_buffer *buffer, unsigned int flags)
{
	append_owner(LOG_OP_USE, buffer, flags, capture());
}

void hook_swallowed(const struct hook_buffer *buffer)
{
	append_owner(LOG_OP_SWALLOWED, buffer, 0, capture());
}

void hook_refused(const struct hook_buffer *buffer, uint64_t largest_free,
		  const char *text)
{
	const struct owner *owner = &registry()->owners[buffer->owner];
	uint32_t stack = capture();
	struct log_entry entry;
	uint32_t i;

	for (i = 0; i < owner->count; i++) {
		entry = (struct log_entry){
			.op = LOG_OP_REFUSED,
			.device = owner->devices[i],
			.space = buffer->space,
			.stack = stack,
			.size = buffer->size,
			.span = buffer->span,
			.value = largest_free,
		};
		log_append_text(hook_state, &entry, text);
	}
}
