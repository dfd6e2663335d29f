// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The hook of tt-metal's runtime
 *
 * The runtime calls GraphTracker for each allocation and each free, through the PLT, on
 * all threads. A Buffer is read when it is allocated. At a free nothing but its pointer
 * is safe: tensors outlive the device that they were allocated on.
 **/
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "ttmetal-cb.h"
#include "ttmetal-device.h"

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
		tt_memory()->allocators[owner] = allocator;
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
	owner = tt_owner(real, tt.device);
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

/* struct attempt - an allocation that may leave by an exception */
struct attempt {
	const struct tt_real *real;
	const void *buffer;
	bool failed;
};

/* report_refused() - in the words of the runtime's exception */
static void report_refused(const struct tt_real *real, const void *handle)
{
	struct hook_buffer buffer = { 0 };
	struct tt_space_use use;
	struct tt_buffer tt;
	unsigned int owner;
	char text[512];

	if (!can_read(real, handle) || !tt_read_request(real, handle, &tt) ||
	    !tt_read_use(real, handle, tt.type, &use) ||
	    tt.span <= use.largest_free)
		return;
	owner = tt_owner(real, tt.device);
	if (owner == HOOK_NO_OWNER)
		return;
	add_space(real, handle, owner, tt.type);
	buffer.size = tt.size;
	buffer.span = tt.span;
	buffer.owner = (uint16_t)owner;
	buffer.space = (uint8_t)tt.type;
	snprintf(
		text, sizeof(text),
		"Not enough space to allocate %" PRIu64
		" B %s buffer across %u banks, where each bank needs to store %" PRIu64
		" B, but bank size is %" PRIu64 " B (allocated: %" PRIu64
		" B, free: %" PRIu64 " B, largest free block: %" PRIu64 " B)",
		tt.size, space_names[tt.type], use.banks, tt.span, use.total,
		use.total - use.free, use.free, use.largest_free);
	hook_refused(&buffer, use.largest_free, text);
}

/* The allocator holds none of its locks when the exception comes by here. */
static void end_attempt(struct attempt *attempt)
{
	if (attempt->failed) {
		TT_SCOPE = hook_enter();

		if (scope.active)
			report_refused(attempt->real, attempt->buffer);
	}
}

static uint64_t allocate(const struct tt_real *real, void *allocator,
			 void *buffer)
{
	struct attempt attempt __attribute__((cleanup(end_attempt))) = {
		.real = real,
		.buffer = buffer,
		.failed = true,
	};
	uint64_t address = real->allocate_buffer(allocator, buffer);

	attempt.failed = false;
	return address;
}

HOOK_API uint64_t on_allocate_buffer(void *allocator, void *buffer) __asm__(
	TT "13AllocatorImpl15allocate_bufferEPNS0_6BufferE");
HOOK_API void on_deallocate_buffers(void *allocator) __asm__(
	TT "9Allocator18deallocate_buffersEv");
/*
 * report_other() - a free by an object that reported no allocation
 *
 * Several objects may stand for one allocation. This one is read, since its device is
 * open; a runtime without unique_id() leaves the address to tell what it is.
 */
static void report_other(const struct tt_real *real, const void *handle)
{
	struct hook_buffer buffer = { 0 };
	struct tt_buffer tt;
	unsigned int owner;

	if (real->buffer_is_allocated && !real->buffer_is_allocated(handle))
		return;
	if (!can_read(real, handle) ||
	    hook_find_owner(tt_device(real, handle)) == HOOK_NO_OWNER ||
	    !tt_read(real, handle, &tt))
		return;
	owner = hook_find_owner(tt.device);
	if (!hook_has_space(owner, tt.type))
		return;
	buffer.address = tt.address;
	buffer.id = tt.id;
	buffer.owner = (uint16_t)owner;
	buffer.space = (uint8_t)tt.type;
	hook_free_buffer(&buffer);
}

static bool is_same(const struct tt_real *real, const void *handle,
		    const struct hook_buffer *buffer)
{
	return (real->buffer_is_allocated &&
		!real->buffer_is_allocated(handle)) ||
	       real->buffer_address(handle) == buffer->address;
}

/* report_free() - an object that was freed may have left its memory to another one */
static void report_free(const struct tt_real *real, const void *handle)
{
	struct hook_buffer buffer;

	switch (hook_free(handle, &buffer)) {
	case HOOK_FREED:
		if (is_same(real, handle, &buffer))
			hook_free_buffer(&buffer);
		else
			report_other(real, handle);
		break;
	case HOOK_UNKNOWN:
		report_other(real, handle);
		break;
	default:
		break;
	}
}

HOOK_API void on_track_allocate(void *tracker, const void *buffer) __asm__(
	TT "12GraphTracker14track_allocateEPKNS0_6BufferE");
HOOK_API void on_track_deallocate(void *tracker, void *buffer) __asm__(
	TT "12GraphTracker16track_deallocateEPNS0_6BufferE");
HOOK_API bool on_mesh_close(void *mesh) __asm__(TT_MESH "10MeshDevice5closeEv");
HOOK_API void on_mesh_destroy(void *mesh) __asm__(TT_MESH "10MeshDeviceD1Ev");

void on_track_allocate(void *tracker, const void *buffer)
{
	const struct tt_real *real = tt_real(TT_CALLER);
	{
		TT_SCOPE = hook_enter();

		if (scope.active && buffer)
			report_alloc(real, buffer);
	}
	real->track_allocate(tracker, buffer);
}

void on_track_deallocate(void *tracker, void *buffer)
{
	const struct tt_real *real = tt_real(TT_CALLER);
	{
		TT_SCOPE = hook_enter();

		if (scope.active && buffer)
			report_free(real, buffer);
	}
	real->track_deallocate(tracker, buffer);
}

uint64_t on_allocate_buffer(void *allocator, void *buffer)
{
	return allocate(tt_real(TT_CALLER), allocator, buffer);
}

/* All buffers are given back at once; their objects do not know. */
void on_deallocate_buffers(void *allocator)
{
	unsigned int owner;
	{
		TT_SCOPE = hook_enter();

		for (owner = 0; scope.active && owner < HOOK_MAX_OWNERS;
		     owner++)
			if (tt_memory()->allocators[owner] == allocator)
				hook_free_all(owner);
	}
	tt_real(TT_CALLER)->deallocate_buffers(allocator);
}

static void close_device(const void *device)
{
	TT_SCOPE = hook_enter();

	if (!scope.active)
		return;
	tt_cb_close(device);
	hook_close_owner(device);
}

/* What the runtime frees while it closes is reported first. */
bool on_mesh_close(void *mesh)
{
	const struct tt_real *real = tt_real(TT_CALLER);
	bool closed;
	{
		TT_SCOPE = hook_enter();

		if (scope.active)
			tt_expect_close(real, mesh);
	}
	closed = real->mesh_close(mesh);
	close_device(mesh);
	return closed;
}

/* A device that was not closed ends with its object. */
void on_mesh_destroy(void *mesh)
{
	tt_real(TT_CALLER)->mesh_destroy(mesh);
	close_device(mesh);
}
