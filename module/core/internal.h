/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Declarations shared by the files of the core only
 *
 * The files form layers. A file may call those of the layers above it in this list, and
 * none of its own layer:
 *
 *  counters.h			every change of a counter
 *  index, pool, registry	trees of records; spare records; clients by number
 *  events, listing		the event log; listings of an instant
 *  domain, remaining		records that enter, change state and leave; the log of
 *				records that ended clients left live
 *  verdict, client		one report; the life of a client
 *  tracker			the life of a tracker, its bounds and counters
 *
 * A function named __foo() expects @bt_tracker.lock to be held. It asserts this where
 * it can reach the tracker.
 */
#ifndef BUFTRACK_CORE_INTERNAL_H
#define BUFTRACK_CORE_INTERNAL_H

#include <linux/lockdep.h>
#include "export.h"
#include "tracker.h"

/**
 * __bt_next_stamp() - the stamp of a new report or other event
 * @t: the tracker, locked
 * @now: time in ns
 *
 * Return: @now, or a little more if that stamp is taken.
 */
static inline u64 __bt_next_stamp(const struct bt_tracker *t, u64 now)
{
	return max(now, t->stamp + 1);
}

/**
 * bt_client_domain() - the domain that a client reports into
 * @t: the tracker
 * @c: the client
 *
 * The shared domain outlives its clients, so it is valid even after @c was reaped.
 *
 * Return: the domain, or NULL once a private one was destroyed.
 */
static inline struct bt_domain *bt_client_domain(const struct bt_tracker *t,
						 const struct bt_client *c)
{
	return c->shared ? t->shared : c->domain;
}

/**
 * bt_is_aperture() - test whether a space is an aperture
 * @t: the tracker
 * @space: number of the space
 *
 * Return: true if its buffers are views of memory that is counted elsewhere.
 */
static inline bool bt_is_aperture(const struct bt_tracker *t, u32 space)
{
	return t->apertures & BIT_ULL(space);
}

/**
 * bt_quota_add() - count live and freed records against a client's quota
 * @c: the client
 * @n: number of records that came, negative for records that went
 */
static inline void bt_quota_add(struct bt_client *c, s64 n)
{
	if (c->quota)
		atomic64_add(n, &c->quota->nr);
}

/* pool.c: spare records */
void bt_store_put(struct bt_store *store, struct bt_record *rec);
struct bt_record *__bt_pool_get(struct bt_pool *pool);
void __bt_pool_put(struct bt_pool *pool, struct bt_record *rec);
void bt_pool_drain(struct bt_pool *pool);

/* registry.c: clients by number, and references to them */
void __bt_client_get(struct bt_client *c);
void __bt_client_put(struct bt_tracker *t, struct bt_client *c);
void __bt_record_unref(struct bt_tracker *t, struct bt_record *rec);
void __bt_client_register(struct bt_tracker *t, struct bt_client *c);
bool __bt_closed_trim(struct bt_tracker *t);
void bt_closed_trim(struct bt_tracker *t);

/* events.c: the latest wrong reports */
void bt_events_retire(struct bt_tracker *t);
void __bt_events_add(struct bt_tracker *t, const struct bt_domain *d,
		     const struct bt_event *event,
		     const struct bt_record *target, const struct bt_record *hit);

/* listing.c: notify the listings of records that are about to be dropped */
void __bt_listings_drop(struct bt_tracker *t, const struct bt_record *rec);
void __bt_listings_gap(struct bt_tracker *t, struct bt_domain *d);
void __bt_listings_drop_remaining(struct bt_tracker *t,
				  const struct bt_record *rec);
void bt_listings_drop_domain(struct bt_tracker *t, struct bt_domain *d);

/* domain.c: records that enter a domain, change state and leave */
struct bt_domain *bt_domain_create(gfp_t gfp);
void bt_domain_destroy(struct bt_tracker *t, struct bt_domain *d);
void __bt_domain_note_gap(struct bt_tracker *t, struct bt_domain *d, u64 stamp);
void __bt_domain_add(struct bt_tracker *t, struct bt_domain *d,
		     struct bt_record *rec);
void __bt_domain_supersede(struct bt_tracker *t, struct bt_domain *d,
			   struct bt_record *rec);
void __bt_domain_free(struct bt_tracker *t, struct bt_domain *d,
		      struct bt_record *rec, u64 stamp, struct bt_client *by,
		      u64 site);
void __bt_domain_drop_freed(struct bt_tracker *t, struct bt_domain *d,
			    struct bt_record *rec);
void __bt_domain_evict_oldest(struct bt_tracker *t, struct bt_domain *d);
struct bt_client *__bt_shared_owner(const struct bt_tracker *t,
				    const struct buftrack_report *key);

/* remaining.c: the log of records that ended clients left live */
void bt_remaining_log(struct bt_tracker *t, struct bt_client *c);
void bt_remaining_drop(struct bt_tracker *t, u64 keep, u64 stamp);

#endif /* BUFTRACK_CORE_INTERNAL_H */
