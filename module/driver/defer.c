// SPDX-License-Identifier: GPL-2.0
/* Work deferred from atomic context to a worker */
#include <linux/irq_work.h>
#include "internal.h"

DEFINE_RAW_SPINLOCK(bt_driver_lock);	/* see internal.h */
DEFINE_MUTEX(bt_driver_work_lock);	/* see internal.h */

static struct work_struct defer_work;
static bool defer_exiting;

static void defer_kick(struct irq_work *unused)
{
	schedule_work(&defer_work);
}

/* bt_defer() can be called under the locks that schedule_work() takes */
static DEFINE_IRQ_WORK(defer_irq_work, defer_kick);

/**
 * bt_defer() - have the worker run soon
 *
 * Context: any but NMI.
 */
void bt_defer(void)
{
	if (!READ_ONCE(defer_exiting))
		irq_work_queue(&defer_irq_work);
}

/**
 * bt_defer_start() - set up the worker, before the first bt_defer()
 * @fn: function that it runs
 */
void bt_defer_start(work_func_t fn)
{
	INIT_WORK(&defer_work, fn);
}

/**
 * bt_defer_stop() - wait for the worker; from now on bt_defer() does nothing
 *
 * Context: may sleep.
 */
void bt_defer_stop(void)
{
	WRITE_ONCE(defer_exiting, true);
	irq_work_sync(&defer_irq_work);
	cancel_work_sync(&defer_work);
}
