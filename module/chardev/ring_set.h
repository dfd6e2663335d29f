/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rings of one open file, and their memory
 *
 * Lifetime: the file holds one reference until its release, and each drain on behalf of
 * somebody else one while it lasts. The memory goes with the last one.
 *
 * Locking: @bt_ring_set.lock serializes drains. It is held for a few entries at a time,
 * and no memory is allocated or copied from or to user space under it. bt_file.lock, under
 * which rings are added, comes before it.
 */
#ifndef BUFTRACK_CHARDEV_RING_SET_H
#define BUFTRACK_CHARDEV_RING_SET_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include "../merge.h"

struct bt_device;
struct bt_file;
struct bt_reporter;
struct mem_cgroup;
struct page;

/* Distance of the rings in the file, in pages: more than the largest mapping */
#define BT_RING_STRIDE_PAGES	1024

/**
 * struct bt_ring_memory - a ring and its memory
 * @ring: the ring
 * @nr_pages: length of @pages
 * @pages: its header page, and its entries
 */
struct bt_ring_memory {
	struct bt_ring ring;
	u32 nr_pages;
	void *pages[];
};

/**
 * struct bt_ring_set - the rings of one open file
 * @ref: references
 * @lock: guards @merge, @taken, @ended
 * @merge: their merge
 * @taken: entries that were taken from all rings
 * @ended: the client ends, and nothing may be judged any more
 * @dev: device of the file
 * @reporter: client that makes the reports
 * @serial: number of the file, and index in bt_device.rings
 * @tgid: process that may map the rings
 * @memcg: memory cgroup that is charged for the records of the reports
 * @nr_pages: pages charged to the user of @reporter
 * @period: time in jiffies until @work runs again
 * @work: drains the rings from time to time
 * @common: page that all rings share: the counter
 */
struct bt_ring_set {
	struct kref ref;
	struct mutex lock; /* guards merge, taken, ended */
	struct bt_merge merge;
	u64 taken;
	bool ended;
	struct bt_device *dev;
	struct bt_reporter *reporter;
	u64 serial;
	struct pid *tgid;
	struct mem_cgroup *memcg;
	u32 nr_pages;
	unsigned long period;
	struct delayed_work work;
	u64 *common;
};

struct bt_ring_memory *bt_ring_memory_alloc(u32 entries);
void bt_ring_memory_free(struct bt_ring_memory *m);

struct bt_ring_set *bt_ring_set_create(const struct bt_file *file);
int bt_ring_set_add(struct bt_ring_set *set, struct bt_reporter *reporter,
		    struct bt_ring_memory *m);
void bt_ring_set_publish(struct bt_ring_set *set);
void bt_ring_set_discard(struct bt_ring_set *set);
struct bt_ring_set *bt_ring_set_next(struct bt_device *dev, unsigned long *index);
void bt_ring_set_put(struct bt_ring_set *set);

struct page *bt_ring_set_page(struct bt_ring_set *set, unsigned long index);
unsigned long bt_ring_set_pages(struct bt_ring_set *set, unsigned long index);
void bt_ring_set_describe(const struct bt_ring_set *set, struct buftrack_ring *out);
void bt_ring_set_check_clock(struct bt_ring_set *set);

#endif /* BUFTRACK_CHARDEV_RING_SET_H */
