/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For drivers: reporting buffers to buftrack
 *
 * `make install` puts this header into /usr/local/include/linux, `make dkms-install`
 * leaves it in /usr/src/buftrack-<version>/module/include/linux: a driver names the
 * directory above linux/ in its ccflags-y.
 *
 * This header gives a driver tracepoints of its own. buftrack attaches to them when it
 * or the driver is loaded, whichever comes later. Neither depends on the other: without
 * buftrack each call is a static branch that is not taken, and buftrack holds no
 * reference to the driver.
 *
 * One source file of the driver defines BUFTRACK_DRIVER_DEFINE before it includes this
 * header. The driver then calls, in any context but NMI and with any locks held:
 *
 *	buftrack_device_begin(&pdev->dev);		before all others
 *	buftrack_client_begin(&pdev->dev, file);	in open() of its node
 *	buftrack_buffer_alloc(&pdev->dev, file, &buffer);
 *	buftrack_buffer_free(&pdev->dev, file, &buffer);
 *	buftrack_client_end(&pdev->dev, file);		in release() of its node
 *	buftrack_device_end(&pdev->dev);		after all others
 *
 * Report an alloc after it has succeeded, and a free before the memory can be allocated
 * again. Report frees of orphaned buffers and of other clients' buffers as well:
 * buftrack judges them (Documentation/verdicts.md). buftrack_client_begin() records
 * the current process as the opener.
 */
#ifndef BUFTRACK_DRIVER_H
#define BUFTRACK_DRIVER_H

#include <linux/device.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

/**
 * enum buftrack_buffer_flags - flags of an alloc or a free
 * @BUFTRACK_BUFFER_REFUSED: of a free: the driver refused it
 * @BUFTRACK_BUFFER_REFCOUNTED: of a free: the buffer is reference-counted: whoever drops the
 *	last reference, in any context, frees it on behalf of its owner
 * @BUFTRACK_BUFFER_APERTURE: of every alloc in a space whose buffers are views of memory that
 *	is counted elsewhere, or nowhere: windows, mappings, shared handles. The bytes of
 *	the device and of its clients leave them out.
 */
enum buftrack_buffer_flags {
	BUFTRACK_BUFFER_REFUSED = 1 << 0,
	BUFTRACK_BUFFER_REFCOUNTED = 1 << 1,
	BUFTRACK_BUFFER_APERTURE = 1 << 2,
};

/**
 * struct buftrack_buffer - a buffer that is allocated or freed
 * @struct_size: sizeof(struct buftrack_buffer), for drivers built with another version
 * @flags: combination of enum buftrack_buffer_flags
 * @space: name of the memory that it is in, for example "VRAM"; 1 to 31 characters
 * @capacity: bytes of that memory; 0: unknown
 * @address: its address there; @id if it has none
 * @size: its size in bytes; for a free, 0: unknown
 * @span: extent of its address range in bytes; 0: unknown; for a free always 0
 * @id: identity that no other live buffer has; 0: none. Readers of buftrack see it, so
 *	it must not be a kernel address.
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

/* Where DECLARE_TRACE() appends _tp to names, DECLARE_TRACE_EVENT() does not */
#ifdef DECLARE_TRACE_EVENT
#define BUFTRACK_DECLARE_TRACE	DECLARE_TRACE_EVENT
#else
#define BUFTRACK_DECLARE_TRACE	DECLARE_TRACE
#endif

BUFTRACK_DECLARE_TRACE(buftrack_device_begin,
		       TP_PROTO(struct device *dev), TP_ARGS(dev));
BUFTRACK_DECLARE_TRACE(buftrack_device_end,
		       TP_PROTO(struct device *dev), TP_ARGS(dev));
BUFTRACK_DECLARE_TRACE(buftrack_client_begin,
		       TP_PROTO(struct device *dev, const void *client),
		       TP_ARGS(dev, client));
BUFTRACK_DECLARE_TRACE(buftrack_client_end,
		       TP_PROTO(struct device *dev, const void *client),
		       TP_ARGS(dev, client));
BUFTRACK_DECLARE_TRACE(buftrack_buffer_alloc,
		       TP_PROTO(struct device *dev, const void *client,
				const struct buftrack_buffer *buffer),
		       TP_ARGS(dev, client, buffer));
BUFTRACK_DECLARE_TRACE(buftrack_buffer_free,
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
 * buftrack_device_begin() - report that the driver bound to a device
 * @dev: the device
 *
 * Context: any but NMI.
 */
static inline void buftrack_device_begin(struct device *dev)
{
	trace_buftrack_device_begin(dev);
}

/**
 * buftrack_device_end() - report that the driver unbinds; live buffers end as removed
 * @dev: the device
 *
 * Context: any but NMI.
 */
static inline void buftrack_device_end(struct device *dev)
{
	trace_buftrack_device_end(dev);
}

/**
 * buftrack_client_begin() - report that the current process opened the driver's node
 * @dev: the device
 * @client: any pointer that identifies the open file until it is released
 *
 * Context: any but NMI.
 */
static inline void buftrack_client_begin(struct device *dev, const void *client)
{
	trace_buftrack_client_begin(dev, client);
}

/**
 * buftrack_client_end() - report that an open file is released; its buffers may stay
 * @dev: the device
 * @client: as in buftrack_client_begin()
 *
 * Context: any but NMI.
 */
static inline void buftrack_client_end(struct device *dev, const void *client)
{
	trace_buftrack_client_end(dev, client);
}

/**
 * buftrack_buffer_alloc() - report that a buffer was allocated
 * @dev: the device
 * @client: its owner; NULL: the driver itself
 * @buffer: the buffer
 *
 * Context: any but NMI.
 */
static inline void buftrack_buffer_alloc(struct device *dev, const void *client,
					 const struct buftrack_buffer *buffer)
{
	trace_buftrack_buffer_alloc(dev, client, buffer);
}

/**
 * buftrack_buffer_free() - report that a buffer is about to be freed, or was refused
 * @dev: the device
 * @client: the client that frees it; NULL: the driver itself
 * @buffer: space, address and id that it was allocated with
 *
 * Context: any but NMI.
 */
static inline void buftrack_buffer_free(struct device *dev, const void *client,
					const struct buftrack_buffer *buffer)
{
	trace_buftrack_buffer_free(dev, client, buffer);
}

#endif /* BUFTRACK_DRIVER_H */
