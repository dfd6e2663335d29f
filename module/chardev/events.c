// SPDX-License-Identifier: GPL-2.0
/* read() and poll() on a device's node: the stream of wrong reports */
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "../device.h"
#include "events.h"
#include "file.h"
#include "view.h"

/* One event on its way to a reader */
struct bt_delivery {
	struct bt_view view;
	struct buftrack_event event;
};

static void fill_record(const struct bt_view *view,
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

/* The address of a report is that of its target, and of what it hit */
static bool may_see_report(const struct bt_view *view, const struct bt_event *from)
{
	return bt_view_addresses(view, from->reporter);
}

static void fill_event(void *arg, const struct bt_event *from)
{
	struct bt_delivery *delivery = arg;
	const struct bt_view *view = &delivery->view;
	const struct bt_reporter *reporter = bt_reporter_of(from->reporter);
	struct buftrack_event *to = &delivery->event;

	to->verdict = from->verdict;
	to->stamp = from->stamp;
	to->client = from->reporter->number;
	to->report = from->report;
	if (!may_see_report(view, from)) {
		to->flags |= BUFTRACK_EVENT_REDACTED;
		to->report.address = 0;
		to->report.id = 0;
		to->report.site = 0;
	}
	to->pid = bt_view_pid(view, reporter->opener.tgid);
	to->uid = bt_view_uid(view, reporter->opener.uid);
	bt_view_comm(view, &reporter->opener, to->comm);
	fill_record(view, &to->target, &from->target);
	fill_record(view, &to->hit, &from->hit);
}

/* Take the next event; false if there is none */
static bool take_event(struct bt_file *file, struct bt_delivery *delivery)
{
	struct buftrack_event *event = &delivery->event;
	bool found;

	memset(event, 0, sizeof(*event));
	event->size = sizeof(*event);
	mutex_lock(&file->lock);
	found = bt_events_next(file->dev->tracker, &file->position,
			       &event->dropped, fill_event, delivery);
	event->sequence = file->position;
	mutex_unlock(&file->lock);
	return found;
}

/* What could not be delivered can be read again, if nobody has read on */
static void give_back(struct bt_file *file, const struct buftrack_event *event)
{
	mutex_lock(&file->lock);
	if (file->position == event->sequence)
		file->position -= event->dropped + 1;
	mutex_unlock(&file->lock);
}

/* Returns bytes that were read, 0 if there is no later event, or an errno */
static ssize_t read_event(struct bt_file *file, struct bt_delivery *delivery,
			  char __user *buf)
{
	if (!take_event(file, delivery))
		return 0;
	if (copy_to_user(buf, &delivery->event, sizeof(delivery->event))) {
		give_back(file, &delivery->event);
		return -EFAULT;
	}
	return sizeof(delivery->event);
}

/* As many whole events as there are and fit; an errno only if there is none */
static ssize_t read_events(struct bt_file *file, char __user *buf, size_t count)
{
	struct bt_delivery *delivery = kmalloc(sizeof(*delivery), GFP_KERNEL);
	ssize_t done = 0, n = 1;

	if (!delivery)
		return -ENOMEM;
	bt_view_init(&delivery->view, file);
	while (n > 0 && count - done >= sizeof(delivery->event)) {
		n = read_event(file, delivery, buf + done);
		if (n > 0)
			done += n;
		cond_resched();
	}
	kfree(delivery);
	return done ?: n;
}

static bool has_events(const struct bt_file *file)
{
	return READ_ONCE(file->dev->tracker->events.last) !=
	       READ_ONCE(file->position);
}

static bool is_removed(const struct bt_file *file)
{
	return READ_ONCE(file->dev->tracker->removed);
}

/**
 * bt_events_read() - read() on a device's node
 * @filp: the file
 * @buf: where to
 * @count: bytes that fit
 * @ppos: not used: each file has a position of its own
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
		/* Asked first: of a removed device no event comes any more */
		removed = is_removed(file);
		n = read_events(file, buf, count);
		if (n || removed)
			return n;
		if (filp->f_flags & O_NONBLOCK)
			return -EAGAIN;
		n = wait_event_interruptible(file->dev->wait, has_events(file) ||
					     is_removed(file));
		if (n)
			return n;
	}
}

/**
 * bt_events_poll() - poll() on a device's node
 * @filp: the file
 * @wait: poll table
 *
 * Return: EPOLLIN when an event can be read, EPOLLHUP when the device is gone.
 */
__poll_t bt_events_poll(struct file *filp, poll_table *wait)
{
	struct bt_file *file = filp->private_data;
	__poll_t mask = 0;

	poll_wait(filp, &file->dev->wait, wait);
	if (has_events(file))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (is_removed(file))
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	return mask;
}
