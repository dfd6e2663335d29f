/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Red-black trees with the kernel's interface; module/compat.h has the loops that insert
 * and search
 */
#ifndef BUFTRACK_OFFLINE_RBTREE_H
#define BUFTRACK_OFFLINE_RBTREE_H

#include <linux/types.h>

/**
 * struct rb_node - a node
 * @parent_color: address of the parent, with RB_BLACK in its lowest bit
 * @rb_left: left child or NULL
 * @rb_right: right child or NULL
 */
struct rb_node {
	uintptr_t parent_color;
	struct rb_node *rb_left;
	struct rb_node *rb_right;
};

struct rb_root {
	struct rb_node *rb_node;
};

/* struct rb_root_cached - a tree that knows its first node */
struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

#define RB_BLACK ((uintptr_t)1)

#define RB_ROOT ((struct rb_root){ NULL })
#define RB_ROOT_CACHED ((struct rb_root_cached){ { NULL }, NULL })
#define RB_EMPTY_ROOT(root) (!(root)->rb_node)
#define RB_CLEAR_NODE(node) ((node)->parent_color = (uintptr_t)(node))

#define rb_entry(node, type, member) container_of(node, type, member)
#define rb_entry_safe(node, type, member)                               \
	({                                                              \
		struct rb_node *entry_node = (node);                    \
		entry_node ? rb_entry(entry_node, type, member) : NULL; \
	})

static inline struct rb_node *rb_parent(const struct rb_node *node)
{
	return (struct rb_node *)(node->parent_color & ~RB_BLACK);
}

struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_first_postorder(const struct rb_root *root);
struct rb_node *rb_next_postorder(const struct rb_node *node);
void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);

#define rb_first_cached(root) ((root)->rb_leftmost)

/* Iterate over all entries, children first; the present entry may be freed */
#define rbtree_postorder_for_each_entry_safe(at, following, root, member)      \
	for (at = rb_entry_safe(rb_first_postorder(root), typeof(*at),         \
				member);                                       \
	     at && ({                                                          \
		     following = rb_entry_safe(rb_next_postorder(&at->member), \
					       typeof(*at), member);           \
		     1;                                                        \
	     });                                                               \
	     at = following)

static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	node->parent_color = (uintptr_t)parent;
	node->rb_left = NULL;
	node->rb_right = NULL;
	*link = node;
}

static inline void rb_insert_color_cached(struct rb_node *node,
					  struct rb_root_cached *root,
					  bool leftmost)
{
	if (leftmost)
		root->rb_leftmost = node;
	rb_insert_color(node, &root->rb_root);
}

static inline void rb_erase_cached(struct rb_node *node,
				   struct rb_root_cached *root)
{
	if (root->rb_leftmost == node)
		root->rb_leftmost = rb_next(node);
	rb_erase(node, &root->rb_root);
}

#endif /* BUFTRACK_OFFLINE_RBTREE_H */
