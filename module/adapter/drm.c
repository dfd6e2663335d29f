// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter for DRM: clients of every DRM driver, and GEM objects
 *
 * ttm.c handles the objects of drivers that use TTM: their placements carry more
 * information. An imported object is in a space of its own, and so is an exported one:
 * a dma-buf outlives the file that made it. Both are apertures: the memory is the one of
 * another device, or of the object that was exported.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/uaccess.h>
#include <drm/drm.h>
#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include "drm.h"
#include "drm_mm.h"
#include "kfd.h"
#include "probe.h"
#include "syscall.h"

static const void *bt_drm_client_of(const struct file *file,
				    const struct drm_device *drm)
{
	const struct drm_file *priv = file->private_data;

	if (file->f_op != drm->driver->fops || !priv || priv->minor->dev != drm)
		return NULL;
	return priv;
}

/* KFD's argument is known by its name only, so it is read with care */
static bool bt_drm_is_file_of(const struct drm_file *priv, const struct drm_device *drm)
{
	struct drm_device *dev;
	struct drm_minor *minor;

	return !copy_from_kernel_nofault(&minor, &priv->minor, sizeof(minor)) &&
	       !copy_from_kernel_nofault(&dev, &minor->dev, sizeof(dev)) && dev == drm;
}

/**
 * bt_drm_current_client() - client whose ioctl the current task executes
 * @drm: the device
 *
 * In an ioctl of /dev/kfd, it is the client of the file that KFD acts for.
 *
 * Context: any.
 * Return: pointer that identifies the client, or NULL: the driver acts by itself.
 */
const void *bt_drm_current_client(const struct drm_device *drm)
{
	const struct drm_file *named = bt_kfd_current_file();
	const void *client;
	struct file *file;

	if (named)
		return bt_drm_is_file_of(named, drm) ? named : NULL;
	file = bt_syscall_file();
	if (!file)
		return NULL;
	client = bt_drm_client_of(file, drm);
	fput(file);
	return client;
}

static bool bt_drm_uses_ttm(const struct drm_device *drm)
{
	return bt_mm_type_of(drm->driver) != BT_MM_GEM;
}

static void bt_drm_init_event(struct bt_driver_event *e, enum bt_driver_op op,
			      const struct drm_device *drm)
{
	e->op = op;
	e->dev = drm->dev;
	e->driver = drm->driver->name;
	e->client = op == BT_BUFFER_ALLOC ? bt_drm_current_client(drm) : NULL;
}

/* drm_dev_init(drm, driver, parent), on entry: the fields of drm are not set yet */
static bool bt_drm_dev_init(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct drm_driver *driver = (void *)call->arg[1];

	e->op = BT_DEVICE_BEGIN;
	e->dev = (void *)call->arg[2];
	e->driver = driver->name;
	return e->dev;
}

/* drm_open(inode, file), at return */
static bool bt_drm_open(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct file *file = (void *)call->arg[1];
	const struct drm_file *priv = file->private_data;

	if ((int)call->result || !priv)
		return false;
	bt_drm_init_event(e, BT_CLIENT_BEGIN, priv->minor->dev);
	e->client = priv;
	return true;
}

/* drm_release(inode, file), on entry: drm_file is freed before it returns */
static void bt_drm_enter_release(struct bt_call *call)
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
		bt_driver_report(&e);
}

/*
 * At return the memory may belong to another file already, whose client has another
 * number
 */
static bool bt_drm_release(const struct bt_call *call, struct bt_driver_event *e)
{
	e->op = BT_CLIENT_END;
	e->dev = (void *)call->arg[0];
	e->client = (void *)call->arg[1];
	e->number = call->arg[2];
	return e->number;
}

static void bt_drm_set_object(struct bt_driver_event *e, const void *object,
			      u64 size, const char *space)
{
	e->refcounted = true;
	e->space = space;
	e->buffer.id = bt_driver_object_id(object);
	e->buffer.address = e->buffer.id;
	e->buffer.size = size;
}

/* drm_gem_private_object_init(drm, object, size), and drm_gem_object_init() */
static bool bt_drm_skip_object_init(const struct bt_call *call)
{
	return !call->arg[2] || bt_drm_uses_ttm((void *)call->arg[0]);
}

static bool bt_drm_object_init(const struct bt_call *call,
			       struct bt_driver_event *e)
{
	const struct drm_device *drm = (void *)call->arg[0];
	bool import = bt_syscall_command() == DRM_IOCTL_PRIME_FD_TO_HANDLE;

	bt_drm_init_event(e, BT_BUFFER_ALLOC, drm);
	e->aperture = import && e->client;
	bt_drm_set_object(e, (void *)call->arg[1], call->arg[2],
			  e->aperture ? "IMPORTED" : "GEM");
	return true;
}

static void bt_drm_free_object(const struct drm_gem_object *object,
			       struct bt_driver_event *e)
{
	bool import = object->import_attach;

	bt_drm_init_event(e, BT_BUFFER_FREE, object->dev);
	bt_drm_set_object(e, object, 0, import ? "IMPORTED" : "GEM");
	/*
	 * A failed import has lost its attachment, and some imports are not recognized
	 */
	e->alt_space = import ? "GEM" : "IMPORTED";
	/* A failed drm_gem_object_init() may have reported this free already */
	e->only_if_live = !object->filp;
}

/* drm_gem_object_release(object) */
static bool bt_drm_skip_object_release(const struct bt_call *call)
{
	const struct drm_gem_object *object = (void *)call->arg[0];

	return !object->dev || !object->size || bt_drm_uses_ttm(object->dev);
}

static bool bt_drm_object_release(const struct bt_call *call,
				  struct bt_driver_event *e)
{
	bt_drm_free_object((void *)call->arg[0], e);
	return true;
}

/* drm_gem_object_init(drm, object, size), at return: on failure the object is freed */
static bool bt_drm_object_init_failed(const struct bt_call *call,
				      struct bt_driver_event *e)
{
	if (!(int)call->result)
		return false;
	bt_drm_free_object((void *)call->arg[1], e);
	return true;
}

/*
 * dma_buf_export(info), at return. The helpers of DRM that call it may be inlined, and
 * some drivers call it directly; DRM's release operation identifies its dma-bufs.
 */
static bool bt_drm_export(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct dma_buf_export_info *info = (void *)call->arg[0];
	const struct drm_gem_object *object = info->priv;

	if (IS_ERR_OR_NULL((void *)call->result) || !info->size ||
	    !bt_call_reaches(call, info->ops->release, "drm_gem_dmabuf_release"))
		return false;
	bt_drm_init_event(e, BT_BUFFER_ALLOC, object->dev);
	bt_drm_set_object(e, (void *)call->result, info->size, "EXPORTED");
	e->aperture = true;
	return true;
}

/* drm_gem_dmabuf_release(dma_buf) */
static bool bt_drm_export_release(const struct bt_call *call,
				  struct bt_driver_event *e)
{
	const struct dma_buf *dma_buf = (void *)call->arg[0];
	const struct drm_gem_object *object = dma_buf->priv;

	bt_drm_init_event(e, BT_BUFFER_FREE, object->dev);
	bt_drm_set_object(e, dma_buf, 0, "EXPORTED");
	return true;
}

/* Probes of frees are attached first, so that no free of a known buffer is missed */
static const struct bt_probe_desc bt_drm_descs[] = {
	{
		.symbol = "drm_release",
		.at_return = true,
		.enter = bt_drm_enter_release,
		.handler = bt_drm_release,
		.covers = "ends of clients",
	}, {
		.symbol = "drm_release_noglobal",
		.at_return = true,
		.enter = bt_drm_enter_release,
		.handler = bt_drm_release,
		.covers = "ends of clients of some drivers",
	}, {
		.symbol = "drm_gem_object_release",
		.skip = bt_drm_skip_object_release,
		.handler = bt_drm_object_release,
		.covers = "frees of GEM objects",
	}, {
		.symbol = "drm_gem_dmabuf_release",
		.handler = bt_drm_export_release,
		.covers = "ends of exported dma-bufs",
	}, {
		.symbol = "drm_open",
		.no_buffer = true,
		.at_return = true,
		.handler = bt_drm_open,
		.covers = "clients without buffers",
	}, {
#if IS_ENABLED(CONFIG_DRM_ACCEL)
		.symbol = "accel_open",
		.no_buffer = true,
		.at_return = true,
		.handler = bt_drm_open,
		.covers = "clients of accel nodes without buffers",
	}, {
#endif
		.symbol = "drm_gem_object_init",
		.at_return = true,
		.skip = bt_drm_skip_object_init,
		.handler = bt_drm_object_init_failed,
		.covers = "failed allocations of GEM objects",
	}, {
		.symbol = "drm_gem_private_object_init",
		.skip = bt_drm_skip_object_init,
		.handler = bt_drm_object_init,
		.covers = "GEM objects",
	}, {
		.symbol = "dma_buf_export",
		.in_kernel = true,
		.at_return = true,
		.handler = bt_drm_export,
		.covers = "exported dma-bufs",
	}, {
		.symbol = "drm_dev_init",
		.handler = bt_drm_dev_init,
		.covers = "begins of devices",
	},
};

const struct bt_adapter bt_drm_adapter = {
	.name = "drm",
	.module = "drm",
	.built_in = true,
	.forget = bt_mm_types_forget,
	.descs = bt_drm_descs,
	.nr_descs = ARRAY_SIZE(bt_drm_descs),
};
