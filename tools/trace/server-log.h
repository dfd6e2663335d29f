/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read the allocation server's log as a trace
 *
 * Three forms of lines are about buffers:
 *
 *   [PID 7] Allocated 4096 bytes of DRAM on device 0 (buffer_id=0x1000)
 *   [PID 7] Freed buffer 0x1000 on device 0 (4096 bytes, FINAL)
 *   [PID 7] Deallocation for unknown buffer 0x1000 on device 0 (...)
 *
 * The server's versions differ in the symbols before them and in the base of the
 * numbers. The oldest versions name no device in a free, and no process in a free
 * of an unknown buffer. The server's own judgement of a free is ignored: the kernel
 * judges.
 *
 * As the server does, the reader counts the references of an address (addresses.h).
 * The server prints its count as "ref_count=2" while references are left.
 */
#ifndef BUFTRACK_TRACE_SERVER_LOG_H
#define BUFTRACK_TRACE_SERVER_LOG_H

#include "trace.h"

#define LOG_SPACE_SIZE 32

/**
 * enum log_form - the form of a line
 * @LOG_OTHER: not about a buffer
 * @LOG_ALLOCATED: the first form
 * @LOG_FREED: the second or third form
 * @LOG_MALFORMED: one of these forms with an invalid or missing field
 */
enum log_form {
	LOG_OTHER,
	LOG_ALLOCATED,
	LOG_FREED,
	LOG_MALFORMED,
};

/**
 * struct log_line - a parsed line
 * @form: its form
 * @pid: the process, 0 if it names none
 * @has_device: it names a device
 * @device: the device
 * @address: address of the buffer
 * @size: size of an allocation
 * @space: space of an allocation
 * @references: references of the buffer after the line, 0 if not given
 * @was_live: the server had the buffer that is freed
 */
struct log_line {
	enum log_form form;
	uint64_t pid;
	bool has_device;
	uint64_t device;
	uint64_t address;
	uint64_t size;
	char space[LOG_SPACE_SIZE];
	uint64_t references;
	bool was_live;
};

/**
 * server_log_parse() - parse a line
 * @text: the line
 * @line: filled in
 * @error: its line number is given; the text is set if the line is malformed
 */
void server_log_parse(const char *text, struct log_line *line,
		      struct trace_error *error);

struct server_log;

/**
 * server_log_new() - create a reader
 * @fd: the file to read; the caller closes it
 *
 * Return: the reader, or NULL when out of memory.
 */
struct server_log *server_log_new(int fd);
void server_log_free(struct server_log *log);

/**
 * server_log_read() - read a log to its end or first malformed line
 * @log: the reader
 * @sink: receives the events
 * @error: set on failure
 *
 * Each pair of process and device is a client. All are late, since the log does not
 * show allocations from before it began.
 *
 * Return: 0 at the end of the file, -1 on an error.
 */
int server_log_read(struct server_log *log, const struct trace_sink *sink,
		    struct trace_error *error);

/* server_log_offset() - bytes of the file consumed */
uint64_t server_log_offset(const struct server_log *log);

/* server_log_skipped() - lines so far that are not about a buffer */
uint64_t server_log_skipped(const struct server_log *log);

/* server_log_aliases() - allocations so far that were further references */
uint64_t server_log_aliases(const struct server_log *log);

#endif /* BUFTRACK_TRACE_SERVER_LOG_H */
