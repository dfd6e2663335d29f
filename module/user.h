/* SPDX-License-Identifier: GPL-2.0 */
/* Quotas of users: one user cannot exhaust shared resources */
#ifndef BUFTRACK_USER_H
#define BUFTRACK_USER_H

#include <linux/list.h>
#include <linux/uidgid.h>
#include "core/tracker.h"

/**
 * struct bt_user - a user without CAP_SYS_ADMIN that has clients
 * @link: in the table of users
 * @uid: the user
 * @refs: clients charged to it, open or not
 * @nr_clients: open clients
 * @ring_pages: pages of rings of open clients
 * @records: quota of live and freed records
 */
struct bt_user {
	struct hlist_node link;
	kuid_t uid;
	u32 refs;
	u32 nr_clients;
	u32 ring_pages;
	struct bt_quota records;
};

struct bt_user *bt_user_enter(kuid_t uid);
void bt_user_leave(struct bt_user *user);
int bt_user_charge_rings(struct bt_user *user, u32 pages);
void bt_user_uncharge_rings(struct bt_user *user, u32 pages);
void bt_user_put(struct bt_user *user);

#endif /* BUFTRACK_USER_H */
