/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BUFTRACK_OFFLINE_OVERFLOW_H
#define BUFTRACK_OFFLINE_OVERFLOW_H

#define check_add_overflow(a, b, sum) __builtin_add_overflow(a, b, sum)

#endif /* BUFTRACK_OFFLINE_OVERFLOW_H */
