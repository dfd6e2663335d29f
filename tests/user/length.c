// SPDX-License-Identifier: GPL-2.0
/* The length sweep: every argument, shorter, exact and longer than it is */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "memory.h"
#include "op.h"

#define PAGE ((__u32)getpagesize())

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

static void tear_down(struct fixture *f)
{
	rig_down(&f->r);
}

/* The argument with another length, at the end of memory */
static char *sized(const struct fixture *f, __u32 size, enum behind behind)
{
	__u32 room = size > 4 ? size : 4;
	char *argument = memory_before(room, behind);

	memcpy(argument, f->valid, room < f->op->size ? room : f->op->size);
	memcpy(argument, &size, 4);
	return argument;
}

static int call(const struct fixture *f, char *argument)
{
	return do_ioctl(op_fd(f->op, &f->r), f->op->cmd, argument);
}

static void shorter_is_einval(const void *arg)
{
	struct fixture f;
	__u32 size;

	set_up(&f, arg);
	for (size = 0; size < f.op->size; size++)
		check_fails(f.op, &f.r, sized(&f, size, NOTHING), EINVAL);
	tear_down(&f);
}

static void exact_needs_no_byte_more(const void *arg)
{
	struct fixture f;

	set_up(&f, arg);
	CHECK_OK(call(&f, sized(&f, f.op->size, NOTHING)));
	tear_down(&f);
}

/* What is behind the part that is known is read-only: it must not be written */
static void check_longer(const struct op *op, __u32 more)
{
	struct fixture f;
	char *argument;

	set_up(&f, op);
	argument = sized(&f, op->size, READ_ONLY);
	*(__u32 *)argument = op->size + more;
	CHECK_OK(call(&f, argument));
	CHECK_EQ(*(__u32 *)argument, op->size + more);
	tear_down(&f);
}

static void longer_by_one_zero_is_taken(const void *arg)
{
	check_longer(arg, 1);
}

static void longer_by_zeros_is_taken(const void *arg)
{
	check_longer(arg, 256);
}

static void as_long_as_a_page_is_taken(const void *arg)
{
	const struct op *op = arg;

	check_longer(op, PAGE - op->size);
}

static void longer_and_not_zero_is_e2big(const void *arg)
{
	struct fixture f;
	__u32 more;

	set_up(&f, arg);
	for (more = 1; more <= PAGE - f.op->size; more += more) {
		char *argument = sized(&f, f.op->size + more, NOTHING);

		argument[f.op->size + more - 1] = 1;
		check_fails(f.op, &f.r, argument, E2BIG);
		memset(argument + f.op->size, 0, more);
		argument[f.op->size] = (char)0x80;
		check_fails(f.op, &f.r, argument, E2BIG);
	}
	tear_down(&f);
}

static void longer_than_a_page_is_e2big(const void *arg)
{
	struct fixture f;
	char *argument;

	set_up(&f, arg);
	check_fails(f.op, &f.r, sized(&f, PAGE + 1, NOTHING), E2BIG);
	check_fails(f.op, &f.r, sized(&f, 2 * PAGE, NOTHING), E2BIG);
	argument = sized(&f, f.op->size, NOTHING);
	*(__u32 *)argument = 0xffffffff;
	check_fails(f.op, &f.r, argument, E2BIG);
	tear_down(&f);
}

static void garbage_in_out_fields_is_ignored(const void *arg)
{
	const struct field *field;
	struct fixture f;

	set_up(&f, arg);
	for_each_field(field, f.op->out)
		memset(f.valid + field->offset, 0xa5, field->size);
	CHECK_OK(call(&f, f.valid));
	tear_down(&f);
}

static bool is_out(const struct op *op, __u32 byte)
{
	const struct field *field;

	for_each_field(field, op->out) if (byte - field->offset <
					   field->size) return true;
	return false;
}

/* But for those that are in and out */
static void inputs_are_left_alone(const void *arg)
{
	char argument[MAX_ARGUMENT];
	struct fixture f;
	__u32 i;

	set_up(&f, arg);
	memcpy(argument, f.valid, sizeof(argument));
	CHECK_OK(call(&f, argument));
	for (i = 0; i < f.op->size; i++)
		CHECK(argument[i] == f.valid[i] || is_out(f.op, i));
	tear_down(&f);
}

/* RECORDS says in nr how many it filled in, and has no other in and out */
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
		ADD(op, exact_needs_no_byte_more);
		ADD(op, longer_by_one_zero_is_taken);
		ADD(op, longer_by_zeros_is_taken);
		ADD(op, as_long_as_a_page_is_taken);
		ADD(op, longer_and_not_zero_is_e2big);
		ADD(op, longer_than_a_page_is_e2big);
		ADD(op, garbage_in_out_fields_is_ignored);
		if (!has_other_outs(op))
			ADD(op, inputs_are_left_alone);
	}
}
