/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reporters that log each report, and a model that computes from the logs which
 * records existed at any instant. The model implements the rules independently of
 * the module.
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
 * struct log_entry - a report, and the later life of the buffer it allocated
 * @stamp: stamp that the report returned
 * @address: its address
 * @id: its id
 * @op: enum buftrack_op
 * @size: its size
 * @ended: stamp of the report that freed the buffer, or NEVER
 * @ended_site: site of that report
 * @gone: stamp of the report that dropped the record, or NEVER
 * @seen: number of the last listing that had the record
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
 * struct client_span - a client, as a range of its reporter's log
 * @client: its number
 * @first: its first entry
 * @last: the entry after its last one
 * @closed: stamp of its end, or NEVER
 */
struct client_span {
	__u64 client;
	__u32 first, last;
	__u64 closed;
};

/**
 * struct report_log - the log of one reporter
 * @spans: its clients, one after the other
 * @nr_spans: number of clients
 * @entries: its reports
 * @nr: number of reports
 */
struct report_log {
	struct client_span spans[MAX_SPANS];
	__u32 nr_spans;
	struct log_entry entries[MAX_ENTRIES];
	__u32 nr;
};

/**
 * struct workload - the work of the reporters
 * @f: the device
 * @reports: number of reports of each reporter, at most
 * @reports_per_client: reports after which the next client begins; 0 for one client
 * @new_ids: each buffer has an id of its own, so none replaces another
 * @max_freed: limit of freed records; 0 for the default
 * @stop: shared: set to end the reporters
 * @done: shared: number of reporters that are done
 * @logs: shared: one for each reporter
 */
struct workload {
	const struct fixture *f;
	__u32 reports;
	__u32 reports_per_client;
	bool new_ids;
	__u64 max_freed;
	volatile bool *stop;
	volatile __u32 *done;
	struct report_log *logs;
};

void workload_init(struct workload *p);
void workload_start(struct workload *p, pid_t *pids);

/* Waits until all reporters are at work */
void workload_wait(const struct workload *p);

/* Computes the life of each buffer; all reporters have ended */
void model_build(struct workload *p);

/* Checks listing @number, counted from 1; returns whether it claims to be exact */
bool model_check(struct workload *p, const struct listing *l,
		 const struct buftrack_records *query, __u32 number);

#endif /* MODEL_H */
