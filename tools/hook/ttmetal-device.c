// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The devices of tt-metal's runtime
 *
 * A MeshDevice drives several chips as one: its buffers have one address, on each. Chips
 * are the devices of the session.
 */
#include <stdio.h>

#include "ttmetal-device.h"

static void name_mesh_chip(char *name, size_t size, const void *data,
			   unsigned int index)
{
	snprintf(name, size, "tt-chip-%d", ((const int *)data)[index]);
}

static void name_chip(char *name, size_t size, const void *data,
		      unsigned int index)
{
	(void)index;
	snprintf(name, size, "tt-chip-%d", tt_chip_id(data));
}

/* is_whole() - a submesh has allocations of its own, on chips of its parent */
static bool is_whole(const struct tt_real *real, const void *mesh)
{
	return !real->mesh_is_parent || real->mesh_is_parent(mesh);
}

static unsigned int add_mesh(const struct tt_real *real, const void *mesh)
{
	struct tt_vector ids = { 0 };
	unsigned int owner;

	real->mesh_device_ids(&ids, mesh);
	owner = hook_add_owner(
		mesh, is_whole(real, mesh) ? HOOK_WHOLE : HOOK_PART,
		(unsigned int)(ids.end - ids.begin) / sizeof(int),
		name_mesh_chip, ids.begin);
	if (ids.begin)
		real->delete (ids.begin);
	return owner;
}

unsigned int tt_owner(const struct tt_real *real, const void *device)
{
	unsigned int owner = hook_find_owner(device);

	if (owner != HOOK_NO_OWNER)
		return owner;
	if (tt_is_mesh(real, device))
		return add_mesh(real, device);
	return hook_add_owner(device, HOOK_MEMBER, 1, name_chip, device);
}

void tt_expect_close(const struct tt_real *real, const void *mesh)
{
	if (real->mesh_device_ids && real->delete &&tt_is_mesh(real, mesh) &&
	    is_whole(real, mesh) && hook_has_owners())
		tt_owner(real, mesh);
}
