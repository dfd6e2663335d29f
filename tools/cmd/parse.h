/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers as people write them
 *
 * All of them return 0, or -1: it is no such thing.
 */
#ifndef BUFTRACK_PARSE_H
#define BUFTRACK_PARSE_H

#include <stdint.h>

/* parse_number() - 12 or 0xc */
int parse_number(const char *text, uint64_t *number);

/* parse_size() - bytes: a number, or with a binary unit: 4KiB, 4K, 1.5GiB */
int parse_size(const char *text, uint64_t *bytes);

/* parse_duration() - ns: seconds, or with a unit: ns, us, ms, s, m, h, d */
int parse_duration(const char *text, uint64_t *ns);

#endif /* BUFTRACK_PARSE_H */
