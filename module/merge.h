/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Merging the rings of one client into one sequence of reports
 *
 * Each thread of a client owns a ring in memory that the kernel allocates and the client
 * maps. The thread writes an entry, with a tick of a clock that all threads share as its
 * stamp, and publishes it by advancing the ring's head. A drain merges the rings by
 * stamp, so the tracker judges the reports of all threads in the order in which they
 * were made.
 *
 * Order. A report must not be judged before another one that was published before it was
 * begun: the free of a buffer in one thread after its alloc in another one. A drain reads
 * the clock first (the horizon), then all heads, and takes only entries with a stamp
 * below the horizon. If it takes an entry B, and A was published before B was begun, then
 * A was published before the horizon. So it has seen A as well, with a lower stamp.
 *
 * Completeness. A reader must see every entry that was published before it asked,
 * whatever the producer's clock says. A drain therefore reads all heads before the
 * horizon, too; entries below these heads are taken regardless of their stamp. With a
 * correct clock their stamps are below the horizon anyway.
 *
 * Why rings per thread. The alternative is one ring in which threads reserve slots with an
 * atomic add. There, a thread that stops between reserving and publishing leaves a hole
 * that either blocks all later reports or has to be remembered. A ring with one producer
 * has no holes: what is not published does not exist. Its cost does not depend on other
 * threads, either. Measured on two processors, CPU time per entry of 64 bytes with 1, 2, 4
 * and 8 threads: one ring with an atomic add 6, 9 to 17, 9 and 17 ns; rings per thread
 * with an atomic add as the clock 6, 8 to 15, 13 and 9 to 13 ns; with the time stamp
 * counter, read in order, 16 ns for any number of threads. The first two grow with the
 * number of processors that share the line.
 *
 * Trust. Everything in the shared memory may change at any time. Each entry is copied
 * once, before it is checked. The kernel's own position is never read back. A head
 * outside of the ring breaks the ring for good: it counts as one lost report, and nothing
 * of the ring is read again. Stamps order the reports of their own client and nothing
 * else; as times they are clamped to the interval since the previous drain.
 *
 * Losses. A producer that finds its ring full counts a lost report instead of waiting.
 * The loss has no place in the sequence, so every entry that may be older than it is
 * followed by a gap: it builds no blame.
 */
#ifndef BUFTRACK_MERGE_H
#define BUFTRACK_MERGE_H

#include <linux/types.h>
#include <asm/page.h>
#include <linux/buftrack.h>

/* Entries in a page of a ring */
#define BT_RING_PAGE_ENTRIES	(PAGE_SIZE / sizeof(struct buftrack_ring_entry))

/* Rings of one client */
#define BT_MAX_RINGS	BUFTRACK_MAX_RINGS

/**
 * struct bt_ring - the kernel's side of a ring
 * @head: shared: position of the next entry that the producer writes
 * @lost: shared: reports that the producer lost
 * @tail: shared: position of the next entry that the kernel takes; only written
 * @pages: shared: pages of entries
 * @capacity: number of entries, a power of two
 * @taken: position of the next entry that the kernel takes
 * @sure: entries below this position were published before the horizon
 * @limit: entries from this position on are left to the next drain
 * @lossy: entries below this position may be older than the latest loss
 * @nr_lost: value of @lost that is accounted for
 * @stamp: highest stamp that was taken
 * @fetched: @entry is the entry at @taken
 * @broken: the producer's head made no sense
 * @entry: private copy of the entry at @taken
 */
struct bt_ring {
	u32 *head;
	u32 *lost;
	u32 *tail;
	void *const *pages;
	u32 capacity;
	u32 taken;
	u32 sure;
	u32 limit;
	u32 lossy;
	u32 nr_lost;
	u64 stamp;
	bool fetched;
	bool broken;
	struct buftrack_ring_entry entry;
};

/**
 * struct bt_merge - the merge of the rings of one client
 * @ticks: reads the clock of the stamps; no later load may be executed before it
 * @nr: number of rings
 * @rings: the rings
 * @nr_broken: broken rings that are accounted for as lost reports
 * @ordered: stamps of different rings can be compared; otherwise every entry is treated
 *	     as older than a loss, and the caller notes a gap before the first one
 * @horizon: ticks at which the drain began
 * @origin: ticks at which the previous drain began
 * @now: time at @horizon in ns
 * @before: time at @origin in ns
 * @scale: ns per tick since @origin, times 2^20
 * @next: ring whose entry is the next one; NULL: not known
 * @bound: stamp up to which the entries of @next precede those of all other rings
 */
struct bt_merge {
	u64 (*ticks)(const struct bt_merge *m);
	u32 nr;
	struct bt_ring *rings[BT_MAX_RINGS];
	u32 nr_broken;
	bool ordered;
	u64 horizon;
	u64 origin;
	u64 now;
	u64 before;
	u32 scale;
	struct bt_ring *next;
	u64 bound;
};

u64 bt_merge_begin(struct bt_merge *m, u64 now, u64 *backlog);
struct bt_ring *bt_merge_peek(struct bt_merge *m);
u64 bt_merge_time(const struct bt_merge *m, const struct bt_ring *ring);
bool bt_merge_take(struct bt_merge *m, struct bt_ring *ring);

#endif /* BUFTRACK_MERGE_H */
