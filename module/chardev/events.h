/* SPDX-License-Identifier: GPL-2.0 */
/* The event log of a device, as readers of its node see it */
#ifndef BUFTRACK_CHARDEV_EVENTS_H
#define BUFTRACK_CHARDEV_EVENTS_H

#include <linux/fs.h>
#include <linux/poll.h>

ssize_t bt_events_read(struct file *filp, char __user *buf, size_t count,
		       loff_t *ppos);
__poll_t bt_events_poll(struct file *filp, poll_table *wait);

#endif /* BUFTRACK_CHARDEV_EVENTS_H */
