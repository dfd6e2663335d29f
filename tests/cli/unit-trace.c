// SPDX-License-Identifier: GPL-2.0
/*
 * Reading a trace from memory, and traces with random damage
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "unit-trace.h"

struct listing {
	char *text;
	size_t size;
	size_t used;
};

static int list_event(void *context, const struct trace_event *event,
		      struct trace_error *error)
{
	static const char *const ops[] = {
		"open", "close", "alloc",  "free",
		"use",	"gap",	 "enable", "disable"
	};
	struct listing *list = context;

	(void)error;
	if (list->used < list->size)
		list->used += snprintf(
			list->text + list->used, list->size - list->used,
			"%lu %s %s@%s [%s] %" PRIu64 " %" PRIu64 " %" PRIu64
			" %" PRIu64 "%s%s%s\n",
			event->line, ops[event->op],
			event->client ? event->client->word : "-",
			event->device->name, event->space, event->address,
			event->size, event->span, event->id,
			event->late ? " late" : "",
			event->shared ? " shared" : "",
			event->refused ? " refused" : "");
	return 0;
}

static int idle(void *context, struct trace_error *error)
{
	(void)context;
	(void)error;
	return 0;
}

static int file_of(const char *text, size_t length)
{
	int fd = memfd_create("trace", 0);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length ||
	    lseek(fd, 0, SEEK_SET))
		err(1, "memfd");
	return fd;
}

int read_text(const char *text, size_t length, char *events, size_t size,
	      struct trace_error *error)
{
	struct listing list = { .text = events, .size = size };
	const struct trace_sink sink = { list_event, idle, &list };
	int fd = file_of(text, length), ret;
	struct trace_reader *reader = trace_reader_new(fd);

	if (size)
		*events = '\0';
	ret = trace_read(reader, &sink, error);
	trace_reader_free(reader);
	close(fd);
	return ret;
}

static uint64_t state = 1;

static uint64_t roll(uint64_t sides)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return ((state * UINT64_C(2685821657736338717)) >> 32) % sides;
}

static const char sample[] = HEADER
	"1,c1,open,chip0,,,,,5,late|shared\n"
	"2,c1,alloc,chip0,DRAM,0x1000,4096,,7,\n"
	"# a comment\n"
	"3,\"c 2\",open,chip1,,,,,,\n"
	"4,\"c 2\",alloc,chip1,\"L1\",18446744073709551615,1,1,0xff,\n"
	"5,c1,free,chip0,DRAM,0x1000,,,7,refused\n"
	"6,c1,use,chip0,DRAM,0x1000,,,7,\n"
	"6,,disable,chip1,,,,,,\r\n"
	"7,c1,gap,chip0,,,,,,\n"
	"8,c1,close,chip0,,,,,,\n";

/* damage() - change, drop or repeat a few bytes; returns the new length */
static size_t damage(char *text, size_t length)
{
	static const char bytes[] = ",,,\"\"\n\n\r#0x9fF|- \xff";

	for (unsigned int i = 1 + roll(4); i; i--) {
		size_t at = roll(length), count = 1 + roll(6);

		switch (roll(3)) {
		case 0:
			text[at] = bytes[roll(sizeof(bytes))];
			break;
		case 1:
			if (count > length - at)
				count = length - at;
			memmove(text + at, text + at + count,
				length - at - count);
			length -= count;
			break;
		default:
			memmove(text + at + count, text + at, length - at);
			length += count;
		}
		if (!length)
			return 0;
	}
	return length;
}

/* Any input gives success or an error message; the sanitizers watch for the rest. */
void test_mutations(void)
{
	unsigned int nr_read = 0, nr_refused = 0, nr_odd = 0;
	char text[sizeof(sample) + 64], events[4096];

	for (int i = 0; i < 20000; i++) {
		struct trace_error error = { 0 };
		size_t length;
		int ret;

		memcpy(text, sample, sizeof(sample));
		length = damage(text, sizeof(sample) - 1);
		ret = read_text(text, length, events, sizeof(events), &error);
		nr_read += !ret;
		nr_refused += ret == -1 && error.line && *error.text;
		nr_odd += strchr(error.text, '\n') != NULL;
	}
	test(nr_read && nr_refused && nr_read + nr_refused == 20000 && !nr_odd,
	     "20,000 damaged traces are read, or rejected with a line number and a reason");
}
