/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading the wrong reports of several devices in one order
 */
#ifndef BUFTRACK_EVENT_SOURCES_H
#define BUFTRACK_EVENT_SOURCES_H

#include <stdbool.h>
#include <libbuftrack.h>

#include "owners.h"

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

/* sources_open() - open what is asked for; returns 0, or how the command ends */
int sources_open(struct sources *sources);
void sources_close(struct sources *sources);

/**
 * sources_next() - the oldest event that is there
 * @sources: where to look
 * @source: set to the device that it is of
 * @event: set to it; it lives until the next call
 *
 * Return: 1; 0: there is none now; or -1: it has said why.
 */
int sources_next(struct sources *sources, struct source **source,
		 const struct buftrack_event **event);

/**
 * sources_wait() - for more events, or a signal
 * @sources: where from
 * @signals: a descriptor that can be read when a signal came
 * @timeout: in ms, at most; -1: no end
 *
 * Return: 0, or how the command ends: it has said why.
 */
int sources_wait(struct sources *sources, int signals, int timeout);

/* sources_drop_removed() - forget devices that are gone, and say so */
void sources_drop_removed(struct sources *sources);

/* sources_find_new() - open devices that have come meanwhile, if all are wanted */
int sources_find_new(struct sources *sources);

#endif /* BUFTRACK_EVENT_SOURCES_H */
