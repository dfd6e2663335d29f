// SPDX-License-Identifier: GPL-2.0
/*
 * Comparing two lists: writing what has changed
 */
#include <inttypes.h>
#include <stdio.h>

#include "diff.h"
#include "grid.h"
#include "json-out.h"
#include "text.h"

static const struct grid_column columns[] = {
	{ "DEVICE", 0 },
	{ "CLIENT", GRID_RIGHT },
	{ "PID", GRID_RIGHT },
	{ "COMM", 0 },
	{ "SPACE", 0 },
	{ "SITE", GRID_RIGHT | GRID_OPTIONAL },
	{ "BEFORE", GRID_RIGHT },
	{ "AFTER", GRID_RIGHT },
	{ "GROWN BY", GRID_RIGHT },
	{ "NEW", GRID_RIGHT },
	{ "NEW SIZE", GRID_RIGHT },
	{ "GONE", GRID_RIGHT },
	{ "GONE SIZE", GRID_RIGHT },
	{ .name = NULL },
};

/* growth_text() - "+4.00 KiB", and "-4.00 KiB" for what has shrunk */
static const char *growth_text(const struct group *group, char text[UNIT_TEXT])
{
	uint64_t before = group->sides[0].bytes, after = group->sides[1].bytes;
	char size[UNIT_TEXT];

	if (before == after)
		return size_text(0, text);
	size_text(after > before ? after - before : before - after, size);
	snprintf(text, UNIT_TEXT, "%c%.*s", after > before ? '+' : '-',
		 UNIT_TEXT - 2, size);
	return text;
}

static void owner_cells(struct grid *grid, const struct group *group)
{
	grid_cell(grid, "%s", group->device);
	grid_cell(grid, "%" PRIu64, group->client);
	if (group->pid)
		grid_cell(grid, "%" PRIu64, group->pid);
	else
		grid_cell(grid, "-");
	grid_cell(grid, "%s", group->comm);
	grid_cell(grid, "%s", group->space);
	if (group->site)
		grid_cell(grid, "0x%" PRIx64, group->site);
	else
		grid_cell(grid, "-");
}

static void amount_cells(struct grid *grid, const struct amount *amount)
{
	char text[UNIT_TEXT];

	grid_cell(grid, "%" PRIu64, amount->buffers);
	grid_cell(grid, "%s", size_text(amount->bytes, text));
}

static void group_row(struct grid *grid, const struct group *group)
{
	char text[UNIT_TEXT];

	owner_cells(grid, group);
	grid_cell(grid, "%s", size_text(group->sides[0].bytes, text));
	grid_cell(grid, "%s", size_text(group->sides[1].bytes, text));
	grid_cell(grid, "%s", growth_text(group, text));
	amount_cells(grid, &group->come);
	amount_cells(grid, &group->gone);
}

static void put_amount(const struct amount *amount, const char *what)
{
	char number[UNIT_TEXT], size[UNIT_TEXT];

	printf("%s buffer%s %s (%s)", number_text(amount->buffers, number),
	       amount->buffers == 1 ? "" : "s", what,
	       size_text(amount->bytes, size));
}

void print_diff_text(const struct side sides[2], struct group *const *groups,
		     size_t nr, const struct group *total)
{
	struct grid *grid = nr ? grid_new(columns) : NULL;
	char text[UNIT_TEXT];

	for (size_t i = 0; i < nr; i++)
		group_row(grid, groups[i]);
	grid_end(grid);
	put_amount(&total->come, "new");
	printf(", ");
	put_amount(&total->gone, "gone");
	printf(", grown by %s", growth_text(total, text));
	if (sides[0].instant && sides[1].instant >= sides[0].instant)
		printf(" in %s",
		       interval_text(sides[1].instant - sides[0].instant,
				     text));
	printf("\n");
}

static void put_sum(struct json_object *object, const char *key,
		    const struct amount *amount)
{
	struct json_object *sum = json_dict();

	json_put_number(sum, "buffers", amount->buffers);
	json_put_number(sum, "bytes", amount->bytes);
	json_object_object_add(object, key, sum);
}

static void put_growth(struct json_object *object, const struct amount *before,
		       const struct amount *after)
{
	struct json_object *sum = json_dict();

	json_object_object_add(sum, "buffers",
			       json_checked(json_object_new_int64(
				       after->buffers - before->buffers)));
	json_object_object_add(sum, "bytes",
			       json_checked(json_object_new_int64(
				       after->bytes - before->bytes)));
	json_object_object_add(object, "grown", sum);
}

static void put_amounts(struct json_object *object, const struct group *group)
{
	put_sum(object, "before", &group->sides[0]);
	put_sum(object, "after", &group->sides[1]);
	put_growth(object, &group->sides[0], &group->sides[1]);
	put_sum(object, "new", &group->come);
	put_sum(object, "gone", &group->gone);
}

static struct json_object *group_json(const struct group *group)
{
	struct json_object *object = json_dict();

	json_put_text(object, "device_name", group->device);
	json_put_number(object, "client", group->client);
	json_put_number(object, "pid", group->pid);
	json_put_text(object, "comm", group->comm);
	json_put_text(object, "space", group->space);
	json_put_shown(object, "site", group->site, !group->hidden);
	put_amounts(object, group);
	return object;
}

void print_diff_json(const struct side sides[2], struct group *const *groups,
		     size_t nr, const struct group *total)
{
	struct json_object *array = json_checked(json_object_new_array());
	struct json_object *sums = json_dict(), *object = json_dict();

	json_put_number(object, "before_ns", sides[0].instant);
	json_put_number(object, "after_ns", sides[1].instant);
	json_put_bool(object, "exact", !sides[0].inexact && !sides[1].inexact);
	put_amounts(sums, total);
	json_object_object_add(object, "total", sums);
	for (size_t i = 0; i < nr; i++)
		json_object_array_add(array, group_json(groups[i]));
	json_object_object_add(object, "groups", array);
	json_print(object);
}
