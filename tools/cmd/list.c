// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack list
 */
#include <string.h>

#include "../util/err.h"
#include "cmd.h"
#include "records.h"

enum {
	STATE = NR_QUERY_OPTIONS,
};

static const struct option_spec options[] = {
	QUERY_OPTIONS,
	[STATE] = { "state", "LIST",
		    "live (the default), freed, remaining, doubtful, orphaned, or all" },
	{ .name = NULL },
};

static unsigned int state_of(const char *name, size_t length)
{
	static const struct {
		const char *name;
		unsigned int states;
	} states[] = {
		{ "live", BUFTRACK_RECORD_STATE_LIVE },
		{ "freed", BUFTRACK_RECORD_STATE_FREED },
		{ "remaining", BUFTRACK_RECORD_STATE_REMAINING },
		{ "doubtful", BUFTRACK_RECORD_STATE_DOUBTFUL },
		{ "orphaned", BUFTRACK_RECORD_STATE_ORPHANED },
		{ "all", BUFTRACK_RECORD_STATE_LIVE |
				 BUFTRACK_RECORD_STATE_FREED |
				 BUFTRACK_RECORD_STATE_REMAINING },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strlen(states[i].name) == length &&
		    !memcmp(states[i].name, name, length))
			return states[i].states;
	return 0;
}

static int state_option(const struct args *args, struct query *query)
{
	const char *list = args->value;

	query->states = 0;
	for (;;) {
		size_t length = strcspn(list, ",");
		unsigned int states = state_of(list, length);

		if (!states) {
			usage_error(
				args,
				"--state: '%.*s' is not live, freed, remaining, doubtful, orphaned or all",
				(int)length, list);
			return OPTIONS_BAD;
		}
		query->states |= states;
		if (!list[length])
			return 0;
		list += length + 1;
	}
}

static int parse(struct args *args, struct query *query)
{
	int option, bad = 0;

	while (!bad && (option = next_option(args)) >= 0) {
		if (option == STATE)
			bad = state_option(args, query);
		else
			bad = query_option(args, option, query);
	}
	if (bad)
		return bad;
	if (option == OPTIONS_END && !operands(args, 0, 0))
		return OPTIONS_BAD;
	return option;
}

static int run(struct args *args)
{
	struct query query;
	int ret;

	query_init(&query);
	query.states = BUFTRACK_RECORD_STATE_LIVE;
	ret = parse(args, &query);
	if (ret != OPTIONS_END)
		return options_status(ret);
	return list_records(&query, false);
}

const struct verb verb_list = {
	.name = "list",
	.operands = "",
	.summary = "list buffers and their owners",
	.details = QUERY_DETAILS
	"\nStates are separated by commas. The free of a doubtful buffer may have been missed;\nthe owner of an orphaned buffer has ended. Both are live.",
	.options = options,
	.run = run,
};
