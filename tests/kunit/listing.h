/* SPDX-License-Identifier: GPL-2.0 */
/* Copies of records as a listing returned them */
#ifndef BUFTRACK_KUNIT_LISTING_H
#define BUFTRACK_KUNIT_LISTING_H

#include "fixture.h"

#define ALL_STATES (BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED | \
		    BUFTRACK_RECORD_STATE_REMAINING)

/**
 * struct seen - a record as a listing returned it
 * @owner: number of its owner
 * @by: number of the client that freed it, 0: none
 * @state: combination of enum buftrack_record_state
 * @space: its space
 * @repeats: number of further frees
 * @address: its address
 * @id: its id
 * @size: its size
 * @span: its span
 * @allocated: stamp of its alloc
 * @ended: stamp of its free or logging, 0: it is live
 * @site: site of its alloc
 * @ended_site: site of its free
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
 * struct listing - a listing and the records that it returned
 * @l: the listing of the core
 * @begun: it is in progress or at its end
 * @nr: number of records
 * @room: bound on @nr
 * @seen: the records
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
