/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The summary for people
 */
#ifndef BUFTRACK_RUN_TEXT_H
#define BUFTRACK_RUN_TEXT_H

#include <stdbool.h>
#include <stdio.h>

struct summary;

/* summary_text() - print it; without @details only the line of the verdict */
void summary_text(const struct summary *summary, FILE *out, bool details);

#endif /* BUFTRACK_RUN_TEXT_H */
