// SPDX-License-Identifier: GPL-2.0
/* Attaching adapters to drivers by kprobes, and detaching them */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device/bus.h>
#include <linux/device/driver.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "probe.h"

/* Concurrent calls of one function whose returns can be probed */
#define BT_MAX_ACTIVE		128

/* A probe may sit behind an instruction that marks the entry of a function */
#define BT_PROBE_OFFSET		16

/**
 * struct bt_probe - a row of an adapter's table, and its probe
 * @desc: the row
 * @attachment: its adapter's attachment
 * @state: enum buftrack_probe_state
 * @handler: handler for the symbol that was found
 * @krp: the probe, for entry as for return
 * @hits: calls that were handled
 * @missed: missed calls that have been reported as lost
 * @leaving: the probe is being unregistered
 * @symbol: name of the function, prefixed by its module's
 */
struct bt_probe {
	const struct bt_probe_desc *desc;
	struct bt_attachment *attachment;
	u32 state;
	bool (*handler)(const struct bt_call *call, struct bt_driver_event *e);
	struct kretprobe krp;
	atomic64_t hits;
	unsigned long missed;
	bool leaving;
	char symbol[BUFTRACK_SYMBOL_SIZE];
};

/**
 * struct bt_attachment - an adapter and its probes
 * @adapter: the adapter
 * @complete: every probe that the tracked buffers depend on is in place
 * @support: how far the adapter supports the module
 * @probes: one per row
 * @entries: scratch space to unregister all entry probes in one go
 * @returns: the same for return probes
 */
struct bt_attachment {
	const struct bt_adapter *adapter;
	bool complete;
	struct bt_adapter_support support;
	struct bt_probe *probes;
	struct kprobe **entries;
	struct kretprobe **returns;
};

/* TTM is attached before DRM, whose probe of drm_dev_init() reports begins of devices */
static const struct bt_adapter *const probe_adapters[] = {
#ifdef BT_TTM_ADAPTER
	&bt_ttm_adapter,
#endif
#if IS_ENABLED(CONFIG_DRM)
	&bt_drm_adapter,
#endif
#if IS_ENABLED(CONFIG_PCI)
#if IS_ENABLED(CONFIG_DRM)
	&bt_kfd_adapter,
#endif
#if IS_ENABLED(CONFIG_DRM_ACCEL)
	&bt_habanalabs_adapter,
#endif
	&bt_nvidia_adapter,
	&bt_tenstorrent_adapter,
#endif
};

static DEFINE_MUTEX(probe_lock);	/* guards attaching, detaching and @state */
static struct bt_attachment probe_attachments[ARRAY_SIZE(probe_adapters) + 1];

static struct bt_probe *probe_of(struct kretprobe *krp)
{
	return container_of(krp, struct bt_probe, krp);
}

/* Missed calls may have concerned any device: every binding notes a gap */
static void probe_report_missed(struct bt_probe *p)
{
	unsigned long missed = READ_ONCE(p->krp.nmissed) +
			       READ_ONCE(p->krp.kp.nmissed);
	unsigned long reported = READ_ONCE(p->missed);

	if (likely(missed == reported))
		return;
	if (cmpxchg(&p->missed, reported, missed) == reported &&
	    !p->desc->no_buffer)
		bt_driver_lost(missed - reported);
}

/* Report an event of a call; false: the call has no more */
static bool probe_report_next(struct bt_probe *p, struct bt_call *call)
{
	struct bt_driver_event e = {
		.driver = p->attachment->adapter->name,
		.complete = p->attachment->complete,
	};
	bool any = p->desc->each ? p->desc->each(call, &e) :
				   p->handler(call, &e);

	if (any)
		bt_driver_report(&e);
	return any && p->desc->each;
}

static void probe_report(struct bt_probe *p, struct bt_call *call)
{
	probe_report_missed(p);
	atomic64_inc(&p->hits);
	while (probe_report_next(p, call))
		;
}

static void probe_init_call(struct bt_call *call, const struct bt_probe *p,
			    struct pt_regs *regs)
{
	unsigned int i;

	for (i = 0; i < BT_CALL_ARGS; i++)
		call->arg[i] = regs_get_kernel_argument(regs, i);
	call->result = 0;
	call->next = 0;
	call->attachment = p->attachment;
}

/**
 * bt_call_reaches() - whether a pointer points to a function of the adapter's table
 * @call: a call of the same adapter
 * @function: the pointer
 * @symbol: name of the function in the table
 *
 * Context: any.
 * Return: true if so.
 */
bool bt_call_reaches(const struct bt_call *call, const void *function,
		     const char *symbol)
{
	const struct bt_attachment *a = call->attachment;
	unsigned int i;

	for (i = 0; i < a->adapter->nr_descs; i++) {
		const struct bt_probe *p = &a->probes[i];
		const void *addr = p->krp.kp.addr;

		if (!strcmp(p->desc->symbol, symbol))
			return addr >= function &&
			       addr - function < BT_PROBE_OFFSET;
	}
	return false;
}

static bool probe_skips(const struct bt_probe *p, const struct bt_call *call)
{
	return p->desc->skip && p->desc->skip(call);
}

/* Handler of an entry probe */
static int probe_at_entry(struct kprobe *kp, struct pt_regs *regs)
{
	struct bt_probe *p = probe_of(container_of(kp, struct kretprobe, kp));
	struct bt_call call;

	probe_init_call(&call, p, regs);
	if (!probe_skips(p, &call))
		probe_report(p, &call);
	return 0;
}

/* Entry handler of a return probe; 1: the return is not probed */
static int probe_before_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *krp = get_kretprobe(ri);
	struct bt_call *call = (struct bt_call *)ri->data;
	const struct bt_probe *p;

	if (!krp)
		return 1;
	p = probe_of(krp);
	probe_init_call(call, p, regs);
	if (probe_skips(p, call))
		return 1;
	if (p->desc->enter)
		p->desc->enter(call);
	return 0;
}

/* Handler of a return probe */
static int probe_at_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *krp = get_kretprobe(ri);
	struct bt_call *call = (struct bt_call *)ri->data;

	if (!krp)
		return 0;
	call->result = regs_return_value(regs);
	probe_report(probe_of(krp), call);
	return 0;
}

static int probe_register_at(struct bt_probe *p, const char *mod,
			     const char *symbol)
{
	memset(&p->krp, 0, sizeof(p->krp));
	WRITE_ONCE(p->missed, 0);
	snprintf(p->symbol, sizeof(p->symbol), "%s%s%s", mod, *mod ? ":" : "",
		 symbol);
	p->krp.kp.symbol_name = p->symbol;
	if (!p->desc->at_return) {
		p->krp.kp.pre_handler = probe_at_entry;
		return register_kprobe(&p->krp.kp);
	}
	p->krp.entry_handler = probe_before_return;
	p->krp.handler = probe_at_return;
	p->krp.data_size = sizeof(struct bt_call);
	p->krp.maxactive = BT_MAX_ACTIVE;
	return register_kretprobe(&p->krp);
}

/* If a suffixed copy exists, the plain function may have no caller */
static int probe_register_in(struct bt_probe *p, const char *mod)
{
	const struct bt_probe_desc *desc = p->desc;
	int err = -ENOENT;

	if (desc->isra_symbol) {
		p->handler = desc->isra_handler ?: desc->handler;
		err = probe_register_at(p, mod, desc->isra_symbol);
	}
	if (err) {
		p->handler = desc->handler;
		err = probe_register_at(p, mod, desc->symbol);
	}
	return err;
}

static int probe_register(struct bt_probe *p)
{
	const struct bt_adapter *adapter = p->attachment->adapter;
	int err = -ENOENT;

	if (!p->desc->in_kernel)
		err = probe_register_in(p, adapter->module);
	if (err && (adapter->built_in || p->desc->in_kernel))
		err = probe_register_in(p, "");
	return err;
}

static void probe_set_states(struct bt_attachment *a, u32 from, u32 to)
{
	unsigned int i;

	lockdep_assert_held(&probe_lock);
	for (i = 0; i < a->adapter->nr_descs; i++)
		if (a->probes[i].state == from)
			a->probes[i].state = to;
}

static bool probe_is_in_place(const struct bt_probe *p)
{
	return p->state == BUFTRACK_PROBE_STATE_IN_PLACE;
}

/* All at once: each call waits for every processor */
static void probe_unregister(struct bt_attachment *a, u32 tracks, u32 state)
{
	unsigned int i, nr_entries = 0, nr_returns = 0;

	for (i = 0; i < a->adapter->nr_descs; i++) {
		struct bt_probe *p = &a->probes[i];

		if (!probe_is_in_place(p) || (tracks && !(p->desc->tracks & tracks)))
			continue;
		p->leaving = true;
		if (p->desc->at_return)
			a->returns[nr_returns++] = &p->krp;
		else
			a->entries[nr_entries++] = &p->krp.kp;
	}
	unregister_kprobes(a->entries, nr_entries);
	unregister_kretprobes(a->returns, nr_returns);
	for (i = 0; i < a->adapter->nr_descs; i++) {
		if (!a->probes[i].leaving)
			continue;
		/* No later call reports the last misses */
		probe_report_missed(&a->probes[i]);
		a->probes[i].state = state;
		a->probes[i].leaving = false;
	}
}

/* A function that the module lacks makes no gap; one that we cannot read makes one */
static void probe_assess(struct bt_attachment *a)
{
	unsigned int i;

	for (i = 0; a->adapter->identify && i < a->adapter->nr_descs; i++) {
		struct bt_probe *p = &a->probes[i];

		if (p->state != BUFTRACK_PROBE_STATE_WAITING)
			continue;
		if (p->desc->feature & ~a->support.has)
			p->state = BUFTRACK_PROBE_STATE_ABSENT;
		else if (p->desc->tracks & ~a->support.reads)
			p->state = BUFTRACK_PROBE_STATE_UNKNOWN_VERSION;
	}
}

/* Buffers whose allocation or end cannot be seen */
static u32 probe_blind(const struct bt_attachment *a)
{
	unsigned int i;
	u32 blind = 0;

	for (i = 0; i < a->adapter->nr_descs; i++) {
		const struct bt_probe *p = &a->probes[i];

		if (p->state == BUFTRACK_PROBE_STATE_MISSING && !p->desc->optional)
			blind |= p->desc->tracks;
	}
	return blind;
}

/* A probe that stands for all buffers leaves a gap if it is missing */
static bool probe_is_complete(const struct bt_attachment *a)
{
	unsigned int i;

	for (i = 0; i < a->adapter->nr_descs; i++) {
		const struct bt_probe *p = &a->probes[i];

		if (p->state == BUFTRACK_PROBE_STATE_MISSING && !p->desc->optional &&
		    !p->desc->tracks)
			return false;
	}
	return true;
}

static struct bt_probe *probe_by_symbol(struct bt_attachment *a, const char *symbol)
{
	unsigned int i;

	for (i = 0; i < a->adapter->nr_descs; i++)
		if (!strcmp(a->adapter->descs[i].symbol, symbol))
			return &a->probes[i];
	return NULL;
}

/* A row that stands in for an inlined function takes over from it */
static void probe_substitute(struct bt_attachment *a, struct bt_probe *p)
{
	struct bt_probe *other;

	if (!p->desc->instead_of)
		return;
	other = probe_by_symbol(a, p->desc->instead_of);
	if (other->state == BUFTRACK_PROBE_STATE_MISSING)
		other->state = BUFTRACK_PROBE_STATE_ABSENT;
	else if (probe_is_in_place(other))
		p->state = BUFTRACK_PROBE_STATE_ABSENT;
}

/* Buffers whose end cannot be seen are not tracked: no probe of them is put in place */
static void probe_register_one(struct bt_attachment *a, struct bt_probe *p)
{
	probe_substitute(a, p);
	if (p->state != BUFTRACK_PROBE_STATE_WAITING)
		return;
	if (!(p->desc->tracks & probe_blind(a)) && !probe_register(p))
		p->state = BUFTRACK_PROBE_STATE_IN_PLACE;
	else
		p->state = BUFTRACK_PROBE_STATE_MISSING;
}

/* A function of the kernel does not prove that the module is loaded */
static void probe_register_all(struct bt_attachment *a)
{
	unsigned int i;
	bool any = false;

	for (i = 0; i < a->adapter->nr_descs; i++) {
		struct bt_probe *p = &a->probes[i];

		if (!p->desc->in_kernel || any)
			probe_register_one(a, p);
		any |= probe_is_in_place(p);
	}
}

static unsigned int probe_count(const struct bt_attachment *a, u32 state)
{
	unsigned int i, n = 0;

	for (i = 0; i < a->adapter->nr_descs; i++)
		n += a->probes[i].state == state;
	return n;
}

static void probe_log_version(const struct bt_attachment *a)
{
	const struct bt_adapter *adapter = a->adapter;

	if (a->support.untested)
		pr_info("%s: version %s of %s is newer than tested\n", adapter->name,
			a->support.version, adapter->module);
	else if (a->support.no_hardware)
		pr_info("%s: untested on hardware\n", adapter->name);
	if (probe_count(a, BUFTRACK_PROBE_STATE_UNKNOWN_VERSION))
		pr_warn("%s: version %s of %s: not all is covered: %s\n",
			adapter->name, a->support.version, adapter->module,
			adapter->remedy);
}

static void probe_log(const struct bt_attachment *a)
{
	const struct bt_adapter *adapter = a->adapter;
	unsigned int i;

	pr_info("%s: %u of %u probes in place\n", adapter->name,
		probe_count(a, BUFTRACK_PROBE_STATE_IN_PLACE),
		adapter->nr_descs - probe_count(a, BUFTRACK_PROBE_STATE_ABSENT));
	probe_log_version(a);
	for (i = 0; i < adapter->nr_descs; i++)
		if (a->probes[i].state == BUFTRACK_PROBE_STATE_MISSING)
			pr_warn("%s: no probe of %s: not covered: %s\n",
				adapter->name, adapter->descs[i].symbol,
				adapter->descs[i].covers);
}

static void probe_detach(struct bt_attachment *a)
{
	lockdep_assert_held(&probe_lock);
	probe_unregister(a, 0, BUFTRACK_PROBE_STATE_WAITING);
	probe_set_states(a, BUFTRACK_PROBE_STATE_ABSENT,
			 BUFTRACK_PROBE_STATE_WAITING);
	probe_set_states(a, BUFTRACK_PROBE_STATE_MISSING,
			 BUFTRACK_PROBE_STATE_WAITING);
	probe_set_states(a, BUFTRACK_PROBE_STATE_UNKNOWN_VERSION,
			 BUFTRACK_PROBE_STATE_WAITING);
}

/* Has the first function been found? The others may be in the kernel itself. */
static bool probe_found_module(const struct bt_attachment *a)
{
	return a->probes[0].state == BUFTRACK_PROBE_STATE_IN_PLACE;
}

/*
 * Find a module that is already loaded by its driver. It cannot be unloaded meanwhile:
 * an unload calls the notifier first, which waits for the lock.
 */
static const struct module *probe_find_module(const struct bt_adapter *adapter)
{
	const struct device_driver *drv = driver_find(adapter->driver, adapter->bus);

	lockdep_assert_held(&probe_lock);
	return drv && drv->owner && !strcmp(drv->owner->name, adapter->module) ?
	       drv->owner : NULL;
}

static void probe_refuse(struct bt_attachment *a)
{
	probe_set_states(a, BUFTRACK_PROBE_STATE_WAITING,
			 BUFTRACK_PROBE_STATE_UNKNOWN_VERSION);
	pr_warn("%s: version %s of %s is unknown: not covered: %s\n", a->adapter->name,
		a->support.version, a->adapter->module, a->adapter->remedy);
}

/* Is the module loaded, as far as we can see, and does the table fit its version? */
static bool probe_is_supported(struct bt_attachment *a, const struct module *mod)
{
	const struct bt_adapter *adapter = a->adapter;

	if (!adapter->identify)
		return true;
	if (!mod)
		mod = probe_find_module(adapter);
	if (!mod)
		return false;
	if (adapter->identify(mod, &a->support))
		return true;
	probe_refuse(a);
	return false;
}

/* @mod: the module that is being loaded; NULL: attach if it is already loaded */
static void probe_attach(struct bt_attachment *a, const struct module *mod)
{
	u32 blind;

	lockdep_assert_held(&probe_lock);
	if (!probe_is_supported(a, mod))
		return;
	a->complete = false;
	probe_assess(a);
	probe_register_all(a);
	if (!mod && !a->adapter->identify && !probe_found_module(a)) {
		probe_detach(a);
		return;
	}
	probe_set_states(a, BUFTRACK_PROBE_STATE_WAITING,
			 BUFTRACK_PROBE_STATE_MISSING);
	blind = probe_blind(a);
	if (blind)
		probe_unregister(a, blind, BUFTRACK_PROBE_STATE_MISSING);
	a->complete = probe_is_complete(a);
	probe_log(a);
}

static bool probe_is_waiting(const struct bt_attachment *a)
{
	return a->probes[0].state == BUFTRACK_PROBE_STATE_WAITING;
}

static void probe_notify_one(struct bt_attachment *a, unsigned long state,
			     const struct module *mod)
{
	if (a->adapter->forget)
		a->adapter->forget();
	if (strcmp(a->adapter->module, mod->name))
		return;
	if (state == MODULE_STATE_COMING ||
	    (state == MODULE_STATE_LIVE && probe_is_waiting(a)))
		probe_attach(a, mod);
	else if (state == MODULE_STATE_GOING)
		probe_detach(a);
}

static int probe_notify(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *mod = data;
	unsigned int i;

	mutex_lock(&probe_lock);
	for (i = 0; i < ARRAY_SIZE(probe_adapters); i++)
		probe_notify_one(&probe_attachments[i], state, mod);
	mutex_unlock(&probe_lock);
	/* The only sign of an unbind on buses other than PCI and platform */
	if (state == MODULE_STATE_GOING)
		bt_driver_unloaded(mod->name);
	return NOTIFY_OK;
}

static struct notifier_block probe_notifier = { .notifier_call = probe_notify };

static void probe_fini_attachments(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probe_adapters); i++) {
		kfree(probe_attachments[i].probes);
		kfree(probe_attachments[i].entries);
		kfree(probe_attachments[i].returns);
	}
}

static int probe_init_attachment(struct bt_attachment *a,
				 const struct bt_adapter *adapter)
{
	unsigned int nr = adapter->nr_descs, i;

	a->adapter = adapter;
	a->probes = kcalloc(nr, sizeof(*a->probes), GFP_KERNEL);
	a->entries = kcalloc(nr, sizeof(*a->entries), GFP_KERNEL);
	a->returns = kcalloc(nr, sizeof(*a->returns), GFP_KERNEL);
	if (!a->probes || !a->entries || !a->returns)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		a->probes[i].desc = &adapter->descs[i];
		a->probes[i].attachment = a;
		strscpy(a->probes[i].symbol, adapter->descs[i].symbol,
			sizeof(a->probes[i].symbol));
	}
	return 0;
}

/**
 * bt_probes_init() - attach to loaded drivers, and to others when they load
 *
 * Return: 0 or a negative errno.
 */
int __init bt_probes_init(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(probe_adapters); i++)
		err = probe_init_attachment(&probe_attachments[i],
					    probe_adapters[i]);
	if (!err)
		err = register_module_notifier(&probe_notifier);
	if (err) {
		probe_fini_attachments();
		return err;
	}
	mutex_lock(&probe_lock);
	for (i = 0; i < ARRAY_SIZE(probe_adapters); i++)
		if (probe_is_waiting(&probe_attachments[i]))
			probe_attach(&probe_attachments[i], NULL);
	mutex_unlock(&probe_lock);
	return 0;
}

/**
 * bt_probes_exit() - detach from all drivers
 *
 * Context: may sleep.
 */
void bt_probes_exit(void)
{
	unsigned int i;

	unregister_module_notifier(&probe_notifier);
	mutex_lock(&probe_lock);
	for (i = 0; i < ARRAY_SIZE(probe_adapters); i++)
		probe_detach(&probe_attachments[i]);
	mutex_unlock(&probe_lock);
	probe_fini_attachments();
}

static struct bt_probe *probe_find(u32 number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probe_adapters); i++) {
		if (number < probe_adapters[i]->nr_descs)
			return &probe_attachments[i].probes[number];
		number -= probe_adapters[i]->nr_descs;
	}
	return NULL;
}

/* The state as users see it */
static u32 probe_shown_state(const struct bt_probe *p)
{
	const struct bt_adapter_support *support = &p->attachment->support;

	if (probe_is_in_place(p) && support->untested)
		return BUFTRACK_PROBE_STATE_UNTESTED;
	if (probe_is_in_place(p) && support->no_hardware)
		return BUFTRACK_PROBE_STATE_NO_HARDWARE;
	return p->state;
}

static void probe_fill_info(struct buftrack_probe_info *info, struct bt_probe *p)
{
	const struct bt_adapter *adapter = p->attachment->adapter;

	info->state = probe_shown_state(p);
	info->hits = atomic64_read(&p->hits);
	info->missed = READ_ONCE(p->missed);
	strscpy_pad(info->adapter, adapter->name, sizeof(info->adapter));
	strscpy_pad(info->module, adapter->module, sizeof(info->module));
	strscpy_pad(info->symbol, p->symbol, sizeof(info->symbol));
	strscpy_pad(info->covers, p->desc->covers, sizeof(info->covers));
}

/**
 * bt_probe_describe() - describe a probe to user space
 * @info: in: number of the probe; out: the rest
 * @next: return the first probe whose number is >= the given one
 *
 * Probes are numbered without gaps, so @next makes no difference.
 *
 * Context: may sleep.
 * Return: 0, or -ENOENT: there is no such probe.
 */
int bt_probe_describe(struct buftrack_probe_info *info, bool next)
{
	struct bt_probe *p;

	mutex_lock(&probe_lock);
	p = probe_find(info->probe);
	if (p)
		probe_fill_info(info, p);
	mutex_unlock(&probe_lock);
	return p ? 0 : -ENOENT;
}
