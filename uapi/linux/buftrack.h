/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * buftrack: who holds each device buffer, and was it freed once, twice or never
 */
#ifndef _UAPI_LINUX_BUFTRACK_H
#define _UAPI_LINUX_BUFTRACK_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General ioctl format
 *
 * /dev/buftrack/control registers, lists and removes devices. Each device has
 * a node of its own, /dev/buftrack/<n>, for everything else.
 *
 * The ioctl number carries no size. Every argument starts with @size, which
 * user space sets to sizeof() of the structure it was built with, and the
 * interface grows by new fields at the end and by new flags: the kernel takes
 * a longer structure if all that it does not know is zero, and treats what a
 * shorter one lacks as zero. All fields have a fixed width and place, the same
 * for 32-bit callers. Fields are inputs unless marked "out". Every ioctl
 * returns 0 or -1 with one of these errno values, which mean the same
 * everywhere:
 *
 *  - ENOTTY: this node does not know this ioctl (a device's ioctl on the
 *    control node, or a module older than its caller)
 *  - EINVAL: a value is out of its range, or @size is smaller than the
 *    structure was when it was introduced
 *  - E2BIG: @size is larger than what the module knows, and not zero there
 *  - EOPNOTSUPP: an unknown flag or op, or a reserved field that is not zero
 *  - EFAULT: a pointer leads outside of the caller's memory
 *  - EBADF: a report through a file not open for writing, or a query through
 *    one not open for reading
 *  - EPERM: the opener of the file may not do this
 *  - ENOENT: no such device, space or client
 *  - ENODEV: the device of this file was removed
 *  - EEXIST: the name is taken (%BUFTRACK_DEVICE_ADD_EXCL), or the space has
 *    another capacity
 *  - EBUSY: the device still has clients, or this file is a client already
 *  - ENAMETOOLONG: no NUL within the bytes of a name
 *  - EILSEQ: an empty name, or one with other than printable ASCII
 *  - ERANGE: address + span is past 2^64
 *  - EDQUOT: this user has as many devices, or as many spaces on this device, as
 *    one user may
 *  - ENFILE: the machine has as many devices as it may
 *  - EUSERS: the device, or this user, has as many open clients as it may
 *  - ENOSPC: the device has as many spaces as it may
 *  - ENOMEM: out of memory; nothing was changed
 *  - EINTR: a fatal signal ended a batch; its @done tells how far it came
 *
 * A report that fails with an errno was not made: nothing is counted and
 * nothing changes. Too many records is no errno but a verdict,
 * %BUFTRACK_VERDICT_UNTRACKED.
 *
 * Rights are those of whoever opened the file, whoever uses it. Totals and who
 * holds how much are for everyone who may open the node for reading; addresses,
 * ids and sites of another user's buffers take CAP_PERFMON or CAP_SYS_ADMIN and
 * read as 0 without. Pids are those of the reader's pid namespace; of a process
 * outside of it, pid, comm, start time and claims read as 0 and empty.
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
};

/* Sizes of names in bytes, with their NUL */
#define BUFTRACK_DEVICE_NAME_SIZE	128
#define BUFTRACK_SPACE_NAME_SIZE	32
#define BUFTRACK_CLAIMED_NAME_SIZE	64
#define BUFTRACK_DRIVER_NAME_SIZE	32
#define BUFTRACK_VERSION_SIZE		32
#define BUFTRACK_COMM_SIZE		16
#define BUFTRACK_SYMBOL_SIZE		96

/* Most spaces that one device can have; spaces are numbered from 0 */
#define BUFTRACK_MAX_SPACES		64

/**
 * enum buftrack_verdict - what a report was found to be
 * @BUFTRACK_VERDICT_OK: as it should be
 * @BUFTRACK_VERDICT_DISABLED: tracking is off: not recorded, a gap
 * @BUFTRACK_VERDICT_UNTRACKED: an alloc for which there is no record left: a gap
 * @BUFTRACK_VERDICT_DOUBLE_ALLOC: an alloc of a key that is live; it replaces that one
 * @BUFTRACK_VERDICT_OVERLAP: an alloc whose range meets another live record's
 * @BUFTRACK_VERDICT_REFUSED_FREE: the driver refused to free a live record
 * @BUFTRACK_VERDICT_FOREIGN_FREE: freed, by another client than the owner
 * @BUFTRACK_VERDICT_SIZE_MISMATCH: freed, with another size than it was allocated with
 * @BUFTRACK_VERDICT_DOUBLE_FREE: already freed
 * @BUFTRACK_VERDICT_STALE_FREE: already freed, and the address holds a live record
 * @BUFTRACK_VERDICT_INVALID_FREE: an address inside of a live record
 * @BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH: unknown; the client's reports began too late
 * @BUFTRACK_VERDICT_UNKNOWN_GAP: unknown; reports are known to be missing
 * @BUFTRACK_VERDICT_UNKNOWN_EVICTED: unknown; freed records have been evicted
 * @BUFTRACK_VERDICT_UNKNOWN_OTHER_ID: unknown by this id; the address has other ids
 * @BUFTRACK_VERDICT_UNKNOWN_NEVER: unknown with full coverage: never allocated
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
};

#define BUFTRACK_NR_VERDICTS 16

/**
 * enum buftrack_counter - index into the array that %BUFTRACK_IOCTL_COUNTERS
 *			   fills
 * @BUFTRACK_COUNTER_ALLOCS: recorded allocations
 * @BUFTRACK_COUNTER_FREES: reports that freed a live record
 * @BUFTRACK_COUNTER_LIVE_BUFFERS: live records
 * @BUFTRACK_COUNTER_LIVE_BYTES: the sum of their sizes
 * @BUFTRACK_COUNTER_PEAK_BYTES: the highest LIVE_BYTES after any report
 * @BUFTRACK_COUNTER_ORPHANED_BUFFERS: those of the live whose owner has ended
 * @BUFTRACK_COUNTER_ORPHANED_BYTES: the sum of their sizes
 * @BUFTRACK_COUNTER_DOUBLE_FREES: reports that got %BUFTRACK_VERDICT_DOUBLE_FREE
 * @BUFTRACK_COUNTER_STALE_FREES: reports that got %BUFTRACK_VERDICT_STALE_FREE
 * @BUFTRACK_COUNTER_FOREIGN_FREES: reports that got %BUFTRACK_VERDICT_FOREIGN_FREE
 * @BUFTRACK_COUNTER_SIZE_MISMATCHES: reports that got %BUFTRACK_VERDICT_SIZE_MISMATCH
 * @BUFTRACK_COUNTER_REFUSED_FREES: reports that got %BUFTRACK_VERDICT_REFUSED_FREE
 * @BUFTRACK_COUNTER_INVALID_FREES: reports that got %BUFTRACK_VERDICT_INVALID_FREE
 * @BUFTRACK_COUNTER_UNKNOWN_FREES_PRE_ATTACH: reports that got
 *				       %BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH
 * @BUFTRACK_COUNTER_UNKNOWN_FREES_GAP: reports that got %BUFTRACK_VERDICT_UNKNOWN_GAP
 * @BUFTRACK_COUNTER_UNKNOWN_FREES_EVICTED: reports that got %BUFTRACK_VERDICT_UNKNOWN_EVICTED
 * @BUFTRACK_COUNTER_UNKNOWN_FREES_OTHER_ID: reports that got %BUFTRACK_VERDICT_UNKNOWN_OTHER_ID
 * @BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER: reports that got %BUFTRACK_VERDICT_UNKNOWN_NEVER
 * @BUFTRACK_COUNTER_DOUBLE_ALLOCS: reports that got %BUFTRACK_VERDICT_DOUBLE_ALLOC
 * @BUFTRACK_COUNTER_OVERLAPS: reports that got %BUFTRACK_VERDICT_OVERLAP
 * @BUFTRACK_COUNTER_SUPERSEDED: live records that an alloc replaced
 * @BUFTRACK_COUNTER_REMAINING_BUFFERS: records that were live when their client ended
 * @BUFTRACK_COUNTER_REMAINING_BYTES: the sum of their sizes
 * @BUFTRACK_COUNTER_REMOVED_BUFFERS: records that were live when the device was removed
 * @BUFTRACK_COUNTER_UNTRACKED_BUFFERS: reports that got %BUFTRACK_VERDICT_UNTRACKED
 * @BUFTRACK_COUNTER_DISABLED_REPORTS: reports that got %BUFTRACK_VERDICT_DISABLED
 * @BUFTRACK_COUNTER_LOST_REPORTS: reports that are known not to have arrived
 * @BUFTRACK_COUNTER_FREED_RECORDS: freed records held
 * @BUFTRACK_COUNTER_EVICTED_RECORDS: freed records dropped to make place for others
 * @BUFTRACK_COUNTER_MOVES: buffers that a driver moved to another place; each is an alloc
 *		    and a free besides
 *
 * At every instant that a reader can see, in every scope:
 * allocs = frees + live_buffers + superseded + remaining_buffers +
 * removed_buffers. LIVE, ORPHANED and FREED_RECORDS tell what is held now; all
 * others only grow, until a reset.
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
};

#define BUFTRACK_NR_COUNTERS 30

/**
 * struct buftrack_info - ioctl(BUFTRACK_IOCTL_INFO), on either node
 * @size: sizeof(struct buftrack_info)
 * @flags: must be 0
 * @serial: out: a number that no other opening of any node has had since the
 *	    module was loaded
 * @nr_devices: out: devices registered now
 * @max_devices: out: most devices the machine may have
 * @nr_records: out: records held by all devices, spare ones included
 * @max_records: out: most records that all devices together may hold
 * @record_size: out: bytes of kernel memory of one record, live or freed
 * @nr_counters: out: length of the counter array that this module knows
 * @nr_verdicts: out: number of verdicts that this module knows
 * @reserved: must be 0
 * @version: out: the module's version
 *
 * Tells a caller what it talks to.
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
 * @BUFTRACK_DEVICE_ADD_TEMPORARY: remove the device, clients or not, when this
 *	file of the control node is released
 */
enum buftrack_device_add_flags {
	BUFTRACK_DEVICE_ADD_EXCL = 1 << 0,
	BUFTRACK_DEVICE_ADD_TEMPORARY = 1 << 1,
};

/**
 * struct buftrack_device_add - ioctl(BUFTRACK_IOCTL_DEVICE_ADD), control node
 * @size: sizeof(struct buftrack_device_add)
 * @flags: combination of enum buftrack_device_add_flags
 * @device: out: number n of the device: its node is /dev/buftrack/n
 * @created: out: 1, or 0 if the name was registered and this is that device
 * @name: 1 to 127 printable ASCII characters, the device's stable name. Names
 *	  that start like a PCI address (0000:00:00.0) take CAP_SYS_ADMIN.
 *
 * Registers a device that no kernel driver announces. Its tracking is on.
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
 * @BUFTRACK_DEVICE_REMOVE_FORCE: even if it has open clients; their next report
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
 * @removed_buffers: out: records that were live and ended as removed
 * @removed_bytes: out: the sum of their sizes
 *
 * Takes the device's node away. Files that have it open can still query what
 * they could before, until they close. For the user who registered the device
 * and for CAP_SYS_ADMIN.
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
 * @BUFTRACK_LOOKUP_NEXT: take the lowest number that is at least the one given, rather
 *	than that very one; ENOENT says that there is none
 */
enum buftrack_lookup_flags {
	BUFTRACK_LOOKUP_NEXT = 1 << 0,
};

/**
 * enum buftrack_device_state - state of a device
 * @BUFTRACK_DEVICE_STATE_ENABLED: tracking is on
 * @BUFTRACK_DEVICE_STATE_REMOVED: the device was removed
 * @BUFTRACK_DEVICE_STATE_TEMPORARY: it goes with the file that registered it
 * @BUFTRACK_DEVICE_STATE_STACKS: the sites of what its driver does are kernel stacks
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
 * @device: number of the device, in and out; out only on a device's own node
 * @state: out: combination of enum buftrack_device_state
 * @uid: out: who registered it, in the caller's user namespace
 * @nr_spaces: out: number of spaces; they are numbered from 0
 * @nr_clients: out: open clients
 * @max_clients: out: most open clients it may have
 * @nr_records: out: records held, live and freed
 * @max_records: out: most records it may hold
 * @max_client_records: out: most of them that one client may own
 * @max_freed: out: most freed records that one domain keeps
 * @max_closed: out: most closed clients that are kept
 * @max_remaining: out: most remaining records that are kept
 * @now: out: the device's clock, which record stamps are read from, in ns since
 *	 boot, the same for all devices
 * @name: out: the device's name
 * @driver: out: who announced it: "user", or a driver's name
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
 * enum buftrack_device_set_fields - which fields of buftrack_device_set count
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
 * @fields: combination of enum buftrack_device_set_fields: what to set
 * @enabled: 1: tracking is on, 0: it is off and reports get BUFTRACK_VERDICT_DISABLED
 * @max_clients: most open clients, 1 to 65536
 * @max_records: most records, live and freed, 1 to 2^32
 * @max_freed: most freed records that one domain keeps, 0 to 2^32
 * @max_closed: most closed clients that are kept, 0 to 65536
 * @max_remaining: most remaining records that are kept, 0 to 2^24
 * @max_client_records: most records that one client may own, live and freed,
 *			1 to 2^32
 * @stacks: 1: from here on, the site of what the device\'s driver does is its kernel
 *	    stack, see struct buftrack_stack; 0: it has none
 * @reserved: must be 0
 *
 * Sets all the fields named, or on an error none. A lower bound applies from
 * the next report on: records over max_freed are evicted then, a few at each
 * free, and live records are never dropped. For the user who registered the
 * device and for CAP_SYS_ADMIN.
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
 * struct buftrack_space_add - ioctl(BUFTRACK_IOCTL_SPACE_ADD), device node
 * @size: sizeof(struct buftrack_space_add)
 * @flags: must be 0
 * @space: out: number of the space, for reports
 * @created: out: 1, or 0 if the device had a space of this name already
 * @capacity: bytes, 0 where unknown. A known capacity replaces an unknown one;
 *	      two that differ are EEXIST.
 * @name: 1 to 31 printable ASCII characters
 *
 * To a device that they did not register, users without CAP_SYS_ADMIN can add 16
 * spaces each, and 48 all together.
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
 * @reserved: must be 0
 * @capacity: out: bytes, 0 where unknown
 * @name: out: the space's name
 */
struct buftrack_space_info {
	__u32 size;
	__u32 flags;
	__u32 space;
	__u32 reserved;
	__aligned_u64 capacity;
	char name[BUFTRACK_SPACE_NAME_SIZE];
};
#define BUFTRACK_IOCTL_SPACE_INFO _IO(BUFTRACK_TYPE, BUFTRACK_CMD_SPACE_INFO)

/**
 * enum buftrack_declare_flags - what a client says of itself
 * @BUFTRACK_DECLARE_LATE: it held buffers before it began to report
 * @BUFTRACK_DECLARE_SHARED: it reports into the device's shared domain (CAP_SYS_ADMIN)
 */
enum buftrack_declare_flags {
	BUFTRACK_DECLARE_LATE = 1 << 0,
	BUFTRACK_DECLARE_SHARED = 1 << 1,
};

/**
 * struct buftrack_declare - ioctl(BUFTRACK_IOCTL_DECLARE), device node
 * @size: sizeof(struct buftrack_declare)
 * @flags: combination of enum buftrack_declare_flags
 * @first_id: the first id that will be reported; ids below it belong to
 *	      buffers older than the reports. 0: not declared
 * @client: out: number of the client on this device, from 1, never used again
 * @claimed_pid: process on whose behalf a relay reports, shown as claimed;
 *		 0: none
 * @reserved: must be 0
 * @claimed_name: its name, likewise; printable ASCII, empty: none
 *
 * Makes this file a client of the device, before its first report. A file that
 * reports without it becomes a client of a private domain that declares
 * nothing. The kernel adds who opened the file.
 */
struct buftrack_declare {
	__u32 size;
	__u32 flags;
	__aligned_u64 first_id;
	__aligned_u64 client;
	__u32 claimed_pid;
	__u32 reserved;
	char claimed_name[BUFTRACK_CLAIMED_NAME_SIZE];
};
#define BUFTRACK_IOCTL_DECLARE _IO(BUFTRACK_TYPE, BUFTRACK_CMD_DECLARE)

/**
 * enum buftrack_op - what a report is about
 * @BUFTRACK_OP_ALLOC: a buffer was allocated
 * @BUFTRACK_OP_FREE: a buffer is freed
 */
enum buftrack_op {
	BUFTRACK_OP_ALLOC = 1,
	BUFTRACK_OP_FREE = 2,
};

/**
 * enum buftrack_report_flags - more about a report
 * @BUFTRACK_REPORT_REFUSED: the driver refused this free (BUFTRACK_OP_FREE only)
 */
enum buftrack_report_flags {
	BUFTRACK_REPORT_REFUSED = 1 << 0,
};

/**
 * struct buftrack_report - one alloc or free
 * @op: enum buftrack_op
 * @flags: combination of enum buftrack_report_flags
 * @space: number of the space
 * @address: address in that space
 * @size: size in bytes, what is accounted. An alloc's must not be 0; a free's
 *	    0 says that it is not known.
 * @span: extent in the address space in bytes, 0 if unknown; address + span is
 *	  at most 2^64. Must be 0 for a free.
 * @id: the reporter's own identity of the buffer, 0 if it has none
 * @site: where in the reporter's program this happens, 0 if not known: the
 *	  address of code, or a number that the reporter has given the place
 * @reserved: must be 0
 *
 * An alloc is reported after the allocator returned, a free before the memory
 * can be handed out again.
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
 * @stamp: out: when, by the device's clock, in ns. Every report of a device has
 *	   a stamp of its own, in the order in which they were applied.
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
 * @verdicts: pointer to an array of __u8, enum buftrack_verdict for each report
 *	      applied, or 0 if they are not wanted
 * @nr: length of both arrays
 * @report_size: sizeof(struct buftrack_report)
 * @done: out: how many reports, from the first on, were applied and counted
 * @reserved: must be 0
 *
 * Applies the reports in their order. At the first one that is not valid or not
 * readable it stops with that report's errno; @done is its index, what came
 * before it is applied, and it and what follows is not. If a verdict cannot be
 * written, EFAULT and @done tell the same, and up to 64 reports before @done
 * have no verdict written. Other clients' reports may come in between.
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
 * @count: how many reports were lost, at least: 1 to 2^32 - 1
 *
 * Tells that reports of this client never arrived: a gap.
 */
struct buftrack_lost {
	__u32 size;
	__u32 flags;
	__aligned_u64 count;
};
#define BUFTRACK_IOCTL_LOST _IO(BUFTRACK_TYPE, BUFTRACK_CMD_LOST)

/**
 * enum buftrack_scope - what counters are about
 * @BUFTRACK_SCOPE_DEVICE: the whole device
 * @BUFTRACK_SCOPE_SPACE: one space of it
 * @BUFTRACK_SCOPE_CLIENT: one client of it, open, or closed and still kept
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
 * @nr: in: length of the array; out: how many were filled in. The rest of the
 *	array is not touched.
 * @reserved: must be 0
 *
 * All values are of one instant.
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
 * @BUFTRACK_CLIENT_STATE_OPENER_EXITED: the process that opened the file is gone;
 *	while the client is open, another one holds the file
 * @BUFTRACK_CLIENT_STATE_LATE: it declared that it attached late
 * @BUFTRACK_CLIENT_STATE_SHARED: it reports into the shared domain
 * @BUFTRACK_CLIENT_STATE_HAD_GAP: its domain has had a gap
 * @BUFTRACK_CLIENT_STATE_EVICTED: its domain has evicted freed records
 * @BUFTRACK_CLIENT_STATE_DRIVER: it is no process, but the driver of the device, whose
 *	name @comm is
 */
enum buftrack_client_state {
	BUFTRACK_CLIENT_STATE_OPEN = 1 << 0,
	BUFTRACK_CLIENT_STATE_OPENER_EXITED = 1 << 1,
	BUFTRACK_CLIENT_STATE_LATE = 1 << 2,
	BUFTRACK_CLIENT_STATE_SHARED = 1 << 3,
	BUFTRACK_CLIENT_STATE_HAD_GAP = 1 << 4,
	BUFTRACK_CLIENT_STATE_EVICTED = 1 << 5,
	BUFTRACK_CLIENT_STATE_DRIVER = 1 << 6,
};

/**
 * struct buftrack_client_info - ioctl(BUFTRACK_IOCTL_CLIENT_INFO), device node
 * @size: sizeof(struct buftrack_client_info)
 * @flags: combination of enum buftrack_lookup_flags
 * @client: number of the client, in and out
 * @state: out: combination of enum buftrack_client_state
 * @pid: out: thread group that opened the file, in the caller's pid namespace;
 *	 0 if it is outside of it
 * @tid: out: thread that opened the file, likewise
 * @uid: out: user that opened it, in the caller's user namespace
 * @claimed_pid: out: as declared, 0: none
 * @reserved: must be 0
 * @start_time: out: when the opener's thread group started, ns since boot; 0 if
 *		@pid is 0
 * @opened: out: when the client began, by the device's clock, in ns
 * @closed: out: when it ended, likewise; 0 while it is open
 * @first_id: out: as declared; 0 where the reader may not see ids
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
	__u32 reserved;
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
 * @BUFTRACK_RECORD_STATE_LIVE: allocated, and no free was reported
 * @BUFTRACK_RECORD_STATE_FREED: freed, and kept to tell what a second free is
 * @BUFTRACK_RECORD_STATE_REMAINING: was live when its client ended
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
 * struct buftrack_record - what is known of one buffer
 * @client: its owner
 * @space: number of its space
 * @state: one of LIVE, FREED and REMAINING of enum buftrack_record_state, with
 *	   DOUBTFUL and ORPHANED where they hold
 * @address: address in the space
 * @size: size in bytes
 * @span: extent in the address space in bytes, 0 if unknown
 * @id: the reporter's identity of it, 0: none
 * @allocated: when, by the device's clock, in ns
 * @ended: when it was freed or its client ended, likewise; 0 while it is live
 * @ended_by: client that freed it, 0 if it was not freed
 * @site: where it was allocated, as reported
 * @ended_site: where it was freed, as reported
 * @repeats: how often it was freed again
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
 * struct buftrack_event_record - a record that an event names
 * @client: its owner; 0: the event names no such record, and all else is 0
 * @ended_by: client that freed it, 0 if it was live
 * @address: address in the space of the report
 * @size: size in bytes
 * @span: extent in bytes, 0 if unknown
 * @id: the reporter's identity of it, 0: none
 * @allocated: when, by the device's clock, in ns
 * @ended: when it was freed, likewise; 0 if it was live
 * @site: where it was allocated, as reported
 * @ended_site: where it was freed, as reported
 * @state: LIVE or FREED of enum buftrack_record_state, with DOUBTFUL, ORPHANED and
 *	   REDACTED where they hold
 * @repeats: how often it was freed again, this time included
 * @pid: thread group of the owner, as in struct buftrack_client_info
 * @ended_by_pid: thread group that freed it, likewise
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
 * enum buftrack_event_flags - more about an event
 * @BUFTRACK_EVENT_REDACTED: another user's report: its address, id and site read
 *	as 0
 */
enum buftrack_event_flags {
	BUFTRACK_EVENT_REDACTED = 1 << 0,
};

/**
 * struct buftrack_event - a wrong report, with its evidence
 * @size: bytes of this event in the stream; the next one follows after them
 * @verdict: enum buftrack_verdict, other than OK, DISABLED and UNTRACKED
 * @flags: combination of enum buftrack_event_flags
 * @reserved: 0
 * @sequence: number of the event on its device, from 1
 * @dropped: events right before this one that this reader was too late for
 * @stamp: when, by the device's clock, in ns
 * @client: client that made the report
 * @report: the report
 * @pid: thread group of the client, as in struct buftrack_client_info
 * @uid: user of the client, in the reader's user namespace
 * @comm: name of the client's process
 * @target: the record that the report was about, as it was before it but for its
 *	    repeats: freed already, another's, of another size, replaced by the alloc
 * @hit: the live record that was in the way: that a free would have hit, that an
 *	 alloc overlaps, or, for an unknown id, a record at the same address
 * @reserved2: 0
 *
 * read() on a device's node gives events, whole ones only, the oldest kept first,
 * to each open file from the beginning. It fails with EINVAL if not even one fits
 * and EAGAIN if there is none and the file is non-blocking, and gives 0 bytes
 * after the last one of a device that was removed. poll() tells when there is
 * something to read.
 *
 * A device keeps its latest events, as many as the module's parameter
 * events_per_device says. To make place for a new one the oldest goes, or, once
 * its client has a quarter of the place, the oldest of that client, so that one
 * that does nothing but wrong leaves others' events alone.
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
 * enum buftrack_records_flags - how to go on with a listing
 * @BUFTRACK_RECORDS_BEGIN: begin a new listing on this file, with the filters
 *	given; without it, the listing that the file has goes on
 */
enum buftrack_records_flags {
	BUFTRACK_RECORDS_BEGIN = 1 << 0,
};

/**
 * struct buftrack_records - ioctl(BUFTRACK_IOCTL_RECORDS), device node
 * @size: sizeof(struct buftrack_records)
 * @flags: combination of enum buftrack_records_flags; EINVAL if there is no
 *	   listing to go on with
 * @client: only records that this client owns; 0: any
 * @space: only records of this space, or BUFTRACK_ANY_SPACE
 * @states: only records in these states: a combination of the first three of
 *	    enum buftrack_record_state; 0: all of them
 * @min_size: only records of at least this size in bytes
 * @min_age: only records allocated at least so many ns ago
 * @max_age: only records allocated at most so many ns ago; 0: any
 * @records: pointer to an array of struct buftrack_record
 * @nr: in: length of the array; out: how many were filled in
 * @record_size: sizeof(struct buftrack_record)
 * @instant: out: stamp of the instant that the listing is of: its beginning
 * @missed: out: records of that instant that were dropped before the listing
 *	    came to them, so far
 * @end: out: 1 when there are no more records
 * @exact: out: at the end, 1 if the listing has all records of the instant and no
 *	   other ones. 0 if some were missed, if so many listings were under way
 *	   that this one was not told of them, or if the device was removed.
 *
 * The listing is of the instant at which it began, with the states that the
 * records had then, while reports go on: what was allocated later is left out,
 * and what was freed later is listed as live. An open file has one listing at a
 * time, which keeps its filters; EFAULT ends it, and of two calls at once the one
 * that comes later finds none to go on with. One call may fill in less than
 * @nr records, or none, and yet not be the end.
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
 * Starts the device's counters anew, in all scopes: allocs becomes live_buffers,
 * peak_bytes becomes live_bytes, what is held now stays, the rest becomes 0. The
 * log of remaining records is emptied. What a domain knows (records, gaps, that
 * it evicted) stays. For the user who registered the device and for
 * CAP_SYS_ADMIN.
 */
struct buftrack_reset {
	__u32 size;
	__u32 flags;
};
#define BUFTRACK_IOCTL_RESET _IO(BUFTRACK_TYPE, BUFTRACK_CMD_RESET)

/**
 * enum buftrack_probe_state - state of a probe
 * @BUFTRACK_PROBE_STATE_WAITING: the module that it is for is not loaded
 * @BUFTRACK_PROBE_STATE_IN_PLACE: it is in place
 * @BUFTRACK_PROBE_STATE_MISSING: the module is loaded, and has no such function
 * @BUFTRACK_PROBE_STATE_UNKNOWN_VERSION: this version of the module is not known
 */
enum buftrack_probe_state {
	BUFTRACK_PROBE_STATE_WAITING = 0,
	BUFTRACK_PROBE_STATE_IN_PLACE = 1,
	BUFTRACK_PROBE_STATE_MISSING = 2,
	BUFTRACK_PROBE_STATE_UNKNOWN_VERSION = 3,
};

/**
 * struct buftrack_probe_info - ioctl(BUFTRACK_IOCTL_PROBE_INFO), control node
 * @size: sizeof(struct buftrack_probe_info)
 * @flags: combination of enum buftrack_lookup_flags
 * @probe: number of the probe, in and out; they are numbered from 0
 * @state: out: enum buftrack_probe_state
 * @reserved: must be 0
 * @hits: out: calls that it has looked at
 * @missed: out: calls that it is known to have missed, each of them a lost report
 * @adapter: out: name of the adapter that it belongs to
 * @module: out: module that it is for
 * @symbol: out: function that it is at
 * @covers: out: what is not tracked without it
 *
 * Tells what of which driver is looked at.
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
 * @site: site of a record or event of a driver on a device that has stacks; ENOENT
 *	  says that it is none
 * @text: pointer to where the stack goes, as lines "symbol+offset/size [module]",
 *	  the innermost first, without a NUL
 * @len: in: bytes that fit there; out: bytes that the stack has
 * @reserved: must be 0
 *
 * For openers with CAP_PERFMON or CAP_SYS_ADMIN.
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

#endif /* _UAPI_LINUX_BUFTRACK_H */
