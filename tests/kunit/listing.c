// SPDX-License-Identifier: GPL-2.0
/* Listing records into an array */
#include <linux/overflow.h>
#include <linux/slab.h>
#include "listing.h"

static bool take(struct bt_walk *w, const struct bt_record *rec, u32 state)
{
	struct listing *l = container_of(w, struct listing, w);
	bool ended = !(state & BUFTRACK_RECORD_LIVE);

	if (l->nr == l->room)
		return false;
	l->seen[l->nr++] = (struct seen) {
		.owner = rec->owner->number,
		.by = ended && rec->freed.by ? rec->freed.by->number : 0,
		.state = state,
		.space = rec->space,
		.repeats = rec->repeats,
		.address = rec->address,
		.id = rec->id,
		.size = rec->size,
		.span = rec->span,
		.allocated = rec->allocated,
		.ended = ended ? rec->freed.stamp : 0,
	};
	return true;
}

/**
 * listing_create() - prepare a listing of all records
 * @test: the test
 * @room: most records that it takes
 *
 * Return: the listing, at its beginning.
 */
struct listing *listing_create(struct kunit *test, unsigned int room)
{
	struct listing *l = kunit_kzalloc(test, struct_size(l, seen, room),
					  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->room = room;
	l->w.states = ALL_STATES;
	l->w.space = BUFTRACK_ANY_SPACE;
	l->w.emit = take;
	return l;
}

/**
 * listing_rewind() - start again from the beginning
 * @l: the listing
 */
void listing_rewind(struct listing *l)
{
	l->w.cursor = (struct buftrack_cursor){};
	l->w.end = false;
	l->nr = 0;
}

/**
 * listing_fill() - go on until the end, or until there is no room left
 * @l: the listing
 * @t: the tracker
 */
void listing_fill(struct listing *l, struct bt_tracker *t)
{
	while (!l->w.end && l->nr < l->room)
		bt_walk_step(t, &l->w);
}
