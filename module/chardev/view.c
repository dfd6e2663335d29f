// SPDX-License-Identifier: GPL-2.0
/* Redaction: which reader sees which pids, names, addresses and ids */
#include <linux/capability.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include "file.h"
#include "view.h"

/**
 * bt_view_init() - set up the view of the calling process
 * @view: the view, valid for the duration of the call
 * @file: the file that it reads from
 */
void bt_view_init(struct bt_view *view, const struct bt_file *file)
{
	view->pids = task_active_pid_ns(current);
	view->users = current_user_ns();
	view->uid = file->opener.uid;
	view->all = file_ns_capable(file->file, &init_user_ns, CAP_PERFMON) ||
		    bt_file_is_admin(file);
}

/**
 * bt_view_pid() - a pid in the reader's namespace
 * @view: the reader's view
 * @pid: the pid
 *
 * Context: any.
 * Return: the number, or 0: the namespace does not have it.
 */
u32 bt_view_pid(const struct bt_view *view, struct pid *pid)
{
	return pid_nr_ns(pid, view->pids);
}

/**
 * bt_view_uid() - a user in the reader's namespace
 * @view: the reader's view
 * @uid: the user
 *
 * Return: the number, or the overflow uid.
 */
u32 bt_view_uid(const struct bt_view *view, kuid_t uid)
{
	return from_kuid_munged(view->users, uid);
}

/**
 * bt_view_comm() - the name of a process or driver
 * @view: the reader's view
 * @opener: the process or driver
 * @comm: set to its name; empty for a process outside the reader's pid namespace
 */
void bt_view_comm(const struct bt_view *view, const struct bt_opener *opener,
		  char comm[BUFTRACK_COMM_SIZE])
{
	memset(comm, 0, BUFTRACK_COMM_SIZE);
	if (!opener->tgid || bt_view_pid(view, opener->tgid))
		strscpy(comm, opener->comm, BUFTRACK_COMM_SIZE);
}

/**
 * bt_view_addresses() - whether a reader may see addresses and ids of buffers
 * @view: the reader's view
 * @owner: the client that owns the buffers
 *
 * A relay can only share its own client's buffers with the user whom it claims to
 * report for: to claim a user shows the relay nothing.
 *
 * Return: true if so.
 */
bool bt_view_addresses(const struct bt_view *view, const struct bt_client *owner)
{
	const struct bt_reporter *r = bt_reporter_of((struct bt_client *)owner);

	return view->all || uid_eq(view->uid, r->opener.uid) ||
	       (r->claims_uid && uid_eq(view->uid, r->claimed_uid));
}
