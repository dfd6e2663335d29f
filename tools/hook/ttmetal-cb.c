// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Circular buffers of tt-metal's programs
 *
 * A program's circular buffers are reported when it runs first, at addresses from the
 * bottom of L1 that the next program uses again. So a circular buffer ends when one is
 * reported that meets it, in addresses and in cores; when the runtime gives all of a device
 * back; or when the device closes. Their space is their own, and they are points in it:
 * two on different cores may have the same addresses.
 */
#include <string.h>

#include "ttmetal-cb.h"

struct core_range {
	size_t x0, y0, x1, y1;
};

static void merge(struct tt_core_range *to, const struct core_range *range)
{
	if (range->x0 < to->x0)
		to->x0 = (uint16_t)range->x0;
	if (range->y0 < to->y0)
		to->y0 = (uint16_t)range->y0;
	if (range->x1 > to->x1)
		to->x1 = (uint16_t)range->x1;
	if (range->y1 > to->y1)
		to->y1 = (uint16_t)range->y1;
}

/* read_cores() - the cores of a set; the last range of many contains the others */
static uint64_t read_cores(const struct tt_real *real, const void *set,
			   struct tt_cb *cb)
{
	const struct tt_vector *ranges = real->core_ranges(set);
	const char *at;
	struct core_range range;
	uint64_t cores = 0;

	for (at = ranges->begin; at != ranges->end; at += sizeof(range)) {
		memcpy(&range, at, sizeof(range));
		cores += (range.x1 - range.x0 + 1) * (range.y1 - range.y0 + 1);
		if (cb->count == TT_CB_RANGES)
			merge(&cb->ranges[TT_CB_RANGES - 1], &range);
		else
			cb->ranges[cb->count++] = (struct tt_core_range){
				(uint16_t)range.x0, (uint16_t)range.y0,
				(uint16_t)range.x1, (uint16_t)range.y1
			};
	}
	return cores;
}

static bool share_cores(const struct tt_cb *a, const struct tt_cb *b)
{
	uint32_t i, j;

	for (i = 0; i < a->count; i++)
		for (j = 0; j < b->count; j++)
			if (a->ranges[i].x0 <= b->ranges[j].x1 &&
			    b->ranges[j].x0 <= a->ranges[i].x1 &&
			    a->ranges[i].y0 <= b->ranges[j].y1 &&
			    b->ranges[j].y0 <= a->ranges[i].y1)
				return true;
	return false;
}

static bool meets(const struct tt_cb *a, const struct tt_cb *b)
{
	return a->buffer.owner == b->buffer.owner &&
	       a->buffer.address < b->end && b->buffer.address < a->end &&
	       share_cores(a, b);
}

static void free_cb(uint32_t index)
{
	struct tt_memory *memory = tt_memory();

	hook_free_buffer(&memory->cbs[index].buffer);
	memory->cbs[index] = memory->cbs[--memory->cbs_used];
}

static void free_met(const struct tt_cb *cb)
{
	struct tt_memory *memory = tt_memory();
	uint32_t i = 0;

	while (i < memory->cbs_used)
		if (meets(cb, &memory->cbs[i]))
			free_cb(i);
		else
			i++;
}

static void insert(const struct tt_cb *cb)
{
	struct tt_memory *memory = tt_memory();

	pthread_mutex_lock(&memory->cb_lock);
	free_met(cb);
	if (memory->cbs_used == TT_MAX_CBS)
		free_cb(0);
	memory->cbs[memory->cbs_used++] = *cb;
	hook_alloc_buffer(&cb->buffer);
	pthread_mutex_unlock(&memory->cb_lock);
}

static void report_cb(const struct tt_real *real, const void *set,
		      uint64_t address, uint64_t size, const void *device)
{
	struct tt_cb cb = { .end = address + size };
	uint64_t cores = read_cores(real, set, &cb);
	unsigned int owner = tt_owner(real, device);

	if (owner == HOOK_NO_OWNER || !cores || !size)
		return;
	if (!hook_has_space(owner, TT_CB))
		hook_add_space(owner, TT_CB, "CB", 0);
	cb.buffer = (struct hook_buffer){
		.address = address,
		.size = size * cores,
		.id = hook_new_id(),
		.owner = (uint16_t)owner,
		.space = TT_CB,
	};
	insert(&cb);
}

static void free_of_owner(unsigned int owner)
{
	struct tt_memory *memory = tt_memory();
	uint32_t i = 0;

	pthread_mutex_lock(&memory->cb_lock);
	while (i < memory->cbs_used)
		if (hook_share(owner, memory->cbs[i].buffer.owner))
			free_cb(i);
		else
			i++;
	pthread_mutex_unlock(&memory->cb_lock);
}

void tt_cb_close(const void *device)
{
	unsigned int owner = hook_find_owner(device);

	if (owner != HOOK_NO_OWNER)
		free_of_owner(owner);
}

static bool can_read_cbs(const struct tt_real *real, const void *device)
{
	return real->core_ranges && real->mesh_device_ids &&
	       real->delete &&(tt_is_mesh(real, device) ||
			       tt_is_chip(real, device));
}

HOOK_API void on_track_allocate_cb(
	void *tracker, const void *cores, uint64_t address, uint64_t size,
	bool global,
	const void *
		device) __asm__(TT
				"12GraphTracker17track_allocate_cbERKNS0_12CoreRangeSetEmmbPKNS0_7IDeviceE");
HOOK_API void on_track_deallocate_cb(void *tracker, const void *device) __asm__(
	TT "12GraphTracker19track_deallocate_cbEPKNS0_7IDeviceE");

/* One that is globally allocated lies in a buffer that is reported itself. */
void on_track_allocate_cb(void *tracker, const void *cores, uint64_t address,
			  uint64_t size, bool global, const void *device)
{
	const struct tt_real *real = tt_real(TT_CALLER);
	{
		TT_SCOPE = hook_enter();

		if (scope.active && !global && can_read_cbs(real, device))
			report_cb(real, cores, address, size, device);
	}
	real->track_allocate_cb(tracker, cores, address, size, global, device);
}

void on_track_deallocate_cb(void *tracker, const void *device)
{
	const struct tt_real *real = tt_real(TT_CALLER);
	{
		TT_SCOPE = hook_enter();

		if (scope.active)
			tt_cb_close(device);
	}
	real->track_deallocate_cb(tracker, device);
}
