// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter for TTM: where the buffers of amdgpu, xe, nouveau, qxl, vmwgfx and others
 * are placed
 *
 * What is tracked is the resource, which is one place of a buffer: where a manager
 * gives no contiguous range, its start says nothing. A buffer that moves has two
 * for a while.
 */
#include <linux/device/driver.h>
#include <linux/mm.h>
#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_resource.h>
#include "syscall.h"
#include "drm_mm.h"
#include "probe.h"
#include BT_TTM_BO_HEADER

static const char *space_of(const struct ttm_resource *res)
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

static bool is_device_memory(const struct ttm_resource *res)
{
	return res->mem_type >= TTM_PL_VRAM;
}

static u64 capacity_of(enum bt_kind kind, struct ttm_buffer_object *bo,
		       const struct ttm_resource *res)
{
	const struct ttm_resource_manager *man;

	if (kind == BT_KIND_TTM || !is_device_memory(res))
		return 0;
	man = ttm_manager_type(bo->bdev, res->mem_type);
	if (!man)
		return 0;
	return kind == BT_KIND_TTM_PAGES || kind == BT_KIND_TTM_RANGES ?
	       (u64)man->size << PAGE_SHIFT : man->size;
}

static void place(struct buftrack_report *buffer, const struct ttm_resource *res,
		  enum bt_kind kind)
{
	buffer->id = bt_driver_id(res);
	buffer->address = buffer->id;
	if (kind != BT_KIND_TTM_RANGES || !is_device_memory(res))
		return;
	buffer->address = (u64)res->start << PAGE_SHIFT;
	buffer->span = buffer->size;
}

/*
 * Of which device a place is, and of what kind; GEM, and unknown: none that is tracked
 * here. What is freed when the device has done with it is moved to a ghost, which has no
 * drm_device: that the pool is for the same device holds for all drivers that have
 * ghosts.
 */
static enum bt_kind be_of(struct bt_driver_event *e,
			  const struct ttm_buffer_object *bo)
{
	const struct drm_device *drm = bo->base.dev;

	e->counted = true;
	e->dev = drm ? drm->dev : bo->bdev->pool.dev;
	if (!e->dev)
		return BT_KIND_UNKNOWN;
	e->driver = drm ? drm->driver->name : dev_driver_string(e->dev);
	return drm ? bt_kind_of(drm->driver) :
		     bt_kind_of_name(e->driver) ?: BT_KIND_TTM;
}

static bool is_tracked(enum bt_kind kind, const struct ttm_resource *res)
{
	if (kind <= BT_KIND_GEM || !BT_TTM_BYTES(res))
		return false;
	/* What amdgpu counts in its domains for GDS, GWS and OA is no bytes of memory */
	return kind != BT_KIND_AMDGPU || res->mem_type <= TTM_PL_VRAM;
}

/* ttm_resource_alloc(bo, place, &resource), when it has returned */
static bool look_alloc(const struct bt_call *call, struct bt_driver_event *e)
{
	struct ttm_buffer_object *bo = (void *)call->arg[0];
	const struct ttm_resource *res = *(struct ttm_resource **)call->arg[2];
	struct buftrack_report from = {};
	enum bt_kind kind;

	if ((int)call->result || !res)
		return false;
	kind = be_of(e, bo);
	if (!is_tracked(kind, res))
		return false;
	e->op = bo->resource && bo->resource != res ? BT_BUFFER_MOVE :
						      BT_BUFFER_ALLOC;
	e->client = bo->base.dev ? bt_drm_caller(bo->base.dev) : NULL;
	e->space = space_of(res);
	e->capacity = capacity_of(kind, bo, res);
	e->buffer.size = BT_TTM_BYTES(res);
	place(&e->buffer, res, kind);
	if (e->op == BT_BUFFER_MOVE) {
		e->from_space = space_of(bo->resource);
		place(&from, bo->resource, kind);
		e->from_address = from.address;
		e->from_id = from.id;
	}
	return true;
}

/* ttm_resource_free(bo, &resource) */
static bool skip_free(const struct bt_call *call)
{
	return !*(struct ttm_resource **)call->arg[1];
}

static bool look_free(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct ttm_buffer_object *bo = (void *)call->arg[0];
	const struct ttm_resource *res = *(struct ttm_resource **)call->arg[1];
	enum bt_kind kind = be_of(e, bo);

	if (!is_tracked(kind, res))
		return false;
	e->op = BT_BUFFER_FREE;
	e->space = space_of(res);
	place(&e->buffer, res, kind);
	e->buffer.span = 0;
	return true;
}

static const struct bt_point points[] = {
	{
		.symbol = "ttm_resource_free",
		.skip = skip_free,
		.look = look_free,
		.covers = "frees of TTM placements",
	}, {
		.symbol = "ttm_resource_alloc",
		.on_return = true,
		.look = look_alloc,
		.covers = "TTM placements",
	},
};

const struct bt_adapter bt_ttm_adapter = {
	.name = "ttm",
	.module = "ttm",
	.built_in = true,
	.points = points,
	.nr_points = ARRAY_SIZE(points),
};
