/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables of any length on standard output
 *
 * Rows are printed in pages, so memory is bounded and the time grows with the
 * number of rows alone. A page is aligned within itself and with the pages before
 * it; a column never gets narrower. A table without rows prints nothing.
 *
 * Running out of memory ends the command.
 */
#ifndef BUFTRACK_UTIL_TABLE_H
#define BUFTRACK_UTIL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct table;

/**
 * enum table_flags - the layout of a column
 * @TABLE_RIGHT: align to the right, for numbers
 * @TABLE_OPTIONAL: omit the column from a page where each of its cells is "-"
 */
enum table_flags {
	TABLE_RIGHT = 1 << 0,
	TABLE_OPTIONAL = 1 << 1,
};

/* struct table_column - a heading; one without a name ends a list */
struct table_column {
	const char *name;
	int flags;
};

/* table_new() - create a table; @columns must outlive it */
struct table *table_new(const struct table_column *columns);

/* table_is_empty() - true if no row waits to be printed */
bool table_is_empty(const struct table *table);

/* table_row() - begin a row; @color is a colour of text.h or NULL */
void table_row(struct table *table, const char *color);

/* table_cell() - add a cell to the row; missing ones at its end stay empty */
void table_cell(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void table_size(struct table *table, uint64_t bytes);
void table_number(struct table *table, uint64_t number);

/* table_end() - print the rows that wait, and free the table; takes NULL */
void table_end(struct table *table);

#endif /* BUFTRACK_UTIL_TABLE_H */
