/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libbuftrack: report the device buffers of a program, and query those of all programs
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
 * A thin library over the ioctls of linux/buftrack.h, which defines the verdicts,
 * counters, states and flags. Types are opaque, and functions are named
 * buftrack_<class>_<verb>:
 *
 *  - buftrack_control: the open control node; it registers, lists and removes
 *    devices
 *  - buftrack_device: the open node of one device; it reports and queries
 *  - buftrack_module, buftrack_probe, buftrack_device_status, buftrack_space,
 *    buftrack_client, buftrack_buffer, buftrack_counter_set: answers, which show
 *    the state at the time of the query
 *  - buftrack_settings, buftrack_declaration, buftrack_filter: parameters, which
 *    the caller fills in and may use for several calls
 *  - buftrack_reports: a batch of reports with their verdicts
 *  - buftrack_reporter: a program that reports its own buffers, at memory speed
 *  - buftrack_listing: an iterator over the records of a device
 *  - buftrack_events: a reader of the wrong reports that a device logs
 *
 * Errors: on failure a function returns NULL or -1 and sets errno: to ENOMEM, to
 * an errno of open(2) if it opens a node, or to an errno of its ioctl, which
 * linux/buftrack.h defines. Void functions and functions that only read an object
 * cannot fail and leave errno alone. The library never prints and never exits.
 *
 * Ownership: functions named _new, _open, _from_, _read_, _next_ or _find_ that
 * return a pointer to an object pass ownership to the caller, who releases it with
 * _free or _close of its class; both accept NULL. The exceptions are
 * buftrack_listing_next() and buftrack_events_next(), whose result belongs to the
 * iterator and is valid until its next call. Returned strings belong to their
 * object, except the result of buftrack_device_read_stack(), which the caller
 * frees. String arguments are copied.
 *
 * Threads: threads may use different objects, and one buftrack_reporter,
 * concurrently. An answer may be read by several threads at once, and a
 * buftrack_control or buftrack_device may be shared until it is closed. All other
 * objects need a lock.
 *
 * Processes: descriptors are opened with O_CLOEXEC. After fork() parent and child
 * share a descriptor and are one client, except that a buftrack_reporter makes the
 * child a client of its own.
 *
 * Units: sizes, spans and capacities are in bytes; times and ages are in ns.
 */

struct buftrack_reporter;
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

/* The library and its names */

/**
 * buftrack_library_version() - version of the library
 *
 * Return: "major.minor.patch", static.
 */
const char *buftrack_library_version(void);

/**
 * buftrack_counter_name() - name of a counter
 * @counter: enum buftrack_counter
 *
 * A counter of unknown frees has the reason after a dot:
 * "unknown_free.never".
 *
 * Return: a static string, or NULL if the library does not know the counter.
 */
const char *buftrack_counter_name(unsigned int counter);

/**
 * buftrack_counter_from_name() - counter with a name
 * @name: a name as buftrack_counter_name() returns it
 *
 * Return: enum buftrack_counter, or -1 with errno ENOENT.
 */
int buftrack_counter_from_name(const char *name);

/**
 * buftrack_verdict_name() - name of a verdict
 * @verdict: enum buftrack_verdict
 *
 * Return: a static string, or NULL if the library does not know the verdict.
 */
const char *buftrack_verdict_name(unsigned int verdict);

/**
 * buftrack_verdict_from_name() - verdict with a name
 * @name: a name as buftrack_verdict_name() returns it
 *
 * Return: enum buftrack_verdict, or -1 with errno ENOENT.
 */
int buftrack_verdict_from_name(const char *name);

/**
 * buftrack_verdict_meaning() - explanation of a verdict
 * @verdict: enum buftrack_verdict
 *
 * Return: a static phrase in plain English, or NULL if the library does not
 * know the verdict.
 */
const char *buftrack_verdict_meaning(unsigned int verdict);

/**
 * buftrack_verdict_counter() - counter of the reports with a verdict
 * @verdict: enum buftrack_verdict
 *
 * Return: enum buftrack_counter, or -1 with errno ENOENT for
 * BUFTRACK_VERDICT_OK and for a verdict that the library does not know.
 */
int buftrack_verdict_counter(unsigned int verdict);

/* Reporting the buffers of this program */

/**
 * buftrack_attach() - begin to report the buffers of this program
 * @device: name of the device, which is registered if it is new
 * @space: name of a space of it, which is added if it is new; its number is 0
 * @capacity: capacity of the space in bytes, 0: unknown
 *
 * Reports through the reporter take no system call: the thread writes them into a
 * ring, and the kernel judges them before anyone can ask what it found. Any thread may
 * report at any time, a signal handler, too. A report waits for no other thread.
 *
 * A child process becomes a client of its own with its first report, one that began
 * late, so it may free what its parent allocated. Only a child that a signal handler
 * forked in the middle of a report must not return from that handler.
 *
 * All functions that take a reporter accept NULL, and then do nothing, so a program
 * needs no test for a missing module.
 *
 * Return: a reporter for buftrack_detach(), or NULL; ENOENT means that the module is
 * not loaded, ECANCELED that the environment says BUFTRACK=0, EINVAL that the value of
 * BUFTRACK is neither 0 nor 1, EMFILE that the process has 64 reporters.
 */
struct buftrack_reporter *buftrack_attach(const char *device, const char *space,
					  uint64_t capacity);

/**
 * buftrack_attach_as() - buftrack_attach() with a declaration
 * @device: name of the device
 * @space: name of a space
 * @capacity: capacity of the space in bytes, 0: unknown
 * @declaration: declaration of the client, or NULL
 *
 * Return: as buftrack_attach().
 */
struct buftrack_reporter *
buftrack_attach_as(const char *device, const char *space, uint64_t capacity,
		   const struct buftrack_declaration *declaration);

/**
 * buftrack_detach() - end the client of a reporter
 * @reporter: the reporter, which no other thread uses, or NULL
 *
 * A program that exits need not call it.
 */
void buftrack_detach(struct buftrack_reporter *reporter);

/**
 * buftrack_reporter_add_space() - add a space to the device of a reporter
 * @reporter: the reporter, or NULL
 * @name: name of the space
 * @capacity: capacity in bytes, 0: unknown
 *
 * Return: the number of the space for reports of this reporter, 0 without a reporter,
 * or -1.
 */
int buftrack_reporter_add_space(struct buftrack_reporter *reporter,
				const char *name, uint64_t capacity);

/**
 * buftrack_alloc() - report an alloc
 * @reporter: the reporter, or NULL
 * @space: number of the space
 * @address: address in the space
 * @size: size in bytes, not 0; also the extent in the space
 * @id: identity of the buffer, 0: none
 *
 * Call it after the allocator has returned. The site is the caller's address.
 */
void buftrack_alloc(struct buftrack_reporter *reporter, unsigned int space,
		    uint64_t address, uint64_t size, uint64_t id);

/**
 * buftrack_free() - report a free
 * @reporter: the reporter, or NULL
 * @space: number of the space
 * @address: address in the space
 * @id: identity of the buffer, 0: none
 *
 * Call it before the memory can be handed out again. The site is the caller's address.
 */
void buftrack_free(struct buftrack_reporter *reporter, unsigned int space,
		   uint64_t address, uint64_t id);

/**
 * buftrack_use() - report a use
 * @reporter: the reporter, or NULL
 * @space: number of the space
 * @address: address of the buffer in the space
 * @id: identity of the buffer; without one a use is not judged
 *
 * Call it before the memory is accessed. The site is the caller's address.
 */
void buftrack_use(struct buftrack_reporter *reporter, unsigned int space,
		  uint64_t address, uint64_t id);

/**
 * buftrack_post() - make any report
 * @reporter: the reporter, or NULL
 * @report: the report, with the reporter's number of the space
 *
 * An invalid report counts as lost.
 */
void buftrack_post(struct buftrack_reporter *reporter,
		   const struct buftrack_report *report);

/**
 * buftrack_judge_alloc() - report an alloc and wait for the verdict
 * @reporter: the reporter, or NULL
 * @space: number of the space
 * @address: address in the space
 * @size: size in bytes, not 0
 * @id: identity of the buffer, 0: none
 *
 * All reports that were made before are judged first. Takes a system call.
 *
 * Return: enum buftrack_verdict, %BUFTRACK_VERDICT_OK without a reporter, or -1.
 */
int buftrack_judge_alloc(struct buftrack_reporter *reporter, unsigned int space,
			 uint64_t address, uint64_t size, uint64_t id);

/**
 * buftrack_judge_free() - report a free and wait for the verdict
 * @reporter: the reporter, or NULL
 * @space: number of the space
 * @address: address in the space
 * @id: identity of the buffer, 0: none
 *
 * With the verdict a program can refrain from freeing twice.
 *
 * Return: as buftrack_judge_alloc().
 */
int buftrack_judge_free(struct buftrack_reporter *reporter, unsigned int space,
			uint64_t address, uint64_t id);

/**
 * buftrack_judge_use() - report a use and wait for the verdict
 * @reporter: the reporter, or NULL
 * @space: number of the space
 * @address: address of the buffer in the space
 * @id: identity of the buffer
 *
 * Return: as buftrack_judge_alloc().
 */
int buftrack_judge_use(struct buftrack_reporter *reporter, unsigned int space,
		       uint64_t address, uint64_t id);

/**
 * buftrack_judge() - make any report and wait for the verdict
 * @reporter: the reporter, or NULL
 * @report: the report, with the reporter's number of the space
 *
 * Return: as buftrack_judge_alloc().
 */
int buftrack_judge(struct buftrack_reporter *reporter,
		   const struct buftrack_report *report);

/**
 * buftrack_flush() - wait until all reports that were made are judged
 * @reporter: the reporter, or NULL
 *
 * Nobody else needs it: a query of the device does the same.
 *
 * Return: 0 or -1.
 */
int buftrack_flush(struct buftrack_reporter *reporter);

/* The control node */

/**
 * buftrack_control_open() - open the control node
 * @flags: O_RDONLY to query, O_RDWR to register and remove devices as well
 *
 * Return: a control for buftrack_control_close(), or NULL; ENOENT means that
 * the module is not loaded.
 */
struct buftrack_control *buftrack_control_open(int flags);

/**
 * buftrack_control_close() - close the control node
 * @control: the control node, or NULL
 *
 * Removes the temporary devices that were registered through it.
 */
void buftrack_control_close(struct buftrack_control *control);

/**
 * buftrack_control_fd() - file descriptor of the control node
 * @control: the control node
 *
 * Return: the descriptor, which the control keeps.
 */
int buftrack_control_fd(const struct buftrack_control *control);

/**
 * buftrack_control_add_device() - register a device
 * @control: the control node
 * @name: name of the device
 * @flags: combination of enum buftrack_device_add_flags
 * @device: filled with the number of the device, unless NULL
 *
 * Return: 1 if the device is new, 0 if it was registered before, or -1.
 */
int buftrack_control_add_device(struct buftrack_control *control,
				const char *name, unsigned int flags,
				unsigned int *device);

/**
 * buftrack_control_remove_device() - remove a device
 * @control: the control node
 * @device: number of the device
 * @flags: combination of enum buftrack_device_remove_flags
 * @buffers: filled with the number of live records, unless NULL
 * @bytes: filled with the sum of their sizes, unless NULL
 *
 * Return: 0 or -1.
 */
int buftrack_control_remove_device(struct buftrack_control *control,
				   unsigned int device, unsigned int flags,
				   uint64_t *buffers, uint64_t *bytes);

/**
 * buftrack_control_read_module() - query the module
 * @control: the control node
 *
 * Return: an answer for buftrack_module_free(), or NULL.
 */
struct buftrack_module *
buftrack_control_read_module(struct buftrack_control *control);

/**
 * buftrack_control_read_device() - query a device
 * @control: the control node
 * @device: number of the device
 *
 * Return: an answer for buftrack_device_status_free(), or NULL.
 */
struct buftrack_device_status *
buftrack_control_read_device(struct buftrack_control *control,
			     unsigned int device);

/**
 * buftrack_control_next_probe() - query the first probe from a number on
 * @control: the control node
 * @from: lowest number
 *
 * Return: an answer for buftrack_probe_free(), or NULL; ENOENT means that no
 * probe has this number or a higher one.
 */
struct buftrack_probe *
buftrack_control_next_probe(struct buftrack_control *control,
			    unsigned int from);

/**
 * buftrack_control_next_device() - query the first device from a number on
 * @control: the control node
 * @from: lowest number
 *
 * Return: an answer for buftrack_device_status_free(), or NULL; ENOENT means
 * that no device has this number or a higher one.
 */
struct buftrack_device_status *
buftrack_control_next_device(struct buftrack_control *control,
			     unsigned int from);

/**
 * buftrack_control_find_device() - query the device with a name
 * @control: the control node
 * @name: name of the device
 *
 * Return: an answer for buftrack_device_status_free(), or NULL; ENOENT means
 * that no device has this name.
 */
struct buftrack_device_status *
buftrack_control_find_device(struct buftrack_control *control,
			     const char *name);

/* A probe on a driver */

/**
 * buftrack_probe_free() - free an answer
 * @probe: the answer, or NULL
 */
void buftrack_probe_free(struct buftrack_probe *probe);

/**
 * buftrack_probe_number() - number of the probe
 * @probe: the answer
 *
 * Return: the number; probes are numbered from 0.
 */
unsigned int buftrack_probe_number(const struct buftrack_probe *probe);

/**
 * buftrack_probe_state() - state of the probe
 * @probe: the answer
 *
 * Return: enum buftrack_probe_state.
 */
unsigned int buftrack_probe_state(const struct buftrack_probe *probe);

/**
 * buftrack_probe_adapter() - adapter that the probe belongs to
 * @probe: the answer
 *
 * Return: the name of the adapter.
 */
const char *buftrack_probe_adapter(const struct buftrack_probe *probe);

/**
 * buftrack_probe_module() - kernel module that the probe is for
 * @probe: the answer
 *
 * Return: the name of the module.
 */
const char *buftrack_probe_module(const struct buftrack_probe *probe);

/**
 * buftrack_probe_symbol() - function that the probe is attached to
 * @probe: the answer
 *
 * Return: the name of the function, preceded by its module once the probe is
 * in place.
 */
const char *buftrack_probe_symbol(const struct buftrack_probe *probe);

/**
 * buftrack_probe_covers() - coverage of the probe
 * @probe: the answer
 *
 * Return: a phrase that names the activity that is not tracked without the probe.
 */
const char *buftrack_probe_covers(const struct buftrack_probe *probe);

/**
 * buftrack_probe_hits() - number of probed calls
 * @probe: the answer
 *
 * Return: the number of calls that the probe has seen.
 */
uint64_t buftrack_probe_hits(const struct buftrack_probe *probe);

/**
 * buftrack_probe_missed() - number of missed calls
 * @probe: the answer
 *
 * Return: the number of calls that the probe is known to have missed.
 */
uint64_t buftrack_probe_missed(const struct buftrack_probe *probe);

/* The module */

/**
 * buftrack_module_free() - free an answer
 * @module: the answer, or NULL
 */
void buftrack_module_free(struct buftrack_module *module);

/**
 * buftrack_module_version() - version of the module
 * @module: the answer
 *
 * Return: the version string of the module.
 */
const char *buftrack_module_version(const struct buftrack_module *module);

/**
 * buftrack_module_serial() - serial number of the open file
 * @module: the answer
 *
 * Return: a number that no other open file of a buftrack node has had since
 * the module was loaded.
 */
uint64_t buftrack_module_serial(const struct buftrack_module *module);

/**
 * buftrack_module_nr_devices() - number of registered devices
 * @module: the answer
 *
 * Return: the number of devices.
 */
unsigned int buftrack_module_nr_devices(const struct buftrack_module *module);

/**
 * buftrack_module_max_devices() - limit on registered devices
 * @module: the answer
 *
 * Return: the highest number of devices.
 */
unsigned int buftrack_module_max_devices(const struct buftrack_module *module);

/**
 * buftrack_module_nr_records() - number of records of all devices
 * @module: the answer
 *
 * Return: the number of records, including spare ones.
 */
uint64_t buftrack_module_nr_records(const struct buftrack_module *module);

/**
 * buftrack_module_max_records() - limit on records of all devices
 * @module: the answer
 *
 * Return: the highest number of records.
 */
uint64_t buftrack_module_max_records(const struct buftrack_module *module);

/**
 * buftrack_module_record_size() - kernel memory per record
 * @module: the answer
 *
 * Return: the size in bytes.
 */
unsigned int buftrack_module_record_size(const struct buftrack_module *module);

/**
 * buftrack_module_nr_counters() - number of counters that the module knows
 * @module: the answer
 *
 * Return: a number to compare with BUFTRACK_NR_COUNTERS.
 */
unsigned int buftrack_module_nr_counters(const struct buftrack_module *module);

/**
 * buftrack_module_nr_verdicts() - number of verdicts that the module knows
 * @module: the answer
 *
 * Return: a number to compare with BUFTRACK_NR_VERDICTS.
 */
unsigned int buftrack_module_nr_verdicts(const struct buftrack_module *module);

/* A device */

/**
 * buftrack_device_open() - open the node of a device
 * @number: number of the device
 * @flags: O_RDONLY to query, O_WRONLY to report, O_RDWR for both
 *
 * The open file becomes a client with its declaration or its first report.
 *
 * Return: a device for buftrack_device_close(), or NULL; ENOENT means that
 * there is no such device.
 */
struct buftrack_device *buftrack_device_open(unsigned int number, int flags);

/**
 * buftrack_device_from_fd() - take over an open node
 * @fd: descriptor of the node, for example one received from another process;
 *	closing the device closes it
 *
 * Return: a device for buftrack_device_close(), or NULL with errno ENOMEM.
 */
struct buftrack_device *buftrack_device_from_fd(int fd);

/**
 * buftrack_device_close() - close the node of a device
 * @device: the device, or NULL
 *
 * If the open file is a client, the client ends with the last descriptor of
 * the file.
 */
void buftrack_device_close(struct buftrack_device *device);

/**
 * buftrack_device_fd() - file descriptor of a device
 * @device: the device
 *
 * Return: the descriptor, which the device keeps.
 */
int buftrack_device_fd(const struct buftrack_device *device);

/**
 * buftrack_device_read_status() - query the device
 * @device: the device
 *
 * Return: an answer for buftrack_device_status_free(), or NULL.
 */
struct buftrack_device_status *
buftrack_device_read_status(struct buftrack_device *device);

/**
 * buftrack_device_apply() - change settings of the device
 * @device: the device
 * @settings: the new settings
 *
 * All of the settings take effect or, on failure, none.
 *
 * Return: 0 or -1.
 */
int buftrack_device_apply(struct buftrack_device *device,
			  const struct buftrack_settings *settings);

/**
 * buftrack_device_add_space() - add a space to the device
 * @device: the device
 * @name: name of the space
 * @capacity: its capacity in bytes, or 0 if unknown
 * @space: filled with the number of the space, unless NULL
 *
 * Return: 1 if the space is new, 0 if the device had it, or -1.
 */
int buftrack_device_add_space(struct buftrack_device *device, const char *name,
			      uint64_t capacity, unsigned int *space);

/**
 * buftrack_device_read_stack() - kernel stack of a site
 * @device: the device
 * @site: site of a buffer or event that a driver reported
 *
 * Each line has the form "symbol+offset/size [module]", innermost first.
 *
 * Return: a string for free(), or NULL; ENOENT means that the site has no
 * stack, EPERM that the caller lacks CAP_PERFMON and CAP_SYS_ADMIN.
 */
char *buftrack_device_read_stack(struct buftrack_device *device, uint64_t site);

/**
 * buftrack_device_next_space() - query the first space from a number on
 * @device: the device
 * @from: lowest number
 *
 * Return: an answer for buftrack_space_free(), or NULL; ENOENT means that no
 * space has this number or a higher one.
 */
struct buftrack_space *
buftrack_device_next_space(struct buftrack_device *device, unsigned int from);

/**
 * buftrack_device_find_space() - query the space with a name
 * @device: the device
 * @name: name of the space
 *
 * Return: an answer for buftrack_space_free(), or NULL; ENOENT means that no
 * space has this name.
 */
struct buftrack_space *
buftrack_device_find_space(struct buftrack_device *device, const char *name);

/**
 * buftrack_device_read_client() - query a client
 * @device: the device
 * @client: number of the client
 *
 * Return: an answer for buftrack_client_free(), or NULL.
 */
struct buftrack_client *
buftrack_device_read_client(struct buftrack_device *device, uint64_t client);

/**
 * buftrack_device_next_client() - query the first client from a number on
 * @device: the device
 * @from: lowest number
 *
 * Return: an answer for buftrack_client_free(), or NULL; ENOENT means that no
 * client has this number or a higher one.
 */
struct buftrack_client *
buftrack_device_next_client(struct buftrack_device *device, uint64_t from);

/**
 * buftrack_device_read_counters() - read counters of the device, a space or a
 *		client
 * @device: the device
 * @scope: scope of the counters
 * @number: number of the space or client, or 0 for the device
 *
 * Return: an answer for buftrack_counter_set_free(), or NULL.
 */
struct buftrack_counter_set *
buftrack_device_read_counters(struct buftrack_device *device,
			      enum buftrack_scope scope, uint64_t number);

/**
 * buftrack_device_declare() - make the open file a client
 * @device: the device
 * @declaration: declaration of the client
 * @client: filled with the number of the client, unless NULL
 *
 * Return: 0 or -1.
 */
int buftrack_device_declare(struct buftrack_device *device,
			    const struct buftrack_declaration *declaration,
			    uint64_t *client);

/**
 * buftrack_device_report() - report one alloc, free or use
 * @device: the device
 * @report: the report
 *
 * Return: enum buftrack_verdict, or -1.
 */
int buftrack_device_report(struct buftrack_device *device,
			   const struct buftrack_report *report);

/**
 * buftrack_device_submit() - report a batch
 * @device: the device
 * @reports: the batch
 *
 * Afterwards buftrack_reports_done() returns the number of reports that were
 * made, and buftrack_reports_verdict() their verdicts.
 *
 * Return: 0 if all reports were made, or -1 with the errno of the first that
 * failed.
 */
int buftrack_device_submit(struct buftrack_device *device,
			   struct buftrack_reports *reports);

/**
 * buftrack_device_report_lost() - tell the module that reports were lost
 * @device: the device
 * @count: number of lost reports, at least
 *
 * Return: 0 or -1.
 */
int buftrack_device_report_lost(struct buftrack_device *device, uint64_t count);

/**
 * buftrack_device_reset() - reset the counters of the device
 * @device: the device
 *
 * Return: 0 or -1.
 */
int buftrack_device_reset(struct buftrack_device *device);

/* Status of a device */

/**
 * buftrack_device_status_free() - free an answer
 * @status: the answer, or NULL
 */
void buftrack_device_status_free(struct buftrack_device_status *status);

/**
 * buftrack_device_status_number() - number of the device
 * @status: the answer
 *
 * Return: n of /dev/buftrack/n.
 */
unsigned int
buftrack_device_status_number(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_name() - name of the device
 * @status: the answer
 *
 * Return: the name.
 */
const char *
buftrack_device_status_name(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_driver() - driver that registered the device
 * @status: the answer
 *
 * Return: the name of the driver, or "user" for a device that a program
 * registered.
 */
const char *
buftrack_device_status_driver(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_state() - state of the device
 * @status: the answer
 *
 * Return: combination of enum buftrack_device_state.
 */
unsigned int
buftrack_device_status_state(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_uid() - user who registered the device
 * @status: the answer
 *
 * Return: a user id.
 */
unsigned int
buftrack_device_status_uid(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_nr_spaces() - number of spaces
 * @status: the answer
 *
 * Return: the number of spaces.
 */
unsigned int
buftrack_device_status_nr_spaces(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_nr_clients() - number of open clients
 * @status: the answer
 *
 * Return: the number of open clients.
 */
unsigned int
buftrack_device_status_nr_clients(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_clients() - limit on open clients
 * @status: the answer
 *
 * Return: the highest number of open clients.
 */
unsigned int
buftrack_device_status_max_clients(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_nr_records() - number of records
 * @status: the answer
 *
 * Return: the number of live and freed records.
 */
uint64_t
buftrack_device_status_nr_records(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_records() - limit on records
 * @status: the answer
 *
 * Return: the highest number of live and freed records.
 */
uint64_t
buftrack_device_status_max_records(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_client_records() - limit on records per client
 * @status: the answer
 *
 * Return: the highest number of live and freed records of one client.
 */
uint64_t buftrack_device_status_max_client_records(
	const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_freed() - limit on freed records per domain
 * @status: the answer
 *
 * Return: the highest number of freed records of one domain.
 */
uint64_t
buftrack_device_status_max_freed(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_closed() - limit on logged closed clients
 * @status: the answer
 *
 * Return: the highest number of closed clients in the log.
 */
uint64_t
buftrack_device_status_max_closed(const struct buftrack_device_status *status);

/**
 * buftrack_device_status_max_remaining() - limit on logged remaining records
 * @status: the answer
 *
 * Return: the highest number of remaining records in the log.
 */
uint64_t buftrack_device_status_max_remaining(
	const struct buftrack_device_status *status);

/**
 * buftrack_device_status_now() - clock of the device at the time of the query
 * @status: the answer
 *
 * Return: ns, by the clock that stamps records and clients.
 */
uint64_t
buftrack_device_status_now(const struct buftrack_device_status *status);

/* Settings of a device */

/**
 * buftrack_settings_new() - create settings that change nothing
 *
 * Return: settings for buftrack_settings_free(), or NULL with errno ENOMEM.
 */
struct buftrack_settings *buftrack_settings_new(void);

/**
 * buftrack_settings_free() - free settings
 * @settings: the settings, or NULL
 */
void buftrack_settings_free(struct buftrack_settings *settings);

/**
 * buftrack_settings_empty() - test for settings that change nothing
 * @settings: the settings
 *
 * Return: true if the settings would change nothing.
 */
bool buftrack_settings_empty(const struct buftrack_settings *settings);

/**
 * buftrack_settings_enable() - enable or disable tracking
 * @settings: the settings
 * @enabled: true to enable
 */
void buftrack_settings_enable(struct buftrack_settings *settings, bool enabled);

/**
 * buftrack_settings_keep_stacks() - start or stop recording kernel stacks of driver
 * reports
 * @settings: the settings
 * @keep: true to record the stacks of future reports
 */
void buftrack_settings_keep_stacks(struct buftrack_settings *settings,
				   bool keep);

/**
 * buftrack_settings_limit_clients() - limit the open clients
 * @settings: the settings
 * @max: highest number
 */
void buftrack_settings_limit_clients(struct buftrack_settings *settings,
				     unsigned int max);

/**
 * buftrack_settings_limit_records() - limit the live and freed records
 * @settings: the settings
 * @max: highest number
 */
void buftrack_settings_limit_records(struct buftrack_settings *settings,
				     uint64_t max);

/**
 * buftrack_settings_limit_client_records() - limit the live and freed records
 *		of each client
 * @settings: the settings
 * @max: highest number
 */
void buftrack_settings_limit_client_records(struct buftrack_settings *settings,
					    uint64_t max);

/**
 * buftrack_settings_limit_freed() - limit the freed records of each domain
 * @settings: the settings
 * @max: highest number
 */
void buftrack_settings_limit_freed(struct buftrack_settings *settings,
				   uint64_t max);

/**
 * buftrack_settings_limit_closed() - limit the log of closed clients
 * @settings: the settings
 * @max: highest number
 */
void buftrack_settings_limit_closed(struct buftrack_settings *settings,
				    uint64_t max);

/**
 * buftrack_settings_limit_remaining() - limit the log of remaining records
 * @settings: the settings
 * @max: highest number
 */
void buftrack_settings_limit_remaining(struct buftrack_settings *settings,
				       uint64_t max);

/* Declaration of a client */

/**
 * buftrack_declaration_new() - create a declaration of a private client
 *		without claims
 *
 * Return: a declaration for buftrack_declaration_free(), or NULL with errno
 * ENOMEM.
 */
struct buftrack_declaration *buftrack_declaration_new(void);

/**
 * buftrack_declaration_free() - free a declaration
 * @declaration: the declaration, or NULL
 */
void buftrack_declaration_free(struct buftrack_declaration *declaration);

/**
 * buftrack_declaration_set_flags() - declare a late or shared client
 * @declaration: the declaration
 * @flags: BUFTRACK_DECLARE_LATE and BUFTRACK_DECLARE_SHARED of enum
 *	   buftrack_declare_flags
 */
void buftrack_declaration_set_flags(struct buftrack_declaration *declaration,
				    unsigned int flags);

/**
 * buftrack_declaration_set_first_id() - declare the first id that the client
 *		reports
 * @declaration: the declaration
 * @id: the first id, or 0 for none
 */
void buftrack_declaration_set_first_id(struct buftrack_declaration *declaration,
				       uint64_t id);

/**
 * buftrack_declaration_claim() - claim to report for another process
 * @declaration: the declaration
 * @pid: the process, or 0 for none
 * @name: its name in printable ASCII, or "" for none
 *
 * For relays. The module shows a claim as a claim, next to the identity it
 * recorded.
 *
 * Return: 0, or -1 with errno ENAMETOOLONG.
 */
int buftrack_declaration_claim(struct buftrack_declaration *declaration,
			       unsigned int pid, const char *name);

/**
 * buftrack_declaration_claim_uid() - claim to report for a user
 * @declaration: the declaration
 * @uid: the user, or (unsigned int)-1 for none
 *
 * For relays. That user sees the addresses of the client's buffers, as the one who
 * opened the file does. A user that the opener's user namespace does not have makes
 * buftrack_device_declare() fail with EINVAL.
 */
void buftrack_declaration_claim_uid(struct buftrack_declaration *declaration,
				    unsigned int uid);

/* A space */

/**
 * buftrack_space_free() - free an answer
 * @space: the answer, or NULL
 */
void buftrack_space_free(struct buftrack_space *space);

/**
 * buftrack_space_number() - number of the space
 * @space: the answer
 *
 * Return: the number, unique on its device.
 */
unsigned int buftrack_space_number(const struct buftrack_space *space);

/**
 * buftrack_space_name() - name of the space
 * @space: the answer
 *
 * Return: the name.
 */
const char *buftrack_space_name(const struct buftrack_space *space);

/**
 * buftrack_space_capacity() - capacity of the space
 * @space: the answer
 *
 * Return: the capacity in bytes, or 0 if unknown.
 */
uint64_t buftrack_space_capacity(const struct buftrack_space *space);

/**
 * buftrack_space_is_aperture() - test whether the space is an aperture
 * @space: the answer
 *
 * The buffers of an aperture are views of memory that is counted elsewhere, or nowhere. The
 * sums of sizes of a device and of a client leave them out.
 *
 * Return: true if it is one.
 */
bool buftrack_space_is_aperture(const struct buftrack_space *space);

/* A client */

/**
 * buftrack_client_free() - free an answer
 * @client: the answer, or NULL
 */
void buftrack_client_free(struct buftrack_client *client);

/**
 * buftrack_client_number() - number of the client
 * @client: the answer
 *
 * Return: the number, unique on its device; clients are numbered from 1.
 */
uint64_t buftrack_client_number(const struct buftrack_client *client);

/**
 * buftrack_client_state() - state of the client
 * @client: the answer
 *
 * Return: combination of enum buftrack_client_state.
 */
unsigned int buftrack_client_state(const struct buftrack_client *client);

/**
 * buftrack_client_pid() - process that opened the file
 * @client: the answer
 *
 * Return: its thread group id, or 0 if it is outside of the caller's pid
 * namespace.
 */
unsigned int buftrack_client_pid(const struct buftrack_client *client);

/**
 * buftrack_client_tid() - thread that opened the file
 * @client: the answer
 *
 * Return: its thread id, or 0 if it is outside of the caller's pid namespace.
 */
unsigned int buftrack_client_tid(const struct buftrack_client *client);

/**
 * buftrack_client_uid() - user who opened the file
 * @client: the answer
 *
 * Return: a user id.
 */
unsigned int buftrack_client_uid(const struct buftrack_client *client);

/**
 * buftrack_client_comm() - comm of the process when it opened the file
 * @client: the answer
 *
 * Return: the comm, which may contain any byte.
 */
const char *buftrack_client_comm(const struct buftrack_client *client);

/**
 * buftrack_client_claimed_pid() - process that the client claims to report
 *		for
 * @client: the answer
 *
 * Return: the claimed pid, or 0 for none.
 */
unsigned int buftrack_client_claimed_pid(const struct buftrack_client *client);

/**
 * buftrack_client_claimed_uid() - user that the client claims to report for
 * @client: the answer
 * @uid: set to the user, 0 for none
 *
 * Return: true if it claims a user.
 */
bool buftrack_client_claimed_uid(const struct buftrack_client *client,
				 unsigned int *uid);

/**
 * buftrack_client_claimed_name() - name that the client claims
 * @client: the answer
 *
 * Return: the claimed name, or "" for none.
 */
const char *buftrack_client_claimed_name(const struct buftrack_client *client);

/**
 * buftrack_client_first_id() - first id that the client declared
 * @client: the answer
 *
 * Return: the id, or 0 for none.
 */
uint64_t buftrack_client_first_id(const struct buftrack_client *client);

/**
 * buftrack_client_start_time() - start time of the process
 * @client: the answer
 *
 * Return: ns since boot.
 */
uint64_t buftrack_client_start_time(const struct buftrack_client *client);

/**
 * buftrack_client_opened() - time when the client began
 * @client: the answer
 *
 * Return: ns, by the clock of the device.
 */
uint64_t buftrack_client_opened(const struct buftrack_client *client);

/**
 * buftrack_client_closed() - time when the client ended
 * @client: the answer
 *
 * Return: ns, by the clock of the device, or 0 while it is open.
 */
uint64_t buftrack_client_closed(const struct buftrack_client *client);

/* Counters */

/**
 * buftrack_counter_set_free() - free an answer
 * @set: the answer, or NULL
 */
void buftrack_counter_set_free(struct buftrack_counter_set *set);

/**
 * buftrack_counter_set_length() - number of counters that the module filled
 *		in
 * @set: the answer
 *
 * Return: the number of counters; they are the first ones of enum
 * buftrack_counter.
 */
unsigned int
buftrack_counter_set_length(const struct buftrack_counter_set *set);

/**
 * buftrack_counter_set_value() - value of a counter
 * @set: the answer
 * @counter: enum buftrack_counter
 *
 * Return: the value, or 0 if the module or the library does not know the
 * counter.
 */
uint64_t buftrack_counter_set_value(const struct buftrack_counter_set *set,
				    unsigned int counter);

/**
 * buftrack_counter_set_unknown_frees() - number of unknown frees for all
 *		reasons
 * @set: the answer
 *
 * Return: the sum of the counters of unknown frees.
 */
uint64_t
buftrack_counter_set_unknown_frees(const struct buftrack_counter_set *set);

/**
 * buftrack_counter_set_add() - add counters of another scope
 * @set: the answer to add to
 * @more: another answer of the same device
 *
 * The sum of two peaks is an upper bound of the peak of both.
 */
void buftrack_counter_set_add(struct buftrack_counter_set *set,
			      const struct buftrack_counter_set *more);

/* Batches of reports */

/**
 * buftrack_reports_new() - create an empty batch
 * @capacity: highest number of reports, at least 1
 *
 * Return: a batch for buftrack_reports_free(), or NULL with errno ENOMEM.
 */
struct buftrack_reports *buftrack_reports_new(unsigned int capacity);

/**
 * buftrack_reports_free() - free a batch
 * @reports: the batch, or NULL
 */
void buftrack_reports_free(struct buftrack_reports *reports);

/**
 * buftrack_reports_clear() - remove all reports from a batch
 * @reports: the batch
 */
void buftrack_reports_clear(struct buftrack_reports *reports);

/**
 * buftrack_reports_add() - append a report to a batch
 * @reports: the batch
 * @report: the report, which is copied
 *
 * Return: 0, or -1 with errno ENOBUFS if the batch is full.
 */
int buftrack_reports_add(struct buftrack_reports *reports,
			 const struct buftrack_report *report);

/**
 * buftrack_reports_length() - number of reports in a batch
 * @reports: the batch
 *
 * Return: the number of reports.
 */
unsigned int buftrack_reports_length(const struct buftrack_reports *reports);

/**
 * buftrack_reports_done() - number of reports that the last submission made
 * @reports: the batch
 *
 * Return: the number of reports; they are the first ones of the batch.
 */
unsigned int buftrack_reports_done(const struct buftrack_reports *reports);

/**
 * buftrack_reports_verdict() - verdict of a report
 * @reports: the batch
 * @index: index of a report that was made
 *
 * Return: enum buftrack_verdict.
 */
unsigned int buftrack_reports_verdict(const struct buftrack_reports *reports,
				      unsigned int index);

/* Listings of records */

/**
 * buftrack_filter_new() - create a filter that selects every record
 *
 * Return: a filter for buftrack_filter_free(), or NULL with errno ENOMEM.
 */
struct buftrack_filter *buftrack_filter_new(void);

/**
 * buftrack_filter_free() - free a filter
 * @filter: the filter, or NULL
 */
void buftrack_filter_free(struct buftrack_filter *filter);

/**
 * buftrack_filter_set_client() - select the records of one client
 * @filter: the filter
 * @client: number of the client, or 0 for any
 */
void buftrack_filter_set_client(struct buftrack_filter *filter,
				uint64_t client);

/**
 * buftrack_filter_set_space() - select the records in one space
 * @filter: the filter
 * @space: number of the space, or BUFTRACK_ANY_SPACE
 */
void buftrack_filter_set_space(struct buftrack_filter *filter,
			       unsigned int space);

/**
 * buftrack_filter_set_states() - select records by state
 * @filter: the filter
 * @states: combination of BUFTRACK_RECORD_STATE_LIVE, _FREED and _REMAINING,
 *	or 0 for any
 */
void buftrack_filter_set_states(struct buftrack_filter *filter,
				unsigned int states);

/**
 * buftrack_filter_set_min_size() - select records of a size or more
 * @filter: the filter
 * @size: lowest size in bytes
 */
void buftrack_filter_set_min_size(struct buftrack_filter *filter,
				  uint64_t size);

/**
 * buftrack_filter_set_age() - select records by age
 * @filter: the filter
 * @min: lowest age in ns
 * @max: highest age in ns, or 0 for any
 */
void buftrack_filter_set_age(struct buftrack_filter *filter, uint64_t min,
			     uint64_t max);

/**
 * buftrack_listing_new() - begin a listing of records
 * @device: the device, which must stay open until the listing is freed
 * @filter: selects the records and is copied; NULL selects all
 *
 * Return: a listing for buftrack_listing_free(), or NULL with errno ENOMEM.
 */
struct buftrack_listing *
buftrack_listing_new(struct buftrack_device *device,
		     const struct buftrack_filter *filter);

/**
 * buftrack_listing_free() - end a listing
 * @listing: the listing, or NULL
 */
void buftrack_listing_free(struct buftrack_listing *listing);

/**
 * buftrack_listing_next() - fetch the next record
 * @listing: the listing
 * @buffer: filled with the record, which is valid until the next call
 *
 * The listing is a snapshot of the instant of its first call, although
 * reports continue: it leaves out later allocs and shows later frees as live.
 * An open file has one listing at a time. A second one ends the first, whose
 * next call fails with EINVAL.
 *
 * Return: 1, 0 at the end, or -1.
 */
int buftrack_listing_next(struct buftrack_listing *listing,
			  const struct buftrack_buffer **buffer);

/**
 * buftrack_listing_instant() - instant of the snapshot
 * @listing: the listing
 *
 * Return: ns, by the clock of the device, or 0 before the first record is
 * fetched.
 */
uint64_t buftrack_listing_instant(const struct buftrack_listing *listing);

/**
 * buftrack_listing_missed() - number of missed records
 * @listing: the listing
 *
 * Return: the number of records of the instant that were replaced or dropped
 * before the listing reached them, so far.
 */
uint64_t buftrack_listing_missed(const struct buftrack_listing *listing);

/**
 * buftrack_listing_is_exact() - test for a complete snapshot
 * @listing: the listing
 *
 * Return: true if the listing has ended and returned exactly the selected
 * records of its instant. It returns false before the end, after a missed
 * record, after the removal of the device, and when so many listings run at
 * once that the module does not track the missed records of this one.
 */
bool buftrack_listing_is_exact(const struct buftrack_listing *listing);

/**
 * buftrack_buffer_client() - owner of the buffer
 * @buffer: the record
 *
 * Return: number of the client.
 */
uint64_t buftrack_buffer_client(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_space() - space of the buffer
 * @buffer: the record
 *
 * Return: number of the space.
 */
unsigned int buftrack_buffer_space(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_state() - state of the record
 * @buffer: the record
 *
 * Return: combination of enum buftrack_record_state. With
 * BUFTRACK_RECORD_STATE_REDACTED, address, id and sites belong to another
 * user and read as 0.
 */
unsigned int buftrack_buffer_state(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_address() - address of the buffer
 * @buffer: the record
 *
 * Return: the address in its space.
 */
uint64_t buftrack_buffer_address(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_size() - accounted size of the buffer
 * @buffer: the record
 *
 * Return: the size in bytes.
 */
uint64_t buftrack_buffer_size(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_span() - extent of the buffer in the address space
 * @buffer: the record
 *
 * Return: the span in bytes, or 0 if unknown.
 */
uint64_t buftrack_buffer_span(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_id() - id of the buffer
 * @buffer: the record
 *
 * Return: the id that the reporter gave it, or 0 for none.
 */
uint64_t buftrack_buffer_id(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_allocated() - time of the alloc
 * @buffer: the record
 *
 * Return: ns, by the clock of the device.
 */
uint64_t buftrack_buffer_allocated(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_ended() - time when the buffer was freed or its client
 *		ended
 * @buffer: the record
 *
 * Return: ns, by the clock of the device, or 0 while the buffer is live.
 */
uint64_t buftrack_buffer_ended(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_ended_by() - client that freed the buffer
 * @buffer: the record
 *
 * Return: number of the client, or 0 if the buffer was not freed.
 */
uint64_t buftrack_buffer_ended_by(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_site() - site of the alloc
 * @buffer: the record
 *
 * Return: the code location as reported, or 0 if unknown.
 */
uint64_t buftrack_buffer_site(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_ended_site() - site of the free
 * @buffer: the record
 *
 * Return: the code location as reported, or 0 if unknown.
 */
uint64_t buftrack_buffer_ended_site(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_repeats() - number of further frees
 * @buffer: the record
 *
 * Return: the repeat count.
 */
unsigned int buftrack_buffer_repeats(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_pid() - process of the owner
 * @buffer: the record
 *
 * Return: as buftrack_client_pid().
 */
unsigned int buftrack_buffer_pid(const struct buftrack_buffer *buffer);

/**
 * buftrack_buffer_comm() - comm of that process
 * @buffer: the record
 *
 * Return: as buftrack_client_comm().
 */
const char *buftrack_buffer_comm(const struct buftrack_buffer *buffer);

/* Wrong reports */

/**
 * buftrack_events_new() - begin to read the wrong reports of a device
 * @device: the device, open for reading; it must stay open until the reader
 *	is freed
 *
 * Reading starts with the oldest logged report that was not yet read through
 * this open file. To wait for several things at once, open the device with
 * O_NONBLOCK, call buftrack_events_next() until it fails with EAGAIN, and
 * poll(2) buftrack_device_fd() for POLLIN. The reader reads ahead, so polling
 * earlier may miss events that it holds.
 *
 * Return: a reader for buftrack_events_free(), or NULL with errno ENOMEM.
 */
struct buftrack_events *buftrack_events_new(struct buftrack_device *device);

/**
 * buftrack_events_free() - end reading
 * @events: the reader, or NULL
 *
 * Events that were read ahead are lost.
 */
void buftrack_events_free(struct buftrack_events *events);

/**
 * buftrack_events_next() - fetch the next wrong report with its evidence
 * @events: the reader
 * @event: filled with the event, which is valid until the next call. Its
 *	@dropped counts the events lost directly before it; fields that the
 *	module does not know are 0.
 *
 * Return: 1, 0 when the device was removed and all events are read, or -1.
 * EAGAIN means that a non-blocking device has no event, EINTR that a signal
 * ended the wait, and EPROTO that the module wrote a malformed event.
 */
int buftrack_events_next(struct buftrack_events *events,
			 const struct buftrack_event **event);

#ifdef __cplusplus
}
#endif

#endif /* LIBBUFTRACK_H */
