/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text for people: units, colours, aligned tables
 */
#ifndef BUFTRACK_TEXT_H
#define BUFTRACK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNIT_TEXT 32

/* size_text() - "1.50 GiB" */
const char *size_text(uint64_t bytes, char text[UNIT_TEXT]);

/* duration_text() - "3m 20s" */
const char *duration_text(uint64_t ns, char text[UNIT_TEXT]);

/* interval_text() - "3.20 s", for what happened apart */
const char *interval_text(uint64_t ns, char text[UNIT_TEXT]);

/* stamp_text() - "12345.678901234", seconds */
const char *stamp_text(uint64_t ns, char text[UNIT_TEXT]);

/* number_text() - "1,234,567" */
const char *number_text(uint64_t number, char text[UNIT_TEXT]);

/* Colours, which are "" unless standard output is a terminal that wants them */
const char *bold(void);
const char *bad(void);
const char *good(void);
const char *plain(void);

struct table;

/**
 * enum table_flags - how a column looks
 * @TABLE_RIGHT: to the right, for numbers
 */
enum table_flags {
	TABLE_RIGHT = 1 << 0,
};

/* table_new() - an empty table; running out of memory ends the command */
struct table *table_new(void);
void table_column(struct table *table, const char *name, int flags);

/* table_row() - begin a row; @color is one of the above or NULL */
void table_row(struct table *table, const char *color);

/* table_cell() - the next cell of the row */
void table_cell(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* table_size(), table_number() - cells of what most cells hold */
void table_size(struct table *table, uint64_t bytes);
void table_number(struct table *table, uint64_t number);

/* table_print() - on standard output, and begin anew without the headings */
void table_print(struct table *table);
void table_free(struct table *table);

#endif /* BUFTRACK_TEXT_H */
