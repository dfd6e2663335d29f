// SPDX-License-Identifier: GPL-2.0
/*
 * Listing records: writing them
 */
#include <inttypes.h>
#include <stdio.h>

#include "json-out.h"
#include "records.h"
#include "text.h"

/* So many rows are aligned with each other; a listing may have millions. */
#define TABLE_ROWS 4096

#define JSON_HEAD "{\"records\":[\n"

static const char *space_name(const struct row *row, char text[UNIT_TEXT])
{
	/* A space that came while the device was asked has no name here. */
	if (row->space < BUFTRACK_MAX_SPACES &&
	    *row->origin->spaces[row->space])
		return row->origin->spaces[row->space];
	snprintf(text, UNIT_TEXT, "#%u", row->space);
	return text;
}

static const char *state_name(const struct row *row)
{
	if (row->state & BUFTRACK_RECORD_FREED)
		return "freed";
	if (row->state & BUFTRACK_RECORD_REMAINING)
		return "remaining";
	return "live";
}

static uint64_t age_of(const struct row *row)
{
	uint64_t now = row->origin->now;

	return now > row->allocated ? now - row->allocated : 0;
}

static struct table *new_table(void)
{
	struct table *table = table_new();

	table_column(table, "DEVICE", TABLE_RIGHT);
	table_column(table, "CLIENT", TABLE_RIGHT);
	table_column(table, "PID", TABLE_RIGHT);
	table_column(table, "COMM", 0);
	table_column(table, "CLAIMS TO BE", 0);
	table_column(table, "SPACE", 0);
	table_column(table, "ADDRESS", TABLE_RIGHT);
	table_column(table, "SIZE", TABLE_RIGHT);
	table_column(table, "AGE", TABLE_RIGHT);
	table_column(table, "ID", TABLE_RIGHT);
	table_column(table, "STATE", 0);
	return table;
}

static void claim_cell(struct table *table, const struct owner *owner)
{
	if (!owner || (!owner->claimed_pid && !*owner->claimed_name))
		table_cell(table, "-");
	else if (!*owner->claimed_name)
		table_cell(table, "pid %u", owner->claimed_pid);
	else if (!owner->claimed_pid)
		table_cell(table, "'%s'", owner->claimed_name);
	else
		table_cell(table, "pid %u '%s'", owner->claimed_pid,
			   owner->claimed_name);
}

static void state_cell(struct table *table, const struct row *row)
{
	char times[UNIT_TEXT] = "";

	if (row->repeats)
		snprintf(times, sizeof(times), " %" PRIu64 " times",
			 (uint64_t)row->repeats + 1);
	table_cell(table, "%s%s%s%s%s", state_name(row), times,
		   row->state & BUFTRACK_RECORD_DOUBTFUL ? ", doubtful" : "",
		   row->state & BUFTRACK_RECORD_ORPHANED ? ", orphaned" : "",
		   row->owner && row->owner->exited ? ", opener exited" : "");
}

static void text_row(struct table *table, const struct row *row)
{
	char text[UNIT_TEXT];

	table_row(table, NULL);
	table_number(table, row->origin->number);
	table_number(table, row->client);
	table_number(table, row->pid);
	table_cell(table, "%s", row->comm);
	claim_cell(table, row->owner);
	table_cell(table, "%s", space_name(row, text));
	table_cell(table, "0x%" PRIx64, row->address);
	table_size(table, row->size);
	table_cell(table, "%s", duration_text(age_of(row), text));
	table_number(table, row->id);
	state_cell(table, row);
}

static void identity_json(struct json_object *object, const struct row *row)
{
	json_put_number(object, "device", row->origin->number);
	json_put_text(object, "device_name", row->origin->name);
	json_put_number(object, "client", row->client);
	json_put_number(object, "pid", row->pid);
	json_put_text(object, "comm", row->comm);
	if (row->owner && row->owner->claimed_pid)
		json_put_number(object, "claimed_pid", row->owner->claimed_pid);
	if (row->owner && *row->owner->claimed_name)
		json_put_text(object, "claimed_name", row->owner->claimed_name);
	json_put_bool(object, "opener_exited",
		      row->owner && row->owner->exited);
}

/* One line for each record, written at once: a tree of them all is large. */
static void json_row(const struct row *row)
{
	struct json_object *object = json_dict();
	char text[UNIT_TEXT];

	identity_json(object, row);
	json_put_text(object, "space", space_name(row, text));
	json_put_number(object, "address", row->address);
	json_put_number(object, "size", row->size);
	json_put_number(object, "span", row->span);
	json_put_number(object, "id", row->id);
	json_put_text(object, "state", state_name(row));
	json_put_bool(object, "doubtful",
		      row->state & BUFTRACK_RECORD_DOUBTFUL);
	json_put_bool(object, "orphaned",
		      row->state & BUFTRACK_RECORD_ORPHANED);
	json_put_number(object, "age_ns", age_of(row));
	json_put_number(object, "allocated_ns", row->allocated);
	json_put_number(object, "ended_ns", row->ended);
	json_put_number(object, "ended_by", row->ended_by);
	json_put_number(object, "repeats", row->repeats);
	fputs(json_object_to_json_string_ext(
		      object,
		      JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	      stdout);
	json_object_put(object);
}

void printer_begin(struct printer *printer, bool json)
{
	printer->json = json;
	printer->nr = 0;
	printer->table = NULL;
}

void printer_row(struct printer *printer, const struct row *row)
{
	printer->nr++;
	if (printer->json) {
		printf("%s", printer->nr > 1 ? ",\n" : JSON_HEAD);
		json_row(row);
		return;
	}
	if (!printer->table)
		printer->table = new_table();
	text_row(printer->table, row);
	if (!(printer->nr % TABLE_ROWS))
		table_print(printer->table);
}

static void end_json(const struct printer *printer, const struct totals *totals)
{
	if (!printer->nr)
		printf(JSON_HEAD);
	printf("%s],\"matched\":%" PRIu64 ",\"matched_bytes\":%" PRIu64,
	       printer->nr ? "\n" : "", totals->matched, totals->bytes);
	if (totals->remaining)
		printf(",\"remaining_buffers\":%" PRIu64
		       ",\"remaining_bytes\":%" PRIu64,
		       totals->remaining_buffers, totals->remaining_bytes);
	printf("}\n");
}

static void end_text(const struct printer *printer, const struct totals *totals)
{
	char text[UNIT_TEXT];

	if (printer->nr % TABLE_ROWS)
		table_print(printer->table);
	if (printer->nr < totals->matched)
		printf("%" PRIu64 " shown of ", printer->nr);
	printf("%" PRIu64 " buffer%s, %s", totals->matched,
	       totals->matched == 1 ? "" : "s", size_text(totals->bytes, text));
	if (totals->remaining)
		printf(", of %" PRIu64 " that remained in all, %s",
		       totals->remaining_buffers,
		       size_text(totals->remaining_bytes, text));
	printf("\n");
}

void printer_end(struct printer *printer, const struct totals *totals)
{
	if (printer->json) {
		end_json(printer, totals);
		return;
	}
	end_text(printer, totals);
	if (printer->table)
		table_free(printer->table);
}
