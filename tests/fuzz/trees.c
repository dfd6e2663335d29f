// SPDX-License-Identifier: GPL-2.0
/*
 * Check the trees of records, by their definition
 */
#include "../../tools/offline/internal.h"
#include "trees.h"

/**
 * struct summary - what a node knows of its subtree, computed from all of its records
 * @black: black nodes on each way down
 * @nr: number of records
 * @newest: highest stamp
 * @epoch: highest epoch of a range, 0: there is none
 * @last: highest last address of a range
 * @last_current: likewise, of the ranges of @epoch
 */
struct summary {
	unsigned int black;
	u64 nr;
	u64 newest;
	u64 epoch;
	u64 last;
	u64 last_current;
};

static const char *wrong;

static void expect(bool holds, const char *what)
{
	if (!holds && !wrong)
		wrong = what;
}

static struct bt_record *record_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct bt_record, node);
}

static bool is_red(const struct rb_node *node)
{
	return node && !(node->parent_color & RB_BLACK);
}

static bool is_before(const struct bt_record *a, const struct bt_record *b)
{
	return a->address < b->address ||
	       (a->address == b->address && a->id < b->id);
}

static void add_range(struct summary *sum, u64 epoch, u64 last,
		      u64 last_current)
{
	if (!epoch)
		return;
	sum->last = max(sum->last, last);
	if (epoch > sum->epoch)
		sum->last_current = 0;
	sum->epoch = max(sum->epoch, epoch);
	if (epoch == sum->epoch)
		sum->last_current = max(sum->last_current, last_current);
}

static void add_child(struct summary *sum, const struct summary *child)
{
	sum->nr += child->nr;
	sum->newest = max(sum->newest, child->newest);
	add_range(sum, child->epoch, child->last, child->last_current);
}

static void add_own(struct summary *sum, const struct bt_record *rec)
{
	u64 last = rec->address + rec->span - 1;

	sum->nr++;
	if (rec->is_freed) {
		sum->newest = max(sum->newest, rec->freed.stamp);
		return;
	}
	sum->newest = max(sum->newest, rec->allocated);
	if (rec->span)
		add_range(sum, rec->live.epoch, last, last);
}

static void check_summary(const struct bt_record *rec,
			  const struct summary *sum)
{
	const struct bt_extent *extent = &rec->live.subtree.extent;

	expect(rec->newest == sum->newest,
	       "the newest stamp of a subtree is wrong");
	if (rec->is_freed)
		return;
	expect(extent->epoch == sum->epoch, "the epoch of a subtree is wrong");
	expect(!sum->epoch || (extent->last == sum->last &&
			       extent->last_current == sum->last_current),
	       "the extent of a subtree is wrong");
}

static struct summary check_node(struct rb_node *node, struct rb_node *parent,
				 bool freed)
{
	const struct bt_record *rec = record_of(node);
	struct summary sum = { 0 }, left, right;

	if (!node)
		return sum;
	expect(rb_parent(node) == parent, "a node has another parent");
	expect(!is_red(node) || !is_red(parent), "a red node has a red parent");
	expect(rec->is_freed == freed, "a record is in the wrong tree");
	expect(!node->rb_left || is_before(record_of(node->rb_left), rec),
	       "a left child is not before its parent");
	expect(!node->rb_right || is_before(rec, record_of(node->rb_right)),
	       "a right child is not after its parent");
	left = check_node(node->rb_left, node, freed);
	right = check_node(node->rb_right, node, freed);
	expect(left.black == right.black, "a tree is not balanced");
	sum.black = left.black + !is_red(node);
	add_child(&sum, &left);
	add_child(&sum, &right);
	add_own(&sum, rec);
	check_summary(rec, &sum);
	return sum;
}

static void check_order(const struct rb_root *root, u64 nr)
{
	struct rb_node *node = rb_first(root), *next;
	u64 met = !!node;

	for (; node && (next = rb_next(node)); node = next, met++)
		expect(is_before(record_of(node), record_of(next)),
		       "a tree is not in order");
	expect(met == nr, "a walk misses records");
}

static u64 check_tree(struct rb_root *root, bool freed)
{
	struct summary sum = check_node(root->rb_node, NULL, freed);

	expect(!is_red(root->rb_node), "a root is red");
	check_order(root, sum.nr);
	return sum.nr;
}

static void check_domain(struct bt_domain *d)
{
	u64 live = 0, freed = 0;

	for (unsigned int i = 0; i < BUFTRACK_MAX_SPACES; i++) {
		live += check_tree(&d->spaces[i].live, false);
		freed += check_tree(&d->spaces[i].freed, true);
	}
	expect(live == d->nr_live, "the number of live records is wrong");
	expect(freed == d->nr_freed, "the number of freed records is wrong");
}

const char *trees_check(struct offline_device *device)
{
	struct bt_tracker *t = device->tracker;
	struct offline_client *client;
	u64 from = 0;

	wrong = NULL;
	check_domain(t->shared);
	while ((client = offline_client_next(t, from))) {
		from = client->client.number + 1;
		if (!client->client.shared && client->client.domain)
			check_domain(client->client.domain);
	}
	return wrong;
}
