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

/* A power of two that leaves half of the table empty */
#define BUCKETS (2 * DEDUP_KEYS)

/**
 * struct repeats - the events of a key
 * @key: the key
 * @name: printed name of the key
 * @used: the entry of the table is in use
 * @shown: events printed since the last quiet time
 * @last: time of the latest event
 * @count: events counted since the count was printed
 * @from: time of the first of these
 * @to: time of the last of these
 */
struct repeats {
	struct dedup_key key;
	char *name;
	bool used;
	unsigned int shown;
	uint64_t last;
	uint64_t count;
	uint64_t from;
	uint64_t to;
};

/**
 * struct dedup - all keys
 * @nr: number of keys in @table
 * @table: hash table with linear probing
 * @rest: all keys that do not fit
 * @admitted: the key of the latest event
 * @swept: when quiet keys were last removed
 * @pending: number of keys with a count to print
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
	struct dedup *dedup = xcalloc(1, sizeof(*dedup));

	/* Events without a key of their own are only counted. */
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

static size_t bucket_of(const struct dedup_key *key)
{
	const uint64_t values[] = { key->device, key->client, key->verdict,
				    key->space, key->site };
	uint64_t hash = 0;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		hash = (hash ^ values[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash % BUCKETS;
}

static bool is_same(const struct dedup_key *a, const struct dedup_key *b)
{
	return a->device == b->device && a->client == b->client &&
	       a->verdict == b->verdict && a->space == b->space &&
	       a->site == b->site;
}

/*
 * place_of() - find the entry of a key, or a free entry for it, which is not @used
 */
static struct repeats *place_of(struct dedup *dedup,
				const struct dedup_key *key)
{
	size_t i = bucket_of(key);

	while (dedup->table[i].used && !is_same(&dedup->table[i].key, key))
		i = (i + 1) % BUCKETS;
	return &dedup->table[i];
}

static bool is_quiet(const struct repeats *repeats, uint64_t stamp)
{
	return !repeats->count && stamp > repeats->last &&
	       stamp - repeats->last > DEDUP_QUIET;
}

/* sweep() - remove quiet keys to make room for others */
static void sweep(struct dedup *dedup, uint64_t stamp)
{
	struct repeats *old = xmalloc(sizeof(dedup->table));

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
		*place_of(dedup, &old[i].key) = old[i];
		dedup->nr++;
	}
	free(old);
	dedup->swept = stamp;
}

/* find() - find the entry of a key; a new one is not @used */
static struct repeats *find(struct dedup *dedup, const struct dedup_key *key,
			    uint64_t stamp)
{
	struct repeats *repeats = place_of(dedup, key);

	if (repeats->used || dedup->nr < DEDUP_KEYS)
		return repeats;
	/* A sweep is slow, so limit how often a flood of events can cause one. */
	if (stamp - dedup->swept > DEDUP_QUIET / 4)
		sweep(dedup, stamp);
	return dedup->nr < DEDUP_KEYS ? place_of(dedup, key) : &dedup->rest;
}

static void count(struct dedup *dedup, struct repeats *repeats, uint64_t stamp)
{
	if (!repeats->count++) {
		repeats->from = stamp;
		dedup->pending++;
	}
	repeats->to = stamp;
}

bool dedup_admit(struct dedup *dedup, const struct dedup_key *key,
		 uint64_t stamp, bool *first)
{
	struct repeats *repeats = find(dedup, key, stamp);

	*first = false;
	if (repeats != &dedup->rest) {
		if (!repeats->used)
			dedup->nr++;
		if (repeats->used && is_quiet(repeats, stamp))
			repeats->shown = 0;
		repeats->used = true;
		repeats->key = *key;
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

	/* N events span N - 1 intervals. */
	if (repeats->count > 1 && ns)
		fprintf(out, ", %s/s",
			number_text((repeats->count - 1) * 1e9 / ns + 0.5,
				    text));
}

static void print_count(struct dedup *dedup, struct repeats *repeats, FILE *out)
{
	char number[UNIT_TEXT], from[UNIT_TEXT], to[UNIT_TEXT];

	fprintf(out, "%s more: %s", number_text(repeats->count, number),
		repeats->name ? repeats->name : "at other places");
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

void dedup_print(struct dedup *dedup, FILE *out)
{
	struct repeats *most = &dedup->rest;

	for (size_t i = 0; i < BUCKETS; i++)
		if (dedup->table[i].count > most->count)
			most = &dedup->table[i];
	if (most->count)
		print_count(dedup, most, out);
}

void dedup_print_all(struct dedup *dedup, FILE *out)
{
	for (size_t i = 0; i < BUCKETS; i++)
		if (dedup->table[i].count)
			print_count(dedup, &dedup->table[i], out);
	if (dedup->rest.count)
		print_count(dedup, &dedup->rest, out);
}
