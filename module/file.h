/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Open files of the nodes, and the clients that they are
 *
 * A file becomes a client once, under @lock, and stays one until its release,
 * which waits for all calls on it. So after it has been published, @client can
 * be used without a lock.
 */
#ifndef BUFTRACK_FILE_H
#define BUFTRACK_FILE_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include "core/tracker.h"

struct bt_device;
struct bt_reader_listing;
struct bt_user;

/**
 * struct bt_opener - who opened a file, stamped at that time
 * @tgid: the thread group; NULL: a driver, not a process
 * @tid: the thread
 * @start_time: when the thread group started, ns since boot
 * @uid: effective user of the file
 * @comm: name of the thread group
 */
struct bt_opener {
	struct pid *tgid;
	struct pid *tid;
	u64 start_time;
	kuid_t uid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct bt_reporter - a client of the tracker, with who it is
 * @client: the client; the tracker says when it can be freed
 * @opener: who opened its file
 * @user: whom it counts for; NULL: the opener has CAP_SYS_ADMIN
 * @claimed_pid: as declared
 * @claimed_name: as declared
 */
struct bt_reporter {
	struct bt_client client;
	struct bt_opener opener;
	struct bt_user *user;
	u32 claimed_pid;
	char claimed_name[BUFTRACK_CLAIMED_NAME_SIZE];
};

/**
 * struct bt_file - an open file
 * @file: the file, for its mode and its opener's credentials
 * @dev: its device, NULL for the control node
 * @serial: number of this opening
 * @opener: who opened it
 * @lock: guards becoming a client, @position and @listing
 * @reporter: the client that it is, NULL: none yet
 * @position: number of the event that was read last
 * @listing: the listing that can be gone on with, NULL: none, or a call has it;
 *	     see records.c
 */
struct bt_file {
	struct file *file;
	struct bt_device *dev;
	u64 serial;
	struct bt_opener opener;
	struct mutex lock; /* guards becoming a client, position and listing */
	struct bt_reporter *reporter;
	u64 position;
	struct bt_reader_listing *listing;
};

extern const struct file_operations bt_control_fops;
extern const struct file_operations bt_device_fops;

bool bt_file_is_admin(const struct bt_file *file);
u64 bt_clock(void);

struct bt_client *bt_file_client(struct bt_file *file);
void bt_opener_stamp(struct bt_opener *opener, kuid_t uid);
bool bt_opener_exited(const struct bt_opener *opener);
void bt_reporter_free(struct bt_reporter *reporter);

/* report.c */
void bt_announce(struct bt_device *dev, const struct bt_client *c,
		 const struct buftrack_report *r, int verdict);

/* records.c */
void bt_records_release(struct bt_file *file);

/* stream.c */
ssize_t bt_stream_read(struct file *filp, char __user *buf, size_t count,
		       loff_t *ppos);
__poll_t bt_stream_poll(struct file *filp, poll_table *wait);

/**
 * bt_reporter_of() - who a client of the tracker is
 * @c: the client
 *
 * Return: the reporter that it is embedded in.
 */
static inline struct bt_reporter *bt_reporter_of(struct bt_client *c)
{
	return container_of(c, struct bt_reporter, client);
}

#endif /* BUFTRACK_FILE_H */
