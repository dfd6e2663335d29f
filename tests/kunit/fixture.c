// SPDX-License-Identifier: GPL-2.0
/* The fixture: a tracker with a store of its own, and helpers to drive it */
#include <linux/slab.h>
#include "../../module/core/index.h"
#include "fixture.h"

/* A client as its file would embed it */
struct held_client {
	struct bt_client c;
	struct list_head node;
	bool ended;
	bool reaped;
};

static const struct bt_limits wide = {
	.max_records = 1 << 20,
	.max_client_records = 1 << 20,
	.max_freed = 1 << 16,
	.max_clients = 1024,
	.max_closed = 1024,
	.max_remaining = 1 << 16,
};

static struct held_client *held(struct bt_client *c)
{
	return container_of(c, struct held_client, c);
}

/**
 * fixture_init() - init function of a suite
 * @test: the test
 *
 * Return: 0 or -ENOMEM.
 */
int fixture_init(struct kunit *test)
{
	struct fixture *fx = kunit_kzalloc(test, sizeof(*fx), GFP_KERNEL);
	unsigned int i;

	if (!fx || bt_store_init(&fx->store, "buftrack_kunit", U32_MAX))
		return -ENOMEM;
	INIT_LIST_HEAD(&fx->clients);
	fx->t = bt_tracker_create(&fx->store, &wide);
	if (!fx->t) {
		bt_store_fini(&fx->store);
		return -ENOMEM;
	}
	for (i = 0; i < FIXTURE_SPACES; i++)
		bt_tracker_add_space(fx->t);
	test->priv = fx;
	return 0;
}

static void close_all(struct kunit *test)
{
	struct held_client *h, *next;

	list_for_each_entry_safe(h, next, &fixture(test)->clients, node) {
		if (!h->ended)
			end_client(test, &h->c);
		if (!h->reaped)
			reap_client(test, &h->c);
	}
}

static void end_listings(struct bt_tracker *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t->listings); i++)
		if (t->listings[i])
			bt_listing_end(t, t->listings[i]);
}

/**
 * fixture_exit() - exit function of a suite
 * @test: the test
 */
void fixture_exit(struct kunit *test)
{
	struct fixture *fx = fixture(test);

	if (!fx)
		return;
	check_all(test);
	close_all(test);
	end_listings(fx->t);
	check_all(test);
	KUNIT_EXPECT_EQ(test, fx->t->nr_listings, 0);
	bt_tracker_retire(fx->t);
	free_zombies(test);
	KUNIT_EXPECT_TRUE(test, list_empty(&fx->clients));
	bt_tracker_destroy(fx->t);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->store.nr), 0);
	bt_store_fini(&fx->store);
}

/**
 * open_client() - begin a client
 * @test: the test
 * @flags: combination of enum buftrack_declare_flags
 * @first_id: declared first id
 *
 * Return: the client; fixture_exit() ends it if the test does not.
 */
struct bt_client *open_client(struct kunit *test, u32 flags, u64 first_id)
{
	struct fixture *fx = fixture(test);
	struct held_client *h = kzalloc(sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	KUNIT_ASSERT_EQ(test, 0, bt_client_init(&h->c, flags & BUFTRACK_DECLARE_SHARED,
						GFP_KERNEL));
	h->c.late = flags & BUFTRACK_DECLARE_LATE;
	h->c.first_id = first_id;
	h->c.quota = fx->quota;
	KUNIT_ASSERT_EQ(test, 0, bt_client_begin(fx->t, &h->c, ++fx->now));
	list_add_tail(&h->node, &fx->clients);
	return &h->c;
}

struct bt_client *open_private(struct kunit *test)
{
	return open_client(test, 0, 0);
}

struct bt_client *open_shared(struct kunit *test)
{
	return open_client(test, BUFTRACK_DECLARE_SHARED, 0);
}

void end_client(struct kunit *test, struct bt_client *c)
{
	struct fixture *fx = fixture(test);

	held(c)->ended = true;
	bt_client_end(fx->t, c, ++fx->now);
}

void reap_client(struct kunit *test, struct bt_client *c)
{
	held(c)->reaped = true;
	bt_client_reap(fixture(test)->t, c);
}

void close_client(struct kunit *test, struct bt_client *c)
{
	end_client(test, c);
	reap_client(test, c);
}

/**
 * take_zombie() - free one client without references
 * @test: the test
 *
 * Return: its number, or 0 if there is none.
 */
u64 take_zombie(struct kunit *test)
{
	struct bt_client *c = bt_tracker_take_zombie(fixture(test)->t);
	u64 number;

	if (!c)
		return 0;
	number = c->number;
	list_del(&held(c)->node);
	kfree(held(c));
	return number;
}

/**
 * free_zombies() - free all clients without references
 * @test: the test
 *
 * Return: their number.
 */
unsigned int free_zombies(struct kunit *test)
{
	unsigned int nr = 0;

	while (take_zombie(test))
		nr++;
	return nr;
}

static int try_report(struct fixture *fx, struct bt_client *c,
		      const struct buftrack_report *r)
{
	int ret = bt_report(fx->t, c, r, fx->now, BT_MAY_REFILL, &fx->stamp);

	if (ret == -EAGAIN && !bt_pool_fill(fx->t))
		ret = bt_report(fx->t, c, r, fx->now, BT_MAY_REFILL, &fx->stamp);
	if (ret == -EAGAIN)
		ret = bt_report(fx->t, c, r, fx->now, 0, &fx->stamp);
	return ret;
}

/**
 * make_report() - make a report as a process would, and check the tracker
 * @test: the test
 * @c: client that makes it
 * @r: the report; an alloc without a size gets its span as size
 *
 * Return: the verdict, or an errno.
 */
int make_report(struct kunit *test, struct bt_client *c, struct buftrack_report r)
{
	struct fixture *fx = fixture(test);
	int ret;

	if (r.op == BUFTRACK_OP_ALLOC && !r.size)
		r.size = r.span;
	fx->now++;
	ret = try_report(fx, c, &r);
	if (!fx->quick)
		check_all(test);
	return ret;
}

/**
 * report_own() - report a buffer of 16 bytes whose address only one client can name
 * @test: the test
 * @c: client that makes the report
 * @base: that of the client that names the address
 * @op: BUFTRACK_OP_ALLOC or BUFTRACK_OP_FREE
 * @address: its address
 * @id: its id
 *
 * Return: the verdict, or an errno.
 */
int report_own(struct kunit *test, struct bt_client *c, u64 base, u32 op, u64 address,
	       u64 id)
{
	struct fixture *fx = fixture(test);
	const struct buftrack_report r = {
		.op = op, .address = address, .id = id,
		.size = op == BUFTRACK_OP_ALLOC ? 16 : 0,
	};
	int ret;

	KUNIT_ASSERT_EQ(test, 0, bt_pool_fill(fx->t));
	ret = bt_report_own(fx->t, c, &r, base, ++fx->now, 0);
	fx->stamp = fx->t->stamp;
	check_all(test);
	return ret;
}

void report_lost(struct kunit *test, struct bt_client *c, u64 count)
{
	struct fixture *fx = fixture(test);

	KUNIT_EXPECT_EQ(test, 0, bt_lost(fx->t, c, count, ++fx->now));
	check_all(test);
}

static void apply_enabled(struct bt_tracker *t, const void *arg)
{
	t->enabled = *(const bool *)arg;
}

static void apply_limits(struct bt_tracker *t, const void *arg)
{
	t->limits = *(const struct bt_limits *)arg;
}

void set_enabled(struct kunit *test, bool enabled)
{
	bt_tracker_configure(fixture(test)->t, apply_enabled, &enabled);
}

void set_aperture(struct kunit *test, u32 space, bool aperture)
{
	fixture(test)->has_apertures = true;
	bt_tracker_set_aperture(fixture(test)->t, space, aperture);
}

void set_limits(struct kunit *test, const struct bt_limits *limits)
{
	bt_tracker_configure(fixture(test)->t, apply_limits, limits);
	check_all(test);
}

static struct bt_limits get_limits(struct kunit *test)
{
	struct bt_limits limits;

	bt_tracker_get_limits(fixture(test)->t, &limits);
	return limits;
}

void set_max_records(struct kunit *test, u64 max)
{
	struct bt_limits limits = get_limits(test);

	limits.max_records = max;
	set_limits(test, &limits);
}

void set_max_client_records(struct kunit *test, u64 max)
{
	struct bt_limits limits = get_limits(test);

	limits.max_client_records = max;
	set_limits(test, &limits);
}

void set_max_freed(struct kunit *test, u64 max)
{
	struct bt_limits limits = get_limits(test);

	limits.max_freed = max;
	set_limits(test, &limits);
}

void set_max_closed(struct kunit *test, u32 max)
{
	struct bt_limits limits = get_limits(test);

	limits.max_closed = max;
	set_limits(test, &limits);
}

void set_max_remaining(struct kunit *test, u32 max)
{
	struct bt_limits limits = get_limits(test);

	limits.max_remaining = max;
	set_limits(test, &limits);
}

static u64 read_count(struct kunit *test, u32 scope, u64 number,
		      enum buftrack_counter counter)
{
	struct bt_counters c = {};

	KUNIT_EXPECT_EQ(test, 0, bt_tracker_read_counters(fixture(test)->t, scope,
							  number, &c));
	return c.v[counter];
}

u64 count(struct kunit *test, enum buftrack_counter counter)
{
	return read_count(test, BUFTRACK_SCOPE_DEVICE, 0, counter);
}

u64 count_in(struct kunit *test, u32 space, enum buftrack_counter counter)
{
	return read_count(test, BUFTRACK_SCOPE_SPACE, space, counter);
}

u64 count_of(struct kunit *test, const struct bt_client *c,
	     enum buftrack_counter counter)
{
	return read_count(test, BUFTRACK_SCOPE_CLIENT, c->number, counter);
}

struct bt_record *find_live(struct bt_client *c, u32 space, u64 address, u64 id)
{
	return bt_index_find(&c->domain->spaces[space].live, address, id);
}

struct bt_record *find_freed(struct bt_client *c, u32 space, u64 address, u64 id)
{
	return bt_index_find(&c->domain->spaces[space].freed, address, id);
}
