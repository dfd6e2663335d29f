// SPDX-License-Identifier: GPL-2.0
/* From an event of a driver to a report of its buffer */
#include "../device.h"
#include "../notify.h"
#include "../stack.h"
#include "internal.h"

/*
 * The client to charge. It is the driver if the event has no client, if the client has
 * closed, and if it could not begin and the buffer is refcounted. NULL: there is none.
 */
static struct bt_client *driver_report_client(struct bt_binding *b,
					      const struct bt_driver_event *e)
{
	struct bt_driver_client *client = NULL;

	if (e->client) {
		client = bt_driver_client_get(b, e);
		if (!client && !e->refcounted)
			return NULL;
	}
	return client && !READ_ONCE(client->closing) ? &client->reporter.client :
						       &b->driver->client;
}

/* With incomplete coverage an unknown free must not be called "never allocated" */
static void driver_report_mark_incomplete(struct bt_binding *b,
					  struct bt_client *c)
{
	WRITE_ONCE(b->complete, false);
	if (!READ_ONCE(c->late))
		WRITE_ONCE(c->late, true);
}

/* Choose the space in which the buffer is live; false: ignore the free */
static bool driver_report_choose_space(const struct bt_driver_event *e,
				       struct bt_device *dev,
				       struct buftrack_report *r)
{
	int alt = bt_space_get(dev, e->alt_space);

	if (alt < 0 || bt_shared_has_live(dev->tracker, r))
		return true;
	r->space = alt;
	if (bt_shared_has_live(dev->tracker, r))
		return true;
	r->space = bt_space_get(dev, e->space);
	return !e->only_if_live;
}

/* If the table of spaces is full, the previous space is invalid and matches no record */
static int driver_report_move(const struct bt_driver_event *e,
			      struct bt_device *dev, struct bt_client *c,
			      const struct buftrack_report *r)
{
	const struct buftrack_report from = {
		.space = bt_space_get(dev, e->from_space),
		.address = e->from_address,
		.id = e->from_id,
	};

	return bt_report_move(dev->tracker, c, &from, r, bt_clock());
}

static void driver_report_judge(const struct bt_driver_event *e,
				struct bt_device *dev, struct bt_client *c,
				const struct buftrack_report *r)
{
	int verdict;

	if (e->op == BT_BUFFER_MOVE)
		verdict = driver_report_move(e, dev, c, r);
	else
		verdict = bt_report_own(dev->tracker, c, r, e->base, bt_clock(),
					e->refcounted ? BT_AS_OWNER : 0);
	if (verdict >= 0)
		bt_device_notify(dev, c, r, verdict);
}

static void driver_report_lost(struct bt_binding *b)
{
	bt_lost(b->dev->tracker, &b->driver->client, 1, bt_clock());
}

/* Does the event come from a file that was opened under an earlier binding? */
static bool driver_report_is_stale(const struct bt_binding *b,
				   const struct bt_driver_event *e)
{
	const struct bt_driver_client *client = NULL;

	if (e->client)
		client = bt_driver_client_find(b, e->dev, e->client);
	return client && bt_driver_client_is_stale(client);
}

static int driver_report_space(const struct bt_driver_event *e, struct bt_device *dev)
{
	if (e->op == BT_BUFFER_FREE)
		return bt_space_get(dev, e->space);
	return bt_space_declare(dev, e->space, e->capacity, e->aperture);
}

static void driver_report_buffer(struct bt_binding *b,
				 const struct bt_driver_event *e)
{
	struct bt_device *dev = b->dev;
	struct bt_client *c = driver_report_client(b, e);
	struct buftrack_report r = e->buffer;
	int space = driver_report_space(e, dev);

	if (!c || space < 0) {
		driver_report_lost(b);
		return;
	}
	if (!e->complete)
		driver_report_mark_incomplete(b, c);
	r.space = space;
	r.op = e->op == BT_BUFFER_FREE ? BUFTRACK_OP_FREE : BUFTRACK_OP_ALLOC;
	if (e->alt_space && !driver_report_choose_space(e, dev, &r))
		return;
	if (READ_ONCE(dev->stacks))
		r.site = bt_stack_save();
	bt_reserve_refill_low_pool(dev->tracker);
	driver_report_judge(e, dev, c, &r);
}

static void driver_report_bound(struct bt_binding *b,
				const struct bt_driver_event *e)
{
	switch (e->op) {
	case BT_DEVICE_BEGIN:
		break;
	case BT_CLIENT_BEGIN:
		bt_driver_client_end_former(e);
		driver_report_client(b, e);
		break;
	case BT_REPORT_LOST:
		driver_report_lost(b);
		break;
	default:
		if (!driver_report_is_stale(b, e))
			driver_report_buffer(b, e);
	}
}

/**
 * bt_driver_report() - report an event of a driver to the tracker
 * @e: the event
 *
 * Context: any but NMI.
 */
void bt_driver_report(const struct bt_driver_event *e)
{
	struct bt_binding *b;

	rcu_read_lock();
	switch (e->op) {
	case BT_CLIENT_CLOSE:
		bt_driver_client_close(e);
		break;
	case BT_CLIENT_END:
		bt_driver_client_end(e);
		break;
	case BT_DEVICE_END:
		bt_binding_end(e->dev);
		break;
	default:
		b = e->dev ? bt_binding_get(e) : NULL;
		if (b)
			driver_report_bound(b, e);
	}
	rcu_read_unlock();
}

/*
 * The number of a client, or its base; 0: there is no such device or client. The client
 * begins unless the event is a free that was not refused.
 */
static u64 driver_report_named(const struct bt_driver_event *e, const void *client,
			       bool base)
{
	bool begin = e->op != BT_BUFFER_FREE || e->buffer.flags;
	struct bt_driver_client *found = NULL;
	struct bt_driver_event at = *e;
	struct bt_binding *b;
	u64 value = 0;

	at.client = client;
	rcu_read_lock();
	b = e->dev ? bt_binding_get(e) : NULL;
	if (b)
		found = begin ? bt_driver_client_get(b, &at) :
				bt_driver_client_find(b, e->dev, client);
	if (found)
		value = base ? found->reporter.client.base :
			       found->reporter.client.number;
	rcu_read_unlock();
	return value;
}

/**
 * bt_driver_client_number() - number of a client, unique for its device's lifetime
 * @e: an event of its device
 * @client: pointer that identifies the client
 *
 * Adapters use it in ids of objects that name their client. The client begins if it has
 * not, unless the event is a free that was not refused.
 *
 * Context: any but NMI.
 * Return: the number, or 0: there is no such device or client.
 */
u64 bt_driver_client_number(const struct bt_driver_event *e, const void *client)
{
	return driver_report_named(e, client, false);
}

/**
 * bt_driver_client_base() - base of addresses that only one client can name
 * @e: an event of its device
 * @client: pointer that identifies the client
 *
 * The client begins as in bt_driver_client_number().
 *
 * Context: any but NMI.
 * Return: for @e->base; 0: there is no such device or client.
 */
u64 bt_driver_client_base(const struct bt_driver_event *e, const void *client)
{
	return driver_report_named(e, client, true);
}
