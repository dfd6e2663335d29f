// SPDX-License-Identifier: GPL-2.0
/* The model: the latest wrong reports with their evidence */
#include <linux/slab.h>
#include "model.h"

/**
 * model_state() - the state of a record in a domain
 * @m: the model
 * @rec: the record
 *
 * Return: combination of enum buftrack_record_state.
 */
u32 model_state(struct model *m, const struct model_record *rec)
{
	u32 state = BUFTRACK_RECORD_STATE_LIVE;

	if (rec->freed)
		return BUFTRACK_RECORD_STATE_FREED;
	if (model_doubtful(model_domain_of(m, rec->owner), rec))
		state |= BUFTRACK_RECORD_STATE_DOUBTFUL;
	if (rec->owner->ended)
		state |= BUFTRACK_RECORD_STATE_ORPHANED;
	return state;
}

static struct model_event *oldest_of(struct model *m,
				     const struct model_client *c)
{
	struct model_event *event;

	list_for_each_entry(event, &m->events, node)
		if (!c || event->reporter == c)
			return event;
	return NULL;
}

static u32 count_of(struct model *m, const struct model_client *c)
{
	struct model_event *event;
	u32 nr = 0;

	list_for_each_entry(event, &m->events, node)
		nr += event->reporter == c;
	return nr;
}

/* A client at its share recycles its own oldest event, any other the oldest of all */
static void make_room(struct model *m, const struct model_client *c)
{
	struct model_event *old = NULL;

	if (list_count_nodes(&m->events) < m->max_events)
		return;
	if (count_of(m, c) >= m->max_events / MODEL_EVENTS_SHARE)
		old = oldest_of(m, c);
	old = old ?: oldest_of(m, NULL);
	list_del(&old->node);
	kfree(old);
}

static void note(struct model *m, struct model_record *to, u32 *state,
		 const struct model_record *from)
{
	if (!from)
		return;
	*to = *from;
	*state = model_state(m, from);
}

/**
 * model_record_event() - log a wrong report
 * @m: the model
 * @c: client that made it
 * @r: the report
 * @stamp: its stamp
 * @verdict: its verdict
 * @target: the record that it names, or NULL
 * @hit: the record that it collides with, or NULL
 *
 * Return: the verdict, or -ENOMEM.
 */
int model_record_event(struct model *m, struct model_client *c,
		       const struct buftrack_report *r, u64 stamp, int verdict,
		const struct model_record *target,
		const struct model_record *hit)
{
	struct model_event *event;

	m->last_event++;
	if (!m->max_events)
		return verdict;
	event = kzalloc(sizeof(*event), GFP_KERNEL);
	if (!event)
		return -ENOMEM;
	make_room(m, c);
	event->number = m->last_event;
	event->stamp = stamp;
	event->reporter = c;
	event->report = *r;
	event->verdict = verdict;
	note(m, &event->target, &event->target_state, target);
	note(m, &event->hit, &event->hit_state, hit);
	list_add_tail(&event->node, &m->events);
	return verdict;
}

/**
 * model_events_name() - test whether an event in the log refers to a client
 * @m: the model
 * @c: the client
 *
 * Return: true if one does.
 */
bool model_events_name(struct model *m, const struct model_client *c)
{
	struct model_event *event;

	list_for_each_entry(event, &m->events, node)
		if (event->reporter == c || event->target.owner == c ||
		    event->target.by == c || event->hit.owner == c ||
		    event->hit.by == c)
			return true;
	return false;
}
