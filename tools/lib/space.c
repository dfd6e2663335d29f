// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_space: a named memory region of a device
 */
#include <stdlib.h>

#include "internal.h"

API void buftrack_space_free(struct buftrack_space *space)
{
	free(space);
}

API unsigned int buftrack_space_number(const struct buftrack_space *space)
{
	return space->info.space;
}

API const char *buftrack_space_name(const struct buftrack_space *space)
{
	return space->info.name;
}

API uint64_t buftrack_space_capacity(const struct buftrack_space *space)
{
	return space->info.capacity;
}
