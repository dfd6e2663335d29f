// SPDX-License-Identifier: GPL-2.0
/* Opening and releasing the nodes, and becoming a client */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include "device.h"
#include "file.h"
#include "ioctl.h"
#include "settings.h"
#include "user.h"

static atomic64_t last_serial = ATOMIC64_INIT(0);

/**
 * bt_clock() - the clock that all stamps are read from
 *
 * Context: any.
 * Return: ns since boot.
 */
u64 bt_clock(void)
{
	return ktime_get_boot_fast_ns();
}

/**
 * bt_file_is_admin() - whether a file's opener had CAP_SYS_ADMIN
 * @file: the file
 *
 * Rights are the opener's, whoever uses the file now.
 *
 * Return: true if so.
 */
bool bt_file_is_admin(const struct bt_file *file)
{
	return file_ns_capable(file->file, &init_user_ns, CAP_SYS_ADMIN);
}

/**
 * bt_opener_stamp() - the calling process opens a file
 * @opener: set to it
 * @uid: user that counts
 *
 * Context: any; on behalf of whatever process that is.
 */
void bt_opener_stamp(struct bt_opener *opener, kuid_t uid)
{
	struct task_struct *leader = current->group_leader;

	opener->tgid = get_pid(task_tgid(current));
	opener->tid = get_pid(task_pid(current));
	opener->start_time = leader->start_boottime;
	opener->uid = uid;
	/* Written at any time, and always with a NUL at its end */
	strscpy(opener->comm, leader->comm, sizeof(opener->comm));
}

static void copy_opener(struct bt_opener *to, const struct bt_opener *from)
{
	*to = *from;
	get_pid(to->tgid);
	get_pid(to->tid);
}

static void put_opener(struct bt_opener *opener)
{
	put_pid(opener->tgid);
	put_pid(opener->tid);
}

/**
 * bt_opener_exited() - whether the process that opened a file is gone
 * @opener: who opened it
 *
 * Context: any.
 * Return: true if so.
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

/**
 * bt_reporter_free() - free a client that the tracker has handed out as dead, or
 *			that never began
 * @reporter: the client
 */
void bt_reporter_free(struct bt_reporter *reporter)
{
	if (reporter->user)
		bt_user_put(reporter->user);
	put_opener(&reporter->opener);
	kfree(reporter);
}

static struct bt_reporter *create_reporter(const struct bt_file *file,
					   const struct buftrack_declare *declare)
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
	r->claimed_pid = declare->claimed_pid;
	strscpy_pad(r->claimed_name, declare->claimed_name,
		    sizeof(r->claimed_name));
	copy_opener(&r->opener, &file->opener);
	return r;
}

/* Count a client for the user who opened its file */
static int enter_user(struct bt_file *file, struct bt_reporter *r)
{
	struct bt_user *user;

	if (bt_file_is_admin(file))
		return 0;
	user = bt_user_enter(file->opener.uid);
	if (IS_ERR(user))
		return PTR_ERR(user);
	r->user = user;
	r->client.quota = &user->records;
	return 0;
}

static void leave_user(struct bt_reporter *r)
{
	if (r->user)
		bt_user_leave(r->user);
}

static int begin_client(struct bt_file *file,
			const struct buftrack_declare *declare)
{
	struct bt_reporter *r = create_reporter(file, declare);
	int err;

	lockdep_assert_held(&file->lock);
	if (!r)
		return -ENOMEM;
	err = bt_events_setup(file->dev->tracker, bt_setting_events());
	if (err)
		goto free;
	err = enter_user(file, r);
	if (err)
		goto free;
	err = bt_client_begin(file->dev->tracker, &r->client, bt_clock());
	if (err)
		goto leave;
	/* Pairs with bt_file_client() */
	smp_store_release(&file->reporter, r);
	return 0;

leave:
	leave_user(r);
free:
	bt_client_fini(&r->client);
	bt_reporter_free(r);
	return err;
}

/**
 * bt_file_client() - the client that a file is; it becomes one if it is none
 * @file: the file
 *
 * Context: may sleep.
 * Return: the client, or an ERR_PTR.
 */
struct bt_client *bt_file_client(struct bt_file *file)
{
	static const struct buftrack_declare nothing;
	/* Pairs with begin_client() */
	struct bt_reporter *r = smp_load_acquire(&file->reporter);
	int err = 0;

	if (r)
		return &r->client;
	mutex_lock(&file->lock);
	if (!file->reporter)
		err = begin_client(file, &nothing);
	mutex_unlock(&file->lock);
	return err ? ERR_PTR(err) : &file->reporter->client;
}

static int check_declare(const struct bt_file *file,
			 const struct buftrack_declare *declare)
{
	if (declare->flags & ~(BUFTRACK_DECLARE_LATE | BUFTRACK_DECLARE_SHARED) ||
	    declare->reserved)
		return -EOPNOTSUPP;
	if (declare->flags & BUFTRACK_DECLARE_SHARED && !bt_file_is_admin(file))
		return -EPERM;
	if (!declare->claimed_name[0])
		return 0;
	return bt_name_check(declare->claimed_name,
			     sizeof(declare->claimed_name));
}

/**
 * bt_do_declare() - handle %BUFTRACK_IOCTL_DECLARE
 * @file: the file
 * @arg: struct buftrack_declare
 *
 * Return: 0 or a negative errno.
 */
int bt_do_declare(struct bt_file *file, void *arg)
{
	struct buftrack_declare *declare = arg;
	int err;

	err = check_declare(file, declare);
	if (err)
		return err;
	mutex_lock(&file->lock);
	err = file->reporter ? -EBUSY : begin_client(file, declare);
	mutex_unlock(&file->lock);
	if (!err)
		declare->client = file->reporter->client.number;
	return err;
}

static int open_node(struct file *filp, struct bt_device *dev)
{
	struct bt_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	file->file = filp;
	file->dev = dev;
	file->serial = atomic64_inc_return(&last_serial);
	bt_opener_stamp(&file->opener, filp->f_cred->euid);
	mutex_init(&file->lock);
	filp->private_data = file;
	return 0;
}

static void close_node(struct bt_file *file)
{
	put_opener(&file->opener);
	mutex_destroy(&file->lock);
	kfree(file);
}

static int control_open(struct inode *inode, struct file *filp)
{
	return open_node(filp, NULL);
}

static int control_release(struct inode *inode, struct file *filp)
{
	struct bt_file *file = filp->private_data;

	bt_device_remove_temporary(file);
	close_node(file);
	return 0;
}

static int device_open(struct inode *inode, struct file *filp)
{
	struct bt_device *dev = bt_device_open(inode->i_cdev);
	int err = open_node(filp, dev);

	if (err)
		bt_device_put(dev);
	return err;
}

static int device_release(struct inode *inode, struct file *filp)
{
	struct bt_file *file = filp->private_data;
	struct bt_device *dev = file->dev;

	bt_records_release(file);
	if (file->reporter) {
		struct bt_client *c = &file->reporter->client;

		leave_user(file->reporter);
		bt_client_end(dev->tracker, c, bt_clock());
		bt_client_reap(dev->tracker, c);
		bt_device_bury(dev);
	}
	close_node(file);
	bt_device_put(dev);
	return 0;
}

const struct file_operations bt_control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.unlocked_ioctl = bt_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

const struct file_operations bt_device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = bt_stream_read,
	.poll = bt_stream_poll,
	.unlocked_ioctl = bt_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};
