/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BUFTRACK_OFFLINE_ATOMIC_H
#define BUFTRACK_OFFLINE_ATOMIC_H

#include <linux/types.h>

typedef struct {
	s64 counter;
} atomic64_t;

static inline s64 atomic64_read(const atomic64_t *v)
{
	return v->counter;
}

static inline void atomic64_set(atomic64_t *v, s64 value)
{
	v->counter = value;
}

static inline void atomic64_add(s64 n, atomic64_t *v)
{
	v->counter += n;
}

static inline void atomic64_sub(s64 n, atomic64_t *v)
{
	v->counter -= n;
}

static inline void atomic64_dec(atomic64_t *v)
{
	v->counter--;
}

static inline bool atomic64_try_cmpxchg(atomic64_t *v, s64 *old, s64 value)
{
	if (v->counter != *old) {
		*old = v->counter;
		return false;
	}
	v->counter = value;
	return true;
}

#endif /* BUFTRACK_OFFLINE_ATOMIC_H */
