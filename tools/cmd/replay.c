// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack replay
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <libbuftrack.h>

#include "../bridge/bridge.h"
#include "../trace/server-log.h"
#include "../util/err.h"
#include "../util/json.h"
#include "cmd.h"
#include "lookup.h"
#include "replay.h"

/**
 * struct progress - a progress bar on standard error
 * @wanted: standard error is a terminal
 * @shown: the bar is on it
 * @total: end of the work; 0: unknown
 * @began: start time, in ns
 * @next: when to draw again
 */
struct progress {
	bool wanted;
	bool shown;
	uint64_t total;
	uint64_t began;
	uint64_t next;
};

#define NS_PER_SEC UINT64_C(1000000000)

/* When the bar first appears */
#define DELAY (NS_PER_SEC / 2)
#define INTERVAL (NS_PER_SEC / 10)

#define WIDTH 30

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static void progress_begin(struct progress *progress, uint64_t total)
{
	progress->wanted = isatty(STDERR_FILENO);
	progress->shown = false;
	progress->total = total;
	progress->began = now();
	progress->next = progress->began + DELAY;
}

static void draw(const struct progress *progress, uint64_t at, uint64_t done,
		 uint64_t elapsed, const char *what)
{
	double rate = done / ((double)elapsed / NS_PER_SEC);
	char bar[WIDTH + 1];
	unsigned int filled;

	if (!progress->total) {
		fprintf(stderr, "\r\033[K%" PRIu64 " %s, %.0f/s", done, what,
			rate);
		return;
	}
	filled = at >= progress->total ? WIDTH :
					 (double)at / progress->total * WIDTH;
	memset(bar, '.', WIDTH);
	memset(bar, '#', filled);
	bar[WIDTH] = '\0';
	fprintf(stderr, "\r\033[K[%s] %3.0f %%, %" PRIu64 " %s, %.0f/s", bar,
		100.0 * at / progress->total, done, what, rate);
}

/* progress_show() - draw the bar, if it is time */
static void progress_show(struct progress *progress, uint64_t at, uint64_t done,
			  const char *what)
{
	uint64_t time;

	if (!progress->wanted)
		return;
	time = now();
	if (time < progress->next)
		return;
	draw(progress, at, done, time - progress->began, what);
	progress->shown = true;
	progress->next = time + INTERVAL;
}

/* progress_end() - erase the bar */
static void progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	progress->shown = false;
}

/* claim_name() - claim the client's word, as printable ASCII */
static void claim_name(struct buftrack_declaration *declaration,
		       const char *word)
{
	char name[BUFTRACK_CLAIMED_NAME_SIZE];
	size_t i;

	for (i = 0; word[i] && i < sizeof(name) - 1; i++)
		name[i] = word[i] < ' ' || word[i] > '~' ? '?' : word[i];
	name[i] = '\0';
	buftrack_declaration_claim(declaration, 0, name);
}

void replay_declare(struct buftrack_declaration *declaration,
		    const struct trace_event *event)
{
	unsigned int flags = 0;

	if (event->late)
		flags |= BUFTRACK_DECLARE_LATE;
	if (event->shared)
		flags |= BUFTRACK_DECLARE_SHARED;
	buftrack_declaration_set_flags(declaration, flags);
	buftrack_declaration_set_first_id(declaration, event->id);
	claim_name(declaration, event->client->word);
}

static unsigned int report_op(enum trace_op op)
{
	if (op == TRACE_ALLOC)
		return BUFTRACK_OP_ALLOC;
	return op == TRACE_FREE ? BUFTRACK_OP_FREE : BUFTRACK_OP_USE;
}

struct buftrack_report replay_report(const struct trace_event *event)
{
	return (struct buftrack_report){
		.op = report_op(event->op),
		.flags = event->refused ? BUFTRACK_REPORT_REFUSED : 0,
		.address = event->address,
		.size = event->size,
		.span = event->op == TRACE_ALLOC ? event->span : 0,
		.id = event->id,
	};
}

int replay_fail(const struct trace_event *event, enum err_request request,
		const char *kind, const char *name, struct trace_error *error)
{
	return trace_fail(error, event->line, "%s '%.40s': %s", kind, name,
			  err_text(request, errno));
}

enum {
	FORMAT = NR_LIMITS,
	KEEP,
	OFFLINE,
	ALL_CLIENTS,
	JSON,
};

static const struct option_spec options[] = {
	LIMIT_OPTIONS,
	[FORMAT] = { "format", "FORMAT",
		     "format of FILE: trace (the default) or allocation-server-log" },
	[KEEP] = { "keep", NULL, "keep the devices of the replay" },
	[OFFLINE] = { "offline", NULL,
		      "judge in this process, without the module" },
	[ALL_CLIENTS] = { "all-clients", NULL,
			  "show all closed clients that are kept" },
	[JSON] = { "json", NULL, "print JSON" },
	{ .name = NULL },
};

/* Reading the clock for each event would be slow. */
#define EVENTS_PER_LOOK 4096

/**
 * struct job - the work of the verb
 * @limits: limits of its devices
 * @keep: its devices stay when it ends
 * @ops: where the events go
 * @replay: the replay
 * @events: number of events so far
 * @progress: the progress bar
 * @reader: reads a trace; NULL for a log
 * @log: reads a log of the allocation server; NULL for a trace
 * @path: file name, for messages
 * @fd: the file
 * @is_log: the file is a log
 * @json: print JSON
 * @all_clients: print all closed clients
 */
struct job {
	struct buftrack_settings *limits;
	bool keep;
	const struct replay_ops *ops;
	void *replay;
	uint64_t events;
	struct progress progress;
	struct trace_reader *reader;
	struct server_log *log;
	const char *path;
	int fd;
	bool is_log;
	bool json;
	bool all_clients;
};

static int format_option(struct args *args, struct job *job)
{
	job->is_log = !strcmp(args->value, "allocation-server-log");
	if (job->is_log || !strcmp(args->value, "trace"))
		return 0;
	return bad_value(args, FORMAT, "trace or allocation-server-log");
}

static int parse(struct args *args, struct job *job)
{
	int option, bad = 0;
	char **words;

	while (!bad && (option = next_option(args)) >= 0) {
		if (option == FORMAT)
			bad = format_option(args, job);
		else if (option == KEEP)
			job->keep = true;
		else if (option == OFFLINE)
			job->ops = &replay_offline;
		else if (option == ALL_CLIENTS)
			job->all_clients = true;
		else if (option == JSON)
			job->json = true;
		else
			bad = limit_option(args, option, job->limits);
	}
	if (bad || option != OPTIONS_END)
		return bad ? bad : option;
	if (job->keep && job->ops == &replay_offline) {
		usage_error(
			args,
			"--keep and --offline: devices in this process end with it");
		return OPTIONS_BAD;
	}
	words = operands(args, 1, 1);
	if (!words)
		return OPTIONS_BAD;
	job->path = words[0];
	return OPTIONS_END;
}

static int open_trace(struct job *job)
{
	struct stat stat;

	job->fd = STDIN_FILENO;
	if (strcmp(job->path, "-"))
		job->fd = open(job->path, O_RDONLY | O_CLOEXEC);
	else
		job->path = "standard input";
	if (job->fd < 0)
		return fail("%s: %s: give a trace, or - for standard input",
			    job->path, strerror(errno));
	if (job->is_log)
		job->log = server_log_new(job->fd);
	else
		job->reader = trace_reader_new(job->fd);
	if (!job->reader && !job->log)
		return fail("out of memory: free some and try again");
	if (fstat(job->fd, &stat) || !S_ISREG(stat.st_mode))
		stat.st_size = 0;
	progress_begin(&job->progress, stat.st_size);
	return 0;
}

static void close_trace(struct job *job)
{
	trace_reader_free(job->reader);
	server_log_free(job->log);
	if (job->fd > STDIN_FILENO)
		close(job->fd);
}

static uint64_t offset(const struct job *job)
{
	return job->log ? server_log_offset(job->log) :
			  trace_reader_offset(job->reader);
}

static int take_event(void *context, const struct trace_event *event,
		      struct trace_error *error)
{
	struct job *job = context;

	if (!(job->events % EVENTS_PER_LOOK))
		progress_show(&job->progress, offset(job), job->events,
			      "events");
	job->events++;
	return job->ops->take(job->replay, event, error);
}

/* Submit the reports before reading on: the trace may be a slow pipe. */
static int idle(void *context, struct trace_error *error)
{
	struct job *job = context;

	return job->ops->flush(job->replay, error);
}

static int read_events(struct job *job, const struct trace_sink *sink,
		       struct trace_error *error)
{
	return job->log ? server_log_read(job->log, sink, error) :
			  trace_read(job->reader, sink, error);
}

/*
 * apply() - replay the trace up to its end or its first malformed line
 *
 * The events before that line count, including reports not yet submitted.
 */
static int apply(struct job *job, struct trace_error *error)
{
	const struct trace_sink sink = { take_event, idle, job };
	struct trace_error second;
	int ret = read_events(job, &sink, error);

	if (job->ops->flush(job->replay, ret ? &second : error)) {
		/* Of two errors, report the one on the earlier line. */
		if (ret && second.line < error->line)
			*error = second;
		ret = -1;
	}
	progress_end(&job->progress);
	return ret;
}

static int print(struct job *job)
{
	struct snapshots snapshots = { 0 };
	int ret = job->ops->gather(job->replay, &snapshots);

	if (!ret && job->json)
		json_print(snapshots_json(&snapshots));
	else if (!ret)
		print_snapshots(&snapshots, job->all_clients);
	snapshots_drop(&snapshots);
	return ret;
}

/* print_skipped() - mention the lines of a log that are no events */
static void print_skipped(const struct job *job)
{
	char aliases[64] = "";

	if (!job->log)
		return;
	if (server_log_aliases(job->log))
		snprintf(aliases, sizeof(aliases), " %llu aliases are counted;",
			 (unsigned long long)server_log_aliases(job->log));
	print_err("%s: %llu other lines are skipped;%s " ADDRESS_ONLY,
		  job->path, (unsigned long long)server_log_skipped(job->log),
		  aliases);
}

static int fail_trace(const struct job *job, const struct trace_error *error)
{
	if (!error->line)
		return fail("%s: %s", job->path, error->text);
	return fail("%s:%lu: %s", job->path, error->line, error->text);
}

static int replay(struct job *job)
{
	const struct replay_options replay_options = { job->keep, job->limits };
	struct trace_error error;
	int ret, failed;

	job->replay = job->ops->begin(&replay_options);
	if (!job->replay)
		return EXIT_FAILED;
	failed = apply(job, &error);
	ret = print(job);
	job->ops->end(job->replay);
	if (!failed)
		print_skipped(job);
	return failed ? fail_trace(job, &error) : ret;
}

static int run(struct args *args)
{
	struct job job = {
		.fd = -1,
		.limits = checked(buftrack_settings_new()),
		.ops = &replay_module,
	};
	int ret = parse(args, &job);

	if (ret == OPTIONS_END) {
		ret = open_trace(&job);
		if (!ret)
			ret = replay(&job);
		close_trace(&job);
	} else {
		ret = options_status(ret);
	}
	buftrack_settings_free(job.limits);
	return ret;
}

const struct verb verb_replay = {
	.name = "replay",
	.operands = "FILE",
	.summary = "replay a trace and print the result",
	.details =
		"FILE is a trace, - for standard input, or a log of the allocation server, whose\nbuffers are identified by address only. A replay registers its own devices, named\nreplay:<n>:<name>, which are removed when it ends, unless --keep is given. The limits\napply to these devices. Their state is printed before the clients still open are\nclosed. A malformed line stops the replay; the events before it count.\nWith --offline the command judges by itself, as the module would: it needs neither the\nmodule nor privileges, numbers devices from 0, and takes the times of the trace.",
	.options = options,
	.run = run,
};
