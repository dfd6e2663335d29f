/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the command has to say when it fails: one line on standard error
 */
#ifndef BUFTRACK_SAY_H
#define BUFTRACK_SAY_H

/**
 * say() - one line on standard error, after "buftrack: "
 * @format: as for printf(), without the newline
 *
 * What cannot be printed, be it in a name that a trace or a user gave, comes as
 * a question mark, so it is one line whatever happens.
 */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* fail() - say() and return ENDED_FAILED */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct args;

/* misuse() - say() with a hint to the verb's help, and return ENDED_USAGE */
int misuse(const struct args *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * enum act - what was tried when an errno came back
 */
enum act {
	ACT_ANY,
	ACT_OPEN_CONTROL,
	ACT_OPEN_DEVICE,
	ACT_INFO,
	ACT_DEVICE_ADD,
	ACT_DEVICE_REMOVE,
	ACT_DEVICE_INFO,
	ACT_DEVICE_SET,
	ACT_SPACE_ADD,
	ACT_SPACE_INFO,
	ACT_DECLARE,
	ACT_REPORT,
	ACT_LOST,
	ACT_COUNTERS,
	ACT_CLIENT_INFO,
	ACT_RECORDS,
	ACT_RESET,
	ACT_EVENTS,
	NR_ACTS,
};

/**
 * explain() - an errno in words
 * @act: what was tried
 * @error: the errno
 *
 * Return: "what is wrong: what to do"; static, until the next call.
 */
const char *explain(enum act act, int error);

/* fail_errno() - fail() with what errno means for something */
int fail_errno(enum act act, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* BUFTRACK_SAY_H */
