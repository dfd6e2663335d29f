// SPDX-License-Identifier: GPL-2.0
/* Unknown flags, reserved fields and unknown ops */
#include <stdio.h>
#include "op.h"

static void set_bit(char *argument, const struct field *field, unsigned int bit)
{
	argument[field->offset + bit / 8] ^= 1 << bit % 8;
}

/* Each bit alone and along with the valid argument's own */
static void check_field(const struct op *op, const struct field *field)
{
	unsigned int bit;
	struct rig r;

	rig_up(&r);
	op_populate(&r);
	for (bit = 0; bit < field->size * 8U; bit++) {
		char argument[MAX_ARGUMENT] = {};

		if (field->known & 1ULL << bit)
			continue;
		op->fill(&r, argument);
		set_bit(argument, field, bit);
		check_fails(op, &r, argument, EOPNOTSUPP);
	}
	rig_down(&r);
}

struct pair {
	const struct op *op;
	const struct field *field;
};

static void unknown_bits_are_eopnotsupp(const void *arg)
{
	const struct pair *pair = arg;

	check_field(pair->op, pair->field);
}

__attribute__((constructor)) static void add_tests(void)
{
	static struct pair pairs[64];
	const struct field *field;
	struct pair *pair = pairs;
	const struct op *op;

	for_each_op(op)
	{
		for_each_field(field, op->strict)
		{
			*pair = (struct pair){ op, field };
			test_addf(AREA, unknown_bits_are_eopnotsupp, pair++,
				  "%s_%s_unknown_bits_are_eopnotsupp", op->name,
				  field->name);
		}
	}
}

RIG_TEST(device_info_on_control_has_next_and_no_other_flag)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		struct buftrack_device_info info = {
			.flags = 1U << bit,
			.device = r->device,
		};

		CHECK_ERR(CALL(r->control, DEVICE_INFO, &info),
			  info.flags == BUFTRACK_LOOKUP_NEXT ? 0 : EOPNOTSUPP);
	}
}

RIG_TEST(free_can_be_refused_and_has_no_other_flag)
{
	struct picture before;
	unsigned int bit;

	take_picture(r, &before);
	for (bit = 0; bit < 16; bit++)
		if (1 << bit != BUFTRACK_REPORT_REFUSED)
			CHECK_ERR(try_report(r->fd, FREE(.address = 0x1000,
							 .flags = 1 << bit)),
				  EOPNOTSUPP);
	check_unchanged(r, &before);
	CHECK_OK(try_report(r->fd, FREE(.address = 0x1000,
					.flags = BUFTRACK_REPORT_REFUSED)));
}

RIG_TEST(unknown_ops_are_eopnotsupp)
{
	struct buftrack_report r0 = BUFFER(0x1000, 16);
	struct picture before;
	unsigned int op;

	take_picture(r, &before);
	for (op = 0; op < 0x10000; op++) {
		if (op == BUFTRACK_OP_ALLOC || op == BUFTRACK_OP_FREE)
			continue;
		r0.op = op;
		CHECK_ERR(try_report(r->fd, r0), EOPNOTSUPP);
	}
	check_unchanged(r, &before);
}

RIG_TEST(unknown_scopes_are_einval)
{
	__u64 values[BUFTRACK_NR_COUNTERS];
	unsigned int bit;

	CHECK_ERR(counters(r->fd, BUFTRACK_SCOPE_CLIENT + 1, 0, values),
		  EINVAL);
	for (bit = 2; bit < 32; bit++)
		CHECK_ERR(counters(r->fd, 1U << bit, 0, values), EINVAL);
}

RIG_TEST(flags_of_a_closed_set_can_be_combined)
{
	struct buftrack_device_add add = {
		.flags = BUFTRACK_DEVICE_ADD_EXCL |
			 BUFTRACK_DEVICE_ADD_TEMPORARY,
		.name = "both",
	};
	__u64 client;

	CHECK_OK(CALL(r->control, DEVICE_ADD, &add));
	CHECK_OK(declare(r->fd, BUFTRACK_DECLARE_LATE | BUFTRACK_DECLARE_SHARED,
			 &client));
	CHECK_EQ(client_state(r->fd, client),
		 BUFTRACK_CLIENT_STATE_OPEN | BUFTRACK_CLIENT_STATE_LATE |
			 BUFTRACK_CLIENT_STATE_SHARED);
}
