/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For drivers: how to tell buftrack of buffers
 *
 * A driver that includes this header has tracepoints of its own, to which buftrack
 * attaches when it is loaded or when the driver is, whichever comes later. Neither
 * needs the other: without buftrack each call is a jump over nothing, and buftrack
 * does not keep the driver from being unloaded.
 *
 * One source file of the driver defines BUFTRACK_DRIVER_DEFINE before it includes
 * this header. Then, wherever the driver is when it happens, in any context but
 * NMI, with any locks held:
 *
 *	buftrack_device_begin(&pdev->dev);	before the first of the others
 *	buftrack_client_begin(&pdev->dev, file);	an open of the driver's node
 *	buftrack_buffer_alloc(&pdev->dev, file, &buffer);
 *	buftrack_buffer_free(&pdev->dev, file, &buffer);
 *	buftrack_client_end(&pdev->dev, file);
 *	buftrack_device_end(&pdev->dev);	after the last of the others
 *
 * An alloc is told after it succeeded, a free before the memory can be handed out
 * again. Buffers that outlive their client are fine, and so are frees by somebody
 * else: buftrack judges them (Documentation/verdicts.md). The driver's process
 * context is who opened the file: buftrack_client_begin() is called by the opener.
 */
#ifndef BUFTRACK_DRIVER_H
#define BUFTRACK_DRIVER_H

#include <linux/device.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

/**
 * enum buftrack_buffer_flags - more about a buffer that is freed
 * @BUFTRACK_BUFFER_REFUSED: the driver refused this free
 * @BUFTRACK_BUFFER_COUNTED: the buffer has a count of references, and who drops
 *	the last one, in whatever context, frees it for its owner
 */
enum buftrack_buffer_flags {
	BUFTRACK_BUFFER_REFUSED = 1 << 0,
	BUFTRACK_BUFFER_COUNTED = 1 << 1,
};

/**
 * struct buftrack_buffer - a buffer, as a driver tells of it
 * @struct_size: sizeof(struct buftrack_buffer), for drivers built elsewhere
 * @flags: combination of enum buftrack_buffer_flags, of a free
 * @space: name of the memory that it is in, "VRAM" for one; 1 to 31 characters
 * @capacity: bytes of that memory, 0: not known
 * @address: its address there; where it has none, @id
 * @size: its size in bytes; of a free, 0: not known
 * @span: bytes of the address range that it takes, 0: not known; of a free, 0
 * @id: an identity of it that no other live buffer has, 0: none; never a kernel
 *	address, because readers see it
 */
struct buftrack_buffer {
	u32 struct_size;
	u32 flags;
	const char *space;
	u64 capacity;
	u64 address;
	u64 size;
	u64 span;
	u64 id;
};

DECLARE_TRACE(buftrack_device_begin, TP_PROTO(struct device *dev), TP_ARGS(dev));
DECLARE_TRACE(buftrack_device_end, TP_PROTO(struct device *dev), TP_ARGS(dev));
DECLARE_TRACE(buftrack_client_begin,
	      TP_PROTO(struct device *dev, const void *client),
	      TP_ARGS(dev, client));
DECLARE_TRACE(buftrack_client_end,
	      TP_PROTO(struct device *dev, const void *client),
	      TP_ARGS(dev, client));
DECLARE_TRACE(buftrack_buffer_alloc,
	      TP_PROTO(struct device *dev, const void *client,
		       const struct buftrack_buffer *buffer),
	      TP_ARGS(dev, client, buffer));
DECLARE_TRACE(buftrack_buffer_free,
	      TP_PROTO(struct device *dev, const void *client,
		       const struct buftrack_buffer *buffer),
	      TP_ARGS(dev, client, buffer));

#ifdef BUFTRACK_DRIVER_DEFINE
DEFINE_TRACE(buftrack_device_begin, TP_PROTO(struct device *dev), TP_ARGS(dev));
DEFINE_TRACE(buftrack_device_end, TP_PROTO(struct device *dev), TP_ARGS(dev));
DEFINE_TRACE(buftrack_client_begin,
	     TP_PROTO(struct device *dev, const void *client),
	     TP_ARGS(dev, client));
DEFINE_TRACE(buftrack_client_end,
	     TP_PROTO(struct device *dev, const void *client),
	     TP_ARGS(dev, client));
DEFINE_TRACE(buftrack_buffer_alloc,
	     TP_PROTO(struct device *dev, const void *client,
		      const struct buftrack_buffer *buffer),
	     TP_ARGS(dev, client, buffer));
DEFINE_TRACE(buftrack_buffer_free,
	     TP_PROTO(struct device *dev, const void *client,
		      const struct buftrack_buffer *buffer),
	     TP_ARGS(dev, client, buffer));
#endif

/**
 * buftrack_device_begin() - a device has come
 * @dev: the device
 */
static inline void buftrack_device_begin(struct device *dev)
{
	trace_buftrack_device_begin(dev);
}

/**
 * buftrack_device_end() - a device goes; what it has live ends as removed
 * @dev: the device
 */
static inline void buftrack_device_end(struct device *dev)
{
	trace_buftrack_device_end(dev);
}

/**
 * buftrack_client_begin() - somebody has opened the driver's node
 * @dev: the device
 * @client: any pointer that stands for this opening until it ends
 */
static inline void buftrack_client_begin(struct device *dev, const void *client)
{
	trace_buftrack_client_begin(dev, client);
}

/**
 * buftrack_client_end() - an opening is released; its buffers may stay
 * @dev: the device
 * @client: as in buftrack_client_begin()
 */
static inline void buftrack_client_end(struct device *dev, const void *client)
{
	trace_buftrack_client_end(dev, client);
}

/**
 * buftrack_buffer_alloc() - a buffer was allocated
 * @dev: the device
 * @client: whose it is; NULL: the driver's own
 * @buffer: the buffer
 */
static inline void buftrack_buffer_alloc(struct device *dev, const void *client,
					 const struct buftrack_buffer *buffer)
{
	trace_buftrack_buffer_alloc(dev, client, buffer);
}

/**
 * buftrack_buffer_free() - a buffer is about to be freed, or was refused to be
 * @dev: the device
 * @client: who frees it; NULL: the driver itself
 * @buffer: space, address and id as it was allocated with
 */
static inline void buftrack_buffer_free(struct device *dev, const void *client,
					const struct buftrack_buffer *buffer)
{
	trace_buftrack_buffer_free(dev, client, buffer);
}

#endif /* BUFTRACK_DRIVER_H */
