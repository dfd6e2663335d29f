// SPDX-License-Identifier: GPL-2.0
/*
 * Wrong reports, in words
 */
#include <string.h>
#include <time.h>

#include "owners.h"
#include "event-text.h"
#include "event-words.h"
#include "../util/text.h"

#define NS_PER_S UINT64_C(1000000000)

/* A line begins with what it is about. */
#define LABEL "  %-12s "
/* Frames of a stack are below what they belong to. */
#define FRAME_INDENT "                 "

/* put_name() - any bytes, of which a terminal takes none for an order */
static void put_name(FILE *out, const char *name, size_t size)
{
	for (size_t i = 0; i < size && name[i]; i++)
		putc((unsigned char)name[i] < ' ' || name[i] == 0x7f ? '?' :
								       name[i],
		     out);
}

static void put_process(FILE *out, unsigned int pid, const char *comm,
			__u64 client)
{
	if (pid) {
		put_name(out, comm, BUFTRACK_COMM_SIZE);
		fprintf(out, "[%u] (client %llu)", pid, client);
	} else if (*comm) {
		fprintf(out, "the driver ");
		put_name(out, comm, BUFTRACK_COMM_SIZE);
		fprintf(out, " (client %llu)", client);
	} else {
		fprintf(out,
			OTHER " (client %llu, outside of this pid namespace)",
			client);
	}
}

/* What a client says of itself is never shown as if it were known. */
static void put_reporter(FILE *out, const struct buftrack_event *event,
			 const struct scene *scene)
{
	const struct owner *owner = scene->reporter;
	char claim[CLAIM_TEXT];

	put_process(out, event->pid, event->comm, event->client);
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

/* The size of what was freed, if that is known, and else what was reported */
static __u64 size_of(const struct buftrack_event *event)
{
	bool frees = event->report.op == BUFTRACK_OP_FREE;

	return frees && event->target.client ? event->target.size :
					       event->report.size;
}

static void put_headline(FILE *out, const struct buftrack_event *event,
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
	put_reporter(out, event, scene);
	fprintf(out, "%s\n", plain());
}

static void put_line(FILE *out, const char *label, const char *text)
{
	fprintf(out, LABEL "%s\n", label, text);
}

static void put_site(FILE *out, __u64 site)
{
	if (site)
		fprintf(out, " at site 0x%llx", site);
}

static void put_earlier(FILE *out, const struct buftrack_event *event,
			__u64 when)
{
	__u64 ago = event->stamp > when ? event->stamp - when : 0;
	char text[UNIT_TEXT];

	fprintf(out, "%s earlier by ", interval_text(ago, text));
}

/* put_extent() - ", 4.00 KiB at 0x1000, id 12", as far as it is shown */
static void put_extent(FILE *out, const struct buftrack_event_record *record)
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

static void put_record(FILE *out, const char *label,
		       const struct buftrack_event *event,
		       const struct buftrack_event_record *record,
		       const struct stack *stack)
{
	fprintf(out, LABEL "%s", label,
		strcmp(label, "allocated") ? "allocated " : "");
	put_earlier(out, event, record->allocated);
	put_process(out, record->pid, record->comm, record->client);
	put_site(out, record->site);
	put_extent(out, record);
	if (record->state & BUFTRACK_RECORD_STATE_DOUBTFUL)
		fprintf(out, "; it may have gone since: reports are missing");
	if (record->state & BUFTRACK_RECORD_STATE_ORPHANED)
		fprintf(out, "; its owner has ended");
	fprintf(out, "\n");
	put_stack(out, FRAME_INDENT, stack);
}

static void put_free(FILE *out, const char *label,
		     const struct buftrack_event *event,
		     const struct buftrack_event_record *record,
		     const struct stack *stack)
{
	if (!(record->state & BUFTRACK_RECORD_STATE_FREED))
		return;
	fprintf(out, LABEL, label);
	put_earlier(out, event, record->ended);
	put_process(out, record->ended_by_pid, record->ended_by_comm,
		    record->ended_by);
	put_site(out, record->ended_site);
	fprintf(out, "\n");
	put_stack(out, FRAME_INDENT, stack);
}

static const char *ordinal(__u64 number)
{
	static const char *const endings[] = { "th", "st", "nd", "rd" };

	return number / 10 % 10 == 1 || number % 10 > 3 ? endings[0] :
							  endings[number % 10];
}

/* put_this() - the report itself, and how often that is by now */
static void put_this(FILE *out, const struct buftrack_event *event,
		     const struct stack *stack)
{
	const struct buftrack_report *report = &event->report;
	__u64 frees = (__u64)event->target.repeats + 1;
	bool again = event->target.state & BUFTRACK_RECORD_STATE_FREED;
	char text[UNIT_TEXT];

	fprintf(out, LABEL "now",
		report->op == BUFTRACK_OP_ALLOC ? "allocated" :
		again				? "freed again" :
						  "freed");
	put_site(out, report->site);
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
	put_stack(out, FRAME_INDENT, stack);
}

/* put_common() - where the buffer that was reported and the one it hit meet */
static void put_common(FILE *out, const struct buftrack_event *event,
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

/* put_when() - for a look into other logs */
static void put_when(FILE *out, const struct buftrack_event *event,
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

static void put_evidence(FILE *out, const struct buftrack_event *event,
			 const struct scene *scene, const struct words *words)
{
	if (event->target.client) {
		put_record(out, words->target ? words->target : "record", event,
			   &event->target, scene->target.site);
		put_free(out, "first freed", event, &event->target,
			 scene->target.ended_site);
	}
	put_this(out, event, scene->stack);
	if (event->hit.client) {
		put_record(out, words->hit ? words->hit : "also there", event,
			   &event->hit, scene->hit.site);
		put_free(out, "and freed", event, &event->hit,
			 scene->hit.ended_site);
	}
}

void event_text(FILE *out, const struct buftrack_event *event,
		const struct scene *scene)
{
	const struct words *words = words_for(event->verdict);

	put_headline(out, event, scene);
	put_line(out, "meaning", words->meaning);
	put_evidence(out, event, scene, words);
	put_common(out, event, scene);
	if (hides_something(event, scene))
		put_line(
			out, "not shown",
			"addresses, ids and sites of another user's buffers: " HOW_TO_SEE);
	put_line(out, "proof", words->proof);
	put_line(out, "what to do", words->advice);
	put_when(out, event, scene);
}

void event_label(FILE *out, const struct buftrack_event *event,
		 const struct scene *scene)
{
	char text[UNIT_TEXT];

	fprintf(out, "%s in %s of device %u \"%s\" by ",
		verdict_text(event->verdict, text), scene->space, scene->device,
		scene->device_name);
	put_process(out, event->pid, event->comm, event->client);
	put_site(out, event->report.site);
}
