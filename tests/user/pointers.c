// SPDX-License-Identifier: GPL-2.0
/* Arguments and arrays that are not, or not wholly, the caller's to read and write */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "memory.h"
#include "op.h"

struct fixture {
	struct rig r;
	const struct op *op;
	char valid[MAX_ARGUMENT];
};

static void set_up(struct fixture *f, const struct op *op)
{
	memset(f, 0, sizeof(*f));
	rig_up(&f->r);
	op_populate(&f->r);
	f->op = op;
	op->fill(&f->r, f->valid);
}

static void bad_argument_is_efault(const void *arg)
{
	struct fixture f;
	unsigned int i;

	set_up(&f, arg);
	for (i = 0; i < nr_bad_pointers; i++)
		check_fails(f.op, &f.r, bad_pointers[i].pointer, EFAULT);
	rig_down(&f.r);
}

/* Of every length that fits before the edge, down to the size field alone */
static void argument_across_an_edge_is_efault(const void *arg)
{
	struct fixture f;
	__u32 n;

	set_up(&f, arg);
	for (n = 1; n < f.op->size; n++) {
		char *argument = memory_before(n, NOTHING);

		memcpy(argument, f.valid, n);
		check_fails(f.op, &f.r, argument, EFAULT);
	}
	rig_down(&f.r);
}

static void read_only_argument_is_efault(const void *arg)
{
	struct fixture f;
	char *argument;

	set_up(&f, arg);
	argument = memory_before(f.op->size, NOTHING);
	memcpy(argument, f.valid, f.op->size);
	memory_protect(argument, f.op->size);
	check_fails(f.op, &f.r, argument, EFAULT);
	rig_down(&f.r);
}

/* The first bytes could be written */
static void partly_read_only_argument_is_efault(const void *arg)
{
	struct fixture f;
	char *argument;

	set_up(&f, arg);
	argument = memory_astride(f.valid, f.op->size, 4);
	check_fails(f.op, &f.r, argument, EFAULT);
	rig_down(&f.r);
}

#define ADD(_op, _test) test_addf(AREA, _test, _op, "%s_" #_test, (_op)->name)

__attribute__((constructor)) static void add_tests(void)
{
	const struct op *op;

	for_each_op(op)
	{
		ADD(op, bad_argument_is_efault);
		ADD(op, argument_across_an_edge_is_efault);
		ADD(op, read_only_argument_is_efault);
		ADD(op, partly_read_only_argument_is_efault);
	}
}

static int try_counters(const struct rig *r, void *values, __u32 nr)
{
	struct buftrack_counters query = {
		.values = user_ptr(values),
		.nr = nr,
	};

	return CALL(r->fd, COUNTERS, &query);
}

RIG_TEST(counters_to_a_bad_pointer_are_efault)
{
	unsigned int i;

	for (i = 0; i < nr_bad_pointers; i++)
		CHECK_ERR(try_counters(r, bad_pointers[i].pointer, 1), EFAULT);
}

RIG_TEST(counters_to_read_only_memory_are_efault)
{
	char *values = memory_before(4096, NOTHING);

	memory_protect(values, 4096);
	CHECK_ERR(try_counters(r, values, 1), EFAULT);
}

RIG_TEST(counters_across_an_edge_are_efault)
{
	CHECK_ERR(try_counters(r, memory_before(8 * 3, NOTHING), 4), EFAULT);
	CHECK_OK(try_counters(r, memory_before(8 * 3, NOTHING), 3));
}

RIG_TEST(no_counters_need_no_memory)
{
	CHECK_OK(try_counters(r, NULL, 0));
}

static int try_records(const struct rig *r, void *records, __u32 nr)
{
	struct buftrack_records query = {
		.flags = BUFTRACK_RECORDS_BEGIN,
		.space = BUFTRACK_ANY_SPACE,
		.records = user_ptr(records),
		.record_size = sizeof(struct buftrack_record),
		.nr = nr,
	};

	return CALL(r->fd, RECORDS, &query);
}

RIG_TEST(records_to_a_bad_pointer_are_efault)
{
	unsigned int i;

	op_populate(r);
	for (i = 0; i < nr_bad_pointers; i++)
		CHECK_ERR(try_records(r, bad_pointers[i].pointer, 1), EFAULT);
}

RIG_TEST(records_to_read_only_memory_are_efault)
{
	char *records = memory_before(4096, NOTHING);

	op_populate(r);
	memory_protect(records, 4096);
	CHECK_ERR(try_records(r, records, 1), EFAULT);
}

RIG_TEST(records_across_an_edge_are_efault)
{
	size_t size = sizeof(struct buftrack_record);

	op_populate(r);
	CHECK_ERR(try_records(r, memory_before(size - 1, NOTHING), 1), EFAULT);
	CHECK_OK(try_records(r, memory_before(size, NOTHING), 1));
}

RIG_TEST(records_that_are_not_there_need_no_memory)
{
	CHECK_OK(try_records(r, NULL, 0xffffffff));
	op_populate(r);
	CHECK_OK(try_records(r, NULL, 0));
}

static int try_batch(const struct rig *r, const void *reports, __u32 nr)
{
	return batch(r->fd, reports, nr, NULL, NULL);
}

RIG_TEST(batch_from_a_bad_pointer_is_efault_and_no_client)
{
	struct picture before;
	unsigned int i;

	take_picture(r, &before);
	for (i = 0; i < nr_bad_pointers; i++)
		CHECK_ERR(try_batch(r, bad_pointers[i].pointer, 1), EFAULT);
	check_unchanged(r, &before);
}

RIG_TEST(batch_from_read_only_memory_is_taken)
{
	struct buftrack_report one = BUFFER(0x1000, 16);
	char *reports = memory_before(sizeof(one), NOTHING);

	memcpy(reports, &one, sizeof(one));
	memory_protect(reports, sizeof(one));
	CHECK_OK(try_batch(r, reports, 1));
	CHECK_EQ(device_counter(r->fd, BUFTRACK_COUNTER_ALLOCS), 1);
}

RIG_TEST(empty_batch_needs_no_memory)
{
	CHECK_OK(try_batch(r, NULL, 0));
}
