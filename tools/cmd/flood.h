/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Repeats of wrong reports: the first few of a kind are shown, the rest is counted
 *
 * A program that frees twice in a loop must not bury what others do, nor fill a
 * disk. What is counted is told in a line for each place, at the end, and until
 * then no more than one line a second.
 */
#ifndef BUFTRACK_FLOOD_H
#define BUFTRACK_FLOOD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* So many of a kind are shown, and again after it has been quiet for so long. */
#define FLOOD_SHOWN 3
#define FLOOD_QUIET UINT64_C(60000000000)

/* Of so many kinds repeats are told apart; what is beyond them is one kind. */
#define FLOOD_KINDS 4096

/**
 * struct kind - what makes wrong reports alike
 */
struct kind {
	uint64_t device;
	uint64_t client;
	uint64_t verdict;
	uint64_t space;
	uint64_t site;
};

struct flood;

/* flood_new() - running out of memory ends the command */
struct flood *flood_new(void);
void flood_free(struct flood *flood);

/**
 * flood_admit() - whether to show a wrong report
 * @flood: what there was before
 * @kind: of it
 * @stamp: when it was, in ns
 * @first: set to whether it is the first one of its kind, and there is to be a
 *	   flood_name(); may be so again after a quiet time
 *
 * Return: true: show it; false: it is counted.
 */
bool flood_admit(struct flood *flood, const struct kind *kind, uint64_t stamp,
		 bool *first);

/* flood_name() - what flood_tell() calls the kind that was admitted last */
void flood_name(struct flood *flood, char *name);

/* flood_pending() - whether there is something to tell */
bool flood_pending(const struct flood *flood);

/* flood_tell() - a line on the kind of which most was counted since it was told */
void flood_tell(struct flood *flood, FILE *out);

/* flood_tell_all() - a line on each kind */
void flood_tell_all(struct flood *flood, FILE *out);

#endif /* BUFTRACK_FLOOD_H */
