/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests that speak TAP
 */
#ifndef BUFTRACK_TESTS_TAP_H
#define BUFTRACK_TESTS_TAP_H

#include <stdbool.h>

/* test() - one result; @format names it, and tells more where it failed */
bool test(bool passed, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* note() - a line that is no result */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* finish() - after all of them; what the program exits with */
int finish(void);

/* Each a file of tests */
void test_malformed(void);
void test_wellformed(void);
void test_mutations(void);
void test_numbers(void);
void test_texts(void);
void test_meanings(void);
void test_names(void);
void test_events(void);

#endif /* BUFTRACK_TESTS_TAP_H */
