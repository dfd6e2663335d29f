// SPDX-License-Identifier: GPL-2.0
/*
 * Printing records, for list and remaining, as text and as JSON
 */
#include <inttypes.h>
#include <stdio.h>

#include "../util/json.h"
#include "../util/table.h"
#include "../util/text.h"
#include "records.h"

static const struct table_column columns[] = {
	{ "DEVICE", TABLE_RIGHT },
	{ "CLIENT", TABLE_RIGHT },
	{ "PID", TABLE_RIGHT },
	{ "COMM", 0 },
	{ "CLAIMS TO BE", 0 },
	{ "SPACE", 0 },
	{ "ADDRESS", TABLE_RIGHT },
	{ "SIZE", TABLE_RIGHT },
	{ "AGE", TABLE_RIGHT },
	{ "ID", TABLE_RIGHT },
	{ "SITE", TABLE_RIGHT | TABLE_OPTIONAL },
	{ "FREED AT", TABLE_RIGHT | TABLE_OPTIONAL },
	{ "STATE", 0 },
	{ .name = NULL },
};

static const char *state_name(const struct row *row)
{
	if (row->state & BUFTRACK_RECORD_STATE_FREED)
		return "freed";
	if (row->state & BUFTRACK_RECORD_STATE_REMAINING)
		return "remaining";
	return "live";
}

static uint64_t age_of(const struct row *row)
{
	uint64_t now = row->origin->now;

	return now > row->allocated ? now - row->allocated : 0;
}

static void owner_cells(struct table *table, const struct row *row)
{
	char text[CLAIM_TEXT] = "-";

	if (row->pid)
		table_cell(table, "%u", row->pid);
	else
		table_cell(table, "-");
	table_cell(table, "%s", row->pid || *row->comm ? row->comm : OTHER);
	if (row->owner)
		claim_text(row->owner->claimed_pid, row->owner->claimed_name,
			   text);
	table_cell(table, "%s", text);
}

/* A site of 0 means none, unlike an address of 0. */
static void site_cell(struct table *table, uint64_t site, struct stack *stack)
{
	if (stack)
		stack->named = true;
	if (site)
		table_cell(table, "0x%" PRIx64, site);
	else
		table_cell(table, "-");
}

static void state_cell(struct table *table, const struct row *row)
{
	char times[UNIT_TEXT] = "";

	if (row->repeats)
		snprintf(times, sizeof(times), " %" PRIu64 " times",
			 (uint64_t)row->repeats + 1);
	table_cell(
		table, "%s%s%s%s%s", state_name(row), times,
		row->state & BUFTRACK_RECORD_STATE_DOUBTFUL ? ", doubtful" : "",
		row->state & BUFTRACK_RECORD_STATE_ORPHANED ? ", orphaned" : "",
		row->owner && row->owner->exited ? ", opener exited" : "");
}

/*
 * is_identity() - true if the address is an id, for an object that has no address
 *
 * Drivers report such an object with its id as the address and with span 0. That id is
 * a 64-bit hash; a small number is a real place, such as a window, and may equal the id.
 */
static bool is_identity(const struct row *row)
{
	return row->by_driver && !row->span && row->address == row->id &&
	       row->id > UINT32_MAX;
}

static void text_row(struct table *table, const struct row *row)
{
	char space[BUFTRACK_SPACE_NAME_SIZE], text[UNIT_TEXT];

	table_row(table, NULL);
	table_cell(table, "%u", row->origin->number);
	table_cell(table, "%" PRIu64, row->client);
	owner_cells(table, row);
	table_cell(table, "%s",
		   space_name(row->origin->spaces, row->space, space));
	if (is_redacted(row) || is_identity(row))
		table_cell(table, "-");
	else
		table_cell(table, "0x%" PRIx64, row->address);
	table_cell(table, "%s", size_text(row->size, text));
	table_cell(table, "%s", duration_text(age_of(row), text));
	if (is_redacted(row))
		table_cell(table, "-");
	else
		table_cell(table, "%" PRIu64, row->id);
	site_cell(table, row->site, row->stack);
	site_cell(table, row->ended_site, row->ended_stack);
	state_cell(table, row);
}

static const struct table_column site_columns[] = {
	{ "DEVICE", TABLE_RIGHT },
	{ "CLIENT", TABLE_RIGHT },
	{ "PID", TABLE_RIGHT },
	{ "COMM", 0 },
	{ "CLAIMS TO BE", TABLE_OPTIONAL },
	{ "SPACE", 0 },
	{ "SITE", TABLE_RIGHT },
	{ "BUFFERS", TABLE_RIGHT },
	{ "SIZE", TABLE_RIGHT },
	{ .name = NULL },
};

static void site_owner_cells(struct table *table, const struct site *site)
{
	if (!site->several) {
		table_cell(table, "%" PRIu64, site->row.client);
		owner_cells(table, &site->row);
		return;
	}
	table_cell(table, "-");
	table_cell(table, "-");
	table_cell(table, "several");
	table_cell(table, "-");
}

static void site_text(struct table *table, const struct site *site)
{
	const struct row *row = &site->row;
	char space[BUFTRACK_SPACE_NAME_SIZE];

	table_row(table, NULL);
	table_cell(table, "%u", row->origin->number);
	site_owner_cells(table, site);
	table_cell(table, "%s",
		   space_name(row->origin->spaces, row->space, space));
	if (is_redacted(row))
		table_cell(table, "not shown");
	else
		site_cell(table, row->site, row->stack);
	table_number(table, site->buffers);
	table_size(table, site->bytes);
}

static void device_name_json(struct json_object *object, const struct row *row)
{
	json_put_number(object, "device", row->origin->number);
	json_put_text(object, "device_name", row->origin->name);
}

static void identity_json(struct json_object *object, const struct row *row)
{
	device_name_json(object, row);
	json_put_number(object, "client", row->client);
	json_put_number(object, "pid", row->pid);
	json_put_text(object, "comm",
		      row->pid || *row->comm ? row->comm : OTHER);
	if (row->owner && row->owner->claimed_pid)
		json_put_number(object, "claimed_pid", row->owner->claimed_pid);
	if (row->owner && *row->owner->claimed_name)
		json_put_text(object, "claimed_name", row->owner->claimed_name);
	json_put_bool(object, "opener_exited",
		      row->owner && row->owner->exited);
}

static void place_json(struct json_object *object, const struct row *row)
{
	char text[BUFTRACK_SPACE_NAME_SIZE];
	bool redacted = is_redacted(row);

	json_put_text(object, "space",
		      space_name(row->origin->spaces, row->space, text));
	json_put_shown(object, "address", row->address, !redacted);
	json_put_number(object, "size", row->size);
	json_put_number(object, "span", row->span);
	json_put_shown(object, "id", row->id, !redacted);
	json_put_shown(object, "site", row->site, !redacted);
	json_put_shown(object, "ended_site", row->ended_site, !redacted);
	if (row->stack)
		json_put_lines(object, "stack", row->stack->frames);
	if (row->ended_stack)
		json_put_lines(object, "ended_stack", row->ended_stack->frames);
	json_put_bool(object, "redacted", redacted);
}

/* Each record is printed at once, since a tree of all of them would be large. */
static void json_row(const struct row *row)
{
	struct json_object *object = json_dict();

	identity_json(object, row);
	place_json(object, row);
	json_put_text(object, "state", state_name(row));
	json_put_bool(object, "doubtful",
		      row->state & BUFTRACK_RECORD_STATE_DOUBTFUL);
	json_put_bool(object, "orphaned",
		      row->state & BUFTRACK_RECORD_STATE_ORPHANED);
	json_put_number(object, "age_ns", age_of(row));
	json_put_number(object, "allocated_ns", row->allocated);
	json_put_number(object, "ended_ns", row->ended);
	json_put_number(object, "ended_by", row->ended_by);
	json_put_number(object, "repeats", row->repeats);
	json_print_plain(object);
}

static struct json_object *site_json(const struct site *site)
{
	const struct row *row = &site->row;
	struct json_object *object = json_dict();
	char text[BUFTRACK_SPACE_NAME_SIZE];

	if (site->several)
		device_name_json(object, row);
	else
		identity_json(object, row);
	json_put_bool(object, "several_clients", site->several);
	json_put_text(object, "space",
		      space_name(row->origin->spaces, row->space, text));
	json_put_shown(object, "site", row->site, !is_redacted(row));
	if (row->stack)
		json_put_lines(object, "stack", row->stack->frames);
	json_put_bool(object, "redacted", is_redacted(row));
	json_put_number(object, "buffers", site->buffers);
	json_put_number(object, "bytes", site->bytes);
	return object;
}

/* print_head() - print the text before each element of an array */
static void print_head(const struct printer *printer, const char *name)
{
	if (printer->nr > 1)
		printf(",\n");
	else
		printf("{\"%s\":[\n", name);
}

void printer_site(struct printer *printer, const struct site *site)
{
	printer->nr++;
	if (printer->array) {
		json_append(printer->array, site_json(site));
		return;
	}
	if (printer->json) {
		print_head(printer, "sites");
		json_print_plain(site_json(site));
		return;
	}
	if (!printer->table)
		printer->table = table_new(site_columns);
	site_text(printer->table, site);
}

void printer_row(struct printer *printer, const struct row *row)
{
	printer->nr++;
	if (printer->json) {
		print_head(printer, "records");
		json_row(row);
		return;
	}
	if (!printer->table)
		printer->table = table_new(columns);
	text_row(printer->table, row);
}

static void device_json(struct json_object *array, const struct origin *origin)
{
	struct json_object *object = json_dict();

	json_put_number(object, "device", origin->number);
	json_put_text(object, "device_name", origin->name);
	json_put_number(object, "instant_ns", origin->instant);
	json_put_bool(object, "exact", origin->exact);
	json_put_number(object, "missed", origin->missed);
	json_put_number(object, "matched", origin->matched);
	json_append(array, object);
}

/* Each device has its own instant; the list as a whole shows the first one. */
static void instants_json(const struct origin *origins)
{
	struct json_object *array = json_array();
	uint64_t missed = 0, instant = 0;
	bool exact = true;

	for (; origins; origins = origins->next) {
		if (!origins->listed)
			continue;
		device_json(array, origins);
		if (!instant)
			instant = origins->instant;
		missed += origins->missed;
		exact &= origins->exact;
	}
	printf(",\"instant_ns\":%" PRIu64 ",\"exact\":%s,\"missed\":%" PRIu64
	       ",\"listings\":",
	       instant, exact ? "true" : "false", missed);
	json_print_plain(array);
}

static void end_json(const struct printer *printer, const struct totals *totals,
		     const struct origin *origins)
{
	if (!printer->nr)
		print_head(printer, totals->by_site ? "sites" : "records");
	printf("%s],\"matched\":%" PRIu64 ",\"matched_bytes\":%" PRIu64,
	       printer->nr ? "\n" : "", totals->matched, totals->bytes);
	if (totals->remaining)
		printf(",\"remaining_buffers\":%" PRIu64
		       ",\"remaining_bytes\":%" PRIu64,
		       totals->remaining_buffers, totals->remaining_bytes);
	instants_json(origins);
	printf("}\n");
}

static void end_text(const struct printer *printer, const struct totals *totals)
{
	char text[UNIT_TEXT];

	uint64_t all = totals->by_site ? totals->sites : totals->matched;

	if (printer->nr < all)
		printf("%" PRIu64 " shown of ", printer->nr);
	if (totals->by_site)
		printf("%zu site%s, ", totals->sites,
		       totals->sites == 1 ? "" : "s");
	printf("%" PRIu64 " buffer%s, %s", totals->matched,
	       totals->matched == 1 ? "" : "s", size_text(totals->bytes, text));
	if (totals->remaining)
		printf(", out of %" PRIu64 " remaining in total, %s",
		       totals->remaining_buffers,
		       size_text(totals->remaining_bytes, text));
	printf("\n");
}

/* print_instant() - the instant of a device, and whether the list is exact */
static void print_instant(const struct origin *origin, bool name)
{
	char stamp[UNIT_TEXT], number[UNIT_TEXT];

	if (name)
		printf("device %u (%s): ", origin->number, origin->name);
	if (origin->exact) {
		printf("exact as of %s s since boot, %s record%s\n",
		       stamp_text(origin->instant, stamp),
		       number_text(origin->matched, number),
		       origin->matched == 1 ? "" : "s");
		return;
	}
	printf("%snot exact%s as of %s s since boot: ", bad(), plain(),
	       stamp_text(origin->instant, stamp));
	if (origin->missed)
		printf("%s record%s of that instant %s replaced before %s read\n",
		       number_text(origin->missed, number),
		       origin->missed == 1 ? "" : "s",
		       origin->missed == 1 ? "was" : "were",
		       origin->missed == 1 ? "it was" : "they were");
	else
		printf("the device was removed meanwhile, or too many listings ran at once: list it again\n");
}

static void print_instants(const struct origin *origins)
{
	bool several = origins && origins->next;

	for (; origins; origins = origins->next)
		if (origins->listed)
			print_instant(origins, several);
}

void printer_end(struct printer *printer, const struct totals *totals,
		 const struct origin *origins)
{
	char number[UNIT_TEXT];

	if (printer->json) {
		end_json(printer, totals, origins);
		return;
	}
	table_end(printer->table);
	end_text(printer, totals);
	print_instants(origins);
	if (totals->redacted)
		printf("%s of them %s another user's, with address, id and sites hidden: " HOW_TO_SEE
		       "\n",
		       number_text(totals->redacted, number),
		       totals->redacted == 1 ? "is" : "are");
	if (printer->stacks)
		print_named_stacks(printer->stacks);
}
