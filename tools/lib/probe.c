// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_probe: where a driver is looked at
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"
#include "uapi.h"

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

static char *stack_text(int fd, uint64_t site, unsigned int size)
{
	char *text = malloc(size + 1);
	struct buftrack_stack stack = {
		.site = site,
		.text = (uintptr_t)text,
		.len = size,
	};

	if (!text)
		return NULL;
	if (!uapi_stack(fd, &stack)) {
		text[stack.len < size ? stack.len : size] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

API char *buftrack_device_read_stack(struct buftrack_device *device,
				     uint64_t site)
{
	return stack_text(device->fd, site, BUFTRACK_STACK_TEXT);
}
