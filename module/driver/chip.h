/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices, clients and buffers that kernel drivers tell of
 *
 * What a driver does is told from probes and tracepoints, where nothing may sleep.
 * So a device that is met for the first time comes out of a stock of prepared
 * ones, and gets its node later; so do the ends of clients.
 *
 * Locking: chips_lock, a raw lock, guards the tables; they are read under RCU. It is
 * taken before a bt_tracker.lock. work_lock, a mutex, is held while what was put off
 * is done; it is taken before the table of devices is locked.
 */
#ifndef BUFTRACK_DRIVER_CHIP_H
#define BUFTRACK_DRIVER_CHIP_H

#include <linux/device.h>
#include <linux/types.h>
#include <linux/buftrack.h>

struct bt_binding;
struct bt_device;

/**
 * enum bt_driver_op - what a driver did
 * @BT_DEVICE_BEGIN: it bound to a device
 * @BT_DEVICE_END: it has let go of it
 * @BT_CLIENT_BEGIN: somebody opened its node
 * @BT_CLIENT_CLOSE: is about to release it: what it has is freed, by nobody's fault
 * @BT_CLIENT_END: and released it
 * @BT_BUFFER_ALLOC: it allocated a buffer
 * @BT_BUFFER_MOVE: it allocated one more place for a buffer
 * @BT_BUFFER_FREE: it frees a buffer
 * @BT_REPORT_LOST: what it did with a buffer is not known
 */
enum bt_driver_op {
	BT_DEVICE_BEGIN,
	BT_DEVICE_END,
	BT_CLIENT_BEGIN,
	BT_CLIENT_CLOSE,
	BT_CLIENT_END,
	BT_BUFFER_ALLOC,
	BT_BUFFER_MOVE,
	BT_BUFFER_FREE,
	BT_REPORT_LOST,
};

/**
 * struct bt_driver_event - something that a driver did
 * @op: what
 * @dev: on which device
 * @client: pointer that stands for the client; NULL: the driver itself
 * @number: of a client that ends: its number, 0: whichever the pointer is of
 * @driver: name of the driver
 * @sure: all that the driver does is told, from the beginning of a device on
 * @counted: the buffer is counted by references, and freed for its owner
 * @space: name of the space
 * @or_space: of a free: the space where it is, if it is not live in the other; NULL:
 *	      there is no other
 * @if_live: with @or_space: where it is in neither, it was freed before, and rightly
 * @capacity: bytes of the space, 0: not known
 * @buffer: address, size, span, id, and flags of a free
 * @from_space: of a move: name of the space of the place before
 * @from_address: its address
 * @from_id: its id
 */
struct bt_driver_event {
	enum bt_driver_op op;
	struct device *dev;
	const void *client;
	u64 number;
	const char *driver;
	bool sure;
	bool counted;
	const char *space;
	const char *or_space;
	bool if_live;
	u64 capacity;
	struct buftrack_report buffer;
	const char *from_space;
	u64 from_address;
	u64 from_id;
};

void bt_driver_tell(const struct bt_driver_event *event);
void bt_driver_lost(u64 count);
u64 bt_driver_id(const void *object);
u64 bt_driver_client(const struct bt_driver_event *event, const void *client);
u64 bt_driver_client_at(const void *client);
bool bt_driver_once(const struct bt_driver_event *e, const void *client);

struct bt_binding *bt_binding_create(struct bt_device *dev);
void bt_binding_offer(struct bt_binding *chip);
void bt_binding_destroy(struct bt_binding *chip);
void bt_chip_end(const struct device *dev);
void bt_chips_end_of(const char *module);
int bt_chips_init(void);
void bt_chips_exit(void);

#endif /* BUFTRACK_DRIVER_CHIP_H */
