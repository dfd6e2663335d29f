/* SPDX-License-Identifier: GPL-2.0 */
/* A listing on its way, a call at a time */
#ifndef COURSE_H
#define COURSE_H

#include "rig.h"

#define MAX_COURSE 1024

/**
 * struct course - a listing on its way
 * @query: of the last call, with its answer
 * @nr: records so far
 * @records: the records
 */
struct course {
	struct buftrack_records query;
	__u32 nr;
	struct buftrack_record records[MAX_COURSE];
};

/* Begin with so many records at most, or go on; 0 or an errno */
int course_begin(struct course *c, int fd, struct buftrack_records query,
		 __u32 nr);
int course_step(struct course *c, int fd, __u32 nr);

/* Go on to the end */
void course_finish(struct course *c, int fd);

const struct buftrack_record *course_find(const struct course *c,
					  __u64 address);

#endif /* COURSE_H */
