/* SPDX-License-Identifier: GPL-2.0 */
/* module/compat.h names these types; the core uses none of them */
#ifndef BUFTRACK_OFFLINE_DEVICE_H
#define BUFTRACK_OFFLINE_DEVICE_H

struct bus_type;
struct device;

#endif /* BUFTRACK_OFFLINE_DEVICE_H */
