/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libbuftrack: who holds each device buffer, and was it freed once, twice or
 * never
 */
#ifndef LIBBUFTRACK_H
#define LIBBUFTRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/buftrack.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: libbuftrack
 *
 * A thin library over the ioctls of linux/buftrack.h, from where it takes the
 * verdicts, counters, states and flags. Types are opaque, functions are named
 * buftrack_<class>_<verb>, and each class has one job:
 *
 *  - buftrack_control: the open node that registers, lists and removes devices
 *  - buftrack_device: the open node of one device, through which one reports
 *    and asks
 *  - buftrack_module, buftrack_probe, buftrack_device_status, buftrack_space,
 *    buftrack_client,
 *    buftrack_buffer, buftrack_counter_set: answers, as they were when asked
 *  - buftrack_settings, buftrack_declaration, buftrack_filter: what one wants,
 *    to be filled in and handed over; they can be used again
 *  - buftrack_reports: an array of reports that go in together, with verdicts
 *  - buftrack_listing: a walk over the records of a device
 *  - buftrack_events: a reader of the wrong reports that a device keeps
 *
 * Errors: a function that returns a pointer returns NULL, one that returns an
 * int returns -1, and errno tells why: as linux/buftrack.h defines it for the
 * ioctl that the function stands for, as open(2) does for the functions that
 * open a node, or ENOMEM. Functions that return nothing, and those that only
 * read what an object holds, do not fail and leave errno alone. The library
 * never writes to a standard stream and never ends the process.
 *
 * Ownership: who calls a function whose name ends in _new, or has _open, _read_,
 * _next_ or _find_ in it, and that returns a pointer, owns what it points to and
 * gives it back to the _free or _close of its class, which take NULL, too.
 * Strings that an object hands out belong to it and live as long. Strings that
 * are handed in are copied. What a buftrack_listing or a buftrack_events hands
 * out lives until it is asked for the next.
 *
 * Threads: there is no state outside of the objects. Two threads may use two
 * objects at once, but not one object, except that any number may read an
 * answer, and that buftrack_control and buftrack_device, which are but a file
 * descriptor, may be shared until they are closed.
 *
 * Processes: descriptors are opened with O_CLOEXEC. A child of fork() shares
 * them, and with them the client.
 *
 * Units: sizes, spans and capacities are bytes; times and ages are
 * nanoseconds.
 */

struct buftrack_control;
struct buftrack_module;
struct buftrack_probe;
struct buftrack_device;
struct buftrack_device_status;
struct buftrack_settings;
struct buftrack_declaration;
struct buftrack_space;
struct buftrack_client;
struct buftrack_counter_set;
struct buftrack_reports;
struct buftrack_filter;
struct buftrack_listing;
struct buftrack_buffer;
struct buftrack_events;

/* Names, and the library itself */

/**
 * buftrack_library_version() - which library this is
 *
 * Return: its version, "major.minor.patch"; static.
 */
const char *buftrack_library_version(void);

/**
 * buftrack_counter_name() - the name of a counter
 * @counter: enum buftrack_counter
 *
 * Reasons of one counter have the name of both, with a dot between:
 * "unknown_free.never".
 *
 * Return: the name, static, or NULL for a counter that the library does not
 * know.
 */
const char *buftrack_counter_name(unsigned int counter);

/**
 * buftrack_counter_from_name() - the counter of a name
 * @name: as buftrack_counter_name() has it
 *
 * Return: enum buftrack_counter, or -1 with errno ENOENT.
 */
int buftrack_counter_from_name(const char *name);

/**
 * buftrack_verdict_name() - the name of a verdict
 * @verdict: enum buftrack_verdict
 *
 * Return: the name, static, or NULL for a verdict that the library does not
 * know.
 */
const char *buftrack_verdict_name(unsigned int verdict);

/**
 * buftrack_verdict_from_name() - the verdict of a name
 * @name: as buftrack_verdict_name() has it
 *
 * Return: enum buftrack_verdict, or -1 with errno ENOENT.
 */
int buftrack_verdict_from_name(const char *name);

/**
 * buftrack_verdict_meaning() - what a verdict says, for people
 * @verdict: enum buftrack_verdict
 *
 * Return: a phrase in plain words, static, or NULL as above.
 */
const char *buftrack_verdict_meaning(unsigned int verdict);

/**
 * buftrack_verdict_counter() - which counter counts a verdict
 * @verdict: enum buftrack_verdict
 *
 * Return: enum buftrack_counter, or -1 with errno ENOENT: BUFTRACK_VERDICT_OK, or a
 * verdict that the library does not know.
 */
int buftrack_verdict_counter(unsigned int verdict);

/* The control node */

/**
 * buftrack_control_open() - open the control node
 * @flags: O_RDONLY to ask, O_RDWR to register and remove devices, too
 *
 * Return: a control, or NULL with open(2)'s errno; ENOENT: no module is loaded.
 */
struct buftrack_control *buftrack_control_open(int flags);

/**
 * buftrack_control_close() - close the control node
 * @control: a control or NULL
 *
 * Temporary devices that were registered through it go.
 */
void buftrack_control_close(struct buftrack_control *control);

/**
 * buftrack_control_fd() - the file descriptor of a control
 * @control: a control
 *
 * Return: the descriptor; it still belongs to the control.
 */
int buftrack_control_fd(const struct buftrack_control *control);

/**
 * buftrack_control_add_device() - register a device
 * @control: a control
 * @name: its name
 * @flags: combination of enum buftrack_device_add_flags
 * @device: where to put its number, or NULL
 *
 * Return: 1 if it is new, 0 if it was registered before, -1 on an error.
 */
int buftrack_control_add_device(struct buftrack_control *control,
				const char *name, unsigned int flags,
				unsigned int *device);

/**
 * buftrack_control_remove_device() - remove a device
 * @control: a control
 * @device: number of the device
 * @flags: combination of enum buftrack_device_remove_flags
 * @buffers: where to put how many records were live, or NULL
 * @bytes: where to put the sum of their sizes, or NULL
 *
 * Return: 0, or -1 on an error.
 */
int buftrack_control_remove_device(struct buftrack_control *control,
				   unsigned int device, unsigned int flags,
				   uint64_t *buffers, uint64_t *bytes);

/**
 * buftrack_control_read_module() - what module this is
 * @control: a control
 *
 * Return: an answer for buftrack_module_free(), or NULL on an error.
 */
struct buftrack_module *
buftrack_control_read_module(struct buftrack_control *control);

/**
 * buftrack_control_read_device() - how a device stands
 * @control: a control
 * @device: number of the device
 *
 * Return: an answer for buftrack_device_status_free(), or NULL on an error.
 */
struct buftrack_device_status *
buftrack_control_read_device(struct buftrack_control *control,
			     unsigned int device);

/**
 * buftrack_control_next_probe() - where the next driver is looked at
 * @control: a control
 * @from: the lowest number that will do
 *
 * Return: an answer for buftrack_probe_free(), or NULL on an error; ENOENT: there
 * is none with that number or a higher one.
 */
struct buftrack_probe *
buftrack_control_next_probe(struct buftrack_control *control,
			    unsigned int from);

/**
 * buftrack_probe_free() - free an answer
 * @probe: a probe or NULL
 */
void buftrack_probe_free(struct buftrack_probe *probe);

/**
 * buftrack_probe_number() - which probe it is
 * @probe: a probe
 *
 * Return: its number, from 0.
 */
unsigned int buftrack_probe_number(const struct buftrack_probe *probe);

/**
 * buftrack_probe_state() - whether it is in place
 * @probe: a probe
 *
 * Return: enum buftrack_probe_state.
 */
unsigned int buftrack_probe_state(const struct buftrack_probe *probe);

/**
 * buftrack_probe_adapter() - what it is part of
 * @probe: a probe
 *
 * Return: name of the adapter.
 */
const char *buftrack_probe_adapter(const struct buftrack_probe *probe);

/**
 * buftrack_probe_module() - what it is for
 * @probe: a probe
 *
 * Return: name of the kernel module.
 */
const char *buftrack_probe_module(const struct buftrack_probe *probe);

/**
 * buftrack_probe_symbol() - where it is
 * @probe: a probe
 *
 * Return: name of the function, with its module's in front once it is in place.
 */
const char *buftrack_probe_symbol(const struct buftrack_probe *probe);

/**
 * buftrack_probe_covers() - what it is good for
 * @probe: a probe
 *
 * Return: what is not tracked without it.
 */
const char *buftrack_probe_covers(const struct buftrack_probe *probe);

/**
 * buftrack_probe_hits() - how often it was hit
 * @probe: a probe
 *
 * Return: calls that were looked at.
 */
uint64_t buftrack_probe_hits(const struct buftrack_probe *probe);

/**
 * buftrack_probe_missed() - what it missed
 * @probe: a probe
 *
 * Return: calls that are known not to have been looked at.
 */
uint64_t buftrack_probe_missed(const struct buftrack_probe *probe);

/**
 * buftrack_control_next_device() - how the next device stands
 * @control: a control
 * @from: the lowest number that will do
 *
 * Return: an answer for buftrack_device_status_free(), or NULL on an error;
 * ENOENT: there is none with that number or a higher one.
 */
struct buftrack_device_status *
buftrack_control_next_device(struct buftrack_control *control,
			     unsigned int from);

/**
 * buftrack_control_find_device() - how the device of a name stands
 * @control: a control
 * @name: its name
 *
 * Return: an answer for buftrack_device_status_free(), or NULL on an error;
 * ENOENT: no device has that name.
 */
struct buftrack_device_status *
buftrack_control_find_device(struct buftrack_control *control,
			     const char *name);

/* The module */

/**
 * buftrack_module_free() - give a module's answer back
 * @module: an answer or NULL
 */
void buftrack_module_free(struct buftrack_module *module);

/**
 * buftrack_module_version() - the module's version
 * @module: an answer
 *
 * Return: the version as the module writes it.
 */
const char *buftrack_module_version(const struct buftrack_module *module);

/**
 * buftrack_module_serial() - a number that no other opening of a node has
 * @module: an answer
 *
 * Return: the number of the file that was asked.
 */
uint64_t buftrack_module_serial(const struct buftrack_module *module);

/**
 * buftrack_module_nr_devices() - how many devices are registered
 * @module: an answer
 *
 * Return: the number of devices.
 */
unsigned int buftrack_module_nr_devices(const struct buftrack_module *module);

/**
 * buftrack_module_max_devices() - how many devices there may be
 * @module: an answer
 *
 * Return: the most devices the machine may have.
 */
unsigned int buftrack_module_max_devices(const struct buftrack_module *module);

/**
 * buftrack_module_nr_records() - how many records all devices hold
 * @module: an answer
 *
 * Return: the number of records, spare ones included.
 */
uint64_t buftrack_module_nr_records(const struct buftrack_module *module);

/**
 * buftrack_module_max_records() - how many records all devices may hold
 * @module: an answer
 *
 * Return: the most records that all devices together may hold.
 */
uint64_t buftrack_module_max_records(const struct buftrack_module *module);

/**
 * buftrack_module_record_size() - the kernel memory of one record
 * @module: an answer
 *
 * Return: bytes.
 */
unsigned int buftrack_module_record_size(const struct buftrack_module *module);

/**
 * buftrack_module_nr_counters() - how many counters the module knows
 * @module: an answer
 *
 * Return: a number to compare with BUFTRACK_NR_COUNTERS.
 */
unsigned int buftrack_module_nr_counters(const struct buftrack_module *module);

/**
 * buftrack_module_nr_verdicts() - how many verdicts the module knows
 * @module: an answer
 *
 * Return: a number to compare with BUFTRACK_NR_VERDICTS.
 */
unsigned int buftrack_module_nr_verdicts(const struct buftrack_module *module);

/* A device */

/**
 * buftrack_device_open() - open the node of a device
 * @number: number of the device
 * @flags: O_RDONLY to ask, O_WRONLY to report, O_RDWR for both
 *
 * The open file becomes a client of the device when it declares itself or
 * makes its first report.
 *
 * Return: a device, or NULL with open(2)'s errno; ENOENT: there is no such
 * device.
 */
struct buftrack_device *buftrack_device_open(unsigned int number, int flags);

/**
 * buftrack_device_from_fd() - a device of a node that is open
 * @fd: a file descriptor of the node, such as another process has handed over;
 *	it is closed with the device
 *
 * Return: a device, or NULL with errno ENOMEM.
 */
struct buftrack_device *buftrack_device_from_fd(int fd);

/**
 * buftrack_device_close() - close the node
 * @device: a device or NULL
 *
 * If this file is a client, it ends, unless another descriptor shares it.
 */
void buftrack_device_close(struct buftrack_device *device);

/**
 * buftrack_device_fd() - the file descriptor of a device
 * @device: a device
 *
 * Return: the descriptor; it still belongs to the device.
 */
int buftrack_device_fd(const struct buftrack_device *device);

/**
 * buftrack_device_read_status() - how the device stands
 * @device: a device
 *
 * Return: an answer for buftrack_device_status_free(), or NULL on an error.
 */
struct buftrack_device_status *
buftrack_device_read_status(struct buftrack_device *device);

/**
 * buftrack_device_apply() - change the settings of a device
 * @device: a device
 * @settings: what to change
 *
 * All of them take effect or, on an error, none.
 *
 * Return: 0, or -1 on an error.
 */
int buftrack_device_apply(struct buftrack_device *device,
			  const struct buftrack_settings *settings);

/**
 * buftrack_device_add_space() - add a space
 * @device: a device
 * @name: its name
 * @capacity: bytes, 0 where unknown
 * @space: where to put its number, or NULL
 *
 * Return: 1 if it is new, 0 if the device had it, -1 on an error.
 */
int buftrack_device_add_space(struct buftrack_device *device, const char *name,
			      uint64_t capacity, unsigned int *space);

/**
 * buftrack_device_read_stack() - the kernel stack that a site stands for
 * @device: a device
 * @site: site of a buffer or event of its driver
 *
 * Return: lines "symbol+offset/size [module]", the innermost first, for free(), or
 * NULL on an error; ENOENT: it stands for none; EPERM: it takes CAP_PERFMON or
 * CAP_SYS_ADMIN.
 */
char *buftrack_device_read_stack(struct buftrack_device *device, uint64_t site);

/**
 * buftrack_device_next_space() - the next space
 * @device: a device
 * @from: the lowest number that will do
 *
 * Return: an answer for buftrack_space_free(), or NULL on an error; ENOENT:
 * there is none with that number or a higher one.
 */
struct buftrack_space *
buftrack_device_next_space(struct buftrack_device *device, unsigned int from);

/**
 * buftrack_device_find_space() - the space of a name
 * @device: a device
 * @name: its name
 *
 * Return: an answer for buftrack_space_free(), or NULL on an error; ENOENT: no
 * space has that name.
 */
struct buftrack_space *
buftrack_device_find_space(struct buftrack_device *device, const char *name);

/**
 * buftrack_device_read_client() - what is known of a client
 * @device: a device
 * @client: number of the client
 *
 * Return: an answer for buftrack_client_free(), or NULL on an error.
 */
struct buftrack_client *
buftrack_device_read_client(struct buftrack_device *device, uint64_t client);

/**
 * buftrack_device_next_client() - what is known of the next client
 * @device: a device
 * @from: the lowest number that will do
 *
 * Return: an answer for buftrack_client_free(), or NULL on an error; ENOENT:
 * there is none with that number or a higher one.
 */
struct buftrack_client *
buftrack_device_next_client(struct buftrack_device *device, uint64_t from);

/**
 * buftrack_device_read_counters() - counters of a device, a space or a client
 * @device: a device
 * @scope: whose
 * @number: number of the space or client; 0 for the device
 *
 * Return: an answer for buftrack_counter_set_free(), or NULL on an error.
 */
struct buftrack_counter_set *
buftrack_device_read_counters(struct buftrack_device *device,
			      enum buftrack_scope scope, uint64_t number);

/**
 * buftrack_device_declare() - make this file a client
 * @device: a device
 * @declaration: what it says of itself
 * @client: where to put its number, or NULL
 *
 * Return: 0, or -1 on an error.
 */
int buftrack_device_declare(struct buftrack_device *device,
			    const struct buftrack_declaration *declaration,
			    uint64_t *client);

/**
 * buftrack_device_report() - report one alloc or free
 * @device: a device
 * @report: the report
 *
 * Return: enum buftrack_verdict, or -1 on an error.
 */
int buftrack_device_report(struct buftrack_device *device,
			   const struct buftrack_report *report);

/**
 * buftrack_device_submit() - make many reports
 * @device: a device
 * @reports: the reports; afterwards buftrack_reports_done() tells how many of
 *	     them were made, and buftrack_reports_verdict() what came of them
 *
 * Return: 0 if all were made, or -1 with the errno of the first that was not.
 */
int buftrack_device_submit(struct buftrack_device *device,
			   struct buftrack_reports *reports);

/**
 * buftrack_device_report_lost() - say that reports never arrived
 * @device: a device
 * @count: how many, at least
 *
 * Return: 0, or -1 on an error.
 */
int buftrack_device_report_lost(struct buftrack_device *device, uint64_t count);

/**
 * buftrack_device_reset() - start the device's counters anew
 * @device: a device
 *
 * Return: 0, or -1 on an error.
 */
int buftrack_device_reset(struct buftrack_device *device);

/* How a device stands */

/**
 * buftrack_device_status_free() - give an answer back
 * @status: an answer or NULL
 */
void buftrack_device_status_free(struct buftrack_device_status *status);

/**
 * buftrack_device_status_number() - the device's number
 * @status: an answer
 *
 * Return: n of /dev/buftrack/n.
 */
unsigned int
buftrack_device_status_number(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_name() - the device's name
 * @status: an answer
 *
 * Return: the name.
 */
const char *
buftrack_device_status_name(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_driver() - who announced the device
 * @status: an answer
 *
 * Return: "user", or the name of a driver.
 */
const char *
buftrack_device_status_driver(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_state() - the device's state
 * @status: an answer
 *
 * Return: combination of enum buftrack_device_state.
 */
unsigned int
buftrack_device_status_state(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_uid() - who registered the device
 * @status: an answer
 *
 * Return: a user id.
 */
unsigned int
buftrack_device_status_uid(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_nr_spaces() - how many spaces it has
 * @status: an answer
 *
 * Return: the number of spaces.
 */
unsigned int
buftrack_device_status_nr_spaces(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_nr_clients() - how many open clients it has
 * @status: an answer
 *
 * Return: the number of open clients.
 */
unsigned int
buftrack_device_status_nr_clients(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_clients() - how many open clients it may have
 * @status: an answer
 *
 * Return: the most open clients.
 */
unsigned int
buftrack_device_status_max_clients(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_nr_records() - how many records it holds
 * @status: an answer
 *
 * Return: the number of records, live and freed.
 */
uint64_t
buftrack_device_status_nr_records(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_records() - how many records it may hold
 * @status: an answer
 *
 * Return: the most records, live and freed.
 */
uint64_t
buftrack_device_status_max_records(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_client_records() - how many of them one client may
 *						 own
 * @status: an answer
 *
 * Return: the most records.
 */
uint64_t buftrack_device_status_max_client_records(
	const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_freed() - how many freed records a domain keeps
 * @status: an answer
 *
 * Return: the most freed records of one domain.
 */
uint64_t
buftrack_device_status_max_freed(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_closed() - how many closed clients are kept
 * @status: an answer
 *
 * Return: the most closed clients.
 */
uint64_t
buftrack_device_status_max_closed(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_remaining() - how many remaining records are kept
 * @status: an answer
 *
 * Return: the most remaining records.
 */
uint64_t buftrack_device_status_max_remaining(
	const struct buftrack_device_status *status);

/**
 * buftrack_device_status_now() - the device's clock when it was asked
 * @status: an answer
 *
 * Return: ns, by the clock that stamps records and clients.
 */
uint64_t
buftrack_device_status_now(const struct buftrack_device_status *status);

/* Settings of a device */

/**
 * buftrack_settings_new() - settings that change nothing yet
 *
 * Return: settings for buftrack_settings_free(), or NULL with errno ENOMEM.
 */
struct buftrack_settings *buftrack_settings_new(void);

/**
 * buftrack_settings_free() - give settings back
 * @settings: settings or NULL
 */
void buftrack_settings_free(struct buftrack_settings *settings);

/**
 * buftrack_settings_empty() - whether they would change anything
 * @settings: settings
 *
 * Return: true if they would not.
 */
bool buftrack_settings_empty(const struct buftrack_settings *settings);

/**
 * buftrack_settings_enable() - switch tracking
 * @settings: settings
 * @enabled: on or off
 */
void buftrack_settings_enable(struct buftrack_settings *settings, bool enabled);

/**
 * buftrack_settings_keep_stacks() - whether kernel stacks are kept
 * @settings: settings
 * @keep: of what the device's driver does from then on
 */
void buftrack_settings_keep_stacks(struct buftrack_settings *settings,
				   bool keep);

/**
 * buftrack_settings_limit_clients() - bound the open clients
 * @settings: settings
 * @max: the most
 */
void buftrack_settings_limit_clients(struct buftrack_settings *settings,
				     unsigned int max);

/**
 * buftrack_settings_limit_records() - bound the records, live and freed
 * @settings: settings
 * @max: the most
 */
void buftrack_settings_limit_records(struct buftrack_settings *settings,
				     uint64_t max);

/**
 * buftrack_settings_limit_client_records() - bound the records of each client
 * @settings: settings
 * @max: the most
 */
void buftrack_settings_limit_client_records(struct buftrack_settings *settings,
					    uint64_t max);

/**
 * buftrack_settings_limit_freed() - bound the freed records of each domain
 * @settings: settings
 * @max: the most
 */
void buftrack_settings_limit_freed(struct buftrack_settings *settings,
				   uint64_t max);

/**
 * buftrack_settings_limit_closed() - bound the closed clients that are kept
 * @settings: settings
 * @max: the most
 */
void buftrack_settings_limit_closed(struct buftrack_settings *settings,
				    uint64_t max);

/**
 * buftrack_settings_limit_remaining() - bound the remaining records
 * @settings: settings
 * @max: the most
 */
void buftrack_settings_limit_remaining(struct buftrack_settings *settings,
				       uint64_t max);

/* What a client declares of itself */

/**
 * buftrack_declaration_new() - a client of a private domain that says nothing
 *
 * Return: a declaration for buftrack_declaration_free(), or NULL with errno
 * ENOMEM.
 */
struct buftrack_declaration *buftrack_declaration_new(void);

/**
 * buftrack_declaration_free() - give a declaration back
 * @declaration: a declaration or NULL
 */
void buftrack_declaration_free(struct buftrack_declaration *declaration);

/**
 * buftrack_declaration_set_flags() - late, shared
 * @declaration: a declaration
 * @flags: combination of enum buftrack_declare_flags
 */
void buftrack_declaration_set_flags(struct buftrack_declaration *declaration,
				    unsigned int flags);

/**
 * buftrack_declaration_set_first_id() - the first id that will be reported
 * @declaration: a declaration
 * @id: the id, 0: not declared
 */
void buftrack_declaration_set_first_id(struct buftrack_declaration *declaration,
				       uint64_t id);

/**
 * buftrack_declaration_claim() - on whose behalf a relay reports
 * @declaration: a declaration
 * @pid: the process, 0: none
 * @name: its name, printable ASCII, "": none
 *
 * Return: 0, or -1 with errno ENAMETOOLONG.
 */
int buftrack_declaration_claim(struct buftrack_declaration *declaration,
			       unsigned int pid, const char *name);

/* A space */

/**
 * buftrack_space_free() - give an answer back
 * @space: an answer or NULL
 */
void buftrack_space_free(struct buftrack_space *space);

/**
 * buftrack_space_number() - the space's number
 * @space: an answer
 *
 * Return: its number on its device.
 */
unsigned int buftrack_space_number(const struct buftrack_space *space);

/**
 * buftrack_space_name() - the space's name
 * @space: an answer
 *
 * Return: the name.
 */
const char *buftrack_space_name(const struct buftrack_space *space);

/**
 * buftrack_space_capacity() - the space's capacity
 * @space: an answer
 *
 * Return: bytes, 0 where unknown.
 */
uint64_t buftrack_space_capacity(const struct buftrack_space *space);

/* A client */

/**
 * buftrack_client_free() - give an answer back
 * @client: an answer or NULL
 */
void buftrack_client_free(struct buftrack_client *client);

/**
 * buftrack_client_number() - the client's number
 * @client: an answer
 *
 * Return: its number on its device, from 1.
 */
uint64_t buftrack_client_number(const struct buftrack_client *client);

/**
 * buftrack_client_state() - the client's state
 * @client: an answer
 *
 * Return: combination of enum buftrack_client_state.
 */
unsigned int buftrack_client_state(const struct buftrack_client *client);

/**
 * buftrack_client_pid() - the process that opened the file
 * @client: an answer
 *
 * Return: its thread group, 0 if it is outside of the caller's pid namespace.
 */
unsigned int buftrack_client_pid(const struct buftrack_client *client);

/**
 * buftrack_client_tid() - the thread that opened the file
 * @client: an answer
 *
 * Return: the thread, likewise.
 */
unsigned int buftrack_client_tid(const struct buftrack_client *client);

/**
 * buftrack_client_uid() - the user that opened the file
 * @client: an answer
 *
 * Return: a user id.
 */
unsigned int buftrack_client_uid(const struct buftrack_client *client);

/**
 * buftrack_client_comm() - the process's name when it opened the file
 * @client: an answer
 *
 * Return: the name; any bytes.
 */
const char *buftrack_client_comm(const struct buftrack_client *client);

/**
 * buftrack_client_claimed_pid() - the process it claims to report for
 * @client: an answer
 *
 * Return: its number as claimed, 0: none.
 */
unsigned int buftrack_client_claimed_pid(const struct buftrack_client *client);

/**
 * buftrack_client_claimed_name() - the name it claims
 * @client: an answer
 *
 * Return: the name as claimed, "": none.
 */
const char *buftrack_client_claimed_name(const struct buftrack_client *client);

/**
 * buftrack_client_first_id() - the first id it declared
 * @client: an answer
 *
 * Return: the id, 0: not declared.
 */
uint64_t buftrack_client_first_id(const struct buftrack_client *client);

/**
 * buftrack_client_start_time() - when its process started
 * @client: an answer
 *
 * Return: ns since boot.
 */
uint64_t buftrack_client_start_time(const struct buftrack_client *client);

/**
 * buftrack_client_opened() - when the client began
 * @client: an answer
 *
 * Return: ns, by the device's clock.
 */
uint64_t buftrack_client_opened(const struct buftrack_client *client);

/**
 * buftrack_client_closed() - when the client ended
 * @client: an answer
 *
 * Return: ns, by the device's clock, 0 while it is open.
 */
uint64_t buftrack_client_closed(const struct buftrack_client *client);

/* Counters */

/**
 * buftrack_counter_set_free() - give an answer back
 * @set: an answer or NULL
 */
void buftrack_counter_set_free(struct buftrack_counter_set *set);

/**
 * buftrack_counter_set_length() - which counters the module knew
 * @set: an answer
 *
 * Return: how many of enum buftrack_counter, from the first on, it filled in.
 */
unsigned int
buftrack_counter_set_length(const struct buftrack_counter_set *set);

/**
 * buftrack_counter_set_value() - the value of a counter
 * @set: an answer
 * @counter: enum buftrack_counter
 *
 * Return: the value, 0 for a counter that the module or the library does not
 * know.
 */
uint64_t buftrack_counter_set_value(const struct buftrack_counter_set *set,
				    unsigned int counter);

/**
 * buftrack_counter_set_unknown_frees() - the sum of the reasons
 * @set: an answer
 *
 * Return: how many frees were unknown, for whatever reason.
 */
uint64_t
buftrack_counter_set_unknown_frees(const struct buftrack_counter_set *set);

/**
 * buftrack_counter_set_add() - sum up
 * @set: an answer, to which is added
 * @more: another one of the same device
 *
 * The sum of peaks is what the peak was at most.
 */
void buftrack_counter_set_add(struct buftrack_counter_set *set,
			      const struct buftrack_counter_set *more);

/* Reports in bulk */

/**
 * buftrack_reports_new() - room for reports
 * @capacity: how many, at least 1
 *
 * Return: reports for buftrack_reports_free(), or NULL with errno ENOMEM.
 */
struct buftrack_reports *buftrack_reports_new(unsigned int capacity);

/**
 * buftrack_reports_free() - give reports back
 * @reports: reports or NULL
 */
void buftrack_reports_free(struct buftrack_reports *reports);

/**
 * buftrack_reports_clear() - begin anew
 * @reports: reports
 */
void buftrack_reports_clear(struct buftrack_reports *reports);

/**
 * buftrack_reports_add() - append a report
 * @reports: reports
 * @report: is copied
 *
 * Return: 0, or -1 with errno ENOBUFS: there is no room left.
 */
int buftrack_reports_add(struct buftrack_reports *reports,
			 const struct buftrack_report *report);

/**
 * buftrack_reports_length() - how many there are
 * @reports: reports
 *
 * Return: how many were added since it was cleared.
 */
unsigned int buftrack_reports_length(const struct buftrack_reports *reports);

/**
 * buftrack_reports_done() - how far the last submission came
 * @reports: reports
 *
 * Return: how many of them, from the first on, were made.
 */
unsigned int buftrack_reports_done(const struct buftrack_reports *reports);

/**
 * buftrack_reports_verdict() - what a report was found to be
 * @reports: reports
 * @index: of a report that was made
 *
 * Return: enum buftrack_verdict.
 */
unsigned int buftrack_reports_verdict(const struct buftrack_reports *reports,
				      unsigned int index);

/* Records */

/**
 * buftrack_filter_new() - a filter that lets every record pass
 *
 * Return: a filter for buftrack_filter_free(), or NULL with errno ENOMEM.
 */
struct buftrack_filter *buftrack_filter_new(void);

/**
 * buftrack_filter_free() - give a filter back
 * @filter: a filter or NULL
 */
void buftrack_filter_free(struct buftrack_filter *filter);

/**
 * buftrack_filter_set_client() - only what one client owns
 * @filter: a filter
 * @client: number of the client, 0: any
 */
void buftrack_filter_set_client(struct buftrack_filter *filter,
				uint64_t client);

/**
 * buftrack_filter_set_space() - only what is in one space
 * @filter: a filter
 * @space: number of the space, or BUFTRACK_ANY_SPACE
 */
void buftrack_filter_set_space(struct buftrack_filter *filter,
			       unsigned int space);

/**
 * buftrack_filter_set_states() - only records in these states
 * @filter: a filter
 * @states: combination of BUFTRACK_RECORD_STATE_LIVE, _FREED and _REMAINING, 0: all
 */
void buftrack_filter_set_states(struct buftrack_filter *filter,
				unsigned int states);

/**
 * buftrack_filter_set_min_size() - only what is at least so large
 * @filter: a filter
 * @size: bytes
 */
void buftrack_filter_set_min_size(struct buftrack_filter *filter,
				  uint64_t size);

/**
 * buftrack_filter_set_age() - only what is so old
 * @filter: a filter
 * @min: allocated at least so many ns ago
 * @max: allocated at most so many ns ago, 0: any
 */
void buftrack_filter_set_age(struct buftrack_filter *filter, uint64_t min,
			     uint64_t max);

/**
 * buftrack_listing_new() - walk over the records of a device
 * @device: a device; it must stay open until the listing is freed
 * @filter: which ones; it is copied. NULL: all
 *
 * Return: a listing for buftrack_listing_free(), or NULL with errno ENOMEM.
 */
struct buftrack_listing *
buftrack_listing_new(struct buftrack_device *device,
		     const struct buftrack_filter *filter);

/**
 * buftrack_listing_free() - end a walk
 * @listing: a listing or NULL
 */
void buftrack_listing_free(struct buftrack_listing *listing);

/**
 * buftrack_listing_next() - the next record
 * @listing: a listing
 * @buffer: where to put it; it lives until the next call
 *
 * The walk is of the instant at which it began, while reports go on: what was
 * allocated later is left out, and what was freed later is met as live. A file
 * has one walk at a time: a second one on the same device ends the first, whose
 * next step then fails with EINVAL.
 *
 * Return: 1, or 0 at the end, or -1 on an error.
 */
int buftrack_listing_next(struct buftrack_listing *listing,
			  const struct buftrack_buffer **buffer);

/**
 * buftrack_listing_instant() - the instant that a walk is of
 * @listing: a listing
 *
 * Return: ns, by the device's clock; 0 before the first record was asked for.
 */
uint64_t buftrack_listing_instant(const struct buftrack_listing *listing);

/**
 * buftrack_listing_missed() - what the walk came too late for
 * @listing: a listing
 *
 * Return: how many records of the instant were replaced or dropped before the
 * walk came to them, so far.
 */
uint64_t buftrack_listing_missed(const struct buftrack_listing *listing);

/**
 * buftrack_listing_is_exact() - whether it has what there was at the instant
 * @listing: a listing
 *
 * Return: true if the walk has come to its end and met every record of the
 * instant that passes the filter, and no other. false before the end, if some
 * were missed, if so many listings were under way that this one was not told of
 * them, or if the device was removed.
 */
bool buftrack_listing_is_exact(const struct buftrack_listing *listing);

/**
 * buftrack_buffer_client() - who owns the buffer
 * @buffer: a record
 *
 * Return: number of the client.
 */
uint64_t buftrack_buffer_client(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_space() - where it is
 * @buffer: a record
 *
 * Return: number of the space.
 */
unsigned int buftrack_buffer_space(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_state() - its state
 * @buffer: a record
 *
 * With BUFTRACK_RECORD_STATE_REDACTED its address, id and sites are another user's,
 * and read as 0.
 *
 * Return: combination of enum buftrack_record_state.
 */
unsigned int buftrack_buffer_state(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_address() - its address
 * @buffer: a record
 *
 * Return: the address in its space.
 */
uint64_t buftrack_buffer_address(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_size() - its size
 * @buffer: a record
 *
 * Return: bytes, what is accounted.
 */
uint64_t buftrack_buffer_size(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_span() - its extent in the address space
 * @buffer: a record
 *
 * Return: bytes, 0 if unknown.
 */
uint64_t buftrack_buffer_span(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_id() - its identity
 * @buffer: a record
 *
 * Return: the reporter's identity of it, 0: none.
 */
uint64_t buftrack_buffer_id(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_allocated() - when it was allocated
 * @buffer: a record
 *
 * Return: ns, by the device's clock.
 */
uint64_t buftrack_buffer_allocated(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_ended() - when it was freed, or its client ended
 * @buffer: a record
 *
 * Return: ns, by the device's clock, 0 while it is live.
 */
uint64_t buftrack_buffer_ended(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_ended_by() - who freed it
 * @buffer: a record
 *
 * Return: number of the client, 0 if it was not freed.
 */
uint64_t buftrack_buffer_ended_by(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_site() - where it was allocated
 * @buffer: a record
 *
 * Return: the place as its reporter gave it, 0: not known.
 */
uint64_t buftrack_buffer_site(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_ended_site() - where it was freed
 * @buffer: a record
 *
 * Return: the place as the one who freed it gave it, 0: not known.
 */
uint64_t buftrack_buffer_ended_site(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_repeats() - how often it was freed again
 * @buffer: a record
 *
 * Return: its repeat count.
 */
unsigned int buftrack_buffer_repeats(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_pid() - the process of its owner
 * @buffer: a record
 *
 * Return: as buftrack_client_pid().
 */
unsigned int buftrack_buffer_pid(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_comm() - the name of that process
 * @buffer: a record
 *
 * Return: as buftrack_client_comm().
 */
const char *buftrack_buffer_comm(const struct buftrack_buffer *buffer);

/* Wrong reports */

/**
 * buftrack_events_new() - read the wrong reports of a device
 * @device: a device, opened for reading; it must stay open until the reader is
 *	    freed
 *
 * It begins with the oldest report that the device has kept and that was not read
 * through this open file: the position is the file's. Who wants to wait for more
 * than one thing opens the device with O_NONBLOCK and has poll(2) wait for POLLIN
 * on buftrack_device_fd(), after buftrack_events_next() has said EAGAIN: what was
 * read ahead is not waited for.
 *
 * Return: a reader for buftrack_events_free(), or NULL with errno ENOMEM.
 */
struct buftrack_events *buftrack_events_new(struct buftrack_device *device);

/**
 * buftrack_events_free() - end reading
 * @events: a reader or NULL
 *
 * What it has read ahead is gone.
 */
void buftrack_events_free(struct buftrack_events *events);

/**
 * buftrack_events_next() - the next wrong report, with its evidence
 * @events: a reader
 * @event: where to put it; it lives until the next call. Its @dropped tells how
 *	   many right before it this reader was too late for; fields that the
 *	   module does not know are 0.
 *
 * Return: 1, or 0 when the device was removed and all is read, or -1 on an error:
 * EAGAIN: there is none now, and the device was opened with O_NONBLOCK; EINTR: a
 * signal ended the wait.
 */
int buftrack_events_next(struct buftrack_events *events,
			 const struct buftrack_event **event);

#ifdef __cplusplus
}
#endif

#endif /* LIBBUFTRACK_H */
