// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter for tt-kmd: DMA buffers, pinned pages, TLB windows, exports of these, and
 * outbound iATU regions of each open file of a Tenstorrent chip
 */
#include <linux/bits.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/pci.h>
#include <linux/uaccess.h>
#include "probe.h"
#include "syscall.h"
#include "tenstorrent_layout.h"

/* Ioctls of the driver */
#define BT_TT_MAGIC		0xfa
#define BT_TT_RESET_DEVICE	_IO(BT_TT_MAGIC, 6)

/* Address of a window that its file has freed and an export still holds */
#define BT_TT_HELD		BIT_ULL(32)

/* Arguments of its ioctls, as published by the driver, up to the members we read */
struct bt_tt_allocate_dma_buf {
	__u32 size;
	__u8 index;
	__u8 flags;
	__u8 reserved[2];
};

struct bt_tt_pin_pages {
	__u32 output_size;
	__u32 flags;
	__u64 address;
	__u64 size;
};

struct bt_tt_unpin_pages {
	__u64 address;
	__u64 size;
	__u64 reserved;
};

/* The open file of the chip whose ioctl the current task executes, or NULL */
static const struct bt_tt_file *bt_tt_current_file(const struct bt_call *call,
						   const struct bt_tt_chip *chip)
{
	struct file *file = bt_syscall_file();
	const struct bt_tt_file *priv = NULL;

	if (!file)
		return NULL;
	if (bt_call_reaches(call, file->f_op->release, "tt_cdev_release"))
		priv = file->private_data;
	if (priv && bt_tt_file_chip(priv) != chip)
		priv = NULL;
	fput(file);
	return priv;
}

static void bt_tt_init_alloc(struct bt_driver_event *e,
			     const struct bt_tt_file *file, const char *space,
			     u64 size)
{
	e->op = BT_BUFFER_ALLOC;
	e->dev = bt_tt_chip_dev(bt_tt_file_chip(file));
	e->client = file;
	e->space = space;
	e->buffer.size = size;
}

/* A free that the driver refused */
static void bt_tt_init_refused(struct bt_driver_event *e,
			       const struct bt_tt_file *file, const char *space)
{
	bt_tt_init_alloc(e, file, space, 0);
	e->op = BT_BUFFER_FREE;
	e->buffer.flags = BUFTRACK_REPORT_REFUSED;
}

/*
 * A free that the driver carries out. In an ioctl the driver has checked that the file
 * may free it, except for a reset, in which one file frees objects of others. Outside
 * of one, the file is being closed and its client has ended, or the chip is being
 * unbound.
 */
static void bt_tt_init_free(struct bt_driver_event *e, const struct bt_call *call,
			    const struct bt_tt_chip *chip, const char *space)
{
	u32 command = bt_syscall_command();

	e->op = BT_BUFFER_FREE;
	e->dev = bt_tt_chip_dev(chip);
	e->space = space;
	if (command == BT_TT_RESET_DEVICE)
		e->client = bt_tt_current_file(call, chip);
	else
		e->refcounted = _IOC_TYPE(command) == BT_TT_MAGIC;
}

/* Something happened to a buffer of the chip, and we cannot tell what */
static bool bt_tt_init_lost(struct bt_driver_event *e,
			    const struct bt_tt_chip *chip)
{
	e->op = BT_REPORT_LOST;
	e->dev = bt_tt_chip_dev(chip);
	return true;
}

/* Numbers and user addresses are unique per file only */
static void bt_tt_set_file_key(struct bt_driver_event *e,
			       const struct bt_tt_file *file, u64 address, u64 id)
{
	e->base = bt_driver_client_base(e, file);
	e->buffer.address = address;
	e->buffer.id = id;
}

/* Windows and regions are numbered per chip; @file: NULL if no file names it */
static void bt_tt_set_chip_key(struct bt_driver_event *e,
			       const struct bt_tt_file *file, u32 number)
{
	e->buffer.address = number;
	e->buffer.id = file ? bt_driver_client_number(e, file) : 0;
}

/* tenstorrent_register_device(chip), on entry: there is no node to open yet */
static bool bt_tt_register(const struct bt_call *call, struct bt_driver_event *e)
{
	e->op = BT_DEVICE_BEGIN;
	e->dev = bt_tt_chip_dev((void *)call->arg[0]);
	return true;
}

/* tt_cdev_open(inode, file), at return */
static bool bt_tt_open(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct file *file = (void *)call->arg[1];
	const struct bt_tt_file *priv = file->private_data;

	if ((int)call->result || !priv)
		return false;
	bt_tt_init_alloc(e, priv, NULL, 0);
	e->op = BT_CLIENT_BEGIN;
	return true;
}

/* tt_cdev_release(inode, file), on entry: its frees are charged to the driver */
static void bt_tt_enter_release(struct bt_call *call)
{
	const struct file *file = (void *)call->arg[1];
	const struct bt_driver_event e = {
		.op = BT_CLIENT_CLOSE,
		.client = file->private_data,
		.number = bt_driver_client_at(file->private_data),
	};

	call->arg[0] = (unsigned long)e.client;
	call->arg[1] = e.number;
	if (e.number)
		bt_driver_report(&e);
}

/*
 * At return the memory may belong to another file already, whose client has another
 * number
 */
static bool bt_tt_release(const struct bt_call *call, struct bt_driver_event *e)
{
	e->op = BT_CLIENT_END;
	e->client = (void *)call->arg[0];
	e->number = call->arg[1];
	return e->number;
}

/*
 * ioctl_allocate_dma_buf(file, arg), at return. User space can change the index
 * meanwhile, so it counts only if the file has a buffer with that index.
 */
static bool bt_tt_allocate_dma(const struct bt_call *call,
			       struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	struct bt_tt_allocate_dma_buf in;
	u64 size;

	if (call->result)
		return false;
	if (copy_from_user_nofault(&in, (void __user *)call->arg[1], sizeof(in)) ||
	    !bt_tt_file_find_dma(file, in.index, &size))
		return bt_tt_init_lost(e, bt_tt_file_chip(file));
	bt_tt_init_alloc(e, file, "DMA", size);
	bt_tt_set_file_key(e, file, in.index, in.index + 1);
	return true;
}

/*
 * tenstorrent_memory_cleanup(file) frees all DMA buffers of a file. A close and an
 * unbind can call it at the same time; the first one reports.
 */
static bool bt_tt_cleanup(struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	u8 index;

	bt_tt_init_free(e, call, bt_tt_file_chip(file), "DMA");
	if (!call->next && !bt_driver_client_once(e, file, 0))
		return false;
	if (!bt_tt_file_next_dma(file, &call->next, &index))
		return false;
	bt_tt_set_file_key(e, file, index, index + 1);
	return true;
}

/* The same, where unpin_pinned_page_range() is inlined: it unpins all pages of the file */
static bool bt_tt_cleanup_pins(struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	const struct bt_tt_pin *pin = (void *)call->next;

	bt_tt_init_free(e, call, bt_tt_file_chip(file), "PIN");
	if (!pin && !bt_driver_client_once(e, file, 1))
		return false;
	do {
		pin = bt_tt_file_next_pin(file, pin);
	} while (pin && bt_tt_pin_is_repeated(file, pin));
	if (!pin)
		return false;
	call->next = (unsigned long)pin;
	bt_tt_set_file_key(e, file, bt_tt_pin_address(pin), bt_tt_pin_nr_pages(pin));
	return true;
}

/* ioctl_pin_pages(file, arg), at return */
static bool bt_tt_pin(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	struct bt_tt_pin_pages in;

	if (call->result)
		return false;
	if (copy_from_user_nofault(&in, (void __user *)call->arg[1], sizeof(in)) ||
	    !in.size)
		return bt_tt_init_lost(e, bt_tt_file_chip(file));
	if (bt_tt_file_repeats_pin(file, in.address, in.size >> PAGE_SHIFT, 1))
		return false;
	bt_tt_init_alloc(e, file, "PIN", in.size);
	bt_tt_set_file_key(e, file, in.address, in.size >> PAGE_SHIFT);
	return true;
}

/* unpin_pinned_page_range(file, pin) */
static bool bt_tt_unpin(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	const struct bt_tt_pin *pin = (void *)call->arg[1];
	u64 address = bt_tt_pin_address(pin), nr_pages = bt_tt_pin_nr_pages(pin);

	if (bt_tt_file_repeats_pin(file, address, nr_pages, 1))
		return false;
	bt_tt_init_free(e, call, bt_tt_file_chip(file), "PIN");
	bt_tt_set_file_key(e, file, address, nr_pages);
	return true;
}

/* ioctl_unpin_pages(file, arg), at return, where unpin_pinned_page_range() is inlined */
static bool bt_tt_unpinned(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	struct bt_tt_unpin_pages in;

	if (call->result)
		return false;
	if (copy_from_user_nofault(&in, (void __user *)call->arg[1], sizeof(in)))
		return bt_tt_init_lost(e, bt_tt_file_chip(file));
	if (bt_tt_file_repeats_pin(file, in.address, in.size >> PAGE_SHIFT, 0))
		return false;
	bt_tt_init_free(e, call, bt_tt_file_chip(file), "PIN");
	bt_tt_set_file_key(e, file, in.address, in.size >> PAGE_SHIFT);
	return true;
}

/*
 * ioctl_unpin_pages(file, arg), at return. Nothing was freed, so nothing is lost if user
 * space has overwritten the argument.
 */
static bool bt_tt_unpin_refused(const struct bt_call *call,
				struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	struct bt_tt_unpin_pages in;

	if ((long)call->result != -EINVAL ||
	    copy_from_user_nofault(&in, (void __user *)call->arg[1], sizeof(in)) ||
	    in.reserved || !(in.size >> PAGE_SHIFT))
		return false;
	bt_tt_init_refused(e, file, "PIN");
	bt_tt_set_file_key(e, file, in.address, in.size >> PAGE_SHIFT);
	return true;
}

/* tenstorrent_device_allocate_tlb(chip, size), at return: the result is its number */
static bool bt_tt_allocate_tlb(const struct bt_call *call,
			       struct bt_driver_event *e)
{
	const struct bt_tt_chip *chip = (void *)call->arg[0];
	const struct bt_tt_file *file;
	u64 size;

	if ((int)call->result < 0)
		return false;
	size = bt_tt_chip_window_size(chip, call->result);
	file = bt_tt_current_file(call, chip);
	if (!file || !size)
		return bt_tt_init_lost(e, chip);
	bt_tt_init_alloc(e, file, "TLB", size);
	e->capacity = bt_tt_chip_window_bytes(chip);
	e->aperture = true;
	bt_tt_set_chip_key(e, file, call->result);
	return true;
}

/* The driver keeps a window whose file has freed it while an export is left */
static void bt_tt_init_held(struct bt_driver_event *e,
			    const struct bt_tt_chip *chip, u32 window)
{
	e->op = BT_BUFFER_ALLOC;
	e->dev = bt_tt_chip_dev(chip);
	e->space = "TLB";
	e->aperture = true;
	e->buffer.address = window | BT_TT_HELD;
	e->buffer.size = bt_tt_chip_window_size(chip, window);
}

/*
 * tenstorrent_device_free_tlb(chip, window) drops the file's reference, so that a
 * second free by the file is a double free. Windows that exports still hold belong to
 * the driver from then on.
 */
static bool bt_tt_free_tlb(struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_chip *chip = (void *)call->arg[0];
	u32 window = call->arg[1];

	switch (call->next++) {
	case 0:
		bt_tt_init_free(e, call, chip, "TLB");
		bt_tt_set_chip_key(e, NULL, window);
		return bt_tt_chip_window_users(chip, window);
	case 1:
		bt_tt_init_held(e, chip, window);
		return bt_tt_chip_window_users(chip, window) > 1;
	default:
		return false;
	}
}

/*
 * tenstorrent_tlb_export_put(chip, window) drops the reference of an export. The last
 * reference of all is an export's only if the file has freed the window.
 */
static bool bt_tt_export_put(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_chip *chip = (void *)call->arg[0];
	u32 window = call->arg[1];

	if (bt_tt_chip_window_users(chip, window) != 1)
		return false;
	bt_tt_init_free(e, call, chip, "TLB");
	e->client = NULL;
	e->refcounted = true;
	e->buffer.address = window | BT_TT_HELD;
	return true;
}

/* ioctl_free_tlb(file, arg), at return: the window is another file's, or mapped */
static bool bt_tt_free_tlb_refused(const struct bt_call *call,
				   struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	long err = call->result;
	u32 window;

	if ((err != -EPERM && err != -EBUSY) ||
	    copy_from_user_nofault(&window, (void __user *)call->arg[1],
				   sizeof(window)))
		return false;
	bt_tt_init_refused(e, file, "TLB");
	bt_tt_set_chip_key(e, file, window);
	return true;
}

static void bt_tt_set_export_key(struct buftrack_report *buffer,
				 const struct dma_buf *dma_buf,
				 const struct bt_tt_export *export)
{
	buffer->address = bt_tt_export_window(export);
	buffer->id = bt_driver_object_id(dma_buf);
}

/* dma_buf_export(info), at return; the release operation identifies the driver */
static bool bt_tt_export(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct dma_buf_export_info *info = (void *)call->arg[0];
	const struct bt_tt_export *export = info->priv;
	const struct bt_tt_file *file;

	if (IS_ERR_OR_NULL((void *)call->result) || !info->size ||
	    !bt_call_reaches(call, info->ops->release, "tt_tlb_dmabuf_release"))
		return false;
	file = bt_tt_current_file(call, bt_tt_export_chip(export));
	if (!file)
		return bt_tt_init_lost(e, bt_tt_export_chip(export));
	bt_tt_init_alloc(e, file, "TLB_EXPORT", info->size);
	e->aperture = true;
	bt_tt_set_export_key(&e->buffer, (void *)call->result, export);
	return true;
}

/* tt_tlb_dmabuf_release(dma_buf) */
static bool bt_tt_export_release(const struct bt_call *call,
				 struct bt_driver_event *e)
{
	const struct dma_buf *dma_buf = (void *)call->arg[0];
	const struct bt_tt_export *export = dma_buf->priv;

	bt_tt_init_free(e, call, bt_tt_export_chip(export), "TLB_EXPORT");
	e->client = NULL;
	e->refcounted = true;
	bt_tt_set_export_key(&e->buffer, dma_buf, export);
	return true;
}

/* setup_noc_dma(file, top_down, size, target, noc_address), at return */
static bool bt_tt_setup_region(const struct bt_call *call,
			       struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];

	if ((int)call->result < 0)
		return false;
	bt_tt_init_alloc(e, file, "IATU", call->arg[2]);
	e->aperture = true;
	bt_tt_set_chip_key(e, file, call->result);
	return true;
}

static bool bt_tt_free_region(const struct bt_call *call,
			      struct bt_driver_event *e,
			      const struct bt_tt_chip *chip)
{
	int region = call->arg[1];

	if (region < 0 || region >= BT_TT_REGIONS)
		return false;
	bt_tt_init_free(e, call, chip, "IATU");
	bt_tt_set_chip_key(e, NULL, region);
	return true;
}

/* teardown_outbound_iatu(file, region) */
static bool bt_tt_teardown(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];

	return bt_tt_free_region(call, e, bt_tt_file_chip(file));
}

/* Its .isra clone: teardown_outbound_iatu(chip, region) */
static bool bt_tt_teardown_isra(const struct bt_call *call,
				struct bt_driver_event *e)
{
	return bt_tt_free_region(call, e, (void *)call->arg[0]);
}

/* tenstorrent_reset_reclaim_iatus(chip) frees the regions of all other files */
static bool bt_tt_reclaim(struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_chip *chip = (void *)call->arg[0];

	while (call->next < BT_TT_REGIONS) {
		u32 region = call->next++;

		if (!bt_tt_chip_region_is_stale(chip, region))
			continue;
		bt_tt_init_free(e, call, chip, "IATU");
		bt_tt_set_chip_key(e, NULL, region);
		return true;
	}
	return false;
}

/* Probes of frees are attached first, so that no free of a known buffer is missed */
static const struct bt_probe_desc bt_tt_descs[] = {
	{
		.symbol = "tt_cdev_release",
		.at_return = true,
		.enter = bt_tt_enter_release,
		.handler = bt_tt_release,
		.covers = "ends of clients",
	}, {
		.symbol = "tenstorrent_memory_cleanup",
		.feature = BT_TT_DMA,
		.tracks = BT_TT_DMA,
		.each = bt_tt_cleanup,
		.covers = "frees of DMA buffers",
	}, {
		.symbol = "unpin_pinned_page_range",
		.feature = BT_TT_PIN,
		.tracks = BT_TT_PIN,
		.handler = bt_tt_unpin,
		.covers = "frees of pinned pages",
	}, {
		.symbol = "ioctl_unpin_pages",
		.instead_of = "unpin_pinned_page_range",
		.at_return = true,
		.feature = BT_TT_PIN,
		.tracks = BT_TT_PIN,
		.handler = bt_tt_unpinned,
		.covers = "frees of pinned pages",
	}, {
		.symbol = "tenstorrent_memory_cleanup",
		.instead_of = "unpin_pinned_page_range",
		.feature = BT_TT_PIN,
		.tracks = BT_TT_PIN,
		.each = bt_tt_cleanup_pins,
		.covers = "frees of pinned pages",
	}, {
		.symbol = "tenstorrent_device_free_tlb",
		.feature = BT_TT_TLB,
		.tracks = BT_TT_TLB,
		.each = bt_tt_free_tlb,
		.covers = "frees of TLB windows",
	}, {
		.symbol = "tenstorrent_tlb_export_put",
		.feature = BT_TT_EXPORT,
		.tracks = BT_TT_TLB,
		.handler = bt_tt_export_put,
		.covers = "frees of exported TLB windows",
	}, {
		.symbol = "tt_tlb_dmabuf_release",
		.feature = BT_TT_EXPORT,
		.tracks = BT_TT_EXPORT,
		.handler = bt_tt_export_release,
		.covers = "ends of exported TLB windows",
	}, {
		.symbol = "teardown_outbound_iatu",
		.isra_symbol = "teardown_outbound_iatu.isra.0",
		.feature = BT_TT_IATU,
		.tracks = BT_TT_IATU,
		.handler = bt_tt_teardown,
		.isra_handler = bt_tt_teardown_isra,
		.covers = "frees of outbound iATU regions",
	}, {
		.symbol = "tenstorrent_reset_reclaim_iatus",
		.feature = BT_TT_RECLAIM,
		.tracks = BT_TT_IATU,
		.each = bt_tt_reclaim,
		.covers = "outbound iATU regions that a reset takes back",
	}, {
		.symbol = "ioctl_unpin_pages",
		.at_return = true,
		.optional = true,
		.feature = BT_TT_PIN,
		.tracks = BT_TT_PIN,
		.handler = bt_tt_unpin_refused,
		.covers = "refused frees of pinned pages",
	}, {
		.symbol = "ioctl_free_tlb",
		.at_return = true,
		.optional = true,
		.feature = BT_TT_TLB,
		.tracks = BT_TT_TLB,
		.handler = bt_tt_free_tlb_refused,
		.covers = "refused frees of TLB windows",
	}, {
		.symbol = "ioctl_allocate_dma_buf",
		.at_return = true,
		.feature = BT_TT_DMA,
		.tracks = BT_TT_DMA,
		.handler = bt_tt_allocate_dma,
		.covers = "DMA buffers",
	}, {
		.symbol = "ioctl_pin_pages",
		.at_return = true,
		.feature = BT_TT_PIN,
		.tracks = BT_TT_PIN,
		.handler = bt_tt_pin,
		.covers = "pinned pages",
	}, {
		.symbol = "tenstorrent_device_allocate_tlb",
		.at_return = true,
		.feature = BT_TT_TLB,
		.tracks = BT_TT_TLB,
		.handler = bt_tt_allocate_tlb,
		.covers = "TLB windows",
	}, {
		.symbol = "dma_buf_export",
		.in_kernel = true,
		.at_return = true,
		.feature = BT_TT_EXPORT,
		.tracks = BT_TT_EXPORT,
		.handler = bt_tt_export,
		.covers = "exported TLB windows",
	}, {
		.symbol = "setup_noc_dma",
		.at_return = true,
		.feature = BT_TT_IATU,
		.tracks = BT_TT_IATU,
		.handler = bt_tt_setup_region,
		.covers = "outbound iATU regions",
	}, {
		.symbol = "tt_cdev_open",
		.no_buffer = true,
		.optional = true,
		.at_return = true,
		.handler = bt_tt_open,
		.covers = "clients without buffers",
	}, {
		.symbol = "tenstorrent_register_device",
		.optional = true,
		.handler = bt_tt_register,
		.covers = "begins of devices",
	},
};

const struct bt_adapter bt_tenstorrent_adapter = {
	.name = "tenstorrent",
	.module = "tenstorrent",
	.identify = bt_tt_identify,
	.remedy = "build it with CONFIG_DEBUG_INFO_BTF_MODULES, or add BTF with pahole",
	.bus = &pci_bus_type,
	.driver = "tenstorrent",
	.descs = bt_tt_descs,
	.nr_descs = ARRAY_SIZE(bt_tt_descs),
};
