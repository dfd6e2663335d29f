// SPDX-License-Identifier: GPL-2.0
/*
 * Wrong reports as JSON, a line for each
 */
#include <stdio.h>

#include "event-json.h"
#include "../util/json.h"

/* What is in a comm need not end with a NUL. */
static void put_process(struct json_object *object, const char *pid_key,
			unsigned int pid, const char *comm_key,
			const char *comm)
{
	char name[BUFTRACK_COMM_SIZE];

	copy_name(name, comm, sizeof(name));
	json_put_number(object, pid_key, pid);
	json_put_text(object, comm_key, pid || *name ? name : OTHER);
}

static void put_state(struct json_object *object, unsigned int state)
{
	json_put_text(object, "state",
		      state & BUFTRACK_RECORD_STATE_FREED ? "freed" : "live");
	json_put_bool(object, "doubtful",
		      state & BUFTRACK_RECORD_STATE_DOUBTFUL);
	json_put_bool(object, "orphaned",
		      state & BUFTRACK_RECORD_STATE_ORPHANED);
	json_put_bool(object, "redacted",
		      state & BUFTRACK_RECORD_STATE_REDACTED);
}

/* A stack is told where it is known. */
static void put_frames(struct json_object *object, const char *key,
		       const struct stack *stack)
{
	if (stack)
		json_put_lines(object, key, stack->frames);
}

static struct json_object *
record_json(const struct buftrack_event_record *record,
	    const struct record_stacks *stacks)
{
	bool shown = !(record->state & BUFTRACK_RECORD_STATE_REDACTED);
	struct json_object *object = json_dict();

	json_put_number(object, "client", record->client);
	put_process(object, "pid", record->pid, "comm", record->comm);
	json_put_shown(object, "address", record->address, shown);
	json_put_number(object, "size", record->size);
	json_put_number(object, "span", record->span);
	json_put_shown(object, "id", record->id, shown);
	json_put_number(object, "allocated_ns", record->allocated);
	json_put_shown(object, "site", record->site, shown);
	put_frames(object, "stack", stacks->site);
	put_state(object, record->state);
	json_put_number(object, "ended_ns", record->ended);
	json_put_number(object, "ended_by", record->ended_by);
	if (record->ended_by)
		put_process(object, "ended_by_pid", record->ended_by_pid,
			    "ended_by_comm", record->ended_by_comm);
	json_put_shown(object, "ended_site", record->ended_site, shown);
	put_frames(object, "ended_stack", stacks->ended_site);
	json_put_number(object, "repeats", record->repeats);
	return object;
}

static void put_record(struct json_object *object, const char *key,
		       const struct buftrack_event_record *record,
		       const struct record_stacks *stacks)
{
	json_put(object, key,
		 record->client ? record_json(record, stacks) : NULL);
}

static void put_report(struct json_object *object,
		       const struct buftrack_report *report,
		       const struct scene *scene)
{
	bool shown = !scene->hidden;

	json_put_text(object, "op",
		      report->op == BUFTRACK_OP_ALLOC ? "alloc" : "free");
	json_put_bool(object, "refused",
		      report->flags & BUFTRACK_REPORT_REFUSED);
	json_put_text(object, "space", scene->space);
	json_put_shown(object, "address", report->address, shown);
	json_put_number(object, "size", report->size);
	json_put_number(object, "span", report->span);
	json_put_shown(object, "id", report->id, shown);
	json_put_shown(object, "site", report->site, shown);
	put_frames(object, "stack", scene->stack);
	json_put_bool(object, "redacted", !shown);
}

static void put_verdict(struct json_object *object, unsigned int verdict)
{
	const char *name = buftrack_verdict_name(verdict);
	char text[32];

	snprintf(text, sizeof(text), "%u", verdict);
	json_put_text(object, "verdict", name ? name : text);
}

void event_json(const struct buftrack_event *event, const struct scene *scene)
{
	const struct owner *owner = scene->reporter;
	struct json_object *object = json_dict();

	json_put_number(object, "device", scene->device);
	json_put_text(object, "device_name", scene->device_name);
	json_put_number(object, "sequence", event->sequence);
	json_put_number(object, "dropped", event->dropped);
	put_verdict(object, event->verdict);
	json_put_number(object, "stamp_ns", event->stamp);
	json_put_number(object, "client", event->client);
	put_process(object, "pid", event->pid, "comm", event->comm);
	json_put_number(object, "uid", event->uid);
	if (owner && owner->claimed_pid)
		json_put_number(object, "claimed_pid", owner->claimed_pid);
	if (owner && *owner->claimed_name)
		json_put_text(object, "claimed_name", owner->claimed_name);
	put_report(object, &event->report, scene);
	put_record(object, "target", &event->target, &scene->target);
	put_record(object, "hit", &event->hit, &scene->hit);
	json_print_plain(object);
	putchar('\n');
}
