// SPDX-License-Identifier: GPL-2.0
/*
 * Printing events, as text and as JSON
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <libbuftrack.h>

#include "../util/json.h"
#include "../util/text.h"
#include "event-print.h"
#include "lookup.h"

static const struct words verdict_words[BUFTRACK_NR_VERDICTS] = {
	[BUFTRACK_VERDICT_DOUBLE_ALLOC] = {
		.meaning = "this buffer is already live; the new record replaces the old one",
		.proof = "the old one is live and no report is known to be missing: either live memory was handed out twice, or a free was not reported",
		.advice = "report every free before the memory can be handed out again; if that is done, suspect the allocator",
		.target = "replaced",
	},
	[BUFTRACK_VERDICT_OVERLAP] = {
		.meaning = "two live buffers share addresses: a write to one changes the other",
		.proof = "both are live, both extents were reported, and no report is known to be missing",
		.advice = "check for an unreported free of the older one; if there is none, the allocator handed out memory in use",
		.hit = "shared with",
	},
	[BUFTRACK_VERDICT_REFUSED_FREE] = {
		.meaning = "the driver refused to free it, so it is still live",
		.proof = "the buffer is live, so this was not a second free",
		.advice = "find what still holds it (a mapping, an export), or whether the caller owns it; if nobody frees it, it leaks",
		.target = "live",
	},
	[BUFTRACK_VERDICT_FOREIGN_FREE] = {
		.meaning = "it was another client's live buffer; it is now freed, while its owner may still use it",
		.proof = "both report into the device's shared domain, and the owner has not ended",
		.advice = "let the owner free it, or exit before others clean up: anyone may free an orphaned buffer",
		.target = "owned",
	},
	[BUFTRACK_VERDICT_SIZE_MISMATCH] = {
		.meaning = "it is freed, but with a size other than the allocated one",
		.proof = "both sizes were reported; the counters use that of the alloc",
		.advice = "compare how the two sites compute the size: rounding, or the handle of another buffer",
		.target = "allocated",
	},
	[BUFTRACK_VERDICT_DOUBLE_FREE] = {
		.meaning = "it was already freed; no other buffer is live at its address, so this free hit nothing",
		.proof = "complete: its alloc and first free were reported, and no report is known to be missing since",
		.advice = "remove one of the two frees, or clear the handle after the first",
		.target = "allocated",
	},
	[BUFTRACK_VERDICT_STALE_FREE] = {
		.meaning = "it was already freed, and another buffer now lives there: an allocator that frees by address would free that one",
		.proof = "complete: its alloc, its first free and the alloc of the other buffer were reported, and no report is known to be missing since",
		.advice = "fix this second free first: its caller kept a stale handle, and the owner of the other buffer is the one that would crash",
		.target = "allocated",
		.hit = "would hit",
	},
	[BUFTRACK_VERDICT_INVALID_FREE] = {
		.meaning = "the address is inside a live buffer, but not at its start",
		.proof = "the buffer around it is live, and its extent was reported",
		.advice = "free the address that was allocated: this pointer was moved, or is a slice of the buffer",
		.hit = "inside of",
	},
	[BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH] = {
		.meaning = "nothing is known about it: it is older than the client's reports",
		.proof = "none, so nobody is blamed: the buffer is older than the client's first report",
		.advice = "start reporting before the program allocates",
		.hit = "also there",
	},
	[BUFTRACK_VERDICT_UNKNOWN_GAP] = {
		.meaning = "it is not live, but missing reports may explain that",
		.proof = "none, so nobody is blamed: its alloc may be among the missing reports",
		.advice = "find the cause of the gap in lost_reports, disabled_reports and untracked_buffers of 'buftrack status'",
		.target = "was",
		.hit = "also there",
	},
	[BUFTRACK_VERDICT_UNKNOWN_EVICTED] = {
		.meaning = "nothing is known about it: its record may have been evicted",
		.proof = "none, so nobody is blamed: freed records have been evicted",
		.advice = "keep more freed records: 'buftrack device set --freed-records'",
		.hit = "also there",
	},
	[BUFTRACK_VERDICT_UNKNOWN_OTHER_ID] = {
		.meaning = "no buffer with this id was allocated, but others were at this address: several objects free one buffer",
		.proof = "no report is known to be missing and no record was evicted, so this object allocated nothing here",
		.advice = "look for copies of the handle or views of the buffer: only their owner may free it",
		.hit = "is another's",
	},
	[BUFTRACK_VERDICT_UNKNOWN_NEVER] = {
		.meaning = "it was never allocated",
		.proof = "complete: the client reported from its start, no report is known to be missing, and no record was evicted",
		.advice = "look for a wild or cleared handle, a wrong space or device, or an unreported alloc",
	},
	[BUFTRACK_VERDICT_USE_AFTER_FREE] = {
		.meaning = "the buffer was already freed when its memory was read, written or handed to a program",
		.proof = "complete: its alloc and its free were reported, and no report is known to be missing since",
		.advice = "free the buffer after its last view and its last program are done",
		.target = "allocated",
		.hit = "now there",
	},
};

/* A newer module may have verdicts that this command does not know. */
static const struct words unknown_verdict = {
	.meaning = "this command is too old to know this verdict",
	.proof = "see the documentation of the module",
	.advice = "use the command that came with the module",
	.target = "record",
	.hit = "also there",
};

const struct words *words_for(unsigned int verdict)
{
	if (verdict < BUFTRACK_NR_VERDICTS && verdict_words[verdict].meaning)
		return &verdict_words[verdict];
	return &unknown_verdict;
}

#define NS_PER_S UINT64_C(1000000000)

/* Each line starts with a label. */
#define LABEL "  %-12s "
/* Frames are aligned with the text after the label. */
#define FRAME_INDENT "                 "

/* print_name() - print a name that may lack its NUL, safe for a terminal */
static void print_name(FILE *out, const char *name, size_t size)
{
	for (size_t i = 0; i < size && name[i]; i++)
		putc(printable(name[i]), out);
}

static void print_process(FILE *out, unsigned int pid, const char *comm,
			  __u64 client)
{
	if (pid) {
		print_name(out, comm, BUFTRACK_COMM_SIZE);
		fprintf(out, "[%u] (client %llu)", pid, client);
	} else if (*comm) {
		fprintf(out, "the driver ");
		print_name(out, comm, BUFTRACK_COMM_SIZE);
		fprintf(out, " (client %llu)", client);
	} else {
		fprintf(out,
			OTHER " (client %llu, outside of this pid namespace)",
			client);
	}
}

/* Any client may claim any name, so a claim is printed as such. */
static void print_reporter(FILE *out, const struct buftrack_event *event,
			   const struct scene *scene)
{
	const struct owner *owner = scene->reporter;
	char claim[CLAIM_TEXT];

	print_process(out, event->pid, event->comm, event->client);
	if (owner && (owner->claimed_pid || *owner->claimed_name))
		fprintf(out, ", which claims to speak for %s",
			claim_text(owner->claimed_pid, owner->claimed_name,
				   claim));
}

static const char *verdict_text(unsigned int verdict, char text[UNIT_TEXT])
{
	const char *name = buftrack_verdict_name(verdict);

	if (name)
		return name;
	snprintf(text, UNIT_TEXT, "verdict %u", verdict);
	return text;
}

/* size_of() - the size of the freed or used buffer if it is known, else the reported one */
static __u64 size_of(const struct buftrack_event *event)
{
	bool allocates = event->report.op == BUFTRACK_OP_ALLOC;

	return !allocates && event->target.client ? event->target.size :
						    event->report.size;
}

static void print_headline(FILE *out, const struct buftrack_event *event,
			   const struct scene *scene)
{
	__u64 size = size_of(event);
	char text[UNIT_TEXT];

	fprintf(out, "%s%s of ", bold(), verdict_text(event->verdict, text));
	if (scene->hidden)
		fprintf(out, "an address that is not shown");
	else
		fprintf(out, "0x%llx", event->report.address);
	if (size)
		fprintf(out, " (%s)", size_text(size, text));
	fprintf(out, " in %s of device %u \"%s\" by ", scene->space,
		scene->device, scene->device_name);
	print_reporter(out, event, scene);
	fprintf(out, "%s\n", plain());
}

static void print_line(FILE *out, const char *label, const char *text)
{
	fprintf(out, LABEL "%s\n", label, text);
}

static void print_site(FILE *out, __u64 site)
{
	if (site)
		fprintf(out, " at site 0x%llx", site);
}

static void print_earlier(FILE *out, const struct buftrack_event *event,
			  __u64 when)
{
	__u64 ago = event->stamp > when ? event->stamp - when : 0;
	char text[UNIT_TEXT];

	fprintf(out, "%s earlier by ", interval_text(ago, text));
}

/* print_extent() - print ": 4.00 KiB at 0x1000, id 12", unless it is hidden */
static void print_extent(FILE *out, const struct buftrack_event_record *record)
{
	char text[UNIT_TEXT];

	fprintf(out, ": %s", size_text(record->size, text));
	if (record->state & BUFTRACK_RECORD_STATE_REDACTED)
		return;
	fprintf(out, " at 0x%llx", record->address);
	if (record->span && record->span != record->size)
		fprintf(out, " to 0x%llx", record->address + record->span - 1);
	if (record->id)
		fprintf(out, ", id %llu", record->id);
}

static void print_record(FILE *out, const char *label,
			 const struct buftrack_event *event,
			 const struct buftrack_event_record *record,
			 const struct stack *stack)
{
	fprintf(out, LABEL "%s", label,
		strcmp(label, "allocated") ? "allocated " : "");
	print_earlier(out, event, record->allocated);
	print_process(out, record->pid, record->comm, record->client);
	print_site(out, record->site);
	print_extent(out, record);
	if (record->state & BUFTRACK_RECORD_STATE_DOUBTFUL)
		fprintf(out, "; doubtful, as reports are missing");
	if (record->state & BUFTRACK_RECORD_STATE_ORPHANED)
		fprintf(out, "; its owner has ended");
	fprintf(out, "\n");
	print_stack(out, FRAME_INDENT, stack);
}

static void print_free(FILE *out, const char *label,
		       const struct buftrack_event *event,
		       const struct buftrack_event_record *record,
		       const struct stack *stack)
{
	if (!(record->state & BUFTRACK_RECORD_STATE_FREED))
		return;
	fprintf(out, LABEL, label);
	print_earlier(out, event, record->ended);
	print_process(out, record->ended_by_pid, record->ended_by_comm,
		      record->ended_by);
	print_site(out, record->ended_site);
	fprintf(out, "\n");
	print_stack(out, FRAME_INDENT, stack);
}

static const char *ordinal(__u64 number)
{
	static const char *const endings[] = { "th", "st", "nd", "rd" };

	return number / 10 % 10 == 1 || number % 10 > 3 ? endings[0] :
							  endings[number % 10];
}

static bool frees_again(const struct buftrack_event *event)
{
	return event->report.op == BUFTRACK_OP_FREE &&
	       event->target.state & BUFTRACK_RECORD_STATE_FREED;
}

static const char *this_label(const struct buftrack_event *event)
{
	switch (event->report.op) {
	case BUFTRACK_OP_ALLOC:
		return "allocated";
	case BUFTRACK_OP_FREE:
		return frees_again(event) ? "freed again" : "freed";
	default:
		return "used";
	}
}

/* free_label() - the label of the free that a report came after */
static const char *free_label(const struct buftrack_event *event)
{
	bool only = event->report.op == BUFTRACK_OP_USE &&
		    !event->target.repeats;

	return only ? "freed" : "first freed";
}

/* print_this() - print the report itself, and which free of the buffer it is */
static void print_this(FILE *out, const struct buftrack_event *event,
		       const struct stack *stack)
{
	const struct buftrack_report *report = &event->report;
	__u64 frees = (__u64)event->target.repeats + 1;
	bool again = frees_again(event);
	char text[UNIT_TEXT];

	fprintf(out, LABEL "now", this_label(event));
	print_site(out, report->site);
	if (report->id)
		fprintf(out, ", id %llu", report->id);
	if (again && frees > 1)
		fprintf(out, ": its %s%s free", number_text(frees, text),
			ordinal(frees));
	if (event->verdict == BUFTRACK_VERDICT_SIZE_MISMATCH)
		fprintf(out, ", as %s", size_text(report->size, text));
	if (report->flags & BUFTRACK_REPORT_REFUSED)
		fprintf(out, ", and the driver refused");
	fprintf(out, "\n");
	print_stack(out, FRAME_INDENT, stack);
}

/* print_common() - print where the report lies in the buffer that it hit */
static void print_common(FILE *out, const struct buftrack_event *event,
			 const struct scene *scene)
{
	const struct buftrack_report *report = &event->report;
	const struct buftrack_event_record *hit = &event->hit;
	__u64 first, last, end, hit_end;
	char text[UNIT_TEXT];

	if (!hit->client || scene->hidden ||
	    hit->state & BUFTRACK_RECORD_STATE_REDACTED)
		return;
	if (event->verdict == BUFTRACK_VERDICT_INVALID_FREE) {
		fprintf(out, LABEL "%s (0x%llx bytes) from its start\n",
			"distance",
			size_text(report->address - hit->address, text),
			report->address - hit->address);
		return;
	}
	if (event->verdict != BUFTRACK_VERDICT_OVERLAP || !report->span ||
	    !hit->span)
		return;
	end = report->address + report->span - 1;
	hit_end = hit->address + hit->span - 1;
	first = report->address > hit->address ? report->address : hit->address;
	last = end < hit_end ? end : hit_end;
	fprintf(out, LABEL "0x%llx to 0x%llx (%s)\n", "in common", first, last,
		size_text(last - first + 1, text));
}

/* print_when() - print the time, for a search in other logs */
static void print_when(FILE *out, const struct buftrack_event *event,
		       const struct scene *scene)
{
	__u64 ns = scene->epoch + event->stamp;
	time_t seconds = ns / NS_PER_S;
	char stamp[UNIT_TEXT], date[32];
	struct tm tm;

	fprintf(out, LABEL "%s s since boot", "when",
		stamp_text(event->stamp, stamp));
	if (scene->epoch && localtime_r(&seconds, &tm) &&
	    strftime(date, sizeof(date), "%F %T", &tm))
		fprintf(out, ", %s.%06u", date,
			(unsigned int)(ns % NS_PER_S / 1000));
	fprintf(out, ", event %llu of the device\n", event->sequence);
}

static bool hides_something(const struct buftrack_event *event,
			    const struct scene *scene)
{
	return scene->hidden || (event->target.state | event->hit.state) &
					BUFTRACK_RECORD_STATE_REDACTED;
}

static void print_evidence(FILE *out, const struct buftrack_event *event,
			   const struct scene *scene, const struct words *words)
{
	if (event->target.client) {
		print_record(out, words->target ? words->target : "record",
			     event, &event->target, scene->target.site);
		print_free(out, free_label(event), event, &event->target,
			   scene->target.ended_site);
	}
	print_this(out, event, scene->stack);
	if (event->hit.client) {
		print_record(out, words->hit ? words->hit : "also there", event,
			     &event->hit, scene->hit.site);
		print_free(out, "and freed", event, &event->hit,
			   scene->hit.ended_site);
	}
}

void event_text(FILE *out, const struct buftrack_event *event,
		const struct scene *scene)
{
	const struct words *words = words_for(event->verdict);

	print_headline(out, event, scene);
	print_line(out, "meaning", words->meaning);
	print_evidence(out, event, scene, words);
	print_common(out, event, scene);
	if (hides_something(event, scene))
		print_line(
			out, "not shown",
			"addresses, ids and sites of another user's buffers: " HOW_TO_SEE);
	print_line(out, "proof", words->proof);
	print_line(out, "what to do", words->advice);
	print_when(out, event, scene);
}

void event_label(FILE *out, const struct buftrack_event *event,
		 const struct scene *scene)
{
	char text[UNIT_TEXT];

	fprintf(out, "%s in %s of device %u \"%s\" by ",
		verdict_text(event->verdict, text), scene->space, scene->device,
		scene->device_name);
	print_process(out, event->pid, event->comm, event->client);
	print_site(out, event->report.site);
}

/* A comm need not end with a NUL. */
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

static const char *op_name(unsigned int op)
{
	if (op == BUFTRACK_OP_ALLOC)
		return "alloc";
	return op == BUFTRACK_OP_FREE ? "free" : "use";
}

static void put_report(struct json_object *object,
		       const struct buftrack_report *report,
		       const struct scene *scene)
{
	bool shown = !scene->hidden;

	json_put_text(object, "op", op_name(report->op));
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
