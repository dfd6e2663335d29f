/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The workload that buftrack was begun for, as a trace
 *
 * Two chips run a language model. There are 83,416 allocations: 49,158 in DRAM,
 * 34,250 in L1 and 8 in TRACE; 381 buffers (weights, cache) are never freed; and
 * 1,130 frees are wrong. One L1 address of the first chip is allocated 1,112 times
 * and freed 2,133 times. A tracker that knew nothing but addresses could only call
 * those 1,130 unknown. Here each is put in for a reason:
 *
 *    32  of buffers older than the trace, with ids below the first that the client
 *        declared
 *    18  of buffers older than the trace, by a client that says it came late
 *    53  second frees
 *    32  second frees when the address had been allocated again
 *   995  by other objects that share the buffer, each with an id of its own
 *
 * emit.c writes lines and counts what they should come to, workload.c thinks them
 * up, compare.c holds the counts against what a replay found.
 */
#ifndef BUFTRACK_SEED_H
#define BUFTRACK_SEED_H

#include <stdint.h>
#include <libbuftrack.h>

enum { CHIP0, CHIP1, NR_CHIPS };
enum { DRAM, L1, TRACE, NR_SPACES };

extern const char *const chip_names[NR_CHIPS];
extern const char *const space_names[NR_SPACES];

/* Why a free is put in */
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
 * struct tally - what a device or one of its spaces should come to
 * @counter: by enum buftrack_counter
 */
struct tally {
	uint64_t counter[BUFTRACK_NR_COUNTERS];
};

/**
 * struct expectation - what the whole trace should come to
 * @chip: of each chip
 * @space: of each space of each chip
 * @reason: how many frees were put in for each reason
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

/* emit.c; lines go nowhere while silent */
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

/* compare.c; the exit status */
int compare(int fd);

#endif /* BUFTRACK_SEED_H */
