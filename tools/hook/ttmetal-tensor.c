// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Frees of tt-metal's tensors that the runtime ignores
 *
 * A second deallocate() of a tensor reaches no Buffer. What the first one freed is
 * remembered by the tensor: its address, and what its first member points to.
 */
#include <stdatomic.h>
#include <string.h>

#include "ttmetal-device.h"

/* struct tensor_class - a Tensor; it moved from namespace tt::tt_metal to ttnn */
struct tensor_class {
	const char *deallocate_name;
	const char *is_allocated_name;
	atomic_int ready;
	void (*deallocate)(void *tensor, bool force);
	bool (*is_allocated)(const void *tensor);
};

static struct tensor_class ttnn_tensor = {
	.deallocate_name = "_ZN4ttnn6Tensor10deallocateEb",
	.is_allocated_name = "_ZNK4ttnn6Tensor12is_allocatedEv",
};
static struct tensor_class tt_tensor = {
	.deallocate_name = TT "6Tensor10deallocateEb",
	.is_allocated_name = TT_CONST "6Tensor12is_allocatedEv",
};

static void resolve(struct tensor_class *class, const void *caller)
{
	void *handle;

	if (atomic_load_explicit(&class->ready, memory_order_acquire))
		return;
	handle = tt_open("_ttnncpp.so", caller);
	class->deallocate = tt_symbol(handle, class->deallocate_name);
	class->is_allocated = tt_symbol(handle, class->is_allocated_name);
	atomic_store_explicit(&class->ready, 1, memory_order_release);
}

static const void *tensor_key(const void *tensor)
{
	uintptr_t attributes;

	memcpy(&attributes, tensor, sizeof(attributes));
	return (const void *)((uintptr_t)tensor * 31 + attributes);
}

static void note_swallowed(const void *key)
{
	struct hook_buffer buffer;
	TT_SCOPE = hook_enter();

	if (scope.active && hook_recall(key, &buffer))
		hook_swallowed(&buffer);
}

static void deallocate(const struct tensor_class *class, void *tensor,
		       bool force)
{
	const void *key = tensor_key(tensor);
	bool again = hook_remembers(key) && class->is_allocated &&
		     !class->is_allocated(tensor);
	struct hook_catch catch __attribute__((cleanup(hook_catch_end)));

	hook_catch_begin(&catch);
	class->deallocate(tensor, force);
	if (catch.caught)
		hook_remember(key, &catch.buffer);
	else if (again)
		note_swallowed(key);
}

HOOK_API void
on_ttnn_deallocate(void *tensor,
		   bool force) __asm__("_ZN4ttnn6Tensor10deallocateEb");
HOOK_API void on_tt_deallocate(void *tensor,
			       bool force) __asm__(TT "6Tensor10deallocateEb");

void on_ttnn_deallocate(void *tensor, bool force)
{
	resolve(&ttnn_tensor, TT_CALLER);
	deallocate(&ttnn_tensor, tensor, force);
}

void on_tt_deallocate(void *tensor, bool force)
{
	resolve(&tt_tensor, TT_CALLER);
	deallocate(&tt_tensor, tensor, force);
}
