/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctls as functions: calls return 0 or an errno, getters check the result */
#ifndef ABI_H
#define ABI_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <linux/buftrack.h>
#include "harness.h"

#define CONTROL_NODE "/dev/buftrack/control"

int do_ioctl(int fd, unsigned int cmd, void *arg);

/* Sets the size of an argument and makes the call */
#define CALL(_fd, _name, _arg)                               \
	({                                                   \
		(_arg)->size = sizeof(*(_arg));              \
		do_ioctl(_fd, BUFTRACK_IOCTL_##_name, _arg); \
	})

#define ARRAY_SIZE(_array) (sizeof(_array) / sizeof((_array)[0]))

static inline __u64 user_ptr(const void *pointer)
{
	return (uintptr_t)pointer;
}

int open_control(int flags);
int open_node(__u32 device, int flags);
int try_open_node(__u32 device, int flags, int *fd);

__u32 add_device(int control, const char *name, __u32 flags);
int remove_device(int control, __u32 device, __u32 flags);
struct buftrack_info info_of(int fd);
struct buftrack_device_info device_info(int fd);
bool next_device(int control, __u32 number, struct buftrack_device_info *info);
int set_device(int fd, struct buftrack_device_set set);
int set_enabled(int fd, bool enabled);
int reset_device(int fd);

int try_add_space(int fd, const char *name, __u64 capacity, __u32 *space);
__u32 add_space(int fd, const char *name);
int try_add_aperture(int fd, const char *name, __u32 *space);

int declare(int fd, __u32 flags, __u64 *client);
__u64 become_client(int fd);
int client_info(int fd, __u64 number, struct buftrack_client_info *info);
bool next_client(int fd, __u64 number, struct buftrack_client_info *info);
__u32 client_state(int fd, __u64 number);

/* Reports as values; the space defaults to 0 */
#define ALLOC(...) \
	((struct buftrack_report){ .op = BUFTRACK_OP_ALLOC, __VA_ARGS__ })
#define FREE(...) \
	((struct buftrack_report){ .op = BUFTRACK_OP_FREE, __VA_ARGS__ })
#define USE(...) \
	((struct buftrack_report){ .op = BUFTRACK_OP_USE, __VA_ARGS__ })

/* An alloc whose span equals its size */
#define BUFFER(_address, _size) \
	ALLOC(.address = (_address), .size = (_size), .span = (_size))

int report(int fd, struct buftrack_report r, __u32 *verdict, __u64 *stamp);
__u32 verdict_of(int fd, struct buftrack_report r);
int try_report(int fd, struct buftrack_report r);
int batch(int fd, const struct buftrack_report *reports, __u32 nr,
	  __u8 *verdicts, __u32 *done);
int lost(int fd, __u64 count);

int counters(int fd, __u32 scope, __u64 number, __u64 *values);
__u64 device_counter(int fd, enum buftrack_counter counter);
__u64 client_counter(int fd, __u64 client, enum buftrack_counter counter);

/**
 * struct listing - all matching records, fetched in one or more calls
 * @records: the records
 * @nr: number of records
 * @calls: number of calls
 * @instant: stamp of the instant that the listing shows
 * @missed: records of that instant that were dropped before they were listed
 * @exact: the kernel claims that the listing is exact
 */
struct listing {
	struct buftrack_record *records;
	__u32 nr;
	__u32 calls;
	__u64 instant;
	__u64 missed;
	bool exact;
};

struct listing list(int fd, struct buftrack_records query, __u32 per_call);
struct listing list_all(int fd, __u32 states);
const struct buftrack_record *find_record(const struct listing *l,
					  __u64 address, __u64 id);

#endif /* ABI_H */
