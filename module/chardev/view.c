// SPDX-License-Identifier: GPL-2.0
/* Who may see what */
#include <linux/capability.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include "view.h"

/**
 * bt_view_init() - find out what a reader may see
 * @view: set to that; valid while the reader's call lasts
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
 * bt_view_pid() - a pid as a reader knows it
 * @view: the reader
 * @pid: the pid
 *
 * Context: any.
 * Return: its number, or 0 if it is outside of the reader's pid namespace.
 */
u32 bt_view_pid(const struct bt_view *view, struct pid *pid)
{
	return pid_nr_ns(pid, view->pids);
}

/**
 * bt_view_uid() - a user as a reader knows it
 * @view: the reader
 * @uid: the user
 *
 * Return: its number, or the overflow uid.
 */
u32 bt_view_uid(const struct bt_view *view, kuid_t uid)
{
	return from_kuid_munged(view->users, uid);
}

/**
 * bt_view_comm() - the name of a process, for a reader
 * @view: the reader
 * @opener: the process
 * @comm: set to its name, or that of the driver that it is; empty if it is a
 *	  process outside of the reader's pid namespace
 */
void bt_view_comm(const struct bt_view *view, const struct bt_opener *opener,
		  char comm[BUFTRACK_COMM_SIZE])
{
	memset(comm, 0, BUFTRACK_COMM_SIZE);
	if (!opener->tgid || bt_view_pid(view, opener->tgid))
		strscpy(comm, opener->comm, BUFTRACK_COMM_SIZE);
}

/**
 * bt_view_addresses() - whether a reader may see addresses and ids of a client's
 *			 buffers
 * @view: the reader
 * @owner: the client
 *
 * Return: true if so.
 */
bool bt_view_addresses(const struct bt_view *view, const struct bt_client *owner)
{
	return view->all ||
	       uid_eq(view->uid, bt_reporter_of((struct bt_client *)owner)->opener.uid);
}
