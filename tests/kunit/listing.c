// SPDX-License-Identifier: GPL-2.0
/* Listing records into an array */
#include <linux/overflow.h>
#include <linux/slab.h>
#include "listing.h"

static void take_end(struct seen *seen, const struct bt_record *rec)
{
	seen->ended = rec->freed.stamp;
	seen->ended_site = rec->freed.site;
	seen->repeats = rec->repeats;
	seen->by = rec->freed.by ? rec->freed.by->number : 0;
}

static bool take(struct bt_listing *bl, const struct bt_record *rec, u32 state)
{
	struct listing *l = container_of(bl, struct listing, l);
	struct seen *seen = &l->seen[l->nr];

	if (l->nr == l->room)
		return false;
	*seen = (struct seen) {
		.owner = rec->owner->number,
		.state = state,
		.space = rec->space,
		.address = rec->address,
		.id = rec->id,
		.size = rec->size,
		.span = rec->span,
		.allocated = rec->allocated,
		.site = rec->site,
	};
	if (!(state & BUFTRACK_RECORD_STATE_LIVE))
		take_end(seen, rec);
	l->nr++;
	return true;
}

/**
 * listing_create() - prepare a listing of all records
 * @test: the test
 * @room: bound on its records
 *
 * Return: the listing, which has not begun.
 */
struct listing *listing_create(struct kunit *test, unsigned int room)
{
	struct listing *l = kunit_kzalloc(test, struct_size(l, seen, room),
					  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->room = room;
	l->l.states = ALL_STATES;
	l->l.space = BUFTRACK_ANY_SPACE;
	l->l.emit = take;
	return l;
}

/**
 * listing_begin() - begin a listing, or restart it
 * @test: the test
 * @l: the listing
 */
void listing_begin(struct kunit *test, struct listing *l)
{
	if (l->begun)
		listing_end(test, l);
	bt_listing_begin(fixture(test)->t, &l->l, ++fixture(test)->now);
	l->begun = true;
	l->nr = 0;
}

/**
 * listing_end() - end a listing, at any position
 * @test: the test
 * @l: the listing, which has begun
 */
void listing_end(struct kunit *test, struct listing *l)
{
	bt_listing_end(fixture(test)->t, &l->l);
	l->begun = false;
}

/**
 * listing_fill() - continue to the end, or until there is no room left
 * @test: the test
 * @l: the listing; it begins if it has not yet, and stops where it has to wait
 */
void listing_fill(struct kunit *test, struct listing *l)
{
	if (!l->begun)
		listing_begin(test, l);
	while (!l->l.end && l->nr < l->room) {
		bt_listing_step(fixture(test)->t, &l->l);
		if (l->l.busy)
			break;
	}
}
