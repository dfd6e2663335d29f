// SPDX-License-Identifier: GPL-2.0
/*
 * Listing records, for list and remaining: options, sorting, reading
 *
 * Unsorted rows are printed as they are read. Sorted ones wait for the last row; with a
 * limit, no more than about twice that number wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/err.h"
#include "../util/parse.h"
#include "cmd.h"
#include "lookup.h"
#include "records.h"

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
	return bad_value(args, QUERY_SORT, "age, size, address or client");
}

static int max_age_option(const struct args *args, struct query *query)
{
	int bad = duration_option(args, QUERY_MAX_AGE, &query->max_age);

	/* The kernel takes 0 as no limit. */
	if (!bad && !query->max_age)
		query->max_age = 1;
	return bad;
}

int by_option(const struct args *args, int option, bool *by_site)
{
	*by_site = !strcmp(args->value, "site");
	return *by_site ? 0 : bad_value(args, option, "site");
}

static int query_option(const struct args *args, int option,
			struct query *query)
{
	switch (option) {
	case QUERY_DEVICE:
		query->device = args->value;
		return 0;
	case QUERY_CLIENT:
		return number_option(args, option, 1, UINT64_MAX,
				     &query->client);
	case QUERY_PID:
		query->has_pid = true;
		return number_option(args, option, 0, UINT64_MAX, &query->pid);
	case QUERY_SPACE:
		query->space = args->value;
		return 0;
	case QUERY_MIN_SIZE:
		return size_option(args, option, &query->min_size);
	case QUERY_MAX_SIZE:
		return size_option(args, option, &query->max_size);
	case QUERY_MIN_AGE:
		return duration_option(args, option, &query->min_age);
	case QUERY_MAX_AGE:
		return max_age_option(args, query);
	case QUERY_SORT:
		return sort_option(args, query);
	case QUERY_BY:
		return by_option(args, option, &query->by_site);
	case QUERY_REVERSE:
		query->reverse = true;
		return 0;
	case QUERY_LIMIT:
		return number_option(args, option, 0, UINT64_MAX,
				     &query->limit);
	case QUERY_STACKS:
		query->stacks = true;
		return 0;
	default:
		query->json = true;
		return 0;
	}
}

/**
 * struct selection - rows that wait to be sorted
 * @query: the user's query
 * @printer: where rows go
 * @rows: the rows that wait, @nr of them
 * @room: size of @rows
 * @sites: the sums, if the query is by site
 */
struct selection {
	const struct query *query;
	struct printer *printer;
	struct row *rows;
	size_t nr;
	size_t room;
	struct sites sites;
};

/* Rows beyond twice the limit that may wait before they are sorted */
#define SLACK 1024

/* by_place() - order rows with equal sort keys */
static int by_place(const struct row *a, const struct row *b)
{
	int ret = compare_numbers(a->origin->number, b->origin->number);

	if (!ret)
		ret = compare_numbers(a->space, b->space);
	if (!ret)
		ret = compare_numbers(a->address, b->address);
	if (!ret)
		ret = compare_numbers(a->id, b->id);
	if (!ret)
		ret = compare_numbers(a->client, b->client);
	return ret ? ret : compare_numbers(a->allocated, b->allocated);
}

static int compare_rows(const void *left, const void *right, void *context)
{
	const struct row *a = left, *b = right;
	const struct query *query = context;
	int ret = 0;

	switch (query->sort) {
	case SORT_AGE:
		ret = compare_numbers(a->allocated, b->allocated);
		break;
	case SORT_SIZE:
		ret = compare_numbers(b->size, a->size);
		break;
	case SORT_CLIENT:
		ret = compare_numbers(a->origin->number, b->origin->number);
		if (!ret)
			ret = compare_numbers(a->client, b->client);
		break;
	default:
		break;
	}
	if (!ret)
		ret = by_place(a, b);
	return query->reverse ? -ret : ret;
}

static void sort_rows(struct selection *selection)
{
	const struct query *query = selection->query;

	if (selection->nr)
		qsort_r(selection->rows, selection->nr,
			sizeof(*selection->rows), compare_rows, (void *)query);
	if (selection->nr > query->limit)
		selection->nr = query->limit;
}

static bool is_crowded(const struct selection *selection)
{
	uint64_t limit = selection->query->limit;

	return limit < SIZE_MAX / 4 && selection->nr >= 2 * limit + SLACK;
}

static void make_room(struct selection *selection)
{
	size_t room = selection->room ? 2 * selection->room : SLACK;
	struct row *rows;

	rows = reallocarray(selection->rows, room, sizeof(*rows));
	if (!rows)
		exit(fail(
			"out of memory for the list: free some, or use --limit"));
	selection->rows = rows;
	selection->room = room;
}

/* The reverse of the kernel's order also begins with the last row. */
static bool must_wait(const struct query *query)
{
	return query->sort != SORT_NONE || query->reverse;
}

static void selection_add(struct selection *selection, const struct row *row)
{
	if (selection->query->by_site) {
		sites_add(&selection->sites, row);
		return;
	}
	if (!must_wait(selection->query)) {
		if (selection->printer->nr < selection->query->limit)
			printer_row(selection->printer, row);
		return;
	}
	if (is_crowded(selection))
		sort_rows(selection);
	if (selection->nr == selection->room)
		make_room(selection);
	selection->rows[selection->nr++] = *row;
}

static void print_sites(struct selection *selection)
{
	const struct query *query = selection->query;
	const struct site **sites = sites_sort(&selection->sites);
	size_t nr = selection->sites.nr;

	for (size_t i = 0; i < nr && i < query->limit; i++)
		printer_site(selection->printer,
			     sites[query->reverse ? nr - 1 - i : i]);
	free(sites);
	sites_drop(&selection->sites);
}

static void selection_end(struct selection *selection)
{
	if (selection->query->by_site) {
		print_sites(selection);
		return;
	}
	sort_rows(selection);
	for (size_t i = 0; i < selection->nr; i++)
		printer_row(selection->printer, &selection->rows[i]);
	free(selection->rows);
}

/* The states that the kernel filters by; is_wanted() filters by the others. */
#define KERNEL_STATES                                               \
	(BUFTRACK_RECORD_STATE_LIVE | BUFTRACK_RECORD_STATE_FREED | \
	 BUFTRACK_RECORD_STATE_REMAINING)

/**
 * struct visit - the state of a listing
 * @query: the user's query
 * @selection: rows that wait to be sorted
 * @totals: sums so far
 * @origins: the devices so far
 * @origin: the current device
 * @began: the devices' clock when the first one was listed
 * @stacks: kernel stacks of all devices
 * @space_met: a device has the space that the user wants
 * @client_met: a device has the client that the user wants
 */
struct visit {
	const struct query *query;
	struct selection selection;
	struct totals totals;
	struct origin *origins;
	struct origin *origin;
	uint64_t began;
	struct stacks stacks;
	bool space_met;
	bool client_met;
};

/* Devices are listed one after the other, but all ages refer to one time. */
static void set_clock(struct visit *visit, struct origin *origin,
		      const struct buftrack_device_status *status)
{
	if (!visit->began)
		visit->began = buftrack_device_status_now(status);
	origin->now = visit->began;
}

static int add_origin(struct visit *visit, struct buftrack_device *device,
		      const struct buftrack_device_status *status)
{
	struct origin *origin = xcalloc(1, sizeof(*origin));

	origin->number = buftrack_device_status_number(status);
	set_clock(visit, origin, status);
	copy_name(origin->name, buftrack_device_status_name(status),
		  sizeof(origin->name));
	origin->driver = has_driver(status);
	*(visit->origin ? &visit->origin->next : &visit->origins) = origin;
	visit->origin = origin;
	return read_spaces(origin->spaces, device);
}

static void drop_origins(struct visit *visit)
{
	while (visit->origins) {
		struct origin *origin = visit->origins;

		visit->origins = origin->next;
		drop_owners(&origin->owners);
		free(origin);
	}
}

static bool is_wanted(const struct query *query,
		      const struct buftrack_buffer *buffer)
{
	unsigned int more = query->states & ~KERNEL_STATES;

	if (query->has_pid && query->pid != buftrack_buffer_pid(buffer))
		return false;
	if (buftrack_buffer_size(buffer) > query->max_size)
		return false;
	return !query->states ||
	       (query->states & KERNEL_STATES &
		buftrack_buffer_state(buffer)) ||
	       (more & buftrack_buffer_state(buffer));
}

/*
 * is_by_driver() - true if the device's driver reported the record
 *
 * A driver reports into the shared domain of its device. If the client is no longer
 * kept, an orphaned record still proves it: only shared domains have orphans.
 */
static bool is_by_driver(const struct row *row)
{
	return row->origin->driver &&
	       (row->owner->shared ||
		row->state & BUFTRACK_RECORD_STATE_ORPHANED);
}

/* Only a driver's sites are numbers of kernel stacks. */
static void add_stacks(struct visit *visit, struct buftrack_device *device,
		       struct row *row)
{
	row->by_driver = is_by_driver(row);
	if (!row->by_driver || !(visit->query->json || visit->query->stacks))
		return;
	row->stack = find_stack(&visit->stacks, device, row->site);
	row->ended_stack = find_stack(&visit->stacks, device, row->ended_site);
}

static void take_buffer(struct visit *visit, struct buftrack_device *device,
			const struct buftrack_buffer *buffer)
{
	struct row row = {
		.origin = visit->origin,
		.client = buftrack_buffer_client(buffer),
		.address = buftrack_buffer_address(buffer),
		.size = buftrack_buffer_size(buffer),
		.span = buftrack_buffer_span(buffer),
		.id = buftrack_buffer_id(buffer),
		.allocated = buftrack_buffer_allocated(buffer),
		.ended = buftrack_buffer_ended(buffer),
		.ended_by = buftrack_buffer_ended_by(buffer),
		.site = buftrack_buffer_site(buffer),
		.ended_site = buftrack_buffer_ended_site(buffer),
		.space = buftrack_buffer_space(buffer),
		.state = buftrack_buffer_state(buffer),
		.repeats = buftrack_buffer_repeats(buffer),
		.pid = buftrack_buffer_pid(buffer),
	};

	copy_name(row.comm, buftrack_buffer_comm(buffer), sizeof(row.comm));
	row.owner = find_owner(&visit->origin->owners, device, row.client);
	add_stacks(visit, device, &row);
	visit->totals.matched++;
	visit->totals.bytes += row.size;
	visit->totals.redacted +=
		!!(row.state & BUFTRACK_RECORD_STATE_REDACTED);
	visit->origin->matched++;
	selection_add(&visit->selection, &row);
}

/* set_states() - doubtful and orphaned records are live, too */
static void set_states(struct buftrack_filter *filter, unsigned int states)
{
	if (states & ~KERNEL_STATES)
		states |= BUFTRACK_RECORD_STATE_LIVE;
	buftrack_filter_set_states(filter, states & KERNEL_STATES);
}

/* make_filter() - the filter for the kernel; NULL: the device lacks the space */
static struct buftrack_filter *make_filter(struct visit *visit,
					   struct buftrack_device *device)
{
	const struct query *query = visit->query;
	struct buftrack_filter *filter = checked(buftrack_filter_new());

	buftrack_filter_set_client(filter, query->client);
	set_states(filter, query->states);
	buftrack_filter_set_min_size(filter, query->min_size);
	buftrack_filter_set_age(filter, query->min_age, query->max_age);
	if (query->space) {
		struct buftrack_space *space =
			buftrack_device_find_space(device, query->space);

		if (!space) {
			buftrack_filter_free(filter);
			return NULL;
		}
		buftrack_filter_set_space(filter, buftrack_space_number(space));
		buftrack_space_free(space);
	}
	visit->space_met = true;
	return filter;
}

static void note_instant(struct origin *origin,
			 const struct buftrack_listing *listing)
{
	origin->listed = true;
	origin->instant = buftrack_listing_instant(listing);
	origin->missed = buftrack_listing_missed(listing);
	origin->exact = buftrack_listing_is_exact(listing);
}

static int list_device(struct visit *visit, struct buftrack_device *device,
		       const struct buftrack_filter *filter)
{
	struct buftrack_listing *listing =
		checked(buftrack_listing_new(device, filter));
	const struct buftrack_buffer *buffer;
	int ret;

	while ((ret = buftrack_listing_next(listing, &buffer)) > 0)
		if (is_wanted(visit->query, buffer))
			take_buffer(visit, device, buffer);
	if (!ret)
		note_instant(visit->origin, listing);
	buftrack_listing_free(listing);
	return ret < 0 ?
		       fail_errno(REQ_RECORDS, "device %u (%s)",
				  visit->origin->number, visit->origin->name) :
		       0;
}

/* has_client() - true if the device has the client that the user wants */
static bool has_client(const struct visit *visit,
		       struct buftrack_device *device)
{
	struct buftrack_client *client;

	if (!visit->query->client)
		return true;
	client = buftrack_device_read_client(device, visit->query->client);
	buftrack_client_free(client);
	return client;
}

static int add_remaining(struct visit *visit, struct buftrack_device *device)
{
	struct buftrack_counter_set *set;

	if (!visit->totals.remaining)
		return 0;
	set = buftrack_device_read_counters(device, BUFTRACK_SCOPE_DEVICE, 0);
	if (!set)
		return fail_errno(REQ_COUNTERS, "device %u (%s)",
				  visit->origin->number, visit->origin->name);
	visit->totals.remaining_buffers += buftrack_counter_set_value(
		set, BUFTRACK_COUNTER_REMAINING_BUFFERS);
	visit->totals.remaining_bytes += buftrack_counter_set_value(
		set, BUFTRACK_COUNTER_REMAINING_BYTES);
	buftrack_counter_set_free(set);
	return 0;
}

static int visit_device(struct buftrack_device *device,
			const struct buftrack_device_status *status,
			void *context)
{
	struct visit *visit = context;
	struct buftrack_filter *filter;
	int ret;

	if (add_origin(visit, device, status) || add_remaining(visit, device))
		return EXIT_FAILED;
	if (!has_client(visit, device))
		return 0;
	visit->client_met = true;
	filter = make_filter(visit, device);
	if (!filter)
		return 0;
	ret = list_device(visit, device, filter);
	buftrack_filter_free(filter);
	return ret;
}

/* A space or client that no device has is an error, not an empty list. */
static int check_met(const struct visit *visit)
{
	const struct query *query = visit->query;
	const char *where = query->device ? "the device has no" :
					    "no device has a";

	if (!visit->client_met && query->client)
		return fail("%s client %llu: see 'buftrack status'", where,
			    (unsigned long long)query->client);
	if (!visit->space_met && query->space)
		return fail("%s space '%s': see 'buftrack status'", where,
			    query->space);
	return 0;
}

/* list_records() - @array takes the JSON instead of standard output, unless NULL */
static int list_records(const struct query *query, bool remaining,
			struct json_object *array)
{
	struct printer printer = { .json = query->json, .array = array };
	struct visit visit = {
		.query = query,
		.selection = { .query = query, .printer = &printer },
		.totals = { .by_site = query->by_site, .remaining = remaining },
	};
	int ret;

	if (query->stacks)
		printer.stacks = &visit.stacks;
	ret = each_device(query->device, visit_device, &visit);
	if (!ret)
		ret = check_met(&visit);
	visit.totals.sites = visit.selection.sites.nr;
	selection_end(&visit.selection);
	/* After an error there are sums only if there were rows. */
	if (!array && (!ret || printer.nr))
		printer_end(&printer, &visit.totals, visit.origins);
	drop_stacks(&visit.stacks);
	drop_origins(&visit);
	return ret;
}

static int parse_query(struct args *args, struct query *query,
		       int (*more_option)(const struct args *args,
					  struct query *query))
{
	int option, bad = 0;

	while (!bad && (option = next_option(args)) >= 0)
		bad = option < NR_QUERY_OPTIONS ?
			      query_option(args, option, query) :
			      more_option(args, query);
	if (bad)
		return bad;
	if (option != OPTIONS_END)
		return option;
	if (query->by_site && query->sort != SORT_NONE) {
		usage_error(args,
			    "sums by site come largest first: drop --sort");
		return OPTIONS_BAD;
	}
	return operands(args, 0, 0) ? OPTIONS_END : OPTIONS_BAD;
}

int run_query(struct args *args, unsigned int states,
	      int (*more_option)(const struct args *args, struct query *query))
{
	struct query query = {
		.states = states,
		.max_size = UINT64_MAX,
		.limit = UINT64_MAX,
	};
	int ret = parse_query(args, &query, more_option);

	if (ret != OPTIONS_END)
		return options_status(ret);
	return list_records(&query, states == BUFTRACK_RECORD_STATE_REMAINING,
			    NULL);
}

int list_sites(const char *device, struct json_object *array)
{
	const struct query query = {
		.device = device,
		.states = BUFTRACK_RECORD_STATE_LIVE,
		.max_size = UINT64_MAX,
		.limit = UINT64_MAX,
		.by_site = true,
		.json = array,
	};

	return list_records(&query, false, array);
}
