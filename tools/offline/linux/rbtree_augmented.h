/* SPDX-License-Identifier: GPL-2.0 */
/* Red-black trees whose nodes hold a summary of their subtrees */
#ifndef BUFTRACK_OFFLINE_RBTREE_AUGMENTED_H
#define BUFTRACK_OFFLINE_RBTREE_AUGMENTED_H

#include <linux/rbtree.h>

/**
 * struct rb_augment_callbacks - keeps the summaries correct
 * @propagate: recompute from @node up to, but without, @stop; ends early where nothing
 *	       changes
 * @copy: @to takes the place of @from, so it takes over the summary
 * @rotate: @to has become the parent of @from: it takes over the summary, and @from
 *	    gets its own
 */
struct rb_augment_callbacks {
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
	void (*copy)(struct rb_node *from, struct rb_node *to);
	void (*rotate)(struct rb_node *from, struct rb_node *to);
};

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment);

/* @compute(entry, exit) sets the summary; returns true if @exit and nothing changed */
#define RB_DECLARE_CALLBACKS(linkage, name, type, node_member, summary,      \
			     compute)                                        \
	linkage void name##_propagate(struct rb_node *node,                  \
				      struct rb_node *stop)                  \
	{                                                                    \
		while (node != stop) {                                       \
			type *entry = rb_entry(node, type, node_member);     \
			if (compute(entry, true))                            \
				break;                                       \
			node = rb_parent(node);                              \
		}                                                            \
	}                                                                    \
	linkage void name##_copy(struct rb_node *from, struct rb_node *to)   \
	{                                                                    \
		rb_entry(to, type, node_member)->summary =                   \
			rb_entry(from, type, node_member)->summary;          \
	}                                                                    \
	linkage void name##_rotate(struct rb_node *from, struct rb_node *to) \
	{                                                                    \
		name##_copy(from, to);                                       \
		compute(rb_entry(from, type, node_member), false);           \
	}                                                                    \
	linkage const struct rb_augment_callbacks name = { name##_propagate, \
							   name##_copy,      \
							   name##_rotate };

/* The summary is the largest own value of the subtree */
#define RB_DECLARE_CALLBACKS_MAX(linkage, name, type, node_member, value_type, \
				 summary, own)                                 \
	static inline bool name##_compute(type *entry, bool exit)              \
	{                                                                      \
		struct rb_node *left = entry->node_member.rb_left;             \
		struct rb_node *right = entry->node_member.rb_right;           \
		value_type most = own(entry);                                  \
		if (left && rb_entry(left, type, node_member)->summary > most) \
			most = rb_entry(left, type, node_member)->summary;     \
		if (right &&                                                   \
		    rb_entry(right, type, node_member)->summary > most)        \
			most = rb_entry(right, type, node_member)->summary;    \
		if (exit && entry->summary == most)                            \
			return true;                                           \
		entry->summary = most;                                         \
		return false;                                                  \
	}                                                                      \
	RB_DECLARE_CALLBACKS(linkage, name, type, node_member, summary,        \
			     name##_compute)

#endif /* BUFTRACK_OFFLINE_RBTREE_AUGMENTED_H */
