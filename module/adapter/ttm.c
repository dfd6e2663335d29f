// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter for TTM: buffers of amdgpu, xe, nouveau, qxl, vmwgfx and others
 *
 * It tracks ttm_resource, the placement of a buffer; a buffer that moves has two for a
 * while. Unless a manager allocates contiguous ranges, the start of a placement is
 * meaningless.
 */
#include <linux/device/driver.h>
#include <linux/mm.h>
#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_resource.h>
#include "drm.h"
#include "drm_mm.h"
#include "probe.h"
#include BT_TTM_BO_HEADER

static const char *bt_ttm_space(const struct ttm_resource *res)
{
	static const char *const names[] = {
		[TTM_PL_SYSTEM] = "TTM_SYSTEM",
		[TTM_PL_TT] = "TT",
		[TTM_PL_VRAM] = "VRAM",
		[TTM_PL_PRIV] = "PRIV",
		"PRIV1", "PRIV2", "PRIV3", "PRIV4", "PRIV5",
	};

	static_assert(ARRAY_SIZE(names) > TTM_PL_PRIV);
	return res->mem_type < ARRAY_SIZE(names) ? names[res->mem_type] : "TTM";
}

static bool bt_ttm_is_device_memory(const struct ttm_resource *res)
{
	return res->mem_type >= TTM_PL_VRAM;
}

static u64 bt_ttm_capacity(enum bt_mm_type type, struct ttm_buffer_object *bo,
			   const struct ttm_resource *res)
{
	const struct ttm_resource_manager *man;

	if (type == BT_MM_TTM || !bt_ttm_is_device_memory(res))
		return 0;
	man = ttm_manager_type(bo->bdev, res->mem_type);
	if (!man)
		return 0;
	return type == BT_MM_TTM_PAGES || type == BT_MM_TTM_RANGES ?
	       (u64)man->size << PAGE_SHIFT : man->size;
}

static void bt_ttm_set_key(struct buftrack_report *buffer,
			   const struct ttm_resource *res, enum bt_mm_type type)
{
	buffer->id = bt_driver_object_id(res);
	buffer->address = buffer->id;
	if (type != BT_MM_TTM_RANGES || !bt_ttm_is_device_memory(res))
		return;
	buffer->address = (u64)res->start << PAGE_SHIFT;
	buffer->span = buffer->size;
}

/*
 * Returns the type of the buffer's driver; BT_MM_UNKNOWN and BT_MM_GEM are not tracked
 * here. A buffer freed while the device uses it moves to a ghost object, which has no
 * drm_device. Every driver with ghosts has a pool of the same struct device.
 */
static enum bt_mm_type bt_ttm_init_event(struct bt_driver_event *e,
					 const struct ttm_buffer_object *bo)
{
	const struct drm_device *drm = bo->base.dev;

	e->refcounted = true;
	e->dev = drm ? drm->dev : bo->bdev->pool.dev;
	if (!e->dev)
		return BT_MM_UNKNOWN;
	e->driver = drm ? drm->driver->name : dev_driver_string(e->dev);
	return drm ? bt_mm_type_of(drm->driver) :
		     bt_mm_type_by_name(e->driver) ?: BT_MM_TTM;
}

static bool bt_ttm_is_tracked(enum bt_mm_type type,
			      const struct ttm_resource *res)
{
	if (type <= BT_MM_GEM || !BT_TTM_BYTES(res))
		return false;
	/* The GDS, GWS and OA domains of amdgpu are not sized in bytes */
	return type != BT_MM_AMDGPU || res->mem_type <= TTM_PL_VRAM;
}

static void bt_ttm_set_from(struct bt_driver_event *e,
			    const struct ttm_resource *res, enum bt_mm_type type)
{
	struct buftrack_report from = {};

	bt_ttm_set_key(&from, res, type);
	e->from_space = bt_ttm_space(res);
	e->from_address = from.address;
	e->from_id = from.id;
}

/* ttm_resource_alloc(bo, place, &resource), at return */
static bool bt_ttm_alloc(const struct bt_call *call, struct bt_driver_event *e)
{
	struct ttm_buffer_object *bo = (void *)call->arg[0];
	const struct ttm_resource *res = *(struct ttm_resource **)call->arg[2];
	enum bt_mm_type type;

	if ((int)call->result || !res)
		return false;
	type = bt_ttm_init_event(e, bo);
	if (!bt_ttm_is_tracked(type, res))
		return false;
	e->op = bo->resource && bo->resource != res ? BT_BUFFER_MOVE :
						      BT_BUFFER_ALLOC;
	e->client = bo->base.dev ? bt_drm_current_client(bo->base.dev) : NULL;
	e->space = bt_ttm_space(res);
	e->capacity = bt_ttm_capacity(type, bo, res);
	e->buffer.size = BT_TTM_BYTES(res);
	bt_ttm_set_key(&e->buffer, res, type);
	if (e->op == BT_BUFFER_MOVE)
		bt_ttm_set_from(e, bo->resource, type);
	return true;
}

/* ttm_resource_free(bo, &resource) */
static bool bt_ttm_skip_free(const struct bt_call *call)
{
	return !*(struct ttm_resource **)call->arg[1];
}

static bool bt_ttm_free(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct ttm_buffer_object *bo = (void *)call->arg[0];
	const struct ttm_resource *res = *(struct ttm_resource **)call->arg[1];
	enum bt_mm_type type = bt_ttm_init_event(e, bo);

	if (!bt_ttm_is_tracked(type, res))
		return false;
	e->op = BT_BUFFER_FREE;
	e->space = bt_ttm_space(res);
	bt_ttm_set_key(&e->buffer, res, type);
	e->buffer.span = 0;
	return true;
}

static const struct bt_probe_desc bt_ttm_descs[] = {
	{
		.symbol = "ttm_resource_free",
		.skip = bt_ttm_skip_free,
		.handler = bt_ttm_free,
		.covers = "frees of TTM placements",
	}, {
		.symbol = "ttm_resource_alloc",
		.at_return = true,
		.handler = bt_ttm_alloc,
		.covers = "TTM placements",
	},
};

const struct bt_adapter bt_ttm_adapter = {
	.name = "ttm",
	.module = "ttm",
	.built_in = true,
	.descs = bt_ttm_descs,
	.nr_descs = ARRAY_SIZE(bt_ttm_descs),
};
