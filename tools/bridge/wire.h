/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The layout of the allocation server's messages
 *
 * Documentation/bridge.md has the table.
 */
#ifndef BUFTRACK_BRIDGE_WIRE_H
#define BUFTRACK_BRIDGE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_type {
	WIRE_ALLOC = 1,
	WIRE_FREE = 2,
	WIRE_QUERY = 3,
	WIRE_RESPONSE = 4,
	WIRE_DUMP_REMAINING = 5,
	WIRE_DEVICE_INFO_QUERY = 6,
	WIRE_DEVICE_INFO_RESPONSE = 7,
	WIRE_CB_ALLOC = 8,
	WIRE_CB_FREE = 9,
	WIRE_KERNEL_LOAD = 10,
	WIRE_KERNEL_UNLOAD = 11,
	WIRE_DUMP_KERNELS = 12,
};

/* The four sizes of a message; a connection uses one of them */
enum {
	WIRE_V1 = 72,
	WIRE_V2 = 112,
	WIRE_V3 = 128,
	WIRE_V4 = 144,
	WIRE_MAX = WIRE_V4,
};

/* Bytes common to all sizes, and how many of them wire_plausible() checks */
#define WIRE_HEAD 40
#define WIRE_DECISIVE 20

/* Devices are 0 to 255; a query for device -1 asks how many there are. */
#define WIRE_DEVICES 256

/**
 * struct wire_message - a request
 * @type: enum wire_type
 * @device: device number of the program
 * @size: size of the buffer in bytes
 * @buffer_type: memory that an alloc is in
 * @pid: process id that the sender claims
 * @address: address of the buffer
 */
struct wire_message {
	unsigned int type;
	int32_t device;
	uint64_t size;
	unsigned int buffer_type;
	int32_t pid;
	uint64_t address;
};

/**
 * struct wire_answer - an answer
 * @type: WIRE_RESPONSE or WIRE_DEVICE_INFO_RESPONSE
 * @device: device number from the request
 * @dram: bytes live in DRAM
 * @l1: bytes live in L1
 * @l1_small: bytes live in L1_SMALL and in SYSTEM
 * @trace: bytes live in TRACE
 * @cb: bytes live in CB
 * @kernel: bytes live in KERNEL
 * @total_dram: size of all DRAM
 * @total_l1: size of all L1
 * @arch: architecture: 1 grayskull, 2 wormhole_b0, 3 blackhole, 0 unknown
 * @channels: number of DRAM channels
 * @dram_per_channel: size of a channel
 * @l1_per_core: size of a core's L1
 * @is_available: the device, or any device, exists
 * @nr_devices: number of devices
 */
struct wire_answer {
	unsigned int type;
	int32_t device;
	uint64_t dram;
	uint64_t l1;
	uint64_t l1_small;
	uint64_t trace;
	uint64_t cb;
	uint64_t kernel;
	uint64_t total_dram;
	uint64_t total_l1;
	uint32_t arch;
	uint32_t channels;
	uint32_t dram_per_channel;
	uint32_t l1_per_core;
	uint32_t is_available;
	uint32_t nr_devices;
};

/* wire_is_size() - true for the four sizes */
bool wire_is_size(size_t size);

/**
 * wire_plausible() - check whether a message can begin with these bytes
 * @bytes: the bytes
 * @length: number of bytes, at least 1
 *
 * Messages have no magic number. The check is a type from 1 to 12, zero padding and
 * a device below WIRE_DEVICES.
 *
 * Return: false if no client sends such bytes.
 */
bool wire_plausible(const uint8_t *bytes, size_t length);

/* wire_decode() - decode a message from its first WIRE_HEAD bytes */
void wire_decode(const uint8_t *bytes, struct wire_message *message);

/**
 * wire_encode() - encode an answer
 * @answer: the answer
 * @size: size of the connection's messages
 * @bytes: filled in, zero after the answer's fields
 */
void wire_encode(const struct wire_answer *answer, size_t size,
		 uint8_t bytes[WIRE_MAX]);

#endif /* BUFTRACK_BRIDGE_WIRE_H */
