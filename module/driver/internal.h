/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bindings and driver clients, shared by the files of this directory
 *
 * Locking, in the order in which locks nest:
 *
 *	bt_driver_work_lock	mutex: the worker, unbinding and removal, one at a time
 *	the table of devices	a mutex, see device.h
 *	bt_driver_lock		raw spinlock, interrupts off: both hash tables, the list of
 *				bindings and the reserve
 *	bt_device.lock, bt_tracker.lock
 *
 * The hash tables are read under RCU. A binding is unhashed at unbind and hashed again
 * at the next bind, possibly while a reader visits it. The reader can then miss other
 * bindings, so a lookup that must be reliable takes bt_driver_lock.
 *
 * A binding is added to the list under bt_driver_lock and deleted from it under both
 * locks. A walker that holds bt_driver_work_lock alone therefore sees no entry deleted;
 * it uses the RCU primitives because entries are added meanwhile.
 *
 * Lifetimes: a binding ends with its device, a client with its file or its binding.
 * Each is freed one grace period after it was unhashed.
 */
#ifndef BUFTRACK_DRIVER_INTERNAL_H
#define BUFTRACK_DRIVER_INTERNAL_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "../reporter.h"
#include "driver.h"

struct bt_device;

/**
 * struct bt_binding - state of a device into which a driver reports
 * @link: in the hash table of bindings, by @key; unhashed while no driver is bound
 * @all: in the list of bindings
 * @key: struct device that the driver is, or was last, bound to; NULL: never bound
 * @dev: the tracked device
 * @driver: client that stands for the driver; ends with the device
 * @generation: counts the times that a driver bound to it
 * @complete: every event since the driver bound has been reported
 * @leftovers: at its last unbind the driver had clients or live buffers left
 * @ending: the driver unbound, and the records that it left are being ended
 * @unfinished: the worker has to end the rest of these records
 * @has_node: the device is in the table of devices
 */
struct bt_binding {
	struct hlist_node link;
	struct list_head all;
	const struct device *key;
	struct bt_device *dev;
	struct bt_reporter *driver;
	u64 generation;
	bool complete;
	bool leftovers;
	bool ending;
	bool unfinished;
	bool has_node;
};

/**
 * struct bt_driver_client - an open file of a driver's node
 * @reporter: its client; first, because bt_reporter_free() frees it
 * @link: in the hash table of clients, by @key
 * @idle: in the list of clients that are prepared, or of those that have ended
 * @key: pointer that identifies it
 * @dev: struct device that it was opened on
 * @binding: binding of that device
 * @generation: that of the binding when it began
 * @closing: release of the file has begun: frees are charged to the driver
 * @once: mask of the values that bt_driver_client_once() has been called with
 */
struct bt_driver_client {
	struct bt_reporter reporter;
	struct hlist_node link;
	struct list_head idle;
	const void *key;
	const struct device *dev;
	struct bt_binding *binding;
	u64 generation;
	bool closing;
	unsigned long once;
};

static_assert(!offsetof(struct bt_driver_client, reporter));

extern raw_spinlock_t bt_driver_lock;
extern struct mutex bt_driver_work_lock;

/* defer.c */
void bt_defer(void);
void bt_defer_start(work_func_t fn);
void bt_defer_stop(void);

/* reserve.c */
struct bt_binding *bt_reserve_get_binding(void);
struct bt_driver_client *bt_reserve_get_client(void);
void bt_reserve_free_client(struct bt_driver_client *client);
void bt_reserve_refill_low_pool(struct bt_tracker *t);
void bt_reserve_refill_pool(struct bt_tracker *t);
int bt_reserve_refill(void);
void bt_reserve_exit(void);

/* client.c */
struct bt_driver_client *bt_driver_client_find(const struct bt_binding *b,
					       const struct device *dev,
					       const void *key);
struct bt_driver_client *bt_driver_client_get(struct bt_binding *b,
					      const struct bt_driver_event *e);
void bt_driver_client_close(const struct bt_driver_event *e);
void bt_driver_client_end(const struct bt_driver_event *e);
bool bt_driver_client_is_stale(const struct bt_driver_client *client);
void bt_driver_client_end_former(const struct bt_driver_event *e);
bool bt_driver_clients_open(const struct bt_binding *b);
void bt_driver_clients_end(struct bt_binding *b);
bool bt_driver_clients_await(void);
void bt_driver_clients_reap(void);
void bt_driver_clients_reap_all(void);

/* binding.c */
struct bt_binding *bt_binding_get(const struct bt_driver_event *e);
void bt_binding_end(const struct device *dev);
void bt_bindings_finish_ends(void);
void bt_bindings_publish(void);
void bt_bindings_refill(void);
void bt_bindings_discard(void);

#endif /* BUFTRACK_DRIVER_INTERNAL_H */
