/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * buftrack: tracks every device buffer, and flags wrong frees as they happen
 */
#ifndef _UAPI_LINUX_BUFTRACK_H
#define _UAPI_LINUX_BUFTRACK_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General ioctl format
 *
 * /dev/buftrack/control registers, lists and removes devices. Everything else goes
 * through the node of a device, /dev/buftrack/<n>.
 *
 * The ioctl number encodes no size. Every argument starts with @size, which user
 * space sets to the sizeof() of the structure that it was built with. Structures
 * grow by fields at the end and by flags: the kernel accepts a longer structure if
 * the part that it does not know is zero, and takes the fields that a shorter one
 * lacks as zero. All fields have a fixed width and offset, the same for 32-bit
 * callers. Fields are inputs unless marked "out".
 *
 * Every ioctl returns 0, or -1 with one of these values of errno. An errno has the
 * same meaning for every ioctl:
 *
 *  - ENOTTY: the node does not have this ioctl: it belongs to the other kind of
 *    node, or the module is older than its caller
 *  - EINVAL: a value is out of range, or @size is smaller than the first version of
 *    the structure
 *  - E2BIG: @size is larger than the module's structure, and the excess is not zero
 *  - EOPNOTSUPP: an unknown flag or op, or a reserved field that is not zero
 *  - EFAULT: a pointer to memory that the caller cannot access
 *  - EBADF: a report through a file that is not open for writing, or a query
 *    through one that is not open for reading
 *  - EPERM: the opener of the file lacks the right to do this
 *  - ENOENT: no such device, space, client, probe or stack
 *  - ENODEV: the device of this file was removed
 *  - EEXIST: the name is registered (%BUFTRACK_DEVICE_ADD_EXCL), or the space has
 *    another capacity
 *  - EBUSY: the device has open clients, or this file is a client already
 *  - ENAMETOOLONG: a name without a NUL
 *  - EILSEQ: an empty name, or one with characters other than printable ASCII
 *  - ERANGE: address + span exceeds 2^64
 *  - EDQUOT: this user has reached its bound on devices, on spaces of this device, or on
 *    memory of rings
 *  - ENFILE: the machine has reached its bound on devices
 *  - EUSERS: the device or this user has reached its bound on open clients
 *  - ENOSPC: the device has reached its bound on spaces, or the file its bound on rings
 *  - ENOMEM: out of memory; nothing was changed
 *  - EINTR: a signal stopped a batch at @done: submit the reports from there on; or a fatal
 *    signal stopped the drain of rings
 *
 * A report that fails with an errno was not made: it is not counted and changes
 * nothing. Reaching a bound on records is not an errno but a verdict,
 * %BUFTRACK_VERDICT_UNTRACKED.
 *
 * Rights are those of the process that opened the file, whichever process uses it.
 * Every process that can open a node for reading sees totals, and how much each
 * client holds. Addresses, ids and sites of another user's buffers require
 * CAP_PERFMON or CAP_SYS_ADMIN, and read as 0 without; a client's buffers are also those
 * of the user that it claims to report for (%BUFTRACK_DECLARE_CLAIMED_UID). Pids are
 * those of the reader's pid namespace; for a process outside of it, pid, start time and
 * all claims read as 0, and comm and claimed name as empty.
 */
#define BUFTRACK_TYPE 0xBF

enum {
	BUFTRACK_CMD_INFO = 0x00,
	BUFTRACK_CMD_DEVICE_ADD = 0x01,
	BUFTRACK_CMD_DEVICE_REMOVE = 0x02,
	BUFTRACK_CMD_DEVICE_INFO = 0x03,
	BUFTRACK_CMD_DEVICE_SET = 0x04,
	BUFTRACK_CMD_SPACE_ADD = 0x05,
	BUFTRACK_CMD_SPACE_INFO = 0x06,
	BUFTRACK_CMD_DECLARE = 0x07,
	BUFTRACK_CMD_REPORT = 0x08,
	BUFTRACK_CMD_BATCH = 0x09,
	BUFTRACK_CMD_LOST = 0x0a,
	BUFTRACK_CMD_COUNTERS = 0x0b,
	BUFTRACK_CMD_CLIENT_INFO = 0x0c,
	BUFTRACK_CMD_RECORDS = 0x0d,
	BUFTRACK_CMD_RESET = 0x0e,
	BUFTRACK_CMD_PROBE_INFO = 0x0f,
	BUFTRACK_CMD_STACK = 0x10,
	BUFTRACK_CMD_RING = 0x11,
	BUFTRACK_CMD_DRAIN = 0x12,
};

/* Sizes of names in bytes, including the NUL */
#define BUFTRACK_DEVICE_NAME_SIZE	128
#define BUFTRACK_SPACE_NAME_SIZE	32
#define BUFTRACK_CLAIMED_NAME_SIZE	64
#define BUFTRACK_DRIVER_NAME_SIZE	32
#define BUFTRACK_VERSION_SIZE		32
#define BUFTRACK_COMM_SIZE		16
#define BUFTRACK_SYMBOL_SIZE		96

/* Maximum number of spaces of a device; they are numbered from 0 */
#define BUFTRACK_MAX_SPACES		64

/**
 * enum buftrack_verdict - the result of judging a report
 * @BUFTRACK_VERDICT_OK: nothing is wrong
 * @BUFTRACK_VERDICT_DISABLED: tracking is off: an alloc or a free is not recorded, a
 *	gap; a use leaves none
 * @BUFTRACK_VERDICT_UNTRACKED: an alloc that got no record: a gap
 * @BUFTRACK_VERDICT_DOUBLE_ALLOC: an alloc whose key is live; it supersedes that record
 * @BUFTRACK_VERDICT_OVERLAP: an alloc whose range intersects that of a live record
 * @BUFTRACK_VERDICT_REFUSED_FREE: the driver refused to free a live record
 * @BUFTRACK_VERDICT_FOREIGN_FREE: freed by a client that is not the owner
 * @BUFTRACK_VERDICT_SIZE_MISMATCH: freed with a size other than the allocated one
 * @BUFTRACK_VERDICT_DOUBLE_FREE: freed before
 * @BUFTRACK_VERDICT_STALE_FREE: freed before, and a live record has the address now
 * @BUFTRACK_VERDICT_INVALID_FREE: the address is inside a live record
 * @BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH: unknown; the client began to report late
 * @BUFTRACK_VERDICT_UNKNOWN_GAP: unknown; reports are known to be missing
 * @BUFTRACK_VERDICT_UNKNOWN_EVICTED: unknown; freed records were evicted
 * @BUFTRACK_VERDICT_UNKNOWN_OTHER_ID: unknown id; the address has records of other ids
 * @BUFTRACK_VERDICT_UNKNOWN_NEVER: never allocated: unknown, with complete coverage
 * @BUFTRACK_VERDICT_USE_AFTER_FREE: a use of a buffer that was freed before
 *
 * Documentation/verdicts.md has the rules.
 */
enum buftrack_verdict {
	BUFTRACK_VERDICT_OK = 0,
	BUFTRACK_VERDICT_DISABLED = 1,
	BUFTRACK_VERDICT_UNTRACKED = 2,
	BUFTRACK_VERDICT_DOUBLE_ALLOC = 3,
	BUFTRACK_VERDICT_OVERLAP = 4,
	BUFTRACK_VERDICT_REFUSED_FREE = 5,
	BUFTRACK_VERDICT_FOREIGN_FREE = 6,
	BUFTRACK_VERDICT_SIZE_MISMATCH = 7,
	BUFTRACK_VERDICT_DOUBLE_FREE = 8,
	BUFTRACK_VERDICT_STALE_FREE = 9,
	BUFTRACK_VERDICT_INVALID_FREE = 10,
	BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH = 11,
	BUFTRACK_VERDICT_UNKNOWN_GAP = 12,
	BUFTRACK_VERDICT_UNKNOWN_EVICTED = 13,
	BUFTRACK_VERDICT_UNKNOWN_OTHER_ID = 14,
	BUFTRACK_VERDICT_UNKNOWN_NEVER = 15,
	BUFTRACK_VERDICT_USE_AFTER_FREE = 16,
};

#define BUFTRACK_NR_VERDICTS 17

/**
 * enum buftrack_counter - index into the array that %BUFTRACK_IOCTL_COUNTERS fills
 * @BUFTRACK_COUNTER_ALLOCS: recorded allocations
 * @BUFTRACK_COUNTER_FREES: reports that freed a live record
 * @BUFTRACK_COUNTER_LIVE_BUFFERS: live records
 * @BUFTRACK_COUNTER_LIVE_BYTES: sum of their sizes; here and in all other sums of sizes, the
 *	device and its clients leave out spaces with %BUFTRACK_SPACE_APERTURE
 * @BUFTRACK_COUNTER_PEAK_BYTES: highest LIVE_BYTES after any report
 * @BUFTRACK_COUNTER_ORPHANED_BUFFERS: live records whose owner has ended
 * @BUFTRACK_COUNTER_ORPHANED_BYTES: sum of their sizes
 * @BUFTRACK_COUNTER_DOUBLE_FREES: verdicts %BUFTRACK_VERDICT_DOUBLE_FREE
 * @BUFTRACK_COUNTER_STALE_FREES: verdicts %BUFTRACK_VERDICT_STALE_FREE
 * @BUFTRACK_COUNTER_FOREIGN_FREES: verdicts %BUFTRACK_VERDICT_FOREIGN_FREE
 * @BUFTRACK_COUNTER_SIZE_MISMATCHES: verdicts %BUFTRACK_VERDICT_SIZE_MISMATCH
 * @BUFTRACK_COUNTER_REFUSED_FREES: verdicts %BUFTRACK_VERDICT_REFUSED_FREE
 * @BUFTRACK_COUNTER_INVALID_FREES: verdicts %BUFTRACK_VERDICT_INVALID_FREE
 * @BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH: verdicts
 *	%BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH
 * @BUFTRACK_COUNTER_UNKNOWN_FREES_GAP: verdicts %BUFTRACK_VERDICT_UNKNOWN_GAP
 * @BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED: verdicts %BUFTRACK_VERDICT_UNKNOWN_EVICTED
 * @BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID: verdicts %BUFTRACK_VERDICT_UNKNOWN_OTHER_ID
 * @BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER: verdicts %BUFTRACK_VERDICT_UNKNOWN_NEVER
 * @BUFTRACK_COUNTER_DOUBLE_ALLOCS: verdicts %BUFTRACK_VERDICT_DOUBLE_ALLOC
 * @BUFTRACK_COUNTER_OVERLAPS: verdicts %BUFTRACK_VERDICT_OVERLAP
 * @BUFTRACK_COUNTER_SUPERSEDED: live records that an alloc replaced
 * @BUFTRACK_COUNTER_REMAINING_BUFFERS: records that were live when their client ended
 * @BUFTRACK_COUNTER_REMAINING_BYTES: sum of their sizes
 * @BUFTRACK_COUNTER_REMOVED_BUFFERS: records that were live when the device was removed
 * @BUFTRACK_COUNTER_UNTRACKED_BUFFERS: verdicts %BUFTRACK_VERDICT_UNTRACKED
 * @BUFTRACK_COUNTER_DISABLED_REPORTS: verdicts %BUFTRACK_VERDICT_DISABLED
 * @BUFTRACK_COUNTER_LOST_REPORTS: reports that are known to be lost
 * @BUFTRACK_COUNTER_FREED_RECORDS: freed records that are kept
 * @BUFTRACK_COUNTER_EVICTED_RECORDS: freed records that were dropped to make room
 * @BUFTRACK_COUNTER_MOVES: buffers that a driver moved; each move counts as an alloc
 *	and a free as well
 * @BUFTRACK_COUNTER_USE_AFTER_FREES: verdicts %BUFTRACK_VERDICT_USE_AFTER_FREE
 *
 * At every instant that a reader can see, in every scope:
 * allocs = frees + live_buffers + superseded + remaining_buffers +
 * removed_buffers. LIVE, ORPHANED and FREED_RECORDS are current amounts; all other
 * counters only grow until a reset.
 */
enum buftrack_counter {
	BUFTRACK_COUNTER_ALLOCS = 0,
	BUFTRACK_COUNTER_FREES = 1,
	BUFTRACK_COUNTER_LIVE_BUFFERS = 2,
	BUFTRACK_COUNTER_LIVE_BYTES = 3,
	BUFTRACK_COUNTER_PEAK_BYTES = 4,
	BUFTRACK_COUNTER_ORPHANED_BUFFERS = 5,
	BUFTRACK_COUNTER_ORPHANED_BYTES = 6,
	BUFTRACK_COUNTER_DOUBLE_FREES = 7,
	BUFTRACK_COUNTER_STALE_FREES = 8,
	BUFTRACK_COUNTER_FOREIGN_FREES = 9,
	BUFTRACK_COUNTER_SIZE_MISMATCHES = 10,
	BUFTRACK_COUNTER_REFUSED_FREES = 11,
	BUFTRACK_COUNTER_INVALID_FREES = 12,
	BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH = 13,
	BUFTRACK_COUNTER_UNKNOWN_FREES_GAP = 14,
	BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED = 15,
	BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID = 16,
	BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER = 17,
	BUFTRACK_COUNTER_DOUBLE_ALLOCS = 18,
	BUFTRACK_COUNTER_OVERLAPS = 19,
	BUFTRACK_COUNTER_SUPERSEDED = 20,
	BUFTRACK_COUNTER_REMAINING_BUFFERS = 21,
	BUFTRACK_COUNTER_REMAINING_BYTES = 22,
	BUFTRACK_COUNTER_REMOVED_BUFFERS = 23,
	BUFTRACK_COUNTER_UNTRACKED_BUFFERS = 24,
	BUFTRACK_COUNTER_DISABLED_REPORTS = 25,
	BUFTRACK_COUNTER_LOST_REPORTS = 26,
	BUFTRACK_COUNTER_FREED_RECORDS = 27,
	BUFTRACK_COUNTER_EVICTED_RECORDS = 28,
	BUFTRACK_COUNTER_MOVES = 29,
	BUFTRACK_COUNTER_USE_AFTER_FREES = 30,
};

#define BUFTRACK_NR_COUNTERS 31

/**
 * struct buftrack_info - ioctl(BUFTRACK_IOCTL_INFO), on either node
 * @size: sizeof(struct buftrack_info)
 * @flags: must be 0
 * @serial: out: number of this open, unique among all opens of all nodes since the
 *	    module was loaded
 * @nr_devices: out: registered devices
 * @max_devices: out: bound on devices of the machine
 * @nr_records: out: records of all devices, including spare ones
 * @max_records: out: bound on records of all devices together
 * @record_size: out: bytes of kernel memory per record, live or freed
 * @nr_counters: out: number of counters that the module has
 * @nr_verdicts: out: number of verdicts that the module has
 * @reserved: must be 0
 * @version: out: version of the module
 *
 * Describes the module.
 */
struct buftrack_info {
	__u32 size;
	__u32 flags;
	__aligned_u64 serial;
	__u32 nr_devices;
	__u32 max_devices;
	__aligned_u64 nr_records;
	__aligned_u64 max_records;
	__u32 record_size;
	__u32 nr_counters;
	__u32 nr_verdicts;
	__u32 reserved;
	char version[BUFTRACK_VERSION_SIZE];
};
#define BUFTRACK_IOCTL_INFO _IO(BUFTRACK_TYPE, BUFTRACK_CMD_INFO)

/**
 * enum buftrack_device_add_flags - how to register a device
 * @BUFTRACK_DEVICE_ADD_EXCL: fail with EEXIST if the name is registered
 * @BUFTRACK_DEVICE_ADD_TEMPORARY: remove the device when this control file is
 *	released, even with open clients
 */
enum buftrack_device_add_flags {
	BUFTRACK_DEVICE_ADD_EXCL = 1 << 0,
	BUFTRACK_DEVICE_ADD_TEMPORARY = 1 << 1,
};

/**
 * struct buftrack_device_add - ioctl(BUFTRACK_IOCTL_DEVICE_ADD), control node
 * @size: sizeof(struct buftrack_device_add)
 * @flags: combination of enum buftrack_device_add_flags
 * @device: out: number n of the device, whose node is /dev/buftrack/n
 * @created: out: 1, or 0 if a device of this name was registered and is returned
 * @name: stable name of the device, 1 to 127 printable ASCII characters. A name that
 *	  starts like a PCI address (0000:00:00.0) requires CAP_SYS_ADMIN.
 *
 * Registers a device that no kernel driver announces, with tracking on.
 */
struct buftrack_device_add {
	__u32 size;
	__u32 flags;
	__u32 device;
	__u32 created;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
};
#define BUFTRACK_IOCTL_DEVICE_ADD _IO(BUFTRACK_TYPE, BUFTRACK_CMD_DEVICE_ADD)

/**
 * enum buftrack_device_remove_flags - how to remove a device
 * @BUFTRACK_DEVICE_REMOVE_FORCE: remove it even with open clients; their next report
 *	fails with ENODEV
 */
enum buftrack_device_remove_flags {
	BUFTRACK_DEVICE_REMOVE_FORCE = 1 << 0,
};

/**
 * struct buftrack_device_remove - ioctl(BUFTRACK_IOCTL_DEVICE_REMOVE), control
 *				   node
 * @size: sizeof(struct buftrack_device_remove)
 * @flags: combination of enum buftrack_device_remove_flags
 * @device: number of the device
 * @reserved: must be 0
 * @removed_buffers: out: live records that ended as removed
 * @removed_bytes: out: sum of their sizes, without apertures
 *
 * Removes a device and deletes its node. Files that have the node open can still make
 * queries until they are closed. Only the user who registered the device and
 * CAP_SYS_ADMIN may remove it.
 */
struct buftrack_device_remove {
	__u32 size;
	__u32 flags;
	__u32 device;
	__u32 reserved;
	__aligned_u64 removed_buffers;
	__aligned_u64 removed_bytes;
};
#define BUFTRACK_IOCTL_DEVICE_REMOVE \
	_IO(BUFTRACK_TYPE, BUFTRACK_CMD_DEVICE_REMOVE)

/**
 * enum buftrack_lookup_flags - how DEVICE_INFO, SPACE_INFO and CLIENT_INFO look up
 * @BUFTRACK_LOOKUP_NEXT: return the first entry whose number is at least the given one,
 *	or ENOENT after the last entry
 */
enum buftrack_lookup_flags {
	BUFTRACK_LOOKUP_NEXT = 1 << 0,
};

/**
 * enum buftrack_device_state - state of a device
 * @BUFTRACK_DEVICE_STATE_ENABLED: tracking is on
 * @BUFTRACK_DEVICE_STATE_REMOVED: the device was removed
 * @BUFTRACK_DEVICE_STATE_TEMPORARY: releasing the control file that registered it
 *	removes it
 * @BUFTRACK_DEVICE_STATE_STACKS: reports of its driver have kernel stacks as sites
 */
enum buftrack_device_state {
	BUFTRACK_DEVICE_STATE_ENABLED = 1 << 0,
	BUFTRACK_DEVICE_STATE_REMOVED = 1 << 1,
	BUFTRACK_DEVICE_STATE_TEMPORARY = 1 << 2,
	BUFTRACK_DEVICE_STATE_STACKS = 1 << 3,
};

/**
 * struct buftrack_device_info - ioctl(BUFTRACK_IOCTL_DEVICE_INFO), either node
 * @size: sizeof(struct buftrack_device_info)
 * @flags: combination of enum buftrack_lookup_flags (control node only)
 * @device: number of the device, in and out; out only on a device node
 * @state: out: combination of enum buftrack_device_state
 * @uid: out: user who registered it, in the caller's user namespace
 * @nr_spaces: out: number of spaces; they are numbered from 0
 * @nr_clients: out: open clients
 * @max_clients: out: bound on open clients
 * @nr_records: out: live and freed records
 * @max_records: out: bound on live and freed records
 * @max_client_records: out: bound on those that one client owns
 * @max_freed: out: bound on freed records per domain
 * @max_closed: out: bound on closed clients that are kept
 * @max_remaining: out: bound on remaining records that are kept
 * @now: out: current time of the clock of all stamps, in ns since boot; all devices
 *	 share it
 * @name: out: name of the device
 * @driver: out: kernel driver that announced it, or "user"
 */
struct buftrack_device_info {
	__u32 size;
	__u32 flags;
	__u32 device;
	__u32 state;
	__u32 uid;
	__u32 nr_spaces;
	__u32 nr_clients;
	__u32 max_clients;
	__aligned_u64 nr_records;
	__aligned_u64 max_records;
	__aligned_u64 max_client_records;
	__aligned_u64 max_freed;
	__aligned_u64 max_closed;
	__aligned_u64 max_remaining;
	__aligned_u64 now;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	char driver[BUFTRACK_DRIVER_NAME_SIZE];
};
#define BUFTRACK_IOCTL_DEVICE_INFO _IO(BUFTRACK_TYPE, BUFTRACK_CMD_DEVICE_INFO)

/**
 * enum buftrack_device_set_fields - fields of struct buftrack_device_set
 * @BUFTRACK_DEVICE_SET_ENABLED: @enabled
 * @BUFTRACK_DEVICE_SET_MAX_RECORDS: @max_records
 * @BUFTRACK_DEVICE_SET_MAX_FREED: @max_freed
 * @BUFTRACK_DEVICE_SET_MAX_CLIENTS: @max_clients
 * @BUFTRACK_DEVICE_SET_MAX_CLOSED: @max_closed
 * @BUFTRACK_DEVICE_SET_MAX_REMAINING: @max_remaining
 * @BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS: @max_client_records
 * @BUFTRACK_DEVICE_SET_STACKS: @stacks
 */
enum buftrack_device_set_fields {
	BUFTRACK_DEVICE_SET_ENABLED = 1 << 0,
	BUFTRACK_DEVICE_SET_MAX_RECORDS = 1 << 1,
	BUFTRACK_DEVICE_SET_MAX_FREED = 1 << 2,
	BUFTRACK_DEVICE_SET_MAX_CLIENTS = 1 << 3,
	BUFTRACK_DEVICE_SET_MAX_CLOSED = 1 << 4,
	BUFTRACK_DEVICE_SET_MAX_REMAINING = 1 << 5,
	BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS = 1 << 6,
	BUFTRACK_DEVICE_SET_STACKS = 1 << 7,
};

/**
 * struct buftrack_device_set - ioctl(BUFTRACK_IOCTL_DEVICE_SET), device node
 * @size: sizeof(struct buftrack_device_set)
 * @fields: combination of enum buftrack_device_set_fields: the fields to set
 * @enabled: 1: tracking is on; 0: it is off, and reports get BUFTRACK_VERDICT_DISABLED
 * @max_clients: bound on open clients, 1 to 65536
 * @max_records: bound on live and freed records, 1 to 2^32
 * @max_freed: bound on freed records per domain, 0 to 2^32
 * @max_closed: bound on closed clients that are kept, 0 to 65536
 * @max_remaining: bound on remaining records that are kept, 0 to 2^24
 * @max_client_records: bound on live and freed records that one client owns, 1 to 2^32
 * @stacks: 1: later reports of the device's driver record a kernel stack as their
 *	    site, see struct buftrack_stack; 0: they have no site
 * @reserved: must be 0
 *
 * Sets all the named fields, or none on an error. A lowered bound applies from the
 * next report on: each free evicts a few of the records over max_freed, and live
 * records are never dropped. Only the user who registered the device and
 * CAP_SYS_ADMIN may set its fields.
 */
struct buftrack_device_set {
	__u32 size;
	__u32 fields;
	__u32 enabled;
	__u32 max_clients;
	__aligned_u64 max_records;
	__aligned_u64 max_freed;
	__aligned_u64 max_closed;
	__aligned_u64 max_remaining;
	__aligned_u64 max_client_records;
	__u32 stacks;
	__u32 reserved;
};
#define BUFTRACK_IOCTL_DEVICE_SET _IO(BUFTRACK_TYPE, BUFTRACK_CMD_DEVICE_SET)

/**
 * enum buftrack_space_flags - properties of a space
 * @BUFTRACK_SPACE_APERTURE: its buffers are views of memory that is counted elsewhere, or
 *	nowhere: windows, mappings, shared handles. The sums of sizes of the space count
 *	them, those of the device and of its clients do not.
 */
enum buftrack_space_flags {
	BUFTRACK_SPACE_APERTURE = 1 << 0,
};

/**
 * struct buftrack_space_add - ioctl(BUFTRACK_IOCTL_SPACE_ADD), device node
 * @size: sizeof(struct buftrack_space_add)
 * @flags: combination of enum buftrack_space_flags; EPERM if a user who does not manage the
 *	   device sets one
 * @space: out: number of the space, for reports
 * @created: out: 1, or 0 if the device had a space of this name
 * @capacity: bytes, 0: unknown. A known capacity replaces an unknown one; EEXIST if
 *	      both are known and differ.
 * @name: 1 to 31 printable ASCII characters
 *
 * Adds a space to a device. EEXIST if a flag is set that an existing space lacks. A user
 * without CAP_SYS_ADMIN can add 16 spaces to a device that another user registered, and
 * all such users together 48.
 */
struct buftrack_space_add {
	__u32 size;
	__u32 flags;
	__u32 space;
	__u32 created;
	__aligned_u64 capacity;
	char name[BUFTRACK_SPACE_NAME_SIZE];
};
#define BUFTRACK_IOCTL_SPACE_ADD _IO(BUFTRACK_TYPE, BUFTRACK_CMD_SPACE_ADD)

/**
 * struct buftrack_space_info - ioctl(BUFTRACK_IOCTL_SPACE_INFO), device node
 * @size: sizeof(struct buftrack_space_info)
 * @flags: combination of enum buftrack_lookup_flags
 * @space: number of the space, in and out
 * @properties: out: combination of enum buftrack_space_flags
 * @capacity: out: bytes, 0: unknown
 * @name: out: name of the space
 */
struct buftrack_space_info {
	__u32 size;
	__u32 flags;
	__u32 space;
	__u32 properties;
	__aligned_u64 capacity;
	char name[BUFTRACK_SPACE_NAME_SIZE];
};
#define BUFTRACK_IOCTL_SPACE_INFO _IO(BUFTRACK_TYPE, BUFTRACK_CMD_SPACE_INFO)

/**
 * enum buftrack_declare_flags - properties of a client
 * @BUFTRACK_DECLARE_LATE: it held buffers before it began to report
 * @BUFTRACK_DECLARE_SHARED: it reports into the device's shared domain; requires
 *	CAP_SYS_ADMIN
 * @BUFTRACK_DECLARE_CLAIMED_UID: it is a relay that reports for @claimed_uid. That user
 *	sees addresses, ids and sites of this client's buffers, as does the user who
 *	opened the file; nobody sees more of any other client. Requires no right.
 */
enum buftrack_declare_flags {
	BUFTRACK_DECLARE_LATE = 1 << 0,
	BUFTRACK_DECLARE_SHARED = 1 << 1,
	BUFTRACK_DECLARE_CLAIMED_UID = 1 << 2,
};

/**
 * struct buftrack_declare - ioctl(BUFTRACK_IOCTL_DECLARE), device node
 * @size: sizeof(struct buftrack_declare)
 * @flags: combination of enum buftrack_declare_flags
 * @first_id: lowest id that the client will report; buffers with lower ids are older
 *	      than its first report. 0: not declared
 * @client: out: number of the client on this device, from 1, never reused
 * @claimed_pid: process that a relay reports for, always shown as claimed; 0: none
 * @claimed_uid: its user, in the user namespace of the file's opener, EINVAL if it has no
 *		 such user; must be 0 without %BUFTRACK_DECLARE_CLAIMED_UID
 * @claimed_name: name of that process, printable ASCII; empty: none
 *
 * Makes this file a client of the device, before its first report. Without it, the
 * first report makes the file a client with a private domain that declares nothing.
 * The kernel records the process that opened the file in either case.
 */
struct buftrack_declare {
	__u32 size;
	__u32 flags;
	__aligned_u64 first_id;
	__aligned_u64 client;
	__u32 claimed_pid;
	__u32 claimed_uid;
	char claimed_name[BUFTRACK_CLAIMED_NAME_SIZE];
};
#define BUFTRACK_IOCTL_DECLARE _IO(BUFTRACK_TYPE, BUFTRACK_CMD_DECLARE)

/**
 * enum buftrack_op - the operation that a report is about
 * @BUFTRACK_OP_ALLOC: a buffer was allocated
 * @BUFTRACK_OP_FREE: a buffer is freed
 * @BUFTRACK_OP_USE: the memory of a buffer is read, written or handed to a program. A
 *	use changes no record.
 */
enum buftrack_op {
	BUFTRACK_OP_ALLOC = 1,
	BUFTRACK_OP_FREE = 2,
	BUFTRACK_OP_USE = 3,
};

/**
 * enum buftrack_report_flags - flags of a report
 * @BUFTRACK_REPORT_REFUSED: the driver refused this free (BUFTRACK_OP_FREE only)
 */
enum buftrack_report_flags {
	BUFTRACK_REPORT_REFUSED = 1 << 0,
};

/**
 * struct buftrack_report - an alloc, a free or a use
 * @op: enum buftrack_op
 * @flags: combination of enum buftrack_report_flags
 * @space: number of the space
 * @address: address in that space; for a free or a use the start of the buffer, even if
 *	     a view of it lies further on
 * @size: size in bytes that is accounted; not 0 for an alloc, 0 for a free or a use if
 *	  it is unknown. A use ignores it.
 * @span: extent in the address space in bytes, 0: unknown; address + span is at most
 *	  2^64. Must be 0 for a free or a use.
 * @id: the reporter's own identity of the buffer, 0: none. A use without one is always
 *	%BUFTRACK_VERDICT_OK.
 * @site: place in the reporter's program, 0: unknown; a code address, or a number that
 *	  the reporter assigns to the place
 * @reserved: must be 0
 *
 * Report an alloc after the allocator returned, and a free before the memory can be
 * handed out again. Report a use before the memory is accessed.
 */
struct buftrack_report {
	__u16 op;
	__u16 flags;
	__u32 space;
	__aligned_u64 address;
	__aligned_u64 size;
	__aligned_u64 span;
	__aligned_u64 id;
	__aligned_u64 site;
	__aligned_u64 reserved[2];
};

/**
 * struct buftrack_report_one - ioctl(BUFTRACK_IOCTL_REPORT), device node
 * @size: sizeof(struct buftrack_report_one)
 * @flags: must be 0
 * @report: the report
 * @verdict: out: enum buftrack_verdict
 * @reserved: must be 0
 * @stamp: out: when it was judged, in ns since boot. Stamps of a device are unique,
 *	   and in the order in which reports are judged.
 */
struct buftrack_report_one {
	__u32 size;
	__u32 flags;
	struct buftrack_report report;
	__u32 verdict;
	__u32 reserved;
	__aligned_u64 stamp;
};
#define BUFTRACK_IOCTL_REPORT _IO(BUFTRACK_TYPE, BUFTRACK_CMD_REPORT)

/**
 * struct buftrack_batch - ioctl(BUFTRACK_IOCTL_BATCH), device node
 * @size: sizeof(struct buftrack_batch)
 * @flags: must be 0
 * @reports: pointer to an array of struct buftrack_report
 * @verdicts: pointer to an array of __u8 that receives the enum buftrack_verdict of
 *	      each report, 0: not wanted
 * @nr: length of both arrays
 * @report_size: sizeof(struct buftrack_report)
 * @done: out: number of reports that were judged, from the first on
 * @reserved: must be 0
 *
 * Judges the reports in their order. The first report that is invalid or unreadable
 * stops the batch with its errno: @done is its index, all reports before it are judged,
 * and it and all later ones are not. If a verdict cannot be written, the batch stops
 * with EFAULT, and up to 64 reports before @done are judged without a verdict.
 * Reports of other clients can come in between.
 */
struct buftrack_batch {
	__u32 size;
	__u32 flags;
	__aligned_u64 reports;
	__aligned_u64 verdicts;
	__u32 nr;
	__u32 report_size;
	__u32 done;
	__u32 reserved;
};
#define BUFTRACK_IOCTL_BATCH _IO(BUFTRACK_TYPE, BUFTRACK_CMD_BATCH)

/**
 * struct buftrack_lost - ioctl(BUFTRACK_IOCTL_LOST), device node
 * @size: sizeof(struct buftrack_lost)
 * @flags: must be 0
 * @count: number of lost reports, at least: 1 to 2^32 - 1
 *
 * Notes that reports of this client were lost: a gap.
 */
struct buftrack_lost {
	__u32 size;
	__u32 flags;
	__aligned_u64 count;
};
#define BUFTRACK_IOCTL_LOST _IO(BUFTRACK_TYPE, BUFTRACK_CMD_LOST)

/**
 * enum buftrack_scope - scope of counters
 * @BUFTRACK_SCOPE_DEVICE: the device
 * @BUFTRACK_SCOPE_SPACE: one of its spaces
 * @BUFTRACK_SCOPE_CLIENT: one of its clients, open, or closed and still kept
 */
enum buftrack_scope {
	BUFTRACK_SCOPE_DEVICE = 0,
	BUFTRACK_SCOPE_SPACE = 1,
	BUFTRACK_SCOPE_CLIENT = 2,
};

/**
 * struct buftrack_counters - ioctl(BUFTRACK_IOCTL_COUNTERS), device node
 * @size: sizeof(struct buftrack_counters)
 * @scope: enum buftrack_scope
 * @number: number of the space or client; 0 for the device
 * @values: pointer to an array of __u64, indexed by enum buftrack_counter
 * @nr: in: length of the array; out: number of values written. The rest of the array
 *	is left untouched.
 * @reserved: must be 0
 *
 * Reads all counters of a scope as of one instant.
 */
struct buftrack_counters {
	__u32 size;
	__u32 scope;
	__aligned_u64 number;
	__aligned_u64 values;
	__u32 nr;
	__u32 reserved;
};
#define BUFTRACK_IOCTL_COUNTERS _IO(BUFTRACK_TYPE, BUFTRACK_CMD_COUNTERS)

/**
 * enum buftrack_client_state - state of a client
 * @BUFTRACK_CLIENT_STATE_OPEN: its file is open
 * @BUFTRACK_CLIENT_STATE_OPENER_EXITED: the process that opened the file has exited;
 *	if the client is open, another process holds the file
 * @BUFTRACK_CLIENT_STATE_LATE: it declared that it attached late
 * @BUFTRACK_CLIENT_STATE_SHARED: it reports into the shared domain
 * @BUFTRACK_CLIENT_STATE_HAD_GAP: its domain has had a gap
 * @BUFTRACK_CLIENT_STATE_EVICTED: its domain has evicted freed records
 * @BUFTRACK_CLIENT_STATE_DRIVER: it is the device's kernel driver, named in @comm,
 *	rather than a process
 * @BUFTRACK_CLIENT_STATE_CLAIMED_UID: it claims to report for @claimed_uid
 */
enum buftrack_client_state {
	BUFTRACK_CLIENT_STATE_OPEN = 1 << 0,
	BUFTRACK_CLIENT_STATE_OPENER_EXITED = 1 << 1,
	BUFTRACK_CLIENT_STATE_LATE = 1 << 2,
	BUFTRACK_CLIENT_STATE_SHARED = 1 << 3,
	BUFTRACK_CLIENT_STATE_HAD_GAP = 1 << 4,
	BUFTRACK_CLIENT_STATE_EVICTED = 1 << 5,
	BUFTRACK_CLIENT_STATE_DRIVER = 1 << 6,
	BUFTRACK_CLIENT_STATE_CLAIMED_UID = 1 << 7,
};

/**
 * struct buftrack_client_info - ioctl(BUFTRACK_IOCTL_CLIENT_INFO), device node
 * @size: sizeof(struct buftrack_client_info)
 * @flags: combination of enum buftrack_lookup_flags
 * @client: number of the client, in and out
 * @state: out: combination of enum buftrack_client_state
 * @pid: out: thread group that opened the file, in the caller's pid namespace; 0 if
 *	 it is outside of it
 * @tid: out: thread that opened the file, likewise
 * @uid: out: user that opened the file, in the caller's user namespace
 * @claimed_pid: out: as declared, 0: none
 * @claimed_uid: out: as declared, in the caller's user namespace; 0 without
 *		 %BUFTRACK_CLIENT_STATE_CLAIMED_UID
 * @start_time: out: start time of the thread group in ns since boot; 0 if @pid is 0
 * @opened: out: when the client began, in ns since boot
 * @closed: out: when it ended, likewise; 0 if it is open
 * @first_id: out: as declared; 0 if the reader must not see ids
 * @comm: out: name of the process when it opened the file
 * @claimed_name: out: as declared
 */
struct buftrack_client_info {
	__u32 size;
	__u32 flags;
	__aligned_u64 client;
	__u32 state;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__u32 claimed_pid;
	__u32 claimed_uid;
	__aligned_u64 start_time;
	__aligned_u64 opened;
	__aligned_u64 closed;
	__aligned_u64 first_id;
	char comm[BUFTRACK_COMM_SIZE];
	char claimed_name[BUFTRACK_CLAIMED_NAME_SIZE];
};
#define BUFTRACK_IOCTL_CLIENT_INFO _IO(BUFTRACK_TYPE, BUFTRACK_CMD_CLIENT_INFO)

/**
 * enum buftrack_record_state - state of a record
 * @BUFTRACK_RECORD_STATE_LIVE: allocated, and not reported as freed
 * @BUFTRACK_RECORD_STATE_FREED: freed, and kept as evidence against a second free
 * @BUFTRACK_RECORD_STATE_REMAINING: live when its client ended
 * @BUFTRACK_RECORD_STATE_DOUBTFUL: live, but older than the domain's latest gap
 * @BUFTRACK_RECORD_STATE_ORPHANED: live, but its owner has ended
 * @BUFTRACK_RECORD_STATE_REDACTED: another user's: its address, id and sites read as 0
 */
enum buftrack_record_state {
	BUFTRACK_RECORD_STATE_LIVE = 1 << 0,
	BUFTRACK_RECORD_STATE_FREED = 1 << 1,
	BUFTRACK_RECORD_STATE_REMAINING = 1 << 2,
	BUFTRACK_RECORD_STATE_DOUBTFUL = 1 << 3,
	BUFTRACK_RECORD_STATE_ORPHANED = 1 << 4,
	BUFTRACK_RECORD_STATE_REDACTED = 1 << 5,
};

/**
 * struct buftrack_record - the record of a buffer
 * @client: its owner
 * @space: number of its space
 * @state: LIVE, FREED or REMAINING of enum buftrack_record_state, combined with any
 *	   of DOUBTFUL, ORPHANED and REDACTED
 * @address: address in the space
 * @size: size in bytes
 * @span: extent in the address space in bytes, 0: unknown
 * @id: the reporter's identity of it, 0: none
 * @allocated: when it was allocated, in ns since boot
 * @ended: when it was freed or its client ended, likewise; 0 if it is live
 * @ended_by: client that freed it, 0 if it was not freed
 * @site: site of its alloc, as reported
 * @ended_site: site of its free, as reported
 * @repeats: number of times it was freed again
 * @pid: thread group of the owner, as in struct buftrack_client_info
 * @comm: name of that process
 */
struct buftrack_record {
	__aligned_u64 client;
	__u32 space;
	__u32 state;
	__aligned_u64 address;
	__aligned_u64 size;
	__aligned_u64 span;
	__aligned_u64 id;
	__aligned_u64 allocated;
	__aligned_u64 ended;
	__aligned_u64 ended_by;
	__aligned_u64 site;
	__aligned_u64 ended_site;
	__u32 repeats;
	__u32 pid;
	char comm[BUFTRACK_COMM_SIZE];
};

/**
 * struct buftrack_event_record - a record that is evidence of an event
 * @client: its owner; 0: the event has no such record, and all other fields are 0
 * @ended_by: client that freed it, 0 if it was live
 * @address: address in the space of the report
 * @size: size in bytes
 * @span: extent in bytes, 0: unknown
 * @id: the reporter's identity of it, 0: none
 * @allocated: when it was allocated, in ns since boot
 * @ended: when it was freed, likewise; 0 if it was live
 * @site: site of its alloc, as reported
 * @ended_site: site of its free, as reported
 * @state: LIVE or FREED of enum buftrack_record_state, combined with any of DOUBTFUL,
 *	   ORPHANED and REDACTED
 * @repeats: number of times it was freed again, including this free
 * @pid: thread group of the owner, as in struct buftrack_client_info
 * @ended_by_pid: thread group of the client that freed it, likewise
 * @comm: name of the owner's process
 * @ended_by_comm: name of the process that freed it
 * @reserved: 0
 */
struct buftrack_event_record {
	__aligned_u64 client;
	__aligned_u64 ended_by;
	__aligned_u64 address;
	__aligned_u64 size;
	__aligned_u64 span;
	__aligned_u64 id;
	__aligned_u64 allocated;
	__aligned_u64 ended;
	__aligned_u64 site;
	__aligned_u64 ended_site;
	__u32 state;
	__u32 repeats;
	__u32 pid;
	__u32 ended_by_pid;
	char comm[BUFTRACK_COMM_SIZE];
	char ended_by_comm[BUFTRACK_COMM_SIZE];
	__aligned_u64 reserved[4];
};

/**
 * enum buftrack_event_flags - flags of an event
 * @BUFTRACK_EVENT_REDACTED: another user's report: its address, id and site read as 0
 */
enum buftrack_event_flags {
	BUFTRACK_EVENT_REDACTED = 1 << 0,
};

/**
 * struct buftrack_event - a wrong report and its evidence
 * @size: size of this event in bytes, and so the offset of the next one
 * @verdict: enum buftrack_verdict other than OK, DISABLED and UNTRACKED
 * @flags: combination of enum buftrack_event_flags
 * @reserved: 0
 * @sequence: number of the event on its device, from 1
 * @dropped: events before this one that the device dropped before this file read them
 * @stamp: when the report was judged, in ns since boot
 * @client: client that made the report
 * @report: the report
 * @pid: thread group of the client, as in struct buftrack_client_info
 * @uid: user of the client, in the reader's user namespace
 * @comm: name of the client's process
 * @target: the record that the report names: freed already, of another owner or size,
 *	    or replaced by the alloc. Its state is the one before the report; its
 *	    repeats include the report if that is a free.
 * @hit: the other live record: the one that a free would have hit, that has the
 *	 address of a use, that an alloc overlaps, or, for an unknown id, that has the
 *	 same address
 * @reserved2: 0
 *
 * read() on a device node returns whole events, the oldest kept one first. Each open
 * file reads from the beginning. read() fails with EINVAL if the buffer is smaller than
 * an event, and with EAGAIN if the file is non-blocking and has no event. After the
 * last event of a removed device it returns 0. poll() reports when read() would return.
 *
 * A device keeps as many of its latest events as the module parameter events_per_device
 * says. A new event replaces the oldest one; a client that holds a quarter of the slots
 * replaces its own oldest one, so it cannot displace the events of all others.
 */
struct buftrack_event {
	__u32 size;
	__u32 verdict;
	__u32 flags;
	__u32 reserved;
	__aligned_u64 sequence;
	__aligned_u64 dropped;
	__aligned_u64 stamp;
	__aligned_u64 client;
	struct buftrack_report report;
	__u32 pid;
	__u32 uid;
	char comm[BUFTRACK_COMM_SIZE];
	struct buftrack_event_record target;
	struct buftrack_event_record hit;
	__aligned_u64 reserved2[4];
};

/* struct buftrack_records: any space */
#define BUFTRACK_ANY_SPACE 0xffffffffU

/**
 * enum buftrack_records_flags - how to list records
 * @BUFTRACK_RECORDS_BEGIN: begin a new listing on this file, with the given filters;
 *	without it, continue the listing of the file
 */
enum buftrack_records_flags {
	BUFTRACK_RECORDS_BEGIN = 1 << 0,
};

/**
 * struct buftrack_records - ioctl(BUFTRACK_IOCTL_RECORDS), device node
 * @size: sizeof(struct buftrack_records)
 * @flags: combination of enum buftrack_records_flags; EINVAL without a listing to
 *	   continue
 * @client: only records of this owner; 0: any
 * @space: only records of this space, or BUFTRACK_ANY_SPACE
 * @states: only records in these states, a combination of LIVE, FREED and REMAINING of
 *	    enum buftrack_record_state; 0: all of them
 * @min_size: smallest size in bytes
 * @min_age: lowest age in ns
 * @max_age: highest age in ns; 0: any
 * @records: pointer to an array of struct buftrack_record
 * @nr: in: length of the array; out: number of records written
 * @record_size: sizeof(struct buftrack_record)
 * @instant: out: stamp of the instant at which the listing began
 * @missed: out: records of that instant that were dropped before the listing reached
 *	    them, so far
 * @end: out: 1 after the last record
 * @exact: out: at the end, 1 if the listing has all records of the instant and no
 *	   others. 0 if some were missed, if too many listings were in progress to
 *	   watch this one, or if the device was removed.
 *
 * Lists the records of the instant at which the listing began, in their states of that
 * instant, while reports go on: a later alloc is left out, and a record that is freed
 * later is listed as live. An open file has one listing at a time, with the filters
 * given when it began. EFAULT ends the listing, and of two concurrent calls the second
 * finds none to continue. A call may return fewer than @nr records, or none, before the
 * end.
 */
struct buftrack_records {
	__u32 size;
	__u32 flags;
	__aligned_u64 client;
	__u32 space;
	__u32 states;
	__aligned_u64 min_size;
	__aligned_u64 min_age;
	__aligned_u64 max_age;
	__aligned_u64 records;
	__u32 nr;
	__u32 record_size;
	__aligned_u64 instant;
	__aligned_u64 missed;
	__u32 end;
	__u32 exact;
};
#define BUFTRACK_IOCTL_RECORDS _IO(BUFTRACK_TYPE, BUFTRACK_CMD_RECORDS)

/**
 * struct buftrack_reset - ioctl(BUFTRACK_IOCTL_RESET), device node
 * @size: sizeof(struct buftrack_reset)
 * @flags: must be 0
 *
 * Resets the counters of the device in all scopes: allocs becomes live_buffers,
 * peak_bytes becomes live_bytes, current amounts stay, and all others become 0. The log
 * of remaining records is emptied. Domains keep their records, gaps and evictions.
 * Only the user who registered the device and CAP_SYS_ADMIN may reset it.
 */
struct buftrack_reset {
	__u32 size;
	__u32 flags;
};
#define BUFTRACK_IOCTL_RESET _IO(BUFTRACK_TYPE, BUFTRACK_CMD_RESET)

/**
 * enum buftrack_probe_state - state of a probe
 * @BUFTRACK_PROBE_STATE_WAITING: its module is not loaded
 * @BUFTRACK_PROBE_STATE_IN_PLACE: it is attached
 * @BUFTRACK_PROBE_STATE_MISSING: its module is loaded and lacks the function, or another
 *	one that the same buffers need
 * @BUFTRACK_PROBE_STATE_UNKNOWN_VERSION: the adapter does not know this version of
 *	the module
 * @BUFTRACK_PROBE_STATE_ABSENT: this version of the module has nothing that the probe
 *	would cover
 * @BUFTRACK_PROBE_STATE_UNTESTED: it is attached, to a version of the module that is newer
 *	than those that the adapter was tested with
 * @BUFTRACK_PROBE_STATE_NO_HARDWARE: it is attached, and its adapter was tested without
 *	the hardware
 */
enum buftrack_probe_state {
	BUFTRACK_PROBE_STATE_WAITING = 0,
	BUFTRACK_PROBE_STATE_IN_PLACE = 1,
	BUFTRACK_PROBE_STATE_MISSING = 2,
	BUFTRACK_PROBE_STATE_UNKNOWN_VERSION = 3,
	BUFTRACK_PROBE_STATE_ABSENT = 4,
	BUFTRACK_PROBE_STATE_UNTESTED = 5,
	BUFTRACK_PROBE_STATE_NO_HARDWARE = 6,
};

/**
 * struct buftrack_probe_info - ioctl(BUFTRACK_IOCTL_PROBE_INFO), control node
 * @size: sizeof(struct buftrack_probe_info)
 * @flags: combination of enum buftrack_lookup_flags
 * @probe: number of the probe, in and out; probes are numbered from 0
 * @state: out: enum buftrack_probe_state
 * @reserved: must be 0
 * @hits: out: calls that it has seen
 * @missed: out: calls that it is known to have missed, each of them a lost report
 * @adapter: out: name of its adapter
 * @module: out: module that has the probed function
 * @symbol: out: name of the function
 * @covers: out: what is not tracked without the probe
 *
 * Describes a probe: a place at which the module watches a kernel driver.
 */
struct buftrack_probe_info {
	__u32 size;
	__u32 flags;
	__u32 probe;
	__u32 state;
	__aligned_u64 reserved;
	__aligned_u64 hits;
	__aligned_u64 missed;
	char adapter[BUFTRACK_DRIVER_NAME_SIZE];
	char module[BUFTRACK_SPACE_NAME_SIZE];
	char symbol[BUFTRACK_SYMBOL_SIZE];
	char covers[BUFTRACK_SYMBOL_SIZE];
};
#define BUFTRACK_IOCTL_PROBE_INFO _IO(BUFTRACK_TYPE, BUFTRACK_CMD_PROBE_INFO)

/**
 * struct buftrack_stack - ioctl(BUFTRACK_IOCTL_STACK), either node
 * @size: sizeof(struct buftrack_stack)
 * @flags: must be 0
 * @site: site of a record or event that a driver caused on a device with stacks
 *	  enabled; ENOENT if no stack has this number
 * @text: pointer to a buffer for the stack, as lines "symbol+offset/size [module]",
 *	  innermost first, without a NUL
 * @len: in: size of the buffer; out: length of the stack, which may exceed it
 * @reserved: must be 0
 *
 * Reads a kernel stack. Requires CAP_PERFMON or CAP_SYS_ADMIN.
 */
struct buftrack_stack {
	__u32 size;
	__u32 flags;
	__aligned_u64 site;
	__aligned_u64 text;
	__u32 len;
	__u32 reserved;
};
#define BUFTRACK_IOCTL_STACK _IO(BUFTRACK_TYPE, BUFTRACK_CMD_STACK)

/* Maximum number of entries of a ring, and of rings of a file */
#define BUFTRACK_RING_MAX_ENTRIES	16384
#define BUFTRACK_MAX_RINGS		256

/**
 * struct buftrack_ring_entry - a report in a ring
 * @stamp: tick of the ring's clock at which the producer began to write the entry
 * @op: as in struct buftrack_report, as are the fields up to @site
 * @flags: as above
 * @space: as above
 * @address: as above
 * @size: as above
 * @span: as above
 * @id: as above
 * @site: as above
 * @reserved: must be 0
 */
struct buftrack_ring_entry {
	__aligned_u64 stamp;
	__u16 op;
	__u16 flags;
	__u32 space;
	__aligned_u64 address;
	__aligned_u64 size;
	__aligned_u64 span;
	__aligned_u64 id;
	__aligned_u64 site;
	__aligned_u64 reserved;
};

/**
 * enum buftrack_ring_clock - clock of the stamps in a ring
 * @BUFTRACK_RING_CLOCK_COUNTER: the __u64 at @counter_at, which all rings of a file share:
 *	an atomic add of 1 returns the stamp
 * @BUFTRACK_RING_CLOCK_TSC: the processor's time stamp counter. Earlier loads must complete
 *	before it is read, as with "lfence; rdtsc".
 */
enum buftrack_ring_clock {
	BUFTRACK_RING_CLOCK_COUNTER = 0,
	BUFTRACK_RING_CLOCK_TSC = 1,
};

/**
 * struct buftrack_ring - ioctl(BUFTRACK_IOCTL_RING), device node
 * @size: sizeof(struct buftrack_ring)
 * @flags: must be 0
 * @entries: in: wanted number of entries, 1 to BUFTRACK_RING_MAX_ENTRIES; out: number of
 *	     entries, the next power of two or more
 * @entry_size: out: bytes from one entry to the next, at least
 *		sizeof(struct buftrack_ring_entry); the rest must stay 0
 * @offset: out: where to mmap() the ring
 * @length: out: bytes to map
 * @clock: out: enum buftrack_ring_clock
 * @ops: out: operations that entries may have, bit n for n of enum buftrack_op
 * @counter_at: out: offset of the counter in the mapping, for
 *		%BUFTRACK_RING_CLOCK_COUNTER
 * @head_at: out: offset of the head, a __u32: number of entries published since the ring
 *	     was made, modulo 2^32
 * @lost_at: out: offset of a __u32 that counts reports that the producer lost
 * @tail_at: out: offset of the tail, a __u32: number of entries that the kernel has taken
 * @entries_at: out: offset of the entries
 * @reserved: must be 0
 *
 * Creates a ring, through which one thread reports without system calls, and makes this
 * file a client if it is none. The file must be open for reading and writing. The process
 * that created the first ring of a file is the only one that can create further ones and
 * map them, with MAP_SHARED and without PROT_EXEC. A child does not inherit the mapping. A
 * ring exists until its file is released.
 *
 * To report, a thread that finds head - tail < entries reads the clock, writes the entry
 * with index head % entries, and stores head + 1 with release semantics, which publishes
 * the entry. In a full ring it can wait for nothing: it calls %BUFTRACK_IOCTL_DRAIN, or
 * adds 1 to the counter of lost reports, which notes a gap.
 *
 * The kernel judges the entries of all rings of a file in the order of their stamps. A
 * report that was published before another one was begun is judged before it. Entries are
 * judged before a query of the device, a listing, a read of its events, a poll for them,
 * %BUFTRACK_IOCTL_REPORT, %BUFTRACK_IOCTL_BATCH and %BUFTRACK_IOCTL_LOST of the same file,
 * on %BUFTRACK_IOCTL_DRAIN, within about a second, and when the file is released. Stamps
 * of reports are estimates between two of these times.
 *
 * An invalid entry counts as a lost report. A head that is more than @entries ahead of the
 * tail, or behind it, counts as one, too, and the kernel ignores the ring from then on.
 */
struct buftrack_ring {
	__u32 size;
	__u32 flags;
	__u32 entries;
	__u32 entry_size;
	__aligned_u64 offset;
	__aligned_u64 length;
	__u32 clock;
	__u32 ops;
	__u32 counter_at;
	__u32 head_at;
	__u32 lost_at;
	__u32 tail_at;
	__u32 entries_at;
	__u32 reserved;
};
#define BUFTRACK_IOCTL_RING _IO(BUFTRACK_TYPE, BUFTRACK_CMD_RING)

/**
 * enum buftrack_drain_flags - how to drain rings
 * @BUFTRACK_DRAIN_ASYNC: begin soon and do not wait
 */
enum buftrack_drain_flags {
	BUFTRACK_DRAIN_ASYNC = 1 << 0,
};

/**
 * struct buftrack_drain - ioctl(BUFTRACK_IOCTL_DRAIN), device node
 * @size: sizeof(struct buftrack_drain)
 * @flags: combination of enum buftrack_drain_flags
 *
 * Judges all reports that were published in rings of this file before the call.
 */
struct buftrack_drain {
	__u32 size;
	__u32 flags;
};
#define BUFTRACK_IOCTL_DRAIN _IO(BUFTRACK_TYPE, BUFTRACK_CMD_DRAIN)

#endif /* _UAPI_LINUX_BUFTRACK_H */
