/* SPDX-License-Identifier: GPL-2.0 */
/* Module parameters: bounds of the machine, and defaults for new devices */
#ifndef BUFTRACK_SETTINGS_H
#define BUFTRACK_SETTINGS_H

#include <linux/types.h>

struct bt_limits;

u32 bt_setting_max_devices(void);
u32 bt_setting_max_devices_per_user(void);
u64 bt_setting_max_records(void);
u32 bt_setting_events(void);
u32 bt_setting_clients_per_user(void);
u64 bt_setting_records_per_user(void);
void bt_setting_limits(struct bt_limits *limits);

#endif /* BUFTRACK_SETTINGS_H */
