// SPDX-License-Identifier: GPL-2.0
/* Module parameters: bounds of the machine, and defaults for new devices */
#include <linux/mm.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include "core/tracker.h"
#include "params.h"

/* Records take at most a quarter of the memory, unless max_records is set */
#define BT_MEMORY_SHARE	4

static unsigned int max_devices = 256;
module_param(max_devices, uint, 0644);
MODULE_PARM_DESC(max_devices, "maximum number of devices on this machine (default 256)");

static unsigned int max_devices_per_user = 64;
module_param(max_devices_per_user, uint, 0644);
MODULE_PARM_DESC(max_devices_per_user,
		 "maximum number of devices that one user without CAP_SYS_ADMIN can register (default 64)");

static ulong max_records;
module_param(max_records, ulong, 0444);
MODULE_PARM_DESC(max_records,
		 "maximum number of records on this machine (default 0: as many as fit into a quarter of its memory)");

static ulong records_per_device = 16777216;
module_param(records_per_device, ulong, 0644);
MODULE_PARM_DESC(records_per_device,
		 "maximum number of live and freed records of a new device (default 16777216)");

static ulong records_per_client = 4194304;
module_param(records_per_client, ulong, 0644);
MODULE_PARM_DESC(records_per_client,
		 "maximum number of live and freed records of one client of a new device (default 4194304)");

static ulong freed_records = 65536;
module_param(freed_records, ulong, 0644);
MODULE_PARM_DESC(freed_records,
		 "maximum number of freed records that one domain of a new device keeps (default 65536)");

static unsigned int clients_per_device = 4096;
module_param(clients_per_device, uint, 0644);
MODULE_PARM_DESC(clients_per_device,
		 "maximum number of open clients of a new device (default 4096)");

static unsigned int closed_clients = 1024;
module_param(closed_clients, uint, 0644);
MODULE_PARM_DESC(closed_clients,
		 "maximum number of closed clients that a new device keeps (default 1024)");

static unsigned int remaining_records = 65536;
module_param(remaining_records, uint, 0644);
MODULE_PARM_DESC(remaining_records,
		 "maximum number of remaining records that a new device keeps (default 65536)");

static unsigned int events_per_device = 1024;
module_param(events_per_device, uint, 0644);
MODULE_PARM_DESC(events_per_device,
		 "number of events that a new device keeps (default 1024)");

static unsigned int clients_per_user = 1024;
module_param(clients_per_user, uint, 0644);
MODULE_PARM_DESC(clients_per_user,
		 "maximum number of open clients of one user without CAP_SYS_ADMIN, on all devices (default 1024)");

static ulong records_per_user;
module_param(records_per_user, ulong, 0644);
MODULE_PARM_DESC(records_per_user,
		 "maximum number of records of one user without CAP_SYS_ADMIN, on all devices (default 0: half of the machine's)");

static ulong ring_bytes_per_user = 33554432;
module_param(ring_bytes_per_user, ulong, 0644);
MODULE_PARM_DESC(ring_bytes_per_user,
		 "maximum memory for rings of one user without CAP_SYS_ADMIN, on all devices (default 33554432)");

/**
 * bt_param_max_devices() - bound on devices
 *
 * Return: the number.
 */
u32 bt_param_max_devices(void)
{
	return min_t(u32, READ_ONCE(max_devices), BT_MAX_DEVICES);
}

/**
 * bt_param_max_devices_per_user() - bound on devices that one user registers
 *
 * Return: the number.
 */
u32 bt_param_max_devices_per_user(void)
{
	return READ_ONCE(max_devices_per_user);
}

/**
 * bt_param_max_records() - bound on records of all devices together
 *
 * Return: the number.
 */
u64 bt_param_max_records(void)
{
	u64 bytes = (u64)totalram_pages() << PAGE_SHIFT;

	if (max_records)
		return max_records;
	return bytes / BT_MEMORY_SHARE / sizeof(struct bt_record);
}

/**
 * bt_param_clients_per_user() - bound on open clients of one user
 *
 * Return: the number.
 */
u32 bt_param_clients_per_user(void)
{
	return READ_ONCE(clients_per_user);
}

/**
 * bt_param_records_per_user() - bound on records of one user
 *
 * Return: the number.
 */
u64 bt_param_records_per_user(void)
{
	return READ_ONCE(records_per_user) ?: bt_param_max_records() / 2;
}

/**
 * bt_param_ring_bytes_per_user() - bound on memory for rings of one user
 *
 * Return: bytes.
 */
u64 bt_param_ring_bytes_per_user(void)
{
	return READ_ONCE(ring_bytes_per_user);
}

/**
 * bt_param_events() - number of events that a new device keeps
 *
 * Return: the number.
 */
u32 bt_param_events(void)
{
	return clamp_t(u32, READ_ONCE(events_per_device), 1, BT_MAX_EVENTS);
}

/**
 * bt_param_limits() - the bounds of a new device
 * @limits: where to
 *
 * Parameters outside the range that a device can be set to are clamped to it.
 */
void bt_param_limits(struct bt_limits *limits)
{
	*limits = (struct bt_limits) {
		.max_records = clamp_t(u64, READ_ONCE(records_per_device), 1,
				       BT_MAX_RECORDS),
		.max_client_records = clamp_t(u64, READ_ONCE(records_per_client),
					      1, BT_MAX_RECORDS),
		.max_freed = min_t(u64, READ_ONCE(freed_records),
				   BT_MAX_RECORDS),
		.max_clients = clamp_t(u32, READ_ONCE(clients_per_device), 1,
				       BT_MAX_CLIENTS),
		.max_closed = min_t(u32, READ_ONCE(closed_clients),
				    BT_MAX_CLIENTS),
		.max_remaining = min_t(u32, READ_ONCE(remaining_records),
				       BT_MAX_REMAINING),
	};
}
