// SPDX-License-Identifier: GPL-2.0
/*
 * The summary for programs: all that the summary for people shows, without its limits
 */
#include <stdlib.h>

#include "../util/json.h"
#include "findings.h"
#include "json.h"

static void put_hex(struct json_object *object, const char *key,
		    const uint8_t *bytes, size_t nr)
{
	char text[2 * 64 + 1] = "";

	for (size_t i = 0; i < nr && i < 64; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	json_put_text(object, key, text);
}

static void put_position(struct json_object *object, const char *function,
			 const char *file, unsigned int line)
{
	if (function)
		json_put_text(object, "function", function);
	if (file)
		json_put_text(object, "file", file);
	if (line)
		json_put_number(object, "line", line);
}

/**
 * struct native - the functions of a native frame
 * @frames: the array that gets them
 * @frame: the frame
 */
struct native {
	struct json_object *frames;
	const struct frame *frame;
};

static void append_symbol(void *context, const struct symbol *symbol)
{
	struct json_object *object = json_dict();
	const struct native *native = context;
	const struct frame *frame = native->frame;

	put_position(object, symbol->function, symbol->file, symbol->line);
	if (frame->module) {
		json_put_text(object, "module", frame->module->path);
		put_hex(object, "build_id", frame->module->build_id,
			frame->module->build_id_size);
	}
	json_put_number(object, frame->module ? "offset" : "address",
			frame->offset);
	json_append(native->frames, object);
}

static void append_frame(const struct summary *summary,
			 struct json_object *frames, const struct frame *frame)
{
	struct native native = { frames, frame };
	struct json_object *object;

	if (!frame->function) {
		symbols_resolve(summary->symbols, frame, append_symbol,
				&native);
		return;
	}
	object = json_dict();
	json_put_text(object, "language", "python");
	put_position(object, frame->function, frame->file, frame->line);
	json_append(frames, object);
}

/* stack_json() - an array of frames, the innermost first; null: there is no stack */
static struct json_object *stack_json(const struct summary *summary,
				      uint32_t number)
{
	const struct stack *stack = stacks_get(summary->judge->stacks, number);
	struct json_object *frames;

	if (!stack)
		return NULL;
	frames = json_array();
	for (unsigned int i = 0; i < stack->nr; i++)
		append_frame(summary, frames, stack->frames[i]);
	return frames;
}

static void put_side(const struct summary *summary, struct json_object *object,
		     const char *key, uint64_t site, uint64_t time)
{
	struct json_object *side = json_dict();

	json_put_number(side, "tid", SITE_TID(site));
	json_put_number(side, "stamp_ns", time);
	json_put(side, "stack", stack_json(summary, SITE_STACK(site)));
	json_put(object, key, side);
}

static void put_place(struct json_object *object,
		      const struct run_device *device, unsigned int space)
{
	json_put_number(object, "device", device->number);
	json_put_text(object, "device_name", device->name);
	json_put_text(object, "space", device->spaces[space].name);
}

static void put_use(struct json_object *object, unsigned int flags)
{
	json_put_text(object, "use",
		      flags & LOG_FLAG_PROGRAM ? "argument" :
		      flags & LOG_FLAG_WRITE   ? "write" :
						 "read");
}

static struct json_object *problem_json(const struct summary *summary,
					const struct problem *problem)
{
	const struct buftrack_event *event = &problem->first;
	struct json_object *object = json_dict();

	json_put_text(object, "verdict",
		      buftrack_verdict_name(problem->key.verdict));
	json_put_number(object, "count", problem->count);
	json_put_number(object, "bytes", problem->bytes);
	put_place(object, problem->device, problem->key.space);
	json_put_number(object, "pid", event->pid);
	json_put_text(object, "comm", event->comm);
	json_put_number(object, "address", event->report.address);
	json_put_number(object, "id", event->report.id);
	if (problem->key.verdict == BUFTRACK_VERDICT_USE_AFTER_FREE)
		put_use(object, problem->flags);
	put_side(summary, object, "report", event->report.site, event->stamp);
	if (event->target.state & BUFTRACK_RECORD_STATE_FREED)
		put_side(summary, object, "freed", event->target.ended_site,
			 event->target.ended);
	if (event->target.client)
		put_side(summary, object, "allocated", event->target.site,
			 event->target.allocated);
	if (event->hit.client)
		put_side(summary, object, "hit", event->hit.site,
			 event->hit.allocated);
	return object;
}

static struct json_object *problems_json(const struct summary *summary)
{
	struct json_object *array = json_array();
	struct problem **list;
	size_t nr;

	list = findings_problems(summary, &nr);
	for (size_t i = 0; i < nr; i++)
		json_append(array, problem_json(summary, list[i]));
	free(list);
	return array;
}

static struct json_object *swallowed_json(const struct summary *summary)
{
	const struct problem *problem = summary->judge->swallowed;
	struct json_object *array = json_array();

	for (; problem; problem = problem->hh.next)
		json_append(array, problem_json(summary, problem));
	return array;
}

static struct json_object *sums_json(const struct summary *summary,
				     const struct site_sum *sums, size_t nr)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < nr; i++) {
		struct json_object *object = json_dict();

		json_put_number(object, "buffers", sums[i].buffers);
		json_put_number(object, "bytes", sums[i].bytes);
		json_put(object, "stack", stack_json(summary, sums[i].site));
		json_append(array, object);
	}
	return array;
}

static struct json_object *gap_json(const struct summary *summary,
				    const struct refusal_gap *gap)
{
	struct json_object *object;

	if (!gap->end)
		return NULL;
	object = json_dict();
	json_put_number(object, "start", gap->start);
	json_put_number(object, "end", gap->end);
	json_put(object, "below", stack_json(summary, gap->below));
	json_put(object, "above", stack_json(summary, gap->above));
	return object;
}

static struct json_object *
eviction_json(const struct summary *summary,
	      const struct refusal_eviction *eviction)
{
	struct json_object *object;

	if (!eviction->end)
		return NULL;
	object = json_dict();
	json_put_number(object, "start", eviction->start);
	json_put_number(object, "end", eviction->end);
	json_put_number(object, "buffers", eviction->buffers);
	json_put_number(object, "bytes", eviction->bytes);
	json_put(object, "sites",
		 sums_json(summary, eviction->sites, eviction->nr_sites));
	return object;
}

static struct json_object *refusal_json(const struct summary *summary,
					const struct refusal *refusal)
{
	struct json_object *object = json_dict();

	put_place(object, refusal->device, refusal->space);
	json_put_number(object, "count", refusal->count);
	json_put_number(object, "pid", refusal->pid);
	json_put_text(object, "comm", refusal->comm);
	json_put_number(object, "stamp_ns", refusal->time);
	json_put_number(object, "size", refusal->size);
	json_put_number(object, "span", refusal->span);
	json_put_number(object, "largest_free", refusal->largest);
	json_put_text(object, "message", refusal->message);
	json_put(object, "stack", stack_json(summary, refusal->stack));
	json_put(object, "live",
		 sums_json(summary, refusal->live, refusal->nr_live));
	json_put(object, "largest_gap", gap_json(summary, &refusal->gap));
	json_put(object, "eviction",
		 eviction_json(summary, &refusal->eviction));
	return object;
}

static struct json_object *refusals_json(const struct summary *summary)
{
	const struct refusal *refusal = summary->judge->refusals;
	struct json_object *array = json_array();

	for (; refusal; refusal = refusal->next)
		json_append(array, refusal_json(summary, refusal));
	return array;
}

static struct json_object *peak_json(const struct summary *summary,
				     const struct space_use *use)
{
	struct json_object *object = json_dict();
	struct site_sum *sums;
	size_t nr;

	sums = space_use_at_peak(use, &nr);
	json_put_number(object, "bytes", use->peak_bytes);
	json_put_number(object, "stamp_ns", use->peak_time);
	json_put(object, "sites", sums_json(summary, sums, nr));
	free(sums);
	return object;
}

/* add_to_space() - add what the books do not know to a space of their JSON */
static void add_to_space(const struct summary *summary,
			 struct json_object *object,
			 const struct run_space *space)
{
	struct site_sum *sums;
	size_t nr;

	sums = space_use_left(&space->use, &nr);
	json_put(object, "peak", peak_json(summary, &space->use));
	json_put(object, "remaining", sums_json(summary, sums, nr));
	free(sums);
}

static struct json_object *devices_json(const struct summary *summary)
{
	struct json_object *object =
		summary->options->devices_json(summary->judge->books);
	const struct run_device *device = summary->judge->devices;
	struct json_object *devices, *spaces;

	json_object_object_get_ex(object, "devices", &devices);
	for (size_t i = 0; device; i++, device = device->next) {
		struct json_object *entry =
			json_object_array_get_idx(devices, i);

		if (!entry)
			break;
		json_put_number(entry, "peak_bytes", device->peak_bytes);
		json_put_number(entry, "peak_stamp_ns", device->peak_time);
		json_object_object_get_ex(entry, "spaces", &spaces);
		for (size_t j = 0; j < device->nr_spaces; j++)
			add_to_space(summary,
				     json_object_array_get_idx(spaces, j),
				     &device->spaces[j]);
	}
	return object;
}

static struct json_object *command_json(const struct summary *summary)
{
	const struct child *child = summary->child;
	struct json_object *object = json_dict(), *words = json_array();

	for (char *const *word = summary->options->command; *word; word++)
		json_append_text(words, *word);
	json_put(object, "words", words);
	json_put_number(object, "pid", child->pid);
	json_put_number(object, "exit_status", child_exit_status(child));
	json_put_number(object, "began_ns", child->began);
	json_put_number(object, "ended_ns", child->finished);
	return object;
}

static struct json_object *coverage_json(const struct summary *summary)
{
	const struct judge *judge = summary->judge;
	struct json_object *object = json_dict(), *notes = json_array();
	uint64_t totals[BUFTRACK_NR_COUNTERS];

	findings_totals(summary, totals);
	for (struct note *note = judge->notes; note; note = note->hh.next)
		json_append_text(notes, note->text);
	json_put_bool(object, "complete", findings_complete(summary));
	json_put_number(object, "processes", judge->nr_processes);
	json_put_number(object, "running_processes", summary->logs->nr_running);
	json_put_number(object, "damaged_logs", judge->nr_damaged);
	json_put_number(object, "lost_reports", judge->nr_lost);
	json_put_number(object, "unjudged_frees", findings_unjudged(totals));
	json_put_number(object, "other_problems", judge->more_problems);
	json_put_bool(object, "stacks_left_out", stacks_full(judge->stacks));
	json_put(object, "notes", notes);
	return object;
}

void summary_json(const struct summary *summary, FILE *out)
{
	struct json_object *object = devices_json(summary);

	json_put(object, "command", command_json(summary));
	json_put_bool(object, "condition", summary->condition);
	json_put(object, "problems", problems_json(summary));
	json_put(object, "out_of_memory", refusals_json(summary));
	json_put(object, "ignored_frees", swallowed_json(summary));
	json_put(object, "coverage", coverage_json(summary));
	json_print_to(out, object);
}
