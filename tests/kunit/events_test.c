// SPDX-License-Identifier: GPL-2.0
/* Events: the evidence of each wrong report, and the events that the log keeps */
#include <linux/slab.h>
#include "fixture.h"

#define ROOM	128

/**
 * struct found - the events that a reader read
 * @position: position of the reader
 * @nr: number of events
 * @dropped: sum of the dropped events
 * @events: the events; the tracker owns their references
 */
struct found {
	u64 position;
	u32 nr;
	u64 dropped;
	struct bt_event events[ROOM];
};

/* Sites, which identify each action */
enum {
	SITE_ALLOC = 0x100,
	SITE_FREE = 0x200,
	SITE_OTHER = 0x300,
	SITE_WRONG = 0x400,
};

static void take(void *arg, const struct bt_event *event)
{
	struct found *f = arg;

	f->events[f->nr++] = *event;
}

/* Read up to @most events */
static void read_some(struct kunit *test, struct found *f, u32 most)
{
	u64 dropped = 0;

	while (most-- && f->nr < ROOM &&
	       bt_events_next(fixture(test)->t, &f->position, &dropped, take, f))
		f->dropped += dropped;
}

static struct found *found_create(struct kunit *test)
{
	struct found *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static struct found *read_all(struct kunit *test)
{
	struct found *f = found_create(test);

	read_some(test, f, ROOM);
	return f;
}

static void set_up(struct kunit *test, u32 size)
{
	KUNIT_ASSERT_EQ(test, 0, bt_events_setup(fixture(test)->t, size));
}

/* The latest of @nr events, which belongs to the latest report */
static const struct bt_event *last_of(struct kunit *test, u32 nr,
				      const struct bt_client *reporter,
				      int verdict)
{
	struct found *f = read_all(test);
	const struct bt_event *event = &f->events[nr - 1];

	KUNIT_ASSERT_EQ(test, f->nr, nr);
	KUNIT_EXPECT_EQ(test, f->dropped, 0);
	KUNIT_EXPECT_EQ(test, event->number, nr);
	KUNIT_EXPECT_EQ(test, event->stamp, fixture(test)->stamp);
	KUNIT_EXPECT_EQ(test, event->verdict, verdict);
	KUNIT_EXPECT_PTR_EQ(test, event->reporter, reporter);
	return event;
}

static const struct bt_event *the_event(struct kunit *test,
					const struct bt_client *reporter,
					int verdict)
{
	return last_of(test, 1, reporter, verdict);
}

static void expect_none(struct kunit *test, const struct bt_event_record *rec)
{
	static const struct bt_event_record none;

	KUNIT_EXPECT_MEMEQ(test, rec, &none, sizeof(none));
}

static void expect_record(struct kunit *test, const struct bt_event_record *got,
			  const struct bt_event_record *expected)
{
	KUNIT_EXPECT_PTR_EQ(test, got->owner, expected->owner);
	KUNIT_EXPECT_PTR_EQ(test, got->by, expected->by);
	KUNIT_EXPECT_EQ(test, got->address, expected->address);
	KUNIT_EXPECT_EQ(test, got->id, expected->id);
	KUNIT_EXPECT_EQ(test, got->size, expected->size);
	KUNIT_EXPECT_EQ(test, got->span, expected->span);
	KUNIT_EXPECT_EQ(test, got->allocated, expected->allocated);
	KUNIT_EXPECT_EQ(test, got->freed, expected->freed);
	KUNIT_EXPECT_EQ(test, got->site, expected->site);
	KUNIT_EXPECT_EQ(test, got->freed_site, expected->freed_site);
	KUNIT_EXPECT_EQ(test, got->state, expected->state);
	KUNIT_EXPECT_EQ(test, got->repeats, expected->repeats);
}

#define EXPECT_RECORD(test, record, ...) \
	expect_record(test, record, \
		      &(const struct bt_event_record){ __VA_ARGS__ })

/* The target of the wrong reports: 96 bytes, span 64 at 0x1000, id 7 */
static u64 make_buffer(struct kunit *test, struct bt_client *c)
{
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x1000,
		     .size = 96, .span = 64, .id = 7, .site = SITE_ALLOC);
	return fixture(test)->stamp;
}

static u64 free_buffer(struct kunit *test, struct bt_client *c)
{
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x1000, .id = 7,
		    .site = SITE_FREE);
	return fixture(test)->stamp;
}

#define THE_BUFFER	.address = 0x1000, .id = 7, .size = 96, .span = 64, \
			.site = SITE_ALLOC

static void event_keeps_the_whole_report(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	const struct buftrack_report r = {
		.op = BUFTRACK_OP_FREE, .flags = BUFTRACK_REPORT_REFUSED, .space = 2,
		.address = 0x1234, .size = 5, .id = 6, .site = SITE_WRONG,
	};

	set_up(test, 4);
	KUNIT_EXPECT_EQ(test, make_report(test, c, r), BUFTRACK_VERDICT_UNKNOWN_NEVER);
	KUNIT_EXPECT_MEMEQ(test, &the_event(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER)->report,
			   &r, sizeof(r));
}

static void ok_report_is_no_event(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_up(test, 4);
	make_buffer(test, c);
	free_buffer(test, c);
	set_max_records(test, 0);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 2, BUFFER(0, 1));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_UNTRACKED, .space = 2, BUFFER(1, 1));
	set_enabled(test, false);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DISABLED, .address = 0x1000);
	report_lost(test, c, 1);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->events.last, 0);
	KUNIT_EXPECT_EQ(test, read_all(test)->nr, 0);
}

static void double_alloc_names_the_replaced_record(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	const struct bt_event *event;
	u64 allocated;

	set_up(test, 4);
	allocated = make_buffer(test, a);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_DOUBLE_ALLOC, .space = 1,
		     BUFFER(0x1000, 8), .id = 7, .site = SITE_WRONG);
	event = the_event(test, b, BUFTRACK_VERDICT_DOUBLE_ALLOC);
	EXPECT_RECORD(test, &event->target, THE_BUFFER, .owner = a,
		      .allocated = allocated, .state = BUFTRACK_RECORD_STATE_LIVE);
	expect_none(test, &event->hit);
}

/* Of the overlapping records, the first by address and id */
static void overlap_names_the_first_record(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	const struct bt_event *event;
	u64 allocated;

	set_up(test, 4);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0x1040, 16));
	allocated = make_buffer(test, a);
	EXPECT_ALLOC(test, b, BUFTRACK_VERDICT_OVERLAP, .space = 1, BUFFER(0x103f, 2),
		     .site = SITE_WRONG);
	event = the_event(test, b, BUFTRACK_VERDICT_OVERLAP);
	EXPECT_RECORD(test, &event->hit, THE_BUFFER, .owner = a,
		      .allocated = allocated, .state = BUFTRACK_RECORD_STATE_LIVE);
	expect_none(test, &event->target);
}

static void refused_free_names_its_target(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	const struct bt_event *event;
	u64 allocated;

	set_up(test, 4);
	allocated = make_buffer(test, c);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_REFUSED_FREE, .space = 1,
		    .address = 0x1000, .flags = BUFTRACK_REPORT_REFUSED);
	event = the_event(test, c, BUFTRACK_VERDICT_REFUSED_FREE);
	EXPECT_RECORD(test, &event->target, THE_BUFFER, .owner = c,
		      .allocated = allocated, .state = BUFTRACK_RECORD_STATE_LIVE);
	expect_none(test, &event->hit);
}

static void foreign_free_names_the_owner(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	const struct bt_event *event;
	u64 allocated;

	set_up(test, 4);
	allocated = make_buffer(test, a);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_FOREIGN_FREE, .space = 1,
		    .address = 0x1000);
	event = the_event(test, b, BUFTRACK_VERDICT_FOREIGN_FREE);
	/* The evidence shows the target before this free */
	EXPECT_RECORD(test, &event->target, THE_BUFFER, .owner = a,
		      .allocated = allocated, .state = BUFTRACK_RECORD_STATE_LIVE);
	expect_none(test, &event->hit);
}

static void size_mismatch_names_the_size(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	const struct bt_event *event;
	u64 allocated;

	set_up(test, 4);
	allocated = make_buffer(test, c);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_SIZE_MISMATCH, .space = 1,
		    .address = 0x1000, .size = 64);
	event = the_event(test, c, BUFTRACK_VERDICT_SIZE_MISMATCH);
	KUNIT_EXPECT_EQ(test, event->report.size, 64);
	EXPECT_RECORD(test, &event->target, THE_BUFFER, .owner = c,
		      .allocated = allocated, .state = BUFTRACK_RECORD_STATE_LIVE);
	expect_none(test, &event->hit);
}

/* The evidence has three sides: the alloc, the first free, the second free */
static void double_free_has_all_sides(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	struct bt_client *d = open_shared(test);
	const struct bt_event *event;
	u64 allocated, freed;

	set_up(test, 4);
	allocated = make_buffer(test, a);
	close_client(test, a);
	freed = free_buffer(test, b);
	EXPECT_FREE(test, d, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 1,
		    .address = 0x1000, .id = 7, .site = SITE_WRONG);
	event = the_event(test, d, BUFTRACK_VERDICT_DOUBLE_FREE);
	KUNIT_EXPECT_EQ(test, event->report.site, SITE_WRONG);
	EXPECT_RECORD(test, &event->target, THE_BUFFER, .owner = a, .by = b,
		      .allocated = allocated, .freed = freed,
		      .freed_site = SITE_FREE, .repeats = 1,
		      .state = BUFTRACK_RECORD_STATE_FREED);
	expect_none(test, &event->hit);
}

static void each_repeat_is_counted_in_its_event(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct found *f;
	unsigned int i;

	set_up(test, 8);
	make_buffer(test, c);
	free_buffer(test, c);
	for (i = 0; i < 3; i++)
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 1,
			    .address = 0x1000);
	f = read_all(test);
	KUNIT_ASSERT_EQ(test, f->nr, 3);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, f->events[i].target.repeats, i + 1);
}

static void repeats_saturate(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct found *f;

	set_up(test, 8);
	make_buffer(test, c);
	free_buffer(test, c);
	find_freed(c, 1, 0x1000, 7)->repeats = U32_MAX - 1;
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 1, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 1, .address = 0x1000);
	f = read_all(test);
	KUNIT_ASSERT_EQ(test, f->nr, 2);
	KUNIT_EXPECT_EQ(test, f->events[0].target.repeats, U32_MAX);
	KUNIT_EXPECT_EQ(test, f->events[1].target.repeats, U32_MAX);
}

/* A new alloc with the key of a freed record does not inherit its repeat count */
static void new_record_inherits_nothing(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	struct found *f;

	set_up(test, 8);
	make_buffer(test, c);
	free_buffer(test, c);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 1, .address = 0x1000);
	make_buffer(test, c);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_REFUSED_FREE, .space = 1,
		    .address = 0x1000, .flags = BUFTRACK_REPORT_REFUSED);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x1000);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 1, .address = 0x1000);
	f = read_all(test);
	KUNIT_ASSERT_EQ(test, f->nr, 3);
	KUNIT_EXPECT_EQ(test, f->events[1].target.repeats, 0);
	KUNIT_EXPECT_EQ(test, f->events[1].target.freed_site, 0);
	KUNIT_EXPECT_NULL(test, f->events[1].target.by);
	KUNIT_EXPECT_EQ(test, f->events[2].target.repeats, 1);
	KUNIT_EXPECT_EQ(test, f->events[2].target.freed_site, 0);
}

/* A buffer at an address of its own, or at that of another buffer */
static u64 make_other(struct kunit *test, struct bt_client *c, u64 address,
		      u64 span, u64 id)
{
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, .address = address,
		     .size = 5, .span = span, .id = id, .site = SITE_OTHER);
	return fixture(test)->stamp;
}

#define AN_OTHER	.size = 5, .site = SITE_OTHER

/* Of the records that start there, the latest */
static void stale_free_names_the_record_at_the_address(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	const struct bt_event *event;
	u64 allocated, freed, latest;

	set_up(test, 4);
	allocated = make_buffer(test, a);
	freed = free_buffer(test, a);
	make_other(test, a, 0xff0, 0x100, 5);
	make_other(test, a, 0x1000, 0, 9);
	latest = make_other(test, b, 0x1000, 0, 8);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_STALE_FREE, .space = 1,
		    .address = 0x1000, .id = 7);
	event = the_event(test, b, BUFTRACK_VERDICT_STALE_FREE);
	EXPECT_RECORD(test, &event->target, THE_BUFFER, .owner = a, .by = a,
		      .allocated = allocated, .freed = freed,
		      .freed_site = SITE_FREE, .repeats = 1,
		      .state = BUFTRACK_RECORD_STATE_FREED);
	EXPECT_RECORD(test, &event->hit, AN_OTHER, .owner = b,
		      .address = 0x1000, .id = 8, .allocated = latest,
		      .state = BUFTRACK_RECORD_STATE_LIVE);
}

/* Of the records that span the address, the first by address and id */
static void stale_free_names_the_spanning_record(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	const struct bt_event *event;
	u64 lowest;

	set_up(test, 4);
	make_buffer(test, c);
	free_buffer(test, c);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 1, BUFFER(0xff0, 0x100));
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OVERLAP, .space = 1, .address = 0xfe0,
		     .size = 5, .span = 0x100, .id = 6, .site = SITE_OTHER);
	lowest = fixture(test)->stamp;
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_STALE_FREE, .space = 1, .address = 0x1000);
	event = last_of(test, 2, c, BUFTRACK_VERDICT_STALE_FREE);
	EXPECT_RECORD(test, &event->hit, AN_OTHER, .owner = c, .address = 0xfe0,
		      .span = 0x100, .id = 6, .allocated = lowest,
		      .state = BUFTRACK_RECORD_STATE_LIVE);
}

/* A doubtful record is never named, but one that spans the address may be */
static void stale_free_names_no_doubtful_record(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	const struct bt_event *event;
	u64 sure;

	set_up(test, 4);
	make_other(test, c, 0x1000, 0, 9);
	report_lost(test, c, 1);
	make_buffer(test, c);
	free_buffer(test, c);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 1,
		    .address = 0x1000, .id = 7);
	sure = make_other(test, c, 0xff0, 0x100, 5);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_STALE_FREE, .space = 1,
		    .address = 0x1000, .id = 7);
	event = last_of(test, 2, c, BUFTRACK_VERDICT_STALE_FREE);
	KUNIT_EXPECT_EQ(test, event->hit.id, 5);
	KUNIT_EXPECT_EQ(test, event->hit.allocated, sure);
	KUNIT_EXPECT_EQ(test, event->target.repeats, 2);
}

/* The target as the free left it, and the live record that has the address now */
static void use_after_free_names_both_records(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	const struct buftrack_report use = {
		.op = BUFTRACK_OP_USE, .space = 1, .address = 0x1000, .id = 7,
		.site = SITE_WRONG,
	};
	u64 allocated, freed, reused;
	const struct bt_event *event;

	set_up(test, 4);
	allocated = make_buffer(test, a);
	freed = free_buffer(test, a);
	KUNIT_EXPECT_EQ(test, BUFTRACK_VERDICT_USE_AFTER_FREE, make_report(test, b, use));
	event = the_event(test, b, BUFTRACK_VERDICT_USE_AFTER_FREE);
	expect_none(test, &event->hit);
	reused = make_other(test, b, 0x1000, 0, 9);
	KUNIT_EXPECT_EQ(test, BUFTRACK_VERDICT_USE_AFTER_FREE, make_report(test, b, use));
	event = last_of(test, 2, b, BUFTRACK_VERDICT_USE_AFTER_FREE);
	KUNIT_EXPECT_EQ(test, event->report.op, BUFTRACK_OP_USE);
	KUNIT_EXPECT_EQ(test, event->report.site, SITE_WRONG);
	EXPECT_RECORD(test, &event->target, THE_BUFFER, .owner = a, .by = a,
		      .allocated = allocated, .freed = freed,
		      .freed_site = SITE_FREE, .state = BUFTRACK_RECORD_STATE_FREED);
	KUNIT_EXPECT_EQ(test, event->hit.allocated, reused);
	KUNIT_EXPECT_EQ(test, event->hit.id, 9);
}

static void invalid_free_names_the_enclosing_record(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	const struct bt_event *event;
	u64 allocated;

	set_up(test, 4);
	allocated = make_buffer(test, a);
	close_client(test, a);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_INVALID_FREE, .space = 1,
		    .address = 0x1001, .id = 7);
	event = the_event(test, b, BUFTRACK_VERDICT_INVALID_FREE);
	EXPECT_RECORD(test, &event->hit, THE_BUFFER, .owner = a,
		      .allocated = allocated, .state = BUFTRACK_RECORD_STATE_LIVE |
		      BUFTRACK_RECORD_STATE_ORPHANED);
	expect_none(test, &event->target);
}

/* The target exists, but its later reports may be lost */
static void gap_names_the_target(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	const struct bt_event *event;
	u64 allocated, freed;

	set_up(test, 4);
	allocated = make_buffer(test, c);
	freed = free_buffer(test, c);
	report_lost(test, c, 1);
	make_other(test, c, 0x1000, 0, 9);
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP, .space = 1,
		    .address = 0x1000, .id = 7);
	event = the_event(test, c, BUFTRACK_VERDICT_UNKNOWN_GAP);
	EXPECT_RECORD(test, &event->target, THE_BUFFER, .owner = c, .by = c,
		      .allocated = allocated, .freed = freed,
		      .freed_site = SITE_FREE, .state = BUFTRACK_RECORD_STATE_FREED);
	expect_none(test, &event->hit);
}

/* Free by an unknown id; the evidence names another record at the address */
static const struct bt_event *free_unknown(struct kunit *test,
					   struct bt_client *c, u64 id,
					   int verdict)
{
	const struct bt_event *event;

	EXPECT_FREE(test, c, verdict, .space = 1, .address = 0x1000, .id = id,
		    .site = SITE_WRONG);
	event = the_event(test, c, verdict);
	expect_none(test, &event->target);
	return event;
}

static void other_id_names_the_latest_live_one(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	const struct bt_event *event;
	u64 allocated;

	set_up(test, 4);
	make_other(test, a, 0x1000, 0, 9);
	allocated = make_buffer(test, a);
	make_other(test, b, 0x1000, 0, 3);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x1000);
	event = free_unknown(test, b, 99, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID);
	EXPECT_RECORD(test, &event->hit, THE_BUFFER, .owner = a,
		      .allocated = allocated, .state = BUFTRACK_RECORD_STATE_LIVE);
}

static void other_id_names_the_latest_freed_one(struct kunit *test)
{
	struct bt_client *a = open_shared(test), *b = open_shared(test);
	const struct bt_event *event;
	u64 allocated, freed;

	set_up(test, 4);
	allocated = make_buffer(test, a);
	make_other(test, b, 0x1000, 0, 3);
	EXPECT_FREE(test, b, BUFTRACK_VERDICT_OK, .space = 1, .address = 0x1000,
		    .id = 3);
	close_client(test, a);
	freed = free_buffer(test, b);
	event = free_unknown(test, b, 99, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID);
	EXPECT_RECORD(test, &event->hit, THE_BUFFER, .owner = a, .by = b,
		      .allocated = allocated, .freed = freed,
		      .freed_site = SITE_FREE, .state = BUFTRACK_RECORD_STATE_FREED);
}

static void gap_names_another_record_at_the_address(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	const struct bt_event *event;
	u64 allocated;

	set_up(test, 4);
	allocated = make_buffer(test, c);
	report_lost(test, c, 1);
	event = free_unknown(test, c, 99, BUFTRACK_VERDICT_UNKNOWN_GAP);
	EXPECT_RECORD(test, &event->hit, THE_BUFFER, .owner = c,
		      .allocated = allocated, .state = BUFTRACK_RECORD_STATE_LIVE |
		      BUFTRACK_RECORD_STATE_DOUBTFUL);
}

static void evicted_names_another_record_at_the_address(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_up(test, 4);
	set_max_freed(test, 0);
	make_buffer(test, c);
	free_buffer(test, c);
	make_other(test, c, 0x1000, 0, 3);
	KUNIT_EXPECT_EQ(test, free_unknown(test, c, 7, BUFTRACK_VERDICT_UNKNOWN_EVICTED)
			->hit.id, 3);
}

static void pre_attach_names_another_record_at_the_address(struct kunit *test)
{
	struct bt_client *c = open_client(test, 0, 100);

	set_up(test, 4);
	make_other(test, c, 0x1000, 0, 200);
	KUNIT_EXPECT_EQ(test, free_unknown(test, c, 7,
					   BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH)->hit.id,
			200);
}

/* A record in another space or domain is not evidence */
static void unknown_address_has_no_evidence(struct kunit *test)
{
	struct bt_client *c = open_private(test), *other = open_private(test);

	set_up(test, 4);
	make_buffer(test, other);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, .space = 2, BUFFER(0x1000, 16));
	expect_none(test, &free_unknown(test, c, 7,
					BUFTRACK_VERDICT_UNKNOWN_NEVER)->hit);
}

static void late_client_has_no_evidence(struct kunit *test)
{
	struct bt_client *c = open_client(test, BUFTRACK_DECLARE_LATE, 0);

	set_up(test, 4);
	expect_none(test, &free_unknown(test, c, 7,
					BUFTRACK_VERDICT_UNKNOWN_PRE_ATTACH)->hit);
}

/* @nr wrong frees by a client without records */
static void do_wrong(struct kunit *test, struct bt_client *c, unsigned int nr)
{
	while (nr--)
		EXPECT_FREE(test, c, BUFTRACK_VERDICT_UNKNOWN_NEVER, .address = 0x1000);
}

/* Expect the log to have the events with these numbers */
static void expect_kept(struct kunit *test, const u64 *numbers, u32 nr)
{
	struct found *f = read_all(test);
	u32 i;

	KUNIT_ASSERT_EQ(test, f->nr, nr);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, f->events[i].number, numbers[i]);
	KUNIT_EXPECT_EQ(test, f->dropped, numbers[nr - 1] - nr);
}

#define EXPECT_KEPT(test, ...) \
do { \
	static const u64 __numbers[] = { __VA_ARGS__ }; \
	\
	expect_kept(test, __numbers, ARRAY_SIZE(__numbers)); \
} while (0)

static void readers_have_separate_positions(struct kunit *test)
{
	struct found *a = found_create(test), *b = found_create(test);
	struct bt_client *c = open_private(test);
	unsigned int i;

	set_up(test, 8);
	do_wrong(test, c, 3);
	read_some(test, a, 2);
	read_some(test, b, 1);
	do_wrong(test, c, 2);
	read_some(test, a, ROOM);
	read_some(test, b, ROOM);
	KUNIT_EXPECT_EQ(test, a->nr, 5);
	KUNIT_EXPECT_EQ(test, b->nr, 5);
	KUNIT_EXPECT_EQ(test, a->position, 5);
	KUNIT_EXPECT_EQ(test, a->dropped + b->dropped, 0);
	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_EQ(test, a->events[i].number, i + 1);
		KUNIT_EXPECT_EQ(test, b->events[i].number, i + 1);
	}
}

static void reader_at_the_end_waits_for_more(struct kunit *test)
{
	static const u64 ends[] = { 2, 3, U64_MAX };
	struct bt_client *c = open_private(test);
	struct found *f = found_create(test);
	unsigned int i;

	set_up(test, 8);
	read_some(test, f, 1);
	KUNIT_EXPECT_EQ(test, f->position, 0);
	do_wrong(test, c, 2);
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		f->position = ends[i];
		read_some(test, f, 1);
		KUNIT_EXPECT_EQ(test, f->nr, 0);
		KUNIT_EXPECT_EQ(test, f->position, ends[i]);
	}
	f->position = 2;
	do_wrong(test, c, 1);
	read_some(test, f, ROOM);
	KUNIT_EXPECT_EQ(test, f->nr, 1);
	KUNIT_EXPECT_EQ(test, f->dropped, 0);
}

static void readers_learn_what_they_missed(struct kunit *test)
{
	struct found *slow = found_create(test), *quick = found_create(test);
	struct bt_client *c = open_private(test);

	set_up(test, 4);
	do_wrong(test, c, 4);
	read_some(test, slow, 2);
	read_some(test, quick, 4);
	do_wrong(test, c, 6);
	EXPECT_KEPT(test, 7, 8, 9, 10);
	read_some(test, slow, 1);
	KUNIT_EXPECT_EQ(test, slow->position, 7);
	KUNIT_EXPECT_EQ(test, slow->dropped, 4);
	read_some(test, slow, ROOM);
	KUNIT_EXPECT_EQ(test, slow->dropped, 4);
	read_some(test, quick, ROOM);
	KUNIT_EXPECT_EQ(test, quick->dropped, 2);
	KUNIT_EXPECT_EQ(test, quick->nr, 8);
}

/* While slots are free, no event is recycled */
static void all_slots_are_used(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	set_up(test, 8);
	do_wrong(test, a, 1);
	do_wrong(test, b, 7);
	EXPECT_KEPT(test, 1, 2, 3, 4, 5, 6, 7, 8);
	do_wrong(test, b, 1);
	EXPECT_KEPT(test, 1, 3, 4, 5, 6, 7, 8, 9);
}

static void burst_leaves_others_alone(struct kunit *test)
{
	struct bt_client *quiet = open_private(test), *loud = open_private(test);

	set_up(test, 8);
	do_wrong(test, quiet, 3);
	do_wrong(test, loud, 100);
	EXPECT_KEPT(test, 1, 2, 3, 99, 100, 101, 102, 103);
	KUNIT_EXPECT_EQ(test, quiet->nr_events, 3);
	KUNIT_EXPECT_EQ(test, loud->nr_events, 5);
}

/* A client below its share takes the oldest slot of all, and then its own oldest */
static void each_client_gets_a_share(struct kunit *test)
{
	struct bt_client *loud = open_private(test), *late = open_private(test);

	set_up(test, 8);
	do_wrong(test, loud, 20);
	do_wrong(test, late, 1);
	EXPECT_KEPT(test, 14, 15, 16, 17, 18, 19, 20, 21);
	do_wrong(test, late, 1);
	EXPECT_KEPT(test, 15, 16, 17, 18, 19, 20, 21, 22);
	do_wrong(test, late, 1);
	EXPECT_KEPT(test, 15, 16, 17, 18, 19, 20, 22, 23);
	do_wrong(test, loud, 1);
	EXPECT_KEPT(test, 16, 17, 18, 19, 20, 22, 23, 24);
}

static void many_clients_push_out_the_oldest(struct kunit *test)
{
	unsigned int i;

	set_up(test, 8);
	for (i = 0; i < 12; i++)
		do_wrong(test, open_private(test), 1);
	EXPECT_KEPT(test, 5, 6, 7, 8, 9, 10, 11, 12);
}

static void one_slot_holds_the_latest(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	set_up(test, 1);
	do_wrong(test, a, 1);
	EXPECT_KEPT(test, 1);
	do_wrong(test, a, 1);
	EXPECT_KEPT(test, 2);
	do_wrong(test, b, 1);
	EXPECT_KEPT(test, 3);
	KUNIT_EXPECT_EQ(test, a->nr_events, 0);
}

/* Events are numbered from the first wrong report, whether they are kept or not */
static void events_are_counted_without_slots(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	do_wrong(test, c, 3);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->events.last, 3);
	/* A reader that waited for one of them would never find it */
	KUNIT_EXPECT_EQ(test, fixture(test)->t->events.newest, 0);
	KUNIT_EXPECT_EQ(test, read_all(test)->nr, 0);
	set_up(test, 0);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->events.size, 0);
	set_up(test, 4);
	do_wrong(test, c, 1);
	EXPECT_KEPT(test, 4);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->events.newest, 4);
}

static void slots_are_set_up_once(struct kunit *test)
{
	struct bt_client *c = open_private(test);

	set_up(test, 2);
	do_wrong(test, c, 2);
	set_up(test, 100);
	EXPECT_KEPT(test, 1, 2);
	do_wrong(test, c, 1);
	EXPECT_KEPT(test, 2, 3);
	KUNIT_EXPECT_EQ(test, fixture(test)->t->events.size, 2);
}

static void event_references_its_reporter(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	set_up(test, 1);
	set_max_closed(test, 0);
	do_wrong(test, a, 1);
	close_client(test, a);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	KUNIT_EXPECT_PTR_EQ(test, read_all(test)->events[0].reporter, a);
	do_wrong(test, b, 1);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 1);
}

/* An event of an ended client is recycled in its turn, like any other */
static void events_of_ended_clients_go_one_by_one(struct kunit *test)
{
	struct bt_client *a = open_private(test), *b = open_private(test);

	set_up(test, 3);
	set_max_closed(test, 0);
	do_wrong(test, a, 2);
	close_client(test, a);
	do_wrong(test, b, 1);
	do_wrong(test, open_private(test), 1);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	EXPECT_KEPT(test, 2, 3, 4);
	do_wrong(test, open_private(test), 1);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 1);
}

/* Drop all freed records of the shared domain, and their references with them */
static void drop_freed(struct kunit *test, struct bt_client *c)
{
	set_max_freed(test, 0);
	EXPECT_ALLOC(test, c, BUFTRACK_VERDICT_OK, BUFFER(0x9000, 1));
	EXPECT_FREE(test, c, BUFTRACK_VERDICT_OK, .address = 0x9000);
	KUNIT_EXPECT_EQ(test, count(test, BUFTRACK_COUNTER_FREED_RECORDS), 0);
}

static void event_references_the_clients_of_its_target(struct kunit *test)
{
	struct bt_client *owner = open_shared(test), *by = open_shared(test);
	struct bt_client *again = open_shared(test), *last = open_shared(test);

	set_up(test, 1);
	set_max_closed(test, 0);
	make_buffer(test, owner);
	close_client(test, owner);
	free_buffer(test, by);
	close_client(test, by);
	EXPECT_FREE(test, again, BUFTRACK_VERDICT_DOUBLE_FREE, .space = 1,
		    .address = 0x1000);
	close_client(test, again);
	drop_freed(test, last);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	EXPECT_FREE(test, last, BUFTRACK_VERDICT_UNKNOWN_EVICTED, .address = 0);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 3);
}

static void event_references_the_clients_of_its_hit(struct kunit *test)
{
	struct bt_client *owner = open_shared(test), *by = open_shared(test);
	struct bt_client *last = open_shared(test);

	set_up(test, 1);
	set_max_closed(test, 0);
	make_buffer(test, owner);
	close_client(test, owner);
	free_buffer(test, by);
	close_client(test, by);
	EXPECT_FREE(test, last, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID, .space = 1,
		    .address = 0x1000, .id = 99);
	drop_freed(test, last);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 0);
	EXPECT_FREE(test, last, BUFTRACK_VERDICT_UNKNOWN_EVICTED, .address = 0);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 2);
}

/* bt_tracker_retire() drops the references of all events and frees the slots */
static void retiring_releases_all_references(struct kunit *test)
{
	struct fixture *fx = fixture(test);
	struct bt_tracker *first = fx->t;
	struct bt_client *c;

	fx->t = bt_tracker_create(&fx->store, &first->limits);
	KUNIT_ASSERT_NOT_NULL(test, fx->t);
	bt_tracker_add_space(fx->t);
	set_up(test, 4);
	c = open_private(test);
	do_wrong(test, c, 9);
	close_client(test, c);
	bt_tracker_retire(fx->t);
	KUNIT_EXPECT_EQ(test, free_zombies(test), 1);
	KUNIT_EXPECT_EQ(test, read_all(test)->nr, 0);
	KUNIT_EXPECT_NULL(test, fx->t->events.slots);
	bt_tracker_destroy(fx->t);
	fx->t = first;
}

/* A reset or a removal drops no event */
static void events_outlast_reset_and_removal(struct kunit *test)
{
	struct bt_client *c = open_private(test);
	u64 buffers, bytes;

	set_up(test, 4);
	do_wrong(test, c, 2);
	bt_tracker_reset(fixture(test)->t);
	EXPECT_KEPT(test, 1, 2);
	KUNIT_EXPECT_EQ(test, 0, bt_tracker_remove(fixture(test)->t, true,
						   &buffers, &bytes));
	EXPECT_FREE(test, c, -ENODEV, .address = 0);
	EXPECT_KEPT(test, 1, 2);
}

/* Never the address that is compared */
static void evidence_has_the_own_addresses(struct kunit *test)
{
	struct bt_client *c = open_shared(test), *driver = open_shared(test);
	const struct bt_event *event;

	set_up(test, 8);
	c->base = 0xfedc000000000000ULL;
	report_own(test, c, c->base, BUFTRACK_OP_ALLOC, 0x1000, 7);
	report_own(test, driver, c->base, BUFTRACK_OP_FREE, 0x1000, 7);
	event = the_event(test, driver, BUFTRACK_VERDICT_FOREIGN_FREE);
	KUNIT_EXPECT_EQ(test, event->report.address, 0x1000);
	KUNIT_EXPECT_EQ(test, event->target.address, 0x1000);
	report_own(test, driver, c->base, BUFTRACK_OP_FREE, 0x1000, 8);
	event = last_of(test, 2, driver, BUFTRACK_VERDICT_UNKNOWN_OTHER_ID);
	KUNIT_EXPECT_EQ(test, event->report.address, 0x1000);
	KUNIT_EXPECT_EQ(test, event->hit.address, 0x1000);
}

static struct kunit_case events_cases[] = {
	KUNIT_CASE(evidence_has_the_own_addresses),
	KUNIT_CASE(event_keeps_the_whole_report),
	KUNIT_CASE(ok_report_is_no_event),
	KUNIT_CASE(double_alloc_names_the_replaced_record),
	KUNIT_CASE(overlap_names_the_first_record),
	KUNIT_CASE(refused_free_names_its_target),
	KUNIT_CASE(foreign_free_names_the_owner),
	KUNIT_CASE(size_mismatch_names_the_size),
	KUNIT_CASE(double_free_has_all_sides),
	KUNIT_CASE(each_repeat_is_counted_in_its_event),
	KUNIT_CASE(repeats_saturate),
	KUNIT_CASE(new_record_inherits_nothing),
	KUNIT_CASE(stale_free_names_the_record_at_the_address),
	KUNIT_CASE(stale_free_names_the_spanning_record),
	KUNIT_CASE(stale_free_names_no_doubtful_record),
	KUNIT_CASE(use_after_free_names_both_records),
	KUNIT_CASE(invalid_free_names_the_enclosing_record),
	KUNIT_CASE(gap_names_the_target),
	KUNIT_CASE(other_id_names_the_latest_live_one),
	KUNIT_CASE(other_id_names_the_latest_freed_one),
	KUNIT_CASE(gap_names_another_record_at_the_address),
	KUNIT_CASE(evicted_names_another_record_at_the_address),
	KUNIT_CASE(pre_attach_names_another_record_at_the_address),
	KUNIT_CASE(unknown_address_has_no_evidence),
	KUNIT_CASE(late_client_has_no_evidence),
	KUNIT_CASE(readers_have_separate_positions),
	KUNIT_CASE(reader_at_the_end_waits_for_more),
	KUNIT_CASE(readers_learn_what_they_missed),
	KUNIT_CASE(all_slots_are_used),
	KUNIT_CASE(burst_leaves_others_alone),
	KUNIT_CASE(each_client_gets_a_share),
	KUNIT_CASE(many_clients_push_out_the_oldest),
	KUNIT_CASE(one_slot_holds_the_latest),
	KUNIT_CASE(events_are_counted_without_slots),
	KUNIT_CASE(slots_are_set_up_once),
	KUNIT_CASE(event_references_its_reporter),
	KUNIT_CASE(events_of_ended_clients_go_one_by_one),
	KUNIT_CASE(event_references_the_clients_of_its_target),
	KUNIT_CASE(event_references_the_clients_of_its_hit),
	KUNIT_CASE(retiring_releases_all_references),
	KUNIT_CASE(events_outlast_reset_and_removal),
	{}
};

static struct kunit_suite events_suite = {
	.name = "buftrack_events",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = events_cases,
};

kunit_test_suite(events_suite);
