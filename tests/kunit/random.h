/* SPDX-License-Identifier: GPL-2.0 */
/* Random sequences: the tracker and the model side by side */
#ifndef BUFTRACK_KUNIT_RANDOM_H
#define BUFTRACK_KUNIT_RANDOM_H

#include <linux/prandom.h>
#include "fixture.h"
#include "listing.h"
#include "model.h"

/* Bound on open clients */
#define MATCH_CLIENTS	12

/* Users of private clients */
#define MATCH_USERS	2

/* Bound on the records of a listing */
#define WATCH_ROOM	1024

/**
 * struct profile - parameters of a sequence
 * @name: its name
 * @base: lowest address
 * @addresses: number of addresses
 * @step: distance between addresses
 * @max_size: sizes are 1 to this
 * @ids: ids are 1 to this
 * @spaces: number of used spaces, 0: 1
 * @clients: bound on open clients, 0: 3
 * @no_id: percentage of reports without an id
 * @point: percentage of allocs with an unknown span
 * @wide: percentage of allocs that span up to all addresses
 * @shared: percentage of clients in the shared domain
 * @frees: percentage of reports that are frees, 0: 50
 * @moves: percentage of a shared client's reports that are moves, 0: 8
 * @lost: frequency of lost reports, per thousand
 * @toggle: frequency of turning tracking off, per thousand
 * @churn: frequency of begins and of ends of clients, per thousand
 * @reset: frequency of resets, per thousand
 * @adjust: frequency of new bounds, per thousand
 * @apertures: frequency of changes of a space into an aperture or back, per thousand
 * @memory: bound on records in any state, 0: none
 * @max_records: bound on records, 0: 400
 * @max_client_records: bound on records of a private domain, 0: none; with @adjust
 *			 bounds are 1 to this
 * @max_user_records: bound on records of a user, 0: none
 * @max_freed: bound on freed records; with @adjust bounds are 0 to this
 * @max_closed: likewise, of closed clients
 * @max_remaining: likewise, of remaining records
 * @events: slots of the event log
 * @listings: concurrent listings, 0: 3
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
	u32 moves;
	u32 lost;
	u32 toggle;
	u32 churn;
	u32 reset;
	u32 adjust;
	u32 apertures;
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
 * struct watch - a listing in progress
 * @l: the listing
 * @is_cut: the device was removed meanwhile
 * @nr: number of expected records
 * @expected: the records, as they were at its instant
 */
struct watch {
	struct listing *l;
	bool is_cut;
	u32 nr;
	struct expected *expected;
};

/**
 * struct match - a sequence in progress
 * @test: the test
 * @p: its parameters
 * @seed: its seed
 * @rnd: random state
 * @m: the model
 * @users: quotas of the users, as the tracker counts them
 * @open: the open clients
 * @nr_open: number of open clients
 * @ended: a client that ended and was not reaped, or empty
 * @listing: room to list all records
 * @watches: the listings in progress
 * @nr_watches: number of @watches
 * @listed: number of inexact and of exact listings
 * @position: position of a reader of events
 * @op: number of the operation
 * @what: the operation in words
 * @verdicts: number of reports by verdict
 * @failed: tracker and model disagree
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

/* random_ops.c: operations on both */
void match_step(struct match *m);
void match_begin_client(struct match *m);
void match_reap(struct match *m);
void match_remove(struct match *m);
void match_close_all(struct match *m);

/* random_compare.c: comparing both */
void match_expect(struct match *m, const char *name, u64 got, u64 expected);
void match_compare(struct match *m);
void match_free_zombies(struct match *m);
void match_compare_records(struct match *m);

/* random_listing.c: listings during the sequence */
void match_watch(struct match *m, u32 nr);
void match_list(struct match *m);
void match_cut_listings(struct match *m);
void match_end_listings(struct match *m);

/* random_events.c: comparing the event logs */
void match_compare_events(struct match *m);
void match_compare_all_events(struct match *m);

static inline u32 match_random(struct match *m, u32 sides)
{
	return prandom_u32_state(&m->rnd) % sides;
}

static inline bool match_chance(struct match *m, u32 part, u32 of)
{
	return match_random(m, of) < part;
}

#endif /* BUFTRACK_KUNIT_RANDOM_H */
