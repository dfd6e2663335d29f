/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracker core: the books of one device, and the rules that judge reports
 *
 * Nothing here knows of files, ioctls, processes or printk, and all state is
 * reached through a pointer. Reports can be made in any context but NMI;
 * functions that may sleep say so.
 *
 * Locking: @bt_tracker.lock guards all that hangs off a tracker. It is a raw
 * lock taken with interrupts off, because reports come from probes, and no
 * caller holds another lock of this module inside of it. The one exception are
 * the trees of a private domain whose client has ended: they belong to the
 * context that ended it.
 *
 * Lifetimes: a client is referenced by its file, by the list of clients (open
 * and closed ones), by each record of the shared domain that names it, by each
 * remaining record and by each event. Without references it moves to
 * @bt_tracker.dead, whence bt_take_dead() hands it to a context that may free it.
 */
#ifndef BUFTRACK_CORE_TRACKER_H
#define BUFTRACK_CORE_TRACKER_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/buftrack.h>

struct bt_client;

/* No space: for counters that belong to none */
#define BT_NO_SPACE		BUFTRACK_MAX_SPACES

/* Listings that can be exact at a time; one more takes the place of the idlest */
#define BT_MAX_LISTINGS		16

/* ALLOC examines so many records that its range meets, see verdict.c */
#define BT_MAX_EXAMINED		64

/**
 * struct bt_counters - the counters of one scope
 * @v: values by enum buftrack_counter
 */
struct bt_counters {
	u64 v[BUFTRACK_NR_COUNTERS];
};

/**
 * struct bt_reach - how far the live ranges below a tree node reach
 * @epoch: highest epoch of any of them; 0 if there is none
 * @last: highest last address of any of them
 * @last_sure: highest last address of those with that @epoch
 *
 * A record is doubtful unless its epoch is its domain's. So a subtree whose
 * @epoch is older has no record that blame could be built on, without a walk:
 * noting a gap touches no node.
 */
struct bt_reach {
	u64 epoch;
	u64 last;
	u64 last_sure;
};

/**
 * struct bt_record - what is kept per buffer
 * @node: in the live or the freed tree of its domain and space, by (address, id),
 *	  or in the log of remaining records, by @freed.stamp
 * @address: address in its space
 * @id: the reporter's identity of it, 0: none
 * @size: bytes that are accounted
 * @span: extent in bytes, 0: unknown
 * @allocated: stamp of its alloc
 * @owner: client that allocated it
 * @site: where it was allocated, as reported
 * @newest: highest stamp in the subtree of @node: of allocs in a live tree, of
 *	    frees in a freed one
 * @live: while it is live: its epoch, and the reach of the subtree
 * @freed: afterwards: stamp of the free or of the end, client that freed it and
 *	   site where, place among the domain's freed records, oldest first
 * @repeats: how often it was freed again
 * @space: number of its space
 * @is_freed: the freed flag
 */
struct bt_record {
	struct rb_node node;
	u64 address;
	u64 id;
	u64 size;
	u64 span;
	u64 allocated;
	struct bt_client *owner;
	u64 site;
	u64 newest;
	union {
		struct {
			u64 epoch;
			struct bt_reach reach;
		} live;
		struct {
			u64 stamp;
			struct bt_client *by;
			u64 site;
			struct list_head age;
		} freed;
	};
	u32 repeats;
	u8 space;
	bool is_freed;
};

static_assert(sizeof(struct bt_record) <= 144);

/**
 * struct bt_store - where the records of all trackers come from
 * @cache: slab cache of struct bt_record
 * @nr: records that exist
 * @max: most records that may exist
 */
struct bt_store {
	struct kmem_cache *cache;
	atomic64_t nr;
	u64 max;
};

/**
 * struct bt_pool - spare records of one tracker
 * @store: where they come from and go to
 * @spare: the records, chained by their nodes' rb_left
 * @nr: how many there are
 */
struct bt_pool {
	struct bt_store *store;
	struct bt_record *spare;
	unsigned int nr;
};

/**
 * struct bt_space_index - the records of one space in one domain
 * @live: augmented tree of the live ones by (address, id)
 * @freed: augmented tree of the freed ones by (address, id)
 *
 * A key is in at most one of the two.
 */
struct bt_space_index {
	struct rb_root live;
	struct rb_root freed;
};

/**
 * struct bt_domain - the scope in which addresses and ids are compared
 * @epoch: one more than the number of gaps
 * @gap: stamp of the latest gap, 0: none
 * @nr_live: live records
 * @nr_doubtful: those of them that are older than the latest gap
 * @nr_freed: freed records
 * @has_evicted: it has evicted freed records
 * @freed: the freed records, oldest first
 * @gaps_then: by slot of a listing that began before @gap: the latest gap before it
 * @spaces: the records by space
 */
struct bt_domain {
	u64 epoch;
	u64 gap;
	u64 nr_live;
	u64 nr_doubtful;
	u64 nr_freed;
	bool has_evicted;
	struct list_head freed;
	u64 gaps_then[BT_MAX_LISTINGS];
	struct bt_space_index spaces[BUFTRACK_MAX_SPACES];
};

/**
 * struct bt_quota - what one user may have
 * @nr: live and freed records of its clients, on all devices
 * @max: most that there may be
 */
struct bt_quota {
	atomic64_t nr;
	u64 max;
};

/**
 * struct bt_holding - what a client has in one space
 * @buffers: live records
 * @bytes: sum of their sizes
 * @freed: freed records
 */
struct bt_holding {
	u64 buffers;
	u64 bytes;
	u64 freed;
};

/**
 * struct bt_client - one source of reports; embedded in the caller's own struct
 * @node: in bt_tracker.clients, by @number
 * @link: in bt_tracker.closed or bt_tracker.dead
 * @events: the events that it caused and that are kept, oldest first
 * @nr_events: how many these are
 * @number: from 1, never used again on its device
 * @refs: see the top of this file
 * @domain: the domain it reports into; NULL once its own is gone
 * @holdings: what it has by space, while it has not ended
 * @quota: what its records count for; NULL: nothing. Set before it begins.
 * @first_id: first id it declared to report, 0: none
 * @opened: stamp of its begin
 * @closed: stamp of its end, 0 while it has not ended
 * @shared: it reports into the shared domain
 * @late: it declared that it attached late
 * @had_gap: once it has ended: its domain noted a gap
 * @has_evicted: once it has ended: its domain evicted freed records
 * @counters: its counters
 */
struct bt_client {
	struct rb_node node;
	struct list_head link;
	struct list_head events;
	u32 nr_events;
	u64 number;
	u64 refs;
	struct bt_domain *domain;
	struct bt_holding *holdings;
	struct bt_quota *quota;
	u64 first_id;
	u64 opened;
	u64 closed;
	bool shared;
	bool late;
	bool had_gap;
	bool has_evicted;
	struct bt_counters counters;
};

/**
 * struct bt_event_record - what an event keeps of a record
 * @owner: its owner, referenced; NULL: there is none
 * @by: client that freed it, referenced; NULL: it was live
 * @address: address in its space
 * @id: the reporter's identity of it
 * @size: bytes that are accounted
 * @span: extent in bytes, 0: unknown
 * @allocated: stamp of its alloc
 * @freed: stamp of its free
 * @site: where it was allocated, as reported
 * @freed_site: where it was freed, as reported
 * @state: combination of enum buftrack_record_state
 * @repeats: how often it was freed again
 */
struct bt_event_record {
	struct bt_client *owner;
	struct bt_client *by;
	u64 address;
	u64 id;
	u64 size;
	u64 span;
	u64 allocated;
	u64 freed;
	u64 site;
	u64 freed_site;
	u32 state;
	u32 repeats;
};

/**
 * struct bt_event - a wrong report, with its evidence
 * @node: in bt_events.kept, by @number
 * @link: in its reporter's list of events
 * @number: events of a tracker are numbered from 1
 * @stamp: of the report
 * @reporter: client that made it, referenced
 * @report: the report
 * @verdict: enum buftrack_verdict
 * @target: the record that it was about
 * @hit: the live record that was in the way
 */
struct bt_event {
	struct rb_node node;
	struct list_head link;
	u64 number;
	u64 stamp;
	struct bt_client *reporter;
	struct buftrack_report report;
	u32 verdict;
	struct bt_event_record target;
	struct bt_event_record hit;
};

/**
 * struct bt_events - the latest wrong reports of a tracker
 * @kept: the events that are kept, by number
 * @slots: place for events; NULL: not set up
 * @size: how many events there is place for
 * @nr: how many are kept; the first @nr of @slots are in use
 * @last: number of the latest event
 */
struct bt_events {
	struct rb_root_cached kept;
	struct bt_event *slots;
	u32 size;
	u32 nr;
	u64 last;
};

/**
 * struct bt_place - a place in a listing: all before it has been listed
 * @domain: number of the client whose domain it is in, 0: the shared one
 * @space: space that it is in
 * @address: address of the first record that is not before it
 * @id: id of that record
 * @stamp: behind all domains, stamp of the last remaining record before it
 */
struct bt_place {
	u64 domain;
	u32 space;
	u64 address;
	u64 id;
	u64 stamp;
};

/**
 * struct bt_listing - a listing of the records of an instant
 * @emit: called with the lock held for each record; false: no room left, and the
 *	  record is not taken
 * @client: only records of this owner, 0: any
 * @space: only records of this space, or BUFTRACK_ANY_SPACE
 * @states: only records that were in these states, not 0
 * @slot: its place in bt_tracker.listings, while @watched
 * @watched: nothing was dropped that @missed does not count
 * @busy: the last step has to be tried again
 * @end: there are no more records
 * @exact: at the end: all records of the instant have been listed
 * @instant: stamp that it is of
 * @reset: stamp of the latest reset before it
 * @until: behind all domains: stamp of when it came there
 * @touched: when it was last gone on with
 * @missed: records of the instant that were dropped before they were listed
 * @at: how far it has come
 */
struct bt_listing {
	bool (*emit)(struct bt_listing *l, const struct bt_record *rec, u32 state);
	u64 client;
	u32 space;
	u32 states;
	u32 slot;
	bool watched;
	bool busy;
	bool end;
	bool exact;
	u64 instant;
	u64 reset;
	u64 until;
	u64 touched;
	u64 missed;
	struct bt_place at;
};

/**
 * struct bt_limits - bounds of one tracker
 * @max_records: live and freed records
 * @max_client_records: those in one private domain
 * @max_freed: freed records per domain
 * @max_clients: open clients
 * @max_closed: closed clients that are kept
 * @max_remaining: remaining records that are kept
 */
struct bt_limits {
	u64 max_records;
	u64 max_client_records;
	u64 max_freed;
	u32 max_clients;
	u32 max_closed;
	u32 max_remaining;
};

/**
 * struct bt_tracker - the books of one device
 * @lock: guards everything below
 * @enabled: tracking is on
 * @removed: the device is gone: no more reports
 * @has_driver: a driver reports into the shared domain, or has
 * @nr_spaces: spaces 0 to nr_spaces - 1 exist
 * @stamp: of the latest report or other event
 * @reset: stamp of the latest reset
 * @limits: bounds
 * @nr_records: live and freed records
 * @nr_remaining: records in @remaining
 * @nr_clients: open clients
 * @nr_closed: clients in @closed
 * @last_client: number given last
 * @pool: spare records
 * @shared: the shared domain
 * @clients: open and closed clients that can be looked up, by number
 * @closed: the closed ones, oldest first
 * @dead: clients that nothing refers to, to be freed
 * @remaining: remaining records, by the stamp of their end
 * @events: the latest wrong reports
 * @nr_listings: listings in @listings
 * @listings: listings that are told of records that are dropped
 * @total: counters of the device
 * @spaces: counters by space
 */
struct bt_tracker {
	raw_spinlock_t lock;
	bool enabled;
	bool removed;
	bool has_driver;
	u32 nr_spaces;
	u64 stamp;
	u64 reset;
	struct bt_limits limits;
	u64 nr_records;
	u64 nr_remaining;
	u32 nr_clients;
	u32 nr_closed;
	u64 last_client;
	struct bt_pool pool;
	struct bt_domain *shared;
	struct rb_root clients;
	struct list_head closed;
	struct list_head dead;
	struct rb_root_cached remaining;
	struct bt_events events;
	u32 nr_listings;
	struct bt_listing *listings[BT_MAX_LISTINGS];
	struct bt_counters total;
	struct bt_counters spaces[BUFTRACK_MAX_SPACES];
};

/* tracker.c: a tracker's life, its bounds and its counters as a whole */
struct bt_tracker *bt_tracker_create(struct bt_store *store,
				     const struct bt_limits *limits);
void bt_tracker_retire(struct bt_tracker *t);
void bt_tracker_destroy(struct bt_tracker *t);
int bt_tracker_remove(struct bt_tracker *t, bool force, u64 *buffers,
		      u64 *bytes);
void bt_tracker_reset(struct bt_tracker *t);
void bt_tracker_get_limits(struct bt_tracker *t, struct bt_limits *limits);
void bt_tracker_configure(struct bt_tracker *t,
			  void (*change)(struct bt_tracker *t, const void *arg),
			  const void *arg);
int bt_tracker_add_space(struct bt_tracker *t);

/* client.c: clients and what becomes of their records */
int bt_client_init(struct bt_client *c, bool shared, gfp_t gfp);
void bt_client_fini(struct bt_client *c);
int bt_client_begin(struct bt_tracker *t, struct bt_client *c, u64 now);
void bt_client_end(struct bt_tracker *t, struct bt_client *c, u64 now);
void bt_client_reap(struct bt_tracker *t, struct bt_client *c);
struct bt_client *bt_take_dead(struct bt_tracker *t);
struct bt_client *__bt_client_next(struct bt_tracker *t, u64 number);
void __bt_client_get(struct bt_client *c);
void __bt_client_put(struct bt_tracker *t, struct bt_client *c);
void __bt_record_forget(struct bt_tracker *t, struct bt_record *rec);
void bt_quota_add(struct bt_client *c, s64 n);
bool __bt_closed_trim(struct bt_tracker *t);
void bt_closed_trim(struct bt_tracker *t);

/* domain.c: creating and emptying domains */
struct bt_domain *bt_domain_create(gfp_t gfp);
void bt_domain_destroy(struct bt_tracker *t, struct bt_domain *d);

/* remaining.c: the log of what ended clients left live */
void bt_remaining_log(struct bt_tracker *t, struct bt_client *c);
void bt_remaining_drop(struct bt_tracker *t, u64 keep, u64 stamp);

/* events.c: the latest wrong reports */
int bt_events_setup(struct bt_tracker *t, u32 size);
void bt_events_retire(struct bt_tracker *t);
void __bt_events_add(struct bt_tracker *t, const struct bt_event *event,
		     const struct bt_record *target, const struct bt_record *hit);
bool bt_events_next(struct bt_tracker *t, u64 *position, u64 *dropped,
		    void (*emit)(void *arg, const struct bt_event *event),
		    void *arg);

/* verdict.c: verdicts */

/* bt_report(): the caller can sleep, and so refill the pool and try again */
#define BT_MAY_REFILL	BIT(0)

/* bt_report(): the buffer is counted by references, its free is the owner's */
#define BT_AS_OWNER	BIT(1)

int bt_report(struct bt_tracker *t, struct bt_client *c,
	      const struct buftrack_report *r, u64 now, unsigned int flags,
	      u64 *stamp);
int bt_report_move(struct bt_tracker *t, struct bt_client *c,
		   const struct buftrack_report *from,
		   const struct buftrack_report *r, u64 now);
bool bt_shared_has_live(struct bt_tracker *t, const struct buftrack_report *key);
bool bt_shared_restart(struct bt_tracker *t, unsigned int most);
int bt_lost(struct bt_tracker *t, struct bt_client *c, u64 count, u64 now);

/* pool.c: records without a buffer */
int bt_store_init(struct bt_store *store, const char *name, u64 max);
void bt_store_fini(struct bt_store *store);
void bt_store_put(struct bt_store *store, struct bt_record *rec);
int bt_pool_fill(struct bt_tracker *t);
int bt_pool_stock(struct bt_tracker *t, unsigned int want, gfp_t gfp);
void bt_pool_count(struct bt_tracker *t, bool count);
void bt_pool_trim(struct bt_tracker *t);
struct bt_record *__bt_pool_get(struct bt_pool *pool);
void __bt_pool_put(struct bt_pool *pool, struct bt_record *rec);
void bt_pool_drain(struct bt_pool *pool);

/* listing.c: reading what is there */
void bt_listing_begin(struct bt_tracker *t, struct bt_listing *l, u64 now);
void bt_listing_step(struct bt_tracker *t, struct bt_listing *l);
void bt_listing_end(struct bt_tracker *t, struct bt_listing *l);
void __bt_listings_drop(struct bt_tracker *t, const struct bt_record *rec);
void __bt_listings_gap(struct bt_tracker *t, struct bt_domain *d);
void __bt_listings_drop_remaining(struct bt_tracker *t,
				  const struct bt_record *rec);
void bt_listings_drop_domain(struct bt_tracker *t, struct bt_domain *d);
int bt_read_counters(struct bt_tracker *t, u32 scope, u64 number,
		     struct bt_counters *out);

#endif /* BUFTRACK_CORE_TRACKER_H */
