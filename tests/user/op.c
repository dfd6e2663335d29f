// SPDX-License-Identifier: GPL-2.0
/* The table of ioctls */
#include <stddef.h>
#include <stdio.h>
#include "op.h"

#define FIELD(_struct, _field, ...)                                        \
	{                                                                  \
#_field, offsetof(struct _struct, _field),                 \
			sizeof(((struct _struct *)0)->_field), __VA_ARGS__ \
	}

static void fill_info(const struct fixture *f, void *arg)
{
	struct buftrack_info *info = arg;

	(void)f;
	info->size = sizeof(*info);
}

static void fill_device_add(const struct fixture *f, void *arg)
{
	struct buftrack_device_add *add = arg;

	(void)f;
	add->size = sizeof(*add);
	add->flags = BUFTRACK_DEVICE_ADD_TEMPORARY;
	snprintf(add->name, sizeof(add->name), "another");
}

static void fill_device_remove(const struct fixture *f, void *arg)
{
	struct buftrack_device_remove *remove = arg;

	remove->size = sizeof(*remove);
	remove->flags = BUFTRACK_DEVICE_REMOVE_FORCE;
	remove->device = f->device;
}

static void fill_device_info(const struct fixture *f, void *arg)
{
	struct buftrack_device_info *info = arg;

	(void)f;
	info->size = sizeof(*info);
}

static void fill_device_set(const struct fixture *f, void *arg)
{
	struct buftrack_device_set *set = arg;

	(void)f;
	set->size = sizeof(*set);
	set->fields = BUFTRACK_DEVICE_SET_MAX_FREED;
	set->max_freed = 12345;
}

static void fill_space_add(const struct fixture *f, void *arg)
{
	struct buftrack_space_add *add = arg;

	(void)f;
	add->size = sizeof(*add);
	snprintf(add->name, sizeof(add->name), "L1");
}

static void fill_space_info(const struct fixture *f, void *arg)
{
	struct buftrack_space_info *info = arg;

	(void)f;
	info->size = sizeof(*info);
}

static void fill_declare(const struct fixture *f, void *arg)
{
	struct buftrack_declare *declare = arg;

	(void)f;
	declare->size = sizeof(*declare);
	declare->first_id = 7;
}

static void fill_report(const struct fixture *f, void *arg)
{
	struct buftrack_report_one *one = arg;

	(void)f;
	one->size = sizeof(*one);
	one->report = BUFFER(0x1000, 64);
}

static void fill_batch(const struct fixture *f, void *arg)
{
	static struct buftrack_report reports[2];
	static __u8 verdicts[ARRAY_SIZE(reports)];
	struct buftrack_batch *batch = arg;

	(void)f;
	reports[0] = BUFFER(0x1000, 64);
	reports[1] = BUFFER(0x2000, 64);
	batch->size = sizeof(*batch);
	batch->reports = user_ptr(reports);
	batch->verdicts = user_ptr(verdicts);
	batch->nr = ARRAY_SIZE(reports);
	batch->report_size = sizeof(*reports);
}

static void fill_lost(const struct fixture *f, void *arg)
{
	struct buftrack_lost *lost = arg;

	(void)f;
	lost->size = sizeof(*lost);
	lost->count = 1;
}

static void fill_counters(const struct fixture *f, void *arg)
{
	static __u64 values[BUFTRACK_NR_COUNTERS];
	struct buftrack_counters *query = arg;

	(void)f;
	query->size = sizeof(*query);
	query->values = user_ptr(values);
	query->nr = BUFTRACK_NR_COUNTERS;
}

static void fill_client_info(const struct fixture *f, void *arg)
{
	struct buftrack_client_info *info = arg;

	(void)f;
	info->size = sizeof(*info);
	info->client = 1;
}

static void fill_records(const struct fixture *f, void *arg)
{
	static struct buftrack_record records[4];
	struct buftrack_records *query = arg;

	(void)f;
	query->size = sizeof(*query);
	query->flags = BUFTRACK_RECORDS_BEGIN;
	query->space = BUFTRACK_ANY_SPACE;
	query->records = user_ptr(records);
	query->nr = ARRAY_SIZE(records);
	query->record_size = sizeof(*records);
}

static void fill_probe_info(const struct fixture *f, void *arg)
{
	struct buftrack_probe_info *info = arg;

	(void)f;
	info->size = sizeof(*info);
}

static void fill_reset(const struct fixture *f, void *arg)
{
	struct buftrack_reset *reset = arg;

	(void)f;
	reset->size = sizeof(*reset);
}

static void fill_ring(const struct fixture *f, void *arg)
{
	struct buftrack_ring *ring = arg;

	(void)f;
	ring->size = sizeof(*ring);
	ring->entries = 64;
}

static void fill_drain(const struct fixture *f, void *arg)
{
	struct buftrack_drain *drain = arg;

	(void)f;
	drain->size = sizeof(*drain);
}

#define OP(_name, _struct, _fill)                      \
	.name = #_name, .cmd = BUFTRACK_IOCTL_##_name, \
	.size = sizeof(struct _struct), .fill = _fill

const struct op ops[] = {
	{
		OP(INFO, buftrack_info, fill_info),
		.control = true,
		.device = true,
		.strict = { FIELD(buftrack_info, flags),
			    FIELD(buftrack_info, reserved) },
		.out = { FIELD(buftrack_info, serial),
			 FIELD(buftrack_info, nr_devices),
			 FIELD(buftrack_info, max_devices),
			 FIELD(buftrack_info, nr_records),
			 FIELD(buftrack_info, max_records),
			 FIELD(buftrack_info, record_size),
			 FIELD(buftrack_info, nr_counters),
			 FIELD(buftrack_info, nr_verdicts),
			 FIELD(buftrack_info, version) },
	},
	{
		OP(DEVICE_ADD, buftrack_device_add, fill_device_add),
		.control = true,
		.writes = true,
		.changes = true,
		.strict = { FIELD(buftrack_device_add, flags,
				  BUFTRACK_DEVICE_ADD_EXCL |
					  BUFTRACK_DEVICE_ADD_TEMPORARY) },
		.out = { FIELD(buftrack_device_add, device),
			 FIELD(buftrack_device_add, created) },
	},
	{
		OP(DEVICE_REMOVE, buftrack_device_remove, fill_device_remove),
		.control = true,
		.writes = true,
		.changes = true,
		.strict = { FIELD(buftrack_device_remove, flags,
				  BUFTRACK_DEVICE_REMOVE_FORCE),
			    FIELD(buftrack_device_remove, reserved) },
		.out = { FIELD(buftrack_device_remove, removed_buffers),
			 FIELD(buftrack_device_remove, removed_bytes) },
	},
	{
		OP(DEVICE_INFO, buftrack_device_info, fill_device_info),
		.control = true,
		.device = true,
		.reads = true,
		.strict = { FIELD(buftrack_device_info, flags) },
		.out = { FIELD(buftrack_device_info, device),
			 FIELD(buftrack_device_info, state),
			 FIELD(buftrack_device_info, uid),
			 FIELD(buftrack_device_info, nr_spaces),
			 FIELD(buftrack_device_info, nr_clients),
			 FIELD(buftrack_device_info, max_clients),
			 FIELD(buftrack_device_info, nr_records),
			 FIELD(buftrack_device_info, max_records),
			 FIELD(buftrack_device_info, max_client_records),
			 FIELD(buftrack_device_info, max_freed),
			 FIELD(buftrack_device_info, max_closed),
			 FIELD(buftrack_device_info, max_remaining),
			 FIELD(buftrack_device_info, now),
			 FIELD(buftrack_device_info, name),
			 FIELD(buftrack_device_info, driver) },
	},
	{
		OP(DEVICE_SET, buftrack_device_set, fill_device_set),
		.device = true,
		.writes = true,
		.changes = true,
		.strict = { FIELD(buftrack_device_set, fields,
				  BUFTRACK_DEVICE_SET_ENABLED |
					  BUFTRACK_DEVICE_SET_MAX_RECORDS |
					  BUFTRACK_DEVICE_SET_MAX_FREED |
					  BUFTRACK_DEVICE_SET_MAX_CLIENTS |
					  BUFTRACK_DEVICE_SET_MAX_CLOSED |
					  BUFTRACK_DEVICE_SET_MAX_REMAINING |
					  BUFTRACK_DEVICE_SET_MAX_CLIENT_RECORDS |
					  BUFTRACK_DEVICE_SET_STACKS),
			    FIELD(buftrack_device_set, reserved) },
	},
	{
		OP(SPACE_ADD, buftrack_space_add, fill_space_add),
		.device = true,
		.writes = true,
		.changes = true,
		.strict = { FIELD(buftrack_space_add, flags,
				  BUFTRACK_SPACE_APERTURE) },
		.out = { FIELD(buftrack_space_add, space),
			 FIELD(buftrack_space_add, created) },
	},
	{
		OP(SPACE_INFO, buftrack_space_info, fill_space_info),
		.device = true,
		.reads = true,
		.strict = { FIELD(buftrack_space_info, flags,
				  BUFTRACK_LOOKUP_NEXT) },
		.out = { FIELD(buftrack_space_info, properties),
			 FIELD(buftrack_space_info, capacity),
			 FIELD(buftrack_space_info, name) },
	},
	{
		OP(DECLARE, buftrack_declare, fill_declare),
		.device = true,
		.writes = true,
		.changes = true,
		.strict = { FIELD(buftrack_declare, flags,
				  BUFTRACK_DECLARE_LATE |
					  BUFTRACK_DECLARE_SHARED |
					  BUFTRACK_DECLARE_CLAIMED_UID) },
		.out = { FIELD(buftrack_declare, client) },
	},
	{
		OP(REPORT, buftrack_report_one, fill_report),
		.device = true,
		.writes = true,
		.changes = true,
		.strict = { FIELD(buftrack_report_one, flags),
			    FIELD(buftrack_report_one, reserved),
			    FIELD(buftrack_report_one, report.flags),
			    FIELD(buftrack_report_one, report.reserved[0]),
			    FIELD(buftrack_report_one, report.reserved[1]) },
		.out = { FIELD(buftrack_report_one, verdict),
			 FIELD(buftrack_report_one, stamp) },
	},
	{
		OP(BATCH, buftrack_batch, fill_batch),
		.device = true,
		.writes = true,
		.changes = true,
		.strict = { FIELD(buftrack_batch, flags),
			    FIELD(buftrack_batch, reserved) },
		.out = { FIELD(buftrack_batch, done) },
		.pointer = { FIELD(buftrack_batch, reports),
			     FIELD(buftrack_batch, verdicts) },
	},
	{
		OP(LOST, buftrack_lost, fill_lost),
		.device = true,
		.writes = true,
		.changes = true,
		.strict = { FIELD(buftrack_lost, flags) },
	},
	{
		OP(COUNTERS, buftrack_counters, fill_counters),
		.device = true,
		.reads = true,
		.strict = { FIELD(buftrack_counters, reserved) },
		.pointer = { FIELD(buftrack_counters, values) },
	},
	{
		OP(CLIENT_INFO, buftrack_client_info, fill_client_info),
		.device = true,
		.reads = true,
		.strict = { FIELD(buftrack_client_info, flags,
				  BUFTRACK_LOOKUP_NEXT) },
		.out = { FIELD(buftrack_client_info, state),
			 FIELD(buftrack_client_info, pid),
			 FIELD(buftrack_client_info, tid),
			 FIELD(buftrack_client_info, uid),
			 FIELD(buftrack_client_info, claimed_pid),
			 FIELD(buftrack_client_info, claimed_uid),
			 FIELD(buftrack_client_info, start_time),
			 FIELD(buftrack_client_info, opened),
			 FIELD(buftrack_client_info, closed),
			 FIELD(buftrack_client_info, first_id),
			 FIELD(buftrack_client_info, comm),
			 FIELD(buftrack_client_info, claimed_name) },
	},
	{
		OP(RECORDS, buftrack_records, fill_records),
		.device = true,
		.reads = true,
		.strict = { FIELD(buftrack_records, flags,
				  BUFTRACK_RECORDS_BEGIN),
			    FIELD(buftrack_records, states,
				  BUFTRACK_RECORD_STATE_LIVE |
					  BUFTRACK_RECORD_STATE_FREED |
					  BUFTRACK_RECORD_STATE_REMAINING) },
		.out = { FIELD(buftrack_records, instant),
			 FIELD(buftrack_records, missed),
			 FIELD(buftrack_records, end),
			 FIELD(buftrack_records, exact) },
		.pointer = { FIELD(buftrack_records, records) },
	},
	{
		OP(PROBE_INFO, buftrack_probe_info, fill_probe_info),
		.control = true,
		.reads = true,
		.strict = { FIELD(buftrack_probe_info, flags,
				  BUFTRACK_LOOKUP_NEXT),
			    FIELD(buftrack_probe_info, reserved) },
		.out = { FIELD(buftrack_probe_info, state),
			 FIELD(buftrack_probe_info, hits),
			 FIELD(buftrack_probe_info, missed),
			 FIELD(buftrack_probe_info, adapter),
			 FIELD(buftrack_probe_info, module),
			 FIELD(buftrack_probe_info, symbol),
			 FIELD(buftrack_probe_info, covers) },
	},
	{
		OP(RESET, buftrack_reset, fill_reset),
		.device = true,
		.writes = true,
		.changes = true,
		.strict = { FIELD(buftrack_reset, flags) },
	},
	{
		OP(RING, buftrack_ring, fill_ring),
		.device = true,
		.reads = true,
		.writes = true,
		.changes = true,
		.strict = { FIELD(buftrack_ring, flags),
			    FIELD(buftrack_ring, reserved) },
		.out = { FIELD(buftrack_ring, entry_size),
			 FIELD(buftrack_ring, offset),
			 FIELD(buftrack_ring, length),
			 FIELD(buftrack_ring, clock), FIELD(buftrack_ring, ops),
			 FIELD(buftrack_ring, counter_at),
			 FIELD(buftrack_ring, head_at),
			 FIELD(buftrack_ring, lost_at),
			 FIELD(buftrack_ring, tail_at),
			 FIELD(buftrack_ring, entries_at) },
	},
	{
		OP(DRAIN, buftrack_drain, fill_drain),
		.device = true,
		.writes = true,
		.strict = { FIELD(buftrack_drain, flags, BUFTRACK_DRAIN_ASYNC) },
	},
};

const unsigned int nr_ops = ARRAY_SIZE(ops);

int op_fd(const struct op *op, const struct fixture *f)
{
	return op->device ? f->fd : f->control;
}

void op_populate(const struct fixture *f)
{
	int fd = fixture_open(f);

	CHECK_EQ(become_client(fd), 1);
	CHECK_EQ(verdict_of(fd, BUFFER(0x10000, 4096)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(fd, BUFFER(0x20000, 4096)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(fd, FREE(.address = 0x20000)), BUFTRACK_VERDICT_OK);
}

void check_fails(const struct op *op, const struct fixture *f, void *arg,
		 int err)
{
	struct snapshot before;

	take_snapshot(f, &before);
	CHECK_ERR(do_ioctl(op_fd(op, f), op->cmd, arg), err);
	check_unchanged(f, &before);
}

void case_setup(struct ioctl_case *c, const struct op *op)
{
	memset(c, 0, sizeof(*c));
	fixture_setup(&c->f);
	op_populate(&c->f);
	c->op = op;
	op->fill(&c->f, c->valid);
}

void case_teardown(struct ioctl_case *c)
{
	fixture_teardown(&c->f);
}
