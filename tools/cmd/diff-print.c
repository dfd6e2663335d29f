// SPDX-License-Identifier: GPL-2.0
/*
 * Comparing two lists: writing what has changed
 */
#include <inttypes.h>
#include <stdio.h>

#include "diff.h"
#include "../util/table.h"
#include "../util/json.h"
#include "../util/text.h"

static const struct table_column columns[] = {
	{ "DEVICE", 0 },
	{ "CLIENT", TABLE_RIGHT },
	{ "PID", TABLE_RIGHT },
	{ "COMM", 0 },
	{ "SPACE", 0 },
	{ "SITE", TABLE_RIGHT | TABLE_OPTIONAL },
	{ "BEFORE", TABLE_RIGHT },
	{ "AFTER", TABLE_RIGHT },
	{ "GROWN BY", TABLE_RIGHT },
	{ "NEW", TABLE_RIGHT },
	{ "NEW SIZE", TABLE_RIGHT },
	{ "GONE", TABLE_RIGHT },
	{ "GONE SIZE", TABLE_RIGHT },
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

static void owner_cells(struct table *table, const struct group *group)
{
	table_row(table, NULL);
	table_cell(table, "%s", group->device);
	table_cell(table, "%" PRIu64, group->client);
	if (group->pid)
		table_cell(table, "%" PRIu64, group->pid);
	else
		table_cell(table, "-");
	table_cell(table, "%s", group->comm);
	table_cell(table, "%s", group->space);
	if (group->site)
		table_cell(table, "0x%" PRIx64, group->site);
	else
		table_cell(table, "-");
}

static void amount_cells(struct table *table, const struct amount *amount)
{
	char text[UNIT_TEXT];

	table_cell(table, "%" PRIu64, amount->buffers);
	table_cell(table, "%s", size_text(amount->bytes, text));
}

static void group_row(struct table *table, const struct group *group)
{
	char text[UNIT_TEXT];

	owner_cells(table, group);
	table_cell(table, "%s", size_text(group->sides[0].bytes, text));
	table_cell(table, "%s", size_text(group->sides[1].bytes, text));
	table_cell(table, "%s", growth_text(group, text));
	amount_cells(table, &group->come);
	amount_cells(table, &group->gone);
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
	struct table *table = nr ? table_new(columns) : NULL;
	char text[UNIT_TEXT];

	for (size_t i = 0; i < nr; i++)
		group_row(table, groups[i]);
	table_end(table);
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
	json_put(object, key, sum);
}

static void put_growth(struct json_object *object, const struct amount *before,
		       const struct amount *after)
{
	struct json_object *sum = json_dict();

	json_put_signed(sum, "buffers", after->buffers - before->buffers);
	json_put_signed(sum, "bytes", after->bytes - before->bytes);
	json_put(object, "grown", sum);
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
	struct json_object *array = json_array();
	struct json_object *sums = json_dict(), *object = json_dict();

	json_put_number(object, "before_ns", sides[0].instant);
	json_put_number(object, "after_ns", sides[1].instant);
	json_put_bool(object, "exact", !sides[0].inexact && !sides[1].inexact);
	put_amounts(sums, total);
	json_put(object, "total", sums);
	for (size_t i = 0; i < nr; i++)
		json_append(array, group_json(groups[i]));
	json_put(object, "groups", array);
	json_print(object);
}
