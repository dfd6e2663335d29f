// SPDX-License-Identifier: GPL-2.0
/* Quotas of users: one user cannot exhaust shared resources */
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include "params.h"
#include "user.h"

static DEFINE_MUTEX(users_lock);	/* guards the table, and refs, nr_clients and ring_pages */
static DEFINE_HASHTABLE(users, 6);

static struct bt_user *bt_user_find(kuid_t uid)
{
	struct bt_user *user;

	hash_for_each_possible(users, user, link, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

static struct bt_user *bt_user_find_or_create(kuid_t uid)
{
	struct bt_user *user = bt_user_find(uid);

	lockdep_assert_held(&users_lock);
	if (user)
		return user;
	user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);
	if (!user)
		return NULL;
	user->uid = uid;
	hash_add(users, &user->link, __kuid_val(uid));
	return user;
}

static void bt_user_put_locked(struct bt_user *user)
{
	lockdep_assert_held(&users_lock);
	if (--user->refs)
		return;
	hash_del(&user->link);
	kfree(user);
}

/**
 * bt_user_enter() - charge an open client to a user
 * @uid: the user
 *
 * Context: may sleep.
 * Return: the user, for bt_user_leave() and bt_user_put(), or an ERR_PTR: -EUSERS
 * if it has reached its bound on open clients, -ENOMEM.
 */
struct bt_user *bt_user_enter(kuid_t uid)
{
	struct bt_user *user;

	mutex_lock(&users_lock);
	user = bt_user_find_or_create(uid);
	if (!user) {
		user = ERR_PTR(-ENOMEM);
		goto unlock;
	}
	user->refs++;
	user->records.max = bt_param_records_per_user();
	if (user->nr_clients >= bt_param_clients_per_user()) {
		bt_user_put_locked(user);
		user = ERR_PTR(-EUSERS);
		goto unlock;
	}
	user->nr_clients++;
unlock:
	mutex_unlock(&users_lock);
	return user;
}

/**
 * bt_user_leave() - uncharge an open client that ends
 * @user: its user, which stays charged for the client's records
 */
void bt_user_leave(struct bt_user *user)
{
	mutex_lock(&users_lock);
	user->nr_clients--;
	mutex_unlock(&users_lock);
}

/**
 * bt_user_charge_rings() - charge memory of rings to a user
 * @user: the user; NULL: nobody is charged
 * @pages: number of pages
 *
 * Return: 0, or -EDQUOT: the user has reached its bound.
 */
int bt_user_charge_rings(struct bt_user *user, u32 pages)
{
	u64 max = bt_param_ring_bytes_per_user() >> PAGE_SHIFT;
	int err = 0;

	if (!user)
		return 0;
	mutex_lock(&users_lock);
	if (user->ring_pages + (u64)pages > max)
		err = -EDQUOT;
	else
		user->ring_pages += pages;
	mutex_unlock(&users_lock);
	return err;
}

/**
 * bt_user_uncharge_rings() - undo bt_user_charge_rings()
 * @user: the user, or NULL
 * @pages: number of pages
 */
void bt_user_uncharge_rings(struct bt_user *user, u32 pages)
{
	if (!user)
		return;
	mutex_lock(&users_lock);
	user->ring_pages -= pages;
	mutex_unlock(&users_lock);
}

/**
 * bt_user_put() - drop the reference of a client that is freed
 * @user: its user
 */
void bt_user_put(struct bt_user *user)
{
	mutex_lock(&users_lock);
	bt_user_put_locked(user);
	mutex_unlock(&users_lock);
}
