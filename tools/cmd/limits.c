// SPDX-License-Identifier: GPL-2.0
/*
 * The limits of a device, as options of replay and device set
 */
#include <stdlib.h>

#include "cmd.h"
#include "limits.h"
#include "../util/parse.h"
#include "../util/err.h"

#define POWER(n) (UINT64_C(1) << (n))

static const struct {
	const char *name;
	uint64_t least;
	uint64_t most;
} ranges[NR_LIMITS] = {
	[LIMIT_RECORDS] = { "max-records", 1, POWER(32) },
	[LIMIT_CLIENT_RECORDS] = { "client-records", 1, POWER(32) },
	[LIMIT_FREED] = { "freed-records", 0, POWER(32) },
	[LIMIT_CLIENTS] = { "max-clients", 1, 65536 },
	[LIMIT_CLOSED] = { "max-closed", 0, 65536 },
	[LIMIT_REMAINING] = { "max-remaining", 0, POWER(24) },
};

struct buftrack_settings *new_settings(void)
{
	struct buftrack_settings *settings = buftrack_settings_new();

	if (!settings)
		exit(fail("out of memory: free some and try again"));
	return settings;
}

static void set(struct buftrack_settings *settings, int limit, uint64_t value)
{
	switch (limit) {
	case LIMIT_RECORDS:
		buftrack_settings_limit_records(settings, value);
		break;
	case LIMIT_CLIENT_RECORDS:
		buftrack_settings_limit_client_records(settings, value);
		break;
	case LIMIT_FREED:
		buftrack_settings_limit_freed(settings, value);
		break;
	case LIMIT_CLIENTS:
		buftrack_settings_limit_clients(settings, value);
		break;
	case LIMIT_CLOSED:
		buftrack_settings_limit_closed(settings, value);
		break;
	case LIMIT_REMAINING:
		buftrack_settings_limit_remaining(settings, value);
		break;
	}
}

int limits_option(const struct args *args, int limit,
		  struct buftrack_settings *settings)
{
	uint64_t value;

	if (parse_number(args->value, &value) || value < ranges[limit].least ||
	    value > ranges[limit].most) {
		usage_error(args, "--%s: '%s' is no number from %llu to %llu",
			    ranges[limit].name, args->value,
			    (unsigned long long)ranges[limit].least,
			    (unsigned long long)ranges[limit].most);
		return OPTIONS_BAD;
	}
	set(settings, limit, value);
	return 0;
}
