/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Open files of the nodes
 *
 * A file of a device becomes a client once, under @lock, and stays one until its
 * release. So once @reporter is published it can be used without the lock.
 */
#ifndef BUFTRACK_CHARDEV_FILE_H
#define BUFTRACK_CHARDEV_FILE_H

#include <linux/mutex.h>
#include "../reporter.h"

struct bt_device;
struct bt_reader_listing;
struct bt_ring_set;
struct file;

/**
 * struct bt_file - an open file
 * @file: the struct file, for its mode and its opener's credentials
 * @dev: its device; NULL: the control node
 * @serial: number of this open
 * @opener: process that opened it
 * @lock: guards becoming a client, adding to @rings, @position and @listing
 * @reporter: the client that it has become; NULL: none yet
 * @rings: its rings; NULL: none yet
 * @position: number of the last event that was read
 * @listing: its listing of records between two calls; NULL: none, or a call uses it
 */
struct bt_file {
	struct file *file;
	struct bt_device *dev;
	u64 serial;
	struct bt_opener opener;
	struct mutex lock; /* guards becoming a client, rings, position and listing */
	struct bt_reporter *reporter;
	struct bt_ring_set *rings;
	u64 position;
	struct bt_reader_listing *listing;
};

struct bt_file *bt_file_create(struct file *filp, struct bt_device *dev);
void bt_file_free(struct bt_file *file);
bool bt_file_is_admin(const struct bt_file *file);
struct bt_cred bt_file_cred(const struct bt_file *file);
struct bt_client *__bt_file_client(struct bt_file *file);
struct bt_client *bt_file_client(struct bt_file *file);
int bt_file_declare(struct bt_file *file, const struct buftrack_declare *declare);

#endif /* BUFTRACK_CHARDEV_FILE_H */
