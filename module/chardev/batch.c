// SPDX-License-Identifier: GPL-2.0
/* Reports of a file, many at a time */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "../device.h"
#include "file.h"
#include "ioctl.h"
#include "report.h"

/* Reports that are copied in, and verdicts that are copied out, at a time */
#define BT_BATCH_CHUNK	64

struct bt_batch_chunk {
	struct buftrack_report reports[BT_BATCH_CHUNK];
	u8 verdicts[BT_BATCH_CHUNK];
};

/* Copy reports in, up to the first that fails with *err; returns their number */
static u32 bt_batch_take(struct bt_batch_chunk *chunk,
			 const struct buftrack_batch *batch, u32 from, int *err)
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

/* Judge reports, up to the first that fails with *err; returns their number */
static u32 bt_batch_apply(struct bt_file *file, struct bt_batch_chunk *chunk, u32 n,
			  int *err)
{
	u32 i;

	for (i = 0; i < n; i++) {
		int verdict = bt_file_report(file, &chunk->reports[i], NULL);

		if (verdict < 0) {
			*err = verdict;
			break;
		}
		chunk->verdicts[i] = verdict;
	}
	return i;
}

static int bt_batch_run(struct bt_file *file, struct buftrack_batch *batch,
			struct bt_batch_chunk *chunk)
{
	int err = 0;

	while (!err && batch->done < batch->nr) {
		u32 n = bt_batch_take(chunk, batch, batch->done, &err);

		n = bt_batch_apply(file, chunk, n, &err);
		if (batch->verdicts &&
		    copy_to_user(u64_to_user_ptr(batch->verdicts + batch->done),
				 chunk->verdicts, n))
			err = -EFAULT;
		batch->done += n;
		cond_resched();
		/*
		 * Every call makes progress, so repeating it under frequent signals
		 * still completes the batch
		 */
		if (!err && batch->done < batch->nr && signal_pending(current))
			err = -EINTR;
	}
	return err;
}

static int bt_batch_check(const struct buftrack_batch *batch)
{
	if (batch->flags || batch->reserved)
		return -EOPNOTSUPP;
	if (batch->report_size < sizeof(struct buftrack_report))
		return -EINVAL;
	return batch->report_size > PAGE_SIZE ? -E2BIG : 0;
}

/**
 * bt_ioctl_batch() - handle %BUFTRACK_IOCTL_BATCH
 * @file: the file
 * @arg: struct buftrack_batch
 *
 * Return: 0, or a negative errno of the report at @done.
 */
int bt_ioctl_batch(struct bt_file *file, void *arg)
{
	struct buftrack_batch *batch = arg;
	struct bt_batch_chunk *chunk;
	int err;

	batch->done = 0;
	err = bt_batch_check(batch);
	if (err)
		return err;
	chunk = kmalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return -ENOMEM;
	err = bt_batch_run(file, batch, chunk);
	kfree(chunk);
	bt_pool_trim(file->dev->tracker);
	bt_reporter_free_zombies(file->dev->tracker);
	return err;
}
