// SPDX-License-Identifier: GPL-2.0
/* Batches: partial progress, faults, and reports of another size */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "memory.h"
#include "rig.h"

/* Enough for several chunks, and for a part of one */
#define MANY 1000

/* The kernel takes reports and hands out verdicts in chunks of this at most */
#define CHUNK 64

#define UNTOUCHED 0xee

static struct buftrack_report reports[MANY];
static __u8 verdicts[MANY + 1];

static void prepare(void)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		reports[i] = BUFFER((__u64)i << 12, 16);
	memset(verdicts, UNTOUCHED, sizeof(verdicts));
}

/* @done allocs were applied, and nothing else happened */
static void check_applied(const struct rig *r, __u32 done)
{
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_ALLOCS), done);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_LIVE_BUFFERS), done);
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_UNTRACKED_BUFFERS), 0);
	CHECK_EQ(list_all(r->fd, 0).nr, done);
}

static void check_verdicts(__u32 done)
{
	unsigned int i;

	for (i = 0; i < sizeof(verdicts); i++)
		CHECK_EQ(verdicts[i],
			 i < done ? BUFTRACK_VERDICT_OK : UNTOUCHED);
}

RIG_TEST(batch_applies_all_in_order)
{
	__u32 done;

	prepare();
	CHECK_OK(batch(r->fd, reports, MANY, verdicts, &done));
	CHECK_EQ(done, MANY);
	check_applied(r, MANY);
	check_verdicts(MANY);
}

RIG_TEST(verdicts_need_not_be_wanted)
{
	__u32 done;

	prepare();
	CHECK_OK(batch(r->fd, reports, MANY, NULL, &done));
	CHECK_EQ(done, MANY);
	check_applied(r, MANY);
}

RIG_TEST(empty_batch_does_nothing)
{
	struct picture before;
	__u32 done;

	take_picture(r, &before);
	prepare();
	CHECK_OK(batch(r->fd, reports, 0, verdicts, &done));
	CHECK_EQ(done, 0);
	check_verdicts(0);
	check_unchanged(r, &before);
}

/* At each place that could be special: ends of chunks, of the batch */
static const __u32 places[] = { 0, 1, 63, 64, 65, 127, 128, 500, MANY - 1 };

static void check_stops(const struct buftrack_report *invalid, int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct rig r;
		__u32 done;

		rig_up(&r);
		prepare();
		reports[places[i]] = *invalid;
		CHECK_ERR(batch(r.fd, reports, MANY, verdicts, &done), err);
		CHECK_EQ(done, places[i]);
		check_applied(&r, done);
		check_verdicts(done);
		CHECK_EQ(device_info(r.fd).nr_clients, done > 0);

		/* From there it can go on */
		reports[done] = BUFFER(1, 16);
		CHECK_OK(batch(r.fd, reports + done, MANY - done, NULL, NULL));
		CHECK_EQ(device_counter(r.fd, BUFTRACK_COUNTER_ALLOCS), MANY);
		rig_down(&r);
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
	check_stops(&(struct buftrack_report){ .op = 3, .size = 1 },
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
	struct rig r;
	__u32 done;

	rig_up(&r);
	prepare();
	memcpy(memory, reports, size);
	CHECK_ERR(batch(r.fd, (void *)memory, MANY, verdicts, &done), EFAULT);
	CHECK_EQ(done, place);
	check_applied(&r, done);
	check_verdicts(done);
	rig_down(&r);
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

RIG_TEST(huge_batch_stops_where_its_memory_ends)
{
	char *memory = memory_before(sizeof(reports), NOTHING);
	__u32 done;

	prepare();
	memcpy(memory, reports, sizeof(reports));
	CHECK_ERR(batch(r->fd, (void *)memory, 0xffffffff, NULL, &done),
		  EFAULT);
	CHECK_EQ(done, MANY);
	check_applied(r, MANY);
}

/* The first of a chunk that can have no verdict are applied, but 64 at most */
static void check_verdict_fault(__u32 room)
{
	__u8 *memory = (void *)memory_before(room, NOTHING);
	struct rig r;
	__u32 done, i;

	rig_up(&r);
	prepare();
	memset(memory, UNTOUCHED, room);
	CHECK_ERR(batch(r.fd, reports, MANY, memory, &done), EFAULT);
	check_applied(&r, done);
	CHECK(done > room && done <= room + CHUNK);
	for (i = 0; i + CHUNK < done; i++)
		CHECK_EQ(memory[i], BUFTRACK_VERDICT_OK);
	rig_down(&r);
}

TEST(batch_stops_where_its_verdicts_end_with_efault)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		check_verdict_fault(places[i]);
}

RIG_TEST(verdicts_to_bad_pointers_are_efault)
{
	__u32 done, applied = 0;
	unsigned int i;

	prepare();
	/* The first is null: none are wanted */
	for (i = 1; i < nr_bad_pointers; i++) {
		CHECK_ERR(batch(r->fd, reports + applied, CHUNK,
				bad_pointers[i].pointer, &done),
			  EFAULT);
		CHECK(done > 0 && done <= CHUNK);
		applied += done;
	}
	check_applied(r, applied);
}

RIG_TEST(verdicts_to_read_only_memory_are_efault)
{
	char *memory = memory_before(MANY, NOTHING);
	__u32 done;

	memory_protect(memory, MANY);
	prepare();
	CHECK_ERR(batch(r->fd, reports, MANY, (__u8 *)memory, &done), EFAULT);
	CHECK(done > 0 && done <= CHUNK);
	check_applied(r, done);
}

/* What is both: an invalid report, and no place for the verdicts before it */
RIG_TEST(done_is_right_when_two_things_are_wrong)
{
	__u32 done;
	int err;

	prepare();
	reports[10].size = 0;
	err = batch(r->fd, reports, MANY, bad_pointers[1].pointer, &done);
	CHECK(err == EFAULT || err == EINVAL);
	CHECK(done <= 10);
	check_applied(r, done);
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

RIG_TEST(shorter_reports_are_einval)
{
	struct picture before;
	__u32 size, done;

	prepare();
	take_picture(r, &before);
	for (size = 0; size < sizeof(reports[0]); size++)
		CHECK_ERR(batch_of(r->fd, reports, MANY, size, &done), EINVAL);
	check_unchanged(r, &before);
}

RIG_TEST(longer_reports_with_zeros_are_taken)
{
	static const __u32 sizes[] = { 49, 56, 64, 104, 4096 };
	unsigned int i;
	__u32 done;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		int fd = rig_open(r);

		CHECK_OK(batch_of(fd, spread(sizes[i]), MANY, sizes[i], &done));
		CHECK_EQ(done, MANY);
		check_verdicts(MANY);
		check_applied(r, MANY);
		close(fd);
		CHECK_OK(reset_device(r->fd));
	}
}

static void check_long_tail(__u32 place, __u32 byte)
{
	char *memory = spread(64);
	struct rig r;
	__u32 done;

	rig_up(&r);
	memory[place * 64 + byte] = 1;
	CHECK_ERR(batch_of(r.fd, memory, MANY, 64, &done), E2BIG);
	CHECK_EQ(done, place);
	check_applied(&r, done);
	check_verdicts(done);
	rig_down(&r);
	free(memory);
}

TEST(batch_stops_at_a_longer_report_that_is_not_zero_with_e2big)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		check_long_tail(places[i], sizeof(reports[0]));
		check_long_tail(places[i], 63);
	}
}

RIG_TEST(reports_longer_than_a_page_are_e2big)
{
	struct picture before;
	__u32 done;

	prepare();
	take_picture(r, &before);
	CHECK_ERR(batch_of(r->fd, reports, 1, 4097, &done), E2BIG);
	CHECK_ERR(batch_of(r->fd, reports, 1, 0xffffffff, &done), E2BIG);
	check_unchanged(r, &before);
}

RIG_TEST(failed_batch_says_that_nothing_is_done)
{
	__u32 done;

	prepare();
	CHECK_ERR(batch_of(r->fd, reports, MANY, 8, &done), EINVAL);
	CHECK_EQ(done, 0);
}

RIG_TEST(batch_goes_on_from_what_single_reports_did)
{
	struct buftrack_report two[] = { FREE(.address = 0x1000),
					 FREE(.address = 0x1000) };

	CHECK_EQ(verdict_of(r->fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_OK(batch(r->fd, two, 2, verdicts, NULL));
	CHECK_EQ(verdicts[0], BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdicts[1], BUFTRACK_VERDICT_DOUBLE_FREE);
	CHECK_EQ(verdict_of(r->fd, FREE(.address = 0x1000)),
		 BUFTRACK_VERDICT_DOUBLE_FREE);
}
