/* SPDX-License-Identifier: GPL-2.0 */
/* The sample driver, and what buftrack makes of what it tells */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "abi.h"
#include "helper.h"

#define SAMPLE "buftrack_sample"
#define SAMPLE_NODE "/dev/buftrack-sample"

/* The device that a test has, if it needs no other */
#define CHIP "chip"

/**
 * struct sample - the driver, bound to one device, of which buftrack knows
 * @control: buftrack's control node
 * @driver: a file of the driver that is no client
 * @device: number of the device
 * @fd: node of the device
 */
struct sample {
	int control;
	int driver;
	__u32 device;
	int fd;
};

void start_anew(void);
void sample_up(struct sample *s);
void sample_down(struct sample *s);

int sample_open(void);
void sample_unload(void);
int sample_client(const char *device);
int try_tell(int fd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void tell(int fd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

bool find_device(const char *name, struct buftrack_device_info *info);
__u32 wait_for_device(const char *name);
void forget_devices(void);

/* A client that is a driver's: the nth of them, from 0, in the order of opening */
__u64 nth_client(int fd, unsigned int nth);
void check_wrong(int fd, enum buftrack_counter counter, __u64 count);
void check_nothing_wrong(int fd);

/* A test with the driver bound to one device */
#define SAMPLE_TEST(_name)                                         \
	static void _name(struct sample *s);                       \
	static void _name##_run(const void *arg)                   \
	{                                                          \
		struct sample s;                                   \
                                                                   \
		(void)arg;                                         \
		sample_up(&s);                                     \
		_name(&s);                                         \
		sample_down(&s);                                   \
	}                                                          \
	__attribute__((constructor)) static void _name##_add(void) \
	{                                                          \
		test_add(AREA, #_name, _name##_run, NULL);         \
	}                                                          \
	static void _name(struct sample *s)

#endif /* SAMPLE_H */
