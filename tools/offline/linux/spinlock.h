/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BUFTRACK_OFFLINE_SPINLOCK_H
#define BUFTRACK_OFFLINE_SPINLOCK_H

#include <linux/lockdep.h>

static inline void raw_spin_lock_init(raw_spinlock_t *lock)
{
	lock->held = false;
}

static inline void bt_raw_spin_lock(raw_spinlock_t *lock)
{
	assert(!lock->held);
	lock->held = true;
}

static inline void bt_raw_spin_unlock(raw_spinlock_t *lock)
{
	assert(lock->held);
	lock->held = false;
}

#define raw_spin_lock_irqsave(lock, flags) \
	do {                               \
		bt_raw_spin_lock(lock);    \
		(flags) = 0;               \
	} while (0)

#define raw_spin_unlock_irqrestore(lock, flags) \
	do {                                    \
		(void)(flags);                  \
		bt_raw_spin_unlock(lock);       \
	} while (0)

#endif /* BUFTRACK_OFFLINE_SPINLOCK_H */
