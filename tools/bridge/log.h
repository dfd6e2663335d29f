/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the operator is told, however much there is to tell
 *
 * Peers decide what is wrong, and how often. So lines are counted: after some at
 * once there is one a second, and how many were left out is told with the next.
 */
#ifndef BUFTRACK_BRIDGE_LOG_H
#define BUFTRACK_BRIDGE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct log - a log
 * @credit: lines that may be told at once
 * @counted: when @credit was last filled up, in seconds
 * @left_out: lines since the last one that was told
 */
struct log {
	unsigned int credit;
	uint64_t counted;
	uint64_t left_out;
};

/* log_has_room() - whether there is room for a line now, which is used up */
bool log_has_room(struct log *log);

/* log_line() - one line on standard error, if there is room for it */
void log_line(struct log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * write_if_read() - write, but wait for nobody who does not read
 * @fd: a file, a terminal or a pipe
 * @text: what to write
 * @length: how much
 *
 * Return: true if all of it was written.
 */
bool write_if_read(int fd, const char *text, size_t length);

#endif /* BUFTRACK_BRIDGE_LOG_H */
