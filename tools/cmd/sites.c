// SPDX-License-Identifier: GPL-2.0
/*
 * Sums of records by allocation site
 */
#include <search.h>
#include <stdlib.h>

#include "../util/err.h"
#include "records.h"

/* client_of() - the client that gives a site its meaning; 0: the device's driver */
static uint64_t client_of(const struct row *row)
{
	return row->by_driver ? 0 : row->client;
}

static int compare_sites(const void *left, const void *right)
{
	const struct row *a = &((const struct site *)left)->row;
	const struct row *b = &((const struct site *)right)->row;
	int ret = compare_numbers(a->origin->number, b->origin->number);

	if (!ret)
		ret = compare_numbers(a->space, b->space);
	if (!ret)
		ret = compare_numbers(client_of(a), client_of(b));
	if (!ret)
		ret = compare_numbers(is_redacted(a), is_redacted(b));
	return ret ? ret : compare_numbers(a->site, b->site);
}

static struct site *find_site(struct sites *sites, const struct row *row)
{
	const struct site key = { .row = *row };
	struct site **found = tfind(&key, &sites->tree, compare_sites);
	struct site *site;

	if (found)
		return *found;
	site = xmalloc(sizeof(*site));
	*site = key;
	checked(tsearch(site, &sites->tree, compare_sites));
	sites->nr++;
	return site;
}

void sites_add(struct sites *sites, const struct row *row)
{
	struct site *site = find_site(sites, row);

	site->several |= row->client != site->row.client;
	site->buffers++;
	site->bytes += row->size;
}

static int by_size(const void *left, const void *right)
{
	const struct site *a = *(const struct site *const *)left;
	const struct site *b = *(const struct site *const *)right;
	int ret = compare_numbers(b->bytes, a->bytes);

	if (!ret)
		ret = compare_numbers(b->buffers, a->buffers);
	return ret ? ret : compare_sites(a, b);
}

static void gather(const void *node, VISIT visit, void *context)
{
	const struct site ***at = context;

	if (visit == postorder || visit == leaf)
		*(*at)++ = *(const struct site *const *)node;
}

const struct site **sites_sort(const struct sites *sites)
{
	const struct site **array = xcalloc(sites->nr + 1, sizeof(*array));
	const struct site **end = array;

	twalk_r(sites->tree, gather, &end);
	qsort(array, sites->nr, sizeof(*array), by_size);
	return array;
}

void sites_drop(struct sites *sites)
{
	tdestroy(sites->tree, free);
}
