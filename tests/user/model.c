// SPDX-License-Identifier: GPL-2.0
/* Reporters that log their reports, and the model of records built from the logs */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "model.h"

#define REPORTER_SHIFT 24
#define ALL_STATES                                                  \
	(BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED | \
	 BUFTRACK_RECORD_STATE_REMAINING)

/* A running reporter */
struct reporter {
	const struct workload *workload;
	struct report_log *log;
	__u32 number;
	unsigned int seed;
	int fd;
	__u64 ids[SLOTS];
	bool live[SLOTS];
};

/* The site of a report is the number of its log entry */
static __u64 site_of(__u32 reporter, __u32 log_entry)
{
	return ((__u64)(reporter + 1) << REPORTER_SHIFT) + log_entry;
}

void workload_init(struct workload *p)
{
	p->stop = shared_memory(sizeof(*p->stop));
	p->done = shared_memory(sizeof(*p->done));
	p->logs = shared_memory(REPORTERS * sizeof(*p->logs));
	CHECK(p->reports <= MAX_ENTRIES);
	CHECK_OK(set_device(
		p->f->fd,
		(struct buftrack_device_set){
			.fields = p->max_freed ? BUFTRACK_DEVICE_SET_MAX_FREED :
						 0,
			.max_freed = p->max_freed }));
}

static struct client_span *current_span(const struct reporter *w)
{
	return &w->log->spans[w->log->nr_spans - 1];
}

static void open_client(struct reporter *w)
{
	struct report_log *l = w->log;

	CHECK(l->nr_spans < MAX_SPANS);
	w->fd = fixture_open(w->workload->f);
	l->spans[l->nr_spans++] = (struct client_span){
		.client = become_client(w->fd),
		.first = l->nr,
		.last = l->nr,
		.closed = NEVER,
	};
	memset(w->live, 0, sizeof(w->live));
}

static void close_client(struct reporter *w)
{
	struct buftrack_client_info info;
	struct client_span *span = current_span(w);

	span->last = w->log->nr;
	close(w->fd);
	CHECK_OK(client_info(w->workload->f->fd, span->client, &info));
	span->closed = info.closed;
}

/* With new ids all reports are correct; without, any slot is allocated or freed */
static struct buftrack_report choose(struct reporter *w)
{
	__u32 slot = rand_r(&w->seed) % SLOTS, n = w->log->nr;
	struct buftrack_report r = {
		.op = rand_r(&w->seed) % 2 ? BUFTRACK_OP_ALLOC :
					     BUFTRACK_OP_FREE,
		.address = (__u64)slot << 12,
		.site = site_of(w->number, n),
	};

	if (w->workload->new_ids) {
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
	struct log_entry *e = &w->log->entries[w->log->nr++];
	__u32 verdict;

	CHECK_OK(report(w->fd, r, &verdict, &e->stamp));
	CHECK(!w->workload->new_ids || verdict == BUFTRACK_VERDICT_OK);
	e->address = r.address;
	e->id = r.id;
	e->op = r.op;
	e->size = r.size;
	e->ended = e->gone = NEVER;
}

static void run_reporter(void *arg)
{
	struct reporter *w = arg;
	const struct workload *p = w->workload;
	__u32 i;

	open_client(w);
	for (i = 0; i < p->reports && !*p->stop; i++) {
		if (p->reports_per_client && i &&
		    i % p->reports_per_client == 0) {
			close_client(w);
			open_client(w);
		}
		make_report(w);
	}
	current_span(w)->last = w->log->nr;
	__atomic_add_fetch(p->done, 1, __ATOMIC_SEQ_CST);
	/* The last client stays open until the end of the test */
	while (*p->done <= REPORTERS)
		usleep(1000);
}

void workload_start(struct workload *p, pid_t *pids)
{
	__u32 i;

	for (i = 0; i < REPORTERS; i++) {
		struct reporter w = {
			.workload = p,
			.log = &p->logs[i],
			.number = i,
			.seed = i + 1,
		};

		pids[i] = start(run_reporter, &w);
	}
}

void workload_wait(const struct workload *p)
{
	volatile __u32 *nr;
	__u32 i;

	for (i = 0; i < REPORTERS; i++) {
		nr = &p->logs[i].nr;
		WAIT_UNTIL(*nr > p->reports / 16);
	}
}

/* Replay of a log: the last buffer with each key, and freed buffers in order */
struct replay {
	struct log_entry *latest[SLOTS];
	struct log_entry **freed;
	__u32 head, tail, nr_freed;
};

static struct log_entry **latest_of(struct replay *s, const struct log_entry *e)
{
	return &s->latest[e->address >> 12];
}

static bool same_key(const struct log_entry *a, const struct log_entry *b)
{
	return a && a->address == b->address && a->id == b->id;
}

static void replay_alloc(struct replay *s, struct log_entry *e)
{
	struct log_entry **at = latest_of(s, e);

	if (same_key(*at, e) && (*at)->gone == NEVER) {
		s->nr_freed -= (*at)->ended != NEVER;
		(*at)->gone = e->stamp;
	}
	*at = e;
}

static void evict_oldest(struct replay *s, __u64 stamp)
{
	while (s->freed[s->head]->gone != NEVER)
		s->head++;
	s->freed[s->head++]->gone = stamp;
	s->nr_freed--;
}

static void replay_free(struct replay *s, const struct log_entry *e, __u64 site,
			__u64 max_freed)
{
	struct log_entry *target = *latest_of(s, e);

	if (!same_key(target, e) || target->ended != NEVER)
		return;
	target->ended = e->stamp;
	target->ended_site = site;
	s->freed[s->tail++] = target;
	if (++s->nr_freed > max_freed)
		evict_oldest(s, e->stamp);
}

static void replay_client(const struct workload *p, __u32 reporter,
			  const struct client_span *span)
{
	struct log_entry *entries = p->logs[reporter].entries;
	struct replay s = {
		.freed = calloc(MAX_ENTRIES, sizeof(*s.freed)),
	};
	__u32 i;

	CHECK(s.freed);
	for (i = span->first; i < span->last; i++) {
		if (entries[i].op == BUFTRACK_OP_ALLOC)
			replay_alloc(&s, &entries[i]);
		else
			replay_free(&s, &entries[i], site_of(reporter, i),
				    p->max_freed ?: 65536);
	}
	free(s.freed);
}

void model_build(struct workload *p)
{
	__u32 i, j;

	for (i = 0; i < REPORTERS; i++)
		for (j = 0; j < p->logs[i].nr_spans; j++)
			replay_client(p, i, &p->logs[i].spans[j]);
}

/* Returns the state of a record at an instant, or 0 if there was none */
static __u32 state_at(const struct client_span *span, const struct log_entry *e,
		      __u64 instant)
{
	bool ended = span->closed <= instant;

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
			 const struct client_span *span,
			 const struct log_entry *e, __u32 state)
{
	return state & (query->states ?: ALL_STATES) &&
	       (!query->client || query->client == span->client) &&
	       e->size >= query->min_size;
}

static __u64 count_at(const struct workload *p, __u64 instant,
		      const struct buftrack_records *query)
{
	__u64 nr = 0;
	__u32 i, j, k;

	for (i = 0; i < REPORTERS; i++) {
		const struct report_log *l = &p->logs[i];

		for (j = 0; j < l->nr_spans; j++)
			for (k = l->spans[j].first; k < l->spans[j].last; k++)
				nr += is_asked_for(
					query, &l->spans[j], &l->entries[k],
					state_at(&l->spans[j], &l->entries[k],
						 instant));
	}
	return nr;
}

static const struct client_span *find_span(const struct report_log *l,
					   __u64 client)
{
	__u32 i;

	for (i = 0; i < l->nr_spans; i++)
		if (l->spans[i].client == client)
			return &l->spans[i];
	return NULL;
}

static void check_end(const struct buftrack_record *rec,
		      const struct log_entry *e)
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

/* A listed record existed at the instant, in this state, and is listed once */
static void check_record(struct workload *p, const struct buftrack_record *rec,
			 const struct listing *l,
			 const struct buftrack_records *query, __u32 number)
{
	__u32 reporter = (rec->site >> REPORTER_SHIFT) - 1;
	__u32 nr = rec->site & ((1 << REPORTER_SHIFT) - 1);
	struct report_log *log = &p->logs[reporter];
	const struct client_span *span;
	struct log_entry *e = &log->entries[nr];

	CHECK(reporter < REPORTERS && nr < log->nr);
	span = find_span(log, rec->client);
	CHECK(span && nr >= span->first && nr < span->last);
	CHECK_EQ(rec->allocated, e->stamp);
	CHECK_EQ(rec->address, e->address);
	CHECK_EQ(rec->id, e->id);
	CHECK_EQ(rec->size, e->size);
	CHECK_EQ(rec->state, state_at(span, e, l->instant));
	CHECK(is_asked_for(query, span, e, rec->state));
	CHECK(e->seen != number);
	e->seen = number;
	check_end(rec, e);
}

bool model_check(struct workload *p, const struct listing *l,
		 const struct buftrack_records *query, __u32 number)
{
	__u64 want = count_at(p, l->instant, query);
	__u32 i;

	for (i = 0; i < l->nr; i++)
		check_record(p, &l->records[i], l, query, number);
	CHECK(l->nr <= want);
	CHECK(want - l->nr <= l->missed);
	/* The sizes of missed records are unknown */
	if (!query->min_size)
		CHECK_EQ(want - l->nr, l->missed);
	CHECK_EQ(l->exact, !l->missed);
	return l->exact;
}
