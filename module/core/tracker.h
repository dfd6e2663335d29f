/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracker core: the records of one device, and a verdict on each report
 *
 * A tracker holds one record for each buffer of a device. A client reports that it
 * allocated or freed a buffer; bt_report() returns a verdict and updates records,
 * counters and the event log in one critical section. The core knows no files,
 * processes, user memory or printk. It reaches all state through pointers, so KUnit
 * can drive it, and bt_report() neither allocates nor sleeps, so a probe may call it.
 *
 * Domains. Addresses and ids are compared within a domain only. A client that runs
 * its own allocator has a private domain, which ends with the client. Buffers that a
 * driver owns live in the shared domain, which ends with the device: when one of its
 * clients ends, that client's live records stay live as orphans. A domain splits its
 * records by space, since the same address may exist in several memories.
 *
 * Epochs and doubt. A gap is a report that was lost, refused or made while tracking
 * was off. It may have been the free of any record that was live then, so that record
 * is doubtful from then on and supports no accusation. A gap must be cheap, because a
 * full tracker notes one per report. It therefore touches no record: it increments the
 * domain's epoch, and a live record is doubtful if it was allocated in an earlier epoch.
 * A second free is judged in the same way: if the latest gap is younger than the first
 * free, the address may have been reused, and the verdict is unknown.
 *
 * Two trees per space. Live and freed records are in separate red-black trees, both
 * sorted by (address, id); a key is in at most one of them. An allocator that reuses
 * one address leaves thousands of freed records there, and no query for the live one
 * may visit them. Only live records are searched by range, so only they pay for the
 * wider augmentation:
 *
 *  - Each node of either tree holds the newest stamp of its subtree. It yields the
 *    latest alloc or free at an address in O(log n), however many records share that
 *    address, and lets a listing skip records that are too old.
 *  - Each node of a live tree also holds the extent of its subtree, as an interval
 *    tree does: the highest last address. That finds overlaps.
 *  - The extent keeps the highest epoch in the subtree as well, and the highest last
 *    address of that epoch alone. An accusation needs a record of the current epoch;
 *    a search skips every subtree whose epoch is older, even if all of its records
 *    span the address. After a gap the nodes are still correct.
 *
 * Stamps. A report's stamp is the time in ns, or one more than the previous stamp if
 * that is later. Stamps order all reports, ends and listings of a tracker.
 *
 * Memory. A report takes its record from the tracker's pool of spare records. If the
 * pool is empty, a caller that can sleep gets -EAGAIN, fills it and reports again; any
 * other caller loses an old freed record or gets BUFTRACK_VERDICT_UNTRACKED. A free
 * moves a record from the live to the freed tree and needs no memory. The store
 * counts the records of all trackers against one bound.
 *
 * Eviction. Freed records are the history that distinguishes a double free from a free
 * of an unknown buffer. Each domain keeps them in the order of their frees, and evicts
 * the oldest when it exceeds its bound or needs a record for an alloc. From then on
 * the domain knows that an unknown free may be a free of an evicted record.
 *
 * End of a client. bt_client_end() settles the counters in constant time per space,
 * from sums that each client keeps. bt_client_reap() then takes the private domain
 * apart without the lock, since nothing else can reach it, and moves the records that
 * were still live to the bounded log of remaining records.
 *
 * Listings. A listing returns the records of the instant at which it began, in steps
 * that each hold the lock for a bounded time. It walks the domains, then their spaces,
 * then the keys, and at last the log of remaining records. A record that was allocated
 * later is left out, and one that was freed later is listed as live. A free does not
 * change a record's key, so the listing visits each record of its instant once, unless
 * the record is dropped first. Before a record is dropped, each listing that has not
 * reached it yet counts it as missed. A listing that missed nothing is exact.
 *
 * Lifetimes
 *
 *  Object		Freed by
 *  record		the store, from a context that holds no raw lock; reports put
 *			records into the pool, never into the store
 *  private domain	bt_client_reap(), with all of its records
 *  shared domain	bt_tracker_retire()
 *  client		the caller, once bt_tracker_take_zombie() returned it
 *  tracker		bt_tracker_destroy(), after the last zombie
 *
 * A client holds one reference for its file, one for its place in the list of open and
 * closed clients, one for each record of the shared domain that names it, one for each
 * remaining record and one for each place in the event log. Records of a private domain
 * hold none: they cannot outlive their owner. When the last reference goes, the client
 * becomes a zombie, because its memory cannot be freed under a raw lock.
 *
 * Locks
 *
 *  Lock		Protects
 *  bt_tracker.lock	everything below a tracker, including its clients, domains,
 *			records, events and listings
 *  (none)		the trees of a private domain from bt_client_end() on: they
 *			belong to the context that ended the client
 *  (atomic)		bt_store.nr and bt_quota.nr, which all trackers share
 *
 * The lock is raw and taken with interrupts off, because reports come from probes in
 * any context but NMI. It is the innermost lock: the core takes no other inside it, and
 * each critical section is bounded. A function named __foo() expects it to be held.
 * Fields that are read without it are read with READ_ONCE(): @enabled, @removed,
 * @has_driver, @nr_spaces, @nr_listings, @pool.nr, @events.size and @events.newest.
 *
 * internal.h says which file of the core may call which.
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
#include "../compat.h"

struct bt_client;

/* The space of counters that belong to no space */
#define BT_NO_SPACE		BUFTRACK_MAX_SPACES

/*
 * Listings that can be exact at the same time; one more displaces the one idle longest
 */
#define BT_MAX_LISTINGS		16

/* Overlapping records that an alloc examines for doubt, see verdict.c */
#define BT_MAX_EXAMINED		64

/**
 * struct bt_counters - the counters of one scope
 * @v: values by enum buftrack_counter; the sums of sizes of a device and of a client leave
 *     apertures out
 */
struct bt_counters {
	u64 v[BUFTRACK_NR_COUNTERS];
};

/**
 * struct bt_extent - extent of the live ranges in a subtree
 * @epoch: highest epoch of any range, 0 if the subtree has none
 * @last: highest last address of any range
 * @last_current: highest last address of the ranges of @epoch
 *
 * A record is doubtful unless its epoch is its domain's. A subtree whose @epoch is
 * older than the domain's thus contains no record that supports an accusation, and a
 * gap changes no node.
 */
struct bt_extent {
	u64 epoch;
	u64 last;
	u64 last_current;
};

/**
 * struct bt_subtree - augmentation of a node in a live tree
 * @newest: highest stamp of an alloc in the subtree
 * @extent: extent of the ranges in the subtree
 */
struct bt_subtree {
	u64 newest;
	struct bt_extent extent;
};

/**
 * struct bt_record - one buffer, live, freed or remaining
 * @node: in the live or the freed tree of its domain and space, by (address, id),
 *	  or in the log of remaining records, by @freed.stamp
 * @next: next spare record of a pool
 * @address: address in its space, as it is compared; see bt_record_address()
 * @id: the reporter's identity of the buffer, 0: none
 * @size: accounted bytes
 * @span: extent in bytes, 0: unknown
 * @allocated: stamp of the alloc
 * @owner: client that allocated it
 * @site: reported site of the alloc
 * @newest: first member of both @live and @freed: highest stamp in the subtree of
 *	    @node, of allocs in a live tree and of frees in a freed one
 * @live: while it is live: augmentation of its subtree, and the epoch of its alloc
 * @freed: afterwards: @newest, link in bt_domain.freed, reported site of the free,
 *	   stamp of the free or of its logging, client that freed it
 * @repeats: number of further frees
 * @space: number of its space
 * @is_freed: the freed flag
 * @is_aperture: its space was an aperture when it was allocated
 * @is_own: the owner's base has been added to @address
 */
struct bt_record {
	union {
		struct rb_node node;
		struct bt_record *next;
	};
	u64 address;
	u64 id;
	u64 size;
	u64 span;
	u64 allocated;
	struct bt_client *owner;
	u64 site;
	union {
		u64 newest;
		struct {
			struct bt_subtree subtree;
			u64 epoch;
		} live;
		struct {
			u64 newest;
			struct list_head age;
			u64 site;
			u64 stamp;
			struct bt_client *by;
		} freed;
	};
	u32 repeats;
	u8 space;
	bool is_freed;
	bool is_aperture;
	bool is_own;
};

static_assert(sizeof(struct bt_record) <= 144);
static_assert(offsetof(struct bt_record, newest) ==
	      offsetof(struct bt_record, live.subtree.newest));
static_assert(offsetof(struct bt_record, newest) ==
	      offsetof(struct bt_record, freed.newest));

/**
 * struct bt_store - allocates the records of all trackers
 * @cache: slab cache of struct bt_record
 * @nr: records that exist
 * @max: bound on @nr
 */
struct bt_store {
	struct kmem_cache *cache;
	atomic64_t nr;
	u64 max;
};

/**
 * struct bt_pool - spare records of one tracker
 * @store: the store that they belong to
 * @spare: the records, linked by bt_record.next
 * @nr: number of records
 */
struct bt_pool {
	struct bt_store *store;
	struct bt_record *spare;
	unsigned int nr;
};

/**
 * struct bt_space_index - the records of one space in one domain
 * @live: augmented tree of the live records by (address, id)
 * @freed: augmented tree of the freed records by (address, id)
 *
 * A key is in at most one of the two trees.
 */
struct bt_space_index {
	struct rb_root live;
	struct rb_root freed;
};

/**
 * struct bt_domain - the scope in which addresses and ids are compared
 * @epoch: 1 + number of gaps
 * @gap: stamp of the latest gap, 0: none
 * @nr_live: live records
 * @nr_doubtful: live records that are older than the latest gap
 * @nr_freed: freed records
 * @has_evicted: it has evicted freed records
 * @freed: the freed records, oldest first
 * @listing_gaps: by slot of a listing that began before @gap: the latest gap before
 *		  that listing
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
	u64 listing_gaps[BT_MAX_LISTINGS];
	struct bt_space_index spaces[BUFTRACK_MAX_SPACES];
};

/**
 * struct bt_quota - bound on the records of one user
 * @nr: live and freed records of the user's clients, on all devices
 * @max: bound on @nr
 */
struct bt_quota {
	atomic64_t nr;
	u64 max;
};

/**
 * struct bt_holding - the records of a client in one space
 * @buffers: live records
 * @bytes: sum of their sizes
 * @memory: the part of @bytes that is memory rather than apertures
 * @freed: freed records
 */
struct bt_holding {
	u64 buffers;
	u64 bytes;
	u64 memory;
	u64 freed;
};

/**
 * struct bt_client - one source of reports; embedded in the caller's own struct
 * @node: in bt_tracker.clients, by @number
 * @link: in bt_tracker.closed or bt_tracker.zombies
 * @events: events that it caused and that the log still has, oldest first
 * @nr_events: length of @events
 * @number: from 1, never reused on its device
 * @refs: references, see "Lifetimes"
 * @domain: the domain that it reports into; NULL once its own was destroyed
 * @holdings: its records by space, until it ends
 * @quota: the bound that its records count against, or NULL; set before it begins
 * @first_id: declared first id, 0: none
 * @base: random, for clients of the shared domain: added to addresses that only the client
 *	  can name, so that equal ones of several clients differ; 0: none
 * @opened: stamp of its begin
 * @closed: stamp of its end, 0 until then
 * @shared: it reports into the shared domain
 * @late: it declared that it attached late
 * @had_gap: once it has ended: its domain had noted a gap
 * @has_evicted: once it has ended: its domain had evicted freed records
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
	u64 base;
	u64 opened;
	u64 closed;
	bool shared;
	bool late;
	bool had_gap;
	bool has_evicted;
	struct bt_counters counters;
};

/**
 * struct bt_event_record - copy of a record in an event
 * @owner: its owner, referenced; NULL: there is no record
 * @by: client that freed it, referenced; NULL: it was live
 * @address: address in its space
 * @id: the reporter's identity of the buffer
 * @size: accounted bytes
 * @span: extent in bytes, 0: unknown
 * @allocated: stamp of its alloc
 * @freed: stamp of its free
 * @site: reported site of the alloc
 * @freed_site: reported site of the free
 * @state: combination of enum buftrack_record_state
 * @repeats: number of further frees
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
 * struct bt_event - a wrong report with its evidence
 * @node: in bt_events.kept, by @number
 * @link: in bt_client.events of the reporter
 * @number: number of the event in its tracker, from 1
 * @stamp: stamp of the report
 * @reporter: client that made it, referenced
 * @report: the report
 * @verdict: enum buftrack_verdict
 * @target: the record that the report names
 * @hit: the live record that it collides with
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
 * struct bt_events - log of the latest wrong reports of a tracker
 * @kept: the events in the log, by number
 * @slots: memory for @size events; NULL: not set up
 * @size: number of slots
 * @nr: number of slots in use, which are the first ones
 * @last: number of the latest event
 * @newest: number of the latest event in the log, for which readers wait
 */
struct bt_events {
	struct rb_root_cached kept;
	struct bt_event *slots;
	u32 size;
	u32 nr;
	u64 last;
	u64 newest;
};

/**
 * struct bt_listing_pos - position of a listing
 * @domain: number of the client whose private domain it is in, 0: the shared domain
 * @space: space that it is in
 * @address: address of the next key
 * @id: id of the next key
 * @stamp: past all domains: stamp of the last remaining record that was listed
 */
struct bt_listing_pos {
	u64 domain;
	u32 space;
	u64 address;
	u64 id;
	u64 stamp;
};

/**
 * struct bt_listing - a listing of the records of one instant
 * @emit: called for each record with the lock held; returns false to stop the step
 *	  before this record
 * @client: list the records of this owner only, 0: of any
 * @space: list the records of this space only, or BUFTRACK_ANY_SPACE
 * @states: list the records that were in these states, not 0
 * @slot: its index in bt_tracker.listings, while @watched
 * @watched: @missed counts every record that was dropped
 * @busy: the last step must be retried
 * @end: there are no more records
 * @exact: at the end: every record of the instant was listed
 * @instant: stamp that the listing shows
 * @reset: stamp of the latest reset before @instant
 * @until: past all domains: stamp at which it left them
 * @touched: stamp of its latest step
 * @missed: records of the instant that were dropped before they were listed
 * @at: its position
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
	struct bt_listing_pos at;
};

/**
 * struct bt_limits - bounds of one tracker
 * @max_records: live and freed records
 * @max_client_records: live and freed records of one private domain
 * @max_freed: freed records of one domain
 * @max_clients: open clients
 * @max_closed: closed clients
 * @max_remaining: remaining records
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
 * struct bt_tracker - the tracker of one device
 * @lock: protects everything below
 * @enabled: tracking is on
 * @removed: the device is gone and reports fail
 * @has_driver: a driver reports into the shared domain, or once did
 * @nr_spaces: spaces 0 to nr_spaces - 1 exist
 * @apertures: mask of the spaces that are apertures
 * @stamp: latest stamp
 * @reset: stamp of the latest reset
 * @limits: bounds
 * @nr_records: live and freed records
 * @nr_remaining: records in @remaining
 * @nr_clients: open clients
 * @nr_closed: clients in @closed
 * @last_client: number of the latest client
 * @pool: spare records
 * @shared: the shared domain
 * @clients: open and closed clients, by number
 * @closed: closed clients, oldest first
 * @zombies: clients without references, see bt_tracker_take_zombie()
 * @remaining: remaining records, by the stamps at which they were logged
 * @events: latest wrong reports
 * @nr_listings: listings in @listings
 * @listings: listings that count dropped records
 * @total: counters of the device
 * @spaces: counters by space
 */
struct bt_tracker {
	raw_spinlock_t lock;
	bool enabled;
	bool removed;
	bool has_driver;
	u32 nr_spaces;
	u64 apertures;
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
	struct list_head zombies;
	struct rb_root_cached remaining;
	struct bt_events events;
	u32 nr_listings;
	struct bt_listing *listings[BT_MAX_LISTINGS];
	struct bt_counters total;
	struct bt_counters spaces[BUFTRACK_MAX_SPACES];
};

static_assert(BUFTRACK_MAX_SPACES <= 64); /* bits of bt_tracker.apertures */

/**
 * bt_record_address() - address of a record as its reporter knows it
 * @rec: the record
 *
 * Return: the address.
 */
static inline u64 bt_record_address(const struct bt_record *rec)
{
	return rec->address - (rec->is_own ? rec->owner->base : 0);
}

/* pool.c */
int bt_store_init(struct bt_store *store, const char *name, u64 max);
void bt_store_fini(struct bt_store *store);
int bt_pool_fill(struct bt_tracker *t);
int bt_pool_stock(struct bt_tracker *t, unsigned int want, gfp_t gfp);
void bt_pool_count(struct bt_tracker *t, bool count);
void bt_pool_trim(struct bt_tracker *t);

/* registry.c */
struct bt_client *__bt_client_next(struct bt_tracker *t, u64 number);

/* events.c */
int bt_events_setup(struct bt_tracker *t, u32 size);
bool bt_events_next(struct bt_tracker *t, u64 *position, u64 *dropped,
		    void (*emit)(void *arg, const struct bt_event *event),
		    void *arg);

/* listing.c */
void bt_listing_begin(struct bt_tracker *t, struct bt_listing *l, u64 now);
void bt_listing_step(struct bt_tracker *t, struct bt_listing *l);
void bt_listing_end(struct bt_tracker *t, struct bt_listing *l);

/* domain.c */
bool bt_shared_has_live(struct bt_tracker *t, const struct buftrack_report *key);
bool bt_shared_restart(struct bt_tracker *t, unsigned int most);

/* verdict.c */

/* bt_report(): the caller can sleep, so it can fill the pool and report again */
#define BT_MAY_REFILL	BIT(0)

/* bt_report(): the buffer is reference counted, and its owner is charged with the free */
#define BT_AS_OWNER	BIT(1)

int bt_report_check(const struct buftrack_report *r);
int bt_report(struct bt_tracker *t, struct bt_client *c,
	      const struct buftrack_report *r, u64 now, unsigned int opts,
	      u64 *stamp);
int bt_report_own(struct bt_tracker *t, struct bt_client *c,
		  const struct buftrack_report *r, u64 base, u64 now,
		  unsigned int opts);
int bt_report_move(struct bt_tracker *t, struct bt_client *c,
		   const struct buftrack_report *from,
		   const struct buftrack_report *r, u64 now);
int bt_lost(struct bt_tracker *t, struct bt_client *c, u64 count, u64 now);

/* client.c */
int bt_client_init(struct bt_client *c, bool shared, gfp_t gfp);
void bt_client_fini(struct bt_client *c);
int bt_client_begin(struct bt_tracker *t, struct bt_client *c, u64 now);
void bt_client_end(struct bt_tracker *t, struct bt_client *c, u64 now);
void bt_client_reap(struct bt_tracker *t, struct bt_client *c);

/* tracker.c */
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
void bt_tracker_set(struct bt_tracker *t, const struct buftrack_device_set *set);
int bt_tracker_add_space(struct bt_tracker *t);
void bt_tracker_set_aperture(struct bt_tracker *t, u32 space, bool aperture);
int bt_tracker_read_counters(struct bt_tracker *t, u32 scope, u64 number,
			     struct bt_counters *out);
struct bt_client *bt_tracker_take_zombie(struct bt_tracker *t);

#endif /* BUFTRACK_CORE_TRACKER_H */
