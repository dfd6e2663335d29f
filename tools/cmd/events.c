// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack events
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <libbuftrack.h>

#include "../util/err.h"
#include "../util/parse.h"
#include "../util/text.h"
#include "cmd.h"
#include "dedup.h"
#include "event-print.h"
#include "lookup.h"

/**
 * struct source - a device whose events are read
 * @next: the next device
 * @number: its number
 * @name: its name
 * @driver: a kernel driver registered it
 * @now: its clock when it was opened
 * @device: its node
 * @reader: reads its events
 * @current: its next event; NULL: none was read yet
 * @drained: it has no more events for now
 * @removed: it was removed and has no more events
 * @owners: cache of its clients
 * @asked: lookups in @owners since it was emptied
 * @spaces: names of its spaces
 */
struct source {
	struct source *next;
	unsigned int number;
	char name[BUFTRACK_DEVICE_NAME_SIZE];
	bool driver;
	uint64_t now;
	struct buftrack_device *device;
	struct buftrack_events *reader;
	const struct buftrack_event *current;
	bool drained;
	bool removed;
	void *owners;
	unsigned int asked;
	space_names spaces;
};

/**
 * struct sources - the devices whose events are read
 * @list: the devices in the order of their opening
 * @words: the devices that the user named, NULL at the end; none: all devices
 * @kept_only: skip events after a device was opened
 */
struct sources {
	struct source *list;
	char **words;
	bool kept_only;
};

static void close_source(struct source *source)
{
	drop_owners(&source->owners);
	buftrack_events_free(source->reader);
	buftrack_device_close(source->device);
	free(source);
}

static bool is_open(const struct sources *sources, unsigned int number)
{
	for (const struct source *source = sources->list; source;
	     source = source->next)
		if (source->number == number)
			return true;
	return false;
}

static void append(struct sources *sources, struct source *source)
{
	struct source **link = &sources->list;

	while (*link)
		link = &(*link)->next;
	*link = source;
}

/* add_source() - open a device; with @may_go it may have been removed */
static int add_source(struct sources *sources,
		      const struct buftrack_device_status *status, bool may_go)
{
	struct source *source;
	struct buftrack_device *device;

	device = buftrack_device_open(buftrack_device_status_number(status),
				      O_RDONLY | O_NONBLOCK);
	if (!device) {
		if (may_go && may_be_gone())
			return 0;
		return fail_device(REQ_OPEN_DEVICE, status);
	}
	source = xcalloc(1, sizeof(*source));
	source->device = device;
	source->reader = checked(buftrack_events_new(device));
	source->number = buftrack_device_status_number(status);
	source->driver = has_driver(status);
	source->now = buftrack_device_status_now(status);
	copy_name(source->name, buftrack_device_status_name(status),
		  sizeof(source->name));
	append(sources, source);
	return read_spaces(source->spaces, device);
}

static int add_all(struct sources *sources, struct buftrack_control *control)
{
	struct buftrack_device_status *status;
	unsigned int from = 0;
	int ret = 0;

	while (!ret && (status = buftrack_control_next_device(control, from))) {
		from = buftrack_device_status_number(status) + 1;
		if (!is_open(sources, from - 1))
			ret = add_source(sources, status, true);
		buftrack_device_status_free(status);
	}
	if (!ret && errno != ENOENT)
		return fail_errno(REQ_DEVICE_INFO, "the devices");
	return ret;
}

static int add_word(struct sources *sources, struct buftrack_control *control,
		    const char *word)
{
	struct buftrack_device_status *status = find_device(control, word);
	int ret = 0;

	if (!status)
		return EXIT_FAILED;
	if (!is_open(sources, buftrack_device_status_number(status)))
		ret = add_source(sources, status, false);
	buftrack_device_status_free(status);
	return ret;
}

/* sources_open() - open the devices; returns 0, or an exit status after a message */
static int sources_open(struct sources *sources)
{
	struct buftrack_control *control = open_control(O_RDONLY);
	int ret = 0;

	if (!control)
		return EXIT_FAILED;
	if (!*sources->words)
		ret = add_all(sources, control);
	for (char **word = sources->words; *word && !ret; word++)
		ret = add_word(sources, control, *word);
	buftrack_control_close(control);
	return ret;
}

static void sources_close(struct sources *sources)
{
	while (sources->list) {
		struct source *source = sources->list;

		sources->list = source->next;
		close_source(source);
	}
}

static int fetch(const struct sources *sources, struct source *source)
{
	int got = buftrack_events_next(source->reader, &source->current);
	bool late = got > 0 && sources->kept_only &&
		    source->current->stamp > source->now;

	if (got > 0 && !late)
		return 0;
	source->current = NULL;
	source->drained = true;
	if (late)
		return 0;
	if (!got)
		source->removed = true;
	else if (errno != EAGAIN)
		return fail_errno(REQ_EVENTS, "device %u (%s)", source->number,
				  source->name);
	return 0;
}

static struct source *oldest(struct source *a, struct source *b)
{
	return !a || b->current->stamp < a->current->stamp ? b : a;
}

/**
 * sources_next() - read the oldest event that is available
 * @sources: the devices
 * @source: set to the device of the event
 * @event: set to the event, which is valid until the next call
 *
 * Return: 1; 0 if there is no event now; or -1 after an error message.
 */
static int sources_next(struct sources *sources, struct source **source,
			const struct buftrack_event **event)
{
	struct source *found = NULL;

	for (struct source *at = sources->list; at; at = at->next) {
		if (!at->current && !at->drained && fetch(sources, at))
			return -1;
		if (at->current)
			found = oldest(found, at);
	}
	if (!found)
		return 0;
	*source = found;
	*event = found->current;
	found->current = NULL;
	return 1;
}

/**
 * sources_wait() - wait for more events or a signal
 * @sources: the devices
 * @signals: a descriptor that is readable after a signal
 * @timeout: in ms; -1: none
 *
 * Return: 0, or an exit status after an error message.
 */
static int sources_wait(struct sources *sources, int signals, int timeout)
{
	struct pollfd *fds;
	nfds_t nr = 1;
	int ret;

	for (struct source *at = sources->list; at; at = at->next)
		nr++;
	fds = xcalloc(nr, sizeof(*fds));
	fds[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
	nr = 1;
	for (struct source *at = sources->list; at; at = at->next) {
		at->drained = false;
		fds[nr].fd = buftrack_device_fd(at->device);
		fds[nr++].events = POLLIN;
	}
	ret = poll(fds, nr, timeout);
	free(fds);
	return ret < 0 && errno != EINTR ?
		       fail_errno(REQ_EVENTS, "the devices") :
		       0;
}

/* sources_drop_removed() - close removed devices and say so */
static void sources_drop_removed(struct sources *sources)
{
	struct source **link = &sources->list;

	while (*link) {
		struct source *source = *link;

		if (!source->removed) {
			link = &source->next;
			continue;
		}
		print_err("device %u (%s) was removed", source->number,
			  source->name);
		*link = source->next;
		close_source(source);
	}
}

/* sources_find_new() - open new devices, unless the user named devices */
static int sources_find_new(struct sources *sources)
{
	return *sources->words ? 0 : sources_open(sources);
}

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* How often repeats are printed and new devices looked for, in ns */
#define INTERVAL NS_PER_S

/* A cache is emptied after this many lookups of clients, or this many stacks. */
#define MAX_ASKED 65536

enum {
	FOLLOW,
	VERDICT,
	CLIENT,
	PID,
	SPACE,
	SINCE,
	ALL,
	JSON,
};

static const struct option_spec options[] = {
	[FOLLOW] = { "follow", NULL,
		     "wait for more events until the devices are removed or a signal arrives" },
	[VERDICT] = { "verdict", "LIST", "only these verdicts" },
	[CLIENT] = { "client", "N", "only reports by this client" },
	[PID] = { "pid", "PID", "only reports by this process" },
	[SPACE] = { "space", "NAME", "only reports about this space" },
	[SINCE] = { "since", "TIME",
		    "only events at most this old; 0: only new ones" },
	[ALL] = { "all", NULL, "print repeats instead of counting them" },
	[JSON] = { "json", NULL,
		   "print JSON, one line for each event and repeat" },
	{ .name = NULL },
};

/**
 * struct watch - the events that the user wants, and the progress
 * @sources: the devices
 * @follow: wait for more events
 * @all: print repeats
 * @json: print JSON
 * @verdicts: a bit for each wanted verdict; 0: all
 * @client: wanted client; 0: all
 * @has_pid: only the process @pid
 * @pid: wanted process
 * @space: wanted space; NULL: all
 * @has_since: only events that are at most @since old
 * @since: in ns
 * @epoch: when the devices' clock was 0, in ns since 1970
 * @dedup: counts repeats
 * @stacks: cache of kernel stacks
 * @shown: number of blocks printed
 * @dropped: events overwritten before they were read, not yet mentioned
 * @next: when to print repeats next, by the monotonic clock
 * @signals: a descriptor that is readable after a signal
 */
struct watch {
	struct sources sources;
	bool follow;
	bool all;
	bool json;
	uint64_t verdicts;
	uint64_t client;
	bool has_pid;
	uint64_t pid;
	const char *space;
	bool has_since;
	uint64_t since;
	uint64_t epoch;
	struct dedup *dedup;
	struct stacks stacks;
	uint64_t shown;
	uint64_t dropped;
	uint64_t next;
	int signals;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* add_verdict() - add a verdict; unknown_free stands for all of its reasons */
static bool add_verdict(const char *name, size_t length, void *context)
{
	struct watch *watch = context;
	uint64_t bits = 0;

	for (unsigned int i = BUFTRACK_VERDICT_DOUBLE_ALLOC;
	     i < BUFTRACK_NR_VERDICTS; i++) {
		const char *known = buftrack_verdict_name(i);

		if (!strncmp(known, name, length) &&
		    (!known[length] || known[length] == '.'))
			bits |= UINT64_C(1) << i;
	}
	watch->verdicts |= bits;
	return length && bits;
}

static int take_option(const struct args *args, int option, struct watch *watch)
{
	switch (option) {
	case FOLLOW:
		watch->follow = true;
		return 0;
	case VERDICT:
		return each_word(args, option, add_verdict, watch,
				 "the verdict of an event");
	case CLIENT:
		return number_option(args, option, 1, UINT64_MAX,
				     &watch->client);
	case PID:
		watch->has_pid = true;
		return number_option(args, option, 0, UINT64_MAX, &watch->pid);
	case SPACE:
		watch->space = args->value;
		return 0;
	case SINCE:
		watch->has_since = true;
		return duration_option(args, option, &watch->since);
	case ALL:
		watch->all = true;
		return 0;
	default:
		watch->json = true;
		return 0;
	}
}

static int parse(struct args *args, struct watch *watch)
{
	int option, bad = 0;

	while (!bad && (option = next_option(args)) >= 0)
		bad = take_option(args, option, watch);
	if (bad || option != OPTIONS_END)
		return bad ? bad : option;
	watch->sources.words = operands(args, 0, args->argc);
	return watch->sources.words ? OPTIONS_END : OPTIONS_BAD;
}

static const char *space_of(struct source *source,
			    const struct buftrack_event *event,
			    char text[BUFTRACK_SPACE_NAME_SIZE])
{
	unsigned int space = event->report.space;

	/* The space may be new. Names never change. */
	if (space < BUFTRACK_MAX_SPACES && !*source->spaces[space])
		read_spaces(source->spaces, source->device);
	return space_name(source->spaces, space, text);
}

static bool is_wanted(const struct watch *watch, const struct source *source,
		      const struct buftrack_event *event, const char *space)
{
	if (watch->verdicts && !(watch->verdicts >> event->verdict & 1))
		return false;
	if (watch->client && watch->client != event->client)
		return false;
	if (watch->has_pid && watch->pid != event->pid)
		return false;
	if (watch->space && strcmp(watch->space, space))
		return false;
	return !watch->has_since || event->stamp + watch->since >= source->now;
}

/* print_dropped() - mention events that were overwritten before they were read */
static void print_dropped(struct watch *watch)
{
	char number[UNIT_TEXT];

	if (!watch->dropped || watch->json)
		return;
	printf("%s%s event%s overwritten before this reader got to them; the counters of 'buftrack status' include them%s\n\n",
	       bad(), number_text(watch->dropped, number),
	       watch->dropped == 1 ? " was" : "s were", plain());
	watch->dropped = 0;
}

static bool admit(struct watch *watch, const struct buftrack_event *event,
		  const struct scene *scene)
{
	struct dedup_key key = {
		.device = scene->device,
		.client = event->client,
		.verdict = event->verdict,
		.space = event->report.space,
		.site = event->report.site,
	};
	bool first, shown;
	size_t size;
	char *name;
	FILE *out;

	shown = dedup_admit(watch->dedup, &key, event->stamp, &first);
	if (!first)
		return shown;
	out = open_memstream(&name, &size);
	checked(out);
	event_label(out, event, scene);
	fclose(out);
	dedup_name(watch->dedup, name);
	return shown;
}

/* reporter_of() - the client that reported an event, read anew from time to time */
static const struct owner *reporter_of(struct source *source,
				       const struct buftrack_event *event)
{
	if (++source->asked > MAX_ASKED) {
		drop_owners(&source->owners);
		source->asked = 1;
	}
	return find_owner(&source->owners, source->device, event->client);
}

/*
 * find_stacks() - look up the kernel stacks of an event
 *
 * Only a driver's sites are numbers of kernel stacks. All records of an event are in one
 * domain, and in the shared domain of a driver's device every site is the driver's.
 */
static void find_stacks(struct watch *watch, struct source *source,
			const struct buftrack_event *event, struct scene *scene)
{
	struct buftrack_device *device = source->device;
	struct stacks *stacks = &watch->stacks;

	if (!source->driver || !scene->reporter->shared)
		return;
	if (stacks->nr > MAX_ASKED)
		drop_stacks(stacks);
	scene->stack = find_stack(stacks, device, event->report.site);
	scene->target.site = find_stack(stacks, device, event->target.site);
	scene->target.ended_site =
		find_stack(stacks, device, event->target.ended_site);
	scene->hit.site = find_stack(stacks, device, event->hit.site);
	scene->hit.ended_site =
		find_stack(stacks, device, event->hit.ended_site);
}

static void show(struct watch *watch, struct source *source,
		 const struct buftrack_event *event, const char *space)
{
	struct scene scene = {
		.device = source->number,
		.device_name = source->name,
		.space = space,
		.hidden = event->flags & BUFTRACK_EVENT_REDACTED,
		.epoch = watch->epoch,
	};

	scene.reporter = reporter_of(source, event);
	if (!watch->json && !watch->all && !admit(watch, event, &scene))
		return;
	find_stacks(watch, source, event, &scene);
	if (watch->json) {
		event_json(event, &scene);
		return;
	}
	/* Mention a loss where it happened, but in a flood only once a second. */
	if (watch->all || !watch->shown++)
		print_dropped(watch);
	event_text(stdout, event, &scene);
	printf("\n");
}

/* print_repeats() - print the repeats counted so far, if it is time */
static void print_repeats(struct watch *watch)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (now < watch->next)
		return;
	watch->next = now + INTERVAL;
	print_dropped(watch);
	if (dedup_pending(watch->dedup))
		dedup_print(watch->dedup, stdout);
	fflush(stdout);
}

static volatile sig_atomic_t stopped;
static int signal_fd;

static void stop(int signal)
{
	uint64_t one = 1;
	int error = errno;

	(void)signal;
	stopped = 1;
	/* poll() reports the descriptor as readable; a full one already is. */
	if (write(signal_fd, &one, sizeof(one)) < 0)
		errno = error;
	errno = error;
}

/* A second signal kills the command, in case its output is blocked. */
static int catch_signals(struct watch *watch)
{
	struct sigaction action = {
		.sa_handler = stop,
		.sa_flags = SA_RESTART | SA_RESETHAND,
	};

	watch->signals = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->signals < 0)
		return fail_errno(REQ_ANY, "a descriptor for signals");
	signal_fd = watch->signals;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return 0;
}

/* show_all() - print all events available now; returns 0 or an exit status */
static int show_all(struct watch *watch)
{
	char text[BUFTRACK_SPACE_NAME_SIZE];
	const struct buftrack_event *event;
	struct source *source;
	int got = 0;

	while (!stopped &&
	       (got = sources_next(&watch->sources, &source, &event)) > 0) {
		const char *space = space_of(source, event, text);

		watch->dropped += event->dropped;
		if (is_wanted(watch, source, event, space))
			show(watch, source, event, space);
		if (watch->follow)
			print_repeats(watch);
		if (ferror(stdout))
			return EXIT_FAILED;
	}
	fflush(stdout);
	return got < 0 ? EXIT_FAILED : 0;
}

/* wait_time() - how long to wait at most, in ms: nothing signals a new device */
static int wait_time(const struct watch *watch)
{
	if (!*watch->sources.words || watch->dropped ||
	    dedup_pending(watch->dedup))
		return INTERVAL / NS_PER_MS;
	return -1;
}

static int follow(struct watch *watch)
{
	int ret = 0;

	while (!ret && !stopped) {
		ret = show_all(watch);
		if (ret || stopped)
			break;
		sources_drop_removed(&watch->sources);
		ret = sources_find_new(&watch->sources);
		if (ret || !watch->sources.list)
			break;
		ret = sources_wait(&watch->sources, watch->signals,
				   wait_time(watch));
		print_repeats(watch);
	}
	return ret;
}

static int watch_all(struct watch *watch)
{
	int ret = sources_open(&watch->sources);

	if (ret)
		return ret;
	if (!watch->sources.list)
		print_err(
			"there is no device: add one with 'buftrack device add'");
	watch->epoch = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	watch->sources.kept_only = !watch->follow;
	if (watch->follow)
		ret = follow(watch);
	else
		ret = show_all(watch);
	print_dropped(watch);
	dedup_print_all(watch->dedup, stdout);
	return ret;
}

static int run(struct args *args)
{
	struct watch watch = { 0 };
	int ret = parse(args, &watch);

	if (ret != OPTIONS_END)
		return options_status(ret);
	watch.dedup = dedup_new();
	ret = catch_signals(&watch);
	if (!ret)
		ret = watch_all(&watch);
	sources_close(&watch.sources);
	drop_stacks(&watch.stacks);
	dedup_free(watch.dedup);
	return ret;
}

const struct verb verb_events = {
	.name = "events",
	.operands = "[DEV]...",
	.summary = "print wrong reports with their evidence",
	.details =
		"A device keeps the latest events. Of events with the same device, client, verdict,\nspace and site the first few are printed and the rest is counted, unless --all or\n--json is given. The verdicts of --verdict are separated by commas; unknown_free\nstands for all of its reasons. TIME is in seconds, or a number followed by ns, us,\nms, s, m, h or d.",
	.options = options,
	.run = run,
};
