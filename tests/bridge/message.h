/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The allocation server's messages, as its clients lay them out
 *
 * Written from the protocol's table, independently of the bridge's sources.
 */
#ifndef BUFTRACK_TESTS_MESSAGE_H
#define BUFTRACK_TESTS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum {
	ALLOC = 1,
	FREE,
	QUERY,
	RESPONSE,
	DUMP_REMAINING,
	DEVICE_INFO_QUERY,
	DEVICE_INFO_RESPONSE,
	CB_ALLOC,
	CB_FREE,
	KERNEL_LOAD,
	KERNEL_UNLOAD,
	DUMP_KERNELS,
};

struct __attribute__((packed)) head {
	uint8_t type;
	uint8_t pad1[3];
	int32_t device_id;
	uint64_t size;
	uint8_t buffer_type;
	uint8_t pad2[3];
	int32_t process_id;
	uint64_t buffer_id;
	uint64_t timestamp;
	uint64_t dram_allocated;
	uint64_t l1_allocated;
	uint64_t l1_small_allocated;
	uint64_t trace_allocated;
};

struct __attribute__((packed)) tail {
	uint64_t total_dram_size;
	uint64_t total_l1_size;
	uint32_t arch;
	uint32_t num_dram_channels;
	uint32_t dram_per_channel;
	uint32_t l1_per_core;
	uint32_t is_available;
	uint32_t num_devices;
};

struct __attribute__((packed)) middle {
	uint64_t cb_allocated;
	uint64_t kernel_allocated;
};

struct __attribute__((packed)) message_v1 {
	struct head head;
};

struct __attribute__((packed)) message_v2 {
	struct head head;
	struct tail tail;
};

struct __attribute__((packed)) message_v3 {
	struct head head;
	struct middle middle;
	struct tail tail;
};

struct __attribute__((packed)) message_v4 {
	struct head head;
	struct middle middle;
	struct tail tail;
	uint32_t ringbuffer_total;
	uint32_t ringbuffer_used;
	uint32_t num_programs;
	uint32_t pad;
};

union message {
	struct head head;
	struct message_v1 v1;
	struct message_v2 v2;
	struct message_v3 v3;
	struct message_v4 v4;
	uint8_t bytes[144];
};

_Static_assert(sizeof(struct message_v1) == 72, "V1");
_Static_assert(sizeof(struct message_v2) == 112, "V2");
_Static_assert(sizeof(struct message_v3) == 128, "V3");
_Static_assert(sizeof(struct message_v4) == 144, "V4");

#endif /* BUFTRACK_TESTS_MESSAGE_H */
