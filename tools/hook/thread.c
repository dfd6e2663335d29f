// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the hooks keep for each thread
 */
#include <unistd.h>

#include "internal.h"

__thread struct thread hook_thread;

uint32_t hook_tid(uint32_t pid)
{
	if (hook_thread.pid != pid) {
		hook_thread.tid = (uint32_t)gettid();
		hook_thread.pid = pid;
	}
	return hook_thread.tid;
}

void hook_catch_begin(struct hook_catch *catch)
{
	catch->caught = false;
	catch->outer = hook_thread.catch;
	hook_thread.catch = catch;
}

void hook_catch_end(struct hook_catch *catch)
{
	hook_thread.catch = catch->outer;
}
