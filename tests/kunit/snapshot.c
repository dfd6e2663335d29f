// SPDX-License-Identifier: GPL-2.0
/* Copying the state of a tracker */
#include <linux/slab.h>
#include "snapshot.h"

static void take_domain(struct snapshot_domain *s, struct bt_domain *d)
{
	struct bt_record *rec;
	u64 place = 0;

	s->gap = d->gap;
	s->epoch = d->epoch;
	s->has_evicted = d->has_evicted;
	list_for_each_entry(rec, &d->freed, freed.age)
		s->ages += ++place * rec->freed.stamp;
}

static void take_clients(struct snapshot *s, struct bt_tracker *t)
{
	struct rb_node *node;

	for (node = rb_first(&t->clients); node; node = rb_next(node)) {
		struct bt_client *c = rb_entry(node, struct bt_client, node);

		if (c->number > SNAPSHOT_CLIENTS)
			continue;
		s->clients[c->number - 1] = c->counters;
		if (!c->shared && !c->closed)
			take_domain(&s->domains[c->number], c->domain);
	}
}

/**
 * snapshot_take() - copy the state of the fixture's tracker
 * @test: the test
 *
 * Return: the copy, which lasts as long as the test.
 */
struct snapshot *snapshot_take(struct kunit *test)
{
	struct bt_tracker *t = fixture(test)->t;
	struct snapshot *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->stamp = t->stamp;
	s->records = listing_create(test, SNAPSHOT_RECORDS);
	listing_fill(test, s->records);
	KUNIT_ASSERT_TRUE(test, s->records->l.exact);
	listing_end(test, s->records);
	s->nr_records = t->nr_records;
	s->total = t->total;
	memcpy(s->spaces, t->spaces, sizeof(s->spaces));
	take_domain(&s->domains[0], t->shared);
	take_clients(s, t);
	return s;
}

/**
 * snapshot_expect_same() - expect that nothing but the time has changed
 * @test: the test
 * @before: earlier state
 * @after: later state
 */
void snapshot_expect_same(struct kunit *test, const struct snapshot *before,
			  const struct snapshot *after)
{
	KUNIT_EXPECT_EQ(test, before->nr_records, after->nr_records);
	KUNIT_ASSERT_EQ(test, before->records->nr, after->records->nr);
	KUNIT_EXPECT_MEMEQ(test, before->records->seen, after->records->seen,
			   before->records->nr * sizeof(struct seen));
	KUNIT_EXPECT_MEMEQ(test, &before->total, &after->total,
			   sizeof(after->total));
	KUNIT_EXPECT_MEMEQ(test, before->spaces, after->spaces,
			   sizeof(after->spaces));
	KUNIT_EXPECT_MEMEQ(test, before->clients, after->clients,
			   sizeof(after->clients));
	KUNIT_EXPECT_MEMEQ(test, before->domains, after->domains,
			   sizeof(after->domains));
}

/**
 * snapshot_expect_verdict() - expect that a report was counted and changed nothing else
 * @test: the test
 * @before: earlier state; changed to the expected state
 * @after: later state
 * @c: client that made the report
 * @space: space of the report
 * @counter: counter of its verdict
 */
void snapshot_expect_verdict(struct kunit *test, struct snapshot *before,
			     const struct snapshot *after,
			     const struct bt_client *c, u32 space,
			     enum buftrack_counter counter)
{
	before->total.v[counter]++;
	before->spaces[space].v[counter]++;
	before->clients[c->number - 1].v[counter]++;
	snapshot_expect_same(test, before, after);
}
