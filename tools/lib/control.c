// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_control, the open control node, and its answers: buftrack_module, buftrack_probe
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

	/* A longer name loses its NUL, which the kernel refuses with ENAMETOOLONG. */
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

/* buftrack_module: version, limits and totals of the loaded module */

API void buftrack_module_free(struct buftrack_module *module)
{
	free(module);
}

API const char *buftrack_module_version(const struct buftrack_module *module)
{
	return module->info.version;
}

API uint64_t buftrack_module_serial(const struct buftrack_module *module)
{
	return module->info.serial;
}

API unsigned int
buftrack_module_nr_devices(const struct buftrack_module *module)
{
	return module->info.nr_devices;
}

API unsigned int
buftrack_module_max_devices(const struct buftrack_module *module)
{
	return module->info.max_devices;
}

API uint64_t buftrack_module_nr_records(const struct buftrack_module *module)
{
	return module->info.nr_records;
}

API uint64_t buftrack_module_max_records(const struct buftrack_module *module)
{
	return module->info.max_records;
}

API unsigned int
buftrack_module_record_size(const struct buftrack_module *module)
{
	return module->info.record_size;
}

API unsigned int
buftrack_module_nr_counters(const struct buftrack_module *module)
{
	return module->info.nr_counters;
}

API unsigned int
buftrack_module_nr_verdicts(const struct buftrack_module *module)
{
	return module->info.nr_verdicts;
}

/* buftrack_probe: a kernel function that an adapter probes */

API struct buftrack_probe *
buftrack_control_next_probe(struct buftrack_control *control, unsigned int from)
{
	struct buftrack_probe *probe = calloc(1, sizeof(*probe));

	if (!probe)
		return NULL;
	probe->info.probe = from;
	probe->info.flags = BUFTRACK_LOOKUP_NEXT;
	if (!uapi_probe_info(control->fd, &probe->info))
		return probe;
	free(probe);
	return NULL;
}

API void buftrack_probe_free(struct buftrack_probe *probe)
{
	free(probe);
}

API unsigned int buftrack_probe_number(const struct buftrack_probe *probe)
{
	return probe->info.probe;
}

API unsigned int buftrack_probe_state(const struct buftrack_probe *probe)
{
	return probe->info.state;
}

API const char *buftrack_probe_adapter(const struct buftrack_probe *probe)
{
	return probe->info.adapter;
}

API const char *buftrack_probe_module(const struct buftrack_probe *probe)
{
	return probe->info.module;
}

API const char *buftrack_probe_symbol(const struct buftrack_probe *probe)
{
	return probe->info.symbol;
}

API const char *buftrack_probe_covers(const struct buftrack_probe *probe)
{
	return probe->info.covers;
}

API uint64_t buftrack_probe_hits(const struct buftrack_probe *probe)
{
	return probe->info.hits;
}

API uint64_t buftrack_probe_missed(const struct buftrack_probe *probe)
{
	return probe->info.missed;
}
