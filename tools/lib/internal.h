/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The opaque types of the library
 */
#ifndef BUFTRACK_LIB_INTERNAL_H
#define BUFTRACK_LIB_INTERNAL_H

#include "libbuftrack.h"

/* Exports a function; the build hides all others */
#define API __attribute__((visibility("default")))

/* Answers hold the structure that the kernel filled in */
struct buftrack_module {
	struct buftrack_info info;
};

struct buftrack_device_status {
	struct buftrack_device_info info;
};

struct buftrack_space {
	struct buftrack_space_info info;
};

struct buftrack_probe {
	struct buftrack_probe_info info;
};

struct buftrack_client {
	struct buftrack_client_info info;
};

struct buftrack_buffer {
	struct buftrack_record record;
};

struct buftrack_counter_set {
	uint64_t values[BUFTRACK_NR_COUNTERS];
	unsigned int length;
};

/* Parameters hold the structure that the ioctl takes */
struct buftrack_settings {
	struct buftrack_device_set set;
};

struct buftrack_declaration {
	struct buftrack_declare declare;
};

struct buftrack_filter {
	struct buftrack_records query;
};

struct buftrack_reports {
	struct buftrack_report *reports;
	uint8_t *verdicts;
	unsigned int capacity;
	unsigned int length;
	unsigned int done;
};

struct buftrack_device {
	int fd;
};

struct buftrack_control {
	int fd;
};

#endif /* BUFTRACK_LIB_INTERNAL_H */
