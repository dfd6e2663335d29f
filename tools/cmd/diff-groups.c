// SPDX-License-Identifier: GPL-2.0
/*
 * Comparing two lists: what has come and gone
 *
 * A buffer is the same in both if device, client, space, address, id and the stamp
 * of its alloc are. Of these no more is kept than 128 bits of hash. What is not
 * shown to the reader has no identity, and is compared by its sums.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "diff.h"
#include "../util/err.h"

/*
 * @hash: of the identity; all 0: this place is free
 * @seen: it is in the second list, too
 */
struct known {
	uint64_t hash[2];
	struct group *group;
	uint64_t size;
	bool seen;
};

/*
 * @groups: tree of struct group, @nr_groups of them
 * @table: of the first list, @nr of @room places taken, searched from the place
 *	   that the hash says
 */
struct diff {
	void *groups;
	size_t nr_groups;
	struct known *table;
	size_t nr;
	size_t room;
};

struct diff *diff_new(void)
{
	return xcalloc(1, sizeof(struct diff));
}

void diff_free(struct diff *diff)
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

/* place_of() - of an identity, or the free place where it would be */
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

static void add(struct amount *amount, uint64_t bytes)
{
	amount->buffers++;
	amount->bytes += bytes;
}

void diff_before(void *context, const struct record *record)
{
	struct diff *diff = context;
	struct group *group = find_group(diff, &record->group);
	struct known identity = identity_of(record);

	add(&group->sides[0], record->size);
	if (group->hidden)
		return;
	if (4 * diff->nr >= 3 * diff->room)
		make_room(diff);
	identity.group = group;
	*place_of(diff->table, diff->room, &identity) = identity;
	diff->nr++;
}

void diff_after(void *context, const struct record *record)
{
	struct diff *diff = context;
	struct group *group = find_group(diff, &record->group);
	struct known identity = identity_of(record), *known = NULL;

	add(&group->sides[1], record->size);
	if (group->hidden)
		return;
	if (diff->room)
		known = place_of(diff->table, diff->room, &identity);
	if (known && known->hash[0] && !known->seen)
		known->seen = true;
	else
		add(&group->come, record->size);
}

/* Of what has no identity, no more is known than whether there is more of it. */
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

/* By growth, of which one that shrank has the least */
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

/* struct gathering - groups on their way from the tree into an array */
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

size_t diff_groups(struct diff *diff, struct group ***groups,
		   struct group *total)
{
	struct gathering gathering = { .total = total };

	for (size_t i = 0; i < diff->room; i++)
		if (diff->table[i].hash[0] && !diff->table[i].seen)
			add(&diff->table[i].group->gone, diff->table[i].size);
	*total = (struct group){ 0 };
	gathering.groups =
		xcalloc(diff->nr_groups + 1, sizeof(*gathering.groups));
	twalk_r(diff->groups, gather, &gathering);
	qsort(gathering.groups, gathering.nr, sizeof(*gathering.groups),
	      by_growth);
	*groups = gathering.groups;
	return gathering.nr;
}
