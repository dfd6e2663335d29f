/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Augmented trees of records: every query of a report, in O(log n)
 *
 * The caller holds @bt_tracker.lock, or the tree belongs to a private domain whose
 * client has ended. A tree does not know its tracker, so these functions cannot assert
 * the lock; their callers do.
 */
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

struct bt_record *bt_index_first_overlap(struct rb_root *live, u64 first,
					 u64 last);
struct bt_record *bt_index_next_overlap(struct bt_record *rec, u64 first,
					u64 last);
struct bt_record *bt_index_spanning_current(struct rb_root *live, u64 address,
					    u64 epoch);

/**
 * bt_record_of() - the record of a tree node
 * @node: the node, may be NULL
 *
 * Return: the record that embeds it, or NULL.
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
 * bt_key_cmp() - compare the key of a record with another key
 * @rec: the record
 * @address: address of the other key
 * @id: id of the other key
 *
 * Return: less than, equal to or greater than 0, as the record's key is.
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
 * bt_is_doubtful() - test whether a live record is older than its domain's latest gap
 * @d: the domain
 * @rec: the record
 *
 * Return: true if it is older.
 */
static inline bool bt_is_doubtful(const struct bt_domain *d,
				  const struct bt_record *rec)
{
	return rec->live.epoch != d->epoch;
}

#endif /* BUFTRACK_CORE_INDEX_H */
