/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that share a tracker */
#ifndef BUFTRACK_KUNIT_WORKERS_H
#define BUFTRACK_KUNIT_WORKERS_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/prandom.h>
#include "../../module/core/tracker.h"

#define NR_REPORTERS	4
#define WORKERS_SPACES	3

/**
 * struct workers - a tracker that threads share
 * @store: allocates its records
 * @t: the tracker
 * @clock: the time
 * @wrong: failed conditions, since a thread must not use struct kunit
 * @working: reporters that still work
 * @clients: clients that began and were not freed
 */
struct workers {
	struct bt_store store;
	struct bt_tracker *t;
	atomic64_t clock;
	atomic_t wrong;
	atomic_t working;
	atomic_t clients;
};

/**
 * struct worker - one thread
 * @workers: the workers that it belongs to
 * @work: function that it runs
 * @done: completed at its end
 * @rnd: random state
 * @own: its client of a private domain
 * @shared: its client of the shared domain
 * @verdicts: number of its reports by verdict
 * @refused: number of its reports that got an errno
 * @log: data that it keeps for the test
 */
struct worker {
	struct workers *workers;
	void (*work)(struct worker *worker);
	struct completion done;
	struct rnd_state rnd;
	struct bt_client *own;
	struct bt_client *shared;
	u64 verdicts[BUFTRACK_NR_VERDICTS];
	u64 refused;
	void *log;
};

/**
 * struct work - the work of a thread
 * @run: function that it runs
 */
struct work {
	void (*run)(struct worker *worker);
};

struct workers *workers_create(struct kunit *test);
u64 workers_now(struct workers *workers);
void workers_expect(struct workers *workers, bool holds);
struct bt_client *workers_open_client(struct workers *workers, bool shared);
void workers_close_client(struct workers *workers, struct bt_client *c);
void workers_free_zombies(struct workers *workers);
void workers_destroy(struct kunit *test, struct workers *workers);
int workers_report(struct workers *workers, struct bt_client *c,
		   const struct buftrack_report *r, u64 *stamp);

int worker_init(struct worker *worker, struct workers *workers, u64 seed,
		void (*work)(struct worker *worker));
void worker_fini(struct worker *worker);
bool worker_start(struct worker *worker);
void worker_report(struct worker *worker, struct bt_client *c);
bool worker_continues(struct worker *worker);

/* All threads; the first NR_REPORTERS announce when they are done */
struct worker *workers_prepare(struct kunit *test, struct workers *workers,
			       const struct work *works, unsigned int nr);
void workers_run(struct workers *workers, struct worker *threads, unsigned int nr);
void workers_finish(struct kunit *test, struct workers *workers, struct worker *threads,
		    unsigned int nr);

static inline u32 worker_random(struct worker *worker, u32 sides)
{
	return prandom_u32_state(&worker->rnd) % sides;
}

#endif /* BUFTRACK_KUNIT_WORKERS_H */
