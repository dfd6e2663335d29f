// SPDX-License-Identifier: GPL-2.0
/* Random sequences: both keep the same wrong reports with the same evidence */
#include "random.h"

static u64 number_of(const struct bt_client *c)
{
	return c ? c->number : 0;
}

static u64 twin_number(const struct model_client *c)
{
	return c ? c->number : 0;
}

/* The evidence that a live record provides */
static void compare_live(struct match *m, const struct bt_event_record *got,
			 const struct model_record *expected, u32 state)
{
	match_expect(m, "evidence: owner", number_of(got->owner),
		     twin_number(expected->owner));
	match_expect(m, "evidence: state", got->state, state);
	match_expect(m, "evidence: address", got->address, expected->address);
	match_expect(m, "evidence: id", got->id, expected->id);
	match_expect(m, "evidence: size", got->size, expected->size);
	match_expect(m, "evidence: span", got->span, expected->span);
	match_expect(m, "evidence: allocated", got->allocated,
		     expected->allocated);
	match_expect(m, "evidence: site", got->site, expected->site);
}

static void compare_evidence(struct match *m, const struct bt_event_record *got,
			     const struct model_record *expected, u32 state)
{
	compare_live(m, got, expected, state);
	match_expect(m, "evidence: by", number_of(got->by),
		     twin_number(expected->by));
	match_expect(m, "evidence: freed", got->freed, expected->freed);
	match_expect(m, "evidence: site of the free", got->freed_site,
		     expected->freed_site);
	match_expect(m, "evidence: repeats", got->repeats, expected->repeats);
}

static void compare_event(struct match *m, const struct bt_event *got,
			  const struct model_event *expected)
{
	match_expect(m, "event: number", got->number, expected->number);
	match_expect(m, "event: stamp", got->stamp, expected->stamp);
	match_expect(m, "event: verdict", got->verdict, expected->verdict);
	match_expect(m, "event: reporter", number_of(got->reporter),
		     expected->reporter->number);
	match_expect(m, "event: report", memcmp(&got->report, &expected->report,
						sizeof(got->report)), 0);
	compare_evidence(m, &got->target, &expected->target,
			 expected->target_state);
	compare_evidence(m, &got->hit, &expected->hit, expected->hit_state);
}

static struct model_event *next_event(struct match *m, u64 position)
{
	struct model_event *event;

	list_for_each_entry(event, &m->m.events, node)
		if (event->number > position)
			return event;
	return NULL;
}

/* The expected result of bt_events_next() */
struct reading {
	struct match *m;
	const struct model_event *expected;
};

static void look(void *arg, const struct bt_event *event)
{
	const struct reading *reading = arg;

	if (reading->expected)
		compare_event(reading->m, event, reading->expected);
}

/* Read the event after a position and advance to it; false if there is none */
static bool read_event(struct match *m, u64 *position)
{
	struct reading reading = { m, next_event(m, *position) };
	u64 before = *position, dropped = 0;
	bool found;

	found = bt_events_next(fixture(m->test)->t, position, &dropped, look,
			       &reading);
	match_expect(m, "a later event", found, !!reading.expected);
	if (!found || !reading.expected)
		return false;
	match_expect(m, "position", *position, reading.expected->number);
	match_expect(m, "dropped events", dropped, *position - before - 1);
	return true;
}

/**
 * match_compare_events() - advance the reader of events, seldom to the end
 * @m: the match
 */
void match_compare_events(struct match *m)
{
	struct bt_tracker *t = fixture(m->test)->t;
	u32 n = match_random(m, 3);

	match_expect(m, "events", t->events.last, m->m.last_event);
	match_expect(m, "events in the log", t->events.nr,
		     list_count_nodes(&m->m.events));
	while (n-- && read_event(m, &m->position))
		;
	if (match_chance(m, 1, 200))
		m->position = 0;
}

/**
 * match_compare_all_events() - compare all events in the log
 * @m: the match
 */
void match_compare_all_events(struct match *m)
{
	u64 position = 0;

	while (read_event(m, &position) && !m->failed)
		;
}
