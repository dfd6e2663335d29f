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

enum sort_key {
	SORT_NONE,
	SORT_AGE,
	SORT_SIZE,
	SORT_ADDRESS,
	SORT_CLIENT,
};

/**
 * struct query - the records that the user wants
 * @device: of this device; NULL: all
 * @client: of this client; 0: any
 * @has_pid: only of the process @pid
 * @pid: the process
 * @space: in this space; NULL: any
 * @states: in one of these states (enum buftrack_record_state); 0: any
 * @min_size: in bytes
 * @max_size: in bytes
 * @min_age: in ns
 * @max_age: in ns; 0: any
 * @sort: sort key
 * @reverse: reverse the order
 * @limit: maximum number of records to print
 * @stacks: print kernel stacks; JSON always has them
 * @json: print JSON
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

/* The options of list and remaining, in the order of QUERY_OPTIONS */
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

/* clang-format off */
#define QUERY_OPTIONS                                                          \
	[QUERY_DEVICE] = { "device", "DEV",                                    \
		"only this device (name, number or node)" },                   \
	[QUERY_CLIENT] = { "client", "N", "only buffers of this client" },     \
	[QUERY_PID] = { "pid", "PID", "only buffers of this process" },        \
	[QUERY_SPACE] = { "space", "NAME", "only buffers in this space" },     \
	[QUERY_MIN_SIZE] = { "min-size", "SIZE", "at least this large" },      \
	[QUERY_MAX_SIZE] = { "max-size", "SIZE", "at most this large" },       \
	[QUERY_MIN_AGE] = { "min-age", "TIME",                                 \
		"allocated at least this long ago" },                          \
	[QUERY_MAX_AGE] = { "max-age", "TIME",                                 \
		"allocated at most this long ago" },                           \
	[QUERY_SORT] = { "sort", "KEY",                                        \
		"by age (oldest first), size (largest first), address or client" }, \
	[QUERY_REVERSE] = { "reverse", NULL, "reverse the order" },            \
	[QUERY_LIMIT] = { "limit", "N", "print only the first N" },            \
	[QUERY_STACKS] = { "stacks", NULL,                                     \
		"print the kernel stacks of a driver's sites below the list" }, \
	[QUERY_JSON] = { "json", NULL, "print JSON" }
/* clang-format on */

#define QUERY_DETAILS \
	"SIZE is in bytes, or a number followed by KiB, MiB, GiB or TiB. TIME is in\nseconds, or a number followed by ns, us, ms, s, m, h or d."

/**
 * struct origin - a device that was listed
 * @next: the next device
 * @number: its number
 * @now: the clock of all devices when the first one was listed
 * @name: its name
 * @driver: a kernel driver registered it
 * @owners: tree of struct owner
 * @spaces: names of its spaces
 * @listed: its records were listed, so the next fields are set
 * @exact: the list contains exactly the records of @instant
 * @instant: time of the list by the clock of all devices, in ns
 * @missed: records of @instant that were replaced before they were read
 * @matched: number of its records that matched
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
 * struct row - a record to be printed
 * @origin: its device
 * @owner: its client; NULL: unknown
 * @by_driver: the device's driver reported it
 * @stack: kernel stack of the allocation; NULL: unknown, or not wanted
 * @ended_stack: kernel stack of the free; NULL likewise
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
 * struct printer - prints rows as text or JSON
 * @json: print JSON
 * @stacks: stacks to print below the table; NULL: none
 * @nr: number of rows printed
 * @table: the table; NULL before its first row
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

/**
 * struct totals - sums that are printed last
 * @matched: number of records that matched
 * @bytes: the sum of their sizes
 * @redacted: number of them that belong to another user
 * @remaining: print the next two, for the verb remaining
 * @remaining_buffers: sum of this counter over the devices
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

/* printer_end() - print the sums, and the instant of each device */
void printer_end(struct printer *printer, const struct totals *totals,
		 const struct origin *origins);

/**
 * run_query() - run list or remaining
 * @args: the words
 * @states: the states to list by default; REMAINING also prints these counters
 * @more_option: parses the option after QUERY_OPTIONS; NULL: there is none
 *
 * Return: an exit status.
 */
int run_query(struct args *args, unsigned int states,
	      int (*more_option)(const struct args *args, struct query *query));

#endif /* BUFTRACK_RECORDS_H */
