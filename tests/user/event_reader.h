/* SPDX-License-Identifier: GPL-2.0 */
/* Reading events */
#ifndef EVENT_READER_H
#define EVENT_READER_H

#include "fixture.h"

#define EVENT_SIZE sizeof(struct buftrack_event)

/* A file of a rig's device to read events from, that does not wait for them */
int open_reader(const struct fixture *f);

/* Bytes that were read, or -errno */
ssize_t try_read(int fd, void *buf, size_t size);

/* The next event, which is there */
struct buftrack_event next_event(int fd);

/* There is no event to read now */
void check_no_event(int fd);

/* Read all events that are there; returns how many they are */
__u32 skip_events(int fd);

/* A wrong report, and nothing but: the event it makes has this address */
void report_wrong(int fd, __u64 address);

/* As many wrong reports, in batches */
void report_many_wrong(int fd, __u32 nr);

/* Wait until a process waits in the kernel */
void wait_until_blocked(pid_t pid);

#endif /* EVENT_READER_H */
