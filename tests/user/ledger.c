// SPDX-License-Identifier: GPL-2.0
/* Reporters that write down what they report, and what follows from it */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "ledger.h"

#define REPORTER_SHIFT 24
#define ALL_STATES                                                  \
	(BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED | \
	 BUFTRACK_RECORD_STATE_REMAINING)

/* A reporter at work */
struct reporter {
	const struct plan *plan;
	struct ledger *ledger;
	__u32 number;
	unsigned int seed;
	int fd;
	__u64 ids[SLOTS];
	bool live[SLOTS];
};

/* The site of a report says which entry it is */
static __u64 site_of(__u32 reporter, __u32 entry)
{
	return ((__u64)(reporter + 1) << REPORTER_SHIFT) + entry;
}

void plan_init(struct plan *p)
{
	p->stop = shared_memory(sizeof(*p->stop));
	p->done = shared_memory(sizeof(*p->done));
	p->ledgers = shared_memory(REPORTERS * sizeof(*p->ledgers));
	CHECK(p->reports <= MAX_ENTRIES);
	CHECK_OK(set_device(
		p->r->fd,
		(struct buftrack_device_set){
			.fields = p->max_freed ? BUFTRACK_DEVICE_SET_MAX_FREED :
						 0,
			.max_freed = p->max_freed }));
}

static struct life *life_of(const struct reporter *w)
{
	return &w->ledger->lives[w->ledger->nr_lives - 1];
}

static void begin_life(struct reporter *w)
{
	struct ledger *l = w->ledger;

	CHECK(l->nr_lives < MAX_LIVES);
	w->fd = rig_open(w->plan->r);
	l->lives[l->nr_lives++] = (struct life){
		.client = become_client(w->fd),
		.first = l->nr,
		.last = l->nr,
		.closed = NEVER,
	};
	memset(w->live, 0, sizeof(w->live));
}

static void end_life(struct reporter *w)
{
	struct buftrack_client_info info;
	struct life *life = life_of(w);

	life->last = w->ledger->nr;
	close(w->fd);
	CHECK_OK(client_info(w->plan->r->fd, life->client, &info));
	life->closed = info.closed;
}

/* With new ids all reports are right; without, any slot is allocated or freed */
static struct buftrack_report choose(struct reporter *w)
{
	__u32 slot = rand_r(&w->seed) % SLOTS, n = w->ledger->nr;
	struct buftrack_report r = {
		.op = rand_r(&w->seed) % 2 ? BUFTRACK_OP_ALLOC :
					     BUFTRACK_OP_FREE,
		.address = (__u64)slot << 12,
		.site = site_of(w->number, n),
	};

	if (w->plan->new_ids) {
		r.op = w->live[slot] ? BUFTRACK_OP_FREE : BUFTRACK_OP_ALLOC;
		w->live[slot] = r.op == BUFTRACK_OP_ALLOC;
		if (w->live[slot])
			w->ids[slot] = n + 1;
		r.id = w->ids[slot];
	}
	if (r.op == BUFTRACK_OP_ALLOC)
		r.size = r.span = 1 + slot;
	return r;
}

static void make_report(struct reporter *w)
{
	struct buftrack_report r = choose(w);
	struct entry *e = &w->ledger->entries[w->ledger->nr++];
	__u32 verdict;

	CHECK_OK(report(w->fd, r, &verdict, &e->stamp));
	CHECK(!w->plan->new_ids || verdict == BUFTRACK_VERDICT_OK);
	e->address = r.address;
	e->id = r.id;
	e->op = r.op;
	e->size = r.size;
	e->ended = e->gone = NEVER;
}

static void run_reporter(void *arg)
{
	struct reporter *w = arg;
	const struct plan *p = w->plan;
	__u32 i;

	begin_life(w);
	for (i = 0; i < p->reports && !*p->stop; i++) {
		if (p->life && i && i % p->life == 0) {
			end_life(w);
			begin_life(w);
		}
		make_report(w);
	}
	life_of(w)->last = w->ledger->nr;
	__atomic_add_fetch(p->done, 1, __ATOMIC_SEQ_CST);
	/* The last client lives until the end of the test */
	while (*p->done <= REPORTERS)
		usleep(1000);
}

void plan_start(struct plan *p, pid_t *pids)
{
	__u32 i;

	for (i = 0; i < REPORTERS; i++) {
		struct reporter w = {
			.plan = p,
			.ledger = &p->ledgers[i],
			.number = i,
			.seed = i + 1,
		};

		pids[i] = start(run_reporter, &w);
	}
}

void plan_wait(const struct plan *p)
{
	volatile __u32 *nr;
	__u32 i;

	for (i = 0; i < REPORTERS; i++) {
		nr = &p->ledgers[i].nr;
		WAIT_UNTIL(*nr > p->reports / 16);
	}
}

/* What is being settled: the last buffer with each key, and the freed ones in order */
struct settling {
	struct entry *latest[SLOTS];
	struct entry **freed;
	__u32 head, tail, nr_freed;
};

static struct entry **latest_of(struct settling *s, const struct entry *e)
{
	return &s->latest[e->address >> 12];
}

static bool same_key(const struct entry *a, const struct entry *b)
{
	return a && a->address == b->address && a->id == b->id;
}

static void settle_alloc(struct settling *s, struct entry *e)
{
	struct entry **at = latest_of(s, e);

	if (same_key(*at, e) && (*at)->gone == NEVER) {
		s->nr_freed -= (*at)->ended != NEVER;
		(*at)->gone = e->stamp;
	}
	*at = e;
}

static void evict_oldest(struct settling *s, __u64 stamp)
{
	while (s->freed[s->head]->gone != NEVER)
		s->head++;
	s->freed[s->head++]->gone = stamp;
	s->nr_freed--;
}

static void settle_free(struct settling *s, const struct entry *e, __u64 site,
			__u64 max_freed)
{
	struct entry *target = *latest_of(s, e);

	if (!same_key(target, e) || target->ended != NEVER)
		return;
	target->ended = e->stamp;
	target->ended_site = site;
	s->freed[s->tail++] = target;
	if (++s->nr_freed > max_freed)
		evict_oldest(s, e->stamp);
}

static void settle_life(const struct plan *p, __u32 reporter,
			const struct life *life)
{
	struct entry *entries = p->ledgers[reporter].entries;
	struct settling s = {
		.freed = calloc(MAX_ENTRIES, sizeof(*s.freed)),
	};
	__u32 i;

	CHECK(s.freed);
	for (i = life->first; i < life->last; i++) {
		if (entries[i].op == BUFTRACK_OP_ALLOC)
			settle_alloc(&s, &entries[i]);
		else
			settle_free(&s, &entries[i], site_of(reporter, i),
				    p->max_freed ?: 65536);
	}
	free(s.freed);
}

void plan_settle(struct plan *p)
{
	__u32 i, j;

	for (i = 0; i < REPORTERS; i++)
		for (j = 0; j < p->ledgers[i].nr_lives; j++)
			settle_life(p, i, &p->ledgers[i].lives[j]);
}

/* Its state at an instant, 0: there is no such record */
static __u32 state_at(const struct life *life, const struct entry *e,
		      __u64 instant)
{
	bool ended = life->closed <= instant;

	if (e->op != BUFTRACK_OP_ALLOC || e->stamp > instant)
		return 0;
	if (ended)
		return e->ended == NEVER && e->gone == NEVER ?
			       BUFTRACK_RECORD_STATE_REMAINING :
			       0;
	if (e->gone <= instant)
		return 0;
	return e->ended <= instant ? BUFTRACK_RECORD_STATE_FREED :
				     BUFTRACK_RECORD_STATE_LIVE;
}

static bool is_asked_for(const struct buftrack_records *query,
			 const struct life *life, const struct entry *e,
			 __u32 state)
{
	return state & (query->states ?: ALL_STATES) &&
	       (!query->client || query->client == life->client) &&
	       e->size >= query->min_size;
}

static __u64 count_at(const struct plan *p, __u64 instant,
		      const struct buftrack_records *query)
{
	__u64 nr = 0;
	__u32 i, j, k;

	for (i = 0; i < REPORTERS; i++) {
		const struct ledger *l = &p->ledgers[i];

		for (j = 0; j < l->nr_lives; j++)
			for (k = l->lives[j].first; k < l->lives[j].last; k++)
				nr += is_asked_for(
					query, &l->lives[j], &l->entries[k],
					state_at(&l->lives[j], &l->entries[k],
						 instant));
	}
	return nr;
}

static const struct life *find_life(const struct ledger *l, __u64 client)
{
	__u32 i;

	for (i = 0; i < l->nr_lives; i++)
		if (l->lives[i].client == client)
			return &l->lives[i];
	return NULL;
}

static void check_end(const struct buftrack_record *rec, const struct entry *e)
{
	if (rec->state & BUFTRACK_RECORD_STATE_FREED) {
		CHECK_EQ(rec->ended, e->ended);
		CHECK_EQ(rec->ended_site, e->ended_site);
		CHECK_EQ(rec->ended_by, rec->client);
	} else {
		CHECK_EQ(rec->ended_site, 0);
		CHECK_EQ(rec->ended_by, 0);
		CHECK_EQ(!rec->ended, rec->state == BUFTRACK_RECORD_STATE_LIVE);
	}
}

/* A record that is listed is one that there was, as it was, and is listed once */
static void check_record(struct plan *p, const struct buftrack_record *rec,
			 const struct listing *l,
			 const struct buftrack_records *query, __u32 number)
{
	__u32 reporter = (rec->site >> REPORTER_SHIFT) - 1;
	__u32 nr = rec->site & ((1 << REPORTER_SHIFT) - 1);
	struct ledger *ledger = &p->ledgers[reporter];
	const struct life *life;
	struct entry *e = &ledger->entries[nr];

	CHECK(reporter < REPORTERS && nr < ledger->nr);
	life = find_life(ledger, rec->client);
	CHECK(life && nr >= life->first && nr < life->last);
	CHECK_EQ(rec->allocated, e->stamp);
	CHECK_EQ(rec->address, e->address);
	CHECK_EQ(rec->id, e->id);
	CHECK_EQ(rec->size, e->size);
	CHECK_EQ(rec->state, state_at(life, e, l->instant));
	CHECK(is_asked_for(query, life, e, rec->state));
	CHECK(e->seen != number);
	e->seen = number;
	check_end(rec, e);
}

bool plan_check(struct plan *p, const struct listing *l,
		const struct buftrack_records *query, __u32 number)
{
	__u64 want = count_at(p, l->instant, query);
	__u32 i;

	for (i = 0; i < l->nr; i++)
		check_record(p, &l->records[i], l, query, number);
	CHECK(l->nr <= want);
	CHECK(want - l->nr <= l->missed);
	/* Of sizes the count of what was missed knows nothing */
	if (!query->min_size)
		CHECK_EQ(want - l->nr, l->missed);
	CHECK_EQ(l->exact, !l->missed);
	return l->exact;
}
