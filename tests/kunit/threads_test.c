// SPDX-License-Identifier: GPL-2.0
/* One tracker, many threads: nothing is lost, and every reader sees a balance */
#include <linux/sched.h>
#include "workers.h"
#include "fixture.h"

#define NR_REPORTS	6000

/* Lets the others run, also on a single processor that nothing preempts */
static void report_and_rest(struct hand *hand, unsigned int n)
{
	hand_report(hand, hand_dice(hand, 2) ? hand->own : hand->shared);
	cond_resched();
	if (n % 500 == 0)
		schedule_timeout_uninterruptible(1);
}

static void work_reports(struct hand *hand)
{
	unsigned int n;

	for (n = 0; n < NR_REPORTS; n++)
		report_and_rest(hand, n);
	atomic_dec(&hand->crew->working);
}

static void work_reports_until_removed(struct hand *hand)
{
	unsigned int n;

	for (n = 0; n < 50 * NR_REPORTS && hand->refused < 100; n++)
		report_and_rest(hand, n);
	atomic_dec(&hand->crew->working);
}

static void read_scope(struct crew *crew, u32 scope, u64 number)
{
	struct bt_counters c;

	if (!bt_tracker_read_counters(crew->t, scope, number, &c))
		crew_expect(crew, is_conserved(&c));
}

static void work_reads(struct hand *hand)
{
	struct crew *crew = hand->crew;
	u32 i;

	while (hand_go_on(hand)) {
		read_scope(crew, BUFTRACK_SCOPE_DEVICE, 0);
		for (i = 0; i < CREW_SPACES; i++)
			read_scope(crew, BUFTRACK_SCOPE_SPACE, i);
		for (i = 1; i < 60; i++)
			read_scope(crew, BUFTRACK_SCOPE_CLIENT, i);
	}
}

/* A listing, and what it has come across */
struct stroll {
	struct bt_listing l;
	unsigned int nr;
	unsigned int odd;
};

static bool look(struct bt_listing *l, const struct bt_record *rec, u32 state)
{
	struct stroll *s = container_of(l, struct stroll, l);

	s->nr++;
	s->odd += rec->space >= CREW_SPACES || !rec->owner->number;
	return s->nr % 50;
}

/* Starts again at the end of a listing, and now and then before it */
static void work_lists(struct hand *hand)
{
	struct crew *crew = hand->crew;
	struct stroll s = {
		.l = { .space = BUFTRACK_ANY_SPACE, .emit = look,
		       .states = BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED |
				 BUFTRACK_RECORD_STATE_REMAINING },
	};

	bt_listing_begin(crew->t, &s.l, crew_now(crew));
	while (hand_go_on(hand)) {
		bt_listing_step(crew->t, &s.l);
		if (!s.l.end && hand_dice(hand, 500))
			continue;
		bt_listing_end(crew->t, &s.l);
		bt_listing_begin(crew->t, &s.l, crew_now(crew));
	}
	bt_listing_end(crew->t, &s.l);
	crew_expect(crew, !s.odd);
}

/* A reader of events, and what it has come across */
struct reader {
	struct crew *crew;
	u64 position;
	u64 nr;
	u64 dropped;
};

static void read_event(void *arg, const struct bt_event *event)
{
	struct reader *r = arg;

	crew_expect(r->crew, event->number == r->position);
	crew_expect(r->crew, event->reporter->nr_events);
	crew_expect(r->crew, event->verdict > BUFTRACK_VERDICT_UNTRACKED);
	crew_expect(r->crew, event->stamp <= r->crew->t->stamp);
	r->nr++;
}

static void read_events(struct reader *r)
{
	u64 dropped;

	while (bt_events_next(r->crew->t, &r->position, &dropped, read_event, r))
		r->dropped += dropped;
}

/* In the end each event has been read, or is known to be gone */
static void work_follows(struct hand *hand)
{
	struct reader r = { .crew = hand->crew };

	while (hand_go_on(hand))
		read_events(&r);
	read_events(&r);
	crew_expect(hand->crew, r.nr + r.dropped == r.position);
	crew_expect(hand->crew, r.nr);
}

/* Clients that come, make a few reports and go */
static void work_churns(struct hand *hand)
{
	struct crew *crew = hand->crew;

	while (hand_go_on(hand)) {
		struct bt_client *c = crew_open(crew, hand_dice(hand, 2));
		unsigned int n = hand_dice(hand, 50);

		while (c && n--)
			hand_report(hand, c);
		if (c)
			crew_close(crew, c);
		crew_collect_dead(crew);
	}
}

/* Bounds that change, tracking off and on, and lost reports */
static void set_something(struct bt_tracker *t, const void *arg)
{
	u32 dice = *(const u32 *)arg;

	t->enabled = dice % 8;
	t->limits.max_freed = dice / 8 % 300;
	t->limits.max_records = dice / 2400 % 2000;
	t->limits.max_client_records = dice / 7 % 500;
	t->limits.max_closed = dice % 16;
	t->limits.max_remaining = dice % 200;
}

static void work_meddles(struct hand *hand)
{
	struct crew *crew = hand->crew;

	while (hand_go_on(hand)) {
		u32 dice = hand_dice(hand, U32_MAX);

		bt_tracker_configure(crew->t, set_something, &dice);
		if (dice % 5 == 0)
			bt_tracker_reset(crew->t);
		if (dice % 11 == 0)
			bt_lost(crew->t, hand->shared, 1, crew_now(crew));
		bt_pool_trim(crew->t);
	}
}

/* When all have made some reports, the device goes */
static void work_removes(struct hand *hand)
{
	struct crew *crew = hand->crew;
	u64 buffers = 0, bytes = 0;

	while (hand_go_on(hand) && atomic64_read(&crew->clock) < NR_REPORTS)
		;
	crew_expect(crew, !bt_tracker_remove(crew->t, true, &buffers, &bytes));
	read_scope(crew, BUFTRACK_SCOPE_DEVICE, 0);
}

static u64 sum_of(const struct hand *hands, unsigned int nr, int verdict)
{
	u64 sum = 0;

	while (nr--)
		sum += hands[nr].verdicts[verdict];
	return sum;
}

static void expect_sum(struct kunit *test, const struct crew *crew,
		       const struct hand *hands, int verdict,
		       enum buftrack_counter counter)
{
	KUNIT_EXPECT_EQ(test, crew->t->total.v[counter],
			sum_of(hands, CREW_WORKERS, verdict));
}

/* Not one report of many threads is lost or counted twice */
static void reports_of_all_threads_add_up(struct kunit *test)
{
	static const struct work works[] = {
		{ work_reports }, { work_reports }, { work_reports },
		{ work_reports }, { work_reads }, { work_lists },
		{ work_follows },
	};
	struct crew *crew = crew_create(test);
	struct hand *hands = crew_hands(test, crew, works, ARRAY_SIZE(works));
	u64 all = 0, wrong = 0;
	unsigned int i;

	crew_run(crew, hands, ARRAY_SIZE(works));
	for (i = 0; i < BUFTRACK_NR_VERDICTS; i++)
		all += sum_of(hands, CREW_WORKERS, i);
	for (i = BUFTRACK_VERDICT_UNTRACKED + 1; i < BUFTRACK_NR_VERDICTS; i++)
		wrong += sum_of(hands, CREW_WORKERS, i);
	KUNIT_EXPECT_EQ(test, crew->t->events.last, wrong);
	KUNIT_EXPECT_EQ(test, all, CREW_WORKERS * NR_REPORTS);
	expect_sum(test, crew, hands, BUFTRACK_VERDICT_DOUBLE_ALLOC,
		   BUFTRACK_COUNTER_DOUBLE_ALLOCS);
	expect_sum(test, crew, hands, BUFTRACK_VERDICT_OVERLAP, BUFTRACK_COUNTER_OVERLAPS);
	expect_sum(test, crew, hands, BUFTRACK_VERDICT_DOUBLE_FREE,
		   BUFTRACK_COUNTER_DOUBLE_FREES);
	expect_sum(test, crew, hands, BUFTRACK_VERDICT_STALE_FREE, BUFTRACK_COUNTER_STALE_FREES);
	expect_sum(test, crew, hands, BUFTRACK_VERDICT_FOREIGN_FREE,
		   BUFTRACK_COUNTER_FOREIGN_FREES);
	crew_close_all(test, crew, hands, ARRAY_SIZE(works));
}

static void everything_may_happen_at_once(struct kunit *test)
{
	static const struct work works[] = {
		{ work_reports }, { work_reports }, { work_reports },
		{ work_reports }, { work_reads }, { work_lists },
		{ work_churns }, { work_churns }, { work_meddles },
		{ work_follows },
	};
	struct crew *crew = crew_create(test);
	struct hand *hands = crew_hands(test, crew, works, ARRAY_SIZE(works));

	crew_run(crew, hands, ARRAY_SIZE(works));
	crew_close_all(test, crew, hands, ARRAY_SIZE(works));
}

static void device_may_go_under_all_threads(struct kunit *test)
{
	static const struct work works[] = {
		{ work_reports_until_removed },
		{ work_reports_until_removed },
		{ work_reports_until_removed },
		{ work_reports_until_removed }, { work_reads },
		{ work_lists }, { work_churns }, { work_meddles },
		{ work_removes }, { work_follows },
	};
	struct crew *crew = crew_create(test);
	struct hand *hands = crew_hands(test, crew, works, ARRAY_SIZE(works));
	unsigned int i;

	crew_run(crew, hands, ARRAY_SIZE(works));
	for (i = 0; i < CREW_WORKERS; i++)
		KUNIT_EXPECT_EQ(test, hands[i].refused, 100);
	KUNIT_EXPECT_EQ(test, crew->t->total.v[BUFTRACK_COUNTER_LIVE_BUFFERS], 0);
	crew_close_all(test, crew, hands, ARRAY_SIZE(works));
}

static struct kunit_case threads_cases[] = {
	KUNIT_CASE_SLOW(reports_of_all_threads_add_up),
	KUNIT_CASE_SLOW(everything_may_happen_at_once),
	KUNIT_CASE_SLOW(device_may_go_under_all_threads),
	{}
};

static struct kunit_suite threads_suite = {
	.name = "buftrack_threads",
	.test_cases = threads_cases,
};

kunit_test_suite(threads_suite);
