// SPDX-License-Identifier: GPL-2.0
/* Unknown flags, nonzero reserved fields and unknown ops */
#include <stdio.h>
#include "op.h"

static void set_bit(char *argument, const struct field *field, unsigned int bit)
{
	argument[field->offset + bit / 8] ^= 1 << bit % 8;
}

/* Sets each unknown bit on top of a valid argument */
static void check_field(const struct op *op, const struct field *field)
{
	unsigned int bit;
	struct fixture f;

	fixture_setup(&f);
	op_populate(&f);
	for (bit = 0; bit < field->size * 8U; bit++) {
		char argument[MAX_ARGUMENT] = {};

		if (field->known & 1ULL << bit)
			continue;
		op->fill(&f, argument);
		set_bit(argument, field, bit);
		check_fails(op, &f, argument, EOPNOTSUPP);
	}
	fixture_teardown(&f);
}

struct op_field {
	const struct op *op;
	const struct field *field;
};

static void unknown_bits_are_eopnotsupp(const void *arg)
{
	const struct op_field *pair = arg;

	check_field(pair->op, pair->field);
}

__attribute__((constructor)) static void add_tests(void)
{
	static struct op_field pairs[64];
	const struct field *field;
	struct op_field *pair = pairs;
	const struct op *op;

	for_each_op(op)
	{
		for_each_field(field, op->strict)
		{
			*pair = (struct op_field){ op, field };
			test_addf(AREA, unknown_bits_are_eopnotsupp, pair++,
				  "%s_%s_unknown_bits_are_eopnotsupp", op->name,
				  field->name);
		}
	}
}

DEVICE_TEST(device_info_on_control_accepts_only_the_next_flag)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		struct buftrack_device_info info = {
			.flags = 1U << bit,
			.device = f->device,
		};

		CHECK_ERR(CALL(f->control, DEVICE_INFO, &info),
			  info.flags == BUFTRACK_LOOKUP_NEXT ? 0 : EOPNOTSUPP);
	}
}

DEVICE_TEST(free_accepts_only_the_refused_flag)
{
	struct snapshot before;
	unsigned int bit;

	take_snapshot(f, &before);
	for (bit = 0; bit < 16; bit++)
		if (1 << bit != BUFTRACK_REPORT_REFUSED)
			CHECK_ERR(try_report(f->fd, FREE(.address = 0x1000,
							 .flags = 1 << bit)),
				  EOPNOTSUPP);
	check_unchanged(f, &before);
	CHECK_OK(try_report(f->fd, FREE(.address = 0x1000,
					.flags = BUFTRACK_REPORT_REFUSED)));
}

DEVICE_TEST(use_accepts_no_flag)
{
	struct snapshot before;
	unsigned int bit;

	take_snapshot(f, &before);
	for (bit = 0; bit < 16; bit++)
		CHECK_ERR(try_report(f->fd, USE(.address = 0x1000, .id = 1,
						.flags = 1 << bit)),
			  EOPNOTSUPP);
	check_unchanged(f, &before);
	CHECK_OK(try_report(f->fd, USE(.address = 0x1000, .id = 1)));
}

DEVICE_TEST(unknown_ops_are_eopnotsupp)
{
	struct buftrack_report r0 = BUFFER(0x1000, 16);
	struct snapshot before;
	unsigned int op;

	take_snapshot(f, &before);
	for (op = 0; op < 0x10000; op++) {
		if (op >= BUFTRACK_OP_ALLOC && op <= BUFTRACK_OP_USE)
			continue;
		r0.op = op;
		CHECK_ERR(try_report(f->fd, r0), EOPNOTSUPP);
	}
	check_unchanged(f, &before);
}

DEVICE_TEST(unknown_scopes_are_einval)
{
	__u64 values[BUFTRACK_NR_COUNTERS];
	unsigned int bit;

	CHECK_ERR(counters(f->fd, BUFTRACK_SCOPE_CLIENT + 1, 0, values),
		  EINVAL);
	for (bit = 2; bit < 32; bit++)
		CHECK_ERR(counters(f->fd, 1U << bit, 0, values), EINVAL);
}

DEVICE_TEST(known_flags_can_be_combined)
{
	struct buftrack_device_add add = {
		.flags = BUFTRACK_DEVICE_ADD_EXCL |
			 BUFTRACK_DEVICE_ADD_TEMPORARY,
		.name = "both",
	};
	__u64 client;

	CHECK_OK(CALL(f->control, DEVICE_ADD, &add));
	CHECK_OK(declare(f->fd, BUFTRACK_DECLARE_LATE | BUFTRACK_DECLARE_SHARED,
			 &client));
	CHECK_EQ(client_state(f->fd, client),
		 BUFTRACK_CLIENT_STATE_OPEN | BUFTRACK_CLIENT_STATE_LATE |
			 BUFTRACK_CLIENT_STATE_SHARED);
}
