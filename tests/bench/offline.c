// SPDX-License-Identifier: GPL-2.0
/*
 * The throughput of `buftrack replay --offline`
 *
 *   buftrack-bench-offline make LIVE EVENTS > TRACE
 *   buftrack-bench-offline run NAME TRACE BUFTRACK
 *
 * "make" writes a trace whose frees pick any of LIVE buffers. "run" prints a line
 * "NAME BASELINE VALUE UNIT HOW...": the baseline reads and checks the same file without
 * judging it. Time is processor time, which other processes do not affect much, and the
 * best of several runs counts.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tools/trace/trace.h"

#define RUNS 5
#define REQUIRED 1000000

static uint64_t state = 88172645463325252u;

/* xorshift64, for the same sequence in every run */
static uint64_t roll(uint64_t sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % sides;
}

/* A bijection that spreads buffers of 1 MiB over the address space */
static uint64_t address_of(uint64_t id)
{
	return (id * 0x9e3779b97f4a7c15ULL) % (1ULL << 43) << 20;
}

static int make(uint64_t max, uint64_t nr)
{
	uint64_t *live = calloc(max, sizeof(*live));
	uint64_t last = 0, nr_live = 0;

	if (!live)
		err(1, "out of memory");
	printf("ts_ns,client,op,device,space,address,size,span,id,flags\n,c,open,d,,,,,,\n");
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t slot;

		if (nr_live < max && (nr_live < max / 2 || roll(2))) {
			live[nr_live++] = ++last;
			printf("%" PRIu64 ",c,alloc,d,DRAM,0x%" PRIx64
			       ",1048576,,%" PRIu64 ",\n",
			       1000 * i, address_of(last), last);
			continue;
		}
		slot = roll(nr_live);
		printf("%" PRIu64 ",c,free,d,DRAM,0x%" PRIx64 ",,,%" PRIu64
		       ",\n",
		       1000 * i, address_of(live[slot]), live[slot]);
		live[slot] = live[--nr_live];
	}
	free(live);
	return 0;
}

static int count(void *context, const struct trace_event *event,
		 struct trace_error *error)
{
	uint64_t *nr = context;

	(void)event;
	(void)error;
	++*nr;
	return 0;
}

static int idle(void *context, struct trace_error *error)
{
	(void)context;
	(void)error;
	return 0;
}

static uint64_t count_events(const char *path)
{
	struct trace_error error;
	uint64_t nr = 0;
	const struct trace_sink sink = { count, idle, &nr };
	int fd = open(path, O_RDONLY);
	struct trace_reader *reader = fd < 0 ? NULL : trace_reader_new(fd);

	if (!reader)
		err(1, "%s", path);
	if (trace_read(reader, &sink, &error))
		errx(1, "%s:%lu: %s", path, error.line, error.text);
	trace_reader_free(reader);
	close(fd);
	return nr;
}

/* parse() - in a child, as the replay */
static pid_t parse(const char *path, const char *buftrack)
{
	pid_t pid = fork();

	(void)buftrack;
	if (!pid) {
		count_events(path);
		_exit(0);
	}
	return pid;
}

static pid_t replay(const char *path, const char *buftrack)
{
	pid_t pid = fork();

	if (!pid) {
		if (freopen("/dev/null", "w", stdout))
			execl(buftrack, buftrack, "replay", "--offline",
			      "--json", path, NULL);
		_exit(127);
	}
	return pid;
}

static double seconds(const struct rusage *usage)
{
	return usage->ru_utime.tv_sec + usage->ru_stime.tv_sec +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

/* best() - the shortest processor time of several children */
static double best(pid_t (*start)(const char *path, const char *buftrack),
		   const char *path, const char *buftrack)
{
	double shortest = 0;

	for (int i = 0; i < RUNS; i++) {
		pid_t pid = start(path, buftrack);
		struct rusage usage;
		int status;

		if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status)
			errx(1, "%s: a run failed", path);
		if (!i || seconds(&usage) < shortest)
			shortest = seconds(&usage);
	}
	return shortest;
}

int main(int argc, char **argv)
{
	uint64_t nr;

	if (argc == 4 && !strcmp(argv[1], "make"))
		return make(strtoull(argv[2], NULL, 0),
			    strtoull(argv[3], NULL, 0));
	if (argc != 5 || strcmp(argv[1], "run"))
		errx(2, "usage: make LIVE EVENTS | run NAME TRACE BUFTRACK");
	nr = count_events(argv[3]);
	printf("%s %.0f %.0f events/s %" PRIu64
	       " events of a file, judged; baseline: read and checked only; required: %d\n",
	       argv[2], nr / best(parse, argv[3], argv[4]),
	       nr / best(replay, argv[3], argv[4]), nr, REQUIRED);
	return 0;
}
