/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the events of a replay go: to the module, or to the tracker in this process
 */
#ifndef BUFTRACK_REPLAY_H
#define BUFTRACK_REPLAY_H

#include <stdbool.h>
#include <libbuftrack.h>

#include "../trace/trace.h"
#include "../util/err.h"
#include "snapshot.h"

/**
 * struct replay_options - options of the devices of a replay
 * @keep: they stay when the replay ends
 * @limits: their limits
 */
struct replay_options {
	bool keep;
	const struct buftrack_settings *limits;
};

/**
 * struct replay_ops - one of the two
 * @begin: returns a replay for the other functions, or NULL after an error message
 * @take: apply an event, or hold it back; returns 0, or -1 with @error set
 * @flush: apply the events that were held back; returns likewise
 * @gather: read its devices; returns 0, or an exit status after an error message
 * @end: close all clients and free the replay
 */
struct replay_ops {
	void *(*begin)(const struct replay_options *options);
	int (*take)(void *replay, const struct trace_event *event,
		    struct trace_error *error);
	int (*flush)(void *replay, struct trace_error *error);
	int (*gather)(void *replay, struct snapshots *snapshots);
	void (*end)(void *replay);
};

extern const struct replay_ops replay_module;
extern const struct replay_ops replay_offline;

/* replay_declare() - fill in what an open event declares about its client */
void replay_declare(struct buftrack_declaration *declaration,
		    const struct trace_event *event);

/* replay_report() - the report of an alloc, free or use event, but for its space */
struct buftrack_report replay_report(const struct trace_event *event);

/* replay_fail() - fail at an event, with the meaning of errno; -1 */
int replay_fail(const struct trace_event *event, enum err_request request,
		const char *kind, const char *name, struct trace_error *error);

#endif /* BUFTRACK_REPLAY_H */
