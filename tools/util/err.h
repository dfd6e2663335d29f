/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Errors: exit statuses, messages on standard error, and running out of memory
 */
#ifndef BUFTRACK_UTIL_ERR_H
#define BUFTRACK_UTIL_ERR_H

#include <stddef.h>

/* Exit statuses of the command */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE_ERROR = 2,
	EXIT_CONDITION = 3,
};

/**
 * print_err() - print one line on standard error, after "buftrack: "
 * @format: as for printf(), without the newline
 *
 * Control characters, which names from users and traces may contain, are
 * printed as '?', so the message is always one line.
 */
void print_err(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* fail() - print_err() and return EXIT_FAILED */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * enum err_request - the request that returned an errno
 */
enum err_request {
	REQ_ANY,
	REQ_OPEN_CONTROL,
	REQ_OPEN_DEVICE,
	REQ_INFO,
	REQ_DEVICE_ADD,
	REQ_DEVICE_REMOVE,
	REQ_DEVICE_INFO,
	REQ_DEVICE_SET,
	REQ_SPACE_ADD,
	REQ_SPACE_INFO,
	REQ_DECLARE,
	REQ_REPORT,
	REQ_LOST,
	REQ_COUNTERS,
	REQ_CLIENT_INFO,
	REQ_RECORDS,
	REQ_RESET,
	REQ_EVENTS,
	REQ_PROBES,
	NR_REQUESTS,
};

/**
 * err_text() - explain an errno
 * @request: the request that returned it
 * @error: the errno
 *
 * Return: "problem: remedy"; valid until the next call.
 */
const char *err_text(enum err_request request, int error);

/* fail_errno() - fail() with a subject and the explanation of errno */
int fail_errno(enum err_request request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * checked() - end the command if an allocation failed
 * @pointer: result of the allocation
 *
 * Return: @pointer, which is not NULL.
 */
void *checked(const void *pointer) __attribute__((returns_nonnull));

/* Like their namesakes, but running out of memory ends the command */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t nr, size_t size) __attribute__((malloc, returns_nonnull));
void *xreallocarray(void *pointer, size_t nr, size_t size)
	__attribute__((returns_nonnull));

#endif /* BUFTRACK_UTIL_ERR_H */
