// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reporters as clients: the device, its spaces, and rings
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "reporter.h"
#include "uapi.h"

/* Entries of a ring: 128 KiB */
#define RING_ENTRIES 2048

/* Opens the node of the reporter's device, which is registered if it is new. */
static int open_device(const struct buftrack_reporter *reporter)
{
	struct buftrack_device_add add = {};
	int control = uapi_open_control(O_RDWR), fd = -1;

	if (control < 0)
		return -1;
	memcpy(add.name, reporter->name, sizeof(add.name));
	if (!uapi_device_add(control, &add))
		fd = uapi_open_device(add.device, O_RDWR);
	uapi_close(control);
	return fd;
}

/* Closes the file, unless the program has closed it and reused its number. */
static void close_file(struct buftrack_reporter *reporter)
{
	struct buftrack_info info = {};

	if (reporter->fd >= 0 && !uapi_info(reporter->fd, &info) &&
	    info.serial == reporter->serial)
		uapi_close(reporter->fd);
	reporter->fd = -1;
}

int reporter_open_space(struct buftrack_reporter *reporter, unsigned int space)
{
	struct buftrack_space_add add = {
		.capacity = reporter->spaces[space].capacity,
	};

	memcpy(add.name, reporter->spaces[space].name, sizeof(add.name));
	if (uapi_space_add(reporter->session->fd, &add))
		return -1;
	reporter->session->spaces[space] = add.space;
	return 0;
}

static int become_client(struct buftrack_reporter *reporter, unsigned int flags)
{
	struct buftrack_declare declare = reporter->declare;
	struct buftrack_info info = {};
	unsigned int i;

	declare.flags |= flags;
	if (uapi_info(reporter->fd, &info) ||
	    uapi_declare(reporter->fd, &declare))
		return -1;
	reporter->serial = info.serial;
	for (i = 0; i < reporter->nr_spaces; i++)
		if (reporter_open_space(reporter, i))
			return -1;
	return 0;
}

static void report_missed(struct session *session)
{
	struct buftrack_lost lost = {
		.count = __atomic_exchange_n(&session->missed, 0,
					     __ATOMIC_SEQ_CST),
	};

	if (lost.count)
		uapi_lost(session->fd, &lost);
}

/*
 * Counts a report that a thread without a ring lost. Either this thread sees that the
 * session is ready, or the one that begins it sees the loss.
 */
void session_lose(struct session *session)
{
	uint32_t *lost = __atomic_load_n(&session->lost, __ATOMIC_ACQUIRE);

	if (lost) {
		__atomic_fetch_add(lost, 1, __ATOMIC_RELEASE);
		return;
	}
	__atomic_fetch_add(&session->missed, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&session->ready, __ATOMIC_SEQ_CST))
		report_missed(session);
}

int reporter_open(struct buftrack_reporter *reporter, unsigned int flags)
{
	int err;

	/* The file of the parent would keep its client open. */
	close_file(reporter);
	reporter->fd = open_device(reporter);
	if (reporter->fd < 0)
		return -1;
	reporter->session->fd = reporter->fd;
	if (!become_client(reporter, flags)) {
		__atomic_store_n(&reporter->session->ready, true,
				 __ATOMIC_SEQ_CST);
		report_missed(reporter->session);
		return 0;
	}
	err = errno;
	uapi_close(reporter->fd);
	reporter->fd = -1;
	errno = err;
	return -1;
}

void reporter_close(struct buftrack_reporter *reporter)
{
	struct session *session = reporter->session;
	unsigned int i;

	for (i = 0; i < session->nr_rings; i++)
		munmap(session->rings[i].start, session->rings[i].length);
	close_file(reporter);
}

/* A process can forbid itself to read the time stamp counter. */
static bool clock_is_usable(unsigned int clock)
{
#if defined(__x86_64__) || defined(__i386__)
	int mode;

	if (clock == BUFTRACK_RING_CLOCK_TSC)
		return prctl(PR_GET_TSC, &mode) || mode == PR_TSC_ENABLE;
#endif
	return clock == BUFTRACK_RING_CLOCK_COUNTER;
}

static void describe(struct lane *lane, const struct buftrack_ring *ring,
		     char *map)
{
	lane->head = (uint32_t *)(map + ring->head_at);
	lane->tail = (uint32_t *)(map + ring->tail_at);
	lane->lost = (uint32_t *)(map + ring->lost_at);
	lane->counter = ring->clock == BUFTRACK_RING_CLOCK_COUNTER ?
				(uint64_t *)(map + ring->counter_at) :
				NULL;
	lane->limit = ring->entries / 2;
	lane->capacity = ring->entries;
	lane->entry_size = ring->entry_size;
	lane->entries = map + ring->entries_at;
}

int reporter_add_ring(struct session *session, struct lane *lane)
{
	struct buftrack_ring ring = { .entries = RING_ENTRIES };
	struct mapping *m = &session->rings[session->nr_rings];
	size_t at;
	char *map;

	if (session->nr_rings == BUFTRACK_MAX_RINGS ||
	    uapi_ring(session->fd, &ring) || !clock_is_usable(ring.clock))
		return -1;
	map = mmap(NULL, ring.length, PROT_READ | PROT_WRITE, MAP_SHARED,
		   session->fd, ring.offset);
	if (map == MAP_FAILED)
		return -1;
	/* Later reports take no page faults. */
	for (at = 0; at < ring.length; at += 4096)
		*(volatile char *)(map + at);
	*m = (struct mapping){ map, ring.length };
	session->nr_rings++;
	describe(lane, &ring, map);
	if (!session->lost)
		__atomic_store_n(&session->lost, lane->lost, __ATOMIC_RELEASE);
	return 0;
}
