/* SPDX-License-Identifier: GPL-2.0 */
/* A listing, one call at a time */
#ifndef LISTING_WALK_H
#define LISTING_WALK_H

#include "fixture.h"

#define MAX_WALK 1024

/**
 * struct listing_walk - a listing in progress
 * @query: the last call with its answer
 * @nr: number of records so far
 * @records: the records
 */
struct listing_walk {
	struct buftrack_records query;
	__u32 nr;
	struct buftrack_record records[MAX_WALK];
};

/* Begin or continue, with at most @nr records; return 0 or an errno */
int walk_begin(struct listing_walk *c, int fd, struct buftrack_records query,
	       __u32 nr);
int walk_step(struct listing_walk *c, int fd, __u32 nr);

/* Continues to the end */
void walk_finish(struct listing_walk *c, int fd);

const struct buftrack_record *walk_find(const struct listing_walk *c,
					__u64 address);

#endif /* LISTING_WALK_H */
