// SPDX-License-Identifier: GPL-2.0
/* Devices, clients and records that are allocated ahead, for atomic context */
#include <linux/irqflags.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "../device.h"
#include "internal.h"

/* Devices and clients that can begin before the worker prepares more */
#define BT_RESERVE_DEVICES	4
/* A real-time kernel has no other source of clients: see reserve_may_allocate() */
#define BT_RESERVE_CLIENTS	(IS_ENABLED(CONFIG_PREEMPT_RT) ? 128 : 32)

/* Spare records of a device: the target of a refill, and the level that triggers one */
#define BT_RESERVE_RECORDS	1024
#define BT_LOW_RECORDS		512

static struct bt_binding *reserve_bindings[BT_RESERVE_DEVICES];
static unsigned int reserve_nr_bindings;
static LIST_HEAD(reserve_clients);
static unsigned int reserve_nr_clients;

/* A real-time kernel's allocator sleeps; with interrupts off, a raw lock may be held */
static bool reserve_may_allocate(void)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) && !irqs_disabled();
}

/**
 * bt_reserve_get_binding() - take a prepared binding
 *
 * The spare records of its device count towards the bound from here on.
 *
 * Context: bt_driver_lock held.
 * Return: the binding, or NULL: none is left.
 */
struct bt_binding *bt_reserve_get_binding(void)
{
	struct bt_binding *b = NULL;

	lockdep_assert_held(&bt_driver_lock);
	if (reserve_nr_bindings) {
		b = reserve_bindings[--reserve_nr_bindings];
		bt_pool_count(b->dev->tracker, true);
	}
	bt_defer();
	return b;
}

static struct bt_driver_client *reserve_alloc_client(gfp_t gfp)
{
	struct bt_driver_client *client = kzalloc(sizeof(*client), gfp);

	if (!client)
		return NULL;
	if (bt_client_init(&client->reporter.client, true, gfp)) {
		kfree(client);
		return NULL;
	}
	client->reporter.client.base = get_random_u64() ?: 1;
	INIT_LIST_HEAD(&client->idle);
	return client;
}

static struct bt_driver_client *reserve_take_client(void)
{
	struct bt_driver_client *client;
	unsigned long flags;

	raw_spin_lock_irqsave(&bt_driver_lock, flags);
	client = list_first_entry_or_null(&reserve_clients,
					  struct bt_driver_client, idle);
	if (client) {
		list_del_init(&client->idle);
		reserve_nr_clients--;
	}
	raw_spin_unlock_irqrestore(&bt_driver_lock, flags);
	bt_defer();
	return client;
}

/**
 * bt_reserve_get_client() - take a prepared client, or allocate one if possible
 *
 * Context: any but NMI.
 * Return: a client that has not begun, or NULL: out of memory.
 */
struct bt_driver_client *bt_reserve_get_client(void)
{
	struct bt_driver_client *client = reserve_take_client();

	if (!client && reserve_may_allocate())
		client = reserve_alloc_client(GFP_NOWAIT | __GFP_NOWARN);
	return client;
}

/**
 * bt_reserve_free_client() - free a client that has not begun
 * @client: the client
 *
 * Context: may sleep.
 */
void bt_reserve_free_client(struct bt_driver_client *client)
{
	bt_client_fini(&client->reporter.client);
	bt_reporter_free(&client->reporter);
}

/**
 * bt_reserve_refill_low_pool() - request spare records before a device runs out of them
 * @t: tracker of the device
 *
 * Context: any but NMI.
 */
void bt_reserve_refill_low_pool(struct bt_tracker *t)
{
	unsigned int nr = READ_ONCE(t->pool.nr);

	if (nr >= BT_LOW_RECORDS)
		return;
	bt_defer();
	if (!nr && reserve_may_allocate())
		bt_pool_stock(t, 1, GFP_NOWAIT);
}

/**
 * bt_reserve_refill_pool() - refill the spare records of a device
 * @t: tracker of the device
 *
 * Context: may sleep.
 */
void bt_reserve_refill_pool(struct bt_tracker *t)
{
	unsigned int nr = READ_ONCE(t->pool.nr);

	if (nr < BT_RESERVE_RECORDS)
		bt_pool_stock(t, BT_RESERVE_RECORDS - nr, GFP_KERNEL);
}

static void reserve_add_binding(struct bt_binding *b)
{
	bt_pool_stock(b->dev->tracker, BT_RESERVE_RECORDS, GFP_KERNEL);
	bt_pool_count(b->dev->tracker, false);
	raw_spin_lock_irq(&bt_driver_lock);
	reserve_bindings[reserve_nr_bindings++] = b;
	raw_spin_unlock_irq(&bt_driver_lock);
}

/* A device that was prepared while memory was short, or NULL */
static struct bt_binding *reserve_take_understocked(void)
{
	struct bt_binding *b = NULL;
	unsigned int i;

	raw_spin_lock_irq(&bt_driver_lock);
	for (i = 0; !b && i < reserve_nr_bindings; i++) {
		if (reserve_bindings[i]->dev->tracker->pool.nr >= BT_LOW_RECORDS)
			continue;
		b = reserve_bindings[i];
		reserve_bindings[i] = reserve_bindings[--reserve_nr_bindings];
		bt_pool_count(b->dev->tracker, true);
	}
	raw_spin_unlock_irq(&bt_driver_lock);
	return b;
}

static int reserve_refill_bindings(void)
{
	struct bt_binding *understocked = reserve_take_understocked();

	lockdep_assert_held(&bt_driver_work_lock);
	if (understocked)
		reserve_add_binding(understocked);
	while (READ_ONCE(reserve_nr_bindings) < BT_RESERVE_DEVICES) {
		struct bt_device *dev = bt_device_prepare();

		if (!dev)
			return -ENOMEM;
		reserve_add_binding(dev->binding);
	}
	return 0;
}

static void reserve_refill_clients(void)
{
	lockdep_assert_held(&bt_driver_work_lock);
	while (READ_ONCE(reserve_nr_clients) < BT_RESERVE_CLIENTS) {
		struct bt_driver_client *client = reserve_alloc_client(GFP_KERNEL);

		if (!client)
			return;
		raw_spin_lock_irq(&bt_driver_lock);
		list_add(&client->idle, &reserve_clients);
		reserve_nr_clients++;
		raw_spin_unlock_irq(&bt_driver_lock);
	}
}

/**
 * bt_reserve_refill() - replace the devices and clients that were taken
 *
 * Context: may sleep; bt_driver_work_lock held.
 * Return: 0, or -ENOMEM if devices are missing.
 */
int bt_reserve_refill(void)
{
	int err = reserve_refill_bindings();

	reserve_refill_clients();
	return err;
}

/**
 * bt_reserve_exit() - free the reserve
 *
 * Context: may sleep; no event is reported any more.
 */
void bt_reserve_exit(void)
{
	struct bt_driver_client *client, *next;

	while (reserve_nr_bindings) {
		struct bt_device *dev = reserve_bindings[--reserve_nr_bindings]->dev;

		bt_pool_count(dev->tracker, true);
		bt_device_discard(dev);
	}
	list_for_each_entry_safe(client, next, &reserve_clients, idle)
		bt_reserve_free_client(client);
	INIT_LIST_HEAD(&reserve_clients);
}
