/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Long tables: rows are written in pages, in a time that grows with their number
 * alone
 *
 * A page is aligned within itself and with what came before it. Columns only get
 * wider.
 */
#ifndef BUFTRACK_GRID_H
#define BUFTRACK_GRID_H

struct grid;

/**
 * enum grid_flags - how a column looks
 * @GRID_RIGHT: to the right, for numbers
 * @GRID_OPTIONAL: left out of a page where all of its cells are "-"
 */
enum grid_flags {
	GRID_RIGHT = 1 << 0,
	GRID_OPTIONAL = 1 << 1,
};

/* struct grid_column - one that has no name ends a list */
struct grid_column {
	const char *name;
	int flags;
};

/* grid_new() - an empty one; running out of memory ends the command */
struct grid *grid_new(const struct grid_column *columns);

/* grid_cell() - the next cell; the last of a row begins the next row */
void grid_cell(struct grid *grid, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* grid_end() - write what waits on standard output, and drop it; takes NULL */
void grid_end(struct grid *grid);

#endif /* BUFTRACK_GRID_H */
