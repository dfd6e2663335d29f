/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Listing records, for list and remaining
 */
#ifndef BUFTRACK_RECORDS_H
#define BUFTRACK_RECORDS_H

#include <json.h>
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
 * @by_site: print sums by allocation site, largest first, instead of records
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
	bool by_site;
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
	QUERY_BY,
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
	[QUERY_BY] = { "by", "KEY",                                            \
		"print sums by site of allocation, largest first; KEY is site" }, \
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

static inline bool is_redacted(const struct row *row)
{
	return row->state & BUFTRACK_RECORD_STATE_REDACTED;
}

/* compare_numbers() - for qsort() */
static inline int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/**
 * struct site - the records that were allocated at one site
 * @row: one of them
 * @several: they belong to several clients
 * @buffers: number of records
 * @bytes: sum of their sizes
 *
 * A driver's site is the same for all clients of a device. Any other site is a number of
 * its client.
 */
struct site {
	struct row row;
	bool several;
	uint64_t buffers;
	uint64_t bytes;
};

/**
 * struct sites - sums by device, space, client and site
 * @tree: tree of struct site
 * @nr: number of sites
 */
struct sites {
	void *tree;
	size_t nr;
};

/* sites_add() - add a record to the sum of its site */
void sites_add(struct sites *sites, const struct row *row);

/* sites_sort() - an array of all sites, largest first, for the caller to free */
const struct site **sites_sort(const struct sites *sites);
void sites_drop(struct sites *sites);

/**
 * struct printer - prints rows or sites as text or JSON
 * @json: print JSON
 * @array: takes the sites; NULL: print them
 * @stacks: stacks to print below the table; NULL: none
 * @nr: number of rows or sites printed
 * @table: the table; NULL before its first row
 */
struct printer {
	bool json;
	struct json_object *array;
	const struct stacks *stacks;
	uint64_t nr;
	struct table *table;
};

void printer_row(struct printer *printer, const struct row *row);
void printer_site(struct printer *printer, const struct site *site);

/**
 * struct totals - sums that are printed last
 * @matched: number of records that matched
 * @bytes: the sum of their sizes
 * @redacted: number of them that belong to another user
 * @by_site: the records were summed by site
 * @sites: number of these sites
 * @remaining: print the next two, for the verb remaining
 * @remaining_buffers: sum of this counter over the devices
 * @remaining_bytes: likewise
 */
struct totals {
	uint64_t matched;
	uint64_t bytes;
	uint64_t redacted;
	bool by_site;
	size_t sites;
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

/**
 * list_sites() - sum the live buffers of devices by allocation site
 * @device: the device; NULL: all
 * @array: JSON array that takes the sites; NULL: print them as text
 *
 * Return: 0, or an exit status after an error message.
 */
int list_sites(const char *device, struct json_object *array);

/* by_option() - parse --by; returns 0, or OPTIONS_BAD after an error message */
int by_option(const struct args *args, int option, bool *by_site);

#endif /* BUFTRACK_RECORDS_H */
