// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter for DRM: who opens a device's node, and GEM objects
 *
 * Every DRM driver's openings come through here. Objects do where the driver has no
 * TTM, whose placements tell more (ttm.c). An object that came from another device
 * is in a space of its own, and so is what leaves this one: a dma-buf outlives the
 * file that made it.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <drm/drm.h>
#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include "syscall.h"
#include "drm_mm.h"
#include "probe.h"

static bool stands_on_ttm(const struct drm_device *drm)
{
	return bt_kind_of(drm->driver) != BT_KIND_GEM;
}

static void be_of(struct bt_driver_event *e, enum bt_driver_op op,
		  const struct drm_device *drm)
{
	e->op = op;
	e->dev = drm->dev;
	e->driver = drm->driver->name;
	e->client = op == BT_BUFFER_ALLOC ? bt_drm_caller(drm) : NULL;
}

/* drm_dev_init(drm, driver, parent): its fields are not set yet */
static bool look_dev_init(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct drm_driver *driver = (void *)call->arg[1];

	e->op = BT_DEVICE_BEGIN;
	e->dev = (void *)call->arg[2];
	e->driver = driver->name;
	return e->dev;
}

/* drm_open(inode, file), when it has returned */
static bool look_open(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct file *file = (void *)call->arg[1];
	const struct drm_file *priv = file->private_data;

	if ((int)call->result || !priv)
		return false;
	be_of(e, BT_CLIENT_BEGIN, priv->minor->dev);
	e->client = priv;
	return true;
}

/* drm_release(inode, file): the file's own is gone when it has returned */
static void enter_release(struct bt_call *call)
{
	const struct file *file = (void *)call->arg[1];
	const struct drm_file *priv = file->private_data;
	const struct bt_driver_event e = {
		.op = BT_CLIENT_CLOSE,
		.dev = priv->minor->dev->dev,
		.client = priv,
		.number = bt_driver_client_at(priv),
	};

	call->arg[0] = (unsigned long)e.dev;
	call->arg[1] = (unsigned long)priv;
	call->arg[2] = e.number;
	if (e.number)
		bt_driver_tell(&e);
}

/* The memory may be another file's by now, which has another number */
static bool look_release(const struct bt_call *call, struct bt_driver_event *e)
{
	e->op = BT_CLIENT_END;
	e->dev = (void *)call->arg[0];
	e->client = (void *)call->arg[1];
	e->number = call->arg[2];
	return e->number;
}

static void be_object(struct bt_driver_event *e, const void *object, u64 size,
		      const char *space)
{
	e->counted = true;
	e->space = space;
	e->buffer.id = bt_driver_id(object);
	e->buffer.address = e->buffer.id;
	e->buffer.size = size;
}

/* drm_gem_private_object_init(drm, object, size) */
static bool skip_init(const struct bt_call *call)
{
	return !call->arg[2] || stands_on_ttm((void *)call->arg[0]);
}

static bool look_init(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct drm_device *drm = (void *)call->arg[0];
	bool import = bt_caller_command() == DRM_IOCTL_PRIME_FD_TO_HANDLE;

	be_of(e, BT_BUFFER_ALLOC, drm);
	be_object(e, (void *)call->arg[1], call->arg[2],
		  import && e->client ? "IMPORTED" : "GEM");
	return true;
}

static void tell_release(const struct drm_gem_object *object,
			 struct bt_driver_event *e)
{
	be_of(e, BT_BUFFER_FREE, object->dev);
	be_object(e, object, 0, object->import_attach ? "IMPORTED" : "GEM");
	/* An import that fails is none by then, or was not seen to be one */
	e->or_space = object->import_attach ? "GEM" : "IMPORTED";
	/* What has no memory yet may have been dropped below */
	e->if_live = !object->filp;
}

/* drm_gem_object_release(object) */
static bool skip_object_release(const struct bt_call *call)
{
	const struct drm_gem_object *object = (void *)call->arg[0];

	return !object->dev || !object->size || stands_on_ttm(object->dev);
}

static bool look_object_release(const struct bt_call *call,
				struct bt_driver_event *e)
{
	tell_release((void *)call->arg[0], e);
	return true;
}

/* drm_gem_object_init(drm, object, size): where it fails, the object is dropped */
static bool look_failed_init(const struct bt_call *call,
			     struct bt_driver_event *e)
{
	if (!(int)call->result)
		return false;
	tell_release((void *)call->arg[1], e);
	return true;
}

/*
 * dma_buf_export(info), which DRM's own helpers come to in ways that the compiler
 * chooses, and drivers by themselves. What is DRM's tells how it is released.
 */
static bool look_export(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct dma_buf_export_info *info = (void *)call->arg[0];
	const struct drm_gem_object *object = info->priv;

	if (IS_ERR_OR_NULL((void *)call->result) || !info->size ||
	    !bt_call_reaches(call, info->ops->release, "drm_gem_dmabuf_release"))
		return false;
	be_of(e, BT_BUFFER_ALLOC, object->dev);
	be_object(e, (void *)call->result, info->size, "EXPORTED");
	return true;
}

/* drm_gem_dmabuf_release(dma_buf) */
static bool look_export_release(const struct bt_call *call,
				struct bt_driver_event *e)
{
	const struct dma_buf *dma_buf = (void *)call->arg[0];
	const struct drm_gem_object *object = dma_buf->priv;

	be_of(e, BT_BUFFER_FREE, object->dev);
	be_object(e, dma_buf, 0, "EXPORTED");
	return true;
}

/* Ends come before beginnings, so that none is missed of what has begun */
static const struct bt_point points[] = {
	{
		.symbol = "drm_release",
		.on_return = true,
		.enter = enter_release,
		.look = look_release,
		.covers = "when clients end",
	}, {
		.symbol = "drm_release_noglobal",
		.on_return = true,
		.enter = enter_release,
		.look = look_release,
		.covers = "when clients of some drivers end",
	}, {
		.symbol = "drm_gem_object_release",
		.skip = skip_object_release,
		.look = look_object_release,
		.covers = "frees of GEM objects",
	}, {
		.symbol = "drm_gem_dmabuf_release",
		.look = look_export_release,
		.covers = "ends of exported dma-bufs",
	}, {
		.symbol = "drm_open",
		.no_buffer = true,
		.on_return = true,
		.look = look_open,
		.covers = "clients that have no buffers",
	}, {
#if IS_ENABLED(CONFIG_DRM_ACCEL)
		.symbol = "accel_open",
		.no_buffer = true,
		.on_return = true,
		.look = look_open,
		.covers = "clients of accel nodes that have no buffers",
	}, {
#endif
		.symbol = "drm_gem_object_init",
		.on_return = true,
		.skip = skip_init,
		.look = look_failed_init,
		.covers = "GEM objects whose memory was not to be had",
	}, {
		.symbol = "drm_gem_private_object_init",
		.skip = skip_init,
		.look = look_init,
		.covers = "GEM objects",
	}, {
		.symbol = "dma_buf_export",
		.of_kernel = true,
		.on_return = true,
		.look = look_export,
		.covers = "exported dma-bufs",
	}, {
		.symbol = "drm_dev_init",
		.look = look_dev_init,
		.covers = "whether devices are known from their beginning",
	},
};

const struct bt_adapter bt_drm_adapter = {
	.name = "drm",
	.module = "drm",
	.built_in = true,
	.points = points,
	.nr_points = ARRAY_SIZE(points),
};
