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
 * @next: another one
 * @number: of the device
 * @name: its name
 * @driver: a kernel driver announced it
 * @now: its clock when it was opened
 * @device: its node
 * @reader: of its events
 * @current: the next event of it, or NULL: it has not been asked for
 * @drained: there is no more for now
 * @removed: nor ever
 * @owners: what is known of its clients
 * @asked: how often that was asked since it was forgotten
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
 * struct sources - all of them
 * @list: in the order of their opening
 * @words: names of devices that were asked for, NULL at the end; none: all devices
 * @kept_only: leave what happens after a device was opened
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

/* The device may have been removed since it was found: then there is nothing. */
static int add_source(struct sources *sources,
		      const struct buftrack_device_status *status, bool may_go)
{
	struct source *source;
	struct buftrack_device *device;

	device = buftrack_device_open(buftrack_device_status_number(status),
				      O_RDONLY | O_NONBLOCK);
	if (!device) {
		if (may_go &&
		    (errno == ENOENT || errno == ENODEV || errno == ENXIO))
			return 0;
		return fail_errno(REQ_OPEN_DEVICE, "device %u (%s)",
				  buftrack_device_status_number(status),
				  buftrack_device_status_name(status));
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
	return name_spaces(source->spaces, device);
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

/* sources_open() - open what is asked for; returns 0, or how the command ends */
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
 * sources_next() - the oldest event that is there
 * @sources: where to look
 * @source: set to the device that it is of
 * @event: set to it; it lives until the next call
 *
 * Return: 1; 0: there is none now; or -1: it has said why.
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
 * sources_wait() - for more events, or a signal
 * @sources: where from
 * @signals: a descriptor that can be read when a signal came
 * @timeout: in ms, at most; -1: no end
 *
 * Return: 0, or how the command ends: it has said why.
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

/* sources_drop_removed() - forget devices that are gone, and say so */
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

/* sources_find_new() - open devices that have come meanwhile, if all are wanted */
static int sources_find_new(struct sources *sources)
{
	return *sources->words ? 0 : sources_open(sources);
}

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* How often counted repeats are told, and new devices looked for, in ns */
#define INTERVAL NS_PER_S

/*
 * After so many events what is known of clients is forgotten, lest it grow; what is
 * known of stacks, after so many of them.
 */
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
		     "go on with those that come, until the devices are removed or a signal comes" },
	[VERDICT] = { "verdict", "LIST", "only these verdicts" },
	[CLIENT] = { "client", "N", "only reports of this client" },
	[PID] = { "pid", "PID", "only reports of this process" },
	[SPACE] = { "space", "NAME", "only reports about this space" },
	[SINCE] = { "since", "TIME",
		    "only what happened at most so long before now; 0: what comes" },
	[ALL] = { "all", NULL, "show repeats, too, rather than count them" },
	[JSON] = { "json", NULL, "write JSON, a line for each, repeats too" },
	{ .name = NULL },
};

/**
 * struct watch - what is wanted, and how far it has come
 * @verdicts: a bit for each that is wanted
 * @shown: blocks that were written
 * @dropped: events that were too late for, and that is still to be told
 * @next: when to tell what was counted, by the monotonic clock
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

/* unknown_free stands for all of its reasons. */
static uint64_t verdict_bits(const char *name, size_t length)
{
	uint64_t bits = 0;

	for (unsigned int i = BUFTRACK_VERDICT_DOUBLE_ALLOC;
	     i < BUFTRACK_NR_VERDICTS; i++) {
		const char *known = buftrack_verdict_name(i);

		if (!strncmp(known, name, length) &&
		    (!known[length] || known[length] == '.'))
			bits |= UINT64_C(1) << i;
	}
	return length ? bits : 0;
}

static int verdict_option(const struct args *args, struct watch *watch)
{
	const char *list = args->value;

	for (;;) {
		size_t length = strcspn(list, ",");
		uint64_t bits = verdict_bits(list, length);

		if (!bits) {
			usage_error(
				args,
				"--verdict: '%.*s' is no verdict that makes an event",
				(int)length, list);
			return OPTIONS_BAD;
		}
		watch->verdicts |= bits;
		if (!list[length])
			return 0;
		list += length + 1;
	}
}

static int number_option(const struct args *args, int option, uint64_t *number,
			 uint64_t least)
{
	if (!parse_number(args->value, number) && *number >= least)
		return 0;
	usage_error(args, "--%s: '%s' is no number%s", options[option].name,
		    args->value, least ? " from 1 on" : "");
	return OPTIONS_BAD;
}

static int since_option(const struct args *args, struct watch *watch)
{
	watch->has_since = true;
	if (!parse_duration(args->value, &watch->since))
		return 0;
	usage_error(
		args,
		"--since: '%s' is no time: write seconds, or ns, us, ms, s, m, h, d behind a number",
		args->value);
	return OPTIONS_BAD;
}

static int take_option(const struct args *args, int option, struct watch *watch)
{
	switch (option) {
	case FOLLOW:
		watch->follow = true;
		return 0;
	case VERDICT:
		return verdict_option(args, watch);
	case CLIENT:
		return number_option(args, option, &watch->client, 1);
	case PID:
		watch->has_pid = true;
		return number_option(args, option, &watch->pid, 0);
	case SPACE:
		watch->space = args->value;
		return 0;
	case SINCE:
		return since_option(args, watch);
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

	/* It may have been added since; what it is called never changes. */
	if (space < BUFTRACK_MAX_SPACES && !*source->spaces[space])
		name_spaces(source->spaces, source->device);
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

/* tell_dropped() - that there were events which this reader came too late for */
static void tell_dropped(struct watch *watch)
{
	char number[UNIT_TEXT];

	if (!watch->dropped || watch->json)
		return;
	printf("%s%s event%s had made place for others before this reader came to them; they are counted, see 'buftrack status'%s\n\n",
	       bad(), number_text(watch->dropped, number),
	       watch->dropped == 1 ? "" : "s", plain());
	watch->dropped = 0;
}

static bool admit(struct watch *watch, const struct buftrack_event *event,
		  const struct scene *scene)
{
	struct kind kind = {
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

	shown = dedup_admit(watch->dedup, &kind, event->stamp, &first);
	if (!first)
		return shown;
	out = open_memstream(&name, &size);
	if (!out)
		exit(fail("out of memory: free some and try again"));
	event_label(out, event, scene);
	fclose(out);
	dedup_name(watch->dedup, name);
	return shown;
}

/* reporter_of() - what its client claims; who follows for long asks anew at times */
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
 * find_stacks() - for the sites of an event that is to be shown
 *
 * What others than drivers report as a site is a number of their own. All that an event
 * names is of one domain, and the shared one of a driver's device is the driver's.
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
	/* What is lost is told where it is lost, but in a dedup once a second. */
	if (watch->all || !watch->shown++)
		tell_dropped(watch);
	event_text(stdout, event, &scene);
	printf("\n");
}

/* tell() - what was counted, if it is time to */
static void tell(struct watch *watch)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (now < watch->next)
		return;
	watch->next = now + INTERVAL;
	tell_dropped(watch);
	if (dedup_pending(watch->dedup))
		dedup_tell(watch->dedup, stdout);
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
	/* It is there to be seen by poll(); if it is full, it is. */
	if (write(signal_fd, &one, sizeof(one)) < 0)
		errno = error;
	errno = error;
}

/* A second signal ends the command at once, should nobody take its output. */
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

/* show_all() - all that is there now; returns 0, or how the command ends */
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
			tell(watch);
		if (ferror(stdout))
			return EXIT_FAILED;
	}
	fflush(stdout);
	return got < 0 ? EXIT_FAILED : 0;
}

/* How long to wait at most: new devices do not announce themselves. */
static int patience(const struct watch *watch)
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
				   patience(watch));
		tell(watch);
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
			"there are no devices: add one with 'buftrack device add'");
	watch->epoch = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	watch->sources.kept_only = !watch->follow;
	if (watch->follow)
		ret = follow(watch);
	else
		ret = show_all(watch);
	tell_dropped(watch);
	dedup_tell_all(watch->dedup, stdout);
	return ret;
}

static int run(struct args *args)
{
	struct watch watch = { 0 };
	int ret = parse(args, &watch);

	if (ret != OPTIONS_END)
		return options_failed(ret);
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
	.summary = "which reports were wrong, and what is known of each",
	.details =
		"A device keeps the latest of them. Of those alike (device, client, verdict, space\nand site) the first few are shown and the rest is counted, unless --all or --json\nis given. The verdicts of --verdict are separated by commas; unknown_free stands\nfor all of its reasons. TIME is seconds, or with ns, us, ms, s, m, h or d behind\nthe number.",
	.options = options,
	.run = run,
};
