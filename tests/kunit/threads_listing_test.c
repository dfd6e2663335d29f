// SPDX-License-Identifier: GPL-2.0
/*
 * Listings while threads report, against the logs of the threads
 *
 * Each thread has buffers of its own, which no other thread touches, and logs each of
 * its reports with the stamp. The logs thus give the records of any instant.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include "workers.h"
#include "fixture.h"

/* Reports of a worker, and its buffers in each of its two domains */
#define NR_REPORTS	4000
#define NR_BUFFERS	30

/* Listings that are checked, and the records that each can hold */
#define NR_LISTINGS	30
#define ROOM		3000

/* Clients that come and go, and the buffers that each leaves live */
#define NR_VISITORS	40
#define NR_LEFT		(NR_BUFFERS - 5)

/* Bound on the logs: two clients for each reporter, and the visitors */
#define NR_SOURCES	(2 * NR_REPORTERS + NR_VISITORS)

/**
 * struct entry - a report on a buffer
 * @stamp: its stamp
 * @buffer: number of the buffer
 * @is_alloc: an alloc, otherwise a free
 */
struct entry {
	u64 stamp;
	u32 buffer;
	bool is_alloc;
};

/**
 * struct source - a client and its log
 * @client: its number
 * @closed: stamp of its end, 0: it has not ended
 * @base: address of its first buffer
 * @live: which of its buffers are live
 * @nr: number of entries
 * @max: bound on @nr
 * @entries: the log
 */
struct source {
	u64 client;
	u64 closed;
	u64 base;
	bool live[NR_BUFFERS];
	u32 nr;
	u32 max;
	struct entry *entries;
};

/**
 * struct found - a record that a listing returned
 * @client: its owner
 * @address: its address
 * @allocated: stamp of its alloc
 * @state: its state at the instant, without flags
 */
struct found {
	u64 client;
	u64 address;
	u64 allocated;
	u32 state;
};

/**
 * struct pass - a listing from begin to end
 * @l: the listing
 * @room: records that this step may still return
 * @nr: number of records
 * @found: the records
 */
struct pass {
	struct bt_listing l;
	u32 room;
	u32 nr;
	struct found *found;
};

/* The data of a worker: its logs, or its listings */
struct reporter_log {
	struct source own;
	struct source shared;
};

struct visitor_log {
	u32 nr;
	struct source sources[NR_VISITORS];
};

struct lister_log {
	u32 nr;
	struct pass passes[NR_LISTINGS];
};

KUNIT_DEFINE_ACTION_WRAPPER(kvfree_action, kvfree, const void *);

static void *alloc_for(struct kunit *test, size_t nr, size_t size)
{
	void *p = kvcalloc(nr, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, kvfree_action,
							   p));
	return p;
}

static void log_entry(struct source *s, u64 stamp, u32 buffer, bool is_alloc)
{
	s->entries[s->nr++] = (struct entry) { stamp, buffer, is_alloc };
	s->live[buffer] = is_alloc;
}

static struct buftrack_report report_of(const struct source *s, u32 buffer,
					bool is_alloc)
{
	return (struct buftrack_report) {
		.op = is_alloc ? BUFTRACK_OP_ALLOC : BUFTRACK_OP_FREE,
		.space = buffer % WORKERS_SPACES,
		.address = s->base + 16 * buffer,
		.size = 16,
		.id = 1 + buffer,
		.span = is_alloc ? 16 : 0,
	};
}

static const struct entry *last_entry(const struct source *s, u32 buffer,
				      u64 instant)
{
	const struct entry *last = NULL;
	u32 i;

	for (i = 0; i < s->nr && s->entries[i].stamp <= instant; i++)
		if (s->entries[i].buffer == buffer)
			last = &s->entries[i];
	return last;
}

/* Free a live buffer or allocate a freed one; sometimes allocate a live one again */
static void touch(struct worker *worker, struct bt_client *c, struct source *s)
{
	u32 buffer = worker_random(worker, NR_BUFFERS);
	bool was_live = s->live[buffer];
	bool is_alloc = !was_live || !worker_random(worker, 5);
	struct buftrack_report r = report_of(s, buffer, is_alloc);
	u64 stamp;
	int ret = workers_report(worker->workers, c, &r, &stamp);

	workers_expect(worker->workers, ret == (is_alloc && was_live ?
					BUFTRACK_VERDICT_DOUBLE_ALLOC : BUFTRACK_VERDICT_OK));
	log_entry(s, stamp, buffer, is_alloc);
}

static void work_logs(struct worker *worker)
{
	struct reporter_log *log = worker->log;
	unsigned int n;

	for (n = 0; n < NR_REPORTS; n++) {
		if (worker_random(worker, 2))
			touch(worker, worker->own, &log->own);
		else
			touch(worker, worker->shared, &log->shared);
		cond_resched();
		if (n % 200 == 0)
			schedule_timeout_uninterruptible(1);
	}
	atomic_dec(&worker->workers->working);
}

static void visit(struct workers *workers, struct bt_client *c, struct source *s)
{
	struct buftrack_report r;
	u64 stamp;
	u32 i;

	s->client = c->number;
	for (i = 0; i < NR_LEFT; i++) {
		r = report_of(s, i, true);
		workers_expect(workers, !workers_report(workers, c, &r, &stamp));
		log_entry(s, stamp, i, true);
	}
	bt_client_end(workers->t, c, workers_now(workers));
	s->closed = c->closed;
	cond_resched();
	bt_client_reap(workers->t, c);
}

/* Clients that begin, leave some buffers live and end */
static void work_visits(struct worker *worker)
{
	struct visitor_log *log = worker->log;

	while (log->nr < NR_VISITORS && worker_continues(worker)) {
		struct bt_client *c = workers_open_client(worker->workers, false);

		if (c)
			visit(worker->workers, c, &log->sources[log->nr++]);
		schedule_timeout_uninterruptible(1);
	}
}

static bool keep(struct bt_listing *l, const struct bt_record *rec, u32 state)
{
	struct pass *pass = container_of(l, struct pass, l);

	if (!pass->room || pass->nr == ROOM)
		return false;
	pass->room--;
	pass->found[pass->nr++] = (struct found) {
		.client = rec->owner->number,
		.address = rec->address,
		.allocated = rec->allocated,
		.state = state,
	};
	return true;
}

static void list_all(struct worker *worker, struct pass *pass)
{
	struct workers *workers = worker->workers;

	bt_listing_begin(workers->t, &pass->l, workers_now(workers));
	while (!pass->l.end && pass->nr < ROOM) {
		pass->room = 1 + worker_random(worker, 20);
		bt_listing_step(workers->t, &pass->l);
		if (pass->l.busy || !worker_random(worker, 20))
			schedule_timeout_uninterruptible(1);
		cond_resched();
	}
	bt_listing_end(workers->t, &pass->l);
	workers_expect(workers, pass->l.end);
}

static void work_keeps_listings(struct worker *worker)
{
	struct lister_log *log = worker->log;

	while (log->nr < NR_LISTINGS && worker_continues(worker)) {
		list_all(worker, &log->passes[log->nr++]);
		schedule_timeout_uninterruptible(1);
	}
}

/* The state of a buffer at an instant; false if it had no record */
static bool state_then(const struct source *s, u32 buffer, u64 instant,
		       struct found *then)
{
	const struct entry *last = last_entry(s, buffer, instant);

	if (!last)
		return false;
	then->client = s->client;
	then->address = s->base + 16 * buffer;
	then->state = last->is_alloc ? BUFTRACK_RECORD_STATE_LIVE :
				       BUFTRACK_RECORD_STATE_FREED;
	if (s->closed && s->closed <= instant)
		then->state = BUFTRACK_RECORD_STATE_REMAINING;
	while (!last->is_alloc || last->buffer != buffer)
		last--;
	then->allocated = last->stamp;
	return true;
}

static u32 count_found(const struct pass *pass, const struct found *wanted)
{
	u32 i, nr = 0;

	for (i = 0; i < pass->nr; i++)
		nr += pass->found[i].client == wanted->client &&
		      pass->found[i].address == wanted->address &&
		      pass->found[i].allocated == wanted->allocated &&
		      pass->found[i].state == wanted->state;
	return nr;
}

/* Count the records of a source that were listed, and those that existed */
static void check_source(struct kunit *test, const struct pass *pass,
			 const struct source *s, u32 *listed, u32 *all)
{
	struct found then;
	u32 i, nr;

	for (i = 0; i < NR_BUFFERS; i++) {
		if (!state_then(s, i, pass->l.instant, &then))
			continue;
		nr = count_found(pass, &then);
		KUNIT_EXPECT_LE(test, nr, 1);
		*listed += nr;
		++*all;
	}
}

static void check_pass(struct kunit *test, const struct pass *pass,
		       struct source * const *sources, u32 nr)
{
	u32 listed = 0, all = 0;

	while (nr--)
		check_source(test, pass, sources[nr], &listed, &all);
	KUNIT_EXPECT_EQ(test, listed, pass->nr);
	KUNIT_EXPECT_EQ(test, all - listed, pass->l.missed);
	KUNIT_EXPECT_EQ(test, pass->l.exact, all == listed);
}

static void prepare_source(struct kunit *test, struct source *s, u64 base,
			   u32 max, const struct bt_client *c)
{
	s->base = base;
	s->max = max;
	s->entries = alloc_for(test, max, sizeof(*s->entries));
	s->client = c ? c->number : 0;
}

static u32 prepare_reporters(struct kunit *test, struct worker *threads,
			     struct source **sources)
{
	u32 i, nr = 0;

	for (i = 0; i < NR_REPORTERS; i++) {
		struct reporter_log *log = alloc_for(test, 1, sizeof(*log));

		prepare_source(test, &log->own, i << 20, NR_REPORTS,
			       threads[i].own);
		prepare_source(test, &log->shared, i << 20, NR_REPORTS,
			       threads[i].shared);
		sources[nr++] = &log->own;
		sources[nr++] = &log->shared;
		threads[i].log = log;
	}
	return nr;
}

static u32 prepare_visitors(struct kunit *test, struct worker *worker,
			    struct source **sources)
{
	struct visitor_log *log = alloc_for(test, 1, sizeof(*log));
	u32 i;

	for (i = 0; i < NR_VISITORS; i++) {
		prepare_source(test, &log->sources[i], 0, NR_LEFT, NULL);
		sources[i] = &log->sources[i];
	}
	worker->log = log;
	return i;
}

static void prepare_lister(struct kunit *test, struct worker *worker)
{
	struct lister_log *log = alloc_for(test, 1, sizeof(*log));
	u32 i;

	for (i = 0; i < NR_LISTINGS; i++) {
		struct pass *pass = &log->passes[i];

		pass->found = alloc_for(test, ROOM, sizeof(*pass->found));
		pass->l.emit = keep;
		pass->l.space = BUFTRACK_ANY_SPACE;
		pass->l.states = BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED |
				 BUFTRACK_RECORD_STATE_REMAINING;
	}
	worker->log = log;
}

/* Only the threads and the ends of clients drop records */
static void widen(struct bt_tracker *t, const void *arg)
{
	t->limits.max_closed = 2 * NR_VISITORS;
	t->limits.max_remaining = 2 * NR_VISITORS * NR_LEFT;
}

static void check_lister(struct kunit *test, const struct lister_log *log,
			 struct source * const *sources, u32 nr, u32 *exact)
{
	u32 i;

	KUNIT_EXPECT_GT(test, log->nr, 0);
	for (i = 0; i < log->nr; i++) {
		check_pass(test, &log->passes[i], sources, nr);
		exact[log->passes[i].l.exact]++;
	}
}

static void listings_match_the_logs_of_the_threads(struct kunit *test)
{
	static const struct work works[] = {
		{ work_logs }, { work_logs }, { work_logs }, { work_logs },
		{ work_visits }, { work_keeps_listings },
		{ work_keeps_listings },
	};
	struct workers *workers = workers_create(test);
	struct worker *threads = workers_prepare(test, workers, works, ARRAY_SIZE(works));
	struct source **sources = alloc_for(test, NR_SOURCES, sizeof(*sources));
	u32 nr, i, exact[2] = {};

	bt_tracker_configure(workers->t, widen, NULL);
	nr = prepare_reporters(test, threads, sources);
	nr += prepare_visitors(test, &threads[4], sources + nr);
	for (i = 5; i < ARRAY_SIZE(works); i++)
		prepare_lister(test, &threads[i]);
	workers_run(workers, threads, ARRAY_SIZE(works));
	for (i = 5; i < ARRAY_SIZE(works); i++)
		check_lister(test, threads[i].log, sources, nr, exact);
	kunit_info(test, "%u listings were exact, %u were not\n", exact[1],
		   exact[0]);
	workers_finish(test, workers, threads, ARRAY_SIZE(works));
}

static struct kunit_case threads_listing_cases[] = {
	KUNIT_CASE_SLOW(listings_match_the_logs_of_the_threads),
	{}
};

static struct kunit_suite threads_listing_suite = {
	.name = "buftrack_threads_listing",
	.test_cases = threads_listing_cases,
};

kunit_test_suite(threads_listing_suite);
