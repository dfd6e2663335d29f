// SPDX-License-Identifier: GPL-2.0
/*
 * Listings while four processes report flat out: by its own statement and by the
 * reporters' ledgers, each is of the instant that it names
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

struct listing_set {
	struct listing listings[MAX_LISTINGS];
	__u32 nr;
};

/* List as long as they report, and a few times more than that */
static void list_during(const struct workload *p,
			struct listing_set *listing_set,
			struct buftrack_records query)
{
	int fd = fixture_open(p->f);

	while (listing_set->nr < FEWEST ||
	       (*p->done < REPORTERS && listing_set->nr < MAX_LISTINGS)) {
		listing_set->listings[listing_set->nr] =
			list(fd, query, per_call(listing_set->nr));
		listing_set->nr++;
	}
	close(fd);
}

static __u32 check_all(struct workload *p,
		       const struct listing_set *listing_set,
		       const struct buftrack_records *query)
{
	__u32 i, exact = 0, records = 0;
	__u64 missed = 0;

	for (i = 0; i < listing_set->nr; i++) {
		exact +=
			model_check(p, &listing_set->listings[i], query, i + 1);
		records += listing_set->listings[i].nr;
		missed += listing_set->listings[i].missed;
	}
	printf("# %u listings of %u records, %u exact, %llu missed\n",
	       listing_set->nr, records, exact, missed);
	return listing_set->nr - exact;
}

/* Returns how many listings were not exact */
static __u32 run_workload(struct workload *p, struct buftrack_records query)
{
	static struct listing_set listing_set;
	pid_t pids[REPORTERS];
	__u32 i;

	workload_init(p);
	workload_start(p, pids);
	workload_wait(p);
	list_during(p, &listing_set, query);
	*p->stop = true;
	WAIT_UNTIL(*p->done == REPORTERS);
	/* And one when all is quiet, and nobody has gone */
	listing_set.listings[listing_set.nr - 1] = list(p->f->fd, query, 64);
	++*p->done;
	for (i = 0; i < REPORTERS; i++)
		finish(pids[i]);
	model_build(p);
	CHECK(listing_set.listings[listing_set.nr - 1].exact);
	return check_all(p, &listing_set, &query);
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
			      .client_span = 100 };

	run_workload(&p, (struct buftrack_records){ ANY });
}

DEVICE_TEST(listing_of_live_and_freed_counts_missed_records_while_clients_end)
{
	struct workload p = { .f = f,
			      .reports = scaled(16000),
			      .client_span = 40,
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

/* Twice as many at once as four reporters and one that lists */
struct lister {
	const struct workload *workload;
	struct listing_set *listing_set;
};

static void *list_in_thread(void *arg)
{
	struct lister *lister = arg;
	int fd = fixture_open(lister->workload->f);
	__u32 i;

	for (i = 0; i < FEWEST; i++)
		lister->listing_set->listings[i] =
			list(fd, (struct buftrack_records){ ANY }, per_call(i));
	lister->listing_set->nr = FEWEST;
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
