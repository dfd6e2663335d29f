/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Readers of recorded events: the trace format, and the allocation server's log
 *
 * A reader checks everything the format demands, including rules that span lines (a
 * client must be open, and on its own device). A sink never sees a malformed event.
 *
 * The files, each using only those before it: lines.c (a file into lines), event.c
 * (a line into an event), names.c (the clients and devices met so far), reader.c
 * (the trace reader), addresses.c (the space of an address), server-log.c (the
 * reader of the allocation server's log).
 */
#ifndef BUFTRACK_TRACE_H
#define BUFTRACK_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_FIELDS 10

/**
 * enum trace_op - the operation of a line
 */
enum trace_op {
	TRACE_OPEN,
	TRACE_CLOSE,
	TRACE_ALLOC,
	TRACE_FREE,
	TRACE_USE,
	TRACE_GAP,
	TRACE_ENABLE,
	TRACE_DISABLE,
};

/**
 * struct trace_error - reason for which reading stopped
 * @line: number of the line, from 1; 0 if read() failed
 * @text: problem and remedy, on one line
 */
struct trace_error {
	unsigned long line;
	char text[256];
};

/**
 * struct trace_device - a device of the trace
 * @name: its name in the trace
 * @data: private to the sink; NULL at first
 */
struct trace_device {
	const char *name;
	void *data;
};

/**
 * struct trace_client - a client of the trace
 * @word: its name in the trace
 * @device: the device it was opened on
 * @open: it is open
 * @data: private to the sink; NULL at first
 */
struct trace_client {
	const char *word;
	struct trace_device *device;
	bool open;
	void *data;
};

/**
 * struct trace_event - a well-formed line
 * @line: its number, from 1
 * @op: the operation
 * @time: in ns, 0: not given
 * @device: its device; never NULL
 * @client: its client; NULL for an enable or disable
 * @space: space of an alloc, free or use, else ""
 * @address: address of an alloc, free or use
 * @size: size of an alloc, or of a free or use that gives one, else 0
 * @span: span of an alloc
 * @id: id of an alloc, free or use, or the first id that an open declares; 0 if none
 * @late: open: the client attached late
 * @shared: open: the client reports into the shared domain
 * @refused: free: the driver refused it
 */
struct trace_event {
	unsigned long line;
	enum trace_op op;
	uint64_t time;
	struct trace_device *device;
	struct trace_client *client;
	const char *space;
	uint64_t address;
	uint64_t size;
	uint64_t span;
	uint64_t id;
	bool late;
	bool shared;
	bool refused;
};

/**
 * struct trace_sink - receives the events of a trace in the file's order
 * @take: called for each event, which is valid during the call; its device and
 *	  client live as long as the reader. Returns 0, or -1 with @error set to stop
 * @idle: called before a read() of the file, which may block; returns likewise
 * @context: passed to both
 */
struct trace_sink {
	int (*take)(void *context, const struct trace_event *event,
		    struct trace_error *error);
	int (*idle)(void *context, struct trace_error *error);
	void *context;
};

/**
 * trace_is_report() - is this the op of a report: alloc, free or use?
 * @op: the op
 *
 * Return: true if it is.
 */
bool trace_is_report(enum trace_op op);

struct trace_reader;

/**
 * trace_reader_new() - create a reader
 * @fd: the file to read; the caller closes it
 *
 * Return: the reader, or NULL when out of memory.
 */
struct trace_reader *trace_reader_new(int fd);

/**
 * trace_reader_free() - free a reader with its clients and devices
 * @reader: the reader or NULL
 */
void trace_reader_free(struct trace_reader *reader);

/**
 * trace_read() - read a trace to its end or first error
 * @reader: the reader
 * @sink: receives the events
 * @error: set on failure
 *
 * Return: 0 at the end of the file, -1 on an error.
 */
int trace_read(struct trace_reader *reader, const struct trace_sink *sink,
	       struct trace_error *error);

/**
 * trace_reader_offset() - the position in the file
 * @reader: the reader
 *
 * Return: bytes consumed.
 */
uint64_t trace_reader_offset(const struct trace_reader *reader);

/**
 * trace_fail() - set an error
 * @error: the error
 * @line: number of the line
 * @format: as for printf()
 *
 * Return: -1.
 */
int trace_fail(struct trace_error *error, unsigned long line,
	       const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif /* BUFTRACK_TRACE_H */
