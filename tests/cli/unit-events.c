// SPDX-License-Identifier: GPL-2.0
/*
 * Printing events, and counting repeats
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <libbuftrack.h>

#include "../../tools/cmd/event-print.h"
#include "../../tools/cmd/dedup.h"
#include "../../tools/util/text.h"
#include "tap.h"

#define S UINT64_C(1000000000)

static const struct owner silent = { .number = 7 };
static const struct owner relay = {
	.number = 7,
	.claimed_pid = 12,
	.claimed_name = "llama",
};

static const struct scene plain_scene = {
	.device = 0,
	.device_name = "chip0",
	.space = "DRAM",
	.reporter = &silent,
};

static struct buftrack_event_record make_record(unsigned int state)
{
	return (struct buftrack_event_record){
		.client = 5,
		.address = 0x1000,
		.size = 4096,
		.span = 4096,
		.id = 42,
		.allocated = 10 * S,
		.site = 0x4005d0,
		.state = state,
		.pid = 1000,
		.comm = "owner",
	};
}

static struct buftrack_event_record make_freed(unsigned int repeats)
{
	struct buftrack_event_record record =
		make_record(BUFTRACK_RECORD_STATE_FREED);

	record.ended = 12 * S;
	record.ended_by = 6;
	record.ended_by_pid = 1001;
	record.ended_site = 0x4005f0;
	record.repeats = repeats;
	strcpy(record.ended_by_comm, "freer");
	return record;
}

static struct buftrack_event make_event(unsigned int verdict)
{
	struct buftrack_event event = {
		.size = sizeof(event),
		.verdict = verdict,
		.sequence = 3,
		.stamp = 13 * S + S / 5,
		.client = 7,
		.pid = 1234,
		.comm = "python3",
	};

	event.report = (struct buftrack_report){
		.op = verdict == BUFTRACK_VERDICT_DOUBLE_ALLOC ||
				      verdict == BUFTRACK_VERDICT_OVERLAP ?
			      BUFTRACK_OP_ALLOC :
			      BUFTRACK_OP_FREE,
		.address = 0x1000,
		.id = 42,
		.site = 0x400610,
	};
	return event;
}

/* text_of() - the printed block, valid until the next call */
static const char *text_of(const struct buftrack_event *event,
			   const struct scene *scene)
{
	static char *text;
	size_t size;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	event_text(out, event, scene);
	fclose(out);
	return text;
}

static void expect_text(const char *name, const struct buftrack_event *event,
			const struct scene *scene, const char *expected)
{
	const char *text = text_of(event, scene);

	if (!test(!strcmp(text, expected), "events: %s", name)) {
		note("is:\n%s", text);
		note("should be:\n%s", expected);
	}
}

/* expect_lines() - check that a text has each of these lines, up to NULL */
static void expect_lines(const char *name, const struct buftrack_event *event,
			 const struct scene *scene, const char *const *lines)
{
	const char *text = text_of(event, scene), *missing = NULL;

	for (; *lines && !missing; lines++)
		if (!strstr(text, *lines))
			missing = *lines;
	if (!test(!missing, "events: %s", name))
		note("lacks '%s':\n%s", missing, text);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_blocks(void)
{
	struct buftrack_event event = make_event(BUFTRACK_VERDICT_DOUBLE_FREE);

	event.target = make_freed(2);
	expect_text(
		"a complete double_free", &event, &plain_scene,
		"double_free of 0x1000 (4.00 KiB) in DRAM of device 0 \"chip0\" by python3[1234] (client 7)\n"
		"  meaning      it was already freed; no other buffer is live at its address, so this free hit nothing\n"
		"  allocated    3.20 s earlier by owner[1000] (client 5) at site 0x4005d0: 4.00 KiB at 0x1000, id 42\n"
		"  first freed  1.20 s earlier by freer[1001] (client 6) at site 0x4005f0\n"
		"  freed again  now at site 0x400610, id 42: its 3rd free\n"
		"  proof        complete: its alloc and first free were reported, and no report is known to be missing since\n"
		"  what to do   remove one of the two frees, or clear the handle after the first\n"
		"  when         13.200000000 s since boot, event 3 of the device\n");

	event = make_event(BUFTRACK_VERDICT_STALE_FREE);
	event.target = make_freed(1);
	event.hit = make_record(BUFTRACK_RECORD_STATE_LIVE);
	event.hit.id = 43;
	event.hit.client = 9;
	event.hit.allocated = 13 * S;
	event.hit.size = 8192;
	event.hit.span = 1024;
	expect_text(
		"a complete stale_free", &event, &plain_scene,
		"stale_free of 0x1000 (4.00 KiB) in DRAM of device 0 \"chip0\" by python3[1234] (client 7)\n"
		"  meaning      it was already freed, and another buffer now lives there: an allocator that frees by address would free that one\n"
		"  allocated    3.20 s earlier by owner[1000] (client 5) at site 0x4005d0: 4.00 KiB at 0x1000, id 42\n"
		"  first freed  1.20 s earlier by freer[1001] (client 6) at site 0x4005f0\n"
		"  freed again  now at site 0x400610, id 42: its 2nd free\n"
		"  would hit    allocated 200 ms earlier by owner[1000] (client 9) at site 0x4005d0: 8.00 KiB at 0x1000 to 0x13ff, id 43\n"
		"  proof        complete: its alloc, its first free and the alloc of the other buffer were reported, and no report is known to be missing since\n"
		"  what to do   fix this second free first: its caller kept a stale handle, and the owner of the other buffer is the one that would crash\n"
		"  when         13.200000000 s since boot, event 3 of the device\n");
}

static void test_uses(void)
{
	struct buftrack_event event =
		make_event(BUFTRACK_VERDICT_USE_AFTER_FREE);

	event.report.op = BUFTRACK_OP_USE;
	event.target = make_freed(0);
	event.hit = make_record(BUFTRACK_RECORD_STATE_LIVE);
	event.hit.id = 43;
	event.hit.allocated = 13 * S;
	expect_text(
		"a complete use_after_free", &event, &plain_scene,
		"use_after_free of 0x1000 (4.00 KiB) in DRAM of device 0 \"chip0\" by python3[1234] (client 7)\n"
		"  meaning      the buffer was already freed when its memory was read, written or handed to a program\n"
		"  allocated    3.20 s earlier by owner[1000] (client 5) at site 0x4005d0: 4.00 KiB at 0x1000, id 42\n"
		"  freed        1.20 s earlier by freer[1001] (client 6) at site 0x4005f0\n"
		"  used         now at site 0x400610, id 42\n"
		"  now there    allocated 200 ms earlier by owner[1000] (client 5) at site 0x4005d0: 4.00 KiB at 0x1000, id 43\n"
		"  proof        complete: its alloc and its free were reported, and no report is known to be missing since\n"
		"  what to do   free the buffer after its last view and its last program are done\n"
		"  when         13.200000000 s since boot, event 3 of the device\n");
	event.target = make_freed(1);
	expect_lines("use_after_free of a buffer that was freed twice", &event,
		     &plain_scene,
		     LINES("\n  first freed  1.20 s earlier",
			   "\n  used         now at site 0x400610, id 42\n"));
}

static void test_live_targets(void)
{
	struct buftrack_event event = make_event(BUFTRACK_VERDICT_DOUBLE_ALLOC);

	event.target = make_record(BUFTRACK_RECORD_STATE_LIVE);
	event.report.size = 8192;
	expect_lines("double_alloc", &event, &plain_scene,
		     LINES("double_alloc of 0x1000 (8.00 KiB) in ",
			   "\n  replaced     allocated 3.20 s earlier by owner",
			   "\n  allocated    now at site 0x400610, id 42\n"));

	event = make_event(BUFTRACK_VERDICT_FOREIGN_FREE);
	event.target = make_record(BUFTRACK_RECORD_STATE_LIVE);
	expect_lines("foreign_free", &event, &plain_scene,
		     LINES("foreign_free of 0x1000 (4.00 KiB) in ",
			   "\n  owned        allocated 3.20 s earlier by owner",
			   "\n  freed        now at site 0x400610, id 42\n"));

	event = make_event(BUFTRACK_VERDICT_REFUSED_FREE);
	event.target = make_record(BUFTRACK_RECORD_STATE_LIVE |
				   BUFTRACK_RECORD_STATE_ORPHANED);
	event.report.flags = BUFTRACK_REPORT_REFUSED;
	expect_lines("refused_free of an orphan", &event, &plain_scene,
		     LINES("refused_free of ", "; its owner has ended\n",
			   "id 42, and the driver refused\n"));

	event = make_event(BUFTRACK_VERDICT_SIZE_MISMATCH);
	event.target = make_record(BUFTRACK_RECORD_STATE_LIVE);
	event.report.size = 100;
	expect_lines("size_mismatch", &event, &plain_scene,
		     LINES("size_mismatch of 0x1000 (4.00 KiB) in ",
			   "id 42, as 100 B\n"));
}

static void test_hits(void)
{
	struct buftrack_event event = make_event(BUFTRACK_VERDICT_OVERLAP);

	event.hit = make_record(BUFTRACK_RECORD_STATE_LIVE);
	event.report.address = 0x1800;
	event.report.size = event.report.span = 4096;
	expect_lines("overlap", &event, &plain_scene,
		     LINES("overlap of 0x1800 (4.00 KiB) in ",
			   "\n  shared with  allocated 3.20 s earlier",
			   "\n  in common    0x1800 to 0x1fff (2.00 KiB)\n"));
	event.report.address = UINT64_MAX - 4095;
	event.hit.address = UINT64_MAX - 8191;
	event.hit.span = 8192;
	expect_lines(
		"overlap at the end of the address space", &event, &plain_scene,
		LINES("in common    0xfffffffffffff000 to 0xffffffffffffffff (4.00 KiB)\n"));

	event = make_event(BUFTRACK_VERDICT_INVALID_FREE);
	event.hit = make_record(BUFTRACK_RECORD_STATE_LIVE);
	event.report.address = 0x1010;
	expect_lines(
		"invalid_free", &event, &plain_scene,
		LINES("invalid_free of 0x1010 in ",
		      "\n  inside of    allocated 3.20 s earlier",
		      "\n  distance     16 B (0x10 bytes) from its start\n"));
}

static void test_unknown(void)
{
	struct buftrack_event event;

	for (unsigned int verdict = BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH;
	     verdict <= BUFTRACK_VERDICT_UNKNOWN_NEVER; verdict++) {
		char head[64];

		event = make_event(verdict);
		snprintf(head, sizeof(head), "%s of 0x1000 in DRAM ",
			 buftrack_verdict_name(verdict));
		expect_lines(buftrack_verdict_name(verdict), &event,
			     &plain_scene,
			     LINES(head, words_for(verdict)->meaning,
				   words_for(verdict)->proof,
				   words_for(verdict)->advice,
				   "\n  freed        now at site 0x400610"));
	}
	event = make_event(BUFTRACK_VERDICT_UNKNOWN_OTHER_ID);
	event.hit = make_record(BUFTRACK_RECORD_STATE_LIVE |
				BUFTRACK_RECORD_STATE_DOUBTFUL);
	expect_lines("a doubtful record at the address", &event, &plain_scene,
		     LINES("\n  is another's allocated 3.20 s earlier",
			   "; doubtful, as reports are missing\n"));
	event.hit = make_freed(0);
	expect_lines(
		"a freed record at the address", &event, &plain_scene,
		LINES("\n  is another's allocated 3.20 s earlier",
		      "\n  and freed    1.20 s earlier by freer[1001] (client 6) at site 0x4005f0\n"));
	event = make_event(BUFTRACK_VERDICT_UNKNOWN_GAP);
	event.target = make_freed(0);
	expect_lines("a gap since the first free", &event, &plain_scene,
		     LINES("\n  was          allocated 3.20 s earlier",
			   "\n  first freed  1.20 s earlier by freer[1001]",
			   "\n  freed again  now at site 0x400610, id 42\n"));
	event = make_event(99);
	expect_lines("a verdict of a newer module", &event, &plain_scene,
		     LINES("verdict 99 of 0x1000 in ",
			   "this command is too old to know"));
}

/* Every verdict of an event has its own words. */
static void test_words(void)
{
	for (unsigned int i = BUFTRACK_VERDICT_DOUBLE_ALLOC;
	     i < BUFTRACK_NR_VERDICTS; i++) {
		const struct words *words = words_for(i);
		bool own = words != words_for(BUFTRACK_NR_VERDICTS);

		test(own && words->meaning && words->proof && words->advice,
		     "events: words for %s", buftrack_verdict_name(i));
	}
}

static void test_stacks(void)
{
	struct buftrack_event event = make_event(BUFTRACK_VERDICT_STALE_FREE);
	const struct stack here = { .frames = "f+0x1/0x2 [m]\ng+0x3/0x4\n" };
	const struct stack there = { .frames = "h+0x5/0x6\033[2J" };
	struct scene scene = plain_scene;

	event.target = make_freed(1);
	event.hit = make_record(BUFTRACK_RECORD_STATE_LIVE);
	scene.stack = &here;
	scene.target.site = &there;
	expect_lines(
		"a stack is printed below its site", &event, &scene,
		LINES("at site 0x4005d0: 4.00 KiB at 0x1000, id 42\n"
		      "                 h+0x5/0x6?[2J\n"
		      "  first freed  1.20 s earlier by freer[1001] (client 6) at site 0x4005f0\n"
		      "  freed again  now at site 0x400610, id 42: its 2nd free\n"
		      "                 f+0x1/0x2 [m]\n"
		      "                 g+0x3/0x4\n"
		      "  would hit    "));
	scene = plain_scene;
	scene.target.ended_site = &there;
	scene.hit.site = &here;
	expect_lines(
		"each site has its own stack", &event, &scene,
		LINES("at site 0x4005f0\n"
		      "                 h+0x5/0x6?[2J\n"
		      "  freed again  now at site 0x400610, id 42: its 2nd free\n"
		      "  would hit    ",
		      "id 42\n"
		      "                 f+0x1/0x2 [m]\n"
		      "                 g+0x3/0x4\n"
		      "  proof        "));
}

static void test_identities(void)
{
	struct buftrack_event event = make_event(BUFTRACK_VERDICT_DOUBLE_FREE);
	struct scene scene = plain_scene;
	const char *text;

	event.target = make_freed(1);
	scene.reporter = &relay;
	expect_lines(
		"a relay's claim is shown as a claim", &event, &scene,
		LINES("by python3[1234] (client 7), which claims to speak for pid 12 'llama'\n"));
	event.pid = 0;
	event.comm[0] = '\0';
	event.target.ended_by_pid = 0;
	event.target.ended_by_comm[0] = '\0';
	expect_lines(
		"processes of another namespace", &event, &plain_scene,
		LINES("by other (client 7, outside of this pid namespace)\n",
		      "first freed  1.20 s earlier by other (client 6, outside"));
	memcpy(event.comm, "qxl", sizeof("qxl"));
	expect_lines("a driver", &event, &plain_scene,
		     LINES("by the driver qxl (client 7)\n"));
	event.pid = 1;
	memcpy(event.comm, "\033[2J\n\177\303\244xxxxxxxx", sizeof(event.comm));
	expect_lines("a name with control characters and no end", &event,
		     &plain_scene, LINES("by ?[2J??\303\244xxxxxxxx[1]"));

	scene = plain_scene;
	scene.hidden = true;
	event = make_event(BUFTRACK_VERDICT_STALE_FREE);
	event.report.address = event.report.id = event.report.site = 0;
	event.target = make_freed(1);
	event.target.state |= BUFTRACK_RECORD_STATE_REDACTED;
	event.target.address = event.target.id = 0;
	event.target.site = event.target.ended_site = 0;
	event.hit = event.target;
	event.hit.state = BUFTRACK_RECORD_STATE_LIVE |
			  BUFTRACK_RECORD_STATE_REDACTED;
	expect_lines(
		"hidden fields", &event, &scene,
		LINES("stale_free of an address that is not shown (4.00 KiB) in ",
		      "by owner[1000] (client 5): 4.00 KiB\n",
		      "\n  freed again  now: its 2nd free\n",
		      "\n  not shown    addresses, ids and sites of another user's buffers: "));
	text = text_of(&event, &scene);
	test(!strstr(text, " 0x") && !strstr(text, ", id "),
	     "events: no hidden address, id or site is invented");

	/* The reader's own report about another user's record */
	event.report.address = 0x1000;
	expect_lines("a hidden record", &event, &plain_scene,
		     LINES("stale_free of 0x1000 ", "\n  not shown "));
}

static void test_ordinals(void)
{
	static const struct {
		unsigned int repeats;
		const char *text;
	} ordinals[] = {
		{ 1, "its 2nd free" },
		{ 2, "its 3rd free" },
		{ 3, "its 4th free" },
		{ 10, "its 11th free" },
		{ 11, "its 12th free" },
		{ 12, "its 13th free" },
		{ 20, "its 21st free" },
		{ 110, "its 111th free" },
		{ 1000001, "its 1,000,002nd free" },
		{ UINT32_MAX, "its 4,294,967,296th free" },
	};
	struct buftrack_event event = make_event(BUFTRACK_VERDICT_DOUBLE_FREE);

	for (size_t i = 0; i < sizeof(ordinals) / sizeof(ordinals[0]); i++) {
		event.target = make_freed(ordinals[i].repeats);
		expect_lines(ordinals[i].text, &event, &plain_scene,
			     LINES(ordinals[i].text));
	}
}

static void test_units(void)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} intervals[] = {
		{ 0, "0 ns" },
		{ 999, "999 ns" },
		{ 1000, "1.00 us" },
		{ 9994, "9.99 us" },
		{ 9996, "10.0 us" },
		{ 99960, "100 us" },
		{ 999499, "999 us" },
		{ 999600, "1.00 ms" },
		{ 3200000000, "3.20 s" },
		{ 99 * S, "99.0 s" },
		{ 100 * S, "1m 40s" },
		{ UINT64_MAX, "213503d 23h" },
	};
	static const struct {
		uint64_t number;
		const char *text;
	} numbers[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	char text[UNIT_TEXT];

	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++)
		test(!strcmp(interval_text(intervals[i].ns, text),
			     intervals[i].text),
		     "interval of %" PRIu64 " ns is %s: %s", intervals[i].ns,
		     intervals[i].text, text);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		test(!strcmp(number_text(numbers[i].number, text),
			     numbers[i].text),
		     "number %s: %s", numbers[i].text, text);
	test(!strcmp(stamp_text(12345678901234, text), "12345.678901234"),
	     "stamp: %s", text);
}

/* counts() - the printed counts of all keys, valid until the next call */
static const char *counts(struct dedup *dedup)
{
	static char *text;
	size_t size;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	dedup_print_all(dedup, out);
	fclose(out);
	return text;
}

static unsigned int admit_many(struct dedup *dedup, struct dedup_key kind,
			       unsigned int nr, uint64_t from, uint64_t step)
{
	unsigned int shown = 0;
	bool first;

	for (unsigned int i = 0; i < nr; i++) {
		shown += dedup_admit(dedup, &kind, from + i * step, &first);
		if (first)
			dedup_name(dedup, strdup("a place"));
	}
	return shown;
}

static void test_flood_of_one(void)
{
	const struct dedup_key kind = { .client = 1, .verdict = 8 };
	struct dedup *dedup = dedup_new();

	test(admit_many(dedup, kind, 3, S, 1) == 3 && !dedup_pending(dedup) &&
		     !*counts(dedup),
	     "dedup: the first three are shown, and no count is pending");
	test(!admit_many(dedup, kind, 1, 2 * S, 1) && dedup_pending(dedup) &&
		     !strcmp(counts(dedup),
			     "1 more: a place: 2.000000000 s since boot\n"),
	     "dedup: the fourth is counted");
	test(!dedup_pending(dedup) && !*counts(dedup),
	     "dedup: the count is printed once");
	admit_many(dedup, kind, 1000001, 10 * S, 1000);
	test(!strcmp(counts(dedup),
		     "1,000,001 more: a place: 10.000000000 to 11.000000000 s since boot, 1,000,000/s\n"),
	     "dedup: a million events are one line");
	test(!admit_many(dedup, kind, 1, 70 * S, 1),
	     "dedup: less than a minute is not quiet");
	counts(dedup);
	test(admit_many(dedup, kind, 5, 131 * S, 1) == 3,
	     "dedup: after a quiet minute it is shown again");
	dedup_free(dedup);
}

static void test_flood_of_kinds(void)
{
	struct dedup *dedup = dedup_new();
	struct dedup_key kind = { 0 };
	unsigned int lines = 0, shown = 0;
	char *line = NULL;
	size_t size;
	FILE *out;

	for (unsigned int i = 0; i < DEDUP_KEYS + 1000; i++) {
		kind.site = i;
		shown += admit_many(dedup, kind, 5, S, 1);
	}
	test(shown == 3 * DEDUP_KEYS,
	     "dedup: with too many keys, only those that fit are shown");
	out = open_memstream(&line, &size);
	dedup_print(dedup, out);
	fclose(out);
	test(!strncmp(line, "5,000 more: at other places: ",
		      strlen("5,000 more: at other places: ")),
	     "dedup: the other keys share one count, and the largest count comes first");
	free(line);
	for (const char *at = counts(dedup); *at; at++)
		lines += *at == '\n';
	test(lines == DEDUP_KEYS, "dedup: one line for each key: %u", lines);
	kind = (struct dedup_key){ .device = 2 };
	test(admit_many(dedup, kind, 5, 62 * S, 1) == 3,
	     "dedup: keys that were quiet for a minute are removed");
	kind.site = 7;
	test(admit_many(dedup, kind, 5, 63 * S, 1) == 3,
	     "dedup: other keys get their room");
	counts(dedup);
	for (unsigned int i = 0; i < DEDUP_KEYS; i++) {
		kind.site = 100 + i;
		admit_many(dedup, kind, 1, 64 * S, 1);
	}
	kind = (struct dedup_key){ .device = 1 };
	test(!admit_many(dedup, kind, 1, 65 * S, 1),
	     "dedup: the table stays bounded");
	dedup_free(dedup);
}

void test_events(void)
{
	test_blocks();
	test_uses();
	test_live_targets();
	test_hits();
	test_unknown();
	test_words();
	test_stacks();
	test_identities();
	test_ordinals();
	test_units();
	test_flood_of_one();
	test_flood_of_kinds();
}
