// SPDX-License-Identifier: GPL-2.0
/* read() and poll() of a device's node: the event log of its wrong reports */
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "../device.h"
#include "drain.h"
#include "events.h"
#include "file.h"
#include "view.h"

/* An event on its way to a reader */
struct bt_delivery {
	struct bt_view view;
	struct buftrack_event event;
};

static void bt_events_fill_record(const struct bt_view *view,
				  struct buftrack_event_record *to,
				  const struct bt_event_record *from)
{
	const struct bt_opener *owner, *by;

	if (!from->owner)
		return;
	owner = &bt_reporter_of(from->owner)->opener;
	to->client = from->owner->number;
	to->size = from->size;
	to->span = from->span;
	to->allocated = from->allocated;
	to->ended = from->freed;
	to->state = from->state;
	to->repeats = from->repeats;
	to->pid = bt_view_pid(view, owner->tgid);
	bt_view_comm(view, owner, to->comm);
	if (bt_view_addresses(view, from->owner)) {
		to->address = from->address;
		to->id = from->id;
		to->site = from->site;
		to->ended_site = from->freed_site;
	} else {
		to->state |= BUFTRACK_RECORD_STATE_REDACTED;
	}
	if (!from->by)
		return;
	by = &bt_reporter_of(from->by)->opener;
	to->ended_by = from->by->number;
	to->ended_by_pid = bt_view_pid(view, by->tgid);
	bt_view_comm(view, by, to->ended_by_comm);
}

static void bt_events_fill(void *arg, const struct bt_event *from)
{
	struct bt_delivery *delivery = arg;
	const struct bt_view *view = &delivery->view;
	const struct bt_reporter *reporter = bt_reporter_of(from->reporter);
	struct buftrack_event *to = &delivery->event;

	to->verdict = from->verdict;
	to->stamp = from->stamp;
	to->client = from->reporter->number;
	to->report = from->report;
	if (!bt_view_addresses(view, from->reporter)) {
		to->flags |= BUFTRACK_EVENT_REDACTED;
		to->report.address = 0;
		to->report.id = 0;
		to->report.site = 0;
	}
	to->pid = bt_view_pid(view, reporter->opener.tgid);
	to->uid = bt_view_uid(view, reporter->opener.uid);
	bt_view_comm(view, &reporter->opener, to->comm);
	bt_events_fill_record(view, &to->target, &from->target);
	bt_events_fill_record(view, &to->hit, &from->hit);
}

/* Take the next event; false if there is none */
static bool bt_events_take(struct bt_file *file, struct bt_delivery *delivery)
{
	struct buftrack_event *event = &delivery->event;
	bool found;

	memset(event, 0, sizeof(*event));
	event->size = sizeof(*event);
	mutex_lock(&file->lock);
	found = bt_events_next(file->dev->tracker, &file->position,
			       &event->dropped, bt_events_fill, delivery);
	event->sequence = file->position;
	mutex_unlock(&file->lock);
	return found;
}

/* Make an undelivered event readable again, unless another call has read on */
static void bt_events_put_back(struct bt_file *file, const struct buftrack_event *event)
{
	mutex_lock(&file->lock);
	if (file->position == event->sequence)
		file->position -= event->dropped + 1;
	mutex_unlock(&file->lock);
}

/* Returns the size of the event, 0 without a further event, or an errno */
static ssize_t bt_events_read_one(struct bt_file *file, struct bt_delivery *delivery,
				  char __user *buf)
{
	if (!bt_events_take(file, delivery))
		return 0;
	if (copy_to_user(buf, &delivery->event, sizeof(delivery->event))) {
		bt_events_put_back(file, &delivery->event);
		return -EFAULT;
	}
	return sizeof(delivery->event);
}

/* Read as many whole events as fit; an errno is returned only without any */
static ssize_t bt_events_read_all(struct bt_file *file, char __user *buf, size_t count)
{
	struct bt_delivery *delivery = kmalloc(sizeof(*delivery), GFP_KERNEL);
	ssize_t done = 0, n = 1;

	if (!delivery)
		return -ENOMEM;
	bt_view_init(&delivery->view, file);
	while (n > 0 && count - done >= sizeof(delivery->event)) {
		n = bt_events_read_one(file, delivery, buf + done);
		if (n > 0)
			done += n;
		cond_resched();
		if (signal_pending(current))
			break;
	}
	kfree(delivery);
	return done ?: n;
}

static bool bt_events_pending(const struct bt_file *file)
{
	return READ_ONCE(file->dev->tracker->events.newest) >
	       READ_ONCE(file->position);
}

static bool bt_events_ended(const struct bt_file *file)
{
	return READ_ONCE(file->dev->tracker->removed);
}

/**
 * bt_events_read() - the read operation of a device's node
 * @filp: the struct file, which has its own position in the log
 * @buf: where to
 * @count: size of @buf
 * @ppos: unused
 *
 * Return: bytes read, 0 at the end, or a negative errno.
 */
ssize_t bt_events_read(struct file *filp, char __user *buf, size_t count,
		       loff_t *ppos)
{
	struct bt_file *file = filp->private_data;
	bool removed;
	ssize_t n;

	if (count < sizeof(struct buftrack_event))
		return -EINVAL;
	for (;;) {
		/* Read first: a removed device logs no further event */
		removed = bt_events_ended(file);
		n = bt_drain_device(file->dev);
		if (n)
			return n;
		n = bt_events_read_all(file, buf, count);
		if (n || removed)
			return n;
		if (filp->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (signal_pending(current))
			return -ERESTARTSYS;
		n = wait_event_interruptible(file->dev->wait, bt_events_pending(file) ||
					     bt_events_ended(file));
		if (n)
			return n;
	}
}

/**
 * bt_events_poll() - the poll operation of a device's node
 * @filp: the struct file
 * @wait: poll table
 *
 * Return: EPOLLIN if an event can be read, EPOLLHUP if the device was removed.
 */
__poll_t bt_events_poll(struct file *filp, poll_table *wait)
{
	struct bt_file *file = filp->private_data;
	__poll_t mask = 0;

	poll_wait(filp, &file->dev->wait, wait);
	bt_drain_device(file->dev);
	if (bt_events_pending(file))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (bt_events_ended(file))
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	return mask;
}
