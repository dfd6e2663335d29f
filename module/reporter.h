/* SPDX-License-Identifier: GPL-2.0 */
/* Reporters: clients of a tracker, each with the process or driver behind it */
#ifndef BUFTRACK_REPORTER_H
#define BUFTRACK_REPORTER_H

#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include "core/tracker.h"

struct bt_user;

/**
 * struct bt_cred - the rights a call is made with
 * @uid: effective user
 * @admin: CAP_SYS_ADMIN in the initial user namespace
 */
struct bt_cred {
	kuid_t uid;
	bool admin;
};

/**
 * struct bt_opener - the process that opened a file, recorded at open
 * @tgid: its thread group; NULL: a driver rather than a process
 * @tid: the thread
 * @start_time: when the thread group started, in ns since boot
 * @uid: effective user of the file
 * @comm: name of the thread group leader
 */
struct bt_opener {
	struct pid *tgid;
	struct pid *tid;
	u64 start_time;
	kuid_t uid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct bt_reporter - a client of a tracker and the process behind it
 * @client: the client; the tracker decides when it can be freed
 * @opener: process that opened the client's file
 * @user: user charged for the client; NULL: the opener has CAP_SYS_ADMIN
 * @claims_uid: it is a relay that declared the user it reports for
 * @claimed_uid: that user, who may see its buffers
 * @claimed_pid: pid that the client declared, for a relay
 * @claimed_name: name that the client declared
 */
struct bt_reporter {
	struct bt_client client;
	struct bt_opener opener;
	struct bt_user *user;
	bool claims_uid;
	kuid_t claimed_uid;
	u32 claimed_pid;
	char claimed_name[BUFTRACK_CLAIMED_NAME_SIZE];
};

void bt_opener_stamp(struct bt_opener *opener, kuid_t uid);
void bt_opener_put(struct bt_opener *opener);
bool bt_opener_exited(const struct bt_opener *opener);

struct bt_reporter *bt_reporter_begin(struct bt_tracker *t,
				      const struct bt_opener *opener, bool admin,
				      const struct buftrack_declare *declare,
				      kuid_t claimed_uid);
void bt_reporter_end(struct bt_tracker *t, struct bt_reporter *r);
void bt_reporter_free(struct bt_reporter *r);
void bt_reporter_free_zombies(struct bt_tracker *t);

/**
 * bt_reporter_of() - the reporter that a client is embedded in
 * @c: the client
 *
 * Return: the reporter.
 */
static inline struct bt_reporter *bt_reporter_of(struct bt_client *c)
{
	return container_of(c, struct bt_reporter, client);
}

/**
 * bt_clock() - the clock of all time stamps
 *
 * Context: any.
 * Return: ns since boot.
 */
static inline u64 bt_clock(void)
{
	return ktime_get_boot_fast_ns();
}

#endif /* BUFTRACK_REPORTER_H */
