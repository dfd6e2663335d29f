/* SPDX-License-Identifier: GPL-2.0 */
/* Reading events */
#ifndef EVENT_READER_H
#define EVENT_READER_H

#include "fixture.h"

#define EVENT_SIZE sizeof(struct buftrack_event)

/* Opens the device of a fixture for reading events without blocking */
int open_reader(const struct fixture *f);

/* Returns the number of bytes read, or -errno */
ssize_t try_read(int fd, void *buf, size_t size);

/* Returns the next event, which must be there */
struct buftrack_event next_event(int fd);

/* Checks that no event can be read now */
void check_no_event(int fd);

/* Reads all pending events and returns their number */
__u32 skip_events(int fd);

/* Makes a wrong report; its event has this address */
void report_wrong(int fd, __u64 address);

/* Makes this many wrong reports, in batches */
void report_many_wrong(int fd, __u32 nr);

#endif /* EVENT_READER_H */
