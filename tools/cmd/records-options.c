// SPDX-License-Identifier: GPL-2.0
/*
 * Listing records: what a user wants
 */
#include <string.h>

#include "../util/parse.h"
#include "records.h"
#include "../util/err.h"

void query_init(struct query *query)
{
	*query = (struct query){
		.max_size = UINT64_MAX,
		.limit = UINT64_MAX,
	};
}

static int sort_option(const struct args *args, struct query *query)
{
	static const char *const names[] = {
		[SORT_AGE] = "age",
		[SORT_SIZE] = "size",
		[SORT_ADDRESS] = "address",
		[SORT_CLIENT] = "client",
	};

	for (unsigned int i = SORT_AGE; i <= SORT_CLIENT; i++) {
		if (!strcmp(names[i], args->value)) {
			query->sort = i;
			return 0;
		}
	}
	usage_error(args, "--sort: '%s' is not age, size, address or client",
		    args->value);
	return OPTIONS_BAD;
}

static int bad_value(const struct args *args, int option, const char *what)
{
	usage_error(args, "--%s: '%s' is no %s",
		    args->verb->options[option].name, args->value, what);
	return OPTIONS_BAD;
}

static int number_option(const struct args *args, int option, uint64_t *number)
{
	if (parse_number(args->value, number))
		return bad_value(args, option, "number");
	return 0;
}

static int size_option(const struct args *args, int option, uint64_t *bytes)
{
	if (parse_size(args->value, bytes))
		return bad_value(
			args, option,
			"size: write bytes, or KiB, MiB, GiB, TiB behind a number");
	return 0;
}

static int age_option(const struct args *args, int option, uint64_t *ns)
{
	if (parse_duration(args->value, ns))
		return bad_value(
			args, option,
			"time: write seconds, or ns, us, ms, s, m, h, d behind a number");
	return 0;
}

static int client_option(const struct args *args, struct query *query)
{
	if (parse_number(args->value, &query->client) || !query->client)
		return bad_value(args, QUERY_CLIENT,
				 "client: write its number, from 1");
	return 0;
}

static int max_age_option(const struct args *args, struct query *query)
{
	int bad = age_option(args, QUERY_MAX_AGE, &query->max_age);

	/* 0 would mean any to the kernel. */
	if (!bad && !query->max_age)
		query->max_age = 1;
	return bad;
}

int query_option(const struct args *args, int option, struct query *query)
{
	switch (option) {
	case QUERY_DEVICE:
		query->device = args->value;
		return 0;
	case QUERY_CLIENT:
		return client_option(args, query);
	case QUERY_PID:
		query->has_pid = true;
		return number_option(args, option, &query->pid);
	case QUERY_SPACE:
		query->space = args->value;
		return 0;
	case QUERY_MIN_SIZE:
		return size_option(args, option, &query->min_size);
	case QUERY_MAX_SIZE:
		return size_option(args, option, &query->max_size);
	case QUERY_MIN_AGE:
		return age_option(args, option, &query->min_age);
	case QUERY_MAX_AGE:
		return max_age_option(args, query);
	case QUERY_SORT:
		return sort_option(args, query);
	case QUERY_REVERSE:
		query->reverse = true;
		return 0;
	case QUERY_LIMIT:
		return number_option(args, option, &query->limit);
	case QUERY_STACKS:
		query->stacks = true;
		return 0;
	default:
		query->json = true;
		return 0;
	}
}
