// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of the allocation server's messages: packed, little-endian
 */
#include <endian.h>
#include <string.h>

#include "wire.h"

/* Offsets of fields; V3 and V4 have two more fields before the totals. */
enum {
	AT_TYPE = 0,
	AT_DEVICE = 4,
	AT_SIZE = 8,
	AT_BUFFER_TYPE = 16,
	AT_PID = 20,
	AT_ADDRESS = 24,
	AT_ALLOCATED = 40,
	AT_CB = 72,
	AT_KERNEL = 80,
	AT_TOTALS_V2 = 72,
	AT_TOTALS_V3 = 88,
};

static uint32_t get32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return le32toh(value);
}

static uint64_t get64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return le64toh(value);
}

static uint8_t *put32(uint8_t *to, uint32_t value)
{
	value = htole32(value);
	memcpy(to, &value, sizeof(value));
	return to + sizeof(value);
}

static uint8_t *put64(uint8_t *to, uint64_t value)
{
	value = htole64(value);
	memcpy(to, &value, sizeof(value));
	return to + sizeof(value);
}

bool wire_is_size(size_t size)
{
	return size == WIRE_V1 || size == WIRE_V2 || size == WIRE_V3 ||
	       size == WIRE_V4;
}

static bool is_zero(const uint8_t *bytes, size_t from, size_t to, size_t length)
{
	for (size_t i = from; i < to && i < length; i++)
		if (bytes[i])
			return false;
	return true;
}

/* A query may name any device; the answer says whether it exists. */
static bool names_device(unsigned int type)
{
	switch (type) {
	case WIRE_ALLOC:
	case WIRE_FREE:
	case WIRE_CB_ALLOC:
	case WIRE_CB_FREE:
	case WIRE_KERNEL_LOAD:
	case WIRE_KERNEL_UNLOAD:
		return true;
	default:
		return false;
	}
}

bool wire_plausible(const uint8_t *bytes, size_t length)
{
	unsigned int type = bytes[AT_TYPE];

	if (type < WIRE_ALLOC || type > WIRE_DUMP_KERNELS)
		return false;
	if (!is_zero(bytes, AT_TYPE + 1, AT_DEVICE, length) ||
	    !is_zero(bytes, AT_BUFFER_TYPE + 1, AT_PID, length))
		return false;
	return length < AT_SIZE || !names_device(type) ||
	       get32(bytes + AT_DEVICE) < WIRE_DEVICES;
}

void wire_decode(const uint8_t *bytes, struct wire_message *message)
{
	*message = (struct wire_message){
		.type = bytes[AT_TYPE],
		.device = (int32_t)get32(bytes + AT_DEVICE),
		.size = get64(bytes + AT_SIZE),
		.buffer_type = bytes[AT_BUFFER_TYPE],
		.pid = (int32_t)get32(bytes + AT_PID),
		.address = get64(bytes + AT_ADDRESS),
	};
}

static void put_totals(const struct wire_answer *answer, uint8_t *to)
{
	to = put64(to, answer->total_dram);
	to = put64(to, answer->total_l1);
	to = put32(to, answer->arch);
	to = put32(to, answer->channels);
	to = put32(to, answer->dram_per_channel);
	to = put32(to, answer->l1_per_core);
	to = put32(to, answer->is_available);
	put32(to, answer->nr_devices);
}

void wire_encode(const struct wire_answer *answer, size_t size,
		 uint8_t bytes[WIRE_MAX])
{
	uint8_t *to = bytes + AT_ALLOCATED;

	memset(bytes, 0, WIRE_MAX);
	bytes[AT_TYPE] = answer->type;
	put32(bytes + AT_DEVICE, (uint32_t)answer->device);
	to = put64(to, answer->dram);
	to = put64(to, answer->l1);
	to = put64(to, answer->l1_small);
	put64(to, answer->trace);
	if (size == WIRE_V2)
		put_totals(answer, bytes + AT_TOTALS_V2);
	if (size < WIRE_V3)
		return;
	put64(bytes + AT_CB, answer->cb);
	put64(bytes + AT_KERNEL, answer->kernel);
	put_totals(answer, bytes + AT_TOTALS_V3);
}
