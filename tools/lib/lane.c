// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lanes of threads
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "reporter.h"

/**
 * struct thread - the lanes of a thread; zero in a child
 * @listed: it is in the list of threads
 * @next: the next thread
 * @link: pointer to this one
 * @lanes: the lanes, by reporter
 */
struct thread {
	bool listed;
	struct thread *next;
	struct thread **link;
	struct lane lanes[MAX_REPORTERS];
};

/**
 * struct process - what all threads share; zero in a child
 * @lock: guards the list, the reporters, and all sessions
 * @threads: threads that have reported
 */
struct process {
	pthread_mutex_t lock;
	struct thread *threads;
};

static __thread struct thread *self __attribute__((tls_model("initial-exec")));
static struct process *process;
static struct buftrack_reporter *reporters[MAX_REPORTERS];
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

void *lane_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (!madvise(memory, size, MADV_WIPEONFORK))
		return memory;
	munmap(memory, size);
	return NULL;
}

static void block_signals(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, old);
}

static void unblock_signals(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

/* The rings of a thread that ends serve other threads. */
static void give_up_lanes(struct thread *thread)
{
	unsigned int i;

	for (i = 0; i < MAX_REPORTERS; i++) {
		struct session *session;

		if (!thread->lanes[i].entries)
			continue;
		session = reporters[i]->session;
		thread->lanes[i].busy = 0;
		session->idle[session->nr_idle++] = thread->lanes[i];
	}
	*thread->link = thread->next;
	if (thread->next)
		thread->next->link = thread->link;
}

static void end_thread(void *arg)
{
	struct thread *thread = arg;
	sigset_t old;

	block_signals(&old);
	pthread_mutex_lock(&process->lock);
	if (thread->listed)
		give_up_lanes(thread);
	self = NULL;
	pthread_mutex_unlock(&process->lock);
	munmap(thread, sizeof(*thread));
	unblock_signals(&old);
}

static void initialize(void)
{
	struct process *memory = lane_memory(sizeof(*process));

	if (memory && !pthread_key_create(&key, end_thread))
		process = memory;
}

int lane_lock(void)
{
	pthread_once(&once, initialize);
	if (!process) {
		errno = ENOMEM;
		return -1;
	}
	pthread_mutex_lock(&process->lock);
	return 0;
}

void lane_unlock(void)
{
	pthread_mutex_unlock(&process->lock);
}

static struct thread *get_thread(void)
{
	if (!self)
		self = lane_memory(sizeof(*self));
	if (!self || self->listed)
		return self;
	pthread_setspecific(key, self);
	self->listed = true;
	self->next = process->threads;
	self->link = &process->threads;
	if (self->next)
		self->next->link = &self->next;
	process->threads = self;
	return self;
}

/* Called with the lock. */
static struct lane *get_lane(struct buftrack_reporter *reporter)
{
	struct session *session = reporter->session;
	struct thread *thread;
	struct lane *lane;

	/* The client of a child did not see its first buffers. */
	if (!session->ready && !session->failed)
		session->failed =
			reporter_open(reporter, BUFTRACK_DECLARE_LATE);
	if (session->failed)
		return NULL;
	thread = get_thread();
	if (!thread)
		return NULL;
	lane = &thread->lanes[reporter->index];
	if (!lane->entries && session->nr_idle)
		*lane = session->idle[--session->nr_idle];
	else if (!lane->entries && !lane->failed)
		lane->failed = reporter_add_ring(session, lane);
	return lane->entries ? lane : NULL;
}

struct lane *lane_acquire(struct buftrack_reporter *reporter)
{
	struct lane *lane = NULL;
	sigset_t old;

	block_signals(&old);
	if (!pthread_mutex_trylock(&process->lock)) {
		lane = get_lane(reporter);
		pthread_mutex_unlock(&process->lock);
	}
	unblock_signals(&old);
	return lane;
}

struct lane *lane_current(const struct buftrack_reporter *reporter)
{
	return self ? &self->lanes[reporter->index] : NULL;
}

int lane_add_reporter(struct buftrack_reporter *reporter)
{
	unsigned int i;

	for (i = 0; i < MAX_REPORTERS && reporters[i]; i++)
		;
	if (i == MAX_REPORTERS) {
		errno = EMFILE;
		return -1;
	}
	reporters[i] = reporter;
	reporter->index = i;
	return 0;
}

void lane_remove_reporter(struct buftrack_reporter *reporter)
{
	struct thread *thread;

	for (thread = process->threads; thread; thread = thread->next)
		thread->lanes[reporter->index] = (struct lane){};
	reporters[reporter->index] = NULL;
}
