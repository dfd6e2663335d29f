// SPDX-License-Identifier: GPL-2.0
/* A listing, one call at a time */
#include <stdio.h>
#include "listing_walk.h"

int walk_step(struct listing_walk *c, int fd, __u32 nr)
{
	int err;

	CHECK(c->nr + nr <= MAX_WALK);
	c->query.records = user_ptr(c->records + c->nr);
	c->query.record_size = sizeof(c->records[0]);
	c->query.nr = nr;
	err = CALL(fd, RECORDS, &c->query);
	if (err)
		return err;
	CHECK(c->query.nr <= nr);
	c->nr += c->query.nr;
	c->query.flags = 0;
	return 0;
}

int walk_begin(struct listing_walk *c, int fd, struct buftrack_records query,
	       __u32 nr)
{
	c->nr = 0;
	c->query = query;
	c->query.flags = BUFTRACK_RECORDS_BEGIN;
	return walk_step(c, fd, nr);
}

void walk_finish(struct listing_walk *c, int fd)
{
	while (!c->query.end)
		CHECK_OK(walk_step(c, fd, 3));
}

const struct buftrack_record *walk_find(const struct listing_walk *c,
					__u64 address)
{
	__u32 i;

	for (i = 0; i < c->nr; i++)
		if (c->records[i].address == address)
			return &c->records[i];
	return NULL;
}
