// SPDX-License-Identifier: GPL-2.0
/* Arguments and arrays outside of the caller's readable or writable memory */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "memory.h"
#include "op.h"

static void bad_argument_is_efault(const void *arg)
{
	struct ioctl_case c;
	unsigned int i;

	case_setup(&c, arg);
	for (i = 0; i < nr_bad_pointers; i++)
		check_fails(c.op, &c.f, bad_pointers[i].pointer, EFAULT);
	case_teardown(&c);
}

/* With every length before the unmapped page, down to part of the size field */
static void argument_across_unmapped_memory_is_efault(const void *arg)
{
	struct ioctl_case c;
	__u32 n;

	case_setup(&c, arg);
	for (n = 1; n < c.op->size; n++) {
		char *argument = memory_before(n, NOTHING);

		memcpy(argument, c.valid, n);
		check_fails(c.op, &c.f, argument, EFAULT);
	}
	case_teardown(&c);
}

static void read_only_argument_is_efault(const void *arg)
{
	struct ioctl_case c;
	char *argument;

	case_setup(&c, arg);
	argument = memory_before(c.op->size, NOTHING);
	memcpy(argument, c.valid, c.op->size);
	memory_protect(argument, c.op->size);
	check_fails(c.op, &c.f, argument, EFAULT);
	case_teardown(&c);
}

/* Only the size field is writable */
static void partly_read_only_argument_is_efault(const void *arg)
{
	struct ioctl_case c;
	char *argument;

	case_setup(&c, arg);
	argument = memory_straddling(c.valid, c.op->size, 4);
	check_fails(c.op, &c.f, argument, EFAULT);
	case_teardown(&c);
}

#define ADD(_op, _test) test_addf(AREA, _test, _op, "%s_" #_test, (_op)->name)

__attribute__((constructor)) static void add_tests(void)
{
	const struct op *op;

	for_each_op(op)
	{
		ADD(op, bad_argument_is_efault);
		ADD(op, argument_across_unmapped_memory_is_efault);
		ADD(op, read_only_argument_is_efault);
		ADD(op, partly_read_only_argument_is_efault);
	}
}

static int try_counters(const struct fixture *f, void *values, __u32 nr)
{
	struct buftrack_counters query = {
		.values = user_ptr(values),
		.nr = nr,
	};

	return CALL(f->fd, COUNTERS, &query);
}

DEVICE_TEST(counters_to_a_bad_pointer_are_efault)
{
	unsigned int i;

	for (i = 0; i < nr_bad_pointers; i++)
		CHECK_ERR(try_counters(f, bad_pointers[i].pointer, 1), EFAULT);
}

DEVICE_TEST(counters_to_read_only_memory_are_efault)
{
	char *values = memory_before(4096, NOTHING);

	memory_protect(values, 4096);
	CHECK_ERR(try_counters(f, values, 1), EFAULT);
}

DEVICE_TEST(counters_across_unmapped_memory_are_efault)
{
	CHECK_ERR(try_counters(f, memory_before(8 * 3, NOTHING), 4), EFAULT);
	CHECK_OK(try_counters(f, memory_before(8 * 3, NOTHING), 3));
}

DEVICE_TEST(reading_no_counters_needs_no_memory)
{
	CHECK_OK(try_counters(f, NULL, 0));
}

static int try_records(const struct fixture *f, void *records, __u32 nr)
{
	struct buftrack_records query = {
		.flags = BUFTRACK_RECORDS_BEGIN,
		.space = BUFTRACK_ANY_SPACE,
		.records = user_ptr(records),
		.record_size = sizeof(struct buftrack_record),
		.nr = nr,
	};

	return CALL(f->fd, RECORDS, &query);
}

DEVICE_TEST(records_to_a_bad_pointer_are_efault)
{
	unsigned int i;

	op_populate(f);
	for (i = 0; i < nr_bad_pointers; i++)
		CHECK_ERR(try_records(f, bad_pointers[i].pointer, 1), EFAULT);
}

DEVICE_TEST(records_to_read_only_memory_are_efault)
{
	char *records = memory_before(4096, NOTHING);

	op_populate(f);
	memory_protect(records, 4096);
	CHECK_ERR(try_records(f, records, 1), EFAULT);
}

DEVICE_TEST(records_across_unmapped_memory_are_efault)
{
	size_t size = sizeof(struct buftrack_record);

	op_populate(f);
	CHECK_ERR(try_records(f, memory_before(size - 1, NOTHING), 1), EFAULT);
	CHECK_OK(try_records(f, memory_before(size, NOTHING), 1));
}

DEVICE_TEST(empty_listing_needs_no_memory)
{
	CHECK_OK(try_records(f, NULL, 0xffffffff));
	op_populate(f);
	CHECK_OK(try_records(f, NULL, 0));
}

static int try_batch(const struct fixture *f, const void *reports, __u32 nr)
{
	return batch(f->fd, reports, nr, NULL, NULL);
}

DEVICE_TEST(batch_from_a_bad_pointer_is_efault_and_creates_no_client)
{
	struct snapshot before;
	unsigned int i;

	take_snapshot(f, &before);
	for (i = 0; i < nr_bad_pointers; i++)
		CHECK_ERR(try_batch(f, bad_pointers[i].pointer, 1), EFAULT);
	check_unchanged(f, &before);
}

DEVICE_TEST(batch_from_read_only_memory_is_accepted)
{
	struct buftrack_report one = BUFFER(0x1000, 16);
	char *reports = memory_before(sizeof(one), NOTHING);

	memcpy(reports, &one, sizeof(one));
	memory_protect(reports, sizeof(one));
	CHECK_OK(try_batch(f, reports, 1));
	CHECK_EQ(device_counter(f->fd, BUFTRACK_COUNTER_ALLOCS), 1);
}

DEVICE_TEST(empty_batch_needs_no_memory)
{
	CHECK_OK(try_batch(f, NULL, 0));
}
