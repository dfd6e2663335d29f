/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The summary for programs
 */
#ifndef BUFTRACK_RUN_JSON_H
#define BUFTRACK_RUN_JSON_H

#include <stdio.h>

struct summary;

/* summary_json() - print it */
void summary_json(const struct summary *summary, FILE *out);

#endif /* BUFTRACK_RUN_JSON_H */
