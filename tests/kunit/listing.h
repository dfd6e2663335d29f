/* SPDX-License-Identifier: GPL-2.0 */
/* Copies of records, as a listing found them */
#ifndef BUFTRACK_KUNIT_LISTING_H
#define BUFTRACK_KUNIT_LISTING_H

#include "fixture.h"

#define ALL_STATES (BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED | \
		    BUFTRACK_RECORD_STATE_REMAINING)

/**
 * struct seen - what was seen of a record
 * @owner: number of its owner
 * @by: number of who freed it, 0: nobody
 * @state: combination of enum buftrack_record_state
 * @space: its space
 * @repeats: how often it was freed again
 * @address: its address
 * @id: its id
 * @size: its size
 * @span: its span
 * @allocated: when it was allocated
 * @ended: when it was freed or its client ended, 0: it is live
 * @site: where it was allocated
 * @ended_site: where it was freed
 */
struct seen {
	u64 owner;
	u64 by;
	u32 state;
	u32 space;
	u64 repeats;
	u64 address;
	u64 id;
	u64 size;
	u64 span;
	u64 allocated;
	u64 ended;
	u64 site;
	u64 ended_site;
};

/**
 * struct listing - a listing, and what it has found
 * @l: where it is
 * @begun: it is under way, or at its end
 * @nr: records found
 * @room: most records that it takes
 * @seen: the records found
 */
struct listing {
	struct bt_listing l;
	bool begun;
	unsigned int nr;
	unsigned int room;
	struct seen seen[];
};

struct listing *listing_create(struct kunit *test, unsigned int room);
void listing_begin(struct kunit *test, struct listing *l);
void listing_end(struct kunit *test, struct listing *l);
void listing_fill(struct kunit *test, struct listing *l);

#endif /* BUFTRACK_KUNIT_LISTING_H */
