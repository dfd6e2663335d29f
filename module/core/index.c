// SPDX-License-Identifier: GPL-2.0
/*
 * Augmented trees of records
 *
 * Each node knows the newest stamp of its subtree, so the latest record at an address
 * is found without visiting the others there. A node of a live tree also knows the
 * extent of its subtree, as in an interval tree but with the epoch: see struct
 * bt_extent.
 */
#include <linux/rbtree_augmented.h>
#include "index.h"
#include "internal.h"

/* The stamp by which a tree of live or of freed records is augmented */
static u64 index_stamp(const struct bt_record *rec)
{
	return rec->is_freed ? rec->freed.stamp : rec->allocated;
}

static void index_merge_extent(struct bt_extent *to, const struct bt_extent *from)
{
	if (!from->epoch)
		return;
	if (from->epoch > to->epoch) {
		to->epoch = from->epoch;
		to->last_current = from->last_current;
	} else if (from->epoch == to->epoch) {
		to->last_current = max(to->last_current, from->last_current);
	}
	to->last = max(to->last, from->last);
}

static void index_merge(struct bt_subtree *to, const struct bt_subtree *from)
{
	to->newest = max(to->newest, from->newest);
	index_merge_extent(&to->extent, &from->extent);
}

/* The contribution of a live record to its subtree */
static struct bt_subtree index_live_own(const struct bt_record *rec)
{
	struct bt_subtree own = { .newest = rec->allocated };

	if (rec->span) {
		own.extent.epoch = rec->live.epoch;
		own.extent.last = bt_record_last(rec);
		own.extent.last_current = own.extent.last;
	}
	return own;
}

static bool index_is_same(const struct bt_subtree *a, const struct bt_subtree *b)
{
	return a->newest == b->newest && a->extent.epoch == b->extent.epoch &&
	       a->extent.last == b->extent.last &&
	       a->extent.last_current == b->extent.last_current;
}

/* For RB_DECLARE_CALLBACKS(): returns true if @exit and nothing changed */
static bool index_live_compute(struct bt_record *rec, bool exit)
{
	struct bt_subtree sum = index_live_own(rec);

	if (rec->node.rb_left)
		index_merge(&sum, &bt_record_of(rec->node.rb_left)->live.subtree);
	if (rec->node.rb_right)
		index_merge(&sum, &bt_record_of(rec->node.rb_right)->live.subtree);
	if (exit && index_is_same(&rec->live.subtree, &sum))
		return true;
	rec->live.subtree = sum;
	return false;
}

RB_DECLARE_CALLBACKS(static, index_live_callbacks, struct bt_record, node,
		     live.subtree, index_live_compute)

static u64 index_freed_own(const struct bt_record *rec)
{
	return rec->freed.stamp;
}

RB_DECLARE_CALLBACKS_MAX(static, index_freed_callbacks, struct bt_record, node,
			 u64, freed.newest, index_freed_own)

/*
 * The two descents below do not use rb_add(), because they update the augmentation on
 * the way down. Propagating it afterwards would take a second walk up to the root.
 */
static void index_insert_live(struct rb_root *root, struct bt_record *rec)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;
	const struct bt_subtree own = index_live_own(rec);

	while (*link) {
		struct bt_record *above = bt_record_of(*link);

		parent = *link;
		index_merge(&above->live.subtree, &own);
		if (bt_key_cmp(above, rec->address, rec->id) > 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&rec->node, parent, link);
	rec->live.subtree = own;
	rb_insert_augmented(&rec->node, root, &index_live_callbacks);
}

static void index_insert_freed(struct rb_root *root, struct bt_record *rec)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		struct bt_record *above = bt_record_of(*link);

		parent = *link;
		above->freed.newest = max(above->freed.newest, rec->freed.stamp);
		if (bt_key_cmp(above, rec->address, rec->id) > 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&rec->node, parent, link);
	rec->freed.newest = rec->freed.stamp;
	rb_insert_augmented(&rec->node, root, &index_freed_callbacks);
}

/**
 * bt_index_insert() - add a record to a tree
 * @root: live or freed tree, according to the record's freed flag
 * @rec: the record, whose key is not in the tree
 */
void bt_index_insert(struct rb_root *root, struct bt_record *rec)
{
	if (rec->is_freed)
		index_insert_freed(root, rec);
	else
		index_insert_live(root, rec);
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_insert);

/**
 * bt_index_erase() - take a record out of its tree
 * @root: the tree
 * @rec: the record; its key, stamps, epoch and freed flag have not changed since it
 *	 was inserted
 */
void bt_index_erase(struct rb_root *root, struct bt_record *rec)
{
	if (rec->is_freed)
		rb_erase_augmented(&rec->node, root, &index_freed_callbacks);
	else
		rb_erase_augmented(&rec->node, root, &index_live_callbacks);
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_erase);

/* A key to search for */
struct index_key {
	u64 address;
	u64 id;
};

static int index_cmp(const void *key, const struct rb_node *node)
{
	const struct index_key *k = key;

	return -bt_key_cmp(rb_entry(node, struct bt_record, node), k->address, k->id);
}

/**
 * bt_index_find() - the record with a key
 * @root: tree to search
 * @address: address of the key
 * @id: id of the key
 *
 * Return: the record, or NULL.
 */
struct bt_record *bt_index_find(struct rb_root *root, u64 address, u64 id)
{
	const struct index_key key = { address, id };

	return bt_record_of(rb_find(&key, root, index_cmp));
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_find);

/* Every record at or after the key matches; rb_find_first() returns the lowest */
static int index_match_from(const void *key, const struct rb_node *node)
{
	return index_cmp(key, node) > 0;
}

/**
 * bt_index_from() - first record at or after a key
 * @root: tree to search
 * @address: address of the key
 * @id: id of the key
 *
 * Return: the record, or NULL if all are before the key.
 */
struct bt_record *bt_index_from(struct rb_root *root, u64 address, u64 id)
{
	const struct index_key key = { address, id };

	return bt_record_of(rb_find_first(&key, root, index_match_from));
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_from);

static u64 index_newest(struct rb_node *node)
{
	return node ? bt_record_of(node)->newest : 0;
}

/* First record newer than @stamp in the subtree of @node, which has one */
static struct bt_record *index_first_newer(struct rb_node *node, u64 stamp)
{
	while (node) {
		bool left = index_newest(node->rb_left) > stamp;

		if (!left && index_stamp(bt_record_of(node)) > stamp)
			break;
		node = left ? node->rb_left : node->rb_right;
	}
	return bt_record_of(node);
}

/* The nearest ancestor whose left subtree contains @node, or NULL */
static struct rb_node *index_right_ancestor(struct rb_node *node)
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
 * @rec: the previous record
 * @stamp: consider only records allocated (live tree) or freed after this
 *
 * Return: the record, or NULL.
 */
struct bt_record *bt_index_next_newer(struct bt_record *rec, u64 stamp)
{
	struct rb_node *node = &rec->node;

	if (index_newest(node->rb_right) > stamp)
		return index_first_newer(node->rb_right, stamp);
	for (node = index_right_ancestor(node); node; node = index_right_ancestor(node)) {
		if (index_stamp(bt_record_of(node)) > stamp)
			return bt_record_of(node);
		if (index_newest(node->rb_right) > stamp)
			return index_first_newer(node->rb_right, stamp);
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_next_newer);

/**
 * bt_index_from_newer() - first record at or after a key with a later stamp
 * @root: tree to search
 * @address: address of the key
 * @id: id of the key
 * @stamp: consider only records allocated (live tree) or freed after this
 *
 * Return: the record, or NULL.
 */
struct bt_record *bt_index_from_newer(struct rb_root *root, u64 address, u64 id,
				      u64 stamp)
{
	struct bt_record *rec = bt_index_from(root, address, id);

	if (!rec || index_stamp(rec) > stamp)
		return rec;
	return bt_index_next_newer(rec, stamp);
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_from_newer);

/* The latest record so far: @rec, or if @below the one with that stamp in its subtree */
struct index_latest {
	struct bt_record *rec;
	u64 stamp;
	bool below;
};

static void index_latest_raise(struct index_latest *latest, struct rb_node *node,
			       u64 stamp, bool below)
{
	if (stamp > latest->stamp)
		*latest = (struct index_latest){ bt_record_of(node), stamp, below };
}

/*
 * Consider the records at @address in the subtree of @node, a child of a record at that
 * address. Everything between two records at one address is at that address, too, so
 * each inner subtree counts as a whole.
 */
static void index_latest_side(struct rb_node *node, u64 address, bool left,
			      struct index_latest *latest)
{
	while (node) {
		struct bt_record *rec = bt_record_of(node);
		struct rb_node *inner = left ? node->rb_right : node->rb_left;
		struct rb_node *outer = left ? node->rb_left : node->rb_right;

		if (rec->address != address) {
			node = inner;
			continue;
		}
		index_latest_raise(latest, node, index_stamp(rec), false);
		if (inner)
			index_latest_raise(latest, inner, index_newest(inner), true);
		node = outer;
	}
}

static struct bt_record *index_latest_pick(const struct index_latest *latest)
{
	struct bt_record *rec = latest->rec;

	while (latest->below && index_stamp(rec) != latest->stamp)
		rec = bt_record_of(index_newest(rec->node.rb_left) ==
				   latest->stamp ? rec->node.rb_left :
						   rec->node.rb_right);
	return rec;
}

/**
 * bt_index_newest_at() - the latest record that starts at an address
 * @root: tree to search
 * @address: the address
 *
 * Return: the record that was allocated last (live tree) or freed last (freed tree),
 * or NULL if none starts there.
 */
struct bt_record *bt_index_newest_at(struct rb_root *root, u64 address)
{
	struct index_latest latest = {};
	struct rb_node *top = root->rb_node;

	while (top && bt_record_of(top)->address != address)
		top = bt_record_of(top)->address > address ? top->rb_left :
							     top->rb_right;
	if (!top)
		return NULL;
	index_latest_raise(&latest, top, index_stamp(bt_record_of(top)), false);
	index_latest_side(top->rb_left, address, true, &latest);
	index_latest_side(top->rb_right, address, false, &latest);
	return index_latest_pick(&latest);
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_newest_at);

/* Does a range in the subtree extend to @first or beyond? */
static bool index_extends_to(struct rb_node *node, u64 first)
{
	const struct bt_extent *extent;

	if (!node)
		return false;
	extent = &bt_record_of(node)->live.subtree.extent;
	return extent->epoch && extent->last >= first;
}

static bool index_covers(const struct bt_record *rec, u64 first)
{
	return rec->span && bt_record_last(rec) >= first;
}

/* First record that overlaps [first, last] in the subtree of @node, which extends to @first */
static struct bt_record *index_overlap_below(struct rb_node *node, u64 first,
					     u64 last)
{
	while (node) {
		struct bt_record *rec = bt_record_of(node);

		if (index_extends_to(node->rb_left, first)) {
			node = node->rb_left;
			continue;
		}
		if (rec->address > last)
			return NULL;
		if (index_covers(rec, first))
			return rec;
		node = index_extends_to(node->rb_right, first) ? node->rb_right : NULL;
	}
	return NULL;
}

/**
 * bt_index_first_overlap() - first live record that overlaps [first, last]
 * @live: live tree
 * @first: first address of the range
 * @last: last address of the range
 *
 * Return: the lowest by (address, id), or NULL. Records of unknown span overlap
 * nothing.
 */
struct bt_record *bt_index_first_overlap(struct rb_root *live, u64 first,
					 u64 last)
{
	if (!index_extends_to(live->rb_node, first))
		return NULL;
	return index_overlap_below(live->rb_node, first, last);
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_first_overlap);

/**
 * bt_index_next_overlap() - next live record that overlaps [first, last]
 * @rec: the previous record
 * @first: first address of the range
 * @last: last address of the range
 *
 * Return: the next by (address, id), or NULL.
 */
struct bt_record *bt_index_next_overlap(struct bt_record *rec, u64 first,
					u64 last)
{
	struct rb_node *node = &rec->node;

	for (;;) {
		struct rb_node *child;

		if (index_extends_to(node->rb_right, first))
			return index_overlap_below(node->rb_right, first, last);
		do {
			child = node;
			node = rb_parent(node);
			if (!node)
				return NULL;
		} while (child == node->rb_right);
		rec = bt_record_of(node);
		if (rec->address > last)
			return NULL;
		if (index_covers(rec, first))
			return rec;
	}
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_next_overlap);

/* Does a range of the current epoch in the subtree extend to @address or beyond? */
static bool index_current_extends_to(struct rb_node *node, u64 address, u64 epoch)
{
	const struct bt_extent *extent;

	if (!node)
		return false;
	extent = &bt_record_of(node)->live.subtree.extent;
	return extent->epoch == epoch && extent->last_current >= address;
}

/**
 * bt_index_spanning_current() - first live record of the current epoch that spans an
 *				 address without starting there
 * @live: live tree
 * @address: the address
 * @epoch: current epoch of the domain
 *
 * Return: the lowest by (address, id), or NULL.
 */
struct bt_record *bt_index_spanning_current(struct rb_root *live, u64 address,
					    u64 epoch)
{
	struct rb_node *node = live->rb_node;

	if (!index_current_extends_to(node, address, epoch))
		return NULL;
	while (node) {
		struct bt_record *rec = bt_record_of(node);

		/* If the left subtree extends far enough, its record starts lowest */
		if (index_current_extends_to(node->rb_left, address, epoch)) {
			node = node->rb_left;
			continue;
		}
		if (rec->address >= address)
			return NULL;
		if (rec->live.epoch == epoch && index_covers(rec, address))
			return rec;
		node = index_current_extends_to(node->rb_right, address, epoch) ?
		       node->rb_right : NULL;
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(bt_index_spanning_current);
