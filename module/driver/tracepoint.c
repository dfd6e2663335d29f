// SPDX-License-Identifier: GPL-2.0
/* Drivers that tell of buffers themselves: the tracepoints of buftrack_driver.h */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/buftrack_driver.h>
#include "../name.h"
#include "tracepoint.h"
#include "chip.h"

/**
 * struct bt_announcer - a driver with tracepoints
 * @link: in the list of announcers
 * @mod: its module
 * @sure: all of its tracepoints are attached to
 * @attached: those that are, by their place in @points
 */
struct bt_announcer {
	struct list_head link;
	struct module *mod;
	bool sure;
	unsigned long attached;
};

static LIST_HEAD(announcers);	/* changed by the notifier only, one at a time */

static struct bt_driver_event event_of(const struct bt_announcer *from,
				       enum bt_driver_op op, struct device *dev,
				       const void *client)
{
	return (struct bt_driver_event) {
		.op = op,
		.dev = dev,
		.client = client,
		.driver = from->mod->name,
		.sure = READ_ONCE(from->sure),
	};
}

static void tell(const struct bt_announcer *from, enum bt_driver_op op,
		 struct device *dev, const void *client)
{
	const struct bt_driver_event e = event_of(from, op, dev, client);

	bt_driver_tell(&e);
}

static void on_device_begin(void *data, struct device *dev)
{
	tell(data, BT_DEVICE_BEGIN, dev, NULL);
}

static void on_device_end(void *data, struct device *dev)
{
	tell(data, BT_DEVICE_END, dev, NULL);
}

static void on_client_begin(void *data, struct device *dev, const void *client)
{
	tell(data, BT_CLIENT_BEGIN, dev, client);
}

static void on_client_end(void *data, struct device *dev, const void *client)
{
	tell(data, BT_CLIENT_END, dev, client);
}

/* What a driver says is not taken on trust: a report must be a valid one */
static bool is_valid(enum bt_driver_op op, const struct buftrack_buffer *b)
{
	if (b->struct_size < offsetofend(struct buftrack_buffer, id) ||
	    bt_name_check(b->space, BUFTRACK_SPACE_NAME_SIZE))
		return false;
	if (op == BT_BUFFER_FREE)
		return !b->span;
	return b->size && (!b->span || b->address <= U64_MAX - (b->span - 1));
}

static void tell_buffer(const struct bt_announcer *from, enum bt_driver_op op,
			struct device *dev, const void *client,
			const struct buftrack_buffer *b)
{
	struct bt_driver_event e = event_of(from, op, dev, client);

	if (!is_valid(op, b)) {
		tell(from, BT_REPORT_LOST, dev, NULL);
		return;
	}
	e.space = b->space;
	e.capacity = b->capacity;
	e.counted = b->flags & BUFTRACK_BUFFER_COUNTED;
	e.buffer.address = b->address;
	e.buffer.size = b->size;
	e.buffer.span = b->span;
	e.buffer.id = b->id;
	if (op == BT_BUFFER_FREE && b->flags & BUFTRACK_BUFFER_REFUSED)
		e.buffer.flags = BUFTRACK_REPORT_REFUSED;
	bt_driver_tell(&e);
}

static void on_alloc(void *data, struct device *dev, const void *client,
		     const struct buftrack_buffer *buffer)
{
	tell_buffer(data, BT_BUFFER_ALLOC, dev, client, buffer);
}

static void on_free(void *data, struct device *dev, const void *client,
		    const struct buftrack_buffer *buffer)
{
	tell_buffer(data, BT_BUFFER_FREE, dev, client, buffer);
}

/*
 * Tracepoints by name, and what they are attached to: ends before beginnings, and that
 * of the device last, so that all is told of a device that is seen to begin
 */
static const struct {
	const char *name;
	void *probe;
} points[] = {
	{ "buftrack_device_end", on_device_end },
	{ "buftrack_client_end", on_client_end },
	{ "buftrack_buffer_free", on_free },
	{ "buftrack_client_begin", on_client_begin },
	{ "buftrack_buffer_alloc", on_alloc },
	{ "buftrack_device_begin", on_device_begin },
};

/* NULL: the module has no tracepoint of that name */
static struct tracepoint *find_point(const struct module *mod, const char *name)
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

static bool attach_to(struct bt_announcer *a, unsigned int i)
{
	struct tracepoint *tp = find_point(a->mod, points[i].name);

	if (!tp || tracepoint_probe_register(tp, points[i].probe, a))
		return false;
	a->attached |= BIT(i);
	return true;
}

static bool has_points(const struct module *mod)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(points); i++)
		if (find_point(mod, points[i].name))
			return true;
	return false;
}

static void attach(struct module *mod)
{
	struct bt_announcer *a;
	bool all = true;
	unsigned int i;

	if (!has_points(mod))
		return;
	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return;
	a->mod = mod;
	list_add(&a->link, &announcers);
	for (i = 0; i < ARRAY_SIZE(points) - 1; i++)
		all &= attach_to(a, i);
	WRITE_ONCE(a->sure, all);
	attach_to(a, i);
}

static void detach(struct bt_announcer *a)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(points); i++)
		if (a->attached & BIT(i))
			tracepoint_probe_unregister(find_point(a->mod,
							       points[i].name),
						    points[i].probe, a);
	tracepoint_synchronize_unregister();
	list_del(&a->link);
	if (a->mod->state == MODULE_STATE_GOING)
		bt_chips_end_of(a->mod->name);
	kfree(a);
}

static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	struct tp_module *tp_mod = data;
	struct bt_announcer *a, *next;

	if (state == MODULE_STATE_COMING)
		attach(tp_mod->mod);
	if (state != MODULE_STATE_GOING)
		return NOTIFY_OK;
	list_for_each_entry_safe(a, next, &announcers, link)
		if (a->mod == tp_mod->mod)
			detach(a);
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = on_module };

/**
 * bt_announced_init() - attach to drivers that are there, and to those that come
 *
 * Return: 0 or a negative errno.
 */
int __init bt_announced_init(void)
{
	return register_tracepoint_module_notifier(&notifier);
}

/**
 * bt_announced_exit() - let go of all of them
 */
void bt_announced_exit(void)
{
	/* It is told that all modules go, whose state says that they do not */
	unregister_tracepoint_module_notifier(&notifier);
}
