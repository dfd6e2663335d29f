// SPDX-License-Identifier: GPL-2.0
/* Clients of drivers: the open files of their nodes */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/rculist.h>
#include "../device.h"
#include "internal.h"

static DEFINE_HASHTABLE(driver_clients, 10);
static LIST_HEAD(driver_clients_ended);		/* for bt_driver_clients_await() */
static LIST_HEAD(driver_clients_waiting);	/* for a grace period to end */

/**
 * bt_driver_client_find() - find a client
 * @b: binding of its device; NULL: any
 * @dev: struct device that it was opened on
 * @key: pointer that identifies it
 *
 * Context: any but NMI, under rcu_read_lock() or with bt_driver_lock held.
 * Return: the client, or NULL.
 */
struct bt_driver_client *bt_driver_client_find(const struct bt_binding *b,
					       const struct device *dev,
					       const void *key)
{
	struct bt_driver_client *client;

	hash_for_each_possible_rcu(driver_clients, client, link,
				   (unsigned long)key,
				   lockdep_is_held(&bt_driver_lock))
		if (client->key == key && client->dev == dev &&
		    (!b || client->binding == b))
			return client;
	return NULL;
}

static struct bt_driver_client *
driver_client_prepare(struct bt_binding *b, const struct bt_driver_event *e)
{
	struct bt_driver_client *client = bt_reserve_get_client();

	if (!client)
		return NULL;
	client->key = e->client;
	client->dev = e->dev;
	client->binding = b;
	client->generation = READ_ONCE(b->generation);
	client->reporter.client.late = !READ_ONCE(b->complete);
	bt_opener_stamp(&client->reporter.opener, current_euid());
	return client;
}

/* Freeing may sleep, so the worker does it, even if the client has not begun */
static void driver_client_free_later(struct bt_driver_client *client)
{
	lockdep_assert_held(&bt_driver_lock);
	list_add_tail(&client->idle, &driver_clients_ended);
	bt_defer();
}

/* Returns the client of that pointer: @client, unless another context was first */
static struct bt_driver_client *
driver_client_begin(struct bt_binding *b, struct bt_driver_client *client)
{
	struct bt_driver_client *other;

	lockdep_assert_held(&bt_driver_lock);
	other = bt_driver_client_find(b, client->dev, client->key);
	if (other || bt_client_begin(b->dev->tracker, &client->reporter.client,
				     bt_clock())) {
		driver_client_free_later(client);
		return other;
	}
	hash_add_rcu(driver_clients, &client->link, (unsigned long)client->key);
	return client;
}

/**
 * bt_driver_client_get() - find the client of an event; begin it if there is none
 * @b: binding of its device
 * @e: the event, whose client is not NULL
 *
 * Context: any but NMI, under rcu_read_lock().
 * Return: the client, or NULL: it could not begin.
 */
struct bt_driver_client *bt_driver_client_get(struct bt_binding *b,
					      const struct bt_driver_event *e)
{
	struct bt_driver_client *client;
	unsigned long flags;

	client = bt_driver_client_find(b, e->dev, e->client);
	if (client)
		return client;
	client = driver_client_prepare(b, e);
	if (!client)
		return NULL;
	raw_spin_lock_irqsave(&bt_driver_lock, flags);
	client = driver_client_begin(b, client);
	raw_spin_unlock_irqrestore(&bt_driver_lock, flags);
	return client;
}

static void driver_client_close(struct bt_driver_client *client)
{
	lockdep_assert_held(&bt_driver_lock);
	if (!client->closing)
		bt_client_end(client->binding->dev->tracker,
			      &client->reporter.client, bt_clock());
	WRITE_ONCE(client->closing, true);
}

static void driver_client_end(struct bt_driver_client *client)
{
	lockdep_assert_held(&bt_driver_lock);
	driver_client_close(client);
	hlist_del_rcu(&client->link);
	driver_client_free_later(client);
}

/**
 * bt_driver_client_is_stale() - whether a client began under an earlier binding
 * @client: the client
 *
 * Its file holds buffers of that binding only, under numbers that the current binding
 * reuses.
 *
 * Context: any.
 * Return: true if so.
 */
bool bt_driver_client_is_stale(const struct bt_driver_client *client)
{
	return client->generation != READ_ONCE(client->binding->generation);
}

static void driver_client_end_former(struct bt_driver_client *client)
{
	if (client->closing || bt_driver_client_is_stale(client))
		driver_client_end(client);
}

static bool driver_client_matches(const struct bt_driver_client *client,
				  const struct bt_driver_event *e)
{
	return client->key == e->client && (!e->dev || client->dev == e->dev) &&
	       (!e->number || client->reporter.client.number == e->number);
}

/* A file can outlive its device's driver: @e may have no struct device */
static void driver_client_apply(const struct bt_driver_event *e,
				void (*fn)(struct bt_driver_client *client))
{
	struct bt_driver_client *client;
	struct hlist_node *next;
	unsigned long flags;

	raw_spin_lock_irqsave(&bt_driver_lock, flags);
	hash_for_each_possible_safe(driver_clients, client, next, link,
				    (unsigned long)e->client)
		if (driver_client_matches(client, e))
			fn(client);
	raw_spin_unlock_irqrestore(&bt_driver_lock, flags);
	bt_defer();
}

/**
 * bt_driver_client_close() - end a client whose file is being released
 * @e: the event
 *
 * The client stays in the table, so later frees for it are charged to the driver.
 *
 * Context: any but NMI.
 */
void bt_driver_client_close(const struct bt_driver_event *e)
{
	driver_client_apply(e, driver_client_close);
}

/**
 * bt_driver_client_end() - drop a client whose file has been released
 * @e: the event
 *
 * Context: any but NMI.
 */
void bt_driver_client_end(const struct bt_driver_event *e)
{
	driver_client_apply(e, driver_client_end);
}

/**
 * bt_driver_client_end_former() - drop a closing or stale client whose pointer is reused
 * @e: event in which another file with the same pointer opens
 *
 * Context: any but NMI.
 */
void bt_driver_client_end_former(const struct bt_driver_event *e)
{
	driver_client_apply(e, driver_client_end_former);
}

/**
 * bt_driver_client_at() - number of the open client that a pointer identifies
 * @client: the pointer
 *
 * Context: any but NMI.
 * Return: the number, or 0: there is no such client.
 */
u64 bt_driver_client_at(const void *client)
{
	struct bt_driver_client *at;
	u64 number = 0;

	rcu_read_lock();
	hash_for_each_possible_rcu(driver_clients, at, link,
				   (unsigned long)client) {
		if (at->key != client || READ_ONCE(at->closing))
			continue;
		number = at->reporter.client.number;
		break;
	}
	rcu_read_unlock();
	return number;
}

/**
 * bt_driver_client_once() - whether this is the first call for a client
 * @e: an event of its device
 * @client: pointer that identifies it
 * @what: number of the cleanup, from 0
 *
 * For a cleanup that a driver can run on two processors at a time.
 *
 * Context: any but NMI.
 * Return: true for the first call, and if there is no such client.
 */
bool bt_driver_client_once(const struct bt_driver_event *e, const void *client,
			   unsigned int what)
{
	struct bt_driver_client *at;
	bool first;

	rcu_read_lock();
	at = bt_driver_client_find(NULL, e->dev, client);
	first = !at || !test_and_set_bit(what, &at->once);
	rcu_read_unlock();
	return first;
}

/**
 * bt_driver_clients_open() - whether a binding has clients
 * @b: the binding
 *
 * Context: any but NMI.
 * Return: true if so.
 */
bool bt_driver_clients_open(const struct bt_binding *b)
{
	struct bt_driver_client *client;
	bool found = false;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&bt_driver_lock, flags);
	hash_for_each(driver_clients, i, client, link)
		found |= client->binding == b;
	raw_spin_unlock_irqrestore(&bt_driver_lock, flags);
	return found;
}

/**
 * bt_driver_clients_end() - end all clients of a binding
 * @b: the binding
 *
 * Context: bt_driver_lock held.
 */
void bt_driver_clients_end(struct bt_binding *b)
{
	struct bt_driver_client *client;
	struct hlist_node *next;
	unsigned int i;

	lockdep_assert_held(&bt_driver_lock);
	hash_for_each_safe(driver_clients, i, next, client, link)
		if (client->binding == b)
			driver_client_end(client);
}

static void driver_client_reap(struct bt_driver_client *client)
{
	struct bt_device *dev;

	if (!client->reporter.client.number) {
		bt_reserve_free_client(client);
		return;
	}
	dev = client->binding->dev;
	bt_client_reap(dev->tracker, &client->reporter.client);
	bt_reporter_free_zombies(dev->tracker);
}

static void driver_clients_reap(struct list_head *waited)
{
	struct bt_driver_client *client, *next;

	lockdep_assert_held(&bt_driver_work_lock);
	list_for_each_entry_safe(client, next, waited, idle)
		driver_client_reap(client);
}

/**
 * bt_driver_clients_await() - wait until no probe uses the clients that have ended
 *
 * Context: may sleep; one caller at a time, without bt_driver_work_lock, so that the
 * reserve can be refilled meanwhile.
 * Return: whether there are any, for bt_driver_clients_reap().
 */
bool bt_driver_clients_await(void)
{
	bool any;

	raw_spin_lock_irq(&bt_driver_lock);
	list_splice_init(&driver_clients_ended, &driver_clients_waiting);
	any = !list_empty(&driver_clients_waiting);
	raw_spin_unlock_irq(&bt_driver_lock);
	if (any)
		synchronize_rcu();
	return any;
}

/**
 * bt_driver_clients_reap() - free the clients that have been waited for
 *
 * Context: may sleep; bt_driver_work_lock held, so that their devices stay.
 */
void bt_driver_clients_reap(void)
{
	LIST_HEAD(waited);

	raw_spin_lock_irq(&bt_driver_lock);
	list_splice_init(&driver_clients_waiting, &waited);
	raw_spin_unlock_irq(&bt_driver_lock);
	driver_clients_reap(&waited);
}

/**
 * bt_driver_clients_reap_all() - free all clients that have ended
 *
 * Context: may sleep; bt_driver_work_lock held.
 */
void bt_driver_clients_reap_all(void)
{
	LIST_HEAD(ended);

	raw_spin_lock_irq(&bt_driver_lock);
	list_splice_init(&driver_clients_ended, &ended);
	list_splice_init(&driver_clients_waiting, &ended);
	raw_spin_unlock_irq(&bt_driver_lock);
	if (list_empty(&ended))
		return;
	/* A probe may still be using one that it found in the table */
	synchronize_rcu();
	driver_clients_reap(&ended);
}
