// SPDX-License-Identifier: GPL-2.0
/*
 * Tables of any length on standard output
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "table.h"
#include "text.h"

#define MAX_COLUMNS 16
#define PAGE_ROWS 1024
#define CELL 256

struct cell {
	size_t text;
	unsigned int width;
};

/**
 * struct table - a table and its page
 * @columns: headings, @nr_columns of them
 * @nr_columns: number of columns
 * @widths: of the columns, so far
 * @shown: the columns that the last heading named, a bit for each
 * @nr_rows: rows of the page
 * @nr_cells: cells of the last row that are filled in
 * @colors: of the rows
 * @cells: of the page, row by row
 * @texts: of the cells, one after the other
 * @used: bytes of @texts in use
 * @room: size of @texts
 */
struct table {
	const struct table_column *columns;
	unsigned int nr_columns;
	unsigned int widths[MAX_COLUMNS];
	unsigned int shown;
	unsigned int nr_rows;
	unsigned int nr_cells;
	const char *colors[PAGE_ROWS];
	struct cell cells[PAGE_ROWS][MAX_COLUMNS];
	char *texts;
	size_t used;
	size_t room;
};

struct table *table_new(const struct table_column *columns)
{
	struct table *table = xcalloc(1, sizeof(*table));

	table->columns = columns;
	for (; columns[table->nr_columns].name; table->nr_columns++)
		table->widths[table->nr_columns] =
			strlen(columns[table->nr_columns].name);
	table->room = PAGE_ROWS * 16;
	table->texts = xmalloc(table->room);
	return table;
}

bool table_is_empty(const struct table *table)
{
	return !table->nr_rows;
}

static const char *text_of(const struct table *table, unsigned int row,
			   unsigned int column)
{
	return table->texts + table->cells[row][column].text;
}

static bool has_cells(const struct table *table, unsigned int column)
{
	for (unsigned int row = 0; row < table->nr_rows; row++)
		if (strcmp(text_of(table, row, column), "-"))
			return true;
	return false;
}

static unsigned int columns_to_show(const struct table *table)
{
	unsigned int shown = 0;

	for (unsigned int i = 0; i < table->nr_columns; i++)
		if (!(table->columns[i].flags & TABLE_OPTIONAL) ||
		    has_cells(table, i))
			shown |= 1U << i;
	return shown;
}

static void put_spaces(unsigned int nr)
{
	while (nr--)
		putchar_unlocked(' ');
}

/* put_cell() - print one cell; nothing follows the @last one of its line */
static void put_cell(const struct table *table, unsigned int column,
		     const char *text, unsigned int width, bool last)
{
	bool right = table->columns[column].flags & TABLE_RIGHT;
	unsigned int more = table->widths[column] - width;

	if (table->shown & ((1U << column) - 1))
		put_spaces(2);
	if (right)
		put_spaces(more);
	fputs_unlocked(text, stdout);
	if (!right && !last)
		put_spaces(more);
}

static void put_headings(const struct table *table)
{
	fputs(bold(), stdout);
	for (unsigned int i = 0; i < table->nr_columns; i++)
		if (table->shown & 1U << i)
			put_cell(table, i, table->columns[i].name,
				 strlen(table->columns[i].name),
				 !(table->shown >> (i + 1)));
	printf("%s\n", plain());
}

/* last_cell() - the last cell of a row that is shown and not empty */
static unsigned int last_cell(const struct table *table, unsigned int row)
{
	unsigned int last = 0;

	for (unsigned int i = 0; i < table->nr_columns; i++)
		if (table->shown & 1U << i && *text_of(table, row, i))
			last = i;
	return last;
}

static void put_row(const struct table *table, unsigned int row)
{
	const char *color = table->colors[row];
	unsigned int last = last_cell(table, row);

	if (color)
		fputs_unlocked(color, stdout);
	for (unsigned int i = 0; i <= last; i++)
		if (table->shown & 1U << i)
			put_cell(table, i, text_of(table, row, i),
				 table->cells[row][i].width, i == last);
	if (color)
		fputs_unlocked(plain(), stdout);
	putchar_unlocked('\n');
}

static void put_page(struct table *table)
{
	unsigned int shown = columns_to_show(table);

	if (shown != table->shown) {
		table->shown = shown;
		put_headings(table);
	}
	for (unsigned int row = 0; row < table->nr_rows; row++)
		put_row(table, row);
	table->nr_rows = 0;
	table->used = 0;
}

static char *reserve(struct table *table, size_t size)
{
	if (table->room - table->used < size) {
		table->room *= 2;
		table->texts = xreallocarray(table->texts, table->room, 1);
	}
	return table->texts + table->used;
}

static void end_row(struct table *table)
{
	if (!table->nr_rows)
		return;
	while (table->nr_cells < table->nr_columns)
		table_cell(table, "%s", "");
	if (table->nr_rows == PAGE_ROWS)
		put_page(table);
}

void table_row(struct table *table, const char *color)
{
	end_row(table);
	table->colors[table->nr_rows++] = color;
	table->nr_cells = 0;
}

void table_cell(struct table *table, const char *format, ...)
{
	unsigned int column = table->nr_cells++;
	struct cell *cell = &table->cells[table->nr_rows - 1][column];
	char raw[CELL], *text;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text = reserve(table, 4 * sizeof(raw));
	cell->text = table->used;
	cell->width = escape_text(text, raw);
	table->used += strlen(text) + 1;
	if (cell->width > table->widths[column])
		table->widths[column] = cell->width;
}

void table_size(struct table *table, uint64_t bytes)
{
	char text[UNIT_TEXT];

	table_cell(table, "%s", size_text(bytes, text));
}

void table_number(struct table *table, uint64_t number)
{
	table_cell(table, "%" PRIu64, number);
}

void table_end(struct table *table)
{
	if (!table)
		return;
	end_row(table);
	if (table->nr_rows)
		put_page(table);
	free(table->texts);
	free(table);
}
