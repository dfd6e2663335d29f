// SPDX-License-Identifier: GPL-2.0
/* Random sequences: the operations on the tracker and on the model */
#include <linux/minmax.h>
#include "random.h"

#define say(m, fmt, ...) \
	scnprintf((m)->what, sizeof((m)->what), fmt, ##__VA_ARGS__)

/* The clock sometimes stands still; stamps must advance nevertheless */
static void pass_time(struct match *m)
{
	fixture(m->test)->now += match_random(m, 3) * match_random(m, 50);
}

static struct pair *some_client(struct match *m)
{
	return &m->open[match_random(m, m->nr_open)];
}

static u64 some_id(struct match *m)
{
	if (!m->p->ids || match_chance(m, m->p->no_id, 100))
		return 0;
	return 1 + match_random(m, m->p->ids);
}

static u64 some_size(struct match *m)
{
	u64 random = (u64)match_random(m, U32_MAX) << 32 | match_random(m, U32_MAX);

	return 1 + random % (m->p->max_size ?: m->p->step);
}

/* Mostly an address at which buffers start, sometimes one in between */
static u64 some_address(struct match *m)
{
	u64 address = m->p->base + m->p->step * match_random(m, m->p->addresses);

	if (match_chance(m, 1, 12))
		address += match_random(m, min(m->p->step, U32_MAX));
	return address;
}

static u64 some_span(struct match *m, const struct buftrack_report *r)
{
	u64 span = r->size;

	if (match_chance(m, m->p->point, 100))
		return 0;
	if (match_chance(m, m->p->wide, 100))
		span = m->p->step * (1 + match_random(m, m->p->addresses));
	return min(span - 1, U64_MAX - r->address) + 1;
}

static struct model_record *some_record(struct match *m, const struct pair *by)
{
	struct list_head *records = &model_domain_of(&m->m, by->twin)->records;
	size_t nr = list_count_nodes(records);
	struct model_record *rec;

	if (!nr)
		return NULL;
	nr = match_random(m, nr);
	list_for_each_entry(rec, records, node)
		if (!nr--)
			break;
	return rec;
}

static struct buftrack_report some_alloc(struct match *m, const struct pair *by)
{
	struct model_record *rec = NULL;
	struct buftrack_report r = {
		.op = BUFTRACK_OP_ALLOC,
		.space = match_random(m, max(m->p->spaces, 1U)),
		.address = some_address(m),
		.id = some_id(m),
		.site = match_random(m, 4),
	};

	if (match_chance(m, 1, 8))
		rec = some_record(m, by);
	if (rec) {
		r.space = rec->space;
		r.address = rec->address;
		r.id = rec->id;
	}
	r.size = some_size(m);
	r.span = some_span(m, &r);
	return r;
}

static struct buftrack_report some_free(struct match *m, const struct pair *by)
{
	struct model_record *rec = NULL;
	struct buftrack_report r = {
		.op = BUFTRACK_OP_FREE,
		.flags = match_chance(m, 1, 16) ? BUFTRACK_REPORT_REFUSED : 0,
		.space = match_random(m, max(m->p->spaces, 1U)),
		.address = some_address(m),
		.id = some_id(m),
		.size = match_chance(m, 1, 4) ? some_size(m) : 0,
		.site = match_random(m, 4),
	};

	if (match_chance(m, 3, 5))
		rec = some_record(m, by);
	if (rec) {
		r.space = rec->space;
		r.address = rec->address;
		r.id = match_chance(m, 1, 5) ? some_id(m) : rec->id;
		if (match_chance(m, 1, 2))
			r.size = rec->size;
	}
	return r;
}

/* Mostly of a record, live or freed, by its own id */
static struct buftrack_report some_use(struct match *m, const struct pair *by)
{
	struct buftrack_report r = some_free(m, by);

	r.op = BUFTRACK_OP_USE;
	r.flags = 0;
	return r;
}

static struct buftrack_report some_report(struct match *m, const struct pair *by)
{
	if (match_chance(m, 1, 10))
		return some_use(m, by);
	return match_chance(m, m->p->frees ?: 50, 100) ? some_free(m, by) :
							 some_alloc(m, by);
}

static const char *op_name(const struct buftrack_report *r)
{
	if (r->op == BUFTRACK_OP_ALLOC)
		return "alloc";
	return r->op == BUFTRACK_OP_FREE ? "free" : "use";
}

static void check_verdict(struct match *m, int got, int expected)
{
	match_expect(m, "verdict", got, expected);
	if (got >= 0)
		m->verdicts[got]++;
}

static void check_stamp(struct match *m, int got)
{
	struct fixture *fx = fixture(m->test);

	if (got < 0)
		return;
	match_expect(m, "a later stamp", fx->stamp > m->m.clock, true);
	match_expect(m, "a current stamp", fx->stamp >= fx->now, true);
}

/* The present key: of a record, live or freed, by any owner; sometimes of none */
static struct buftrack_report some_origin(struct match *m, const struct pair *by)
{
	struct model_record *rec = some_record(m, by);
	struct buftrack_report from = {
		.space = match_random(m, max(m->p->spaces, 1U)),
		.address = some_address(m),
		.id = some_id(m),
	};

	if (rec && match_chance(m, 7, 8)) {
		from.space = rec->space;
		from.address = rec->address;
		from.id = rec->id;
	}
	return from;
}

/* Drivers have no way to refill the pool, but keep it filled */
static int move_buffer(struct match *m, const struct pair *by,
		       const struct buftrack_report *from,
		       const struct buftrack_report *r)
{
	struct fixture *fx = fixture(m->test);
	int got;

	if (!fx->t->pool.nr)
		bt_pool_fill(fx->t);
	fx->now++;
	got = bt_report_move(fx->t, by->c, from, r, fx->now);
	if (got >= 0)
		fx->stamp = fx->t->stamp;
	return got;
}

/* A driver moves a buffer, whose owner may have ended; the free is reported later */
static void report_move(struct match *m, const struct pair *by)
{
	struct buftrack_report from = some_origin(m, by), r = some_alloc(m, by);
	int got;

	if (match_chance(m, 1, 4)) {
		r.space = from.space;
		r.address = from.address;
		r.id = from.id;
		r.span = some_span(m, &r);
	}
	say(m, "client %llu: move %u:%#llx id %llu to %u:%#llx size %llu span %llu id %llu",
	    by->twin->number, from.space, from.address, from.id, r.space,
	    r.address, r.size, r.span, r.id);
	pass_time(m);
	got = move_buffer(m, by, &from, &r);
	check_stamp(m, got);
	check_verdict(m, got, model_move(&m->m, by->twin, &from, &r,
					 fixture(m->test)->stamp));
}

static void report(struct match *m)
{
	struct fixture *fx = fixture(m->test);
	struct pair *by = some_client(m);
	struct buftrack_report r;
	int got;

	if (by->c->shared && match_chance(m, m->p->moves ?: 8, 100)) {
		report_move(m, by);
		return;
	}
	r = some_report(m, by);
	say(m, "client %llu: %s %u:%#llx size %llu span %llu id %llu%s",
	    by->twin->number, op_name(&r), r.space, r.address, r.size, r.span, r.id,
	    r.flags ? " refused" : "");
	pass_time(m);
	got = make_report(m->test, by->c, r);
	check_stamp(m, got);
	check_verdict(m, got, model_report(&m->m, by->twin, &r, fx->stamp));
}

static void lose(struct match *m)
{
	struct pair *by = some_client(m);
	u64 count = 1 + match_random(m, 9);

	say(m, "client %llu: %llu lost", by->twin->number, count);
	match_expect(m, "lost", bt_lost(fixture(m->test)->t, by->c, count,
					fixture(m->test)->now), 0);
	model_lost(&m->m, by->twin, count);
}

static void toggle(struct match *m)
{
	say(m, "%s", m->m.enabled ? "disable" : "enable");
	m->m.enabled = !m->m.enabled;
	set_enabled(m->test, m->m.enabled);
}

/* Sometimes none; drivers belong to no user */
static struct bt_quota *some_user(struct match *m, u32 flags)
{
	u32 user = match_random(m, MATCH_USERS + 1);

	return flags & BUFTRACK_DECLARE_SHARED || user == MATCH_USERS ? NULL :
								&m->users[user];
}

/**
 * match_begin_client() - begin a client, within the bound on open clients
 * @m: the match
 */
void match_begin_client(struct match *m)
{
	struct pair *pair = &m->open[m->nr_open];
	u32 flags = match_chance(m, m->p->shared, 100) ? BUFTRACK_DECLARE_SHARED : 0;
	u64 first_id = match_chance(m, 1, 3) ? match_random(m, m->p->ids + 1) : 0;

	if (m->nr_open == min(m->p->clients ?: 3U, (u32)MATCH_CLIENTS))
		return;
	if (match_chance(m, 1, 4))
		flags |= BUFTRACK_DECLARE_LATE;
	say(m, "open with flags %u, first id %llu", flags, first_id);
	fixture(m->test)->quota = some_user(m, flags);
	pair->c = open_client(m->test, flags, first_id);
	pair->twin = model_begin(&m->m, flags & BUFTRACK_DECLARE_SHARED,
				 flags & BUFTRACK_DECLARE_LATE, first_id);
	KUNIT_ASSERT_NOT_NULL(m->test, pair->twin);
	pair->twin->user = pair->c->quota;
	match_expect(m, "number", pair->c->number, pair->twin->number);
	m->nr_open++;
}

/**
 * match_reap() - reap the client that ended and was not reaped, if any
 * @m: the match
 */
void match_reap(struct match *m)
{
	if (!m->ended.c)
		return;
	reap_client(m->test, m->ended.c);
	model_reap(&m->m, m->ended.twin);
	m->ended = (struct pair){};
}

/* The client that ended before must be reaped by now */
static void end(struct match *m)
{
	struct pair *pair = some_client(m);

	match_reap(m);
	say(m, "close client %llu", pair->twin->number);
	end_client(m->test, pair->c);
	model_end(&m->m, pair->twin);
	m->ended = *pair;
	*pair = m->open[--m->nr_open];
	if (match_chance(m, 2, 3))
		match_reap(m);
}

static void reset(struct match *m)
{
	say(m, "reset");
	bt_tracker_reset(fixture(m->test)->t);
	model_reset(&m->m);
}

static void adjust(struct match *m)
{
	struct bt_limits limits = m->m.limits;

	say(m, "new bounds");
	limits.max_freed = match_random(m, m->p->max_freed + 1);
	limits.max_closed = match_random(m, m->p->max_closed + 1);
	limits.max_remaining = match_random(m, m->p->max_remaining + 1);
	limits.max_records = 1 + match_random(m, m->p->max_records ?: 400);
	if (m->p->max_client_records)
		limits.max_client_records =
			1 + match_random(m, m->p->max_client_records);
	set_limits(m->test, &limits);
	model_set_limits(&m->m, &limits);
}

static void turn(struct match *m)
{
	u32 space = match_random(m, max(m->p->spaces, 1U));
	bool aperture = !m->m.apertures[space];

	say(m, "space %u is %s aperture", space, aperture ? "an" : "no");
	set_aperture(m->test, space, aperture);
	m->m.apertures[space] = aperture;
}

/**
 * match_step() - do one operation in both worlds
 * @m: the match
 */
void match_step(struct match *m)
{
	const struct {
		u32 weight;
		void (*act)(struct match *m);
	} acts[] = {
		{ m->nr_open ? 0 : 1000, match_begin_client },
		{ m->p->lost, lose },
		{ m->p->toggle * (m->m.enabled ? 1 : 8), toggle },
		{ m->p->churn, match_begin_client },
		{ m->p->churn, end },
		{ m->p->reset, reset },
		{ m->p->adjust, adjust },
		{ m->p->apertures, turn },
		{ 1000, report },
	};
	u32 random = match_random(m, 1000);
	unsigned int i;

	for (i = 0; random >= acts[i].weight; i++)
		random -= acts[i].weight;
	acts[i].act(m);
}

/* Reports after the removal change nothing */
static void report_in_vain(struct match *m)
{
	unsigned int n;

	for (n = 0; m->nr_open && n < 10; n++)
		report(m);
}

/**
 * match_remove() - remove the device while it has clients
 * @m: the match
 */
void match_remove(struct match *m)
{
	u64 got[2] = {}, expected[2];

	say(m, "remove");
	match_expect(m, "removal",
		     bt_tracker_remove(fixture(m->test)->t, true, &got[0],
				       &got[1]), 0);
	match_cut_listings(m);
	model_remove(&m->m, &expected[0], &expected[1]);
	match_expect(m, "buffers", got[0], expected[0]);
	match_expect(m, "bytes", got[1], expected[1]);
	report_in_vain(m);
}

/**
 * match_close_all() - end all clients
 * @m: the match
 */
void match_close_all(struct match *m)
{
	while (m->nr_open) {
		end(m);
		match_compare(m);
	}
	match_reap(m);
	match_compare(m);
}
