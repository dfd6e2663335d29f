/* SPDX-License-Identifier: GPL-2.0 */
/* A batch that takes so long that something can happen meanwhile */
#ifndef LONG_BATCH_H
#define LONG_BATCH_H

#include "fixture.h"

/**
 * struct endless - a batch in shared memory, so that it survives who runs it
 * @batch: its argument; every second report is a free of what the one before
 *	   allocated
 * @err: what it ended with, if who ran it lived to see that
 * @f: device that it reports to
 */
struct long_batch {
	struct buftrack_batch batch;
	int err;
	const struct fixture *f;
};

struct long_batch *long_batch_create(const struct fixture *f);

/* Run it on a file of its own, in a process of its own */
void long_batch_run(void *long_batch);

/* Wait until it is under way; its client is number 1 */
void long_batch_wait(const struct long_batch *e);

/* What was applied has been counted, and nothing else */
void long_batch_check(const struct long_batch *e);

#endif /* LONG_BATCH_H */
