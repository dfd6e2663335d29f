// SPDX-License-Identifier: GPL-2.0
/*
 * Reading the wrong reports of several devices in one order
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include "cmd.h"
#include "event-sources.h"
#include "../util/err.h"
#include "select.h"

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

int sources_open(struct sources *sources)
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

void sources_close(struct sources *sources)
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

int sources_next(struct sources *sources, struct source **source,
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

int sources_wait(struct sources *sources, int signals, int timeout)
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

void sources_drop_removed(struct sources *sources)
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

int sources_find_new(struct sources *sources)
{
	return *sources->words ? 0 : sources_open(sources);
}
