// SPDX-License-Identifier: GPL-2.0
/* More events than fit: which ones are dropped, and what a flood costs */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "helper.h"
#include "event_reader.h"
#include "identity.h"

/* A device reads the parameter when its first client begins */
static void keep_events(const char *number)
{
	set_parameter("events_per_device", number);
}

DEVICE_TEST(late_reader_gets_the_dropped_count)
{
	struct buftrack_event event;
	int fd, i;

	keep_events("8");
	fd = open_reader(f);
	for (i = 1; i <= 20; i++)
		report_wrong(f->fd, i);
	event = next_event(fd);
	CHECK_EQ(event.sequence, 13);
	CHECK_EQ(event.dropped, 12);
	CHECK_EQ(event.report.address, 13);
	for (i = 14; i <= 20; i++) {
		event = next_event(fd);
		CHECK_EQ(event.sequence, i);
		CHECK_EQ(event.dropped, 0);
	}
	check_no_event(fd);
}

DEVICE_TEST(each_reader_has_its_own_dropped_count)
{
	int late, slow, i;

	keep_events("4");
	late = open_reader(f);
	slow = open_reader(f);
	for (i = 1; i <= 3; i++)
		report_wrong(f->fd, i);
	CHECK_EQ(next_event(slow).dropped, 0);
	CHECK_EQ(next_event(slow).sequence, 2);
	for (i = 4; i <= 10; i++)
		report_wrong(f->fd, i);
	CHECK_EQ(next_event(slow).dropped, 4);
	CHECK_EQ(next_event(late).dropped, 6);
	CHECK_EQ(next_event(slow).sequence, 8);
	CHECK_EQ(next_event(late).sequence, 8);
}

DEVICE_TEST(dropped_count_survives_a_failed_read)
{
	struct buftrack_event event;
	int fd, i;

	keep_events("4");
	fd = open_reader(f);
	for (i = 1; i <= 10; i++)
		report_wrong(f->fd, i);
	CHECK_ERR(-try_read(fd, (void *)8, EVENT_SIZE), EFAULT);
	event = next_event(fd);
	CHECK_EQ(event.sequence, 7);
	CHECK_EQ(event.dropped, 6);
}

DEVICE_TEST(noisy_client_does_not_drop_events_of_others)
{
	struct buftrack_event event;
	int quiet = fixture_open(f), fd, i;

	keep_events("16");
	fd = open_reader(f);
	for (i = 1; i <= 5; i++)
		report_wrong(quiet, i);
	report_many_wrong(f->fd, 1000);
	for (i = 1; i <= 5; i++) {
		event = next_event(fd);
		CHECK_EQ(event.sequence, i);
		CHECK_EQ(event.client, 1);
		CHECK_EQ(event.report.address, i);
	}
	/* The noisy client has the remaining slots and lost its other events */
	event = next_event(fd);
	CHECK_EQ(event.client, 2);
	CHECK_EQ(event.dropped, 989);
	CHECK_EQ(skip_events(fd), 10);
}

DEVICE_TEST(with_many_clients_the_oldest_event_is_dropped)
{
	struct buftrack_event event;
	int fd, clients[8], i;

	keep_events("8");
	fd = open_reader(f);
	for (i = 0; i < 8; i++) {
		clients[i] = fixture_open(f);
		report_wrong(clients[i], i);
	}
	report_wrong(f->fd, 100);
	event = next_event(fd);
	CHECK_EQ(event.sequence, 2);
	CHECK_EQ(event.dropped, 1);
	CHECK_EQ(skip_events(fd), 7);
}

DEVICE_TEST(client_with_a_quarter_of_the_slots_loses_its_own)
{
	int fd, i, others[6];

	keep_events("8");
	fd = open_reader(f);
	report_wrong(f->fd, 1);
	report_wrong(f->fd, 2);
	for (i = 0; i < 6; i++) {
		others[i] = fixture_open(f);
		report_wrong(others[i], i);
	}
	/* Two events are a quarter of the slots: the client drops its own oldest one */
	report_wrong(f->fd, 3);
	CHECK_EQ(next_event(fd).sequence, 2);
	/* A client with one event has less than a quarter and drops the oldest of all */
	report_wrong(others[0], 4);
	CHECK_EQ(next_event(fd).sequence, 3);
	CHECK_EQ(skip_events(fd), 7);
}

static void check_kept(const struct fixture *f, const char *parameter,
		       __u32 kept)
{
	__u32 device = add_device(f->control, "extreme", 0);
	int fd, reader;

	keep_events(parameter);
	fd = open_node(device, O_RDWR);
	reader = open_node(device, O_RDONLY | O_NONBLOCK);
	add_space(fd, "DRAM");
	report_many_wrong(fd, kept + 1000);
	CHECK_EQ(next_event(reader).dropped, 1000);
	CHECK_EQ(skip_events(reader), kept - 1);
	CHECK_OK(remove_device(f->control, device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	close(reader);
	close(fd);
}

DEVICE_TEST(one_event_can_be_kept)
{
	check_kept(f, "1", 1);
}

DEVICE_TEST(limit_of_zero_events_keeps_one)
{
	check_kept(f, "0", 1);
}

DEVICE_TEST(three_events_can_be_kept)
{
	check_kept(f, "3", 3);
}

DEVICE_TEST(limit_of_events_is_clamped_to_65536)
{
	check_kept(f, "4294967295", 65536);
}

DEVICE_TEST(parameter_does_not_resize_an_existing_log)
{
	int fd, i;

	keep_events("4");
	fd = open_reader(f);
	report_wrong(f->fd, 1);
	keep_events("100");
	for (i = 2; i <= 10; i++)
		report_wrong(f->fd, i);
	become_client(fixture_open(f));
	CHECK_EQ(next_event(fd).sequence, 7);
}

/* Memory that the rest of the kernel may take in the meantime */
#define SLACK_KB 2048
#define FLOOD 300000
#define FLOOD_DEBUG 40000

/* The kernel log from now on */
static int open_kernel_log(void)
{
	int fd = CHECK_SYS(open("/dev/kmsg", O_RDONLY | O_NONBLOCK));

	CHECK_SYS(lseek(fd, 0, SEEK_END));
	return fd;
}

/* On a busy machine other parts of the kernel may log something */
static void check_nothing_logged(int log)
{
	char line[8192];
	ssize_t n;

	while ((n = try_read(log, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		CHECK(!strstr(line, "buftrack: "));
	}
	CHECK_ERR(-n, EAGAIN);
}

static void free_again(int fd, __u32 nr)
{
	static struct buftrack_report again[1024];
	__u32 i;

	CHECK_EQ(verdict_of(fd, BUFFER(0x1000, 16)), BUFTRACK_VERDICT_OK);
	CHECK_EQ(verdict_of(fd, FREE(.address = 0x1000)), BUFTRACK_VERDICT_OK);
	for (i = 0; i < ARRAY_SIZE(again); i++)
		again[i] = FREE(.address = 0x1000, .site = i);
	for (i = 0; i < nr; i += ARRAY_SIZE(again))
		CHECK_OK(batch(fd, again, ARRAY_SIZE(again), NULL, NULL));
}

DEVICE_TEST(double_free_flood_uses_bounded_memory_and_logs_nothing)
{
	__u32 nr = is_debug_kernel() ? FLOOD_DEBUG : FLOOD, records;
	int quiet = fixture_open(f), fd = open_reader(f), log;
	__u64 slab, vmalloc;
	struct listing l;

	report_wrong(quiet, 7);
	free_again(f->fd, 4096);
	records = device_info(f->fd).nr_records;
	log = open_kernel_log();
	slab = meminfo_kb("SUnreclaim:");
	vmalloc = meminfo_kb("VmallocUsed:");
	free_again(f->fd, nr);
	if (!is_debug_kernel()) {
		WAIT_UNTIL(meminfo_kb("SUnreclaim:") < slab + SLACK_KB);
		WAIT_UNTIL(meminfo_kb("VmallocUsed:") < vmalloc + SLACK_KB);
	}
	check_nothing_logged(log);
	CHECK_EQ(device_info(f->fd).nr_records, records);
	CHECK(device_counter(f->fd, BUFTRACK_COUNTER_DOUBLE_FREES) >= nr);
	l = list_all(f->fd, BUFTRACK_RECORD_STATE_FREED);
	CHECK_EQ(l.nr, 1);
	/* The single event of the quiet client is still there */
	CHECK_EQ(next_event(fd).client, 1);
	CHECK(next_event(fd).dropped > nr);
	CHECK_EQ(skip_events(fd), 1022);
}

/* One reader that never reads, and one that reads during the flood */
struct flood {
	int fd;
	__u32 nr;
};

static void flood(void *arg)
{
	const struct flood *args = arg;

	free_again(args->fd, args->nr);
}

DEVICE_TEST(read_and_dropped_events_add_up_during_a_flood)
{
	struct flood args = { fixture_open(f),
			      is_debug_kernel() ? 20480 : 102400 };
	int fd = open_node(f->device, O_RDONLY), idle = open_reader(f);
	struct buftrack_event events[16];
	__u64 seen = 0, i, n;
	pid_t pid;

	pid = start(flood, &args);
	while (seen < args.nr) {
		n = CHECK_SYS(read(fd, events, sizeof(events))) / EVENT_SIZE;
		for (i = 0; i < n; i++) {
			seen += events[i].dropped + 1;
			CHECK_EQ(events[i].sequence, seen);
			CHECK_EQ(events[i].target.repeats, seen);
			CHECK_EQ(events[i].report.site, (seen - 1) % 1024);
		}
	}
	finish(pid);
	CHECK_EQ(seen, args.nr);
	CHECK_EQ(next_event(idle).dropped, args.nr - 1024);
}

static void flood_as_user(void *arg)
{
	become_user(ALICE);
	flood(arg);
}

DEVICE_TEST(flood_by_one_user_keeps_the_events_of_another)
{
	struct flood args = { fixture_open_as(f, ALICE), 10240 };
	int bob = fixture_open_as(f, BOB), fd = fixture_open_as(f, BOB);
	struct buftrack_event event;

	report_wrong(bob, 0xb0b);
	in_child(flood_as_user, &args);
	event = next_event(fd);
	CHECK_EQ(event.client, 1);
	CHECK_EQ(event.report.address, 0xb0b);
	event = next_event(fd);
	CHECK_EQ(event.report.address, 0);
	CHECK_EQ(event.target.address, 0);
}
