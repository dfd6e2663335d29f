// SPDX-License-Identifier: GPL-2.0
/* Threads that share a tracker */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "workers.h"
#include "fixture.h"

/* Slots of the event log */
#define WORKERS_EVENTS	64

/**
 * workers_create() - create a tracker for threads
 * @test: the test
 *
 * Return: the workers, which workers_destroy() destroys.
 */
struct workers *workers_create(struct kunit *test)
{
	static const struct bt_limits limits = {
		.max_records = 2000, .max_client_records = 2000,
		.max_freed = 200, .max_clients = 64, .max_closed = 16,
		.max_remaining = 200,
	};
	struct workers *workers = kunit_kzalloc(test, sizeof(*workers), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, workers);
	KUNIT_ASSERT_EQ(test, 0, bt_store_init(&workers->store, "buftrack_workers",
					       10000));
	workers->t = bt_tracker_create(&workers->store, &limits);
	KUNIT_ASSERT_NOT_NULL(test, workers->t);
	for (i = 0; i < WORKERS_SPACES; i++)
		bt_tracker_add_space(workers->t);
	KUNIT_ASSERT_EQ(test, 0, bt_events_setup(workers->t, WORKERS_EVENTS));
	return workers;
}

u64 workers_now(struct workers *workers)
{
	return atomic64_inc_return(&workers->clock);
}

/**
 * workers_expect() - note a condition that does not hold
 * @workers: the workers
 * @holds: the condition
 */
void workers_expect(struct workers *workers, bool holds)
{
	if (!holds)
		atomic_inc(&workers->wrong);
}

/**
 * workers_open_client() - begin a client
 * @workers: the workers
 * @shared: it reports into the shared domain
 *
 * Return: the client, or NULL if the tracker or memory allows none.
 */
struct bt_client *workers_open_client(struct workers *workers, bool shared)
{
	struct bt_client *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	if (bt_client_init(c, shared, GFP_KERNEL))
		goto free;
	if (bt_client_begin(workers->t, c, workers_now(workers)))
		goto fini;
	atomic_inc(&workers->clients);
	return c;
fini:
	bt_client_fini(c);
free:
	kfree(c);
	return NULL;
}

void workers_close_client(struct workers *workers, struct bt_client *c)
{
	bt_client_end(workers->t, c, workers_now(workers));
	bt_client_reap(workers->t, c);
}

/**
 * workers_free_zombies() - free the clients without references
 * @workers: the workers
 */
void workers_free_zombies(struct workers *workers)
{
	struct bt_client *c;

	while ((c = bt_tracker_take_zombie(workers->t))) {
		atomic_dec(&workers->clients);
		kfree(c);
	}
}

/**
 * workers_destroy() - destroy the tracker, and expect it to leave nothing behind
 * @test: the test
 * @workers: the workers, whose clients are all closed
 */
void workers_destroy(struct kunit *test, struct workers *workers)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&workers->wrong), 0);
	bt_tracker_retire(workers->t);
	workers_free_zombies(workers);
	bt_tracker_destroy(workers->t);
	KUNIT_EXPECT_EQ(test, atomic_read(&workers->clients), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&workers->store.nr), 0);
	bt_store_fini(&workers->store);
}

/**
 * worker_init() - prepare a thread
 * @worker: the worker
 * @workers: the workers that it belongs to
 * @seed: seed of its random state
 * @work: function that it runs
 *
 * Return: 0 or -ENOMEM; call worker_fini() in both cases.
 */
int worker_init(struct worker *worker, struct workers *workers, u64 seed,
		void (*work)(struct worker *worker))
{
	worker->workers = workers;
	worker->work = work;
	init_completion(&worker->done);
	prandom_seed_state(&worker->rnd, seed);
	worker->own = workers_open_client(workers, false);
	worker->shared = workers_open_client(workers, true);
	return worker->own && worker->shared ? 0 : -ENOMEM;
}

void worker_fini(struct worker *worker)
{
	if (worker->own)
		workers_close_client(worker->workers, worker->own);
	if (worker->shared)
		workers_close_client(worker->workers, worker->shared);
}

/*
 * The module may be unloaded as soon as the test is over, so no code of it may
 * follow
 */
static int worker_thread(void *arg)
{
	struct worker *worker = arg;

	worker->work(worker);
	kthread_complete_and_exit(&worker->done, 0);
}

/**
 * worker_start() - start a thread
 * @worker: the worker
 *
 * Return: false if it could not start; @done is completed nevertheless.
 */
bool worker_start(struct worker *worker)
{
	bool started = !IS_ERR(kthread_run(worker_thread, worker, "buftrack_worker"));

	if (!started)
		complete(&worker->done);
	return started;
}

static struct buftrack_report some_report(struct worker *worker)
{
	static const u16 ops[] = {
		BUFTRACK_OP_ALLOC, BUFTRACK_OP_ALLOC, BUFTRACK_OP_ALLOC,
		BUFTRACK_OP_FREE, BUFTRACK_OP_FREE, BUFTRACK_OP_FREE, BUFTRACK_OP_USE,
	};
	struct buftrack_report r = {
		.op = ops[worker_random(worker, ARRAY_SIZE(ops))],
		.space = worker_random(worker, WORKERS_SPACES),
		.address = 16 * worker_random(worker, 200),
		.id = worker_random(worker, 3),
	};

	if (r.op == BUFTRACK_OP_ALLOC) {
		r.size = 1 + worker_random(worker, 20);
		r.span = worker_random(worker, 40) ? r.size : 1000;
	}
	return r;
}

/**
 * workers_report() - make a report as a process would
 * @workers: the workers
 * @c: client that makes it
 * @r: the report
 * @stamp: set to its stamp
 *
 * Return: the verdict, or an errno.
 */
int workers_report(struct workers *workers, struct bt_client *c,
		   const struct buftrack_report *r, u64 *stamp)
{
	u64 now = workers_now(workers);
	int ret;

	*stamp = 0;
	ret = bt_report(workers->t, c, r, now, BT_MAY_REFILL, stamp);
	if (ret == -EAGAIN) {
		bt_pool_fill(workers->t);
		ret = bt_report(workers->t, c, r, now, 0, stamp);
	}
	workers_expect(workers, ret >= 0 || ret == -ENODEV);
	workers_expect(workers, ret < 0 || *stamp >= now);
	return ret;
}

/**
 * worker_report() - make a random report
 * @worker: the worker
 * @c: client that makes it
 */
void worker_report(struct worker *worker, struct bt_client *c)
{
	const struct buftrack_report r = some_report(worker);
	u64 stamp;
	int ret = workers_report(worker->workers, c, &r, &stamp);

	if (ret >= 0)
		worker->verdicts[ret]++;
	else
		worker->refused++;
}

/**
 * worker_continues() - test whether a reporter still works, and let others run
 * @worker: the worker
 *
 * Return: true if one does.
 */
bool worker_continues(struct worker *worker)
{
	cond_resched();
	return atomic_read(&worker->workers->working);
}

/**
 * workers_prepare() - prepare threads
 * @test: the test
 * @workers: the workers
 * @works: functions that they run
 * @nr: number of threads
 *
 * Return: the threads.
 */
struct worker *workers_prepare(struct kunit *test, struct workers *workers,
			       const struct work *works, unsigned int nr)
{
	struct worker *threads = kunit_kcalloc(test, nr, sizeof(*threads), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, threads);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, 0, worker_init(&threads[i], workers, i + 1,
						     works[i].run));
	return threads;
}

/**
 * workers_run() - run all threads until they are done
 * @workers: the workers
 * @threads: the threads
 * @nr: number of threads
 */
void workers_run(struct workers *workers, struct worker *threads, unsigned int nr)
{
	unsigned int i;

	atomic_set(&workers->working, NR_REPORTERS);
	for (i = 0; i < nr; i++)
		if (!worker_start(&threads[i]) && i < NR_REPORTERS)
			atomic_dec(&workers->working);
	for (i = 0; i < nr; i++)
		wait_for_completion(&threads[i].done);
}

/**
 * workers_finish() - end all clients and destroy the tracker
 * @test: the test
 * @workers: the workers
 * @threads: its threads, which are done
 * @nr: number of threads
 */
void workers_finish(struct kunit *test, struct workers *workers, struct worker *threads,
		    unsigned int nr)
{
	unsigned int i;

	check_balance(test, workers->t, false);
	for (i = 0; i < nr; i++)
		worker_fini(&threads[i]);
	check_balance(test, workers->t, false);
	workers_destroy(test, workers);
}
