/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Circular buffers of tt-metal's programs, and what its hook keeps for a process
 */
#ifndef BUFTRACK_HOOK_TTMETAL_CB_H
#define BUFTRACK_HOOK_TTMETAL_CB_H

#include <pthread.h>

#include "ttmetal-device.h"

#define TT_MAX_CBS 512 /* of a process, at a time */
#define TT_CB_RANGES 4

struct tt_core_range {
	uint16_t x0, y0, x1, y1;
};

struct tt_cb {
	struct hook_buffer buffer;
	uint64_t end;
	uint32_t count;
	struct tt_core_range ranges[TT_CB_RANGES];
};

/* struct tt_memory - zeroed at the start of each process */
struct tt_memory {
	const void *allocators[HOOK_MAX_OWNERS]; /* of each owner's buffers */
	pthread_mutex_t cb_lock;
	uint32_t cbs_used;
	struct tt_cb cbs[TT_MAX_CBS];
};

_Static_assert(sizeof(struct tt_memory) <= HOOK_MEMORY_SIZE,
	       "the hook's memory holds it");

static inline struct tt_memory *tt_memory(void)
{
	return hook_memory();
}

/* tt_cb_close() - a device closes, and its circular buffers with it */
void tt_cb_close(const void *device);

#endif
