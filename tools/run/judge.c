// SPDX-License-Identifier: GPL-2.0
/*
 * The books of a session: each report of each process gets its verdict
 *
 * A process numbers its devices and spaces; the session knows them by name. Each device
 * of a process is a client with a private domain.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/err.h"
#include "../util/text.h"
#include "internal.h"
#include "recorder.h"

#define MAX_DEVICES 512
#define MAX_CLIENTS 65536
#define MAX_PROBLEMS 4096
#define MAX_REFUSALS 64
#define MAX_GAPS 1000000
#define MAX_NOTES 64
#define MAX_NOTE_TEXT 512

/**
 * struct client - a device of a process
 * @hh: in its process, by @number
 * @number: of the device, in the log
 * @device: the device; NULL: it has no name yet
 * @books: the client; NULL: not open
 * @holding: its live buffers
 * @had_gap: reports were lost
 * @word: what the trace calls it
 * @spaces: numbers of its spaces in the books, plus 1, by number in the log
 */
struct client {
	UT_hash_handle hh;
	uint32_t number;
	struct run_device *device;
	struct offline_client *books;
	struct holding *holding;
	bool had_gap;
	char word[32];
	uint8_t spaces[BUFTRACK_MAX_SPACES];
};

struct process {
	struct judge *judge;
	struct process_map *map;
	struct client *clients;
	uint32_t pid;
	char comm[LOG_COMM_SIZE];
	bool damaged;
};

void judge_begin(struct judge *judge)
{
	*judge = (struct judge){ .last = &judge->devices };
	judge->stacks = stacks_new();
	judge->books = checked(offline_new(0));
}

static void free_device(struct run_device *device)
{
	for (unsigned int i = 0; i < device->nr_spaces; i++)
		space_use_free(&device->spaces[i].use);
	free(device);
}

static void free_problems(struct problem *problems)
{
	struct problem *problem, *next;

	HASH_ITER(hh, problems, problem, next)
	{
		HASH_DEL(problems, problem);
		free(problem);
	}
}

void judge_end(struct judge *judge)
{
	struct note *note, *next_note;

	free_problems(judge->problems);
	free_problems(judge->swallowed);
	while (judge->refusals) {
		struct refusal *refusal = judge->refusals;

		judge->refusals = refusal->next;
		refusal_free(refusal);
	}
	HASH_ITER(hh, judge->notes, note, next_note)
	{
		HASH_DEL(judge->notes, note);
		free(note);
	}
	while (judge->devices) {
		struct run_device *device = judge->devices;

		judge->devices = device->next;
		free_device(device);
	}
	offline_free(judge->books);
	stacks_free(judge->stacks);
}

struct process *process_new(struct judge *judge, const struct log *log)
{
	struct process *process = xcalloc(1, sizeof(*process));

	process->judge = judge;
	process->pid = log->pid;
	memcpy(process->comm, log->comm, sizeof(process->comm));
	process->map = process_map_new(judge->stacks);
	judge->nr_processes++;
	return process;
}

/* A hook writes none of what gets here, so what the log says is not complete. */
static void damaged(struct process *process)
{
	process->judge->nr_damaged += !process->damaged;
	process->damaged = true;
}

static struct client *find_client(struct process *process, uint32_t number)
{
	struct client *client;

	HASH_FIND(hh, process->clients, &number, sizeof(number), client);
	if (client || HASH_COUNT(process->clients) >= MAX_DEVICES)
		return client;
	client = xcalloc(1, sizeof(*client));
	client->number = number;
	HASH_ADD(hh, process->clients, number, sizeof(number), client);
	return client;
}

/* Each process that uses a device is a client of it. */
static void raise_limit(struct offline_device *books)
{
	struct buftrack_settings *settings = checked(buftrack_settings_new());

	buftrack_settings_limit_clients(settings, MAX_CLIENTS);
	offline_device_apply(books, settings);
	buftrack_settings_free(settings);
}

static struct run_device *add_device(struct judge *judge, const char *name)
{
	struct run_device *device;
	struct offline_device *books;

	for (device = judge->devices; device; device = device->next)
		if (!strcmp(device->name, name))
			return device;
	if (judge->nr_devices == MAX_DEVICES)
		return NULL;
	books = offline_device_add(judge->books, name);
	if (!books)
		return NULL;
	raise_limit(books);
	device = xcalloc(1, sizeof(*device));
	device->books = books;
	device->name = offline_device_name(books);
	device->number = judge->nr_devices++;
	*judge->last = device;
	judge->last = &device->next;
	return device;
}

static void name_device(struct process *process, const struct log_item *item)
{
	struct client *client = find_client(process, item->entry.device);
	char name[BUFTRACK_DEVICE_NAME_SIZE];

	log_text(item, 0, name, sizeof(name));
	if (client && !client->device)
		client->device = add_device(process->judge, name);
	if (!client || !client->device)
		damaged(process);
}

static void name_space(struct process *process, const struct log_item *item)
{
	struct client *client = find_client(process, item->entry.device);
	unsigned int number = item->entry.space, at;
	char name[BUFTRACK_SPACE_NAME_SIZE];
	struct run_device *device;

	log_text(item, 0, name, sizeof(name));
	if (!client || !client->device || number >= BUFTRACK_MAX_SPACES) {
		damaged(process);
		return;
	}
	device = client->device;
	if (offline_device_add_space(device->books, name, item->entry.size,
				     &at) < 0 &&
	    offline_device_add_space(device->books, name, 0, &at) < 0) {
		damaged(process);
		return;
	}
	client->spaces[number] = at + 1;
	memcpy(device->spaces[at].name, name, sizeof(name));
	if (device->nr_spaces <= at)
		device->nr_spaces = at + 1;
}

/* record() - write an event of a client to the trace, if there is one */
static void record(const struct process *process, const struct client *client,
		   const char *op, uint64_t time,
		   const struct buftrack_report *report, const char *flags)
{
	struct recorder_line line = { .time = time,
				      .client = client->word,
				      .op = op,
				      .device = client->device->name,
				      .space = "",
				      .flags = flags };

	if (!process->judge->recorder)
		return;
	if (report) {
		line.space = client->device->spaces[report->space].name;
		line.address = report->address;
		line.size = report->size;
		line.span = report->span;
		line.id = report->id;
	}
	recorder_write(process->judge->recorder, &line);
}

static void record_open(const struct process *process, struct client *client,
			const struct log_entry *entry)
{
	struct recorder_line line = {
		.time = entry->time,
		.client = client->word,
		.op = "open",
		.device = client->device->name,
		.space = "",
		.id = entry->id,
		.flags = entry->flags & LOG_FLAG_LATE ? "late" : "",
	};

	snprintf(client->word, sizeof(client->word), "%u.%" PRIu64,
		 process->pid, ++process->judge->nr_clients);
	if (process->judge->recorder)
		recorder_write(process->judge->recorder, &line);
}

static void record_report(const struct process *process,
			  const struct client *client,
			  const struct buftrack_report *report, uint64_t time)
{
	const char *op = report->op == BUFTRACK_OP_ALLOC ? "alloc" :
			 report->op == BUFTRACK_OP_USE	 ? "use" :
							   "free";

	record(process, client, op, time, report,
	       report->flags & BUFTRACK_REPORT_REFUSED ? "refused" : "");
}

/* The trace has a line for each lost report, so a wild count is cut. */
static void gap(struct process *process, struct client *client, uint64_t count,
		uint64_t time)
{
	struct judge *judge = process->judge;

	if (judge->recorder && !count)
		count = 1;
	if (judge->recorder && count > MAX_GAPS)
		count = MAX_GAPS;
	for (uint64_t i = 0; judge->recorder && i < count; i++)
		record(process, client, "gap", time, NULL, "");
	offline_lost(client->books, count, time);
	client->had_gap = true;
}

static void open_client(struct process *process, const struct log_item *item)
{
	struct client *client = find_client(process, item->entry.device);
	const struct offline_process owner = {
		.pid = process->pid,
		.tid = item->entry.tid,
		.comm = process->comm,
	};
	struct buftrack_declaration *declaration;

	if (!client || !client->device || client->books) {
		damaged(process);
		return;
	}
	declaration = checked(buftrack_declaration_new());
	if (item->entry.flags & LOG_FLAG_LATE)
		buftrack_declaration_set_flags(declaration,
					       BUFTRACK_DECLARE_LATE);
	buftrack_declaration_set_first_id(declaration, item->entry.id);
	client->books = offline_client_open(client->device->books, &owner,
					    declaration, item->entry.time);
	buftrack_declaration_free(declaration);
	if (!client->books) {
		damaged(process);
		return;
	}
	client->holding = holding_new();
	client->had_gap = false;
	record_open(process, client, &item->entry);
}

static void close_client(struct process *process, struct client *client,
			 uint64_t time)
{
	struct run_device *device = client->device;
	unsigned int space;
	struct held held;

	if (!client->books)
		return;
	record(process, client, "close", time, NULL, "");
	offline_client_close(client->books, time);
	client->books = NULL;
	while (holding_take_any(client->holding, &space, &held)) {
		space_use_leave(&device->spaces[space].use, held.site,
				held.size);
		device->bytes -= held.size;
	}
	holding_free(client->holding);
	client->holding = NULL;
}

static void lose(struct process *process, struct client *client, uint64_t count,
		 uint64_t time)
{
	process->judge->nr_lost += count;
	if (!client || !client->books)
		return;
	gap(process, client, count, time);
}

void process_lost(struct process *process, uint64_t count, uint64_t time)
{
	struct client *client, *next;

	process->judge->nr_lost += count;
	HASH_ITER(hh, process->clients, client, next)
	{
		if (client->books)
			gap(process, client, count, time);
	}
}

static uint32_t site_of(const struct judge *judge, uint64_t site)
{
	return stacks_site(judge->stacks, SITE_STACK(site));
}

static struct problem *find_problem(struct judge *judge, struct problem **table,
				    const struct run_device *device,
				    const struct buftrack_event *event)
{
	const struct problem_key key = {
		.verdict = event->verdict,
		.device = device->number,
		.space = event->report.space,
		.site = site_of(judge, event->report.site),
		.allocated = site_of(judge, event->target.site),
		.freed = site_of(judge, event->target.ended_site),
		.hit = site_of(judge, event->hit.site),
	};
	struct problem *problem;

	HASH_FIND(hh, *table, &key, sizeof(key), problem);
	if (problem || HASH_COUNT(*table) == MAX_PROBLEMS)
		return problem;
	problem = xcalloc(1, sizeof(*problem));
	problem->key = key;
	problem->device = device;
	problem->first = *event;
	HASH_ADD(hh, *table, key, sizeof(key), problem);
	return problem;
}

static void note_problem(struct judge *judge, const struct client *client,
			 const struct buftrack_event *event, unsigned int flags)
{
	struct problem *problem =
		find_problem(judge, &judge->problems, client->device, event);

	if (!problem) {
		judge->more_problems++;
		return;
	}
	if (!problem->count)
		problem->flags = flags;
	problem->count++;
	problem->bytes += event->target.client ? event->target.size :
						 event->report.size;
}

static void drop_held(struct client *client, unsigned int space,
		      const struct held *held)
{
	space_use_remove(&client->device->spaces[space].use, held->site,
			 held->size);
	client->device->bytes -= held->size;
}

static void add_held(struct client *client, unsigned int space,
		     uint64_t address, const struct held *held, uint64_t time)
{
	struct run_device *device = client->device;

	holding_add(client->holding, space, address, held);
	space_use_add(&device->spaces[space].use, held->site, held->size, time);
	device->bytes += held->size;
	if (device->bytes <= device->peak_bytes)
		return;
	device->peak_bytes = device->bytes;
	device->peak_time = time;
}

static bool is_tracked(int verdict)
{
	return verdict == BUFTRACK_VERDICT_OK ||
	       verdict == BUFTRACK_VERDICT_DOUBLE_ALLOC ||
	       verdict == BUFTRACK_VERDICT_OVERLAP;
}

static bool is_freed(int verdict)
{
	return verdict == BUFTRACK_VERDICT_OK ||
	       verdict == BUFTRACK_VERDICT_SIZE_MISMATCH;
}

/* follow() - change the live buffers as the books did */
static void follow(struct process *process, struct client *client,
		   const struct buftrack_report *report, int verdict,
		   uint64_t time)
{
	struct held held;

	if (report->op == BUFTRACK_OP_FREE) {
		if (is_freed(verdict) &&
		    holding_take(client->holding, report->space,
				 report->address, report->id, true, &held))
			drop_held(client, report->space, &held);
		return;
	}
	if (report->op != BUFTRACK_OP_ALLOC || !is_tracked(verdict))
		return;
	if (holding_take(client->holding, report->space, report->address,
			 report->id, false, &held))
		drop_held(client, report->space, &held);
	held = (struct held){ report->id, report->size,
			      site_of(process->judge, report->site) };
	add_held(client, report->space, report->address, &held, time);
}

struct relisting {
	struct process *process;
	struct client *client;
};

static int relist(void *context, const struct buftrack_record *record)
{
	struct relisting *relisting = context;
	struct held held = { record->id, record->size,
			     site_of(relisting->process->judge, record->site) };

	add_held(relisting->client, record->space, record->address, &held,
		 record->allocated);
	return 0;
}

/*
 * After a gap an alloc ends the doubtful records that it meets, which the verdict does
 * not name. Listing the live ones again takes time in proportion to their number, so it
 * waits until that many have ended.
 */
static void follow_superseded(struct process *process, struct client *client)
{
	struct offline_device *books = client->device->books;
	const struct offline_filter filter = {
		.client = offline_client_number(client->books),
		.space = BUFTRACK_ANY_SPACE,
		.states = BUFTRACK_RECORD_STATE_LIVE,
	};
	struct relisting relisting = { process, client };
	uint64_t values[BUFTRACK_NR_COUNTERS];
	unsigned int space;
	struct held held;

	if (!client->had_gap ||
	    offline_device_copy_counters(books, BUFTRACK_SCOPE_CLIENT,
					 filter.client, values))
		return;
	if (holding_nr(client->holding) <=
	    values[BUFTRACK_COUNTER_LIVE_BUFFERS] * 2)
		return;
	while (holding_take_any(client->holding, &space, &held))
		drop_held(client, space, &held);
	offline_device_list(books, &filter, relist, &relisting);
}

static bool to_report(struct process *process, const struct client *client,
		      const struct log_entry *entry,
		      struct buftrack_report *report)
{
	uint32_t stack = process_map_stack(process->map, entry->stack);

	if (!client || !client->books || entry->space >= BUFTRACK_MAX_SPACES ||
	    !client->spaces[entry->space])
		return false;
	*report = (struct buftrack_report){
		.op = entry->op == LOG_OP_ALLOC ? BUFTRACK_OP_ALLOC :
		      entry->op == LOG_OP_USE	? BUFTRACK_OP_USE :
						  BUFTRACK_OP_FREE,
		.flags = entry->op == LOG_OP_FREE &&
					 entry->flags & LOG_FLAG_REFUSED ?
				 BUFTRACK_REPORT_REFUSED :
				 0,
		.space = client->spaces[entry->space] - 1,
		.address = entry->address,
		.size = entry->size,
		.span = entry->op == LOG_OP_ALLOC ? entry->span : 0,
		.id = entry->id,
		.site = SITE(stack, entry->tid),
	};
	return true;
}

static void judge_report(struct process *process, const struct log_entry *entry)
{
	struct client *client = find_client(process, entry->device);
	struct buftrack_report report;
	struct buftrack_event event;
	int verdict = -1;

	event.sequence = 0;
	if (to_report(process, client, entry, &report))
		verdict = offline_report(client->books, &report, entry->time,
					 &event);
	if (verdict < 0) {
		damaged(process);
		lose(process, client, 1, entry->time);
		return;
	}
	record_report(process, client, &report, entry->time);
	if (event.sequence)
		note_problem(process->judge, client, &event, entry->flags);
	client->had_gap |= verdict == BUFTRACK_VERDICT_UNTRACKED;
	follow(process, client, &report, verdict, entry->time);
	follow_superseded(process, client);
}

/* fill_swallowed() - find the record that a second free would have met */
static int fill_swallowed(void *context, const struct buftrack_record *record)
{
	struct buftrack_event *event = context;

	if (record->address != event->report.address ||
	    record->id != event->report.id)
		return 0;
	event->target = (struct buftrack_event_record){
		.client = record->client,
		.address = record->address,
		.id = record->id,
		.size = record->size,
		.allocated = record->allocated,
		.ended = record->ended,
		.site = record->site,
		.ended_site = record->ended_site,
		.state = record->state,
	};
	return 1;
}

/*
 * The evidence is looked for once for each site, since that takes time in proportion to
 * the number of freed records.
 */
static void take_swallowed(struct process *process,
			   const struct log_entry *entry)
{
	struct client *client = find_client(process, entry->device);
	struct judge *judge = process->judge;
	struct buftrack_event event = { .verdict = BUFTRACK_VERDICT_DOUBLE_FREE,
					.stamp = entry->time,
					.pid = process->pid };
	struct offline_filter filter = { .states =
						 BUFTRACK_RECORD_STATE_FREED };
	struct problem *problem;

	if (!to_report(process, client, entry, &event.report)) {
		damaged(process);
		return;
	}
	memcpy(event.comm, process->comm, sizeof(event.comm));
	problem =
		find_problem(judge, &judge->swallowed, client->device, &event);
	if (problem && !problem->count++) {
		filter.client = offline_client_number(client->books);
		filter.space = event.report.space;
		offline_device_list(client->device->books, &filter,
				    fill_swallowed, &problem->first);
	}
}

/* find_refusal() - the link to a refusal of the same site, or to the end of the list */
static struct refusal **find_refusal(struct judge *judge,
				     const struct run_device *device,
				     unsigned int space, uint32_t site,
				     unsigned int *nr)
{
	struct refusal **link = &judge->refusals;

	for (*nr = 0; *link; ++*nr, link = &(*link)->next)
		if ((*link)->device == device && (*link)->space == space &&
		    (*link)->site == site)
			break;
	return link;
}

static struct refusal *new_refusal(struct process *process,
				   const struct client *client,
				   const struct log_item *item,
				   const struct buftrack_report *report)
{
	const struct log_entry *entry = &item->entry;
	struct refusal *refusal = xcalloc(1, sizeof(*refusal));

	refusal->device = client->device;
	refusal->space = report->space;
	refusal->stack = SITE_STACK(report->site);
	refusal->site = site_of(process->judge, report->site);
	refusal->time = entry->time;
	refusal->size = entry->size;
	refusal->span = entry->span;
	refusal->largest = entry->value;
	refusal->pid = process->pid;
	memcpy(refusal->comm, process->comm, sizeof(refusal->comm));
	log_text(item, 0, refusal->message, sizeof(refusal->message));
	refusal_explain(refusal, process->judge->stacks);
	return refusal;
}

/* A program that tries again and again is explained once. */
static void take_refused(struct process *process, const struct log_item *item)
{
	struct client *client = find_client(process, item->entry.device);
	struct judge *judge = process->judge;
	struct buftrack_report report;
	struct refusal **link;
	unsigned int nr;

	if (!to_report(process, client, &item->entry, &report)) {
		damaged(process);
		return;
	}
	judge->nr_refused++;
	link = find_refusal(judge, client->device, report.space,
			    site_of(judge, report.site), &nr);
	if (!*link && nr < MAX_REFUSALS)
		*link = new_refusal(process, client, item, &report);
	if (*link)
		(*link)->count++;
}

static void add_note(struct judge *judge, const char *text)
{
	struct note *note;
	size_t length = strlen(text);

	HASH_FIND(hh, judge->notes, text, length, note);
	if (!note && HASH_COUNT(judge->notes) < MAX_NOTES) {
		note = xcalloc(1, sizeof(*note) + length + 1);
		memcpy(note->text, text, length);
		HASH_ADD_KEYPTR(hh, judge->notes, note->text, length, note);
	}
	if (note)
		note->count++;
}

void judge_note(struct judge *judge, const char *format, ...)
{
	char text[MAX_NOTE_TEXT];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	make_printable(text);
	add_note(judge, text);
}

static void take_message(struct process *process, const struct log_item *item)
{
	char text[MAX_NOTE_TEXT];

	log_text(item, 0, text, sizeof(text));
	add_note(process->judge, text);
}

static void take_lost(struct process *process, const struct log_entry *entry)
{
	if (entry->flags & LOG_FLAG_ALL)
		process_lost(process, entry->size, entry->time);
	else
		lose(process, find_client(process, entry->device), entry->size,
		     entry->time);
}

void process_take(struct process *process, const struct log_item *item)
{
	struct client *client;

	switch (item->entry.op) {
	case LOG_OP_DEVICE:
		name_device(process, item);
		break;
	case LOG_OP_SPACE:
		name_space(process, item);
		break;
	case LOG_OP_OPEN:
		open_client(process, item);
		break;
	case LOG_OP_CLOSE:
		client = find_client(process, item->entry.device);
		if (client)
			close_client(process, client, item->entry.time);
		break;
	case LOG_OP_ALLOC:
	case LOG_OP_FREE:
	case LOG_OP_USE:
		judge_report(process, &item->entry);
		break;
	case LOG_OP_SWALLOWED:
		take_swallowed(process, &item->entry);
		break;
	case LOG_OP_REFUSED:
		take_refused(process, item);
		break;
	case LOG_OP_STACK:
	case LOG_OP_MODULE:
	case LOG_OP_CODE:
		process_map_add(process->map, item);
		break;
	case LOG_OP_MESSAGE:
		take_message(process, item);
		break;
	case LOG_OP_LOST:
		take_lost(process, &item->entry);
		break;
	}
}

void process_end(struct process *process, bool ended, uint64_t time)
{
	struct client *client, *next;

	HASH_ITER(hh, process->clients, client, next)
	{
		HASH_DEL(process->clients, client);
		if (ended)
			close_client(process, client, time);
		else if (client->holding)
			holding_free(client->holding);
		free(client);
	}
	process_map_free(process->map);
	free(process);
}
