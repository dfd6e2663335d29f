/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events of kernel drivers, reported to the tracker from atomic context
 *
 * Probes and tracepoints report them where nothing may sleep. A device that is seen for
 * the first time is therefore taken from a reserve; a worker publishes its node,
 * refills the reserve and frees the clients that have ended.
 */
#ifndef BUFTRACK_DRIVER_DRIVER_H
#define BUFTRACK_DRIVER_DRIVER_H

#include <linux/types.h>
#include <linux/buftrack.h>

struct device;

/**
 * enum bt_driver_op - event of a driver
 * @BT_DEVICE_BEGIN: it bound to a device
 * @BT_DEVICE_END: it unbound from the device
 * @BT_CLIENT_BEGIN: a process opened its node
 * @BT_CLIENT_CLOSE: release of the file begins; frees during it are charged to the driver
 * @BT_CLIENT_END: the file has been released
 * @BT_BUFFER_ALLOC: it allocated a buffer
 * @BT_BUFFER_MOVE: it allocated one more placement of a buffer
 * @BT_BUFFER_FREE: it frees a buffer
 * @BT_REPORT_LOST: it did something to a buffer that cannot be reported
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
 * struct bt_driver_event - an event of a driver
 * @op: its type
 * @dev: struct device that the driver is bound to; NULL: the driver has unbound from it
 *	 since, and nothing but the end of a client is reported
 * @client: pointer that identifies the client; NULL: the driver itself
 * @number: when a client closes or ends, its number; 0: any client with that pointer
 * @driver: name of the driver
 * @complete: every event of the driver is reported from the time it binds to a device
 * @refcounted: the buffer is reference-counted: whoever drops the last reference frees
 *		it on behalf of its owner
 * @space: name of the space
 * @alt_space: for a free: space to try if the buffer is not live in @space; NULL: none
 * @only_if_live: with @alt_space: ignore a free of a buffer that is live in neither
 * @capacity: bytes of the space; 0: unknown
 * @aperture: for an alloc or a move: buffers of the space are views of memory that is
 *	      counted elsewhere
 * @buffer: address, size, span, id, and the flags of a free
 * @base: 0, or bt_driver_client_base() of the client that alone can name the address; the
 *	  span is then unknown
 * @from_space: for a move: name of the space of the previous placement
 * @from_address: its address
 * @from_id: its id
 */
struct bt_driver_event {
	enum bt_driver_op op;
	struct device *dev;
	const void *client;
	u64 number;
	const char *driver;
	bool complete;
	bool refcounted;
	const char *space;
	const char *alt_space;
	bool only_if_live;
	u64 capacity;
	bool aperture;
	struct buftrack_report buffer;
	u64 base;
	const char *from_space;
	u64 from_address;
	u64 from_id;
};

/* driver.c */
int bt_driver_init(void);
void bt_driver_exit(void);
u64 bt_driver_object_id(const void *object);

/* report.c */
void bt_driver_report(const struct bt_driver_event *e);
u64 bt_driver_client_number(const struct bt_driver_event *e, const void *client);
u64 bt_driver_client_base(const struct bt_driver_event *e, const void *client);

/* binding.c */
void bt_driver_lost(u64 count);
void bt_driver_unbound(const struct device *dev);
void bt_driver_unloaded(const char *module);

/* client.c */
u64 bt_driver_client_at(const void *client);
bool bt_driver_client_once(const struct bt_driver_event *e, const void *client,
			   unsigned int what);

#endif /* BUFTRACK_DRIVER_DRIVER_H */
