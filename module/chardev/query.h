/* SPDX-License-Identifier: GPL-2.0 */
/* Queries: see query.c; their handlers are in ioctl.h */
#ifndef BUFTRACK_CHARDEV_QUERY_H
#define BUFTRACK_CHARDEV_QUERY_H

#include <linux/types.h>

struct buftrack_probe_info;

void bt_query_init(int (*probe_describe)(struct buftrack_probe_info *info, bool next));

#endif /* BUFTRACK_CHARDEV_QUERY_H */
