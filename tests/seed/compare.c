// SPDX-License-Identifier: GPL-2.0
/*
 * The seed's trace: compare a replay with the expected results
 */
#include <err.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seed.h"

static unsigned int differences;

/* field() - look up a dotted path */
static struct json_object *field(struct json_object *object, const char *path)
{
	const char *dot = strchr(path, '.');
	struct json_object *value;
	char name[64];

	snprintf(name, sizeof(name), "%.*s",
		 (int)(dot ? dot - path : (ptrdiff_t)strlen(path)), path);
	if (!json_object_object_get_ex(object, name, &value))
		errx(1, "the replay's JSON has no field %s", name);
	return dot ? field(value, dot + 1) : value;
}

/* find() - the object of an array whose field has a value */
static struct json_object *find(struct json_object *array, const char *key,
				const char *value)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *object =
			json_object_array_get_idx(array, i);

		if (!strcmp(json_object_get_string(field(object, key)), value))
			return object;
	}
	errx(1, "the replay's JSON has no %s %s", key, value);
}

static void compare_tally(const char *where, const struct tally *tally,
			  struct json_object *object)
{
	struct json_object *counters = field(object, "counters");

	for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++) {
		const char *name = buftrack_counter_name(i);
		uint64_t got = json_object_get_uint64(field(counters, name));

		if (got == tally->counter[i])
			continue;
		printf("%s: %s is %" PRIu64 ", should be %" PRIu64 "\n", where,
		       name, got, tally->counter[i]);
		differences++;
	}
}

static void compare_chip(struct json_object *devices, unsigned int chip)
{
	struct json_object *device =
		find(devices, "trace_device", chip_names[chip]);

	compare_tally(chip_names[chip], &expected.chip[chip], device);
	for (unsigned int i = 0; i < NR_SPACES; i++) {
		char where[64];

		snprintf(where, sizeof(where), "%s, %s", chip_names[chip],
			 space_names[i]);
		compare_tally(where, &expected.space[chip][i],
			      find(field(device, "spaces"), "name",
				   space_names[i]));
	}
}

/* sum() - a counter of both chips, in one space or in all (NULL) */
static uint64_t sum(struct json_object *devices, const char *space,
		    const char *counter)
{
	uint64_t total = 0;

	for (unsigned int chip = 0; chip < NR_CHIPS; chip++) {
		struct json_object *object =
			find(devices, "trace_device", chip_names[chip]);

		if (space)
			object = find(field(object, "spaces"), "name", space);
		total += json_object_get_uint64(
			field(field(object, "counters"), counter));
	}
	return total;
}

static uint64_t expected_sum(int space, unsigned int counter)
{
	uint64_t total = 0;

	for (unsigned int chip = 0; chip < NR_CHIPS; chip++)
		total += space < 0 ?
				 expected.chip[chip].counter[counter] :
				 expected.space[chip][space].counter[counter];
	return total;
}

static void line(const char *what, uint64_t put_in, uint64_t found)
{
	printf("  %-58s %8" PRIu64 " %8" PRIu64 "%s\n", what, put_in, found,
	       put_in == found ? "" : "   differs");
}

static void print_allocs(struct json_object *devices)
{
	line("allocations", expected_sum(-1, BUFTRACK_COUNTER_ALLOCS),
	     sum(devices, NULL, "allocs"));
	for (unsigned int i = 0; i < NR_SPACES; i++) {
		char what[64];

		snprintf(what, sizeof(what), "  in %s", space_names[i]);
		line(what, expected_sum(i, BUFTRACK_COUNTER_ALLOCS),
		     sum(devices, space_names[i], "allocs"));
	}
	line("freed correctly", expected_sum(-1, BUFTRACK_COUNTER_FREES),
	     sum(devices, NULL, "frees"));
	line("remaining when their clients ended",
	     expected_sum(-1, BUFTRACK_COUNTER_REMAINING_BUFFERS),
	     sum(devices, NULL, "remaining_buffers"));
}

static const struct {
	const char *counter;
	const char *what;
	enum reason reasons[2];
} kinds[] = {
	{ "double_free", "  double_free: already freed", { SECOND, SECOND } },
	{ "stale_free",
	  "  stale_free: already freed, its address is in use again",
	  { SECOND_AFTER_REUSE, SECOND_AFTER_REUSE } },
	{ "unknown_free.other_id",
	  "  unknown_free.other_id: several objects free one buffer",
	  { OTHER_OBJECT, OTHER_OBJECT } },
	{ "unknown_free.pre_attach",
	  "  unknown_free.pre_attach: older than the client's reports",
	  { BELOW_FIRST_ID, BEFORE_LATE } },
};

static void print_wrong_frees(struct json_object *devices)
{
	static const char *const others[] = {
		"foreign_free",	      "size_mismatch",
		"refused_free",	      "invalid_free",
		"unknown_free.gap",   "unknown_free.evicted",
		"unknown_free.never",
	};
	uint64_t put_in = 0, found = 0;

	for (unsigned int i = BELOW_FIRST_ID; i < NR_REASONS; i++)
		put_in += expected.reason[i];
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		found += sum(devices, NULL, others[i]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		found += sum(devices, NULL, kinds[i].counter);
	line("wrong frees", put_in, found);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint64_t nr = expected.reason[kinds[i].reasons[0]];

		if (kinds[i].reasons[1] != kinds[i].reasons[0])
			nr += expected.reason[kinds[i].reasons[1]];
		line(kinds[i].what, nr, sum(devices, NULL, kinds[i].counter));
	}
}

int compare(int fd)
{
	struct json_object *json = json_object_from_fd(fd);
	struct json_object *devices;

	if (!json)
		errx(1, "the input is not JSON: %s", json_util_get_last_err());
	devices = field(json, "devices");
	for (unsigned int chip = 0; chip < NR_CHIPS; chip++)
		compare_chip(devices, chip);
	printf("  %-58s %8s %8s\n", "", "PUT IN", "FOUND");
	print_allocs(devices);
	print_wrong_frees(devices);
	if (differences)
		printf("%u counters differ\n", differences);
	else
		printf("all %d counters of both chips and their spaces match\n",
		       NR_CHIPS * (1 + NR_SPACES) * BUFTRACK_NR_COUNTERS);
	return !!differences;
}
