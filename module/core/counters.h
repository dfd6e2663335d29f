/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bookkeeping: every change of a counter goes through here, so that the scopes
 * (device, space, client) cannot differ. bt_tracker.lock is held throughout.
 */
#ifndef BUFTRACK_CORE_COUNTERS_H
#define BUFTRACK_CORE_COUNTERS_H

#include "tracker.h"

/**
 * bt_book() - add to a counter in all scopes
 * @t: the tracker, locked
 * @c: client that it counts for
 * @space: space that it counts for, or BT_NO_SPACE
 * @counter: which counter
 * @n: how much; the counters are unsigned, so that adding -n takes n off
 */
static inline void bt_book(struct bt_tracker *t, struct bt_client *c, u32 space,
			   enum buftrack_counter counter, u64 n)
{
	t->total.v[counter] += n;
	if (space != BT_NO_SPACE)
		t->spaces[space].v[counter] += n;
	c->counters.v[counter] += n;
}

/**
 * bt_book_record() - count what happens to a record, which is its owner's
 * @t: the tracker, locked
 * @rec: the record
 * @counter: which counter
 * @n: how much, as in bt_book()
 */
static inline void bt_book_record(struct bt_tracker *t,
				  const struct bt_record *rec,
				  enum buftrack_counter counter, u64 n)
{
	bt_book(t, rec->owner, rec->space, counter, n);
}

/**
 * bt_book_peak() - take note of a new peak, if there is one
 * @counters: the counters of one scope, of a tracker that is locked
 */
static inline void bt_book_peak(struct bt_counters *counters)
{
	counters->v[BUFTRACK_COUNTER_PEAK_BYTES] =
		max(counters->v[BUFTRACK_COUNTER_PEAK_BYTES],
		    counters->v[BUFTRACK_COUNTER_LIVE_BYTES]);
}

/**
 * bt_book_live() - a record came to life
 * @t: the tracker, locked
 * @rec: the record
 */
static inline void bt_book_live(struct bt_tracker *t,
				const struct bt_record *rec)
{
	if (rec->owner->closed) {
		bt_book_record(t, rec, BUFTRACK_COUNTER_ORPHANED_BUFFERS, 1);
		bt_book_record(t, rec, BUFTRACK_COUNTER_ORPHANED_BYTES, rec->size);
	} else {
		rec->owner->holdings[rec->space].buffers++;
		rec->owner->holdings[rec->space].bytes += rec->size;
	}
	bt_book_record(t, rec, BUFTRACK_COUNTER_ALLOCS, 1);
	bt_book_record(t, rec, BUFTRACK_COUNTER_LIVE_BUFFERS, 1);
	bt_book_record(t, rec, BUFTRACK_COUNTER_LIVE_BYTES, rec->size);
	bt_book_peak(&t->total);
	bt_book_peak(&t->spaces[rec->space]);
	bt_book_peak(&rec->owner->counters);
}

/**
 * bt_book_freed() - a freed record came or went
 * @t: the tracker, locked
 * @rec: the record
 * @n: 1 or -1
 */
static inline void bt_book_freed(struct bt_tracker *t,
				 const struct bt_record *rec, u64 n)
{
	bt_book_record(t, rec, BUFTRACK_COUNTER_FREED_RECORDS, n);
	if (!rec->owner->closed)
		rec->owner->holdings[rec->space].freed += n;
}

/**
 * bt_book_ended() - a live record ended
 * @t: the tracker, locked
 * @rec: the record
 * @why: the counter of how
 */
static inline void bt_book_ended(struct bt_tracker *t,
				 const struct bt_record *rec,
				 enum buftrack_counter why)
{
	bt_book_record(t, rec, why, 1);
	bt_book_record(t, rec, BUFTRACK_COUNTER_LIVE_BUFFERS, -1);
	bt_book_record(t, rec, BUFTRACK_COUNTER_LIVE_BYTES, -rec->size);
	if (rec->owner->closed) {
		bt_book_record(t, rec, BUFTRACK_COUNTER_ORPHANED_BUFFERS, -1);
		bt_book_record(t, rec, BUFTRACK_COUNTER_ORPHANED_BYTES, -rec->size);
	} else {
		rec->owner->holdings[rec->space].buffers--;
		rec->owner->holdings[rec->space].bytes -= rec->size;
	}
}

#endif /* BUFTRACK_CORE_COUNTERS_H */
