// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The session of a process: when it begins, which threads are in a hook, how it ends
 *
 * BUFTRACK_SESSION names the directory of the logs; without it the hooks do nothing. The
 * state is set up by the first report, so a process that uses no device has no log.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

struct state *hook_state;
static uint32_t
	reporting; /* pid of the process, or of an ancestor, that reported */
static char directory[4000]; /* empty: there is no session */
bool hook_stacks;

/* The environment is read before the program can change it. */
__attribute__((constructor)) static void read_environment(void)
{
	const char *name = secure_getenv("BUFTRACK_SESSION");
	const char *stacks = secure_getenv("BUFTRACK_STACKS");

	if (!directory[0] && name && name[0] == '/' &&
	    strlen(name) < sizeof(directory))
		strcpy(directory, name);
	hook_stacks = stacks && !strcmp(stacks, "1");
}

static struct state *map_state(void)
{
	struct state *state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (state == MAP_FAILED)
		return NULL;
	if (madvise(state, sizeof(*state), MADV_WIPEONFORK) < 0) {
		munmap(state, sizeof(*state));
		return NULL;
	}
	return state;
}

static struct state *get_state(void)
{
	struct state *state = __atomic_load_n(&hook_state, __ATOMIC_ACQUIRE);
	struct state *expected = NULL;

	if (state)
		return state;
	state = map_state();
	if (!state)
		return NULL;
	if (__atomic_compare_exchange_n(&hook_state, &expected, state, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return state;
	munmap(state, sizeof(*state));
	return expected;
}

static void set_up(struct state *state)
{
	enum stage stage = STAGE_FAILED;

	pthread_mutex_lock(&state->lock);
	if (atomic_load(&state->stage) == STAGE_NEW) {
		state->pid = (uint32_t)getpid();
		state->is_child = reporting && reporting != state->pid;
		reporting = state->pid;
		if (log_open(&state->log, directory, state->pid))
			stage = STAGE_READY;
		atomic_store(&state->stage, stage);
	}
	pthread_mutex_unlock(&state->lock);
}

static bool is_ready(void)
{
	struct state *state = get_state();

	if (!state)
		return false;
	if (atomic_load_explicit(&state->stage, memory_order_acquire) ==
	    STAGE_NEW)
		set_up(state);
	return atomic_load_explicit(&state->stage, memory_order_relaxed) ==
	       STAGE_READY;
}

bool hook_has_session(void)
{
	return directory[0];
}

/*
 * A signal handler that interrupts a hook must not take the locks of the thread again:
 * its report is lost.
 */
struct hook_scope hook_enter(void)
{
	struct hook_scope scope = { .saved_errno = errno };

	if (!directory[0])
		return scope;
	if (hook_thread.busy) {
		atomic_fetch_add(&hook_state->lost, 1);
		return scope;
	}
	hook_thread.busy = true;
	scope.entered = true;
	scope.active = is_ready();
	return scope;
}

void hook_leave(struct hook_scope *scope)
{
	if (!scope->entered)
		return;
	hook_thread.busy = false;
	errno = scope->saved_errno;
}

void hook_message(const char *format, ...)
{
	struct log_entry entry = { .op = LOG_OP_MESSAGE };
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	log_append_text(hook_state, &entry, line);
}

/*
 * It is the last destructor of the library. Those of others may free buffers yet: the clients
 * stay open, and the log says that the process came this far.
 */
__attribute__((destructor(101))) static void end_session(void)
{
	struct state *state = __atomic_load_n(&hook_state, __ATOMIC_ACQUIRE);

	if (state && atomic_load(&state->stage) == STAGE_READY &&
	    state->pid == (uint32_t)getpid())
		__atomic_store_n(&state->log.header->ended, 1,
				 __ATOMIC_RELEASE);
}
