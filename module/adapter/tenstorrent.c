// SPDX-License-Identifier: GPL-2.0
/*
 * Adapter for tt-kmd: what each open file of a Tenstorrent chip has of DMA buffers,
 * pinned pages, TLB windows, exports of these, and outbound iATU regions
 *
 * The driver has neither headers nor a stable ABI for this, so what is needed of its
 * structures is laid out below, as it is in the versions that are listed.
 */
#include <linux/bitops.h>
#include <linux/cdev.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/scatterlist.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "syscall.h"
#include "probe.h"

/* Numbers of its ioctls, and bounds that it has */
#define BT_TT_MAGIC		0xfa
#define BT_TT_RESET_DEVICE	_IO(BT_TT_MAGIC, 6)
#define BT_TT_DMA_BUFFERS	256
#define BT_TT_DMA_BUCKETS	16
#define BT_TT_WINDOWS		256
#define BT_TT_REGIONS		16
#define BT_TT_KINDS		4

/*
 * Of the key of what is a file's, what is above is the number of the client: the low bits
 * of it in the address, the others in the id
 */
#define BT_TT_FILE_SHIFT	48
#define BT_TT_ADDRESS_MASK	GENMASK_ULL(BT_TT_FILE_SHIFT - 1, 0)

/* What user space passes, as far as it is looked at; published by the driver */
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

/* A kind of chip: how many windows of which size */
struct bt_tt_class {
	const char *name;
	u32 sizes[2];
	u64 limits[2];
	u32 nr_kinds;
	u32 nr_windows[BT_TT_KINDS];
	u64 window_size[BT_TT_KINDS];
};

struct bt_tt_region {
	const struct bt_tt_file *owner;
	u64 base;
	u64 limit;
	u64 target;
};

/* A chip: from its struct device on, which is not first in each version */
struct bt_tt_device {
	struct device dev;
	struct cdev cdev;
	struct pci_dev *pci;
	const struct bt_tt_class *class;
	bool detached;
	bool uninitialized;
	atomic_long_t resets;
	struct rw_semaphore reset_lock;
	void *debug[2];
	unsigned int ordinal;
	bool can_dma;
	bool has_irq;
	struct mutex files_lock;
	bool is_exclusive;
	wait_queue_head_t exclusive_wait;
	struct notifier_block reboot;
	unsigned long locks[1];
	wait_queue_head_t locks_wait;
	void *monitor[2];
	u16 nr_attributes;
	void *attributes[2];
	struct list_head files;
	struct delayed_work power_down;
	unsigned long windows[BITS_TO_LONGS(BT_TT_WINDOWS)];
	u32 nr_windows[BT_TT_KINDS];
	refcount_t window_users[BT_TT_WINDOWS];
	struct mutex regions_lock;
	struct bt_tt_region regions[BT_TT_REGIONS];
};

/* An open file, up to where versions differ */
struct bt_tt_file {
	void *device;
	struct mutex lock;
	struct hlist_head dma[BT_TT_DMA_BUCKETS];
	struct list_head pins;
	struct list_head peers;
	struct list_head mappings;
	struct mutex mappings_lock;
	struct pid *pid;
	char comm[16];
	unsigned long locks[1];
	struct list_head link;
	unsigned long windows[BITS_TO_LONGS(BT_TT_WINDOWS)];
};

/* What follows: its resets, behind what it asked for at its end and of power */
struct bt_tt_file_2_10_0 {
	struct bt_tt_file file;
	u64 cleanup[4];
	u32 power[10];
	long resets;
};

struct bt_tt_file_2_10_1 {
	struct bt_tt_file file;
	struct mutex windows_lock;
	u64 cleanup[4];
	u32 power[10];
	long resets;
};

struct bt_tt_dma {
	struct hlist_node link;
	void *memory;
	dma_addr_t dma;
	u64 size;
	u8 index;
};

struct bt_tt_pin {
	struct list_head link;
	unsigned long nr_pages;
	struct page **pages;
	struct sg_table sg;
	u64 address;
};

struct bt_tt_export {
	void *device;
	struct dma_buf *dma_buf;
	struct list_head link;
	u32 window;
};

/**
 * struct bt_tt_version - a version of the driver that the layouts were compared with
 * @version: its MODULE_VERSION
 * @source: its srcversion: a digest of the source, which tells patched ones apart
 * @dev: where struct bt_tt_device begins in its structure of a chip; a count of
 *	 references came first once
 * @resets: where in its structure of an open file @resets is
 */
struct bt_tt_version {
	const char *version;
	const char *source;
	size_t dev;
	size_t resets;
};

static const struct bt_tt_version versions[] = {
	{ "2.10.0", "F67750E98AC38F37051BBA6", sizeof(u64),
	  offsetof(struct bt_tt_file_2_10_0, resets) },
	{ "2.10.1-pre", "1DD697C309215E0B2069ECE", 0,
	  offsetof(struct bt_tt_file_2_10_1, resets) },
};

/* The one that is loaded; set before any probe is in place */
static const struct bt_tt_version *loaded;

static bool knows(const struct module *mod)
{
	unsigned int i;

	if (!mod->version || !mod->srcversion)
		return false;
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		if (strcmp(mod->version, versions[i].version) ||
		    strcmp(mod->srcversion, versions[i].source))
			continue;
		loaded = &versions[i];
		return true;
	}
	return false;
}

static const struct bt_tt_device *device_at(const void *chip)
{
	return chip + loaded->dev;
}

static long resets_of(const struct bt_tt_file *file)
{
	return *(const long *)((const void *)file + loaded->resets);
}

/* The open file whose ioctl is under way, if it is one of the chip's */
static const struct bt_tt_file *caller_on(const struct bt_call *call,
					  const void *chip)
{
	struct file *file = bt_caller_file();
	const struct bt_tt_file *priv = NULL;

	if (!file)
		return NULL;
	if (bt_call_reaches(call, file->f_op->release, "tt_cdev_release"))
		priv = file->private_data;
	if (priv && priv->device != chip)
		priv = NULL;
	fput(file);
	return priv;
}

static void be_alloc(struct bt_driver_event *e, const struct bt_tt_file *file,
		     const char *space, u64 size)
{
	e->op = BT_BUFFER_ALLOC;
	e->dev = &device_at(file->device)->pci->dev;
	e->client = file;
	e->space = space;
	e->buffer.size = size;
}

/* A free that the driver has refused a file */
static void be_refused(struct bt_driver_event *e, const struct bt_tt_file *file,
		       const char *space)
{
	be_alloc(e, file, space, 0);
	e->op = BT_BUFFER_FREE;
	e->buffer.flags = BUFTRACK_REPORT_REFUSED;
}

/*
 * A free that is under way. In an ioctl the driver has seen to it that the file may,
 * but a reset is what one file does to all. Out of one, a file is closed, and has
 * ended as a client, or the chip is let go of under all that are open.
 */
static void be_free(struct bt_driver_event *e, const struct bt_call *call,
		    const void *chip, const char *space)
{
	u32 command = bt_caller_command();

	e->op = BT_BUFFER_FREE;
	e->dev = &device_at(chip)->pci->dev;
	e->space = space;
	if (command == BT_TT_RESET_DEVICE)
		e->client = caller_on(call, chip);
	else
		e->counted = _IOC_TYPE(command) == BT_TT_MAGIC;
}

/*
 * What files have by number, or by address of user space: the number of the client in
 * the high bits of both tells files apart.
 */
static void key_of_file(struct bt_driver_event *e, const struct bt_tt_file *file,
			u64 address, u64 id)
{
	u64 client = bt_driver_client(e, file);

	e->buffer.address = (address & BT_TT_ADDRESS_MASK) |
			    client << BT_TT_FILE_SHIFT;
	e->buffer.id = id | client >> (64 - BT_TT_FILE_SHIFT) << BT_TT_FILE_SHIFT;
}

/* What was done to a buffer of a chip is not known: its books have a gap */
static bool be_lost(struct bt_driver_event *e, const void *chip)
{
	e->op = BT_REPORT_LOST;
	e->dev = &device_at(chip)->pci->dev;
	return true;
}

/* What the chip has by number, known by its file, too, where a file names it */
static void key_of_chip(struct bt_driver_event *e, const struct bt_tt_file *file,
			u32 number)
{
	e->buffer.address = number;
	e->buffer.id = file ? bt_driver_client(e, file) : 0;
}

/* tenstorrent_register_device(chip): before there is a node that can be opened */
static bool look_register(const struct bt_call *call, struct bt_driver_event *e)
{
	e->op = BT_DEVICE_BEGIN;
	e->dev = &device_at((void *)call->arg[0])->pci->dev;
	return true;
}

/* tt_cdev_open(inode, file), when it has returned */
static bool look_open(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct file *file = (void *)call->arg[1];
	const struct bt_tt_file *priv = file->private_data;

	if ((int)call->result || !priv)
		return false;
	be_alloc(e, priv, NULL, 0);
	e->op = BT_CLIENT_BEGIN;
	return true;
}

/* tt_cdev_release(inode, file): what it frees from here on has no owner any more */
static void enter_release(struct bt_call *call)
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
		bt_driver_tell(&e);
}

/* The memory may be another file's by now, which has another number */
static bool look_released(const struct bt_call *call, struct bt_driver_event *e)
{
	e->op = BT_CLIENT_END;
	e->client = (void *)call->arg[0];
	e->number = call->arg[1];
	return e->number;
}

/*
 * The DMA buffer at a place of a file's table. Its lock is not ours to take, and an
 * unbind can be freeing what is there: that may be seen to be wrong, but not go wrong.
 */
static bool dma_at(const struct bt_tt_file *file, unsigned int bucket,
		   unsigned int nth, struct bt_tt_dma *dma)
{
	dma->link.next = READ_ONCE(file->dma[bucket].first);
	do {
		const void *next = dma->link.next;

		if (!next || copy_from_kernel_nofault(dma, next, sizeof(*dma)))
			return false;
	} while (nth--);
	return true;
}

static bool find_dma(const struct bt_tt_file *file, u8 index,
		     struct bt_tt_dma *dma)
{
	unsigned int i, nth;

	for (i = 0; i < BT_TT_DMA_BUCKETS; i++)
		for (nth = 0; nth < BT_TT_DMA_BUFFERS; nth++) {
			if (!dma_at(file, i, nth, dma))
				break;
			if (dma->index == index)
				return true;
		}
	return false;
}

/*
 * ioctl_allocate_dma_buf(file, arg), when it has returned. The index is the user's
 * word, but none is believed that the file has no buffer of.
 */
static bool look_allocate_dma(const struct bt_call *call,
			      struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	struct bt_tt_allocate_dma_buf in;
	struct bt_tt_dma dma;

	if (call->result)
		return false;
	if (copy_from_user_nofault(&in, (void __user *)call->arg[1], sizeof(in)) ||
	    !find_dma(file, in.index, &dma))
		return be_lost(e, file->device);
	be_alloc(e, file, "DMA", dma.size);
	key_of_file(e, file, dma.index, dma.index + 1);
	return true;
}

/*
 * tenstorrent_memory_cleanup(file): all that the file has. A close and an unbind can
 * meet there; who comes first tells. What is next: bucket, and place in it.
 */
static bool each_cleanup(struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	struct bt_tt_dma dma;

	be_free(e, call, file->device, "DMA");
	if (!call->next && !bt_driver_once(e, file))
		return false;
	while (call->next < BT_TT_DMA_BUCKETS * BT_TT_DMA_BUFFERS) {
		if (dma_at(file, call->next / BT_TT_DMA_BUFFERS,
			   call->next % BT_TT_DMA_BUFFERS, &dma)) {
			key_of_file(e, file, dma.index, dma.index + 1);
			call->next++;
			return true;
		}
		call->next = round_up(call->next + 1, BT_TT_DMA_BUFFERS);
	}
	return false;
}

/* ioctl_pin_pages(file, arg), when it has returned */
static bool look_pin(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	struct bt_tt_pin_pages in;

	if (call->result)
		return false;
	if (copy_from_user_nofault(&in, (void __user *)call->arg[1], sizeof(in)) ||
	    !in.size)
		return be_lost(e, file->device);
	be_alloc(e, file, "PIN", in.size);
	key_of_file(e, file, in.address, in.size >> PAGE_SHIFT);
	return true;
}

/* unpin_pinned_page_range(file, pin) */
static bool look_unpin(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	const struct bt_tt_pin *pin = (void *)call->arg[1];

	be_free(e, call, file->device, "PIN");
	key_of_file(e, file, pin->address, pin->nr_pages);
	return true;
}

/*
 * ioctl_unpin_pages(file, arg), when it has returned. Nothing was freed; where the
 * user has taken back what was asked for, nothing is lost but the question.
 */
static bool look_refused_unpin(const struct bt_call *call,
			       struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	struct bt_tt_unpin_pages in;

	if ((long)call->result != -EINVAL ||
	    copy_from_user_nofault(&in, (void __user *)call->arg[1], sizeof(in)) ||
	    in.reserved || !(in.size >> PAGE_SHIFT))
		return false;
	be_refused(e, file, "PIN");
	key_of_file(e, file, in.address, in.size >> PAGE_SHIFT);
	return true;
}

static u64 bytes_of_windows(const struct bt_tt_device *device)
{
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < BT_TT_KINDS; i++)
		bytes += device->nr_windows[i] * device->class->window_size[i];
	return bytes;
}

/* tenstorrent_device_allocate_tlb(chip, size), when it has returned a number */
static bool look_allocate_tlb(const struct bt_call *call,
			      struct bt_driver_event *e)
{
	const void *chip = (void *)call->arg[0];
	const struct bt_tt_file *file;

	if ((int)call->result < 0)
		return false;
	file = caller_on(call, chip);
	if (!file)
		return be_lost(e, chip);
	be_alloc(e, file, "TLB", call->arg[1]);
	e->capacity = bytes_of_windows(device_at(chip));
	key_of_chip(e, file, call->result);
	return true;
}

/* A window comes back when neither its file nor an export has it any more */
static bool tell_free_tlb(const struct bt_call *call, struct bt_driver_event *e)
{
	const void *chip = (void *)call->arg[0];
	u32 window = call->arg[1];

	if (window >= BT_TT_WINDOWS ||
	    refcount_read(&device_at(chip)->window_users[window]) != 1)
		return false;
	be_free(e, call, chip, "TLB");
	key_of_chip(e, NULL, window);
	return true;
}

/* tenstorrent_device_free_tlb(chip, window): in this call the file lets go of it */
static bool look_free_tlb(const struct bt_call *call, struct bt_driver_event *e)
{
	return tell_free_tlb(call, e);
}

/* tenstorrent_tlb_export_put(chip, window): whoever drops the last reference */
static bool look_export_put(const struct bt_call *call, struct bt_driver_event *e)
{
	if (!tell_free_tlb(call, e))
		return false;
	e->client = NULL;
	e->counted = true;
	return true;
}

/* ioctl_free_tlb(file, arg), when it has returned: not the file's own, or mapped */
static bool look_refused_tlb(const struct bt_call *call,
			     struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];
	long err = call->result;
	u32 window;

	if ((err != -EPERM && err != -EBUSY) ||
	    copy_from_user_nofault(&window, (void __user *)call->arg[1],
				   sizeof(window)))
		return false;
	be_refused(e, file, "TLB");
	key_of_chip(e, file, window);
	return true;
}

static void key_of_export(struct buftrack_report *buffer,
			  const struct dma_buf *dma_buf,
			  const struct bt_tt_export *export)
{
	buffer->address = export->window;
	buffer->id = bt_driver_id(dma_buf);
}

/* dma_buf_export(info), when it has returned; what is of the chip tells how it ends */
static bool look_export(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct dma_buf_export_info *info = (void *)call->arg[0];
	const struct bt_tt_export *export = info->priv;
	const struct bt_tt_file *file;

	if (IS_ERR_OR_NULL((void *)call->result) || !info->size ||
	    !bt_call_reaches(call, info->ops->release, "tt_tlb_dmabuf_release"))
		return false;
	file = caller_on(call, export->device);
	if (!file)
		return be_lost(e, export->device);
	be_alloc(e, file, "TLB_EXPORT", info->size);
	key_of_export(&e->buffer, (void *)call->result, export);
	return true;
}

/* tt_tlb_dmabuf_release(dma_buf) */
static bool look_export_release(const struct bt_call *call,
				struct bt_driver_event *e)
{
	const struct dma_buf *dma_buf = (void *)call->arg[0];
	const struct bt_tt_export *export = dma_buf->priv;

	be_free(e, call, export->device, "TLB_EXPORT");
	e->client = NULL;
	e->counted = true;
	key_of_export(&e->buffer, dma_buf, export);
	return true;
}

/* setup_noc_dma(file, top_down, size, target, noc_address), when it has returned */
static bool look_setup_region(const struct bt_call *call,
			      struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];

	if ((int)call->result < 0)
		return false;
	be_alloc(e, file, "IATU", call->arg[2]);
	key_of_chip(e, file, call->result);
	return true;
}

static bool tell_free_region(const struct bt_call *call,
			     struct bt_driver_event *e, const void *chip)
{
	int region = call->arg[1];

	if (region < 0 || region >= BT_TT_REGIONS)
		return false;
	be_free(e, call, chip, "IATU");
	key_of_chip(e, NULL, region);
	return true;
}

/* teardown_outbound_iatu(file, region) */
static bool look_teardown(const struct bt_call *call, struct bt_driver_event *e)
{
	const struct bt_tt_file *file = (void *)call->arg[0];

	return tell_free_region(call, e, file->device);
}

/* The compiler's own teardown_outbound_iatu(chip, region) */
static bool look_teardown_of_chip(const struct bt_call *call,
				  struct bt_driver_event *e)
{
	return tell_free_region(call, e, (void *)call->arg[0]);
}

/* tenstorrent_reset_reclaim_iatus(chip): of all files but the one that resets */
static bool each_reclaim(struct bt_call *call, struct bt_driver_event *e)
{
	const void *chip = (void *)call->arg[0];
	const struct bt_tt_device *device = device_at(chip);
	long resets = atomic_long_read(&device->resets);

	while (call->next < BT_TT_REGIONS) {
		u32 region = call->next++;
		const struct bt_tt_file *owner = device->regions[region].owner;

		if (!owner || resets_of(owner) == resets)
			continue;
		be_free(e, call, chip, "IATU");
		key_of_chip(e, NULL, region);
		return true;
	}
	return false;
}

/* Ends come before beginnings, so that none is missed of what has begun */
static const struct bt_point points[] = {
	{
		.symbol = "tt_cdev_release",
		.on_return = true,
		.enter = enter_release,
		.look = look_released,
		.covers = "when clients end",
	}, {
		.symbol = "tenstorrent_memory_cleanup",
		.each = each_cleanup,
		.covers = "frees of DMA buffers",
	}, {
		.symbol = "unpin_pinned_page_range",
		.look = look_unpin,
		.covers = "frees of pinned pages",
	}, {
		.symbol = "tenstorrent_device_free_tlb",
		.look = look_free_tlb,
		.covers = "frees of TLB windows",
	}, {
		.symbol = "tenstorrent_tlb_export_put",
		.look = look_export_put,
		.covers = "frees of TLB windows that are exported",
	}, {
		.symbol = "tt_tlb_dmabuf_release",
		.look = look_export_release,
		.covers = "ends of exported TLB windows",
	}, {
		.symbol = "teardown_outbound_iatu",
		.or_symbol = "teardown_outbound_iatu.isra.0",
		.look = look_teardown,
		.or_look = look_teardown_of_chip,
		.covers = "frees of outbound iATU regions",
	}, {
		.symbol = "tenstorrent_reset_reclaim_iatus",
		.each = each_reclaim,
		.covers = "outbound iATU regions that a reset takes back",
	}, {
		.symbol = "ioctl_unpin_pages",
		.on_return = true,
		.look = look_refused_unpin,
		.covers = "refused frees of pinned pages",
	}, {
		.symbol = "ioctl_free_tlb",
		.on_return = true,
		.look = look_refused_tlb,
		.covers = "refused frees of TLB windows",
	}, {
		.symbol = "ioctl_allocate_dma_buf",
		.on_return = true,
		.look = look_allocate_dma,
		.covers = "DMA buffers",
	}, {
		.symbol = "ioctl_pin_pages",
		.on_return = true,
		.look = look_pin,
		.covers = "pinned pages",
	}, {
		.symbol = "tenstorrent_device_allocate_tlb",
		.on_return = true,
		.look = look_allocate_tlb,
		.covers = "TLB windows",
	}, {
		.symbol = "dma_buf_export",
		.of_kernel = true,
		.on_return = true,
		.look = look_export,
		.covers = "exported TLB windows",
	}, {
		.symbol = "setup_noc_dma",
		.on_return = true,
		.look = look_setup_region,
		.covers = "outbound iATU regions",
	}, {
		.symbol = "tt_cdev_open",
		.no_buffer = true,
		.on_return = true,
		.look = look_open,
		.covers = "clients that have no buffers",
	}, {
		.symbol = "tenstorrent_register_device",
		.look = look_register,
		.covers = "whether chips are known from their beginning",
	},
};

const struct bt_adapter bt_tenstorrent_adapter = {
	.name = "tenstorrent",
	.module = "tenstorrent",
	.knows = knows,
	.bus = &pci_bus_type,
	.driver = "tenstorrent",
	.points = points,
	.nr_points = ARRAY_SIZE(points),
};
