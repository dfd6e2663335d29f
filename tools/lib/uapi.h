/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel interface: only these functions open a node, read from it or call ioctl()
 *
 * The caller fills in all fields of a structure except @size. Each function returns
 * the result of open(2), read(2) or ioctl(2).
 */
#ifndef BUFTRACK_LIB_UAPI_H
#define BUFTRACK_LIB_UAPI_H

#include <sys/types.h>
#include <linux/buftrack.h>

int uapi_open_control(int flags);
int uapi_open_device(unsigned int number, int flags);
void uapi_close(int fd);
ssize_t uapi_read(int fd, void *buffer, size_t size);

int uapi_info(int fd, struct buftrack_info *arg);
int uapi_device_add(int fd, struct buftrack_device_add *arg);
int uapi_device_remove(int fd, struct buftrack_device_remove *arg);
int uapi_device_info(int fd, struct buftrack_device_info *arg);
int uapi_device_set(int fd, struct buftrack_device_set *arg);
int uapi_space_add(int fd, struct buftrack_space_add *arg);
int uapi_space_info(int fd, struct buftrack_space_info *arg);
int uapi_declare(int fd, struct buftrack_declare *arg);
int uapi_report(int fd, struct buftrack_report_one *arg);
int uapi_batch(int fd, struct buftrack_batch *arg);
int uapi_lost(int fd, struct buftrack_lost *arg);
int uapi_counters(int fd, struct buftrack_counters *arg);
int uapi_client_info(int fd, struct buftrack_client_info *arg);
int uapi_records(int fd, struct buftrack_records *arg);
int uapi_reset(int fd, struct buftrack_reset *arg);
int uapi_probe_info(int fd, struct buftrack_probe_info *arg);
int uapi_ring(int fd, struct buftrack_ring *arg);
int uapi_drain(int fd, struct buftrack_drain *arg);
int uapi_stack(int fd, struct buftrack_stack *arg);

#endif /* BUFTRACK_LIB_UAPI_H */
