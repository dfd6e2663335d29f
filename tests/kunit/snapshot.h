/* SPDX-License-Identifier: GPL-2.0 */
/* A copy of the state of a tracker, to compare before and after */
#ifndef BUFTRACK_KUNIT_SNAPSHOT_H
#define BUFTRACK_KUNIT_SNAPSHOT_H

#include "listing.h"

#define SNAPSHOT_RECORDS	512
#define SNAPSHOT_CLIENTS	8

/**
 * struct snapshot_domain - the state of a domain besides its records
 * @gap: its latest gap
 * @epoch: its epoch
 * @has_evicted: it has evicted freed records
 * @ages: weighted sum over its freed records, which depends on their order
 */
struct snapshot_domain {
	u64 gap;
	u64 epoch;
	u64 has_evicted;
	u64 ages;
};

/**
 * struct snapshot - the state of a tracker at an instant
 * @records: all records, by a listing that takes a stamp
 * @nr_records: number of live and freed records
 * @stamp: latest stamp before the listing
 * @total: counters of the device
 * @spaces: counters by space
 * @clients: counters by client, from number 1
 * @domains: the shared domain, then private ones by client
 */
struct snapshot {
	struct listing *records;
	u64 nr_records;
	u64 stamp;
	struct bt_counters total;
	struct bt_counters spaces[FIXTURE_SPACES];
	struct bt_counters clients[SNAPSHOT_CLIENTS];
	struct snapshot_domain domains[1 + SNAPSHOT_CLIENTS];
};

struct snapshot *snapshot_take(struct kunit *test);
void snapshot_expect_same(struct kunit *test, const struct snapshot *before,
			  const struct snapshot *after);
void snapshot_expect_verdict(struct kunit *test, struct snapshot *before,
			     const struct snapshot *after,
			     const struct bt_client *c, u32 space,
			     enum buftrack_counter counter);

#endif /* BUFTRACK_KUNIT_SNAPSHOT_H */
