// SPDX-License-Identifier: GPL-2.0
/* One tracker, many threads: no report is lost, and every reader sees a balance */
#include <linux/sched.h>
#include "workers.h"
#include "fixture.h"

#define NR_REPORTS	6000

/* Let other threads run, even on a single processor without preemption */
static void report_and_rest(struct worker *worker, unsigned int n)
{
	worker_report(worker, worker_random(worker, 2) ? worker->own : worker->shared);
	cond_resched();
	if (n % 500 == 0)
		schedule_timeout_uninterruptible(1);
}

static void work_reports(struct worker *worker)
{
	unsigned int n;

	for (n = 0; n < NR_REPORTS; n++)
		report_and_rest(worker, n);
	atomic_dec(&worker->workers->working);
}

static void work_reports_until_removed(struct worker *worker)
{
	unsigned int n;

	for (n = 0; n < 50 * NR_REPORTS && worker->refused < 100; n++)
		report_and_rest(worker, n);
	atomic_dec(&worker->workers->working);
}

static void read_scope(struct workers *workers, u32 scope, u64 number)
{
	struct bt_counters c;

	if (!bt_tracker_read_counters(workers->t, scope, number, &c))
		workers_expect(workers, is_conserved(&c));
}

static void work_reads(struct worker *worker)
{
	struct workers *workers = worker->workers;
	u32 i;

	while (worker_continues(worker)) {
		read_scope(workers, BUFTRACK_SCOPE_DEVICE, 0);
		for (i = 0; i < WORKERS_SPACES; i++)
			read_scope(workers, BUFTRACK_SCOPE_SPACE, i);
		for (i = 1; i < 60; i++)
			read_scope(workers, BUFTRACK_SCOPE_CLIENT, i);
	}
}

/* A listing, and the number of records that it returned */
struct walk {
	struct bt_listing l;
	unsigned int nr;
	unsigned int odd;
};

static bool look(struct bt_listing *l, const struct bt_record *rec, u32 state)
{
	struct walk *s = container_of(l, struct walk, l);

	s->nr++;
	s->odd += rec->space >= WORKERS_SPACES || !rec->owner->number;
	return s->nr % 50;
}

/* Restart at the end of a listing, and sometimes before it */
static void work_lists(struct worker *worker)
{
	struct workers *workers = worker->workers;
	struct walk s = {
		.l = { .space = BUFTRACK_ANY_SPACE, .emit = look,
		       .states = BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED |
				 BUFTRACK_RECORD_STATE_REMAINING },
	};

	bt_listing_begin(workers->t, &s.l, workers_now(workers));
	while (worker_continues(worker)) {
		bt_listing_step(workers->t, &s.l);
		if (!s.l.end && worker_random(worker, 500))
			continue;
		bt_listing_end(workers->t, &s.l);
		bt_listing_begin(workers->t, &s.l, workers_now(workers));
	}
	bt_listing_end(workers->t, &s.l);
	workers_expect(workers, !s.odd);
}

/* A reader of events, and the number of events that it read */
struct reader {
	struct workers *workers;
	u64 position;
	u64 nr;
	u64 dropped;
};

static void read_event(void *arg, const struct bt_event *event)
{
	struct reader *r = arg;

	workers_expect(r->workers, event->number == r->position);
	workers_expect(r->workers, event->reporter->nr_events);
	workers_expect(r->workers, event->verdict > BUFTRACK_VERDICT_UNTRACKED);
	workers_expect(r->workers, event->stamp <= r->workers->t->stamp);
	r->nr++;
}

static void read_events(struct reader *r)
{
	u64 dropped;

	while (bt_events_next(r->workers->t, &r->position, &dropped, read_event, r))
		r->dropped += dropped;
}

/* In the end each event was either read or reported as dropped */
static void work_follows(struct worker *worker)
{
	struct reader r = { .workers = worker->workers };

	while (worker_continues(worker))
		read_events(&r);
	read_events(&r);
	workers_expect(worker->workers, r.nr + r.dropped == r.position);
	workers_expect(worker->workers, r.nr);
}

/* Clients that begin, make a few reports and end */
static void work_churns(struct worker *worker)
{
	struct workers *workers = worker->workers;

	while (worker_continues(worker)) {
		struct bt_client *c = workers_open_client(workers, worker_random(worker, 2));
		unsigned int n = worker_random(worker, 50);

		while (c && n--)
			worker_report(worker, c);
		if (c)
			workers_close_client(workers, c);
		workers_free_zombies(workers);
	}
}

/* Changes of bounds, tracking off and on, and lost reports */
static void set_something(struct bt_tracker *t, const void *arg)
{
	u32 random = *(const u32 *)arg;

	t->enabled = random % 8;
	t->limits.max_freed = random / 8 % 300;
	t->limits.max_records = random / 2400 % 2000;
	t->limits.max_client_records = random / 7 % 500;
	t->limits.max_closed = random % 16;
	t->limits.max_remaining = random % 200;
}

static void work_meddles(struct worker *worker)
{
	struct workers *workers = worker->workers;

	while (worker_continues(worker)) {
		u32 random = worker_random(worker, U32_MAX);

		bt_tracker_configure(workers->t, set_something, &random);
		if (random % 5 == 0)
			bt_tracker_reset(workers->t);
		if (random % 11 == 0)
			bt_lost(workers->t, worker->shared, 1, workers_now(workers));
		bt_pool_trim(workers->t);
	}
}

/* Remove the device after some reports */
static void work_removes(struct worker *worker)
{
	struct workers *workers = worker->workers;
	u64 buffers = 0, bytes = 0;

	while (worker_continues(worker) && atomic64_read(&workers->clock) < NR_REPORTS)
		;
	workers_expect(workers, !bt_tracker_remove(workers->t, true, &buffers, &bytes));
	read_scope(workers, BUFTRACK_SCOPE_DEVICE, 0);
}

static u64 sum_of(const struct worker *threads, unsigned int nr, int verdict)
{
	u64 sum = 0;

	while (nr--)
		sum += threads[nr].verdicts[verdict];
	return sum;
}

static void expect_sum(struct kunit *test, const struct workers *workers,
		       const struct worker *threads, int verdict,
		       enum buftrack_counter counter)
{
	KUNIT_EXPECT_EQ(test, workers->t->total.v[counter],
			sum_of(threads, NR_REPORTERS, verdict));
}

/* No report of any thread is lost or counted twice */
static void reports_of_all_threads_add_up(struct kunit *test)
{
	static const struct work works[] = {
		{ work_reports }, { work_reports }, { work_reports },
		{ work_reports }, { work_reads }, { work_lists },
		{ work_follows },
	};
	struct workers *workers = workers_create(test);
	struct worker *threads = workers_prepare(test, workers, works, ARRAY_SIZE(works));
	u64 all = 0, wrong = 0;
	unsigned int i;

	workers_run(workers, threads, ARRAY_SIZE(works));
	for (i = 0; i < BUFTRACK_NR_VERDICTS; i++)
		all += sum_of(threads, NR_REPORTERS, i);
	for (i = BUFTRACK_VERDICT_UNTRACKED + 1; i < BUFTRACK_NR_VERDICTS; i++)
		wrong += sum_of(threads, NR_REPORTERS, i);
	KUNIT_EXPECT_EQ(test, workers->t->events.last, wrong);
	KUNIT_EXPECT_EQ(test, all, NR_REPORTERS * NR_REPORTS);
	expect_sum(test, workers, threads, BUFTRACK_VERDICT_DOUBLE_ALLOC,
		   BUFTRACK_COUNTER_DOUBLE_ALLOCS);
	expect_sum(test, workers, threads, BUFTRACK_VERDICT_OVERLAP, BUFTRACK_COUNTER_OVERLAPS);
	expect_sum(test, workers, threads, BUFTRACK_VERDICT_DOUBLE_FREE,
		   BUFTRACK_COUNTER_DOUBLE_FREES);
	expect_sum(test, workers, threads, BUFTRACK_VERDICT_STALE_FREE,
		   BUFTRACK_COUNTER_STALE_FREES);
	expect_sum(test, workers, threads, BUFTRACK_VERDICT_FOREIGN_FREE,
		   BUFTRACK_COUNTER_FOREIGN_FREES);
	expect_sum(test, workers, threads, BUFTRACK_VERDICT_USE_AFTER_FREE,
		   BUFTRACK_COUNTER_USE_AFTER_FREES);
	workers_finish(test, workers, threads, ARRAY_SIZE(works));
}

static void everything_can_happen_at_once(struct kunit *test)
{
	static const struct work works[] = {
		{ work_reports }, { work_reports }, { work_reports },
		{ work_reports }, { work_reads }, { work_lists },
		{ work_churns }, { work_churns }, { work_meddles },
		{ work_follows },
	};
	struct workers *workers = workers_create(test);
	struct worker *threads = workers_prepare(test, workers, works, ARRAY_SIZE(works));

	workers_run(workers, threads, ARRAY_SIZE(works));
	workers_finish(test, workers, threads, ARRAY_SIZE(works));
}

static void device_can_be_removed_under_all_threads(struct kunit *test)
{
	static const struct work works[] = {
		{ work_reports_until_removed },
		{ work_reports_until_removed },
		{ work_reports_until_removed },
		{ work_reports_until_removed }, { work_reads },
		{ work_lists }, { work_churns }, { work_meddles },
		{ work_removes }, { work_follows },
	};
	struct workers *workers = workers_create(test);
	struct worker *threads = workers_prepare(test, workers, works, ARRAY_SIZE(works));
	unsigned int i;

	workers_run(workers, threads, ARRAY_SIZE(works));
	for (i = 0; i < NR_REPORTERS; i++)
		KUNIT_EXPECT_EQ(test, threads[i].refused, 100);
	KUNIT_EXPECT_EQ(test, workers->t->total.v[BUFTRACK_COUNTER_LIVE_BUFFERS], 0);
	workers_finish(test, workers, threads, ARRAY_SIZE(works));
}

static struct kunit_case threads_cases[] = {
	KUNIT_CASE_SLOW(reports_of_all_threads_add_up),
	KUNIT_CASE_SLOW(everything_can_happen_at_once),
	KUNIT_CASE_SLOW(device_can_be_removed_under_all_threads),
	{}
};

static struct kunit_suite threads_suite = {
	.name = "buftrack_threads",
	.test_cases = threads_cases,
};

kunit_test_suite(threads_suite);
