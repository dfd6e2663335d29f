// SPDX-License-Identifier: GPL-2.0
/* What a driver's frees are: the verdicts, from wherever it tells */
#include <stdio.h>
#include <unistd.h>
#include "fixture.h"
#include "sample.h"

#define BUFFER_AT "address=0x1000 size=4096 span=4096"

static __u64 live(const struct sample *s)
{
	return device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS);
}

SAMPLE_TEST(a_buffer_that_is_freed_once_is_fine)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	CHECK_EQ(live(s), 1);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BYTES), 4096);
	tell(fd, "free address=0x1000");
	CHECK_EQ(live(s), 0);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_FREES), 1);
	check_nothing_wrong(s->fd);
}

SAMPLE_TEST(a_second_free_is_a_double_free)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "free address=0x1000");
	tell(fd, "free address=0x1000");
	check_wrong(s->fd, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
}

SAMPLE_TEST(a_second_free_of_a_counted_buffer_is_a_double_free)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT " id=7");
	tell(fd, "free address=0x1000 id=7 counted=1");
	tell(fd, "free address=0x1000 id=7 counted=1");
	check_wrong(s->fd, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
}

SAMPLE_TEST(a_second_free_after_the_address_was_used_again_is_stale)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT " id=1");
	tell(fd, "free address=0x1000 id=1");
	tell(fd, "alloc " BUFFER_AT " id=2");
	tell(fd, "free address=0x1000 id=1");
	check_wrong(s->fd, BUFTRACK_COUNTER_STALE_FREES, 1);
	CHECK_EQ(live(s), 1);
}

SAMPLE_TEST(a_free_by_another_client_is_foreign)
{
	int owner = sample_client(CHIP), other = sample_client(CHIP);

	tell(owner, "alloc " BUFFER_AT);
	tell(other, "free address=0x1000");
	check_wrong(s->fd, BUFTRACK_COUNTER_FOREIGN_FREES, 1);
	CHECK_EQ(client_counter(s->fd, nth_client(s->fd, 1),
				BUFTRACK_COUNTER_FOREIGN_FREES),
		 1);
}

SAMPLE_TEST(a_counted_buffer_can_be_freed_by_anyone)
{
	int owner = sample_client(CHIP), other = sample_client(CHIP);

	tell(owner, "alloc " BUFFER_AT);
	tell(other, "free address=0x1000 counted=1");
	check_nothing_wrong(s->fd);
	CHECK_EQ(live(s), 0);
}

SAMPLE_TEST(a_refused_free_changes_nothing)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "free address=0x1000 refused=1");
	check_wrong(s->fd, BUFTRACK_COUNTER_REFUSED_FREES, 1);
	CHECK_EQ(live(s), 1);
}

SAMPLE_TEST(a_refused_second_free_is_a_double_free)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "free address=0x1000");
	tell(fd, "free address=0x1000 refused=1");
	check_wrong(s->fd, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
}

SAMPLE_TEST(a_free_into_the_middle_of_a_buffer_is_invalid)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "free address=0x1800");
	check_wrong(s->fd, BUFTRACK_COUNTER_INVALID_FREES, 1);
	CHECK_EQ(live(s), 1);
}

SAMPLE_TEST(a_free_of_another_size_is_a_mismatch)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "free address=0x1000 size=64");
	check_wrong(s->fd, BUFTRACK_COUNTER_SIZE_MISMATCHES, 1);
}

SAMPLE_TEST(a_free_of_what_never_was_is_unknown)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "free address=0x9000");
	check_wrong(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
}

SAMPLE_TEST(an_alloc_of_what_is_live_is_a_double_alloc)
{
	__u64 values[BUFTRACK_NR_COUNTERS];
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "alloc " BUFFER_AT);
	CHECK_OK(counters(s->fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_DOUBLE_ALLOCS], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_SUPERSEDED], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BUFFERS], 1);
}

SAMPLE_TEST(an_alloc_that_meets_another_one_overlaps_it)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "alloc address=0x1800 size=4096 span=4096");
	check_wrong(s->fd, BUFTRACK_COUNTER_OVERLAPS, 1);
	CHECK_EQ(live(s), 2);
}

SAMPLE_TEST(one_address_in_two_spaces_is_two_buffers)
{
	int fd = sample_client(CHIP);

	tell(fd, "alloc space=VRAM capacity=65536 " BUFFER_AT);
	tell(fd, "alloc space=L1 " BUFFER_AT);
	tell(fd, "free space=L1 address=0x1000");
	check_nothing_wrong(s->fd);
	CHECK_EQ(live(s), 1);
	CHECK_EQ(device_info(s->fd).nr_spaces, 2);
}

SAMPLE_TEST(what_a_client_leaks_stays_as_an_orphan_that_anyone_may_free)
{
	int owner = sample_client(CHIP), other = sample_client(CHIP);
	__u64 number = nth_client(s->fd, 0);

	tell(owner, "alloc " BUFFER_AT);
	close(owner);
	CHECK_EQ(live(s), 1);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BYTES), 4096);
	CHECK(!(client_state(s->fd, number) & BUFTRACK_CLIENT_STATE_OPEN));
	tell(other, "free address=0x1000");
	check_nothing_wrong(s->fd);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	CHECK_EQ(client_counter(s->fd, number, BUFTRACK_COUNTER_FREES), 1);
}

SAMPLE_TEST(a_shared_buffer_outlives_its_file)
{
	int owner = sample_client(CHIP), other = sample_client(CHIP);

	tell(owner, "alloc " BUFFER_AT " id=9");
	close(owner);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 1);
	close(other);
	tell(sample_client(CHIP),
	     "free address=0x1000 id=9 counted=1 from=worker");
	check_nothing_wrong(s->fd);
	CHECK_EQ(live(s), 0);
}

SAMPLE_TEST(what_the_driver_has_for_itself_is_its_own)
{
	int fd = sample_client(CHIP);
	struct buftrack_record rec;
	struct listing l;

	tell(fd, "alloc driver=1 " BUFFER_AT);
	l = list_all(s->fd, BUFTRACK_RECORD_STATE_LIVE);
	CHECK_EQ(l.nr, 1);
	rec = l.records[0];
	CHECK_STR(rec.comm, SAMPLE);
	CHECK(client_state(s->fd, rec.client) & BUFTRACK_CLIENT_STATE_DRIVER);
}

SAMPLE_TEST(an_event_tells_who_had_the_buffer_and_who_freed_it)
{
	int owner = sample_client(CHIP), other = sample_client(CHIP);
	struct buftrack_event event;

	tell(owner, "alloc " BUFFER_AT " id=5");
	tell(other, "free address=0x1000 id=5");
	CHECK_EQ(CHECK_SYS(read(s->fd, &event, sizeof(event))), sizeof(event));
	CHECK_EQ(event.verdict, BUFTRACK_VERDICT_FOREIGN_FREE);
	CHECK_EQ(event.client, nth_client(s->fd, 1));
	CHECK_EQ(event.target.client, nth_client(s->fd, 0));
	CHECK_EQ(event.target.id, 5);
	CHECK_EQ(event.pid, getpid());
}

/* What is no valid report is lost, and nothing can be said for sure from then on */
static void is_lost(const void *arg)
{
	struct sample s;
	int fd;

	sample_up(&s);
	fd = sample_client(CHIP);
	tell(fd, "alloc " BUFFER_AT);
	tell(fd, "%s", (const char *)arg);
	check_wrong(s.fd, BUFTRACK_COUNTER_LOST_REPORTS, 1);
	CHECK_EQ(live(&s), 1);
	tell(fd, "free address=0x9000");
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNKNOWN_FREES_GAP), 1);
	sample_down(&s);
}

/* From wherever a driver tells, it is the same */
static void is_judged_from(const void *arg)
{
	const char *from = arg;
	struct sample s;
	int fd, other;

	sample_up(&s);
	fd = sample_client(CHIP);
	other = sample_client(CHIP);
	tell(fd, "alloc from=%s " BUFFER_AT, from);
	CHECK_EQ(live(&s), 1);
	CHECK_EQ(client_counter(s.fd, nth_client(s.fd, 0),
				BUFTRACK_COUNTER_ALLOCS),
		 1);
	tell(fd, "free from=%s address=0x1000", from);
	check_nothing_wrong(s.fd);
	CHECK_EQ(live(&s), 0);
	tell(fd, "free from=%s address=0x1000", from);
	check_wrong(s.fd, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
	tell(fd, "alloc from=%s address=0x8000 size=64", from);
	tell(other, "free from=%s address=0x8000 counted=1", from);
	check_wrong(s.fd, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
	tell(fd, "alloc from=%s address=0x8000 size=64", from);
	tell(other, "free from=%s address=0x8000", from);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_FOREIGN_FREES), 1);
	sample_down(&s);
}

static const struct {
	const char *name;
	const char *line;
} bad[] = {
	{ "a_structure_that_is_too_short",
	  "alloc address=0x8000 size=64 struct_size=40" },
	{ "a_structure_without_a_size",
	  "alloc address=0x8000 size=64 struct_size=0" },
	{ "a_buffer_of_no_size", "alloc address=0x8000" },
	{ "a_name_of_a_space_that_is_too_long",
	  "alloc address=0x8000 size=64 space=01234567890123456789012345678901" },
	{ "a_space_without_a_name", "alloc address=0x8000 size=64 space=" },
	{ "a_range_that_wraps",
	  "alloc address=0xfffffffffffff000 size=64 span=8192" },
	{ "a_free_with_a_span", "free address=0x1000 span=4096" },
};

static const char *const contexts[] = { "task", "lock", "irq", "worker" };

__attribute__((constructor)) static void add_tests(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		test_addf(AREA, is_lost, bad[i].line, "%s_is_a_lost_report",
			  bad[i].name);
	for (i = 0; i < ARRAY_SIZE(contexts); i++)
		test_addf(AREA, is_judged_from, contexts[i],
			  "what_is_told_from_%s_is_judged_alike", contexts[i]);
}
