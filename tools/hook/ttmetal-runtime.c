// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Access to tt-metal's runtime: its functions and its Buffers
 *
 * The runtime may have been opened with RTLD_LOCAL, out of RTLD_NEXT's sight, so its
 * handle comes from its name or from the address of a caller. The handle is kept: the
 * functions stay valid when the program unloads the runtime.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "hook.h"
#include "ttmetal-runtime.h"

#define VTABLE_FUNCTIONS 16 /* offset in a vtable of its first function */

static const struct {
	size_t offset;
	const char *name;
} symbols[] = {
#define SYMBOL(member, name)                           \
	{                                              \
		offsetof(struct tt_real, member), name \
	}
	SYMBOL(track_allocate,
	       TT "12GraphTracker14track_allocateEPKNS0_6BufferE"),
	SYMBOL(track_deallocate,
	       TT "12GraphTracker16track_deallocateEPNS0_6BufferE"),
	SYMBOL(track_allocate_cb, TT
	       "12GraphTracker17track_allocate_cbERKNS0_12CoreRangeSetEmmbPKNS0_7IDeviceE"),
	SYMBOL(track_deallocate_cb,
	       TT "12GraphTracker19track_deallocate_cbEPKNS0_7IDeviceE"),
	SYMBOL(allocate_buffer,
	       TT "13AllocatorImpl15allocate_bufferEPNS0_6BufferE"),
	SYMBOL(deallocate_buffers, TT "9Allocator18deallocate_buffersEv"),
	SYMBOL(statistics,
	       TT_CONST "9Allocator14get_statisticsERKNS0_10BufferTypeE"),
	SYMBOL(core_ranges, TT_CONST "12CoreRangeSet6rangesEv"),
	SYMBOL(mesh_close, TT_MESH "10MeshDevice5closeEv"),
	SYMBOL(mesh_destroy, TT_MESH "10MeshDeviceD1Ev"),
	SYMBOL(mesh_buffer_create, TT_MESH
	       "10MeshBuffer6createERKSt7variantIJNS1_22ReplicatedBufferConfigENS1_19ShardedBufferConfigEEERKNS1_23DeviceLocalBufferConfigEPNS1_10MeshDeviceESt8optionalImE"),
	SYMBOL(mesh_buffer_backing,
	       TT_MESH_CONST "10MeshBuffer18get_backing_bufferEv"),
	SYMBOL(mesh_buffer_reference,
	       TT_MESH_CONST "10MeshBuffer20get_reference_bufferEv"),
	SYMBOL(mesh_buffer_is_allocated,
	       TT_MESH_CONST "10MeshBuffer12is_allocatedEv"),
	SYMBOL(hook_write, TT
	       "12GraphTracker20hook_write_to_deviceEPKNS0_11distributed10MeshBufferE"),
	SYMBOL(hook_read, TT
	       "12GraphTracker21hook_read_from_deviceEPKNS0_11distributed10MeshBufferE"),
	SYMBOL(buffer_address, TT_CONST "6Buffer7addressEv"),
	SYMBOL(buffer_size, TT_CONST "6Buffer4sizeEv"),
	SYMBOL(buffer_device, TT_CONST "6Buffer6deviceEv"),
	SYMBOL(buffer_type, TT_CONST "6Buffer11buffer_typeEv"),
	SYMBOL(buffer_unique_id, TT_CONST "6Buffer9unique_idEv"),
	SYMBOL(buffer_span, TT_CONST "6Buffer21aligned_size_per_bankEv"),
	SYMBOL(buffer_is_allocated, TT_CONST "6Buffer12is_allocatedEv"),
	SYMBOL(buffer_is_dram, TT_CONST "6Buffer7is_dramEv"),
	SYMBOL(buffer_is_l1, TT_CONST "6Buffer5is_l1Ev"),
	SYMBOL(buffer_is_trace, TT_CONST "6Buffer8is_traceEv"),
	SYMBOL(buffer_page_size, TT_CONST "6Buffer9page_sizeEv"),
	SYMBOL(buffer_pages, TT_CONST "6Buffer9num_pagesEv"),
	SYMBOL(buffer_allocator, TT_CONST "6Buffer9allocatorEv"),
	SYMBOL(bank_size,
	       TT_CONST "9Allocator13get_bank_sizeERKNS0_10BufferTypeE"),
	SYMBOL(bank_count,
	       TT_CONST "9Allocator13get_num_banksERKNS0_10BufferTypeE"),
	SYMBOL(mesh_device_ids, TT_MESH_CONST "10MeshDevice14get_device_idsEv"),
	SYMBOL(mesh_is_parent, TT_MESH_CONST "10MeshDevice14is_parent_meshEv"),
	SYMBOL(mesh_vtable, "_ZTVN2tt8tt_metal11distributed10MeshDeviceE"),
	SYMBOL(device_vtable, "_ZTVN2tt8tt_metal6DeviceE"),
	SYMBOL(delete, "_ZdlPv"),
#undef SYMBOL
};

/*
 * Members of the Buffers that have no accessor for them (0.68.0 to 0.76.0). They are
 * believed where the accessors that there are agree.
 */
enum {
	MEMBER_DEVICE = 0x10,
	MEMBER_SIZE = 0x18,
	MEMBER_TYPE = 0x20,
};

void *tt_open(const char *name, const void *caller)
{
	void *handle = dlopen(name, RTLD_NOLOAD | RTLD_LAZY);
	Dl_info info;

	if (!handle && dladdr(caller, &info) && info.dli_fname)
		handle = dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_LAZY);
	return handle;
}

void *tt_symbol(void *handle, const char *name)
{
	return dlsym(handle ? handle : RTLD_NEXT, name);
}

static void resolve(struct tt_real *real, const void *caller)
{
	void *handle = tt_open("libtt_metal.so", caller);
	void *address;
	size_t i;

	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		address = tt_symbol(handle, symbols[i].name);
		memcpy((char *)real + symbols[i].offset, &address,
		       sizeof(address));
	}
}

static atomic_int ready;
static atomic_bool tracked; /* a Buffer was seen */

const struct tt_real *tt_real(const void *caller)
{
	static struct tt_real real;
	struct tt_real found;

	if (!atomic_load_explicit(&ready, memory_order_acquire)) {
		/* Threads that race here store the same values. */
		memset(&found, 0, sizeof(found));
		resolve(&found, caller);
		real = found;
		atomic_store_explicit(&ready, 1, memory_order_release);
	}
	return &real;
}

bool tt_was_used(void)
{
	return atomic_load_explicit(&tracked, memory_order_relaxed);
}

static uint64_t read_u64(const void *buffer, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)buffer + offset, sizeof(value));
	return value;
}

static uint32_t read_u32(const void *buffer, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const char *)buffer + offset, sizeof(value));
	return value;
}

const void *tt_device(const struct tt_real *real, const void *buffer)
{
	if (real->buffer_device)
		return real->buffer_device(buffer);
	return (const void *)(uintptr_t)read_u64(buffer, MEMBER_DEVICE);
}

static uint64_t size_of(const struct tt_real *real, const void *buffer)
{
	if (real->buffer_size)
		return real->buffer_size(buffer);
	return read_u64(buffer, MEMBER_SIZE);
}

uint32_t tt_type(const struct tt_real *real, const void *buffer)
{
	if (real->buffer_type)
		return real->buffer_type(buffer);
	return read_u32(buffer, MEMBER_TYPE);
}

static bool is_device(const struct tt_real *real, const void *device)
{
	return tt_is_mesh(real, device) || tt_is_chip(real, device);
}

static bool has_vtable(const void *object, const char *vtable)
{
	const char *found;

	if (!vtable)
		return false;
	memcpy(&found, object, sizeof(found));
	return found == vtable + VTABLE_FUNCTIONS;
}

bool tt_is_mesh(const struct tt_real *real, const void *device)
{
	return has_vtable(device, real->mesh_vtable);
}

bool tt_is_chip(const struct tt_real *real, const void *device)
{
	return has_vtable(device, real->device_vtable);
}

/* agrees() - do the accessors that there are confirm the members? */
static bool agrees(const struct tt_real *real, const void *buffer)
{
	uint32_t type = tt_type(real, buffer);
	uint64_t page_size;

	if (!real->buffer_is_dram || !real->buffer_is_l1 ||
	    !real->buffer_is_trace || !real->buffer_page_size ||
	    !real->buffer_pages)
		return false;
	if (type >= TT_BUFFER_TYPES ||
	    real->buffer_is_trace(buffer) != (type == TT_TRACE) ||
	    real->buffer_is_dram(buffer) !=
		    (type == TT_DRAM || type == TT_TRACE) ||
	    real->buffer_is_l1(buffer) !=
		    (type == TT_L1 || type == TT_L1_SMALL))
		return false;
	page_size = real->buffer_page_size(buffer);
	return page_size &&
	       size_of(real, buffer) / page_size == real->buffer_pages(buffer);
}

bool tt_can_read(const struct tt_real *real, const void *buffer)
{
	atomic_store_explicit(&tracked, true, memory_order_relaxed);
	if (!real->buffer_address || !real->buffer_span ||
	    !real->mesh_device_ids || !real->mesh_vtable || !real->delete)
		return false;
	if (!(real->buffer_size && real->buffer_type && real->buffer_device) &&
	    !agrees(real, buffer))
		return false;
	return is_device(real, tt_device(real, buffer));
}

bool tt_read_request(const struct tt_real *real, const void *buffer,
		     struct tt_buffer *result)
{
	result->address = 0;
	result->id = 0;
	result->size = size_of(real, buffer);
	result->type = tt_type(real, buffer);
	result->device = tt_device(real, buffer);
	if (!result->size || result->type >= TT_BUFFER_TYPES ||
	    !is_device(real, result->device))
		return false;
	result->span = real->buffer_span(buffer);
	return true;
}

bool tt_read(const struct tt_real *real, const void *buffer,
	     struct tt_buffer *result)
{
	uint64_t address = real->buffer_address(buffer);

	/* A dry run of the runtime allocates at address 0. */
	if (!address || !tt_read_request(real, buffer, result))
		return false;
	result->address = address;
	if (real->buffer_unique_id)
		result->id = real->buffer_unique_id(buffer) + 1;
	return true;
}

/* struct statistics - what the allocator's get_statistics() returns */
struct statistics {
	uint64_t total;
	uint64_t allocated;
	uint64_t free;
	uint64_t largest_free;
	struct tt_vector largest_addresses;
	uint64_t reserved[8];
};

bool tt_read_use(const struct tt_real *real, const void *buffer, uint32_t type,
		 struct tt_space_use *use)
{
	struct statistics statistics = { 0 };
	const void *allocator;

	if (type == TT_SYSTEM || !real->buffer_allocator || !real->statistics ||
	    !real->bank_size || !real->bank_count)
		return false;
	allocator = real->buffer_allocator(buffer);
	real->statistics(&statistics, allocator, &type);
	if (statistics.total != real->bank_size(allocator, &type) ||
	    statistics.allocated + statistics.free != statistics.total)
		return false;
	if (statistics.largest_addresses.begin)
		real->delete (statistics.largest_addresses.begin);
	use->banks = real->bank_count(allocator, &type);
	use->total = statistics.total;
	use->free = statistics.free;
	use->largest_free = statistics.largest_free;
	return true;
}

int tt_chip_id(const void *chip)
{
	int (*const *functions)(const void *chip);

	memcpy(&functions, chip, sizeof(functions));
	return functions[TT_VIRTUAL_ID](chip);
}
