// SPDX-License-Identifier: GPL-2.0
/*
 * Text for people: aligned tables, by libsmartcols
 */
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "say.h"
#include "text.h"

struct table {
	struct libscols_table *table;
	struct libscols_line *line;
	size_t column;
};

static void *checked(void *pointer)
{
	if (!pointer)
		exit(fail(
			"out of memory for a table: free some and try again"));
	return pointer;
}

struct table *table_new(void)
{
	struct table *table = checked(calloc(1, sizeof(*table)));

	table->table = checked(scols_new_table());
	/* Colours are decided here, and no cell is cut to the terminal's width. */
	scols_table_enable_colors(table->table, *plain() != '\0');
	scols_table_set_termforce(table->table, *plain() ?
							SCOLS_TERMFORCE_ALWAYS :
							SCOLS_TERMFORCE_NEVER);
	scols_table_enable_minout(table->table, 1);
	if (scols_table_set_column_separator(table->table, "  "))
		checked(NULL);
	return table;
}

void table_column(struct table *table, const char *name, int flags)
{
	struct libscols_column *column;

	column = checked(scols_table_new_column(
		table->table, name, 0,
		flags & TABLE_RIGHT ? SCOLS_FL_RIGHT : 0));
	if (*bold())
		scols_cell_set_color(scols_column_get_header(column), bold());
}

void table_row(struct table *table, const char *color)
{
	table->line = checked(scols_table_new_line(table->table, NULL));
	table->column = 0;
	if (color && *color)
		scols_line_set_color(table->line, color);
}

void table_cell(struct table *table, const char *format, ...)
{
	char *text;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		text = checked(NULL);
	if (scols_line_refer_data(table->line, table->column++, text))
		checked(NULL);
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

void table_print(struct table *table)
{
	if (scols_print_table(table->table))
		checked(NULL);
	scols_table_remove_lines(table->table);
	scols_table_enable_noheadings(table->table, 1);
}

void table_free(struct table *table)
{
	scols_unref_table(table->table);
	free(table);
}
