/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Comparing two lists
 *
 * diff-read.c reads a list, a record at a time; diff-groups.c tells what has come
 * and gone; diff-print.c writes that.
 */
#ifndef BUFTRACK_DIFF_H
#define BUFTRACK_DIFF_H

#include <json.h>
#include <stdbool.h>
#include <stdint.h>
#include <libbuftrack.h>

/* struct amount - buffers, and the sum of their sizes */
struct amount {
	uint64_t buffers;
	uint64_t bytes;
};

/**
 * struct group - buffers of one client and space, allocated at one site
 * @device: name of the device
 * @client: number of the client, and who that is
 * @space: name of the space
 * @site: where they were allocated
 * @hidden: addresses, ids and sites of these are not shown: only sums are known
 * @sides: what there was, and what there is
 * @come: what is new
 * @gone: what is no more
 */
struct group {
	char device[BUFTRACK_DEVICE_NAME_SIZE];
	uint64_t client;
	uint64_t pid;
	char comm[4 * BUFTRACK_COMM_SIZE];
	char space[BUFTRACK_SPACE_NAME_SIZE];
	uint64_t site;
	bool hidden;
	struct amount sides[2];
	struct amount come;
	struct amount gone;
};

/* struct name - a device that a list is of */
struct name {
	struct name *next;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
};

/**
 * struct side - one of the two lists
 * @file: its name, for complaints
 * @instant: what it is of, 0: it does not say
 * @inexact: it says that it is not exact
 * @devices: that it is of
 * @ignored: records that are not live
 */
struct side {
	const char *file;
	uint64_t instant;
	bool inexact;
	struct name *devices;
	uint64_t ignored;
};

/**
 * struct record - what of a record of a list matters
 * @group: what it belongs to, without the sums
 */
struct record {
	struct group group;
	uint64_t address;
	uint64_t id;
	uint64_t allocated;
	uint64_t size;
	bool live;
};

/**
 * read_list() - read a list
 * @side: has its file; the rest is filled in
 * @take: called for each record
 * @context: handed to @take
 *
 * Return: 0, or how the command ends: it has said why.
 */
int read_list(struct side *side,
	      void (*take)(void *context, const struct record *record),
	      void *context);

/* is_of() - true if a list is of this device */
bool is_of(const struct side *side, const char *name);
void drop_devices(struct side *side);

struct diff;

/* diff_new() - running out of memory ends the command, here and below */
struct diff *diff_new(void);
void diff_free(struct diff *diff);

/* diff_before(), diff_after() - one more record; all of before come first */
void diff_before(void *diff, const struct record *record);
void diff_after(void *diff, const struct record *record);

/**
 * diff_groups() - what has changed, when all records are in
 * @diff: the records
 * @groups: set to groups with a change, what has grown most first; the caller's
 * @total: set to the sums of all groups
 *
 * Return: how many groups there are.
 */
size_t diff_groups(struct diff *diff, struct group ***groups,
		   struct group *total);

void print_diff_text(const struct side sides[2], struct group *const *groups,
		     size_t nr, const struct group *total);
void print_diff_json(const struct side sides[2], struct group *const *groups,
		     size_t nr, const struct group *total);

#endif /* BUFTRACK_DIFF_H */
