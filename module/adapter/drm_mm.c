// SPDX-License-Identifier: GPL-2.0
/*
 * How a DRM driver manages the memory of its buffers
 *
 * It is asked for in each call, so what was found is kept, by the address of the
 * driver's structure. That is another driver's one day, so all is forgotten whenever a
 * module comes or goes.
 */
#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <drm/drm_drv.h>
#include "drm_mm.h"

/* Drivers that are kept, and bits of an address that the kind takes */
#define BT_KEPT_KINDS	8
#define BT_KIND_MASK	7UL

static_assert(BT_NR_KINDS - 1 <= BT_KIND_MASK);

static const struct {
	const char *name;
	enum bt_kind kind;
} drivers[] = {
	{ "amdgpu", BT_KIND_AMDGPU },
	{ "bochs-drm", BT_KIND_TTM_RANGES },
	/* Only what is in memory of the device is TTM's, and that is GEM objects, too */
	{ "i915", BT_KIND_GEM },
	{ "nouveau", BT_KIND_TTM_PAGES },
	{ "qxl", BT_KIND_TTM_RANGES },
	{ "radeon", BT_KIND_TTM_RANGES },
	{ "vboxvideo", BT_KIND_TTM_RANGES },
	{ "vmwgfx", BT_KIND_TTM_PAGES },
	{ "xe", BT_KIND_TTM_BYTES },
};

static unsigned long kept[BT_KEPT_KINDS];	/* address | kind */

/**
 * bt_kind_of_name() - the kind of a driver that is known by name
 * @name: its name
 *
 * Return: the kind; %BT_KIND_UNKNOWN if the name is not known.
 */
enum bt_kind bt_kind_of_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(drivers[i].name, name))
			return drivers[i].kind;
	return BT_KIND_UNKNOWN;
}

/* Whether a driver's module stands on TTM, by itself or through a helper */
static bool stands_on_ttm(const struct module *mod)
{
#ifdef CONFIG_MODULE_UNLOAD
	const struct module_use *use;

	if (!mod)
		return false;
	list_for_each_entry(use, &mod->target_list, target_list)
		if (!strcmp(use->target->name, "ttm") ||
		    !strcmp(use->target->name, "drm_vram_helper"))
			return true;
#endif
	return false;
}

static enum bt_kind find_kind(const struct drm_driver *driver)
{
	enum bt_kind kind = bt_kind_of_name(driver->name);

	if (kind != BT_KIND_UNKNOWN)
		return kind;
	return stands_on_ttm(driver->fops ? driver->fops->owner : NULL) ?
	       BT_KIND_TTM : BT_KIND_GEM;
}

static void keep(const struct drm_driver *driver, enum bt_kind kind)
{
	unsigned int i;

	if ((unsigned long)driver & BT_KIND_MASK)
		return;
	for (i = 0; i < BT_KEPT_KINDS; i++)
		if (!cmpxchg(&kept[i], 0, (unsigned long)driver | kind))
			return;
}

/**
 * bt_kind_of() - the kind of a driver
 * @driver: the driver
 *
 * Context: any.
 * Return: the kind, never %BT_KIND_UNKNOWN.
 */
enum bt_kind bt_kind_of(const struct drm_driver *driver)
{
	enum bt_kind kind;
	unsigned int i;

	for (i = 0; i < BT_KEPT_KINDS; i++) {
		unsigned long word = READ_ONCE(kept[i]);

		if ((word & ~BT_KIND_MASK) == (unsigned long)driver)
			return word & BT_KIND_MASK;
	}
	kind = find_kind(driver);
	keep(driver, kind);
	return kind;
}

/**
 * bt_kinds_forget() - a driver may have another's address
 */
void bt_kinds_forget(void)
{
	unsigned int i;

	for (i = 0; i < BT_KEPT_KINDS; i++)
		WRITE_ONCE(kept[i], 0);
}
