/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Adapters: tables that say where in a driver's code which buffers come and go
 *
 * An adapter is a file of its own with one table. Each row names a function, when to
 * look, and an accessor that makes an event of the function's arguments and result.
 * Everything else (attaching when the driver is loaded, letting go when it is
 * unloaded, missing functions, missed calls) is the same for all, in probe.c.
 */
#ifndef BUFTRACK_DRIVER_PROBE_H
#define BUFTRACK_DRIVER_PROBE_H

#include <linux/types.h>
#include "../driver/chip.h"
#include "../compat.h"

/* Arguments of a function that accessors can have */
#define BT_CALL_ARGS	3

struct bt_site;

/**
 * struct bt_call - a call of a probed function
 * @arg: its first arguments, as on entry; a row's @enter may have changed them
 * @result: what it returned, on return
 * @next: where an accessor that is called again for one call goes on; 0 at first
 * @site: the adapter at work
 */
struct bt_call {
	unsigned long arg[BT_CALL_ARGS];
	unsigned long result;
	unsigned long next;
	const struct bt_site *site;
};

/**
 * struct bt_point - a row of an adapter's table
 * @symbol: the function
 * @or_symbol: its name where the compiler has given it a suffix, NULL: none known
 * @of_kernel: the function is the kernel's, not the module's
 * @no_buffer: no buffer comes or goes in a call: one that is missed makes no gap
 * @on_return: look when it returns, rather than when it is entered
 * @skip: whether there is nothing to tell, as is seen on entry, so that calls that are
 *	  not of interest cost little; may be NULL
 * @enter: called on entry where @on_return is set, to keep what will be gone later;
 *	   may be NULL
 * @look: make an event of the call; false: there is nothing to tell. Cannot sleep.
 * @or_look: instead of @look where the function has @or_symbol, whose arguments the
 *	     compiler may have changed, too; NULL: it has not
 * @each: in place of @look where one call does many things: called until it is false
 * @covers: what is not tracked without this row
 */
struct bt_point {
	const char *symbol;
	const char *or_symbol;
	bool of_kernel;
	bool no_buffer;
	bool on_return;
	bool (*skip)(const struct bt_call *call);
	void (*enter)(struct bt_call *call);
	bool (*look)(const struct bt_call *call, struct bt_driver_event *e);
	bool (*or_look)(const struct bt_call *call, struct bt_driver_event *e);
	bool (*each)(struct bt_call *call, struct bt_driver_event *e);
	const char *covers;
};

struct module;

/**
 * struct bt_adapter - where a driver is looked at
 * @name: its name
 * @module: name of the module that has the functions, as in /proc/modules
 * @built_in: the functions may be in the kernel itself, too
 * @knows: whether the table was made for this version of the module; NULL: it has
 *	   the kernel's own version, and kernel headers tell its structures
 * @bus: where the module registers a driver, by which a module with @knows is found
 *	 that was there before
 * @driver: name of that driver
 * @points: the table; the first function is one that the module has for sure
 * @nr_points: its rows
 */
struct bt_adapter {
	const char *name;
	const char *module;
	bool built_in;
	bool (*knows)(const struct module *mod);
	bt_bus *bus;
	const char *driver;
	const struct bt_point *points;
	unsigned int nr_points;
};

extern const struct bt_adapter bt_drm_adapter;
extern const struct bt_adapter bt_tenstorrent_adapter;
extern const struct bt_adapter bt_ttm_adapter;

bool bt_call_reaches(const struct bt_call *call, const void *function,
		     const char *symbol);

#ifdef CONFIG_KPROBES
int bt_probes_init(void);
void bt_probes_exit(void);
int bt_probe_describe(struct buftrack_probe_info *info, bool next);
#else
static inline int bt_probes_init(void)
{
	return 0;
}

static inline void bt_probes_exit(void)
{
}

static inline int bt_probe_describe(struct buftrack_probe_info *info, bool next)
{
	return -ENOENT;
}
#endif

#endif /* BUFTRACK_DRIVER_PROBE_H */
