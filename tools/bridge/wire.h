/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The messages of the allocation server's clients, byte by byte
 *
 * Documentation/bridge.md has the table. Nothing here knows of sockets.
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

/* The four sizes that a message can have; one connection has one of them */
enum {
	WIRE_V1 = 72,
	WIRE_V2 = 112,
	WIRE_V3 = 128,
	WIRE_V4 = 144,
	WIRE_MAX = WIRE_V4,
};

/* What all sizes begin with, and how much of it can be told to be nonsense */
#define WIRE_HEAD 40
#define WIRE_TELLING 20

/* Devices are numbered from 0, and -1 asks for their number */
#define WIRE_DEVICES 256

/**
 * struct wire_message - what of a message matters to who receives it
 * @type: enum wire_type
 * @device: as the program numbers its devices
 * @size: bytes of a buffer
 * @buffer_type: which memory an alloc is in
 * @pid: what the sender says it is
 * @address: of a buffer
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
 * struct wire_answer - what is told to who asks
 * @type: WIRE_RESPONSE or WIRE_DEVICE_INFO_RESPONSE
 * @device: as it was asked for
 * @dram: bytes that are allocated, and so on
 * @total_dram: what the device has, and so on
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

/* wire_is_size() - whether messages can be so long */
bool wire_is_size(size_t size);

/**
 * wire_plausible() - whether a message can begin like that
 * @bytes: its beginning
 * @length: how much of it there is, at least 1
 *
 * There is no magic number. But the type is one of twelve, what pads is zero,
 * and no machine has thousands of devices.
 *
 * Return: false if no client ever sent that.
 */
bool wire_plausible(const uint8_t *bytes, size_t length);

/* wire_decode() - take the first WIRE_HEAD bytes of a message apart */
void wire_decode(const uint8_t *bytes, struct wire_message *message);

/**
 * wire_encode() - put an answer together
 * @answer: the answer
 * @size: of the messages of this connection
 * @bytes: where to
 */
void wire_encode(const struct wire_answer *answer, size_t size,
		 uint8_t bytes[WIRE_MAX]);

#endif /* BUFTRACK_BRIDGE_WIRE_H */
