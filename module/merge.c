// SPDX-License-Identifier: GPL-2.0
/* Merging the rings of one client into one sequence of reports: see merge.h */
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <asm/barrier.h>
#include "core/export.h"
#include "merge.h"

#define BT_MERGE_SHIFT	20

/* Longest time between two drains over which ticks are converted; longer ones clamp */
#define BT_MERGE_WINDOW	BIT_ULL(40)

/* Is a position below a bound? Both are at most a ring's capacity away from @taken */
static bool merge_below(const struct bt_ring *ring, u32 bound)
{
	return (s32)(bound - ring->taken) > 0;
}

/* Read the head of a ring, which the producer may have set to anything */
static u32 merge_read_head(struct bt_ring *ring)
{
	/* Pairs with the release of the producer that publishes entries */
	u32 head = smp_load_acquire(ring->head);

	if (head - ring->taken > ring->capacity)
		ring->broken = true;
	return ring->broken ? ring->taken : head;
}

static void merge_read_sure(struct bt_merge *m)
{
	u32 i;

	for (i = 0; i < m->nr; i++) {
		struct bt_ring *ring = m->rings[i];

		ring->sure = merge_read_head(ring);
		/* Positions wrap, so a bound that was passed must not stay behind */
		if (!merge_below(ring, ring->lossy))
			ring->lossy = ring->taken;
	}
}

/* Returns the number of entries below the limits */
static u64 merge_read_limits(struct bt_merge *m)
{
	u64 backlog = 0;
	u32 i;

	for (i = 0; i < m->nr; i++) {
		m->rings[i]->limit = merge_read_head(m->rings[i]);
		backlog += m->rings[i]->limit - m->rings[i]->taken;
	}
	return backlog;
}

/* Returns the number of new losses; a ring that broke counts as one */
static u64 merge_read_lost(struct bt_merge *m)
{
	u32 broken = 0, i;
	u64 lost = 0;

	for (i = 0; i < m->nr; i++) {
		struct bt_ring *ring = m->rings[i];
		u32 now = READ_ONCE(*ring->lost);

		lost += (u32)(now - ring->nr_lost);
		ring->nr_lost = now;
		broken += ring->broken;
	}
	lost += broken - m->nr_broken;
	m->nr_broken = broken;
	return lost;
}

static void merge_mark_lossy(struct bt_merge *m)
{
	u32 i;

	for (i = 0; i < m->nr; i++)
		m->rings[i]->lossy = merge_read_head(m->rings[i]);
}

static void merge_set_time(struct bt_merge *m, u64 horizon, u64 now)
{
	u64 ticks, ns;

	m->origin = m->horizon;
	m->before = m->now;
	/* A client can move the clock of its own stamps backwards */
	m->horizon = max(horizon, m->origin);
	m->now = max(now, m->before);
	ticks = clamp_t(u64, m->horizon - m->origin, 1, BT_MERGE_WINDOW);
	ns = min_t(u64, m->now - m->before, BT_MERGE_WINDOW);
	m->scale = min_t(u64, div64_u64(ns << BT_MERGE_SHIFT, ticks), U32_MAX);
}

/**
 * bt_merge_begin() - begin a drain: determine which entries it takes
 * @m: the merge; the caller serializes all calls for it
 * @now: time in ns
 * @backlog: set to the number of entries that were published
 *
 * A drain may begin before the previous one has ended; it takes those entries as well.
 *
 * Return: reports that were lost since the last drain began. If it is not 0, the caller
 * notes a gap before it takes an entry.
 */
u64 bt_merge_begin(struct bt_merge *m, u64 now, u64 *backlog)
{
	u64 lost;

	merge_read_sure(m);
	merge_set_time(m, m->ticks(m), now);
	*backlog = merge_read_limits(m);
	lost = merge_read_lost(m);
	if (lost || !m->ordered)
		merge_mark_lossy(m);
	m->next = NULL;
	return lost;
}
EXPORT_SYMBOL_IF_KUNIT(bt_merge_begin);

/* Copy the entry at the ring's position, once */
static void merge_fetch(struct bt_ring *ring)
{
	u32 index = ring->taken & (ring->capacity - 1), i;
	const u64 *from = ring->pages[index / BT_RING_PAGE_ENTRIES] +
			  index % BT_RING_PAGE_ENTRIES * sizeof(ring->entry);
	u64 *to = (u64 *)&ring->entry;

	if (ring->fetched)
		return;
	for (i = 0; i < sizeof(ring->entry) / sizeof(*to); i++)
		to[i] = READ_ONCE(from[i]);
	ring->fetched = true;
}

/* The stamp of a fetched entry as the merge sees it: never lower than the one before */
static u64 merge_stamp(const struct bt_merge *m, const struct bt_ring *ring)
{
	u64 stamp = max(ring->entry.stamp, ring->stamp);

	/* Only a wrong clock can be ahead here */
	return merge_below(ring, ring->sure) ? min(stamp, m->horizon - 1) : stamp;
}

/* Has the ring an entry that this drain takes? */
static bool merge_has_next(const struct bt_merge *m, struct bt_ring *ring)
{
	if (ring->broken || !merge_below(ring, ring->limit))
		return false;
	merge_fetch(ring);
	return merge_below(ring, ring->sure) || merge_stamp(m, ring) < m->horizon;
}

static void merge_find_next(struct bt_merge *m)
{
	u64 lowest = U64_MAX;
	u32 i;

	m->next = NULL;
	m->bound = U64_MAX;
	for (i = 0; i < m->nr; i++) {
		struct bt_ring *ring = m->rings[i];
		u64 stamp;

		if (!merge_has_next(m, ring))
			continue;
		stamp = merge_stamp(m, ring);
		if (!m->next || stamp < lowest) {
			m->bound = m->next ? lowest : U64_MAX;
			m->next = ring;
			lowest = stamp;
		} else {
			m->bound = min(m->bound, stamp);
		}
	}
}

/**
 * bt_merge_peek() - find the next entry that the drain takes
 * @m: the merge, after bt_merge_begin()
 *
 * Return: the ring whose @entry is the next one, for bt_merge_take(), or NULL if the
 * drain has taken all.
 */
struct bt_ring *bt_merge_peek(struct bt_merge *m)
{
	struct bt_ring *ring = m->next;

	if (!ring || !merge_has_next(m, ring) || merge_stamp(m, ring) > m->bound)
		merge_find_next(m);
	return m->next;
}
EXPORT_SYMBOL_IF_KUNIT(bt_merge_peek);

/**
 * bt_merge_time() - time of the entry that bt_merge_peek() found
 * @m: the merge
 * @ring: its ring
 *
 * Return: ns, between the begin of the previous drain and that of this one.
 */
u64 bt_merge_time(const struct bt_merge *m, const struct bt_ring *ring)
{
	u64 ticks = clamp(merge_stamp(m, ring), m->origin, m->horizon) - m->origin;
	u64 ns = mul_u64_u32_shr(min(ticks, BT_MERGE_WINDOW), m->scale, BT_MERGE_SHIFT);

	return min(m->before + ns, m->now);
}
EXPORT_SYMBOL_IF_KUNIT(bt_merge_time);

/**
 * bt_merge_take() - take the entry that bt_merge_peek() found, after it was judged
 * @m: the merge
 * @ring: its ring
 *
 * Return: true if the entry may be older than a loss, so that the caller notes a gap.
 */
bool bt_merge_take(struct bt_merge *m, struct bt_ring *ring)
{
	bool lossy = merge_below(ring, ring->lossy);

	ring->stamp = merge_stamp(m, ring);
	ring->fetched = false;
	ring->taken++;
	/* The entry was copied before; pairs with the acquire of a producer that reuses it */
	smp_store_release(ring->tail, ring->taken);
	return lossy;
}
EXPORT_SYMBOL_IF_KUNIT(bt_merge_take);
