/* SPDX-License-Identifier: GPL-2.0 */
/* What a test works on: a device of its own, that goes with it */
#ifndef RIG_H
#define RIG_H

#include "abi.h"

/**
 * struct rig - a device for one test
 * @control: the control node
 * @device: a temporary device's number
 * @fd: its node, open for both; no client yet
 *
 * The device has one space, number 0.
 */
struct rig {
	int control;
	__u32 device;
	int fd;
};

void rig_up(struct rig *r);
void rig_down(struct rig *r);
int rig_open(const struct rig *r);

/* A test on a device of its own, whose books are checked when it is over */
#define RIG_TEST(_name)                                            \
	static void _name(struct rig *r);                          \
	static void _name##_run(const void *arg)                   \
	{                                                          \
		struct rig r;                                      \
                                                                   \
		(void)arg;                                         \
		rig_up(&r);                                        \
		_name(&r);                                         \
		rig_down(&r);                                      \
	}                                                          \
	__attribute__((constructor)) static void _name##_add(void) \
	{                                                          \
		test_add(AREA, #_name, _name##_run, NULL);         \
	}                                                          \
	static void _name(struct rig *r)

/* books.c: laws that counters and records obey */
void check_conservation(const __u64 *values);
void check_device_conservation(int fd);
void check_books(int fd);

/* All that can be seen of a device and could change, but for the time */
struct picture {
	struct buftrack_info info;
	struct buftrack_device_info device;
	struct buftrack_client_info newest;
	__u64 counters[BUFTRACK_NR_COUNTERS];
	__u64 space[BUFTRACK_NR_COUNTERS];
};

void take_picture(const struct rig *r, struct picture *picture);
void check_unchanged(const struct rig *r, const struct picture *before);

#endif /* RIG_H */
