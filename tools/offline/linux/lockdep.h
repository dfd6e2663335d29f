/* SPDX-License-Identifier: GPL-2.0 */
/* A lock knows whether it is held, so that assertions of the core hold in a process, too */
#ifndef BUFTRACK_OFFLINE_LOCKDEP_H
#define BUFTRACK_OFFLINE_LOCKDEP_H

#include <linux/types.h>

typedef struct {
	bool held;
} raw_spinlock_t;

#define lockdep_assert_held(lock) assert((lock)->held)

#endif /* BUFTRACK_OFFLINE_LOCKDEP_H */
