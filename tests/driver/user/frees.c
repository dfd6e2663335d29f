// SPDX-License-Identifier: GPL-2.0
/* Verdicts on the reports of a driver, from every context */
#include <stdio.h>
#include <unistd.h>
#include "fixture.h"
#include "sample.h"

#define BUFFER_AT "address=0x1000 size=4096 span=4096"

static __u64 live(const struct sample *s)
{
	return device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BUFFERS);
}

SAMPLE_TEST(one_free_is_ok)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	CHECK_EQ(live(s), 1);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_LIVE_BYTES), 4096);
	cmd(fd, "free address=0x1000");
	CHECK_EQ(live(s), 0);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_FREES), 1);
	check_nothing_wrong(s->fd);
}

SAMPLE_TEST(second_free_is_a_double_free)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "free address=0x1000");
	cmd(fd, "free address=0x1000");
	check_wrong(s->fd, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
}

SAMPLE_TEST(second_free_of_a_refcounted_buffer_is_a_double_free)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT " id=7");
	cmd(fd, "free address=0x1000 id=7 refcounted=1");
	cmd(fd, "free address=0x1000 id=7 refcounted=1");
	check_wrong(s->fd, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
}

SAMPLE_TEST(second_free_after_address_reuse_is_stale)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT " id=1");
	cmd(fd, "free address=0x1000 id=1");
	cmd(fd, "alloc " BUFFER_AT " id=2");
	cmd(fd, "free address=0x1000 id=1");
	check_wrong(s->fd, BUFTRACK_COUNTER_STALE_FREES, 1);
	CHECK_EQ(live(s), 1);
}

SAMPLE_TEST(free_by_another_client_is_foreign)
{
	int owner = sample_client(CHIP), other = sample_client(CHIP);

	cmd(owner, "alloc " BUFFER_AT);
	cmd(other, "free address=0x1000");
	check_wrong(s->fd, BUFTRACK_COUNTER_FOREIGN_FREES, 1);
	CHECK_EQ(client_counter(s->fd, nth_client(s->fd, 1),
				BUFTRACK_COUNTER_FOREIGN_FREES),
		 1);
}

SAMPLE_TEST(refcounted_buffer_can_be_freed_by_any_client)
{
	int owner = sample_client(CHIP), other = sample_client(CHIP);

	cmd(owner, "alloc " BUFFER_AT);
	cmd(other, "free address=0x1000 refcounted=1");
	check_nothing_wrong(s->fd);
	CHECK_EQ(live(s), 0);
}

SAMPLE_TEST(refused_free_changes_nothing)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "free address=0x1000 refused=1");
	check_wrong(s->fd, BUFTRACK_COUNTER_REFUSED_FREES, 1);
	CHECK_EQ(live(s), 1);
}

SAMPLE_TEST(refused_second_free_is_a_double_free)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "free address=0x1000");
	cmd(fd, "free address=0x1000 refused=1");
	check_wrong(s->fd, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
}

SAMPLE_TEST(free_inside_a_buffer_is_invalid)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "free address=0x1800");
	check_wrong(s->fd, BUFTRACK_COUNTER_INVALID_FREES, 1);
	CHECK_EQ(live(s), 1);
}

SAMPLE_TEST(free_with_another_size_is_a_mismatch)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "free address=0x1000 size=64");
	check_wrong(s->fd, BUFTRACK_COUNTER_SIZE_MISMATCHES, 1);
}

SAMPLE_TEST(free_of_a_never_allocated_address_is_unknown)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "free address=0x9000");
	check_wrong(s->fd, BUFTRACK_COUNTER_UNKNOWN_FREES_NEVER, 1);
}

SAMPLE_TEST(alloc_of_a_live_key_is_a_double_alloc)
{
	__u64 values[BUFTRACK_NR_COUNTERS];
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "alloc " BUFFER_AT);
	CHECK_OK(counters(s->fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	CHECK_EQ(values[BUFTRACK_COUNTER_DOUBLE_ALLOCS], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_SUPERSEDED], 1);
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BUFFERS], 1);
}

SAMPLE_TEST(alloc_that_intersects_another_overlaps)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "alloc address=0x1800 size=4096 span=4096");
	check_wrong(s->fd, BUFTRACK_COUNTER_OVERLAPS, 1);
	CHECK_EQ(live(s), 2);
}

SAMPLE_TEST(one_address_in_two_spaces_is_two_buffers)
{
	int fd = sample_client(CHIP);

	cmd(fd, "alloc space=VRAM capacity=65536 " BUFFER_AT);
	cmd(fd, "alloc space=L1 " BUFFER_AT);
	cmd(fd, "free space=L1 address=0x1000");
	check_nothing_wrong(s->fd);
	CHECK_EQ(live(s), 1);
	CHECK_EQ(device_info(s->fd).nr_spaces, 2);
}

SAMPLE_TEST(leaked_buffer_is_an_orphan_that_any_client_may_free)
{
	int owner = sample_client(CHIP), other = sample_client(CHIP);
	__u64 number = nth_client(s->fd, 0);

	cmd(owner, "alloc " BUFFER_AT);
	close(owner);
	CHECK_EQ(live(s), 1);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BYTES), 4096);
	CHECK(!(client_state(s->fd, number) & BUFTRACK_CLIENT_STATE_OPEN));
	cmd(other, "free address=0x1000");
	check_nothing_wrong(s->fd);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 0);
	CHECK_EQ(client_counter(s->fd, number, BUFTRACK_COUNTER_FREES), 1);
}

SAMPLE_TEST(shared_buffer_outlives_its_file)
{
	int owner = sample_client(CHIP), other = sample_client(CHIP);

	cmd(owner, "alloc " BUFFER_AT " id=9");
	close(owner);
	CHECK_EQ(device_counter(s->fd, BUFTRACK_COUNTER_ORPHANED_BUFFERS), 1);
	close(other);
	cmd(sample_client(CHIP),
	    "free address=0x1000 id=9 refcounted=1 from=worker");
	check_nothing_wrong(s->fd);
	CHECK_EQ(live(s), 0);
}

SAMPLE_TEST(buffer_without_a_client_belongs_to_the_driver)
{
	int fd = sample_client(CHIP);
	struct buftrack_record rec;
	struct listing l;

	cmd(fd, "alloc driver=1 " BUFFER_AT);
	l = list_all(s->fd, BUFTRACK_RECORD_STATE_LIVE);
	CHECK_EQ(l.nr, 1);
	rec = l.records[0];
	CHECK_STR(rec.comm, SAMPLE);
	CHECK(client_state(s->fd, rec.client) & BUFTRACK_CLIENT_STATE_DRIVER);
}

SAMPLE_TEST(event_names_the_owner_and_the_client_that_freed)
{
	int owner = sample_client(CHIP), other = sample_client(CHIP);
	struct buftrack_event event;

	cmd(owner, "alloc " BUFFER_AT " id=5");
	cmd(other, "free address=0x1000 id=5");
	CHECK_EQ(CHECK_SYS(read(s->fd, &event, sizeof(event))), sizeof(event));
	CHECK_EQ(event.verdict, BUFTRACK_VERDICT_FOREIGN_FREE);
	CHECK_EQ(event.client, nth_client(s->fd, 1));
	CHECK_EQ(event.target.client, nth_client(s->fd, 0));
	CHECK_EQ(event.target.id, 5);
	CHECK_EQ(event.pid, getpid());
}

/* An invalid report counts as lost and makes a gap */
static void check_lost(const void *arg)
{
	struct sample s;
	int fd;

	sample_up(&s);
	fd = sample_client(CHIP);
	cmd(fd, "alloc " BUFFER_AT);
	cmd(fd, "%s", (const char *)arg);
	check_wrong(s.fd, BUFTRACK_COUNTER_LOST_REPORTS, 1);
	CHECK_EQ(live(&s), 1);
	cmd(fd, "free address=0x9000");
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_UNKNOWN_FREES_GAP), 1);
	sample_down(&s);
}

static void check_context(const void *arg)
{
	const char *from = arg;
	struct sample s;
	int fd, other;

	sample_up(&s);
	fd = sample_client(CHIP);
	other = sample_client(CHIP);
	cmd(fd, "alloc from=%s " BUFFER_AT, from);
	CHECK_EQ(live(&s), 1);
	CHECK_EQ(client_counter(s.fd, nth_client(s.fd, 0),
				BUFTRACK_COUNTER_ALLOCS),
		 1);
	cmd(fd, "free from=%s address=0x1000", from);
	check_nothing_wrong(s.fd);
	CHECK_EQ(live(&s), 0);
	cmd(fd, "free from=%s address=0x1000", from);
	check_wrong(s.fd, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
	cmd(fd, "alloc from=%s address=0x8000 size=64", from);
	cmd(other, "free from=%s address=0x8000 refcounted=1", from);
	check_wrong(s.fd, BUFTRACK_COUNTER_DOUBLE_FREES, 1);
	cmd(fd, "alloc from=%s address=0x8000 size=64", from);
	cmd(other, "free from=%s address=0x8000", from);
	CHECK_EQ(device_counter(s.fd, BUFTRACK_COUNTER_FOREIGN_FREES), 1);
	sample_down(&s);
}

static const struct {
	const char *name;
	const char *line;
} invalid[] = {
	{ "too_short_structure",
	  "alloc address=0x8000 size=64 struct_size=40" },
	{ "structure_size_0", "alloc address=0x8000 size=64 struct_size=0" },
	{ "buffer_size_0", "alloc address=0x8000" },
	{ "too_long_space_name",
	  "alloc address=0x8000 size=64 space=01234567890123456789012345678901" },
	{ "empty_space_name", "alloc address=0x8000 size=64 space=" },
	{ "range_that_wraps",
	  "alloc address=0xfffffffffffff000 size=64 span=8192" },
	{ "free_with_a_span", "free address=0x1000 span=4096" },
};

static const char *const contexts[] = { "task", "lock", "irq", "worker" };

__attribute__((constructor)) static void add_tests(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(invalid); i++)
		test_addf(AREA, check_lost, invalid[i].line,
			  "%s_is_a_lost_report", invalid[i].name);
	for (i = 0; i < ARRAY_SIZE(contexts); i++)
		test_addf(AREA, check_context, contexts[i],
			  "verdicts_do_not_depend_on_the_context_%s",
			  contexts[i]);
}
