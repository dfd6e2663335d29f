// SPDX-License-Identifier: GPL-2.0
/* Reading events */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "event_reader.h"

int open_reader(const struct fixture *f)
{
	return open_node(f->device, O_RDONLY | O_NONBLOCK);
}

ssize_t try_read(int fd, void *buf, size_t size)
{
	ssize_t n = read(fd, buf, size);

	return n < 0 ? -errno : n;
}

struct buftrack_event next_event(int fd)
{
	struct buftrack_event event;

	memset(&event, 0xa5, sizeof(event));
	CHECK_EQ(try_read(fd, &event, sizeof(event)), EVENT_SIZE);
	CHECK_EQ(event.size, EVENT_SIZE);
	return event;
}

void check_no_event(int fd)
{
	struct buftrack_event event;

	CHECK_ERR(-try_read(fd, &event, sizeof(event)), EAGAIN);
}

__u32 skip_events(int fd)
{
	struct buftrack_event events[8];
	__u32 nr = 0;
	ssize_t n;

	while ((n = try_read(fd, events, sizeof(events))) > 0)
		nr += n / EVENT_SIZE;
	CHECK(!n || n == -EAGAIN);
	return nr;
}

void report_wrong(int fd, __u64 address)
{
	CHECK_EQ(verdict_of(fd, FREE(.address = address)),
		 BUFTRACK_VERDICT_UNKNOWN_NEVER);
}

void report_many_wrong(int fd, __u32 nr)
{
	static struct buftrack_report wrongs[1024];
	__u32 i, n, done;

	for (i = 0; i < ARRAY_SIZE(wrongs); i++)
		wrongs[i] = FREE(.address = 0xdead0000 + i);
	for (; nr; nr -= n) {
		n = nr < ARRAY_SIZE(wrongs) ? nr : ARRAY_SIZE(wrongs);
		CHECK_OK(batch(fd, wrongs, n, NULL, &done));
		CHECK_EQ(done, n);
	}
}
