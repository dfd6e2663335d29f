/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replaying a trace
 *
 * replay.c is the verb, replay-engine.c takes the events of a trace,
 * replay-devices.c makes the devices that they happen on.
 */
#ifndef BUFTRACK_REPLAY_H
#define BUFTRACK_REPLAY_H

#include <stdbool.h>
#include <libbuftrack.h>

#include "../trace/trace.h"

/* So many reports of one client go in at once. */
#define REPLAY_BATCH 1024

/**
 * struct replay_device - a device of a replay
 * @next: the one that was made after it
 * @trace_name: its name in the trace
 * @device: its node, open for all that is no report
 * @number: n of /dev/buftrack/n
 * @nr_spaces: how many spaces it has
 * @spaces: their names; place in the array is number on the device
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
 * @control: registers its devices; temporary ones go when it is closed
 * @serial: the n in their names
 * @keep: its devices stay when it ends
 * @limits: settings for its devices
 * @devices: its devices, in the order in which they were made
 * @last: where to append the next
 * @files: clients that are open, by the number of their file, @nr_files long
 * @reports: reports of @client that were not made yet
 * @lines: line of each of them
 * @client: whose they are
 * @declaration: of a client, to be filled in anew for each
 * @events: how many events were taken
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
 * replay_begin() - get ready
 * @replay: to be filled in, but for @keep and @limits; for replay_end()
 *
 * Return: 0, or how the command ends: it has said why.
 */
int replay_begin(struct replay *replay);

/* replay_end() - close all that is open; devices go unless they are kept */
void replay_end(struct replay *replay);

/* replay_event() - take an event; @context is the replay */
int replay_event(void *context, const struct trace_event *event,
		 struct trace_error *error);

/**
 * replay_flush() - make the reports that wait
 * @replay: the replay
 * @error: why it failed
 *
 * Return: 0, or -1.
 */
int replay_flush(struct replay *replay, struct trace_error *error);

/**
 * replay_device() - the device of an event, made when it is first met
 * @replay: the replay
 * @event: the event
 * @error: why it failed
 *
 * Return: the device, or NULL.
 */
struct replay_device *replay_device(struct replay *replay,
				    const struct trace_event *event,
				    struct trace_error *error);

/**
 * replay_space() - the number of an event's space, made when it is first met
 * @device: the device
 * @event: the event
 * @space: where to put the number
 * @error: why it failed
 *
 * Return: 0, or -1.
 */
int replay_space(struct replay_device *device, const struct trace_event *event,
		 unsigned int *space, struct trace_error *error);

/* replay_drop_devices() - close their nodes and forget them */
void replay_drop_devices(struct replay *replay);

#endif /* BUFTRACK_REPLAY_H */
