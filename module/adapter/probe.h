/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Adapters: tables of the functions in which a driver allocates and frees buffers
 *
 * An adapter is a file with one table. Each row names a function, says whether to probe
 * its entry or its return, and has a handler that turns arguments and result into an
 * event. probe.c does the rest for all adapters: it attaches when the driver is loaded,
 * detaches when it is unloaded, and accounts for missing functions and missed calls.
 */
#ifndef BUFTRACK_ADAPTER_PROBE_H
#define BUFTRACK_ADAPTER_PROBE_H

#include <linux/errno.h>
#include <linux/types.h>
#include "../compat.h"
#include "../driver/driver.h"

/* Arguments of a function that handlers can read */
#define BT_CALL_ARGS	4

struct bt_attachment;
struct module;

/**
 * struct bt_call - a call of a probed function
 * @arg: its first arguments, as on entry; @enter of the row may overwrite them
 * @result: its return value, at return
 * @next: position of an @each handler within this call; 0 at first
 * @attachment: attachment of the adapter
 */
struct bt_call {
	unsigned long arg[BT_CALL_ARGS];
	unsigned long result;
	unsigned long next;
	const struct bt_attachment *attachment;
};

/**
 * struct bt_probe_desc - a row of an adapter's table
 * @symbol: name of the function
 * @isra_symbol: its name where the compiler appended a suffix; NULL: none known
 * @instead_of: probe it only if the row before it with this symbol, whose function the
 *		compiler may have inlined, is missing; NULL: always
 * @in_kernel: the function is in the kernel, not in the module
 * @no_buffer: its calls concern no buffer: a missed one makes no gap
 * @at_return: probe the return rather than the entry
 * @feature: mask of features that the module needs to have the function; 0: none
 * @tracks: mask of the buffers that are tracked only if this probe is in place; 0: all
 * @optional: no record of a buffer is wrong without it
 * @skip: called on entry; true: ignore the call, at little cost. May be NULL.
 * @enter: with @at_return: called on entry to save values that are gone at return; may
 *	be NULL
 * @handler: turns the call into an event; false: nothing to report. Cannot sleep.
 * @isra_handler: used with @isra_symbol, whose arguments can differ; NULL: @handler
 * @each: used instead of @handler if a call makes several events: called until false
 * @covers: what is not tracked if the function is missing
 */
struct bt_probe_desc {
	const char *symbol;
	const char *isra_symbol;
	const char *instead_of;
	bool in_kernel;
	bool no_buffer;
	bool at_return;
	bool optional;
	u32 feature;
	u32 tracks;
	bool (*skip)(const struct bt_call *call);
	void (*enter)(struct bt_call *call);
	bool (*handler)(const struct bt_call *call, struct bt_driver_event *e);
	bool (*isra_handler)(const struct bt_call *call, struct bt_driver_event *e);
	bool (*each)(struct bt_call *call, struct bt_driver_event *e);
	const char *covers;
};

/**
 * struct bt_adapter_support - how far an adapter supports a module
 * @version: version of the module
 * @has: mask of the features that the module has
 * @reads: mask of those that can be tracked
 * @untested: the module is newer than the versions that the adapter was tested with
 * @no_hardware: the adapter was tested without the module's hardware
 */
struct bt_adapter_support {
	const char *version;
	u32 has;
	u32 reads;
	bool untested;
	bool no_hardware;
};

/**
 * struct bt_adapter - the functions of a driver that are probed
 * @name: name of the adapter
 * @module: module that has the functions, as named in /proc/modules
 * @built_in: the functions may be built into the kernel
 * @identify: find out what this version of the module has; false: nothing can be tracked.
 *	      NULL: the module is versioned with the kernel, whose headers declare its
 *	      structures. May sleep.
 * @remedy: with @identify: advice to the user for a version that cannot be read
 * @bus: with @identify: bus on which the module registers a driver; a module that
 *	 is already loaded is found by it
 * @driver: name of that driver
 * @forget: a module was loaded or unloaded: drop what is cached; may be NULL
 * @descs: the table; every version of the module has the first function
 * @nr_descs: its length
 */
struct bt_adapter {
	const char *name;
	const char *module;
	bool built_in;
	bool (*identify)(const struct module *mod, struct bt_adapter_support *support);
	const char *remedy;
	bt_bus *bus;
	const char *driver;
	void (*forget)(void);
	const struct bt_probe_desc *descs;
	unsigned int nr_descs;
};

extern const struct bt_adapter bt_drm_adapter;
extern const struct bt_adapter bt_habanalabs_adapter;
extern const struct bt_adapter bt_kfd_adapter;
extern const struct bt_adapter bt_nvidia_adapter;
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

#endif /* BUFTRACK_ADAPTER_PROBE_H */
