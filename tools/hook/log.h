/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The session log: the reports of a hooked process, for `buftrack run` to judge
 *
 * Each process writes one file, <pid>-<n>.log in the directory that BUFTRACK_SESSION
 * names: a header of LOG_HEADER_SIZE bytes, then entries of one or more slots of
 * LOG_SLOT_SIZE bytes. The process maps the file shared, so everything that it
 * published survives SIGKILL.
 *
 * A thread reserves slots by an atomic addition to @next, stores @slots, fills the
 * rest, and publishes the entry by storing @op with release semantics. The order of the
 * slots is the order of the reports: a thread that sees an allocation reserves after
 * it. The file grows by LOG_CHUNK_SIZE; no entry crosses the end of a chunk, a
 * LOG_OP_PAD entry fills it. A slot that is reserved and never published is a lost
 * report; @slots, which is stored first, lets the reader skip the entry of a thread that
 * was killed while it wrote.
 *
 * The reader believes nothing: it copies an entry, then checks it. It deallocates the
 * chunks that it has read, and stores @consumed. A process that is LOG_MAX_UNREAD bytes
 * ahead of @consumed counts its reports as @lost: its reader is slow or has ended.
 */
#ifndef BUFTRACK_HOOK_LOG_H
#define BUFTRACK_HOOK_LOG_H

#include <stdint.h>

#define LOG_MAGIC "BUFTLOG1"
#define LOG_HEADER_SIZE 4096
#define LOG_SLOT_SIZE 64
#define LOG_CHUNK_SIZE (1 << 20)
#define LOG_MAX_SLOTS 1024 /* of one entry: 64 KiB */
#define LOG_MAX_FRAMES 128 /* of one stack */
#define LOG_MAX_UNREAD (256 << 20)

struct log_header {
	char magic[8]; /* LOG_MAGIC; stored last */
	uint32_t pid; /* in the pid namespace of the process */
	uint32_t uid; /* real uid */
	uint64_t start_time; /* of the process, in ns since boot */
	char comm[16]; /* when the log was created */
	uint64_t reserved[8]; /* must be 0 */
	_Alignas(64) uint64_t next; /* slots reserved so far */
	_Alignas(64) uint64_t lost; /* reports that found no room in the log */
	uint64_t ended; /* 1: the process ended with exit(), and closed its clients */
	_Alignas(64)
		uint64_t consumed; /* slots read; only the reader stores it */
};

/*
 * Entries. A number in parentheses is the member that holds the value; the others are 0.
 * Text is NUL-terminated and follows the first slot.
 */
enum log_op {
	/* not published */
	LOG_OP_NONE = 0,
	/* skip its slots */
	LOG_OP_PAD = 1,
	/* a device number (device) gets its name (text), once */
	LOG_OP_DEVICE = 2,
	/* a space (space) of a device: capacity (size), name (text) */
	LOG_OP_SPACE = 3,
	/* a client of a device: first id (id), LOG_FLAG_LATE */
	LOG_OP_OPEN = 4,
	/* the client of a device ends; it may be opened again */
	LOG_OP_CLOSE = 5,
	/* address, size, span, id */
	LOG_OP_ALLOC = 6,
	/* address, size or 0, id or 0, LOG_FLAG_REFUSED */
	LOG_OP_FREE = 7,
	/* address, size or 0, id; LOG_FLAG_WRITE, LOG_FLAG_PROGRAM */
	LOG_OP_USE = 8,
	/* a second free that the runtime ignored: address, id */
	LOG_OP_SWALLOWED = 9,
	/*
	 * an allocation failed for lack of memory: size, bytes that each bank needs
	 * (span), bytes of the largest free piece of a bank (value), one line (text)
	 */
	LOG_OP_REFUSED = 10,
	/* a stack (stack): frames (value), then that many uint64_t */
	LOG_OP_STACK = 11,
	/*
	 * a file mapped for execution: start (address), length (size), file offset of
	 * the start (span), bytes of build id (value); then the build id, path (text)
	 */
	LOG_OP_MODULE = 12,
	/* Python code (value): file (text), qualified function name (text) */
	LOG_OP_CODE = 13,
	/* one line for the user (text): what the hook cannot see */
	LOG_OP_MESSAGE = 14,
	/* reports of a client lost (size), LOG_FLAG_ALL: of every client */
	LOG_OP_LOST = 15,
};

enum log_flag {
	LOG_FLAG_LATE = 1 << 0,
	LOG_FLAG_REFUSED = 1 << 1,
	/* LOG_OP_USE: writes memory */
	LOG_FLAG_WRITE = 1 << 2,
	/* LOG_OP_USE: passes the address to a program */
	LOG_FLAG_PROGRAM = 1 << 3,
	/* LOG_OP_STACK: the walk ended early */
	LOG_FLAG_TRUNCATED = 1 << 4,
	/* LOG_OP_STACK: the Python interpreter is of a version that is not understood */
	LOG_FLAG_NO_PYTHON = 1 << 5,
	LOG_FLAG_ALL = 1 << 6,
};

struct log_entry {
	uint8_t op; /* enum log_op; stored last, with release semantics */
	uint8_t flags; /* enum log_flag */
	uint16_t slots; /* of this entry, including the first */
	uint32_t tid;
	uint64_t time; /* CLOCK_BOOTTIME in ns, as of a tick of the kernel */
	uint16_t device;
	uint16_t space;
	uint32_t stack; /* 0: none */
	uint64_t address;
	uint64_t size; /* in bytes, as accounted */
	uint64_t span; /* in bytes of address space; 0: unknown */
	uint64_t id; /* 0: none */
	uint64_t value;
};

/*
 * Frames run from the innermost outwards. A frame is a return address of native code,
 * or Python code: LOG_FRAME_PYTHON | code << 24 | line (0: unknown).
 */
#define LOG_FRAME_PYTHON (UINT64_C(1) << 63)
#define LOG_FRAME_CODE(frame) ((uint32_t)((frame) >> 24))
#define LOG_FRAME_LINE(frame) ((uint32_t)(frame)&0xffffff)

_Static_assert(sizeof(struct log_entry) == LOG_SLOT_SIZE,
	       "an entry starts with one slot");
_Static_assert(sizeof(struct log_header) <= LOG_HEADER_SIZE,
	       "the header has one page");

#endif
