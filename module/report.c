// SPDX-License-Identifier: GPL-2.0
/* Reports: alone, in batches, and lost ones */
#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "device.h"
#include "file.h"
#include "ioctl.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Reports that are copied in at a time, and whose verdicts are copied out */
#define BT_BATCH_CHUNK	64

static int check_range(const struct buftrack_report *r)
{
	if (r->span && r->address > U64_MAX - (r->span - 1))
		return -ERANGE;
	return 0;
}

static int check_report(const struct bt_tracker *t,
			const struct buftrack_report *r)
{
	if (r->reserved[0] || r->reserved[1])
		return -EOPNOTSUPP;
	/* Spaces come, and never go */
	if (r->space >= READ_ONCE(t->nr_spaces))
		return READ_ONCE(t->removed) ? -ENODEV : -ENOENT;
	switch (r->op) {
	case BUFTRACK_OP_ALLOC:
		if (r->flags)
			return -EOPNOTSUPP;
		return r->size ? check_range(r) : -EINVAL;
	case BUFTRACK_OP_FREE:
		if (r->flags & ~BUFTRACK_REPORT_REFUSED)
			return -EOPNOTSUPP;
		return r->span ? -EINVAL : 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* Verdicts that are no news: nothing went wrong, or nothing is known of it */
static bool is_wrong(int verdict)
{
	return verdict != BUFTRACK_VERDICT_OK && verdict != BUFTRACK_VERDICT_DISABLED &&
	       verdict != BUFTRACK_VERDICT_UNTRACKED;
}

/**
 * bt_announce() - tell those who watch of a report
 * @dev: device that it is about
 * @c: client that made it
 * @r: the report
 * @verdict: what it was found to be
 *
 * Context: any but NMI.
 */
void bt_announce(struct bt_device *dev, const struct bt_client *c,
		 const struct buftrack_report *r, int verdict)
{
	if (r->op == BUFTRACK_OP_ALLOC)
		trace_buftrack_alloc(dev->number, c->number, r, verdict);
	else
		trace_buftrack_free(dev->number, c->number, r, verdict);
	if (!is_wrong(verdict))
		return;
	trace_buftrack_wrong(dev->number, c->number, r, verdict);
	/* Pairs with the barrier of the waiter's set_current_state() */
	if (wq_has_sleeper(&dev->wait))
		irq_work_queue(&dev->wake);
}

/*
 * Returns the verdict, or an errno. A report that fails changes nothing: it does
 * not make its file a client either.
 */
static int apply_report(struct bt_file *file, const struct buftrack_report *r,
			u64 *stamp)
{
	struct bt_tracker *t = file->dev->tracker;
	unsigned int flags = BT_MAY_REFILL;
	struct bt_client *c;
	int verdict = check_report(t, r);

	if (verdict)
		return verdict;
	c = bt_file_client(file);
	if (IS_ERR(c))
		return PTR_ERR(c);
	while ((verdict = bt_report(t, c, r, bt_clock(), flags, stamp)) == -EAGAIN)
		if (bt_pool_fill(t))
			flags = 0;
	if (verdict >= 0)
		bt_announce(file->dev, c, r, verdict);
	return verdict;
}

/**
 * bt_do_report() - handle %BUFTRACK_IOCTL_REPORT
 * @file: the file
 * @arg: struct buftrack_report_one
 *
 * Return: 0 or a negative errno.
 */
int bt_do_report(struct bt_file *file, void *arg)
{
	struct buftrack_report_one *one = arg;
	u64 stamp;
	int verdict;

	if (one->flags || one->reserved)
		return -EOPNOTSUPP;
	verdict = apply_report(file, &one->report, &stamp);
	bt_device_bury(file->dev);
	if (verdict < 0)
		return verdict;
	one->verdict = verdict;
	one->stamp = stamp;
	return 0;
}

struct bt_chunk {
	struct buftrack_report reports[BT_BATCH_CHUNK];
	u8 verdicts[BT_BATCH_CHUNK];
};

/*
 * Copy reports in, up to the first one that cannot be. Returns how many there
 * are; *err is then what is wrong with the one behind them, if anything is.
 */
static u32 take_reports(struct bt_chunk *chunk, const struct buftrack_batch *batch,
			u32 from, int *err)
{
	u32 n = min_t(u32, batch->nr - from, BT_BATCH_CHUNK), i;

	for (i = 0; i < n; i++) {
		u64 at = batch->reports + (u64)(from + i) * batch->report_size;

		*err = copy_struct_from_user(&chunk->reports[i],
					     sizeof(chunk->reports[i]),
					     u64_to_user_ptr(at),
					     batch->report_size);
		if (*err)
			break;
	}
	return i;
}

/* Apply reports, up to the first one that is not valid; returns how many were */
static u32 apply_reports(struct bt_file *file, struct bt_chunk *chunk, u32 n,
			 int *err)
{
	u32 i;

	for (i = 0; i < n; i++) {
		int verdict = apply_report(file, &chunk->reports[i], NULL);

		if (verdict < 0) {
			*err = verdict;
			break;
		}
		chunk->verdicts[i] = verdict;
	}
	return i;
}

static int run_batch(struct bt_file *file, struct buftrack_batch *batch,
		     struct bt_chunk *chunk)
{
	int err = 0;

	while (!err && batch->done < batch->nr) {
		u32 n = take_reports(chunk, batch, batch->done, &err);

		n = apply_reports(file, chunk, n, &err);
		if (batch->verdicts &&
		    copy_to_user(u64_to_user_ptr(batch->verdicts + batch->done),
				 chunk->verdicts, n))
			err = -EFAULT;
		batch->done += n;
		cond_resched();
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
	}
	return err;
}

static int check_batch(const struct buftrack_batch *batch)
{
	if (batch->flags || batch->reserved)
		return -EOPNOTSUPP;
	if (batch->report_size < sizeof(struct buftrack_report))
		return -EINVAL;
	return batch->report_size > PAGE_SIZE ? -E2BIG : 0;
}

/**
 * bt_do_batch() - handle %BUFTRACK_IOCTL_BATCH
 * @file: the file
 * @arg: struct buftrack_batch
 *
 * Return: 0, or a negative errno of the report that is at @done.
 */
int bt_do_batch(struct bt_file *file, void *arg)
{
	struct buftrack_batch *batch = arg;
	struct bt_chunk *chunk;
	int err;

	batch->done = 0;
	err = check_batch(batch);
	if (err)
		return err;
	chunk = kmalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return -ENOMEM;
	err = run_batch(file, batch, chunk);
	kfree(chunk);
	bt_pool_trim(file->dev->tracker);
	bt_device_bury(file->dev);
	return err;
}

/**
 * bt_do_lost() - handle %BUFTRACK_IOCTL_LOST
 * @file: the file
 * @arg: struct buftrack_lost
 *
 * Return: 0 or a negative errno.
 */
int bt_do_lost(struct bt_file *file, void *arg)
{
	const struct buftrack_lost *lost = arg;
	struct bt_client *c;

	if (lost->flags)
		return -EOPNOTSUPP;
	if (!lost->count || lost->count > U32_MAX)
		return -EINVAL;
	c = bt_file_client(file);
	if (IS_ERR(c))
		return PTR_ERR(c);
	return bt_lost(file->dev->tracker, c, lost->count, bt_clock());
}
