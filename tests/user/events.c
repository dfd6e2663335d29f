// SPDX-License-Identifier: GPL-2.0
/* The evidence in the event of each verdict, field by field */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "helper.h"
#include "event_reader.h"

#define LIVE BUFTRACK_RECORD_STATE_LIVE
#define FREED BUFTRACK_RECORD_STATE_FREED
#define MAX_STEPS 6
#define NOBODY (-1)

/**
 * struct step - a report that comes before the wrong one
 * @who: index of the client that makes it, 0 or 1
 * @report: the report; op 0 stands for a lost report
 */
struct step {
	int who;
	struct buftrack_report report;
};

/**
 * struct evidence - a record that the event names
 * @alloc: step that allocated it, or NOBODY if the event names no record
 * @freed: step that freed it, or NOBODY
 * @repeats: number of further frees
 * @state: its state
 */
struct evidence {
	int alloc;
	int freed;
	__u32 repeats;
	__u32 state;
};

#define NONE                    \
	{                       \
		.alloc = NOBODY \
	}
#define IS_LIVE(_step)                                           \
	{                                                        \
		.alloc = (_step), .freed = NOBODY, .state = LIVE \
	}
#define IS_DOUBTFUL(_step)                                     \
	{                                                      \
		.alloc = (_step), .freed = NOBODY,             \
		.state = LIVE | BUFTRACK_RECORD_STATE_DOUBTFUL \
	}
#define IS_FREED(_alloc, _free, _repeats)                                   \
	{                                                                   \
		.alloc = (_alloc), .freed = (_free), .repeats = (_repeats), \
		.state = FREED                                              \
	}

/**
 * struct story - a sequence of reports that ends with a wrong one
 * @name: name of the test
 * @declare: declaration flags of both clients
 * @first_id: first id of both clients
 * @max_freed: limit of freed records, or 0 for the default
 * @steps: earlier reports; a step without op and size ends the list
 * @wrong: the wrong report
 * @who: index of the client that makes it
 * @verdict: its verdict
 * @target: the record that the wrong report is about
 * @hit: the record that the wrong report collides with
 */
struct story {
	const char *name;
	__u32 declare;
	__u64 first_id;
	__u64 max_freed;
	struct step steps[MAX_STEPS];
	struct buftrack_report wrong;
	int who;
	__u32 verdict;
	struct evidence target;
	struct evidence hit;
};

#define LOST .op = 0, .size = 1

static const struct story stories[] = {
	{
		.name = "double_alloc_names_the_replaced_record",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 10, .span = 20,
				      .id = 5, .site = 0x11) } },
		.wrong = ALLOC(.address = 0x1000, .size = 11, .span = 21,
			       .id = 5, .site = 0x12),
		.verdict = BUFTRACK_VERDICT_DOUBLE_ALLOC,
		.target = IS_LIVE(0),
		.hit = NONE,
	},
	{
		.name = "overlap_names_the_record_it_overlaps",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 64, .span = 64,
				      .id = 5, .site = 0x11) } },
		.wrong = ALLOC(.address = 0x1020, .size = 64, .span = 64,
			       .id = 6, .site = 0x12),
		.verdict = BUFTRACK_VERDICT_OVERLAP,
		.target = NONE,
		.hit = IS_LIVE(0),
	},
	{
		.name = "refused_free_names_the_live_record",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 64,
				      .site = 0x11) } },
		.wrong = FREE(.address = 0x1000,
			      .flags = BUFTRACK_REPORT_REFUSED, .site = 0x12),
		.verdict = BUFTRACK_VERDICT_REFUSED_FREE,
		.target = IS_LIVE(0),
		.hit = NONE,
	},
	{
		.name = "foreign_free_names_the_owner",
		.declare = BUFTRACK_DECLARE_SHARED,
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 64, .id = 9,
				      .site = 0x11) } },
		.wrong = FREE(.address = 0x1000, .id = 9, .site = 0x12),
		.who = 1,
		.verdict = BUFTRACK_VERDICT_FOREIGN_FREE,
		.target = IS_LIVE(0),
		.hit = NONE,
	},
	{
		.name = "size_mismatch_names_the_record",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 64,
				      .site = 0x11) } },
		.wrong = FREE(.address = 0x1000, .size = 65, .site = 0x12),
		.verdict = BUFTRACK_VERDICT_SIZE_MISMATCH,
		.target = IS_LIVE(0),
		.hit = NONE,
	},
	{
		.name = "double_free_names_alloc_and_first_free",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 64, .span = 65,
				      .id = 7, .site = 0x11) },
			   { 0,
			     FREE(.address = 0x1000, .id = 7, .site = 0x12) } },
		.wrong = FREE(.address = 0x1000, .id = 7, .size = 64,
			      .site = 0x13),
		.verdict = BUFTRACK_VERDICT_DOUBLE_FREE,
		.target = IS_FREED(0, 1, 1),
		.hit = NONE,
	},
	{
		.name = "third_free_raises_the_repeat_count",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 64) },
			   { 0, FREE(.address = 0x1000, .site = 0x12) },
			   { 0, FREE(.address = 0x1000, .site = 0x13) } },
		.wrong = FREE(.address = 0x1000, .site = 0x14),
		.verdict = BUFTRACK_VERDICT_DOUBLE_FREE,
		.target = IS_FREED(0, 1, 2),
		.hit = NONE,
	},
	{
		.name = "double_free_by_another_client_names_the_first",
		.declare = BUFTRACK_DECLARE_SHARED,
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 64) },
			   { 1, FREE(.address = 0x1000, .site = 0x12) } },
		.wrong = FREE(.address = 0x1000, .site = 0x14),
		.verdict = BUFTRACK_VERDICT_DOUBLE_FREE,
		.target = IS_FREED(0, 1, 1),
		.hit = NONE,
	},
	{
		.name = "stale_free_names_the_record_it_would_have_hit",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 64, .id = 7,
				      .site = 0x11) },
			   { 0, FREE(.address = 0x1000, .id = 7, .site = 0x12) },
			   { 0, ALLOC(.address = 0x1000, .size = 32, .span = 32,
				      .id = 8, .site = 0x13) } },
		.wrong = FREE(.address = 0x1000, .id = 7, .site = 0x14),
		.verdict = BUFTRACK_VERDICT_STALE_FREE,
		.target = IS_FREED(0, 1, 1),
		.hit = IS_LIVE(2),
	},
	{
		.name = "use_after_free_names_the_record_there",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 64, .id = 7,
				      .site = 0x11) },
			   { 0, FREE(.address = 0x1000, .id = 7, .site = 0x12) },
			   { 0, ALLOC(.address = 0x1000, .size = 32, .span = 32,
				      .id = 8, .site = 0x13) } },
		.wrong = USE(.address = 0x1000, .id = 7, .site = 0x14),
		.verdict = BUFTRACK_VERDICT_USE_AFTER_FREE,
		.target = IS_FREED(0, 1, 0),
		.hit = IS_LIVE(2),
	},
	{
		.name = "invalid_free_names_the_enclosing_record",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 64, .span = 64,
				      .id = 3, .site = 0x11) } },
		.wrong = FREE(.address = 0x1010, .site = 0x12),
		.verdict = BUFTRACK_VERDICT_INVALID_FREE,
		.target = NONE,
		.hit = IS_LIVE(0),
	},
	{
		.name = "free_of_an_id_before_the_first_names_nothing",
		.first_id = 100,
		.wrong = FREE(.address = 0x1000, .id = 99, .site = 0x12),
		.verdict = BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH,
		.target = NONE,
		.hit = NONE,
	},
	{
		.name = "free_of_an_id_before_the_first_names_the_record_there",
		.first_id = 100,
		.steps = { { 0,
			     ALLOC(.address = 0x1000, .size = 1, .id = 100) } },
		.wrong = FREE(.address = 0x1000, .id = 99),
		.verdict = BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH,
		.target = NONE,
		.hit = IS_LIVE(0),
	},
	{
		.name = "free_of_a_late_client_names_nothing",
		.declare = BUFTRACK_DECLARE_LATE,
		.wrong = FREE(.address = 0x1000, .site = 0x12),
		.verdict = BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH,
		.target = NONE,
		.hit = NONE,
	},
	{
		.name = "free_after_a_gap_names_the_freed_record",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 1,
				      .site = 0x11) },
			   { 0, FREE(.address = 0x1000, .site = 0x12) },
			   { 0, { LOST } } },
		.wrong = FREE(.address = 0x1000, .site = 0x13),
		.verdict = BUFTRACK_VERDICT_UNKNOWN_GAP,
		.target = IS_FREED(0, 1, 0),
		.hit = NONE,
	},
	{
		.name = "free_after_a_gap_names_the_doubtful_record",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 1, .id = 4) },
			   { 0, { LOST } } },
		.wrong = FREE(.address = 0x1000, .id = 5),
		.verdict = BUFTRACK_VERDICT_UNKNOWN_GAP,
		.target = NONE,
		.hit = IS_DOUBTFUL(0),
	},
	{
		.name = "refused_free_names_the_doubtful_record",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 1, .id = 4) },
			   { 0, { LOST } } },
		.wrong = FREE(.address = 0x1000, .id = 4,
			      .flags = BUFTRACK_REPORT_REFUSED),
		.verdict = BUFTRACK_VERDICT_REFUSED_FREE,
		.target = IS_DOUBTFUL(0),
		.hit = NONE,
	},
	{
		.name = "free_of_an_evicted_record_names_nothing",
		.max_freed = 1,
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 1) },
			   { 0, ALLOC(.address = 0x2000, .size = 1) },
			   { 0, FREE(.address = 0x1000) },
			   { 0, FREE(.address = 0x2000) } },
		.wrong = FREE(.address = 0x1000),
		.verdict = BUFTRACK_VERDICT_UNKNOWN_EVICTED,
		.target = NONE,
		.hit = NONE,
	},
	{
		.name = "free_of_another_id_names_the_live_record",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 1, .id = 1,
				      .site = 0x11) },
			   { 0, ALLOC(.address = 0x1000, .size = 1, .id = 2,
				      .site = 0x12) },
			   { 0, FREE(.address = 0x1000, .id = 2) } },
		.wrong = FREE(.address = 0x1000, .id = 3, .site = 0x13),
		.verdict = BUFTRACK_VERDICT_UNKNOWN_OTHER_ID,
		.target = NONE,
		.hit = IS_LIVE(0),
	},
	{
		.name = "free_of_another_id_names_the_freed_record",
		.steps = { { 0, ALLOC(.address = 0x1000, .size = 1, .id = 2,
				      .site = 0x12) },
			   { 0,
			     FREE(.address = 0x1000, .id = 2, .site = 0x14) } },
		.wrong = FREE(.address = 0x1000, .id = 3, .site = 0x13),
		.verdict = BUFTRACK_VERDICT_UNKNOWN_OTHER_ID,
		.target = NONE,
		.hit = IS_FREED(0, 1, 0),
	},
	{
		.name = "free_of_an_unknown_address_names_nothing",
		.wrong = FREE(.address = 0x1000, .size = 12, .id = 3,
			      .site = 0x13),
		.verdict = BUFTRACK_VERDICT_UNKNOWN_NEVER,
		.target = NONE,
		.hit = NONE,
	},
};

/* A story as it was reported */
struct outcome {
	const struct story *story;
	int fds[2];
	__u64 clients[2];
	__u64 stamps[MAX_STEPS];
	__u64 stamp;
};

static void begin_clients(const struct fixture *f, struct outcome *t)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct buftrack_declare declare = {
			.flags = t->story->declare,
			.first_id = t->story->first_id,
		};

		t->fds[i] = fixture_open(f);
		CHECK_OK(CALL(t->fds[i], DECLARE, &declare));
		t->clients[i] = declare.client;
	}
}

static void report_story(const struct fixture *f, struct outcome *t)
{
	const struct story *s = t->story;
	const struct buftrack_device_set set = {
		.fields = s->max_freed ? BUFTRACK_DEVICE_SET_MAX_FREED : 0,
		.max_freed = s->max_freed,
	};
	const struct step *step;
	__u32 verdict;

	CHECK_OK(set_device(f->fd, set));
	begin_clients(f, t);
	for (step = s->steps; step->report.op || step->report.size; step++) {
		if (step->report.op)
			CHECK_OK(report(t->fds[step->who], step->report, NULL,
					&t->stamps[step - s->steps]));
		else
			CHECK_OK(lost(t->fds[step->who], 1));
	}
	CHECK_OK(report(t->fds[s->who], s->wrong, &verdict, &t->stamp));
	CHECK_EQ(verdict, s->verdict);
}

static void check_end(const struct outcome *t, const struct evidence *want,
		      const struct buftrack_event_record *got)
{
	const struct step *step = &t->story->steps[want->freed];

	if (want->freed == NOBODY) {
		CHECK_EQ(got->ended, 0);
		CHECK_EQ(got->ended_by, 0);
		CHECK_EQ(got->ended_site, 0);
		CHECK_EQ(got->ended_by_pid, 0);
		CHECK_STR(got->ended_by_comm, "");
		return;
	}
	CHECK_EQ(got->ended, t->stamps[want->freed]);
	CHECK_EQ(got->ended_by, t->clients[step->who]);
	CHECK_EQ(got->ended_site, step->report.site);
	CHECK_EQ(got->ended_by_pid, getpid());
	CHECK(got->ended_by_comm[0]);
}

static void check_record(const struct outcome *t, const struct evidence *want,
			 const struct buftrack_event_record *got)
{
	static const struct buftrack_event_record none;
	const struct step *step = &t->story->steps[want->alloc];

	if (want->alloc == NOBODY) {
		CHECK(!memcmp(got, &none, sizeof(none)));
		return;
	}
	CHECK_EQ(got->client, t->clients[step->who]);
	CHECK_EQ(got->address, step->report.address);
	CHECK_EQ(got->size, step->report.size);
	CHECK_EQ(got->span, step->report.span);
	CHECK_EQ(got->id, step->report.id);
	CHECK_EQ(got->site, step->report.site);
	CHECK_EQ(got->allocated, t->stamps[want->alloc]);
	CHECK_EQ(got->state, want->state);
	CHECK_EQ(got->repeats, want->repeats);
	CHECK_EQ(got->pid, getpid());
	CHECK(got->comm[0]);
	check_end(t, want, got);
}

static void check_event(const struct outcome *t, const struct buftrack_event *e)
{
	const struct story *s = t->story;

	CHECK_EQ(e->verdict, s->verdict);
	CHECK_EQ(e->flags, 0);
	CHECK_EQ(e->reserved, 0);
	CHECK_EQ(e->dropped, 0);
	CHECK_EQ(e->stamp, t->stamp);
	CHECK_EQ(e->client, t->clients[s->who]);
	CHECK(!memcmp(&e->report, &s->wrong, sizeof(s->wrong)));
	CHECK_EQ(e->pid, getpid());
	CHECK_EQ(e->uid, 0);
	CHECK(e->comm[0]);
	check_record(t, &s->target, &e->target);
	check_record(t, &s->hit, &e->hit);
}

static void event_has_evidence(const void *arg)
{
	struct outcome outcome = { .story = arg };
	struct buftrack_event event;
	__u32 earlier = 0;
	struct fixture f;
	int fd;

	fixture_setup(&f);
	fd = open_reader(&f);
	report_story(&f, &outcome);
	/* Earlier steps may be wrong, too; the last event is the one to check */
	do {
		event = next_event(fd);
		CHECK_EQ(event.sequence, ++earlier);
	} while (event.stamp != outcome.stamp);
	check_event(&outcome, &event);
	check_no_event(fd);
	fixture_teardown(&f);
}

__attribute__((constructor)) static void add_tests(void)
{
	const struct story *s;

	for (s = stories; s < stories + ARRAY_SIZE(stories); s++)
		test_add(AREA, s->name, event_has_evidence, s);
}

DEVICE_TEST(correct_reports_create_no_events)
{
	int fd = open_reader(f);

	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_OK);
	CHECK_OK(lost(f->fd, 1));
	CHECK_OK(set_enabled(f->fd, false));
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_DISABLED);
	CHECK_OK(set_enabled(f->fd, true));
	CHECK_OK(set_device(f->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_RECORDS,
				    .max_records = 1 }));
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(f->fd, BUFFER(0x2000, 16)),
		 BUFTRACK_VERDICT_UNTRACKED);
	check_no_event(fd);
}

DEVICE_TEST(orphan_in_an_event_is_marked)
{
	int owner = fixture_open(f), fd = open_reader(f);
	struct buftrack_event event;
	__u64 client;

	CHECK_OK(declare(owner, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(declare(f->fd, BUFTRACK_DECLARE_SHARED, &client));
	CHECK_OK(try_report(owner, BUFFER(0x1000, 64)));
	close(owner);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1010)),
		 BUFTRACK_VERDICT_INVALID_FREE);
	event = next_event(fd);
	CHECK_EQ(event.hit.state, LIVE | BUFTRACK_RECORD_STATE_ORPHANED);
	CHECK_EQ(event.hit.client, 1);
}

/* Opens a client of the shared domain whose process has this comm */
static int share_as(const struct fixture *f, const char *name)
{
	int fd;
	__u64 client;

	CHECK_SYS(prctl(PR_SET_NAME, name));
	fd = fixture_open(f);
	CHECK_OK(declare(fd, BUFTRACK_DECLARE_SHARED, &client));
	return fd;
}

DEVICE_TEST(comms_are_those_of_the_reporters)
{
	int owner = share_as(f, "owner"), freer = share_as(f, "freer");
	int again = share_as(f, "again"), fd = open_reader(f);
	struct buftrack_event event;

	CHECK_OK(try_report(owner, BUFFER(0x1000, 64)));
	CHECK_OK(try_report(freer, FREE(.address = 0x1000)));
	CHECK_OK(try_report(again, FREE(.address = 0x1000)));
	event = next_event(fd);
	CHECK_STR(event.comm, "freer");
	CHECK_STR(event.target.comm, "owner");
	CHECK_STR(event.target.ended_by_comm, "");
	event = next_event(fd);
	CHECK_STR(event.comm, "again");
	CHECK_STR(event.target.comm, "owner");
	CHECK_STR(event.target.ended_by_comm, "freer");
}

static void share_and_free(void *arg)
{
	int fd = share_as(arg, "inner");

	CHECK_OK(try_report(fd, FREE(.address = 0x1000)));
}

DEVICE_TEST(pids_are_those_of_the_reporters)
{
	int owner = share_as(f, "owner"), fd = open_reader(f);
	struct buftrack_event event;
	pid_t pid;

	CHECK_OK(try_report(owner, BUFFER(0x1000, 64)));
	pid = start(share_and_free, f);
	finish(pid);
	CHECK_OK(try_report(owner, FREE(.address = 0x1000)));
	event = next_event(fd);
	CHECK_EQ(event.pid, pid);
	CHECK_EQ(event.target.pid, getpid());
	event = next_event(fd);
	CHECK_EQ(event.pid, getpid());
	CHECK_EQ(event.target.pid, getpid());
	CHECK_EQ(event.target.ended_by_pid, pid);
}

DEVICE_TEST(evidence_outlives_its_records_and_clients)
{
	int owner = fixture_open(f), fd = open_reader(f);
	struct buftrack_event event;

	CHECK_OK(set_device(f->fd,
			    (struct buftrack_device_set){
				    .fields = BUFTRACK_DEVICE_SET_MAX_CLOSED |
					      BUFTRACK_DEVICE_SET_MAX_REMAINING,
			    }));
	CHECK_OK(try_report(owner, BUFFER(0x1000, 64)));
	CHECK_OK(try_report(owner, FREE(.address = 0x1000)));
	CHECK_OK(try_report(owner, FREE(.address = 0x1000)));
	close(owner);
	event = next_event(fd);
	CHECK_EQ(event.client, 1);
	CHECK_EQ(event.pid, getpid());
	CHECK_EQ(event.target.client, 1);
	CHECK_EQ(event.target.address, 0x1000);
	CHECK_EQ(event.target.ended_by, 1);
	CHECK_EQ(event.target.ended_by_pid, getpid());
}

DEVICE_TEST(events_are_in_the_order_of_reports)
{
	struct buftrack_event event, before = {};
	int fd = open_reader(f), other = fixture_open(f);
	__u64 i;

	for (i = 1; i <= 100; i++)
		report_wrong(i % 3 ? f->fd : other, i);
	for (i = 1; i <= 100; i++) {
		event = next_event(fd);
		CHECK_EQ(event.sequence, i);
		CHECK_EQ(event.report.address, i);
		CHECK_EQ(event.dropped, 0);
		CHECK(event.stamp > before.stamp);
		before = event;
	}
	check_no_event(fd);
}

DEVICE_TEST(reset_keeps_events_and_their_numbers)
{
	int fd = open_reader(f);

	report_wrong(f->fd, 1);
	CHECK_OK(reset_device(f->fd));
	report_wrong(f->fd, 2);
	CHECK_EQ(next_event(fd).sequence, 1);
	CHECK_EQ(next_event(fd).sequence, 2);
}

DEVICE_TEST(event_has_no_evidence_of_the_previous_one)
{
	static const struct buftrack_event_record none;
	struct buftrack_event events[2];
	int fd = open_reader(f);

	CHECK_OK(try_report(f->fd, ALLOC(.address = 0x1000, .size = 64, .id = 7,
					 .site = 1)));
	CHECK_OK(try_report(f->fd, FREE(.address = 0x1000, .id = 7)));
	CHECK_OK(try_report(f->fd, ALLOC(.address = 0x1000, .size = 64, .id = 8,
					 .site = 2)));
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000, .id = 7)),
		 BUFTRACK_VERDICT_STALE_FREE);
	report_wrong(f->fd, 0x5000);
	CHECK_EQ(try_read(fd, events, sizeof(events)), sizeof(events));
	CHECK_EQ(events[0].target.id, 7);
	CHECK_EQ(events[0].hit.id, 8);
	CHECK(!memcmp(&events[1].target, &none, sizeof(none)));
	CHECK(!memcmp(&events[1].hit, &none, sizeof(none)));
}
