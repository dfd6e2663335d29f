/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Redaction: every pid, name, address and id that leaves the module passes through here
 *
 * The file's opener determines which addresses are shown; the namespaces of the reading
 * process determine which pids and users.
 */
#ifndef BUFTRACK_VIEW_H
#define BUFTRACK_VIEW_H

#include "../reporter.h"

struct bt_file;

/**
 * struct bt_view - the rights of a reader
 * @pids: pid namespace of the reading process
 * @users: its user namespace
 * @uid: user who opened the file
 * @all: the opener may see addresses and ids of all users' buffers
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
