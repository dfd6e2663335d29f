/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's types and helpers, as far as the tracker core uses them
 *
 * These headers let module/core build in a process. Everything runs in one thread:
 * locks, atomic operations and allocation flags have no effect.
 */
#ifndef BUFTRACK_OFFLINE_TYPES_H
#define BUFTRACK_OFFLINE_TYPES_H

#include_next <linux/types.h>
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/minmax.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef unsigned int gfp_t;

#define U32_MAX ((u32)~0U)
#define U64_MAX ((u64)~0ULL)
#define S64_MAX ((s64)(U64_MAX >> 1))

#define BIT(nr) (1UL << (nr))
#define BIT_ULL(nr) (1ULL << (nr))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define IS_ENABLED(option) 0

#define container_of(member_pointer, type, member) \
	((type *)((char *)(member_pointer)-offsetof(type, member)))

/* As in the kernel, the message is optional */
#undef static_assert
#define static_assert(condition) _Static_assert(condition, #condition)

#define READ_ONCE(x) (x)
#define WRITE_ONCE(x, value) ((x) = (value))

#endif /* BUFTRACK_OFFLINE_TYPES_H */
