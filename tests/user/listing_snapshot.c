// SPDX-License-Identifier: GPL-2.0
/*
 * Listings while four processes report at full speed: the logs of the reporters prove
 * that each listing is a snapshot of its instant, or counts what it missed
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "model.h"

#define LIVE BUFTRACK_RECORD_STATE_LIVE
#define FREED BUFTRACK_RECORD_STATE_FREED
#define MAX_LISTINGS 40
#define FEWEST 3

#define ANY .space = BUFTRACK_ANY_SPACE

/* A debug kernel takes longer for each report */
static __u32 scaled(__u32 reports)
{
	return is_debug_kernel() ? reports / 20 : reports;
}

/* Records per call; small calls leave time for many reports in between */
static __u32 per_call(__u32 listing)
{
	static const __u32 sizes[] = { 7, 1, 33, 4096, 100 };

	return sizes[listing % ARRAY_SIZE(sizes)];
}

struct listing_set {
	struct listing listings[MAX_LISTINGS];
	__u32 nr;
};

/* Lists until the reporters are done, and at least a few times */
static void list_during(const struct workload *p, struct listing_set *set,
			struct buftrack_records query)
{
	int fd = fixture_open(p->f);

	while (set->nr < FEWEST ||
	       (*p->done < REPORTERS && set->nr < MAX_LISTINGS)) {
		set->listings[set->nr] = list(fd, query, per_call(set->nr));
		set->nr++;
	}
	close(fd);
}

static __u32 check_all(struct workload *p, const struct listing_set *set,
		       const struct buftrack_records *query)
{
	__u32 i, exact = 0, records = 0;
	__u64 missed = 0;

	for (i = 0; i < set->nr; i++) {
		exact += model_check(p, &set->listings[i], query, i + 1);
		records += set->listings[i].nr;
		missed += set->listings[i].missed;
	}
	printf("# %u listings of %u records, %u exact, %llu missed\n", set->nr,
	       records, exact, missed);
	return set->nr - exact;
}

/* Returns the number of inexact listings */
static __u32 run_workload(struct workload *p, struct buftrack_records query)
{
	static struct listing_set set;
	pid_t pids[REPORTERS];
	__u32 i;

	workload_init(p);
	workload_start(p, pids);
	workload_wait(p);
	list_during(p, &set, query);
	*p->stop = true;
	WAIT_UNTIL(*p->done == REPORTERS);
	/* The last listing runs when all reports are made and all clients are open */
	set.listings[set.nr - 1] = list(p->f->fd, query, 64);
	++*p->done;
	for (i = 0; i < REPORTERS; i++)
		finish(pids[i]);
	model_build(p);
	CHECK(set.listings[set.nr - 1].exact);
	return check_all(p, &set, &query);
}

DEVICE_TEST(listing_is_exact_while_buffers_come_and_go)
{
	struct workload p = { .f = f,
			      .reports = scaled(16000),
			      .new_ids = true };

	CHECK_EQ(run_workload(&p, (struct buftrack_records){ ANY }), 0);
}

DEVICE_TEST(listing_of_live_buffers_is_exact_during_frees)
{
	struct workload p = { .f = f,
			      .reports = scaled(30000),
			      .new_ids = true };

	CHECK_EQ(run_workload(&p,
			      (struct buftrack_records){ ANY, .states = LIVE }),
		 0);
}

DEVICE_TEST(listing_of_freed_buffers_is_exact_during_frees)
{
	struct workload p = { .f = f,
			      .reports = scaled(16000),
			      .new_ids = true };

	CHECK_EQ(run_workload(&p, (struct buftrack_records){ ANY,
							     .states = FREED }),
		 0);
}

DEVICE_TEST(listing_counts_missed_records_during_replacement)
{
	struct workload p = { .f = f, .reports = scaled(30000) };

	run_workload(&p, (struct buftrack_records){ ANY });
}

DEVICE_TEST(listing_counts_missed_records_during_eviction)
{
	struct workload p = { .f = f,
			      .reports = scaled(30000),
			      .new_ids = true,
			      .max_freed = 50 };

	run_workload(&p, (struct buftrack_records){ ANY });
}

DEVICE_TEST(listing_of_live_buffers_counts_missed_records_during_eviction)
{
	struct workload p = { .f = f,
			      .reports = scaled(30000),
			      .new_ids = true,
			      .max_freed = 500 };

	run_workload(&p, (struct buftrack_records){ ANY, .states = LIVE });
}

DEVICE_TEST(listing_counts_missed_records_while_clients_end)
{
	struct workload p = { .f = f,
			      .reports = scaled(12000),
			      .reports_per_client = 100 };

	run_workload(&p, (struct buftrack_records){ ANY });
}

DEVICE_TEST(listing_of_live_and_freed_counts_missed_records_while_clients_end)
{
	struct workload p = { .f = f,
			      .reports = scaled(16000),
			      .reports_per_client = 40,
			      .new_ids = true };

	run_workload(&p,
		     (struct buftrack_records){ ANY, .states = LIVE | FREED });
}

DEVICE_TEST(filtered_listing_is_a_snapshot)
{
	struct workload p = { .f = f, .reports = scaled(16000) };

	run_workload(&p, (struct buftrack_records){ ANY, .min_size = 200 });
}

DEVICE_TEST(listing_of_one_client_is_a_snapshot)
{
	struct workload p = { .f = f, .reports = scaled(16000) };

	run_workload(&p, (struct buftrack_records){ ANY, .client = 2 });
}

/* More listings than reporters and processors */
struct lister {
	const struct workload *workload;
	struct listing_set *set;
};

static void *list_in_thread(void *arg)
{
	struct lister *lister = arg;
	int fd = fixture_open(lister->workload->f);
	__u32 i;

	for (i = 0; i < FEWEST; i++)
		lister->set->listings[i] =
			list(fd, (struct buftrack_records){ ANY }, per_call(i));
	lister->set->nr = FEWEST;
	close(fd);
	return NULL;
}

#define LISTERS 10

DEVICE_TEST(ten_concurrent_listings_are_snapshots)
{
	struct workload p = { .f = f, .reports = scaled(30000) };
	struct buftrack_records query = { ANY };
	static struct listing_set sets[LISTERS];
	struct lister listers[LISTERS];
	pthread_t threads[LISTERS];
	pid_t pids[REPORTERS];
	__u32 i;

	workload_init(&p);
	workload_start(&p, pids);
	workload_wait(&p);
	for (i = 0; i < LISTERS; i++) {
		listers[i] = (struct lister){ &p, &sets[i] };
		threads[i] = start_thread(list_in_thread, &listers[i]);
	}
	for (i = 0; i < LISTERS; i++)
		finish_thread(threads[i]);
	*p.stop = true;
	WAIT_UNTIL(*p.done == REPORTERS);
	++*p.done;
	for (i = 0; i < REPORTERS; i++)
		finish(pids[i]);
	model_build(&p);
	for (i = 0; i < LISTERS; i++) {
		__u32 j;

		for (j = 0; j < FEWEST; j++)
			model_check(&p, &sets[i].listings[j], &query,
				    1 + i * FEWEST + j);
	}
}
