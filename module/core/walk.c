// SPDX-License-Identifier: GPL-2.0
/*
 * Reading what is there: records in steps, counters in one piece
 *
 * A listing goes through the domains (the shared one, then the clients' by
 * number), in each through the spaces, in each through the live and the freed
 * records by (address, id), and at last through the log of remaining records. A
 * cursor names the record that was listed last by its key, so that it holds
 * whatever happens to that record. It comes from user space: any value is safe.
 */
#include "export.h"
#include "index.h"

/* Records, spaces and clients that one lock hold looks at */
#define BT_WALK_CHUNK	128

/* Parts of a listing, in order: at the start of a tree, or behind a key in it */
enum {
	PART_BEGIN = 0,
	PART_LIVE,
	PART_LIVE_AFTER,
	PART_FREED,
	PART_FREED_AFTER,
	PART_REMAINING,
};

static bool wants(const struct bt_walk *w, const struct bt_record *rec)
{
	if (w->client && rec->owner->number != w->client)
		return false;
	return w->space == BUFTRACK_ANY_SPACE || w->space == rec->space;
}

static u32 live_state(const struct bt_domain *d, const struct bt_record *rec)
{
	return BUFTRACK_RECORD_LIVE |
	       (rec->live.epoch != d->epoch ? BUFTRACK_RECORD_DOUBTFUL : 0) |
	       (rec->owner->closed ? BUFTRACK_RECORD_ORPHANED : 0);
}

static struct rb_root *part_tree(struct bt_domain *d,
				 const struct buftrack_cursor *at)
{
	struct bt_space_index *index = &d->spaces[at->space];

	return at->part <= PART_LIVE_AFTER ? &index->live : &index->freed;
}

/* The record that the cursor is before */
static struct bt_record *record_at(struct bt_domain *d,
				   const struct buftrack_cursor *at)
{
	struct rb_root *root = part_tree(d, at);

	if (at->part == PART_LIVE || at->part == PART_FREED)
		return bt_index_from(root, 0, 0);
	if (at->id < U64_MAX)
		return bt_index_from(root, at->address, at->id + 1);
	if (at->address < U64_MAX)
		return bt_index_from(root, at->address + 1, 0);
	return NULL;
}

static void pass_record(struct buftrack_cursor *at, const struct bt_record *rec)
{
	at->address = rec->address;
	at->id = rec->id;
	at->part = rec->is_freed ? PART_FREED_AFTER : PART_LIVE_AFTER;
}

static void pass_tree(struct buftrack_cursor *at)
{
	if (at->part <= PART_LIVE_AFTER) {
		at->part = PART_FREED;
	} else {
		at->part = PART_LIVE;
		at->space++;
	}
}

static void pass_client(struct buftrack_cursor *at)
{
	at->client++;
	at->space = 0;
	at->part = PART_LIVE;
}

/* A private domain has its own client's records only */
static bool skips_domain(const struct bt_walk *w)
{
	return w->client && w->cursor.client && w->cursor.client != w->client;
}

static bool skips_tree(const struct bt_walk *w)
{
	const struct buftrack_cursor *at = &w->cursor;
	u32 state = at->part <= PART_LIVE_AFTER ? BUFTRACK_RECORD_LIVE :
						  BUFTRACK_RECORD_FREED;

	return !(w->states & state) ||
	       (w->space != BUFTRACK_ANY_SPACE && w->space != at->space);
}

/* List the tree that the cursor is in; false when there is no room left */
static bool list_tree(struct bt_walk *w, struct bt_domain *d, unsigned int *left)
{
	struct bt_record *rec = record_at(d, &w->cursor);

	for (; rec && *left; rec = bt_record_of(rb_next(&rec->node))) {
		u32 state = rec->is_freed ? BUFTRACK_RECORD_FREED :
					    live_state(d, rec);

		--*left;
		if (wants(w, rec) && !w->emit(w, rec, state))
			return false;
		pass_record(&w->cursor, rec);
	}
	if (!rec)
		pass_tree(&w->cursor);
	return true;
}

/* The domain that the cursor is in, or the next one there is, or NULL */
static struct bt_domain *domain_at(struct bt_tracker *t, struct bt_walk *w,
				   unsigned int *left)
{
	struct buftrack_cursor *at = &w->cursor;
	struct bt_client *c;

	if (!at->client)
		return t->shared;
	for (c = __bt_client_next(t, at->client); c && *left;
	     c = rb_entry_safe(rb_next(&c->node), struct bt_client, node)) {
		if (c->number != at->client) {
			at->client = c->number - 1;
			pass_client(at);
		}
		if (!c->closed && !c->shared)
			return c->domain;
		pass_client(at);
		--*left;
	}
	return NULL;
}

static bool list_domains(struct bt_tracker *t, struct bt_walk *w,
			 unsigned int *left)
{
	struct buftrack_cursor *at = &w->cursor;

	while (*left) {
		struct bt_domain *d = domain_at(t, w, left);

		if (!d) {
			if (*left)
				at->part = PART_REMAINING;
			return true;
		}
		--*left;
		if (at->space >= t->nr_spaces || skips_domain(w))
			pass_client(at);
		else if (skips_tree(w))
			pass_tree(at);
		else if (!list_tree(w, d, left))
			return false;
	}
	return true;
}

static struct bt_record *remaining_after(struct bt_tracker *t, u64 stamp)
{
	struct rb_node *node = t->remaining.rb_root.rb_node;
	struct bt_record *found = NULL;

	while (node) {
		struct bt_record *rec = bt_record_of(node);

		if (rec->freed.stamp > stamp) {
			found = rec;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

static void list_remaining(struct bt_tracker *t, struct bt_walk *w,
			   unsigned int *left)
{
	struct bt_record *rec = remaining_after(t, w->cursor.stamp);

	if (!(w->states & BUFTRACK_RECORD_REMAINING))
		rec = NULL;
	for (; rec && *left; rec = bt_record_of(rb_next(&rec->node))) {
		--*left;
		if (wants(w, rec) && !w->emit(w, rec, BUFTRACK_RECORD_REMAINING))
			return;
		w->cursor.stamp = rec->freed.stamp;
	}
	w->end = !rec;
}

static void walk_locked(struct bt_tracker *t, struct bt_walk *w)
{
	unsigned int left = BT_WALK_CHUNK;

	/* Live and freed records ended with the device; what remained is history */
	if (t->removed && w->cursor.part < PART_REMAINING)
		w->cursor.part = PART_REMAINING;
	if (w->cursor.part == PART_BEGIN)
		w->cursor.part = PART_LIVE;
	if (w->cursor.part < PART_REMAINING && !list_domains(t, w, &left))
		return;
	if (w->cursor.part >= PART_REMAINING && left)
		list_remaining(t, w, &left);
}

/**
 * bt_walk_step() - go on with a listing
 * @t: the tracker
 * @w: the listing, whose cursor and @end are set to where this step left it
 *
 * Looks at a bounded number of records under the lock.
 */
void bt_walk_step(struct bt_tracker *t, struct bt_walk *w)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&t->lock, irq);
	walk_locked(t, w);
	raw_spin_unlock_irqrestore(&t->lock, irq);
}
EXPORT_SYMBOL_IF_KUNIT(bt_walk_step);

static const struct bt_counters *scope_counters(struct bt_tracker *t, u32 scope,
						u64 number)
{
	struct bt_client *c;

	switch (scope) {
	case BUFTRACK_SCOPE_DEVICE:
		return number ? NULL : &t->total;
	case BUFTRACK_SCOPE_SPACE:
		return number < t->nr_spaces ? &t->spaces[number] : NULL;
	default:
		c = __bt_client_next(t, number);
		return c && c->number == number ? &c->counters : NULL;
	}
}

/**
 * bt_read_counters() - read the counters of one scope, all of one instant
 * @t: the tracker
 * @scope: enum buftrack_scope
 * @number: which space or client
 * @out: where to
 *
 * Return: 0, or -ENOENT if there is no such space or client.
 */
int bt_read_counters(struct bt_tracker *t, u32 scope, u64 number,
		     struct bt_counters *out)
{
	const struct bt_counters *from;
	unsigned long irq;

	raw_spin_lock_irqsave(&t->lock, irq);
	from = scope_counters(t, scope, number);
	if (from)
		*out = *from;
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return from ? 0 : -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(bt_read_counters);
