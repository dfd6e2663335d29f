/* SPDX-License-Identifier: GPL-2.0 */
/* What a test works on: a device of its own, that goes with it */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "abi.h"

/**
 * struct rig - a device for one test
 * @control: the control node
 * @device: a temporary device's number
 * @fd: its node, open for both; no client yet
 *
 * The device has one space, number 0.
 */
struct fixture {
	int control;
	__u32 device;
	int fd;
};

void fixture_setup(struct fixture *f);
void fixture_teardown(struct fixture *f);
int fixture_open(const struct fixture *f);

/* A test on a device of its own, whose books are checked when it is over */
#define DEVICE_TEST(_name)                                         \
	static void _name(struct fixture *f);                      \
	static void _name##_run(const void *arg)                   \
	{                                                          \
		struct fixture f;                                  \
                                                                   \
		(void)arg;                                         \
		fixture_setup(&f);                                 \
		_name(&f);                                         \
		fixture_teardown(&f);                              \
	}                                                          \
	__attribute__((constructor)) static void _name##_add(void) \
	{                                                          \
		test_add(AREA, #_name, _name##_run, NULL);         \
	}                                                          \
	static void _name(struct fixture *f)

/* books.c: laws that counters and records obey */
void check_conservation(const __u64 *values);
void check_device_conservation(int fd);
void check_invariants(int fd);

/* All that can be seen of a device and could change, but for the time */
struct snapshot {
	struct buftrack_info info;
	struct buftrack_device_info device;
	struct buftrack_client_info newest;
	__u64 counters[BUFTRACK_NR_COUNTERS];
	__u64 space[BUFTRACK_NR_COUNTERS];
};

void take_snapshot(const struct fixture *f, struct snapshot *snapshot);
void check_unchanged(const struct fixture *f, const struct snapshot *before);

#endif /* FIXTURE_H */
