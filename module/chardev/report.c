// SPDX-License-Identifier: GPL-2.0
/* Reports of a file, one at a time: allocs, frees, uses and lost reports */
#include <linux/err.h>
#include "../device.h"
#include "../notify.h"
#include "file.h"
#include "ioctl.h"
#include "report.h"

static int bt_file_check(const struct bt_tracker *t, const struct buftrack_report *r)
{
	int err = bt_report_check(r);

	/* Spaces are added, and never removed */
	if (!err && r->space >= READ_ONCE(t->nr_spaces))
		return READ_ONCE(t->removed) ? -ENODEV : -ENOENT;
	return err;
}

/**
 * bt_file_report() - judge a report that is made through a file
 * @file: the file
 * @r: the report, as user space gave it
 * @stamp: set to its stamp; may be NULL
 *
 * A failed report changes nothing and does not make its file a client.
 *
 * Context: may sleep.
 * Return: the verdict, or a negative errno.
 */
int bt_file_report(struct bt_file *file, const struct buftrack_report *r, u64 *stamp)
{
	struct bt_tracker *t = file->dev->tracker;
	unsigned int flags = BT_MAY_REFILL;
	struct bt_client *c;
	int verdict = bt_file_check(t, r);

	if (verdict)
		return verdict;
	c = bt_file_client(file);
	if (IS_ERR(c))
		return PTR_ERR(c);
	while ((verdict = bt_report(t, c, r, bt_clock(), flags, stamp)) == -EAGAIN)
		if (bt_pool_fill(t))
			flags = 0;
	if (verdict >= 0)
		bt_device_notify(file->dev, c, r, verdict);
	return verdict;
}

/**
 * bt_ioctl_report() - handle %BUFTRACK_IOCTL_REPORT
 * @file: the file
 * @arg: struct buftrack_report_one
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_report(struct bt_file *file, void *arg)
{
	struct buftrack_report_one *one = arg;
	u64 stamp;
	int verdict;

	if (one->flags || one->reserved)
		return -EOPNOTSUPP;
	verdict = bt_file_report(file, &one->report, &stamp);
	bt_reporter_free_zombies(file->dev->tracker);
	if (verdict < 0)
		return verdict;
	one->verdict = verdict;
	one->stamp = stamp;
	return 0;
}

/**
 * bt_ioctl_lost() - handle %BUFTRACK_IOCTL_LOST
 * @file: the file
 * @arg: struct buftrack_lost
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_lost(struct bt_file *file, void *arg)
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
