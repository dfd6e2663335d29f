// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of reports in instructions
 *
 * Runs in the test machine under -icount, where one nanosecond of the clock is one
 * instruction. Prints a line "NAME BASELINE VALUE UNIT" for each measurement.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/buftrack.h>

#define SMALL 10000
#define LARGE 1000000
#define SAMPLE 20000
#define BATCH 1000
#define MIB (1ULL << 20)

struct bench {
	int control;
	int device;
	unsigned int number;
	uint64_t next_id;
	uint64_t *live; /* ids of live buffers, by slot */
	uint64_t nr_live;
	uint64_t random;
	struct buftrack_report batch[BATCH];
	unsigned int queued;
};

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* xorshift64, for the same sequence in every run */
static uint64_t rnd(struct bench *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return b->random;
}

static void flush(struct bench *b)
{
	struct buftrack_batch batch = {
		.size = sizeof(batch),
		.reports = (uintptr_t)b->batch,
		.nr = b->queued,
		.report_size = sizeof(b->batch[0]),
	};

	if (b->queued && ioctl(b->device, BUFTRACK_IOCTL_BATCH, &batch))
		die("batch");
	b->queued = 0;
}

static void report(struct bench *b, const struct buftrack_report *r)
{
	b->batch[b->queued++] = *r;
	if (b->queued == BATCH)
		flush(b);
}

/* A bijection that spreads buffers of 1 MiB over the address space */
static uint64_t address_of(uint64_t id)
{
	return (id * 0x9e3779b97f4a7c15ULL) % (1ULL << 43) * MIB;
}

static void report_alloc(struct bench *b, uint64_t id)
{
	report(b, &(struct buftrack_report){
			  .op = BUFTRACK_OP_ALLOC,
			  .address = address_of(id),
			  .size = MIB,
			  .span = MIB,
			  .id = id,
		  });
}

static void report_free(struct bench *b, uint64_t id)
{
	report(b, &(struct buftrack_report){
			  .op = BUFTRACK_OP_FREE,
			  .address = address_of(id),
			  .id = id,
		  });
}

/* Opens a new device with this limit of freed records per domain */
static void open_device(struct bench *b, const char *name, uint64_t max_freed)
{
	struct buftrack_device_add add = { .size = sizeof(add) };
	struct buftrack_space_add space = { .size = sizeof(space),
					    .name = "DRAM" };
	struct buftrack_device_set set = {
		.size = sizeof(set),
		.fields = BUFTRACK_DEVICE_SET_MAX_FREED |
			  BUFTRACK_DEVICE_SET_MAX_REMAINING,
		.max_freed = max_freed,
	};
	char path[64];

	snprintf(add.name, sizeof(add.name), "%s", name);
	if (ioctl(b->control, BUFTRACK_IOCTL_DEVICE_ADD, &add))
		die("device add");
	b->number = add.device;
	snprintf(path, sizeof(path), "/dev/buftrack/%u", add.device);
	b->device = open(path, O_RDWR);
	if (b->device < 0)
		die(path);
	if (ioctl(b->device, BUFTRACK_IOCTL_SPACE_ADD, &space) ||
	    ioctl(b->device, BUFTRACK_IOCTL_DEVICE_SET, &set))
		die("device setup");
	b->next_id = 1;
	b->nr_live = 0;
	b->queued = 0;
}

static void close_device(struct bench *b)
{
	struct buftrack_device_remove rm = {
		.size = sizeof(rm),
		.device = b->number,
	};

	close(b->device);
	if (ioctl(b->control, BUFTRACK_IOCTL_DEVICE_REMOVE, &rm))
		die("device remove");
}

/* Adds @n live and @n freed records */
static void fill(struct bench *b, uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++) {
		report_alloc(b, b->next_id);
		report_free(b, b->next_id++);
	}
	for (i = 0; i < n; i++) {
		report_alloc(b, b->next_id);
		b->live[b->nr_live++] = b->next_id++;
	}
	flush(b);
}

/*
 * Frees random live buffers and allocates new ones, in turn. At the limit of freed
 * records, which is the steady state, allocs recycle records; below it, each alloc takes
 * new memory.
 */
static double cost_of_reports(struct bench *b)
{
	uint64_t start = now(), i;

	for (i = 0; i < SAMPLE; i++) {
		uint64_t slot = rnd(b) % b->nr_live;

		report_free(b, b->live[slot]);
		b->live[slot] = b->next_id++;
		report_alloc(b, b->live[slot]);
	}
	flush(b);
	return (now() - start) / (2.0 * SAMPLE);
}

/* Begins a listing that matches nothing; with room for a record it runs to its end */
static bool list_nothing(int fd, unsigned int room)
{
	struct buftrack_record record;
	struct buftrack_records query = {
		.size = sizeof(query),
		.flags = BUFTRACK_RECORDS_BEGIN,
		.space = BUFTRACK_ANY_SPACE,
		.states = BUFTRACK_RECORD_STATE_LIVE |
			  BUFTRACK_RECORD_STATE_FREED,
		.min_size = UINT64_MAX,
		.records = (uintptr_t)&record,
		.nr = room,
		.record_size = sizeof(record),
	};

	if (ioctl(fd, BUFTRACK_IOCTL_RECORDS, &query))
		die("records");
	return query.end;
}

/* The cost of one critical section of a listing, which covers 128 records */
static double cost_of_listing_step(struct bench *b, uint64_t records)
{
	uint64_t start = now();

	if (!list_nothing(b->device, 1))
		die("the listing has not ended");
	return (now() - start) / (records / 128.0);
}

static uint64_t records_held(struct bench *b)
{
	struct buftrack_info info = { .size = sizeof(info) };

	if (ioctl(b->control, BUFTRACK_IOCTL_INFO, &info))
		die("info");
	return info.nr_records;
}

/* The slab memory of all records in bytes, from /proc/slabinfo */
static double slab_bytes(void)
{
	uint64_t active, total, size, per_slab, pages, slabs;
	FILE *f = fopen("/proc/slabinfo", "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line,
			   "buftrack_record %" SCNu64 " %" SCNu64 " %" SCNu64
			   " %" SCNu64 " %" SCNu64
			   " : tunables %*u %*u %*u : slabdata %*u %" SCNu64,
			   &active, &total, &size, &per_slab, &pages,
			   &slabs) == 6) {
			fclose(f);
			return (double)slabs * pages * getpagesize();
		}
	}
	die("no buftrack_record in /proc/slabinfo");
	return 0;
}

static void bench_growth(struct bench *b)
{
	struct buftrack_info info = { .size = sizeof(info) };
	double small, large, small_step, large_step;

	open_device(b, "bench:small", SMALL);
	fill(b, SMALL);
	small = cost_of_reports(b);
	small_step = cost_of_listing_step(b, 2 * SMALL);
	close_device(b);

	open_device(b, "bench:large", LARGE);
	fill(b, LARGE);
	large = cost_of_reports(b);
	printf("report_at_1M_live_1M_freed_vs_10k %.0f %.0f instructions\n",
	       small, large);
	large_step = cost_of_listing_step(b, 2 * LARGE);
	printf("listing_step_at_1M_live_1M_freed_vs_10k %.0f %.0f instructions\n",
	       small_step, large_step);
	if (ioctl(b->control, BUFTRACK_IOCTL_INFO, &info))
		die("info");
	printf("memory_per_record_vs_record_size %u %.1f bytes\n",
	       info.record_size, slab_bytes() / records_held(b));
	close_device(b);
}

/* Adds @n live ranges over one address and @n freed ids that start there */
static void fill_overlaps(struct bench *b, uint64_t n)
{
	uint64_t i;

	for (i = 1; i <= n; i++) {
		report(b, &(struct buftrack_report){
				  .op = BUFTRACK_OP_ALLOC,
				  .address = 4 * LARGE,
				  .size = 1,
				  .span = 1,
				  .id = i,
			  });
		report(b, &(struct buftrack_report){
				  .op = BUFTRACK_OP_FREE,
				  .address = 4 * LARGE,
				  .id = i,
			  });
	}
	for (i = 1; i <= n; i++)
		report(b, &(struct buftrack_report){
				  .op = BUFTRACK_OP_ALLOC,
				  .address = i,
				  .size = 1,
				  .span = 8 * LARGE,
				  .id = i,
			  });
	flush(b);
}

/* Reports of several kinds that hit these records and end none of them */
static double cost_among_overlaps(struct bench *b)
{
	uint64_t start = now(), i, id = 10 * LARGE;

	for (i = 0; i < SAMPLE / 4; i++, id++) {
		struct buftrack_report r = {
			.op = BUFTRACK_OP_ALLOC,
			.address = 4 * LARGE,
			.size = 1,
			.span = LARGE,
			.id = id,
		};

		report(b, &r); /* overlap */
		r.op = BUFTRACK_OP_FREE;
		r.span = 0;
		report(b, &r); /* ok */
		r.id = 0;
		report(b, &r); /* freed last, so stale */
		r.id = id + 1;
		report(b, &r); /* inside a range, so invalid */
	}
	flush(b);
	return (now() - start) / (double)SAMPLE;
}

static void bench_overlaps(struct bench *b)
{
	double cost[2];
	int i;

	for (i = 0; i < 2; i++) {
		open_device(b, i ? "bench:crowd" : "bench:few", 2 * LARGE);
		fill_overlaps(b, i ? LARGE : SMALL);
		cost[i] = cost_among_overlaps(b);
		close_device(b);
	}
	printf("report_in_a_crowd_of_1M_vs_10k %.0f %.0f instructions\n",
	       cost[0], cost[1]);
}

/* Compares a report with the cheapest system call, an unknown ioctl */
static void bench_calls(struct bench *b)
{
	struct buftrack_report_one one = {
		.size = sizeof(one),
		.report.size = MIB,
	};
	double null_call, single, batched, recycled;
	uint64_t start, i;

	open_device(b, "bench:recycled", SMALL);
	fill(b, SMALL);
	recycled = cost_of_reports(b);
	close_device(b);
	open_device(b, "bench:calls", 2 * LARGE);
	fill(b, SMALL);
	start = now();
	for (i = 0; i < SAMPLE; i++)
		ioctl(b->device, _IO(BUFTRACK_TYPE, 0xff));
	null_call = (now() - start) / (double)SAMPLE;
	start = now();
	for (i = 0; i < SAMPLE; i++) {
		uint64_t slot = i / 2 % b->nr_live;

		one.report.op = i % 2 ? BUFTRACK_OP_ALLOC : BUFTRACK_OP_FREE;
		if (i % 2)
			b->live[slot] = b->next_id++;
		one.report.id = b->live[slot];
		one.report.address = address_of(one.report.id);
		one.report.span = i % 2 ? MIB : 0;
		if (ioctl(b->device, BUFTRACK_IOCTL_REPORT, &one))
			die("report");
	}
	single = (now() - start) / (double)SAMPLE;
	batched = cost_of_reports(b);
	close_device(b);
	printf("report_alone_vs_null_ioctl %.0f %.0f instructions\n", null_call,
	       single);
	printf("report_in_batch_vs_alone %.0f %.0f instructions\n", single,
	       batched);
	printf("report_with_new_memory_vs_recycled %.0f %.0f instructions\n",
	       recycled, batched);
}

/* Double frees, each of which creates an event */
static double cost_of_double_frees(struct bench *b)
{
	uint64_t start = now(), i;

	for (i = 0; i < SAMPLE; i++)
		report_free(b, 1 + rnd(b) % SMALL);
	flush(b);
	return (now() - start) / (double)SAMPLE;
}

/* Uses of random live buffers */
static double cost_of_uses(struct bench *b)
{
	uint64_t start = now(), i;

	for (i = 0; i < SAMPLE; i++) {
		uint64_t id = b->live[rnd(b) % b->nr_live];

		report(b, &(struct buftrack_report){
				  .op = BUFTRACK_OP_USE,
				  .address = address_of(id),
				  .id = id,
			  });
	}
	flush(b);
	return (now() - start) / (double)SAMPLE;
}

/* The cost of reports while @n listings count dropped records */
static double cost_beside_listings(struct bench *b, unsigned int n)
{
	char path[64];
	int fds[16];
	unsigned int i;
	double cost;

	snprintf(path, sizeof(path), "/dev/buftrack/%u", b->number);
	for (i = 0; i < n; i++) {
		fds[i] = open(path, O_RDONLY);
		if (fds[i] < 0)
			die(path);
		list_nothing(fds[i], 0);
	}
	cost = cost_of_reports(b);
	for (i = 0; i < n; i++)
		close(fds[i]);
	return cost;
}

static void bench_observers(struct bench *b)
{
	double alone, one, all, wrong, use;

	open_device(b, "bench:watched", SMALL);
	fill(b, SMALL);
	wrong = cost_of_double_frees(b);
	use = cost_of_uses(b);
	alone = cost_of_reports(b);
	one = cost_beside_listings(b, 1);
	all = cost_beside_listings(b, 16);
	close_device(b);
	printf("wrong_free_vs_report %.0f %.0f instructions\n", alone, wrong);
	printf("use_vs_report %.0f %.0f instructions\n", alone, use);
	printf("report_beside_1_listing_vs_none %.0f %.0f instructions\n",
	       alone, one);
	printf("report_beside_16_listings_vs_none %.0f %.0f instructions\n",
	       alone, all);
}

static void set_tracepoints(const char *on)
{
	FILE *f = fopen("/sys/kernel/tracing/events/buftrack/enable", "we");

	if (!f || fputs(on, f) == EOF || fclose(f))
		die("tracepoints");
}

static void bench_tracepoints(struct bench *b)
{
	double off, on;

	open_device(b, "bench:traced", SMALL);
	fill(b, SMALL);
	off = cost_of_reports(b);
	set_tracepoints("1");
	on = cost_of_reports(b);
	set_tracepoints("0");
	close_device(b);
	printf("report_traced_vs_not %.0f %.0f instructions\n", off, on);
}

int main(void)
{
	struct bench b = { .random = 88172645463325252ULL };

	b.control = open("/dev/buftrack/control", O_RDWR);
	if (b.control < 0)
		die("/dev/buftrack/control");
	b.live = calloc(LARGE, sizeof(*b.live));
	if (!b.live)
		die("memory");
	bench_calls(&b);
	bench_growth(&b);
	bench_overlaps(&b);
	bench_observers(&b);
	bench_tracepoints(&b);
	return 0;
}
