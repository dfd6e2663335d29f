// SPDX-License-Identifier: GPL-2.0
/*
 * Whom a client of the bridge speaks for
 */
#include <stdio.h>

#include "holder.h"

void holder_name(const struct holder *holder,
		 char name[BUFTRACK_CLAIMED_NAME_SIZE])
{
	const char *known = *holder->name ? holder->name : "ended";

	if (holder->claimed && holder->claimed != holder->pid)
		snprintf(name, BUFTRACK_CLAIMED_NAME_SIZE, "%s (says pid %d)",
			 known, holder->claimed);
	else
		snprintf(name, BUFTRACK_CLAIMED_NAME_SIZE, "%s", known);
}
