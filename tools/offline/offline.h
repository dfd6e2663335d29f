/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Judge reports in this process, by the rules of the module
 *
 * The library is the module's own tracker core (module/core), built for a process. It
 * gives the same verdicts, counters and evidence as the module, with the same default
 * limits, and needs neither the module nor privileges.
 *
 * Answers are the types of libbuftrack (struct buftrack_device_status, _space, _client,
 * _counter_set) and of the kernel interface (struct buftrack_event, _record), so the
 * code that prints the module's answers prints these.
 *
 * Times are in ns of any clock, and the caller gives them. The library stamps each
 * report with the time given, or with one more than the latest stamp of the device if
 * that is later: stamps are unique and in the order of the calls. Times beyond
 * OFFLINE_MAX_TIME count as OFFLINE_MAX_TIME.
 *
 * Functions that return a pointer return NULL, and those that return an int return -1,
 * on failure, with errno set. A call that fails has no effect. The library prints
 * nothing, and reaching a limit on records is a verdict (BUFTRACK_VERDICT_UNTRACKED).
 *
 * Not thread safe: the calls on one struct offline, and on all that belongs to it, must
 * not run concurrently. Different ones are independent.
 */
#ifndef BUFTRACK_OFFLINE_H
#define BUFTRACK_OFFLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libbuftrack.h>

#define OFFLINE_MAX_TIME ((uint64_t)INT64_MAX)

/* As the module's default */
#define OFFLINE_MAX_DEVICES 256

/* Latest events that a device keeps, as the module's default */
#define OFFLINE_EVENTS 1024

struct offline;
struct offline_device;
struct offline_client;

/**
 * offline_new() - begin without devices
 * @max_records: limit on the records of all devices together; 0: as many as fit into a
 *		 quarter of the machine's memory
 *
 * Return: the books, for offline_free(), or NULL with ENOMEM.
 */
struct offline *offline_new(uint64_t max_records);

/**
 * offline_free() - free everything
 * @offline: the books, or NULL
 *
 * Frees all devices and clients, open ones included.
 */
void offline_free(struct offline *offline);

/**
 * offline_device_add() - add a device
 * @offline: the books
 * @name: its name, 1 to 127 printable ASCII characters
 *
 * Devices are numbered from 0 in the order of these calls. A new device has tracking
 * on, no spaces and the module's default limits.
 *
 * Return: the device, which offline_free() frees; NULL with EEXIST (the name is
 * taken), EILSEQ (the name is empty or has other characters), ENAMETOOLONG, ENFILE
 * (OFFLINE_MAX_DEVICES exist) or ENOMEM.
 */
struct offline_device *offline_device_add(struct offline *offline,
					  const char *name);

/**
 * offline_device_find() - find a device by name
 * @offline: the books
 * @name: the name
 *
 * Return: the device, or NULL with ENOENT.
 */
struct offline_device *offline_device_find(const struct offline *offline,
					   const char *name);

/**
 * offline_device_next() - iterate over the devices in the order of their numbers
 * @offline: the books
 * @device: the previous device, NULL for the first one
 *
 * Return: the next device, or NULL after the last one.
 */
struct offline_device *offline_device_next(const struct offline *offline,
					   const struct offline_device *device);

/* offline_device_name() - name of a device, valid as long as the device */
const char *offline_device_name(const struct offline_device *device);

/**
 * offline_device_apply() - change limits, or turn tracking on or off
 * @device: the device
 * @settings: the settings; those that are not set keep their values
 *
 * Turning tracking off makes no gap; the first report while it is off makes one. A
 * lower limit drops closed clients and remaining records at once, and freed records
 * with the frees that follow.
 *
 * Return: 0, or -1 with EINVAL (a value out of the range that the module accepts).
 */
int offline_device_apply(struct offline_device *device,
			 const struct buftrack_settings *settings);

/* offline_device_enable() - turn tracking on or off, as offline_device_apply() */
void offline_device_enable(struct offline_device *device, bool enabled);

/**
 * offline_device_add_space() - add a space, or find it
 * @device: the device
 * @name: its name, 1 to 31 printable ASCII characters
 * @capacity: its size in bytes; 0: unknown. A known capacity replaces an unknown one.
 * @space: set to its number, for reports; may be NULL
 *
 * Return: 1 if the space is new, 0 if the device had it; -1 with EEXIST (it has another
 * capacity), ENOSPC (BUFTRACK_MAX_SPACES exist), EILSEQ or ENAMETOOLONG.
 */
int offline_device_add_space(struct offline_device *device, const char *name,
			     uint64_t capacity, unsigned int *space);

/**
 * struct offline_process - the process behind a client, as the caller claims it
 * @pid: its pid; 0: unknown
 * @tid: the thread that began to report
 * @uid: its user
 * @start_time: when it started, in ns since boot; 0: unknown
 * @comm: its name; longer ones are cut to 15 characters; NULL: unknown
 */
struct offline_process {
	unsigned int pid;
	unsigned int tid;
	unsigned int uid;
	uint64_t start_time;
	const char *comm;
};

/**
 * offline_client_open() - begin a client
 * @device: its device
 * @process: the process behind it; copied
 * @declaration: its flags, first id and claim, see libbuftrack; NULL: none. Without
 *		 BUFTRACK_DECLARE_SHARED the client gets a private domain.
 * @now: time in ns
 *
 * Return: the client, for offline_client_close(); NULL with EUSERS (the limit on open
 * clients is reached), EINVAL (unknown flags) or ENOMEM.
 */
struct offline_client *offline_client_open(
	struct offline_device *device, const struct offline_process *process,
	const struct buftrack_declaration *declaration, uint64_t now);

/**
 * offline_client_close() - end a client
 * @client: the client, or NULL; the pointer is invalid afterwards
 * @now: time in ns
 *
 * In a private domain live records become remaining ones; in the shared domain they
 * stay live as orphans. Its counters stay readable by its number until the limit on
 * closed clients displaces it.
 */
void offline_client_close(struct offline_client *client, uint64_t now);

/* offline_client_number() - number of a client on its device, from 1, never reused */
uint64_t offline_client_number(const struct offline_client *client);

/* offline_client_device() - the device of a client */
struct offline_device *
offline_client_device(const struct offline_client *client);

/**
 * offline_report() - judge a report
 * @client: the client that makes it
 * @report: the report, see the kernel interface; @site is a number of the caller's
 *	    choice that records and evidence return
 * @now: time in ns
 * @evidence: set to the wrong report with its evidence: the record that the report names
 *	      (target) and the live record that it collides with (hit), each with owner,
 *	      times, size and both sites. Its sequence is 0 if the report is not a wrong
 *	      one. May be NULL.
 *
 * Return: enum buftrack_verdict; -1 with ENOENT (no such space), EINVAL (an alloc of
 * size 0, or a free or use with a span), ERANGE (address + span exceeds 2^64) or EOPNOTSUPP
 * (an unknown op or flag).
 */
int offline_report(struct offline_client *client,
		   const struct buftrack_report *report, uint64_t now,
		   struct buftrack_event *evidence);

/**
 * offline_lost() - note that reports of a client were lost: a gap
 * @client: the client
 * @count: number of lost reports, at least
 * @now: time in ns
 */
void offline_lost(struct offline_client *client, uint64_t count, uint64_t now);

/**
 * offline_device_read_status() - state, limits and numbers of a device
 * @device: the device
 *
 * Return: an answer for buftrack_device_status_free(), or NULL with ENOMEM.
 */
struct buftrack_device_status *
offline_device_read_status(const struct offline_device *device);

/**
 * offline_device_next_space() - describe the first space from a number on
 * @device: the device
 * @from: lowest number
 *
 * Return: an answer for buftrack_space_free(), or NULL with ENOENT (there is none) or
 * ENOMEM.
 */
struct buftrack_space *
offline_device_next_space(const struct offline_device *device,
			  unsigned int from);

/**
 * offline_device_next_client() - describe the first client from a number on
 * @device: the device
 * @from: lowest number
 *
 * Return: an answer for buftrack_client_free(), or NULL with ENOENT (there is none) or
 * ENOMEM. Clients are open, or closed and still kept.
 */
struct buftrack_client *
offline_device_next_client(const struct offline_device *device, uint64_t from);

/**
 * offline_device_read_counters() - read all counters of a scope
 * @device: the device
 * @scope: the scope
 * @number: number of the space or client, 0 for the device
 *
 * Return: an answer for buftrack_counter_set_free(), or NULL with ENOENT (no such space
 * or client) or ENOMEM.
 */
struct buftrack_counter_set *
offline_device_read_counters(const struct offline_device *device,
			     enum buftrack_scope scope, uint64_t number);

/**
 * offline_device_copy_counters() - read all counters of a scope, without allocation
 * @device: the device
 * @scope: the scope
 * @number: number of the space or client, 0 for the device
 * @values: filled with the counters, by enum buftrack_counter
 *
 * Return: 0, or -1 with ENOENT.
 */
int offline_device_copy_counters(const struct offline_device *device,
				 enum buftrack_scope scope, uint64_t number,
				 uint64_t values[BUFTRACK_NR_COUNTERS]);

/**
 * struct offline_filter - the records to list
 * @client: only records of this owner, by number; 0: of any
 * @space: only records of this space, or BUFTRACK_ANY_SPACE
 * @states: a combination of LIVE, FREED and REMAINING of enum buftrack_record_state;
 *	    0: all of them
 */
struct offline_filter {
	uint64_t client;
	unsigned int space;
	unsigned int states;
};

/**
 * offline_device_list() - call a function for each record of a device
 * @device: the device
 * @filter: the records to list
 * @take: called for each record; returns 0 to go on. It may read the device, but not
 *	  report to it, open or close its clients, or list its records.
 * @context: first argument of @take
 *
 * Lists the records of the shared domain, then those of each client, each by space and
 * address, and remaining records at last.
 *
 * Return: 0, or what @take returned to stop.
 */
int offline_device_list(struct offline_device *device,
			const struct offline_filter *filter,
			int (*take)(void *context,
				    const struct buftrack_record *record),
			void *context);

/**
 * offline_device_next_event() - read the first wrong report after a position
 * @device: the device, which keeps its latest OFFLINE_EVENTS wrong reports
 * @position: number of the event that was read last, 0: none; set to this event's
 * @event: filled with the event; its dropped is the number of events between the two
 *	   that the device no longer has
 *
 * Return: true, or false if there is no later event.
 */
bool offline_device_next_event(struct offline_device *device,
			       uint64_t *position,
			       struct buftrack_event *event);

#endif /* BUFTRACK_OFFLINE_H */
