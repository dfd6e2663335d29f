// SPDX-License-Identifier: GPL-2.0
/* Threads that share a tracker */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "workers.h"
#include "fixture.h"

/* Events that are kept */
#define CREW_EVENTS	64

/**
 * crew_create() - create a tracker for threads
 * @test: the test
 *
 * Return: the crew, which crew_destroy() takes down.
 */
struct crew *crew_create(struct kunit *test)
{
	static const struct bt_limits limits = {
		.max_records = 2000, .max_client_records = 2000,
		.max_freed = 200, .max_clients = 64, .max_closed = 16,
		.max_remaining = 200,
	};
	struct crew *crew = kunit_kzalloc(test, sizeof(*crew), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, crew);
	KUNIT_ASSERT_EQ(test, 0, bt_store_init(&crew->store, "buftrack_crew",
					       10000));
	crew->t = bt_tracker_create(&crew->store, &limits);
	KUNIT_ASSERT_NOT_NULL(test, crew->t);
	for (i = 0; i < CREW_SPACES; i++)
		bt_tracker_add_space(crew->t);
	KUNIT_ASSERT_EQ(test, 0, bt_events_setup(crew->t, CREW_EVENTS));
	return crew;
}

u64 crew_now(struct crew *crew)
{
	return atomic64_inc_return(&crew->clock);
}

/**
 * crew_expect() - note whether something is as it must be
 * @crew: the crew
 * @holds: it is
 */
void crew_expect(struct crew *crew, bool holds)
{
	if (!holds)
		atomic_inc(&crew->wrong);
}

/**
 * crew_open() - begin a client
 * @crew: the crew
 * @shared: it reports into the shared domain
 *
 * Return: the client, or NULL if there can be none (any more).
 */
struct bt_client *crew_open(struct crew *crew, bool shared)
{
	struct bt_client *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	if (bt_client_init(c, shared, GFP_KERNEL))
		goto free;
	if (bt_client_begin(crew->t, c, crew_now(crew)))
		goto fini;
	atomic_inc(&crew->clients);
	return c;
fini:
	bt_client_fini(c);
free:
	kfree(c);
	return NULL;
}

void crew_close(struct crew *crew, struct bt_client *c)
{
	bt_client_end(crew->t, c, crew_now(crew));
	bt_client_reap(crew->t, c);
}

/**
 * crew_collect_dead() - free the clients that nothing names any more
 * @crew: the crew
 */
void crew_collect_dead(struct crew *crew)
{
	struct bt_client *c;

	while ((c = bt_tracker_take_zombie(crew->t))) {
		atomic_dec(&crew->clients);
		kfree(c);
	}
}

/**
 * crew_destroy() - end the tracker, and expect that nothing is left of it
 * @test: the test
 * @crew: the crew, all of whose clients are closed
 */
void crew_destroy(struct kunit *test, struct crew *crew)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&crew->wrong), 0);
	bt_tracker_retire(crew->t);
	crew_collect_dead(crew);
	bt_tracker_destroy(crew->t);
	KUNIT_EXPECT_EQ(test, atomic_read(&crew->clients), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&crew->store.nr), 0);
	bt_store_fini(&crew->store);
}

/**
 * hand_init() - prepare a thread
 * @hand: the thread
 * @crew: its crew
 * @seed: what its dice start from
 * @work: what it does
 *
 * Return: 0, or -ENOMEM; hand_fini() is due after either.
 */
int hand_init(struct hand *hand, struct crew *crew, u64 seed,
	      void (*work)(struct hand *hand))
{
	hand->crew = crew;
	hand->work = work;
	init_completion(&hand->done);
	prandom_seed_state(&hand->rnd, seed);
	hand->own = crew_open(crew, false);
	hand->shared = crew_open(crew, true);
	return hand->own && hand->shared ? 0 : -ENOMEM;
}

void hand_fini(struct hand *hand)
{
	if (hand->own)
		crew_close(hand->crew, hand->own);
	if (hand->shared)
		crew_close(hand->crew, hand->shared);
}

/* The module may go as soon as the test is over, so no code of it may follow */
static int hand_run(void *arg)
{
	struct hand *hand = arg;

	hand->work(hand);
	kthread_complete_and_exit(&hand->done, 0);
}

/**
 * hand_start() - start a thread
 * @hand: the thread
 *
 * Return: false if there is none, and @done was completed for it.
 */
bool hand_start(struct hand *hand)
{
	bool started = !IS_ERR(kthread_run(hand_run, hand, "buftrack_hand"));

	if (!started)
		complete(&hand->done);
	return started;
}

static struct buftrack_report some_report(struct hand *hand)
{
	struct buftrack_report r = {
		.op = hand_dice(hand, 2) ? BUFTRACK_OP_ALLOC : BUFTRACK_OP_FREE,
		.space = hand_dice(hand, CREW_SPACES),
		.address = 16 * hand_dice(hand, 200),
		.id = hand_dice(hand, 3),
	};

	if (r.op == BUFTRACK_OP_ALLOC) {
		r.size = 1 + hand_dice(hand, 20);
		r.span = hand_dice(hand, 40) ? r.size : 1000;
	}
	return r;
}

/**
 * crew_report() - make a report as a process would
 * @crew: the crew
 * @c: who makes it
 * @r: the report
 * @stamp: set to its stamp
 *
 * Return: the verdict, or an errno.
 */
int crew_report(struct crew *crew, struct bt_client *c,
		const struct buftrack_report *r, u64 *stamp)
{
	u64 now = crew_now(crew);
	int ret;

	*stamp = 0;
	ret = bt_report(crew->t, c, r, now, BT_MAY_REFILL, stamp);
	if (ret == -EAGAIN) {
		bt_pool_fill(crew->t);
		ret = bt_report(crew->t, c, r, now, 0, stamp);
	}
	crew_expect(crew, ret >= 0 || ret == -ENODEV);
	crew_expect(crew, ret < 0 || *stamp >= now);
	return ret;
}

/**
 * hand_report() - make a report
 * @hand: the thread
 * @c: as this client
 */
void hand_report(struct hand *hand, struct bt_client *c)
{
	const struct buftrack_report r = some_report(hand);
	u64 stamp;
	int ret = crew_report(hand->crew, c, &r, &stamp);

	if (ret >= 0)
		hand->verdicts[ret]++;
	else
		hand->refused++;
}

/**
 * hand_go_on() - whether any of the workers still works
 * @hand: the thread, which lets others run
 *
 * Return: true if one does.
 */
bool hand_go_on(struct hand *hand)
{
	cond_resched();
	return atomic_read(&hand->crew->working);
}

/**
 * crew_hands() - prepare threads
 * @test: the test
 * @crew: their crew
 * @works: what they do
 * @nr: how many they are
 *
 * Return: the threads.
 */
struct hand *crew_hands(struct kunit *test, struct crew *crew,
			const struct work *works, unsigned int nr)
{
	struct hand *hands = kunit_kcalloc(test, nr, sizeof(*hands), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, hands);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, 0, hand_init(&hands[i], crew, i + 1,
						   works[i].run));
	return hands;
}

/**
 * crew_run() - let all threads do what they do, until they have done it
 * @crew: the crew
 * @hands: the threads
 * @nr: how many they are
 */
void crew_run(struct crew *crew, struct hand *hands, unsigned int nr)
{
	unsigned int i;

	atomic_set(&crew->working, CREW_WORKERS);
	for (i = 0; i < nr; i++)
		if (!hand_start(&hands[i]) && i < CREW_WORKERS)
			atomic_dec(&crew->working);
	for (i = 0; i < nr; i++)
		wait_for_completion(&hands[i].done);
}

/**
 * crew_close_all() - end all clients, and then the crew
 * @test: the test
 * @crew: the crew
 * @hands: its threads, which have done their work
 * @nr: how many they are
 */
void crew_close_all(struct kunit *test, struct crew *crew, struct hand *hands,
		    unsigned int nr)
{
	unsigned int i;

	check_balance(test, crew->t);
	for (i = 0; i < nr; i++)
		hand_fini(&hands[i]);
	check_balance(test, crew->t);
	crew_destroy(test, crew);
}
