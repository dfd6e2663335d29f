/* SPDX-License-Identifier: GPL-2.0 */
/* Judging the reports in rings: see drain.c */
#ifndef BUFTRACK_CHARDEV_DRAIN_H
#define BUFTRACK_CHARDEV_DRAIN_H

struct bt_device;
struct bt_ring_set;

int bt_drain_file(struct bt_ring_set *set);
int bt_drain_device(struct bt_device *dev);
void bt_drain_start(struct bt_ring_set *set);
void bt_drain_soon(struct bt_ring_set *set);
void bt_drain_end(struct bt_ring_set *set);
int bt_drain_init(void);
void bt_drain_exit(void);

#endif /* BUFTRACK_CHARDEV_DRAIN_H */
