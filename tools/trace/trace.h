/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace files: what `buftrack replay` reads
 *
 * The reader does all that the format demands of a file, also what takes a
 * memory of earlier lines (a client must be open, and on its own device). So
 * whoever receives events never meets a malformed one.
 *
 * The layers, each a file: lines.c (bytes into lines), fields.c (a line into ten
 * fields), event.c (fields into an event), names.c (the clients and devices met
 * so far), reader.c (all of them together).
 */
#ifndef BUFTRACK_TRACE_H
#define BUFTRACK_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_FIELDS 10

/**
 * enum trace_op - what a line says
 */
enum trace_op {
	TRACE_OPEN,
	TRACE_CLOSE,
	TRACE_ALLOC,
	TRACE_FREE,
	TRACE_GAP,
	TRACE_ENABLE,
	TRACE_DISABLE,
};

/**
 * struct trace_error - why a file could not be read to its end
 * @line: number of the line, from 1; 0: the file itself could not be read
 * @text: what is wrong and what to do, one line
 */
struct trace_error {
	unsigned long line;
	char text[256];
};

/**
 * struct trace_device - a device that the trace has met
 * @name: its name in the trace
 * @data: for whoever receives the events; NULL at first
 */
struct trace_device {
	const char *name;
	void *data;
};

/**
 * struct trace_client - a client that the trace has met
 * @word: its name in the trace
 * @device: the device it was opened on
 * @open: it was not closed yet
 * @data: for whoever receives the events; NULL at first
 */
struct trace_client {
	const char *word;
	struct trace_device *device;
	bool open;
	void *data;
};

/**
 * struct trace_event - a line that is well formed
 * @line: its number, from 1
 * @op: what happened
 * @device: where; never NULL
 * @client: to whom; NULL for an enable or disable
 * @space: name of the space; "" but for an alloc or free
 * @address: of an alloc or free
 * @size: of an alloc, or of a free that says it, 0 otherwise
 * @span: of an alloc
 * @id: of an alloc or free, or the first id that an open declares; 0: none
 * @late: an open: attached late
 * @shared: an open: into the shared domain
 * @refused: a free: the driver refused it
 */
struct trace_event {
	unsigned long line;
	enum trace_op op;
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
 * struct trace_sink - who receives the events of a trace, in the file's order
 * @take: an event. It lives until this returns; its device and client live as
 *	  long as the reader. 0: go on; -1: stop, @error is filled in
 * @idle: no more can be said before more of the file has come, which may take
 *	  its time. Returns likewise
 * @context: handed to both
 */
struct trace_sink {
	int (*take)(void *context, const struct trace_event *event,
		    struct trace_error *error);
	int (*idle)(void *context, struct trace_error *error);
	void *context;
};

struct trace_reader;

/**
 * trace_reader_new() - get ready to read a trace
 * @fd: where from; stays the caller's
 *
 * Return: a reader, or NULL when out of memory.
 */
struct trace_reader *trace_reader_new(int fd);

/**
 * trace_reader_free() - forget the trace, its clients and devices
 * @reader: a reader or NULL
 */
void trace_reader_free(struct trace_reader *reader);

/**
 * trace_read() - read a trace to its end or first error
 * @reader: a reader
 * @sink: who receives the events
 * @error: why it stopped
 *
 * Return: 0 at the end of the file, -1 on an error.
 */
int trace_read(struct trace_reader *reader, const struct trace_sink *sink,
	       struct trace_error *error);

/**
 * trace_reader_offset() - how far it has come
 * @reader: a reader
 *
 * Return: bytes of the file that are behind.
 */
uint64_t trace_reader_offset(const struct trace_reader *reader);

/**
 * trace_fail() - fill in an error
 * @error: the error
 * @line: number of the line
 * @format: as for printf()
 *
 * Return: -1, for the caller to return.
 */
int trace_fail(struct trace_error *error, unsigned long line,
	       const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif /* BUFTRACK_TRACE_H */
