// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack diff
 *
 * A buffer is the same in both lists if device, client, space, address, id and the time
 * of its allocation match. Only a 128-bit hash of these is kept. Buffers with a hidden
 * identity are compared by their sums.
 */
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/err.h"
#include "../util/json.h"
#include "../util/table.h"
#include "../util/text.h"
#include "cmd.h"
#include "diff.h"
#include "lookup.h"

/**
 * struct known - a buffer of the first list
 * @hash: hash of its identity; 0 in a free entry
 * @group: its group
 * @size: its size
 * @seen: it is also in the second list
 */
struct known {
	uint64_t hash[2];
	struct group *group;
	uint64_t size;
	bool seen;
};

/**
 * struct diff - a comparison
 * @groups: tree of struct group
 * @nr_groups: number of groups
 * @table: hash table with linear probing: the buffers of the first list
 * @nr: number of entries in use
 * @room: number of entries
 */
struct diff {
	void *groups;
	size_t nr_groups;
	struct known *table;
	size_t nr;
	size_t room;
};

static struct diff *diff_new(void)
{
	return xcalloc(1, sizeof(struct diff));
}

static void diff_free(struct diff *diff)
{
	tdestroy(diff->groups, free);
	free(diff->table);
	free(diff);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_groups(const void *left, const void *right)
{
	const struct group *a = left, *b = right;
	int ret = strcmp(a->device, b->device);

	if (!ret)
		ret = compare_numbers(a->client, b->client);
	if (!ret)
		ret = strcmp(a->space, b->space);
	if (!ret)
		ret = compare_numbers(a->hidden, b->hidden);
	return ret ? ret : compare_numbers(a->site, b->site);
}

static struct group *find_group(struct diff *diff, const struct group *key)
{
	struct group **found = tfind(key, &diff->groups, compare_groups);
	struct group *group;

	if (found)
		return *found;
	group = xmalloc(sizeof(*group));
	*group = *key;
	checked(tsearch(group, &diff->groups, compare_groups));
	diff->nr_groups++;
	return group;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ hash >> 32;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = mix(hash, (unsigned char)*text);
	return mix(hash, 256);
}

static uint64_t hash_of(const struct record *record, uint64_t seed)
{
	uint64_t hash = mix_text(mix_text(seed, record->group.device),
				 record->group.space);

	hash = mix(hash, record->group.client);
	hash = mix(hash, record->address);
	hash = mix(hash, record->id);
	return mix(hash, record->allocated);
}

static struct known identity_of(const struct record *record)
{
	struct known known = {
		.hash = { hash_of(record, 1) | 1,
			  hash_of(record, UINT64_C(0x9e3779b97f4a7c15)) },
		.size = record->size,
	};

	return known;
}

/* place_of() - find the entry of an identity, or a free entry for it */
static struct known *place_of(struct known *table, size_t room,
			      const struct known *identity)
{
	size_t i = identity->hash[1] % room;

	while (table[i].hash[0] && (table[i].hash[0] != identity->hash[0] ||
				    table[i].hash[1] != identity->hash[1]))
		i = (i + 1) % room;
	return &table[i];
}

static void make_room(struct diff *diff)
{
	size_t room = diff->room ? 2 * diff->room : 4096;
	struct known *table = xcalloc(room, sizeof(*table));

	for (size_t i = 0; i < diff->room; i++)
		if (diff->table[i].hash[0])
			*place_of(table, room, &diff->table[i]) =
				diff->table[i];
	free(diff->table);
	diff->table = table;
	diff->room = room;
}

static void add_buffer(struct amount *amount, uint64_t bytes)
{
	amount->buffers++;
	amount->bytes += bytes;
}

static void take_before(void *context, const struct record *record)
{
	struct diff *diff = context;
	struct group *group = find_group(diff, &record->group);
	struct known identity = identity_of(record);

	add_buffer(&group->sides[0], record->size);
	if (group->hidden)
		return;
	if (4 * diff->nr >= 3 * diff->room)
		make_room(diff);
	identity.group = group;
	*place_of(diff->table, diff->room, &identity) = identity;
	diff->nr++;
}

static void take_after(void *context, const struct record *record)
{
	struct diff *diff = context;
	struct group *group = find_group(diff, &record->group);
	struct known identity = identity_of(record), *known = NULL;

	add_buffer(&group->sides[1], record->size);
	if (group->hidden)
		return;
	if (diff->room)
		known = place_of(diff->table, diff->room, &identity);
	if (known && known->hash[0] && !known->seen)
		known->seen = true;
	else
		add_buffer(&group->come, record->size);
}

/* Without identities, only the difference of the sums is known. */
static void compare_sums(struct group *group)
{
	const struct amount *before = &group->sides[0],
			    *after = &group->sides[1];
	struct amount *more = after->bytes > before->bytes ? &group->come :
							     &group->gone;

	if (after->buffers >= before->buffers)
		group->come.buffers = after->buffers - before->buffers;
	else
		group->gone.buffers = before->buffers - after->buffers;
	more->bytes = after->bytes > before->bytes ?
			      after->bytes - before->bytes :
			      before->bytes - after->bytes;
}

static bool has_changed(const struct group *group)
{
	return group->come.buffers || group->gone.buffers ||
	       group->come.bytes || group->gone.bytes;
}

/* Largest growth first; groups that shrank are last. */
static int by_growth(const void *left, const void *right)
{
	const struct group *a = *(struct group *const *)left;
	const struct group *b = *(struct group *const *)right;
	__int128 grown_a = (__int128)a->sides[1].bytes - a->sides[0].bytes;
	__int128 grown_b = (__int128)b->sides[1].bytes - b->sides[0].bytes;

	if (grown_a != grown_b)
		return grown_a < grown_b ? 1 : -1;
	if (a->come.bytes != b->come.bytes)
		return a->come.bytes < b->come.bytes ? 1 : -1;
	return compare_groups(a, b);
}

static void sum_up(struct amount *sum, const struct amount *more)
{
	sum->buffers += more->buffers;
	sum->bytes += more->bytes;
}

/* struct gathering - the state of gather(), which moves groups from tree to array */
struct gathering {
	struct group **groups;
	size_t nr;
	struct group *total;
};

static void gather(const void *node, VISIT visit, void *context)
{
	struct group *group = *(struct group *const *)node;
	struct gathering *gathering = context;
	struct group *total = gathering->total;

	if (visit != postorder && visit != leaf)
		return;
	if (group->hidden)
		compare_sums(group);
	sum_up(&total->sides[0], &group->sides[0]);
	sum_up(&total->sides[1], &group->sides[1]);
	sum_up(&total->come, &group->come);
	sum_up(&total->gone, &group->gone);
	if (has_changed(group))
		gathering->groups[gathering->nr++] = group;
}

static size_t diff_groups(struct diff *diff, struct group ***groups,
			  struct group *total)
{
	struct gathering gathering = { .total = total };

	for (size_t i = 0; i < diff->room; i++)
		if (diff->table[i].hash[0] && !diff->table[i].seen)
			add_buffer(&diff->table[i].group->gone,
				   diff->table[i].size);
	*total = (struct group){ 0 };
	gathering.groups =
		xcalloc(diff->nr_groups + 1, sizeof(*gathering.groups));
	twalk_r(diff->groups, gather, &gathering);
	qsort(gathering.groups, gathering.nr, sizeof(*gathering.groups),
	      by_growth);
	*groups = gathering.groups;
	return gathering.nr;
}

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

/* growth_text() - "+4.00 KiB", or "-4.00 KiB" for a group that shrank */
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

static void print_amount(const struct amount *amount, const char *what)
{
	char number[UNIT_TEXT], size[UNIT_TEXT];

	printf("%s buffer%s %s (%s)", number_text(amount->buffers, number),
	       amount->buffers == 1 ? "" : "s", what,
	       size_text(amount->bytes, size));
}

static void print_text(const struct side sides[2], struct group *const *groups,
		       size_t nr, const struct group *total)
{
	struct table *table = nr ? table_new(columns) : NULL;
	char text[UNIT_TEXT];

	for (size_t i = 0; i < nr; i++)
		group_row(table, groups[i]);
	table_end(table);
	print_amount(&total->come, "new");
	printf(", ");
	print_amount(&total->gone, "gone");
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

static void print_json(const struct side sides[2], struct group *const *groups,
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

enum {
	JSON,
};

static const struct option_spec options[] = {
	[JSON] = { "json", NULL, "print JSON" },
	{ .name = NULL },
};

/* count_missing() - count the devices that only @of covers; @example is one */
static size_t count_missing(const struct side *of, const struct side *in,
			    const char **example)
{
	size_t nr = 0;

	for (const struct name *at = of->devices; at; at = at->next) {
		if (covers_device(in, at->name))
			continue;
		*example = at->name;
		nr++;
	}
	return nr;
}

static size_t count_devices(const struct side *side)
{
	size_t nr = 0;

	for (const struct name *at = side->devices; at; at = at->next)
		nr++;
	return nr;
}

/* Lists that share no device cannot be compared. */
static int check_devices(const struct side *a, const struct side *b)
{
	const char *only_a = NULL, *only_b = NULL;
	size_t nr_a = count_missing(a, b, &only_a);
	size_t nr_b = count_missing(b, a, &only_b);

	if (nr_a && nr_b && nr_a == count_devices(a))
		return fail(
			"%s covers device '%s' and %s device '%s': compare lists of the same devices",
			a->file, only_a, b->file, only_b);
	if (nr_a)
		print_err(
			"note: device '%s' is in %s only: all of its buffers count as gone",
			only_a, a->file);
	if (nr_b)
		print_err(
			"note: device '%s' is in %s only: all of its buffers count as new",
			only_b, b->file);
	return 0;
}

static void print_notes(const struct side *side)
{
	if (side->inexact)
		print_err(
			"note: %s is marked as not exact: buffers may be missing in it",
			side->file);
	if (side->ignored)
		print_err(
			"note: %llu records of %s are not live and are ignored",
			(unsigned long long)side->ignored, side->file);
}

static int check(const struct side sides[2])
{
	print_notes(&sides[0]);
	print_notes(&sides[1]);
	if (sides[1].instant && sides[1].instant < sides[0].instant)
		print_err(
			"note: %s is older than the first list: swap the two files?",
			sides[1].file);
	return check_devices(&sides[0], &sides[1]);
}

static int compare_lists(struct side sides[2], struct diff *diff, bool json)
{
	struct group **groups, total;
	int ret = read_list(&sides[0], take_before, diff);
	size_t nr;

	if (!ret)
		ret = read_list(&sides[1], take_after, diff);
	if (!ret)
		ret = check(sides);
	if (ret)
		return ret;
	nr = diff_groups(diff, &groups, &total);
	if (json)
		print_json(sides, groups, nr, &total);
	else
		print_text(sides, groups, nr, &total);
	free(groups);
	return 0;
}

static int run(struct args *args)
{
	struct side sides[2] = { 0 };
	bool json = false;
	struct diff *diff;
	char **files;
	int ret;

	while ((ret = next_option(args)) >= 0)
		json = true;
	if (ret != OPTIONS_END)
		return options_status(ret);
	files = operands(args, 2, 2);
	if (!files)
		return EXIT_USAGE_ERROR;
	sides[0].file = files[0];
	sides[1].file = files[1];
	diff = diff_new();
	ret = compare_lists(sides, diff, json);
	diff_free(diff);
	drop_devices(&sides[0]);
	drop_devices(&sides[1]);
	return ret;
}

const struct verb verb_diff = {
	.name = "diff",
	.operands = "BEFORE AFTER",
	.summary = "compare two lists of buffers",
	.details =
		"BEFORE and AFTER are files written by 'buftrack list --json'. Live buffers are grouped\nby client, space and site; groups that grew most come first.",
	.options = options,
	.run = run,
};
