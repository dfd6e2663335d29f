// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The producer's side of the session log
 *
 * Reserving, filling and publishing an entry is a handful of stores into a shared
 * mapping: no lock, no system call. The thread that needs a chunk first allocates its
 * blocks, since a store to a page without one would be a SIGBUS; threads that race for
 * it do the same work, and one mapping is kept.
 *
 * The file is opened by name for each chunk, because programs close descriptors that
 * they do not know.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define CHUNK_SLOTS (LOG_CHUNK_SIZE / LOG_SLOT_SIZE)
#define MAX_LOGS 1000 /* of one pid in one session */

static bool exceeds_limit(uint64_t size)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	       limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur;
}

/*
 * grow() - make the file as long as @end where its file system cannot allocate blocks
 *
 * The lock keeps a thread from truncating what another has grown.
 */
static bool grow(struct log_file *log, int fd, uint64_t end)
{
	bool grown = false;
	struct stat st;

	pthread_mutex_lock(&log->lock);
	if (fstat(fd, &st) == 0)
		grown = (uint64_t)st.st_size >= end ||
			ftruncate(fd, (off_t)end) == 0;
	pthread_mutex_unlock(&log->lock);
	return grown;
}

static bool allocate(struct log_file *log, int fd, uint64_t start,
		     uint64_t length)
{
	if (exceeds_limit(start + length))
		return false;
	if (fallocate(fd, 0, (off_t)start, (off_t)length) == 0)
		return true;
	return errno == EOPNOTSUPP && grow(log, fd, start + length);
}

/*
 * map_part() - allocate and map a part of the file
 *
 * A file past RLIMIT_FSIZE raises SIGXFSZ, so the limit is checked first. The mapping
 * is not inherited: a child has a log of its own.
 */
static void *map_part(struct log_file *log, int fd, uint64_t start,
		      uint64_t length)
{
	void *part;

	if (!allocate(log, fd, start, length))
		return NULL;
	part = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    (off_t)start);
	if (part == MAP_FAILED)
		return NULL;
	/* Old kernels cannot tell that there is no room; the pages come one by one then. */
	if (madvise(part, length, MADV_POPULATE_WRITE) < 0 && errno != EINVAL) {
		munmap(part, length);
		return NULL;
	}
	madvise(part, length, MADV_DONTFORK);
	return part;
}

static int reopen(const struct log_file *log)
{
	int fd = open(log->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || st.st_dev != log->dev ||
	    st.st_ino != log->ino) {
		close(fd);
		return -1;
	}
	return fd;
}

static char *map_chunk(struct log_file *log, uint64_t chunk)
{
	char *part;
	int fd = reopen(log);

	if (fd < 0)
		return NULL;
	part = map_part(log, fd, LOG_HEADER_SIZE + chunk * LOG_CHUNK_SIZE,
			LOG_CHUNK_SIZE);
	close(fd);
	return part;
}

static char *add_chunk(struct log_file *log, uint64_t chunk)
{
	char *part;
	char *expected = NULL;
	int cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	part = map_chunk(log, chunk);
	pthread_setcancelstate(cancel, NULL);
	if (!part)
		return NULL;
	if (atomic_compare_exchange_strong(&log->chunks[chunk], &expected,
					   part))
		return part;
	munmap(part, LOG_CHUNK_SIZE);
	return expected;
}

static struct log_entry *find_slot(struct log_file *log, uint64_t slot)
{
	uint64_t chunk = slot / CHUNK_SLOTS;
	char *part;

	if (chunk >= LOG_MAX_CHUNKS)
		return NULL;
	part = atomic_load_explicit(&log->chunks[chunk], memory_order_acquire);
	if (!part)
		part = add_chunk(log, chunk);
	if (!part)
		return NULL;
	return (struct log_entry *)(part + slot % CHUNK_SLOTS * LOG_SLOT_SIZE);
}

static void publish(struct log_entry *slot, uint8_t op)
{
	__atomic_store_n(&slot->op, op, __ATOMIC_RELEASE);
}

static bool pad(struct log_file *log, uint64_t slot, uint64_t slots)
{
	struct log_entry *entry;

	if (!slots)
		return true;
	entry = find_slot(log, slot);
	if (!entry)
		return false;
	entry->slots = (uint16_t)slots;
	publish(entry, LOG_OP_PAD);
	return true;
}

/* pad_crossing() - give back slots that lie in two chunks */
static bool pad_crossing(struct log_file *log, uint64_t first, uint64_t slots)
{
	uint64_t head = CHUNK_SLOTS - first % CHUNK_SLOTS;

	return pad(log, first, head) && pad(log, first + head, slots - head);
}

/* reserve() - consecutive slots in one chunk, or NULL */
static struct log_entry *reserve(struct log_file *log, uint64_t slots)
{
	uint64_t *next = &log->header->next;
	uint64_t first;

	for (;;) {
		first = __atomic_fetch_add(next, slots, __ATOMIC_RELAXED);
		if (first % CHUNK_SLOTS + slots <= CHUNK_SLOTS)
			return find_slot(log, first);
		if (!pad_crossing(log, first, slots))
			return NULL;
	}
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/*
 * now() - CLOCK_BOOTTIME, as of the latest tick of the kernel
 *
 * Reading the tick takes a tenth of the time of reading the processor's counter. The two
 * clocks drift apart in a suspend, so their distance is read again now and then.
 */
static uint64_t now(void)
{
	if (!(hook_thread.reports++ % 256))
		hook_thread.boottime =
			clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);
	return clock_ns(CLOCK_MONOTONIC_COARSE) + hook_thread.boottime;
}

/* may_append() - is there room, as far as can be said without reserving slots? */
static bool may_append(const struct log_file *log)
{
	const struct log_header *header = log->header;
	uint64_t unread = __atomic_load_n(&header->next, __ATOMIC_RELAXED) -
			  __atomic_load_n(&header->consumed, __ATOMIC_RELAXED);

	return !atomic_load_explicit(&log->full, memory_order_relaxed) &&
	       unread <= LOG_MAX_UNREAD / LOG_SLOT_SIZE;
}

static bool append(struct log_file *log, struct log_entry *entry,
		   const void *data, uint32_t length)
{
	uint64_t slots = 1 + (length + LOG_SLOT_SIZE - 1) / LOG_SLOT_SIZE;
	uint8_t op = entry->op;
	struct log_entry *slot;

	if (slots > LOG_MAX_SLOTS || !may_append(log))
		goto lost;
	slot = reserve(log, slots);
	if (!slot) {
		atomic_store(&log->full, true);
		goto lost;
	}
	__atomic_store_n(&slot->slots, (uint16_t)slots, __ATOMIC_RELAXED);
	entry->slots = (uint16_t)slots;
	entry->tid = hook_tid(log->header->pid);
	entry->time = now();
	entry->op = LOG_OP_NONE;
	*slot = *entry;
	entry->op = op;
	if (length)
		memcpy(slot + 1, data, length);
	publish(slot, op);
	return true;

lost:
	__atomic_fetch_add(&log->header->lost, 1, __ATOMIC_RELAXED);
	return false;
}

/* report_lost() - log the reports that a hook lost before they reached the log */
static void report_lost(struct state *state)
{
	uint64_t lost = atomic_exchange(&state->lost, 0);
	struct log_entry entry = {
		.op = LOG_OP_LOST,
		.flags = LOG_FLAG_ALL,
		.size = lost,
	};

	if (lost && !append(&state->log, &entry, NULL, 0))
		__atomic_fetch_add(&state->log.header->lost, lost - 1,
				   __ATOMIC_RELAXED);
}

bool log_append(struct state *state, struct log_entry *entry, const void *data,
		uint32_t length)
{
	if (atomic_load_explicit(&state->lost, memory_order_relaxed))
		report_lost(state);
	return append(&state->log, entry, data, length);
}

bool log_append_text(struct state *state, struct log_entry *entry,
		     const char *text)
{
	return log_append(state, entry, text, (uint32_t)strlen(text) + 1);
}

/* read_stat() - comm and start time from /proc/self/stat, as far as it can be read */
static void read_stat(struct log_header *header)
{
	char line[1024] = "";
	unsigned long long ticks;
	char *name, *end;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, line, sizeof(line) - 1) < 0)
		line[0] = '\0';
	close(fd);
	name = strchr(line, '(');
	end = strrchr(line, ')');
	if (!name || !end)
		return;
	*end = '\0';
	snprintf(header->comm, sizeof(header->comm), "%.15s", name + 1);
	/* starttime is field 22; the state, field 3, follows the name. */
	if (sscanf(end + 1,
		   " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
		   &ticks) == 1)
		header->start_time =
			ticks * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

static bool fill_header(struct log_file *log, int fd, uint32_t pid)
{
	struct log_header *header = map_part(log, fd, 0, LOG_HEADER_SIZE);

	if (!header)
		return false;
	header->pid = pid;
	header->uid = getuid();
	read_stat(header);
	log->header = header;
	atomic_thread_fence(memory_order_release);
	memcpy(header->magic, LOG_MAGIC, sizeof(header->magic));
	return true;
}

static int create(struct log_file *log, const char *directory, uint32_t pid)
{
	unsigned int n;
	int fd;

	for (n = 0; n < MAX_LOGS; n++) {
		snprintf(log->path, sizeof(log->path), "%s/%u-%u.log",
			 directory, pid, n);
		fd = open(log->path,
			  O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			  0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static bool open_log(struct log_file *log, const char *directory, uint32_t pid)
{
	struct stat st;
	bool opened = false;
	int fd = create(log, directory, pid);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0) {
		log->dev = st.st_dev;
		log->ino = st.st_ino;
		opened = fill_header(log, fd, pid);
	}
	close(fd);
	return opened;
}

bool log_open(struct log_file *log, const char *directory, uint32_t pid)
{
	int cancel;
	bool opened;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	opened = open_log(log, directory, pid);
	pthread_setcancelstate(cancel, NULL);
	return opened;
}
