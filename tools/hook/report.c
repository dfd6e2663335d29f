// SPDX-License-Identifier: GPL-2.0
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

static void append_buffer(uint8_t op, const struct hook_buffer *buffer,
			  uint16_t device)
{
	struct log_entry entry = {
		.op = op,
		.device = device,
		.space = buffer->space,
		.address = buffer->address,
		.size = buffer->size,
		.span = op == LOG_OP_ALLOC ? buffer->span : 0,
		.id = buffer->id,
	};

	log_append(hook_state, &entry, NULL, 0);
}

/* append_owner() - report a buffer on each device of its owner */
static void append_owner(uint8_t op, const struct hook_buffer *buffer)
{
	const struct owner *owner = &registry()->owners[buffer->owner];
	uint32_t i;

	for (i = 0; i < owner->count; i++)
		append_buffer(op, buffer, owner->devices[i]);
}

void hook_lose(void)
{
	atomic_fetch_add(&hook_state->lost, 1);
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

static void open_client(struct device *device, uint16_t number)
{
	struct log_entry entry = {
		.op = LOG_OP_OPEN,
		.device = number,
		.id = 1,
	};

	if (!device->owners++)
		log_append(hook_state, &entry, NULL, 0);
}

/* open_device() - add a device to an owner, and open its client */
static bool open_device(struct owner *owner, const char *name)
{
	int number = add_device(name);

	if (number < 0)
		return false;
	owner->devices[owner->count++] = (uint16_t)number;
	open_client(&registry()->devices[number], (uint16_t)number);
	return true;
}

static unsigned int add_owner(const void *handle, unsigned int count,
			      hook_name_fn name, const void *data)
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
	for (i = 0; i < count; i++) {
		name(text, sizeof(text), data, i);
		if (!open_device(owner, text))
			hook_lose();
	}
	atomic_store_explicit(&owner->handle, handle, memory_order_release);
	return number;
}

unsigned int hook_add_owner(const void *handle, unsigned int count,
			    hook_name_fn name, const void *data)
{
	unsigned int number;

	pthread_mutex_lock(&registry()->lock);
	number = add_owner(handle, count, name, data);
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
			append_buffer(LOG_OP_FREE, buffer, owner->devices[i]);
}

static void close_owner(unsigned int number)
{
	struct owner *owner = &registry()->owners[number];
	uint32_t i;

	table_close(&hook_state->table, (uint16_t)number, free_live);
	for (i = 0; i < owner->count; i++)
		if (!--registry()->devices[owner->devices[i]].owners)
			append(LOG_OP_CLOSE, owner->devices[i]);
	atomic_store_explicit(&owner->handle, NULL, memory_order_release);
}

void hook_close_owner(const void *handle)
{
	unsigned int number;

	pthread_mutex_lock(&registry()->lock);
	number = hook_find_owner(handle);
	if (number != HOOK_NO_OWNER)
		close_owner(number);
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

void hook_alloc(const void *handle, const struct hook_buffer *buffer)
{
	if (table_insert(&hook_state->table, handle, buffer))
		append_owner(LOG_OP_ALLOC, buffer);
	else
		hook_lose();
}

enum hook_state hook_find(const void *handle, struct hook_buffer *buffer)
{
	return table_find(&hook_state->table, handle, buffer);
}

void hook_free(const void *handle)
{
	struct hook_buffer buffer;
	enum hook_state state = table_free(&hook_state->table, handle, &buffer);

	if (state == HOOK_LIVE || state == HOOK_FREED)
		append_owner(LOG_OP_FREE, &buffer);
}

void hook_free_buffer(const struct hook_buffer *buffer)
{
	append_owner(LOG_OP_FREE, buffer);
}
