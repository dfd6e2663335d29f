// SPDX-License-Identifier: GPL-2.0
/*
 * The clients of a tracker by number, and references to them
 *
 * A client is registered from its begin until the bound on closed clients pushes it
 * out. It lives on while records or events refer to it, and then becomes a zombie.
 */
#include "internal.h"

/* Closed clients that are unregistered under one lock hold */
#define BT_TRIM_CHUNK	64

/**
 * __bt_client_get() - take another reference to a client
 * @c: the client, of a tracker that is locked
 */
void __bt_client_get(struct bt_client *c)
{
	c->refs++;
}

/**
 * __bt_client_put() - drop a reference to a client
 * @t: the tracker, locked
 * @c: the client; a zombie after the last reference
 */
void __bt_client_put(struct bt_tracker *t, struct bt_client *c)
{
	lockdep_assert_held(&t->lock);
	if (!--c->refs)
		list_add_tail(&c->link, &t->zombies);
}

/**
 * __bt_record_unref() - drop the references that a record holds before it goes away
 * @t: the tracker, locked
 * @rec: a live or freed record
 *
 * A record of a private domain has none: the domain ends with its client.
 */
void __bt_record_unref(struct bt_tracker *t, struct bt_record *rec)
{
	lockdep_assert_held(&t->lock);
	bt_quota_add(rec->owner, -1);
	if (!rec->owner->shared)
		return;
	if (rec->is_freed)
		__bt_client_put(t, rec->freed.by);
	__bt_client_put(t, rec->owner);
}

static bool registry_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct bt_client, node)->number <
	       rb_entry(b, struct bt_client, node)->number;
}

/**
 * __bt_client_register() - make a client visible by its number
 * @t: the tracker, locked
 * @c: the client, whose number is set
 */
void __bt_client_register(struct bt_tracker *t, struct bt_client *c)
{
	lockdep_assert_held(&t->lock);
	rb_add(&c->node, &t->clients, registry_less);
	__bt_client_get(c);
}

static void registry_remove(struct bt_tracker *t, struct bt_client *c)
{
	rb_erase(&c->node, &t->clients);
	__bt_client_put(t, c);
}

/* Every client at or after the number matches; rb_find_first() returns the lowest */
static int registry_match_from(const void *number, const struct rb_node *node)
{
	return rb_entry(node, struct bt_client, node)->number < *(const u64 *)number;
}

/**
 * __bt_client_next() - first client at or after a number
 * @t: the tracker, locked
 * @number: the number
 *
 * Return: the client, open or closed, or NULL.
 */
struct bt_client *__bt_client_next(struct bt_tracker *t, u64 number)
{
	lockdep_assert_held(&t->lock);
	return rb_entry_safe(rb_find_first(&number, &t->clients,
					   registry_match_from),
			     struct bt_client, node);
}

/**
 * __bt_closed_trim() - unregister the oldest closed clients over the bound
 * @t: the tracker, locked
 *
 * Return: true if there are more; release the lock and call again.
 */
bool __bt_closed_trim(struct bt_tracker *t)
{
	unsigned int n = BT_TRIM_CHUNK;

	lockdep_assert_held(&t->lock);
	while (n-- && t->nr_closed > t->limits.max_closed) {
		struct bt_client *c = list_first_entry(&t->closed,
						       struct bt_client, link);

		list_del_init(&c->link);
		t->nr_closed--;
		registry_remove(t, c);
	}
	return t->nr_closed > t->limits.max_closed;
}

/**
 * bt_closed_trim() - unregister all closed clients over the bound
 * @t: the tracker
 */
void bt_closed_trim(struct bt_tracker *t)
{
	unsigned long flags;
	bool more;

	do {
		raw_spin_lock_irqsave(&t->lock, flags);
		more = __bt_closed_trim(t);
		raw_spin_unlock_irqrestore(&t->lock, flags);
	} while (more);
}
