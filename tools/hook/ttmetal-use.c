// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Uses of tt-metal's buffers through tensors, and frees that the runtime ignores
 *
 * A view of a tensor is a MeshBuffer that was made at the address of an allocation. The
 * runtime does not know that the two belong together: a view still says that it is
 * allocated when the allocation is gone. The allocation under a view is the one that
 * lives at its address when it is made.
 */
#include <string.h>

#include "log.h"
#include "ttmetal-device.h"

/*
 * find_reference() - the Buffer of a MeshBuffer on one of its chips, or NULL
 *
 * It stays when the MeshBuffer moves.
 */
static const void *find_reference(const struct tt_real *real,
				  const void *mesh_buffer)
{
	if (!real->mesh_buffer_reference || !real->mesh_buffer_is_allocated ||
	    !real->mesh_buffer_is_allocated(mesh_buffer))
		return NULL;
	return real->mesh_buffer_reference(mesh_buffer);
}

static void remember_view(const struct tt_real *real, const void *view,
			  const void *mesh, uint64_t address)
{
	struct hook_buffer buffer;
	unsigned int owner = hook_find_owner(mesh);
	const void *reference;
	uint32_t type;

	if (owner == HOOK_NO_OWNER)
		return;
	reference = find_reference(real, view);
	if (!reference)
		return;
	type = tt_type(real, reference);
	if (type < TT_BUFFER_TYPES &&
	    hook_find_at(owner, type, address, &buffer))
		hook_set_alias(reference, &buffer);
	else
		hook_set_alias(reference, NULL);
}

/* find_allocation() - the allocation that a MeshBuffer uses */
static bool find_allocation(const struct tt_real *real, const void *mesh_buffer,
			    struct hook_buffer *buffer)
{
	const void *backing;
	enum hook_state state;

	if (!real->mesh_buffer_backing)
		return false;
	backing = real->mesh_buffer_backing(mesh_buffer);
	if (!backing)
		return hook_find_alias(find_reference(real, mesh_buffer),
				       buffer);
	state = hook_find(backing, buffer);
	return state == HOOK_LIVE || state == HOOK_FREED;
}

static void use(const struct tt_real *real, const void *mesh_buffer,
		unsigned int flags)
{
	struct hook_buffer buffer;
	TT_SCOPE = hook_enter();

	if (scope.active && find_allocation(real, mesh_buffer, &buffer))
		hook_use(&buffer, flags);
}

/* A std::optional<uint64_t> that is passed by value has two registers. */
HOOK_API void *on_create(
	void *result, const void *config, const void *local, void *mesh,
	uint64_t address,
	uint64_t
		has_address) __asm__(TT_MESH
				     "10MeshBuffer6createERKSt7variantIJNS1_22ReplicatedBufferConfigENS1_19ShardedBufferConfigEEERKNS1_23DeviceLocalBufferConfigEPNS1_10MeshDeviceESt8optionalImE");
HOOK_API bool on_write(void *tracker, const void *mesh_buffer) __asm__(
	TT
	"12GraphTracker20hook_write_to_deviceEPKNS0_11distributed10MeshBufferE");
HOOK_API bool on_read(void *tracker, const void *mesh_buffer) __asm__(
	TT
	"12GraphTracker21hook_read_from_deviceEPKNS0_11distributed10MeshBufferE");

/* The result is a std::shared_ptr, returned in memory of the caller. */
void *on_create(void *result, const void *config, const void *local, void *mesh,
		uint64_t address, uint64_t has_address)
{
	const struct tt_real *real = tt_real(TT_CALLER);
	const void *view;

	result = real->mesh_buffer_create(result, config, local, mesh, address,
					  has_address);
	memcpy(&view, result, sizeof(view));
	if (has_address & 0xff && view) {
		TT_SCOPE = hook_enter();

		if (scope.active)
			remember_view(real, view, mesh, address);
	}
	return result;
}

bool on_write(void *tracker, const void *mesh_buffer)
{
	const struct tt_real *real = tt_real(TT_CALLER);

	use(real, mesh_buffer, LOG_FLAG_WRITE);
	return real->hook_write(tracker, mesh_buffer);
}

bool on_read(void *tracker, const void *mesh_buffer)
{
	const struct tt_real *real = tt_real(TT_CALLER);

	use(real, mesh_buffer, 0);
	return real->hook_read(tracker, mesh_buffer);
}
