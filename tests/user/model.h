/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reporters that write down what they report, and what follows from it alone: which
 * records there were at any instant. Not a line of it knows how the module works;
 * it knows the rules.
 */
#ifndef MODEL_H
#define MODEL_H

#include "fixture.h"

#define REPORTERS 4
#define SLOTS 256
#define MAX_ENTRIES 30000
#define MAX_SPANS 512
#define NEVER (~0ULL)

/**
 * struct entry - a report, and what became of what it allocated
 * @stamp: as the report returned it
 * @address: its address
 * @id: its id
 * @op: enum buftrack_op
 * @size: its size
 * @ended: stamp of the report that freed it, or NEVER
 * @ended_site: site of that
 * @gone: stamp of the report that made it go, or NEVER
 * @seen: listings that have it
 */
struct log_entry {
	__u64 stamp;
	__u64 address;
	__u64 id;
	__u32 op;
	__u32 size;
	__u64 ended;
	__u64 ended_site;
	__u64 gone;
	__u32 seen;
};

/**
 * struct life - a client: from where to where in its reporter's ledger
 * @client: its number
 * @first: its first entry
 * @last: behind its last one
 * @closed: when it ended, or NEVER
 */
struct client_span {
	__u64 client;
	__u32 first, last;
	__u64 closed;
};

/**
 * struct ledger - what one reporter writes down
 * @lives: its clients, one after the other
 * @nr_lives: how many
 * @entries: its reports
 * @nr: how many
 */
struct report_log {
	struct client_span spans[MAX_SPANS];
	__u32 nr_spans;
	struct log_entry entries[MAX_ENTRIES];
	__u32 nr;
};

/**
 * struct plan - how they report
 * @r: device
 * @reports: how many each reporter makes at most
 * @life: reports of a client before it ends and another one begins; 0: one client
 * @new_ids: each buffer has an id of its own: nothing replaces anything
 * @max_freed: bound of freed records; 0: as it is
 * @stop: shared: to end
 * @done: shared: reporters that have ended
 * @ledgers: shared: one for each reporter
 */
struct workload {
	const struct fixture *f;
	__u32 reports;
	__u32 client_span;
	bool new_ids;
	__u64 max_freed;
	volatile bool *stop;
	volatile __u32 *done;
	struct report_log *logs;
};

void workload_init(struct workload *p);
void workload_start(struct workload *p, pid_t *pids);

/* Until all are at work */
void workload_wait(const struct workload *p);

/* When all have ended: what became of each buffer */
void model_build(struct workload *p);

/* Check a listing, the number-th, from 1; returns whether it says that it is exact */
bool model_check(struct workload *p, const struct listing *l,
		 const struct buftrack_records *query, __u32 number);

#endif /* MODEL_H */
