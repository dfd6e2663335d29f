// SPDX-License-Identifier: GPL-2.0
/* Reporters: clients of a tracker, each with the process or driver behind it */
#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "params.h"
#include "reporter.h"
#include "user.h"

/**
 * bt_opener_stamp() - record the calling process as the opener of a file
 * @opener: the opener to fill in
 * @uid: user to charge
 *
 * Context: any.
 */
void bt_opener_stamp(struct bt_opener *opener, kuid_t uid)
{
	struct task_struct *leader = current->group_leader;

	opener->tgid = get_pid(task_tgid(current));
	opener->tid = get_pid(task_pid(current));
	opener->start_time = leader->start_boottime;
	opener->uid = uid;
	/* The name can change at any time, but always ends with a NUL */
	strscpy(opener->comm, leader->comm, sizeof(opener->comm));
}

/**
 * bt_opener_put() - drop the references of an opener
 * @opener: the opener
 */
void bt_opener_put(struct bt_opener *opener)
{
	put_pid(opener->tgid);
	put_pid(opener->tid);
}

/**
 * bt_opener_exited() - whether the process that opened a file has exited
 * @opener: the opener
 *
 * Context: any.
 * Return: true if it has.
 */
bool bt_opener_exited(const struct bt_opener *opener)
{
	struct task_struct *task;
	bool exited;

	if (!opener->tgid)
		return false;
	rcu_read_lock();
	task = pid_task(opener->tgid, PIDTYPE_TGID);
	exited = !task || !atomic_read(&task->signal->live);
	rcu_read_unlock();
	return exited;
}

static void bt_reporter_copy_opener(struct bt_reporter *r,
				    const struct bt_opener *opener)
{
	r->opener = *opener;
	get_pid(r->opener.tgid);
	get_pid(r->opener.tid);
}

static struct bt_reporter *bt_reporter_create(const struct bt_opener *opener,
					      const struct buftrack_declare *declare,
					      kuid_t claimed_uid)
{
	struct bt_reporter *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);

	if (!r)
		return NULL;
	if (bt_client_init(&r->client, declare->flags & BUFTRACK_DECLARE_SHARED,
			   GFP_KERNEL_ACCOUNT)) {
		kfree(r);
		return NULL;
	}
	r->client.late = declare->flags & BUFTRACK_DECLARE_LATE;
	r->client.first_id = declare->first_id;
	r->claims_uid = declare->flags & BUFTRACK_DECLARE_CLAIMED_UID;
	r->claimed_uid = claimed_uid;
	r->claimed_pid = declare->claimed_pid;
	strscpy_pad(r->claimed_name, declare->claimed_name,
		    sizeof(r->claimed_name));
	bt_reporter_copy_opener(r, opener);
	return r;
}

static int bt_reporter_charge(struct bt_reporter *r)
{
	struct bt_user *user = bt_user_enter(r->opener.uid);

	if (IS_ERR(user))
		return PTR_ERR(user);
	r->user = user;
	r->client.quota = &user->records;
	return 0;
}

static void bt_reporter_uncharge(struct bt_reporter *r)
{
	if (r->user)
		bt_user_leave(r->user);
}

/**
 * bt_reporter_begin() - begin a client
 * @t: tracker it reports into
 * @opener: process behind it
 * @admin: the opener has CAP_SYS_ADMIN, so no user is charged
 * @declare: its declaration, checked by the caller
 * @claimed_uid: the user of %BUFTRACK_DECLARE_CLAIMED_UID
 *
 * Context: may sleep.
 * Return: the reporter, for bt_reporter_end(), or an ERR_PTR.
 */
struct bt_reporter *bt_reporter_begin(struct bt_tracker *t,
				      const struct bt_opener *opener, bool admin,
				      const struct buftrack_declare *declare,
				      kuid_t claimed_uid)
{
	struct bt_reporter *r = bt_reporter_create(opener, declare, claimed_uid);
	int err;

	if (!r)
		return ERR_PTR(-ENOMEM);
	err = bt_events_setup(t, bt_param_events());
	if (err)
		goto free;
	err = admin ? 0 : bt_reporter_charge(r);
	if (err)
		goto free;
	err = bt_client_begin(t, &r->client, bt_clock());
	if (err)
		goto uncharge;
	return r;

uncharge:
	bt_reporter_uncharge(r);
free:
	bt_client_fini(&r->client);
	bt_reporter_free(r);
	return ERR_PTR(err);
}

/**
 * bt_reporter_end() - end a client
 * @t: its tracker, which frees the reporter once nothing refers to the client
 * @r: the reporter
 *
 * Context: may sleep.
 */
void bt_reporter_end(struct bt_tracker *t, struct bt_reporter *r)
{
	bt_reporter_uncharge(r);
	bt_client_end(t, &r->client, bt_clock());
	bt_client_reap(t, &r->client);
	bt_reporter_free_zombies(t);
}

/**
 * bt_reporter_free() - free a reporter whose client never began or is dead
 * @r: the reporter
 */
void bt_reporter_free(struct bt_reporter *r)
{
	if (r->user)
		bt_user_put(r->user);
	bt_opener_put(&r->opener);
	kfree(r);
}

/**
 * bt_reporter_free_zombies() - free the clients that nothing refers to
 * @t: their tracker
 *
 * Context: may sleep.
 */
void bt_reporter_free_zombies(struct bt_tracker *t)
{
	struct bt_client *c;

	while ((c = bt_tracker_take_zombie(t)))
		bt_reporter_free(bt_reporter_of(c));
}
