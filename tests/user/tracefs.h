/* SPDX-License-Identifier: GPL-2.0 */
/* An instance of tracefs of a test's own */
#ifndef TRACEFS_H
#define TRACEFS_H

#include <stdbool.h>
#include <stddef.h>

#define TRACEFS "/sys/kernel/tracing"
#define MAX_TRACE 65536

/* Skips the test where the kernel has no tracing */
void trace_begin(void);
void trace_end(void);

/* Write to a file of the instance, such as "events/buftrack/enable" */
void trace_set(const char *file, const char *text);

/* The next line of an event of ours from its name on; false: there is none */
bool trace_line(char *line, size_t size);

#endif /* TRACEFS_H */
