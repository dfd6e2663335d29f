// SPDX-License-Identifier: GPL-2.0
/* Listing records */
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "device.h"
#include "file.h"
#include "ioctl.h"

/* Records that are copied out at a time */
#define BT_PAGE_RECORDS	32

#define BT_KEPT_STATES	(BUFTRACK_RECORD_LIVE | BUFTRACK_RECORD_FREED |	\
			 BUFTRACK_RECORD_REMAINING)

/* One listing call: the walk, what is asked for, and a page of what was found */
struct bt_listing {
	struct bt_walk walk;
	const struct buftrack_records *query;
	struct pid_namespace *ns;
	u64 now;
	u32 nr;
	u32 max;
	struct buftrack_record page[BT_PAGE_RECORDS];
};

static bool matches(const struct bt_listing *l, const struct bt_record *rec)
{
	const struct buftrack_records *q = l->query;
	u64 age = l->now > rec->allocated ? l->now - rec->allocated : 0;

	return rec->size >= q->min_size && age >= q->min_age &&
	       (!q->max_age || age <= q->max_age);
}

static void fill_record(struct bt_listing *l, const struct bt_record *rec,
			u32 state)
{
	const struct bt_opener *opener = &bt_reporter_of(rec->owner)->opener;
	struct buftrack_record *out = &l->page[l->nr++];

	*out = (struct buftrack_record) {
		.client = rec->owner->number,
		.space = rec->space,
		.state = state,
		.address = rec->address,
		.size = rec->size,
		.span = rec->span,
		.id = rec->id,
		.allocated = rec->allocated,
		.pid = pid_nr_ns(opener->tgid, l->ns),
	};
	memcpy(out->comm, opener->comm, sizeof(out->comm));
	if (!(state & BUFTRACK_RECORD_LIVE))
		out->ended = rec->freed.stamp;
	if (state & BUFTRACK_RECORD_FREED) {
		out->ended_by = rec->freed.by->number;
		out->repeats = rec->repeats;
	}
}

static bool emit(struct bt_walk *walk, const struct bt_record *rec, u32 state)
{
	struct bt_listing *l = container_of(walk, struct bt_listing, walk);

	if (!matches(l, rec))
		return true;
	if (l->nr == l->max)
		return false;
	fill_record(l, rec, state);
	return true;
}

/* A caller's records may be longer or shorter than ours */
static int copy_records(const struct bt_listing *l, u64 to, u32 stride)
{
	u32 i;

	for (i = 0; i < l->nr; i++, to += stride) {
		void __user *user = u64_to_user_ptr(to);
		u32 len = min_t(u32, stride, sizeof(l->page[0]));

		if (copy_to_user(user, &l->page[i], len) ||
		    clear_user(user + len, stride - len))
			return -EFAULT;
	}
	return 0;
}

static int list_records(struct bt_tracker *t, struct bt_listing *l,
			struct buftrack_records *q)
{
	u64 to = q->records;
	u32 done = 0;

	while (done < q->nr && !l->walk.end) {
		l->nr = 0;
		l->max = min_t(u32, q->nr - done, BT_PAGE_RECORDS);
		bt_walk_step(t, &l->walk);
		if (copy_records(l, to, q->record_size))
			return -EFAULT;
		to += (u64)l->nr * q->record_size;
		done += l->nr;
		cond_resched();
		if (signal_pending(current))
			break;
	}
	q->nr = done;
	q->end = l->walk.end;
	q->cursor = l->walk.cursor;
	return 0;
}

static int check_query(const struct bt_device *dev,
		       const struct buftrack_records *q)
{
	if (q->flags || q->reserved || q->states & ~BT_KEPT_STATES)
		return -EOPNOTSUPP;
	if (q->record_size < offsetofend(struct buftrack_record, comm))
		return -EINVAL;
	if (q->record_size > PAGE_SIZE)
		return -E2BIG;
	if (q->space != BUFTRACK_ANY_SPACE &&
	    q->space >= READ_ONCE(dev->tracker->nr_spaces))
		return -ENOENT;
	return 0;
}

/**
 * bt_do_records() - handle %BUFTRACK_IOCTL_RECORDS
 * @file: the file
 * @arg: struct buftrack_records
 *
 * Return: 0 or a negative errno.
 */
int bt_do_records(struct bt_file *file, void *arg)
{
	struct buftrack_records *q = arg;
	struct bt_listing *l;
	int err;

	err = check_query(file->dev, q);
	if (err)
		return err;
	l = kmalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return -ENOMEM;
	l->query = q;
	l->ns = task_active_pid_ns(current);
	l->now = bt_clock();
	l->walk = (struct bt_walk) {
		.cursor = q->cursor,
		.client = q->client,
		.space = q->space,
		.states = q->states ?: BT_KEPT_STATES,
		.emit = emit,
	};
	err = list_records(file->dev->tracker, l, q);
	kfree(l);
	return err;
}
