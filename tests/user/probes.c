// SPDX-License-Identifier: GPL-2.0
/* Probes on drivers, and the kernel stacks of driver reports */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "harness.h"
#include "helper.h"
#include "op.h"
#include "identity.h"

static int try_probe(int fd, __u32 number, __u32 flags,
		     struct buftrack_probe_info *info)
{
	*info = (struct buftrack_probe_info){ .flags = flags, .probe = number };
	return CALL(fd, PROBE_INFO, info);
}

TEST(probes_are_numbered_from_0_and_named)
{
	int fd = open_control(O_RDONLY);
	struct buftrack_probe_info info;
	__u32 n = 0;

	for (; !try_probe(fd, n, BUFTRACK_LOOKUP_NEXT, &info); n++) {
		CHECK_EQ(info.probe, n);
		CHECK(info.adapter[0] && info.module[0]);
		CHECK(info.symbol[0] && info.covers[0]);
		CHECK(info.state <= BUFTRACK_PROBE_STATE_NO_HARDWARE);
		CHECK_EQ(info.missed, 0);
	}
	CHECK(n > 0);
	CHECK_ERR(try_probe(fd, n, 0, &info), ENOENT);
	CHECK_ERR(try_probe(fd, ~0U, 0, &info), ENOENT);
}

/* These tests load no driver */
TEST(probes_wait_for_modules_that_are_not_loaded)
{
	int fd = open_control(O_RDONLY);
	struct buftrack_probe_info info;
	__u32 n;

	for (n = 0; !try_probe(fd, n, 0, &info); n++) {
		CHECK_EQ(info.state, BUFTRACK_PROBE_STATE_WAITING);
		CHECK_EQ(info.hits, 0);
	}
}

static int try_stack(int fd, __u64 site, __u32 flags, __u32 reserved)
{
	char text[64];
	struct buftrack_stack stack = {
		.flags = flags,
		.site = site,
		.text = (unsigned long)text,
		.len = sizeof(text),
		.reserved = reserved,
	};

	return CALL(fd, STACK, &stack);
}

DEVICE_TEST(stack_of_an_unknown_site_is_enoent)
{
	static const __u64 sites[] = { 0, 1, 0x10001, ~0U, 1ULL << 32, ~0ULL };
	unsigned int i;

	for (i = 0; i < 6; i++) {
		CHECK_ERR(try_stack(f->fd, sites[i], 0, 0), ENOENT);
		CHECK_ERR(try_stack(f->control, sites[i], 0, 0), ENOENT);
	}
}

/* A site that a program reports gives no access to kernel stacks */
DEVICE_TEST(site_reported_by_a_program_has_no_stack)
{
	CHECK_OK(report(f->fd,
			ALLOC(.address = 0x1000, .size = 1, .site = 0x10001),
			NULL, NULL));
	CHECK_ERR(try_stack(f->fd, 0x10001, 0, 0), ENOENT);
}

DEVICE_TEST(stack_requires_cap_perfmon)
{
	CHECK_ERR(try_stack(fixture_open_as(f, ALICE), 1, 0, 0), EPERM);
	CHECK_ERR(try_stack(open_node_as(ALICE, CAP(PERFMON), f->device,
					 O_RDONLY),
			    1, 0, 0),
		  ENOENT);
}

DEVICE_TEST(stack_with_an_unknown_flag_is_eopnotsupp)
{
	CHECK_ERR(try_stack(f->fd, 1, 1, 0), EOPNOTSUPP);
	CHECK_ERR(try_stack(f->fd, 1, 0, 1), EOPNOTSUPP);
}

static int set_stacks(int fd, __u32 stacks)
{
	struct buftrack_device_set set = {
		.fields = BUFTRACK_DEVICE_SET_STACKS,
		.stacks = stacks,
	};

	return CALL(fd, DEVICE_SET, &set);
}

DEVICE_TEST(stacks_can_be_enabled_and_disabled)
{
	CHECK_EQ(device_info(f->fd).state & BUFTRACK_DEVICE_STATE_STACKS, 0);
	CHECK_OK(set_stacks(f->fd, 1));
	CHECK_EQ(device_info(f->fd).state & BUFTRACK_DEVICE_STATE_STACKS,
		 BUFTRACK_DEVICE_STATE_STACKS);
	CHECK_ERR(set_stacks(f->fd, 2), EINVAL);
	CHECK_OK(set_stacks(f->fd, 0));
	CHECK_EQ(device_info(f->fd).state & BUFTRACK_DEVICE_STATE_STACKS, 0);
	CHECK_ERR(set_stacks(fixture_open_as(f, ALICE), 1), EPERM);
}
