/* SPDX-License-Identifier: GPL-2.0 */
/* Reports of a file: see report.c; their handlers are in ioctl.h */
#ifndef BUFTRACK_CHARDEV_REPORT_H
#define BUFTRACK_CHARDEV_REPORT_H

#include <linux/types.h>

struct bt_file;
struct buftrack_report;

int bt_file_report(struct bt_file *file, const struct buftrack_report *r, u64 *stamp);

#endif /* BUFTRACK_CHARDEV_REPORT_H */
