/* SPDX-License-Identifier: GPL-2.0 */
/* A tracefs instance for one test */
#ifndef TRACEFS_H
#define TRACEFS_H

#include <stdbool.h>
#include <stddef.h>

#define TRACEFS "/sys/kernel/tracing"
#define MAX_TRACE 65536

/* Skips the test if the kernel has no tracing */
void trace_setup(void);
void trace_teardown(void);

/* Writes to a file of the instance, such as "events/buftrack/enable" */
void trace_set(const char *file, const char *text);

/* Reads the next line of a buftrack event, from the name of the event on */
bool trace_line(char *line, size_t size);

#endif /* TRACEFS_H */
