// SPDX-License-Identifier: GPL-2.0
/* The model: its objects, and the counters */
#include <linux/slab.h>
#include "model.h"

static void domain_init(struct model_domain *d)
{
	INIT_LIST_HEAD(&d->records);
	d->gap = 0;
	d->has_evicted = false;
}

static void records_free(struct list_head *records)
{
	struct model_record *rec, *next;

	list_for_each_entry_safe(rec, next, records, node) {
		list_del(&rec->node);
		kfree(rec);
	}
}

static void events_free(struct list_head *events)
{
	struct model_event *event, *next;

	list_for_each_entry_safe(event, next, events, node) {
		list_del(&event->node);
		kfree(event);
	}
}

/**
 * model_init() - set up a device without clients
 * @m: the model
 * @limits: its bounds
 * @nr_spaces: number of spaces
 */
void model_init(struct model *m, const struct bt_limits *limits, u32 nr_spaces)
{
	memset(m, 0, sizeof(*m));
	m->enabled = true;
	m->nr_spaces = nr_spaces;
	m->memory = U64_MAX;
	m->limits = *limits;
	INIT_LIST_HEAD(&m->clients);
	INIT_LIST_HEAD(&m->remaining);
	INIT_LIST_HEAD(&m->events);
	domain_init(&m->shared);
}

/**
 * model_fini() - free everything that a model points to
 * @m: the model
 */
void model_fini(struct model *m)
{
	struct model_client *c, *next;

	records_free(&m->shared.records);
	records_free(&m->remaining);
	events_free(&m->events);
	list_for_each_entry_safe(c, next, &m->clients, node)
		model_forget_client(c);
}

/**
 * model_forget_client() - free a client
 * @c: the client
 */
void model_forget_client(struct model_client *c)
{
	records_free(&c->own.records);
	list_del(&c->node);
	kfree(c);
}

/**
 * model_domain_of() - the domain that a client reports into
 * @m: the model
 * @c: the client
 *
 * Return: the domain.
 */
struct model_domain *model_domain_of(struct model *m, struct model_client *c)
{
	return c->shared ? &m->shared : &c->own;
}

/**
 * model_begin() - begin a client
 * @m: the model
 * @shared: it reports into the shared domain
 * @late: it declared that it attached late
 * @first_id: declared first id
 *
 * Return: the client, or NULL when out of memory.
 */
struct model_client *model_begin(struct model *m, bool shared, bool late,
				 u64 first_id)
{
	struct model_client *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	domain_init(&c->own);
	c->number = ++m->last_client;
	c->shared = shared;
	c->late = late;
	c->first_id = first_id;
	c->listed = true;
	list_add_tail(&c->node, &m->clients);
	return c;
}

static struct model_client *oldest_closed(struct model *m, u32 *nr)
{
	struct model_client *c, *oldest = NULL;

	*nr = 0;
	list_for_each_entry(c, &m->clients, node) {
		if (!c->reaped || !c->listed)
			continue;
		if (!(*nr)++)
			oldest = c;
	}
	return oldest;
}

/*
 * Closed clients form a bounded log; the one that was reaped first is dropped first
 */
static void trim_closed(struct model *m)
{
	struct model_client *oldest;
	u32 nr;

	while ((oldest = oldest_closed(m, &nr)) && nr > m->limits.max_closed)
		oldest->listed = false;
}

static void count_remaining(struct model *m, struct model_client *c)
{
	struct model_record *rec;

	list_for_each_entry(rec, &c->own.records, node) {
		if (rec->freed)
			continue;
		model_count(m, c, rec->space, BUFTRACK_COUNTER_REMAINING_BUFFERS, 1);
		model_count_size(m, rec, BUFTRACK_COUNTER_REMAINING_BYTES);
	}
}

/**
 * model_end() - end a client
 * @m: the model
 * @c: the client
 */
void model_end(struct model *m, struct model_client *c)
{
	c->ended = true;
	list_move_tail(&c->node, &m->clients);
	if (!m->removed)
		count_remaining(m, c);
	model_recount(m);
}

static bool is_before(const struct model_record *a, const struct model_record *b)
{
	if (a->space != b->space)
		return a->space < b->space;
	return a->address != b->address ? a->address < b->address :
					  a->id < b->id;
}

static struct model_record *first_live(struct list_head *records)
{
	struct model_record *rec, *first = NULL;

	list_for_each_entry(rec, records, node)
		if (!rec->freed && (!first || is_before(rec, first)))
			first = rec;
	return first;
}

static void trim_remaining(struct model *m)
{
	struct model_record *rec, *next;
	u64 nr = 0;

	list_for_each_entry(rec, &m->remaining, node)
		nr++;
	list_for_each_entry_safe(rec, next, &m->remaining, node) {
		if (nr-- <= m->limits.max_remaining)
			break;
		list_del(&rec->node);
		kfree(rec);
	}
}

/**
 * model_reap() - log an ended client's remaining records and free the rest
 * @m: the model
 * @c: the client
 *
 * A reset empties the log of all clients that ended before it, so their records are not
 * logged afterwards either.
 */
void model_reap(struct model *m, struct model_client *c)
{
	struct model_record *rec;

	c->reaped = true;
	list_move_tail(&c->node, &m->clients);
	trim_closed(m);
	while (!m->removed && !c->past && (rec = first_live(&c->own.records)))
		list_move_tail(&rec->node, &m->remaining);
	records_free(&c->own.records);
	trim_remaining(m);
}

/**
 * model_is_named() - test whether anything refers to a client
 * @m: the model
 * @c: the client
 *
 * Its file, the list of clients, records of the shared domain, remaining records and
 * events refer to clients.
 *
 * Return: false if it can be freed.
 */
bool model_is_named(struct model *m, const struct model_client *c)
{
	struct model_record *rec;

	if (!c->reaped || c->listed)
		return true;
	list_for_each_entry(rec, &m->shared.records, node)
		if (rec->owner == c || rec->by == c)
			return true;
	list_for_each_entry(rec, &m->remaining, node)
		if (rec->owner == c)
			return true;
	return model_events_name(m, c);
}

/**
 * model_set_limits() - set the bounds
 * @m: the model
 * @limits: the bounds
 */
void model_set_limits(struct model *m, const struct bt_limits *limits)
{
	m->limits = *limits;
	trim_closed(m);
	trim_remaining(m);
}

/**
 * model_count() - add to a counter in every scope
 * @m: the model
 * @c: client that is charged
 * @space: space that is charged, or BT_NO_SPACE
 * @counter: the counter
 * @n: amount
 */
void model_count(struct model *m, struct model_client *c, u32 space,
		 enum buftrack_counter counter, u64 n)
{
	m->total.v[counter] += n;
	c->counters.v[counter] += n;
	if (space != BT_NO_SPACE)
		m->spaces[space].v[counter] += n;
}

/**
 * model_count_size() - add the size of a record, which device and client leave out if it is
 *			an aperture
 * @m: the model
 * @rec: the record
 * @counter: the counter
 */
void model_count_size(struct model *m, const struct model_record *rec,
		      enum buftrack_counter counter)
{
	m->spaces[rec->space].v[counter] += rec->size;
	if (rec->aperture)
		return;
	m->total.v[counter] += rec->size;
	rec->owner->counters.v[counter] += rec->size;
}

static void count_current(struct model *m, const struct model_record *rec)
{
	if (rec->freed) {
		model_count(m, rec->owner, rec->space, BUFTRACK_COUNTER_FREED_RECORDS, 1);
		return;
	}
	model_count(m, rec->owner, rec->space, BUFTRACK_COUNTER_LIVE_BUFFERS, 1);
	model_count_size(m, rec, BUFTRACK_COUNTER_LIVE_BYTES);
	if (!rec->owner->ended)
		return;
	model_count(m, rec->owner, rec->space, BUFTRACK_COUNTER_ORPHANED_BUFFERS, 1);
	model_count_size(m, rec, BUFTRACK_COUNTER_ORPHANED_BYTES);
}

static void forget_current(struct bt_counters *c)
{
	c->v[BUFTRACK_COUNTER_LIVE_BUFFERS] = 0;
	c->v[BUFTRACK_COUNTER_LIVE_BYTES] = 0;
	c->v[BUFTRACK_COUNTER_ORPHANED_BUFFERS] = 0;
	c->v[BUFTRACK_COUNTER_ORPHANED_BYTES] = 0;
	c->v[BUFTRACK_COUNTER_FREED_RECORDS] = 0;
}

static void raise_peak(struct bt_counters *c)
{
	c->v[BUFTRACK_COUNTER_PEAK_BYTES] = max(c->v[BUFTRACK_COUNTER_PEAK_BYTES],
						c->v[BUFTRACK_COUNTER_LIVE_BYTES]);
}

static void visit_scopes(struct model *m, void (*visit)(struct bt_counters *c))
{
	struct model_client *c;
	u32 i;

	visit(&m->total);
	for (i = 0; i < m->nr_spaces; i++)
		visit(&m->spaces[i]);
	list_for_each_entry(c, &m->clients, node)
		visit(&c->counters);
}

/**
 * model_recount() - recompute the counters of current records
 * @m: the model
 */
void model_recount(struct model *m)
{
	struct model_record *rec;
	struct model_client *c;

	visit_scopes(m, forget_current);
	if (m->removed)
		return;
	list_for_each_entry(rec, &m->shared.records, node)
		count_current(m, rec);
	list_for_each_entry(c, &m->clients, node) {
		if (c->ended)
			continue;
		list_for_each_entry(rec, &c->own.records, node)
			count_current(m, rec);
	}
	visit_scopes(m, raise_peak);
}

static void zero_but_current(struct bt_counters *c)
{
	const struct bt_counters old = *c;

	*c = (struct bt_counters){};
	c->v[BUFTRACK_COUNTER_ALLOCS] = old.v[BUFTRACK_COUNTER_LIVE_BUFFERS];
	c->v[BUFTRACK_COUNTER_PEAK_BYTES] = old.v[BUFTRACK_COUNTER_LIVE_BYTES];
}

/**
 * model_reset() - restart the counters
 * @m: the model
 */
void model_reset(struct model *m)
{
	struct model_client *c;

	list_for_each_entry(c, &m->clients, node)
		c->past = c->ended;
	visit_scopes(m, zero_but_current);
	records_free(&m->remaining);
	model_recount(m);
}

static void remove_live(struct bt_counters *c)
{
	c->v[BUFTRACK_COUNTER_REMOVED_BUFFERS] += c->v[BUFTRACK_COUNTER_LIVE_BUFFERS];
}

/**
 * model_remove() - remove the device
 * @m: the model
 * @buffers: set to the number of live records
 * @bytes: set to the sum of their sizes
 */
void model_remove(struct model *m, u64 *buffers, u64 *bytes)
{
	*buffers = m->total.v[BUFTRACK_COUNTER_LIVE_BUFFERS];
	*bytes = m->total.v[BUFTRACK_COUNTER_LIVE_BYTES];
	visit_scopes(m, remove_live);
	m->removed = true;
	model_recount(m);
}

/**
 * model_open_clients() - number of clients that have not ended
 * @m: the model
 *
 * Return: the number.
 */
u32 model_open_clients(struct model *m)
{
	struct model_client *c;
	u32 nr = 0;

	list_for_each_entry(c, &m->clients, node)
		nr += !c->ended;
	return nr;
}

/**
 * model_nr_freed() - number of freed records in a domain
 * @d: the domain
 *
 * Return: the number.
 */
u64 model_nr_freed(const struct model_domain *d)
{
	struct model_record *rec;
	u64 nr = 0;

	list_for_each_entry(rec, &d->records, node)
		nr += !!rec->freed;
	return nr;
}

/**
 * model_nr_records() - number of live and freed records of the device
 * @m: the model
 *
 * Return: the number.
 */
u64 model_nr_records(struct model *m)
{
	struct model_client *c;
	u64 nr = list_count_nodes(&m->shared.records);

	list_for_each_entry(c, &m->clients, node)
		if (!c->ended)
			nr += list_count_nodes(&c->own.records);
	return nr;
}

/**
 * model_user_records() - number of records of a user's clients
 * @m: the model
 * @user: the user
 *
 * The records of an ended client count until it is reaped.
 *
 * Return: the number.
 */
u64 model_user_records(struct model *m, const struct bt_quota *user)
{
	struct model_client *c;
	u64 nr = 0;

	list_for_each_entry(c, &m->clients, node)
		if (c->user == user)
			nr += list_count_nodes(&c->own.records);
	return nr;
}

/**
 * model_memory_used() - number of records in any state
 * @m: the model
 *
 * Return: the number.
 */
u64 model_memory_used(struct model *m)
{
	struct model_client *c;
	u64 nr = list_count_nodes(&m->shared.records) +
		 list_count_nodes(&m->remaining);

	list_for_each_entry(c, &m->clients, node)
		nr += list_count_nodes(&c->own.records);
	return nr;
}
