// SPDX-License-Identifier: GPL-2.0
/*
 * Writes session logs as a hook does, from a script: for tests of `buftrack
 * run`
 *
 *   log-writer SCRIPT...      each word of SCRIPT is an argument; ';' ends a
 * statement
 *
 *   device D NAME             space D S NAME CAPACITY
 *   open D                    late D                  close D
 *   alloc D S ADDRESS SIZE [SPAN [ID [STACK]]]
 *   free D S ADDRESS [SIZE [ID [STACK]]]
 *   use D S ADDRESS [SIZE [ID [STACK]]]      write, argument: likewise
 *   swallowed D S ADDRESS ID STACK
 *   refused D S SIZE SPAN LARGEST STACK TEXT
 *   code N FILE FUNCTION      stack N CODE:LINE...    native N ADDRESS...
 *   module START LENGTH OFFSET PATH [BUILD-ID]
 *   message TEXT              lost D N                header-lost N
 *   time NS                   advance NS              repeat N (the next
 * statement) hole SLOTS                byte OFFSET VALUE       truncate BYTES
 *   log                       another log, as a program that was executed
 *   fork                      the rest is done by a child that is waited for
 *   orphan                    the rest is done by a child that is not waited
 * for sleep MS                  exit STATUS             kill SIGNAL
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../tools/hook/log.h"

#define CHUNK_SLOTS (LOG_CHUNK_SIZE / LOG_SLOT_SIZE)

static int fd;
static struct log_header *header;
static uint64_t clock_offset;
static uint64_t fixed_time;

static void die(const char *what)
{
	fprintf(stderr, "log-writer: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void open_log(void)
{
	const char *directory = getenv("BUFTRACK_SESSION");
	char path[4096];
	int n = 0;

	if (!directory)
		exit(98);
	do {
		snprintf(path, sizeof(path), "%s/%d-%d.log", directory,
			 getpid(), n++);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0 || ftruncate(fd, LOG_HEADER_SIZE))
		die(path);
	header = mmap(NULL, LOG_HEADER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	if (header == MAP_FAILED)
		die("mmap");
	madvise(header, LOG_HEADER_SIZE, MADV_DONTFORK);
	header->pid = getpid();
	header->uid = getuid();
	strcpy(header->comm, "writer");
	memcpy(header->magic, LOG_MAGIC, sizeof(header->magic));
}

static uint64_t now(void)
{
	struct timespec ts;

	if (fixed_time)
		return fixed_time;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec + clock_offset;
}

static void write_slots(uint64_t slot, const void *data, size_t size)
{
	if (pwrite(fd, data, size, LOG_HEADER_SIZE + slot * LOG_SLOT_SIZE) !=
	    (ssize_t)size)
		die("pwrite");
}

static uint64_t reserve(unsigned int slots)
{
	uint64_t at = header->next, rest = CHUNK_SLOTS - at % CHUNK_SLOTS;
	struct log_entry pad = { .op = LOG_OP_PAD, .slots = rest };

	if (slots > rest) {
		write_slots(at, &pad, sizeof(pad));
		at += rest;
	}
	header->next = at + slots;
	return at;
}

static void append(struct log_entry *entry, const void *data, size_t length)
{
	static char slots[LOG_MAX_SLOTS * LOG_SLOT_SIZE];
	unsigned int nr = 1 + (length + LOG_SLOT_SIZE - 1) / LOG_SLOT_SIZE;

	entry->slots = nr;
	entry->tid = gettid();
	entry->time = now();
	memset(slots, 0, nr * LOG_SLOT_SIZE);
	memcpy(slots, entry, sizeof(*entry));
	if (length)
		memcpy(slots + sizeof(*entry), data, length);
	write_slots(reserve(nr), slots, nr * LOG_SLOT_SIZE);
}

static uint64_t number(char **words, int nr, int at)
{
	return at < nr ? strtoull(words[at], NULL, 0) : 0;
}

static void append_text(struct log_entry *entry, const char *text)
{
	append(entry, text, strlen(text) + 1);
}

static void append_code(char **words)
{
	struct log_entry entry = { .op = LOG_OP_CODE,
				   .value = strtoull(words[1], NULL, 0) };
	char text[4096];
	int length =
		snprintf(text, sizeof(text), "%s%c%s", words[2], 0, words[3]);

	append(&entry, text, length + 1);
}

static uint64_t frame(char *word)
{
	char *colon = strchr(word, ':');

	if (!colon)
		return strtoull(word, NULL, 0);
	return LOG_FRAME_PYTHON | strtoull(word, NULL, 0) << 24 |
	       strtoull(colon + 1, NULL, 0);
}

static void append_stack(char **words, int nr)
{
	struct log_entry entry = { .op = LOG_OP_STACK,
				   .stack = number(words, nr, 1),
				   .value = nr - 2 };
	uint64_t frames[LOG_MAX_FRAMES];

	for (int i = 2; i < nr; i++)
		frames[i - 2] = frame(words[i]);
	append(&entry, frames, (nr - 2) * sizeof(*frames));
}

static void append_module(char **words, int nr)
{
	struct log_entry entry = { .op = LOG_OP_MODULE,
				   .address = number(words, nr, 1),
				   .size = number(words, nr, 2),
				   .span = number(words, nr, 3) };
	const char *id = nr > 5 ? words[5] : "";
	unsigned char data[8192];
	unsigned int byte;

	for (; sscanf(id, "%2x", &byte) == 1; id += 2)
		data[entry.value++] = byte;
	strcpy((char *)data + entry.value, words[4]);
	append(&entry, data, entry.value + strlen(words[4]) + 1);
}

static void append_report(int op, int flags, char **words, int nr)
{
	struct log_entry entry = { .op = op,
				   .flags = flags,
				   .device = number(words, nr, 1),
				   .space = number(words, nr, 2),
				   .address = number(words, nr, 3),
				   .size = number(words, nr, 4) };
	int at = 5;

	if (op == LOG_OP_ALLOC) {
		entry.span = nr > 5 ? number(words, nr, 5) : entry.size;
		at = 6;
	}
	entry.id = number(words, nr, at);
	entry.stack = number(words, nr, at + 1);
	append(&entry, NULL, 0);
}

static void append_client(int op, int flags, char **words, int nr)
{
	struct log_entry entry = { .op = op,
				   .flags = flags,
				   .device = number(words, nr, 1) };

	append(&entry, NULL, 0);
}

static void go_on_in_child(bool wait)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid) {
		close(fd);
		open_log();
		return;
	}
	if (!wait)
		exit(0);
	waitpid(pid, &status, 0);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 97);
}

static bool run_log_statement(char **words, int nr)
{
	struct log_entry entry = { .device = number(words, nr, 1) };

	if (!strcmp(*words, "device")) {
		entry.op = LOG_OP_DEVICE;
		append_text(&entry, words[2]);
	} else if (!strcmp(*words, "space")) {
		entry.op = LOG_OP_SPACE;
		entry.space = number(words, nr, 2);
		entry.size = number(words, nr, 4);
		append_text(&entry, words[3]);
	} else if (!strcmp(*words, "message")) {
		entry.op = LOG_OP_MESSAGE;
		append_text(&entry, words[1]);
	} else if (!strcmp(*words, "swallowed")) {
		entry.op = LOG_OP_SWALLOWED;
		entry.space = number(words, nr, 2);
		entry.address = number(words, nr, 3);
		entry.id = number(words, nr, 4);
		entry.stack = number(words, nr, 5);
		append(&entry, NULL, 0);
	} else if (!strcmp(*words, "refused")) {
		entry.op = LOG_OP_REFUSED;
		entry.space = number(words, nr, 2);
		entry.size = number(words, nr, 3);
		entry.span = number(words, nr, 4);
		entry.value = number(words, nr, 5);
		entry.stack = number(words, nr, 6);
		append_text(&entry, words[7]);
	} else if (!strcmp(*words, "lost")) {
		entry.op = LOG_OP_LOST;
		entry.size = number(words, nr, 2);
		append(&entry, NULL, 0);
	} else {
		return false;
	}
	return true;
}

static bool run_report(char **words, int nr)
{
	if (!strcmp(*words, "alloc"))
		append_report(LOG_OP_ALLOC, 0, words, nr);
	else if (!strcmp(*words, "free"))
		append_report(LOG_OP_FREE, 0, words, nr);
	else if (!strcmp(*words, "use"))
		append_report(LOG_OP_USE, 0, words, nr);
	else if (!strcmp(*words, "write"))
		append_report(LOG_OP_USE, LOG_FLAG_WRITE, words, nr);
	else if (!strcmp(*words, "argument"))
		append_report(LOG_OP_USE, LOG_FLAG_PROGRAM, words, nr);
	else if (!strcmp(*words, "open"))
		append_client(LOG_OP_OPEN, 0, words, nr);
	else if (!strcmp(*words, "late"))
		append_client(LOG_OP_OPEN, LOG_FLAG_LATE, words, nr);
	else if (!strcmp(*words, "close"))
		append_client(LOG_OP_CLOSE, 0, words, nr);
	else if (!strcmp(*words, "code"))
		append_code(words);
	else if (!strcmp(*words, "stack") || !strcmp(*words, "native"))
		append_stack(words, nr);
	else if (!strcmp(*words, "module"))
		append_module(words, nr);
	else
		return run_log_statement(words, nr);
	return true;
}

static void damage(char **words, int nr)
{
	unsigned char byte = number(words, nr, 2);

	if (pwrite(fd, &byte, 1, number(words, nr, 1)) != 1)
		die("pwrite");
}

static void run_statement(char **words, int nr)
{
	if (run_report(words, nr))
		return;
	if (!strcmp(*words, "time"))
		fixed_time = number(words, nr, 1);
	else if (!strcmp(*words, "advance"))
		clock_offset += number(words, nr, 1);
	else if (!strcmp(*words, "hole"))
		reserve(number(words, nr, 1));
	else if (!strcmp(*words, "header-lost"))
		header->lost += number(words, nr, 1);
	else if (!strcmp(*words, "byte"))
		damage(words, nr);
	else if (!strcmp(*words, "truncate") &&
		 !ftruncate(fd, number(words, nr, 1)))
		return;
	else if (!strcmp(*words, "log"))
		open_log();
	else if (!strcmp(*words, "fork"))
		go_on_in_child(true);
	else if (!strcmp(*words, "orphan"))
		go_on_in_child(false);
	else if (!strcmp(*words, "sleep"))
		usleep(number(words, nr, 1) * 1000);
	else if (!strcmp(*words, "exit"))
		exit(number(words, nr, 1));
	else if (!strcmp(*words, "kill"))
		kill(getpid(), number(words, nr, 1));
	else
		die(*words);
}

int main(int argc, char **argv)
{
	uint64_t times = 1;

	open_log();
	for (int at = 1; at < argc; at++) {
		int end = at;

		while (end < argc && strcmp(argv[end], ";"))
			end++;
		if (!strcmp(argv[at], "repeat")) {
			times = strtoull(argv[at + 1], NULL, 0);
		} else if (end > at) {
			for (; times; times--)
				run_statement(argv + at, end - at);
			times = 1;
		}
		at = end;
	}
	return 0;
}
