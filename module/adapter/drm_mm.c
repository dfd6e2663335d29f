// SPDX-License-Identifier: GPL-2.0
/*
 * How a DRM driver manages the memory of its buffers
 *
 * Every probed call looks up its driver, so the result is cached by the address of
 * struct drm_driver. Another driver can get that address once a module is unloaded, so
 * the cache is emptied whenever one is loaded or unloaded.
 */
#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <drm/drm_drv.h>
#include "../compat.h"
#include "drm_mm.h"

/* Drivers in the cache, and the low bits of an address that hold the type */
#define BT_MM_CACHE_SIZE	8
#define BT_MM_TYPE_MASK		7UL

static_assert(BT_NR_MM_TYPES - 1 <= BT_MM_TYPE_MASK);

static const struct {
	const char *name;
	enum bt_mm_type type;
} mm_type_drivers[] = {
	{ "amdgpu", BT_MM_AMDGPU },
	{ "bochs-drm", BT_MM_TTM_RANGES },
	/* TTM holds only its device memory, and GEM objects cover that as well */
	{ "i915", BT_MM_GEM },
	{ "nouveau", BT_MM_TTM_PAGES },
	{ "qxl", BT_MM_TTM_RANGES },
	{ "radeon", BT_MM_TTM_RANGES },
	{ "vboxvideo", BT_MM_TTM_RANGES },
	{ "vmwgfx", BT_MM_TTM_PAGES },
	{ "xe", BT_MM_TTM_BYTES },
};

static unsigned long mm_type_cache[BT_MM_CACHE_SIZE];	/* address | type */

/**
 * bt_mm_type_by_name() - memory management of a driver with a known name
 * @name: its name
 *
 * Context: any.
 * Return: the type, or %BT_MM_UNKNOWN.
 */
enum bt_mm_type bt_mm_type_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mm_type_drivers); i++)
		if (!strcmp(mm_type_drivers[i].name, name))
			return mm_type_drivers[i].type;
	return BT_MM_UNKNOWN;
}

/* Dependencies of modules are visible, and TTM is a module */
#if defined(CONFIG_MODULE_UNLOAD) && IS_MODULE(CONFIG_DRM_TTM)
#define MM_TYPE_BY_DEPENDENCY	1
#else
#define MM_TYPE_BY_DEPENDENCY	0
#endif

/* Does the driver's module depend on TTM, directly or through a helper? */
static bool mm_type_uses_ttm(const struct module *mod)
{
#if MM_TYPE_BY_DEPENDENCY
	const struct bt_module_use *use;

	list_for_each_entry(use, &mod->target_list, target_list)
		if (!strcmp(use->target->name, "ttm") ||
		    !strcmp(use->target->name, "drm_vram_helper"))
			return true;
#endif
	return false;
}

/* Some kernels have a driver of the table that does not use TTM */
static enum bt_mm_type mm_type_find(const struct drm_driver *driver)
{
	const struct module *mod = driver->fops ? driver->fops->owner : NULL;
	enum bt_mm_type type = bt_mm_type_by_name(driver->name);

#ifndef BT_TTM_ADAPTER
	return BT_MM_GEM;
#endif
	if (!MM_TYPE_BY_DEPENDENCY || !mod)
		return type ?: BT_MM_GEM;
	return mm_type_uses_ttm(mod) ? type ?: BT_MM_TTM : BT_MM_GEM;
}

static void mm_type_cache_add(const struct drm_driver *driver,
			      enum bt_mm_type type)
{
	unsigned int i;

	if ((unsigned long)driver & BT_MM_TYPE_MASK)
		return;
	for (i = 0; i < BT_MM_CACHE_SIZE; i++)
		if (!cmpxchg(&mm_type_cache[i], 0, (unsigned long)driver | type))
			return;
}

/**
 * bt_mm_type_of() - memory management of a driver
 * @driver: the driver
 *
 * Context: any.
 * Return: the type, never %BT_MM_UNKNOWN.
 */
enum bt_mm_type bt_mm_type_of(const struct drm_driver *driver)
{
	enum bt_mm_type type;
	unsigned int i;

	for (i = 0; i < BT_MM_CACHE_SIZE; i++) {
		unsigned long word = READ_ONCE(mm_type_cache[i]);

		if ((word & ~BT_MM_TYPE_MASK) == (unsigned long)driver)
			return word & BT_MM_TYPE_MASK;
	}
	type = mm_type_find(driver);
	mm_type_cache_add(driver, type);
	return type;
}

/**
 * bt_mm_types_forget() - empty the cache
 *
 * Context: any.
 */
void bt_mm_types_forget(void)
{
	unsigned int i;

	for (i = 0; i < BT_MM_CACHE_SIZE; i++)
		WRITE_ONCE(mm_type_cache[i], 0);
}
