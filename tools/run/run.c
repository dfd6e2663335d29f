// SPDX-License-Identifier: GPL-2.0
/*
 * buftrack run
 */
#include <errno.h>
#include <string.h>

#include "../util/err.h"
#include "internal.h"
#include "recorder.h"

/* The logs are read so often, in ms */
#define PERIOD 100

static void follow(struct child *child, struct logs *logs, struct watch *watch)
{
	while (!child->ended) {
		bool more = logs_drain(logs);

		watch_look(watch);
		child_wait(child, more ? 0 : PERIOD);
	}
	logs_finish(logs);
}

static bool condition_holds(const struct judge *judge, uint64_t fail_on)
{
	uint64_t values[BUFTRACK_NR_COUNTERS];

	for (const struct run_device *device = judge->devices; device;
	     device = device->next) {
		offline_device_copy_counters(device->books,
					     BUFTRACK_SCOPE_DEVICE, 0, values);
		for (unsigned int i = 0; i < BUFTRACK_NR_COUNTERS; i++)
			if (fail_on >> i & 1 && values[i])
				return true;
	}
	return false;
}

static int judge_command(const struct run_options *options,
			 const struct session *session, struct judge *judge)
{
	struct logs logs = { .session = session, .judge = judge };
	struct child child = { 0 };
	struct watch watch;
	struct summary summary = { .options = options,
				   .judge = judge,
				   .child = &child,
				   .logs = &logs };
	int ret = child_start(&child, options, session);

	if (ret)
		return ret;
	watch_begin(&watch, judge, &child, options->command[0]);
	follow(&child, &logs, &watch);
	watch_end(&watch);
	child_fini(&child);
	ret = child_exit_status(&child);
	summary.condition = condition_holds(judge, options->fail_on);
	if (summary.condition)
		ret = EXIT_CONDITION;
	if (summary_print(&summary))
		return EXIT_FAILED;
	return ret;
}

static int finish_record(struct judge *judge, int status)
{
	int ret = 0;

	if (judge->recorder)
		ret = recorder_close(judge->recorder);
	return ret ? ret : status;
}

int run_command(const struct run_options *options)
{
	struct session session = { 0 };
	struct judge judge;
	int ret = session_begin(&session);

	if (ret)
		return ret;
	judge_begin(&judge);
	if (options->record)
		judge.recorder = recorder_open(options->record);
	if (options->record && !judge.recorder)
		ret = EXIT_FAILED;
	else
		ret = finish_record(&judge,
				    judge_command(options, &session, &judge));
	judge_end(&judge);
	session_end(&session);
	return ret;
}
