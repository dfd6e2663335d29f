// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_reporter, a program that reports its own buffers, through the rings of its
 * threads
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"
#include "reporter.h"
#include "uapi.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))

/* BUFTRACK=0 turns reports off; returns whether they are on, or -1. */
static int is_enabled(void)
{
	const char *value = getenv("BUFTRACK");

	if (!value || !strcmp(value, "1"))
		return 1;
	if (!strcmp(value, "0"))
		return 0;
	errno = EINVAL;
	return -1;
}

static void free_reporter(struct buftrack_reporter *reporter)
{
	if (reporter && reporter->session)
		munmap(reporter->session, sizeof(*reporter->session));
	free(reporter);
}

static struct buftrack_reporter *new_reporter(const char *device)
{
	struct buftrack_reporter *reporter = calloc(1, sizeof(*reporter));

	if (!reporter)
		return NULL;
	reporter->fd = -1;
	/* As in buftrack_control_add_device(). */
	memcpy(reporter->name, device, strnlen(device, sizeof(reporter->name)));
	reporter->session = lane_memory(sizeof(*reporter->session));
	if (reporter->session)
		return reporter;
	free(reporter);
	return NULL;
}

/* Called with the lock. */
static int begin(struct buftrack_reporter *reporter)
{
	if (lane_add_reporter(reporter))
		return -1;
	if (!reporter_open(reporter, 0))
		return 0;
	lane_remove_reporter(reporter);
	return -1;
}

/* Called with the lock. */
static int add_space(struct buftrack_reporter *reporter, const char *name,
		     uint64_t capacity)
{
	unsigned int number = reporter->nr_spaces;
	struct reporter_space *space = &reporter->spaces[number];

	if (number == BUFTRACK_MAX_SPACES) {
		errno = ENOSPC;
		return -1;
	}
	*space = (struct reporter_space){ .capacity = capacity };
	memcpy(space->name, name, strnlen(name, sizeof(space->name)));
	if (reporter_open_space(reporter, number))
		return -1;
	/* A report that has this number finds its space. */
	__atomic_store_n(&reporter->nr_spaces, number + 1, __ATOMIC_RELEASE);
	return number;
}

static void end(struct buftrack_reporter *reporter)
{
	lane_remove_reporter(reporter);
	reporter_close(reporter);
}

/* Called with the lock. */
static int attach(struct buftrack_reporter *reporter, const char *space,
		  uint64_t capacity)
{
	int err;

	if (begin(reporter))
		return -1;
	if (!add_space(reporter, space, capacity))
		return 0;
	err = errno;
	end(reporter);
	errno = err;
	return -1;
}

API struct buftrack_reporter *
buftrack_attach_as(const char *device, const char *space, uint64_t capacity,
		   const struct buftrack_declaration *declaration)
{
	struct buftrack_reporter *reporter;
	int enabled = is_enabled(), err;

	if (enabled <= 0) {
		if (!enabled)
			errno = ECANCELED;
		return NULL;
	}
	if (lane_lock())
		return NULL;
	reporter = new_reporter(device);
	if (reporter && declaration)
		reporter->declare = declaration->declare;
	err = reporter ? attach(reporter, space, capacity) : -1;
	lane_unlock();
	if (!err)
		return reporter;
	err = errno;
	free_reporter(reporter);
	errno = err;
	return NULL;
}

API struct buftrack_reporter *
buftrack_attach(const char *device, const char *space, uint64_t capacity)
{
	return buftrack_attach_as(device, space, capacity, NULL);
}

API void buftrack_detach(struct buftrack_reporter *reporter)
{
	if (!reporter || lane_lock())
		return;
	end(reporter);
	lane_unlock();
	free_reporter(reporter);
}

API int buftrack_reporter_add_space(struct buftrack_reporter *reporter,
				    const char *name, uint64_t capacity)
{
	int space;

	if (!reporter)
		return 0;
	if (lane_lock())
		return -1;
	space = add_space(reporter, name, capacity);
	lane_unlock();
	return space;
}

/* The kernel's number of a space, or one that it refuses. */
static uint32_t kernel_space(const struct buftrack_reporter *reporter,
			     uint32_t space)
{
	if (space >= __atomic_load_n(&reporter->nr_spaces, __ATOMIC_ACQUIRE))
		return UINT32_MAX;
	return reporter->session->spaces[space];
}

/* Earlier loads complete before the clock is read, see struct buftrack_ring. */
static inline uint64_t read_clock(const struct lane *lane)
{
#if defined(__x86_64__) || defined(__i386__)
	uint32_t low, high;

	if (!lane->counter) {
		__asm__ volatile("lfence; rdtsc"
				 : "=a"(low), "=d"(high)
				 :
				 : "memory");
		return (uint64_t)high << 32 | low;
	}
#endif
	return __atomic_fetch_add(lane->counter, 1, __ATOMIC_SEQ_CST);
}

static void drain(const struct buftrack_reporter *reporter, uint32_t flags)
{
	struct buftrack_drain arg = { .flags = flags };
	int err = errno;

	uapi_drain(reporter->session->fd, &arg);
	errno = err;
}

/* Looks for room; returns whether there is any. */
static __attribute__((noinline)) bool
make_room(const struct buftrack_reporter *reporter, struct lane *lane,
	  uint32_t head)
{
	uint32_t half = lane->capacity / 2;
	uint32_t tail = __atomic_load_n(lane->tail, __ATOMIC_ACQUIRE);

	if (head - tail >= lane->capacity) {
		drain(reporter, 0);
		tail = __atomic_load_n(lane->tail, __ATOMIC_ACQUIRE);
		if (head - tail >= lane->capacity)
			return false;
	}
	if (head - tail >= half) {
		drain(reporter, BUFTRACK_DRAIN_ASYNC);
		lane->limit = tail + lane->capacity;
	} else {
		lane->limit = tail + half;
	}
	return true;
}

/* Writes an entry and publishes it; returns whether there was room. */
static inline bool write_entry(const struct buftrack_reporter *reporter,
			       struct lane *lane,
			       const struct buftrack_report *report)
{
	uint32_t head = __atomic_load_n(lane->head, __ATOMIC_RELAXED);
	struct buftrack_ring_entry *entry;

	if ((int32_t)(lane->limit - head) <= 0 &&
	    !make_room(reporter, lane, head))
		return false;
	entry = (void *)(lane->entries + (size_t)(head & (lane->capacity - 1)) *
						 lane->entry_size);
	entry->stamp = read_clock(lane);
	entry->op = report->op;
	entry->flags = report->flags;
	entry->space = kernel_space(reporter, report->space);
	entry->address = report->address;
	entry->size = report->size;
	entry->span = report->span;
	entry->id = report->id;
	entry->site = report->site;
	__atomic_store_n(lane->head, head + 1, __ATOMIC_RELEASE);
	return true;
}

/*
 * Is a report of this thread in progress, which a signal handler interrupted? Not if the
 * handler left it with longjmp(): no frame that is as high as its own can be below it.
 */
static bool is_nested(const struct lane *lane, uintptr_t frame)
{
	stack_t stack;

	if (!lane->busy)
		return false;
	if (frame < lane->busy)
		return true;
	return !sigaltstack(NULL, &stack) && stack.ss_flags & SS_ONSTACK;
}

static int report_now(const struct buftrack_reporter *reporter,
		      const struct buftrack_report *report)
{
	struct buftrack_report_one one = { .report = *report };

	if (!reporter->session->ready) {
		errno = reporter->session->failed ? ENODEV : EAGAIN;
		return -1;
	}
	one.report.space = kernel_space(reporter, report->space);
	return uapi_report(reporter->session->fd, &one) ? -1 : (int)one.verdict;
}

/* The report was not made; without a ring, the session counts it. */
static void lose(const struct buftrack_reporter *reporter, struct lane *lane)
{
	if (lane && lane->entries)
		__atomic_fetch_add(lane->lost, 1, __ATOMIC_RELEASE);
	else
		session_lose(reporter->session);
}

static inline void write_in_frame(const struct buftrack_reporter *reporter,
				  struct lane *lane,
				  const struct buftrack_report *report,
				  uintptr_t frame)
{
	bool written;

	lane->busy = frame;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	written = write_entry(reporter, lane, report);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	lane->busy = 0;
	if (!written)
		lose(reporter, lane);
}

static __attribute__((noinline)) void
post_slowly(struct buftrack_reporter *reporter, struct lane *lane,
	    const struct buftrack_report *report, uintptr_t frame)
{
	int err = errno;

	if (!lane || (!lane->entries && !lane->failed))
		lane = lane_acquire(reporter);
	if (lane && lane->entries && !is_nested(lane, frame))
		write_in_frame(reporter, lane, report, frame);
	else if (report_now(reporter, report) < 0)
		lose(reporter, lane);
	errno = err;
}

static inline __attribute__((always_inline)) void
post(struct buftrack_reporter *reporter, const struct buftrack_report *report)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	struct lane *lane = lane_current(reporter);

	if (__builtin_expect(!lane || !lane->entries || lane->busy, 0))
		post_slowly(reporter, lane, report, frame);
	else
		write_in_frame(reporter, lane, report, frame);
}

static int judge(struct buftrack_reporter *reporter,
		 const struct buftrack_report *report)
{
	if (!reporter)
		return BUFTRACK_VERDICT_OK;
	/* A child is no client yet. */
	if (!reporter->session->ready)
		lane_acquire(reporter);
	return report_now(reporter, report);
}

#define ALLOC(number, at, bytes, name, caller)              \
	((struct buftrack_report){ .op = BUFTRACK_OP_ALLOC, \
				   .space = number,         \
				   .address = at,           \
				   .size = bytes,           \
				   .span = bytes,           \
				   .id = name,              \
				   .site = caller })
#define OTHER(what, number, at, name, caller)                \
	((struct buftrack_report){ .op = BUFTRACK_OP_##what, \
				   .space = number,          \
				   .address = at,            \
				   .id = name,               \
				   .site = caller })

/* Kept apart, so that a call without a reporter costs a branch and no stack frame. */
static __attribute__((noinline)) void
post_alloc(struct buftrack_reporter *reporter, unsigned int space,
	   uint64_t address, uint64_t size, uint64_t id, uintptr_t caller)
{
	post(reporter, &ALLOC(space, address, size, id, caller));
}

static __attribute__((noinline)) void
post_free(struct buftrack_reporter *reporter, unsigned int space,
	  uint64_t address, uint64_t id, uintptr_t caller)
{
	post(reporter, &OTHER(FREE, space, address, id, caller));
}

static __attribute__((noinline)) void
post_use(struct buftrack_reporter *reporter, unsigned int space,
	 uint64_t address, uint64_t id, uintptr_t caller)
{
	post(reporter, &OTHER(USE, space, address, id, caller));
}

API void buftrack_post(struct buftrack_reporter *reporter,
		       const struct buftrack_report *report)
{
	if (reporter)
		post(reporter, report);
}

API int buftrack_judge(struct buftrack_reporter *reporter,
		       const struct buftrack_report *report)
{
	return judge(reporter, report);
}

API void buftrack_alloc(struct buftrack_reporter *reporter, unsigned int space,
			uint64_t address, uint64_t size, uint64_t id)
{
	if (reporter)
		post_alloc(reporter, space, address, size, id, CALLER);
}

API void buftrack_free(struct buftrack_reporter *reporter, unsigned int space,
		       uint64_t address, uint64_t id)
{
	if (reporter)
		post_free(reporter, space, address, id, CALLER);
}

API void buftrack_use(struct buftrack_reporter *reporter, unsigned int space,
		      uint64_t address, uint64_t id)
{
	if (reporter)
		post_use(reporter, space, address, id, CALLER);
}

API int buftrack_judge_alloc(struct buftrack_reporter *reporter,
			     unsigned int space, uint64_t address,
			     uint64_t size, uint64_t id)
{
	return judge(reporter, &ALLOC(space, address, size, id, CALLER));
}

API int buftrack_judge_free(struct buftrack_reporter *reporter,
			    unsigned int space, uint64_t address, uint64_t id)
{
	return judge(reporter, &OTHER(FREE, space, address, id, CALLER));
}

API int buftrack_judge_use(struct buftrack_reporter *reporter,
			   unsigned int space, uint64_t address, uint64_t id)
{
	return judge(reporter, &OTHER(USE, space, address, id, CALLER));
}

API int buftrack_flush(struct buftrack_reporter *reporter)
{
	struct buftrack_drain arg = {};

	if (!reporter || !reporter->session->ready)
		return 0;
	return uapi_drain(reporter->session->fd, &arg);
}
