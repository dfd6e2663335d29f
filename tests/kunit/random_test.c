// SPDX-License-Identifier: GPL-2.0
/*
 * Random sequences against the model
 *
 * Each operation is followed by a comparison of the verdict and of every counter in
 * every scope, and sometimes of every record. A mismatch prints the profile and the
 * seed, which determine the sequence.
 */
#include <linux/module.h>
#include "random.h"

/*
 * Operations of one sequence. All profiles together make at least 100,000, except under
 * KASAN, which slows them down many times.
 */
#define NR_OPS		(IS_ENABLED(CONFIG_KASAN) ? 250 : 10000)

/* Operations between two comparisons of all records */
#define RECORDS_EVERY	32

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "additional seed for the random sequences, 0: none");

static unsigned int ops = NR_OPS;
module_param(ops, uint, 0444);
MODULE_PARM_DESC(ops, "operations per random sequence");

static const unsigned long long seeds[] = { 1, 20, 300, 4000, 50000 };

static const struct profile profiles[] = {
	{
		.name = "private", .events = 64, .addresses = 40, .step = 64,
		.ids = 6, .no_id = 30, .point = 10, .wide = 5, .churn = 2,
		.max_freed = 100, .max_closed = 8, .max_remaining = 60,
		.spaces = 2, .max_user_records = 90,
	}, {
		.name = "without ids", .events = 8, .addresses = 60, .step = 64,
		.max_size = 100, .no_id = 100, .churn = 1, .lost = 1,
		.max_freed = 40, .max_closed = 8, .max_remaining = 100,
	}, {
		.name = "few addresses, many ids", .events = 16, .addresses = 5,
		.step = 16, .ids = 60, .no_id = 15, .point = 30, .churn = 2,
		.max_freed = 120, .max_closed = 8, .max_remaining = 100,
	}, {
		.name = "shared", .events = 32, .addresses = 40, .step = 64,
		.ids = 5, .no_id = 30, .wide = 3, .shared = 100, .clients = 12,
		.churn = 8, .max_freed = 60, .max_closed = 6, .spaces = 3,
		.apertures = 2,
	}, {
		.name = "shared and private", .events = 5, .listings = 17,
		.addresses = 30, .step = 32, .ids = 4, .no_id = 30, .point = 20,
		.shared = 60, .clients = 8, .churn = 10, .lost = 2, .toggle = 1,
		.max_freed = 50, .max_closed = 5, .max_remaining = 40,
		.spaces = 4, .reset = 2, .max_client_records = 30,
		.max_user_records = 40, .apertures = 4,
	}, {
		.name = "frequent gaps", .events = 1, .addresses = 30,
		.step = 32, .ids = 4, .no_id = 30, .point = 10, .wide = 10,
		.shared = 50, .lost = 25, .toggle = 12, .churn = 3,
		.max_freed = 60, .max_closed = 6, .max_remaining = 50,
		.frees = 45,
	}, {
		.name = "rare gaps", .events = 3, .addresses = 50, .step = 32,
		.ids = 4, .no_id = 40, .point = 10, .wide = 10, .lost = 3,
		.toggle = 1, .churn = 2, .max_freed = 100, .max_closed = 6,
		.max_remaining = 50, .frees = 45,
	}, {
		.name = "wide spans", .events = 12, .addresses = 60, .step = 48,
		.ids = 2, .no_id = 50, .point = 5, .wide = 70, .shared = 30,
		.lost = 4, .churn = 2, .max_freed = 40, .max_closed = 4,
		.max_remaining = 50,
	}, {
		.name = "crowds", .events = 100, .addresses = 70, .step = 8,
		.ids = 12, .no_id = 5, .wide = 95, .shared = 40, .clients = 2,
		.lost = 4, .max_freed = 20, .frees = 12, .max_records = 250,
		.max_remaining = 50,
	}, {
		.name = "small freed bounds", .events = 2, .addresses = 40,
		.step = 32, .ids = 4, .no_id = 40, .point = 10, .shared = 40,
		.churn = 3, .adjust = 10, .max_freed = 8, .max_closed = 6,
		.max_remaining = 30, .max_records = 200,
		.max_client_records = 60,
	}, {
		.name = "few records", .addresses = 40, .step = 32, .ids = 4,
		.no_id = 30, .point = 10, .wide = 5, .shared = 50, .churn = 4,
		.max_freed = 8, .max_closed = 6, .max_remaining = 30,
		.max_records = 24, .frees = 40, .max_client_records = 15,
	}, {
		.name = "bounds that change", .events = 4, .addresses = 30,
		.step = 32, .ids = 4, .no_id = 30, .point = 10, .shared = 50,
		.clients = 6, .churn = 8, .adjust = 40, .reset = 3, .lost = 2,
		.toggle = 1, .max_freed = 30, .max_closed = 5,
		.max_remaining = 30, .max_records = 60,
		.max_client_records = 40, .max_user_records = 50,
	}, {
		.name = "little memory", .events = 7, .addresses = 40,
		.step = 32, .ids = 4, .no_id = 30, .shared = 50, .clients = 5,
		.churn = 6, .memory = 50, .max_freed = 20, .max_closed = 6,
		.max_remaining = 15, .frees = 40, .max_user_records = 40,
	}, {
		.name = "clients that come and go", .events = 20,
		.listings = 18, .addresses = 20, .step = 32, .ids = 3,
		.no_id = 30, .shared = 60, .clients = 12, .churn = 80,
		.reset = 2, .lost = 2, .max_freed = 15, .max_closed = 3,
		.max_remaining = 20, .adjust = 4, .spaces = 4,
		.max_user_records = 30,
	}, {
		.name = "moves of orphans", .addresses = 12, .step = 32,
		.ids = 2, .no_id = 50, .wide = 20, .shared = 100, .clients = 4,
		.churn = 150, .lost = 40, .moves = 40, .spaces = 2,
		.max_freed = 6, .max_closed = 1,
	}, {
		.name = "top of the address space", .events = 16,
		.base = -(4096ULL), .addresses = 64, .step = 64, .ids = 3,
		.no_id = 50, .wide = 20, .point = 5, .lost = 2, .max_freed = 30,
		.shared = 50, .churn = 1, .max_remaining = 20,
	}, {
		.name = "huge sizes", .events = 9, .addresses = 16,
		.step = 1ULL << 59, .max_size = 1ULL << 62, .ids = 3,
		.no_id = 50, .point = 40, .wide = 10, .shared = 40, .churn = 6,
		.lost = 1, .reset = 5, .max_freed = 30, .max_remaining = 20,
		.max_closed = 3, .spaces = 3, .apertures = 6,
	},
};

/**
 * struct sequence - parameter of a test: one profile with one seed
 * @p: the profile
 * @seed: the seed
 */
struct sequence {
	const struct profile *p;
	unsigned long long seed;
};

static const void *next_sequence(const void *prev, char *desc)
{
	static struct sequence now;
	static unsigned int at;

	at = prev ? at + 1 : 0;
	if (at >= ARRAY_SIZE(profiles) * (ARRAY_SIZE(seeds) + !!seed))
		return NULL;
	now.p = &profiles[at % ARRAY_SIZE(profiles)];
	now.seed = at / ARRAY_SIZE(profiles) < ARRAY_SIZE(seeds) ?
		   seeds[at / ARRAY_SIZE(profiles)] : seed;
	scnprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s, seed %llu", now.p->name,
		  now.seed);
	return &now;
}

static void match_free(void *match)
{
	model_fini(&((struct match *)match)->m);
}

static struct match *match_create(struct kunit *test, const struct sequence *s)
{
	struct match *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct bt_limits limits = {
		.max_records = s->p->max_records ?: 400,
		.max_client_records = s->p->max_client_records ?: U64_MAX,
		.max_freed = s->p->max_freed,
		.max_clients = MATCH_CLIENTS,
		.max_closed = s->p->max_closed,
		.max_remaining = s->p->max_remaining,
	};
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->p = s->p;
	m->seed = s->seed;
	prandom_seed_state(&m->rnd, s->seed);
	model_init(&m->m, &limits, FIXTURE_SPACES);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, match_free, m));
	set_limits(test, &limits);
	m->listing = listing_create(test, WATCH_ROOM);
	match_watch(m, s->p->listings ?: 3);
	m->m.max_events = s->p->events;
	KUNIT_ASSERT_EQ(test, 0, bt_events_setup(fixture(test)->t,
						 s->p->events));
	fixture(test)->quick = true;
	for (i = 0; i < ARRAY_SIZE(m->users); i++)
		m->users[i].max = s->p->max_user_records ?: S64_MAX;
	if (s->p->memory) {
		m->m.memory = s->p->memory;
		fixture(test)->store.max = s->p->memory;
	}
	return m;
}

static void match_run(struct match *m)
{
	for (m->op = 0; m->op < ops && !m->failed; m->op++) {
		match_step(m);
		match_list(m);
		match_free_zombies(m);
		match_compare(m);
		match_compare_events(m);
		if (m->op % RECORDS_EVERY == 0) {
			match_compare_records(m);
			match_compare_all_events(m);
		}
	}
}

/* All profiles of one seed together produce every verdict */
static void tally_verdicts(struct match *m)
{
	static u64 seen[BUFTRACK_NR_VERDICTS];
	unsigned int verdict;

	if (m->p == &profiles[0])
		memset(seen, 0, sizeof(seen));
	for (verdict = 0; verdict < BUFTRACK_NR_VERDICTS; verdict++)
		seen[verdict] += m->verdicts[verdict];
	if (m->p != &profiles[ARRAY_SIZE(profiles) - 1] || ops < NR_OPS)
		return;
	for (verdict = 0; verdict < BUFTRACK_NR_VERDICTS; verdict++)
		KUNIT_EXPECT_GT(m->test, seen[verdict], 0);
}

/* Every sequence has exact listings, and few have only exact ones */
static void tally_listings(struct match *m)
{
	static u64 ended[2];

	if (m->p == &profiles[0])
		memset(ended, 0, sizeof(ended));
	ended[0] += m->listed[0];
	ended[1] += m->listed[1];
	if (ops < NR_OPS || IS_ENABLED(CONFIG_KASAN))
		return;
	KUNIT_EXPECT_GT(m->test, m->listed[1], 10);
	if (m->p == &profiles[ARRAY_SIZE(profiles) - 1])
		KUNIT_EXPECT_GT(m->test, ended[0], 1000);
}

static void tracker_agrees_with_model(struct kunit *test)
{
	struct match *m = match_create(test, test->param_value);

	match_run(m);
	match_compare_records(m);
	tally_verdicts(m);
	if (match_chance(m, 1, 2))
		match_remove(m);
	match_compare(m);
	match_close_all(m);
	match_compare_records(m);
	match_compare_all_events(m);
	match_end_listings(m);
	tally_listings(m);
}

static struct kunit_case random_cases[] = {
	KUNIT_CASE_PARAM_ATTR(tracker_agrees_with_model, next_sequence,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite random_suite = {
	.name = "buftrack_random",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = random_cases,
};

kunit_test_suite(random_suite);
