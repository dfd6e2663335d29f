/* SPDX-License-Identifier: GPL-2.0 */
/* A batch that runs long enough for something to happen during it */
#ifndef LONG_BATCH_H
#define LONG_BATCH_H

#include "fixture.h"

/**
 * struct long_batch - a batch in shared memory, which outlives the process that runs it
 * @batch: its argument; every second report frees the buffer of the one before
 * @err: the result, if the process survived the batch
 * @f: the device
 */
struct long_batch {
	struct buftrack_batch batch;
	int err;
	const struct fixture *f;
};

struct long_batch *long_batch_create(const struct fixture *f);

/* Runs the batch on a new file; to be called in a process of its own */
void long_batch_run(void *long_batch);

/* Waits until the batch is running; its client is number 1 */
void long_batch_wait(const struct long_batch *e);

/* Checks that exactly the applied reports are counted */
void long_batch_check(const struct long_batch *e);

#endif /* LONG_BATCH_H */
