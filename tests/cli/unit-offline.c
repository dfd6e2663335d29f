// SPDX-License-Identifier: GPL-2.0
/*
 * Judging in this process: the library around the tracker core
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "../../tools/offline/offline.h"
#include "tap.h"

/* A device with one space and one client */
struct books {
	struct offline *offline;
	struct offline_device *device;
	struct offline_client *client;
	unsigned int space;
};

static const struct offline_process python = {
	.pid = 7,
	.tid = 8,
	.uid = 9,
	.start_time = 10,
	.comm = "python3 with a long name",
};

static struct books new_books(void)
{
	struct books books = { .offline = offline_new(0) };

	books.device = offline_device_add(books.offline, "chip0");
	offline_device_add_space(books.device, "DRAM", 1 << 20, &books.space);
	books.client = offline_client_open(books.device, &python, NULL, 100);
	return books;
}

static int report(const struct books *books, unsigned int op, uint64_t address,
		  uint64_t site, uint64_t now, struct buftrack_event *evidence)
{
	bool alloc = op == BUFTRACK_OP_ALLOC;
	const struct buftrack_report report = {
		.op = op,
		.space = books->space,
		.address = address,
		.size = alloc ? 64 : 0,
		.span = alloc ? 64 : 0,
		.site = site,
	};

	return offline_report(books->client, &report, now, evidence);
}

/* An alloc, its free, an alloc of the same address under another id, the free again */
static void test_evidence(void)
{
	struct books books = new_books();
	const struct buftrack_report second = {
		.op = BUFTRACK_OP_ALLOC,
		.address = 0x1020,
		.size = 16,
		.span = 16,
		.site = 0x33,
	};
	struct buftrack_event event;
	bool good;

	good = !report(&books, BUFTRACK_OP_ALLOC, 0x1000, 0x11, 200, &event) &&
	       !event.sequence &&
	       !report(&books, BUFTRACK_OP_FREE, 0x1000, 0x22, 300, &event) &&
	       !offline_report(books.client, &second, 400, NULL);
	test(good, "offline: right reports are ok and have no evidence");
	good = report(&books, BUFTRACK_OP_FREE, 0x1000, 0x44, 500, &event) ==
	       BUFTRACK_VERDICT_DOUBLE_FREE;
	test(good, "offline: a second free is a double free");
	test(event.sequence == 1 && event.stamp == 500 && event.pid == 7 &&
		     event.report.site == 0x44 && event.client == 1 &&
		     !strcmp(event.comm, "python3 with a "),
	     "offline: the event names the report and its process");
	test(event.target.site == 0x11 && event.target.ended_site == 0x22 &&
		     event.target.allocated == 200 &&
		     event.target.ended == 300 && event.target.size == 64 &&
		     event.target.repeats == 1 && event.target.ended_by == 1 &&
		     event.target.ended_by_pid == 7,
	     "offline: its target has both sites and times");
	good = report(&books, BUFTRACK_OP_FREE, 0x1028, 0x55, 0, &event) ==
	       BUFTRACK_VERDICT_INVALID_FREE;
	test(good && event.stamp == 501 && event.hit.site == 0x33 &&
		     !event.target.client,
	     "offline: an invalid free names the buffer that it hit");
	offline_free(books.offline);
}

static void test_events_later(void)
{
	struct books books = new_books();
	struct buftrack_event event;
	uint64_t position = 0;

	for (unsigned int i = 0; i < OFFLINE_EVENTS + 3; i++)
		report(&books, BUFTRACK_OP_FREE, i, i, 0, NULL);
	test(offline_device_next_event(books.device, &position, &event) &&
		     event.sequence == 4 && event.dropped == 3 &&
		     event.report.address == 3 &&
		     event.verdict == BUFTRACK_VERDICT_UNKNOWN_NEVER,
	     "offline: a device keeps its latest events, and counts the others");
	while (offline_device_next_event(books.device, &position, &event))
		;
	test(position == OFFLINE_EVENTS + 3,
	     "offline: events can be read to the end");
	offline_free(books.offline);
}

struct seen {
	unsigned int nr;
	struct buftrack_record last;
};

static int see(void *context, const struct buftrack_record *record)
{
	struct seen *seen = context;

	seen->nr++;
	seen->last = *record;
	return 0;
}

static unsigned int list(struct books *books, unsigned int states,
			 struct seen *seen)
{
	const struct offline_filter filter = {
		.space = BUFTRACK_ANY_SPACE,
		.states = states,
	};

	memset(seen, 0, sizeof(*seen));
	offline_device_list(books->device, &filter, see, seen);
	return seen->nr;
}

static int stop(void *context, const struct buftrack_record *record)
{
	unsigned int *nr = context;

	(void)record;
	return ++*nr == 2 ? 42 : 0;
}

static void test_records(void)
{
	const struct offline_filter all = { .space = BUFTRACK_ANY_SPACE };
	struct books books = new_books();
	uint64_t values[BUFTRACK_NR_COUNTERS];
	unsigned int nr = 0;
	struct seen seen;

	for (unsigned int i = 0; i < 1000; i++)
		report(&books, BUFTRACK_OP_ALLOC, 64 * i, i, 0, NULL);
	report(&books, BUFTRACK_OP_FREE, 64 * 999, 0x77, 5000, NULL);
	test(list(&books, BUFTRACK_RECORD_STATE_LIVE, &seen) == 999 &&
		     seen.last.site == 998 && seen.last.pid == 7,
	     "offline: live records are listed");
	test(list(&books, BUFTRACK_RECORD_STATE_FREED, &seen) == 1 &&
		     seen.last.ended_site == 0x77 && seen.last.ended == 5000 &&
		     seen.last.ended_by == 1,
	     "offline: freed records are listed");
	test(offline_device_list(books.device, &all, stop, &nr) == 42 &&
		     nr == 2,
	     "offline: a listing stops when asked to");
	offline_client_close(books.client, 6000);
	test(list(&books, 0, &seen) == 999 &&
		     seen.last.state == BUFTRACK_RECORD_STATE_REMAINING &&
		     seen.last.ended > 6000,
	     "offline: what a client leaves live is listed as remaining");
	test(!offline_device_copy_counters(books.device, BUFTRACK_SCOPE_CLIENT,
					   1, values) &&
		     values[BUFTRACK_COUNTER_REMAINING_BUFFERS] == 999 &&
		     values[BUFTRACK_COUNTER_PEAK_BYTES] == 64000,
	     "offline: a closed client has its counters");
	test(offline_device_copy_counters(books.device, BUFTRACK_SCOPE_SPACE, 1,
					  values) == -1 &&
		     errno == ENOENT,
	     "offline: an unknown space has none");
	offline_free(books.offline);
}

/* report_with() - errno of a report */
static int error_of(const struct books *books, struct buftrack_report report)
{
	errno = 0;
	return offline_report(books->client, &report, 0, NULL) < 0 ? errno : 0;
}

static void test_bad_reports(void)
{
	struct books books = new_books();
	struct buftrack_report alloc = { .op = BUFTRACK_OP_ALLOC, .size = 1 };
	struct buftrack_report other;
	bool good;

	other = alloc, other.size = 0;
	good = error_of(&books, other) == EINVAL;
	other = alloc, other.space = 1;
	good = error_of(&books, other) == ENOENT && good;
	other = alloc, other.span = 2, other.address = UINT64_MAX;
	good = error_of(&books, other) == ERANGE && good;
	other = alloc, other.op = 77;
	good = error_of(&books, other) == EOPNOTSUPP && good;
	other = alloc, other.flags = BUFTRACK_REPORT_REFUSED;
	good = error_of(&books, other) == EOPNOTSUPP && good;
	other = alloc, other.reserved[1] = 1;
	good = error_of(&books, other) == EOPNOTSUPP && good;
	other = (struct buftrack_report){ .op = BUFTRACK_OP_FREE, .span = 1 };
	good = error_of(&books, other) == EINVAL && good;
	test(good, "offline: bad reports fail with the module's errno");
	offline_free(books.offline);
}

/* The clock of the caller is not believed */
static void test_times(void)
{
	struct books books = new_books();
	struct buftrack_event event;

	report(&books, BUFTRACK_OP_ALLOC, 0, 0, UINT64_MAX, NULL);
	report(&books, BUFTRACK_OP_FREE, 0, 0, UINT64_MAX, NULL);
	test(report(&books, BUFTRACK_OP_FREE, 0, 0, 0, &event) ==
			     BUFTRACK_VERDICT_DOUBLE_FREE &&
		     event.stamp == OFFLINE_MAX_TIME + 2,
	     "offline: times beyond the last one do not wrap");
	offline_free(books.offline);
}

static void test_declarations(void)
{
	struct buftrack_declaration *declaration = buftrack_declaration_new();
	struct books books = new_books();
	struct offline_client *first, *second;
	struct buftrack_client *client;
	struct buftrack_event event;
	struct buftrack_report report = { .op = BUFTRACK_OP_ALLOC, .size = 1 };
	bool good;

	buftrack_declaration_set_flags(
		declaration, BUFTRACK_DECLARE_LATE | BUFTRACK_DECLARE_SHARED);
	buftrack_declaration_set_first_id(declaration, 5);
	buftrack_declaration_claim(declaration, 6, "relay");
	first = offline_client_open(books.device, &python, declaration, 0);
	second = offline_client_open(books.device, &python, declaration, 0);
	offline_report(first, &report, 0, NULL);
	report.op = BUFTRACK_OP_FREE;
	test(offline_report(second, &report, 0, &event) ==
			     BUFTRACK_VERDICT_FOREIGN_FREE &&
		     event.target.client == 2 && event.client == 3,
	     "offline: clients of the shared domain meet");
	client = offline_device_next_client(books.device, 2);
	good = buftrack_client_claimed_pid(client) == 6 &&
	       !strcmp(buftrack_client_claimed_name(client), "relay") &&
	       buftrack_client_first_id(client) == 5 &&
	       buftrack_client_state(client) == (BUFTRACK_CLIENT_STATE_OPEN |
						 BUFTRACK_CLIENT_STATE_LATE |
						 BUFTRACK_CLIENT_STATE_SHARED);
	test(good, "offline: a client is described as declared");
	buftrack_client_free(client);
	buftrack_declaration_set_flags(declaration, 1 << 9);
	test(!offline_client_open(books.device, &python, declaration, 0) &&
		     errno == EINVAL,
	     "offline: an unknown declaration is refused");
	offline_client_close(first, 0);
	report.op = BUFTRACK_OP_ALLOC;
	/* The closed client is still the owner of a freed record */
	offline_report(second, &report, 0, NULL);
	offline_free(books.offline);
	buftrack_declaration_free(declaration);
}

static void test_limits(void)
{
	struct buftrack_settings *settings = buftrack_settings_new();
	struct books books = new_books();
	bool good;

	buftrack_settings_limit_client_records(settings, 0);
	good = offline_device_apply(books.device, settings) == -1 &&
	       errno == EINVAL;
	test(good, "offline: a limit out of range is refused");
	buftrack_settings_limit_client_records(settings, 1);
	buftrack_settings_limit_clients(settings, 1);
	good = !offline_device_apply(books.device, settings) &&
	       !report(&books, BUFTRACK_OP_ALLOC, 0, 0, 0, NULL) &&
	       report(&books, BUFTRACK_OP_ALLOC, 64, 0, 0, NULL) ==
		       BUFTRACK_VERDICT_UNTRACKED;
	test(good, "offline: a full client is not tracked further");
	test(!offline_client_open(books.device, &python, NULL, 0) &&
		     errno == EUSERS,
	     "offline: clients are limited");
	offline_device_enable(books.device, false);
	test(report(&books, BUFTRACK_OP_FREE, 0, 0, 0, NULL) ==
		     BUFTRACK_VERDICT_DISABLED,
	     "offline: tracking can be turned off");
	offline_free(books.offline);
	books.offline = offline_new(1);
	books.device = offline_device_add(books.offline, "chip0");
	offline_device_add_space(books.device, "DRAM", 0, &books.space);
	books.client = offline_client_open(books.device, &python, NULL, 0);
	good = !report(&books, BUFTRACK_OP_ALLOC, 0, 0, 0, NULL) &&
	       report(&books, BUFTRACK_OP_ALLOC, 64, 0, 0, NULL) ==
		       BUFTRACK_VERDICT_UNTRACKED;
	test(good, "offline: all devices share one limit on records");
	offline_free(books.offline);
	buftrack_settings_free(settings);
}

static void test_namesakes(void)
{
	struct books books = new_books();
	struct offline_device *other;
	unsigned int space = 9;
	char name[4];
	bool good;

	test(!offline_device_add(books.offline, "chip0") && errno == EEXIST,
	     "offline: device names are unique");
	good = !offline_device_add(books.offline, "") && errno == EILSEQ &&
	       !offline_device_add(books.offline, "\t") && errno == EILSEQ &&
	       offline_device_add_space(books.device,
					"a name of more than 31 characters", 0,
					NULL) == -1 &&
	       errno == ENAMETOOLONG;
	test(good, "offline: names are checked");
	other = offline_device_add(books.offline, "chip1");
	test(offline_device_find(books.offline, "chip1") == other &&
		     offline_device_next(books.offline, books.device) ==
			     other &&
		     !offline_device_next(books.offline, other),
	     "offline: devices are found by name and in order");
	test(!offline_device_add_space(books.device, "DRAM", 0, &space) &&
		     !space &&
		     offline_device_add_space(books.device, "DRAM", 5, NULL) ==
			     -1 &&
		     errno == EEXIST,
	     "offline: a space is found again, and has one capacity");
	for (int i = 1; i < BUFTRACK_MAX_SPACES; i++) {
		name[0] = 'A' + i / 26;
		name[1] = 'A' + i % 26;
		name[2] = '\0';
		offline_device_add_space(books.device, name, 0, NULL);
	}
	test(offline_device_add_space(books.device, "more", 0, NULL) == -1 &&
		     errno == ENOSPC,
	     "offline: spaces are limited");
	offline_free(books.offline);
}

void test_offline(void)
{
	test_evidence();
	test_events_later();
	test_records();
	test_bad_reports();
	test_times();
	test_declarations();
	test_limits();
	test_namesakes();
}
