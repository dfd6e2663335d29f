/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small test harness: TAP on standard output, each test in a process of its own
 *
 * A test ends at its first failed check. Its files close with its process, and the
 * harness kills the processes that it started. Then it audits the module for
 * leftovers; see audit.c.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <linux/types.h>

/* A test counts as hung after this time, far more than the slowest machine needs */
#define TEST_SECONDS 600

/**
 * struct test - one test
 * @area: name of its source file
 * @name: the property it checks, as a sentence
 * @run: the test
 * @arg: passed to @run
 * @next: the next test
 */
struct test {
	const char *area;
	const char *name;
	void (*run)(const void *arg);
	const void *arg;
	struct test *next;
};

void test_add(const char *area, const char *name, void (*run)(const void *arg),
	      const void *arg);
void test_addf(const char *area, void (*run)(const void *arg), const void *arg,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

void test_failed(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));
void test_skip(const char *why) __attribute__((noreturn));
/* Restarts the time limit, for a test whose duration the caller chooses */
void test_keepalive(void);

/* audit.c: the state of the module between tests */
void audit_begin(void);
bool audit_passes(void);

/* A test, named for the property it checks */
#define TEST(_name)                                                \
	static void _name(void);                                   \
	static void _name##_run(const void *arg)                   \
	{                                                          \
		(void)arg;                                         \
		_name();                                           \
	}                                                          \
	__attribute__((constructor)) static void _name##_add(void) \
	{                                                          \
		test_add(AREA, #_name, _name##_run, (void *)0);    \
	}                                                          \
	static void _name(void)

#define CHECK(_condition)                                            \
	do {                                                         \
		if (!(_condition))                                   \
			test_failed(__FILE__, __LINE__, "%s: false", \
				    #_condition);                    \
	} while (0)

#define CHECK_EQ(_got, _want)                                               \
	do {                                                                \
		__u64 got_ = (_got), want_ = (_want);                       \
		if (got_ != want_)                                          \
			test_failed(__FILE__, __LINE__,                     \
				    "%s is %llu (%#llx), not %llu (%#llx)", \
				    #_got, got_, got_, want_, want_);       \
	} while (0)

#define CHECK_STR(_got, _want)                                               \
	do {                                                                 \
		const char *got_ = (_got), *want_ = (_want);                 \
		if (strcmp(got_, want_))                                     \
			test_failed(__FILE__, __LINE__,                      \
				    "%s is \"%s\", not \"%s\"", #_got, got_, \
				    want_);                                  \
	} while (0)

/* @_call returns 0 or an errno, which must be @_want */
#define CHECK_ERR(_call, _want)                                           \
	do {                                                              \
		int got_ = (_call), want_ = (_want);                      \
		if (got_ != want_)                                        \
			test_failed(__FILE__, __LINE__, "%s: %s, not %s", \
				    #_call, strerrorname_np(got_),        \
				    strerrorname_np(want_));              \
	} while (0)

#define CHECK_OK(_call) CHECK_ERR(_call, 0)

/* A system call that must succeed; a failure prints errno */
#define CHECK_SYS(_call)                                                  \
	({                                                                \
		long ret_ = (long)(_call);                                \
		if (ret_ == -1)                                           \
			test_failed(__FILE__, __LINE__, "%s: %s", #_call, \
				    strerrorname_np(errno));              \
		ret_;                                                     \
	})

#endif /* HARNESS_H */
