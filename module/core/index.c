// SPDX-License-Identifier: GPL-2.0
/*
 * Augmented trees of records
 *
 * Each node knows the highest stamp of its subtree, which answers "the latest
 * of all that start at this address" without a walk over them, however many
 * there are. A node of a live tree also knows the reach of its subtree, as an
 * interval tree does, with the epoch folded in: see struct bt_reach.
 */
#include <linux/rbtree_augmented.h>
#include "export.h"
#include "index.h"

/* What the augmentation keeps of a subtree */
struct bt_summary {
	u64 newest;
	struct bt_reach reach;
};

static u64 own_stamp(const struct bt_record *rec)
{
	return rec->is_freed ? rec->freed.stamp : rec->allocated;
}

static void reach_merge(struct bt_reach *to, const struct bt_reach *from)
{
	if (!from->epoch)
		return;
	if (from->epoch > to->epoch) {
		to->epoch = from->epoch;
		to->last_sure = from->last_sure;
	} else if (from->epoch == to->epoch) {
		to->last_sure = max(to->last_sure, from->last_sure);
	}
	to->last = max(to->last, from->last);
}

static void summary_merge(struct bt_summary *sum, const struct bt_record *rec)
{
	sum->newest = max(sum->newest, rec->newest);
	if (!rec->is_freed)
		reach_merge(&sum->reach, &rec->live.reach);
}

/* All records of one tree are of one kind, so that this holds for both */
static struct bt_summary summarize_own(const struct bt_record *rec)
{
	struct bt_summary sum = { .newest = own_stamp(rec) };

	if (!rec->is_freed && rec->span) {
		sum.reach.epoch = rec->live.epoch;
		sum.reach.last = bt_record_last(rec);
		sum.reach.last_sure = sum.reach.last;
	}
	return sum;
}

static struct bt_summary summarize(const struct bt_record *rec)
{
	struct bt_summary sum = summarize_own(rec);

	if (rec->node.rb_left)
		summary_merge(&sum, bt_record_of(rec->node.rb_left));
	if (rec->node.rb_right)
		summary_merge(&sum, bt_record_of(rec->node.rb_right));
	return sum;
}

static void summary_store(struct bt_record *rec, const struct bt_summary *sum)
{
	rec->newest = sum->newest;
	if (!rec->is_freed)
		rec->live.reach = sum->reach;
}

/* A record with the summary @sum comes below @rec */
static void summary_raise(struct bt_record *rec, const struct bt_summary *sum)
{
	rec->newest = max(rec->newest, sum->newest);
	if (!rec->is_freed)
		reach_merge(&rec->live.reach, &sum->reach);
}

static bool summary_equal(const struct bt_record *rec,
			  const struct bt_summary *sum)
{
	if (rec->newest != sum->newest)
		return false;
	return rec->is_freed ||
	       (rec->live.reach.epoch == sum->reach.epoch &&
		rec->live.reach.last == sum->reach.last &&
		rec->live.reach.last_sure == sum->reach.last_sure);
}

static void augment_propagate(struct rb_node *node, struct rb_node *stop)
{
	while (node != stop) {
		struct bt_record *rec = bt_record_of(node);
		struct bt_summary sum = summarize(rec);

		if (summary_equal(rec, &sum))
			break;
		summary_store(rec, &sum);
		node = rb_parent(node);
	}
}

/* @new takes the place of @old, whose subtree it now heads */
static void augment_copy(struct rb_node *old, struct rb_node *new)
{
	struct bt_record *from = bt_record_of(old);
	struct bt_record *to = bt_record_of(new);

	to->newest = from->newest;
	if (!to->is_freed)
		to->live.reach = from->live.reach;
}

static void augment_rotate(struct rb_node *old, struct rb_node *new)
{
	struct bt_summary sum;

	augment_copy(old, new);
	sum = summarize(bt_record_of(old));
	summary_store(bt_record_of(old), &sum);
}

static const struct rb_augment_callbacks augment = {
	.propagate = augment_propagate,
	.copy = augment_copy,
	.rotate = augment_rotate,
};

/**
 * bt_index_insert() - add a record to a tree
 * @root: live or freed tree, according to the record's freed flag
 * @rec: the record; its key must not be in the tree
 */
void bt_index_insert(struct rb_root *root, struct bt_record *rec)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;
	struct bt_summary sum = summarize_own(rec);

	/* It will be below every node on the way down */
	while (*link) {
		struct bt_record *above = bt_record_of(*link);

		parent = *link;
		summary_raise(above, &sum);
		if (bt_key_cmp(above, rec->address, rec->id) > 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&rec->node, parent, link);
	summary_store(rec, &sum);
	rb_insert_augmented(&rec->node, root, &augment);
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_insert);

/**
 * bt_index_erase() - take a record out of its tree
 * @root: tree that it is in
 * @rec: the record, whose key, stamps, epoch and freed flag are still those it
 *	 was inserted with
 */
void bt_index_erase(struct rb_root *root, struct bt_record *rec)
{
	rb_erase_augmented(&rec->node, root, &augment);
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_erase);

/**
 * bt_index_from() - first record at or after a key
 * @root: tree to look in
 * @address: address of the key
 * @id: id of the key
 *
 * Return: the record, or NULL if all are before the key.
 */
struct bt_record *bt_index_from(struct rb_root *root, u64 address, u64 id)
{
	struct rb_node *node = root->rb_node;
	struct bt_record *found = NULL;

	while (node) {
		struct bt_record *rec = bt_record_of(node);

		if (bt_key_cmp(rec, address, id) >= 0) {
			found = rec;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_from);

static u64 newest_below(struct rb_node *node)
{
	return node ? bt_record_of(node)->newest : 0;
}

/* First record below @node, whose newest stamp is above @stamp, above it, too */
static struct bt_record *newer_below(struct rb_node *node, u64 stamp)
{
	while (node) {
		bool left = newest_below(node->rb_left) > stamp;

		if (!left && own_stamp(bt_record_of(node)) > stamp)
			break;
		node = left ? node->rb_left : node->rb_right;
	}
	return bt_record_of(node);
}

/* The node that @node's subtree is all to the left of, or NULL */
static struct rb_node *right_ancestor(struct rb_node *node)
{
	struct rb_node *above = rb_parent(node);

	while (above && node == above->rb_right) {
		node = above;
		above = rb_parent(node);
	}
	return above;
}

/**
 * bt_index_next_newer() - next record with a later stamp
 * @rec: the one before
 * @stamp: only records allocated (of a live tree) or freed after this
 *
 * Return: the record, or NULL.
 */
struct bt_record *bt_index_next_newer(struct bt_record *rec, u64 stamp)
{
	struct rb_node *node = &rec->node;

	if (newest_below(node->rb_right) > stamp)
		return newer_below(node->rb_right, stamp);
	for (node = right_ancestor(node); node; node = right_ancestor(node)) {
		if (own_stamp(bt_record_of(node)) > stamp)
			return bt_record_of(node);
		if (newest_below(node->rb_right) > stamp)
			return newer_below(node->rb_right, stamp);
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_next_newer);

/**
 * bt_index_from_newer() - first record at or after a key with a later stamp
 * @root: tree to look in
 * @address: address of the key
 * @id: id of the key
 * @stamp: only records allocated (of a live tree) or freed after this
 *
 * Return: the record, or NULL.
 */
struct bt_record *bt_index_from_newer(struct rb_root *root, u64 address, u64 id,
				      u64 stamp)
{
	struct bt_record *rec = bt_index_from(root, address, id);

	if (!rec || own_stamp(rec) > stamp)
		return rec;
	return bt_index_next_newer(rec, stamp);
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_from_newer);

/**
 * bt_index_find() - the record with a key
 * @root: tree to look in
 * @address: address of the key
 * @id: id of the key
 *
 * Return: the record, or NULL.
 */
struct bt_record *bt_index_find(struct rb_root *root, u64 address, u64 id)
{
	struct rb_node *node = root->rb_node;

	while (node) {
		struct bt_record *rec = bt_record_of(node);
		int order = bt_key_cmp(rec, address, id);

		if (!order)
			return rec;
		node = order > 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_find);

/*
 * The latest record found so far: @rec itself, or, if @below, the one of that
 * stamp in the subtree of @rec
 */
struct bt_latest {
	struct bt_record *rec;
	u64 stamp;
	bool below;
};

static void latest_raise(struct bt_latest *latest, struct rb_node *node,
			 u64 stamp, bool below)
{
	if (stamp > latest->stamp)
		*latest = (struct bt_latest){ bt_record_of(node), stamp, below };
}

/*
 * Take in what starts at @address below @node, one side of a record that starts
 * there. What lies between two such records starts there, too: those subtrees
 * count whole.
 */
static void latest_side(struct rb_node *node, u64 address, bool left,
			struct bt_latest *latest)
{
	while (node) {
		struct bt_record *rec = bt_record_of(node);
		struct rb_node *inner = left ? node->rb_right : node->rb_left;
		struct rb_node *outer = left ? node->rb_left : node->rb_right;

		if (rec->address != address) {
			node = inner;
			continue;
		}
		latest_raise(latest, node, own_stamp(rec), false);
		if (inner)
			latest_raise(latest, inner, newest_below(inner), true);
		node = outer;
	}
}

static struct bt_record *latest_pick(const struct bt_latest *latest)
{
	struct bt_record *rec = latest->rec;

	while (latest->below && own_stamp(rec) != latest->stamp)
		rec = bt_record_of(newest_below(rec->node.rb_left) ==
				   latest->stamp ? rec->node.rb_left :
						   rec->node.rb_right);
	return rec;
}

/**
 * bt_index_newest_at() - the latest of the records that start at an address
 * @root: tree to look in
 * @address: the address
 *
 * Return: the one allocated last in a live tree, freed last in a freed one, or
 * NULL if none starts there.
 */
struct bt_record *bt_index_newest_at(struct rb_root *root, u64 address)
{
	struct bt_latest latest = {};
	struct rb_node *top = root->rb_node;

	while (top && bt_record_of(top)->address != address)
		top = bt_record_of(top)->address > address ? top->rb_left :
							     top->rb_right;
	if (!top)
		return NULL;
	latest_raise(&latest, top, own_stamp(bt_record_of(top)), false);
	latest_side(top->rb_left, address, true, &latest);
	latest_side(top->rb_right, address, false, &latest);
	return latest_pick(&latest);
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_newest_at);

static bool reaches(struct rb_node *node, u64 first)
{
	const struct bt_reach *reach;

	if (!node)
		return false;
	reach = &bt_record_of(node)->live.reach;
	return reach->epoch && reach->last >= first;
}

static bool meets(const struct bt_record *rec, u64 first)
{
	return rec->span && bt_record_last(rec) >= first;
}

/* First record below @node, which reaches @first, that meets [first, last] */
static struct bt_record *meeting_below(struct rb_node *node, u64 first, u64 last)
{
	while (node) {
		struct bt_record *rec = bt_record_of(node);

		if (reaches(node->rb_left, first)) {
			node = node->rb_left;
			continue;
		}
		if (rec->address > last)
			return NULL;
		if (meets(rec, first))
			return rec;
		node = reaches(node->rb_right, first) ? node->rb_right : NULL;
	}
	return NULL;
}

/**
 * bt_index_first_meeting() - first live record whose range meets [first, last]
 * @live: live tree
 * @first: first address of the range
 * @last: last address of the range
 *
 * Return: the lowest by (address, id), or NULL. Records of unknown span meet
 * nothing.
 */
struct bt_record *bt_index_first_meeting(struct rb_root *live, u64 first,
					 u64 last)
{
	if (!reaches(live->rb_node, first))
		return NULL;
	return meeting_below(live->rb_node, first, last);
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_first_meeting);

/**
 * bt_index_next_meeting() - next live record whose range meets [first, last]
 * @rec: the one before
 * @first: first address of the range
 * @last: last address of the range
 *
 * Return: the next by (address, id), or NULL.
 */
struct bt_record *bt_index_next_meeting(struct bt_record *rec, u64 first,
					u64 last)
{
	struct rb_node *node = &rec->node;

	for (;;) {
		struct rb_node *child;

		if (reaches(node->rb_right, first))
			return meeting_below(node->rb_right, first, last);
		do {
			child = node;
			node = rb_parent(node);
			if (!node)
				return NULL;
		} while (child == node->rb_right);
		rec = bt_record_of(node);
		if (rec->address > last)
			return NULL;
		if (meets(rec, first))
			return rec;
	}
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_next_meeting);

static bool reaches_sure(struct rb_node *node, u64 address, u64 epoch)
{
	const struct bt_reach *reach;

	if (!node)
		return false;
	reach = &bt_record_of(node)->live.reach;
	return reach->epoch == epoch && reach->last_sure >= address;
}

/**
 * bt_index_spanning_sure() - a live record of an epoch that spans an address
 *			      without starting there
 * @live: live tree
 * @address: the address
 * @epoch: the domain's epoch: older records are doubtful
 *
 * Return: the lowest by (address, id), or NULL.
 */
struct bt_record *bt_index_spanning_sure(struct rb_root *live, u64 address,
					 u64 epoch)
{
	struct rb_node *node = live->rb_node;

	if (!reaches_sure(node, address, epoch))
		return NULL;
	while (node) {
		struct bt_record *rec = bt_record_of(node);

		/* The leftmost that reaches far enough starts lowest, too */
		if (reaches_sure(node->rb_left, address, epoch)) {
			node = node->rb_left;
			continue;
		}
		if (rec->address >= address)
			return NULL;
		if (rec->live.epoch == epoch && meets(rec, address))
			return rec;
		node = reaches_sure(node->rb_right, address, epoch) ?
		       node->rb_right : NULL;
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_spanning_sure);
