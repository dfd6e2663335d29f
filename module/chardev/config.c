// SPDX-License-Identifier: GPL-2.0
/* Ioctls that configure: devices, spaces and the file's own client */
#include <linux/errno.h>
#include "../device.h"
#include "../name.h"
#include "../params.h"
#include "drain.h"
#include "file.h"
#include "ioctl.h"

/**
 * bt_ioctl_device_add() - handle %BUFTRACK_IOCTL_DEVICE_ADD
 * @file: the file
 * @arg: struct buftrack_device_add
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_device_add(struct bt_file *file, void *arg)
{
	const struct bt_cred cred = bt_file_cred(file);
	struct buftrack_device_add *add = arg;
	int err;

	if (add->flags & ~(BUFTRACK_DEVICE_ADD_EXCL | BUFTRACK_DEVICE_ADD_TEMPORARY))
		return -EOPNOTSUPP;
	err = bt_name_check(add->name, sizeof(add->name));
	return err ?: bt_device_add(&cred, file, add);
}

/* Rings of a device hold reports that its counters are to show when it is gone */
static int bt_config_drain(u32 number)
{
	struct bt_device *dev = bt_device_get(number, false);
	int err;

	if (!dev)
		return 0;
	err = bt_drain_device(dev);
	bt_device_put(dev);
	return err;
}

/**
 * bt_ioctl_device_remove() - handle %BUFTRACK_IOCTL_DEVICE_REMOVE
 * @file: the file
 * @arg: struct buftrack_device_remove
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_device_remove(struct bt_file *file, void *arg)
{
	const struct bt_cred cred = bt_file_cred(file);
	struct buftrack_device_remove *remove = arg;
	int err;

	if (remove->flags & ~BUFTRACK_DEVICE_REMOVE_FORCE || remove->reserved)
		return -EOPNOTSUPP;
	err = bt_config_drain(remove->device);
	return err ?: bt_device_remove(&cred, remove);
}

#define BT_SET_ALL (BUFTRACK_DEVICE_SET_ENABLED | BUFTRACK_DEVICE_SET_MAX_RECORDS |	\
		    BUFTRACK_DEVICE_SET_MAX_FREED | BUFTRACK_DEVICE_SET_MAX_CLIENTS |	\
		    BUFTRACK_DEVICE_SET_MAX_CLOSED | BUFTRACK_DEVICE_SET_MAX_REMAINING |	\
		    BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS | BUFTRACK_DEVICE_SET_STACKS)

static bool bt_config_out_of_range(const struct buftrack_device_set *set, u32 field,
				   u64 value, u64 min, u64 max)
{
	return set->fields & field && (value < min || value > max);
}

static int bt_config_check(const struct buftrack_device_set *set)
{
	if (set->fields & ~BT_SET_ALL || set->reserved)
		return -EOPNOTSUPP;
	if (bt_config_out_of_range(set, BUFTRACK_DEVICE_SET_ENABLED,
				   set->enabled, 0, 1) ||
	    bt_config_out_of_range(set, BUFTRACK_DEVICE_SET_STACKS,
				   set->stacks, 0, 1) ||
	    bt_config_out_of_range(set, BUFTRACK_DEVICE_SET_MAX_RECORDS,
				   set->max_records, 1, BT_MAX_RECORDS) ||
	    bt_config_out_of_range(set, BUFTRACK_DEVICE_SET_MAX_FREED,
				   set->max_freed, 0, BT_MAX_RECORDS) ||
	    bt_config_out_of_range(set, BUFTRACK_DEVICE_SET_MAX_CLIENTS,
				   set->max_clients, 1, BT_MAX_CLIENTS) ||
	    bt_config_out_of_range(set, BUFTRACK_DEVICE_SET_MAX_CLOSED,
				   set->max_closed, 0, BT_MAX_CLIENTS) ||
	    bt_config_out_of_range(set, BUFTRACK_DEVICE_SET_MAX_REMAINING,
				   set->max_remaining, 0, BT_MAX_REMAINING) ||
	    bt_config_out_of_range(set, BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS,
				   set->max_client_records, 1, BT_MAX_RECORDS))
		return -EINVAL;
	return 0;
}

static int bt_config_check_manager(const struct bt_file *file)
{
	const struct bt_cred cred = bt_file_cred(file);

	if (!bt_device_managed_by(file->dev, &cred))
		return -EPERM;
	return READ_ONCE(file->dev->tracker->removed) ? -ENODEV : 0;
}

/**
 * bt_ioctl_device_set() - handle %BUFTRACK_IOCTL_DEVICE_SET
 * @file: the file
 * @arg: struct buftrack_device_set
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_device_set(struct bt_file *file, void *arg)
{
	const struct buftrack_device_set *set = arg;
	struct bt_device *dev = file->dev;
	int err = bt_config_check(set);

	if (!err)
		err = bt_config_check_manager(file);
	if (err)
		return err;
	if (set->fields & BUFTRACK_DEVICE_SET_STACKS)
		WRITE_ONCE(dev->stacks, set->stacks);
	bt_tracker_set(dev->tracker, set);
	bt_reporter_free_zombies(dev->tracker);
	return 0;
}

/**
 * bt_ioctl_reset() - handle %BUFTRACK_IOCTL_RESET
 * @file: the file
 * @arg: struct buftrack_reset
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_reset(struct bt_file *file, void *arg)
{
	const struct buftrack_reset *reset = arg;
	int err;

	if (reset->flags)
		return -EOPNOTSUPP;
	err = bt_config_check_manager(file);
	if (err)
		return err;
	bt_tracker_reset(file->dev->tracker);
	bt_reporter_free_zombies(file->dev->tracker);
	return 0;
}

/**
 * bt_ioctl_space_add() - handle %BUFTRACK_IOCTL_SPACE_ADD
 * @file: the file
 * @arg: struct buftrack_space_add
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_space_add(struct bt_file *file, void *arg)
{
	const struct bt_cred cred = bt_file_cred(file);
	struct buftrack_space_add *add = arg;
	int err;

	if (add->flags & ~BUFTRACK_SPACE_APERTURE)
		return -EOPNOTSUPP;
	err = bt_name_check(add->name, sizeof(add->name));
	if (err)
		return err;
	if (READ_ONCE(file->dev->tracker->removed))
		return -ENODEV;
	return bt_space_add(file->dev, &cred, add);
}

static int bt_config_check_declare(const struct bt_file *file,
				   const struct buftrack_declare *declare)
{
	if (declare->flags & ~(BUFTRACK_DECLARE_LATE | BUFTRACK_DECLARE_SHARED |
			       BUFTRACK_DECLARE_CLAIMED_UID))
		return -EOPNOTSUPP;
	if (declare->claimed_uid && !(declare->flags & BUFTRACK_DECLARE_CLAIMED_UID))
		return -EINVAL;
	if (declare->flags & BUFTRACK_DECLARE_SHARED && !bt_file_is_admin(file))
		return -EPERM;
	if (!declare->claimed_name[0])
		return 0;
	return bt_name_check(declare->claimed_name,
			     sizeof(declare->claimed_name));
}

/**
 * bt_ioctl_declare() - handle %BUFTRACK_IOCTL_DECLARE
 * @file: the file
 * @arg: struct buftrack_declare
 *
 * Return: 0 or a negative errno.
 */
int bt_ioctl_declare(struct bt_file *file, void *arg)
{
	struct buftrack_declare *declare = arg;
	int err = bt_config_check_declare(file, declare);

	if (!err)
		err = bt_file_declare(file, declare);
	if (!err)
		declare->client = file->reporter->client.number;
	return err;
}
