/* SPDX-License-Identifier: GPL-2.0 */
/* Random sequences: the tracker and the model side by side */
#ifndef BUFTRACK_KUNIT_RANDOM_H
#define BUFTRACK_KUNIT_RANDOM_H

#include <linux/prandom.h>
#include "fixture.h"
#include "listing.h"
#include "model.h"

/* Most clients that are open at a time */
#define MATCH_CLIENTS	12

/* Users who have private clients */
#define MATCH_USERS	2

/* Most records that a listing can have */
#define WATCH_ROOM	1024

/**
 * struct profile - what a sequence is like
 * @name: its name
 * @base: lowest address
 * @addresses: how many addresses there are
 * @step: from one address to the next
 * @max_size: sizes are 1 to this
 * @ids: ids are 1 to this
 * @spaces: how many spaces are used, 0: 1
 * @clients: most open clients, 0: 3
 * @no_id: percent of the reports without an id
 * @point: percent of the allocs with an unknown span
 * @wide: percent of the allocs that span up to all addresses
 * @shared: percent of the clients that report into the shared domain
 * @frees: percent of the reports that are frees, 0: 50
 * @lost: how often reports are lost, per thousand
 * @toggle: how often tracking is turned off, per thousand
 * @churn: how often a client begins, and how often one ends, per thousand
 * @reset: how often the counters are reset, per thousand
 * @adjust: how often other bounds are set, per thousand
 * @memory: records that there is memory for, 0: no bound
 * @max_records: bound on records; 0: 400
 * @max_client_records: bound on those of a private domain; 0: none; with @adjust
 *			 bounds are 1 to this
 * @max_user_records: bound on those of a user; 0: none
 * @max_freed: bounds on freed records are 0 to this, or, with no @adjust, this
 * @max_closed: likewise, of closed clients
 * @max_remaining: likewise, of remaining records
 * @events: wrong reports that are kept
 * @listings: listings at a time, 0: 3
 */
struct profile {
	const char *name;
	u64 base;
	u32 addresses;
	u64 step;
	u64 max_size;
	u32 ids;
	u32 spaces;
	u32 clients;
	u32 no_id;
	u32 point;
	u32 wide;
	u32 shared;
	u32 frees;
	u32 lost;
	u32 toggle;
	u32 churn;
	u32 reset;
	u32 adjust;
	u32 memory;
	u32 max_records;
	u32 max_client_records;
	u32 max_user_records;
	u32 max_freed;
	u32 max_closed;
	u32 max_remaining;
	u32 events;
	u32 listings;
};

/**
 * struct pair - a client in both worlds
 * @c: in the tracker
 * @twin: in the model
 */
struct pair {
	struct bt_client *c;
	struct model_client *twin;
};

struct expected;

/**
 * struct watch - a listing under way
 * @l: the listing
 * @is_cut: the device has gone under it
 * @nr: how many records it is to have
 * @expected: the records, as they were at its instant
 */
struct watch {
	struct listing *l;
	bool is_cut;
	u32 nr;
	struct expected *expected;
};

/**
 * struct match - a sequence under way
 * @test: the test
 * @p: what it is like
 * @seed: what the dice started from
 * @rnd: where they are
 * @m: the model
 * @users: what users have and may have, as the tracker counts it
 * @open: the open clients
 * @nr_open: how many they are
 * @ended: a client that has ended and is not reaped, or nothing
 * @listing: room to list all records
 * @watches: the listings under way
 * @nr_watches: how many there may be
 * @listed: how many have ended with some records missing, and how many exactly
 * @position: of a reader of events
 * @op: number of the operation
 * @what: the operation in words
 * @verdicts: how many reports got each verdict
 * @failed: the two have disagreed
 */
struct match {
	struct kunit *test;
	const struct profile *p;
	u64 seed;
	struct rnd_state rnd;
	struct model m;
	struct bt_quota users[MATCH_USERS];
	struct pair open[MATCH_CLIENTS];
	unsigned int nr_open;
	struct pair ended;
	struct listing *listing;
	struct watch *watches;
	u32 nr_watches;
	u64 listed[2];
	u64 position;
	u32 op;
	char what[160];
	u64 verdicts[BUFTRACK_NR_VERDICTS];
	bool failed;
};

/* random_ops.c: what is done to both */
void match_step(struct match *m);
void match_begin_client(struct match *m);
void match_reap(struct match *m);
void match_remove(struct match *m);
void match_close_all(struct match *m);

/* random_compare.c: whether they agree */
void match_expect(struct match *m, const char *name, u64 got, u64 expected);
void match_compare(struct match *m);
void match_collect_dead(struct match *m);
void match_compare_records(struct match *m);

/* random_listing.c: listings while it goes on */
void match_watch(struct match *m, u32 nr);
void match_list(struct match *m);
void match_cut_listings(struct match *m);
void match_end_listings(struct match *m);

/* random_events.c: whether they keep the same events */
void match_compare_events(struct match *m);
void match_compare_all_events(struct match *m);

static inline u32 match_dice(struct match *m, u32 sides)
{
	return prandom_u32_state(&m->rnd) % sides;
}

static inline bool match_chance(struct match *m, u32 part, u32 of)
{
	return match_dice(m, of) < part;
}

#endif /* BUFTRACK_KUNIT_RANDOM_H */
