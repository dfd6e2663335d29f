/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whom a client of the bridge speaks for
 */
#ifndef BUFTRACK_BRIDGE_HOLDER_H
#define BUFTRACK_BRIDGE_HOLDER_H

#include <libbuftrack.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct holder - whose accounts they are, for the kernel to be told
 * @pid: of the process, 0: not known
 * @name: of it
 * @claimed: pid that its messages claim, 0: none
 * @is_late: it can have allocated what was never reported
 */
struct holder {
	pid_t pid;
	const char *name;
	int32_t claimed;
	bool is_late;
};

/* holder_name() - "python3", or "python3 (says pid 7)" if it says another */
void holder_name(const struct holder *holder,
		 char name[BUFTRACK_CLAIMED_NAME_SIZE]);

#endif /* BUFTRACK_BRIDGE_HOLDER_H */
