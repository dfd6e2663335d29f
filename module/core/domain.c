// SPDX-License-Identifier: GPL-2.0
/* Creating domains, and destroying them with their records */
#include <linux/sched.h>
#include "index.h"

/* Records between two points where the scheduler may step in */
#define BT_REAP_CHUNK	256

/**
 * bt_domain_create() - create an empty domain
 * @gfp: how to allocate
 *
 * Return: the domain, or NULL when out of memory.
 */
struct bt_domain *bt_domain_create(gfp_t gfp)
{
	struct bt_domain *d = kzalloc(sizeof(*d), gfp);

	if (!d)
		return NULL;
	d->epoch = 1;
	INIT_LIST_HEAD(&d->freed);
	return d;
}

static void destroy_tree(struct bt_tracker *t, struct rb_root *root)
{
	struct bt_record *rec, *next;
	unsigned int n = 0;

	rbtree_postorder_for_each_entry_safe(rec, next, root, node) {
		__bt_record_forget(t, rec);
		bt_store_put(t->pool.store, rec);
		if (++n % BT_REAP_CHUNK == 0)
			cond_resched();
	}
}

/**
 * bt_domain_destroy() - destroy a domain and the records that it still has
 * @t: the tracker it is part of; if it is the shared one, nothing else may be
 * @d: the domain, which no other context can reach; may be NULL
 *
 * Context: may sleep.
 */
void bt_domain_destroy(struct bt_tracker *t, struct bt_domain *d)
{
	unsigned int i;

	if (!d)
		return;
	for (i = 0; i < ARRAY_SIZE(d->spaces); i++) {
		destroy_tree(t, &d->spaces[i].live);
		destroy_tree(t, &d->spaces[i].freed);
	}
	kfree(d);
}
