// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack replay
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bridge/bridge.h"
#include "../trace/server-log.h"
#include "limits.h"
#include "progress.h"
#include "replay.h"
#include "../util/err.h"
#include "snapshot.h"
#include "verbs.h"

enum {
	FORMAT = NR_LIMITS,
	KEEP,
	ALL_CLIENTS,
	JSON,
};

static const struct option_spec options[] = {
	LIMIT_OPTIONS,
	[FORMAT] = { "format", "FORMAT",
		     "what FILE is: trace, allocation-server-log" },
	[KEEP] = { "keep", NULL, "leave the devices of the replay there" },
	[ALL_CLIENTS] = { "all-clients", NULL,
			  "show all closed clients that are kept" },
	[JSON] = { "json", NULL, "write JSON" },
	{ .name = NULL },
};

/* A bar is not worth a look at the clock for each event. */
#define EVENTS_PER_LOOK 4096

/*
 * @reader: the trace, NULL: it is a log
 * @log: the log of an allocation server, NULL: it is a trace
 * @path: of the trace, as given
 * @fd: of the trace
 */
struct job {
	struct replay replay;
	struct progress progress;
	struct trace_reader *reader;
	struct server_log *log;
	const char *path;
	int fd;
	bool is_log;
	bool json;
	bool all_clients;
};

static int take_format(struct args *args, struct job *job)
{
	job->is_log = !strcmp(args->value, "allocation-server-log");
	if (job->is_log || !strcmp(args->value, "trace"))
		return 0;
	usage_error(args,
		    "--format: '%s' is neither trace nor allocation-server-log",
		    args->value);
	return OPTIONS_BAD;
}

static int parse(struct args *args, struct job *job)
{
	int option, bad = 0;
	char **words;

	while (!bad && (option = next_option(args)) >= 0) {
		if (option == FORMAT)
			bad = take_format(args, job);
		else if (option == KEEP)
			job->replay.keep = true;
		else if (option == ALL_CLIENTS)
			job->all_clients = true;
		else if (option == JSON)
			job->json = true;
		else
			bad = limits_option(args, option, job->replay.limits);
	}
	if (bad || option != OPTIONS_END)
		return bad ? bad : option;
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

	if (!(job->replay.events % EVENTS_PER_LOOK))
		progress_show(&job->progress, offset(job), job->replay.events,
			      "events");
	return replay_event(&job->replay, event, error);
}

/* What was said is done before more is waited for: the trace may be a pipe. */
static int idle(void *context, struct trace_error *error)
{
	struct job *job = context;

	return replay_flush(&job->replay, error);
}

static int read_events(struct job *job, const struct trace_sink *sink,
		       struct trace_error *error)
{
	return job->log ? server_log_read(job->log, sink, error) :
			  trace_read(job->reader, sink, error);
}

/*
 * apply() - replay the trace, as far as it goes
 *
 * What came before a malformed line is counted, and so are the reports that
 * waited when it was met.
 */
static int apply(struct job *job, struct trace_error *error)
{
	const struct trace_sink sink = { take_event, idle, job };
	struct trace_error second;
	int ret = read_events(job, &sink, error);

	if (replay_flush(&job->replay, ret ? &second : error)) {
		/* Of two errors the earlier line's counts. */
		if (ret && second.line < error->line)
			*error = second;
		ret = -1;
	}
	progress_end(&job->progress);
	return ret;
}

static int gather(struct job *job, struct snapshots *snapshots)
{
	for (struct replay_device *device = job->replay.devices; device;
	     device = device->next) {
		if (!device->device)
			continue;
		if (snapshots_add(snapshots, device->device))
			return EXIT_FAILED;
		snapshots->list[snapshots->nr - 1].trace_device =
			device->trace_name;
	}
	return 0;
}

static int print(struct job *job)
{
	struct snapshots snapshots = { 0 };
	int ret = gather(job, &snapshots);

	if (!ret && job->json)
		print_json(&snapshots, NULL);
	else if (!ret)
		print_text(&snapshots, job->all_clients);
	snapshots_drop(&snapshots);
	return ret;
}

/* tell_skipped() - a log has more in it than what is replayed */
static void tell_skipped(const struct job *job)
{
	if (job->log)
		print_err("%s: %llu other lines are skipped; " ADDRESS_ONLY,
			  job->path,
			  (unsigned long long)server_log_skipped(job->log));
}

static int complain(const struct job *job, const struct trace_error *error)
{
	if (!error->line)
		return fail("%s: %s", job->path, error->text);
	return fail("%s:%lu: %s", job->path, error->line, error->text);
}

static int replay(struct job *job)
{
	struct trace_error error;
	int ret, failed;

	failed = apply(job, &error);
	ret = print(job);
	if (!failed)
		tell_skipped(job);
	return failed ? complain(job, &error) : ret;
}

static int run(struct args *args)
{
	struct job job = { .fd = -1, .replay.limits = new_settings() };
	int ret = parse(args, &job);

	if (ret == OPTIONS_END) {
		ret = open_trace(&job);
		if (!ret)
			ret = replay_begin(&job.replay);
		if (!ret)
			ret = replay(&job);
		replay_end(&job.replay);
		close_trace(&job);
	} else {
		ret = options_failed(ret);
	}
	buftrack_settings_free(job.replay.limits);
	return ret;
}

const struct verb verb_replay = {
	.name = "replay",
	.operands = "FILE",
	.summary = "make the reports of a trace, and tell what came of them",
	.details =
		"FILE is a trace, or - for standard input; or what the old allocation server\nprinted, whose buffers are known by their addresses only. Each replay makes devices\nof its own, named replay:<n>:<name>, which go when it ends, however it ends, unless\nthey are kept. The limits are those devices'. What is told is how they stand before\nthe clients that are still open are closed. At a line that is malformed the replay\nstops: what came before it is counted and told.",
	.options = options,
	.run = run,
};
