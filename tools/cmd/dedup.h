/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counting repeated events instead of printing them
 *
 * Of events with the same key the first few are printed and the rest is counted, so
 * a program that frees twice in a loop neither hides other events nor fills a disk.
 * Counts are printed one line a second, and all of them at the end.
 */
#ifndef BUFTRACK_DEDUP_H
#define BUFTRACK_DEDUP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Events of a key that are printed, and again after a quiet time in ns */
#define DEDUP_SHOWN 3
#define DEDUP_QUIET UINT64_C(60000000000)

/* Keys that are counted separately; all others share one count */
#define DEDUP_KEYS 4096

/* struct dedup_key - the fields that repeated events share */
struct dedup_key {
	uint64_t device;
	uint64_t client;
	uint64_t verdict;
	uint64_t space;
	uint64_t site;
};

struct dedup;

/* dedup_new() - running out of memory ends the command */
struct dedup *dedup_new(void);
void dedup_free(struct dedup *dedup);

/**
 * dedup_admit() - decide whether to print an event
 * @dedup: the counts
 * @key: of the event
 * @stamp: time of the event, in ns
 * @first: set to true if the caller must name the key with dedup_name(): this is
 *	its first event, or the first one after a quiet time
 *
 * Return: true to print it; false: it was counted.
 */
bool dedup_admit(struct dedup *dedup, const struct dedup_key *key,
		 uint64_t stamp, bool *first);

/* dedup_name() - name the last key; takes over @name */
void dedup_name(struct dedup *dedup, char *name);

/* dedup_pending() - true if there are counts to print */
bool dedup_pending(const struct dedup *dedup);

/* dedup_print() - print and clear the largest count */
void dedup_print(struct dedup *dedup, FILE *out);

/* dedup_print_all() - print and clear all counts */
void dedup_print_all(struct dedup *dedup, FILE *out);

#endif /* BUFTRACK_DEDUP_H */
