// SPDX-License-Identifier: GPL-2.0
/* Every ioctl with an argument of each size: too small, exact, longer */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "memory.h"
#include "op.h"

#define PAGE ((__u32)getpagesize())

/* The argument with another @size field, at the end of mapped memory */
static char *sized(const struct ioctl_case *c, __u32 size, enum guard guard)
{
	__u32 room = size > 4 ? size : 4;
	char *argument = memory_before(room, guard);

	memcpy(argument, c->valid, room < c->op->size ? room : c->op->size);
	memcpy(argument, &size, 4);
	return argument;
}

static int call(const struct ioctl_case *c, char *argument)
{
	return do_ioctl(op_fd(c->op, &c->f), c->op->cmd, argument);
}

static void shorter_is_einval(const void *arg)
{
	struct ioctl_case c;
	__u32 size;

	case_setup(&c, arg);
	for (size = 0; size < c.op->size; size++)
		check_fails(c.op, &c.f, sized(&c, size, NOTHING), EINVAL);
	case_teardown(&c);
}

static void exact_size_reads_no_further(const void *arg)
{
	struct ioctl_case c;

	case_setup(&c, arg);
	CHECK_OK(call(&c, sized(&c, c.op->size, NOTHING)));
	case_teardown(&c);
}

/* Memory behind the known part is read-only: the kernel must not write to it */
static void check_longer(const struct op *op, __u32 more)
{
	struct ioctl_case c;
	char *argument;

	case_setup(&c, op);
	argument = sized(&c, op->size, READ_ONLY);
	*(__u32 *)argument = op->size + more;
	CHECK_OK(call(&c, argument));
	CHECK_EQ(*(__u32 *)argument, op->size + more);
	case_teardown(&c);
}

static void one_zero_byte_more_is_accepted(const void *arg)
{
	check_longer(arg, 1);
}

static void zero_padding_is_accepted(const void *arg)
{
	check_longer(arg, 256);
}

static void page_size_is_accepted(const void *arg)
{
	const struct op *op = arg;

	check_longer(op, PAGE - op->size);
}

static void nonzero_padding_is_e2big(const void *arg)
{
	struct ioctl_case c;
	__u32 more;

	case_setup(&c, arg);
	for (more = 1; more <= PAGE - c.op->size; more += more) {
		char *argument = sized(&c, c.op->size + more, NOTHING);

		argument[c.op->size + more - 1] = 1;
		check_fails(c.op, &c.f, argument, E2BIG);
		memset(argument + c.op->size, 0, more);
		argument[c.op->size] = (char)0x80;
		check_fails(c.op, &c.f, argument, E2BIG);
	}
	case_teardown(&c);
}

static void over_a_page_is_e2big(const void *arg)
{
	struct ioctl_case c;
	char *argument;

	case_setup(&c, arg);
	check_fails(c.op, &c.f, sized(&c, PAGE + 1, NOTHING), E2BIG);
	check_fails(c.op, &c.f, sized(&c, 2 * PAGE, NOTHING), E2BIG);
	argument = sized(&c, c.op->size, NOTHING);
	*(__u32 *)argument = 0xffffffff;
	check_fails(c.op, &c.f, argument, E2BIG);
	case_teardown(&c);
}

static void garbage_in_out_fields_is_ignored(const void *arg)
{
	const struct field *field;
	struct ioctl_case c;

	case_setup(&c, arg);
	for_each_field(field, c.op->out)
		memset(c.valid + field->offset, 0xa5, field->size);
	CHECK_OK(call(&c, c.valid));
	case_teardown(&c);
}

static bool is_out(const struct op *op, __u32 byte)
{
	const struct field *field;

	for_each_field(field, op->out) if (byte - field->offset <
					   field->size) return true;
	return false;
}

/* Except out fields */
static void inputs_are_not_written(const void *arg)
{
	char argument[MAX_ARGUMENT];
	struct ioctl_case c;
	__u32 i;

	case_setup(&c, arg);
	memcpy(argument, c.valid, sizeof(argument));
	CHECK_OK(call(&c, argument));
	for (i = 0; i < c.op->size; i++)
		CHECK(argument[i] == c.valid[i] || is_out(c.op, i));
	case_teardown(&c);
}

/* RECORDS returns the number of records in nr, the only field that is in and out */
static bool has_other_outs(const struct op *op)
{
	return op->cmd == BUFTRACK_IOCTL_RECORDS;
}

#define ADD(_op, _test) test_addf(AREA, _test, _op, "%s_" #_test, (_op)->name)

__attribute__((constructor)) static void add_tests(void)
{
	const struct op *op;

	for_each_op(op)
	{
		ADD(op, shorter_is_einval);
		ADD(op, exact_size_reads_no_further);
		ADD(op, one_zero_byte_more_is_accepted);
		ADD(op, zero_padding_is_accepted);
		ADD(op, page_size_is_accepted);
		ADD(op, nonzero_padding_is_e2big);
		ADD(op, over_a_page_is_e2big);
		ADD(op, garbage_in_out_fields_is_ignored);
		if (!has_other_outs(op))
			ADD(op, inputs_are_not_written);
	}
}
