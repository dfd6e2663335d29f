/* SPDX-License-Identifier: GPL-2.0 */
/* Module parameters: bounds of the machine, and defaults for new devices */
#ifndef BUFTRACK_PARAMS_H
#define BUFTRACK_PARAMS_H

#include <linux/bits.h>
#include <linux/types.h>

/* Upper ends of the ranges that bounds can be set to, documented in the uapi header */
#define BT_MAX_DEVICES		4096
#define BT_MAX_RECORDS		BIT_ULL(32)
#define BT_MAX_CLIENTS		65536
#define BT_MAX_REMAINING	BIT(24)
#define BT_MAX_EVENTS		65536

struct bt_limits;

u32 bt_param_max_devices(void);
u32 bt_param_max_devices_per_user(void);
u64 bt_param_max_records(void);
u32 bt_param_events(void);
u32 bt_param_clients_per_user(void);
u64 bt_param_records_per_user(void);
u64 bt_param_ring_bytes_per_user(void);
void bt_param_limits(struct bt_limits *limits);

#endif /* BUFTRACK_PARAMS_H */
