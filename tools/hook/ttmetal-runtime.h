/* SPDX-License-Identifier: GPL-2.0 */
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
	bool (*mesh_close)(void *mesh);
	void (*mesh_destroy)(void *mesh);

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
	void (*mesh_device_ids)(struct tt_vector *ids, const void *mesh);
	const char *mesh_vtable;
	const char *device_vtable;
	void (*delete)(void *memory);
};

#define TT_VIRTUAL_ID 3 /* IDevice::id() in a vtable */

/* tt_real() - the functions of the runtime that @caller, a return address, lies in */
const struct tt_real *tt_real(const void *caller);
/* tt_can_read() - is a Buffer of this runtime understood? @buffer is any Buffer */
bool tt_can_read(const struct tt_real *real, const void *buffer);
/* tt_read() - read a Buffer that was just allocated; false: it owns no memory */
bool tt_read(const struct tt_real *real, const void *buffer,
	     struct tt_buffer *result);

/* tt_is_mesh(), tt_is_chip() - the class of an IDevice */
bool tt_is_mesh(const struct tt_real *real, const void *device);
bool tt_is_chip(const struct tt_real *real, const void *device);
int tt_chip_id(const void *chip);

#endif
