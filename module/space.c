// SPDX-License-Identifier: GPL-2.0
/* The spaces of a device */
#include <linux/errno.h>
#include <linux/string.h>
#include "device.h"
#include "file.h"
#include "ioctl.h"

static struct bt_space *find_space(struct bt_device *dev, const char *name)
{
	u32 i;

	lockdep_assert_held(&dev->lock);
	for (i = 0; i < dev->nr_spaces; i++)
		if (!strcmp(dev->spaces[i].name, name))
			return &dev->spaces[i];
	return NULL;
}

static int update_capacity(struct bt_space *space, u64 capacity)
{
	if (capacity && space->capacity && capacity != space->capacity)
		return -EEXIST;
	if (capacity)
		space->capacity = capacity;
	return 0;
}

/* Whether one more space of who does not manage the device is one too many */
static bool quota_reached(const struct bt_device *dev, kuid_t uid)
{
	u32 i, own = 0, others = 0;

	for (i = 0; i < dev->nr_spaces; i++) {
		own += uid_eq(dev->spaces[i].uid, uid);
		others += dev->spaces[i].of_other;
	}
	return own >= BT_MAX_SPACES_PER_USER || others >= BT_MAX_SPACES_OF_OTHERS;
}

static int check_quota(const struct bt_device *dev, const struct bt_file *file)
{
	if (dev->nr_spaces == BUFTRACK_MAX_SPACES)
		return -ENOSPC;
	if (!bt_device_managed_by(dev, file) &&
	    quota_reached(dev, file->opener.uid))
		return -EDQUOT;
	return 0;
}

static int create_space(struct bt_file *file,
			const struct buftrack_space_add *add)
{
	struct bt_device *dev = file->dev;
	struct bt_space *space = &dev->spaces[dev->nr_spaces];
	int err = check_quota(dev, file);

	if (err)
		return err;
	space->uid = file->opener.uid;
	space->of_other = !bt_device_managed_by(dev, file);
	strscpy(space->name, add->name, sizeof(space->name));
	space->capacity = add->capacity;
	/* From here on, reports can name it */
	bt_tracker_add_space(dev->tracker);
	dev->nr_spaces++;
	return 0;
}

/**
 * bt_do_space_add() - handle %BUFTRACK_IOCTL_SPACE_ADD
 * @file: the file
 * @arg: struct buftrack_space_add
 *
 * Return: 0 or a negative errno.
 */
int bt_do_space_add(struct bt_file *file, void *arg)
{
	struct buftrack_space_add *add = arg;
	struct bt_device *dev = file->dev;
	struct bt_space *space;
	int err;

	if (add->flags)
		return -EOPNOTSUPP;
	err = bt_name_check(add->name, sizeof(add->name));
	if (err)
		return err;
	if (READ_ONCE(dev->tracker->removed))
		return -ENODEV;
	mutex_lock(&dev->lock);
	space = find_space(dev, add->name);
	add->created = !space;
	add->space = space ? space - dev->spaces : dev->nr_spaces;
	err = space ? update_capacity(space, add->capacity) :
		      create_space(file, add);
	mutex_unlock(&dev->lock);
	return err;
}

/**
 * bt_do_space_info() - handle %BUFTRACK_IOCTL_SPACE_INFO
 * @file: the file
 * @arg: struct buftrack_space_info
 *
 * Return: 0 or a negative errno.
 */
int bt_do_space_info(struct bt_file *file, void *arg)
{
	struct buftrack_space_info *info = arg;
	struct bt_device *dev = file->dev;
	int err = -ENOENT;

	if (info->flags & ~BUFTRACK_NEXT || info->reserved)
		return -EOPNOTSUPP;
	mutex_lock(&dev->lock);
	if (info->space < dev->nr_spaces) {
		const struct bt_space *space = &dev->spaces[info->space];

		info->capacity = space->capacity;
		strscpy_pad(info->name, space->name, sizeof(info->name));
		err = 0;
	}
	mutex_unlock(&dev->lock);
	return err;
}
