// SPDX-License-Identifier: GPL-2.0
/* Spaces: the memory regions of a device */
#include <linux/errno.h>
#include <linux/string.h>
#include "device.h"
#include "reporter.h"
#include "space.h"

/*
 * Limits on spaces added to another user's device: by one user, and by all users
 * together
 */
#define BT_MAX_SPACES_PER_GUEST	16
#define BT_MAX_SPACES_OF_GUESTS	48

static struct bt_space *bt_space_find(struct bt_device *dev, const char *name)
{
	u32 i;

	lockdep_assert_held(&dev->lock);
	for (i = 0; i < dev->nr_spaces; i++)
		if (!strcmp(dev->spaces[i].name, name))
			return &dev->spaces[i];
	return NULL;
}

static int bt_space_update(struct bt_space *space, const struct buftrack_space_add *add)
{
	if (add->flags & BUFTRACK_SPACE_APERTURE && !space->aperture)
		return -EEXIST;
	if (!add->capacity || add->capacity == space->capacity)
		return 0;
	if (space->capacity || space->by_driver)
		return -EEXIST;
	space->capacity = add->capacity;
	return 0;
}

static void bt_space_set_aperture(struct bt_device *dev, struct bt_space *space,
				  bool aperture)
{
	lockdep_assert_held(&dev->lock);
	if (space->aperture == aperture)
		return;
	space->aperture = aperture;
	bt_tracker_set_aperture(dev->tracker, space - dev->spaces, aperture);
}

static bool bt_space_guest_is_full(const struct bt_device *dev, kuid_t uid)
{
	u32 i, own = 0, guests = 0;

	lockdep_assert_held(&dev->lock);
	for (i = 0; i < dev->nr_spaces; i++) {
		own += uid_eq(dev->spaces[i].uid, uid);
		guests += dev->spaces[i].by_guest;
	}
	return own >= BT_MAX_SPACES_PER_GUEST || guests >= BT_MAX_SPACES_OF_GUESTS;
}

static struct bt_space *bt_space_create(struct bt_device *dev, kuid_t uid,
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

static int bt_space_create_for(struct bt_device *dev, const struct bt_cred *cred,
			       const struct buftrack_space_add *add)
{
	bool guest = !bt_device_managed_by(dev, cred);
	struct bt_space *space;

	lockdep_assert_held(&dev->lock);
	if (dev->nr_spaces == BUFTRACK_MAX_SPACES)
		return -ENOSPC;
	if (guest && add->flags & BUFTRACK_SPACE_APERTURE)
		return -EPERM;
	if (guest && bt_space_guest_is_full(dev, cred->uid))
		return -EDQUOT;
	space = bt_space_create(dev, cred->uid, add->name, add->capacity);
	space->by_guest = guest;
	bt_space_set_aperture(dev, space, add->flags & BUFTRACK_SPACE_APERTURE);
	return 0;
}

/**
 * bt_space_add() - add a space for a user, or find it
 * @dev: the device
 * @cred: rights of the user
 * @add: name, capacity and flags; number and "created" are filled in
 *
 * Return: 0 or a negative errno.
 */
int bt_space_add(struct bt_device *dev, const struct bt_cred *cred,
		 struct buftrack_space_add *add)
{
	struct bt_space *space;
	int err;

	raw_spin_lock_irq(&dev->lock);
	space = bt_space_find(dev, add->name);
	add->created = !space;
	add->space = space ? space - dev->spaces : dev->nr_spaces;
	err = space ? bt_space_update(space, add) :
		      bt_space_create_for(dev, cred, add);
	raw_spin_unlock_irq(&dev->lock);
	return err;
}

/**
 * bt_space_describe() - read name, capacity and properties of a space
 * @dev: the device
 * @info: its number; the rest is filled in
 *
 * Return: 0, or -ENOENT without such a space.
 */
int bt_space_describe(struct bt_device *dev, struct buftrack_space_info *info)
{
	int err = -ENOENT;

	raw_spin_lock_irq(&dev->lock);
	if (info->space < dev->nr_spaces) {
		const struct bt_space *space = &dev->spaces[info->space];

		info->capacity = space->capacity;
		info->properties = space->aperture ? BUFTRACK_SPACE_APERTURE : 0;
		strscpy_pad(info->name, space->name, sizeof(info->name));
		err = 0;
	}
	raw_spin_unlock_irq(&dev->lock);
	return err;
}

/* The driver's word replaces that of a user */
static struct bt_space *bt_space_take(struct bt_device *dev, const char *name)
{
	struct bt_space *space = bt_space_find(dev, name);

	if (!space && dev->nr_spaces < BUFTRACK_MAX_SPACES)
		space = bt_space_create(dev, GLOBAL_ROOT_UID, name, 0);
	if (!space || space->by_driver)
		return space;
	space->capacity = 0;
	bt_space_set_aperture(dev, space, false);
	space->by_driver = true;
	return space;
}

/**
 * bt_space_get() - find a space for a driver, or create it
 * @dev: the device
 * @name: name of the space
 *
 * Context: any but NMI.
 * Return: its number, or -ENOSPC.
 */
int bt_space_get(struct bt_device *dev, const char *name)
{
	struct bt_space *space;
	unsigned long flags;

	raw_spin_lock_irqsave(&dev->lock, flags);
	space = bt_space_take(dev, name);
	raw_spin_unlock_irqrestore(&dev->lock, flags);
	return space ? space - dev->spaces : -ENOSPC;
}

/**
 * bt_space_declare() - as bt_space_get(), and set its properties
 * @dev: the device
 * @name: name of the space
 * @capacity: its bytes, 0: unknown
 * @aperture: its buffers are views of memory that is counted elsewhere
 *
 * Context: any but NMI.
 * Return: its number, or -ENOSPC.
 */
int bt_space_declare(struct bt_device *dev, const char *name, u64 capacity,
		     bool aperture)
{
	struct bt_space *space;
	unsigned long flags;

	raw_spin_lock_irqsave(&dev->lock, flags);
	space = bt_space_take(dev, name);
	if (space) {
		space->capacity = capacity ?: space->capacity;
		bt_space_set_aperture(dev, space, aperture);
	}
	raw_spin_unlock_irqrestore(&dev->lock, flags);
	return space ? space - dev->spaces : -ENOSPC;
}
