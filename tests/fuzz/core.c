// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz-core SEEDS [FIRST]
 *
 * Feeds random events to the tracker core in this process and to a model written from
 * the rules, and compares all counters after each of them, and all records and trees now
 * and then. Each seed draws its own mixture: few or many keys, spans, ids, clients, small
 * bounds. Prints TAP, a result for each seed; "fuzz-core 1 FIRST" repeats one.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/offline/offline.h"
#include "../../tools/trace/trace.h"
#include "../cli/model.h"
#include "../cli/random.h"
#include "trees.h"

#define NR_EVENTS 4000
#define NR_DEVICES 2
#define MAX_OPEN 12
#define MAX_CLIENTS 500

/* Events between two comparisons of all records */
#define BETWEEN_LISTS 64

/**
 * struct mixture - what a seed draws once
 * @spaces: number of spaces
 * @addresses: number of addresses
 * @ids: number of ids, of which 0 is none
 * @step: distance of two addresses
 * @max_span: largest span
 * @gaps: one in so many events is a gap
 * @switches: one in so many events turns tracking on or off
 * @frees: of ten events, so many are frees
 */
struct mixture {
	unsigned int spaces;
	uint64_t addresses;
	uint64_t ids;
	uint64_t step;
	uint64_t max_span;
	uint64_t gaps;
	uint64_t switches;
	uint64_t frees;
};

struct side {
	struct offline_device *books;
	struct device *model;
};

struct reporter {
	struct offline_client *books;
	struct client *model;
	struct side *side;
};

static struct {
	struct mixture mixture;
	struct offline *offline;
	struct model model;
	struct side sides[NR_DEVICES];
	struct reporter open[MAX_OPEN];
	unsigned int nr_open;
	unsigned int nr_clients;
	char complaint[256];
} fuzz;

static bool __attribute__((format(printf, 1, 2)))
complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fuzz.complaint, sizeof(fuzz.complaint), format, args);
	va_end(args);
	return false;
}

static void draw_mixture(void)
{
	static const uint64_t some[] = { 1, 3, 30, 300, 1000 };

	fuzz.mixture = (struct mixture){
		.spaces = 1 + roll(3),
		.addresses = some[roll(5)],
		.ids = some[roll(4)],
		.step = one_in(2) ? 16 : 1 + roll(64),
		.max_span = one_in(4) ? 1 :
			    one_in(2) ? 64 :
					2000,
		.gaps = one_in(2) ? 100000 : 20 + roll(200),
		.switches = one_in(2) ? 100000 : 50 + roll(200),
		.frees = 3 + roll(4),
	};
}

static void add_device(struct side *side, const char *name,
		       const struct buftrack_settings *settings)
{
	static const char *const spaces[] = { "DRAM", "L1", "TRACE" };

	side->books = offline_device_add(fuzz.offline, name);
	side->model = model_device(&fuzz.model, name);
	offline_device_apply(side->books, settings);
	for (unsigned int i = 0; i < fuzz.mixture.spaces; i++) {
		offline_device_add_space(side->books, spaces[i], 0, NULL);
		model_space(side->model, spaces[i]);
	}
}

static void begin(uint64_t seed)
{
	struct buftrack_settings *settings = buftrack_settings_new();

	memset(&fuzz, 0, sizeof(fuzz));
	seed_random(seed);
	draw_mixture();
	fuzz.offline = offline_new(0);
	fuzz.model.max_freed = one_in(2) ? 65536 : roll(40);
	fuzz.model.max_records = one_in(2) ? 16777216 : 1 + roll(200);
	buftrack_settings_limit_freed(settings, fuzz.model.max_freed);
	buftrack_settings_limit_records(settings, fuzz.model.max_records);
	add_device(&fuzz.sides[0], "chip0", settings);
	add_device(&fuzz.sides[1], "chip1", settings);
	buftrack_settings_free(settings);
}

static void open_client(void)
{
	static const struct offline_process process = { .pid = 1,
							.comm = "fuzz" };
	struct buftrack_declaration *declaration = buftrack_declaration_new();
	struct reporter *reporter = &fuzz.open[fuzz.nr_open++];
	bool late = one_in(2), shared = one_in(2);
	uint64_t first_id = one_in(3) ? roll(fuzz.mixture.ids + 1) : 0;

	buftrack_declaration_set_flags(
		declaration, (late ? BUFTRACK_DECLARE_LATE : 0) |
				     (shared ? BUFTRACK_DECLARE_SHARED : 0));
	buftrack_declaration_set_first_id(declaration, first_id);
	reporter->side = &fuzz.sides[roll(NR_DEVICES)];
	reporter->books = offline_client_open(reporter->side->books, &process,
					      declaration, roll(1000000));
	reporter->model = model_open(&fuzz.model, reporter->side->model,
				     first_id, late, shared);
	fuzz.nr_clients++;
	buftrack_declaration_free(declaration);
}

static void close_client(struct reporter *reporter)
{
	offline_client_close(reporter->books, roll(1000000));
	model_close(&fuzz.model, reporter->model);
	*reporter = fuzz.open[--fuzz.nr_open];
}

static void lose(struct reporter *reporter)
{
	offline_lost(reporter->books, 1, 0);
	model_gap(&fuzz.model, reporter->model);
}

static void switch_tracking(void)
{
	struct side *side = &fuzz.sides[roll(NR_DEVICES)];

	side->model->enabled = !one_in(3);
	offline_device_enable(side->books, side->model->enabled);
}

static struct event draw_event(void)
{
	const struct mixture *mixture = &fuzz.mixture;
	uint64_t address = mixture->step * roll(mixture->addresses);
	struct event event = {
		.op = roll(10) < mixture->frees ? TRACE_FREE : TRACE_ALLOC,
		.space = roll(mixture->spaces),
		.address = one_in(8) ? UINT64_MAX - address : address,
		.id = roll(mixture->ids),
	};

	if (one_in(10))
		event.op = TRACE_USE;
	if (event.op == TRACE_ALLOC) {
		event.size = 1 + roll(one_in(8) ? UINT64_C(1) << 31 : 64);
		event.span = one_in(4) ? 0 : 1 + roll(mixture->max_span);
		if (event.span && event.address > UINT64_MAX - (event.span - 1))
			event.span = UINT64_MAX - event.address + 1;
		return event;
	}
	event.address +=
		one_in(6) && event.address < UINT64_MAX - 16 ? roll(16) : 0;
	event.size = one_in(3) ? 1 + roll(64) : 0;
	event.refused = event.op == TRACE_FREE && one_in(10);
	return event;
}

/* The evidence fits the report and the verdict. */
static bool check_evidence(const struct buftrack_report *report, int verdict,
			   const struct buftrack_event *event)
{
	bool wrong = verdict > BUFTRACK_VERDICT_UNTRACKED;

	if (wrong != !!event->sequence)
		return complain("verdict %d, but %s evidence", verdict,
				event->sequence ? "has" : "no");
	if (!wrong)
		return true;
	if (event->verdict != (unsigned int)verdict ||
	    memcmp(&event->report, report, sizeof(*report)))
		return complain("the evidence is of another report");
	if (event->target.client && event->target.address != report->address)
		return complain("the target has another address");
	if (report->id && event->target.client &&
	    event->target.id != report->id)
		return complain("the target has another id");
	if (event->target.client && event->target.allocated > event->stamp)
		return complain("the target is younger than the report");
	return true;
}

static bool report(struct reporter *reporter, const struct event *event)
{
	const struct buftrack_report report = {
		.op = event->op == TRACE_ALLOC ? BUFTRACK_OP_ALLOC :
		      event->op == TRACE_FREE  ? BUFTRACK_OP_FREE :
						 BUFTRACK_OP_USE,
		.flags = event->refused ? BUFTRACK_REPORT_REFUSED : 0,
		.space = event->space,
		.address = event->address,
		.size = event->size,
		.span = event->span,
		.id = event->id,
		.site = roll(1000),
	};
	struct buftrack_event evidence;
	int verdict = offline_report(reporter->books, &report, roll(1000000),
				     &evidence);

	if (verdict < 0)
		return complain("a report is refused");
	model_report(&fuzz.model, reporter->model, event);
	return check_evidence(&report, verdict, &evidence);
}

static bool step(void)
{
	struct event event;

	if (fuzz.nr_clients < MAX_CLIENTS &&
	    (!fuzz.nr_open || (fuzz.nr_open < MAX_OPEN && one_in(60)))) {
		open_client();
	} else if (fuzz.nr_open > 1 && one_in(100)) {
		close_client(&fuzz.open[roll(fuzz.nr_open)]);
	} else if (one_in(fuzz.mixture.gaps)) {
		lose(&fuzz.open[roll(fuzz.nr_open)]);
	} else if (one_in(fuzz.mixture.switches)) {
		switch_tracking();
	} else {
		event = draw_event();
		return report(&fuzz.open[roll(fuzz.nr_open)], &event);
	}
	return true;
}

static bool compare_counters(const struct side *side, enum buftrack_scope scope,
			     uint64_t number, const struct counts *expected)
{
	uint64_t values[BUFTRACK_NR_COUNTERS];

	if (offline_device_copy_counters(side->books, scope, number, values))
		return complain("scope %d, number %" PRIu64 " is missing",
				scope, number);
	for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++)
		if (values[i] != expected->value[i])
			return complain("%s, scope %d, number %" PRIu64
					": %s is %" PRIu64
					", should be %" PRIu64,
					side->model->name, scope, number,
					buftrack_counter_name(i), values[i],
					expected->value[i]);
	return true;
}

static bool compare_all_counters(const struct side *side)
{
	if (!compare_counters(side, BUFTRACK_SCOPE_DEVICE, 0,
			      &side->model->counts))
		return false;
	for (unsigned int i = 0; i < side->model->nr_spaces; i++)
		if (!compare_counters(side, BUFTRACK_SCOPE_SPACE, i,
				      &side->model->spaces[i].counts))
			return false;
	for (const struct client *c = side->model->clients; c; c = c->next)
		if (!compare_counters(side, BUFTRACK_SCOPE_CLIENT, c->number,
				      &c->counts))
			return false;
	return true;
}

static const struct record *find_in(const struct domain *domain,
				    const struct buftrack_record *wanted)
{
	const struct record *r = domain->records;

	while (r && (r->owner->number != wanted->client ||
		     r->space != wanted->space ||
		     r->address != wanted->address || r->id != wanted->id))
		r = r->next;
	return r;
}

static const struct client *find_client(const struct side *side,
					uint64_t number)
{
	const struct client *c = side->model->clients;

	while (c && c->number != number)
		c = c->next;
	return c;
}

static unsigned int state_of(const struct record *record)
{
	bool doubtful = record->allocated < record->owner->domain->gap;

	if (!record->live)
		return BUFTRACK_RECORD_STATE_FREED;
	return BUFTRACK_RECORD_STATE_LIVE |
	       (doubtful ? BUFTRACK_RECORD_STATE_DOUBTFUL : 0) |
	       (record->owner->open ? 0 : BUFTRACK_RECORD_STATE_ORPHANED);
}

struct listing {
	const struct side *side;
	uint64_t nr;
	bool good;
};

static int compare_record(void *context, const struct buftrack_record *record)
{
	struct listing *listing = context;
	const struct client *owner = find_client(listing->side, record->client);
	const struct record *expected = owner ? find_in(owner->domain, record) :
						NULL;

	listing->nr++;
	if (!expected)
		listing->good = complain("a record should not exist");
	else if (expected->size != record->size ||
		 expected->span != record->span)
		listing->good = complain("a record has another size or span");
	else if (state_of(expected) != record->state)
		listing->good =
			complain("a record has state 0x%x, should have 0x%x",
				 record->state, state_of(expected));
	return !listing->good;
}

static bool compare_records(const struct side *side)
{
	const struct offline_filter filter = {
		.space = BUFTRACK_ANY_SPACE,
		.states = BUFTRACK_RECORD_STATE_LIVE |
			  BUFTRACK_RECORD_STATE_FREED,
	};
	struct listing listing = { .side = side, .good = true };
	const char *wrong = trees_check(side->books);

	if (wrong)
		return complain("%s", wrong);
	offline_device_list(side->books, &filter, compare_record, &listing);
	if (listing.good && listing.nr != side->model->nr_records)
		return complain("%" PRIu64 " records, should be %" PRIu64,
				listing.nr, side->model->nr_records);
	return listing.good;
}

static bool compare(unsigned int at)
{
	for (unsigned int i = 0; i < NR_DEVICES; i++)
		if (!compare_all_counters(&fuzz.sides[i]) ||
		    (at % BETWEEN_LISTS == 0 &&
		     !compare_records(&fuzz.sides[i])))
			return false;
	return true;
}

static void drop_records(struct domain *domain)
{
	while (domain->records) {
		struct record *record = domain->records;

		domain->records = record->next;
		free(record);
	}
}

static void end(void)
{
	offline_free(fuzz.offline);
	while (fuzz.model.devices) {
		struct device *device = fuzz.model.devices;

		fuzz.model.devices = device->next;
		while (device->clients) {
			struct client *client = device->clients;

			device->clients = client->next;
			drop_records(&client->own);
			free(client);
		}
		drop_records(&device->shared);
		for (unsigned int i = 0; i < device->nr_spaces; i++)
			free((char *)device->spaces[i].name);
		free(device);
	}
}

/* run_seed() - returns the number of the event that shows a difference; 0: none does */
static unsigned int run_seed(uint64_t seed)
{
	unsigned int at;

	begin(seed);
	for (at = 1; at <= NR_EVENTS; at++)
		if (!step() || !compare(at))
			break;
	end();
	return at <= NR_EVENTS ? at : 0;
}

int main(int argc, char **argv)
{
	uint64_t nr = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	bool failed = false;

	if (!nr) {
		fprintf(stderr, "usage: fuzz-core SEEDS [FIRST]\n");
		return 2;
	}
	printf("1..%" PRIu64 "\n", nr);
	for (uint64_t i = 0; i < nr; i++) {
		unsigned int at = run_seed(first + i);

		printf("%s %" PRIu64
		       " - the core agrees with the model: seed %" PRIu64 "\n",
		       at ? "not ok" : "ok", i + 1, first + i);
		if (at)
			printf("# event %u: %s\n", at, fuzz.complaint);
		failed |= at;
		fflush(stdout);
	}
	return failed;
}
