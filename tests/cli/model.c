// SPDX-License-Identifier: GPL-2.0
/*
 * A model of the tracker
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

/* Intersecting records that ALLOC examines */
#define MAX_EXAMINED 64

static void *make(size_t size)
{
	void *object = calloc(1, size);

	if (!object)
		err(1, "model");
	return object;
}

/* count() - add to a counter of a client, its device and a space */
static void count(struct client *client, unsigned int space,
		  unsigned int counter, uint64_t by)
{
	client->counts.value[counter] += by;
	client->device->counts.value[counter] += by;
	client->device->spaces[space].counts.value[counter] += by;
}

static bool doubtful(const struct domain *domain, const struct record *record)
{
	return record->allocated < domain->gap;
}

static bool same_key(const struct record *record, const struct event *event)
{
	return record->space == event->space &&
	       record->address == event->address && record->id == event->id;
}

static bool starts_there(const struct record *record, const struct event *event)
{
	return record->space == event->space &&
	       record->address == event->address;
}

static bool spans(const struct record *record, const struct event *event)
{
	return record->space == event->space &&
	       event->address >= record->address &&
	       event->address - record->address < record->span;
}

static bool intersects(const struct record *record, const struct event *event)
{
	if (record->space != event->space || !record->span || !event->span)
		return false;
	if (record->address < event->address)
		return event->address - record->address < record->span;
	return record->address - event->address < event->span;
}

static void drop(struct domain *domain, struct record *record)
{
	struct record **at = &domain->records;

	while (*at != record)
		at = &(*at)->next;
	*at = record->next;
	record->owner->device->nr_records--;
	free(record);
}

/* leave() - end a live record */
static void leave(struct record *record)
{
	struct client *owner = record->owner;

	count(owner, record->space, BUFTRACK_COUNTER_LIVE_BUFFERS, -1);
	count(owner, record->space, BUFTRACK_COUNTER_LIVE_BYTES, -record->size);
	if (!owner->open) {
		count(owner, record->space, BUFTRACK_COUNTER_ORPHANED_BUFFERS,
		      -1);
		count(owner, record->space, BUFTRACK_COUNTER_ORPHANED_BYTES,
		      -record->size);
	}
}

static void supersede(struct domain *domain, struct record *record)
{
	leave(record);
	count(record->owner, record->space, BUFTRACK_COUNTER_SUPERSEDED, 1);
	drop(domain, record);
}

static void forget_freed(struct domain *domain, struct record *record)
{
	count(record->owner, record->space, BUFTRACK_COUNTER_FREED_RECORDS, -1);
	domain->nr_freed--;
	drop(domain, record);
}

static bool evict(struct domain *domain)
{
	struct record *oldest = NULL;

	for (struct record *r = domain->records; r; r = r->next)
		if (!r->live && (!oldest || r->freed < oldest->freed))
			oldest = r;
	if (!oldest)
		return false;
	count(oldest->owner, oldest->space, BUFTRACK_COUNTER_EVICTED_RECORDS,
	      1);
	domain->evicted++;
	forget_freed(domain, oldest);
	return true;
}

/* next_met() - the lowest intersecting record after @last with another key */
static struct record *next_met(struct domain *domain, const struct event *event,
			       const struct record *last)
{
	struct record *lowest = NULL;

	for (struct record *r = domain->records; r; r = r->next) {
		if (!r->live || !intersects(r, event) || same_key(r, event))
			continue;
		if (last &&
		    (r->address < last->address ||
		     (r->address == last->address && r->id <= last->id)))
			continue;
		if (!lowest || r->address < lowest->address ||
		    (r->address == lowest->address && r->id < lowest->id))
			lowest = r;
	}
	return lowest;
}

static void end_doubtful(struct domain *domain, const struct event *event)
{
	struct record *met, last;
	bool first = true;

	for (struct record *r = domain->records, *next; r; r = next) {
		next = r->next;
		if (r->live && same_key(r, event) && doubtful(domain, r))
			supersede(domain, r);
	}
	for (int i = 0; i < MAX_EXAMINED; i++) {
		met = next_met(domain, event, first ? NULL : &last);
		if (!met)
			return;
		last = *met;
		first = false;
		if (doubtful(domain, met))
			supersede(domain, met);
	}
}

static struct record *find_key(struct domain *domain, const struct event *event)
{
	for (struct record *r = domain->records; r; r = r->next)
		if (same_key(r, event))
			return r;
	return NULL;
}

static void add_record(struct model *model, struct client *client,
		       const struct event *event)
{
	struct record *record = make(sizeof(*record));

	*record = (struct record){
		.next = client->domain->records,
		.owner = client,
		.space = event->space,
		.address = event->address,
		.size = event->size,
		.span = event->span,
		.id = event->id,
		.allocated = model->now,
		.live = true,
	};
	client->domain->records = record;
	client->device->nr_records++;
	count(client, event->space, BUFTRACK_COUNTER_ALLOCS, 1);
	count(client, event->space, BUFTRACK_COUNTER_LIVE_BUFFERS, 1);
	count(client, event->space, BUFTRACK_COUNTER_LIVE_BYTES, event->size);
}

static void alloc(struct model *model, struct client *client,
		  const struct event *event)
{
	struct domain *domain = client->domain;
	struct record *same;
	bool again;

	end_doubtful(domain, event);
	same = find_key(domain, event);
	again = same && same->live;
	if (!same && client->device->nr_records >= model->max_records &&
	    !evict(domain)) {
		count(client, event->space, BUFTRACK_COUNTER_UNTRACKED_BUFFERS,
		      1);
		domain->gap = model->now;
		return;
	}
	if (again)
		supersede(domain, same);
	else if (same)
		forget_freed(domain, same);
	if (again)
		count(client, event->space, BUFTRACK_COUNTER_DOUBLE_ALLOCS, 1);
	else if (next_met(domain, event, NULL))
		count(client, event->space, BUFTRACK_COUNTER_OVERLAPS, 1);
	add_record(model, client, event);
}

static struct record *find_target(struct domain *domain,
				  const struct event *event)
{
	struct record *live = NULL, *freed = NULL;

	if (event->id)
		return find_key(domain, event);
	for (struct record *r = domain->records; r; r = r->next) {
		if (!starts_there(r, event))
			continue;
		if (r->live && (!live || r->allocated > live->allocated))
			live = r;
		if (!r->live && (!freed || r->freed > freed->freed))
			freed = r;
	}
	return live ? live : freed;
}

static unsigned int judge_live(struct client *client,
			       const struct record *target,
			       const struct event *event)
{
	if (doubtful(client->domain, target))
		return BUFTRACK_VERDICT_OK;
	if (target->owner != client && target->owner->open)
		return BUFTRACK_VERDICT_FOREIGN_FREE;
	if (event->size && event->size != target->size)
		return BUFTRACK_VERDICT_SIZE_MISMATCH;
	return BUFTRACK_VERDICT_OK;
}

static void end_live(struct model *model, struct domain *domain,
		     struct record *target)
{
	leave(target);
	count(target->owner, target->space, BUFTRACK_COUNTER_FREES, 1);
	count(target->owner, target->space, BUFTRACK_COUNTER_FREED_RECORDS, 1);
	target->live = false;
	target->freed = model->now;
	domain->nr_freed++;
	while (domain->nr_freed > model->max_freed)
		evict(domain);
}

static unsigned int judge_freed(struct domain *domain,
				const struct record *target,
				const struct event *event)
{
	if (domain->gap > target->freed)
		return BUFTRACK_VERDICT_UNKNOWN_GAP;
	for (struct record *r = domain->records; r; r = r->next)
		if (r->live && !doubtful(domain, r) &&
		    (starts_there(r, event) || spans(r, event)))
			return BUFTRACK_VERDICT_STALE_FREE;
	return BUFTRACK_VERDICT_DOUBLE_FREE;
}

static unsigned int judge_unknown(struct client *client,
				  const struct event *event)
{
	struct domain *domain = client->domain;

	for (struct record *r = domain->records; r; r = r->next)
		if (r->live && !doubtful(domain, r) && spans(r, event) &&
		    !starts_there(r, event))
			return BUFTRACK_VERDICT_INVALID_FREE;
	if (event->id && event->id < client->first_id)
		return BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH;
	if (domain->gap)
		return BUFTRACK_VERDICT_UNKNOWN_GAP;
	if (domain->evicted)
		return BUFTRACK_VERDICT_UNKNOWN_EVICTED;
	for (struct record *r = domain->records; r; r = r->next)
		if (starts_there(r, event))
			return BUFTRACK_VERDICT_UNKNOWN_OTHER_ID;
	return client->late ? BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH :
			      BUFTRACK_VERDICT_UNKNOWN_NEVER;
}

static void release(struct model *model, struct client *client,
		    const struct event *event)
{
	struct domain *domain = client->domain;
	struct record *target = find_target(domain, event);
	unsigned int verdict;

	if (!target)
		verdict = judge_unknown(client, event);
	else if (!target->live)
		verdict = judge_freed(domain, target, event);
	else if (event->refused)
		verdict = BUFTRACK_VERDICT_REFUSED_FREE;
	else
		verdict = judge_live(client, target, event);
	if (verdict != BUFTRACK_VERDICT_OK)
		count(client, event->space, buftrack_verdict_counter(verdict),
		      1);
	if (target && target->live && !event->refused)
		end_live(model, domain, target);
}

/* use() - judge a use, which changes nothing */
static void use(struct client *client, const struct event *event)
{
	struct domain *domain = client->domain;
	const struct record *target = event->id ? find_key(domain, event) :
						  NULL;

	if (target && !target->live && domain->gap < target->freed)
		count(client, event->space, BUFTRACK_COUNTER_USE_AFTER_FREES,
		      1);
}

static void raise_peak(struct counts *counts)
{
	if (counts->value[BUFTRACK_COUNTER_PEAK_BYTES] <
	    counts->value[BUFTRACK_COUNTER_LIVE_BYTES])
		counts->value[BUFTRACK_COUNTER_PEAK_BYTES] =
			counts->value[BUFTRACK_COUNTER_LIVE_BYTES];
}

void model_report(struct model *model, struct client *client,
		  const struct event *event)
{
	struct device *device = client->device;

	model->now++;
	if (!device->enabled) {
		count(client, event->space, BUFTRACK_COUNTER_DISABLED_REPORTS,
		      1);
		if (event->op != TRACE_USE)
			client->domain->gap = model->now;
		return;
	}
	if (event->op == TRACE_ALLOC)
		alloc(model, client, event);
	else if (event->op == TRACE_FREE)
		release(model, client, event);
	else
		use(client, event);
	raise_peak(&device->counts);
	for (unsigned int i = 0; i < device->nr_spaces; i++)
		raise_peak(&device->spaces[i].counts);
	for (struct client *c = device->clients; c; c = c->next)
		raise_peak(&c->counts);
}

struct device *model_device(struct model *model, const char *name)
{
	struct device **at = &model->devices;

	for (; *at; at = &(*at)->next)
		if (!strcmp((*at)->name, name))
			return *at;
	*at = make(sizeof(**at));
	(*at)->name = name;
	(*at)->enabled = true;
	return *at;
}

unsigned int model_space(struct device *device, const char *name)
{
	unsigned int i;

	for (i = 0; i < device->nr_spaces; i++)
		if (!strcmp(device->spaces[i].name, name))
			return i;
	if (i == BUFTRACK_MAX_SPACES)
		errx(1, "too many spaces");
	device->spaces[i].name = strdup(name);
	device->nr_spaces++;
	return i;
}

struct client *model_open(struct model *model, struct device *device,
			  uint64_t first_id, bool late, bool shared)
{
	struct client *client = make(sizeof(*client));

	model->now++;
	*client = (struct client){
		.next = device->clients,
		.number = ++device->nr_clients,
		.device = device,
		.domain = shared ? &device->shared : &client->own,
		.first_id = first_id,
		.late = late,
		.open = true,
	};
	device->clients = client;
	return client;
}

void model_gap(struct model *model, struct client *client)
{
	model->now++;
	client->counts.value[BUFTRACK_COUNTER_LOST_REPORTS]++;
	client->device->counts.value[BUFTRACK_COUNTER_LOST_REPORTS]++;
	client->domain->gap = model->now;
}

static void end_record(struct client *client, struct record *record)
{
	if (record->live) {
		leave(record);
		count(client, record->space, BUFTRACK_COUNTER_REMAINING_BUFFERS,
		      1);
		count(client, record->space, BUFTRACK_COUNTER_REMAINING_BYTES,
		      record->size);
	} else {
		count(client, record->space, BUFTRACK_COUNTER_FREED_RECORDS,
		      -1);
	}
	drop(&client->own, record);
}

void model_close(struct model *model, struct client *client)
{
	model->now++;
	while (client->own.records)
		end_record(client, client->own.records);
	client->open = false;
	for (struct record *r = client->device->shared.records; r;
	     r = r->next) {
		if (r->owner != client || !r->live)
			continue;
		count(client, r->space, BUFTRACK_COUNTER_ORPHANED_BUFFERS, 1);
		count(client, r->space, BUFTRACK_COUNTER_ORPHANED_BYTES,
		      r->size);
	}
}
