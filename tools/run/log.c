// SPDX-License-Identifier: GPL-2.0
/*
 * One session log: read while its process writes it
 *
 * The process is not trusted: it may write anything, move the indices, and truncate the
 * file. So the file is read and never mapped, and each entry is copied before it is
 * checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/err.h"
#include "../util/text.h"
#include "internal.h"

/* Two of the longest entries, so the buffer holds at least one */
#define BUFFER_SLOTS (2 * LOG_MAX_SLOTS)
/* Entries and untouched slots that are skipped in one log: some for each thread */
#define MAX_SKIPPED 65536
/* A loss after the entries of a read were published counts for those of the next one. */
#define LOSSY_READS 2
#define SLOTS_PER_CHUNK (LOG_CHUNK_SIZE / LOG_SLOT_SIZE)

static off_t slot_offset(uint64_t slot)
{
	return LOG_HEADER_SIZE + (off_t)slot * LOG_SLOT_SIZE;
}

static void take_comm(struct log *log, const char *comm)
{
	memcpy(log->comm, comm, sizeof(log->comm));
	log->comm[sizeof(log->comm) - 1] = '\0';
	make_printable(log->comm);
}

static int read_header(struct log *log)
{
	struct log_header header;
	ssize_t size = pread(log->fd, &header, sizeof(header), 0);

	if (size < (ssize_t)sizeof(header.magic))
		return size < 0 ? -1 : 1;
	if (!header.magic[0])
		return 1;
	if (size < (ssize_t)sizeof(header) ||
	    memcmp(header.magic, LOG_MAGIC, sizeof(header.magic)))
		return -1;
	log->pid = header.pid;
	take_comm(log, header.comm);
	return 0;
}

int log_open(struct log *log, int directory, const char *name)
{
	struct stat stat;
	int ret = -1;

	*log = (struct log){ .end = UINT64_MAX };
	log->fd = openat(directory, name,
			 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (log->fd < 0)
		return errno == ELOOP ? -1 : 1;
	if (!fstat(log->fd, &stat) && S_ISREG(stat.st_mode))
		ret = read_header(log);
	if (ret)
		close(log->fd);
	return ret;
}

void log_close(struct log *log)
{
	free(log->buffer);
	close(log->fd);
}

static size_t read_slots(const struct log *log, struct log_entry *slots,
			 size_t nr)
{
	ssize_t size = pread(log->fd, slots, nr * LOG_SLOT_SIZE,
			     slot_offset(log->slot));

	return size < 0 ? 0 : size / LOG_SLOT_SIZE;
}

/* published() - the slots of the whole entries that were published among @nr slots */
static size_t published(struct log *log, size_t nr)
{
	size_t at = 0;

	while (at < nr && log->buffer[at].op != LOG_OP_NONE) {
		unsigned int slots = log->buffer[at].slots;

		if (!slots || slots > LOG_MAX_SLOTS) {
			log->damaged = true;
			break;
		}
		if (at + slots > nr)
			break;
		at += slots;
	}
	return at;
}

/*
 * A report that is lost is counted before a later report of the same buffer is published,
 * so it lies between the end of the previous read and the end of this one.
 */
static void read_lost(struct log *log)
{
	uint64_t lost;

	log->lossy -= log->lossy > 0;
	if (pread(log->fd, &lost, sizeof(lost),
		  offsetof(struct log_header, lost)) != sizeof(lost) ||
	    lost <= log->lost)
		return;
	log->new_lost += lost - log->lost;
	log->lost = lost;
	log->lossy = LOSSY_READS;
}

/*
 * fill() - read the entries that are published
 *
 * The first read may have copied parts of an entry before it was published, so what it
 * found published is read again.
 */
static void fill(struct log *log)
{
	size_t nr;

	log->slot += log->nr;
	log->nr = log->at = 0;
	if (log->damaged)
		return;
	if (!log->buffer)
		log->buffer = xmalloc(BUFFER_SLOTS * LOG_SLOT_SIZE);
	nr = published(log, read_slots(log, log->buffer, BUFFER_SLOTS));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (nr)
		nr = published(log, read_slots(log, log->buffer, nr));
	read_lost(log);
	log->nr = nr;
	if (!nr) {
		free(log->buffer);
		log->buffer = NULL;
	}
}

static uint64_t reserved_slots(const struct log *log)
{
	struct stat stat;
	uint64_t next, most;

	if (fstat(log->fd, &stat) || stat.st_size <= LOG_HEADER_SIZE ||
	    pread(log->fd, &next, sizeof(next),
		  offsetof(struct log_header, next)) != sizeof(next))
		return 0;
	most = (stat.st_size - LOG_HEADER_SIZE) / LOG_SLOT_SIZE;
	return next < most ? next : most;
}

/*
 * skip_hole() - skip entries that were never published, once no process writes
 *
 * @slots is stored before the rest of an entry, so an entry without it is untouched.
 * Return: false at the end of the log.
 */
static bool skip_hole(struct log *log)
{
	uint64_t end = reserved_slots(log);
	bool untouched = false;
	struct log_entry entry;

	while (log->slot < end && read_slots(log, &entry, 1)) {
		if (entry.op != LOG_OP_NONE)
			return true;
		if (entry.slots > LOG_MAX_SLOTS ||
		    ++log->skipped > MAX_SKIPPED) {
			log->damaged = true;
			return false;
		}
		log->new_lost += entry.slots || !untouched;
		untouched = !entry.slots;
		log->slot += entry.slots ? entry.slots : 1;
	}
	return false;
}

static bool refill(struct log *log)
{
	fill(log);
	while (!log->nr && log->ended && !log->damaged && skip_hole(log)) {
		fill(log);
		/* An entry goes on after the end of the file. */
		log->damaged |= !log->nr;
	}
	return log->nr;
}

bool log_peek(struct log *log, uint64_t until, struct log_item *item)
{
	const struct log_entry *entry;

	if (log->at == log->nr && !refill(log))
		return false;
	if (log->slot + log->at >= log->end)
		return false;
	entry = &log->buffer[log->at];
	item->entry = *entry;
	item->payload = entry + 1;
	item->length = (entry->slots - 1) * LOG_SLOT_SIZE;
	if (item->entry.time > until)
		item->entry.time = until;
	if (item->entry.time < log->time)
		item->entry.time = log->time;
	return true;
}

void log_next(struct log *log)
{
	log->at += log->buffer[log->at].slots;
}

bool log_take_lost(struct log *log, uint64_t *lost)
{
	*lost = log->new_lost;
	log->new_lost = 0;
	return *lost || log->lossy;
}

/*
 * A read lease is granted only if nobody has the file open or mapped for writing,
 * whatever pid namespace they are in.
 */
bool log_is_written(const struct log *log)
{
	if (!fcntl(log->fd, F_SETLEASE, F_RDLCK)) {
		fcntl(log->fd, F_SETLEASE, F_UNLCK);
		return false;
	}
	if (errno == EAGAIN)
		return true;
	/* Without leases only the pid tells. */
	return !kill(log->pid, 0) || errno != ESRCH;
}

void log_stop(struct log *log)
{
	log->end = reserved_slots(log);
}

/* A hostile process may have made the file one that cannot be written to. */
static void drop(const struct log *log, uint64_t from, uint64_t to)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", log->fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	if (pwrite(fd, &to, sizeof(to),
		   offsetof(struct log_header, consumed)) == sizeof(to))
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  slot_offset(from), (to - from) * LOG_SLOT_SIZE);
	close(fd);
}

void log_drop_read(struct log *log)
{
	uint64_t to = log->slot + log->at;

	to -= to % SLOTS_PER_CHUNK;
	if (to <= log->consumed)
		return;
	drop(log, log->consumed, to);
	log->consumed = to;
}

void log_text(const struct log_item *item, size_t offset, char *text,
	      size_t size)
{
	const char *from = item->payload;
	size_t length;

	*text = '\0';
	if (offset >= item->length)
		return;
	length = strnlen(from + offset, item->length - offset);
	if (length >= size)
		length = size - 1;
	memcpy(text, from + offset, length);
	text[length] = '\0';
	make_printable(text);
}
