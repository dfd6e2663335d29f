/* SPDX-License-Identifier: GPL-2.0 */
/* The fixture of a test: a device of its own, removed when the test ends */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "abi.h"

/**
 * struct fixture - a device for one test
 * @control: the control node
 * @device: number of a temporary device with one space, number 0
 * @fd: its node, open for reading and writing; not yet a client
 */
struct fixture {
	int control;
	__u32 device;
	int fd;
};

void fixture_setup(struct fixture *f);
void fixture_teardown(struct fixture *f);
int fixture_open(const struct fixture *f);

/* A test on a device of its own; the invariants are checked at its end */
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

/* invariants.c */
void check_conservation(const __u64 *values);
void check_device_conservation(int fd);
void check_invariants(int fd);

/* Everything visible of a device that can change, except the time */
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
