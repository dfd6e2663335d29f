/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of tt-metal's runtime that its hook uses
 */
#ifndef BUFTRACK_HOOK_TTMETAL_RUNTIME_H
#define BUFTRACK_HOOK_TTMETAL_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#define TT "_ZN2tt8tt_metal"
#define TT_CONST "_ZNK2tt8tt_metal"
#define TT_MESH "_ZN2tt8tt_metal11distributed"
#define TT_MESH_CONST "_ZNK2tt8tt_metal11distributed"

/* enum BufferType of tt-metal, and the spaces of a device */
enum tt_space {
	TT_DRAM,
	TT_L1,
	TT_SYSTEM,
	TT_L1_SMALL,
	TT_TRACE,
	TT_BUFFER_TYPES,
	TT_CB = TT_BUFFER_TYPES,
	TT_SPACES,
};

/* struct tt_buffer - what the hook reads from a Buffer */
struct tt_buffer {
	uint64_t address;
	uint64_t size;
	uint64_t span;
	uint64_t id; /* 0: the runtime does not tell */
	uint32_t type; /* enum tt_space */
	const void *device;
};

/* struct tt_vector - a std::vector, as functions return it */
struct tt_vector {
	char *begin;
	char *end;
	char *limit;
};

/* struct tt_real - the functions of the runtime; NULL: it lacks them */
struct tt_real {
	void (*track_allocate)(void *tracker, const void *buffer);
	void (*track_deallocate)(void *tracker, void *buffer);
	void (*track_allocate_cb)(void *tracker, const void *cores,
				  uint64_t address, uint64_t size, bool global,
				  const void *device);
	void (*track_deallocate_cb)(void *tracker, const void *device);
	uint64_t (*allocate_buffer)(void *allocator, void *buffer);
	void (*deallocate_buffers)(void *allocator);
	bool (*mesh_close)(void *mesh);
	void (*mesh_destroy)(void *mesh);

	void *(*mesh_buffer_create)(void *result, const void *config,
				    const void *local, void *mesh,
				    uint64_t address, uint64_t has_address);
	const void *(*mesh_buffer_backing)(const void *mesh_buffer);
	const void *(*mesh_buffer_reference)(const void *mesh_buffer);
	bool (*mesh_buffer_is_allocated)(const void *mesh_buffer);
	bool (*hook_write)(void *tracker, const void *mesh_buffer);
	bool (*hook_read)(void *tracker, const void *mesh_buffer);

	uint32_t (*buffer_address)(const void *buffer);
	uint64_t (*buffer_size)(const void *buffer);
	const void *(*buffer_device)(const void *buffer);
	uint32_t (*buffer_type)(const void *buffer);
	uint64_t (*buffer_unique_id)(const void *buffer);
	uint64_t (*buffer_span)(const void *buffer);
	bool (*buffer_is_allocated)(const void *buffer);
	bool (*buffer_is_dram)(const void *buffer);
	bool (*buffer_is_l1)(const void *buffer);
	bool (*buffer_is_trace)(const void *buffer);
	uint64_t (*buffer_page_size)(const void *buffer);
	uint64_t (*buffer_pages)(const void *buffer);
	const void *(*buffer_allocator)(const void *buffer);
	uint64_t (*bank_size)(const void *allocator, const uint32_t *type);
	uint32_t (*bank_count)(const void *allocator, const uint32_t *type);
	void (*statistics)(void *result, const void *allocator,
			   const uint32_t *type);
	const struct tt_vector *(*core_ranges)(const void *set);
	void (*mesh_device_ids)(struct tt_vector *ids, const void *mesh);
	bool (*mesh_is_parent)(const void *mesh);
	const char *mesh_vtable;
	const char *device_vtable;
	void (*delete)(void *memory);
};

#define TT_VIRTUAL_ID 3 /* IDevice::id() in a vtable */

/* tt_open() - a library of the runtime that is loaded, by name or by a caller in it */
void *tt_open(const char *name, const void *caller);
/* tt_symbol() - a symbol of it, or NULL; @handle may be NULL */
void *tt_symbol(void *handle, const char *name);
/* tt_real() - the functions of the runtime that @caller, a return address, lies in */
const struct tt_real *tt_real(const void *caller);
/* tt_can_read() - is a Buffer of this runtime understood? @buffer is any Buffer */
bool tt_can_read(const struct tt_real *real, const void *buffer);
/* tt_was_used() - did the runtime call the hook? */
bool tt_was_used(void);
/* tt_device() - the IDevice of a Buffer, if it is understood */
const void *tt_device(const struct tt_real *real, const void *buffer);
/* tt_type() - the enum tt_space of a Buffer, if it is understood */
uint32_t tt_type(const struct tt_real *real, const void *buffer);
/* tt_read() - read a Buffer that was just allocated; false: it owns no memory */
bool tt_read(const struct tt_real *real, const void *buffer,
	     struct tt_buffer *result);

/* tt_read_request() - read a Buffer that has no memory yet: no address, no id */
bool tt_read_request(const struct tt_real *real, const void *buffer,
		     struct tt_buffer *result);

/* struct tt_space_use - how full a space is, in bytes of a bank */
struct tt_space_use {
	uint32_t banks;
	uint64_t total;
	uint64_t free;
	uint64_t largest_free;
};

/* tt_read_use() - of the space of a Buffer; false: the runtime does not tell */
bool tt_read_use(const struct tt_real *real, const void *buffer, uint32_t type,
		 struct tt_space_use *use);
/* tt_is_mesh(), tt_is_chip() - the class of an IDevice */
bool tt_is_mesh(const struct tt_real *real, const void *device);
bool tt_is_chip(const struct tt_real *real, const void *device);
int tt_chip_id(const void *chip);

#endif
