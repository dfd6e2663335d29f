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

static bool add_state(const char *name, size_t length, void *context)
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
	struct query *query = context;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strlen(states[i].name) == length &&
		    !memcmp(states[i].name, name, length)) {
			query->states |= states[i].states;
			return true;
		}
	}
	return false;
}

/* state_option() - parse --state, the only option beyond QUERY_OPTIONS */
static int state_option(const struct args *args, struct query *query)
{
	query->states = 0;
	return each_word(args, STATE, add_state, query,
			 "live, freed, remaining, doubtful, orphaned or all");
}

static int run(struct args *args)
{
	return run_query(args, BUFTRACK_RECORD_STATE_LIVE, state_option);
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
