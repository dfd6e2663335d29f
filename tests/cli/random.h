/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that are the same everywhere for the same seed
 */
#ifndef BUFTRACK_TESTS_RANDOM_H
#define BUFTRACK_TESTS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

static uint64_t random_state;

/* roll() - a number below @sides, by xorshift64* */
static inline uint64_t roll(uint64_t sides)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return ((random_state * UINT64_C(2685821657736338717)) >> 32) % sides;
}

static inline bool one_in(uint64_t sides)
{
	return !roll(sides);
}

static inline void seed_random(uint64_t seed)
{
	random_state = seed * 2 + 1;
	for (int i = 0; i < 16; i++)
		roll(2);
}

#endif /* BUFTRACK_TESTS_RANDOM_H */
