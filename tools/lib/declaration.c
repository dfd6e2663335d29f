// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_declaration: what a client says of itself
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

API struct buftrack_declaration *buftrack_declaration_new(void)
{
	return calloc(1, sizeof(struct buftrack_declaration));
}

API void buftrack_declaration_free(struct buftrack_declaration *declaration)
{
	free(declaration);
}

API void
buftrack_declaration_set_flags(struct buftrack_declaration *declaration,
			       unsigned int flags)
{
	declaration->declare.flags = flags;
}

API void
buftrack_declaration_set_first_id(struct buftrack_declaration *declaration,
				  uint64_t id)
{
	declaration->declare.first_id = id;
}

API int buftrack_declaration_claim(struct buftrack_declaration *declaration,
				   unsigned int pid, const char *name)
{
	struct buftrack_declare *declare = &declaration->declare;
	size_t length = strlen(name);

	if (length >= sizeof(declare->claimed_name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	declare->claimed_pid = pid;
	memset(declare->claimed_name, 0, sizeof(declare->claimed_name));
	memcpy(declare->claimed_name, name, length);
	return 0;
}
