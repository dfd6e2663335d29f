// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack replay
 *
 * Each client of the trace is an open file of its device's node, so the kernel sees
 * the same calls as from the traced processes. Consecutive reports of one client
 * are submitted together; any other event is applied after the reports before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <libbuftrack.h>

#include "../bridge/bridge.h"
#include "../trace/server-log.h"
#include "../trace/trace.h"
#include "../util/err.h"
#include "../util/json.h"
#include "cmd.h"
#include "lookup.h"
#include "snapshot.h"

/* Maximum number of reports that are submitted together */
#define REPLAY_BATCH 1024

/**
 * struct replay_device - a device of the replay
 * @next: the next device
 * @trace_name: its name in the trace
 * @device: its node, for everything but reports
 * @number: n of /dev/buftrack/n
 * @nr_spaces: number of its spaces
 * @spaces: their names, by number
 */
struct replay_device {
	struct replay_device *next;
	const char *trace_name;
	struct buftrack_device *device;
	unsigned int number;
	unsigned int nr_spaces;
	char spaces[BUFTRACK_MAX_SPACES][BUFTRACK_SPACE_NAME_SIZE];
};

/**
 * struct replay - a replay
 * @control: the file that registers its devices; closing it removes temporary ones
 * @serial: the n in their names
 * @keep: its devices stay when it ends
 * @limits: limits for its devices
 * @devices: its devices, oldest first
 * @last: where to append the next device
 * @files: open clients by file descriptor, @nr_files entries
 * @nr_files: size of @files
 * @reports: reports of @client that were not submitted yet
 * @lines: line in the trace of each of these
 * @client: the client of @reports
 * @declaration: scratch declaration
 * @events: number of events so far
 */
struct replay {
	struct buftrack_control *control;
	uint64_t serial;
	bool keep;
	struct buftrack_settings *limits;
	struct replay_device *devices;
	struct replay_device **last;
	struct buftrack_device **files;
	size_t nr_files;
	struct buftrack_reports *reports;
	unsigned long lines[REPLAY_BATCH];
	struct trace_client *client;
	struct buftrack_declaration *declaration;
	uint64_t events;
};

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

/* Numbers to try if other users' devices have the names */
#define MAX_TRIES 16

/* another_serial() - get a new number, unique to one opening of a node */
static int another_serial(uint64_t *serial)
{
	struct buftrack_control *control = buftrack_control_open(O_RDONLY);
	struct buftrack_module *module = NULL;

	if (control)
		module = buftrack_control_read_module(control);
	if (module)
		*serial = buftrack_module_serial(module);
	buftrack_module_free(module);
	buftrack_control_close(control);
	return module ? 0 : -1;
}

/*
 * register_device() - register replay:<n>:<name>
 *
 * No other replay uses this n, but any user may have registered such a name.
 */
static int register_device(struct replay *replay, const char *name,
			   unsigned int *number)
{
	unsigned int flags = BUFTRACK_DEVICE_ADD_EXCL;
	int ret, tries = 0;
	char *full;

	if (!replay->keep)
		flags |= BUFTRACK_DEVICE_ADD_TEMPORARY;
	do {
		if (asprintf(&full, "replay:%" PRIu64 ":%s", replay->serial,
			     name) < 0)
			return -1;
		ret = buftrack_control_add_device(replay->control, full, flags,
						  number);
		free(full);
	} while (ret < 0 && errno == EEXIST && tries++ < MAX_TRIES &&
		 !another_serial(&replay->serial));
	return ret < 0 ? -1 : 0;
}

static int fail_at(const struct trace_event *event, enum err_request request,
		   const char *kind, const char *name,
		   struct trace_error *error)
{
	return trace_fail(error, event->line, "%s '%.40s': %s", kind, name,
			  err_text(request, errno));
}

static int open_node(struct replay *replay, struct replay_device *device,
		     const struct trace_event *event, struct trace_error *error)
{
	const char *name = event->device->name;

	device->device = buftrack_device_open(device->number, O_RDWR);
	if (!device->device)
		return fail_at(event, REQ_OPEN_DEVICE, "device", name, error);
	if (!buftrack_settings_empty(replay->limits) &&
	    buftrack_device_apply(device->device, replay->limits))
		return fail_at(event, REQ_DEVICE_SET, "device", name, error);
	return 0;
}

static struct replay_device *make_device(struct replay *replay,
					 const struct trace_event *event,
					 struct trace_error *error)
{
	const char *name = event->device->name;
	struct replay_device *device = calloc(1, sizeof(*device));

	if (!device || register_device(replay, name, &device->number)) {
		fail_at(event, REQ_DEVICE_ADD, "device", name, error);
		free(device);
		return NULL;
	}
	device->trace_name = name;
	*replay->last = device;
	replay->last = &device->next;
	if (open_node(replay, device, event, error))
		return NULL;
	event->device->data = device;
	return device;
}

/* replay_device() - the device of an event, registered when it is first used */
static struct replay_device *replay_device(struct replay *replay,
					   const struct trace_event *event,
					   struct trace_error *error)
{
	if (event->device->data)
		return event->device->data;
	return make_device(replay, event, error);
}

static int add_space(struct replay_device *device,
		     const struct trace_event *event, unsigned int *space,
		     struct trace_error *error)
{
	if (buftrack_device_add_space(device->device, event->space, 0, space) <
	    0)
		return fail_at(event, REQ_SPACE_ADD, "space", event->space,
			       error);
	/* The kernel accepted the name, so it fits. */
	if (*space < BUFTRACK_MAX_SPACES) {
		snprintf(device->spaces[*space], BUFTRACK_SPACE_NAME_SIZE, "%s",
			 event->space);
		if (device->nr_spaces <= *space)
			device->nr_spaces = *space + 1;
	}
	return 0;
}

/* replay_space() - the number of an event's space, added when it is first used */
static int replay_space(struct replay_device *device,
			const struct trace_event *event, unsigned int *space,
			struct trace_error *error)
{
	for (*space = 0; *space < device->nr_spaces; (*space)++)
		if (!strcmp(device->spaces[*space], event->space))
			return 0;
	return add_space(device, event, space, error);
}

/* replay_drop_devices() - close the nodes of the devices */
static void replay_drop_devices(struct replay *replay)
{
	while (replay->devices) {
		struct replay_device *device = replay->devices;

		replay->devices = device->next;
		buftrack_device_close(device->device);
		free(device);
	}
}

/* One file for each client that a device may have, and some more */
#define WANTED_FILES 70000

static void raise_file_limit(void)
{
	struct rlimit limit, higher;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	higher = limit;
	if (higher.rlim_max < WANTED_FILES)
		higher.rlim_max = WANTED_FILES;
	higher.rlim_cur = higher.rlim_max;
	/* Only root may raise the hard limit. */
	if (!setrlimit(RLIMIT_NOFILE, &higher))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int read_serial(struct replay *replay)
{
	struct buftrack_module *module =
		buftrack_control_read_module(replay->control);

	if (!module)
		return fail_errno(REQ_INFO, "the module");
	replay->serial = buftrack_module_serial(module);
	buftrack_module_free(module);
	return 0;
}

/* replay_begin() - returns 0, or an exit status after an error message */
static int replay_begin(struct replay *replay)
{
	raise_file_limit();
	replay->last = &replay->devices;
	replay->control = buftrack_control_open(O_RDWR);
	if (!replay->control)
		return fail_errno(REQ_OPEN_CONTROL, "/dev/buftrack/control");
	replay->reports = buftrack_reports_new(REPLAY_BATCH);
	replay->declaration = buftrack_declaration_new();
	if (!replay->reports || !replay->declaration)
		return fail("out of memory: free some and try again");
	return read_serial(replay);
}

/* replay_end() - close everything, which removes temporary devices */
static void replay_end(struct replay *replay)
{
	for (size_t i = 0; i < replay->nr_files; i++)
		buftrack_device_close(replay->files[i]);
	free(replay->files);
	replay_drop_devices(replay);
	buftrack_reports_free(replay->reports);
	buftrack_declaration_free(replay->declaration);
	buftrack_control_close(replay->control);
}

/* replay_flush() - submit the reports that wait */
static int replay_flush(struct replay *replay, struct trace_error *error)
{
	struct buftrack_reports *reports = replay->reports;
	unsigned int length = buftrack_reports_length(reports);
	int ret = 0;

	if (!length)
		return 0;
	if (buftrack_device_submit(replay->client->data, reports)) {
		unsigned int done = buftrack_reports_done(reports);

		ret = trace_fail(error, replay->lines[done < length ? done : 0],
				 "%s", err_text(REQ_REPORT, errno));
	}
	buftrack_reports_clear(reports);
	return ret;
}

/* claim_name() - claim the client's word, as printable ASCII */
static void claim_name(struct replay *replay, const char *word)
{
	char name[BUFTRACK_CLAIMED_NAME_SIZE];
	size_t i;

	for (i = 0; word[i] && i < sizeof(name) - 1; i++)
		name[i] = word[i] < ' ' || word[i] > '~' ? '?' : word[i];
	name[i] = '\0';
	buftrack_declaration_claim(replay->declaration, 0, name);
}

static int declare(struct replay *replay, struct buftrack_device *file,
		   const struct trace_event *event)
{
	unsigned int flags = 0;

	if (event->late)
		flags |= BUFTRACK_DECLARE_LATE;
	if (event->shared)
		flags |= BUFTRACK_DECLARE_SHARED;
	buftrack_declaration_set_flags(replay->declaration, flags);
	buftrack_declaration_set_first_id(replay->declaration, event->id);
	claim_name(replay, event->client->word);
	return buftrack_device_declare(file, replay->declaration, NULL);
}

/* note_file() - remember a client's file, for replay_end() */
static int note_file(struct replay *replay, struct buftrack_device *file)
{
	size_t fd = buftrack_device_fd(file), nr = 2 * fd + 1;
	struct buftrack_device **files;

	if (fd >= replay->nr_files) {
		files = reallocarray(replay->files, nr, sizeof(*files));
		if (!files)
			return -1;
		memset(files + replay->nr_files, 0,
		       (nr - replay->nr_files) * sizeof(*files));
		replay->files = files;
		replay->nr_files = nr;
	}
	replay->files[fd] = file;
	return 0;
}

static int open_client(struct replay *replay, const struct trace_event *event,
		       struct trace_error *error)
{
	struct replay_device *device = replay_device(replay, event, error);
	const char *word = event->client->word;
	struct buftrack_device *file;

	if (!device)
		return -1;
	file = buftrack_device_open(device->number, O_RDWR);
	if (!file)
		return trace_fail(error, event->line, "client '%.40s': %s",
				  word, err_text(REQ_OPEN_DEVICE, errno));
	if (declare(replay, file, event) || note_file(replay, file)) {
		trace_fail(error, event->line, "client '%.40s': %s", word,
			   err_text(REQ_DECLARE, errno));
		buftrack_device_close(file);
		return -1;
	}
	event->client->data = file;
	return 0;
}

static int close_client(struct replay *replay, const struct trace_event *event)
{
	struct buftrack_device *file = event->client->data;

	replay->files[buftrack_device_fd(file)] = NULL;
	buftrack_device_close(file);
	event->client->data = NULL;
	return 0;
}

static int report_gap(const struct trace_event *event,
		      struct trace_error *error)
{
	if (buftrack_device_report_lost(event->client->data, 1))
		return trace_fail(error, event->line, "%s",
				  err_text(REQ_LOST, errno));
	return 0;
}

static int switch_tracking(struct replay *replay,
			   const struct trace_event *event,
			   struct trace_error *error)
{
	struct replay_device *device = replay_device(replay, event, error);
	struct buftrack_settings *settings;
	int ret;

	if (!device)
		return -1;
	settings = buftrack_settings_new();
	if (!settings)
		return trace_fail(error, event->line, "%s",
				  err_text(REQ_DEVICE_SET, errno));
	buftrack_settings_enable(settings, event->op == TRACE_ENABLE);
	ret = buftrack_device_apply(device->device, settings);
	if (ret)
		trace_fail(error, event->line, "device '%.40s': %s",
			   event->device->name,
			   err_text(REQ_DEVICE_SET, errno));
	buftrack_settings_free(settings);
	return ret;
}

static unsigned int report_op(enum trace_op op)
{
	if (op == TRACE_ALLOC)
		return BUFTRACK_OP_ALLOC;
	return op == TRACE_FREE ? BUFTRACK_OP_FREE : BUFTRACK_OP_USE;
}

static int add_report(struct replay *replay, const struct trace_event *event,
		      struct trace_error *error)
{
	struct buftrack_report report = {
		.op = report_op(event->op),
		.flags = event->refused ? BUFTRACK_REPORT_REFUSED : 0,
		.address = event->address,
		.size = event->size,
		.span = event->op == TRACE_ALLOC ? event->span : 0,
		.id = event->id,
	};
	unsigned int at = buftrack_reports_length(replay->reports);

	if (at && (event->client != replay->client || at == REPLAY_BATCH)) {
		if (replay_flush(replay, error))
			return -1;
		at = 0;
	}
	if (replay_space(event->device->data, event, &report.space, error))
		return -1;
	replay->client = event->client;
	replay->lines[at] = event->line;
	return buftrack_reports_add(replay->reports, &report);
}

/* replay_event() - apply an event; @context is the replay */
static int replay_event(void *context, const struct trace_event *event,
			struct trace_error *error)
{
	struct replay *replay = context;

	replay->events++;
	if (trace_is_report(event->op))
		return add_report(replay, event, error);
	if (replay_flush(replay, error))
		return -1;
	switch (event->op) {
	case TRACE_OPEN:
		return open_client(replay, event, error);
	case TRACE_CLOSE:
		return close_client(replay, event);
	case TRACE_GAP:
		return report_gap(event, error);
	default:
		return switch_tracking(replay, event, error);
	}
}

enum {
	FORMAT = NR_LIMITS,
	KEEP,
	ALL_CLIENTS,
	JSON,
};

static const struct option_spec options[] = {
	LIMIT_OPTIONS,
	[FORMAT] = { "format", "FORMAT",
		     "format of FILE: trace (the default) or allocation-server-log" },
	[KEEP] = { "keep", NULL, "keep the devices of the replay" },
	[ALL_CLIENTS] = { "all-clients", NULL,
			  "show all closed clients that are kept" },
	[JSON] = { "json", NULL, "print JSON" },
	{ .name = NULL },
};

/* Reading the clock for each event would be slow. */
#define EVENTS_PER_LOOK 4096

/**
 * struct job - the work of the verb
 * @replay: the replay
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
			job->replay.keep = true;
		else if (option == ALL_CLIENTS)
			job->all_clients = true;
		else if (option == JSON)
			job->json = true;
		else
			bad = limit_option(args, option, job->replay.limits);
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

/* Submit the reports before reading on: the trace may be a slow pipe. */
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
 * apply() - replay the trace up to its end or its first malformed line
 *
 * The events before that line count, including reports not yet submitted.
 */
static int apply(struct job *job, struct trace_error *error)
{
	const struct trace_sink sink = { take_event, idle, job };
	struct trace_error second;
	int ret = read_events(job, &sink, error);

	if (replay_flush(&job->replay, ret ? &second : error)) {
		/* Of two errors, report the one on the earlier line. */
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
	struct trace_error error;
	int ret, failed;

	failed = apply(job, &error);
	ret = print(job);
	if (!failed)
		print_skipped(job);
	return failed ? fail_trace(job, &error) : ret;
}

static int run(struct args *args)
{
	struct job job = { .fd = -1,
			   .replay.limits = checked(buftrack_settings_new()) };
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
		ret = options_status(ret);
	}
	buftrack_settings_free(job.replay.limits);
	return ret;
}

const struct verb verb_replay = {
	.name = "replay",
	.operands = "FILE",
	.summary = "replay a trace and print the result",
	.details =
		"FILE is a trace, - for standard input, or a log of the allocation server, whose\nbuffers are identified by address only. A replay registers its own devices, named\nreplay:<n>:<name>, which are removed when it ends, unless --keep is given. The limits\napply to these devices. Their state is printed before the clients still open are\nclosed. A malformed line stops the replay; the events before it count.",
	.options = options,
	.run = run,
};
