/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A second tracker for comparison: the rules and nothing else
 *
 * Records are on plain lists, every query scans them, and the counters of current
 * records are recomputed after each report. The model is slow, and short enough to
 * read next to the rules.
 */
#ifndef BUFTRACK_KUNIT_MODEL_H
#define BUFTRACK_KUNIT_MODEL_H

#include "../../module/core/tracker.h"

/* Freed records that one free evicts at most, after the bound was lowered */
#define MODEL_EVICTIONS	8

/* A client that holds this fraction of the log recycles its own oldest event */
#define MODEL_EVENTS_SHARE	4

/* Overlapping records that an alloc examines */
#define MODEL_EXAMINED	64

/**
 * struct model_domain - a scope in which addresses and ids are compared
 * @records: live and freed records, in the order of their allocs
 * @gap: stamp of the latest gap, 0: none
 * @has_evicted: it has evicted freed records
 */
struct model_domain {
	struct list_head records;
	u64 gap;
	bool has_evicted;
};

/**
 * struct model_client - a source of reports
 * @node: in model.clients
 * @number: from 1
 * @first_id: as declared
 * @shared: as declared
 * @late: as declared
 * @ended: its file was released
 * @reaped: its records were released, too
 * @past: it ended before the latest reset
 * @listed: it can be found by number
 * @user: bound on the user's records, or NULL
 * @own: its private domain
 * @counters: its counters
 */
struct model_client {
	struct list_head node;
	u64 number;
	u64 first_id;
	bool shared;
	bool late;
	bool ended;
	bool reaped;
	bool past;
	bool listed;
	const struct bt_quota *user;
	struct model_domain own;
	struct bt_counters counters;
};

/**
 * struct model_record - a buffer
 * @node: in model_domain.records or model.remaining
 * @space: its space
 * @address: its address
 * @id: its id, 0: none
 * @size: accounted bytes
 * @span: extent, 0: unknown
 * @allocated: stamp of its alloc
 * @freed: stamp of its free, 0: it is live
 * @site: site of its alloc
 * @freed_site: site of its free
 * @repeats: number of further frees
 * @aperture: its space was an aperture when it was allocated
 * @marked: selected by the present scan
 * @owner: client that allocated it
 * @by: client that freed it
 */
struct model_record {
	struct list_head node;
	u32 space;
	u64 address;
	u64 id;
	u64 size;
	u64 span;
	u64 allocated;
	u64 freed;
	u64 site;
	u64 freed_site;
	u32 repeats;
	bool aperture;
	bool marked;
	struct model_client *owner;
	struct model_client *by;
};

/**
 * struct model_event - a wrong report
 * @node: in model.events
 * @number: number of wrong reports so far, including this one
 * @stamp: stamp of the report
 * @reporter: client that made it
 * @report: the report
 * @verdict: its verdict
 * @target: copy of the record that it names; no owner: there is none
 * @target_state: state of the target
 * @hit: copy of the record that it collides with; no owner: there is none
 * @hit_state: state of the hit
 */
struct model_event {
	struct list_head node;
	u64 number;
	u64 stamp;
	struct model_client *reporter;
	struct buftrack_report report;
	int verdict;
	struct model_record target;
	u32 target_state;
	struct model_record hit;
	u32 hit_state;
};

/**
 * struct model - a device
 * @enabled: tracking is on
 * @removed: the device is gone
 * @clock: stamp of the latest event
 * @nr_spaces: number of spaces
 * @apertures: spaces that are apertures
 * @memory: bound on records in any state
 * @limits: its bounds
 * @last_client: number of the latest client
 * @clients: clients that something refers to; reaped ones in the order of reaping
 * @shared: the shared domain
 * @remaining: remaining records, oldest first
 * @events: wrong reports in the log, oldest first
 * @max_events: bound on the log
 * @last_event: number of the latest event
 * @total: counters of the device
 * @spaces: counters by space
 */
struct model {
	bool enabled;
	bool removed;
	u64 clock;
	u32 nr_spaces;
	bool apertures[BUFTRACK_MAX_SPACES];
	u64 memory;
	struct bt_limits limits;
	u64 last_client;
	struct list_head clients;
	struct model_domain shared;
	struct list_head remaining;
	struct list_head events;
	u32 max_events;
	u64 last_event;
	struct bt_counters total;
	struct bt_counters spaces[BUFTRACK_MAX_SPACES];
};

/* model.c: objects and counters */
void model_init(struct model *m, const struct bt_limits *limits, u32 nr_spaces);
void model_fini(struct model *m);
struct model_client *model_begin(struct model *m, bool shared, bool late,
				 u64 first_id);
void model_end(struct model *m, struct model_client *c);
void model_reap(struct model *m, struct model_client *c);
bool model_is_named(struct model *m, const struct model_client *c);
void model_forget_client(struct model_client *c);
struct model_domain *model_domain_of(struct model *m, struct model_client *c);
void model_set_limits(struct model *m, const struct bt_limits *limits);
void model_reset(struct model *m);
void model_remove(struct model *m, u64 *buffers, u64 *bytes);
void model_count(struct model *m, struct model_client *c, u32 space,
		 enum buftrack_counter counter, u64 n);
void model_count_size(struct model *m, const struct model_record *rec,
		      enum buftrack_counter counter);
void model_recount(struct model *m);
u32 model_open_clients(struct model *m);
u64 model_nr_records(struct model *m);
u64 model_user_records(struct model *m, const struct bt_quota *user);
u64 model_memory_used(struct model *m);
u64 model_nr_freed(const struct model_domain *d);

/* model_events.c: the latest wrong reports */
int model_record_event(struct model *m, struct model_client *c,
		       const struct buftrack_report *r, u64 stamp, int verdict,
		const struct model_record *target,
		const struct model_record *hit);
bool model_events_name(struct model *m, const struct model_client *c);
u32 model_state(struct model *m, const struct model_record *rec);

/* model_verdict.c: verdicts */
int model_report(struct model *m, struct model_client *c,
		 const struct buftrack_report *r, u64 stamp);
int model_move(struct model *m, struct model_client *c,
	       const struct buftrack_report *from, const struct buftrack_report *r,
	       u64 stamp);
void model_lost(struct model *m, struct model_client *c, u64 count);
bool model_doubtful(const struct model_domain *d, const struct model_record *rec);

#endif /* BUFTRACK_KUNIT_MODEL_H */
