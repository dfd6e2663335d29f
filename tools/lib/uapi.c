// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel interface
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "uapi.h"

#define DIRECTORY "/dev/buftrack/"

int uapi_open_control(int flags)
{
	return open(DIRECTORY "control", flags | O_CLOEXEC);
}

int uapi_open_device(unsigned int number, int flags)
{
	char path[sizeof(DIRECTORY) + 10];

	snprintf(path, sizeof(path), DIRECTORY "%u", number);
	return open(path, flags | O_CLOEXEC);
}

void uapi_close(int fd)
{
	close(fd);
}

ssize_t uapi_read(int fd, void *buffer, size_t size)
{
	return read(fd, buffer, size);
}

/* Every argument starts with its size. */
#define UAPI_CALL(name, type, request)            \
	int uapi_##name(int fd, struct type *arg) \
	{                                         \
		arg->size = sizeof(*arg);         \
		return ioctl(fd, request, arg);   \
	}

UAPI_CALL(info, buftrack_info, BUFTRACK_IOCTL_INFO)
UAPI_CALL(device_add, buftrack_device_add, BUFTRACK_IOCTL_DEVICE_ADD)
UAPI_CALL(device_remove, buftrack_device_remove, BUFTRACK_IOCTL_DEVICE_REMOVE)
UAPI_CALL(device_info, buftrack_device_info, BUFTRACK_IOCTL_DEVICE_INFO)
UAPI_CALL(device_set, buftrack_device_set, BUFTRACK_IOCTL_DEVICE_SET)
UAPI_CALL(space_add, buftrack_space_add, BUFTRACK_IOCTL_SPACE_ADD)
UAPI_CALL(space_info, buftrack_space_info, BUFTRACK_IOCTL_SPACE_INFO)
UAPI_CALL(declare, buftrack_declare, BUFTRACK_IOCTL_DECLARE)
UAPI_CALL(report, buftrack_report_one, BUFTRACK_IOCTL_REPORT)
UAPI_CALL(batch, buftrack_batch, BUFTRACK_IOCTL_BATCH)
UAPI_CALL(lost, buftrack_lost, BUFTRACK_IOCTL_LOST)
UAPI_CALL(counters, buftrack_counters, BUFTRACK_IOCTL_COUNTERS)
UAPI_CALL(client_info, buftrack_client_info, BUFTRACK_IOCTL_CLIENT_INFO)
UAPI_CALL(records, buftrack_records, BUFTRACK_IOCTL_RECORDS)
UAPI_CALL(reset, buftrack_reset, BUFTRACK_IOCTL_RESET)
UAPI_CALL(probe_info, buftrack_probe_info, BUFTRACK_IOCTL_PROBE_INFO)
UAPI_CALL(stack, buftrack_stack, BUFTRACK_IOCTL_STACK)
UAPI_CALL(ring, buftrack_ring, BUFTRACK_IOCTL_RING)
UAPI_CALL(drain, buftrack_drain, BUFTRACK_IOCTL_DRAIN)
