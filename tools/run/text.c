// SPDX-License-Identifier: GPL-2.0
/*
 * The summary for people: the verdict first, then what to mend, then what was held
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../util/err.h"
#include "../util/text.h"
#include "findings.h"
#include "text.h"

/* What is shown of long lists; JSON has all of them */
#define MAX_PROBLEMS 10
#define MAX_SITES 5
#define MAX_CALLERS 2
#define MAX_FRAMES 6
#define MAX_NAME 100
#define MAX_FRAMES_WITH_STACKS 32

#define NS_PER_S UINT64_C(1000000000)

#define LABEL "      %-12s "
#define FRAME_INDENT "                     "

/**
 * struct verdict_words - how the summary speaks of a verdict
 * @one: of one report
 * @more: of several
 * @now: what the report did
 * @target: the record that it names, unless it was freed
 */
struct verdict_words {
	const char *one;
	const char *more;
	const char *now;
	const char *target;
};

static const struct verdict_words words[BUFTRACK_NR_VERDICTS] = {
	[BUFTRACK_VERDICT_USE_AFTER_FREE] = { "use after free",
					      "uses after free", "used" },
	[BUFTRACK_VERDICT_DOUBLE_FREE] = { "double free", "double frees",
					   "freed again" },
	[BUFTRACK_VERDICT_STALE_FREE] = { "stale free", "stale frees",
					  "freed again" },
	[BUFTRACK_VERDICT_INVALID_FREE] = { "free inside of a buffer",
					    "frees inside of a buffer",
					    "freed" },
	[BUFTRACK_VERDICT_FOREIGN_FREE] = { "free of another's buffer",
					    "frees of another's buffers",
					    "freed" },
	[BUFTRACK_VERDICT_SIZE_MISMATCH] = { "free with another size",
					     "frees with another size",
					     "freed" },
	[BUFTRACK_VERDICT_REFUSED_FREE] = { "refused free", "refused frees",
					    "refused" },
	[BUFTRACK_VERDICT_UNKNOWN_OTHER_ID] = { "free by another object",
						"frees by other objects",
						"freed" },
	[BUFTRACK_VERDICT_UNKNOWN_NEVER] = { "free of no buffer",
					     "frees of no buffer", "freed" },
	[BUFTRACK_VERDICT_DOUBLE_ALLOC] = { "double allocation",
					    "double allocations", "allocated",
					    "still live" },
	[BUFTRACK_VERDICT_OVERLAP] = { "overlap", "overlaps", "allocated" },
};

struct print {
	const struct summary *summary;
	FILE *out;
	unsigned int max_frames;
	char directory[4096];
};

static const char *plural(uint64_t nr, const char *one, const char *more)
{
	return nr == 1 ? one : more;
}

/* source_name() - a path as short as it can be found */
static const char *source_name(const struct print *print, const char *path)
{
	size_t length = strlen(print->directory);

	if (!length || strncmp(path, print->directory, length) ||
	    path[length] != '/')
		return path;
	return path + length + 1;
}

/* name_length() - length of a C++ name without its parameters, at most MAX_NAME */
static size_t name_length(const char *name)
{
	const char *end = strrchr(name, ')');
	size_t depth = 0, length = strlen(name);

	for (; end && end > name; end--) {
		depth += *end == ')';
		depth -= *end == '(';
		if (depth)
			continue;
		/* What is in parentheses may be a part of the name. */
		if (strncmp(end, "(anonymous", 10) && end[-1] != ':')
			length = end - name;
		break;
	}
	return length < MAX_NAME ? length : MAX_NAME;
}

static void print_position(const struct print *print, const char *function,
			   const char *file, unsigned int line)
{
	fprintf(print->out, "%.*s", (int)name_length(function), function);
	if (file)
		fprintf(print->out, " %s", source_name(print, file));
	if (file && line)
		fprintf(print->out, ":%u", line);
}

/**
 * struct native - printing the functions of a native frame
 * @print: the summary
 * @frame: the frame
 * @separator: printed before each but the first
 * @nr: number printed
 * @most: number to print
 */
struct native {
	const struct print *print;
	const struct frame *frame;
	const char *separator;
	unsigned int nr;
	unsigned int most;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void print_symbol(void *context, const struct symbol *symbol)
{
	struct native *native = context;
	const struct frame *frame = native->frame;
	FILE *out = native->print->out;

	if (native->nr == native->most)
		return;
	if (native->nr++)
		fprintf(out, "%s", native->separator);
	if (symbol->function)
		print_position(native->print, symbol->function, symbol->file,
			       symbol->line);
	if (!symbol->function || !symbol->file)
		fprintf(out, "%s%s+0x%" PRIx64, symbol->function ? " " : "",
			frame->module ? base_name(frame->module->path) : "?",
			frame->offset);
}

/* print_frame() - returns the number of functions printed */
static unsigned int print_frame(const struct print *print,
				const struct frame *frame, unsigned int most)
{
	struct native native = { print, frame, "\n" FRAME_INDENT, 0, most };

	if (frame->function) {
		print_position(print, frame->function, frame->file,
			       frame->line);
		return 1;
	}
	symbols_resolve(print->summary->symbols, frame, print_symbol, &native);
	return native.nr;
}

/* print_head() - one line for a site: the frame that names it, and Python callers */
static void print_head(const struct print *print, uint32_t site)
{
	const struct stack *stack =
		stacks_get(print->summary->judge->stacks, site);
	const struct frame *head;
	unsigned int at, last;

	if (!stack) {
		fprintf(print->out, "(no stack)");
		return;
	}
	at = findings_head(stack);
	head = stack->frames[at];
	last = at + MAX_CALLERS;
	print_frame(print, head, 1);
	while (++at < stack->nr && at <= last) {
		const struct frame *caller = stack->frames[at];

		if (!caller->function)
			continue;
		fprintf(print->out, " < ");
		if (head->file && !strcmp(caller->file, head->file))
			fprintf(print->out, "%s:%u", caller->function,
				caller->line);
		else
			print_frame(print, caller, 1);
	}
}

static void print_stack(const struct print *print, uint32_t number)
{
	const struct stack *stack =
		stacks_get(print->summary->judge->stacks, number);
	bool all = print->summary->options->stacks;
	unsigned int nr = 0, first;

	if (!stack) {
		fprintf(print->out, "(no stack)\n");
		return;
	}
	first = all ? 0 : findings_head(stack);
	for (unsigned int i = first; i < stack->nr && nr < print->max_frames;
	     i++) {
		if (i > first)
			fprintf(print->out, FRAME_INDENT);
		nr += print_frame(print, stack->frames[i],
				  print->max_frames - nr);
		fprintf(print->out, "\n");
	}
	if (stack->truncated)
		fprintf(print->out, FRAME_INDENT "(the walk ended here)\n");
}

/* short_stack() - the stack that stands for one, unless all frames are wanted */
static uint32_t short_stack(const struct print *print, uint64_t site)
{
	if (print->summary->options->stacks)
		return SITE_STACK(site);
	return stacks_site(print->summary->judge->stacks, SITE_STACK(site));
}

static void print_side(const struct print *print, const char *label,
		       uint64_t site)
{
	fprintf(print->out, LABEL, label);
	print_stack(print, short_stack(print, site));
}

static const char *moment(const struct print *print, uint64_t time,
			  char text[UNIT_TEXT])
{
	uint64_t began = print->summary->child->began;

	snprintf(text, UNIT_TEXT, "%.1f s",
		 (time > began ? time - began : 0) / (double)NS_PER_S);
	return text;
}

static const char *what_it_did(const struct problem *problem)
{
	if (problem->key.verdict != BUFTRACK_VERDICT_USE_AFTER_FREE)
		return words[problem->key.verdict].now;
	if (problem->flags & LOG_FLAG_PROGRAM)
		return "argument of";
	return problem->flags & LOG_FLAG_WRITE ? "written" : "read";
}

static void print_problem(const struct print *print,
			  const struct problem *problem)
{
	const struct buftrack_event *event = &problem->first;
	const struct verdict_words *word = &words[problem->key.verdict];
	const struct run_device *device = problem->device;
	char size[UNIT_TEXT], count[UNIT_TEXT], when[UNIT_TEXT];

	fprintf(print->out, "  %s %s in %s of %s",
		number_text(problem->count, count),
		plural(problem->count, word->one, word->more),
		device->spaces[problem->key.space].name, device->name);
	if (problem->bytes)
		fprintf(print->out, ", %s", size_text(problem->bytes, size));
	fprintf(print->out, ", %safter %s by %s[%u]\n",
		problem->count == 1 ? "" : "the first ",
		moment(print, event->stamp, when), event->comm, event->pid);
	print_side(print, what_it_did(problem), event->report.site);
	if (event->target.state & BUFTRACK_RECORD_STATE_FREED)
		print_side(print,
			   problem->key.verdict ==
					   BUFTRACK_VERDICT_USE_AFTER_FREE ?
				   "freed" :
				   "first freed",
			   event->target.ended_site);
	if (event->target.client)
		print_side(print, word->target ? word->target : "allocated",
			   event->target.site);
	if (event->hit.client)
		print_side(print, "lives there", event->hit.site);
}

static void print_problems(const struct print *print)
{
	const struct judge *judge = print->summary->judge;
	size_t nr = 0, hidden = 0;
	struct problem **list = findings_problems(print->summary, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (i < MAX_PROBLEMS)
			print_problem(print, list[i]);
		else
			hidden += list[i]->count;
	}
	hidden += judge->more_problems;
	if (hidden)
		fprintf(print->out,
			"  %zu more at other sites: --json shows them\n",
			hidden);
	free(list);
}

static void print_swallowed(const struct print *print)
{
	const struct problem *problem = print->summary->judge->swallowed;
	char count[UNIT_TEXT];

	for (; problem; problem = problem->hh.next) {
		const struct buftrack_event *event = &problem->first;

		fprintf(print->out,
			"  note: the runtime ignored %s second %s in %s of %s\n",
			number_text(problem->count, count),
			plural(problem->count, "free", "frees"),
			problem->device->spaces[problem->key.space].name,
			problem->device->name);
		print_side(print, "freed again", event->report.site);
		if (!event->target.client)
			continue;
		print_side(print, "first freed", event->target.ended_site);
		print_side(print, "allocated", event->target.site);
	}
}

static void print_sums(const struct print *print, const struct site_sum *sums,
		       size_t nr)
{
	char size[UNIT_TEXT], count[UNIT_TEXT];
	uint64_t buffers = 0, bytes = 0;

	for (size_t i = 0; i < nr; i++) {
		if (i >= MAX_SITES) {
			buffers += sums[i].buffers;
			bytes += sums[i].bytes;
			continue;
		}
		fprintf(print->out, "      %10s %8s  ",
			size_text(sums[i].bytes, size),
			number_text(sums[i].buffers, count));
		print_head(print, sums[i].site);
		fprintf(print->out, "\n");
	}
	if (buffers)
		fprintf(print->out, "      %10s %8s  at %zu other sites\n",
			size_text(bytes, size), number_text(buffers, count),
			nr - MAX_SITES);
}

static void print_gap(const struct print *print, const struct refusal *refusal)
{
	const struct refusal_gap *gap = &refusal->gap;
	uint64_t size = gap->end - gap->start;
	char text[UNIT_TEXT];

	if (refusal->largest > size) {
		fprintf(print->out, LABEL "%s, not between two buffers\n",
			"largest gap", size_text(refusal->largest, text));
		return;
	}
	if (!gap->end)
		return;
	fprintf(print->out, LABEL "%s at 0x%" PRIx64 ", between\n",
		"largest gap", size_text(size, text), gap->start);
	fprintf(print->out, FRAME_INDENT);
	print_head(print, gap->below);
	fprintf(print->out, "\n" FRAME_INDENT);
	print_head(print, gap->above);
	fprintf(print->out, "\n");
}

static void print_eviction(const struct print *print,
			   const struct refusal *refusal)
{
	const struct refusal_eviction *eviction = &refusal->eviction;
	char count[UNIT_TEXT], size[UNIT_TEXT];

	if (!eviction->end)
		return;
	fprintf(print->out,
		LABEL "without %s %s, %s, from 0x%" PRIx64 " to 0x%" PRIx64
		      ":\n",
		"it would fit", number_text(eviction->buffers, count),
		plural(eviction->buffers, "buffer", "buffers"),
		size_text(eviction->bytes, size), eviction->start,
		eviction->end);
	print_sums(print, eviction->sites, eviction->nr_sites);
}

static void print_refusal(const struct print *print,
			  const struct refusal *refusal)
{
	char count[UNIT_TEXT], size[UNIT_TEXT], when[UNIT_TEXT];

	fprintf(print->out,
		"  %s %s refused in %s of %s, %safter %s by %s[%u]\n",
		number_text(refusal->count, count),
		plural(refusal->count, "allocation", "allocations"),
		refusal->device->spaces[refusal->space].name,
		refusal->device->name, refusal->count == 1 ? "" : "the first ",
		moment(print, refusal->time, when), refusal->comm,
		refusal->pid);
	fprintf(print->out, LABEL "%s", "wanted",
		size_text(refusal->size, size));
	if (refusal->span && refusal->span != refusal->size)
		fprintf(print->out, ", %s in each bank",
			size_text(refusal->span, size));
	fprintf(print->out, "\n");
	if (*refusal->message)
		fprintf(print->out, LABEL "%s\n", "runtime said",
			refusal->message);
	print_side(print, "at", refusal->stack);
	fprintf(print->out, "      live then%s\n",
		refusal->nr_live ? "" : "    nothing");
	print_sums(print, refusal->live, refusal->nr_live);
	print_gap(print, refusal);
	print_eviction(print, refusal);
}

static void print_refusals(const struct print *print)
{
	const struct refusal *refusal = print->summary->judge->refusals;

	for (unsigned int i = 0; refusal && i < MAX_PROBLEMS; i++) {
		print_refusal(print, refusal);
		refusal = refusal->next;
	}
}

static void print_left(const struct print *print,
		       const struct run_device *device,
		       const struct run_space *space)
{
	char size[UNIT_TEXT], count[UNIT_TEXT];
	uint64_t buffers = 0, bytes = 0;
	struct site_sum *sums;
	size_t nr;

	sums = space_use_left(&space->use, &nr);
	for (size_t i = 0; i < nr; i++) {
		buffers += sums[i].buffers;
		bytes += sums[i].bytes;
	}
	if (buffers) {
		fprintf(print->out, "  %s %s left in %s of %s: %s\n",
			number_text(buffers, count),
			plural(buffers, "buffer", "buffers"), space->name,
			device->name, size_text(bytes, size));
		print_sums(print, sums, nr);
	}
	free(sums);
}

static void print_peak(const struct print *print,
		       const struct run_device *device,
		       const struct run_space *space)
{
	char size[UNIT_TEXT], when[UNIT_TEXT];
	struct site_sum *sums;
	size_t nr;

	if (!space->use.peak_bytes)
		return;
	fprintf(print->out, "  peak of %s in %s of %s after %s\n",
		size_text(space->use.peak_bytes, size), space->name,
		device->name, moment(print, space->use.peak_time, when));
	sums = space_use_at_peak(&space->use, &nr);
	print_sums(print, sums, nr);
	free(sums);
}

static void each_space(const struct print *print,
		       void (*show)(const struct print *,
				    const struct run_device *,
				    const struct run_space *))
{
	for (const struct run_device *device = print->summary->judge->devices;
	     device; device = device->next)
		for (unsigned int i = 0; i < device->nr_spaces; i++)
			show(print, device, &device->spaces[i]);
}

/* append() - append a part of a list to a line */
static void __attribute__((format(printf, 3, 4)))
append(FILE *line, bool *first, const char *format, ...)
{
	va_list list;

	fprintf(line, "%s", *first ? "" : ", ");
	*first = false;
	va_start(list, format);
	vfprintf(line, format, list);
	va_end(list);
}

static void append_wrong(FILE *line, bool *first, const uint64_t *totals)
{
	char count[UNIT_TEXT];

	for (unsigned int i = 0; i < BUFTRACK_NR_VERDICTS; i++) {
		unsigned int verdict = BUFTRACK_NR_VERDICTS - 1 - i;
		uint64_t value;

		if (!findings_is_problem(verdict))
			continue;
		value = totals[buftrack_verdict_counter(verdict)];
		if (value)
			append(line, first, "%s %s", number_text(value, count),
			       value == 1 ? words[verdict].one :
					    words[verdict].more);
	}
}

static void print_findings(const struct print *print)
{
	uint64_t totals[BUFTRACK_NR_COUNTERS];
	char size[UNIT_TEXT], count[UNIT_TEXT];
	uint64_t left;
	bool first = true;

	findings_totals(print->summary, totals);
	left = totals[BUFTRACK_COUNTER_REMAINING_BUFFERS];
	append_wrong(print->out, &first, totals);
	if (print->summary->judge->nr_refused)
		append(print->out, &first, "out of memory %s %s",
		       number_text(print->summary->judge->nr_refused, count),
		       plural(print->summary->judge->nr_refused, "time",
			      "times"));
	if (left)
		append(print->out, &first, "%s %s left, %s",
		       number_text(left, count),
		       plural(left, "buffer", "buffers"),
		       size_text(totals[BUFTRACK_COUNTER_REMAINING_BYTES],
				 size));
	if (first)
		fprintf(print->out, "no problem%s in %s %s",
			findings_complete(print->summary) ? "" : " seen",
			number_text(totals[BUFTRACK_COUNTER_ALLOCS], count),
			plural(totals[BUFTRACK_COUNTER_ALLOCS], "allocation",
			       "allocations"));
}

static void print_verdict(const struct print *print)
{
	const struct child *child = print->summary->child;
	double seconds = (child->finished - child->began) / (double)NS_PER_S;

	fprintf(print->out, "buftrack: ");
	if (!print->summary->judge->nr_devices)
		fprintf(print->out, "no device was seen");
	else
		print_findings(print);
	fprintf(print->out, " (%s ended with %d after %.1f s%s)\n",
		print->summary->options->command[0], child_exit_status(child),
		seconds,
		print->summary->condition ?
			"; exit status 3, as --fail-on holds" :
			"");
}

static void print_notes(const struct print *print)
{
	struct note *note;

	for (note = print->summary->judge->notes; note; note = note->hh.next)
		fprintf(print->out, "  %s\n", note->text);
}

static void print_coverage(const struct print *print)
{
	const struct judge *judge = print->summary->judge;
	unsigned int running = print->summary->logs->nr_running;
	uint64_t totals[BUFTRACK_NR_COUNTERS];
	char count[UNIT_TEXT];
	bool first = true;

	findings_totals(print->summary, totals);
	print_notes(print);
	if (!judge->nr_devices)
		return;
	if (!print->summary->options->offline &&
	    access("/dev/buftrack/control", F_OK))
		fprintf(print->out,
			"  module: not loaded, so run judged by the same rules\n");
	fprintf(print->out, "  coverage: ");
	if (judge->nr_lost)
		append(print->out, &first, "%s %s lost",
		       number_text(judge->nr_lost, count),
		       plural(judge->nr_lost, "report was", "reports were"));
	if (judge->nr_damaged)
		append(print->out, &first, "the reports of %u %s damaged",
		       judge->nr_damaged,
		       plural(judge->nr_damaged, "process are",
			      "processes are"));
	if (findings_unjudged(totals))
		append(print->out, &first, "%s %s could not be judged",
		       number_text(findings_unjudged(totals), count),
		       plural(findings_unjudged(totals), "free", "frees"));
	if (running)
		append(print->out, &first,
		       "%u %s, and what is held there is not judged", running,
		       plural(running, "process still runs",
			      "processes still run"));
	if (stacks_full(judge->stacks))
		append(print->out, &first, "some stacks were left out");
	fprintf(print->out, "%s\n",
		first ? "complete: no report is known to be missing" : "");
}

void summary_text(const struct summary *summary, FILE *out, bool details)
{
	struct print print = {
		.summary = summary,
		.out = out,
		.max_frames = summary->options->stacks ?
				      MAX_FRAMES_WITH_STACKS :
				      MAX_FRAMES,
	};

	if (!getcwd(print.directory, sizeof(print.directory)))
		*print.directory = '\0';
	print_verdict(&print);
	if (!details)
		return;
	print_problems(&print);
	print_refusals(&print);
	if (summary->options->swallowed)
		print_swallowed(&print);
	each_space(&print, print_left);
	each_space(&print, print_peak);
	print_coverage(&print);
}
