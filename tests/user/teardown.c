// SPDX-License-Identifier: GPL-2.0
/* Unloading, removal, settings and resets against concurrent use */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "listing_walk.h"
#include "helper.h"
#include "module.h"
#include "event_reader.h"

static void read_one(void *arg)
{
	struct buftrack_event event;

	CHECK_SYS(read(*(int *)arg, &event, sizeof(event)));
}

static void poll_one(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	CHECK_SYS(poll(&p, 1, -1));
}

/* Only the waiting process holds a file */
static void check_refused_while(void (*wait)(void *arg))
{
	int control = open_control(O_RDWR), fd;
	pid_t pid;

	fd = open_node(add_device(control, "left", 0), O_RDONLY);
	pid = start(wait, &fd);
	wait_for_state(pid, 'S');
	close(fd);
	close(control);
	CHECK_ERR(unload_module(), MODULE_IN_USE);
	end(pid, SIGKILL);
	reload_module("");
}

TEST(unloading_while_a_reader_waits_is_refused)
{
	check_refused_while(read_one);
}

TEST(unloading_while_a_process_polls_is_refused)
{
	check_refused_while(poll_one);
}

TEST(unloading_during_a_listing_is_refused)
{
	static struct listing_walk c;
	struct fixture f;
	__u64 i;

	fixture_setup(&f);
	for (i = 0; i < 20; i++)
		CHECK_OK(try_report(f.fd, BUFFER(i << 12, 16)));
	close(f.control);
	CHECK_OK(walk_begin(&c, f.fd, (struct buftrack_records){ .space = 0 },
			    0));
	CHECK_ERR(unload_module(), MODULE_IN_USE);
	close(f.fd);
	reload_module("");
}

/* Events, and clients and users that only events refer to */
TEST(unloading_frees_the_events)
{
	int control = open_control(O_RDWR), fd, i, round;

	for (round = 0; round < 5; round++) {
		fd = open_node(add_device(control, "left", 0), O_RDWR);
		add_space(fd, "DRAM");
		for (i = 0; i < 100; i++)
			report_wrong(fd, i);
		close(fd);
		close(control);
		reload_module("");
		control = open_control(O_RDWR);
	}
	CHECK_EQ(info_of(control).nr_devices, 0);
	close(control);
}

TEST(unloading_while_an_attribute_is_open_succeeds)
{
	char text[64];
	struct fixture f;
	int fd;

	fixture_setup(&f);
	snprintf(text, sizeof(text), "/sys/class/buftrack/buftrack%u/name",
		 f.device);
	fd = CHECK_SYS(open(text, O_RDONLY));
	CHECK(try_read(fd, text, sizeof(text)) > 0);
	fixture_teardown(&f);
	reload_module("");
	CHECK_ERR(-try_read(fd, text, sizeof(text)), ENODEV);
}

/* Opens and uses the control node while the module is reloaded */
static void open_loop(void *arg)
{
	volatile bool *stop = arg;
	struct buftrack_info info = {};
	int fd;

	while (!*stop) {
		fd = open(CONTROL_NODE, O_RDWR);
		if (fd < 0) {
			CHECK(errno == ENOENT || errno == ENXIO ||
			      errno == ENODEV);
			continue;
		}
		CHECK_OK(CALL(fd, INFO, &info));
		close(fd);
		/* Gives the module moments without users */
		usleep(500);
	}
}

TEST(module_can_be_reloaded_while_others_open_it)
{
	int rounds = is_debug_kernel() ? 3 : 6, unloaded = 0, err;
	bool *stop = shared_memory(sizeof(*stop));
	pid_t pid = start(open_loop, stop);

	while (unloaded < rounds) {
		err = unload_module();
		CHECK(!err || err == MODULE_IN_USE);
		if (err)
			continue;
		unloaded++;
		CHECK_OK(load_module(""));
	}
	*stop = true;
	finish(pid);
}

/* Two processes that change all settings, each to its own values */
static const struct buftrack_device_set settings[2] = {
	{ .fields = 0x7f,
	  .enabled = 1,
	  .max_clients = 11,
	  .max_records = 12,
	  .max_freed = 13,
	  .max_closed = 14,
	  .max_remaining = 15,
	  .max_client_records = 16 },
	{ .fields = 0x7f,
	  .enabled = 0,
	  .max_clients = 21,
	  .max_records = 22,
	  .max_freed = 23,
	  .max_closed = 24,
	  .max_remaining = 25,
	  .max_client_records = 26 },
};

struct setter {
	const struct fixture *f;
	const struct buftrack_device_set *set;
	__u32 nr;
	volatile bool *stop;
};

static bool is_set(const struct buftrack_device_info *info,
		   const struct buftrack_device_set *set)
{
	return !(info->state & BUFTRACK_DEVICE_STATE_ENABLED) ==
		       !set->enabled &&
	       info->max_clients == set->max_clients &&
	       info->max_records == set->max_records &&
	       info->max_freed == set->max_freed &&
	       info->max_closed == set->max_closed &&
	       info->max_remaining == set->max_remaining &&
	       info->max_client_records == set->max_client_records;
}

static void set_loop(void *arg)
{
	const struct setter *s = arg;
	int fd = fixture_open(s->f);
	__u32 i;

	for (i = 0; i < s->nr; i++)
		CHECK_OK(set_device(fd, *s->set));
}

DEVICE_TEST(concurrent_settings_never_mix)
{
	struct setter setters[2];
	struct buftrack_device_info info;
	pid_t pids[2];
	int i, status, running = 2;

	CHECK_OK(set_device(f->fd, settings[0]));
	for (i = 0; i < 2; i++) {
		setters[i] = (struct setter){ f, &settings[i],
					      is_debug_kernel() ? 2000 : 20000,
					      NULL };
		pids[i] = start(set_loop, &setters[i]);
	}
	while (running) {
		info = device_info(f->fd);
		CHECK(is_set(&info, &settings[0]) ||
		      is_set(&info, &settings[1]));
		for (i = 0; i < 2; i++)
			if (pids[i] && waitpid(pids[i], &status, WNOHANG)) {
				CHECK_EQ(status, 0);
				pids[i] = 0;
				running--;
			}
	}
	info = device_info(f->fd);
	CHECK(is_set(&info, &settings[0]) || is_set(&info, &settings[1]));
	CHECK_OK(set_enabled(f->fd, true));
}

/*
 * Everything at once, on one device that is removed and registered again. The workers
 * run until they are told to stop; each removal waits until all of them made progress.
 */
struct shared_device {
	__u32 device;
	volatile bool stop;
	volatile __u64 work[8];
};

struct worker {
	struct shared_device *shared_device;
	__u32 number;
};

/* Errors of a removed device, or of its settings */
static bool is_expected(int err)
{
	return err == ENODEV || err == ENOENT || err == ENXIO ||
	       err == EUSERS || err == EBUSY || err == EINVAL;
}

static int open_shared(const struct worker *p, int flags)
{
	int fd = -1, err;

	while (!p->shared_device->stop) {
		err = try_open_node(p->shared_device->device, flags, &fd);
		if (!err)
			return fd;
		CHECK(is_expected(err));
	}
	return fd;
}

static void count_work(const struct worker *p)
{
	p->shared_device->work[p->number]++;
}

static void report_loop(void *arg)
{
	const struct worker *p = arg;
	unsigned int seed = p->number;
	int fd = -1, err;

	while (!p->shared_device->stop) {
		__u64 at = (__u64)(rand_r(&seed) % 256) << 12;

		if (fd < 0 && (fd = open_shared(p, O_RDWR)) < 0)
			break;
		err = try_report(fd, rand_r(&seed) % 2 ?
					     BUFFER(at, 64) :
					     FREE(.address = at + at % 3));
		count_work(p);
		if (!err && rand_r(&seed) % 500)
			continue;
		CHECK(!err || is_expected(err));
		close(fd);
		fd = -1;
	}
}

static void list_loop(void *arg)
{
	const struct worker *p = arg;
	struct buftrack_record records[50];
	struct buftrack_records q = { .space = BUFTRACK_ANY_SPACE,
				      .records = user_ptr(records),
				      .record_size = sizeof(records[0]) };
	int fd;

	while ((fd = open_shared(p, O_RDONLY)) >= 0) {
		q.flags = BUFTRACK_RECORDS_BEGIN;
		do {
			q.nr = ARRAY_SIZE(records);
			CHECK_OK(CALL(fd, RECORDS, &q));
			check_device_conservation(fd);
			q.flags = 0;
			count_work(p);
		} while (!q.end);
		close(fd);
	}
}

/* Reads each device to its end; gaps in the sequence must match the dropped counts */
static void read_loop(void *arg)
{
	const struct worker *p = arg;
	struct buftrack_event events[4];
	__u64 sequence;
	ssize_t n, i;
	int fd;

	while ((fd = open_shared(p, O_RDONLY)) >= 0) {
		sequence = 0;
		while ((n = CHECK_SYS(read(fd, events, sizeof(events)))) > 0) {
			for (i = 0; i < n / (ssize_t)EVENT_SIZE; i++) {
				sequence += events[i].dropped + 1;
				CHECK_EQ(events[i].sequence, sequence);
			}
			count_work(p);
		}
		close(fd);
	}
}

static void set_and_reset_loop(void *arg)
{
	const struct worker *p = arg;
	int fd, err, i;

	while ((fd = open_shared(p, O_RDWR)) >= 0) {
		for (i = 0, err = 0; i < 20 && !err; i++) {
			err = set_device(fd, settings[(p->number + i) % 2]);
			if (!err)
				err = set_device(
					fd, (struct buftrack_device_set){
						    .fields = 0x7f,
						    .enabled = 1,
						    .max_clients = 64,
						    .max_records = 100 + i,
						    .max_freed = 20 + i,
						    .max_closed = i,
						    .max_remaining = 8 * i,
						    .max_client_records = 90 });
			if (!err && i % 4 == 0)
				err = reset_device(fd);
			count_work(p);
		}
		CHECK(!err || err == ENODEV);
		close(fd);
	}
}

static void sysfs_loop(void *arg)
{
	static const char *const names[] = { "name", "enabled", "live_bytes",
					     "wrong_frees" };
	const struct worker *p = arg;
	char path[64], text[256];
	unsigned int i = 0;
	int fd;

	while (!p->shared_device->stop) {
		snprintf(path, sizeof(path),
			 "/sys/class/buftrack/buftrack%u/%s",
			 p->shared_device->device,
			 names[i++ % ARRAY_SIZE(names)]);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		CHECK(read(fd, text, sizeof(text)) > 0 || errno == ENODEV);
		close(fd);
		count_work(p);
	}
}

static void (*const worker_funcs[])(void *arg) = {
	report_loop, report_loop,	 list_loop,	     read_loop,
	read_loop,   set_and_reset_loop, set_and_reset_loop, sysfs_loop,
};

#define WORKERS ARRAY_SIZE(worker_funcs)

/* Returns whether every worker made at least this much progress */
static bool all_advanced(const struct shared_device *w, const __u64 *since,
			 __u64 least)
{
	unsigned int i;

	for (i = 0; i < WORKERS; i++)
		if (w->work[i] < since[i] + least)
			return false;
	return true;
}

static int register_shared(int control)
{
	int fd = open_node(add_device(control, "world", 0), O_RDWR);

	CHECK_EQ(add_space(fd, "DRAM"), 0);
	return fd;
}

/* The counters of a removed device are consistent */
static void check_removed(int fd)
{
	__u64 values[BUFTRACK_NR_COUNTERS];
	struct buftrack_client_info info;
	__u64 after = 0;

	CHECK_OK(counters(fd, BUFTRACK_SCOPE_DEVICE, 0, values));
	check_conservation(values);
	CHECK_EQ(values[BUFTRACK_COUNTER_LIVE_BUFFERS], 0);
	CHECK_EQ(values[BUFTRACK_COUNTER_FREED_RECORDS], 0);
	CHECK_OK(counters(fd, BUFTRACK_SCOPE_SPACE, 0, values));
	check_conservation(values);
	while (next_client(fd, after, &info)) {
		after = info.client + 1;
		if (!counters(fd, BUFTRACK_SCOPE_CLIENT, info.client, values))
			check_conservation(values);
	}
}

static void run_round(struct shared_device *w, int control, int fd)
{
	__u64 since[WORKERS];
	unsigned int i;

	for (i = 0; i < WORKERS; i++)
		since[i] = w->work[i];
	WAIT_UNTIL(all_advanced(w, since, 2));
	check_device_conservation(fd);
	CHECK_OK(remove_device(control, w->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	check_removed(fd);
}

TEST(concurrent_use_and_removal_stay_consistent)
{
	int control = open_control(O_RDWR), rounds, fd;
	struct shared_device *w = shared_memory(sizeof(*w));
	struct worker workers[WORKERS];
	pid_t pids[WORKERS];
	unsigned int i;

	fd = register_shared(control);
	for (i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ w, i };
		pids[i] = start(worker_funcs[i], &workers[i]);
	}
	for (rounds = is_debug_kernel() ? 15 : 60; rounds; rounds--) {
		run_round(w, control, fd);
		close(fd);
		fd = register_shared(control);
	}
	w->stop = true;
	CHECK_OK(remove_device(control, w->device,
			       BUFTRACK_DEVICE_REMOVE_FORCE));
	close(fd);
	for (i = 0; i < WORKERS; i++)
		finish(pids[i]);
	close(control);
	reload_module("");
}
