/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text for people: units, colours, names of unknown origin
 */
#ifndef BUFTRACK_UTIL_TEXT_H
#define BUFTRACK_UTIL_TEXT_H

#include <stdint.h>

#define UNIT_TEXT 32

/* size_text() - "1.50 GiB" */
const char *size_text(uint64_t bytes, char text[UNIT_TEXT]);

/* duration_text() - "3m 20s" */
const char *duration_text(uint64_t ns, char text[UNIT_TEXT]);

/* interval_text() - the time between two events: "3.20 s" */
const char *interval_text(uint64_t ns, char text[UNIT_TEXT]);

/* stamp_text() - seconds: "12345.678901234" */
const char *stamp_text(uint64_t ns, char text[UNIT_TEXT]);

/* number_text() - "1,234,567" */
const char *number_text(uint64_t number, char text[UNIT_TEXT]);

/* Colours: "" unless standard output is a terminal that shows them */
const char *bold(void);
const char *bad(void);
const char *good(void);
const char *plain(void);

/*
 * printable() - '?' for a control character, which could command a terminal
 *
 * Bytes from 0x80 on may be UTF-8 and are kept.
 */
char printable(char c);

/* make_printable() - apply printable() to each character of a text */
void make_printable(char *text);

/**
 * escape_text() - replace bytes that a terminal cannot show by \xNN
 * @to: the result; 4 bytes for each of @from, and the NUL
 * @from: any bytes
 *
 * Return: the number of terminal columns that @to takes.
 */
unsigned int escape_text(char *to, const char *from);

#endif /* BUFTRACK_UTIL_TEXT_H */
