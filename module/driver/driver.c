// SPDX-License-Identifier: GPL-2.0
/* Setup, teardown and the worker of driver reporting; identities of kernel objects */
#include <linux/random.h>
#include <linux/siphash.h>
#include "internal.h"

static siphash_key_t driver_id_key;

/**
 * bt_driver_object_id() - an identity of a kernel object that hides its address
 * @object: the object
 *
 * Context: any.
 * Return: the identity, never 0.
 */
u64 bt_driver_object_id(const void *object)
{
	return siphash_1u64((unsigned long)object, &driver_id_key) ?: 1;
}

static void driver_reap(struct work_struct *unused)
{
	if (!bt_driver_clients_await())
		return;
	mutex_lock(&bt_driver_work_lock);
	bt_driver_clients_reap();
	mutex_unlock(&bt_driver_work_lock);
}

static DECLARE_WORK(driver_reap_work, driver_reap);

/* Spare records and clients come first: while there are none, reports are lost */
static void driver_work(struct work_struct *unused)
{
	mutex_lock(&bt_driver_work_lock);
	bt_bindings_refill();
	bt_reserve_refill();
	bt_bindings_finish_ends();
	bt_bindings_publish();
	mutex_unlock(&bt_driver_work_lock);
	schedule_work(&driver_reap_work);
}

/**
 * bt_driver_init() - prepare to report events of drivers
 *
 * Return: 0 or a negative errno.
 */
int __init bt_driver_init(void)
{
	int err;

	get_random_bytes(&driver_id_key, sizeof(driver_id_key));
	bt_defer_start(driver_work);
	mutex_lock(&bt_driver_work_lock);
	err = bt_reserve_refill();
	mutex_unlock(&bt_driver_work_lock);
	if (err)
		bt_driver_exit();
	return err;
}

/**
 * bt_driver_exit() - free devices without a node; no event is reported any more
 *
 * The table of devices frees those with a node.
 *
 * Context: may sleep.
 */
void bt_driver_exit(void)
{
	/* Probes are gone, but removing a device still defers the end of its clients */
	bt_defer_stop();
	cancel_work_sync(&driver_reap_work);
	bt_bindings_discard();
	bt_reserve_exit();
}
