/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Comparing two lists of buffers
 */
#ifndef BUFTRACK_DIFF_H
#define BUFTRACK_DIFF_H

#include <stdbool.h>
#include <stdint.h>
#include <libbuftrack.h>

/* struct amount - a number of buffers and the sum of their sizes */
struct amount {
	uint64_t buffers;
	uint64_t bytes;
};

/**
 * struct group - the buffers of one client in one space from one site
 * @device: name of the device
 * @client: number of the client
 * @pid: pid of the client
 * @comm: name of the client
 * @space: name of the space
 * @site: where they were allocated
 * @hidden: addresses, ids and sites are hidden, so only the sums are compared
 * @sides: buffers in the first and in the second list
 * @come: buffers that are only in the second list
 * @gone: buffers that are only in the first list
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

/* struct name - a device that a list covers */
struct name {
	struct name *next;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
};

/**
 * struct side - one of the two lists
 * @file: its name, for messages
 * @instant: its instant; 0: unknown
 * @inexact: it is marked as not exact
 * @devices: the devices that it covers
 * @ignored: number of records that are not live
 */
struct side {
	const char *file;
	uint64_t instant;
	bool inexact;
	struct name *devices;
	uint64_t ignored;
};

/**
 * struct record - a record of a list
 * @group: its group, without the sums
 * @address: its address
 * @id: its id
 * @allocated: time of the allocation
 * @size: its size
 * @live: it is live
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
 * @side: its file is set; the rest is filled in
 * @take: called for each live record
 * @context: first argument of @take
 *
 * Return: 0, or an exit status after an error message.
 */
int read_list(struct side *side,
	      void (*take)(void *context, const struct record *record),
	      void *context);

/* covers_device() - true if a list covers this device */
bool covers_device(const struct side *side, const char *name);
void drop_devices(struct side *side);

#endif /* BUFTRACK_DIFF_H */
