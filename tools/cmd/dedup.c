// SPDX-License-Identifier: GPL-2.0
/*
 * Counting repeated events instead of printing them
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../util/err.h"
#include "../util/text.h"
#include "cmd.h"
#include "dedup.h"

/* Twice as many buckets as kinds, and a power of two */
#define BUCKETS (2 * DEDUP_KINDS)

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
struct dedup {
	size_t nr;
	struct repeats table[BUCKETS];
	struct repeats rest;
	struct repeats *admitted;
	uint64_t swept;
	size_t pending;
};

struct dedup *dedup_new(void)
{
	struct dedup *dedup = calloc(1, sizeof(*dedup));

	if (!dedup)
		exit(fail("out of memory: free some and try again"));
	/* Of what is not told apart nothing is shown. */
	dedup->rest.shown = DEDUP_SHOWN;
	return dedup;
}

void dedup_free(struct dedup *dedup)
{
	if (!dedup)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		free(dedup->table[i].name);
	free(dedup);
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
static struct repeats *place_of(struct dedup *dedup, const struct kind *kind)
{
	size_t i = bucket_of(kind);

	while (dedup->table[i].used && !is_same(&dedup->table[i].kind, kind))
		i = (i + 1) % BUCKETS;
	return &dedup->table[i];
}

static bool is_quiet(const struct repeats *repeats, uint64_t stamp)
{
	return !repeats->count && stamp > repeats->last &&
	       stamp - repeats->last > DEDUP_QUIET;
}

/* sweep() - forget kinds that are quiet, so that there is place for others */
static void sweep(struct dedup *dedup, uint64_t stamp)
{
	struct repeats *old = malloc(sizeof(dedup->table));

	if (!old)
		exit(fail("out of memory: free some and try again"));
	memcpy(old, dedup->table, sizeof(dedup->table));
	memset(dedup->table, 0, sizeof(dedup->table));
	dedup->nr = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		if (!old[i].used)
			continue;
		if (is_quiet(&old[i], stamp)) {
			free(old[i].name);
			continue;
		}
		*place_of(dedup, &old[i].kind) = old[i];
		dedup->nr++;
	}
	free(old);
	dedup->swept = stamp;
}

/* find() - the repeats of a kind, which are new if they are not @used */
static struct repeats *find(struct dedup *dedup, const struct kind *kind,
			    uint64_t stamp)
{
	struct repeats *repeats = place_of(dedup, kind);

	if (repeats->used || dedup->nr < DEDUP_KINDS)
		return repeats;
	/* A sweep takes a while: in a dedup it is not for each event. */
	if (stamp - dedup->swept > DEDUP_QUIET / 4)
		sweep(dedup, stamp);
	return dedup->nr < DEDUP_KINDS ? place_of(dedup, kind) : &dedup->rest;
}

static void count(struct dedup *dedup, struct repeats *repeats, uint64_t stamp)
{
	if (!repeats->count++) {
		repeats->from = stamp;
		dedup->pending++;
	}
	repeats->to = stamp;
}

bool dedup_admit(struct dedup *dedup, const struct kind *kind, uint64_t stamp,
		 bool *first)
{
	struct repeats *repeats = find(dedup, kind, stamp);

	*first = false;
	if (repeats != &dedup->rest) {
		if (!repeats->used)
			dedup->nr++;
		if (repeats->used && is_quiet(repeats, stamp))
			repeats->shown = 0;
		repeats->used = true;
		repeats->kind = *kind;
		*first = !repeats->shown;
	}
	repeats->last = stamp;
	dedup->admitted = repeats;
	if (repeats->shown < DEDUP_SHOWN) {
		repeats->shown++;
		return true;
	}
	count(dedup, repeats, stamp);
	return false;
}

void dedup_name(struct dedup *dedup, char *name)
{
	free(dedup->admitted->name);
	dedup->admitted->name = name;
}

bool dedup_pending(const struct dedup *dedup)
{
	return dedup->pending;
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

static void tell(struct dedup *dedup, struct repeats *repeats, FILE *out)
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
	dedup->pending--;
}

void dedup_tell(struct dedup *dedup, FILE *out)
{
	struct repeats *most = &dedup->rest;

	for (size_t i = 0; i < BUCKETS; i++)
		if (dedup->table[i].count > most->count)
			most = &dedup->table[i];
	if (most->count)
		tell(dedup, most, out);
}

void dedup_tell_all(struct dedup *dedup, FILE *out)
{
	for (size_t i = 0; i < BUCKETS; i++)
		if (dedup->table[i].count)
			tell(dedup, &dedup->table[i], out);
	if (dedup->rest.count)
		tell(dedup, &dedup->rest, out);
}
