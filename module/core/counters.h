/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every change of a counter
 *
 * The device, its spaces and its clients count the same things, except for the bytes of
 * apertures, which only their spaces count. Only these functions change counters one by
 * one, so the scopes cannot differ. Each caller holds
 * @bt_tracker.lock, and each function asserts it through bt_counters_add().
 */
#ifndef BUFTRACK_CORE_COUNTERS_H
#define BUFTRACK_CORE_COUNTERS_H

#include <linux/lockdep.h>
#include "tracker.h"

/**
 * bt_counters_add() - add to a counter in every scope
 * @t: the tracker, locked
 * @c: client that is charged
 * @space: space that is charged, or BT_NO_SPACE
 * @counter: the counter
 * @n: amount; counters are unsigned, so adding -n subtracts n
 */
static inline void bt_counters_add(struct bt_tracker *t, struct bt_client *c,
				   u32 space, enum buftrack_counter counter, u64 n)
{
	lockdep_assert_held(&t->lock);
	t->total.v[counter] += n;
	if (space != BT_NO_SPACE)
		t->spaces[space].v[counter] += n;
	c->counters.v[counter] += n;
}

/**
 * bt_counters_add_owner() - charge the owner of a record
 * @t: the tracker, locked
 * @rec: the record
 * @counter: the counter
 * @n: amount, as in bt_counters_add()
 */
static inline void bt_counters_add_owner(struct bt_tracker *t,
					 const struct bt_record *rec,
					 enum buftrack_counter counter, u64 n)
{
	bt_counters_add(t, rec->owner, rec->space, counter, n);
}

/**
 * bt_record_memory() - bytes of memory that a record stands for
 * @rec: the record
 *
 * Return: its size, or 0: it is a view of memory that is counted elsewhere.
 */
static inline u64 bt_record_memory(const struct bt_record *rec)
{
	return rec->is_aperture ? 0 : rec->size;
}

/**
 * bt_counters_add_bytes() - add to a sum of sizes
 * @t: the tracker, locked
 * @c: client that is charged
 * @space: space that is charged
 * @counter: the counter
 * @bytes: amount in the space, as in bt_counters_add()
 * @memory: the part of it that is memory, which device and client count
 */
static inline void bt_counters_add_bytes(struct bt_tracker *t, struct bt_client *c,
					 u32 space, enum buftrack_counter counter,
					 u64 bytes, u64 memory)
{
	lockdep_assert_held(&t->lock);
	t->total.v[counter] += memory;
	t->spaces[space].v[counter] += bytes;
	c->counters.v[counter] += memory;
}

/**
 * bt_counters_add_size() - add the size of a record, or subtract it
 * @t: the tracker, locked
 * @rec: the record, whose owner is charged
 * @counter: the counter
 * @n: 1 or -1
 */
static inline void bt_counters_add_size(struct bt_tracker *t,
					const struct bt_record *rec,
					enum buftrack_counter counter, u64 n)
{
	bt_counters_add_bytes(t, rec->owner, rec->space, counter, n * rec->size,
			      n * bt_record_memory(rec));
}

/**
 * bt_counters_hold() - count a live record of an open client that comes or goes
 * @rec: the record; its tracker is locked
 * @n: 1 or -1
 */
static inline void bt_counters_hold(const struct bt_record *rec, u64 n)
{
	struct bt_holding *h = &rec->owner->holdings[rec->space];

	h->buffers += n;
	h->bytes += n * rec->size;
	h->memory += n * bt_record_memory(rec);
}

/**
 * bt_counters_raise_peak() - raise the peak of a scope to its live bytes
 * @counters: the counters of the scope; their tracker is locked
 */
static inline void bt_counters_raise_peak(struct bt_counters *counters)
{
	counters->v[BUFTRACK_COUNTER_PEAK_BYTES] =
		max(counters->v[BUFTRACK_COUNTER_PEAK_BYTES],
		    counters->v[BUFTRACK_COUNTER_LIVE_BYTES]);
}

/**
 * bt_counters_live() - count a record that becomes live
 * @t: the tracker, locked
 * @rec: the record
 */
static inline void bt_counters_live(struct bt_tracker *t,
				    const struct bt_record *rec)
{
	if (rec->owner->closed) {
		bt_counters_add_owner(t, rec, BUFTRACK_COUNTER_ORPHANED_BUFFERS, 1);
		bt_counters_add_size(t, rec, BUFTRACK_COUNTER_ORPHANED_BYTES, 1);
	} else {
		bt_counters_hold(rec, 1);
	}
	bt_counters_add_owner(t, rec, BUFTRACK_COUNTER_ALLOCS, 1);
	bt_counters_add_owner(t, rec, BUFTRACK_COUNTER_LIVE_BUFFERS, 1);
	bt_counters_add_size(t, rec, BUFTRACK_COUNTER_LIVE_BYTES, 1);
	bt_counters_raise_peak(&t->total);
	bt_counters_raise_peak(&t->spaces[rec->space]);
	bt_counters_raise_peak(&rec->owner->counters);
}

/**
 * bt_counters_freed() - count a freed record that comes or goes
 * @t: the tracker, locked
 * @rec: the record
 * @n: 1 or -1
 */
static inline void bt_counters_freed(struct bt_tracker *t,
				     const struct bt_record *rec, u64 n)
{
	bt_counters_add_owner(t, rec, BUFTRACK_COUNTER_FREED_RECORDS, n);
	if (!rec->owner->closed)
		rec->owner->holdings[rec->space].freed += n;
}

/**
 * bt_counters_ended() - count a record that stops being live
 * @t: the tracker, locked
 * @rec: the record
 * @why: the counter of the way it ended
 */
static inline void bt_counters_ended(struct bt_tracker *t,
				     const struct bt_record *rec,
				     enum buftrack_counter why)
{
	bt_counters_add_owner(t, rec, why, 1);
	bt_counters_add_owner(t, rec, BUFTRACK_COUNTER_LIVE_BUFFERS, -1);
	bt_counters_add_size(t, rec, BUFTRACK_COUNTER_LIVE_BYTES, -1);
	if (rec->owner->closed) {
		bt_counters_add_owner(t, rec, BUFTRACK_COUNTER_ORPHANED_BUFFERS, -1);
		bt_counters_add_size(t, rec, BUFTRACK_COUNTER_ORPHANED_BYTES, -1);
	} else {
		bt_counters_hold(rec, -1);
	}
}

#endif /* BUFTRACK_CORE_COUNTERS_H */
