// SPDX-License-Identifier: GPL-2.0
/*
 * Listings while four processes report flat out: by its own statement and by the
 * reporters' ledgers, each is of the instant that it names
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "ledger.h"

#define LIVE BUFTRACK_RECORD_STATE_LIVE
#define FREED BUFTRACK_RECORD_STATE_FREED
#define MAX_LISTINGS 40
#define FEWEST 3

#define ANY .space = BUFTRACK_ANY_SPACE

/* A debugging kernel takes its time for each report */
static __u32 scaled(__u32 reports)
{
	return is_debug_kernel() ? reports / 20 : reports;
}

/* Records a call, of which small ones leave time for much to happen */
static __u32 per_call(__u32 listing)
{
	static const __u32 sizes[] = { 7, 1, 33, 4096, 100 };

	return sizes[listing % ARRAY_SIZE(sizes)];
}

struct shelf {
	struct listing listings[MAX_LISTINGS];
	__u32 nr;
};

/* List as long as they report, and a few times more than that */
static void list_meanwhile(const struct plan *p, struct shelf *shelf,
			   struct buftrack_records query)
{
	int fd = rig_open(p->r);

	while (shelf->nr < FEWEST ||
	       (*p->done < REPORTERS && shelf->nr < MAX_LISTINGS)) {
		shelf->listings[shelf->nr] =
			list(fd, query, per_call(shelf->nr));
		shelf->nr++;
	}
	close(fd);
}

static __u32 check_all(struct plan *p, const struct shelf *shelf,
		       const struct buftrack_records *query)
{
	__u32 i, exact = 0, records = 0;
	__u64 missed = 0;

	for (i = 0; i < shelf->nr; i++) {
		exact += plan_check(p, &shelf->listings[i], query, i + 1);
		records += shelf->listings[i].nr;
		missed += shelf->listings[i].missed;
	}
	printf("# %u listings of %u records, %u exact, %llu missed\n",
	       shelf->nr, records, exact, missed);
	return shelf->nr - exact;
}

/* Returns how many listings were not exact */
static __u32 run_plan(struct plan *p, struct buftrack_records query)
{
	static struct shelf shelf;
	pid_t pids[REPORTERS];
	__u32 i;

	plan_init(p);
	plan_start(p, pids);
	plan_wait(p);
	list_meanwhile(p, &shelf, query);
	*p->stop = true;
	WAIT_UNTIL(*p->done == REPORTERS);
	/* And one when all is quiet, and nobody has gone */
	shelf.listings[shelf.nr - 1] = list(p->r->fd, query, 64);
	++*p->done;
	for (i = 0; i < REPORTERS; i++)
		finish(pids[i]);
	plan_settle(p);
	CHECK(shelf.listings[shelf.nr - 1].exact);
	return check_all(p, &shelf, &query);
}

RIG_TEST(listing_of_buffers_that_come_and_go_is_exact)
{
	struct plan p = { .r = r, .reports = scaled(16000), .new_ids = true };

	CHECK_EQ(run_plan(&p, (struct buftrack_records){ ANY }), 0);
}

RIG_TEST(listing_of_live_buffers_is_exact_while_they_are_freed)
{
	struct plan p = { .r = r, .reports = scaled(30000), .new_ids = true };

	CHECK_EQ(run_plan(&p, (struct buftrack_records){ ANY, .states = LIVE }),
		 0);
}

RIG_TEST(listing_of_freed_buffers_is_exact)
{
	struct plan p = { .r = r, .reports = scaled(16000), .new_ids = true };

	CHECK_EQ(run_plan(&p,
			  (struct buftrack_records){ ANY, .states = FREED }),
		 0);
}

RIG_TEST(listing_of_buffers_that_replace_each_other_knows_what_it_missed)
{
	struct plan p = { .r = r, .reports = scaled(30000) };

	run_plan(&p, (struct buftrack_records){ ANY });
}

RIG_TEST(listing_while_freed_records_are_evicted_knows_what_it_missed)
{
	struct plan p = { .r = r,
			  .reports = scaled(30000),
			  .new_ids = true,
			  .max_freed = 50 };

	run_plan(&p, (struct buftrack_records){ ANY });
}

RIG_TEST(listing_of_live_buffers_misses_none_of_the_evicted)
{
	struct plan p = { .r = r,
			  .reports = scaled(30000),
			  .new_ids = true,
			  .max_freed = 500 };

	run_plan(&p, (struct buftrack_records){ ANY, .states = LIVE });
}

RIG_TEST(listing_while_clients_end_knows_what_it_missed)
{
	struct plan p = { .r = r, .reports = scaled(12000), .life = 100 };

	run_plan(&p, (struct buftrack_records){ ANY });
}

RIG_TEST(listing_of_live_and_freed_while_clients_end_knows_what_it_missed)
{
	struct plan p = {
		.r = r, .reports = scaled(16000), .life = 40, .new_ids = true
	};

	run_plan(&p, (struct buftrack_records){ ANY, .states = LIVE | FREED });
}

RIG_TEST(filters_are_of_the_instant_too)
{
	struct plan p = { .r = r, .reports = scaled(16000) };

	run_plan(&p, (struct buftrack_records){ ANY, .min_size = 200 });
}

RIG_TEST(listing_of_one_client_is_of_the_instant_too)
{
	struct plan p = { .r = r, .reports = scaled(16000) };

	run_plan(&p, (struct buftrack_records){ ANY, .client = 2 });
}

/* Twice as many at once as four reporters and one that lists */
struct lister {
	const struct plan *plan;
	struct shelf *shelf;
};

static void *list_in_thread(void *arg)
{
	struct lister *lister = arg;
	int fd = rig_open(lister->plan->r);
	__u32 i;

	for (i = 0; i < FEWEST; i++)
		lister->shelf->listings[i] =
			list(fd, (struct buftrack_records){ ANY }, per_call(i));
	lister->shelf->nr = FEWEST;
	close(fd);
	return NULL;
}

#define LISTERS 10

RIG_TEST(ten_listings_at_once_are_of_their_instants)
{
	struct plan p = { .r = r, .reports = scaled(30000) };
	struct buftrack_records query = { ANY };
	static struct shelf shelves[LISTERS];
	struct lister listers[LISTERS];
	pthread_t threads[LISTERS];
	pid_t pids[REPORTERS];
	__u32 i;

	plan_init(&p);
	plan_start(&p, pids);
	plan_wait(&p);
	for (i = 0; i < LISTERS; i++) {
		listers[i] = (struct lister){ &p, &shelves[i] };
		threads[i] = start_thread(list_in_thread, &listers[i]);
	}
	for (i = 0; i < LISTERS; i++)
		finish_thread(threads[i]);
	*p.stop = true;
	WAIT_UNTIL(*p.done == REPORTERS);
	++*p.done;
	for (i = 0; i < REPORTERS; i++)
		finish(pids[i]);
	plan_settle(&p);
	for (i = 0; i < LISTERS; i++) {
		__u32 j;

		for (j = 0; j < FEWEST; j++)
			plan_check(&p, &shelves[i].listings[j], &query,
				   1 + i * FEWEST + j);
	}
}
