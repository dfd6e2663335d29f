/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests that print TAP
 */
#ifndef BUFTRACK_TESTS_TAP_H
#define BUFTRACK_TESTS_TAP_H

#include <stdbool.h>

/* test() - print a result; @format is its name */
bool test(bool passed, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* note() - print a line that is not a result */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* finish() - print the plan; returns the exit status of the program */
int finish(void);

/* The tests, one function per file or more */
void test_malformed(void);
void test_wellformed(void);
void test_mutations(void);
void test_numbers(void);
void test_texts(void);
void test_meanings(void);
void test_names(void);
void test_events(void);
void test_offline(void);

#endif /* BUFTRACK_TESTS_TAP_H */
