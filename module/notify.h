/* SPDX-License-Identifier: GPL-2.0 */
/* Notification of a report's verdict: tracepoints and readers of the event log */
#ifndef BUFTRACK_NOTIFY_H
#define BUFTRACK_NOTIFY_H

struct bt_client;
struct bt_device;
struct buftrack_report;

void bt_device_notify(struct bt_device *dev, const struct bt_client *c,
		      const struct buftrack_report *r, int verdict);

#endif /* BUFTRACK_NOTIFY_H */
