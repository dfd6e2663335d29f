// SPDX-License-Identifier: GPL-2.0
/*
 * Red-black trees with the kernel's interface
 *
 * No red node has a red child, and all ways from a node down to a leaf pass the same
 * number of black nodes. An insertion may break the first rule and an erasure the
 * second one; the fix walks up from there. @right tells the two sides apart, so each
 * case is written once.
 */
#include <linux/rbtree_augmented.h>

static bool is_red(const struct rb_node *node)
{
	return node && !(node->parent_color & RB_BLACK);
}

static void set_red(struct rb_node *node)
{
	node->parent_color &= ~RB_BLACK;
}

static void set_black(struct rb_node *node)
{
	node->parent_color |= RB_BLACK;
}

static void set_parent(struct rb_node *node, struct rb_node *parent)
{
	node->parent_color = (uintptr_t)parent |
			     (node->parent_color & RB_BLACK);
}

static struct rb_node **child_of(struct rb_node *node, bool right)
{
	return right ? &node->rb_right : &node->rb_left;
}

/* replace_child() - let @child, which may be NULL, take the place of @node */
static void replace_child(struct rb_root *root, struct rb_node *parent,
			  const struct rb_node *node, struct rb_node *child)
{
	if (!parent)
		root->rb_node = child;
	else
		*child_of(parent, node == parent->rb_right) = child;
	if (child)
		set_parent(child, parent);
}

/* rotate() - move a node down to its @right side; its other child takes its place */
static void rotate(struct rb_root *root, struct rb_node *node, bool right,
		   const struct rb_augment_callbacks *augment)
{
	struct rb_node *child = *child_of(node, !right);
	struct rb_node *inner = *child_of(child, right);

	replace_child(root, rb_parent(node), node, child);
	*child_of(node, !right) = inner;
	if (inner)
		set_parent(inner, node);
	*child_of(child, right) = node;
	set_parent(node, child);
	if (augment)
		augment->rotate(node, child);
}

/* fix_insert() - @node is red, and its parent may be as well */
static void fix_insert(struct rb_root *root, struct rb_node *node,
		       const struct rb_augment_callbacks *augment)
{
	struct rb_node *parent;

	while (is_red(parent = rb_parent(node))) {
		/* A red node is not the root */
		struct rb_node *grand = rb_parent(parent);
		bool right = parent == grand->rb_right;
		struct rb_node *uncle = *child_of(grand, !right);

		if (!is_red(uncle)) {
			if (node == *child_of(parent, !right)) {
				rotate(root, parent, right, augment);
				parent = node;
			}
			set_black(parent);
			set_red(grand);
			rotate(root, grand, !right, augment);
			return;
		}
		set_black(parent);
		set_black(uncle);
		set_red(grand);
		node = grand;
	}
	if (!parent)
		set_black(node);
}

/* fix_erase() - ways through the @right child of @parent lack a black node */
static void fix_erase(struct rb_root *root, struct rb_node *parent, bool right,
		      const struct rb_augment_callbacks *augment)
{
	struct rb_node *sibling, *far;

	for (;;) {
		sibling = *child_of(parent, !right);
		if (is_red(sibling)) {
			set_black(sibling);
			set_red(parent);
			rotate(root, parent, right, augment);
			sibling = *child_of(parent, !right);
		}
		if (is_red(sibling->rb_left) || is_red(sibling->rb_right))
			break;
		set_red(sibling);
		if (is_red(parent) || !rb_parent(parent)) {
			set_black(parent);
			return;
		}
		right = parent == rb_parent(parent)->rb_right;
		parent = rb_parent(parent);
	}
	far = *child_of(sibling, !right);
	if (!is_red(far)) {
		struct rb_node *near = *child_of(sibling, right);

		set_black(near);
		set_red(sibling);
		rotate(root, sibling, !right, augment);
		far = sibling;
		sibling = near;
	}
	if (is_red(parent))
		set_red(sibling);
	set_black(parent);
	set_black(far);
	rotate(root, parent, right, augment);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment)
{
	fix_insert(root, node, augment);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	fix_insert(root, node, NULL);
}

static struct rb_node *leftmost(struct rb_node *node)
{
	while (node && node->rb_left)
		node = node->rb_left;
	return node;
}

/* take_place() - let the next node, which has no left child, take the place of @node */
static void take_place(struct rb_root *root, struct rb_node *node,
		       struct rb_node *next)
{
	struct rb_node *parent = rb_parent(next);

	if (parent != node) {
		replace_child(root, parent, next, next->rb_right);
		next->rb_right = node->rb_right;
		set_parent(next->rb_right, next);
	}
	next->rb_left = node->rb_left;
	set_parent(next->rb_left, next);
	replace_child(root, rb_parent(node), node, next);
	next->parent_color = node->parent_color;
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment)
{
	struct rb_node *gone = node->rb_left ? leftmost(node->rb_right) : NULL;
	struct rb_node *parent, *child;
	bool right, was_red;

	/* @gone: the node whose place becomes empty */
	if (!gone)
		gone = node;
	child = gone->rb_right ? gone->rb_right : gone->rb_left;
	was_red = is_red(gone);
	parent = rb_parent(gone);
	right = parent && gone == parent->rb_right;
	if (gone == node) {
		replace_child(root, parent, node, child);
		if (augment)
			augment->propagate(parent, NULL);
	} else {
		if (parent == node)
			parent = gone;
		take_place(root, node, gone);
		if (augment) {
			augment->copy(node, gone);
			augment->propagate(parent, gone);
			augment->propagate(gone, NULL);
		}
	}
	if (is_red(child))
		set_black(child);
	else if (!was_red && parent)
		fix_erase(root, parent, right, augment);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	rb_erase_augmented(node, root, NULL);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return leftmost(root->rb_node);
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *parent;

	if (node->rb_right)
		return leftmost(node->rb_right);
	while ((parent = rb_parent(node)) && node == parent->rb_right)
		node = parent;
	return parent;
}

static struct rb_node *first_leaf(struct rb_node *node)
{
	while (node && (node->rb_left || node->rb_right))
		node = node->rb_left ? node->rb_left : node->rb_right;
	return node;
}

struct rb_node *rb_first_postorder(const struct rb_root *root)
{
	return first_leaf(root->rb_node);
}

struct rb_node *rb_next_postorder(const struct rb_node *node)
{
	struct rb_node *parent = rb_parent(node);

	if (parent && node == parent->rb_left && parent->rb_right)
		return first_leaf(parent->rb_right);
	return parent;
}
