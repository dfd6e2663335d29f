// SPDX-License-Identifier: GPL-2.0
/* Attaching adapters to drivers as they are, and letting go of them */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device/bus.h>
#include <linux/device/driver.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "drm_mm.h"
#include "probe.h"

/* Calls of one function that can be under way at a time and are seen to return */
#define BT_CALLS_AT_ONCE	128

/* A probe may sit behind an instruction that only says that a function begins */
#define BT_PROBE_OFFSET		16

/**
 * struct bt_probe - a row of a table, at work
 * @point: the row
 * @site: the adapter at work that it is of
 * @state: enum buftrack_probe_state
 * @look: accessor for the function that was found
 * @call: the probe, for both entry and return
 * @hits: calls that were looked at
 * @missed: calls that are known to have been missed, and told as lost
 * @symbol: name of the function, with its module's
 */
struct bt_probe {
	const struct bt_point *point;
	struct bt_site *site;
	u32 state;
	bool (*look)(const struct bt_call *call, struct bt_driver_event *e);
	struct kretprobe call;
	atomic64_t hits;
	unsigned long missed;
	char symbol[BUFTRACK_SYMBOL_SIZE];
};

/**
 * struct bt_site - an adapter at work
 * @adapter: the adapter
 * @sure: every row is in place
 * @probes: its rows
 * @entries: room to let go of the probes of entries all at once
 * @returns: the same for those of returns
 */
struct bt_site {
	const struct bt_adapter *adapter;
	bool sure;
	struct bt_probe *probes;
	struct kprobe **entries;
	struct kretprobe **returns;
};

/* Those that tell that a device begins come after those that tell of it, too */
static const struct bt_adapter *const adapters[] = {
#if IS_ENABLED(CONFIG_DRM_TTM)
	&bt_ttm_adapter,
#endif
#if IS_ENABLED(CONFIG_DRM)
	&bt_drm_adapter,
#endif
#if IS_ENABLED(CONFIG_PCI)
	&bt_tenstorrent_adapter,
#endif
};

static DEFINE_MUTEX(sites_lock);	/* guards attaching and letting go */
static struct bt_site sites[ARRAY_SIZE(adapters) + 1];

static struct bt_probe *probe_of(struct kretprobe *call)
{
	return container_of(call, struct bt_probe, call);
}

/* What a probe missed may have been anything: all that is known has a gap */
static void see_to_missed(struct bt_probe *p)
{
	unsigned long missed = READ_ONCE(p->call.nmissed) +
			       READ_ONCE(p->call.kp.nmissed);
	unsigned long told = READ_ONCE(p->missed);

	if (likely(missed == told))
		return;
	if (cmpxchg(&p->missed, told, missed) == told && !p->point->no_buffer)
		bt_driver_lost(missed - told);
}

/* One event of a call; false: there is none, or no other */
static bool tell_next(struct bt_probe *p, struct bt_call *call)
{
	struct bt_driver_event e = {
		.driver = p->site->adapter->name,
		.sure = p->site->sure,
	};
	bool any = p->point->each ? p->point->each(call, &e) :
				    p->look(call, &e);

	if (any)
		bt_driver_tell(&e);
	return any && p->point->each;
}

static void look(struct bt_probe *p, struct bt_call *call)
{
	see_to_missed(p);
	atomic64_inc(&p->hits);
	while (tell_next(p, call))
		;
}

static void take_args(struct bt_call *call, const struct bt_site *site,
		      struct pt_regs *regs)
{
	unsigned int i;

	for (i = 0; i < BT_CALL_ARGS; i++)
		call->arg[i] = regs_get_kernel_argument(regs, i);
	call->result = 0;
	call->next = 0;
	call->site = site;
}

/**
 * bt_call_reaches() - whether a pointer is that of a function that is probed
 * @call: a call that the same adapter looks at
 * @function: the pointer
 * @symbol: the function, as the table of the adapter has it
 *
 * Return: true if so.
 */
bool bt_call_reaches(const struct bt_call *call, const void *function,
		     const char *symbol)
{
	const struct bt_site *site = call->site;
	unsigned int i;

	for (i = 0; i < site->adapter->nr_points; i++) {
		const struct bt_probe *p = &site->probes[i];

		if (!strcmp(p->point->symbol, symbol))
			return (const void *)p->call.kp.addr >= function &&
			       (const void *)p->call.kp.addr - function <
			       BT_PROBE_OFFSET;
	}
	return false;
}

static bool is_skipped(const struct bt_probe *p, const struct bt_call *call)
{
	return p->point->skip && p->point->skip(call);
}

static int on_entry(struct kprobe *kp, struct pt_regs *regs)
{
	struct bt_probe *p = probe_of(container_of(kp, struct kretprobe, kp));
	struct bt_call args;

	take_args(&args, p->site, regs);
	if (!is_skipped(p, &args))
		look(p, &args);
	return 0;
}

static int on_call(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *call = get_kretprobe(ri);
	struct bt_call *args = (struct bt_call *)ri->data;

	if (!call)
		return 1;
	take_args(args, probe_of(call)->site, regs);
	if (is_skipped(probe_of(call), args))
		return 1;
	if (probe_of(call)->point->enter)
		probe_of(call)->point->enter(args);
	return 0;
}

static int on_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *call = get_kretprobe(ri);
	struct bt_call *args = (struct bt_call *)ri->data;

	if (!call)
		return 0;
	args->result = regs_return_value(regs);
	look(probe_of(call), args);
	return 0;
}

static int register_at(struct bt_probe *p, const char *mod, const char *symbol)
{
	memset(&p->call, 0, sizeof(p->call));
	WRITE_ONCE(p->missed, 0);
	snprintf(p->symbol, sizeof(p->symbol), "%s%s%s", mod, *mod ? ":" : "",
		 symbol);
	p->call.kp.symbol_name = p->symbol;
	if (!p->point->on_return) {
		p->call.kp.pre_handler = on_entry;
		return register_kprobe(&p->call.kp);
	}
	p->call.entry_handler = on_call;
	p->call.handler = on_return;
	p->call.data_size = sizeof(struct bt_call);
	p->call.maxactive = BT_CALLS_AT_ONCE;
	return register_kretprobe(&p->call);
}

/* Where the compiler gave a suffix, the function without it may not be called */
static int register_in(struct bt_probe *p, const char *mod)
{
	const struct bt_point *point = p->point;
	int err = -ENOENT;

	if (point->or_symbol) {
		p->look = point->or_look ?: point->look;
		err = register_at(p, mod, point->or_symbol);
	}
	if (err) {
		p->look = point->look;
		err = register_at(p, mod, point->symbol);
	}
	return err;
}

static int register_probe(struct bt_probe *p)
{
	const struct bt_adapter *a = p->site->adapter;
	int err = -ENOENT;

	if (!p->point->of_kernel)
		err = register_in(p, a->module);
	if (err && (a->built_in || p->point->of_kernel))
		err = register_in(p, "");
	return err;
}

static void set_states(struct bt_site *site, u32 from, u32 to)
{
	unsigned int i;

	for (i = 0; i < site->adapter->nr_points; i++)
		if (site->probes[i].state == from)
			site->probes[i].state = to;
}

/* All at once: each time one waits for all processors */
static void unregister_all(struct bt_site *site)
{
	unsigned int i, nr_entries = 0, nr_returns = 0;

	for (i = 0; i < site->adapter->nr_points; i++) {
		struct bt_probe *p = &site->probes[i];

		if (p->state != BUFTRACK_PROBE_STATE_IN_PLACE)
			continue;
		if (p->point->on_return)
			site->returns[nr_returns++] = &p->call;
		else
			site->entries[nr_entries++] = &p->call.kp;
	}
	unregister_kprobes(site->entries, nr_entries);
	unregister_kretprobes(site->returns, nr_returns);
	/* What was missed last, no later call tells */
	for (i = 0; i < site->adapter->nr_points; i++)
		if (site->probes[i].state == BUFTRACK_PROBE_STATE_IN_PLACE)
			see_to_missed(&site->probes[i]);
	set_states(site, BUFTRACK_PROBE_STATE_IN_PLACE, BUFTRACK_PROBE_STATE_WAITING);
}

static unsigned int register_all(struct bt_site *site)
{
	unsigned int i, n = 0;

	for (i = 0; i < site->adapter->nr_points; i++) {
		struct bt_probe *p = &site->probes[i];

		/* The kernel's functions do not tell that the module is there */
		if (p->point->of_kernel && !n)
			continue;
		if (p->state == BUFTRACK_PROBE_STATE_IN_PLACE ||
		    !register_probe(p)) {
			p->state = BUFTRACK_PROBE_STATE_IN_PLACE;
			n++;
		}
	}
	return n;
}

static void tell_of(const struct bt_site *site, unsigned int in_place)
{
	const struct bt_adapter *a = site->adapter;
	unsigned int i;

	pr_info("%s: %u of %u probes in place\n", a->name, in_place,
		a->nr_points);
	for (i = 0; i < a->nr_points; i++)
		if (site->probes[i].state == BUFTRACK_PROBE_STATE_MISSING)
			pr_warn("%s: no function %s: not covered: %s\n", a->name,
				a->points[i].symbol, a->points[i].covers);
}

static void let_go(struct bt_site *site)
{
	lockdep_assert_held(&sites_lock);
	unregister_all(site);
	set_states(site, BUFTRACK_PROBE_STATE_MISSING, BUFTRACK_PROBE_STATE_WAITING);
	set_states(site, BUFTRACK_PROBE_STATE_UNKNOWN_VERSION, BUFTRACK_PROBE_STATE_WAITING);
}

/* Whether its first function has been found: the others may be in the kernel itself */
static bool is_there(const struct bt_site *site)
{
	return site->probes[0].state == BUFTRACK_PROBE_STATE_IN_PLACE;
}

/*
 * The module that is there already, found by its driver. It cannot go meanwhile: the
 * notifier, which is told before, waits for the lock.
 */
static const struct module *find_module_of(const struct bt_adapter *a)
{
	const struct device_driver *drv = driver_find(a->driver, a->bus);

	lockdep_assert_held(&sites_lock);
	return drv && drv->owner && !strcmp(drv->owner->name, a->module) ?
	       drv->owner : NULL;
}

static void refuse(struct bt_site *site)
{
	const struct bt_adapter *a = site->adapter;

	set_states(site, BUFTRACK_PROBE_STATE_WAITING, BUFTRACK_PROBE_STATE_UNKNOWN_VERSION);
	pr_warn("%s: this version of %s is not known: not covered\n", a->name,
		a->module);
}

/* Whether there is a module, as far as one can see, and the table is for it */
static bool is_known(struct bt_site *site, const struct module *mod)
{
	const struct bt_adapter *a = site->adapter;

	if (!a->knows)
		return true;
	if (!mod)
		mod = find_module_of(a);
	if (!mod)
		return false;
	if (a->knows(mod))
		return true;
	refuse(site);
	return false;
}

/* @mod: the module that has come; NULL: look whether it is there */
static void attach(struct bt_site *site, const struct module *mod)
{
	const struct bt_adapter *a = site->adapter;
	unsigned int in_place;

	lockdep_assert_held(&sites_lock);
	if (!is_known(site, mod))
		return;
	site->sure = false;
	in_place = register_all(site);
	if (!mod && !is_there(site)) {
		let_go(site);
		return;
	}
	set_states(site, BUFTRACK_PROBE_STATE_WAITING, BUFTRACK_PROBE_STATE_MISSING);
	site->sure = in_place == a->nr_points;
	tell_of(site, in_place);
}

static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *mod = data;
	unsigned int i;

#if IS_ENABLED(CONFIG_DRM)
	bt_kinds_forget();
#endif
	mutex_lock(&sites_lock);
	for (i = 0; i < ARRAY_SIZE(adapters); i++) {
		if (strcmp(adapters[i]->module, mod->name))
			continue;
		if (state == MODULE_STATE_COMING)
			attach(&sites[i], mod);
		else if (state == MODULE_STATE_LIVE &&
			 sites[i].probes[0].state == BUFTRACK_PROBE_STATE_WAITING)
			attach(&sites[i], mod);
		else if (state == MODULE_STATE_GOING)
			let_go(&sites[i]);
	}
	mutex_unlock(&sites_lock);
	/* Of drivers behind other buses than PCI nobody else tells that they go */
	if (state == MODULE_STATE_GOING)
		bt_chips_end_of(mod->name);
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = on_module };

static void fini_sites(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(adapters); i++) {
		kfree(sites[i].probes);
		kfree(sites[i].entries);
		kfree(sites[i].returns);
	}
}

static int init_site(struct bt_site *site, const struct bt_adapter *a)
{
	unsigned int i;

	site->adapter = a;
	site->probes = kcalloc(a->nr_points, sizeof(*site->probes), GFP_KERNEL);
	site->entries = kcalloc(a->nr_points, sizeof(*site->entries), GFP_KERNEL);
	site->returns = kcalloc(a->nr_points, sizeof(*site->returns), GFP_KERNEL);
	if (!site->probes || !site->entries || !site->returns)
		return -ENOMEM;
	for (i = 0; i < a->nr_points; i++) {
		site->probes[i].point = &a->points[i];
		site->probes[i].site = site;
		strscpy(site->probes[i].symbol, a->points[i].symbol,
			sizeof(site->probes[i].symbol));
	}
	return 0;
}

/**
 * bt_probes_init() - attach to drivers that are there, and to those that come
 *
 * Return: 0 or a negative errno.
 */
int __init bt_probes_init(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(adapters); i++)
		err = init_site(&sites[i], adapters[i]);
	if (!err)
		err = register_module_notifier(&notifier);
	if (err) {
		fini_sites();
		return err;
	}
	mutex_lock(&sites_lock);
	for (i = 0; i < ARRAY_SIZE(adapters); i++)
		if (sites[i].probes[0].state == BUFTRACK_PROBE_STATE_WAITING)
			attach(&sites[i], NULL);
	mutex_unlock(&sites_lock);
	return 0;
}

/**
 * bt_probes_exit() - let go of all drivers
 */
void bt_probes_exit(void)
{
	unsigned int i;

	unregister_module_notifier(&notifier);
	mutex_lock(&sites_lock);
	for (i = 0; i < ARRAY_SIZE(adapters); i++)
		let_go(&sites[i]);
	mutex_unlock(&sites_lock);
	fini_sites();
}

static struct bt_probe *find_probe(u32 number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(adapters); i++) {
		if (number < adapters[i]->nr_points)
			return &sites[i].probes[number];
		number -= adapters[i]->nr_points;
	}
	return NULL;
}

static void fill_info(struct buftrack_probe_info *info, struct bt_probe *p)
{
	const struct bt_adapter *a = p->site->adapter;

	info->state = p->state;
	info->hits = atomic64_read(&p->hits);
	info->missed = READ_ONCE(p->missed);
	strscpy_pad(info->adapter, a->name, sizeof(info->adapter));
	strscpy_pad(info->module, a->module, sizeof(info->module));
	strscpy_pad(info->symbol, p->symbol, sizeof(info->symbol));
	strscpy_pad(info->covers, p->point->covers, sizeof(info->covers));
}

/**
 * bt_probe_describe() - describe a probe
 * @info: @probe: its number; its state, names and counts are set
 * @next: take the first probe from that number on; numbers have no holes
 *
 * Context: may sleep.
 * Return: 0, or -ENOENT: there is no such probe.
 */
int bt_probe_describe(struct buftrack_probe_info *info, bool next)
{
	struct bt_probe *p;

	mutex_lock(&sites_lock);
	p = find_probe(info->probe);
	if (p)
		fill_info(info, p);
	mutex_unlock(&sites_lock);
	return p ? 0 : -ENOENT;
}
