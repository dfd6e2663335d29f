// SPDX-License-Identifier: GPL-2.0
/*
 * The hook of tt-metal's runtime
 *
 * The runtime calls GraphTracker for each allocation and each free, through the PLT, on
 * all threads. A Buffer is read when it is allocated. At a free nothing but its pointer
 * is safe: tensors outlive the device that they were allocated on.
 *
 * A MeshDevice drives several chips as one: its buffers have one address, on each. Chips
 * are the devices of the session.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "hook.h"
#include "ttmetal-runtime.h"

#define CALLER __builtin_return_address(0)
#define SCOPE struct hook_scope scope __attribute__((cleanup(hook_leave)))

static const char *const space_names[TT_SPACES] = {
	[TT_DRAM] = "DRAM",	[TT_L1] = "L1",
	[TT_SYSTEM] = "SYSTEM", [TT_L1_SMALL] = "L1_SMALL",
	[TT_TRACE] = "TRACE",	[TT_CB] = "CB",
};

/* can_read() - is the runtime understood? Its first Buffer tells. */
static bool can_read(const struct tt_real *real, const void *buffer)
{
	static atomic_int known; /* 1: yes, -1: no */
	int answer = atomic_load_explicit(&known, memory_order_relaxed);

	if (answer)
		return answer > 0;
	answer = tt_can_read(real, buffer) ? 1 : -1;
	if (atomic_exchange(&known, answer) == 0 && answer < 0)
		hook_message(
			"this version of tt-metal hides the size, type or device of its buffers: its device memory is not tracked");
	return answer > 0;
}

static void name_mesh_chip(char *name, size_t size, const void *data,
			   unsigned int index)
{
	snprintf(name, size, "tt-chip-%d", ((const int *)data)[index]);
}

static void name_chip(char *name, size_t size, const void *data,
		      unsigned int index)
{
	(void)index;
	snprintf(name, size, "tt-chip-%d", tt_chip_id(data));
}

static unsigned int add_mesh(const struct tt_real *real, const void *mesh)
{
	struct tt_vector ids = { 0 };
	unsigned int owner;

	real->mesh_device_ids(&ids, mesh);
	owner = hook_add_owner(
		mesh, (unsigned int)(ids.end - ids.begin) / sizeof(int),
		name_mesh_chip, ids.begin);
	if (ids.begin)
		real->delete (ids.begin);
	return owner;
}

static unsigned int find_owner(const struct tt_real *real, const void *device)
{
	unsigned int owner = hook_find_owner(device);

	if (owner != HOOK_NO_OWNER)
		return owner;
	if (tt_is_mesh(real, device))
		return add_mesh(real, device);
	return hook_add_owner(device, 1, name_chip, device);
}

/* add_space() - the allocator of a Buffer tells the capacity of its space */
static void add_space(const struct tt_real *real, const void *buffer,
		      unsigned int owner, uint32_t type)
{
	uint64_t capacity = 0;
	const void *allocator;

	if (hook_has_space(owner, type))
		return;
	if (type != TT_SYSTEM && real->buffer_allocator && real->bank_size &&
	    real->bank_count) {
		allocator = real->buffer_allocator(buffer);
		capacity = real->bank_size(allocator, &type) *
			   real->bank_count(allocator, &type);
	}
	hook_add_space(owner, type, space_names[type], capacity);
}

static void report_alloc(const struct tt_real *real, const void *handle)
{
	struct hook_buffer buffer;
	struct tt_buffer tt;
	unsigned int owner;

	if (!can_read(real, handle) || !tt_read(real, handle, &tt))
		return;
	owner = find_owner(real, tt.device);
	if (owner == HOOK_NO_OWNER) {
		hook_lose();
		return;
	}
	add_space(real, handle, owner, tt.type);
	buffer = (struct hook_buffer){
		.address = tt.address,
		.size = tt.size,
		.span = tt.span,
		.id = tt.id ? tt.id : hook_new_id(),
		.owner = (uint16_t)owner,
		.space = (uint8_t)tt.type,
	};
	hook_alloc(handle, &buffer);
}

HOOK_API void on_track_allocate(void *tracker, const void *buffer) __asm__(
	TT "12GraphTracker14track_allocateEPKNS0_6BufferE");
HOOK_API void on_track_deallocate(void *tracker, void *buffer) __asm__(
	TT "12GraphTracker16track_deallocateEPNS0_6BufferE");
HOOK_API bool on_mesh_close(void *mesh) __asm__(TT_MESH "10MeshDevice5closeEv");
HOOK_API void on_mesh_destroy(void *mesh) __asm__(TT_MESH "10MeshDeviceD1Ev");

void on_track_allocate(void *tracker, const void *buffer)
{
	const struct tt_real *real = tt_real(CALLER);
	{
		SCOPE = hook_enter();

		if (scope.active)
			report_alloc(real, buffer);
	}
	real->track_allocate(tracker, buffer);
}

void on_track_deallocate(void *tracker, void *buffer)
{
	const struct tt_real *real = tt_real(CALLER);
	{
		SCOPE = hook_enter();

		if (scope.active)
			hook_free(buffer);
	}
	real->track_deallocate(tracker, buffer);
}

static void close_device(const void *device)
{
	SCOPE = hook_enter();

	if (scope.active)
		hook_close_owner(device);
}

/* What the runtime frees while it closes is reported first. */
bool on_mesh_close(void *mesh)
{
	bool closed = tt_real(CALLER)->mesh_close(mesh);

	close_device(mesh);
	return closed;
}

/* A device that was not closed ends with its object. */
void on_mesh_destroy(void *mesh)
{
	tt_real(CALLER)->mesh_destroy(mesh);
	close_device(mesh);
}
