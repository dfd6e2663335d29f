// SPDX-License-Identifier: GPL-2.0
/* Drivers that report their buffers through the tracepoints of buftrack_driver.h */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/buftrack_driver.h>
#include "../name.h"
#include "driver.h"
#include "tracepoint.h"

/**
 * struct bt_tracepoint_user - a driver with tracepoints
 * @link: in the list of them
 * @mod: its module
 * @complete: buftrack is attached to all of its tracepoints
 * @attached: bit mask of those, by their index in tracepoint_probes
 */
struct bt_tracepoint_user {
	struct list_head link;
	struct module *mod;
	bool complete;
	unsigned long attached;
};

/* The notifier alone changes the list, and the kernel calls it one at a time */
static LIST_HEAD(tracepoint_users);

static struct bt_driver_event
tracepoint_event(const struct bt_tracepoint_user *from, enum bt_driver_op op,
		 struct device *dev, const void *client)
{
	return (struct bt_driver_event) {
		.op = op,
		.dev = dev,
		.client = client,
		.driver = from->mod->name,
		.complete = READ_ONCE(from->complete),
	};
}

static void tracepoint_report(const struct bt_tracepoint_user *from,
			      enum bt_driver_op op, struct device *dev,
			      const void *client)
{
	const struct bt_driver_event e = tracepoint_event(from, op, dev, client);

	bt_driver_report(&e);
}

static void tracepoint_device_begin(void *data, struct device *dev)
{
	tracepoint_report(data, BT_DEVICE_BEGIN, dev, NULL);
}

static void tracepoint_device_end(void *data, struct device *dev)
{
	tracepoint_report(data, BT_DEVICE_END, dev, NULL);
}

static void tracepoint_client_begin(void *data, struct device *dev,
				    const void *client)
{
	tracepoint_report(data, BT_CLIENT_BEGIN, dev, client);
}

static void tracepoint_client_end(void *data, struct device *dev,
				  const void *client)
{
	tracepoint_report(data, BT_CLIENT_END, dev, client);
}

/* The driver may be built against another version of the header, or be wrong */
static bool tracepoint_is_valid(enum bt_driver_op op,
				const struct buftrack_buffer *b)
{
	if (b->struct_size < offsetofend(struct buftrack_buffer, id) ||
	    bt_name_check(b->space, BUFTRACK_SPACE_NAME_SIZE))
		return false;
	if (op == BT_BUFFER_FREE)
		return !b->span;
	return b->size && (!b->span || b->address <= U64_MAX - (b->span - 1));
}

static void tracepoint_report_buffer(const struct bt_tracepoint_user *from,
				     enum bt_driver_op op, struct device *dev,
				     const void *client,
				     const struct buftrack_buffer *b)
{
	struct bt_driver_event e = tracepoint_event(from, op, dev, client);

	if (!tracepoint_is_valid(op, b)) {
		tracepoint_report(from, BT_REPORT_LOST, dev, NULL);
		return;
	}
	e.space = b->space;
	e.capacity = b->capacity;
	e.aperture = b->flags & BUFTRACK_BUFFER_APERTURE;
	e.refcounted = b->flags & BUFTRACK_BUFFER_REFCOUNTED;
	e.buffer.address = b->address;
	e.buffer.size = b->size;
	e.buffer.span = b->span;
	e.buffer.id = b->id;
	if (op == BT_BUFFER_FREE && b->flags & BUFTRACK_BUFFER_REFUSED)
		e.buffer.flags = BUFTRACK_REPORT_REFUSED;
	bt_driver_report(&e);
}

static void tracepoint_buffer_alloc(void *data, struct device *dev,
				    const void *client,
				    const struct buftrack_buffer *buffer)
{
	tracepoint_report_buffer(data, BT_BUFFER_ALLOC, dev, client, buffer);
}

static void tracepoint_buffer_free(void *data, struct device *dev,
				   const void *client,
				   const struct buftrack_buffer *buffer)
{
	tracepoint_report_buffer(data, BT_BUFFER_FREE, dev, client, buffer);
}

/*
 * In the order of attaching: ends before begins, and device begin last, so that
 * coverage of a device that is seen to begin is complete
 */
static const struct {
	const char *name;
	void *fn;
} tracepoint_probes[] = {
	{ "buftrack_device_end", tracepoint_device_end },
	{ "buftrack_client_end", tracepoint_client_end },
	{ "buftrack_buffer_free", tracepoint_buffer_free },
	{ "buftrack_client_begin", tracepoint_client_begin },
	{ "buftrack_buffer_alloc", tracepoint_buffer_alloc },
	{ "buftrack_device_begin", tracepoint_device_begin },
};

/* NULL: the module has no tracepoint of that name */
static struct tracepoint *tracepoint_find(const struct module *mod,
					  const char *name)
{
	unsigned int i;

	for (i = 0; i < mod->num_tracepoints; i++) {
		struct tracepoint *tp =
			tracepoint_ptr_deref(&mod->tracepoints_ptrs[i]);

		if (!strcmp(tp->name, name))
			return tp;
	}
	return NULL;
}

static bool tracepoint_attach_one(struct bt_tracepoint_user *user, unsigned int i)
{
	struct tracepoint *tp = tracepoint_find(user->mod,
						tracepoint_probes[i].name);

	if (!tp || tracepoint_probe_register(tp, tracepoint_probes[i].fn, user))
		return false;
	user->attached |= BIT(i);
	return true;
}

static bool tracepoint_has_any(const struct module *mod)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tracepoint_probes); i++)
		if (tracepoint_find(mod, tracepoint_probes[i].name))
			return true;
	return false;
}

static void tracepoint_attach(struct module *mod)
{
	struct bt_tracepoint_user *user;
	bool all = true;
	unsigned int i;

	if (!tracepoint_has_any(mod))
		return;
	user = kzalloc(sizeof(*user), GFP_KERNEL);
	if (!user)
		return;
	user->mod = mod;
	list_add(&user->link, &tracepoint_users);
	for (i = 0; i < ARRAY_SIZE(tracepoint_probes) - 1; i++)
		all &= tracepoint_attach_one(user, i);
	WRITE_ONCE(user->complete, all);
	tracepoint_attach_one(user, i);
}

static void tracepoint_detach_one(struct bt_tracepoint_user *user, unsigned int i)
{
	struct tracepoint *tp = tracepoint_find(user->mod,
						tracepoint_probes[i].name);

	tracepoint_probe_unregister(tp, tracepoint_probes[i].fn, user);
}

static void tracepoint_detach(struct bt_tracepoint_user *user)
{
	unsigned int i;

	for_each_set_bit(i, &user->attached, ARRAY_SIZE(tracepoint_probes))
		tracepoint_detach_one(user, i);
	tracepoint_synchronize_unregister();
	list_del(&user->link);
	if (user->mod->state == MODULE_STATE_GOING)
		bt_driver_unloaded(user->mod->name);
	kfree(user);
}

static int tracepoint_notify(struct notifier_block *nb, unsigned long state,
			     void *data)
{
	struct tp_module *tp_mod = data;
	struct bt_tracepoint_user *user, *next;

	if (state == MODULE_STATE_COMING)
		tracepoint_attach(tp_mod->mod);
	if (state != MODULE_STATE_GOING)
		return NOTIFY_OK;
	list_for_each_entry_safe(user, next, &tracepoint_users, link)
		if (user->mod == tp_mod->mod)
			tracepoint_detach(user);
	return NOTIFY_OK;
}

static struct notifier_block tracepoint_notifier = {
	.notifier_call = tracepoint_notify,
};

/**
 * bt_tracepoints_init() - attach to loaded drivers, and to others when they load
 *
 * Return: 0 or a negative errno.
 */
int __init bt_tracepoints_init(void)
{
	return register_tracepoint_module_notifier(&tracepoint_notifier);
}

/**
 * bt_tracepoints_exit() - detach from all drivers
 *
 * Context: may sleep.
 */
void bt_tracepoints_exit(void)
{
	/*
	 * The kernel calls this for every module as if it were going; the module's
	 * state tells
	 */
	unregister_tracepoint_module_notifier(&tracepoint_notifier);
}
