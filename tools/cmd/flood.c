// SPDX-License-Identifier: GPL-2.0
/*
 * Repeats of wrong reports
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "flood.h"
#include "../util/err.h"
#include "../util/text.h"

/* Twice as many buckets as kinds, and a power of two */
#define BUCKETS (2 * FLOOD_KINDS)

/*
 * @shown: how many were shown since it was quiet
 * @last: stamp of the latest, shown or counted
 * @count: how many were counted since they were told
 * @from, @to: stamps of the first and the last of these
 */
struct repeats {
	struct kind kind;
	char *name;
	bool used;
	unsigned int shown;
	uint64_t last;
	uint64_t count;
	uint64_t from;
	uint64_t to;
};

/*
 * @nr: kinds in @table, which is searched from a kind's bucket on
 * @rest: all kinds beyond
 * @admitted: the latest
 * @swept: when it was last looked for kinds that are quiet
 * @pending: how many kinds have something to tell
 */
struct flood {
	size_t nr;
	struct repeats table[BUCKETS];
	struct repeats rest;
	struct repeats *admitted;
	uint64_t swept;
	size_t pending;
};

struct flood *flood_new(void)
{
	struct flood *flood = calloc(1, sizeof(*flood));

	if (!flood)
		exit(fail("out of memory: free some and try again"));
	/* Of what is not told apart nothing is shown. */
	flood->rest.shown = FLOOD_SHOWN;
	return flood;
}

void flood_free(struct flood *flood)
{
	if (!flood)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		free(flood->table[i].name);
	free(flood);
}

static size_t bucket_of(const struct kind *kind)
{
	const uint64_t values[] = { kind->device, kind->client, kind->verdict,
				    kind->space, kind->site };
	uint64_t hash = 0;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		hash = (hash ^ values[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash % BUCKETS;
}

static bool is_same(const struct kind *a, const struct kind *b)
{
	return a->device == b->device && a->client == b->client &&
	       a->verdict == b->verdict && a->space == b->space &&
	       a->site == b->site;
}

/* place_of() - the repeats of a kind, or where they would be: not @used */
static struct repeats *place_of(struct flood *flood, const struct kind *kind)
{
	size_t i = bucket_of(kind);

	while (flood->table[i].used && !is_same(&flood->table[i].kind, kind))
		i = (i + 1) % BUCKETS;
	return &flood->table[i];
}

static bool is_quiet(const struct repeats *repeats, uint64_t stamp)
{
	return !repeats->count && stamp > repeats->last &&
	       stamp - repeats->last > FLOOD_QUIET;
}

/* sweep() - forget kinds that are quiet, so that there is place for others */
static void sweep(struct flood *flood, uint64_t stamp)
{
	struct repeats *old = malloc(sizeof(flood->table));

	if (!old)
		exit(fail("out of memory: free some and try again"));
	memcpy(old, flood->table, sizeof(flood->table));
	memset(flood->table, 0, sizeof(flood->table));
	flood->nr = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		if (!old[i].used)
			continue;
		if (is_quiet(&old[i], stamp)) {
			free(old[i].name);
			continue;
		}
		*place_of(flood, &old[i].kind) = old[i];
		flood->nr++;
	}
	free(old);
	flood->swept = stamp;
}

/* find() - the repeats of a kind, which are new if they are not @used */
static struct repeats *find(struct flood *flood, const struct kind *kind,
			    uint64_t stamp)
{
	struct repeats *repeats = place_of(flood, kind);

	if (repeats->used || flood->nr < FLOOD_KINDS)
		return repeats;
	/* A sweep takes a while: in a flood it is not for each event. */
	if (stamp - flood->swept > FLOOD_QUIET / 4)
		sweep(flood, stamp);
	return flood->nr < FLOOD_KINDS ? place_of(flood, kind) : &flood->rest;
}

static void count(struct flood *flood, struct repeats *repeats, uint64_t stamp)
{
	if (!repeats->count++) {
		repeats->from = stamp;
		flood->pending++;
	}
	repeats->to = stamp;
}

bool flood_admit(struct flood *flood, const struct kind *kind, uint64_t stamp,
		 bool *first)
{
	struct repeats *repeats = find(flood, kind, stamp);

	*first = false;
	if (repeats != &flood->rest) {
		if (!repeats->used)
			flood->nr++;
		if (repeats->used && is_quiet(repeats, stamp))
			repeats->shown = 0;
		repeats->used = true;
		repeats->kind = *kind;
		*first = !repeats->shown;
	}
	repeats->last = stamp;
	flood->admitted = repeats;
	if (repeats->shown < FLOOD_SHOWN) {
		repeats->shown++;
		return true;
	}
	count(flood, repeats, stamp);
	return false;
}

void flood_name(struct flood *flood, char *name)
{
	free(flood->admitted->name);
	flood->admitted->name = name;
}

bool flood_pending(const struct flood *flood)
{
	return flood->pending;
}

static void put_rate(FILE *out, const struct repeats *repeats)
{
	uint64_t ns = repeats->to - repeats->from;
	char text[UNIT_TEXT];

	/* Two of them make one distance. */
	if (repeats->count > 1 && ns)
		fprintf(out, ", %s/s",
			number_text((repeats->count - 1) * 1e9 / ns + 0.5,
				    text));
}

static void tell(struct flood *flood, struct repeats *repeats, FILE *out)
{
	char number[UNIT_TEXT], from[UNIT_TEXT], to[UNIT_TEXT];

	fprintf(out, "%s more: %s", number_text(repeats->count, number),
		repeats->name ? repeats->name : "at yet other places");
	if (repeats->from == repeats->to)
		fprintf(out, ": %s s since boot",
			stamp_text(repeats->from, from));
	else
		fprintf(out, ": %s to %s s since boot",
			stamp_text(repeats->from, from),
			stamp_text(repeats->to, to));
	put_rate(out, repeats);
	fprintf(out, "\n");
	repeats->count = 0;
	flood->pending--;
}

void flood_tell(struct flood *flood, FILE *out)
{
	struct repeats *most = &flood->rest;

	for (size_t i = 0; i < BUCKETS; i++)
		if (flood->table[i].count > most->count)
			most = &flood->table[i];
	if (most->count)
		tell(flood, most, out);
}

void flood_tell_all(struct flood *flood, FILE *out)
{
	for (size_t i = 0; i < BUCKETS; i++)
		if (flood->table[i].count)
			tell(flood, &flood->table[i], out);
	if (flood->rest.count)
		tell(flood, &flood->rest, out);
}
