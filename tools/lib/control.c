// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_control: the node that registers, lists and removes devices
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "uapi.h"

API struct buftrack_control *buftrack_control_open(int flags)
{
	struct buftrack_control *control = malloc(sizeof(*control));

	if (!control)
		return NULL;
	control->fd = uapi_open_control(flags);
	if (control->fd >= 0)
		return control;
	free(control);
	return NULL;
}

API void buftrack_control_close(struct buftrack_control *control)
{
	if (!control)
		return;
	uapi_close(control->fd);
	free(control);
}

API int buftrack_control_fd(const struct buftrack_control *control)
{
	return control->fd;
}

API int buftrack_control_add_device(struct buftrack_control *control,
				    const char *name, unsigned int flags,
				    unsigned int *device)
{
	struct buftrack_device_add arg = { .flags = flags };

	/* A name that is too long goes without its NUL, which the kernel tells. */
	memcpy(arg.name, name, strnlen(name, sizeof(arg.name)));
	if (uapi_device_add(control->fd, &arg))
		return -1;
	if (device)
		*device = arg.device;
	return !!arg.created;
}

API int buftrack_control_remove_device(struct buftrack_control *control,
				       unsigned int device, unsigned int flags,
				       uint64_t *buffers, uint64_t *bytes)
{
	struct buftrack_device_remove arg = {
		.flags = flags,
		.device = device,
	};

	if (uapi_device_remove(control->fd, &arg))
		return -1;
	if (buffers)
		*buffers = arg.removed_buffers;
	if (bytes)
		*bytes = arg.removed_bytes;
	return 0;
}

API struct buftrack_module *
buftrack_control_read_module(struct buftrack_control *control)
{
	struct buftrack_module *module = calloc(1, sizeof(*module));

	if (!module)
		return NULL;
	if (!uapi_info(control->fd, &module->info))
		return module;
	free(module);
	return NULL;
}

static struct buftrack_device_status *
read_device(struct buftrack_control *control, unsigned int device,
	    unsigned int flags)
{
	struct buftrack_device_status *status = calloc(1, sizeof(*status));

	if (!status)
		return NULL;
	status->info.device = device;
	status->info.flags = flags;
	if (!uapi_device_info(control->fd, &status->info))
		return status;
	free(status);
	return NULL;
}

API struct buftrack_device_status *
buftrack_control_read_device(struct buftrack_control *control,
			     unsigned int device)
{
	return read_device(control, device, 0);
}

API struct buftrack_device_status *
buftrack_control_next_device(struct buftrack_control *control,
			     unsigned int from)
{
	return read_device(control, from, BUFTRACK_LOOKUP_NEXT);
}

API struct buftrack_device_status *
buftrack_control_find_device(struct buftrack_control *control, const char *name)
{
	struct buftrack_device_status *status;
	unsigned int from = 0;

	while ((status = read_device(control, from, BUFTRACK_LOOKUP_NEXT))) {
		if (!strcmp(status->info.name, name))
			return status;
		from = status->info.device + 1;
		free(status);
		if (!from) {
			errno = ENOENT;
			break;
		}
	}
	return NULL;
}
