/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the summary for people and the one for programs share
 */
#ifndef BUFTRACK_RUN_FINDINGS_H
#define BUFTRACK_RUN_FINDINGS_H

#include <stdio.h>

#include "internal.h"

/* findings_is_problem() - true if somebody is to blame, whatever was not seen */
bool findings_is_problem(unsigned int verdict);

/* findings_totals() - the counters of all devices together; the peak is meaningless */
void findings_totals(const struct summary *summary,
		     uint64_t totals[BUFTRACK_NR_COUNTERS]);

/* findings_unjudged() - the frees that missing reports may explain */
uint64_t findings_unjudged(const uint64_t totals[BUFTRACK_NR_COUNTERS]);

/* findings_complete() - false if reports are missing or may be */
bool findings_complete(const struct summary *summary);

/* findings_problems() - the problems, worst first; an array of @nr for free() */
struct problem **findings_problems(const struct summary *summary, size_t *nr);

/*
 * findings_head() - index of the frame that names a site: the innermost Python frame of
 *		     the program itself, of a package, or else the innermost native frame
 */
unsigned int findings_head(const struct stack *stack);

#endif /* BUFTRACK_RUN_FINDINGS_H */
