/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parsing numbers, sizes and durations
 *
 * Each function returns 0, or -1 if the text is malformed or needs more than
 * 64 bits.
 */
#ifndef BUFTRACK_UTIL_PARSE_H
#define BUFTRACK_UTIL_PARSE_H

#include <stdint.h>

/* parse_number() - [0-9]+ or 0x[0-9a-fA-F]+ */
int parse_number(const char *text, uint64_t *number);

/* parse_size() - bytes: a number, or one with a binary unit: 4KiB, 4K, 1.5GiB */
int parse_size(const char *text, uint64_t *bytes);

/* parse_duration() - ns: seconds, or with a unit: ns, us, ms, s, m, h, d */
int parse_duration(const char *text, uint64_t *ns);

#endif /* BUFTRACK_UTIL_PARSE_H */
