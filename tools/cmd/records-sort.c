// SPDX-License-Identifier: GPL-2.0
/*
 * Listing records: keeping what is wanted in order
 *
 * Without an order rows go straight to the printer. With one they wait for the
 * last of them, but with a limit never many more than that.
 */
#include <stdlib.h>

#include "records.h"
#include "../util/err.h"

/* So many rows beyond twice the limit may wait. */
#define SLACK 1024

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* by_place() - what decides between rows that are equal otherwise */
static int by_place(const struct row *a, const struct row *b)
{
	int ret = compare(a->origin->number, b->origin->number);

	if (!ret)
		ret = compare(a->space, b->space);
	if (!ret)
		ret = compare(a->address, b->address);
	if (!ret)
		ret = compare(a->id, b->id);
	if (!ret)
		ret = compare(a->client, b->client);
	return ret ? ret : compare(a->allocated, b->allocated);
}

static int compare_rows(const void *left, const void *right, void *context)
{
	const struct row *a = left, *b = right;
	const struct query *query = context;
	int ret = 0;

	switch (query->sort) {
	case SORT_AGE:
		ret = compare(a->allocated, b->allocated);
		break;
	case SORT_SIZE:
		ret = compare(b->size, a->size);
		break;
	case SORT_CLIENT:
		ret = compare(a->origin->number, b->origin->number);
		if (!ret)
			ret = compare(a->client, b->client);
		break;
	default:
		break;
	}
	if (!ret)
		ret = by_place(a, b);
	return query->reverse ? -ret : ret;
}

static void sort(struct selection *selection)
{
	const struct query *query = selection->query;

	if (selection->nr)
		qsort_r(selection->rows, selection->nr,
			sizeof(*selection->rows), compare_rows, (void *)query);
	if (selection->nr > query->limit)
		selection->nr = query->limit;
}

static bool is_crowded(const struct selection *selection)
{
	uint64_t limit = selection->query->limit;

	return limit < SIZE_MAX / 4 && selection->nr >= 2 * limit + SLACK;
}

static void make_room(struct selection *selection)
{
	size_t room = selection->room ? 2 * selection->room : SLACK;
	struct row *rows;

	rows = reallocarray(selection->rows, room, sizeof(*rows));
	if (!rows)
		exit(fail(
			"out of memory for the list: free some, or use --limit"));
	selection->rows = rows;
	selection->room = room;
}

/* To reverse no order is to wait for the last row, too. */
static bool must_wait(const struct query *query)
{
	return query->sort != SORT_NONE || query->reverse;
}

void selection_add(struct selection *selection, const struct row *row)
{
	if (!must_wait(selection->query)) {
		if (selection->printer->nr < selection->query->limit)
			printer_row(selection->printer, row);
		return;
	}
	if (is_crowded(selection))
		sort(selection);
	if (selection->nr == selection->room)
		make_room(selection);
	selection->rows[selection->nr++] = *row;
}

void selection_end(struct selection *selection)
{
	sort(selection);
	for (size_t i = 0; i < selection->nr; i++)
		printer_row(selection->printer, &selection->rows[i]);
	free(selection->rows);
}
