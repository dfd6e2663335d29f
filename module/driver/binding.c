// SPDX-License-Identifier: GPL-2.0
/* Bindings: which device a driver is bound to, from its first event to its unbind */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hashtable.h>
#include <linux/pci.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include "../device.h"
#include "binding.h"
#include "internal.h"

/* Records that an unbind ends in atomic context; the worker ends the rest */
#define BT_END_BATCH	1024

static DEFINE_HASHTABLE(binding_table, 6);
static LIST_HEAD(bindings);

/* A device is named after its PCI function or the closest one above it */
static const char *binding_device_name(struct device *dev)
{
	struct device *at = dev;

	while (at && !dev_is_pci(at))
		at = at->parent;
	return dev_name(at ?: dev);
}

static struct bt_binding *binding_find(const struct device *dev)
{
	struct bt_binding *b;

	hash_for_each_possible_rcu(binding_table, b, link, (unsigned long)dev,
				   lockdep_is_held(&bt_driver_lock))
		if (READ_ONCE(b->key) == dev)
			return b;
	return NULL;
}

/* Device names are truncated, so that only the part that fits is compared */
static bool binding_has_name(const struct bt_binding *b, const char *name)
{
	return !strncmp(b->dev->name, name, sizeof(b->dev->name) - 1);
}

static struct bt_binding *binding_find_by_name(const char *name)
{
	struct bt_binding *b;

	lockdep_assert_held(&bt_driver_lock);
	list_for_each_entry(b, &bindings, all)
		if (binding_has_name(b, name))
			return b;
	return NULL;
}

static void binding_unhash(struct bt_binding *b)
{
	lockdep_assert_held(&bt_driver_lock);
	if (!hlist_unhashed(&b->link))
		hlist_del_init_rcu(&b->link);
}

/* If the reserve is empty, a later event of the device adds the binding */
static struct bt_binding *binding_add(const char *name)
{
	struct bt_binding *b = bt_reserve_get_binding();

	lockdep_assert_held(&bt_driver_lock);
	if (!b)
		return NULL;
	strscpy(b->dev->name, name, sizeof(b->dev->name));
	list_add_tail_rcu(&b->all, &bindings);
	return b;
}

/* The driver's own client begins once and serves every later binding */
static int binding_begin_driver(struct bt_binding *b)
{
	struct bt_client *c = &b->driver->client;

	c->late = !b->complete;
	return c->number ? 0 : bt_client_begin(b->dev->tracker, c, bt_clock());
}

static void binding_bind(struct bt_binding *b, const struct bt_driver_event *e)
{
	binding_unhash(b);
	WRITE_ONCE(b->complete,
		   e->complete && e->op == BT_DEVICE_BEGIN && !b->leftovers);
	b->leftovers = false;
	WRITE_ONCE(b->generation, b->generation + 1);
	WRITE_ONCE(b->key, e->dev);
	WRITE_ONCE(b->dev->tracker->has_driver, true);
	strscpy(b->dev->driver, e->driver, sizeof(b->dev->driver));
	strscpy(b->driver->opener.comm, e->driver, sizeof(b->driver->opener.comm));
	if (binding_begin_driver(b))
		return;
	hash_add_rcu(binding_table, &b->link, (unsigned long)e->dev);
	bt_defer();
}

/*
 * Does this event imply a bound driver? Late frees after an unbind do not, and nothing
 * does until the records of the previous binding have ended.
 */
static bool binding_implied(const struct bt_binding *b,
			    const struct bt_driver_event *e)
{
	return !READ_ONCE(b->ending) && !(e->op == BT_BUFFER_FREE && b->key);
}

/* We missed the unbind, and the struct device was reused */
static void binding_end_missed(struct bt_binding *b)
{
	binding_unhash(b);
	WRITE_ONCE(b->ending, true);
	WRITE_ONCE(b->unfinished, true);
}

/* Find the binding of an event's device, or bind its driver */
static struct bt_binding *binding_find_or_bind(const struct bt_driver_event *e)
{
	const char *name = binding_device_name(e->dev);
	struct bt_binding *b;

	lockdep_assert_held(&bt_driver_lock);
	b = binding_find(e->dev);
	if (b && binding_has_name(b, name))
		return b;
	if (b)
		binding_end_missed(b);
	b = binding_find_by_name(name) ?: binding_add(name);
	if (b && binding_implied(b, e))
		binding_bind(b, e);
	return b && !hlist_unhashed(&b->link) ? b : NULL;
}

/**
 * bt_binding_get() - find the binding of an event's device; bind its driver if need be
 * @e: the event
 *
 * Context: any but NMI, under rcu_read_lock().
 * Return: the binding, or NULL: none was prepared, or the last one is still ending.
 */
struct bt_binding *bt_binding_get(const struct bt_driver_event *e)
{
	struct bt_binding *b = binding_find(e->dev);
	unsigned long flags;

	if (b && e->op != BT_DEVICE_BEGIN)
		return b;
	raw_spin_lock_irqsave(&bt_driver_lock, flags);
	b = binding_find_or_bind(e);
	raw_spin_unlock_irqrestore(&bt_driver_lock, flags);
	return b;
}

/* Events of the device find no binding until all of its records have ended */
static void binding_begin_end(struct bt_binding *b)
{
	binding_unhash(b);
	WRITE_ONCE(b->ending, true);
	bt_defer();
}

/**
 * bt_binding_end() - end the binding of a device that its driver reports as gone
 * @dev: the struct device
 *
 * Context: any but NMI, under rcu_read_lock().
 */
void bt_binding_end(const struct device *dev)
{
	struct bt_binding *b;
	unsigned long flags;

	raw_spin_lock_irqsave(&bt_driver_lock, flags);
	b = binding_find(dev);
	if (b)
		binding_begin_end(b);
	raw_spin_unlock_irqrestore(&bt_driver_lock, flags);
	if (!b)
		return;
	if (bt_shared_restart(b->dev->tracker, BT_END_BATCH)) {
		WRITE_ONCE(b->ending, false);
	} else {
		WRITE_ONCE(b->unfinished, true);
		bt_defer();
	}
}

static u64 binding_removed_buffers(const struct bt_binding *b)
{
	const struct bt_counters *total = &b->dev->tracker->total;

	return READ_ONCE(total->v[BUFTRACK_COUNTER_REMOVED_BUFFERS]);
}

/* Returns whether live records were left */
static bool binding_finish_end(struct bt_binding *b)
{
	struct bt_tracker *t = b->dev->tracker;
	u64 before = binding_removed_buffers(b);

	lockdep_assert_held(&bt_driver_work_lock);
	WRITE_ONCE(b->unfinished, false);
	while (!bt_shared_restart(t, BT_END_BATCH)) {
		bt_pool_trim(t);
		cond_resched();
	}
	bt_pool_trim(t);
	WRITE_ONCE(b->ending, false);
	return binding_removed_buffers(b) != before;
}

static bool binding_end(struct bt_binding *b)
{
	raw_spin_lock_irq(&bt_driver_lock);
	binding_begin_end(b);
	raw_spin_unlock_irq(&bt_driver_lock);
	return binding_finish_end(b);
}

/**
 * bt_driver_lost() - events of unknown devices were missed: every binding has a gap
 * @count: how many, at least
 *
 * Context: any but NMI.
 */
void bt_driver_lost(u64 count)
{
	struct bt_binding *b;
	unsigned long flags;

	raw_spin_lock_irqsave(&bt_driver_lock, flags);
	list_for_each_entry(b, &bindings, all)
		if (!hlist_unhashed(&b->link))
			bt_lost(b->dev->tracker, &b->driver->client, count,
				bt_clock());
	raw_spin_unlock_irqrestore(&bt_driver_lock, flags);
}

/**
 * bt_driver_unbound() - end the binding of a device that the bus reports as unbound
 * @dev: struct device that the driver was bound to, or PCI function that it is named after
 *
 * Context: may sleep.
 */
void bt_driver_unbound(const struct device *dev)
{
	struct bt_binding *b;

	mutex_lock(&bt_driver_work_lock);
	raw_spin_lock_irq(&bt_driver_lock);
	b = binding_find(dev) ?: binding_find_by_name(dev_name(dev));
	raw_spin_unlock_irq(&bt_driver_lock);
	/* Files that are still open can free their buffers after the next bind */
	if (b)
		b->leftovers = binding_end(b) | bt_driver_clients_open(b);
	mutex_unlock(&bt_driver_work_lock);
}

/* Names of modules have underscores only */
static bool binding_driver_is(const struct bt_binding *b, const char *module)
{
	const char *driver = b->dev->driver;

	while (*driver && (*driver == '-' ? '_' : *driver) == *module) {
		driver++;
		module++;
	}
	return *driver == *module;
}

/**
 * bt_driver_unloaded() - end all bindings of a driver whose module is being unloaded
 * @module: name of the module
 *
 * Context: may sleep.
 */
void bt_driver_unloaded(const char *module)
{
	struct bt_binding *b;

	mutex_lock(&bt_driver_work_lock);
	list_for_each_entry_rcu(b, &bindings, all,
				lockdep_is_held(&bt_driver_work_lock))
		if (binding_driver_is(b, module))
			binding_end(b);
	mutex_unlock(&bt_driver_work_lock);
}

/**
 * bt_binding_create() - create the binding of a device
 * @dev: the device
 *
 * Context: may sleep.
 * Return: the binding, for bt_binding_destroy(), or NULL: out of memory.
 */
struct bt_binding *bt_binding_create(struct bt_device *dev)
{
	struct bt_binding *b = kzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return NULL;
	INIT_HLIST_NODE(&b->link);
	INIT_LIST_HEAD(&b->all);
	b->dev = dev;
	b->driver = kzalloc(sizeof(*b->driver), GFP_KERNEL);
	if (!b->driver)
		goto free;
	b->driver->opener.uid = GLOBAL_ROOT_UID;
	if (bt_client_init(&b->driver->client, true, GFP_KERNEL))
		goto free_driver;
	return b;

free_driver:
	kfree(b->driver);
free:
	kfree(b);
	return NULL;
}

/**
 * bt_binding_offer() - let drivers report into a device that a user registered
 * @b: its binding
 *
 * Context: may sleep.
 */
void bt_binding_offer(struct bt_binding *b)
{
	/* There the driver's first reports cannot allocate: see bt_reserve_refill_low_pool() */
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		bt_pool_fill(b->dev->tracker);
	raw_spin_lock_irq(&bt_driver_lock);
	b->has_node = true;
	list_add_tail_rcu(&b->all, &bindings);
	raw_spin_unlock_irq(&bt_driver_lock);
}

static void binding_free_driver(struct bt_binding *b)
{
	struct bt_client *c = &b->driver->client;

	if (!c->number) {
		bt_client_fini(c);
		bt_reporter_free(b->driver);
		return;
	}
	bt_client_end(b->dev->tracker, c, bt_clock());
	bt_client_reap(b->dev->tracker, c);
	bt_reporter_free_zombies(b->dev->tracker);
}

/**
 * bt_binding_destroy() - free the binding of a device that is being removed
 * @b: the binding
 *
 * Context: may sleep.
 */
void bt_binding_destroy(struct bt_binding *b)
{
	mutex_lock(&bt_driver_work_lock);
	raw_spin_lock_irq(&bt_driver_lock);
	list_del_rcu(&b->all);
	binding_unhash(b);
	bt_driver_clients_end(b);
	raw_spin_unlock_irq(&bt_driver_lock);
	/* A probe that found the binding before may still begin a client of it */
	synchronize_rcu();
	raw_spin_lock_irq(&bt_driver_lock);
	bt_driver_clients_end(b);
	raw_spin_unlock_irq(&bt_driver_lock);
	bt_driver_clients_reap_all();
	binding_free_driver(b);
	mutex_unlock(&bt_driver_work_lock);
	kfree(b);
}

static void binding_publish(struct bt_binding *b)
{
	int err = bt_device_publish(b->dev);

	b->has_node = !err;
	if (err)
		pr_warn_once("%s has no node: error %d\n", b->dev->name, err);
	else
		pr_info("%s is /dev/buftrack/%u, bound to %s%s\n", b->dev->name,
			b->dev->number, b->dev->driver,
			b->complete ? "" : " since before tracking began");
}

/**
 * bt_bindings_publish() - publish the devices that drivers bound to
 *
 * Context: may sleep; bt_driver_work_lock held.
 */
void bt_bindings_publish(void)
{
	struct bt_binding *b;

	list_for_each_entry_rcu(b, &bindings, all,
				lockdep_is_held(&bt_driver_work_lock))
		if (!b->has_node)
			binding_publish(b);
}

/**
 * bt_bindings_refill() - refill the spare records of bound devices, trim the others'
 *
 * Context: may sleep; bt_driver_work_lock held.
 */
void bt_bindings_refill(void)
{
	struct bt_binding *b;

	list_for_each_entry_rcu(b, &bindings, all,
				lockdep_is_held(&bt_driver_work_lock))
		if (hlist_unhashed_lockless(&b->link))
			bt_pool_trim(b->dev->tracker);
		else
			bt_reserve_refill_pool(b->dev->tracker);
}

/**
 * bt_bindings_finish_ends() - end the records that ended bindings have left
 *
 * Context: may sleep; bt_driver_work_lock held.
 */
void bt_bindings_finish_ends(void)
{
	struct bt_binding *b;

	list_for_each_entry_rcu(b, &bindings, all,
				lockdep_is_held(&bt_driver_work_lock))
		if (READ_ONCE(b->unfinished))
			binding_finish_end(b);
}

/**
 * bt_bindings_discard() - free the devices that have no node
 *
 * Context: may sleep; no event is reported any more and the worker has stopped.
 */
void bt_bindings_discard(void)
{
	struct bt_binding *b, *next;

	list_for_each_entry_safe(b, next, &bindings, all)
		if (!b->has_node)
			bt_device_discard(b->dev);
}
