// SPDX-License-Identifier: GPL-2.0
/*
 * Judging the reports in rings
 *
 * Whoever wants to see the reports drains the rings itself: every query of a device those
 * of all its files, every synchronous report and the release those of its file. For
 * readers that only wait, and producers that never ask, a work drains from time to time.
 *
 * A drain takes the entries that were published when it began, at most what the rings
 * hold, however fast producers publish more. It takes BT_DRAIN_CHUNK of them per lock
 * hold, so other drains of the same rings go on in between, and a drain that is out of
 * processor time or memory holds nobody up.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/nospec.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include "../compat.h"
#include "../device.h"
#include "../notify.h"
#include "../reporter.h"
#include "drain.h"
#include "ring_set.h"

/* Entries that are taken per lock hold */
#define BT_DRAIN_CHUNK	64

/* Spare records that are allocated when there are none */
#define BT_DRAIN_RECORDS	128

/* Time between two runs of the work: while reports arrive or readers wait, and at most */
#define BT_DRAIN_BUSY	(HZ / 20)
#define BT_DRAIN_IDLE	HZ

static struct workqueue_struct *bt_drain_wq;

static void bt_drain_lost(struct bt_ring_set *set, u64 count, u64 now)
{
	bt_lost(set->dev->tracker, &set->reporter->client, count, now);
}

/* Returns 0, or a negative errno: this is no report */
static int bt_drain_convert(const struct buftrack_ring_entry *entry,
			    struct buftrack_report *r)
{
	if (entry->reserved || entry->space >= BUFTRACK_MAX_SPACES)
		return -EINVAL;
	*r = (struct buftrack_report) {
		.op = entry->op,
		.flags = entry->flags,
		.space = array_index_nospec(entry->space, BUFTRACK_MAX_SPACES),
		.address = entry->address,
		.size = entry->size,
		.span = entry->span,
		.id = entry->id,
		.site = entry->site,
	};
	return bt_report_check(r);
}

/* Judge an entry; -EAGAIN if the pool is empty and @opts has BT_MAY_REFILL */
static int bt_drain_judge(struct bt_ring_set *set, const struct bt_ring *ring,
			  unsigned int opts)
{
	struct bt_tracker *t = set->dev->tracker;
	struct bt_client *c = &set->reporter->client;
	u64 now = bt_merge_time(&set->merge, ring);
	struct buftrack_report r;
	int verdict = bt_drain_convert(&ring->entry, &r);

	if (!verdict)
		verdict = bt_report(t, c, &r, now, opts, NULL);
	if (verdict >= 0)
		bt_device_notify(set->dev, c, &r, verdict);
	else if (verdict != -EAGAIN)
		bt_drain_lost(set, 1, now);
	return verdict;
}

/* Returns 1 if there is more to take before @goal, 0 if not, or -EAGAIN */
static int bt_drain_step(struct bt_ring_set *set, u64 goal, unsigned int opts)
{
	unsigned int n;

	lockdep_assert_held(&set->lock);
	for (n = 0; n < BT_DRAIN_CHUNK; n++) {
		struct bt_ring *ring;

		if (set->ended || set->taken >= goal)
			return 0;
		ring = bt_merge_peek(&set->merge);
		if (!ring)
			return 0;
		if (bt_drain_judge(set, ring, opts) == -EAGAIN)
			return -EAGAIN;
		opts = BT_MAY_REFILL;
		set->taken++;
		if (bt_merge_take(&set->merge, ring))
			bt_drain_lost(set, 0, set->merge.now);
	}
	return 1;
}

/* Returns the number of taken entries at which the drain is complete */
static u64 bt_drain_begin(struct bt_ring_set *set)
{
	u64 backlog, lost;

	lockdep_assert_held(&set->lock);
	if (set->ended)
		return set->taken;
	bt_ring_set_check_clock(set);
	lost = bt_merge_begin(&set->merge, bt_clock(), &backlog);
	if (lost || !set->merge.ordered)
		bt_drain_lost(set, lost, set->merge.now);
	return set->taken + backlog;
}

/* The client pays for the records, whoever drains; returns 0 or -ENOMEM */
static int bt_drain_fill(struct bt_ring_set *set)
{
	struct mem_cgroup *old = bt_set_active_memcg(set->memcg);
	int err = bt_pool_stock(set->dev->tracker, BT_DRAIN_RECORDS,
				GFP_KERNEL | __GFP_NORETRY);

	bt_set_active_memcg(old);
	return err;
}

static int bt_drain_set(struct bt_ring_set *set, bool killable)
{
	unsigned int opts = BT_MAY_REFILL;
	int more;
	u64 goal;

	mutex_lock(&set->lock);
	goal = bt_drain_begin(set);
	while ((more = bt_drain_step(set, goal, opts))) {
		mutex_unlock(&set->lock);
		opts = BT_MAY_REFILL;
		if (more == -EAGAIN && bt_drain_fill(set))
			opts = 0;
		cond_resched();
		if (killable && fatal_signal_pending(current))
			return -EINTR;
		mutex_lock(&set->lock);
	}
	mutex_unlock(&set->lock);
	return 0;
}

static void bt_drain_tidy(struct bt_device *dev)
{
	bt_pool_trim(dev->tracker);
	bt_reporter_free_zombies(dev->tracker);
}

/**
 * bt_drain_file() - judge what was published in the rings of a file
 * @set: the rings
 *
 * Context: may sleep.
 * Return: 0, or -EINTR: a fatal signal is pending.
 */
int bt_drain_file(struct bt_ring_set *set)
{
	int err = bt_drain_set(set, true);

	bt_drain_tidy(set->dev);
	return err;
}

/**
 * bt_drain_device() - judge what was published in all rings of a device
 * @dev: the device
 *
 * Context: may sleep.
 * Return: 0, or -EINTR: a fatal signal is pending.
 */
int bt_drain_device(struct bt_device *dev)
{
	u64 last = READ_ONCE(dev->last_rings);
	struct bt_ring_set *set;
	unsigned long index = 0;
	int err = 0;

	if (xa_empty(&dev->rings))
		return 0;
	while (!err && index <= last && (set = bt_ring_set_next(dev, &index))) {
		err = bt_drain_set(set, true);
		bt_ring_set_put(set);
		index++;
		cond_resched();
	}
	bt_drain_tidy(dev);
	return err;
}

static void bt_drain_work(struct work_struct *work)
{
	struct bt_ring_set *set = container_of(to_delayed_work(work),
					       struct bt_ring_set, work);
	u64 before = READ_ONCE(set->taken);

	bt_drain_set(set, false);
	bt_drain_tidy(set->dev);
	if (READ_ONCE(set->taken) != before || wq_has_sleeper(&set->dev->wait))
		set->period = BT_DRAIN_BUSY;
	else
		set->period = min_t(unsigned long, 2 * set->period, BT_DRAIN_IDLE);
	queue_delayed_work(bt_drain_wq, &set->work, set->period);
}

/**
 * bt_drain_start() - begin to drain rings from time to time
 * @set: the rings
 */
void bt_drain_start(struct bt_ring_set *set)
{
	INIT_DELAYED_WORK(&set->work, bt_drain_work);
	set->period = BT_DRAIN_BUSY;
	queue_delayed_work(bt_drain_wq, &set->work, set->period);
}

/**
 * bt_drain_soon() - drain rings without waiting for it
 * @set: the rings, which bt_drain_start() was called for
 */
void bt_drain_soon(struct bt_ring_set *set)
{
	mod_delayed_work(bt_drain_wq, &set->work, 0);
}

/**
 * bt_drain_end() - drain the rings of a file that is being released, for the last time
 * @set: the rings, which nobody can write to any more
 *
 * Context: may sleep.
 */
void bt_drain_end(struct bt_ring_set *set)
{
	cancel_delayed_work_sync(&set->work);
	bt_drain_set(set, false);
	mutex_lock(&set->lock);
	set->ended = true;
	mutex_unlock(&set->lock);
}

/**
 * bt_drain_init() - set up drains
 *
 * Return: 0 or -ENOMEM.
 */
int __init bt_drain_init(void)
{
	bt_drain_wq = alloc_workqueue("buftrack", WQ_UNBOUND, 0);
	return bt_drain_wq ? 0 : -ENOMEM;
}

/**
 * bt_drain_exit() - undo bt_drain_init(); no file is open any more
 */
void bt_drain_exit(void)
{
	destroy_workqueue(bt_drain_wq);
}
