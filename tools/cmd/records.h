/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Listing records, for list and remaining
 */
#ifndef BUFTRACK_RECORDS_H
#define BUFTRACK_RECORDS_H

#include <stdbool.h>
#include <libbuftrack.h>

#include "cmd.h"
#include "lookup.h"

/* What a list can be sorted by */
enum sort_key {
	SORT_NONE,
	SORT_AGE,
	SORT_SIZE,
	SORT_ADDRESS,
	SORT_CLIENT,
};

/**
 * struct query - what a user wants to see
 * @device: which device, NULL: all
 * @client: of this client, 0: any
 * @has_pid: only of one process
 * @pid: which
 * @space: in this space, NULL: any
 * @states: in one of these of enum buftrack_record_state, 0: any
 * @min_size: in bytes
 * @max_size: in bytes
 * @min_age: in ns
 * @max_age: in ns, 0: any
 * @sort: by what
 * @reverse: the other way round
 * @limit: show at most so many
 * @stacks: with kernel stacks, which JSON always has
 * @json: as JSON
 */
struct query {
	const char *device;
	uint64_t client;
	bool has_pid;
	uint64_t pid;
	const char *space;
	unsigned int states;
	uint64_t min_size;
	uint64_t max_size;
	uint64_t min_age;
	uint64_t max_age;
	enum sort_key sort;
	bool reverse;
	uint64_t limit;
	bool stacks;
	bool json;
};

/* In the order of QUERY_OPTIONS, which come first in a verb's list */
enum {
	QUERY_DEVICE,
	QUERY_CLIENT,
	QUERY_PID,
	QUERY_SPACE,
	QUERY_MIN_SIZE,
	QUERY_MAX_SIZE,
	QUERY_MIN_AGE,
	QUERY_MAX_AGE,
	QUERY_SORT,
	QUERY_REVERSE,
	QUERY_LIMIT,
	QUERY_STACKS,
	QUERY_JSON,
	NR_QUERY_OPTIONS,
};

#define QUERY_OPTIONS                                                                        \
	[QUERY_DEVICE] = { "device", "DEV",                                                  \
			   "only this device (name, number or node)" },                      \
	[QUERY_CLIENT] = { "client", "N", "only what this client owns" },                    \
	[QUERY_PID] = { "pid", "PID", "only what this process owns" },                       \
	[QUERY_SPACE] = { "space", "NAME", "only what is in this space" },                   \
	[QUERY_MIN_SIZE] = { "min-size", "SIZE", "at least so large" },                      \
	[QUERY_MAX_SIZE] = { "max-size", "SIZE", "at most so large" },                       \
	[QUERY_MIN_AGE] = { "min-age", "TIME",                                               \
			    "allocated at least so long ago" },                              \
	[QUERY_MAX_AGE] = { "max-age", "TIME",                                               \
			    "allocated at most so long ago" },                               \
	[QUERY_SORT] = { "sort", "KEY",                                                      \
			 "by age (oldest first), size (largest first), address or client" }, \
	[QUERY_REVERSE] = { "reverse", NULL, "the other way round" },                        \
	[QUERY_LIMIT] = { "limit", "N", "show only the first N" },                           \
	[QUERY_STACKS] = { "stacks", NULL,                                                   \
			   "show the kernel stacks of a driver's sites below the list" },    \
	[QUERY_JSON] = { "json", NULL, "write JSON" }

#define QUERY_DETAILS \
	"SIZE is bytes, or with KiB, MiB, GiB or TiB behind the number; TIME is seconds, or\nwith ns, us, ms, s, m, h or d behind the number."

/**
 * query_option() - take one of QUERY_OPTIONS
 * @args: its value, and for the complaint
 * @option: which
 * @query: where to put it
 *
 * Return: 0, or OPTIONS_BAD: it has complained.
 */
int query_option(const struct args *args, int option, struct query *query);

/* query_init() - everything of every device */
void query_init(struct query *query);

/**
 * struct origin - the device that rows come from
 * @next: another one
 * @number: its number
 * @now: the clock of all devices when the first one was asked
 * @name: its name
 * @driver: a kernel driver announced it
 * @owners: tree of struct owner
 * @spaces: names of its spaces
 * @listed: its records were listed, and the rest is known
 * @exact: the list has what there was at the instant, and nothing else
 * @instant: by the clock of all devices, in ns
 * @missed: records of the instant that were gone before they were read
 * @matched: how many of its records matched
 */
struct origin {
	struct origin *next;
	unsigned int number;
	uint64_t now;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	bool driver;
	void *owners;
	space_names spaces;
	bool listed;
	bool exact;
	uint64_t instant;
	uint64_t missed;
	uint64_t matched;
};

/**
 * struct row - a record to be shown
 * @origin: its device
 * @owner: who owns it, or NULL: nothing is known
 * @by_driver: the device's driver reported it
 * @stack: where in the kernel it was allocated, or NULL: not known, or not wanted
 * @ended_stack: where it was freed, likewise
 */
struct row {
	const struct origin *origin;
	const struct owner *owner;
	bool by_driver;
	struct stack *stack;
	struct stack *ended_stack;
	uint64_t client;
	uint64_t address;
	uint64_t size;
	uint64_t span;
	uint64_t id;
	uint64_t allocated;
	uint64_t ended;
	uint64_t ended_by;
	uint64_t site;
	uint64_t ended_site;
	unsigned int space;
	unsigned int state;
	unsigned int repeats;
	unsigned int pid;
	char comm[BUFTRACK_COMM_SIZE];
};

/**
 * struct printer - writes rows, as text or JSON
 * @json: as JSON
 * @stacks: those to be written below the text, or NULL
 * @nr: rows written so far
 * @table: of the text
 */
struct printer {
	bool json;
	const struct stacks *stacks;
	uint64_t nr;
	struct table *table;
};

void printer_begin(struct printer *printer, bool json,
		   const struct stacks *stacks);
void printer_row(struct printer *printer, const struct row *row);

struct totals;

/* printer_end() - the sums, and what instants the rows of @origins are of */
void printer_end(struct printer *printer, const struct totals *totals,
		 const struct origin *origins);

/**
 * struct totals - sums to be told at the end
 * @matched: how many records matched
 * @bytes: their sizes
 * @redacted: how many of them are another user's
 * @remaining: verb remaining: tell the next two
 * @remaining_buffers: counter of the devices asked
 * @remaining_bytes: likewise
 */
struct totals {
	uint64_t matched;
	uint64_t bytes;
	uint64_t redacted;
	bool remaining;
	uint64_t remaining_buffers;
	uint64_t remaining_bytes;
};

/**
 * struct selection - the rows that are wanted, in order
 * @query: what is wanted
 * @printer: where rows go
 * @rows: those that wait for their order, @nr of them
 * @room: how many would fit
 */
struct selection {
	const struct query *query;
	struct printer *printer;
	struct row *rows;
	size_t nr;
	size_t room;
};

/* selection_add() - one more; running out of memory ends the command */
void selection_add(struct selection *selection, const struct row *row);

/* selection_end() - write what has waited */
void selection_end(struct selection *selection);

/**
 * show_records() - ask the devices and write what is wanted
 * @query: what is wanted
 * @remaining: tell what the counters say of remaining buffers
 *
 * Return: how the command ends.
 */
int show_records(const struct query *query, bool remaining);

#endif /* BUFTRACK_RECORDS_H */
