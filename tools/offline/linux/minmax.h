/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BUFTRACK_OFFLINE_MINMAX_H
#define BUFTRACK_OFFLINE_MINMAX_H

#define max(a, b)                              \
	({                                     \
		__auto_type max_a = (a);       \
		__auto_type max_b = (b);       \
		max_a > max_b ? max_a : max_b; \
	})

#define min_t(type, a, b)                      \
	({                                     \
		type min_a = (a);              \
		type min_b = (b);              \
		min_a < min_b ? min_a : min_b; \
	})

#define clamp_t(type, value, low, high)                                       \
	({                                                                    \
		type clamp_value = (value);                                   \
		type clamp_low = (low);                                       \
		type clamp_high = (high);                                     \
		clamp_value<clamp_low ? clamp_low : clamp_value> clamp_high ? \
			clamp_high :                                          \
			clamp_value;                                          \
	})

#define swap(a, b)                        \
	do {                              \
		__auto_type swap_a = (a); \
		(a) = (b);                \
		(b) = swap_a;             \
	} while (0)

#endif /* BUFTRACK_OFFLINE_MINMAX_H */
