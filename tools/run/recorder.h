/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing a trace, plain or compressed
 */
#ifndef BUFTRACK_RUN_RECORDER_H
#define BUFTRACK_RUN_RECORDER_H

#include <stdint.h>

struct recorder;

/**
 * recorder_open() - begin a trace
 * @path: the file, which is replaced; compressed if it ends in .gz or .zst
 *
 * Return: the trace, for recorder_close(), or NULL after a message.
 */
struct recorder *recorder_open(const char *path);

/**
 * struct recorder_line - a line of a trace
 * @time: in ns
 * @client: word of the client
 * @op: the operation
 * @device: name of the device
 * @space: name of the space, or ""
 * @address: address of a report
 * @size: size of a report; 0: not given
 * @span: span of an allocation
 * @id: id of a report, or the first id of a client; 0: none
 * @flags: flags, or ""
 */
struct recorder_line {
	uint64_t time;
	const char *client;
	const char *op;
	const char *device;
	const char *space;
	uint64_t address;
	uint64_t size;
	uint64_t span;
	uint64_t id;
	const char *flags;
};

/* recorder_write() - append a line; an error is reported by recorder_close() */
void recorder_write(struct recorder *recorder,
		    const struct recorder_line *line);

/* recorder_close() - end the trace; returns 0, or an exit status after a message */
int recorder_close(struct recorder *recorder);

#endif /* BUFTRACK_RUN_RECORDER_H */
