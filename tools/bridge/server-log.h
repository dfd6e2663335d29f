/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log that the old allocation server printed, as a trace
 *
 * Three forms of its lines tell of buffers:
 *
 *   [PID 7] Allocated 4096 bytes of DRAM on device 0 (buffer_id=0x1000)
 *   [PID 7] Freed buffer 0x1000 on device 0 (4096 bytes, FINAL)
 *   [PID 7] Deallocation for unknown buffer 0x1000 on device 0 (...)
 *
 * with signs before them, and numbers decimal or hexadecimal, as its versions had
 * it. The oldest named no device where they freed, and no process where they did
 * not know the buffer. What it took a free for is not believed: the kernel judges.
 */
#ifndef BUFTRACK_BRIDGE_SERVER_LOG_H
#define BUFTRACK_BRIDGE_SERVER_LOG_H

#include "../trace/trace.h"

#define LOG_SPACE_SIZE 32

/**
 * enum log_form - what a line is
 * @LOG_OTHER: nothing about a buffer
 * @LOG_ALLOCATED: the first form
 * @LOG_FREED: the second or third one
 * @LOG_MALFORMED: one of them, but for a number in it
 */
enum log_form {
	LOG_OTHER,
	LOG_ALLOCATED,
	LOG_FREED,
	LOG_MALFORMED,
};

/**
 * struct log_line - a line that is one of the forms
 * @form: which
 * @pid: 0 where it has none
 * @has_device: it names one
 * @device: the device
 * @address: of the buffer
 * @size: of an allocation
 * @space: of an allocation
 */
struct log_line {
	enum log_form form;
	uint64_t pid;
	bool has_device;
	uint64_t device;
	uint64_t address;
	uint64_t size;
	char space[LOG_SPACE_SIZE];
};

/**
 * log_parse() - take a line apart
 * @text: the line
 * @line: to be filled in
 * @error: what is wrong, if it is malformed
 */
void log_parse(const char *text, struct log_line *line,
	       struct trace_error *error);

struct server_log;

/**
 * server_log_new() - get ready to read a log
 * @fd: where from; stays the caller's
 *
 * Return: for server_log_free(), or NULL when out of memory.
 */
struct server_log *server_log_new(int fd);
void server_log_free(struct server_log *log);

/**
 * server_log_read() - read a log to its end or first malformed line
 * @log: the log
 * @sink: who receives its events
 * @error: why it stopped
 *
 * Each process is a client of each device that it used, and late: the log does
 * not say what was allocated before it began.
 *
 * Return: 0 at the end of the file, -1 on an error.
 */
int server_log_read(struct server_log *log, const struct trace_sink *sink,
		    struct trace_error *error);

/* server_log_offset() - bytes of the file that are behind */
uint64_t server_log_offset(const struct server_log *log);

/* server_log_skipped() - lines so far that are none of the forms */
uint64_t server_log_skipped(const struct server_log *log);

#endif /* BUFTRACK_BRIDGE_SERVER_LOG_H */
