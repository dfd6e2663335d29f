// SPDX-License-Identifier: GPL-2.0
/* Queries and settings: what can be read of devices, clients and records, and set */
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include "device.h"
#include "file.h"
#include "ioctl.h"
#include "settings.h"
#include "version.h"
#include "view.h"

/**
 * bt_do_info() - handle %BUFTRACK_IOCTL_INFO
 * @file: the file
 * @arg: struct buftrack_info
 *
 * Return: 0 or a negative errno.
 */
int bt_do_info(struct bt_file *file, void *arg)
{
	struct buftrack_info *info = arg;

	if (info->flags || info->reserved)
		return -EOPNOTSUPP;
	info->serial = file->serial;
	info->nr_devices = bt_devices_count();
	info->max_devices = bt_setting_max_devices();
	info->nr_records = atomic64_read(&bt_devices_store()->nr);
	info->max_records = bt_devices_store()->max;
	info->record_size = sizeof(struct bt_record);
	info->nr_counters = BUFTRACK_NR_COUNTERS;
	info->nr_verdicts = BUFTRACK_NR_VERDICTS;
	strscpy_pad(info->version, BUFTRACK_VERSION, sizeof(info->version));
	return 0;
}

static u32 device_state(const struct bt_device *dev)
{
	const struct bt_tracker *t = dev->tracker;

	return (t->enabled ? BUFTRACK_DEVICE_STATE_ENABLED : 0) |
	       (t->removed ? BUFTRACK_DEVICE_STATE_REMOVED : 0) |
	       (dev->registrar ? BUFTRACK_DEVICE_STATE_TEMPORARY : 0) |
	       (READ_ONCE(dev->stacks) ? BUFTRACK_DEVICE_STATE_STACKS : 0);
}

static void fill_device_info(struct bt_device *dev,
			     struct buftrack_device_info *info)
{
	struct bt_tracker *t = dev->tracker;
	unsigned long irq;

	info->device = dev->number;
	info->uid = from_kuid_munged(current_user_ns(), dev->uid);
	info->now = bt_clock();
	strscpy_pad(info->name, dev->name, sizeof(info->name));
	strscpy_pad(info->driver, bt_device_driver(dev), sizeof(info->driver));

	raw_spin_lock_irqsave(&t->lock, irq);
	info->state = device_state(dev);
	info->nr_spaces = t->nr_spaces;
	info->nr_clients = t->nr_clients;
	info->nr_records = t->nr_records;
	info->max_clients = t->limits.max_clients;
	info->max_records = t->limits.max_records;
	info->max_client_records = t->limits.max_client_records;
	info->max_freed = t->limits.max_freed;
	info->max_closed = t->limits.max_closed;
	info->max_remaining = t->limits.max_remaining;
	raw_spin_unlock_irqrestore(&t->lock, irq);
}

/**
 * bt_do_device_info() - handle %BUFTRACK_IOCTL_DEVICE_INFO
 * @file: the file
 * @arg: struct buftrack_device_info
 *
 * Return: 0 or a negative errno.
 */
int bt_do_device_info(struct bt_file *file, void *arg)
{
	struct buftrack_device_info *info = arg;
	struct bt_device *dev = file->dev;

	if (info->flags & ~(dev ? 0 : BUFTRACK_LOOKUP_NEXT))
		return -EOPNOTSUPP;
	if (dev) {
		fill_device_info(dev, info);
		return 0;
	}
	dev = bt_device_get(info->device, info->flags & BUFTRACK_LOOKUP_NEXT);
	if (!dev)
		return -ENOENT;
	fill_device_info(dev, info);
	bt_device_put(dev);
	return 0;
}

static void change_settings(struct bt_tracker *t, const void *arg)
{
	const struct buftrack_device_set *set = arg;

	if (set->fields & BUFTRACK_DEVICE_SET_ENABLED)
		t->enabled = set->enabled;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_RECORDS)
		t->limits.max_records = set->max_records;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_FREED)
		t->limits.max_freed = set->max_freed;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_CLIENTS)
		t->limits.max_clients = set->max_clients;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_CLOSED)
		t->limits.max_closed = set->max_closed;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_REMAINING)
		t->limits.max_remaining = set->max_remaining;
	if (set->fields & BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS)
		t->limits.max_client_records = set->max_client_records;
}

#define BT_SET_ALL (BUFTRACK_DEVICE_SET_ENABLED | BUFTRACK_DEVICE_SET_MAX_RECORDS |	\
		    BUFTRACK_DEVICE_SET_MAX_FREED | BUFTRACK_DEVICE_SET_MAX_CLIENTS |	\
		    BUFTRACK_DEVICE_SET_MAX_CLOSED | BUFTRACK_DEVICE_SET_MAX_REMAINING |	\
		    BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS | BUFTRACK_DEVICE_SET_STACKS)

static bool out_of_range(const struct buftrack_device_set *set, u32 field,
			 u64 value, u64 min, u64 max)
{
	return set->fields & field && (value < min || value > max);
}

static int check_settings(const struct buftrack_device_set *set)
{
	if (set->fields & ~BT_SET_ALL || set->reserved)
		return -EOPNOTSUPP;
	if (out_of_range(set, BUFTRACK_DEVICE_SET_ENABLED, set->enabled, 0, 1) ||
	    out_of_range(set, BUFTRACK_DEVICE_SET_STACKS, set->stacks, 0, 1) ||
	    out_of_range(set, BUFTRACK_DEVICE_SET_MAX_RECORDS, set->max_records, 1,
			 BT_MAX_RECORDS) ||
	    out_of_range(set, BUFTRACK_DEVICE_SET_MAX_FREED, set->max_freed, 0,
			 BT_MAX_RECORDS) ||
	    out_of_range(set, BUFTRACK_DEVICE_SET_MAX_CLIENTS, set->max_clients, 1,
			 BT_MAX_CLIENTS) ||
	    out_of_range(set, BUFTRACK_DEVICE_SET_MAX_CLOSED, set->max_closed, 0,
			 BT_MAX_CLIENTS) ||
	    out_of_range(set, BUFTRACK_DEVICE_SET_MAX_REMAINING, set->max_remaining, 0,
			 BT_MAX_REMAINING) ||
	    out_of_range(set, BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS,
			 set->max_client_records, 1, BT_MAX_RECORDS))
		return -EINVAL;
	return 0;
}

static int check_manager(const struct bt_file *file)
{
	if (!bt_device_managed_by(file->dev, file))
		return -EPERM;
	return READ_ONCE(file->dev->tracker->removed) ? -ENODEV : 0;
}

/**
 * bt_do_device_set() - handle %BUFTRACK_IOCTL_DEVICE_SET
 * @file: the file
 * @arg: struct buftrack_device_set
 *
 * Return: 0 or a negative errno.
 */
int bt_do_device_set(struct bt_file *file, void *arg)
{
	const struct buftrack_device_set *set = arg;
	int err = check_settings(set);

	if (!err)
		err = check_manager(file);
	if (err)
		return err;
	if (set->fields & BUFTRACK_DEVICE_SET_STACKS)
		WRITE_ONCE(file->dev->stacks, set->stacks);
	bt_tracker_configure(file->dev->tracker, change_settings, arg);
	bt_device_bury(file->dev);
	return 0;
}

/**
 * bt_do_reset() - handle %BUFTRACK_IOCTL_RESET
 * @file: the file
 * @arg: struct buftrack_reset
 *
 * Return: 0 or a negative errno.
 */
int bt_do_reset(struct bt_file *file, void *arg)
{
	const struct buftrack_reset *reset = arg;
	int err;

	if (reset->flags)
		return -EOPNOTSUPP;
	err = check_manager(file);
	if (err)
		return err;
	bt_tracker_reset(file->dev->tracker);
	bt_device_bury(file->dev);
	return 0;
}

static u32 client_state(const struct bt_reporter *r)
{
	const struct bt_client *c = &r->client;
	bool gap = c->closed ? c->had_gap : c->domain->gap;
	bool evicted = c->closed ? c->has_evicted : c->domain->has_evicted;

	return (c->closed ? 0 : BUFTRACK_CLIENT_STATE_OPEN) |
	       (bt_opener_exited(&r->opener) ? BUFTRACK_CLIENT_STATE_OPENER_EXITED : 0) |
	       (c->late ? BUFTRACK_CLIENT_STATE_LATE : 0) |
	       (c->shared ? BUFTRACK_CLIENT_STATE_SHARED : 0) |
	       (r->opener.tgid ? 0 : BUFTRACK_CLIENT_STATE_DRIVER) |
	       (gap ? BUFTRACK_CLIENT_STATE_HAD_GAP : 0) |
	       (evicted ? BUFTRACK_CLIENT_STATE_EVICTED : 0);
}

static void fill_client_info(const struct bt_view *view, struct bt_reporter *r,
			     struct buftrack_client_info *info)
{
	info->client = r->client.number;
	info->state = client_state(r);
	info->pid = bt_view_pid(view, r->opener.tgid);
	info->tid = bt_view_pid(view, r->opener.tid);
	info->uid = bt_view_uid(view, r->opener.uid);
	info->opened = r->client.opened;
	info->closed = r->client.closed;
	if (bt_view_addresses(view, &r->client))
		info->first_id = r->client.first_id;
	bt_view_comm(view, &r->opener, info->comm);
	if (!info->pid)
		return;
	info->claimed_pid = r->claimed_pid;
	info->start_time = r->opener.start_time;
	memcpy(info->claimed_name, r->claimed_name, sizeof(info->claimed_name));
}

/**
 * bt_do_client_info() - handle %BUFTRACK_IOCTL_CLIENT_INFO
 * @file: the file
 * @arg: struct buftrack_client_info
 *
 * Return: 0 or a negative errno.
 */
int bt_do_client_info(struct bt_file *file, void *arg)
{
	struct buftrack_client_info *info = arg;
	struct bt_tracker *t = file->dev->tracker;
	struct bt_view view;
	struct bt_client *c;
	unsigned long irq;
	int err = 0;

	if (info->flags & ~BUFTRACK_LOOKUP_NEXT || info->reserved)
		return -EOPNOTSUPP;
	bt_view_init(&view, file);
	raw_spin_lock_irqsave(&t->lock, irq);
	c = __bt_client_next(t, info->client);
	if (!c || (c->number != info->client && !(info->flags & BUFTRACK_LOOKUP_NEXT)))
		err = -ENOENT;
	else
		fill_client_info(&view, bt_reporter_of(c), info);
	raw_spin_unlock_irqrestore(&t->lock, irq);
	return err;
}

/**
 * bt_do_counters() - handle %BUFTRACK_IOCTL_COUNTERS
 * @file: the file
 * @arg: struct buftrack_counters
 *
 * Return: 0 or a negative errno.
 */
int bt_do_counters(struct bt_file *file, void *arg)
{
	struct buftrack_counters *query = arg;
	struct bt_counters counters;
	u32 nr = min_t(u32, query->nr, BUFTRACK_NR_COUNTERS);
	int err;

	if (query->reserved)
		return -EOPNOTSUPP;
	if (query->scope > BUFTRACK_SCOPE_CLIENT)
		return -EINVAL;
	err = bt_read_counters(file->dev->tracker, query->scope, query->number,
			       &counters);
	if (err)
		return err;
	if (copy_to_user(u64_to_user_ptr(query->values), counters.v,
			 nr * sizeof(counters.v[0])))
		return -EFAULT;
	query->nr = nr;
	return 0;
}
