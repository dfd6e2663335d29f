/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sharing a limited resource among users
 *
 * A user may have SHARE_FACTOR times as much as is then free for all: alone three quarters
 * of it, the next one three quarters of the rest. However much one takes, others find
 * room.
 */
#ifndef BUFTRACK_SHARE_H
#define BUFTRACK_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define SHARE_FACTOR 3

/**
 * struct share - a resource
 * @max: what there is
 * @used: what all users have; above @max if some of it was not asked for
 */
struct share {
	uint64_t max;
	uint64_t used;
};

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
	uint64_t rest = used < max ? max - used : 0;

	return more <= rest &&
	       (own + more + SHARE_FACTOR - 1) / SHARE_FACTOR <= rest;
}

#endif /* BUFTRACK_SHARE_H */
