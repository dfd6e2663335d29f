/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sharing a limited resource among users
 *
 * A user may have as much as is then free for all: alone half of it, the next one half
 * of the rest. However much one takes, others find room.
 */
#ifndef BUFTRACK_SHARE_H
#define BUFTRACK_SHARE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * share_has() - whether a user's share has room
 * @own: what the user has
 * @more: what it wants in addition
 * @max: what there is
 * @used: what all users have
 *
 * Return: true if so.
 */
static inline bool share_has(uint64_t own, uint64_t more, uint64_t max,
			     uint64_t used)
{
	return used < max && own + more <= max - used;
}

#endif /* BUFTRACK_SHARE_H */
