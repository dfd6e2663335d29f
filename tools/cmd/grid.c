// SPDX-License-Identifier: GPL-2.0
/*
 * Long tables
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cmd.h"
#include "grid.h"
#include "say.h"
#include "text.h"

#define MAX_COLUMNS 16
/* So many rows are aligned with each other before any is written. */
#define PAGE_ROWS 1024
#define CELL 160

struct cell {
	size_t text;
	unsigned int width;
};

/*
 * @cells: of the page, row by row; their texts are one after the other in @texts
 * @used, @room: of @texts
 * @shown: which columns the last heading named, a bit for each
 */
struct grid {
	const struct grid_column *columns;
	unsigned int nr_columns;
	unsigned int widths[MAX_COLUMNS];
	size_t nr;
	struct cell cells[PAGE_ROWS * MAX_COLUMNS];
	char *texts;
	size_t used;
	size_t room;
	unsigned int shown;
};

static void *checked(void *pointer)
{
	if (!pointer)
		exit(fail(
			"out of memory for a table: free some and try again"));
	return pointer;
}

struct grid *grid_new(const struct grid_column *columns)
{
	struct grid *grid = checked(calloc(1, sizeof(*grid)));

	grid->columns = columns;
	for (; columns[grid->nr_columns].name; grid->nr_columns++)
		grid->widths[grid->nr_columns] =
			strlen(columns[grid->nr_columns].name);
	grid->room = PAGE_ROWS * 128;
	grid->texts = checked(malloc(grid->room));
	return grid;
}

/*
 * clean_one() - a character that is not plain ASCII, or its first byte, escaped
 *
 * Return: how many bytes of @from it was.
 */
static size_t clean_one(char **to, const char *from, unsigned int *width)
{
	mbstate_t state = { 0 };
	wchar_t character;
	size_t length = mbrtowc(&character, from, MB_CUR_MAX, &state);
	int columns = length <= MB_CUR_MAX ? wcwidth(character) : -1;

	if (columns < 0) {
		*to += sprintf(*to, "\\x%02x", (unsigned char)*from);
		*width += 4;
		return 1;
	}
	memcpy(*to, from, length);
	*to += length;
	*width += columns;
	return length;
}

/*
 * clean() - what a terminal can show of a name, which may have any bytes
 *
 * Return: how many columns of the terminal it takes.
 */
static unsigned int clean(char *to, const char *from)
{
	unsigned int width = 0;

	while (*from) {
		if (*from >= ' ' && *from <= '~') {
			*to++ = *from++;
			width++;
		} else {
			from += clean_one(&to, from, &width);
		}
	}
	*to = '\0';
	return width;
}

static bool has_cells(const struct grid *grid, unsigned int column)
{
	for (size_t i = column; i < grid->nr; i += grid->nr_columns)
		if (strcmp(grid->texts + grid->cells[i].text, "-"))
			return true;
	return false;
}

static unsigned int columns_to_show(const struct grid *grid)
{
	unsigned int shown = 0;

	for (unsigned int i = 0; i < grid->nr_columns; i++)
		if (!(grid->columns[i].flags & GRID_OPTIONAL) ||
		    has_cells(grid, i))
			shown |= 1U << i;
	return shown;
}

static void put_spaces(unsigned int nr)
{
	while (nr--)
		putchar_unlocked(' ');
}

static void put_cell(const struct grid *grid, unsigned int column,
		     const char *text, unsigned int width)
{
	bool right = grid->columns[column].flags & GRID_RIGHT;
	unsigned int more = grid->widths[column] - width;
	bool last = !(grid->shown >> (column + 1));

	if (grid->shown & ((1U << column) - 1))
		put_spaces(2);
	if (right)
		put_spaces(more);
	fputs_unlocked(text, stdout);
	if (!right && !last)
		put_spaces(more);
}

static void put_headings(const struct grid *grid)
{
	fputs(bold(), stdout);
	for (unsigned int i = 0; i < grid->nr_columns; i++)
		if (grid->shown & 1U << i)
			put_cell(grid, i, grid->columns[i].name,
				 strlen(grid->columns[i].name));
	printf("%s\n", plain());
}

static void put_page(struct grid *grid)
{
	unsigned int shown = columns_to_show(grid);

	if (shown != grid->shown) {
		grid->shown = shown;
		put_headings(grid);
	}
	for (size_t i = 0; i < grid->nr; i++) {
		unsigned int column = i % grid->nr_columns;

		if (shown & 1U << column)
			put_cell(grid, column,
				 grid->texts + grid->cells[i].text,
				 grid->cells[i].width);
		if (column == grid->nr_columns - 1)
			putchar('\n');
	}
	grid->nr = 0;
	grid->used = 0;
}

static char *room_for(struct grid *grid, size_t size)
{
	if (grid->room - grid->used < size) {
		grid->room *= 2;
		grid->texts = checked(realloc(grid->texts, grid->room));
	}
	return grid->texts + grid->used;
}

void grid_cell(struct grid *grid, const char *format, ...)
{
	unsigned int column = grid->nr % grid->nr_columns;
	struct cell *cell = &grid->cells[grid->nr];
	char raw[CELL], *text;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text = room_for(grid, 4 * sizeof(raw));
	cell->text = grid->used;
	cell->width = clean(text, raw);
	grid->used += strlen(text) + 1;
	if (cell->width > grid->widths[column])
		grid->widths[column] = cell->width;
	if (++grid->nr == PAGE_ROWS * (size_t)grid->nr_columns)
		put_page(grid);
}

void grid_end(struct grid *grid)
{
	if (!grid)
		return;
	if (grid->nr)
		put_page(grid);
	free(grid->texts);
	free(grid);
}
