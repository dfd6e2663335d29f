// SPDX-License-Identifier: GPL-2.0
/* Ioctls that query: the module, devices, spaces, clients, counters, probes, stacks */
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include "../device.h"
#include "../params.h"
#include "../stack.h"
#include "../version.h"
#include "drain.h"
#include "file.h"
#include "ioctl.h"
#include "query.h"
#include "view.h"

static int (*bt_query_probe)(struct buftrack_probe_info *info, bool next);

/**
 * bt_query_init() - set the function that describes a probe
 * @probe_describe: the function, see struct bt_chardev_hooks
 */
void __init bt_query_init(int (*probe_describe)(struct buftrack_probe_info *info,
						bool next))
{
	bt_query_probe = probe_describe;
}

/**
 * bt_ioctl_info() - handle %BUFTRACK_IOCTL_INFO
 * @file: the file
 * @arg: struct buftrack_info
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_info(struct bt_file *file, void *arg)
{
	struct buftrack_info *info = arg;

	if (info->flags || info->reserved)
		return -EOPNOTSUPP;
	info->serial = file->serial;
	info->nr_devices = bt_devices_count();
	info->max_devices = bt_param_max_devices();
	info->nr_records = atomic64_read(&bt_devices_store()->nr);
	info->max_records = bt_devices_store()->max;
	info->record_size = sizeof(struct bt_record);
	info->nr_counters = BUFTRACK_NR_COUNTERS;
	info->nr_verdicts = BUFTRACK_NR_VERDICTS;
	strscpy_pad(info->version, BUFTRACK_VERSION, sizeof(info->version));
	return 0;
}

static u32 bt_query_device_state(const struct bt_device *dev)
{
	const struct bt_tracker *t = dev->tracker;

	lockdep_assert_held(&t->lock);
	return (t->enabled ? BUFTRACK_DEVICE_STATE_ENABLED : 0) |
	       (t->removed ? BUFTRACK_DEVICE_STATE_REMOVED : 0) |
	       (dev->registrar ? BUFTRACK_DEVICE_STATE_TEMPORARY : 0) |
	       (READ_ONCE(dev->stacks) ? BUFTRACK_DEVICE_STATE_STACKS : 0);
}

static void bt_query_device(struct bt_device *dev, struct buftrack_device_info *info)
{
	struct bt_tracker *t = dev->tracker;
	unsigned long flags;

	info->device = dev->number;
	info->uid = from_kuid_munged(current_user_ns(), dev->uid);
	info->now = bt_clock();
	strscpy_pad(info->name, dev->name, sizeof(info->name));
	strscpy_pad(info->driver, bt_device_driver(dev), sizeof(info->driver));

	raw_spin_lock_irqsave(&t->lock, flags);
	info->state = bt_query_device_state(dev);
	info->nr_spaces = t->nr_spaces;
	info->nr_clients = t->nr_clients;
	info->nr_records = t->nr_records;
	info->max_clients = t->limits.max_clients;
	info->max_records = t->limits.max_records;
	info->max_client_records = t->limits.max_client_records;
	info->max_freed = t->limits.max_freed;
	info->max_closed = t->limits.max_closed;
	info->max_remaining = t->limits.max_remaining;
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

/**
 * bt_ioctl_device_info() - handle %BUFTRACK_IOCTL_DEVICE_INFO
 * @file: the file
 * @arg: struct buftrack_device_info
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_device_info(struct bt_file *file, void *arg)
{
	struct buftrack_device_info *info = arg;
	struct bt_device *dev = file->dev;
	int err;

	if (info->flags & ~(dev ? 0 : BUFTRACK_LOOKUP_NEXT))
		return -EOPNOTSUPP;
	if (dev) {
		bt_query_device(dev, info);
		return 0;
	}
	dev = bt_device_get(info->device, info->flags & BUFTRACK_LOOKUP_NEXT);
	if (!dev)
		return -ENOENT;
	err = bt_drain_device(dev);
	if (!err)
		bt_query_device(dev, info);
	bt_device_put(dev);
	return err;
}

/**
 * bt_ioctl_space_info() - handle %BUFTRACK_IOCTL_SPACE_INFO
 * @file: the file
 * @arg: struct buftrack_space_info
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_space_info(struct bt_file *file, void *arg)
{
	struct buftrack_space_info *info = arg;

	if (info->flags & ~BUFTRACK_LOOKUP_NEXT)
		return -EOPNOTSUPP;
	return bt_space_describe(file->dev, info);
}

static u32 bt_query_client_state(const struct bt_reporter *r)
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

static void bt_query_claims(const struct bt_view *view, const struct bt_reporter *r,
			    struct buftrack_client_info *info)
{
	info->claimed_pid = r->claimed_pid;
	memcpy(info->claimed_name, r->claimed_name, sizeof(info->claimed_name));
	if (!r->claims_uid)
		return;
	info->state |= BUFTRACK_CLIENT_STATE_CLAIMED_UID;
	info->claimed_uid = bt_view_uid(view, r->claimed_uid);
}

static void bt_query_client(const struct bt_view *view, struct bt_reporter *r,
			    struct buftrack_client_info *info)
{
	info->client = r->client.number;
	info->state = bt_query_client_state(r);
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
	info->start_time = r->opener.start_time;
	bt_query_claims(view, r, info);
}

/**
 * bt_ioctl_client_info() - handle %BUFTRACK_IOCTL_CLIENT_INFO
 * @file: the file
 * @arg: struct buftrack_client_info
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_client_info(struct bt_file *file, void *arg)
{
	struct buftrack_client_info *info = arg;
	struct bt_tracker *t = file->dev->tracker;
	struct bt_view view;
	struct bt_client *c;
	unsigned long flags;
	int err = 0;

	if (info->flags & ~BUFTRACK_LOOKUP_NEXT)
		return -EOPNOTSUPP;
	bt_view_init(&view, file);
	raw_spin_lock_irqsave(&t->lock, flags);
	c = __bt_client_next(t, info->client);
	if (!c || (c->number != info->client && !(info->flags & BUFTRACK_LOOKUP_NEXT)))
		err = -ENOENT;
	else
		bt_query_client(&view, bt_reporter_of(c), info);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return err;
}

/**
 * bt_ioctl_counters() - handle %BUFTRACK_IOCTL_COUNTERS
 * @file: the file
 * @arg: struct buftrack_counters
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_counters(struct bt_file *file, void *arg)
{
	struct buftrack_counters *query = arg;
	struct bt_counters counters;
	u32 nr = min_t(u32, query->nr, BUFTRACK_NR_COUNTERS);
	int err;

	if (query->reserved)
		return -EOPNOTSUPP;
	if (query->scope > BUFTRACK_SCOPE_CLIENT)
		return -EINVAL;
	err = bt_tracker_read_counters(file->dev->tracker, query->scope,
				       query->number, &counters);
	if (err)
		return err;
	if (copy_to_user(u64_to_user_ptr(query->values), counters.v,
			 nr * sizeof(counters.v[0])))
		return -EFAULT;
	query->nr = nr;
	return 0;
}

/**
 * bt_ioctl_probe_info() - handle %BUFTRACK_IOCTL_PROBE_INFO
 * @file: the file
 * @arg: struct buftrack_probe_info
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_probe_info(struct bt_file *file, void *arg)
{
	struct buftrack_probe_info *info = arg;

	if (info->flags & ~BUFTRACK_LOOKUP_NEXT || info->reserved)
		return -EOPNOTSUPP;
	return bt_query_probe(info, info->flags & BUFTRACK_LOOKUP_NEXT);
}

static int bt_query_stack(struct buftrack_stack *stack)
{
	char *text = kmalloc(PAGE_SIZE, GFP_KERNEL);
	int len, err = 0;

	if (!text)
		return -ENOMEM;
	len = bt_stack_format(stack->site, text, PAGE_SIZE);
	if (len < 0)
		err = len;
	else if (copy_to_user(u64_to_user_ptr(stack->text), text,
			      min_t(u32, len, stack->len)))
		err = -EFAULT;
	else
		stack->len = len;
	kfree(text);
	return err;
}

/**
 * bt_ioctl_stack() - handle %BUFTRACK_IOCTL_STACK
 * @file: the file
 * @arg: struct buftrack_stack
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_stack(struct bt_file *file, void *arg)
{
	struct buftrack_stack *stack = arg;
	struct bt_view view;

	if (stack->flags || stack->reserved)
		return -EOPNOTSUPP;
	bt_view_init(&view, file);
	return view.all ? bt_query_stack(stack) : -EPERM;
}
