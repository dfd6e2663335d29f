// SPDX-License-Identifier: GPL-2.0
/* Open files of the nodes, and how one becomes a client */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include "../device.h"
#include "file.h"

static atomic64_t last_serial = ATOMIC64_INIT(0);

/**
 * bt_file_create() - open a node
 * @filp: the struct file
 * @dev: the node's device, referenced; NULL: the control node
 *
 * Return: the file, for bt_file_free(), or NULL: out of memory.
 */
struct bt_file *bt_file_create(struct file *filp, struct bt_device *dev)
{
	struct bt_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return NULL;
	file->file = filp;
	file->dev = dev;
	file->serial = atomic64_inc_return(&last_serial);
	bt_opener_stamp(&file->opener, filp->f_cred->euid);
	mutex_init(&file->lock);
	return file;
}

/**
 * bt_file_free() - release a file: end its client and free it
 * @file: the file
 */
void bt_file_free(struct bt_file *file)
{
	if (file->reporter)
		bt_reporter_end(file->dev->tracker, file->reporter);
	bt_opener_put(&file->opener);
	mutex_destroy(&file->lock);
	kfree(file);
}

/**
 * bt_file_is_admin() - whether the opener of a file had CAP_SYS_ADMIN
 * @file: the file
 *
 * The rights are those of the opener, whichever process uses the file.
 *
 * Return: true if so.
 */
bool bt_file_is_admin(const struct bt_file *file)
{
	return file_ns_capable(file->file, &init_user_ns, CAP_SYS_ADMIN);
}

/**
 * bt_file_cred() - the rights that a file gives to its users
 * @file: the file
 *
 * Return: the rights.
 */
struct bt_cred bt_file_cred(const struct bt_file *file)
{
	return (struct bt_cred) {
		.uid = file->opener.uid,
		.admin = bt_file_is_admin(file),
	};
}

/* As all rights, the meaning of a uid is that of the opener */
static kuid_t bt_file_claimed_uid(const struct bt_file *file,
				  const struct buftrack_declare *declare)
{
	if (!(declare->flags & BUFTRACK_DECLARE_CLAIMED_UID))
		return INVALID_UID;
	return make_kuid(file->file->f_cred->user_ns, declare->claimed_uid);
}

static int bt_file_begin_client(struct bt_file *file,
				const struct buftrack_declare *declare)
{
	kuid_t claimed_uid = bt_file_claimed_uid(file, declare);
	struct bt_reporter *r;

	lockdep_assert_held(&file->lock);
	if (declare->flags & BUFTRACK_DECLARE_CLAIMED_UID && !uid_valid(claimed_uid))
		return -EINVAL;
	r = bt_reporter_begin(file->dev->tracker, &file->opener,
			      bt_file_is_admin(file), declare, claimed_uid);
	if (IS_ERR(r))
		return PTR_ERR(r);
	/* Pairs with bt_file_client() */
	smp_store_release(&file->reporter, r);
	return 0;
}

/**
 * __bt_file_client() - bt_file_client() with the file's lock held
 * @file: the file
 *
 * Context: may sleep.
 * Return: the client, or an ERR_PTR.
 */
struct bt_client *__bt_file_client(struct bt_file *file)
{
	static const struct buftrack_declare nothing;
	int err = 0;

	lockdep_assert_held(&file->lock);
	if (!file->reporter)
		err = bt_file_begin_client(file, &nothing);
	return err ? ERR_PTR(err) : &file->reporter->client;
}

/**
 * bt_file_client() - get the client of a file; make the file a client if it is none
 * @file: the file
 *
 * Context: may sleep.
 * Return: the client, or an ERR_PTR.
 */
struct bt_client *bt_file_client(struct bt_file *file)
{
	/* Pairs with bt_file_begin_client() */
	struct bt_reporter *r = smp_load_acquire(&file->reporter);
	struct bt_client *c;

	if (r)
		return &r->client;
	mutex_lock(&file->lock);
	c = __bt_file_client(file);
	mutex_unlock(&file->lock);
	return c;
}

/**
 * bt_file_declare() - make a file a client with a checked declaration
 * @file: the file
 * @declare: the declaration
 *
 * Context: may sleep.
 * Return: 0, -EBUSY if it is a client already, or another negative errno.
 */
int bt_file_declare(struct bt_file *file, const struct buftrack_declare *declare)
{
	int err;

	mutex_lock(&file->lock);
	err = file->reporter ? -EBUSY : bt_file_begin_client(file, declare);
	mutex_unlock(&file->lock);
	return err;
}
