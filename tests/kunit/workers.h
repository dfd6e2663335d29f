/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that share a tracker */
#ifndef BUFTRACK_KUNIT_WORKERS_H
#define BUFTRACK_KUNIT_WORKERS_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/prandom.h>
#include "../../module/core/tracker.h"

#define CREW_WORKERS	4
#define CREW_SPACES	3

/**
 * struct crew - a tracker, and what its threads have in common
 * @store: where its records come from
 * @t: the tracker
 * @clock: the time
 * @wrong: things seen by threads that may not be; they cannot tell the test
 * @working: threads that make reports
 * @clients: clients that were begun and are not freed
 */
struct crew {
	struct bt_store store;
	struct bt_tracker *t;
	atomic64_t clock;
	atomic_t wrong;
	atomic_t working;
	atomic_t clients;
};

/**
 * struct hand - one thread of a crew
 * @crew: the crew
 * @work: what it does
 * @done: it has done it
 * @rnd: its dice
 * @own: its client in a private domain
 * @shared: its client in the shared domain
 * @verdicts: what it got for its reports
 * @refused: reports that got an errno
 * @log: what its work keeps for the test
 */
struct hand {
	struct crew *crew;
	void (*work)(struct hand *hand);
	struct completion done;
	struct rnd_state rnd;
	struct bt_client *own;
	struct bt_client *shared;
	u64 verdicts[BUFTRACK_NR_VERDICTS];
	u64 refused;
	void *log;
};

/**
 * struct work - what a thread is to do
 * @run: doing it
 */
struct work {
	void (*run)(struct hand *hand);
};

struct crew *crew_create(struct kunit *test);
u64 crew_now(struct crew *crew);
void crew_expect(struct crew *crew, bool holds);
struct bt_client *crew_open(struct crew *crew, bool shared);
void crew_close(struct crew *crew, struct bt_client *c);
void crew_collect_dead(struct crew *crew);
void crew_destroy(struct kunit *test, struct crew *crew);
int crew_report(struct crew *crew, struct bt_client *c,
		const struct buftrack_report *r, u64 *stamp);

int hand_init(struct hand *hand, struct crew *crew, u64 seed,
	      void (*work)(struct hand *hand));
void hand_fini(struct hand *hand);
bool hand_start(struct hand *hand);
void hand_report(struct hand *hand, struct bt_client *c);
bool hand_go_on(struct hand *hand);

/* All hands of a crew, of which the first CREW_WORKERS tell when they are done */
struct hand *crew_hands(struct kunit *test, struct crew *crew,
			const struct work *works, unsigned int nr);
void crew_run(struct crew *crew, struct hand *hands, unsigned int nr);
void crew_close_all(struct kunit *test, struct crew *crew, struct hand *hands,
		    unsigned int nr);

static inline u32 hand_dice(struct hand *hand, u32 sides)
{
	return prandom_u32_state(&hand->rnd) % sides;
}

#endif /* BUFTRACK_KUNIT_WORKERS_H */
