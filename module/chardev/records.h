/* SPDX-License-Identifier: GPL-2.0 */
/* Listings of records: see records.c */
#ifndef BUFTRACK_CHARDEV_RECORDS_H
#define BUFTRACK_CHARDEV_RECORDS_H

struct bt_file;

void bt_records_release(struct bt_file *file);

#endif /* BUFTRACK_CHARDEV_RECORDS_H */
