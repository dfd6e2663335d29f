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
	if (!capacity || capacity == space->capacity)
		return 0;
	if (space->capacity || space->of_driver)
		return -EEXIST;
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

static struct bt_space *create_space(struct bt_device *dev, kuid_t uid,
				     const char *name, u64 capacity)
{
	struct bt_space *space = &dev->spaces[dev->nr_spaces];

	lockdep_assert_held(&dev->lock);
	space->uid = uid;
	strscpy(space->name, name, sizeof(space->name));
	space->capacity = capacity;
	/* From here on, reports can name it */
	bt_tracker_add_space(dev->tracker);
	dev->nr_spaces++;
	return space;
}

static int add_space(struct bt_file *file, const struct buftrack_space_add *add)
{
	struct bt_space *space;
	int err = check_quota(file->dev, file);

	if (err)
		return err;
	space = create_space(file->dev, file->opener.uid, add->name,
			     add->capacity);
	space->of_other = !bt_device_managed_by(file->dev, file);
	return 0;
}

/**
 * bt_space_get() - a space of a device, for a driver
 * @dev: the device
 * @name: name of the space; it comes if it is not there
 * @capacity: bytes of it; 0: not known
 *
 * Context: any but NMI.
 * Return: its number, or -ENOSPC.
 */
int bt_space_get(struct bt_device *dev, const char *name, u64 capacity)
{
	struct bt_space *space;
	unsigned long irq;
	int ret = -ENOSPC;

	raw_spin_lock_irqsave(&dev->lock, irq);
	space = find_space(dev, name);
	if (!space && dev->nr_spaces < BUFTRACK_MAX_SPACES)
		space = create_space(dev, GLOBAL_ROOT_UID, name, capacity);
	if (space) {
		/* What the driver knows goes before what others have said */
		if (capacity || !space->of_driver)
			space->capacity = capacity;
		space->of_driver = true;
		ret = space - dev->spaces;
	}
	raw_spin_unlock_irqrestore(&dev->lock, irq);
	return ret;
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
	raw_spin_lock_irq(&dev->lock);
	space = find_space(dev, add->name);
	add->created = !space;
	add->space = space ? space - dev->spaces : dev->nr_spaces;
	err = space ? update_capacity(space, add->capacity) :
		      add_space(file, add);
	raw_spin_unlock_irq(&dev->lock);
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

	if (info->flags & ~BUFTRACK_LOOKUP_NEXT || info->reserved)
		return -EOPNOTSUPP;
	raw_spin_lock_irq(&dev->lock);
	if (info->space < dev->nr_spaces) {
		const struct bt_space *space = &dev->spaces[info->space];

		info->capacity = space->capacity;
		strscpy_pad(info->name, space->name, sizeof(info->name));
		err = 0;
	}
	raw_spin_unlock_irq(&dev->lock);
	return err;
}
