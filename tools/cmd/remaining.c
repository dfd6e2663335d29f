// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack remaining
 */
#include "../util/err.h"
#include "cmd.h"
#include "records.h"

static const struct option_spec options[] = {
	QUERY_OPTIONS,
	{ .name = NULL },
};

static int parse(struct args *args, struct query *query)
{
	int option;

	while ((option = next_option(args)) >= 0)
		if (query_option(args, option, query))
			return OPTIONS_BAD;
	if (option == OPTIONS_END && !operands(args, 0, 0))
		return OPTIONS_BAD;
	return option;
}

static int run(struct args *args)
{
	struct query query;
	int ret;

	query_init(&query);
	query.states = BUFTRACK_RECORD_STATE_REMAINING;
	ret = parse(args, &query);
	if (ret != OPTIONS_END)
		return options_status(ret);
	return list_records(&query, true);
}

const struct verb verb_remaining = {
	.name = "remaining",
	.operands = "",
	.summary = "list buffers that were live when their clients ended",
	.details = QUERY_DETAILS
	"\nA device keeps the latest of them, as many as --max-remaining of device set allows;\nthe total also counts those it has dropped.",
	.options = options,
	.run = run,
};
