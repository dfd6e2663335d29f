/* SPDX-License-Identifier: GPL-2.0 */
/* Commands to the sample driver, and checks of what buftrack recorded */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "abi.h"
#include "helper.h"

#define SAMPLE "buftrack_sample"
#define SAMPLE_NODE "/dev/buftrack-sample"

/* Name of the device of each test */
#define CHIP "chip"

/**
 * struct sample - the driver, bound to one device that buftrack tracks
 * @control: control node of buftrack
 * @driver: open file of the driver that is not a client
 * @device: number of the device
 * @fd: node of the device
 */
struct sample {
	int control;
	int driver;
	__u32 device;
	int fd;
};

void sample_reload(void);
void sample_up(struct sample *s);
void sample_down(struct sample *s);

int sample_open(void);
void sample_unload(void);
int sample_client(const char *device);

/* Send a command to the driver; try_cmd() returns 0 or an errno */
int try_cmd(int fd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cmd(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool find_device(const char *name, struct buftrack_device_info *info);

/* The node of a device appears shortly after the driver has reported it */
__u32 wait_for_device(const char *name);
void remove_all_devices(void);

/* The nth client of the driver, from 0, in the order of opening */
__u64 nth_client(int fd, unsigned int nth);

/* One counter of wrong reports has this value, and the others are 0 */
void check_wrong(int fd, enum buftrack_counter counter, __u64 count);
void check_nothing_wrong(int fd);

/* A test with the driver loaded and bound to one device */
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
