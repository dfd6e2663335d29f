/* SPDX-License-Identifier: GPL-2.0 */
/* A producer that writes reports into a ring */
#ifndef RING_H
#define RING_H

#include "fixture.h"

/**
 * struct ring - a mapped ring
 * @fd: its file
 * @info: its layout
 * @map: the mapping
 * @next: number of entries that were published
 */
struct ring {
	int fd;
	struct buftrack_ring info;
	char *map;
	__u32 next;
};

int try_ring(int fd, __u32 entries, struct buftrack_ring *info);
struct ring ring_create(int fd, __u32 entries);

__u32 *ring_head(const struct ring *r);
__u32 *ring_tail(const struct ring *r);
__u32 *ring_lost(const struct ring *r);
struct buftrack_ring_entry *ring_entry(const struct ring *r, __u32 position);
__u64 ring_clock(const struct ring *r);

/* Writes the next entry, which ring_publish() publishes */
void ring_write(const struct ring *r, struct buftrack_report report);
void ring_publish(struct ring *r);

/* Writes and publishes an entry, for which there must be room */
void ring_report(struct ring *r, struct buftrack_report report);

int drain(int fd, __u32 flags);

#endif /* RING_H */
