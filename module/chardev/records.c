// SPDX-License-Identifier: GPL-2.0
/* Listing records: an open file has one listing, of the instant at which it began */
#include <linux/delay.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "../device.h"
#include "file.h"
#include "ioctl.h"
#include "records.h"
#include "view.h"

/* Records that are copied out per step */
#define BT_PAGE_RECORDS	32

/* Wait for a client that is being ended, in us */
#define BT_BUSY_WAIT	200

#define BT_KEPT_STATES	(BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED |	\
			 BUFTRACK_RECORD_STATE_REMAINING)

/**
 * struct bt_reader_listing - the listing of an open file
 * @listing: the core's listing, with its filters
 * @view: rights of the current call's reader
 * @begun: when it began, by the device's clock; ages are relative to it
 * @min_size: smallest size of a record
 * @min_age: lowest age of a record in ns
 * @max_age: highest age of a record in ns; 0: any
 * @nr: records in @page
 * @max: most records that this step may find
 * @page: the records that this step found
 */
struct bt_reader_listing {
	struct bt_listing listing;
	struct bt_view view;
	u64 begun;
	u64 min_size;
	u64 min_age;
	u64 max_age;
	u32 nr;
	u32 max;
	struct buftrack_record page[BT_PAGE_RECORDS];
};

static bool bt_records_match(const struct bt_reader_listing *l,
			     const struct bt_record *rec)
{
	u64 age = l->begun > rec->allocated ? l->begun - rec->allocated : 0;

	return rec->size >= l->min_size && age >= l->min_age &&
	       (!l->max_age || age <= l->max_age);
}

static void bt_records_fill_address(const struct bt_view *view,
				    struct buftrack_record *out,
				    const struct bt_record *rec)
{
	if (!bt_view_addresses(view, rec->owner)) {
		out->state |= BUFTRACK_RECORD_STATE_REDACTED;
		return;
	}
	out->address = bt_record_address(rec);
	out->id = rec->id;
	out->site = rec->site;
	if (out->state & BUFTRACK_RECORD_STATE_FREED)
		out->ended_site = rec->freed.site;
}

static void bt_records_fill(struct bt_reader_listing *l, const struct bt_record *rec,
			    u32 state)
{
	const struct bt_opener *opener = &bt_reporter_of(rec->owner)->opener;
	struct buftrack_record *out = &l->page[l->nr++];

	*out = (struct buftrack_record) {
		.client = rec->owner->number,
		.space = rec->space,
		.state = state,
		.size = rec->size,
		.span = rec->span,
		.allocated = rec->allocated,
		.pid = bt_view_pid(&l->view, opener->tgid),
	};
	bt_records_fill_address(&l->view, out, rec);
	bt_view_comm(&l->view, opener, out->comm);
	if (!(state & BUFTRACK_RECORD_STATE_LIVE))
		out->ended = rec->freed.stamp;
	if (state & BUFTRACK_RECORD_STATE_FREED) {
		out->ended_by = rec->freed.by->number;
		out->repeats = rec->repeats;
	}
}

static bool bt_records_emit(struct bt_listing *listing, const struct bt_record *rec,
			    u32 state)
{
	struct bt_reader_listing *l = container_of(listing,
						   struct bt_reader_listing,
						   listing);

	if (!bt_records_match(l, rec))
		return true;
	if (l->nr == l->max)
		return false;
	bt_records_fill(l, rec, state);
	return true;
}

/* The caller's records may be longer or shorter than the module's */
static int bt_records_copy_out(const struct bt_reader_listing *l, u64 to, u32 stride)
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

static void bt_records_pause(const struct bt_listing *listing)
{
	if (listing->busy)
		usleep_range(BT_BUSY_WAIT, 2 * BT_BUSY_WAIT);
	else
		cond_resched();
}

/* Fill the caller's array */
static int bt_records_list(struct bt_tracker *t, struct bt_reader_listing *l,
			   struct buftrack_records *q)
{
	struct bt_listing *listing = &l->listing;
	u64 to = q->records;
	u32 done = 0;

	while (done < q->nr && !listing->end) {
		l->nr = 0;
		l->max = min_t(u32, q->nr - done, BT_PAGE_RECORDS);
		bt_listing_step(t, listing);
		if (bt_records_copy_out(l, to, q->record_size))
			return -EFAULT;
		to += (u64)l->nr * q->record_size;
		done += l->nr;
		bt_records_pause(listing);
		if (signal_pending(current))
			break;
	}
	q->nr = done;
	q->instant = listing->instant;
	q->missed = listing->missed;
	q->end = listing->end;
	q->exact = listing->exact;
	return 0;
}

static int bt_records_check(const struct bt_device *dev,
			    const struct buftrack_records *q)
{
	if (q->flags & ~BUFTRACK_RECORDS_BEGIN || q->states & ~BT_KEPT_STATES)
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

static void bt_records_end(struct bt_file *file, struct bt_reader_listing *l)
{
	if (l)
		bt_listing_end(file->dev->tracker, &l->listing);
	kfree(l);
}

/* Replace the listing of a file, by none if @l is NULL; returns the old one */
static struct bt_reader_listing *bt_records_exchange(struct bt_file *file,
						     struct bt_reader_listing *l)
{
	mutex_lock(&file->lock);
	swap(file->listing, l);
	mutex_unlock(&file->lock);
	return l;
}

/**
 * bt_records_release() - end the listing of a file that is being released
 * @file: the file
 */
void bt_records_release(struct bt_file *file)
{
	bt_records_end(file, bt_records_exchange(file, NULL));
}

static struct bt_reader_listing *bt_records_begin(struct bt_file *file,
						  const struct buftrack_records *q)
{
	struct bt_reader_listing *l;

	l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	if (!l)
		return NULL;
	l->min_size = q->min_size;
	l->min_age = q->min_age;
	l->max_age = q->max_age;
	l->begun = bt_clock();
	l->listing = (struct bt_listing) {
		.client = q->client,
		.space = q->space,
		.states = q->states ?: BT_KEPT_STATES,
		.emit = bt_records_emit,
	};
	bt_listing_begin(file->dev->tracker, &l->listing, l->begun);
	return l;
}

/**
 * bt_ioctl_records() - handle %BUFTRACK_IOCTL_RECORDS
 * @file: the file
 * @arg: struct buftrack_records
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_records(struct bt_file *file, void *arg)
{
	struct buftrack_records *q = arg;
	struct bt_reader_listing *l;
	int err;

	err = bt_records_check(file->dev, q);
	if (err)
		return err;
	/* This call owns the listing while it writes to user memory without a lock */
	l = bt_records_exchange(file, NULL);
	if (q->flags & BUFTRACK_RECORDS_BEGIN) {
		bt_records_end(file, l);
		l = bt_records_begin(file, q);
		if (!l)
			return -ENOMEM;
	}
	if (!l)
		return -EINVAL;
	bt_view_init(&l->view, file);
	err = bt_records_list(file->dev->tracker, l, q);
	/* Records that were lost to a fault cannot be listed again */
	if (!err && !l->listing.end)
		l = bt_records_exchange(file, l);
	bt_records_end(file, l);
	return err;
}
