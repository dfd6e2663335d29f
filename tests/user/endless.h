/* SPDX-License-Identifier: GPL-2.0 */
/* A batch that takes so long that something can happen meanwhile */
#ifndef ENDLESS_H
#define ENDLESS_H

#include "rig.h"

/**
 * struct endless - a batch in shared memory, so that it survives who runs it
 * @batch: its argument; every second report is a free of what the one before
 *	   allocated
 * @err: what it ended with, if who ran it lived to see that
 * @r: device that it reports to
 */
struct endless {
	struct buftrack_batch batch;
	int err;
	const struct rig *r;
};

struct endless *endless_create(const struct rig *r);

/* Run it on a file of its own, in a process of its own */
void endless_run(void *endless);

/* Wait until it is under way; its client is number 1 */
void endless_wait(const struct endless *e);

/* What was applied has been counted, and nothing else */
void endless_check(const struct endless *e);

#endif /* ENDLESS_H */
