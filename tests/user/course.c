// SPDX-License-Identifier: GPL-2.0
/* A listing on its way */
#include <stdio.h>
#include "course.h"

int course_step(struct course *c, int fd, __u32 nr)
{
	int err;

	CHECK(c->nr + nr <= MAX_COURSE);
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

int course_begin(struct course *c, int fd, struct buftrack_records query,
		 __u32 nr)
{
	c->nr = 0;
	c->query = query;
	c->query.flags = BUFTRACK_RECORDS_BEGIN;
	return course_step(c, fd, nr);
}

void course_finish(struct course *c, int fd)
{
	while (!c->query.end)
		CHECK_OK(course_step(c, fd, 3));
}

const struct buftrack_record *course_find(const struct course *c, __u64 address)
{
	__u32 i;

	for (i = 0; i < c->nr; i++)
		if (c->records[i].address == address)
			return &c->records[i];
	return NULL;
}
