/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may see what: every pid, name, address and id that leaves goes through here
 *
 * Rights are those of the opener of the file that is read; pids and users are
 * given as the reader's namespaces have them.
 */
#ifndef BUFTRACK_VIEW_H
#define BUFTRACK_VIEW_H

#include "file.h"

/**
 * struct bt_view - a reader
 * @pids: its pid namespace
 * @users: its user namespace
 * @uid: the user who opened the file
 * @all: it may see addresses and ids of everybody's buffers
 */
struct bt_view {
	struct pid_namespace *pids;
	struct user_namespace *users;
	kuid_t uid;
	bool all;
};

void bt_view_init(struct bt_view *view, const struct bt_file *file);
u32 bt_view_pid(const struct bt_view *view, struct pid *pid);
u32 bt_view_uid(const struct bt_view *view, kuid_t uid);
void bt_view_comm(const struct bt_view *view, const struct bt_opener *opener,
		  char comm[BUFTRACK_COMM_SIZE]);
bool bt_view_addresses(const struct bt_view *view, const struct bt_client *owner);

#endif /* BUFTRACK_VIEW_H */
