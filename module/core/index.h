/* SPDX-License-Identifier: GPL-2.0 */
/* Augmented trees of records: every question a report asks, in O(log n) */
#ifndef BUFTRACK_CORE_INDEX_H
#define BUFTRACK_CORE_INDEX_H

#include "tracker.h"

void bt_index_insert(struct rb_root *root, struct bt_record *rec);
void bt_index_erase(struct rb_root *root, struct bt_record *rec);

struct bt_record *bt_index_find(struct rb_root *root, u64 address, u64 id);
struct bt_record *bt_index_from(struct rb_root *root, u64 address, u64 id);
struct bt_record *bt_index_from_newer(struct rb_root *root, u64 address, u64 id,
				      u64 stamp);
struct bt_record *bt_index_next_newer(struct bt_record *rec, u64 stamp);
struct bt_record *bt_index_newest_at(struct rb_root *root, u64 address);

struct bt_record *bt_index_first_meeting(struct rb_root *live, u64 first,
					 u64 last);
struct bt_record *bt_index_next_meeting(struct bt_record *rec, u64 first,
					u64 last);
struct bt_record *bt_index_spanning_sure(struct rb_root *live, u64 address,
					 u64 epoch);

/**
 * bt_record_of() - the record of a tree node
 * @node: the node, may be NULL
 *
 * Return: the record that it is embedded in, or NULL.
 */
static inline struct bt_record *bt_record_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct bt_record, node);
}

/**
 * bt_record_last() - last address of a record
 * @rec: the record, whose span is known
 *
 * Return: the address.
 */
static inline u64 bt_record_last(const struct bt_record *rec)
{
	return rec->address + rec->span - 1;
}

/**
 * bt_key_cmp() - compare a record's key with another one
 * @rec: the record
 * @address: address of the other key
 * @id: id of the other key
 *
 * Return: less than, equal to or more than 0, as the record's key is.
 */
static inline int bt_key_cmp(const struct bt_record *rec, u64 address, u64 id)
{
	if (rec->address != address)
		return rec->address < address ? -1 : 1;
	if (rec->id != id)
		return rec->id < id ? -1 : 1;
	return 0;
}

/**
 * bt_is_doubtful() - whether a live record is older than its domain's latest gap
 * @d: the domain
 * @rec: the record
 *
 * Return: true if so.
 */
static inline bool bt_is_doubtful(const struct bt_domain *d,
				  const struct bt_record *rec)
{
	return rec->live.epoch != d->epoch;
}

/**
 * bt_append() - insert a node behind all others, as what comes in order is
 * @root: tree, such as a log by stamps
 * @node: the node
 */
static inline void bt_append(struct rb_root_cached *root, struct rb_node *node)
{
	struct rb_node **link = &root->rb_root.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->rb_right;
	}
	rb_link_node(node, parent, link);
	rb_insert_color_cached(node, root, !parent);
}

#endif /* BUFTRACK_CORE_INDEX_H */
