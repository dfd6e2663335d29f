/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Output that never waits for a reader: log lines, dumps, answers to peers
 */
#ifndef BUFTRACK_BRIDGE_OUTPUT_H
#define BUFTRACK_BRIDGE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct log - a rate-limited log
 * @credit: lines that may be written at once
 * @refilled: when @credit was last topped up, in seconds
 * @left_out: lines dropped since the last one written
 *
 * Peers decide how often something is wrong. After a burst, one line per second is
 * written; the next line is preceded by the number of lines left out.
 */
struct log {
	unsigned int credit;
	uint64_t refilled;
	uint64_t left_out;
};

/* log_take_credit() - take the credit for one line; false if there is none */
bool log_take_credit(struct log *log);

/* log_line() - write a line to standard error if there is credit */
void log_line(struct log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * write_nowait() - write to a file, terminal or pipe without blocking
 * @fd: the file
 * @text: what to write
 * @length: its length
 *
 * Return: true if all of it was written.
 */
bool write_nowait(int fd, const char *text, size_t length);

/**
 * struct output - answers that wait for their peer
 * @bytes: the bytes, NULL until first needed
 * @length: bytes waiting
 */
struct output {
	uint8_t *bytes;
	size_t length;
};

/**
 * output_send() - send, or queue the bytes that the socket does not take
 * @output: the queue
 * @fd: the socket
 * @bytes: what to send
 * @length: its length
 * @max: limit on the queue; it always takes one answer
 *
 * Return: 0, or -1 with errno; ENOBUFS if the queue is full.
 */
int output_send(struct output *output, int fd, const uint8_t *bytes,
		size_t length, size_t max);

/* output_flush() - send as much of the queue as the socket takes; 0 or -1 */
int output_flush(struct output *output, int fd);

void output_free(struct output *output);

#endif /* BUFTRACK_BRIDGE_OUTPUT_H */
