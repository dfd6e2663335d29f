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

static int run(struct args *args)
{
	return run_query(args, BUFTRACK_RECORD_STATE_REMAINING, NULL);
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
