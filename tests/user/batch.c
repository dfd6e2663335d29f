// SPDX-License-Identifier: GPL-2.0
/* Batches: partial progress, faults, and reports of other sizes */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "memory.h"
#include "fixture.h"

/* Several chunks and part of one */
#define MANY 1000

/* The kernel reads reports and writes verdicts in chunks of at most this many */
#define CHUNK 64

#define UNTOUCHED 0xee

/* The size of a report in a later version of the interface */
#define PADDED (sizeof(struct buftrack_report) + 16)

static struct buftrack_report reports[MANY];
static __u8 verdicts[MANY + 1];

static void prepare(void)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		reports[i] = BUFFER((__u64)i << 12, 16);
	memset(verdicts, UNTOUCHED, sizeof(verdicts));
}

/* Checks that the batch applied @done allocs and nothing else */
static void check_applied(const struct fixture *f, __u32 done)
{
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS), done);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), done);
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 0);
	CHECK_EQ(list_all(f->fd, 0).nr, done);
}

static void check_verdicts(__u32 done)
{
	unsigned int i;

	for (i = 0; i < sizeof(verdicts); i++)
		CHECK_EQ(verdicts[i],
			 i < done ? BUFTRACK_VERDICT_OK : UNTOUCHED);
}

DEVICE_TEST(batch_applies_all_reports_in_order)
{
	__u32 done;

	prepare();
	CHECK_OK(batch(f->fd, reports, MANY, verdicts, &done));
	CHECK_EQ(done, MANY);
	check_applied(f, MANY);
	check_verdicts(MANY);
}

DEVICE_TEST(verdicts_are_optional)
{
	__u32 done;

	prepare();
	CHECK_OK(batch(f->fd, reports, MANY, NULL, &done));
	CHECK_EQ(done, MANY);
	check_applied(f, MANY);
}

DEVICE_TEST(empty_batch_does_nothing)
{
	struct snapshot before;
	__u32 done;

	take_snapshot(f, &before);
	prepare();
	CHECK_OK(batch(f->fd, reports, 0, verdicts, &done));
	CHECK_EQ(done, 0);
	check_verdicts(0);
	check_unchanged(f, &before);
}

/* Boundary positions: ends of chunks and of the batch */
static const __u32 places[] = { 0, 1, 63, 64, 65, 127, 128, 500, MANY - 1 };

static void check_stops(const struct buftrack_report *invalid, int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct fixture f;
		__u32 done;

		fixture_setup(&f);
		prepare();
		reports[places[i]] = *invalid;
		CHECK_ERR(batch(f.fd, reports, MANY, verdicts, &done), err);
		CHECK_EQ(done, places[i]);
		check_applied(&f, done);
		check_verdicts(done);
		CHECK_EQ(device_info(f.fd).nr_clients, done > 0);

		/* The rest of the batch can follow */
		reports[done] = BUFFER(1, 16);
		CHECK_OK(batch(f.fd, reports + done, MANY - done, NULL, NULL));
		CHECK_EQ(device_counter(f.fd, BUFTRACK_COUNTER_ALLOCS), MANY);
		fixture_teardown(&f);
	}
}

TEST(batch_stops_at_an_alloc_of_size_0_with_einval)
{
	check_stops(&ALLOC(.address = 1), EINVAL);
}

TEST(batch_stops_at_a_free_with_a_span_with_einval)
{
	check_stops(&FREE(.address = 1, .span = 1), EINVAL);
}

TEST(batch_stops_at_an_unknown_space_with_enoent)
{
	check_stops(&ALLOC(.space = 1, .size = 1), ENOENT);
}

TEST(batch_stops_at_an_unknown_op_with_eopnotsupp)
{
	check_stops(&(struct buftrack_report){ .op = 99, .size = 1 },
		    EOPNOTSUPP);
}

TEST(batch_stops_at_an_unknown_flag_with_eopnotsupp)
{
	check_stops(&ALLOC(.size = 1, .flags = BUFTRACK_REPORT_REFUSED),
		    EOPNOTSUPP);
}

TEST(batch_stops_at_a_range_past_the_end_with_erange)
{
	check_stops(&ALLOC(.address = ~0ULL, .size = 1, .span = 2), ERANGE);
}

static void check_fault_at(__u32 place, __u32 more)
{
	size_t size = place * sizeof(reports[0]) + more;
	char *memory = memory_before(size, NOTHING);
	struct fixture f;
	__u32 done;

	fixture_setup(&f);
	prepare();
	memcpy(memory, reports, size);
	CHECK_ERR(batch(f.fd, (void *)memory, MANY, verdicts, &done), EFAULT);
	CHECK_EQ(done, place);
	check_applied(&f, done);
	check_verdicts(done);
	fixture_teardown(&f);
}

TEST(batch_stops_where_its_reports_end_with_efault)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		check_fault_at(places[i], 0);
}

TEST(batch_stops_where_a_report_ends_early_with_efault)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		check_fault_at(places[i], 1);
		check_fault_at(places[i], sizeof(reports[0]) - 1);
	}
}

DEVICE_TEST(huge_batch_stops_where_its_memory_ends)
{
	char *memory = memory_before(sizeof(reports), NOTHING);
	__u32 done;

	prepare();
	memcpy(memory, reports, sizeof(reports));
	CHECK_ERR(batch(f->fd, (void *)memory, 0xffffffff, NULL, &done),
		  EFAULT);
	CHECK_EQ(done, MANY);
	check_applied(f, MANY);
}

/* Up to one chunk of reports is applied without writing their verdicts */
static void check_verdict_fault(__u32 room)
{
	__u8 *memory = (void *)memory_before(room, NOTHING);
	struct fixture f;
	__u32 done, i;

	fixture_setup(&f);
	prepare();
	memset(memory, UNTOUCHED, room);
	CHECK_ERR(batch(f.fd, reports, MANY, memory, &done), EFAULT);
	check_applied(&f, done);
	CHECK(done > room && done <= room + CHUNK);
	for (i = 0; i + CHUNK < done; i++)
		CHECK_EQ(memory[i], BUFTRACK_VERDICT_OK);
	fixture_teardown(&f);
}

TEST(batch_stops_where_its_verdicts_end_with_efault)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		check_verdict_fault(places[i]);
}

DEVICE_TEST(verdicts_to_bad_pointers_are_efault)
{
	__u32 done, applied = 0;
	unsigned int i;

	prepare();
	/* The first bad pointer is NULL, which asks for no verdicts */
	for (i = 1; i < nr_bad_pointers; i++) {
		CHECK_ERR(batch(f->fd, reports + applied, CHUNK,
				bad_pointers[i].pointer, &done),
			  EFAULT);
		CHECK(done > 0 && done <= CHUNK);
		applied += done;
	}
	check_applied(f, applied);
}

DEVICE_TEST(verdicts_to_read_only_memory_are_efault)
{
	char *memory = memory_before(MANY, NOTHING);
	__u32 done;

	memory_protect(memory, MANY);
	prepare();
	CHECK_ERR(batch(f->fd, reports, MANY, (__u8 *)memory, &done), EFAULT);
	CHECK(done > 0 && done <= CHUNK);
	check_applied(f, done);
}

/* An invalid report behind verdicts that cannot be written */
DEVICE_TEST(done_is_correct_with_two_errors)
{
	__u32 done;
	int err;

	prepare();
	reports[10].size = 0;
	err = batch(f->fd, reports, MANY, bad_pointers[1].pointer, &done);
	CHECK(err == EFAULT || err == EINVAL);
	CHECK(done <= 10);
	check_applied(f, done);
}

static int batch_of(int fd, const void *from, __u32 nr, __u32 size, __u32 *done)
{
	struct buftrack_batch arg = {
		.reports = user_ptr(from),
		.verdicts = user_ptr(verdicts),
		.nr = nr,
		.report_size = size,
	};
	int err = CALL(fd, BATCH, &arg);

	*done = arg.done;
	return err;
}

static char *spread(__u32 size)
{
	char *memory = calloc(MANY, size);
	unsigned int i;

	CHECK(memory);
	prepare();
	for (i = 0; i < MANY; i++)
		memcpy(memory + (size_t)i * size, &reports[i],
		       sizeof(reports[i]));
	return memory;
}

DEVICE_TEST(shorter_reports_are_einval)
{
	struct snapshot before;
	__u32 size, done;

	prepare();
	take_snapshot(f, &before);
	for (size = 0; size < sizeof(reports[0]); size++)
		CHECK_ERR(batch_of(f->fd, reports, MANY, size, &done), EINVAL);
	check_unchanged(f, &before);
}

DEVICE_TEST(zero_padded_reports_are_accepted)
{
	static const __u32 sizes[] = { 65, 72, 80, 104, 4096 };
	unsigned int i;
	__u32 done;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		int fd = fixture_open(f);

		CHECK_OK(batch_of(fd, spread(sizes[i]), MANY, sizes[i], &done));
		CHECK_EQ(done, MANY);
		check_verdicts(MANY);
		check_applied(f, MANY);
		close(fd);
		CHECK_OK(reset_device(f->fd));
	}
}

static void check_long_tail(__u32 place, __u32 byte)
{
	char *memory = spread(PADDED);
	struct fixture f;
	__u32 done;

	fixture_setup(&f);
	memory[place * PADDED + byte] = 1;
	CHECK_ERR(batch_of(f.fd, memory, MANY, PADDED, &done), E2BIG);
	CHECK_EQ(done, place);
	check_applied(&f, done);
	check_verdicts(done);
	fixture_teardown(&f);
	free(memory);
}

TEST(batch_stops_at_nonzero_padding_with_e2big)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		check_long_tail(places[i], sizeof(reports[0]));
		check_long_tail(places[i], PADDED - 1);
	}
}

DEVICE_TEST(reports_longer_than_a_page_are_e2big)
{
	struct snapshot before;
	__u32 done;

	prepare();
	take_snapshot(f, &before);
	CHECK_ERR(batch_of(f->fd, reports, 1, 4097, &done), E2BIG);
	CHECK_ERR(batch_of(f->fd, reports, 1, 0xffffffff, &done), E2BIG);
	check_unchanged(f, &before);
}

DEVICE_TEST(failed_batch_returns_zero_done)
{
	__u32 done;

	prepare();
	CHECK_ERR(batch_of(f->fd, reports, MANY, 8, &done), EINVAL);
	CHECK_EQ(done, 0);
}

DEVICE_TEST(batch_sees_records_of_single_reports)
{
	struct buftrack_report two[] = { FREE(.address = 0x1000),
					 FREE(.address = 0x1000) };

	CHECK_EQ(verdict_of(f->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_OK(batch(f->fd, two, 2, verdicts, NULL));
	CHECK_EQ(verdicts[0], BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdicts[1], BUFTRACK_VERDICT_DOUBLE_FREE);
	CHECK_EQ(verdict_of(f->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_DOUBLE_FREE);
}
