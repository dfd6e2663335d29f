/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The workload that motivated buftrack, as a trace
 *
 * Two chips run a language model. There are 83,416 allocations: 49,158 in DRAM,
 * 34,250 in L1 and 8 in TRACE; 381 buffers (weights, cache) are never freed; and
 * 1,130 frees are wrong. One L1 address of the first chip is allocated 1,112 times
 * and freed 2,133 times. A tracker that knows addresses only could call all 1,130
 * unknown at best. Each has a reason:
 *
 *    32  of buffers older than the trace, with ids below the first that the client
 *        declared
 *    18  of buffers older than the trace, by a client that declared itself late
 *    53  second frees
 *    32  second frees after the address was allocated again
 *   995  by other objects that share the buffer, each with an id of its own
 *
 * workload.c generates the events, emit.c writes them and counts the expected
 * results, compare.c compares these with a replay.
 */
#ifndef BUFTRACK_SEED_H
#define BUFTRACK_SEED_H

#include <stdint.h>
#include <libbuftrack.h>

enum { CHIP0, CHIP1, NR_CHIPS };
enum { DRAM, L1, TRACE, NR_SPACES };

extern const char *const chip_names[NR_CHIPS];
extern const char *const space_names[NR_SPACES];

/* Reason for a free */
enum reason {
	RIGHT,
	BELOW_FIRST_ID,
	BEFORE_LATE,
	SECOND,
	SECOND_AFTER_REUSE,
	OTHER_OBJECT,
	NR_REASONS,
};

/**
 * struct tally - expected counters of a device or a space
 * @counter: indexed by enum buftrack_counter
 */
struct tally {
	uint64_t counter[BUFTRACK_NR_COUNTERS];
};

/**
 * struct expectation - expected results of the whole trace
 * @chip: counters of each chip
 * @space: counters of each space of each chip
 * @reason: number of frees for each reason
 */
struct expectation {
	struct tally chip[NR_CHIPS];
	struct tally space[NR_CHIPS][NR_SPACES];
	uint64_t reason[NR_REASONS];
};

struct buffer {
	unsigned int space;
	uint64_t address;
	uint64_t size;
	uint64_t span;
	uint64_t id;
};

extern struct expectation expected;

/* emit.c; writes nothing if silent */
extern int silent;
void emit_head(void);
void emit_open(unsigned int chip, const char *client, uint64_t first_id,
	       const char *flags);
void emit_alloc(unsigned int chip, const char *client,
		const struct buffer *buffer);
void emit_free(unsigned int chip, const char *client,
	       const struct buffer *buffer, enum reason reason);
void emit_remaining(unsigned int chip, const struct buffer *buffer);
void emit_close(unsigned int chip, const char *client);

/* workload.c */
void run_workload(void);

/* compare.c; returns the exit status */
int compare(int fd);

#endif /* BUFTRACK_SEED_H */
