/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reporters and the rings of their threads
 *
 * Each thread has a struct thread, which its thread-local pointer leads to, with a lane
 * for every reporter: its ring. A report takes no lock. One lock guards everything else:
 * setting up, the first report of a thread, its end. A report that finds the lock taken
 * does not wait for it, and is made with a system call instead.
 *
 * The lanes and the lock are in memory that the kernel clears in a child (MADV_WIPEONFORK),
 * since the rings are not mapped there. A child therefore finds no lane, however it was
 * made, and becomes a client of its own. A child that shares the memory of its parent
 * (vfork) reports as the parent.
 */
#ifndef BUFTRACK_LIB_REPORTER_H
#define BUFTRACK_LIB_REPORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/buftrack.h>

/* Reporters of a process */
#define MAX_REPORTERS 64

/**
 * struct lane - the ring of one thread and reporter
 * @entries: its entries; NULL: the thread has no ring
 * @head: number of entries that were published
 * @tail: number of entries that the kernel has taken
 * @lost: reports that were lost
 * @counter: clock of the stamps; NULL: the time stamp counter
 * @busy: stack frame of the report in progress, or 0
 * @limit: value of @head at which room must be looked for
 * @capacity: number of entries
 * @entry_size: bytes from one entry to the next
 * @failed: no ring can be had
 */
struct lane {
	char *entries;
	uint32_t *head;
	uint32_t *tail;
	uint32_t *lost;
	uint64_t *counter;
	uintptr_t busy;
	uint32_t limit;
	uint32_t capacity;
	uint32_t entry_size;
	bool failed;
};

/**
 * struct mapping - a mapped ring
 * @start: its address
 * @length: its size in bytes
 */
struct mapping {
	void *start;
	size_t length;
};

/**
 * struct session - a reporter as a client; zero in a child
 * @ready: the file is a client
 * @failed: this process could not become a client
 * @missed: reports that were lost before it was ready
 * @lost: counter of lost reports in its first ring
 * @fd: the file
 * @spaces: the kernel's numbers of the reporter's spaces
 * @nr_rings: number of rings
 * @nr_idle: number of rings that no thread uses
 * @rings: the rings
 * @idle: lanes of the rings that no thread uses
 */
struct session {
	bool ready;
	bool failed;
	uint32_t missed;
	uint32_t *lost;
	int fd;
	uint32_t spaces[BUFTRACK_MAX_SPACES];
	unsigned int nr_rings;
	unsigned int nr_idle;
	struct mapping rings[BUFTRACK_MAX_RINGS];
	struct lane idle[BUFTRACK_MAX_RINGS];
};

/**
 * struct reporter_space - a space that a reporter has added
 * @name: its name
 * @capacity: its capacity in bytes, 0: unknown
 */
struct reporter_space {
	char name[BUFTRACK_SPACE_NAME_SIZE];
	uint64_t capacity;
};

/**
 * struct buftrack_reporter - a program as a client of a device
 * @session: the client
 * @index: index of its lanes
 * @fd: the file, which a child inherits
 * @serial: number of the file
 * @name: name of the device
 * @declare: declaration of the client
 * @nr_spaces: number of spaces
 * @spaces: the spaces
 */
struct buftrack_reporter {
	struct session *session;
	unsigned int index;
	int fd;
	uint64_t serial;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	struct buftrack_declare declare;
	unsigned int nr_spaces;
	struct reporter_space spaces[BUFTRACK_MAX_SPACES];
};

/* session.c: reporters as clients */
int reporter_open(struct buftrack_reporter *reporter, unsigned int flags);
void reporter_close(struct buftrack_reporter *reporter);
int reporter_open_space(struct buftrack_reporter *reporter, unsigned int space);
void session_lose(struct session *session);
int reporter_add_ring(struct session *session, struct lane *lane);

/* lane.c: the lock, and the lanes of threads */
void *lane_memory(size_t size);
int lane_lock(void);
void lane_unlock(void);

/* With the lock */
int lane_add_reporter(struct buftrack_reporter *reporter);
void lane_remove_reporter(struct buftrack_reporter *reporter);

/* Without: the lane of this thread, perhaps without a ring, or NULL */
struct lane *lane_current(const struct buftrack_reporter *reporter);
/* Finds a ring for this thread, unless the lock is taken; also begins the session */
struct lane *lane_acquire(struct buftrack_reporter *reporter);

#endif /* BUFTRACK_LIB_REPORTER_H */
