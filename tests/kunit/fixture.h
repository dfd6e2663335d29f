/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of all suites: a tracker with a store of its own
 *
 * The init and exit of every suite are fixture_init() and fixture_exit(). Each test
 * thus ends with the audit: all counters are in balance, all trees are consistent, all
 * clients were returned and no record is left.
 */
#ifndef BUFTRACK_KUNIT_FIXTURE_H
#define BUFTRACK_KUNIT_FIXTURE_H

#include <kunit/test.h>
#include "../../module/core/tracker.h"

/* Spaces of the fixture's tracker */
#define FIXTURE_SPACES	4

/**
 * struct fixture - state of a test, in kunit.priv
 * @store: a store for the records of this test
 * @t: a tracker with wide bounds
 * @clients: clients that began and were not freed
 * @now: the clock; each report is one tick later than the previous one
 * @stamp: stamp of the latest report
 * @quota: quota of the clients that begin from here on, or NULL
 * @has_apertures: some of its spaces are or were apertures
 * @quick: skip the audit after each report
 */
struct fixture {
	struct bt_store store;
	struct bt_tracker *t;
	struct list_head clients;
	u64 now;
	u64 stamp;
	struct bt_quota *quota;
	bool has_apertures;
	bool quick;
};

static inline struct fixture *fixture(struct kunit *test)
{
	return test->priv;
}

int fixture_init(struct kunit *test);
void fixture_exit(struct kunit *test);

/* Clients; open_client() takes enum buftrack_declare_flags */
struct bt_client *open_client(struct kunit *test, u32 flags, u64 first_id);
struct bt_client *open_private(struct kunit *test);
struct bt_client *open_shared(struct kunit *test);
void end_client(struct kunit *test, struct bt_client *c);
void reap_client(struct kunit *test, struct bt_client *c);
void close_client(struct kunit *test, struct bt_client *c);
u64 take_zombie(struct kunit *test);
unsigned int free_zombies(struct kunit *test);

/* Reports */
int make_report(struct kunit *test, struct bt_client *c,
		struct buftrack_report r);
int report_own(struct kunit *test, struct bt_client *c, u64 base, u32 op, u64 address,
	       u64 id);
void report_lost(struct kunit *test, struct bt_client *c, u64 count);

/* A buffer whose size is its span: make_report() fills in the size */
#define BUFFER(start, extent) .address = (start), .span = (extent)

#define EXPECT_REPORT(test, client, verdict, ...) \
do { \
	struct kunit *__test = (test); \
	\
	KUNIT_EXPECT_EQ(__test, (int)(verdict), \
			make_report(__test, client, \
				    (struct buftrack_report){ __VA_ARGS__ })); \
} while (0)

#define EXPECT_ALLOC(test, client, verdict, ...) \
	EXPECT_REPORT(test, client, verdict, .op = BUFTRACK_OP_ALLOC, __VA_ARGS__)

#define EXPECT_FREE(test, client, verdict, ...) \
	EXPECT_REPORT(test, client, verdict, .op = BUFTRACK_OP_FREE, __VA_ARGS__)

#define EXPECT_USE(test, client, verdict, ...) \
	EXPECT_REPORT(test, client, verdict, .op = BUFTRACK_OP_USE, __VA_ARGS__)

/* Settings */
void set_enabled(struct kunit *test, bool enabled);
void set_aperture(struct kunit *test, u32 space, bool aperture);
void set_limits(struct kunit *test, const struct bt_limits *limits);
void set_max_records(struct kunit *test, u64 max);
void set_max_client_records(struct kunit *test, u64 max);
void set_max_freed(struct kunit *test, u64 max);
void set_max_closed(struct kunit *test, u32 max);
void set_max_remaining(struct kunit *test, u32 max);

/* Counters of the device, of a space, of a client */
u64 count(struct kunit *test, enum buftrack_counter counter);
u64 count_in(struct kunit *test, u32 space, enum buftrack_counter counter);
u64 count_of(struct kunit *test, const struct bt_client *c,
	     enum buftrack_counter counter);

/* Records in the domain of a client, by key */
struct bt_record *find_live(struct bt_client *c, u32 space, u64 address, u64 id);
struct bt_record *find_freed(struct bt_client *c, u32 space, u64 address,
			     u64 id);

/* checks.c: the audit */
void check_tree(struct kunit *test, const struct rb_root *root, u64 *nr);
bool is_conserved(const struct bt_counters *c);
void check_balance(struct kunit *test, struct bt_tracker *t, bool has_apertures);
void check_all(struct kunit *test);

#endif /* BUFTRACK_KUNIT_FIXTURE_H */
